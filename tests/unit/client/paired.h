/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A paired group as the ledger sees it: A is the real thing, B a device made by hand, so that it
 * can do what a removed or dishonest device would. Header only.
 */
#ifndef ZKS_TESTS_CLIENT_PAIRED_H
#define ZKS_TESTS_CLIENT_PAIRED_H

#include "client/batch.h"
#include "client/ledger_internal.h"
#include "client/runtime.h"
#include "group/epoch.h"
#include "tests/unit/client/device.h"

static const uint8_t seed[32] = {9, 9, 9}, b_seed[32] = {4}, b_instance[16] = {5};
static const uint8_t relay_key[32] = {7};
static zks_runtime *runtime;
static char folder[64], path[96];
static zks__ledger *a;
static zks__group_root root;
static zks__device_keys b;
static const uint8_t *b_id;
static uint64_t cursor, b_seq;
static zks__clock true_clock;
static uint8_t b_prev[ZKS_ENTRY_ID_BYTES];
static uint8_t b_member[ZKS_RECORD_BODY_MAX_BYTES];
static size_t b_member_length;
static int64_t wall_ms; /* the wall clock is ahead by so much */

static inline int64_t unix_ms(void *user)
{
    (void)user;
    return true_clock.unix_ms(true_clock.user) + wall_ms;
}

static inline void open_a(bool new_group)
{
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    zks__ledger_config config = {.storage = runtime->storage,
                                 .vault = runtime->vault,
                                 .path = path,
                                 .secret = new_group ? seed : NULL,
                                 .suite = test_suite(),
                                 .mode = new_group ? ZKS_GROUP_MODE_PAIRED : 0,
                                 .device_name = "anna",
                                 .rng = runtime->rng,
                                 .clock = runtime->clock,
                                 .log = &runtime->log};
    ck_assert_int_eq(zks__ledger_open(&config, problem, &a), ZKS_OK);
}

static inline void begin(void)
{
    ck_assert_int_eq(zks__store_begin(zks__ledger_store(a)), ZKS_OK);
}

static inline void commit(void)
{
    ck_assert_int_eq(zks__store_commit(zks__ledger_store(a)), ZKS_OK);
    zks__ledger_reload(a);
}

static inline void load_relay(const uint8_t key[32])
{
    zks__relay_state state;
    char address[] = "relay:0";
    address[6] = (char)('0' + key[0]);
    begin();
    ck_assert_int_eq(zks__ledger_relay_load(a, address, NULL, key, &state), ZKS_OK);
    commit();
}

/* As after a crash: what is not in the file is gone. */
static inline void reopen(void)
{
    zks__ledger_close(a);
    open_a(false);
    load_relay(relay_key);
}

/* What a relay would bring. */
static inline zks__records_taken take(const uint8_t *record, size_t length)
{
    const zks__slice item = {record, length};
    zks__records_taken taken;
    begin();
    ck_assert_int_eq(zks__ledger_records(a, (zks__wire_list){.count = 1, .items = &item}, &taken),
                     ZKS_OK);
    commit();
    return taken;
}

/* B, let in by A, which hears of it in meet_b. */
static inline void make_b(void)
{
    zks__member m = {.rights = ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN};
    zks__group_root_derive(test_suite(), ZKS_GROUP_MODE_PAIRED, seed, &root);
    zks__device_keys_derive(b_seed, root.group_id, b_instance, &b);
    b_id = zks__crypto_sign_public(&b.sign);
    const zks__suite *suite = zks__crypto_suite(root.suite);
    suite->seal_public(b.seal_seed, m.seal_key);
    suite->dh_public(b.noise_dh_secret, m.noise_dh);
    zks__crypto_kem_public(b.noise_kem_seed, m.noise_kem);
    ck_assert_int_eq(zks__record_make_member(root.suite, root.group_id, &m, &b.sign,
                                             &a->device.sign, b_member, sizeof b_member,
                                             &b_member_length),
                     ZKS_OK);
}

static inline void meet_b(void)
{
    ck_assert_uint_eq(take(b_member, b_member_length).count, 1);
}

static inline void setup_alone(void)
{
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.zks", folder);
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    true_clock = runtime->clock;
    runtime->clock.unix_ms = unix_ms;
    open_a(true);
    cursor = b_seq = 0;
    wall_ms = 0;
    memset(b_prev, 0, sizeof b_prev);
    load_relay(relay_key);
    make_b();
}

static inline void setup(void)
{
    setup_alone();
    meet_b();
}

static inline void teardown(void)
{
    zks__ledger_close(a);
    ck_assert_int_eq(zks__runtime_close(runtime, 10000), ZKS_OK);
    zks__runtime_free(runtime);
    device_folder_remove(folder);
}

static inline zks__sealed push(const char *text)
{
    zks__sealed s;
    begin();
    zks__buf *body = zks__blob_buffer(text, strlen(text));
    ck_assert_int_eq(zks__ledger_push(a, body, 0, true, &s), ZKS_OK);
    commit();
    return s;
}

