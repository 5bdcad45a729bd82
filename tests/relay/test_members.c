/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Devices of a paired group that remove each other, leave and change keys, at real relays, for each
 * suite. Their stores are made from one group seed, so that each is a member by the root key.
 */
#include "client/batch.h"
#include "client/internal.h"
#include "group/recovery.h"
#include "support/raw_relay.h"
#include "unit/client/device.h"

enum { MEMBERS = 4, RELAYS = 2, A = 0, B = 1, C = 2, D = 3 };

typedef struct member {
    device d; /* first: its address is the event's user */
    char path[96];
    uint8_t id[ZKS_DEVICE_ID_BYTES];
} member;

static const uint8_t seed[32] = {7, 7, 1};
static zks_runtime *runtime;
static raw_relay relays[RELAYS];
static member m[MEMBERS];
static char folder[64];
static uint8_t suite;
static uint32_t rotate_s; /* of clients opened next */

/* --- the scene -------------------------------------------------------------------- */

static void make_store(member *d, const char *name)
{
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    zks__ledger *l = NULL;
    const zks__ledger_config config = {.storage = runtime->storage,
                                       .vault = runtime->vault,
                                       .path = d->path,
                                       .secret = seed,
                                       .suite = suite,
                                       .mode = ZKS_GROUP_MODE_PAIRED,
                                       .device_name = name,
                                       .rng = runtime->rng,
                                       .clock = runtime->clock,
                                       .log = &runtime->log};
    ck_assert_int_eq(zks__ledger_open(&config, problem, &l), ZKS_OK);
    zks__ledger_close(l);
}

/* relay RELAYS: none; below 0: all. */
static void open_at(int who, int relay)
{
    member *d = &m[who];
    zks_op *op = NULL;
    memset(&d->d, 0, sizeof d->d);
    zks__client_options o = {.store_path = d->path,
                             .rotate_s = rotate_s,
                             .event = device_event,
                             .event_user = &d->d,
                             .event_user_free = device_freed};
    for (int i = 0; i < RELAYS; i++) {
        if (relay < 0 || relay == i) {
            o.relays[o.relay_count++] = relays[i].address;
        }
    }
    ck_assert_int_eq(zks__client_open(runtime, &o, NULL, NULL, &op, &d->d.client), ZKS_OK);
    device_done(op, ZKS_OK);
}

