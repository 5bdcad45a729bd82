/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Clients and a relay that breaks the rules, or breaks off at a bad moment. Nothing may hang, spin
 * or be lost. */
#include "base/alloc.h"
#include "tests/support/fake_relay.h"
#include "tests/unit/client/device.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { BLOBS_MAX = 64, RECORDS_MAX = 16 };

/* What the relay of a test does, beside greeting and answering a PULL with "that is all". */
typedef struct script {
    pthread_mutex_t mutex;
    bool keeps;              /* what is pushed; a PULL gets it */
    bool breaks_after_blobs; /* ends the link with the blobs */
    bool garbage_after_pull; /* the first PULL is answered with what is no message */
    bool refuses_pulls;      /* with ERROR, the first three */
    bool floods;             /* a PULL is answered with endless live blobs */
    bool keeps_promising;    /* MORE, for ever */
    unsigned hellos, pulls, pushes;
    /* kept */
    size_t count, record_count;
    uint8_t sender[ZKS_DEVICE_ID_BYTES];
    zks__buf *blobs[BLOBS_MAX], *records[RECORDS_MAX];
    uint8_t ids[BLOBS_MAX][ZKS_BLOB_ID_BYTES];
} script;

static zks_runtime *runtime;
static fake_relay *relay;
static script play;
static device a, b;
static char folder[64], path[96]; /* for a test with a store; empty: none */

static void keep_records(zks__wire_list list)
{
    zks__slice bytes;
    while (play.record_count < RECORDS_MAX && zks__wire_next_slice(&list, &bytes)) {
        play.records[play.record_count++] = zks__buf_copy(bytes.data, bytes.length);
    }
}

