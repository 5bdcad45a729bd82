/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/record.h"
#include "tests/support/unit.h"

enum { HEADER = 3 + ZKS_GROUP_ID_BYTES };

typedef struct made {
    uint8_t bytes[ZKS_RECORD_BODY_MAX_BYTES + 1];
    size_t length;
} made;

static zks__sign_key root, device;
static uint8_t group_id[ZKS_GROUP_ID_BYTES];
static made genesis, epoch, member, next_epoch, grant, leave;

/* EPOCH 1, GRANT and LEAVE, with sealed parts that nobody opens here. */
static void setup_trust(void)
{
    static uint8_t keys[3 * (ZKS_SEAL_CT_BYTES + 48)];
    static const uint8_t sealed[40] = {11};
    static const zks__wire_hash listed[2] = {{{9}}, {{8}}}, removed[2] = {{{1}}, {{2}}};
    zks__epoch e = {.number = 1,
                    .parent = {7},
                    .listed = {.count = 2, .items = listed},
                    .removed = {.count = 2, .items = removed},
                    .commit = {5},
                    .keys = {keys, sizeof keys},
                    .wrap = {keys, ZKS_SEALED_SECRET_BYTES},
                    .sealed = {sealed, sizeof sealed}};
    zks__grant g = {.epoch = {12}, .device = {13}, .key = {keys, ZKS_SEAL_CT_BYTES + 48}};
    keys[0] = 10;
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, group_id, &e, &device,
                                            next_epoch.bytes, ZKS_RECORD_BODY_MAX_BYTES,
                                            &next_epoch.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_grant(ZKS_SUITE_SODIUM, group_id, &g, &device, grant.bytes,
                                            ZKS_RECORD_BODY_MAX_BYTES, &grant.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_leave(ZKS_SUITE_SODIUM, group_id, &device, leave.bytes,
                                            ZKS_RECORD_BODY_MAX_BYTES, &leave.length),
                     ZKS_OK);
}

