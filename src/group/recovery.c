/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/recovery.h"

#include <stdio.h>
#include <string.h>

enum { CHECK_BYTES = 3, CODE_BYTES = 1 + ZKS_KEY_BYTES + CHECK_BYTES };
_Static_assert(CODE_BYTES == 2 * ZKS_RECOVERY_WORDS, "two bytes a word");

static const char consonants[16] = {'b', 'd', 'f', 'g', 'h', 'j', 'k', 'l',
                                    'm', 'n', 'p', 'r', 's', 't', 'v', 'z'};
static const char vowels[4] = {'a', 'i', 'o', 'u'};

/* The letters of a word, from its highest bits to its lowest. */
static const struct {
    const char *letters;
    unsigned bits;
} places[ZKS_RECOVERY_WORD_LETTERS] = {
    {consonants, 4}, {vowels, 2}, {consonants, 4}, {vowels, 2}, {consonants, 4}};

static void make_check(const uint8_t code[CODE_BYTES], uint8_t out[CHECK_BYTES])
{
    uint8_t input[32 + 1 + ZKS_KEY_BYTES], digest[32];
    zks__writer w = zks__writer_of(input, sizeof input);
    zks__write_label(&w, "0k-recovery-v1");
    zks__write_bytes(&w, code, 1 + ZKS_KEY_BYTES);
    zks__crypto_sha256(input, w.length, digest);
    memcpy(out, digest, CHECK_BYTES);
    zks__wipe(input, sizeof input);
    zks__wipe(digest, sizeof digest);
}

void zks__recovery_format(uint8_t suite, const uint8_t seed[ZKS_KEY_BYTES],
                          char out_text[ZKS_RECOVERY_TEXT_BYTES])
{
    uint8_t code[CODE_BYTES];
    code[0] = suite;
    memcpy(code + 1, seed, ZKS_KEY_BYTES);
    make_check(code, code + 1 + ZKS_KEY_BYTES);
    char *at = out_text;
    for (size_t i = 0; i < ZKS_RECOVERY_WORDS; i++) {
        unsigned word = (unsigned)code[2 * i] << 8 | code[2 * i + 1], left = 16;
        for (size_t k = 0; k < ZKS_RECOVERY_WORD_LETTERS; k++) {
            left -= places[k].bits;
            *at++ = places[k].letters[word >> left & ((1U << places[k].bits) - 1)];
        }
        *at++ = i + 1 < ZKS_RECOVERY_WORDS ? ' ' : '\0';
    }
    zks__wipe(code, sizeof code);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* The value of one word of `length` letters; false: it is none. */
static bool read_word(const char *text, size_t length, unsigned *out_value)
{
    unsigned value = 0;
    if (length != ZKS_RECOVERY_WORD_LETTERS) {
        return false;
    }
    for (size_t k = 0; k < ZKS_RECOVERY_WORD_LETTERS; k++) {
        const char *found = memchr(places[k].letters, lower(text[k]), (size_t)1 << places[k].bits);
        if (!found) {
            return false;
        }
        value = value << places[k].bits | (unsigned)(found - places[k].letters);
    }
    *out_value = value;
    return true;
}

/* All words into code. As zks__recovery_parse, but for what the check and the suite say. */
static zks_status read_words(const char *text, size_t length, uint8_t code[CODE_BYTES],
                             size_t *out_word)
{
    size_t count = 0, bad = 0;
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && is_letter(text[end])) {
            end++;
        }
        if (end == i) {
            i++;
            continue;
        }
        unsigned value = 0;
        count++;
        if (!read_word(text + i, end - i, &value) && !bad) {
            bad = count;
        }
        if (count <= ZKS_RECOVERY_WORDS) {
            code[2 * count - 2] = (uint8_t)(value >> 8);
            code[2 * count - 1] = (uint8_t)value;
        }
        i = end;
    }
    *out_word = bad ? bad : count;
    return bad                          ? ZKS_E_MALFORMED
           : count < ZKS_RECOVERY_WORDS ? ZKS_E_TRUNCATED
           : count > ZKS_RECOVERY_WORDS ? ZKS_E_TOO_LARGE
                                        : ZKS_OK;
}

zks_status zks__recovery_parse(const char *text, size_t length, uint8_t *out_suite,
                               uint8_t out_seed[ZKS_KEY_BYTES], size_t *out_word)
{
    uint8_t code[CODE_BYTES], check[CHECK_BYTES];
    memset(code, 0, sizeof code);
    zks_status status = read_words(text, length, code, out_word);
    if (status) {
        goto out;
    }
    *out_word = 0;
    make_check(code, check);
    if (memcmp(check, code + 1 + ZKS_KEY_BYTES, sizeof check) != 0) {
        status = ZKS_E_DECRYPT;
        goto out;
    }
    if (!zks__crypto_suite(code[0])) {
        status = ZKS_E_SUITE;
        goto out;
    }
    *out_suite = code[0];
    memcpy(out_seed, code + 1, ZKS_KEY_BYTES);
out:
    zks__wipe(code, sizeof code);
    return status;
}

void zks__recovery_explain(zks_status status, size_t word, char out[ZKS_RECOVERY_SENTENCE_BYTES])
{
    const size_t size = ZKS_RECOVERY_SENTENCE_BYTES;
    switch (status) {
    case ZKS_E_MALFORMED:
        snprintf(out, size, "word %zu of the recovery code has a typing error", word);
        break;
    case ZKS_E_TRUNCATED:
    case ZKS_E_TOO_LARGE:
        snprintf(out, size, "a recovery code has %d words, these are %zu", ZKS_RECOVERY_WORDS,
                 word);
        break;
    case ZKS_E_DECRYPT:
        snprintf(out, size,
                 "the recovery code has a typing error: one of its words is another one");
        break;
    default:
        snprintf(out, size, "%s", zks__status_text(status));
        break;
    }
}
