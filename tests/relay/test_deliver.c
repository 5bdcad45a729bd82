/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PULL, live delivery, NOTIFY, ACK. */
#include "relay_fixture.h"

START_TEST(live_delivery_begins_where_the_pull_ended)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 2, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 0, 2, 300);
    uint64_t head = raw_push_wait(&f->c[0], 2);
    raw_expect(&f->c[1], ZKS_MESSAGE_NOTIFY);
    ck_assert_uint_eq(fixture_go_live(&f->c[1], 0), head);
    raw_push(&f->c[0], 2, 1, 300);
    uint64_t next = raw_push_wait(&f->c[0], 1);
    zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS);
    ck_assert_uint_eq(m->blobs.flags, ZKS_BLOBS_LIVE);
    ck_assert_uint_eq(m->blobs.from, head);
    ck_assert_uint_eq(m->blobs.contiguous, next);
    zks__blob_item item;
    ck_assert(zks__wire_next_blob(&m->blobs.blobs, &item));
    ck_assert_uint_eq(raw_blob_number(&f->c[1], &item), 2);
    fixture_free(f);
}
END_TEST

/* Reads live blobs and checks that nothing is missing between them. */
typedef struct reader {
    uint64_t contiguous;
    size_t count;
    uint64_t next_of[FIXTURE_CLIENTS]; /* number expected from each sender */
} reader;

static void read_live(fixture *f, raw_client *c, reader *r, size_t total)
{
    while (r->count < total) {
        zks__message *m = raw_next(c, RAW_DEADLINE_MS);
        ck_assert_msg(m != NULL, "%zu of %zu blobs came", r->count, total);
        if (m->type == ZKS_MESSAGE_NOTIFY) {
            raw_pull(c, r->contiguous, 1 << 20, 1000, 0);
            continue;
        }
        if (m->type == ZKS_MESSAGE_PUSH_ACK) {
            continue;
        }
        ck_assert_int_eq(m->type, ZKS_MESSAGE_BLOBS);
        ck_assert_uint_eq(m->blobs.from, r->contiguous);
        ck_assert_uint_ge(m->blobs.contiguous, r->contiguous);
        uint64_t last = r->contiguous;
        zks__blob_item item;
        while (zks__wire_next_blob(&m->blobs.blobs, &item)) {
            unsigned sender = 0;
            while (memcmp(item.sender, zks__crypto_sign_public(&f->c[sender].keys.sign),
                          sizeof item.sender) != 0) {
                sender++;
            }
            ck_assert_uint_gt(item.cursor, last);
            ck_assert_uint_eq(raw_blob_number(c, &item), r->next_of[sender]++);
            last = item.cursor;
            r->count++;
        }
        ck_assert_uint_le(last, m->blobs.contiguous);
        r->contiguous = m->blobs.contiguous;
        bool more = (m->blobs.flags & ZKS_BLOBS_MORE) != 0;
        raw_ack(c, r->contiguous);
        if (more) {
            raw_pull(c, r->contiguous, 1 << 20, 1000, 0);
        }
    }
}

START_TEST(live_order_with_several_pushers)
{
    enum { PUSHERS = 4, MESSAGES = 30, EACH = 10 };
    fixture *f = fixture_new(NULL);
    reader r[2] = {{0}};
    fixture_join(f, PUSHERS + 2, ZKS_MODE_LIVE);
    fixture_go_live(&f->c[PUSHERS], 0);
    fixture_go_live(&f->c[PUSHERS + 1], 0);
    for (unsigned i = 0; i < MESSAGES; i++) {
        for (unsigned k = 0; k < PUSHERS; k++) {
            raw_push(&f->c[k], (uint64_t)i * EACH, EACH, 300);
        }
    }
    read_live(f, &f->c[PUSHERS], &r[0], PUSHERS * MESSAGES * EACH);
    read_live(f, &f->c[PUSHERS + 1], &r[1], PUSHERS * MESSAGES * EACH);
    ck_assert_uint_eq(r[0].contiguous, r[1].contiguous);
    fixture_free(f);
}
END_TEST

/* Both push and read: own blobs are passed over, and everything of the other comes. */
START_TEST(live_both_ways)
{
    enum { MESSAGES = 40, EACH = 10 };
    fixture *f = fixture_new(NULL);
    reader r[2] = {{0}};
    fixture_join(f, 2, ZKS_MODE_LIVE);
    fixture_go_live(&f->c[0], 0);
    fixture_go_live(&f->c[1], 0);
    for (unsigned i = 0; i < MESSAGES; i++) {
        raw_push(&f->c[0], (uint64_t)i * EACH, EACH, 300);
        raw_push(&f->c[1], (uint64_t)i * EACH, EACH, 300);
    }
    read_live(f, &f->c[0], &r[0], MESSAGES * EACH);
    read_live(f, &f->c[1], &r[1], MESSAGES * EACH);
    fixture_free(f);
}
END_TEST

