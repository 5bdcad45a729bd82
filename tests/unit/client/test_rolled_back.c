/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A client whose store fails at one commit while its relay goes on: what the relay sends on that
 * connection is not taken as if the commit had succeeded, and the next connection brings all of it.
 * A is the real thing, with a store on disk; B a member made by hand.
 */
#include "tests/support/fake_relay.h"
#include "tests/unit/client/failing_commit.h"
#include "tests/unit/client/paired.h"

enum { CHUNK = 10, BLOBS_MAX = 2 * CHUNK, RECORDS_MAX = 512, PULLS_MAX = 16 };

/* What the relay has and has heard. */
static struct {
    pthread_mutex_t mutex;
    /* The PULL behind hold_at is answered once a commit is held, with MORE: so the next one, behind
     * release_at, tells that those blobs are in A's storage queue, and that commit fails. */
    bool holds;
    uint64_t hold_at, release_at;
    bool notifies;    /* of its blobs behind what it answers to a PUSH or to RECORDS */
    uint32_t refusal; /* of what is pushed */
    size_t carries;   /* when so many records are here, the next commit about the relay fails */
    unsigned pushes, carried; /* RECORDS that were put */
    size_t count, record_count, pull_count;
    zks__buf *blobs[BLOBS_MAX], *records[RECORDS_MAX];
    uint8_t ids[BLOBS_MAX][ZKS_BLOB_ID_BYTES], own_last[ZKS_BLOB_ID_BYTES];
    uint64_t pulls[PULLS_MAX];
} play;

static fake_relay *relay;
static device me;
static uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES];

/* --- the relay --- */

static void keep_records(zks__wire_list list)
{
    zks__slice bytes;
    while (zks__wire_next_slice(&list, &bytes)) {
        bool known = false;
        for (size_t i = 0; i < play.record_count; i++) {
            known = known || (play.records[i]->length == bytes.length &&
                              memcmp(play.records[i]->data, bytes.data, bytes.length) == 0);
        }
        if (!known && play.record_count < RECORDS_MAX) {
            play.records[play.record_count++] = zks__buf_copy(bytes.data, bytes.length);
        }
    }
}

static void welcome(zks__session *s)
{
    zks__slice records[RECORDS_MAX];
    for (size_t i = 0; i < play.record_count; i++) {
        records[i] = (zks__slice){play.records[i]->data, play.records[i]->length};
    }
    zks__message m = {.type = ZKS_MESSAGE_WELCOME};
    m.welcome.version = ZKS_WIRE_VERSION;
    m.welcome.incarnation[0] = 1;
    m.welcome.head = play.count;
    memcpy(m.welcome.own_last, play.own_last, sizeof m.welcome.own_last);
    if (play.record_count <= ZKS_RECORDS_PER_MESSAGE_MAX) { /* else A has them all */
        m.welcome.records = (zks__wire_list){.count = play.record_count, .items = records};
    }
    fake_relay_send(s, &m);
}

static void answer_pull(zks__session *s, uint64_t after)
{
    zks__blob_item items[CHUNK] = {0};
    size_t count = 0;
    for (size_t i = after; i < play.count && count < CHUNK; i++) {
        items[count].cursor = i + 1;
        memcpy(items[count].sender, b_id, ZKS_DEVICE_ID_BYTES);
        memcpy(items[count].blob_id, play.ids[i], ZKS_BLOB_ID_BYTES);
        items[count++].blob = (zks__slice){play.blobs[i]->data, play.blobs[i]->length};
    }
    zks__message m = {.type = ZKS_MESSAGE_BLOBS};
    bool more = after + count < play.count || (play.holds && after < play.release_at);
    m.blobs.flags = more ? ZKS_BLOBS_MORE : 0;
    m.blobs.from = after;
    m.blobs.contiguous = after + count;
    m.blobs.blobs = (zks__wire_list){.count = count, .items = items};
    fake_relay_send(s, &m);
}

static void on_pull(zks__session *s, uint64_t after)
{
    if (play.pull_count < PULLS_MAX) {
        play.pulls[play.pull_count++] = after;
    }
    if (play.holds && after == play.hold_at) {
        (void)commit_reached(COMMIT_HELD);
    }
    if (play.holds && after == play.release_at) {
        commit_release();
        play.holds = false;
    }
    answer_pull(s, after);
}

