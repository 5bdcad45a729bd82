/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A client without an engine: it says to a relay exactly what a test tells it to, true or false.
 * Made of transport, session, wire and record; keys and blobs come from group.
 *
 * Synchronous: each call runs the world's loop until what it waits for has happened, or fails the
 * test at a deadline. Several clients share a world. What cannot be (no memory, a helper misused)
 * fails the test too.
 */
#ifndef ZKS_TESTS_RAW_CLIENT_H
#define ZKS_TESTS_RAW_CLIENT_H

#include "base/list.h"
#include "group/blob.h"
#include "group/keys.h"
#include "session/session.h"
#include "tests/support/suite.h"
#include "transport/transport.h"

enum { RAW_DEADLINE_MS = 30000, RAW_RECORD_BYTES = 8192 };

typedef struct raw_world {
    uv_loop_t loop;
    uv_timer_t timer;
    zks__endpoint *endpoint;
    bool late;
    unsigned patience_ms; /* how long a client waits for its relay; 0: RAW_DEADLINE_MS */
} raw_world;

void raw_world_init(raw_world *w);
void raw_world_done(raw_world *w);
/* Runs the loop until `until` is true. false: the deadline came first. */
bool raw_run(raw_world *w, bool (*until)(void *user), void *user, unsigned deadline_ms);
/* Runs what is ready for about so long: only to show that nothing comes. */
void raw_idle(raw_world *w, unsigned ms);

typedef struct raw_record {
    uint8_t bytes[RAW_RECORD_BYTES];
    size_t length;
} raw_record;

/* A shared group from a number. */
typedef struct raw_group {
    zks__group_root root;
    raw_record genesis, epoch;
    uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES];
} raw_group;

void raw_group_init(raw_group *g, unsigned number);
/* A paired one, whose root key is still at hand. */
void raw_group_init_paired(raw_group *g, unsigned number);

typedef struct raw_input {
    zks__node node;
    zks__message message;
    zks__buf *backing;
} raw_input;

typedef struct raw_client {
    raw_world *world;
    const raw_group *group;
    zks__device_keys keys;
    zks__session_keys session_keys; /* the device's; a test may exchange them before connecting */
    raw_record member;
    uint8_t member_hash[ZKS_RECORD_HASH_BYTES];
    zks__blob_key blob_key;
    zks__session *session; /* NULL: not connected */
    bool open;
    zks_status closed; /* of the last session */
    uint64_t closed_code;
    zks__list inbox; /* raw_input */
    raw_input *last; /* what raw_next gave */
    uint8_t relay_key[ZKS_LINK_KEY_BYTES];
    uint64_t seq;         /* of entries */
    uint64_t consumed;    /* bytes of blobs received */
    bool keep_credit;     /* do not count received blobs as consumed */
    zks__welcome welcome; /* byte strings in it are not valid */
} raw_client;

/* A device of the group, not connected. */
void raw_client_init(raw_client *c, raw_world *w, const raw_group *g, unsigned number);
/* Gives it another MEMBER record by the root key, with these rights and this end. */
void raw_client_certify(raw_client *c, uint8_t rights, uint64_t not_after_s);
void raw_client_done(raw_client *c);
/* To zks://key@host:port. ZKS_OK when the link is open. */
zks_status raw_connect(raw_client *c, const char *address);
/* As connect, but expecting another relay key. */
zks_status raw_connect_key(raw_client *c, const char *address, const uint8_t *expected_key);
void raw_disconnect(raw_client *c);

/* A right HELLO with all three records attached, to be sent or falsified. records: room for 3. */
void raw_hello(const raw_client *c, zks__message *m, zks__slice records[3]);
/* Signs it for this connection. */
void raw_hello_sign(const raw_client *c, zks__hello *hello);
/* Connects, says a right HELLO in this mode, expects WELCOME. */
void raw_join(raw_client *c, const char *address, uint8_t mode);

void raw_send(raw_client *c, const zks__message *m);
/* The next message; NULL: the session ended, or the deadline came. Valid until the next call. */
zks__message *raw_next(raw_client *c, unsigned deadline_ms);
/* The next message, which must be of this type. */
zks__message *raw_expect(raw_client *c, zks__message_type type);
/* Waits for the end of the session. */
void raw_expect_closed(raw_client *c);
/* Expects ERROR with this code; and then the end. */
void raw_expect_error(raw_client *c, uint32_t code);
void raw_expect_refusal(raw_client *c, uint32_t code);

/* A sealed blob whose body is `length` bytes that follow from the number. */
zks__buf *raw_blob(raw_client *c, uint64_t number, size_t length,
                   uint8_t out_blob_id[ZKS_BLOB_ID_BYTES]);
/* Opens a blob of a group's member and gives the number; fails the test when it does not open. */
uint64_t raw_blob_number(const raw_client *c, const zks__blob_item *item);
/* Sends one PUSH of blobs [first, first + count); the answer is not awaited. */
void raw_push(raw_client *c, uint64_t first, size_t count, size_t length);
/* Awaits PUSH_ACKs until `count` results came, all OK and with rising cursors; the last cursor. */
uint64_t raw_push_wait(raw_client *c, size_t count);
void raw_pull(raw_client *c, uint64_t after, uint32_t max_bytes, uint32_t max_count, uint8_t flags);
void raw_ack(raw_client *c, uint64_t cursor);
/* Pulls from 0 until the head; returns how many blobs came, and where it ended. */
size_t raw_pull_all(raw_client *c, uint64_t after, uint64_t *out_contiguous);

#endif
