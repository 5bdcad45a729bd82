/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The receiver: an app that stores payload and sequence in one transaction of its own and resumes
 * from it. */
#include "app.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void sql(sqlite3 *db, const char *text)
{
    char *problem = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &problem)) {
        chaos_fail("table", ZKS_E_SYSTEM, problem);
    }
}

static uint64_t number_of(sqlite3 *db, const char *query)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, query, -1, &s, NULL) || sqlite3_step(s) != SQLITE_ROW) {
        chaos_fail("table", ZKS_E_SYSTEM, sqlite3_errmsg(db));
    }
    uint64_t value = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static sqlite3 *open_table(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db)) {
        chaos_fail("table", ZKS_E_SYSTEM, path);
    }
    sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE IF NOT EXISTS entry(seq INTEGER PRIMARY KEY, sender BLOB NOT NULL, "
            "number INTEGER NOT NULL,"
            " payload BLOB NOT NULL, UNIQUE(sender, number))");
    return db;
}

/* One transaction a batch. A second row with the same (sender, number) is a duplicate and ends the
 * test. */
static void store_batch(sqlite3 *db, sqlite3_stmt *insert, const zks_batch *b)
{
    size_t length;
    const uint8_t *data = zks_batch_data(b, &length);
    const uint64_t *offsets = zks_batch_offsets(b), *seqs = zks_batch_seqs(b),
                   *numbers = zks_batch_numbers(b);
    const uint8_t *senders = zks_batch_senders(b);
    sql(db, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < zks_batch_count(b); i++) {
        sqlite3_bind_int64(insert, 1, (int64_t)seqs[i]);
        sqlite3_bind_blob(insert, 2, senders + i * ZKS_SIZE_DEVICE_ID, ZKS_SIZE_DEVICE_ID,
                          SQLITE_STATIC);
        sqlite3_bind_int64(insert, 3, (int64_t)numbers[i]);
        sqlite3_bind_blob64(insert, 4,
                            offsets[i + 1] > offsets[i] ? (const void *)(data + offsets[i]) : "",
                            offsets[i + 1] - offsets[i], SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) {
            chaos_fail("duplicate or broken row", ZKS_E_INTERNAL, sqlite3_errmsg(db));
        }
        sqlite3_reset(insert);
    }
    sql(db, "COMMIT");
}

int chaos_receive(const char *store, const char *relay, const char *shared_path, const char *table)
{
    chaos_shared *shared = chaos_map(shared_path);
    sqlite3 *db = open_table(table);
    sqlite3_stmt *insert;
    zks_runtime *r;
    sqlite3_prepare_v2(db, "INSERT INTO entry VALUES(?, ?, ?, ?)", -1, &insert, NULL);
    chaos_check("runtime", zks_runtime_new(&r));
    zks_client *c = chaos_open(r, store, relay);
    uint64_t seq = number_of(db, "SELECT coalesce(max(seq), 0) FROM entry");
    uint64_t rows = number_of(db, "SELECT count(*) FROM entry");
    atomic_store(&shared->table, rows);
    while (!atomic_load(&shared->stop)) {
        zks_op *op;
        zks_batch *b;
        chaos_check("hurry", zks_client_network_changed(c));
        chaos_check("read", zks_inbox_read(c, seq, 256, 0, ZKS_READ_WAIT, NULL, NULL, &op));
        if (zks_op_wait(op, 200) == ZKS_E_TIMEOUT) {
            zks_op_cancel(op);
            chaos_check("cancelled read", zks_op_wait(op, CHAOS_DEADLINE_MS));
        }
        if (zks_op_status(op) == ZKS_E_CANCELLED) {
            zks_op_free(op);
            continue;
        }
        chaos_finish("read", op, &op);
        chaos_check("batch", zks_op_take_batch(op, &b));
        zks_op_free(op);
        store_batch(db, insert, b);
        seq = zks_batch_seqs(b)[zks_batch_count(b) - 1];
        rows += zks_batch_count(b);
        atomic_store(&shared->table, rows);
        zks_batch_free(b);
        chaos_check("ack", zks_inbox_ack(c, seq, NULL, NULL, &op));
        chaos_finish("ack", op, NULL);
    }
    zks_client_free(c);
    chaos_check("close", zks_runtime_close(r, CHAOS_DEADLINE_MS));
    zks_runtime_free(r);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return 0;
}
