/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The schema and its history. A store carries its version (user_version) and our mark
 * (application_id). Steps are append-only: each brings a store from one version to the next, in a
 * transaction of its own, and is never edited once released.
 */
#include "store/private.h"

#include <stdio.h>
#include <string.h>

enum { APPLICATION_ID = 0x306b5379 /* "0kSy" */ };

/*
 * Version 1. Blobs stand last in their rows, so that reading the other columns touches no overflow
 * page. own.upto and inbox.upto are running totals of the group's blob bytes (inbox.nth of its
 * received items): count and bytes of any range are two lookups. Own entries in the inbox have a
 * small table of their own, since their bytes are in `own`.
 */
static const char *const steps[] = {
    "CREATE TABLE device (id INTEGER PRIMARY KEY CHECK (id = 1), seed BLOB NOT NULL) STRICT;"

    "CREATE TABLE groups (g INTEGER PRIMARY KEY, group_id BLOB NOT NULL UNIQUE,"
    " suite INTEGER NOT NULL, mode INTEGER NOT NULL, seed BLOB NOT NULL, instance BLOB NOT NULL,"
    " descriptor TEXT NOT NULL, device_name TEXT NOT NULL, watermark INTEGER NOT NULL,"
    " base_seq INTEGER NOT NULL, base_received INTEGER NOT NULL, base_bytes INTEGER NOT NULL,"
    " base_inboxed INTEGER NOT NULL) STRICT;"

    "CREATE TABLE records (k INTEGER PRIMARY KEY, g INTEGER NOT NULL, hash BLOB NOT NULL,"
    " bytes BLOB NOT NULL, UNIQUE (g, hash)) STRICT;"

    "CREATE TABLE chains (c INTEGER PRIMARY KEY, g INTEGER NOT NULL, author BLOB NOT NULL,"
    " chain BLOB NOT NULL, own INTEGER NOT NULL, tip_seq INTEGER NOT NULL, tip_id BLOB NOT NULL,"
    " floor INTEGER NOT NULL, UNIQUE (g, author, chain)) STRICT;"

    "CREATE TABLE history (c INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,"
    " PRIMARY KEY (c, seq, id)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE missing (c INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY (c, first)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE expected (c INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,"
    " PRIMARY KEY (c, seq, id)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE own (k INTEGER PRIMARY KEY, upto INTEGER NOT NULL, c INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, id BLOB NOT NULL, blob_id BLOB NOT NULL, kind INTEGER NOT NULL,"
    " ttl_s INTEGER NOT NULL, time_ms INTEGER NOT NULL, blob BLOB NOT NULL) STRICT;"

    "CREATE TABLE own_past (k INTEGER PRIMARY KEY, upto INTEGER NOT NULL, length INTEGER NOT NULL,"
    " blob_id BLOB NOT NULL) STRICT;"

    "CREATE TABLE inbox (k INTEGER PRIMARY KEY, nth INTEGER NOT NULL, upto INTEGER NOT NULL,"
    " c INTEGER NOT NULL, entry_seq INTEGER NOT NULL, id BLOB NOT NULL, pusher BLOB NOT NULL,"
    " time_ms INTEGER NOT NULL, flags INTEGER NOT NULL, blob BLOB NOT NULL) STRICT;"

    "CREATE TABLE inbox_own (k INTEGER PRIMARY KEY, n INTEGER NOT NULL, flags INTEGER NOT NULL) "
    "STRICT;"

    "CREATE TABLE held (k INTEGER PRIMARY KEY, c INTEGER NOT NULL, entry_seq INTEGER NOT NULL,"
    " id BLOB NOT NULL, prev BLOB NOT NULL, floor INTEGER NOT NULL, signed_ok INTEGER NOT NULL,"
    " pusher BLOB NOT NULL, kind INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL, blob BLOB NOT NULL) STRICT;"

    "CREATE TABLE relays (r INTEGER PRIMARY KEY, g INTEGER NOT NULL, key BLOB NOT NULL,"
    " incarnation BLOB NOT NULL, read_cursor INTEGER NOT NULL, acked_n INTEGER NOT NULL,"
    " records_known BLOB NOT NULL, retry_at_ms INTEGER NOT NULL, UNIQUE (g, key)) STRICT;"

    "CREATE TABLE refused (r INTEGER NOT NULL, n INTEGER NOT NULL, code INTEGER NOT NULL,"
    " PRIMARY KEY (r, n)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE pins (address TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;",

    /*
     * Version 2: secrets stand in one table, wrapped. What version 1 had in clear moves there as it
     * is, since this module cannot wrap; client/keyring.c does, at once. Both old tables are built
     * anew or dropped, so that no page keeps a copy.
     */
    "CREATE TABLE wrap (id INTEGER PRIMARY KEY CHECK (id = 1), suite INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, descriptor TEXT NOT NULL, key BLOB NOT NULL) STRICT;"

    "CREATE TABLE secrets (g INTEGER NOT NULL, kind INTEGER NOT NULL, name BLOB NOT NULL,"
    " bytes BLOB NOT NULL, PRIMARY KEY (g, kind, name)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE epoch_pins (g INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL,"
    " PRIMARY KEY (g, n), UNIQUE (g, hash)) STRICT, WITHOUT ROWID;"

    "INSERT INTO secrets SELECT 0, 1, zeroblob(32), seed FROM device;"
    "INSERT INTO secrets SELECT g, 2, zeroblob(32), seed FROM groups WHERE seed <> zeroblob(32);"
    "DROP TABLE device;"
    "ALTER TABLE groups RENAME TO groups_1;"
    "CREATE TABLE groups (g INTEGER PRIMARY KEY, group_id BLOB NOT NULL UNIQUE,"
    " suite INTEGER NOT NULL, mode INTEGER NOT NULL, instance BLOB NOT NULL,"
    " descriptor TEXT NOT NULL, device_name TEXT NOT NULL, watermark INTEGER NOT NULL,"
    " base_seq INTEGER NOT NULL, base_received INTEGER NOT NULL, base_bytes INTEGER NOT NULL,"
    " base_inboxed INTEGER NOT NULL) STRICT;"
    "INSERT INTO groups SELECT g, group_id, suite, mode, instance, descriptor, device_name,"
    " watermark, base_seq, base_received, base_bytes, base_inboxed FROM groups_1;"
    "DROP TABLE groups_1;",

    /* Version 3: what relays and members say of histories (store/claims.c). */
    "CREATE TABLE doubts (r INTEGER PRIMARY KEY, blob_id BLOB NOT NULL, time_ms INTEGER NOT NULL,"
    " own_below INTEGER NOT NULL) STRICT;"

    "CREATE TABLE claims (c INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,"
    " since_ms INTEGER NOT NULL, asked INTEGER NOT NULL, PRIMARY KEY (c, seq, id))"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE heads (g INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL) STRICT;",

    /* Version 4: the blob ids that own entries had before they were sealed for a newer epoch. */
    "CREATE TABLE own_renewed (k INTEGER NOT NULL, blob_id BLOB NOT NULL, PRIMARY KEY (k, blob_id))"
    " STRICT, WITHOUT ROWID;",

    /* Version 5: since when a group's newest epoch is known here. */
    "CREATE TABLE tips (g INTEGER PRIMARY KEY, hash BLOB NOT NULL, time_ms INTEGER NOT NULL) "
    "STRICT;",

    /* Version 6: blobs whose records are not here (store/quarantine.c). blob_id covers the group.
     */
    "CREATE TABLE quarantine (k INTEGER PRIMARY KEY, r INTEGER NOT NULL, pusher BLOB NOT NULL,"
    " blob_id BLOB NOT NULL UNIQUE, since_ms INTEGER NOT NULL, told INTEGER NOT NULL,"
    " blob BLOB NOT NULL) STRICT;",

    /* Version 7: of chains, up to where everyone was asked for gaps, by which own entry, and when;
     * of claims, by which; of relays, since when they have had the questions up to which. */
    "ALTER TABLE chains ADD COLUMN asked_seq INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE chains ADD COLUMN asked_n INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE chains ADD COLUMN asked_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE claims ADD COLUMN asked_n INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE relays ADD COLUMN asked_n INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE relays ADD COLUMN asked_ms INTEGER NOT NULL DEFAULT 0;",

    /* Version 8: of chains, what a long gap has left to ask for, and when some of it was asked for.
     */
    "ALTER TABLE chains ADD COLUMN late_seq INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE chains ADD COLUMN late_ms INTEGER NOT NULL DEFAULT 0;",

    /* Version 9: how often which alarm was raised (kind: ZKS_STORE_ALARM_*), and which held entries
     * were told as unverified. */
    "CREATE TABLE alarms (g INTEGER NOT NULL, kind INTEGER NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY (g, kind)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE held ADD COLUMN told INTEGER NOT NULL DEFAULT 0;",

    /* Version 10: claims name the chain itself, and who claims (zeros: not noted), since each has a
     * share. Rows of chains that somebody has only named, and nothing else is known of, go. */
    "ALTER TABLE claims RENAME TO claims_old;"
    "CREATE TABLE claims (g INTEGER NOT NULL, author BLOB NOT NULL, chain BLOB NOT NULL,"
    " seq INTEGER NOT NULL, id BLOB NOT NULL, by BLOB NOT NULL, since_ms INTEGER NOT NULL,"
    " asked INTEGER NOT NULL, asked_n INTEGER NOT NULL,"
    " PRIMARY KEY (g, author, chain, seq, id, by)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX claims_by ON claims (g, by);"
    "INSERT INTO claims SELECT g, author, chain, seq, id, zeroblob(32), since_ms, asked,"
    " claims_old.asked_n FROM claims_old JOIN chains USING (c);"
    "DROP TABLE claims_old;"
    "DELETE FROM chains WHERE own = 0 AND tip_seq = 0 AND c NOT IN (SELECT c FROM held)"
    " AND NOT EXISTS (SELECT 1 FROM history WHERE history.c = chains.c)"
    " AND NOT EXISTS (SELECT 1 FROM missing WHERE missing.c = chains.c)"
    " AND NOT EXISTS (SELECT 1 FROM expected WHERE expected.c = chains.c);",
};

