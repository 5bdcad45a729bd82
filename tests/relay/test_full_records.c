/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A group whose records fill their place at a relay: who filled it can be removed, nothing else
 * comes in, and everybody is still let in. */
#include "many_epochs.h"
#include "relay_fixture.h"

enum { RIGHTS = ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN };

static const char OPTIONS[] = "group_records_bytes = 4M";

/* Devices 1 to 3 are ADMINs that know each other; the first has used up the bytes. It hears why. */
static fixture *full_group(many *g)
{
    static uint8_t out[ZKS_RECORD_BODY_MAX_BYTES];
    fixture *f = fixture_new(OPTIONS);
    raw_group_init_paired(&f->group, 1);
    for (unsigned i = 0; i < FIXTURE_CLIENTS; i++) {
        raw_client_done(&f->c[i]);
        raw_client_init(&f->c[i], &f->world, &f->group, i + 1);
        raw_client_certify(&f->c[i], RIGHTS, 0);
    }
    fixture_join(f, 3, ZKS_MODE_NO_SUBSCRIBE);
    raw_disconnect(&f->c[1]);
    raw_disconnect(&f->c[2]);
    many_init(g, &f->c[0]);
    many_flood(g, 3 << 20);
    const zks__message *m = NULL;
    do {
        zks__slice record = {out, many_make(g, NULL, out, sizeof out)};
        many_send(&f->c[0], ZKS_RECORDS_ISSUE, &record, 1);
        m = raw_next(&f->c[0], RAW_DEADLINE_MS);
        ck_assert_ptr_nonnull(m);
    } while (m->type == ZKS_MESSAGE_RECORDS);
    ck_assert_int_eq(m->type, ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(m->error.code, ZKS_WIRE_GROUP_QUOTA_EXCEEDED);
    ck_assert_ptr_nonnull(memmem(m->error.text.data, m->error.text.length, "group_records_bytes",
                                 strlen("group_records_bytes")));
    zks__records_truncate(g->set, zks__records_count(g->set) - 1);
    ck_assert_uint_gt(zks__records_bytes(g->set), (4 << 20) - ZKS_RECORD_BODY_MAX_BYTES);
    return f;
}

static const uint8_t *id(const fixture *f, unsigned i)
{
    return zks__crypto_sign_public(&f->c[i].keys.sign);
}

START_TEST(who_has_filled_the_records_can_be_removed)
{
    static uint8_t out[ZKS_RECORD_BODY_MAX_BYTES];
    many g;
    fixture *f = full_group(&g);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    for (uint32_t left = f->c[1].welcome.records_follow; left; left--) {
        raw_expect(&f->c[1], ZKS_MESSAGE_RECORDS);
    }
    g.c = &f->c[1];
    zks__slice record = {out, many_make(&g, id(f, 0), out, sizeof out)};
    many_send(&f->c[1], ZKS_RECORDS_ISSUE, &record, 1);
    ck_assert_uint_eq(raw_expect(&f->c[1], ZKS_MESSAGE_RECORDS)->records.hashes.count, 1);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS)->records.records.count, 1);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_BYE)->bye.code, ZKS_WIRE_DEVICE_REVOKED);
    raw_expect_closed(&f->c[0]);
    /* it stays so after a restart, above the bound */
    raw_relay_stop(&f->relay);
    raw_expect(&f->c[1], ZKS_MESSAGE_BYE);
    raw_expect_closed(&f->c[1]);
    raw_relay_start(&f->relay, OPTIONS);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    ck_assert_uint_gt(f->c[1].welcome.records_follow, 0);
    many_done(&g);
    fixture_free(f);
}
END_TEST

/* A device brings to HELLO a removal, and more than another one may have in the reserve: it is let
 * in, and the removal counts. */
START_TEST(hello_takes_what_fits)
{
    static uint8_t out[3][ZKS_RECORD_BODY_MAX_BYTES];
    many g;
    fixture *f = full_group(&g);
    raw_client *c = &f->c[1];
    zks__message m;
    zks__slice records[6];
    ck_assert_int_eq(raw_connect(c, f->relay.address), ZKS_OK);
    raw_hello(c, &m, records);
    for (int i = 0; i < 3; i++) {
        g.c = &f->c[i == 0 ? 1 : 2];
        records[3 + i] = (zks__slice){
            out[i], many_make(&g, i == 0 ? id(f, 0) : NULL, out[i], sizeof out[i])};
    }
    ck_assert_uint_gt(records[4].length + records[5].length, (4 << 20) / 32);
    m.hello.records.items = records;
    m.hello.records.count = 6;
    raw_send(c, &m);
    raw_expect(c, ZKS_MESSAGE_WELCOME);
    const zks__message *told = raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS);
    ck_assert_uint_eq(told->records.records.count, 1);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_BYE)->bye.code, ZKS_WIRE_DEVICE_REVOKED);
    many_done(&g);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, who_has_filled_the_records_can_be_removed);
    tcase_add_test(c, hello_takes_what_fits);
}

int main(void)
{
    return unit_main("relay full records", add);
}
