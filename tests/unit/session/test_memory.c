/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What sessions cost, and what they do without memory. */
#include "tests/support/own_alloc.h"
#include "tests/support/session_pair.h"
#include "tests/support/unit.h"
#include "tests/support/wire_samples.h"

#include <string.h>

enum { SECRETS_MAX = 64, SECRET_BYTES = 32 };

static struct {
    uint8_t secrets[SECRETS_MAX][SECRET_BYTES]; /* must not be in any block that is given back */
    size_t secret_count, leaks;
    size_t bytes;   /* allocated and not freed */
    size_t peak;    /* of it */
    size_t calls;   /* allocations asked for */
    size_t fail_at; /* the call that fails; 0: none */
    bool for_ever;  /* and all behind it */
    bool exempt;    /* the test's own ones: they neither fail nor count */
} heap;

static bool is_refused(void)
{
    if (heap.exempt) {
        return false;
    }
    heap.calls++;
    return heap.fail_at &&
           (heap.for_ever ? heap.calls >= heap.fail_at : heap.calls == heap.fail_at);
}

static bool refuses(size_t size)
{
    if (is_refused()) {
        return true;
    }
    heap.bytes += size;
    heap.peak = heap.bytes > heap.peak ? heap.bytes : heap.peak;
    return false;
}

/* A block that goes back is searched for secrets. */
static void look(const uint8_t *block, size_t size)
{
    for (size_t i = 0; i < heap.secret_count; i++) {
        heap.leaks += memmem(block, size, heap.secrets[i], SECRET_BYTES) != NULL;
    }
    heap.bytes -= size;
}

static zks__message large_push(zks__push_item *item)
{
    static const uint8_t blob[200000];
    *item = (zks__push_item){.blob = {.data = blob, .length = sizeof blob}};
    return (zks__message){.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1, .items = item}};
}

START_TEST(an_idle_session_is_one_small_block)
{
    memory_pair *pair = memory_pair_new(&(memory_config){.seed = 1, .max_piece = 3000});
    side a = {0};
    side b = {0};
    side_start(&b, pair, MEMORY_ACCEPTOR);
    side_start(&a, pair, MEMORY_INITIATOR);
    memory_pair_run(pair);
    printf("two sessions in the handshake, with messages on the way: %zu bytes\n", heap.peak);
    ck_assert_uint_le(heap.peak, 3 * 8192);
    ck_assert_uint_eq(own_alloc.blocks, 2);
    printf("a session: %zu bytes\n", heap.bytes / 2);
    ck_assert_uint_le(heap.bytes, 2 * 640);
    zks__push_item item;
    zks__message m = large_push(&item);
    ck_assert_int_eq(zks__session_send(a.session, &m), ZKS_OK);
    memory_pair_run(pair);
    ck_assert_int_eq(zks__session_send(b.session, &m), ZKS_OK);
    memory_pair_run(pair);
    zks__session_pause(b.session);
    ck_assert_int_eq(zks__session_send(a.session, &m), ZKS_OK);
    memory_pair_run(pair);
    zks__session_resume(b.session);
    ck_assert_uint_eq(b.count, 2);
    zks__buf_unref(a.kept);
    zks__buf_unref(b.kept);
    a.kept = b.kept = NULL;
    ck_assert_uint_eq(own_alloc.blocks, 2); /* idle again: the two sessions */
    side_done(&a);
    side_done(&b);
    ck_assert_uint_eq(own_alloc.blocks, 0);
    memory_pair_free(pair);
}
END_TEST