static void notify(zks__session *s)
{
    zks__message m = {.type = ZKS_MESSAGE_NOTIFY, .notify = {.head = play.count}};
    if (play.notifies) {
        fake_relay_send(s, &m);
    }
}

static void on_push(zks__session *s, const zks__push *m)
{
    zks__wire_list list = m->blobs;
    zks__push_item item;
    while (zks__wire_next_push(&list, &item)) {
        zks__push_result r = {.cursor = 100 + ++play.pushes, .code = play.refusal};
        memcpy(r.blob_id, item.blob_id, sizeof r.blob_id);
        zks__message ack = {.type = ZKS_MESSAGE_PUSH_ACK};
        ack.push_ack.results = (zks__wire_list){.count = 1, .items = &r};
        if (!play.refusal) {
            memcpy(play.own_last, item.blob_id, sizeof play.own_last);
        }
        fake_relay_send(s, &ack);
    }
    notify(s);
}

static void on_records(zks__session *s, zks__wire_list records)
{
    zks__message taken = {.type = ZKS_MESSAGE_RECORDS};
    keep_records(records);
    if (play.carries && play.record_count == play.carries) {
        commit_choose("UPDATE relays ");
        play.carries = 0;
    }
    play.carried++;
    fake_relay_send(s, &taken);
    notify(s);
}

static void handle(fake_relay *r, zks__session *s, const zks__message *m)
{
    (void)r;
    pthread_mutex_lock(&play.mutex);
    switch (m->type) {
    case ZKS_MESSAGE_HELLO:
        keep_records(m->hello.records);
        welcome(s);
        break;
    case ZKS_MESSAGE_PULL:
        on_pull(s, m->pull.after);
        break;
    case ZKS_MESSAGE_PUSH:
        on_push(s, &m->push);
        break;
    case ZKS_MESSAGE_RECORDS:
        on_records(s, m->records.records);
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&play.mutex);
}

/* B's next entry is at the relay, which says nothing of it. */
static void b_pushes(const char *text)
{
    pthread_mutex_lock(&play.mutex);
    ck_assert_uint_lt(play.count, BLOBS_MAX);
    play.blobs[play.count] = b_blob(text, epoch_tag, root.epoch0_secret, play.ids[play.count]);
    play.count++;
    pthread_mutex_unlock(&play.mutex);
}

static unsigned count_of(const unsigned *what)
{
    pthread_mutex_lock(&play.mutex);
    unsigned count = *what;
    pthread_mutex_unlock(&play.mutex);
    return count;
}

/* --- A --- */

static void open_me(void)
{
    zks_op *op = NULL;
    zks__client_options o = {.store_path = path,
                             .event = device_event,
                             .event_user = &me,
                             .event_user_free = device_freed};
    memset(&me, 0, sizeof me);
    o.relays[o.relay_count++] = (char *)(uintptr_t)fake_relay_address(relay);
    ck_assert_int_eq(zks__client_open(runtime, &o, NULL, NULL, &op, &me.client), ZKS_OK);
    device_done(op, ZKS_OK);
}

/* A's group, with B in it, is in the store, and A's client has it open. */
static void begin_test(void)
{
    commit_setup();
    memset(&play, 0, sizeof play);
    pthread_mutex_init(&play.mutex, NULL);
    setup();
    memcpy(epoch_tag, tip()->hash, sizeof epoch_tag);
    zks__record_list list;
    ck_assert_int_eq(zks__ledger_record_list(a, &list), ZKS_OK);
    keep_records((zks__wire_list){.count = list.count, .items = list.items});
    ck_assert_uint_eq(play.record_count, list.count);
    zks__record_list_done(&list);
    zks__ledger_close(a);
    a = NULL;
    relay = fake_relay_start(handle, NULL);
    open_me();
}

static void end_test(void)
{
    commit_release();
    device_free(&me);
    DEVICE_UNTIL(me.freed);
    fake_relay_free(relay);
    teardown();
    for (size_t i = 0; i < play.count; i++) {
        zks__buf_unref(play.blobs[i]);
    }
    for (size_t i = 0; i < play.record_count; i++) {
        zks__buf_unref(play.records[i]);
    }
}