static zks_status try_connect(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_connect(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    zks_status status = zks__op_status(op);
    zks__op_free(op);
    return status;
}

static void shut(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_close(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    device_free(&m[who].d);
}

/* Closed, and connected to that relay only. */
static void move_to(int who, int relay)
{
    shut(who);
    open_at(who, relay);
    ck_assert_int_eq(try_connect(who), ZKS_OK);
}

static int64_t figure(int who, int32_t field)
{
    zks_report *p = NULL;
    ck_assert_int_eq(zks__report_get(m[who].d.client, &p), ZKS_OK);
    int64_t n = zks__report_number(p, field);
    zks__report_free(p);
    return n;
}

static int64_t epoch_of(int who)
{
    return figure(who, ZKS_REPORT_EPOCH);
}

static int64_t devices_of(int who)
{
    return figure(who, ZKS_REPORT_DEVICES);
}

static unsigned events_of(int who, int32_t kind)
{
    return m[who].d.events[kind];
}

/* The first `count` devices, connected to relay 0, which know each other. */
static void begin(int of_suite, int count)
{
    suite = (uint8_t)of_suite;
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    for (int i = 0; i < RELAYS; i++) {
        raw_relay_init(&relays[i]);
        raw_relay_start(&relays[i], NULL);
    }
    device_folder(folder, sizeof folder);
    for (int i = 0; i < count; i++) {
        size_t length = 0;
        zks_report *p = NULL;
        snprintf(m[i].path, sizeof m[i].path, "%s/%d.zks", folder, i);
        make_store(&m[i], "name");
        open_at(i, 0);
        ck_assert_int_eq(try_connect(i), ZKS_OK);
        ck_assert_int_eq(zks__report_get(m[i].d.client, &p), ZKS_OK);
        memcpy(m[i].id, zks__report_bytes(p, ZKS_REPORT_DEVICE_ID, &length), sizeof m[i].id);
        zks__report_free(p);
    }
    for (int i = 0; i < count; i++) {
        DEVICE_UNTIL(devices_of(i) == count);
        ck_assert_int_eq(figure(i, ZKS_REPORT_RIGHTS), ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
    }
}

static void end(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        device_free(&m[i].d);
    }
    ck_assert_int_eq(zks__runtime_close(runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(runtime);
    for (int i = 0; i < RELAYS; i++) {
        raw_relay_done(&relays[i]);
    }
    device_folder_remove(folder);
    rotate_s = 0;
}

/* --- what devices do -------------------------------------------------------------- */

static zks_op *start_revoke(int who, const uint8_t *whom, const char *words)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_device_revoke(m[who].d.client, whom, ZKS_REVOKE_LOST, words,
                                               words ? strlen(words) : 0, NULL, NULL, &op),
                     ZKS_OK);
    return op;
}

static int64_t finish_epoch(zks_op *op)
{
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_msg(zks__op_status(op) == ZKS_OK, "status %d (%s)", zks__op_status(op),
                  zks__op_text(op));
    int64_t number = zks__op_number(op, ZKS_OP_EPOCH);
    zks__op_free(op);
    return number;
}

static int64_t rotate(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_group_rotate(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    return finish_epoch(op);
}

static void push(int who, uint64_t word)
{
    device_done(device_push(&m[who].d, word, ZKS_PUSH_ACKED), ZKS_OK);
}

/* How many different words the app of a device can read; each comes once. */
static size_t words_of(int who)
{
    enum { WORDS_MAX = 1024 };
    static uint8_t seen[WORDS_MAX];
    zks_batch *batch = NULL;
    zks_op *op = device_read(&m[who].d, 0, ZKS_READ_OWN);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
    zks__op_free(op);
    size_t length = 0, count = zks__batch_count(batch);
    const uint8_t *data = zks__batch_data(batch, &length);
    const uint64_t *at = zks__batch_offsets(batch);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        ck_assert_uint_eq(at[i + 1] - at[i], sizeof word);
        memcpy(&word, data + at[i], sizeof word);
        ck_assert_uint_lt(word, WORDS_MAX);
        ck_assert_msg(!seen[word], "word %u came twice", (unsigned)word);
        seen[word] = 1;
    }
    zks__batch_free(batch);
    return count;
}

static void expect_revoked(int who)
{
    DEVICE_UNTIL(m[who].d.status[ZKS_EVENT_STATE] == ZKS_E_DEVICE_REVOKED &&
                 m[who].d.state == ZKS_STATE_WAITING);
}

/* --- tests ------------------------------------------------------------------------ */

START_TEST(revoked_device_is_put_out_everywhere_and_reads_nothing_newer)
{
    begin(_i, 3);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1 && words_of(C) == 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    expect_revoked(C);
    DEVICE_UNTIL(epoch_of(B) == 1 && devices_of(B) == 2 && devices_of(A) == 2);
    for (int i = 0; i < 2; i++) {
        DEVICE_UNTIL(events_of(i, ZKS_EVENT_DEVICE_REMOVED) == 1);
        DEVICE_UNTIL(events_of(i, ZKS_EVENT_EPOCH) == 1);
        ck_assert_uint_eq(events_of(i, ZKS_EVENT_GROUP_FORK), 0);
    }
    push(A, 2);
    push(B, 3);
    DEVICE_UNTIL(words_of(A) == 3 && words_of(B) == 3);
    /* it comes again, also by another way */
    shut(C);
    open_at(C, 0);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    move_to(A, 1); /* brings the records there */
    shut(C);
    open_at(C, 1);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    ck_assert_uint_eq(words_of(C), 1);
    ck_assert_int_eq(figure(C, ZKS_REPORT_RIGHTS), 0);
    /* and once more is no mistake */
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    device_done(start_revoke(C, m[A].id, NULL), ZKS_E_DEVICE_REVOKED);
    end();
}
END_TEST

static zks_op *start_flush(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_flush(m[who].d.client, DEVICE_WAIT_MS, NULL, NULL, &op), ZKS_OK);
    return op;
}

static zks_op *start_wait_synced(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_wait_synced(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    return op;
}

/* What it has to send is told once, and kept. */
static void expect_answers(int who, uint64_t word, int64_t pending, zks_status expected)
{
    device_done(device_push(&m[who].d, word, ZKS_PUSH_ACKED), expected);
    device_done(device_push(&m[who].d, word + 1, ZKS_PUSH_STORED), ZKS_OK);
    zks_op *flush = start_flush(who);
    ck_assert_int_eq(zks__op_wait(flush, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_status(flush), expected);
    ck_assert_int_eq(zks__op_number(flush, ZKS_OP_PENDING), pending);
    zks__op_free(flush);
    device_done(start_wait_synced(who), expected);
    ck_assert_int_eq(figure(who, ZKS_REPORT_PENDING_COUNT), pending);
}

START_TEST(what_waits_for_a_relay_is_answered_when_the_device_was_removed)
{
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 3);
    zks__recovery_format(suite, seed, words);
    shut(C);
    open_at(C, 0);
    zks_op *waits[] = {device_push(&m[C].d, 1, ZKS_PUSH_ACKED), start_wait_synced(C),
                       start_flush(C)};
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    for (size_t i = 0; i < ZKS_COUNTOF(waits); i++) {
        device_done(waits[i], ZKS_E_DEVICE_REVOKED);
    }
    expect_answers(C, 2, 3, ZKS_E_DEVICE_REVOKED);
    /* let in again it sends them */
    finish_epoch(start_revoke(C, m[A].id, words));
    DEVICE_UNTIL(m[C].d.state == ZKS_STATE_CONNECTED && words_of(B) == 3);
    push(C, 4);
    ck_assert_int_eq(figure(C, ZKS_REPORT_PENDING_COUNT), 0);
    end();
}
END_TEST

START_TEST(what_waits_for_a_relay_is_answered_when_the_device_is_put_out)
{
    begin(_i, 3);
    push(C, 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    device_done(device_push(&m[C].d, 2, ZKS_PUSH_ACKED), ZKS_E_DEVICE_REVOKED);
    expect_answers(C, 3, 3, ZKS_E_DEVICE_REVOKED);
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_group_leave(m[B].d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    expect_answers(B, 5, 2, ZKS_E_UNAUTHORIZED);
    end();
}
END_TEST

START_TEST(relay_that_refuses_ends_no_waiting_where_another_takes_the_device)
{
    begin(_i, 3);
    shut(C);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    open_at(C, -1);
    zks_op *push = device_push(&m[C].d, 1, ZKS_PUSH_ACKED), *synced = start_wait_synced(C);
    (void)try_connect(C); /* the first refuses, the second does not know */
    device_done(push, ZKS_OK);
    device_done(synced, ZKS_OK);
    end();
}
END_TEST

START_TEST(others_go_on_pushing_while_one_is_removed)
{
    enum { EACH = 300, TURN = 20 };
    zks_op *pushes[2][EACH], *revoke = NULL;
    begin(_i, 3);
    for (uint64_t i = 0; i < 2 * EACH; i++) {
        int who = i / TURN % 2 ? B : A;
        size_t n = i / (2 * TURN) * TURN + i % TURN;
        pushes[who][n] = device_push(&m[who].d, i, ZKS_PUSH_ACKED);
        if (i == EACH) {
            device_done(pushes[A][0], ZKS_OK); /* they are on their way */
            pushes[A][0] = device_push(&m[A].d, 2 * EACH, ZKS_PUSH_ACKED);
            revoke = start_revoke(A, m[C].id, NULL);
        }
    }
    ck_assert_int_eq(finish_epoch(revoke), 1);
    for (size_t i = 0; i < EACH; i++) {
        device_done(pushes[A][i], ZKS_OK);
        device_done(pushes[B][i], ZKS_OK);
    }
    expect_revoked(C);
    DEVICE_UNTIL(words_of(A) == 2 * (size_t)EACH + 1 && words_of(B) == 2 * (size_t)EACH + 1);
    for (int who = A; who <= B; who++) {
        ck_assert_uint_eq(m[who].d.connected, 1);
        ck_assert_int_eq(figure(who, ZKS_REPORT_REJECTED), 0);
        ck_assert_int_eq(epoch_of(who), 1);
    }
    end();
}
END_TEST

START_TEST(two_remove_two_others_at_once)
{
    begin(_i, 4);
    zks_op *a = start_revoke(A, m[C].id, NULL), *b = start_revoke(B, m[D].id, NULL);
    ck_assert_int_eq(finish_epoch(a) + finish_epoch(b), 1 + 2);
    expect_revoked(C);
    expect_revoked(D);
    for (int who = A; who <= B; who++) {
        DEVICE_UNTIL(epoch_of(who) == 2 && devices_of(who) == 2);
        ck_assert_uint_eq(events_of(who, ZKS_EVENT_GROUP_FORK), 0);
        push(who, (uint64_t)who);
    }
    DEVICE_UNTIL(words_of(A) == 2 && words_of(B) == 2);
    end();
}
END_TEST

START_TEST(two_remove_two_others_at_relays_that_do_not_know_each_other)
{
    begin(_i, 4);
    move_to(B, 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    ck_assert_int_eq(finish_epoch(start_revoke(B, m[D].id, NULL)), 1);
    move_to(B, 0); /* one of the two loses, and its removal is made again */
    for (int who = A; who <= B; who++) {
        DEVICE_UNTIL(devices_of(who) == 2 && epoch_of(who) == 2);
        ck_assert_uint_eq(events_of(who, ZKS_EVENT_GROUP_FORK), 0);
    }
    expect_revoked(C);
    expect_revoked(D);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1);
    end();
}
END_TEST

START_TEST(of_two_that_remove_each_other_at_one_relay_the_first_stays)
{
    begin(_i, 3);
    zks_op *op[2] = {start_revoke(A, m[B].id, NULL), start_revoke(B, m[A].id, NULL)};
    int stays = -1;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zks__op_wait(op[i], DEVICE_WAIT_MS), ZKS_OK);
        zks_status status = zks__op_status(op[i]);
        if (status) {
            ck_assert_msg(status == ZKS_E_DEVICE_REVOKED || status == ZKS_E_UNAUTHORIZED,
                          "status %d (%s)", status, zks__op_text(op[i]));
        } else {
            ck_assert_int_eq(stays, -1);
            stays = i;
        }
        zks__op_free(op[i]);
    }
    ck_assert_int_ge(stays, 0);
    expect_revoked(1 - stays);
    DEVICE_UNTIL(devices_of(stays) == 2 && devices_of(C) == 2);
    ck_assert_uint_eq(events_of(C, ZKS_EVENT_GROUP_FORK), 0);
    end();
}
END_TEST

/* Whom A and B have removed at a relay each; C tells both relays. Which of the two lost. */
static int removed_each_other(void)
{
    move_to(B, 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[B].id, NULL)), 1);
    ck_assert_int_eq(finish_epoch(start_revoke(B, m[A].id, NULL)), 1);
    DEVICE_UNTIL(epoch_of(C) == 1);
    move_to(C, 1);
    DEVICE_UNTIL(events_of(C, ZKS_EVENT_GROUP_FORK) == 1);
    move_to(C, 0);
    ck_assert_uint_eq(events_of(C, ZKS_EVENT_GROUP_FORK), 0); /* once is enough */
    bool a_out = false, b_out = false;
    DEVICE_UNTIL((a_out = m[A].d.status[ZKS_EVENT_STATE] == ZKS_E_DEVICE_REVOKED) ||
                 (b_out = m[B].d.status[ZKS_EVENT_STATE] == ZKS_E_DEVICE_REVOKED));
    ck_assert(a_out != b_out);
    return a_out ? A : B;
}

