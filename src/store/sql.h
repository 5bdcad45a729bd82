/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Statements: prepared once for each store, bound and read in order, errors turned into statuses
 * and sentences in one place.
 *
 *   zks__query q = zks__query_of(s, ZKS_Q_OWN_ADD, "INSERT INTO own VALUES (?, ?)");
 *   zks__bind_i64(&q, key);
 *   zks__bind_blob(&q, bytes, length);
 *   return zks__query_run(&q);
 *
 * A query is sticky: after the first failure everything does nothing, so a caller checks at the
 * end. Bound bytes are borrowed until the query ends. A statement that is in use already (a
 * callback that reads within a read) is prepared a second time.
 *
 * Numbers: SQLite has signed integers only. An unsigned number keeps its 64 bits; where order
 * matters in SQL and peers choose the number (missing ranges), zks__ordered maps it.
 */
#ifndef ZKS_STORE_SQL_H
#define ZKS_STORE_SQL_H

#include "store/store.h"

#include <sqlite3.h>

typedef enum zks__query_id {
    ZKS_Q_BEGIN,
    ZKS_Q_COMMIT,
    ZKS_Q_ROLLBACK,
    ZKS_Q_GROUP_ADD,
    ZKS_Q_GROUP_BY_ID,
    ZKS_Q_GROUP_AT,
    ZKS_Q_GROUP_NAME,
    ZKS_Q_GROUP_MARK,
    ZKS_Q_GROUP_LOAD,
    ZKS_Q_GROUP_BASE,
    ZKS_Q_SECRET_PUT,
    ZKS_Q_SECRET_GET,
    ZKS_Q_SECRET_EACH,
    ZKS_Q_SECRET_DELETE,
    ZKS_Q_SECRET_CLEAR,
    ZKS_Q_WRAP_GET,
    ZKS_Q_WRAP_SET,
    ZKS_Q_EPOCH_PIN,
    ZKS_Q_EPOCH_PINS,
    ZKS_Q_RECORD_FIND,
    ZKS_Q_RECORD_ADD,
    ZKS_Q_RECORD_EACH,
    ZKS_Q_CHAIN_ADD,
    ZKS_Q_CHAIN_UPDATE,
    ZKS_Q_CHAIN_REMOVE,
    ZKS_Q_CHAIN_EACH,
    ZKS_Q_HISTORY_ADD,
    ZKS_Q_HISTORY_GET,
    ZKS_Q_MISSING_SPAN,
    ZKS_Q_MISSING_ADD,
    ZKS_Q_MISSING_DROP,
    ZKS_Q_MISSING_EACH,
    ZKS_Q_EXPECTED_ADD,
    ZKS_Q_EXPECTED_DROP,
    ZKS_Q_EXPECTED_EACH,
    ZKS_Q_OWN_ADD,
    ZKS_Q_OWN_EACH,
    ZKS_Q_OWN_FIRST,
    ZKS_Q_OWN_LAST,
    ZKS_Q_OWN_AT_ACKED,
    ZKS_Q_OWN_FIND,
    ZKS_Q_OWN_DROP,
    ZKS_Q_OWN_SCAN,
    ZKS_Q_PAST_ADD,
    ZKS_Q_PAST_FIND,
    ZKS_Q_RENEWED_FIND,
    ZKS_Q_OWN_REMEMBER,
    ZKS_Q_OWN_RENEW,
    ZKS_Q_PAST_LAST,
    ZKS_Q_PAST_SPAN,
    ZKS_Q_INBOX_ADD,
    ZKS_Q_INBOX_ADD_OWN,
    ZKS_Q_INBOX_EACH,
    ZKS_Q_INBOX_EACH_OWN,
    ZKS_Q_INBOX_FIRST,
    ZKS_Q_INBOX_LAST,
    ZKS_Q_INBOX_LAST_OWN,
    ZKS_Q_INBOX_UNREAD_OWN,
    ZKS_Q_INBOX_OLDEST,
    ZKS_Q_INBOX_DROP,
    ZKS_Q_INBOX_DROP_OWN,
    ZKS_Q_INBOX_DROP_GONE,
    ZKS_Q_HELD_ADD,
    ZKS_Q_HELD_GET,
    ZKS_Q_HELD_REMOVE,
    ZKS_Q_HELD_EACH,
    ZKS_Q_HELD_TOLD,
    ZKS_Q_ALARM_EACH,
    ZKS_Q_ALARM_SET,
    ZKS_Q_QUARANTINE_ADD,
    ZKS_Q_QUARANTINE_NEXT,
    ZKS_Q_QUARANTINE_UPDATE,
    ZKS_Q_QUARANTINE_REMOVE,
    ZKS_Q_QUARANTINE_OLDEST,
    ZKS_Q_QUARANTINE_SIZE,
    ZKS_Q_RELAY_GET,
    ZKS_Q_RELAY_ADD,
    ZKS_Q_RELAY_UPDATE,
    ZKS_Q_RELAY_SETTLED,
    ZKS_Q_REFUSED_ADD,
    ZKS_Q_PIN_GET,
    ZKS_Q_PIN_SET,
    ZKS_Q_DOUBT_GET,
    ZKS_Q_DOUBT_SET,
    ZKS_Q_OWN_NUMBER,
    ZKS_Q_OWN_BLOB,
    ZKS_Q_OWN_LOST,
    ZKS_Q_CLAIM_ADD,
    ZKS_Q_CLAIM_ASKED,
    ZKS_Q_CLAIM_DROP,
    ZKS_Q_CLAIM_EACH,
    ZKS_Q_CLAIM_SHARES,
    ZKS_Q_CLAIM_DROP_NEWEST,
    ZKS_Q_CLAIM_DROP_OWN,
    ZKS_Q_HEADS_GET,
    ZKS_Q_HEADS_SET,
    ZKS_Q_TIP_GET,
    ZKS_Q_TIP_SET,
    ZKS_Q_OWN_ENTRY,
    ZKS_Q_INBOX_ENTRY,
    ZKS_Q_COUNT
} zks__query_id;

