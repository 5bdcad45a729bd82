/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sender: pushes random entries in random batches, journals what was reported STORED, keeps a
 * window open. */
#include "app.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_MAX = 24,
    PAYLOAD_MAX = 1500,
    WINDOW = 64 /* batches waiting for ACKED */,
    PACE_US = 3000
};

typedef struct batch {
    size_t count;
    size_t lengths[BATCH_MAX];
    uint64_t hashes[BATCH_MAX];
    uint8_t data[BATCH_MAX * PAYLOAD_MAX];
} batch;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void make_batch(batch *b, uint64_t *state)
{
    b->count = 1 + next_random(state) % BATCH_MAX;
    uint8_t *end = b->data;
    for (size_t i = 0; i < b->count; i++) {
        b->lengths[i] = next_random(state) % PAYLOAD_MAX;
        for (size_t k = 0; k < b->lengths[i]; k++) {
            end[k] = (uint8_t)next_random(state);
        }
        b->hashes[i] = chaos_hash(end, b->lengths[i]);
        end += b->lengths[i];
    }
}

static void journal_batch(int fd, const batch *b, uint64_t first)
{
    chaos_journal lines[BATCH_MAX];
    for (size_t i = 0; i < b->count; i++) {
        lines[i] = (chaos_journal){first + i, b->hashes[i]};
    }
    ssize_t size = (ssize_t)(b->count * sizeof lines[0]);
    if (write(fd, lines, (size_t)size) != size) {
        chaos_fail("journal", ZKS_E_SYSTEM, "short write");
    }
}

/* Pushes twice in one: STORED is waited for and journalled, ACKED is counted by a flush later. */
static void push_batch(zks_client *c, batch *b, int journal, chaos_shared *shared)
{
    zks_op *op;
    atomic_fetch_add(&shared->issued, b->count);
    chaos_check("push", zks_client_push_many(c, b->data, b->lengths, b->count, ZKS_PUSH_STORED,
                                             NULL, NULL, &op));
    chaos_finish("push", op, &op);
    journal_batch(journal, b, (uint64_t)zks_op_number(op, ZKS_OP_FIRST_NUMBER));
    atomic_fetch_add(&shared->stored, b->count);
    zks_op_free(op);
}

/* acked = what the report no longer calls pending; a restart begins from the report as well. */
static int64_t count_acked(zks_client *c, chaos_shared *shared)
{
    zks_report *report;
    chaos_check("report", zks_report_get(c, &report));
    int64_t last = zks_report_number(report, ZKS_REPORT_LAST_NUMBER);
    int64_t pending = zks_report_number(report, ZKS_REPORT_PENDING_COUNT);
    bool connected = zks_report_number(report, ZKS_REPORT_STATE) == ZKS_STATE_CONNECTED;
    if (connected) {
        atomic_store(&shared->issued, (uint64_t)last);
        atomic_store(&shared->acked, (uint64_t)(last - pending));
    }
    zks_report_free(report);
    return pending;
}

static void pace(void)
{
    struct timespec t = {.tv_nsec = PACE_US * 1000L};
    nanosleep(&t, NULL);
}

int chaos_send(const char *store, const char *relay, const char *shared_path,
               const char *journal_path, uint64_t seed)
{
    chaos_shared *shared = chaos_map(shared_path);
    int journal = open(journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    uint64_t state = seed * 2654435761u + atomic_load(&shared->starts) * 88172645463325252u + 1;
    zks_runtime *r;
    static batch b;
    chaos_check("runtime", zks_runtime_new(&r));
    zks_client *c = chaos_open(r, store, relay);
    for (unsigned turn = 0; !atomic_load(&shared->stop); turn++) {
        if (count_acked(c, shared) < (int64_t)WINDOW * BATCH_MAX) {
            make_batch(&b, &state);
            push_batch(c, &b, journal, shared);
        }
        if (turn % 64 == 0) {
            chaos_check("hurry",
                        zks_client_network_changed(c)); /* a test has no patience for backoff */
        }
        pace();
    }
    zks_op *op;
    for (int tries = 0;; tries++) {
        chaos_check("hurry", zks_client_network_changed(c));
        chaos_check("flush", zks_client_flush(c, 5000, NULL, NULL, &op));
        chaos_check("flush", zks_op_wait(op, CHAOS_DEADLINE_MS));
        zks_status status = zks_op_status(op);
        zks_op_free(op);
        if (!status) {
            break;
        }
        if (status != ZKS_E_TIMEOUT || tries == 12) {
            chaos_fail("flush", status, "the outbox does not empty");
        }
    }
    count_acked(c, shared);
    zks_client_free(c);
    chaos_check("close", zks_runtime_close(r, CHAOS_DEADLINE_MS));
    zks_runtime_free(r);
    close(journal);
    return 0;
}
