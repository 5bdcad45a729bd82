/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The relay's store, called synchronously: each function submits one request and runs the loop
 * until it is done. The clock is the test's. */
#ifndef ZKS_TESTS_STORE_SYNC_H
#define ZKS_TESTS_STORE_SYNC_H

#include "base/alloc.h"
#include "crypto/crypto.h"
#include "relay/core/sqlite_store.h"
#include "support/unit.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

enum { SYNC_BLOB_BYTES = 600, SYNC_ITEMS_MAX = 512 };

typedef struct sync_store {
    uv_loop_t loop;
    zks__rstore *store;
    zks__sqlite_store_config config;
    char folder[128];
    char problem[ZKS_RSTORE_PROBLEM_BYTES];
    int64_t now_ms; /* what the store's clock says */
    bool done;
    unsigned settled;
} sync_store;

static inline int64_t sync_unix_ms(void *user)
{
    return __atomic_load_n(&((sync_store *)user)->now_ms, __ATOMIC_SEQ_CST);
}

static inline uint64_t sync_monotonic_ns(void *user)
{
    (void)user;
    return uv_hrtime();
}

static inline void sync_advance(sync_store *s, int64_t seconds)
{
    __atomic_add_fetch(&s->now_ms, seconds * 1000, __ATOMIC_SEQ_CST);
}

static inline void sync_folder(char *out, size_t size)
{
    ck_assert(test_folder(out, size));
}

static inline void sync_settled(void *user)
{
    ((sync_store *)user)->settled++;
}

static inline void sync_init(sync_store *s)
{
    memset(s, 0, sizeof *s);
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(uv_loop_init(&s->loop), 0);
    sync_folder(s->folder, sizeof s->folder);
    s->now_ms = 1800000000000;
    s->config = (zks__sqlite_store_config){.loop = &s->loop,
                                           .folder = s->folder,
                                           .user = s,
                                           .rng = zks__crypto_rng(),
                                           .clock = {sync_monotonic_ns, sync_unix_ms, s},
                                           .group_quota = 1u << 30,
                                           .disk_limit = 1ull << 33,
                                           .max_groups = 100,
                                           .acked_keep_s = 86400};
    s->config.events.settled = sync_settled;
}

static inline zks_status sync_open(sync_store *s)
{
    return zks__sqlite_store_new(&s->config, s->problem, &s->store);
}

static inline void sync_begin(sync_store *s)
{
    sync_init(s);
    ck_assert_int_eq(sync_open(s), ZKS_OK);
}

static inline void sync_on_closed(void *user)
{
    ((sync_store *)user)->store = NULL;
}