static void keep_push(zks__session *s, const zks__push *m)
{
    zks__wire_list list = m->blobs;
    zks__push_item item;
    memcpy(play.sender, zks__session_peer_key(s), sizeof play.sender);
    while (play.count < BLOBS_MAX && zks__wire_next_push(&list, &item)) {
        memcpy(play.ids[play.count], item.blob_id, ZKS_BLOB_ID_BYTES);
        play.blobs[play.count++] = zks__buf_copy(item.blob.data, item.blob.length);
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
    m.welcome.records = (zks__wire_list){.count = play.record_count, .items = records};
    fake_relay_send(s, &m);
}

static void answer_pull(zks__session *s, const zks__pull *m)
{
    zks__blob_item items[BLOBS_MAX] = {0};
    size_t count = 0;
    for (size_t i = m->after; i < play.count; i++) {
        items[count].cursor = i + 1;
        memcpy(items[count].sender, play.sender, sizeof play.sender);
        memcpy(items[count].blob_id, play.ids[i], ZKS_BLOB_ID_BYTES);
        items[count++].blob = (zks__slice){play.blobs[i]->data, play.blobs[i]->length};
    }
    zks__message b_m = {.type = ZKS_MESSAGE_BLOBS};
    b_m.blobs.from = m->after;
    b_m.blobs.contiguous = count ? play.count : m->after;
    b_m.blobs.blobs = (zks__wire_list){.count = count, .items = items};
    fake_relay_send(s, &b_m);
    if (count && play.breaks_after_blobs) {
        zks__session_close(s, ZKS_WIRE_RELAY_OVERLOADED, "enough");
    }
}

static void refuse_pull(zks__session *s)
{
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.about = ZKS_MESSAGE_PULL;
    m.error.code = ZKS_WIRE_RATE_LIMITED;
    m.error.retry_after_ms = 1;
    fake_relay_send(s, &m);
}

static void on_pull(fake_relay *r, zks__session *s, const zks__pull *m)
{
    play.pulls++;
    if (play.garbage_after_pull && play.pulls == 1) {
        fake_relay_garbage(r);
    } else if (play.refuses_pulls && play.pulls <= 2) {
        refuse_pull(s);
    } else if (play.keeps_promising) {
        fake_relay_blobs(s, ZKS_BLOBS_MORE, m->after, m->after);
    } else {
        answer_pull(s, m);
    }
}

static void handle(fake_relay *r, zks__session *s, const zks__message *m)
{
    pthread_mutex_lock(&play.mutex);
    switch (m->type) {
    case ZKS_MESSAGE_HELLO:
        play.hellos++;
        keep_records(m->hello.records);
        welcome(s);
        break;
    case ZKS_MESSAGE_PULL:
        on_pull(r, s, &m->pull);
        break;
    case ZKS_MESSAGE_PUSH:
        play.pushes++;
        if (play.keeps) {
            keep_push(s, &m->push);
        }
        fake_relay_ack_push(s, &m->push);
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&play.mutex);
}

static unsigned count_of(const unsigned *what)
{
    pthread_mutex_lock(&play.mutex);
    unsigned count = *what;
    pthread_mutex_unlock(&play.mutex);
    return count;
}

static void setup(void)
{
    memset(&play, 0, sizeof play);
    pthread_mutex_init(&play.mutex, NULL);
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    relay = fake_relay_start(handle, NULL);
}

static void teardown(void)
{
    device_free(&a);
    device_free(&b);
    ck_assert_int_eq(zks__runtime_close(runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(runtime);
    ck_assert_uint_eq(a.events[ZKS_EVENT_CLOSED], a.freed);
    ck_assert_uint_eq(a.late, 0);
    fake_relay_free(relay);
    device_folder_remove(folder);
    for (size_t i = 0; i < play.count; i++) {
        zks__buf_unref(play.blobs[i]);
    }
    for (size_t i = 0; i < play.record_count; i++) {
        zks__buf_unref(play.records[i]);
    }
}

START_TEST(garbage_while_there_is_something_to_send_does_not_stop_the_loop)
{
    play.garbage_after_pull = true;
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_connect(a.client, NULL, NULL, &op), ZKS_OK);
    for (uint64_t i = 0; i < 20000 && !a.events[ZKS_EVENT_STATE]; i++) {
        device_done(device_push(&a, i, ZKS_PUSH_STORED), ZKS_OK);
    }
    while (count_of(&play.hellos) < 2) {
        device_done(device_push(&a, 0, ZKS_PUSH_STORED), ZKS_OK);
    }
    device_done(op, ZKS_OK);
    device_done(device_push(&a, 7, ZKS_PUSH_ACKED), ZKS_OK);
}
END_TEST

START_TEST(what_is_stored_is_told_though_the_link_breaks)
{
    play.keeps = true;
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    device_connect(&a);
    for (uint64_t i = 0; i < 5; i++) {
        device_done(device_push(&a, i, ZKS_PUSH_ACKED), ZKS_OK);
    }
    pthread_mutex_lock(&play.mutex);
    play.breaks_after_blobs = true;
    pthread_mutex_unlock(&play.mutex);
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/b.zks", folder);
    device_open(&b, runtime, path, fake_relay_address(relay));
    zks_op *op = device_read(&b, 0, ZKS_READ_WAIT);
    ck_assert_int_eq(zks__client_connect(b.client, NULL, NULL, NULL), ZKS_OK);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(b.events[ZKS_EVENT_INBOX]);
}
END_TEST

static void wait_synced(const device *d)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_wait_synced(d->client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
}

/* Also the entries on their way: to the device those are the same. */
START_TEST(what_a_relay_has_and_does_not_announce_is_asked_for)
{
    play.keeps = true;
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    device_connect(&a);
    device_open(&b, runtime, NULL, fake_relay_address(relay));
    device_connect(&b);
    wait_synced(&b);
    device_done(device_push(&a, 7, ZKS_PUSH_ACKED), ZKS_OK);
    wait_synced(&b);
    zks_batch *batch = NULL;
    zks_op *op = device_read(&b, 0, 0);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
    ck_assert_uint_eq(zks__batch_count(batch), 1);
    zks__batch_free(batch);
    zks__op_free(op);
}
END_TEST

/* However many wait, one PULL asks. */
START_TEST(those_who_wait_for_the_same_share_a_question)
{
    enum { WAITING = 50 };
    zks_op *ops[WAITING];
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    for (size_t i = 0; i < WAITING; i++) {
        ck_assert_int_eq(zks__client_wait_synced(a.client, NULL, NULL, &ops[i]), ZKS_OK);
    }
    device_connect(&a);
    for (size_t i = 0; i < WAITING; i++) {
        device_done(ops[i], ZKS_OK);
    }
    ck_assert_uint_eq(count_of(&play.pulls), 1);
    wait_synced(&a);
    ck_assert_uint_eq(count_of(&play.pulls), 2);
}
END_TEST

START_TEST(a_refused_pull_is_made_again)
{
    play.refuses_pulls = true;
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    device_connect(&a);
    wait_synced(&a);
    ck_assert_uint_eq(a.connected, 1);
}
END_TEST

START_TEST(a_relay_that_keeps_promising_more_is_not_pulled_at_full_speed)
{
    play.keeps_promising = true;
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    device_connect(&a);
    DEVICE_UNTIL(count_of(&play.pulls) > 1);
    unsigned before = count_of(&play.pulls);
    usleep(500 * 1000);
    ck_assert_uint_le(count_of(&play.pulls) - before, 10);
}
END_TEST

/* The op of a first connect that fails. */
static zks_op *connect_fails(fake_relay_kind kind)
{
    fake_relay_free(relay);
    relay = fake_relay_start_as(kind, handle, NULL);
    device_open(&a, runtime, NULL, fake_relay_address(relay));
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_connect(a.client, NULL, NULL, &op), ZKS_OK);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_uint_eq(play.hellos, 0);
    return op;
}

START_TEST(a_relay_that_cannot_prove_its_session_keys_hears_no_hello)
{
    zks_op *op = connect_fails(FAKE_RELAY_UNPROVEN);
    ck_assert_int_eq(zks__op_status(op), ZKS_E_BAD_SIGNATURE);
    ck_assert_int_eq(zks__status_class(zks__op_status(op)), ZKS_CLASS_SECURITY);
    ck_assert_ptr_nonnull(strstr(zks__op_text(op), "ask who runs it"));
    zks__op_free(op);
}
END_TEST

START_TEST(a_relay_that_does_not_answer_the_handshake_is_given_up)
{
    device_connect_timeout_ms = 300;
    zks_op *op = connect_fails(FAKE_RELAY_SILENT);
    ck_assert_int_eq(zks__op_status(op), ZKS_E_UNREACHABLE);
    zks__op_free(op);
}
END_TEST

/* Writing beyond this size fails as on a full disk. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_fails_pushes_and_all_goes_on_when_there_is_room)
{
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.zks", folder);
    device_open(&a, runtime, path, fake_relay_address(relay));
    device_connect(&a);
    device_done(device_push(&a, 1, ZKS_PUSH_ACKED), ZKS_OK);
    limit_files(1);
    zks_op *failed = device_push(&a, 2, ZKS_PUSH_ACKED);
    ck_assert_int_eq(zks__op_wait(failed, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_lt(zks__op_status(failed), 0);
    limit_files(RLIM_INFINITY);
    zks_op *op = device_push(&a, 3, ZKS_PUSH_ACKED);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(a.events[ZKS_EVENT_STORE] >= 2);
    ck_assert_int_eq(a.status[ZKS_EVENT_STORE], ZKS_OK);
    int status = zks__op_status(failed);
    ck_assert_msg(status == ZKS_E_STORE_FULL || status == ZKS_E_STORE_IO, "%d", status);
    zks__op_free(failed);
    device_done(device_push(&a, 4, ZKS_PUSH_ACKED), ZKS_OK);
    ck_assert_uint_eq(a.connected, 1); /* the connection had nothing to do with it */
}
END_TEST