/* A device that takes nothing costs one NOTIFY, and others do not wait for it. */
START_TEST(slow_reader_is_notified_once_and_catches_up)
{
    enum { COUNT = 300, BYTES = 8000 };
    fixture *f = fixture_new("window_bytes = 64K\nmax_blob_bytes = 32K");
    reader fast = {0};
    reader slow = {0};
    fixture_join(f, 3, ZKS_MODE_LIVE);
    fixture_go_live(&f->c[1], 0);
    fixture_go_live(&f->c[2], 0);
    f->c[2].keep_credit = true;
    for (unsigned i = 0; i < COUNT; i++) {
        raw_push(&f->c[0], i, 1, BYTES);
    }
    read_live(f, &f->c[1], &fast, COUNT);
    raw_push_wait(&f->c[0], COUNT);
    unsigned notified = 0;
    size_t live = 0;
    zks__message *m;
    while ((m = raw_next(&f->c[2], notified ? 300 : RAW_DEADLINE_MS))) {
        notified += m->type == ZKS_MESSAGE_NOTIFY;
        if (m->type == ZKS_MESSAGE_BLOBS) {
            live += m->blobs.blobs.count;
            slow.contiguous = m->blobs.contiguous;
        }
    }
    ck_assert_uint_eq(notified, 1);
    ck_assert_uint_gt(live, 0);
    ck_assert_uint_le(live * BYTES, 64 << 10);
    slow.count = live;
    slow.next_of[0] = live;
    f->c[2].keep_credit = false;
    raw_pull(&f->c[2], slow.contiguous, 1 << 20, 1000, 0);
    read_live(f, &f->c[2], &slow, COUNT);
    ck_assert_uint_eq(slow.contiguous, fast.contiguous);
    fixture_free(f);
}
END_TEST

START_TEST(pull_keeps_to_its_budgets)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 2, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 0, 20, 700);
    uint64_t head = raw_push_wait(&f->c[0], 20);
    raw_expect(&f->c[1], ZKS_MESSAGE_NOTIFY);
    static const struct {
        uint32_t bytes, count;
        size_t expected;
    } budgets[] = {{1 << 20, 5, 5}, {1, 100, 1}, {0, 0, 1}, {UINT32_MAX, UINT32_MAX, 20}};
    for (unsigned i = 0; i < ZKS_COUNTOF(budgets); i++) {
        raw_pull(&f->c[1], 0, budgets[i].bytes, budgets[i].count, 0);
        const zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS);
        ck_assert_uint_eq(m->blobs.blobs.count, budgets[i].expected);
        ck_assert_int_eq(m->blobs.flags == ZKS_BLOBS_MORE, budgets[i].expected < 20);
    }
    raw_pull(&f->c[1], UINT64_MAX, 1 << 20, 100, 0); /* beyond the head: not deaf for ever */
    const zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS);
    ck_assert_uint_eq(m->blobs.blobs.count, 0);
    ck_assert_uint_eq(m->blobs.contiguous, head);
    fixture_free(f);
}
END_TEST

START_TEST(pull_gives_own_blobs_only_when_asked)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 1, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 0, 3, 300);
    uint64_t head = raw_push_wait(&f->c[0], 3);
    raw_pull(&f->c[0], 0, 1 << 20, 100, 0);
    const zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_BLOBS);
    ck_assert_uint_eq(m->blobs.blobs.count, 0);
    ck_assert_uint_eq(m->blobs.contiguous, head);
    raw_pull(&f->c[0], 0, 1 << 20, 100, ZKS_PULL_OWN);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_BLOBS)->blobs.blobs.count, 3);
    fixture_free(f);
}
END_TEST

START_TEST(pull_too_many_at_once_is_limited)
{
    fixture *f = fixture_new(NULL);
    unsigned limited = 0;
    unsigned answered = 0;
    fixture_join(f, 1, ZKS_MODE_LIVE);
    for (unsigned i = 0; i < 40; i++) {
        raw_pull(&f->c[0], 0, 1000, 10, 0);
    }
    for (unsigned i = 0; i < 40; i++) {
        const zks__message *m = raw_next(&f->c[0], RAW_DEADLINE_MS);
        ck_assert_ptr_nonnull(m);
        limited += m->type == ZKS_MESSAGE_ERROR && m->error.code == ZKS_WIRE_RATE_LIMITED &&
                   m->error.retry_after_ms > 0;
        answered += m->type == ZKS_MESSAGE_BLOBS;
    }
    ck_assert_uint_eq(limited + answered, 40);
    ck_assert_uint_ge(answered, 4);
    fixture_free(f);
}
END_TEST

