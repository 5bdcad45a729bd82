/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Codes and links: what is made is read back, what people mistype is forgiven or named. */
#include "pairing/code.h"
#include "tests/support/memory_link.h"
#include "tests/support/unit.h"

static zks__pair_problem problem;

static zks_status read_text(const char *text, zks__pair_invite *out)
{
    return zks__pair_read(text, strlen(text), out, &problem);
}

static zks__pair_invite code_sample(void)
{
    zks__pair_invite v = {.kind = ZKS_PAIR_CODE, .suite = ZKS_SUITE_SODIUM};
    memcpy(v.nameplate, "7K2M", 4);
    memcpy(v.secret, "0123456789AB", 12);
    return v;
}

static zks__pair_invite link_sample(size_t relays)
{
    zks__pair_invite v = {.kind = ZKS_PAIR_LINK, .suite = ZKS_SUITE_SODIUM, .relay_count = relays};
    memcpy(v.nameplate, "0ZZ9", 4);
    for (unsigned i = 0; i < 32; i++) {
        v.secret[i] = (uint8_t)(200 + i);
        v.group_id[i] = (uint8_t)(31 * i);
    }
    for (size_t i = 0; i < relays; i++) {
        memset(v.relays[i].key, (int)i + 1, 32);
        snprintf(v.relays[i].address, sizeof v.relays[i].address, "relay%zu.example.org:4433", i);
    }
    return v;
}

START_TEST(code_text_is_read_back)
{
    zks__pair_invite v = code_sample(), back;
    char text[ZKS_PAIR_CODE_TEXT_BYTES];
    zks__pair_code_text(&v, text);
    ck_assert_str_eq(text, "7K2M-0123-4567-89AB");
    ck_assert_int_eq(read_text(text, &back), ZKS_OK);
    ck_assert_mem_eq(&back, &v, sizeof v);
}
END_TEST

static const char *const same[] = {
    "7K2M0123456789AB",
    "7k2m-0123-4567-89ab",
    "  7K2M 0123\t4567\n89AB\r\n",
    "7K2M_0123_4567_89AB",
    "7K2M-OI23-4567-89AB",
    "7k2m\xe2\x80\x93oi23\xe2\x80\x94 4567\xc2\xa0-89AB",
    "-7-K-2-M-0-1-2-3-4-5-6-7-8-9-A-B-",
};

START_TEST(code_typed_loosely_is_the_same)
{
    zks__pair_invite v = code_sample(), back;
    for (size_t i = 0; i < ZKS_COUNTOF(same); i++) {
        ck_assert_msg(read_text(same[i], &back) == ZKS_OK, "%s", same[i]);
        ck_assert_mem_eq(&back, &v, sizeof v);
    }
    ck_assert_int_eq(read_text("7k2mo i l L", &back), ZKS_E_TRUNCATED);
    ck_assert_int_eq(read_text("iLoO-0000-0000-0000", &back), ZKS_OK);
    ck_assert_mem_eq(back.nameplate, "1100", 4);
}
END_TEST

static const struct {
    const char *text;
    zks_status status;
    size_t count, position;
    char character;
    const char *sentence; /* a part of it */
} wrong[] = {
    {"", ZKS_E_TRUNCATED, 0, 0, 0, "has 16 characters, this has 0"},
    {"7K2M-0123-4567-89A", ZKS_E_TRUNCATED, 15, 0, 0, "has 16 characters, this has 15"},
    {"7K2M-0123-4567-89ABC", ZKS_E_TOO_LARGE, 17, 0, 0, "has 16 characters, this has 17"},
    {"7K2M-0123-4567-89AU", ZKS_E_MALFORMED, 16, 16, 'U', "Character 16, 'U'"},
    {"7K2M-01!3-4567-89AB", ZKS_E_MALFORMED, 16, 7, '!', "Character 7, '!'"},
    {"7K2M-0123-4567-89A\xc3\xa9", ZKS_E_MALFORMED, 16, 16, 0, "Character 16 is in no"},
    {"zks-invite:AAAA", ZKS_E_INVALID, 0, 0, 0, "an invite into a shared group"},
    {"ZKS-PAIR:", ZKS_E_TRUNCATED, 0, 0, 0, "this has 0"},
    {"zks-pair:0123456789ABCDEF0123", ZKS_E_TRUNCATED, 20, 0, 0, "ends after 20 characters"},
};

START_TEST(code_mistyped_is_named)
{
    char sentence[ZKS_PAIR_SENTENCE_BYTES];
    zks__pair_invite out, before;
    memset(&out, 0x5a, sizeof out);
    memcpy(&before, &out, sizeof out);
    for (size_t i = 0; i < ZKS_COUNTOF(wrong); i++) {
        zks_status status = read_text(wrong[i].text, &out);
        ck_assert_msg(status == wrong[i].status, "%s: %d", wrong[i].text, (int)status);
        ck_assert_uint_eq(problem.count, wrong[i].count);
        ck_assert_uint_eq(problem.position, wrong[i].position);
        ck_assert_int_eq(problem.character, wrong[i].character);
        ck_assert_mem_eq(&out, &before, sizeof out);
        zks__pair_explain(status, &problem, sentence);
        ck_assert_msg(strstr(sentence, wrong[i].sentence) != NULL, "%s: %s", wrong[i].text,
                      sentence);
    }
}
END_TEST

