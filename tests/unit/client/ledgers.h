/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two devices of one group without a relay between them: what A seals is handed to B as BLOBS. */
#ifndef ZKS_TESTS_CLIENT_LEDGERS_H
#define ZKS_TESTS_CLIENT_LEDGERS_H

#include "base/alloc.h"
#include "client/batch.h"
#include "client/ledger_internal.h"
#include "client/runtime.h"
#include "tests/support/unit.h"

#include <string.h>

enum { BATCH = 64 };

static zks_runtime *runtime;
static zks__ledger *a, *b;
static const uint8_t relay_key[32] = {9};
static uint64_t cursor;
static zks__sealed outbox[1024];
static size_t outbox_count;
/* What the ledgers have told: what tick and deliver return points into it. */
static zks__notices told_ever;

/* The system's clock, set wrong by so much. */
static int64_t clock_error_ms;

static inline int64_t wrong_unix_ms(void *user)
{
    (void)user;
    return runtime->clock.unix_ms(runtime->clock.user) + clock_error_ms;
}

static inline zks__ledger *open_ledger_at(const char *path, const char *name)
{
    static const uint8_t secret[32] = {1, 2, 3};
    zks__clock clock = runtime->clock;
    clock.unix_ms = wrong_unix_ms;
    zks__ledger_config config = {.storage = runtime->storage,
                                 .vault = runtime->vault,
                                 .path = path,
                                 .secret = secret,
                                 .device_name = name,
                                 .rng = runtime->rng,
                                 .clock = clock};
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    zks__ledger *l = NULL;
    ck_assert_int_eq(zks__ledger_open(&config, problem, &l), ZKS_OK);
    return l;
}

static inline zks__ledger *open_ledger(const char *name)
{
    return open_ledger_at(NULL, name);
}

static inline void begin(zks__ledger *l)
{
    ck_assert_int_eq(zks__store_begin(zks__ledger_store(l)), ZKS_OK);
}

static inline void commit(zks__ledger *l)
{
    ck_assert_int_eq(zks__store_commit(zks__ledger_store(l)), ZKS_OK);
    zks__ledger_reload(l);
}

static inline void roll_back(zks__ledger *l)
{
    zks__store_rollback(zks__ledger_store(l));
    zks__ledger_rolled_back(l, true);
    zks__ledger_reload(l);
}

static inline void load_relay(zks__ledger *l)
{
    zks__relay_state state;
    begin(l);
    ck_assert_int_eq(zks__ledger_relay_load(l, "relay:1", NULL, relay_key, &state), ZKS_OK);
    commit(l);
    ck_assert(!state.changed);
}

/* What WELCOME would bring: each the other's records. */
static inline void exchange_records(zks__ledger *from, zks__ledger *to)
{
    zks__record_list list;
    ck_assert_int_eq(zks__ledger_record_list(from, &list), ZKS_OK);
    zks__message m = {.type = ZKS_MESSAGE_RECORDS,
                      .records.records = {.count = list.count, .items = list.items}};
    size_t size = zks__wire_size(&m), length;
    zks__records_taken taken;
    uint8_t *bytes = zks__alloc(size);
    ck_assert_int_eq(zks__wire_encode(&m, bytes, size, &length), ZKS_OK);
    zks__message decoded;
    ck_assert_int_eq(zks__wire_decode(bytes, length, &decoded), ZKS_OK);
    begin(to);
    ck_assert_int_eq(zks__ledger_records(to, decoded.records.records, &taken), ZKS_OK);
    commit(to);
    zks__free(bytes);
    zks__record_list_done(&list);
}

static inline void keep_notices(zks__received *out)
{
    zks__notices own = out->notices;
    zks__notices_append(&told_ever, &own);
}

static inline void drop_outbox(void)
{
    while (outbox_count) {
        zks__buf_unref(outbox[--outbox_count].blob);
    }
}

static inline void setup(void)
{
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    a = open_ledger("alpha");
    b = open_ledger("beta");
    cursor = 100;
    exchange_records(a, b);
    load_relay(a);
    load_relay(b);
}

static inline void teardown(void)
{
    drop_outbox();
    zks__notices_done(&told_ever);
    zks__ledger_close(a);
    zks__ledger_close(b);
    ck_assert_int_eq(zks__runtime_close(runtime, 10000), ZKS_OK);
    zks__runtime_free(runtime);
    clock_error_ms = 0;
}

