/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/session_pair.h"
#include "tests/support/unit.h"
#include "tests/support/wire_samples.h"

#include <string.h>

typedef struct fixture {
    memory_pair *pair;
    side a, b; /* initiator, acceptor */
    bare_end bare;
} fixture;

static void start(fixture *f, const memory_config *config)
{
    *f = (fixture){0};
    f->pair = memory_pair_new(config);
    side_start(&f->b, f->pair, MEMORY_ACCEPTOR);
    side_start(&f->a, f->pair, MEMORY_INITIATOR);
    memory_pair_run(f->pair);
}

/* The initiator is bare: the test writes its bytes. */
static void start_bare(fixture *f, const memory_config *config)
{
    *f = (fixture){0};
    f->pair = memory_pair_new(config);
    side_start(&f->b, f->pair, MEMORY_ACCEPTOR);
    bare_start(&f->bare, f->pair, MEMORY_INITIATOR);
    memory_pair_run(f->pair);
}

static void stop(fixture *f)
{
    side_done(&f->a);
    side_done(&f->b);
    bare_done(&f->bare);
    memory_pair_free(f->pair);
}

static zks__message pull_message(uint64_t after)
{
    return (zks__message){.type = ZKS_MESSAGE_PULL,
                          .pull = {.after = after, .max_bytes = 1, .max_count = 2}};
}

/* --- beginning --- */

START_TEST(ready_once_and_both_sides_know_the_same)
{
    fixture f;
    start(&f, &(memory_config){.seed = 5});
    ck_assert_int_eq(f.a.ready, 1);
    ck_assert_int_eq(f.b.ready, 0); /* made over an open link */
    ck_assert_mem_eq(zks__session_peer_key(f.a.session), zks__session_local_key(f.b.session), 32);
    ck_assert_mem_eq(zks__session_local_key(f.a.session), zks__session_peer_key(f.b.session), 32);
    ck_assert_mem_eq(zks__session_hash(f.a.session), zks__session_hash(f.b.session), 32);
    ck_assert_uint_eq(zks__session_rtt_us(f.a.session), 1000);
    stop(&f);
}
END_TEST

START_TEST(session_hash_differs_for_each_connection)
{
    fixture f;
    fixture g;
    start(&f, &(memory_config){.seed = 7});
    start(&g, &(memory_config){.seed = 8});
    ck_assert_mem_ne(zks__session_hash(f.a.session), zks__session_hash(g.a.session), 32);
    stop(&f);
    stop(&g);
}
END_TEST

START_TEST(a_link_without_exporter_ends_the_session_on_both_sides)
{
    fixture f;
    start(&f, &(memory_config){.seed = 9, .broken_export = true});
    ck_assert_int_eq(f.a.ready, 0);
    ck_assert_int_eq(f.b.closed, 1);
    ck_assert_int_eq(f.b.status, ZKS_E_TLS);
    ck_assert_int_eq(f.a.closed, 1);
    stop(&f);
}
END_TEST

START_TEST(a_link_that_shows_no_client_key_is_refused)
{
    fixture f;
    start(&f, &(memory_config){.seed = 10, .kind = ZKS_LINK_KIND_WSS});
    ck_assert_int_eq(f.b.status, ZKS_E_UNSUPPORTED);
    ck_assert_int_eq(f.a.closed, 1);
    stop(&f);
}
END_TEST

START_TEST(send_before_ready_and_after_the_end_is_refused)
{
    fixture f = {0};
    zks__message m = pull_message(1);
    f.pair = memory_pair_new(&(memory_config){.seed = 11});
    side_start(&f.a, f.pair, MEMORY_INITIATOR);
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_E_STATE);
    side_start(&f.b, f.pair, MEMORY_ACCEPTOR);
    memory_pair_run(f.pair);
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_OK);
    zks__session_close(f.a.session, 0, "done");
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_E_CLOSED);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 1); /* what was queued before the close arrived */
    ck_assert_int_eq(f.a.closed + f.b.closed, 2);
    ck_assert_int_eq(f.a.status, ZKS_OK);
    ck_assert_str_eq(f.b.text, "done");
    stop(&f);
}
END_TEST