START_TEST(mutual_removal_is_a_fork_that_the_recovery_code_settles)
{
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 3);
    zks__recovery_format(suite, seed, words);
    int lost = removed_each_other(), won = lost == A ? B : A;
    ck_assert_int_eq(devices_of(C), 2);
    /* the records were there before the end of its session, what they mean is told behind it */
    DEVICE_UNTIL(events_of(lost, ZKS_EVENT_GROUP_FORK) == 1);
    /* the one that lost has the code */
    shut(lost);
    open_at(lost, 0);
    ck_assert_int_eq(try_connect(lost), ZKS_E_DEVICE_REVOKED);
    finish_epoch(start_revoke(lost, m[won].id, words));
    DEVICE_UNTIL(m[lost].d.state == ZKS_STATE_CONNECTED);
    ck_assert_int_eq(devices_of(lost), 2);
    DEVICE_UNTIL(devices_of(C) == 2 && epoch_of(C) == epoch_of(lost));
    push(lost, 1);
    DEVICE_UNTIL(words_of(C) == 1);
    move_to(lost, 1);
    shut(won);
    open_at(won, 1);
    ck_assert_int_eq(try_connect(won), ZKS_E_DEVICE_REVOKED);
    end();
}
END_TEST

/* C has adopted A's EPOCH. Where the relay keeps A too, C's changes are taken, whenever they are
 * made; where it keeps B, C is told what settles it. */