START_TEST(code_input_far_too_long_is_refused)
{
    zks__pair_invite out;
    size_t size = ZKS_PAIR_INPUT_MAX_BYTES + 1;
    char *text = malloc(size);
    memset(text, '-', size);
    ck_assert_int_eq(zks__pair_read(text, size, &out, &problem), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(zks__pair_read(text, size - 1, &out, &problem), ZKS_E_TRUNCATED);
    free(text);
}
END_TEST

START_TEST(link_text_is_read_back)
{
    static const size_t counts[] = {1, 2, ZKS_PAIR_RELAYS_MAX};
    for (size_t i = 0; i < ZKS_COUNTOF(counts); i++) {
        zks__pair_invite v = link_sample(counts[i]), back;
        char text[ZKS_PAIR_LINK_TEXT_BYTES];
        ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_OK);
        ck_assert_int_eq(strncmp(text, "ZKS-PAIR:", 9), 0);
        for (const char *c = text; *c; c++) { /* the alphanumeric mode of QR codes */
            ck_assert(strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", *c) != NULL);
        }
        ck_assert_int_eq(read_text(text, &back), ZKS_OK);
        ck_assert_int_eq(back.kind, ZKS_PAIR_LINK);
        ck_assert_mem_eq(back.secret, v.secret, 32);
        ck_assert_mem_eq(back.group_id, v.group_id, 32);
        ck_assert_mem_eq(back.nameplate, v.nameplate, 4);
        ck_assert_uint_eq(back.relay_count, counts[i]);
        ck_assert_str_eq(back.relays[counts[i] - 1].address, v.relays[counts[i] - 1].address);
        ck_assert_mem_eq(back.relays[counts[i] - 1].key, v.relays[counts[i] - 1].key, 32);
        for (char *c = text; *c; c++) { /* lower case, as a chat may make it */
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
        }
        ck_assert_int_eq(read_text(text, &back), ZKS_OK);
    }
}
END_TEST

START_TEST(link_of_largest_size_is_read_back)
{
    zks__pair_invite v = link_sample(ZKS_PAIR_RELAYS_MAX), back;
    char text[ZKS_PAIR_LINK_TEXT_BYTES];
    for (size_t i = 0; i < ZKS_PAIR_RELAYS_MAX; i++) {
        memset(v.relays[i].address, 'a', ZKS_PAIR_ADDRESS_MAX_BYTES);
        v.relays[i].address[ZKS_PAIR_ADDRESS_MAX_BYTES] = '\0';
    }
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_OK);
    ck_assert_uint_eq(strlen(text), ZKS_PAIR_LINK_TEXT_BYTES - 1);
    ck_assert_int_eq(read_text(text, &back), ZKS_OK);
    ck_assert_str_eq(back.relays[7].address, v.relays[7].address);
}
END_TEST

/* Every single change of a character, and every cut, is seen. */
START_TEST(link_damaged_is_refused)
{
    zks__pair_invite v = link_sample(1), out;
    char text[ZKS_PAIR_LINK_TEXT_BYTES];
    uint64_t random = unit_seed_printed("link_damaged_is_refused");
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_OK);
    size_t length = strlen(text);
    for (size_t i = 9; i < length; i++) {
        char was = text[i];
        do {
            text[i] = ZKS_CODE_ALPHABET[memory_random(&random) >> 59];
        } while (text[i] == was);
        ck_assert_int_ne(read_text(text, &out), ZKS_OK);
        text[i] = was;
        zks_status status = zks__pair_read(text, i, &out, &problem);
        ck_assert_msg(status == ZKS_E_TRUNCATED || status == ZKS_E_MALFORMED, "%zu: %d", i,
                      (int)status);
    }
    ck_assert_int_eq(read_text(text, &out), ZKS_OK);
}
END_TEST

START_TEST(link_of_later_version_or_unknown_suite_is_named)
{
    zks__pair_invite v = link_sample(1), out;
    char text[ZKS_PAIR_LINK_TEXT_BYTES];
    v.suite = 77;
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_OK);
    ck_assert_int_eq(read_text(text, &out), ZKS_E_SUITE);
    /* version 2 with a right check; made by hand */
    uint8_t all[200], hashed[300], digest[32];
    memset(all, 2, sizeof all);
    zks__writer w = zks__writer_of(hashed, sizeof hashed);
    zks__write_label(&w, "0k-pair-link-v1");
    zks__write_bytes(&w, all, 196);
    zks__crypto_sha256(hashed, w.length, digest);
    memcpy(all + 196, digest, 4);
    char *at = text + 9;
    for (size_t bit = 0; bit < 200 * 8; bit += 5) {
        unsigned value = 0;
        for (size_t k = bit; k < bit + 5; k++) {
            value = value << 1 | ((unsigned)all[k / 8] >> (7 - k % 8) & 1u);
        }
        *at++ = ZKS_CODE_ALPHABET[value];
    }
    *at = '\0';
    ck_assert_int_eq(read_text(text, &out), ZKS_E_FORMAT_VERSION);
}
END_TEST

