/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The verifier: for each sender its store, opened again, is the truth. The receiver's table must
 * hold exactly that, byte for byte, each (sender, number) once, in the order of the numbers; and
 * everything journalled as STORED must be in it.
 */
#include "app.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct truth {
    uint8_t sender[ZKS_SIZE_DEVICE_ID];
    uint64_t count;
    uint64_t *hashes; /* by number - 1 */
    size_t room;
} truth;

static void add_hash(truth *t, uint64_t number, uint64_t hash)
{
    if (number != t->count + 1) {
        fprintf(stderr, "chaos: the store holds number %llu behind %llu\n",
                (unsigned long long)number, (unsigned long long)t->count);
        exit(1);
    }
    if (t->count == t->room) {
        t->room = t->room ? t->room * 2 : 1024;
        t->hashes = realloc(t->hashes, t->room * sizeof *t->hashes);
        if (!t->hashes) {
            chaos_fail("memory", ZKS_E_NOMEM, NULL);
        }
    }
    t->hashes[t->count++] = hash;
}

/* Own entries have their place in the inbox log once a relay has them; all have by now. */
static void read_store(truth *t, const char *store)
{
    zks_runtime *r;
    chaos_check("runtime", zks_runtime_new(&r));
    zks_client *c = chaos_open(r, store, NULL);
    for (uint64_t after = 0;;) {
        zks_op *op;
        zks_batch *b;
        chaos_check("read", zks_inbox_read(c, after, 1024, 0, ZKS_READ_OWN, NULL, NULL, &op));
        chaos_finish("read", op, &op);
        chaos_check("batch", zks_op_take_batch(op, &b));
        zks_op_free(op);
        size_t count = zks_batch_count(b), length;
        const uint8_t *data = zks_batch_data(b, &length);
        for (size_t i = 0; i < count; i++) {
            after = zks_batch_seqs(b)[i];
            if (zks_batch_flags(b)[i] & ZKS_ITEM_OWN) {
                uint64_t from = zks_batch_offsets(b)[i], to = zks_batch_offsets(b)[i + 1];
                memcpy(t->sender, zks_batch_senders(b) + i * ZKS_SIZE_DEVICE_ID, sizeof t->sender);
                add_hash(t, zks_batch_numbers(b)[i], chaos_hash(data + from, to - from));
            }
        }
        zks_batch_free(b);
        if (!count) {
            break;
        }
    }
    zks_client_free(c);
    chaos_check("close", zks_runtime_close(r, CHAOS_DEADLINE_MS));
    zks_runtime_free(r);
}

static size_t check_table(sqlite3 *db, const truth *t)
{
    sqlite3_stmt *s;
    size_t wrong = 0;
    uint64_t expected = 1;
    sqlite3_prepare_v2(db, "SELECT number, payload FROM entry WHERE sender = ? ORDER BY seq", -1,
                       &s, NULL);
    sqlite3_bind_blob(s, 1, t->sender, sizeof t->sender, SQLITE_STATIC);
    while (sqlite3_step(s) == SQLITE_ROW) {
        uint64_t number = (uint64_t)sqlite3_column_int64(s, 0);
        const void *payload = sqlite3_column_blob(s, 1);
        uint64_t hash = chaos_hash(payload, (size_t)sqlite3_column_bytes(s, 1));
        if (number != expected || number > t->count || hash != t->hashes[number - 1]) {
            fprintf(stderr, "chaos: the table has number %llu where %llu belongs, or other bytes\n",
                    (unsigned long long)number, (unsigned long long)expected);
            wrong++;
        }
        expected++;
    }
    sqlite3_finalize(s);
    if (expected - 1 != t->count) {
        fprintf(stderr, "chaos: the table has %llu of %llu entries of a sender\n",
                (unsigned long long)(expected - 1), (unsigned long long)t->count);
        wrong++;
    }
    return wrong;
}

static size_t check_journal(const char *path, const truth *t)
{
    FILE *f = fopen(path, "rb");
    chaos_journal line;
    size_t wrong = 0, lines = 0;
    while (f && fread(&line, sizeof line, 1, f) == 1) {
        lines++;
        if (line.number == 0 || line.number > t->count || t->hashes[line.number - 1] != line.hash) {
            fprintf(stderr, "chaos: number %llu was reported STORED and is lost or altered\n",
                    (unsigned long long)line.number);
            wrong++;
        }
    }
    if (f) {
        fclose(f);
    }
    if (!lines) {
        fprintf(stderr, "chaos: %s is empty: the sender did nothing\n", path);
        wrong++;
    }
    return wrong;
}

int chaos_verify(const char *table, char **pairs, size_t count)
{
    sqlite3 *db;
    if (sqlite3_open_v2(table, &db, SQLITE_OPEN_READWRITE, NULL)) {
        chaos_fail("table", ZKS_E_SYSTEM, table);
    }
    size_t wrong = 0;
    uint64_t entries = 0;
    for (size_t i = 0; i < count; i++) {
        truth t = {.count = 0};
        read_store(&t, pairs[2 * i]);
        wrong += check_table(db, &t) + check_journal(pairs[2 * i + 1], &t);
        entries += t.count;
        free(t.hashes);
    }
    sqlite3_close(db);
    printf("verified entries=%llu wrong=%zu\n", (unsigned long long)entries, wrong);
    return wrong != 0;
}