/* The one that pauses at each message always has some waiting. What has gone through it is gone. */
START_TEST(a_backlog_that_never_runs_empty_stays_small)
{
    enum { WINDOW = 10000, AT_FIRST = 2000, MORE = 20000 };
    memory_pair *pair = memory_pair_new(
        &(memory_config){.seed = 5, .window = WINDOW, .low_water = 1000});
    side a = {0};
    static side b;
    b = (side){.pause_every = 1};
    side_start(&b, pair, MEMORY_ACCEPTOR);
    side_start(&a, pair, MEMORY_INITIATOR);
    memory_pair_run(pair);
    const zks__message m = {.type = ZKS_MESSAGE_PULL};
    for (int i = 0; i < AT_FIRST; i++) {
        ck_assert_int_eq(zks__session_send(a.session, &m), ZKS_OK);
    }
    memory_pair_run(pair);
    size_t before = heap.bytes;
    for (int i = 0; i < MORE; i++) {
        ck_assert_int_eq(zks__session_send(a.session, &m), ZKS_OK);
        zks__session_resume(b.session);
        memory_pair_run(pair);
        side_forget(&b);
        ck_assert_uint_gt(memory_pair_unconsumed(pair, MEMORY_ACCEPTOR), 0);
        ck_assert_uint_le(heap.bytes, before + 4 * WINDOW);
    }
    side_done(&a);
    side_done(&b);
    memory_pair_free(pair);
    ck_assert_uint_eq(own_alloc.blocks, 0);
}
END_TEST

/* A handshake, and a conversation with a large message, small ones, a pause and an unknown type.
 * Every allocation of the acceptor fails in turn. */
static bool converse(bool *out_failed)
{
    memory_pair *pair = memory_pair_new(&(memory_config){.seed = 2, .max_piece = 9000});
    zks__push_item item;
    zks__message m = large_push(&item);
    zks__message small = {.type = ZKS_MESSAGE_PULL, .pull = {.after = 1}};
    static side b;
    bare_end bare = {.random = 1};
    b = (side){.random = 2};
    size_t length = 0, fail_at = heap.fail_at;
    heap.fail_at = 0; /* the fixture itself */
    bare_start(&bare, pair, MEMORY_INITIATOR);
    uint8_t *bytes = sample_encode(&m, &length);
    side_start(&b, pair, MEMORY_ACCEPTOR);
    heap.fail_at = fail_at;
    memory_pair_run(pair);
    heap.exempt = true;
    if (bare.shaken) {
        for (size_t at = 0; at < length; at += 60000) {
            bare_write_record(&bare, bytes + at, length - at < 60000 ? length - at : 60000);
        }
        bare_write_record(&bare, "\x02\x99\x00", 3);
    }
    heap.exempt = false;
    memory_pair_turn(pair);
    zks_status sent = b.session ? zks__session_send(b.session, &small) : ZKS_E_CLOSED;
    if (b.session) {
        zks__session_pause(b.session);
    }
    memory_pair_run(pair);
    if (b.session) {
        zks__session_resume(b.session);
    }
    memory_pair_run(pair);
    bool whole = b.count == 1 && sent == ZKS_OK && !b.closed;
    *out_failed = !whole;
    ck_assert(whole || sent == ZKS_E_NOMEM || (b.closed == 1 && b.status == ZKS_E_NOMEM) ||
              (bare.failed && bare.why == ZKS_E_NOMEM) || bare.status == ZKS_E_NOMEM);
    heap.fail_at = 0;
    free(bytes);
    side_done(&b);
    bare_done(&bare);
    memory_pair_free(pair);
    return whole;
}

START_TEST(every_allocation_may_fail)
{
    size_t failures = 0;
    bool failed = false;
    for (size_t n = 1;; n++) {
        heap.calls = 0;
        heap.fail_at = n;
        heap.for_ever = _i == 1;
        bool whole = converse(&failed);
        ck_assert_uint_eq(own_alloc.blocks, 0);
        if (whole && heap.calls < n) {
            break; /* no call was left to fail */
        }
        failures += failed;
        ck_assert_uint_lt(n, 500);
    }
    printf("%zu allocations failed in turn\n", failures);
    ck_assert_uint_ge(failures, 10);
}
END_TEST

/* --- secrets --- */

static void add_secret(const void *bytes)
{
    ck_assert_uint_lt(heap.secret_count, SECRETS_MAX);
    memcpy(heap.secrets[heap.secret_count++], bytes, SECRET_BYTES);
}