START_TEST(free_before_attach_and_null)
{
    zks__session *s = NULL;
    zks__session_events events = {0};
    zks__message m = pull_message(1);
    ck_assert_int_eq(zks__session_new(&(zks__session_config){.initiator = true}, &events, NULL, &s),
                     ZKS_OK);
    ck_assert_int_eq(zks__session_send(s, &m), ZKS_E_CLOSED);
    zks__session_resume(s);
    zks__session_close(s, 0, "");
    ck_assert_uint_eq(zks__session_queued(s), 0);
    zks__session_free(s);
    zks__session_free(NULL);
}
END_TEST

/* --- streams --- */

typedef struct sent_list {
    uint8_t *bytes[512];
    size_t length[512];
    size_t count;
} sent_list;

/* Sends a random message; now and then a large one. */
static void send_random(side *s, sent_list *sent, uint64_t *random)
{
    static uint8_t large[ZKS_BLOB_MAX_BYTES];
    zks__message m;
    sample_pool pool = {0};
    zks__push_item item = {.blob = {.data = large}};
    uint64_t draw = memory_random(random);
    if (draw % 16 == 0) {
        item.blob.length = (size_t)(draw >> 8) % sizeof large;
        memset(large, (int)(draw >> 40), item.blob.length);
        m = (zks__message){.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1, .items = &item}};
    } else {
        sample_message(sample_types[(draw >> 8) % SAMPLE_TYPES], random, 6, draw % 3 ? 40 : 3000,
                       &pool, &m);
    }
    sent->bytes[sent->count] = sample_encode(&m, &sent->length[sent->count]);
    sent->count++;
    ck_assert_int_eq(zks__session_send(s->session, &m), ZKS_OK);
    sample_pool_done(&pool);
}

static void check_heard(const side *s, sent_list *sent)
{
    ck_assert_uint_eq(s->count, sent->count);
    for (size_t i = 0; i < sent->count; i++) {
        ck_assert_uint_eq(s->heard_length[i], sent->length[i]);
        ck_assert_mem_eq(s->heard[i], sent->bytes[i], sent->length[i]);
        free(sent->bytes[i]);
    }
    sent->count = 0;
}

/* Both ways at once, in pieces and windows of random sizes, with and without many keys, with and
 * without pauses. */
START_TEST(random_streams_arrive_whole_and_in_order)
{
    uint64_t random = unit_seed_printed("streams") + (uint64_t)_i * 1000003;
    static const size_t pieces[] = {0, 1, 7, 200, 5000, 70000};
    static const size_t windows[] = {300, 4096, 100000, 1 << 20};
    static const zks__noise_limits limits = {.bytes = 100000, .records = 5};
    memory_config config = {.seed = random};
    config.window = windows[memory_random(&random) % 4];
    config.max_piece = pieces[memory_random(&random) % 6];
    sent_list *sent = calloc(2, sizeof *sent);
    fixture f = {.pair = memory_pair_new(&config)};
    f.a.limits = f.b.limits = _i % 2 ? &limits : NULL;
    side_start(&f.b, f.pair, MEMORY_ACCEPTOR);
    side_start(&f.a, f.pair, MEMORY_INITIATOR);
    f.b.pause_every = _i % 3 == 0 ? 3 : 0;
    memory_pair_run(f.pair);
    send_random(&f.a, &sent[0], &random); /* the acceptor speaks second */
    do {
        memory_pair_run(f.pair);
        zks__session_resume(f.b.session);
    } while (!f.b.count);
    for (int i = 0; i < 40; i++) {
        send_random(&f.a, &sent[0], &random);
        send_random(&f.b, &sent[1], &random);
        if (memory_random(&random) % 3 == 0) {
            memory_pair_turn(f.pair);
        }
    }
    size_t before;
    do {
        before = f.b.count;
        memory_pair_run(f.pair);
        zks__session_resume(f.b.session);
    } while (memory_pair_turn(f.pair) || f.b.count != before);
    check_heard(&f.b, &sent[0]);
    check_heard(&f.a, &sent[1]);
    ck_assert_uint_eq(memory_pair_unconsumed(f.pair, 0), 0);
    ck_assert_uint_eq(memory_pair_unconsumed(f.pair, 1), 0);
    ck_assert_uint_eq(zks__session_queued(f.a.session), 0);
    ck_assert_int_eq(f.a.closed + f.b.closed, 0);
    free(sent);
    stop(&f);
}
END_TEST