/* `count` entries "number plus shift" in one transaction. */
static inline void push_shifted(zks__ledger *l, size_t count, uint64_t shift)
{
    begin(l);
    for (size_t i = 0; i < count; i++) {
        uint64_t text = zks__ledger_last_n(l) + 1 + shift;
        zks__buf *body = zks__blob_buffer(&text, sizeof text);
        ck_assert_int_eq(zks__ledger_push(l, body, 0, i + 1 == count, &outbox[outbox_count++]),
                         ZKS_OK);
    }
    commit(l);
}

static inline void push(zks__ledger *l, size_t count)
{
    push_shifted(l, count, 0);
}

static inline const uint8_t *device_of(const zks__ledger *l)
{
    static zks__identity identity;
    zks__ledger_identity(l, &identity);
    return zks__crypto_sign_public(&identity.device.sign);
}

/* Hands outbox[first..first+count) to B as the relay would; changes nothing in the outbox. */
static inline zks__received deliver_as(zks__ledger *to, const uint8_t *sender, size_t first,
                                       size_t count)
{
    zks__blob_item items[BATCH] = {0};
    for (size_t i = 0; i < count; i++) {
        const zks__sealed *s = &outbox[first + i];
        items[i].cursor = cursor + i + 1;
        memcpy(items[i].sender, sender, sizeof items[i].sender);
        memcpy(items[i].blob_id, s->blob_id, sizeof items[i].blob_id);
        items[i].blob = (zks__slice){s->blob->data, s->blob->length};
    }
    zks__blobs blobs = {.from = cursor, .contiguous = cursor + count};
    blobs.blobs = (zks__wire_list){.count = count, .items = items};
    zks__received out;
    begin(to);
    ck_assert_int_eq(zks__ledger_receive(to, &blobs, &out), ZKS_OK);
    commit(to);
    keep_notices(&out);
    if (!out.stale) {
        cursor += count;
    }
    return out;
}

static inline zks__received deliver(size_t first, size_t count)
{
    return deliver_as(b, device_of(a), first, count);
}

/* B's inbox must hold A's entries with these numbers, in this order. */
static inline void expect_inbox(const uint64_t *numbers, size_t count)
{
    zks_batch *batch;
    begin(b);
    ck_assert_int_eq(zks__ledger_read(b, 0, 10000, 1 << 30, 0, &batch), ZKS_OK);
    commit(b);
    ck_assert_uint_eq(batch->count, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t text;
        memcpy(&text, batch->data + batch->offsets[i], sizeof text);
        ck_assert_uint_eq(batch->numbers[i], numbers[i]);
        ck_assert_uint_eq(text, numbers[i]);
        ck_assert_mem_eq(batch->senders + i * ZKS_DEVICE_ID_BYTES, device_of(a),
                         ZKS_DEVICE_ID_BYTES);
    }
    zks__batch_free(batch);
}

static inline zks__received tick(zks__ledger *l, int64_t *out_next_ms)
{
    zks__received out;
    begin(l);
    ck_assert_int_eq(zks__ledger_tick(l, true, &out, out_next_ms), ZKS_OK);
    commit(l);
    keep_notices(&out);
    return out;
}

/* How often. */
static inline size_t told(const zks__received *r, int32_t event)
{
    size_t count = 0;
    const zks__notice *n = r->notices.first;
    for (size_t i = 0; i < r->notices.count; i++, n = n->next) {
        count += n->event == event;
    }
    return count;
}

/* The next entry of a chain of B's own besides its first, into the outbox. */
static inline void seal_for_b(uint8_t kind, uint64_t seq, const uint8_t *body, size_t length)
{
    static uint8_t last[ZKS_ENTRY_ID_BYTES];
    uint8_t nonce[ZKS_NONCE_BYTES] = {(uint8_t)seq};
    zks__identity who;
    zks__ledger_identity(b, &who);
    zks__entry e = {
        .seq = seq, .floor = 1, .kind = kind, .has_signature = 1, .body_length = length};
    memcpy(e.author, zks__crypto_sign_public(&who.device.sign), sizeof e.author);
    memset(e.chain, 0x77, sizeof e.chain);
    memcpy(e.prev, last, seq > 1 ? sizeof e.prev : 0);
    zks__sealed *s = &outbox[outbox_count++];
    s->blob = zks__blob_buffer(body, length);
    ck_assert_int_eq(zks__blob_seal(&b->own_key, &e, &who.device.sign, nonce, s->blob, s->blob_id),
                     ZKS_OK);
    memcpy(last, e.id, sizeof last);
    zks__wipe(&who, sizeof who);
}

/* And to A. */
static inline zks__received say(uint8_t kind, uint64_t seq, const uint8_t *body, size_t length)
{
    seal_for_b(kind, seq, body, length);
    return deliver_as(a, device_of(b), outbox_count - 1, 1);
}

#endif
