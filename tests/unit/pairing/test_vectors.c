/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * tests/vectors/pairing.txt: one attempt by code and one by link, up to the keys of the sealed
 * messages, for those who write another implementation; tests/vectors/test_pairing.py recomputes
 * it. (The hybrid KEM has vectors of its own: its ciphertext and secret are inputs here.) After a
 * wanted change of the format: ZKS_UPDATE_VECTORS=1 ZKS_SOURCE_DIR=. unit_pairing_vectors
 */
#include "pairing/exchange.h"
#include "tests/support/unit.h"
#include "tests/support/vectors_file.h"

static uint8_t counting[2048]; /* 00 01 02 ... */

/* Writes the message, shows it, and notes it in the transcript. */
static void message(zks__exchange *x, const char *key, const zks__pair_message *m)
{
    uint8_t bytes[2048];
    zks__writer w = zks__writer_of(bytes, sizeof bytes);
    zks__pair_message_write(m, &w);
    ck_assert(!w.overflow);
    vectors_value(key, bytes, w.length);
    zks__exchange_note(x, bytes, w.length);
}

static void inputs(zks__pair_invite *v, zks__pair_kind kind)
{
    *v = (zks__pair_invite){.kind = kind, .suite = ZKS_SUITE_SODIUM};
    memcpy(v->nameplate, "7K2M", ZKS_NAMEPLATE_BYTES);
    zks__pair_secret(kind, counting + 0x20, v->secret);
    vectors_value("relay_key", counting + 0x10, 32);
    vectors_value("nameplate", v->nameplate, sizeof v->nameplate);
    vectors_value("secret", v->secret,
                  kind == ZKS_PAIR_CODE ? (size_t)ZKS_PAIR_CODE_SECRET_CHARS : sizeof v->secret);
}

/* Both sides in one: the joiner's exchange, and the inviter's for its y. */
static void attempt(const char *name, zks__pair_kind kind)
{
    zks__pair_invite v;
    zks__exchange j, i;
    uint8_t tag[ZKS_PAIR_TAG_MAX_BYTES], digits[4];
    vectors_begin(name);
    inputs(&v, kind);
    vectors_value("random_joiner", counting + 0x50, 32);
    vectors_value("random_inviter", counting + 0x70, 32);
    zks__slice pk = {counting + 0x01, ZKS_SEAL_PUBLIC_BYTES};
    zks__slice ct = {counting + 0x02, ZKS_SEAL_CT_BYTES};
    ck_assert_int_eq(zks__exchange_init(&j, &v, counting + 0x10), ZKS_OK);
    ck_assert_int_eq(zks__exchange_init(&i, &v, counting + 0x10), ZKS_OK);
    zks__pair_message m0 = {.number = 0}, m1 = {.number = 1, .pk = pk}, m2 = {.number = 2};
    memcpy(m0.sid, counting + 0x40, sizeof m0.sid);
    ck_assert_int_eq(zks__exchange_begin(&i, m0.sid, counting + 0x70, m2.y), ZKS_OK);
    ck_assert_int_eq(zks__exchange_begin(&j, m0.sid, counting + 0x50, m1.y), ZKS_OK);
    zks__exchange_set_pk(&j, pk);
    memcpy(j.y_joiner, m1.y, sizeof m1.y);
    memcpy(j.y_inviter, m2.y, sizeof m2.y);
    zks__exchange_commit(&i, m2.y, m0.commit);
    message(&j, "m0", &m0);
    message(&j, "m1", &m1);
    message(&j, "m2", &m2);
    ck_assert_int_eq(zks__exchange_finish(&j, true), ZKS_OK);
    vectors_value("isk", j.isk, sizeof j.isk);
    zks__writer d = zks__writer_of(digits, sizeof digits);
    zks__write_u32(&d, zks__exchange_digits(&j));
    vectors_value("digits", digits, sizeof digits);
    zks__exchange_tag(&j, false, tag);
    vectors_value("tag_inviter", tag, j.sizes.tag);
    zks__exchange_tag(&j, true, tag);
    zks__pair_message m3 = {.number = 3, .tag = {tag, j.sizes.tag}};
    message(&j, "m3", &m3);
    vectors_value("transcript", j.transcript, sizeof j.transcript);
    vectors_value("ss", counting + 0x90, ZKS_SEAL_SHARED_BYTES);
    vectors_value("ct", ct.data, ct.length);
    zks__exchange_keys(&j, counting + 0x90, ct);
    vectors_value("key_to_joiner", j.to_joiner, sizeof j.to_joiner);
    vectors_value("key_to_inviter", j.to_inviter, sizeof j.to_inviter);
    uint8_t m7[2 + 1 + ZKS_TAG_BYTES] = {ZKS_PAIR_VERSION, 7, 0};
    zks__exchange_seal(&j, false, 7, m7 + 2, 1);
    vectors_value("m7", m7, sizeof m7);
}

static void link_block(void)
{
    zks__pair_invite v;
    char text[ZKS_PAIR_LINK_TEXT_BYTES];
    vectors_begin("link: one relay");
    inputs(&v, ZKS_PAIR_LINK);
    memcpy(v.group_id, counting + 0xa0, sizeof v.group_id);
    vectors_value("group_id", v.group_id, sizeof v.group_id);
    memcpy(v.relays[0].key, counting + 0x10, 32);
    snprintf(v.relays[0].address, sizeof v.relays[0].address, "relay.example.org:4433");
    v.relay_count = 1;
    vectors_value("address", v.relays[0].address, strlen(v.relays[0].address));
    ck_assert_int_eq(zks__pair_link_text(&v, text), ZKS_OK);
    vectors_value("text", text, strlen(text));
}

START_TEST(vectors_of_pairing_agree)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (size_t i = 0; i < sizeof counting; i++) {
        counting[i] = (uint8_t)i;
    }
    vectors_start("pairing.txt",
                  "# SPDX-License-Identifier: MIT OR Apache-2.0\n#\n"
                  "# Pairing: one attempt by code, one by link, and a link, from fixed inputs. All "
                  "values are\n"
                  "# hexadecimal; digits is a little-endian number. Written by\n"
                  "# tests/unit/pairing/test_vectors.c, recomputed by test_pairing.py.\n");
    attempt("attempt: by code", ZKS_PAIR_CODE);
    attempt("attempt: by link", ZKS_PAIR_LINK);
    link_block();
    vectors_finish();
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, vectors_of_pairing_agree);
}

int main(void)
{
    return unit_main("pairing_vectors", add);
}
