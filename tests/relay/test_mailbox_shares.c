/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Each address has its share of the mailboxes: who takes all of it leaves the others theirs. The
 * second address is a path of the test's own. */
#include "mailbox_fixture.h"
#include "support/udp_path.h"

typedef struct town {
    fixture *f;
    udp_path *path;
    raw_client *here[2], *there; /* all of one group, and may invite */
} town;

static void town_init(town *t, const char *options)
{
    t->f = fixture_new(options);
    t->path = udp_path_new(t->f->relay.address, "127.0.0.2", 0);
    t->here[0] = &t->f->c[0];
    t->here[1] = &t->f->c[1];
    t->there = &t->f->c[2];
    for (int i = 0; i < 3; i++) {
        may_invite(&t->f->c[i]);
    }
    raw_join(t->there, udp_path_address(t->path), ZKS_MODE_NO_SUBSCRIBE);
    raw_join(t->here[0], t->f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    raw_expect(t->there, ZKS_MESSAGE_RECORDS);
    raw_join(t->here[1], t->f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    raw_expect(t->there, ZKS_MESSAGE_RECORDS);
    raw_expect(t->here[0], ZKS_MESSAGE_RECORDS);
}

static void town_done(town *t)
{
    fixture_free(t->f);
    udp_path_free(t->path);
}

static void expect_share_used(raw_client *c)
{
    const zks__message *m = raw_expect(c, ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(m->error.code, ZKS_WIRE_RATE_LIMITED);
    ck_assert_uint_eq(m->error.about, ZKS_MESSAGE_MAILBOX_OPEN);
    ck_assert_uint_gt(m->error.retry_after_ms, 0);
    ck_assert_uint_le(m->error.retry_after_ms, 60000);
    ck_assert_ptr_nonnull(memmem(m->error.text.data, m->error.text.length, "address", 7));
}

/* Whoever asks there, and however; the time to wait is that of the first to end. */
START_TEST(mailboxes_of_an_address_are_limited)
{
    town t;
    town_init(&t, "mailboxes_per_address = 2");
    zks__mailbox_open box = open_box(t.here[0], 0);
    (void)open_box(t.here[0], 60000);
    for (int i = 0; i < 2; i++) {
        send_open(t.here[i], NULL, 0);
        expect_share_used(t.here[i]);
        send_open(t.here[i], (const uint8_t *)"7K2M", 0);
        expect_share_used(t.here[i]);
    }
    (void)open_box(t.there, 0);
    send_close(t.here[0], box.nameplate, 0, ZKS_WIRE_CODE_CANCELLED);
    raw_idle(&t.f->world, 100); /* another session's word may come first */
    (void)open_box(t.here[1], 0);
    send_open(t.here[0], NULL, 0);
    expect_share_used(t.here[0]);
    town_done(&t);
}
END_TEST

/* What is kept for late joiners counts too, but gives way to new ones of the same address. */
START_TEST(address_that_opens_and_closes_without_end_pushes_out_its_own_only)
{
    town t;
    town_init(&t, "mailboxes = 4\nmailboxes_per_address = 3");
    zks__mailbox_open burnt = open_box(t.there, 0), first = open_box(t.here[0], 0), last = first;
    send_close(t.there, burnt.nameplate, 0, ZKS_WIRE_WRONG_CODE);
    for (int i = 0; i < 8; i++) {
        send_close(t.here[0], last.nameplate, 0, ZKS_WIRE_OK);
        last = open_box(t.here[0], 0);
    }
    send_close(t.here[0], last.nameplate, 0, ZKS_WIRE_OK);
    (void)open_box(t.here[0], 0);
    expect_get_refused(t.f, &t.f->c[3], burnt.nameplate, ZKS_WIRE_WRONG_CODE);
    expect_get_refused(t.f, &t.f->c[3], first.nameplate, ZKS_WIRE_CODE_UNKNOWN);
    expect_get_refused(t.f, &t.f->c[3], last.nameplate, ZKS_WIRE_CODE_USED);
    (void)open_box(t.there, 0);
    town_done(&t);
}
END_TEST

/* Of a full relay, where the address has none to give. */
START_TEST(newcomer_at_a_full_relay_takes_a_remembered_one)
{
    town t;
    town_init(&t, "mailboxes = 2");
    zks__mailbox_open box = open_box(t.there, 0);
    (void)open_box(t.there, 0);
    send_open(t.here[0], NULL, 0);
    raw_expect_error(t.here[0], ZKS_WIRE_RELAY_OVERLOADED);
    send_close(t.there, box.nameplate, 0, ZKS_WIRE_OK);
    raw_idle(&t.f->world, 100);
    (void)open_box(t.here[0], 0);
    expect_get_refused(t.f, &t.f->c[3], box.nameplate, ZKS_WIRE_CODE_UNKNOWN);
    town_done(&t);
}
END_TEST

/* Otherwise one address would fill another, and be empty again. */
START_TEST(mailbox_taken_up_elsewhere_counts_where_it_was_opened)
{
    town t;
    town_init(&t, "mailboxes_per_address = 2");
    zks__mailbox_open boxes[2] = {open_box(t.here[0], 0), open_box(t.here[0], 60000)};
    raw_disconnect(t.here[0]);
    raw_join(t.here[0], udp_path_address(t.path), ZKS_MODE_NO_SUBSCRIBE);
    for (int i = 0; i < 2; i++) {
        send_open(t.here[0], boxes[i].nameplate, 0);
        raw_expect(t.here[0], ZKS_MESSAGE_MAILBOX_OPEN);
    }
    send_open(t.here[1], NULL, 0);
    expect_share_used(t.here[1]);
    (void)open_box(t.here[0], 60000);
    (void)open_box(t.there, 0);
    send_open(t.there, NULL, 0);
    expect_share_used(t.there);
    town_done(&t);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, mailboxes_of_an_address_are_limited);
    tcase_add_test(c, address_that_opens_and_closes_without_end_pushes_out_its_own_only);
    tcase_add_test(c, newcomer_at_a_full_relay_takes_a_remembered_one);
    tcase_add_test(c, mailbox_taken_up_elsewhere_counts_where_it_was_opened);
}

int main(void)
{
    return unit_main("mailbox shares", add);
}