typedef struct zks__query {
    zks__store *s;
    sqlite3_stmt *stmt;
    zks__query_id id;
    int cached; /* else finalised at the end */
    int bound;  /* parameters so far */
    zks_status status;
} zks__query;

zks__query zks__query_of(zks__store *s, zks__query_id id, const char *sql);
void zks__bind_i64(zks__query *q, int64_t v);
void zks__bind_u64(zks__query *q, uint64_t v);
/* NULL with length 0 is an empty byte string, not an SQL NULL. */
void zks__bind_blob(zks__query *q, const void *data, size_t length);
void zks__bind_text(zks__query *q, const char *text);
/* 1: a row; 0: the end or a failure. */
int zks__query_step(zks__query *q);
/* Ends the query; its status, or the first failure. */
zks_status zks__query_end(zks__query *q);
/* A statement without rows: steps and ends. */
ZKS_MUST_USE zks_status zks__query_run(zks__query *q);
/* Columns of the present row. */
int64_t zks__column_i64(zks__query *q, int i);
uint64_t zks__column_u64(zks__query *q, int i);
/* Borrowed until the next step. */
zks__slice zks__column_slice(zks__query *q, int i);
/* Exactly `length` bytes; any other length means that the store is damaged. */
void zks__column_copy(zks__query *q, int i, void *out, size_t length);
/* Text with its final NUL, which must fit. */
void zks__column_text(zks__query *q, int i, char *out, size_t size);
/* Statements for their effect only, not cached: schema and pragmas. */
ZKS_MUST_USE zks_status zks__sql_exec(zks__store *s, const char *sql);
/* The first column of the first row. */
ZKS_MUST_USE zks_status zks__sql_number(zks__store *s, const char *sql, int64_t *out);
/* Sets the sentence for an SQLite result code and returns its status. */
zks_status zks__sql_fail(zks__store *s, int rc);
void zks__sql_finalize_all(zks__store *s);

/* A 64-bit unsigned number as a signed one of the same order, and back (its own inverse in
 * bits). */
static inline int64_t zks__ordered(uint64_t v)
{
    return (int64_t)(v ^ (UINT64_C(1) << 63));
}
static inline uint64_t zks__unordered(int64_t v)
{
    return (uint64_t)v ^ (UINT64_C(1) << 63);
}

#endif