static void setup(void)
{
    static const uint8_t profile[] = "sealed name";
    uint8_t seed[32] = {1};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__crypto_sign_key(seed, &root);
    seed[0] = 2;
    zks__crypto_sign_key(seed, &device);
    zks__genesis g = {.mode = ZKS_GROUP_MODE_SHARED, .recovery = {3}};
    memcpy(g.root, zks__crypto_sign_public(&root), sizeof g.root);
    zks__record_group_id(ZKS_SUITE_SODIUM, g.mode, g.root, group_id);
    zks__epoch e = {.commit = {4}};
    zks__member m = {.seal_key = {5},
                     .noise_dh = {6},
                     .noise_kem = {7},
                     .rights = ZKS_RIGHT_INVITE,
                     .not_after_s = 1234567890123,
                     .profile = {profile, sizeof profile}};
    ck_assert_int_eq(zks__record_make_genesis(ZKS_SUITE_SODIUM, &g, &root, genesis.bytes,
                                              ZKS_RECORD_BODY_MAX_BYTES, &genesis.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, group_id, &e, &root, epoch.bytes,
                                            ZKS_RECORD_BODY_MAX_BYTES, &epoch.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_member(ZKS_SUITE_SODIUM, group_id, &m, &device, &root,
                                             member.bytes, ZKS_RECORD_BODY_MAX_BYTES,
                                             &member.length),
                     ZKS_OK);
    setup_trust();
}

static zks_status read_of(const made *m, zks__record *out)
{
    return zks__record_read(m->bytes, m->length, out);
}

START_TEST(read_gives_back_what_was_made)
{
    zks__record r;
    setup();
    ck_assert_int_eq(read_of(&genesis, &r), ZKS_OK);
    ck_assert_int_eq(r.kind, ZKS_RECORD_KIND_GENESIS);
    ck_assert_mem_eq(r.group_id, group_id, sizeof group_id);
    ck_assert_uint_eq(r.genesis.recovery[0], 3);
    ck_assert_int_eq(read_of(&epoch, &r), ZKS_OK);
    ck_assert_int_eq(r.kind, ZKS_RECORD_KIND_EPOCH);
    ck_assert_uint_eq(r.epoch.commit[0], 4);
    ck_assert_mem_eq(r.epoch.signer, zks__crypto_sign_public(&root), 32);
    ck_assert_int_eq(read_of(&member, &r), ZKS_OK);
    ck_assert_int_eq(r.kind, ZKS_RECORD_KIND_MEMBER);
    ck_assert_mem_eq(r.member.device, zks__crypto_sign_public(&device), 32);
    ck_assert_mem_eq(r.member.issuer, zks__crypto_sign_public(&root), 32);
    ck_assert_uint_eq(r.member.seal_key[0], 5);
    ck_assert_uint_eq(r.member.noise_dh[0], 6);
    ck_assert_uint_eq(r.member.noise_kem[0], 7);
    ck_assert_uint_eq(r.member.rights, ZKS_RIGHT_INVITE);
    ck_assert(r.member.not_after_s == 1234567890123);
    ck_assert_uint_eq(r.member.profile.length, 12);
    ck_assert_str_eq((const char *)r.member.profile.data, "sealed name");
    ck_assert_ptr_eq(r.bytes.data, member.bytes);
}
END_TEST

START_TEST(read_gives_back_epoch_grant_and_leave)
{
    zks__record r;
    setup();
    ck_assert_int_eq(read_of(&next_epoch, &r), ZKS_OK);
    ck_assert_uint_eq(r.epoch.number, 1);
    ck_assert_uint_eq(r.epoch.parent[0], 7);
    ck_assert_uint_eq(r.epoch.listed.count, 2);
    ck_assert_uint_eq(zks__record_item(&r.epoch.listed, 0)[0], 9);
    ck_assert_uint_eq(zks__record_item(&r.epoch.listed, 1)[0], 8);
    ck_assert_uint_eq(r.epoch.removed.count, 2);
    ck_assert_uint_eq(zks__record_item(&r.epoch.removed, 1)[0], 2);
    ck_assert_uint_eq(r.epoch.keys.data[0], 10);
    ck_assert_uint_eq(r.epoch.sealed.data[0], 11);
    ck_assert_mem_eq(r.epoch.signer, zks__crypto_sign_public(&device), 32);
    ck_assert_int_eq(read_of(&grant, &r), ZKS_OK);
    ck_assert_uint_eq(r.grant.epoch[0], 12);
    ck_assert_uint_eq(r.grant.device[0], 13);
    ck_assert_uint_eq(r.grant.key.length, ZKS_SEAL_CT_BYTES + 48);
    ck_assert_mem_eq(r.grant.signer, zks__crypto_sign_public(&device), 32);
    ck_assert_int_eq(read_of(&leave, &r), ZKS_OK);
    ck_assert_mem_eq(r.leave.device, zks__crypto_sign_public(&device), 32);
}
END_TEST

/* The joiner's half and the inviter's give the record that one maker makes. */
START_TEST(member_in_two_halves_is_the_same_record)
{
    static made half, whole, again;
    zks__record r;
    setup();
    const zks__slice profile = {(const uint8_t *)"sealed", 6};
    zks__member m = {.rights = 1, .not_after_s = 5, .profile = profile};
    ck_assert_int_eq(zks__record_make_member_body(ZKS_SUITE_SODIUM, group_id, &m, &device,
                                                  half.bytes, sizeof half.bytes, &half.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read_member_body(half.bytes, half.length, &r), ZKS_OK);
    ck_assert_uint_eq(r.member.rights, 1);
    ck_assert_int_eq(read_of(&half, &r), ZKS_E_TRUNCATED);
    const zks__slice body = {half.bytes, half.length};
    ck_assert_int_eq(zks__record_make_member_issue(group_id, body, profile, &root, whole.bytes,
                                                   sizeof whole.bytes, &whole.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_member(ZKS_SUITE_SODIUM, group_id, &m, &device, &root,
                                             again.bytes, sizeof again.bytes, &again.length),
                     ZKS_OK);
    ck_assert_uint_eq(whole.length, again.length);
    ck_assert_mem_eq(whole.bytes, again.bytes, whole.length);
    ck_assert_int_eq(zks__record_read_member_body(whole.bytes, whole.length, &r), ZKS_E_MALFORMED);
    /* nothing may follow, not even what would read as a profile */
    for (unsigned more = 1; more < 130; more++) {
        half.bytes[half.length] = (uint8_t)more;
        ck_assert_int_ne(zks__record_read_member_body(half.bytes, half.length + more, &r), ZKS_OK);
        half.bytes[half.length] = (uint8_t)(more - 1);
        ck_assert_int_ne(zks__record_read_member_body(half.bytes, half.length + more, &r), ZKS_OK);
    }
    const zks__slice long_profile = {whole.bytes, ZKS_PROFILE_MAX_BYTES + 1};
    ck_assert_int_eq(zks__record_make_member_issue(group_id, body, long_profile, &root, again.bytes,
                                                   sizeof again.bytes, &again.length),
                     ZKS_E_INVALID);
    half.bytes[100] ^= 1;
    ck_assert_int_eq(zks__record_make_member_issue(group_id, body, profile, &root, whole.bytes,
                                                   sizeof whole.bytes, &whole.length),
                     ZKS_E_BAD_SIGNATURE);
    half.bytes[100] ^= 1;
    uint8_t other[ZKS_GROUP_ID_BYTES] = {1};
    ck_assert_int_eq(zks__record_make_member_issue(other, body, profile, &root, whole.bytes,
                                                   sizeof whole.bytes, &whole.length),
                     ZKS_E_WRONG_GROUP);
}
END_TEST

START_TEST(make_is_deterministic)
{
    setup();
    made first = member;
    setup();
    ck_assert_uint_eq(first.length, member.length);
    ck_assert_mem_eq(first.bytes, member.bytes, first.length);
}
END_TEST

static made *const all[] = {&genesis, &epoch, &member, &next_epoch, &grant, &leave};

START_TEST(read_cut_anywhere_fails)
{
    zks__record r = {.suite = 99};
    setup();
    made *m = all[_i];
    for (size_t length = 0; length < m->length; length++) {
        zks_status status = zks__record_read(m->bytes, length, &r);
        ck_assert_int_eq(status, ZKS_E_TRUNCATED);
    }
    ck_assert_uint_eq(r.suite, 99);
}
END_TEST

START_TEST(read_with_a_byte_more_is_malformed)
{
    zks__record r;
    setup();
    made *m = all[_i];
    m->bytes[m->length] = 0;
    ck_assert_int_eq(zks__record_read(m->bytes, m->length + 1, &r), ZKS_E_MALFORMED);
}
END_TEST

/* Every byte of the record is under a signature or is one. */
START_TEST(read_any_changed_byte_fails)
{
    zks__record r;
    setup();
    made *m = all[_i];
    for (size_t at = 0; at < m->length; at++) {
        m->bytes[at] ^= 0x10;
        ck_assert_msg(read_of(m, &r) != ZKS_OK, "byte %zu", at);
        m->bytes[at] ^= 0x10;
    }
    ck_assert_int_eq(read_of(m, &r), ZKS_OK);
}
END_TEST

START_TEST(read_names_the_reason)
{
    static const struct {
        size_t at;
        uint8_t value;
        zks_status status;
    } cases[] = {{0, 0, ZKS_E_FORMAT_VERSION},
                 {0, 2, ZKS_E_FORMAT_VERSION},
                 {1, ZKS_RECORD_KIND_GRANT, ZKS_E_TRUNCATED},
                 {1, ZKS_RECORD_KIND_LEAVE, ZKS_E_MALFORMED},
                 {1, 0, ZKS_E_UNSUPPORTED},
                 {1, 200, ZKS_E_UNSUPPORTED},
                 {2, 99, ZKS_E_SUITE},
                 {3, 0xaa, ZKS_E_WRONG_GROUP},
                 {HEADER, 3, ZKS_E_MALFORMED}, /* mode */
                 {HEADER, ZKS_GROUP_MODE_PAIRED, ZKS_E_WRONG_GROUP},
                 {HEADER + 1, 0xaa, ZKS_E_WRONG_GROUP},
                 {HEADER + 40, 0xaa, ZKS_E_BAD_SIGNATURE}};
    zks__record r;
    setup();
    for (size_t i = 0; i < ZKS_COUNTOF(cases); i++) {
        uint8_t old = genesis.bytes[cases[i].at];
        genesis.bytes[cases[i].at] = cases[i].value;
        ck_assert_msg(read_of(&genesis, &r) == cases[i].status, "case %zu: %d", i,
                      read_of(&genesis, &r));
        genesis.bytes[cases[i].at] = old;
    }
    ck_assert_int_eq(zks__record_read(genesis.bytes, ZKS_RECORD_BODY_MAX_BYTES + 1, &r),
                     ZKS_E_TOO_LARGE);
    ck_assert_int_eq(zks__record_read(NULL, 0, &r), ZKS_E_TRUNCATED);
}
END_TEST

/* A record whose parts are as told, with true signatures: what only a signer can do. */
static zks_status signed_epoch(uint32_t number, uint8_t parent, const uint8_t *lists, size_t length)
{
    static made m;
    zks__writer w = zks__writer_of(m.bytes, sizeof m.bytes);
    zks__write_bytes(&w, epoch.bytes, HEADER);
    zks__write_u32(&w, number);
    for (int i = 0; i < 32; i++) {
        zks__write_u8(&w, parent);
    }
    zks__write_bytes(&w, lists, length);
    /* Signed as the module does it, written down once more. */
    zks__write_bytes(&w, zks__crypto_sign_public(&root), 32);
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    uint8_t text[128];
    uint8_t signature[64];
    zks__writer t = zks__writer_of(text, sizeof text);
    zks__write_label(&t, "0k-record-part-v1");
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, text, t.length);
    suite->hash_update(&h, m.bytes, w.length);
    t.length = 0;
    zks__write_label(&t, "0k-record-sig-v1");
    zks__write_label(&t, "signer");
    suite->hash_final(&h, text + t.length);
    zks__crypto_sign(&root, text, t.length + 32, signature);
    zks__write_bytes(&w, signature, sizeof signature);
    m.length = w.length;
    zks__record r;
    return read_of(&m, &r);
}

START_TEST(epoch_0_is_bare)
{
    uint8_t bare[1 + 1 + 32 + 3] = {0};
    uint8_t more[1 + 32 + 1 + 32 + 3] = {0};
    uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0x0f};
    uint8_t many[] = {ZKS_EPOCH_DEVICES_MAX + 1};
    uint8_t padded[1 + 1 + 1 + 32 + 3] = {0x80, 0x00};
    setup();
    ck_assert_int_eq(signed_epoch(0, 0, bare, sizeof bare), ZKS_OK);
    ck_assert_int_eq(signed_epoch(1, 1, bare, sizeof bare), ZKS_E_MALFORMED); /* no keys */
    ck_assert_int_eq(signed_epoch(0, 1, bare, sizeof bare), ZKS_E_MALFORMED);
    more[0] = 1;
    ck_assert_int_eq(signed_epoch(0, 0, more, sizeof more), ZKS_E_MALFORMED); /* listed */
    more[0] = 0;
    more[1] = 1;
    ck_assert_int_eq(signed_epoch(0, 0, more, sizeof more), ZKS_E_MALFORMED); /* removed */
    for (size_t i = 0; i < 3; i++) { /* keys, wrap, sealed of one byte */
        uint8_t with[sizeof bare + 1] = {0};
        with[sizeof bare - 3 + i] = 1;
        ck_assert_int_eq(signed_epoch(0, 0, with, sizeof with), ZKS_E_MALFORMED);
    }
    ck_assert_int_eq(signed_epoch(0, 0, huge, sizeof huge), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(signed_epoch(0, 0, many, sizeof many), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(signed_epoch(0, 0, padded, sizeof padded), ZKS_E_MALFORMED);
}
END_TEST

/* Number 1 with these lists and so many keys. */
static zks_status next_of(const char *listed, const char *removed, size_t keys, size_t wrap,
                          uint8_t parent)
{
    static uint8_t body[16384];
    static const uint8_t nothing[8192];
    zks__writer w = zks__writer_of(body, sizeof body);
    for (int i = 0; i < 2; i++) {
        const char *list = i ? removed : listed;
        zks__write_leb(&w, strlen(list));
        for (; *list; list++) {
            uint8_t item[32] = {(uint8_t)*list};
            zks__write_bytes(&w, item, sizeof item);
        }
    }
    zks__write_bytes(&w, nothing, 32); /* commit */
    zks__write_lp(&w, nothing, keys);
    zks__write_lp(&w, nothing, wrap);
    zks__write_lp(&w, nothing, 0);
    return signed_epoch(1, parent, body, w.length);
}

START_TEST(epoch_has_one_form_only)
{
    const size_t key = ZKS_SEAL_CT_BYTES + ZKS_SEALED_SECRET_BYTES;
    setup();
    ck_assert_int_eq(next_of("ba", "ab", 3 * key, 48, 1), ZKS_OK);
    ck_assert_int_eq(next_of("", "", key, 48, 1), ZKS_OK);
    ck_assert_int_eq(next_of("ba", "ab", 3 * key, 48, 0), ZKS_E_MALFORMED); /* no parent */
    ck_assert_int_eq(next_of("aa", "ab", 3 * key, 48, 1), ZKS_E_MALFORMED); /* twice */
    ck_assert_int_eq(next_of("ba", "ba", 3 * key, 48, 1), ZKS_E_MALFORMED); /* not ascending */
    ck_assert_int_eq(next_of("ba", "aa", 3 * key, 48, 1), ZKS_E_MALFORMED);
    ck_assert_int_eq(next_of("ba", "ab", 2 * key, 48, 1), ZKS_E_MALFORMED);
    ck_assert_int_eq(next_of("ba", "ab", 3 * key + 1, 48, 1), ZKS_E_MALFORMED);
    ck_assert_int_eq(next_of("ba", "ab", 3 * key, 47, 1), ZKS_E_MALFORMED);
    ck_assert_int_eq(next_of("ba", "ab", 3 * key, 49, 1), ZKS_E_TOO_LARGE);
}
END_TEST

START_TEST(signature_serves_for_one_place_only)
{
    /* In MEMBER self and issuer sign nearly the same; with one key for both, each other's signature
     * in the wrong place must not do. */
    zks__record r;
    setup();
    zks__member m = {.rights = 0};
    ck_assert_int_eq(zks__record_make_member(ZKS_SUITE_SODIUM, group_id, &m, &root, &root,
                                             member.bytes, ZKS_RECORD_BODY_MAX_BYTES,
                                             &member.length),
                     ZKS_OK);
    ck_assert_int_eq(read_of(&member, &r), ZKS_OK);
    uint8_t *self = member.bytes + member.length - 64 - 32 - 64;
    uint8_t *issuer = member.bytes + member.length - 64;
    memcpy(issuer, self, 64);
    ck_assert_int_eq(read_of(&member, &r), ZKS_E_BAD_SIGNATURE);
}
END_TEST

START_TEST(make_refuses_what_read_would)
{
    static uint8_t profile[ZKS_PROFILE_MAX_BYTES + 1];
    made m = {.length = 7};
    setup();
    zks__genesis g = {.mode = ZKS_GROUP_MODE_SHARED};
    ck_assert_int_eq(
        zks__record_make_genesis(ZKS_SUITE_SODIUM, &g, &root, m.bytes, sizeof m.bytes, &m.length),
        ZKS_E_INVALID); /* root is not the key's */
    memcpy(g.root, zks__crypto_sign_public(&root), 32);
    ck_assert_int_eq(zks__record_make_genesis(9, &g, &root, m.bytes, sizeof m.bytes, &m.length),
                     ZKS_E_SUITE);
    ck_assert_int_eq(zks__record_make_genesis(ZKS_SUITE_SODIUM, &g, &root, m.bytes, 100, &m.length),
                     ZKS_E_TOO_LARGE);
    g.mode = 3;
    ck_assert_int_eq(
        zks__record_make_genesis(ZKS_SUITE_SODIUM, &g, &root, m.bytes, sizeof m.bytes, &m.length),
        ZKS_E_INVALID);
    zks__epoch e = {.number = 1};
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, group_id, &e, &root, m.bytes,
                                            sizeof m.bytes, &m.length),
                     ZKS_E_INVALID);
    e = (zks__epoch){.parent = {1}};
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, group_id, &e, &root, m.bytes,
                                            sizeof m.bytes, &m.length),
                     ZKS_E_INVALID);
    zks__grant short_key = {.key = {profile, 100}};
    ck_assert_int_eq(zks__record_make_grant(ZKS_SUITE_SODIUM, group_id, &short_key, &device,
                                            m.bytes, sizeof m.bytes, &m.length),
                     ZKS_E_INVALID);
    zks__member big = {.profile = {profile, sizeof profile}};
    ck_assert_int_eq(zks__record_make_member(ZKS_SUITE_SODIUM, group_id, &big, &device, &root,
                                             m.bytes, sizeof m.bytes, &m.length),
                     ZKS_E_INVALID);
    zks__member rights = {.rights = 4};
    ck_assert_int_eq(zks__record_make_member(ZKS_SUITE_SODIUM, group_id, &rights, &device, &root,
                                             m.bytes, sizeof m.bytes, &m.length),
                     ZKS_E_INVALID);
    ck_assert_uint_eq(m.length, 7);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, read_gives_back_what_was_made);
    tcase_add_test(c, read_gives_back_epoch_grant_and_leave);
    tcase_add_test(c, member_in_two_halves_is_the_same_record);
    tcase_add_test(c, make_is_deterministic);
    tcase_add_loop_test(c, read_cut_anywhere_fails, 0, ZKS_COUNTOF(all));
    tcase_add_loop_test(c, read_with_a_byte_more_is_malformed, 0, ZKS_COUNTOF(all));
    tcase_add_loop_test(c, read_any_changed_byte_fails, 0, ZKS_COUNTOF(all));
    tcase_add_test(c, read_names_the_reason);
    tcase_add_test(c, epoch_0_is_bare);
    tcase_add_test(c, epoch_has_one_form_only);
    tcase_add_test(c, signature_serves_for_one_place_only);
    tcase_add_test(c, make_refuses_what_read_would);
}

int main(void)
{
    return unit_main("record", add);
}