START_TEST(two_clients_of_one_group_cannot_share_a_store)
{
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.zks", folder);
    device_open(&a, runtime, path, NULL);
    zks_op *op = NULL;
    ck_assert_int_eq(device_try(&b, runtime, path, NULL, 1, &op), ZKS_OK);
    device_done(op, ZKS_E_STORE_BUSY);
    zks__client_free(b.client);
    DEVICE_UNTIL(b.freed);
    ck_assert_int_eq(device_try(&b, runtime, path, NULL, 2, &op), ZKS_OK);
    device_done(op, ZKS_OK); /* another group can */
    zks__client_free(b.client);
    DEVICE_UNTIL(b.freed); /* its last event is told before it is used again */
    zks__client_free(a.client);
    DEVICE_UNTIL(a.freed);
    device_open(&b, runtime, path, NULL); /* and the same one when it is free */
    device_open(&a, runtime, NULL, NULL);
}
END_TEST

START_TEST(each_close_completes_and_only_when_closed)
{
    zks_op *first = NULL, *second = NULL;
    device_open(&a, runtime, NULL, NULL);
    zks_op *waiting = device_read(&a, 0, ZKS_READ_WAIT);
    ck_assert_int_eq(zks__client_close(a.client, NULL, NULL, &first), ZKS_OK);
    ck_assert_int_eq(zks__client_close(a.client, NULL, NULL, &second), ZKS_OK);
    device_done(second, ZKS_OK);
    ck_assert_int_eq(zks__op_status(first), ZKS_OK);
    ck_assert_int_eq(zks__op_status(waiting), ZKS_E_CANCELLED);
    zks__op_free(first);
    zks__op_free(waiting);
    DEVICE_UNTIL(a.freed == 1);
}
END_TEST