START_TEST(change_on_an_unsettled_fork_is_taken_or_says_what_settles_it)
{
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 4);
    zks__recovery_format(suite, seed, words);
    int lost = removed_each_other(), won = lost == A ? B : A;
    int64_t epoch = 1;
    if (lost == A) {
        zks_op *op = start_revoke(C, m[D].id, NULL);
        ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
        ck_assert_int_eq(zks__op_status(op), ZKS_E_CONFLICT);
        ck_assert_msg(strstr(zks__op_text(op), "recovery code"), "%s", zks__op_text(op));
        zks__op_free(op);
    } else {
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(rotate(C), ++epoch);
        }
        ck_assert_int_eq(finish_epoch(start_revoke(C, m[D].id, NULL)), ++epoch);
        expect_revoked(D);
    }
    shut(lost);
    open_at(lost, 0);
    ck_assert_int_eq(try_connect(lost), ZKS_E_DEVICE_REVOKED);
    finish_epoch(start_revoke(lost, m[won].id, words));
    DEVICE_UNTIL(m[lost].d.state == ZKS_STATE_CONNECTED && epoch_of(C) == epoch_of(lost));
    int64_t last = epoch_of(lost);
    ck_assert_int_eq(rotate(C), last + 1);
    end();
}
END_TEST

START_TEST(device_that_was_offline_for_five_epochs_catches_up)
{
    begin(_i, 3);
    shut(B);
    open_at(B, RELAYS);
    for (int i = 1; i <= 5; i++) {
        ck_assert_int_eq(i == 3 ? finish_epoch(start_revoke(A, m[C].id, NULL)) : rotate(A), i);
        push(A, (uint64_t)i);
        device_done(device_push(&m[B].d, 10 + (uint64_t)i, 0), ZKS_OK);
    }
    move_to(B, 0);
    DEVICE_UNTIL(words_of(A) == 10 && words_of(B) == 10);
    ck_assert_int_eq(epoch_of(B), 5);
    ck_assert_int_eq(devices_of(B), 2);
    ck_assert_uint_eq(events_of(B, ZKS_EVENT_DEVICE_REMOVED), 1);
    end();
}
END_TEST