static zks_op *wait_synced(void)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_wait_synced(me.client, NULL, NULL, &op), ZKS_OK);
    return op;
}

/* The relay has this of B. It tells so behind what it answers next, and while the commit of that
 * answer is held A pulls it. */
static void b_pushes_behind_answer(const char *text)
{
    b_pushes(text);
    pthread_mutex_lock(&play.mutex);
    play.holds = play.notifies = true;
    play.hold_at = play.count - 1;
    play.release_at = play.count;
    pthread_mutex_unlock(&play.mutex);
}

/* The connection was left for the failure, and the next one has brought all there is. */
static void expect_second_connection(void)
{
    ck_assert(commit_reached(COMMIT_FAILED));
    DEVICE_UNTIL(me.connected == 2);
    device_done(wait_synced(), ZKS_OK);
    ck_assert_uint_eq(me.connected, 2);
    DEVICE_UNTIL(me.events[ZKS_EVENT_STORE] == 2);
    ck_assert_int_eq(me.status[ZKS_EVENT_STORE], ZKS_OK);
}

static bool holds_text(const zks_batch *batch, size_t i, const char *text)
{
    size_t length = 0;
    const uint64_t *at = zks__batch_offsets(batch);
    const uint8_t *data = zks__batch_data(batch, &length);
    return at[i + 1] - at[i] == strlen(text) && !memcmp(data + at[i], text, strlen(text));
}

/* What the app of A can read, own entries too: these texts, once each, those of one author in this
 * order. */
static void expect_read(const char *const *texts, size_t count)
{
    zks_batch *batch = NULL;
    zks_op *op = device_read(&me, 0, ZKS_READ_OWN);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
    zks__op_free(op);
    ck_assert_uint_eq(zks__batch_count(batch), count);
    size_t last[2] = {0}; /* of B, of A: place and one */
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < count && !holds_text(batch, at, texts[i])) {
            at++;
        }
        ck_assert_msg(at < count, "\"%s\" is not there", texts[i]);
        size_t *before = &last[strncmp(texts[i], "own", 3) == 0];
        ck_assert_uint_ge(at, *before);
        *before = at + 1;
    }
    zks__batch_free(batch);
}

static zks_op *push_text(const char *text, uint32_t flags)
{
    zks_op *op = NULL;
    size_t length = strlen(text);
    ck_assert_int_eq(
        zks__client_push(me.client, (const uint8_t *)text, &length, 1, flags, NULL, NULL, &op),
        ZKS_OK);
    return op;
}

static int64_t pending(void)
{
    zks_report *report = NULL;
    ck_assert_int_eq(zks__report_get(me.client, &report), ZKS_OK);
    int64_t count = zks__report_number(report, ZKS_REPORT_PENDING_COUNT);
    zks__report_free(report);
    return count;
}

/* --- the tests --- */

/* BLOBS up to 10 are not stored, those up to 20 would be: the cursor may not pass the former. */
START_TEST(blobs_behind_those_that_were_not_stored_do_not_move_the_cursor)
{
    static const uint64_t expected[] = {0, CHUNK, 2 * CHUNK, 0, CHUNK};
    char texts[2 * CHUNK][16];
    const char *listed[2 * CHUNK];
    for (unsigned i = 0; i < 2 * CHUNK; i++) {
        snprintf(texts[i], sizeof texts[i], "entry %u", i + 1);
        listed[i] = texts[i];
        b_pushes(texts[i]);
    }
    play.holds = true;
    play.hold_at = CHUNK;
    play.release_at = 2 * CHUNK;
    commit_choose("INTO inbox ");
    device_connect(&me);
    expect_second_connection();
    pthread_mutex_lock(&play.mutex);
    ck_assert_uint_ge(play.pull_count, ZKS_COUNTOF(expected));
    ck_assert_mem_eq(play.pulls, expected, sizeof expected);
    pthread_mutex_unlock(&play.mutex);
    expect_read(listed, 2 * CHUNK);
}
END_TEST

/* The relay has taken the EPOCH that removes B, which is not stored here; what the relay has of B
 * is judged with it nevertheless. */