static zks_status migrate_step(zks__store *s, const char *sql, size_t version)
{
    char mark[96];
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
             APPLICATION_ID, version);
    zks_status status = zks__sql_exec(s, "BEGIN IMMEDIATE");
    if (status == ZKS_OK) {
        status = zks__sql_exec(s, sql);
    }
    if (status == ZKS_OK) {
        status = zks__sql_exec(s, mark);
    }
    if (status == ZKS_OK) {
        status = zks__sql_exec(s, "COMMIT");
    }
    if (status != ZKS_OK && !sqlite3_get_autocommit(s->db)) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

zks_status zks__schema_migrate(zks__store *s, const char *const *sql, size_t count)
{
    int64_t version = 0, mark = 0, tables = 0;
    zks_status status = zks__sql_number(s, "PRAGMA user_version", &version);
    if (status == ZKS_OK) {
        status = zks__sql_number(s, "PRAGMA application_id", &mark);
    }
    if (status == ZKS_OK) {
        status = zks__sql_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (status != ZKS_OK) {
        return status;
    }
    bool fresh = version == 0 && mark == 0 && tables == 0;
    if (!fresh && (mark != APPLICATION_ID || version < 1)) {
        return zks__store_refuse(s, ZKS_E_STORE_CORRUPT,
                                 "The file is a database of another program or damaged: choose "
                                 "another path for the store, or restore this one from a backup.");
    }
    if (version > (int64_t)count) {
        return zks__store_refuse(
            s, ZKS_E_STORE_VERSION,
            "The store has format %lld and this version of 0k-Sync knows formats "
            "up to %zu: update 0k-Sync, or use another store.",
            (long long)version, count);
    }
    if (version == (int64_t)count) {
        return ZKS_OK;
    }
    status = zks__store_erase(s, true);
    for (size_t v = (size_t)version; v < count && status == ZKS_OK; v++) {
        status = migrate_step(s, sql[v], v + 1);
    }
    if (status == ZKS_OK && !fresh) {
        status = zks__store_cut_wal(s);
    }
    zks_status restored = zks__store_erase(s, false);
    return status == ZKS_OK ? restored : status;
}

zks_status zks__schema_open(zks__store *s)
{
    zks_status status = zks__schema_migrate(s, steps, ZKS_COUNTOF(steps));
    if (status == ZKS_OK && s->unclean && zks__store_cut_wal(s) != ZKS_OK) {
        /* It may hold a key that was replaced; what is in it works from there too. */
        zks__log_write(s->log, ZKS_LOG_LEVEL_WARN, "store_wal_not_cut");
    }
    return status;
}