START_TEST(keys_change_by_themselves_when_they_are_old)
{
    rotate_s = 2;
    begin(_i, 2);
    DEVICE_UNTIL(epoch_of(A) >= 2 && epoch_of(B) >= 2);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1);
    /* the age is that of the keys, not of the program that runs */
    int64_t before = epoch_of(A);
    move_to(A, 0);
    move_to(B, 0);
    DEVICE_UNTIL(epoch_of(A) > before && epoch_of(B) > before);
    ck_assert_uint_eq(events_of(A, ZKS_EVENT_GROUP_FORK), 0);
    end();
}
END_TEST

START_TEST(device_that_leaves_is_out_and_the_others_change_keys)
{
    zks_op *op = NULL;
    begin(_i, 3);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1);
    ck_assert_int_eq(zks__client_group_leave(m[B].d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(m[B].d.state == ZKS_STATE_OFFLINE);
    DEVICE_UNTIL(epoch_of(A) == 1 && epoch_of(C) == 1); /* nobody asked for it */
    ck_assert_int_eq(devices_of(A), 2);
    ck_assert_int_ne(try_connect(B), ZKS_OK);
    push(C, 2);
    DEVICE_UNTIL(words_of(A) == 2);
    ck_assert_uint_eq(words_of(B), 1);
    /* it is out at a relay that has not heard of it, too */
    shut(B);
    open_at(B, 1);
    ck_assert_int_ne(try_connect(B), ZKS_OK);
    end();
}
END_TEST

START_TEST(records_are_carried_to_another_relay_however_many)
{
    enum { EPOCHS = ZKS_RECORDS_PER_MESSAGE_MAX - 2 }; /* and five other records */
    begin(_i, 3);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    for (int i = 2; i <= EPOCHS; i++) {
        ck_assert_int_eq(rotate(i % 2 ? A : B), i);
    }
    push(A, 1);
    DEVICE_UNTIL(epoch_of(A) == EPOCHS && words_of(B) == 1);
    move_to(A, 1);
    push(A, 2);
    move_to(B, 1);
    DEVICE_UNTIL(words_of(B) == 2);
    shut(C);
    open_at(C, 1);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    ck_assert_int_eq(rotate(B), EPOCHS + 1);
    end();
}
END_TEST

START_TEST(what_cannot_be_done_is_said_at_once)
{
    static const uint8_t stranger[ZKS_DEVICE_ID_BYTES] = {0x77};
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 2);
    device_done(start_revoke(A, stranger, NULL), ZKS_E_NOT_FOUND);
    device_done(start_revoke(A, m[A].id, NULL), ZKS_E_INVALID);
    zks__recovery_format(suite, stranger, words);
    device_done(start_revoke(A, m[B].id, words), ZKS_E_WRONG_GROUP);
    device_done(start_revoke(A, m[B].id, "lusab babad"), ZKS_E_TRUNCATED);
    words[4] = '1';
    device_done(start_revoke(A, m[B].id, words), ZKS_E_MALFORMED);
    shut(A);
    open_at(A, 0);
    device_done(start_revoke(A, m[B].id, NULL), ZKS_E_NOT_CONNECTED);
    ck_assert_int_eq(epoch_of(A), 0);
    end();
}
END_TEST

