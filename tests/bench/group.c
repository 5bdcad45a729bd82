/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an entry costs in crypto and group: seal, open, names, signatures, history. Prints
 * nanoseconds for each.
 *
 *   bench_group [rounds]
 */
#include "base/env.h"
#include "group/history.h"
#include "group/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 1024, ROUNDS = 20000, SIGN_EVERY = 256, HISTORY_PER_ROUND = 50 };

static zks__blob_key key;
static zks__sign_key author;
static uint8_t body[BODY_BYTES];
static uint64_t checksum; /* printed, so that no work can be left out */

static double now_ns(void)
{
    zks__clock clock = zks__clock_system();
    return (double)clock.monotonic_ns(clock.user);
}

static void report(const char *what, double begun_ns, unsigned count)
{
    printf("%-34s %9.0f ns\n", what, (now_ns() - begun_ns) / count);
}

static zks__entry entry_of(int is_signed)
{
    zks__entry e = {
        .seq = 1, .kind = ZKS_ENTRY_DATA, .body_length = BODY_BYTES, .has_signature = is_signed};
    memcpy(e.author, zks__crypto_sign_public(&author), sizeof e.author);
    return e;
}

static zks__buf *seal(int is_signed)
{
    static uint8_t nonce[ZKS_NONCE_BYTES];
    uint8_t id[ZKS_BLOB_ID_BYTES];
    zks__entry e = entry_of(is_signed);
    zks__buf *b = zks__blob_buffer(body, BODY_BYTES);
    nonce[0]++;
    if (!b || zks__blob_seal(&key, &e, &author, nonce, b, id)) {
        abort();
    }
    checksum += id[0];
    return b;
}

static void bench_blobs(unsigned rounds)
{
    double begun = now_ns();
    for (unsigned i = 0; i < rounds; i++) {
        zks__buf_unref(seal(0));
    }
    report("buffer and seal, 1 KiB, unsigned", begun, rounds);
    begun = now_ns();
    for (unsigned i = 0; i < rounds / 10; i++) {
        zks__buf_unref(seal(1));
    }
    report("buffer and seal, 1 KiB, signed", begun, rounds / 10);

    zks__buf *b = seal(0);
    uint8_t *copy = malloc(b->length);
    zks__entry e;
    begun = now_ns();
    for (unsigned i = 0; copy && i < rounds; i++) {
        memcpy(copy, b->data, b->length);
        if (zks__blob_open(&key, copy, b->length, &e)) {
            abort();
        }
        checksum += e.id[0];
    }
    report("open, 1 KiB", begun, rounds);
    begun = now_ns();
    for (unsigned i = 0; i < rounds; i++) {
        uint8_t id[ZKS_BLOB_ID_BYTES];
        zks__envelope_id(key.suite, key.group_id, key.pusher, b->data, b->length, id);
        checksum += id[0];
    }
    report("blob id, 1 KiB (a relay's share)", begun, rounds);
    free(copy);
    zks__buf_unref(b);
}

static void bench_signatures(unsigned rounds)
{
    uint8_t text[42] = {1};
    uint8_t signature[ZKS_SIGN_BYTES];
    double begun = now_ns();
    for (unsigned i = 0; i < rounds; i++) {
        text[0]++;
        zks__crypto_sign(&author, text, sizeof text, signature);
    }
    report("sign", begun, rounds);
    begun = now_ns();
    for (unsigned i = 0; i < rounds; i++) {
        if (zks__crypto_verify(zks__crypto_sign_public(&author), text, sizeof text, signature)) {
            abort();
        }
    }
    report("verify", begun, rounds);
}

static void on_verdict(const zks__verdict *v, void *user)
{
    (void)user;
    checksum += v->first;
}

static size_t on_lookup(const zks__history_key *k, uint64_t seq,
                        uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *user)
{
    (void)k;
    (void)seq;
    (void)out_ids;
    (void)user;
    return 0;
}

static void id_of(uint64_t seq, uint8_t out[ZKS_ENTRY_ID_BYTES])
{
    seq *= 0x9e3779b97f4a7c15u;
    memcpy(out, &seq, sizeof seq);
}

/* One chain: every sign_every-th entry signed, runs of `backwards` in reverse order. */
static void bench_history(const char *what, unsigned count, unsigned sign_every, unsigned backwards)
{
    const zks__history_config config = {.verdict = on_verdict, .lookup = on_lookup};
    zks__history *h;
    if (zks__history_new(&config, &h)) {
        abort();
    }
    zks__history_entry e = {.floor = 1};
    double begun = now_ns();
    for (unsigned i = 0; i < count; i++) {
        e.seq = 1 + i - i % backwards + (backwards - 1 - i % backwards);
        e.signed_ok = e.seq % sign_every == 0;
        e.ref = i;
        id_of(e.seq, e.id);
        memset(e.prev, 0, sizeof e.prev);
        if (e.seq > 1) {
            id_of(e.seq - 1, e.prev);
        }
        if (zks__history_offer(h, &e, i)) {
            abort();
        }
    }
    report(what, begun, count);
    zks__history_free(h);
}

int main(int argc, char **argv)
{
    static const uint8_t seed[32] = {1};
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : ROUNDS;
    if (zks__crypto_init() || rounds < 100) {
        return 1;
    }
    zks__crypto_sign_key(seed, &author);
    zks__blob_key_derive(zks__crypto_suite(ZKS_SUITE_SODIUM), seed, seed, seed,
                         zks__crypto_sign_public(&author), &key);
    bench_blobs(rounds);
    bench_signatures(rounds / 10);
    bench_history("history, all signed", rounds * HISTORY_PER_ROUND, 1, 1);
    bench_history("history, every 256th signed", rounds * HISTORY_PER_ROUND, SIGN_EVERY, 1);
    bench_history("history, 256 in reverse order", rounds * HISTORY_PER_ROUND / 256 * 256,
                  SIGN_EVERY, SIGN_EVERY);
    bench_history("history, 32768 in reverse order", 65536 * 4, 1, 32768);
    printf("(checksum %llu)\n", (unsigned long long)checksum);
    return 0;
}