START_TEST(pure_sender_is_told_how_far_it_is_seldom)
{
    enum { PUSHES = 50 };
    fixture *f = fixture_new(NULL);
    unsigned told = 0;
    unsigned results = 0;
    uint64_t contiguous = 0;
    fixture_join(f, 1, ZKS_MODE_LIVE);
    fixture_go_live(&f->c[0], 0);
    uint64_t last = 0;
    while (results < PUSHES) {
        raw_push(&f->c[0], results, 1, 300);
        zks__message *m = raw_next(&f->c[0], RAW_DEADLINE_MS);
        ck_assert_ptr_nonnull(m);
        if (m->type == ZKS_MESSAGE_PUSH_ACK) {
            zks__push_result result;
            while (zks__wire_next_result(&m->push_ack.results, &result)) {
                last = result.cursor;
                results++;
            }
        } else {
            told++;
        }
    }
    while (contiguous < last) {
        const zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_BLOBS);
        ck_assert_uint_eq(m->blobs.blobs.count, 0);
        contiguous = m->blobs.contiguous;
        told++;
    }
    ck_assert_uint_le(told, PUSHES / 5);
    fixture_free(f);
}
END_TEST

START_TEST(notify_mode_sends_no_blobs)
{
    fixture *f = fixture_new(NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_NOTIFY);
    raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS);
    fixture_go_live(&f->c[1], 0);
    for (unsigned i = 0; i < 2; i++) {
        raw_push(&f->c[0], 10 * i, 3, 300);
        uint64_t head = raw_push_wait(&f->c[0], 3);
        const zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_NOTIFY);
        ck_assert_uint_eq(m->notify.head, head);
        ck_assert_uint_ge(m->notify.pending_count, 1);
        raw_push(&f->c[0], 10 * i + 3, 3, 300); /* it knows already */
        raw_push_wait(&f->c[0], 3);
        uint64_t contiguous = 0;
        ck_assert_uint_ge(raw_pull_all(&f->c[1], 0, &contiguous), 6);
    }
    fixture_free(f);
}
END_TEST

START_TEST(no_subscribe_mode_hears_nothing)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 2, ZKS_MODE_NO_SUBSCRIBE);
    fixture_go_live(&f->c[1], 0);
    raw_push(&f->c[0], 0, 3, 300);
    raw_push_wait(&f->c[0], 3);
    uint64_t contiguous = 0;
    /* its next message is the answer */
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), 3);
    fixture_free(f);
}
END_TEST

START_TEST(ack_of_everything_harms_nobody)
{
    fixture *f = fixture_new(NULL);
    uint64_t contiguous = 0;
    fixture_join(f, 3, ZKS_MODE_LIVE);
    zks__message ack = {.type = ZKS_MESSAGE_ACK};
    ack.ack.cursor = UINT64_MAX;
    ack.ack.consumed = UINT64_MAX;
    raw_send(&f->c[1], &ack);
    raw_push(&f->c[0], 0, 5, 300);
    uint64_t head = raw_push_wait(&f->c[0], 5);
    raw_expect(&f->c[1], ZKS_MESSAGE_NOTIFY);
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), 5);
    ck_assert_uint_eq(contiguous, head);
    raw_send(&f->c[1], &ack);
    raw_push(&f->c[0], 5, 1, 300);
    ck_assert_uint_eq(raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS)->blobs.blobs.count, 1);
    fixture_free(f);
}
END_TEST

START_TEST(delete_takes_own_blobs_and_no_others)
{
    fixture *f = fixture_new(NULL);
    zks__wire_id ids[1];
    uint64_t contiguous = 0;
    fixture_join(f, 2, ZKS_MODE_NO_SUBSCRIBE);
    raw_push(&f->c[0], 0, 2, 300);
    raw_push_wait(&f->c[0], 2);
    zks__buf_unref(raw_blob(&f->c[0], 0, 300, ids[0].id));
    zks__message m = {.type = ZKS_MESSAGE_DELETE};
    m.del.ids.items = ids;
    m.del.ids.count = 1;
    raw_send(&f->c[1], &m);
    const zks__message *answer = raw_expect(&f->c[1], ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(answer->error.code, ZKS_WIRE_NOT_BLOB_OWNER);
    ck_assert_uint_eq(answer->error.about, ZKS_MESSAGE_DELETE);
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), 2);
    raw_send(&f->c[0], &m);
    raw_push(&f->c[0], 9, 1, 300); /* behind it */
    raw_push_wait(&f->c[0], 1);
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), 2);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, live_delivery_begins_where_the_pull_ended);
    tcase_add_test(c, live_order_with_several_pushers);
    tcase_add_test(c, live_both_ways);
    tcase_add_test(c, slow_reader_is_notified_once_and_catches_up);
    tcase_add_test(c, pull_keeps_to_its_budgets);
    tcase_add_test(c, pull_gives_own_blobs_only_when_asked);
    tcase_add_test(c, pull_too_many_at_once_is_limited);
    tcase_add_test(c, pure_sender_is_told_how_far_it_is_seldom);
    tcase_add_test(c, notify_mode_sends_no_blobs);
    tcase_add_test(c, no_subscribe_mode_hears_nothing);
    tcase_add_test(c, ack_of_everything_harms_nobody);
    tcase_add_test(c, delete_takes_own_blobs_and_no_others);
}

int main(void)
{
    return unit_main("relay deliver", add);
}