static void add(TCase *c)
{
    const TTest *const tests[] = {
        revoked_device_is_put_out_everywhere_and_reads_nothing_newer,
        what_waits_for_a_relay_is_answered_when_the_device_was_removed,
        what_waits_for_a_relay_is_answered_when_the_device_is_put_out,
        relay_that_refuses_ends_no_waiting_where_another_takes_the_device,
        others_go_on_pushing_while_one_is_removed,
        two_remove_two_others_at_once,
        two_remove_two_others_at_relays_that_do_not_know_each_other,
        of_two_that_remove_each_other_at_one_relay_the_first_stays,
        mutual_removal_is_a_fork_that_the_recovery_code_settles,
        change_on_an_unsettled_fork_is_taken_or_says_what_settles_it,
        device_that_was_offline_for_five_epochs_catches_up,
        keys_change_by_themselves_when_they_are_old,
        device_that_leaves_is_out_and_the_others_change_keys,
        records_are_carried_to_another_relay_however_many,
        what_cannot_be_done_is_said_at_once,
    };
    tcase_set_timeout(c, 60);
    for (size_t i = 0; i < ZKS_COUNTOF(tests); i++) {
        tcase_add_loop_test(c, tests[i], ZKS_SUITE_SODIUM, ZKS_SUITE_APPROVED + 1);
    }
}

int main(void)
{
    return unit_main("members", add);
}