/* Three messages as one stream of bytes, divided into sealed records of one size: 1 puts each byte
 * into its own record. */
static size_t three_messages(bare_end *bare, uint8_t *out, size_t size, size_t record_size)
{
    static const uint8_t blob[200] = {1, 2, 3};
    zks__push_item item = {.blob = {.data = blob, .length = sizeof blob}};
    zks__message m[3] = {pull_message(1),
                         {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1, .items = &item}},
                         pull_message(2)};
    uint8_t plain[600];
    size_t total = 0;
    for (int i = 0; i < 3; i++) {
        size_t length = 0;
        ck_assert_int_eq(zks__wire_encode(&m[i], plain + total, sizeof plain - total, &length),
                         ZKS_OK);
        total += length;
    }
    uint8_t records[2000];
    zks__writer w = zks__writer_of(records, sizeof records);
    for (size_t at = 0; at < total; at += record_size) {
        size_t part = total - at < record_size ? total - at : record_size;
        zks__write_u8(&w, (uint8_t)(part >> 8));
        zks__write_u8(&w, (uint8_t)part);
        zks__write_bytes(&w, plain + at, part);
    }
    ck_assert(!w.overflow);
    return bare_seal(bare, records, w.length, out, size);
}

START_TEST(every_split_of_a_stream_gives_the_same_messages)
{
    static const size_t record_sizes[] = {1, 2, 3, 5, 18, 19, 20, 100, 65535};
    uint8_t bytes[8000];
    fixture f;
    start_bare(&f, &(memory_config){.seed = 12});
    size_t length = 1;
    /* All of the first hundreds; then steps that meet each place in a record of 19 bytes. */
    for (size_t split = 0; split <= length; split += split < 500 ? 1 : 7) {
        length = three_messages(&f.bare, bytes, sizeof bytes, record_sizes[_i]);
        bare_write(&f.bare, bytes, split);
        memory_pair_run(f.pair);
        bare_write(&f.bare, bytes + split, length - split);
        memory_pair_run(f.pair);
        ck_assert_uint_eq(f.b.count, 3);
        ck_assert_uint_eq(f.b.heard[1][2], ZKS_MESSAGE_PUSH);
        ck_assert_uint_eq(f.b.heard[2][2], 2); /* after */
        ck_assert_int_eq(f.b.closed, 0);
        side_forget(&f.b);
    }
    stop(&f);
}
END_TEST

START_TEST(backing_outlives_the_session_for_who_keeps_it)
{
    uint8_t bytes[2000];
    fixture f;
    start_bare(&f, &(memory_config){.seed = 13, .max_piece = 9});
    bare_write(&f.bare, bytes, three_messages(&f.bare, bytes, sizeof bytes, 65535));
    memory_pair_run(f.pair);
    zks__buf *kept = zks__buf_ref(f.b.kept);
    size_t length = f.b.heard_length[2];
    uint8_t last[32];
    memcpy(last, f.b.heard[2], length);
    ck_assert_uint_eq(f.b.kept_size, length); /* exactly the message, not the record around it */
    stop(&f);
    ck_assert_uint_eq(kept->length, length);
    ck_assert_mem_eq(kept->data, last, length);
    zks__buf_unref(kept);
}
END_TEST

/* --- pause --- */

START_TEST(pause_holds_messages_and_credit_until_resume)
{
    uint8_t bytes[2000];
    fixture f;
    start_bare(&f, &(memory_config){.seed = 14});
    size_t length = three_messages(&f.bare, bytes, sizeof bytes, 65535);
    f.b.pause_every = 1;
    bare_write(&f.bare, bytes, length);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 1); /* the other two are in the same record */
    length = three_messages(&f.bare, bytes, sizeof bytes, 65535);
    bare_write(&f.bare, bytes, length);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 1);
    ck_assert_uint_eq(memory_pair_unconsumed(f.pair, MEMORY_ACCEPTOR), length);
    for (size_t i = 2; i <= 6; i++) {
        zks__session_resume(f.b.session);
        ck_assert_uint_eq(f.b.count, i);
    }
    zks__session_resume(f.b.session);
    ck_assert_uint_eq(f.b.count, 6);
    ck_assert_uint_eq(memory_pair_unconsumed(f.pair, MEMORY_ACCEPTOR), 0);
    stop(&f);
}
END_TEST