START_TEST(closing_while_a_passphrase_is_stretched_ends_everything_once)
{
    memset(&a, 0, sizeof a);
    zks__client_secrets secrets = {.passphrase = "correct horse", .passphrase_length = 13};
    zks__client_options o = {.secrets = &secrets,
                             .salt = (uint8_t[16]){1},
                             .salt_length = 16,
                             .queue_max_bytes = 1 << 20,
                             .event = device_event,
                             .event_user = &a,
                             .event_user_free = device_freed};
    zks_op *open = NULL, *read, *connect = NULL;
    ck_assert_int_eq(zks__client_open(runtime, &o, NULL, NULL, &open, &a.client), ZKS_OK);
    read = device_read(&a, 0, ZKS_READ_WAIT);
    ck_assert_int_eq(zks__client_connect(a.client, NULL, NULL, &connect), ZKS_OK);
    /* Meanwhile nothing drains: what waits is bounded however small it is. */
    zks_status status = ZKS_OK;
    size_t count = 0, length = 1;
    for (; !status && count < 10000; count++) {
        status = zks__client_push(a.client, (const uint8_t *)"x", &length, 1, 0, NULL, NULL, NULL);
    }
    ck_assert_int_eq(status, ZKS_E_LIMIT);
    zks__client_free(a.client);
    a.client = NULL;
    device_done(read, ZKS_E_CANCELLED);
    ck_assert_int_eq(zks__op_wait(connect, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_lt(zks__op_status(connect), 0);
    ck_assert_int_eq(zks__op_wait(open, DEVICE_WAIT_MS), ZKS_OK);
    zks__op_free(connect);
    zks__op_free(open);
    DEVICE_UNTIL(a.freed == 1);
    ck_assert_uint_eq(a.events[ZKS_EVENT_CLOSED], 1);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, garbage_while_there_is_something_to_send_does_not_stop_the_loop);
    tcase_add_test(c, what_is_stored_is_told_though_the_link_breaks);
    tcase_add_test(c, what_a_relay_has_and_does_not_announce_is_asked_for);
    tcase_add_test(c, those_who_wait_for_the_same_share_a_question);
    tcase_add_test(c, a_refused_pull_is_made_again);
    tcase_add_test(c, a_relay_that_keeps_promising_more_is_not_pulled_at_full_speed);
    tcase_add_test(c, a_relay_that_cannot_prove_its_session_keys_hears_no_hello);
    tcase_add_test(c, a_relay_that_does_not_answer_the_handshake_is_given_up);
    tcase_add_test(c, a_full_disk_fails_pushes_and_all_goes_on_when_there_is_room);
    tcase_add_test(c, two_clients_of_one_group_cannot_share_a_store);
    tcase_add_test(c, each_close_completes_and_only_when_closed);
    tcase_add_test(c, closing_while_a_passphrase_is_stretched_ends_everything_once);
}

int main(void)
{
    return unit_main("relay_abuse", add);
}