START_TEST(link_without_sound_relay_is_not_made)
{
    char text[ZKS_PAIR_LINK_TEXT_BYTES];
    zks__pair_invite v = link_sample(0);
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_E_INVALID);
    v.relay_count = ZKS_PAIR_RELAYS_MAX + 1;
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_E_INVALID);
    v = link_sample(2);
    v.relays[1].address[0] = '\0';
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_E_INVALID);
    v.relays[1].address[0] = ' ';
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_E_INVALID);
}
END_TEST

START_TEST(secret_uses_all_of_its_randomness)
{
    uint8_t random[32], secret[32], other[32];
    memset(random, 0, sizeof random);
    zks__pair_secret(ZKS_PAIR_CODE, random, secret);
    ck_assert_mem_eq(secret, "000000000000", 12);
    for (size_t i = 0; i < 12; i++) {
        random[i] = 31;
        zks__pair_secret(ZKS_PAIR_CODE, random, other);
        ck_assert_uint_eq(other[i], 'Z');
        ck_assert_uint_eq(other[12], 0);
        random[i] = 0;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        random[i] = (uint8_t)i;
    }
    zks__pair_secret(ZKS_PAIR_LINK, random, secret);
    ck_assert_mem_eq(secret, random, sizeof random);
}
END_TEST

/* Each of the 28 characters that mean the same in both alphabets, as often as the others. */
START_TEST(chosen_code_has_no_character_that_could_be_another)
{
    enum { CODES = 8192 };
    unsigned seen[128] = {0}, kinds = 0;
    uint64_t seed = unit_seed_printed("chosen");
    for (int n = 0; n < CODES; n++) {
        uint8_t random[ZKS_PAIR_CHOOSE_RANDOM_BYTES];
        char text[ZKS_PAIR_CODE_TEXT_BYTES];
        zks__pair_invite v, read;
        for (size_t i = 0; i < sizeof random; i++) {
            random[i] = (uint8_t)(memory_random(&seed) >> 56);
        }
        ck_assert(zks__pair_choose(random, &v));
        zks__pair_code_text(&v, text);
        ck_assert_int_eq(zks__pair_read(text, strlen(text), &read, &problem), ZKS_OK);
        ck_assert_mem_eq(&v, &read, sizeof v);
        for (size_t i = 0; text[i]; i++) {
            seen[(uint8_t)text[i]]++;
        }
    }
    ck_assert_uint_eq(seen['-'], 3 * CODES);
    seen['-'] = 0;
    for (int c = 0; c < 128; c++) {
        if (seen[c]) {
            ck_assert_ptr_nonnull(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", c));
            ck_assert_ptr_nonnull(strchr(ZKS_CODE_ALPHABET, c));
            ck_assert_uint_gt(seen[c], 16 * CODES / 28 * 9 / 10);
            ck_assert_uint_lt(seen[c], 16 * CODES / 28 * 11 / 10);
            kinds++;
        }
    }
    ck_assert_uint_eq(kinds, 28);
}
END_TEST

START_TEST(chosen_code_without_enough_randomness_is_not_made)
{
    uint8_t random[ZKS_PAIR_CHOOSE_RANDOM_BYTES];
    zks__pair_invite v;
    memset(random, 31, sizeof random);
    memset(random, 1, 15);
    ck_assert(!zks__pair_choose(random, &v));
    random[sizeof random - 1] = 2;
    ck_assert(zks__pair_choose(random, &v));
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, code_text_is_read_back);
    tcase_add_test(c, code_typed_loosely_is_the_same);
    tcase_add_test(c, code_mistyped_is_named);
    tcase_add_test(c, code_input_far_too_long_is_refused);
    tcase_add_test(c, link_text_is_read_back);
    tcase_add_test(c, link_of_largest_size_is_read_back);
    tcase_add_test(c, link_damaged_is_refused);
    tcase_add_test(c, link_of_later_version_or_unknown_suite_is_named);
    tcase_add_test(c, link_without_sound_relay_is_not_made);
    tcase_add_test(c, secret_uses_all_of_its_randomness);
    tcase_add_test(c, chosen_code_has_no_character_that_could_be_another);
    tcase_add_test(c, chosen_code_without_enough_randomness_is_not_made);
}

int main(void)
{
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing_code", add);
}