START_TEST(a_paused_session_stops_the_sender_at_the_window)
{
    enum { WINDOW = 10000 };
    fixture f;
    start(&f, &(memory_config){.seed = 15, .window = WINDOW, .low_water = 1000});
    size_t shaken = memory_pair_delivered(f.pair, MEMORY_ACCEPTOR);
    zks__session_pause(f.b.session);
    for (uint64_t i = 0; i < 2000; i++) {
        zks__message m = pull_message(i);
        ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_OK);
    }
    memory_pair_run(f.pair);
    ck_assert_uint_eq(memory_pair_delivered(f.pair, MEMORY_ACCEPTOR), shaken + WINDOW);
    ck_assert_uint_eq(f.b.count, 0);
    ck_assert_uint_eq(zks__session_queued(f.a.session), 2000 * (21 + ZKS_TAG_BYTES) - WINDOW);
    ck_assert_int_eq(f.a.drained, 0);
    zks__session_resume(f.b.session);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 2000);
    ck_assert_int_eq(f.a.drained, 1);
    stop(&f);
}
END_TEST

START_TEST(closed_while_paused_is_raised_and_drops_the_rest)
{
    fixture f;
    start(&f, &(memory_config){.seed = 16});
    zks__session_pause(f.b.session);
    zks__message m = pull_message(1);
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_OK);
    memory_pair_run(f.pair);
    memory_pair_lose(f.pair);
    memory_pair_run(f.pair);
    ck_assert_int_eq(f.b.closed, 1);
    ck_assert_int_eq(f.b.status, ZKS_E_CONNECTION_LOST);
    ck_assert_uint_eq(f.b.count, 0);
    stop(&f);
}
END_TEST

/* --- ends --- */

START_TEST(close_inside_a_message_stops_further_ones)
{
    uint8_t bytes[2000];
    fixture f;
    start_bare(&f, &(memory_config){.seed = 17});
    f.b.close_at = 2;
    bare_write(&f.bare, bytes, three_messages(&f.bare, bytes, sizeof bytes, 65535));
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 2);
    ck_assert_int_eq(f.b.closed, 1);
    ck_assert_int_eq(f.b.status, ZKS_OK);
    stop(&f);
}
END_TEST

START_TEST(an_orderly_end_inside_a_message_is_a_lost_connection)
{
    size_t length = 1;
    for (size_t cut = 0; cut <= length; cut++) {
        uint8_t bytes[2000];
        fixture f;
        start_bare(&f, &(memory_config){.seed = 18});
        length = three_messages(&f.bare, bytes, sizeof bytes, 100);
        bare_write(&f.bare, bytes, cut);
        zks__link_close(f.bare.link, 0, "bye");
        memory_pair_run(f.pair);
        ck_assert_int_eq(f.b.closed, 1);
        /* Whole after nothing, after all of it, and where a message's end meets a record's end:
         * nowhere else here. */
        bool whole = cut == 0 || cut == length;
        ck_assert_int_eq(f.b.status, whole ? ZKS_OK : ZKS_E_CONNECTION_LOST);
        stop(&f);
    }
}
END_TEST

START_TEST(send_reports_what_the_link_and_the_limits_say)
{
    fixture f;
    static const uint8_t big[ZKS_BLOB_MAX_BYTES + 1];
    zks__push_item item = {.blob = {.data = big, .length = sizeof big}};
    zks__message m = {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1, .items = &item}};
    start(&f, &(memory_config){.seed = 19});
    memory_pair_refuse_writes(f.pair);
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_E_TOO_LARGE);
    m = pull_message(1);
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_E_NOMEM);
    /* The sealed record is lost, and what followed could not be opened. */
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_E_CLOSED);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 0);
    ck_assert_int_eq(f.a.status, ZKS_E_NOMEM);
    stop(&f);
}
END_TEST

/* --- what a peer must not send --- */