START_TEST(blobs_behind_records_that_were_not_stored_are_judged_with_them)
{
    zks_op *revoke = NULL;
    device_connect(&me);
    device_done(wait_synced(), ZKS_OK);
    b_pushes_behind_answer("too late");
    commit_choose("INTO records ");
    ck_assert_int_eq(
        zks__client_device_revoke(me.client, b_id, ZKS_REMOVAL_LOST, NULL, 0, NULL, NULL, &revoke),
        ZKS_OK);
    device_done(revoke, ZKS_E_STORE_FULL);
    expect_second_connection();
    expect_read(NULL, 0);
    DEVICE_UNTIL(me.events[ZKS_EVENT_REJECTED] == 1);
    ck_assert_int_eq(me.status[ZKS_EVENT_REJECTED], ZKS_E_NOT_MEMBER);
    ck_assert_uint_eq(me.events[ZKS_EVENT_DEVICE_REMOVED], 1);
    ck_assert_int_eq(
        zks__client_device_revoke(me.client, b_id, ZKS_REMOVAL_LOST, NULL, 0, NULL, NULL, &revoke),
        ZKS_OK);
    device_done(revoke, ZKS_OK); /* there is nothing left to do */
    ck_assert_uint_eq(me.connected, 2);
}
END_TEST

/* That the relay has an own entry is not stored: storing a cursor does not say so either. */
START_TEST(own_entry_whose_acknowledgement_was_not_stored_takes_its_place_once)
{
    static const char *const texts[] = {"own", "of B"};
    device_connect(&me);
    device_done(wait_synced(), ZKS_OK);
    b_pushes_behind_answer("of B");
    commit_choose("INTO inbox_own ");
    zks_op *push = push_text("own", ZKS_PUSH_ACKED);
    expect_second_connection();
    device_done(push, ZKS_OK);
    expect_read(texts, 2);
    device_done(push_text("own, behind", ZKS_PUSH_ACKED), ZKS_OK);
    ck_assert_uint_eq(count_of(&play.pushes), 3);
    ck_assert_int_eq(pending(), 0);
}
END_TEST

