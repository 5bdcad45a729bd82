/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of the pairing machines: the Nth allocation fails, for N = 0, 1, 2 ... until a whole
 * pairing passes without; and no freed block holds a secret.
 */
#include "tests/support/memory_link.h"
#include "tests/support/nth_alloc.h"
#include "tests/support/pair_glue.h"
#include "tests/support/unit.h"

enum { QUEUE_MAX = 8, ALLOCATIONS_MAX = 200 };

static const uint8_t relay_key[32] = "the relay's key, thirty-two byte";
static const char epoch_secret[] = "the epoch's secret, 32 bytes....";

static struct {
    bool wanted;      /* the lack of it */
    const char *code; /* its secret part must not be in freed memory; NULL: not looked for */
    bool found;
} memory;

static bool holds(const uint8_t *block, size_t size, const void *secret, size_t length)
{
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(block + i, secret, length) == 0) {
            return true;
        }
    }
    return false;
}

static void look(const uint8_t *block, size_t size)
{
    memory.found = memory.found || holds(block, size, epoch_secret, sizeof epoch_secret - 1);
    if (memory.code) { /* XXXX-XXXX-XXXX-XXXX, and as the machine keeps it */
        char plain[12];
        memcpy(plain, memory.code + 5, 4);
        memcpy(plain + 4, memory.code + 10, 4);
        memcpy(plain + 8, memory.code + 15, 4);
        memory.found = memory.found || holds(block, size, plain, sizeof plain) ||
                       holds(block, size, memory.code + 5, 14);
    }
}

/* --- a mailbox that only passes on ------------------------------------------------- */

typedef struct world {
    pair_glue i, j;
    struct {
        struct world *w;
        pair_glue *to;
    } ends[2];
    struct {
        uint8_t *bytes;
        size_t length;
        pair_glue *to;
    } queue[QUEUE_MAX];
    size_t queued;
} world;

static void on_send(const zks__message *m, void *user)
{
    const struct {
        world *w;
        pair_glue *to;
    } *end = user;
    world *w = end->w;
    ck_assert_uint_lt(w->queued, QUEUE_MAX);
    size_t size = zks__wire_size(m);
    w->queue[w->queued].bytes = malloc(size);
    w->queue[w->queued].to = end->to;
    ck_assert_int_eq(
        zks__wire_encode(m, w->queue[w->queued].bytes, size, &w->queue[w->queued].length), ZKS_OK);
    w->queued++;
}

static void carry(world *w)
{
    while (w->queued) {
        zks__message m;
        uint8_t *bytes = w->queue[0].bytes;
        pair_glue *to = w->queue[0].to;
        ck_assert_int_eq(zks__wire_decode(bytes, w->queue[0].length, &m), ZKS_OK);
        memmove(w->queue, w->queue + 1, --w->queued * sizeof w->queue[0]);
        if (m.type != ZKS_MESSAGE_MAILBOX_GET && (to->joiner || to->inviter)) {
            pair_glue_message(to, &m);
        }
        free(bytes);
    }
}

/* A whole pairing; the first message waits in the test, since the joiner reads the code first. */
static void pairing(world *w, const pair_group *group)
{
    memset(w, 0, sizeof *w);
    w->ends[0].w = w->ends[1].w = w;
    w->ends[0].to = &w->j;
    w->ends[1].to = &w->i;
    pair_inviter_init(&w->i, group, ZKS_PAIR_CODE, relay_key, 5, on_send, &w->ends[0]);
    nth.armed = memory.wanted;
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    ck_assert_uint_eq(w->queued, 1);
    zks__message open = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    memcpy(open.mailbox_open.nameplate, "7K2M", 4);
    open.mailbox_open.attempt = 1;
    free(w->queue[0].bytes);
    w->queued = 0;
    pair_glue_message(&w->i, &open); /* m0 is in the queue */
    if (w->i.codes) {
        nth.armed = false; /* making a machine is checked by itself */
        pair_joiner_init(&w->j, group, w->i.code, relay_key, 6, on_send, &w->ends[1]);
        nth.armed = memory.wanted && !nth.failed;
        pair_glue_event(&w->j, ZKS_PAIRING_CONNECTED);
    }
    carry(w);
}

/* What the last message hands over is another thing in each. */
static void (*const inits[])(pair_group *, uint8_t, uint8_t) = {pair_group_init,
                                                                pair_group_init_shared};

START_TEST(pairing_without_memory_ends_clean)
{
    static pair_group group;
    static world w;
    unsigned n = 0;
    inits[_i](&group, ZKS_SUITE_SODIUM, 1);
    memory.wanted = true;
    for (;; n++) {
        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        nth.failed = 0;
        nth.left = n;
        pairing(&w, &group);
        bool failed = nth.failed;
        nth.armed = false;
        if (!failed) {
            ck_assert(w.i.ended && w.i.status == ZKS_OK);
            ck_assert(w.j.ended && w.j.status == ZKS_OK);
        } else {
            /* who had no memory says so, and the other hears that it is over */
            ck_assert(w.i.status == ZKS_E_NOMEM || w.j.status == ZKS_E_NOMEM);
            ck_assert(w.i.ended || w.j.ended);
        }
        pair_glue_done(&w.i);
        pair_glue_done(&w.j);
        for (size_t k = 0; k < w.queued; k++) {
            free(w.queue[k].bytes);
        }
        ck_assert_uint_eq(own_alloc.blocks, 0);
        if (!failed) {
            break;
        }
    }
    ck_assert_uint_gt(n, 5);
}
END_TEST

START_TEST(pairing_freed_memory_holds_no_secret)
{
    static pair_group group;
    static world w;
    char code[ZKS_PAIR_CODE_TEXT_BYTES];
    inits[_i](&group, ZKS_SUITE_SODIUM, 1);
    memory.found = false;
    pairing(&w, &group);
    ck_assert(w.i.ended && w.i.status == ZKS_OK && w.j.status == ZKS_OK);
    memcpy(code, w.i.code, sizeof code);
    memory.code = code;
    pair_glue_done(&w.i);
    pair_glue_done(&w.j);
    ck_assert(!memory.found);
    /* The search works. */
    uint8_t *block = zks__alloc(64);
    memset(block, 0, 64);
    memcpy(block + 7, epoch_secret, sizeof epoch_secret);
    zks__free(block);
    ck_assert(memory.found);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, pairing_without_memory_ends_clean, 0, ZKS_COUNTOF(inits));
    tcase_add_loop_test(c, pairing_freed_memory_holds_no_secret, 0, ZKS_COUNTOF(inits));
}

int main(void)
{
    own_alloc.refuses = nth_refuses;
    own_alloc.freed = look;
    own_alloc.fixed = true;
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing_memory", add);
}