static inline const uint8_t *tag_of(const zks__buf *blob)
{
    const uint8_t *tag = NULL;
    ck_assert_int_eq(zks__blob_epoch(blob->data, blob->length, &tag), ZKS_OK);
    return tag;
}

static inline const zks__record *tip(void)
{
    return zks__records_epoch(a->records);
}

/* An entry of B's, sealed by B for an epoch whose secret it has. */
static inline zks__buf *b_blob(const char *text, const uint8_t *tag, const uint8_t *secret,
                               uint8_t blob_id[ZKS_BLOB_ID_BYTES])
{
    static const uint8_t nonce[ZKS_NONCE_BYTES] = {1};
    zks__blob_key key;
    zks__blob_key_derive(zks__crypto_suite(root.suite), secret, root.group_id, tag, b_id, &key);
    zks__buf *body = zks__blob_buffer(text, strlen(text));
    zks__entry e = {.kind = ZKS_ENTRY_DATA,
                    .seq = ++b_seq,
                    .floor = 1,
                    .has_signature = 1,
                    .body_length = body->length};
    memcpy(e.author, b_id, sizeof e.author);
    memset(e.chain, 3, sizeof e.chain);
    memcpy(e.prev, b_prev, sizeof e.prev);
    ck_assert_int_eq(zks__blob_seal(&key, &e, &b.sign, nonce, body, blob_id), ZKS_OK);
    memcpy(b_prev, e.id, sizeof b_prev);
    return body;
}

static inline zks__received receive(const zks__buf *blob, const uint8_t blob_id[ZKS_BLOB_ID_BYTES])
{
    zks__received out;
    zks__blob_item item = {.cursor = ++cursor, .blob = {blob->data, blob->length}};
    memcpy(item.sender, b_id, sizeof item.sender);
    memcpy(item.blob_id, blob_id, sizeof item.blob_id);
    zks__blobs blobs = {
        .from = cursor - 1, .contiguous = cursor, .blobs = {.count = 1, .items = &item}};
    begin();
    ck_assert_int_eq(zks__ledger_receive(a, &blobs, &out), ZKS_OK);
    commit();
    zks__notices_done(&out.notices);
    return out;
}

static inline zks__received b_says(const char *text, const uint8_t *tag, const uint8_t *secret)
{
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    zks__buf *blob = b_blob(text, tag, secret, blob_id);
    zks__received out = receive(blob, blob_id);
    zks__buf_unref(blob);
    return out;
}

/* The secret of an EPOCH that lists B. */
static inline void b_opens(const zks__record *epoch, uint8_t secret[ZKS_KEY_BYTES])
{
    zks_status status = ZKS_E_NOT_FOUND;
    for (size_t i = 0; status && i < epoch->epoch.listed.count; i++) {
        status = zks__epoch_open(epoch, i, b_id, b.seal_seed, secret);
    }
    ck_assert_int_eq(status, ZKS_OK);
}

/* A removes a device (NULL: none) and hears it back from the relay. */
static inline void rotate(const uint8_t *gone)
{
    const zks__epoch_wish wish = {.device = gone, .reason = ZKS_REMOVAL_LOST};
    zks__epoch_made made;
    ck_assert_int_eq(zks__ledger_make_epoch(a, &wish, &made), ZKS_OK);
    uint32_t before = tip()->epoch.number;
    ck_assert(made.on_tip);
    ck_assert_uint_eq(made.number, before + 1);
    ck_assert(take(made.record->data, made.record->length).moved);
    ck_assert_uint_eq(tip()->epoch.number, before + 1);
    zks__buf_unref(made.record);
}

/* Whether it is A's turn, and if not when, from now on. */
static inline bool is_due(uint32_t rotate_s, int64_t *out_in_ms)
{
    bool due = false;
    int64_t next = INT64_MAX;
    begin();
    ck_assert_int_eq(zks__ledger_epoch_due(a, rotate_s, &due, &next), ZKS_OK);
    commit();
    *out_in_ms = next == INT64_MAX ? next : next - unix_ms(NULL);
    return due;
}

static inline void expect_texts(const char *const *texts, size_t count)
{
    zks_batch *batch;
    begin();
    ck_assert_int_eq(zks__ledger_read(a, 0, 100, 1 << 20, ZKS_READ_OWN, &batch), ZKS_OK);
    commit();
    ck_assert_uint_eq(batch->count, count);
    size_t length = 0;
    const uint64_t *at = zks__batch_offsets(batch);
    const uint8_t *data = zks__batch_data(batch, &length);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(at[i + 1] - at[i], strlen(texts[i]));
        ck_assert_mem_eq(data + at[i], texts[i], strlen(texts[i]));
    }
    zks__batch_free(batch);
}

#endif