static void reconnect(void)
{
    zks_op *op = NULL;
    unsigned before = me.connected;
    ck_assert_int_eq(zks__client_disconnect(me.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(me.state == ZKS_STATE_OFFLINE);
    device_connect(&me);
    DEVICE_UNTIL(me.connected > before);
}

/* Nothing else happens that would wake the loop thread. */
START_TEST(connection_whose_acknowledgement_was_not_stored_is_left_at_once)
{
    device_connect(&me);
    device_done(wait_synced(), ZKS_OK);
    commit_choose("INTO inbox_own ");
    zks_op *push = push_text("own", ZKS_PUSH_ACKED);
    ck_assert(commit_reached(COMMIT_HELD));
    commit_release();
    device_done(push, ZKS_OK);
    ck_assert_uint_eq(me.connected, 2);
    ck_assert_uint_eq(count_of(&play.pushes), 2);
}
END_TEST

START_TEST(key_that_could_not_be_pinned_ends_the_connection_at_once)
{
    static const uint8_t other_key[32] = {1};
    device_connect(&me);
    device_done(push_text("own", ZKS_PUSH_ACKED), ZKS_OK);
    device_done(wait_synced(), ZKS_OK);
    commit_choose("INTO pins ");
    ck_assert_int_eq(zks__client_trust_relay(me.client, fake_relay_address(relay), other_key),
                     ZKS_OK);
    ck_assert(commit_reached(COMMIT_HELD));
    commit_release();
    DEVICE_UNTIL(me.connected == 2); /* to the key that stayed */
    DEVICE_UNTIL(me.events[ZKS_EVENT_STORE] == 2);
}
END_TEST

/* Whether or not the connection ends for it: the next WELCOME shows that the entry is not there. */
START_TEST(refusal_that_was_not_stored_is_heard_once_more)
{
    play.refusal = 7777; /* for good */
    device_connect(&me);
    commit_choose("INTO refused ");
    device_done(push_text("own", ZKS_PUSH_STORED), ZKS_OK);
    ck_assert(commit_reached(COMMIT_HELD));
    commit_release();
    DEVICE_UNTIL(me.events[ZKS_EVENT_PUSH_REFUSED] == 1);
    reconnect();
    DEVICE_UNTIL(me.events[ZKS_EVENT_PUSH_REFUSED] == 2);
    ck_assert_uint_eq(count_of(&play.pushes), 2);
    DEVICE_UNTIL(pending() == 0); /* it is settled too */
    reconnect();
    pthread_mutex_lock(&play.mutex);
    play.refusal = 0;
    pthread_mutex_unlock(&play.mutex);
    device_done(push_text("own, behind", ZKS_PUSH_ACKED), ZKS_OK);
    ck_assert_uint_eq(count_of(&play.pushes), 3);
}
END_TEST

/* The row of a relay that was never used before: nothing is done with one that is not there. */
START_TEST(relay_whose_row_was_not_stored_is_tried_again)
{
    static const char *const texts[] = {"own", "of B"};
    zks_op *op = NULL;
    b_pushes(texts[1]);
    commit_choose("INTO relays ");
    ck_assert_int_eq(zks__client_connect(me.client, NULL, NULL, &op), ZKS_OK);
    ck_assert(commit_reached(COMMIT_HELD));
    commit_release();
    device_done(op, ZKS_E_STORE_FULL);
    DEVICE_UNTIL(me.connected == 1);
    device_done(push_text(texts[0], ZKS_PUSH_ACKED), ZKS_OK);
    device_done(wait_synced(), ZKS_OK);
    expect_read(texts, 2);
    ck_assert_uint_eq(me.connected, 1);
}
END_TEST

/* More members than a HELLO takes, whom the relay does not know. */
static void meet_many(void)
{
    enum { MANY = 254 }; /* with B as many as one device may let in */
    static uint8_t bytes[ZKS_RECORD_BODY_MAX_BYTES];
    device_free(&me);
    DEVICE_UNTIL(me.freed);
    open_a(false);
    for (uint32_t i = 0; i < MANY; i++) {
        zks__device_keys keys;
        uint8_t own_seed[32] = {77};
        size_t length = 0;
        memcpy(own_seed + 1, &i, sizeof i);
        zks__device_keys_derive(own_seed, root.group_id, b_instance, &keys);
        zks__member m = {.rights = ZKS_RIGHT_INVITE};
        ck_assert_int_eq(zks__record_make_member(root.suite, root.group_id, &m, &keys.sign,
                                                 &a->device.sign, bytes, sizeof bytes, &length),
                         ZKS_OK);
        ck_assert_uint_eq(take(bytes, length).count, 1);
    }
    play.carries = zks__records_count(a->records);
    ck_assert_uint_gt(play.carries, ZKS_RECORDS_PER_MESSAGE_MAX);
    zks__ledger_close(a);
    a = NULL;
    open_me();
}

START_TEST(note_that_the_relay_has_all_records_costs_no_connection_when_it_is_not_stored)
{
    meet_many();
    device_connect(&me);
    ck_assert(commit_reached(COMMIT_HELD));
    commit_release();
    device_done(push_text("own", ZKS_PUSH_ACKED), ZKS_OK);
    device_done(wait_synced(), ZKS_OK);
    ck_assert_uint_eq(me.connected, 1);
    unsigned before = count_of(&play.carried);
    ck_assert_uint_ge(before, 1);
    reconnect();
    device_done(push_text("own, behind", ZKS_PUSH_ACKED), ZKS_OK);
    ck_assert_uint_eq(me.connected, 2);
    ck_assert_uint_eq(count_of(&play.carried),
                      before); /* the acknowledgement has noted it as well */
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, begin_test, end_test);
    tcase_add_test(c, blobs_behind_those_that_were_not_stored_do_not_move_the_cursor);
    tcase_add_test(c, blobs_behind_records_that_were_not_stored_are_judged_with_them);
    tcase_add_test(c, own_entry_whose_acknowledgement_was_not_stored_takes_its_place_once);
    tcase_add_test(c, connection_whose_acknowledgement_was_not_stored_is_left_at_once);
    tcase_add_test(c, key_that_could_not_be_pinned_ends_the_connection_at_once);
    tcase_add_test(c, refusal_that_was_not_stored_is_heard_once_more);
    tcase_add_test(c,
                   note_that_the_relay_has_all_records_costs_no_connection_when_it_is_not_stored);
    tcase_add_test(c, relay_whose_row_was_not_stored_is_tried_again);
}

int main(void)
{
    return unit_main("rolled_back", add);
}