static const struct {
    const char *what;
    size_t length;
    uint8_t bytes[24];
    uint8_t about;
} bad[] = {
    {"an empty record", 2, {0, 0}, 0},
    {"a message of length 0", 3, {0, 1, 0}, 0},
    {"a length that is not minimal", 4, {0, 2, 0x81, 0x00}, 0},
    {"a length over the limit", 5, {0, 3, 0x81, 0x80, 0x44}, 0},
    {"a length without end", 5, {0, 3, 0xff, 0xff, 0xff}, 0},
    {"a PULL that is cut", 6, {0, 4, 3, ZKS_MESSAGE_PULL, 0, 0}, ZKS_MESSAGE_PULL},
    {"a PUSH whose count lies", 6, {0, 4, 3, ZKS_MESSAGE_PUSH, 0x81, 0x08}, ZKS_MESSAGE_PUSH},
    {"RECORDS with action 9", 7, {0, 5, 4, ZKS_MESSAGE_RECORDS, 9, 0, 0}, ZKS_MESSAGE_RECORDS},
};

/* The first record: an acceptor answers nothing before it. */
static void prove(fixture *f)
{
    uint8_t bytes[32];
    size_t length = 0;
    zks__message m = pull_message(0);
    ck_assert_int_eq(zks__wire_encode(&m, bytes, sizeof bytes, &length), ZKS_OK);
    bare_write_record(&f->bare, bytes, length);
    memory_pair_run(f->pair);
    ck_assert(zks__session_established(f->b.session));
}

START_TEST(malformed_is_answered_with_error_and_ends_the_session)
{
    for (int pieces = 0; pieces < 2; pieces++) {
        fixture f;
        uint8_t sealed[64];
        start_bare(&f, &(memory_config){.seed = 20, .max_piece = (size_t)pieces});
        prove(&f);
        bare_write(&f.bare, sealed,
                   bare_seal(&f.bare, bad[_i].bytes, bad[_i].length, sealed, sizeof sealed));
        bare_write(&f.bare, "behind", 6);
        memory_pair_run(f.pair);
        zks__message m;
        ck_assert_msg(f.b.closed == 1 && f.b.status == ZKS_E_PROTOCOL, "%s: %d", bad[_i].what,
                      (int)f.b.status);
        ck_assert_uint_eq(f.b.count, 1);
        ck_assert(bare_message(&f.bare, 0, &m));
        ck_assert_int_eq(m.type, ZKS_MESSAGE_ERROR);
        ck_assert_uint_eq(m.error.code, ZKS_WIRE_INVALID_MESSAGE);
        ck_assert_uint_eq(m.error.about, bad[_i].about);
        ck_assert(!bare_message(&f.bare, 1, &m));
        ck_assert_int_eq(f.bare.closed, 1);
        stop(&f);
    }
}
END_TEST

/* 127 bytes behind a 1-byte prefix: the type byte must be found by the prefix as it is, not by the
 * whole's size. */
START_TEST(error_names_the_type_of_a_message_of_awkward_length)
{
    uint8_t bytes[128] = {127, ZKS_MESSAGE_DELETE, 0xff};
    fixture f;
    start_bare(&f, &(memory_config){.seed = 21});
    bare_write_record(&f.bare, bytes, sizeof bytes);
    memory_pair_run(f.pair);
    zks__message m;
    ck_assert(bare_message(&f.bare, 0, &m));
    ck_assert_uint_eq(m.error.about, ZKS_MESSAGE_DELETE);
    stop(&f);
}
END_TEST