static inline void sync_close(sync_store *s)
{
    if (s->store) {
        zks__rstore_close(s->store, sync_on_closed, s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    ck_assert_ptr_null(s->store);
}

static inline void sync_remove(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[512];
        snprintf(path, sizeof path, "%.120s/%.255s", folder, e->d_name);
        if (e->d_name[0] != '.') {
            unlink(path);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(folder);
}

static inline void sync_end(sync_store *s)
{
    sync_close(s);
    ck_assert_int_eq(uv_loop_close(&s->loop), 0);
    sync_remove(s->folder);
}

static inline void sync_reopen(sync_store *s)
{
    sync_close(s);
    ck_assert_int_eq(sync_open(s), ZKS_OK);
}

static inline void sync_done(zks__rstore_request *r, void *user)
{
    (void)r;
    ((sync_store *)user)->done = true;
}

static inline void sync_ignore(zks__rstore_request *r, void *user)
{
    (void)r;
    (void)user;
}

static inline zks_status sync_run(sync_store *s, zks__rstore_request *r, zks__rstore_kind kind)
{
    r->kind = kind;
    r->done = sync_done;
    r->user = s;
    s->done = false;
    zks__rstore_submit(s->store, r);
    while (!s->done) {
        uv_run(&s->loop, UV_RUN_ONCE);
    }
    return r->status;
}

/* Opens or makes group `number`. */
static inline zks_status sync_group_try(sync_store *s, unsigned number, bool create,
                                        zks__rstore_open *out)
{
    memset(out, 0, sizeof *out);
    out->group_id[0] = 0x67;
    memcpy(out->group_id + 4, &number, sizeof number);
    out->create = create;
    return sync_run(s, &out->base, ZKS_RSTORE_OPEN);
}

static inline void sync_open_free(zks__rstore_open *o)
{
    zks__buf_unref(o->backing);
    zks__free(o->stored);
    zks__free(o->devices);
}

static inline zks__rstore_group *sync_group(sync_store *s, unsigned number)
{
    zks__rstore_open o;
    ck_assert_int_eq(sync_group_try(s, number, true, &o), ZKS_OK);
    sync_open_free(&o);
    return o.group;
}

static inline void sync_leave(sync_store *s, zks__rstore_group *g)
{
    zks__rstore_leave leave = {.group = g};
    ck_assert_int_eq(sync_run(s, &leave.base, ZKS_RSTORE_LEAVE), ZKS_OK);
}

/* Content and name of blob n follow from n. */
static inline void sync_blob(uint64_t n, uint8_t *bytes, size_t length, uint8_t *blob_id)
{
    uint8_t name[32];
    zks__crypto_sha256(&n, sizeof n, name);
    memcpy(blob_id, name, ZKS_BLOB_ID_BYTES);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(name[i % 32] + i / 32);
    }
}

typedef struct sync_append {
    zks__rstore_append request;
    zks__rstore_item items[SYNC_ITEMS_MAX];
    uint8_t *bytes;
} sync_append;

/* Fills a request for blobs [first, first + count) of device d. */
static inline void sync_append_fill(sync_append *a, zks__rstore_group *g, unsigned d,
                                    uint64_t first, size_t count, size_t length)
{
    memset(a, 0, sizeof *a);
    a->request.group = g;
    a->request.device[0] = (uint8_t)d;
    a->request.items = a->items;
    a->request.count = count;
    a->bytes = malloc(count * length);
    ck_assert_ptr_nonnull(a->bytes);
    for (size_t i = 0; i < count; i++) {
        a->items[i].ttl_s = 3600;
        a->items[i].blob = (zks__slice){a->bytes + i * length, length};
        sync_blob(first + i, a->bytes + i * length, length, a->items[i].blob_id);
    }
}

static inline zks_status sync_append_run(sync_store *s, sync_append *a)
{
    zks_status status = sync_run(s, &a->request.base, ZKS_RSTORE_APPEND);
    free(a->bytes);
    return status;
}

/* Appends and expects it to work; the last cursor. */
static inline uint64_t sync_push(sync_store *s, zks__rstore_group *g, unsigned d, uint64_t first,
                                 size_t count)
{
    static sync_append a;
    sync_append_fill(&a, g, d, first, count, SYNC_BLOB_BYTES);
    ck_assert_int_eq(sync_append_run(s, &a), ZKS_OK);
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(a.items[i].code, ZKS_WIRE_OK);
        last = a.items[i].cursor;
    }
    return last;
}

/* One READ; the caller frees with sync_read_free. skip 0: nothing is left out. */
static inline zks_status sync_read(sync_store *s, zks__rstore_group *g, uint64_t after,
                                   uint32_t bytes, uint32_t count, unsigned skip,
                                   zks__rstore_read *out)
{
    memset(out, 0, sizeof *out);
    out->group = g;
    out->after = after;
    out->max_bytes = bytes;
    out->max_count = count;
    out->skip = skip != 0;
    out->device[0] = (uint8_t)skip;
    return sync_run(s, &out->base, ZKS_RSTORE_READ);
}

static inline void sync_read_free(zks__rstore_read *r)
{
    zks__buf_unref(r->backing);
    zks__free(r->items);
}

/* Reads all that is there; how many. Cursors must rise. */
static inline size_t sync_count(sync_store *s, zks__rstore_group *g)
{
    size_t count = 0;
    uint64_t after = 0;
    uint64_t last = 0;
    bool end = false;
    while (!end) {
        zks__rstore_read r;
        ck_assert_int_eq(sync_read(s, g, after, 1 << 20, 1000, 0, &r), ZKS_OK);
        for (size_t i = 0; i < r.count; i++) {
            ck_assert_uint_gt(r.items[i].cursor, last);
            last = r.items[i].cursor;
        }
        ck_assert_uint_eq(r.damaged, 0);
        count += r.count;
        after = r.contiguous;
        end = r.end;
        sync_read_free(&r);
    }
    return count;
}

static inline uint64_t sync_sweep(sync_store *s)
{
    zks__rstore_sweep sweep = {0};
    ck_assert_int_eq(sync_run(s, &sweep.base, ZKS_RSTORE_SWEEP), ZKS_OK);
    return sweep.deleted;
}

static inline void sync_acks(sync_store *s, zks__rstore_group *g, unsigned d, uint64_t acked,
                             uint64_t floor)
{
    zks__rstore_device device = {.acked = acked, .seen_s = 7};
    device.device[0] = (uint8_t)d;
    zks__rstore_acks acks = {.group = g, .devices = &device, .count = 1, .floor = floor};
    ck_assert_int_eq(sync_run(s, &acks.base, ZKS_RSTORE_ACKS), ZKS_OK);
}

#endif
