/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of the store share: a folder of their own, content that follows from its
 * number, checks. */
#ifndef ZKS_TESTS_STORE_HELP_H
#define ZKS_TESTS_STORE_HELP_H

#include "base/env.h"
#include "store/store.h"
#include "support/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HELP_PATH = 256 };

/* A small generator: the tests' randomness follows from a seed that they print. */
typedef struct help_random {
    uint64_t state;
} help_random;

static inline uint64_t help_next(help_random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline void help_fill(void *out, size_t length, void *user)
{
    uint8_t *p = out;
    for (size_t i = 0; i < length; i++) {
        p[i] = (uint8_t)help_next(user);
    }
}

/* `length` bytes that follow from the number. */
static inline void help_bytes(uint64_t number, void *out, size_t length)
{
    help_random r = {number * UINT64_C(0x2545f4914f6cdd1d) + length};
    help_fill(out, length, &r);
}

static inline size_t help_blob_length(uint64_t n)
{
    return 256 + (size_t)((n * 7919) % 1400);
}

/* --- folders ----------------------------------------------------------------- */

static inline void help_folder(char out[HELP_PATH])
{
    if (!test_folder(out, HELP_PATH)) {
        perror(out);
        abort();
    }
}

static inline void help_remove(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        char name[HELP_PATH * 3];
        snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            remove(name);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(folder);
}

/* --- stores ------------------------------------------------------------------- */

static inline zks_status help_try_open(const char *path, char problem[ZKS_STORE_PROBLEM_BYTES],
                                       zks__store **out)
{
    zks__store_config config = {.path = path};
    problem[0] = 0;
    return zks__store_open(&config, problem, out);
}

static inline zks__store *help_open(const char *path)
{
    char problem[ZKS_STORE_PROBLEM_BYTES];
    zks__store *s = NULL;
    zks_status status = help_try_open(path, problem, &s);
    if (status != ZKS_OK) {
        fprintf(stderr, "open: %d %s\n", (int)status, problem);
        abort();
    }
    return s;
}

static inline zks__store_group help_group(uint64_t number)
{
    zks__store_group group = {.suite = 1, .mode = 2};
    help_bytes(number, group.group_id, sizeof group.group_id);
    help_bytes(number + 2, group.instance, sizeof group.instance);
    snprintf(group.descriptor, sizeof group.descriptor, "$argon2id$%llu",
             (unsigned long long)number);
    snprintf(group.device_name, sizeof group.device_name, "device %llu",
             (unsigned long long)number);
    return group;
}

static inline zks__store_chain help_chain(uint64_t number, int own)
{
    zks__store_chain chain = {.own = own};
    help_bytes(number, chain.author, sizeof chain.author);
    help_bytes(number + 1, chain.chain, sizeof chain.chain);
    return chain;
}

/* Own entry n of chain c; blob gives it room. */
static inline zks__store_own help_own(uint64_t n, int64_t c, uint8_t blob[4096])
{
    zks__store_own own = {
        .n = n, .c = c, .seq = n, .kind = 1, .ttl_s = 1000, .time_ms = (int64_t)n * 10};
    help_bytes(n * 4, own.id, sizeof own.id);
    help_bytes(n * 4 + 1, own.blob_id, sizeof own.blob_id);
    own.blob = (zks__slice){blob, help_blob_length(n)};
    help_bytes(n * 4 + 2, blob, own.blob.length);
    return own;
}

/* Received item with the content of number n. */
static inline zks__store_item help_item(uint64_t n, int64_t c, uint8_t blob[4096])
{
    zks__store_item item = {
        .c = c, .entry_seq = n, .time_ms = (int64_t)n * 11, .flags = (uint32_t)n % 3};
    help_bytes(n * 5, item.id, sizeof item.id);
    help_bytes(n * 5 + 1, item.pusher, sizeof item.pusher);
    item.blob = (zks__slice){blob, help_blob_length(n)};
    help_bytes(n * 5 + 2, blob, item.blob.length);
    return item;
}

static inline int help_same_own(const zks__store_own *own)
{
    uint8_t blob[4096];
    zks__store_own want = help_own(own->n, own->c, blob);
    return own->seq == want.seq && own->kind == want.kind && own->ttl_s == want.ttl_s &&
           own->time_ms == want.time_ms && memcmp(own->id, want.id, sizeof want.id) == 0 &&
           memcmp(own->blob_id, want.blob_id, sizeof want.blob_id) == 0 &&
           own->blob.length == want.blob.length &&
           memcmp(own->blob.data, blob, want.blob.length) == 0;
}

/* The item is received content number entry_seq. */
static inline int help_same_item(const zks__store_item *item)
{
    uint8_t blob[4096];
    zks__store_item want = help_item(item->entry_seq, item->c, blob);
    return item->time_ms == want.time_ms && item->flags == want.flags &&
           memcmp(item->id, want.id, sizeof want.id) == 0 &&
           memcmp(item->pusher, want.pusher, sizeof want.pusher) == 0 &&
           item->blob.length == want.blob.length &&
           memcmp(item->blob.data, blob, want.blob.length) == 0;
}

/* Own entries first..first+count-1 with history and tip, as a push does. The transaction is the
 * caller's. */
static inline zks_status help_push(zks__store *s, uint32_t g, zks__store_chain *chain,
                                   uint64_t first, uint64_t count)
{
    uint8_t blob[4096];
    zks_status status = ZKS_OK;
    for (uint64_t n = first; n < first + count && status == ZKS_OK; n++) {
        zks__store_own own = help_own(n, chain->c, blob);
        status = zks__store_own_add(s, g, &own);
        if (status == ZKS_OK) {
            status = zks__store_history_add(s, chain->c, n, own.id);
        }
        chain->tip_seq = n;
        memcpy(chain->tip_id, own.id, sizeof own.id);
    }
    return status == ZKS_OK ? zks__store_chain_update(s, chain) : status;
}

/* Received items with the contents first..first+count-1 of chain c. */
static inline zks_status help_receive(zks__store *s, uint32_t g, int64_t c, uint64_t first,
                                      uint64_t count)
{
    uint8_t blob[4096];
    zks_status status = ZKS_OK;
    for (uint64_t n = first; n < first + count && status == ZKS_OK; n++) {
        zks__store_item item = help_item(n, c, blob);
        status = zks__store_inbox_add(s, g, &item);
    }
    return status;
}

#define help_ok(call) ck_assert_int_eq((int)(call), ZKS_OK)

#endif