START_TEST(sixteen_unknown_types_are_answered_and_the_next_ends_the_session)
{
    fixture f;
    start_bare(&f, &(memory_config){.seed = 22});
    for (uint8_t i = 0; i < 16; i++) {
        const uint8_t unknown[] = {3, (uint8_t)(0xa0 + i), 1, 2};
        bare_write_record(&f.bare, unknown, sizeof unknown);
    }
    uint8_t bytes[2000];
    bare_write(&f.bare, bytes, three_messages(&f.bare, bytes, sizeof bytes, 65535));
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 3);
    ck_assert_int_eq(f.b.closed, 0);
    zks__message m;
    for (size_t i = 0; i < 16; i++) {
        ck_assert(bare_message(&f.bare, i, &m));
        ck_assert_uint_eq(m.error.code, ZKS_WIRE_INVALID_MESSAGE);
        ck_assert_uint_eq(m.error.about, 0xa0 + i);
    }
    ck_assert(!bare_message(&f.bare, 16, &m));
    bare_write_record(&f.bare, "\x01\xbb", 2);
    memory_pair_run(f.pair);
    ck_assert_int_eq(f.b.closed, 1);
    ck_assert_int_eq(f.b.status, ZKS_E_PROTOCOL);
    ck_assert(bare_message(&f.bare, 16, &m));
    ck_assert_uint_eq(m.error.about, 0xbb);
    stop(&f);
}
END_TEST

/* The records of a message in another order, one twice, one missing, one bit changed. Last: as they
 * were. */
START_TEST(altered_records_do_not_open)
{
    enum { RECORDS = 4, PART = 50, SEALED = 2 + PART + ZKS_TAG_BYTES };
    static const size_t orders[][RECORDS] = {{0, 2, 1, 3}, {1, 0, 2, 3}, {0, 0, 1, 2},
                                             {0, 1, 3, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}};
    uint8_t plain[RECORDS][2 + PART] = {{0}}, records[RECORDS][SEALED];
    for (size_t i = 0; i < RECORDS; i++) {
        plain[i][1] = PART;
    }
    /* 198 bytes follow: a BYE of zeros with much that is ignored behind it */
    memcpy(plain[0] + 2, "\xc6\x01", 2);
    plain[0][4] = ZKS_MESSAGE_BYE;
    fixture f;
    start_bare(&f, &(memory_config){.seed = 23});
    ck_assert_uint_eq(bare_seal(&f.bare, plain[0], sizeof plain, records[0], sizeof records),
                      sizeof records);
    for (size_t i = 0; i < RECORDS; i++) {
        uint8_t copy[SEALED];
        memcpy(copy, records[orders[_i][i]], sizeof copy);
        copy[20] ^= _i == 4 && i == 3; /* in order, one bit changed */
        bare_write(&f.bare, copy, sizeof copy);
    }
    memory_pair_run(f.pair);
    bool intact = _i == 5;
    ck_assert_uint_eq(f.b.count, intact ? 1 : 0);
    ck_assert_int_eq(f.b.closed, intact ? 0 : 1);
    ck_assert_int_eq(f.b.status, intact ? ZKS_OK : ZKS_E_PROTOCOL);
    stop(&f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, ready_once_and_both_sides_know_the_same);
    tcase_add_test(c, session_hash_differs_for_each_connection);
    tcase_add_test(c, a_link_without_exporter_ends_the_session_on_both_sides);
    tcase_add_test(c, a_link_that_shows_no_client_key_is_refused);
    tcase_add_test(c, send_before_ready_and_after_the_end_is_refused);
    tcase_add_test(c, free_before_attach_and_null);
    tcase_add_loop_test(c, random_streams_arrive_whole_and_in_order, 0, 24);
    tcase_add_loop_test(c, every_split_of_a_stream_gives_the_same_messages, 0, 9);
    tcase_add_test(c, backing_outlives_the_session_for_who_keeps_it);
    tcase_add_test(c, pause_holds_messages_and_credit_until_resume);
    tcase_add_test(c, a_paused_session_stops_the_sender_at_the_window);
    tcase_add_test(c, closed_while_paused_is_raised_and_drops_the_rest);
    tcase_add_test(c, close_inside_a_message_stops_further_ones);
    tcase_add_test(c, an_orderly_end_inside_a_message_is_a_lost_connection);
    tcase_add_test(c, send_reports_what_the_link_and_the_limits_say);
    tcase_add_loop_test(c, malformed_is_answered_with_error_and_ends_the_session, 0,
                        ZKS_COUNTOF(bad));
    tcase_add_test(c, error_names_the_type_of_a_message_of_awkward_length);
    tcase_add_test(c, sixteen_unknown_types_are_answered_and_the_next_ends_the_session);
    tcase_add_loop_test(c, altered_records_do_not_open, 0, 6);
}

int main(void)
{
    return unit_main("session", add);
}