/* What the generator of a side gives out in the handshake: ephemeral keys, randomness of the KEM,
 * for the bare end its statics too. All of it comes in multiples of 32 bytes. */
static void add_draws(uint64_t seed)
{
    uint8_t bytes[SECRET_BYTES];
    for (int i = 0; i < 7; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)memory_random(&seed);
        }
        add_secret(bytes);
    }
}

enum { RANDOM_A = 11, RANDOM_B = 12, SCAN_PIECE = 300 };

/* A session on this end, with a bare one; always the same keys. Lost behind so many turns; 0: it
 * lives. */
static void scan(int end, const size_t flip[2], size_t turns, bool learn)
{
    memory_config config = {.seed = 4, .max_piece = SCAN_PIECE, .flip = {flip[0], flip[1]}};
    memory_pair *pair = memory_pair_new(&config);
    static side b;
    b = (side){.random = RANDOM_B};
    bare_end bare = {.random = RANDOM_A, .acceptor = end == MEMORY_INITIATOR};
    side_start(&b, pair, end);
    bare_start(&bare, pair, end == MEMORY_INITIATOR ? MEMORY_ACCEPTOR : MEMORY_INITIATOR);
    for (size_t i = 0; turns && i < turns; i++) {
        memory_pair_turn(pair);
    }
    if (turns) {
        memory_pair_lose(pair);
    }
    memory_pair_run(pair);
    if (bare.shaken && !turns) {
        bare_write_record(&bare, "\x01\xbb", 2);
        memory_pair_run(pair);
    }
    if (learn) {
        uint8_t exporter[ZKS_LINK_EXPORT_BYTES];
        ck_assert(zks__session_established(b.session));
        ck_assert_int_eq(zks__link_export(memory_pair_link(pair, 0), "EXPORTER-0k-sync", exporter),
                         ZKS_OK);
        add_secret(exporter);
        add_secret(bare.result.send.key);
        add_secret(bare.result.receive.key);
        add_secret(b.keys.dh_secret);
        add_secret(b.keys.kem_seed);
        add_secret(b.keys.kem_seed + SECRET_BYTES);
        add_draws(RANDOM_A);
        add_draws(RANDOM_B);
    }
    side_done(&b);
    bare_done(&bare);
    memory_pair_free(pair);
}

/* Whole; altered in each message; lost behind each turn. */
START_TEST(no_secret_is_left_in_memory_that_was_given_back)
{
    const int end = _i ? MEMORY_INITIATOR : MEMORY_ACCEPTOR;
    static const size_t none[2] = {0, 0};
    static const size_t flips[][2] = {{0, 100}, {100, 0}, {3000, 0}, {0, 1500}, {4000, 0}};
    scan(end, none, 0, true);
    heap.leaks = 0;
    scan(end, none, 0, false);
    ck_assert_uint_eq(heap.leaks, 0);
    for (size_t i = 0; i < ZKS_COUNTOF(flips); i++) {
        scan(end, flips[i], 0, false);
        ck_assert_msg(heap.leaks == 0, "altered: %zu", i);
    }
    for (size_t turns = 1; turns < 12; turns++) {
        scan(end, none, turns, false);
        ck_assert_msg(heap.leaks == 0, "lost behind turn %zu", turns);
    }
    ck_assert_uint_eq(own_alloc.blocks, 0);
    /* the search itself finds what it must */
    uint8_t *block = zks__alloc(100);
    memcpy(block + 7, heap.secrets[1], SECRET_BYTES);
    zks__free(block);
    ck_assert_uint_eq(heap.leaks, 1);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, no_secret_is_left_in_memory_that_was_given_back, 0, 2);
    tcase_add_test(c, an_idle_session_is_one_small_block);
    tcase_add_test(c, a_backlog_that_never_runs_empty_stays_small);
    tcase_add_loop_test(c, every_allocation_may_fail, 0, 2);
}

int main(void)
{
    own_alloc.refuses = refuses;
    own_alloc.freed = look;
    return unit_main("session memory", add);
}
