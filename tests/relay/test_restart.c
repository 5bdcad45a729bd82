/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stopping, starting again, and being killed. */
#include "relay_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static void expect_bye(raw_client *c)
{
    zks__message *m;
    while ((m = raw_next(c, RAW_DEADLINE_MS)) && m->type != ZKS_MESSAGE_BYE) {
    }
    ck_assert_ptr_nonnull(m);
    ck_assert_uint_eq(m->bye.code, ZKS_WIRE_RELAY_SHUTTING_DOWN);
    ck_assert_uint_ge(m->bye.retry_after_ms, 1000);
    ck_assert_uint_le(m->bye.retry_after_ms, 5000);
    raw_expect_closed(c);
}

START_TEST(stop_says_bye_to_all)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 3, ZKS_MODE_LIVE);
    ck_assert_int_eq(raw_connect(&f->c[3], f->relay.address), ZKS_OK); /* has not said HELLO */
    uint64_t before = uv_hrtime();
    raw_relay_stop_begin(&f->relay);
    for (unsigned i = 0; i < 3; i++) {
        expect_bye(&f->c[i]);
    }
    raw_expect_closed(&f->c[3]); /* not proven yet: only the code */
    ck_assert_uint_eq(f->c[3].closed_code, ZKS_WIRE_RELAY_SHUTTING_DOWN);
    raw_relay_stop(&f->relay);
    ck_assert_uint_lt((uv_hrtime() - before) / 1000000, 3000);
    fixture_free(f);
}
END_TEST

START_TEST(stop_finishes_what_was_pushed)
{
    enum { PUSHES = 200 };
    fixture *f = fixture_new(NULL);
    uint64_t acknowledged = 0;
    uint64_t contiguous = 0;
    fixture_join(f, 1, ZKS_MODE_NO_SUBSCRIBE);
    for (unsigned i = 0; i < PUSHES; i++) {
        raw_push(&f->c[0], i, 1, 3000);
    }
    raw_expect(&f->c[0], ZKS_MESSAGE_PUSH_ACK);
    acknowledged = f->c[0].last->message.push_ack.results.count;
    raw_relay_stop_begin(&f->relay);
    zks__message *m;
    while ((m = raw_next(&f->c[0], RAW_DEADLINE_MS)) && m->type == ZKS_MESSAGE_PUSH_ACK) {
        acknowledged += m->push_ack.results.count;
    }
    raw_relay_stop(&f->relay);
    raw_disconnect(&f->c[0]);
    raw_relay_start(&f->relay, NULL);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), acknowledged);
    fixture_free(f);
}
END_TEST

START_TEST(restart_keeps_address_key_incarnation_and_data)
{
    fixture *f = fixture_new(NULL);
    char key[64];
    uint8_t incarnation[ZKS_INCARNATION_BYTES];
    uint64_t contiguous = 0;
    uint8_t own_last[ZKS_BLOB_ID_BYTES];
    fixture_join(f, 1, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 0, 10, 300);
    uint64_t head = raw_push_wait(&f->c[0], 10);
    memcpy(incarnation, f->c[0].welcome.incarnation, sizeof incarnation);
    snprintf(key, sizeof key, "%.58s", f->relay.address);
    raw_relay_stop_begin(&f->relay);
    expect_bye(&f->c[0]);
    raw_relay_stop(&f->relay);
    raw_relay_start(&f->relay, NULL);
    ck_assert_int_eq(strncmp(key, f->relay.address, strlen(key)), 0);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_mem_eq(f->c[0].welcome.incarnation, incarnation, sizeof incarnation);
    ck_assert_uint_eq(f->c[0].welcome.head, head);
    ck_assert_uint_eq(f->c[0].welcome.pending_count, 10);
    zks__buf_unref(raw_blob(&f->c[0], 9, 300, own_last));
    ck_assert_mem_eq(f->c[0].welcome.own_last, own_last, sizeof own_last);
    raw_push(&f->c[0], 10, 1, 300);
    ck_assert_uint_gt(raw_push_wait(&f->c[0], 1), head);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), 11);
    fixture_free(f);
}
END_TEST

START_TEST(start_on_a_used_port_says_so)
{
    fixture *f = fixture_new(NULL);
    raw_relay second;
    char options[64];
    raw_relay_init(&second);
    snprintf(options, sizeof options, "listen = 127.0.0.1:%s", strrchr(f->relay.address, ':') + 1);
    ck_assert_int_eq(raw_relay_try(&second, options), ZKS_E_PORT_IN_USE);
    ck_assert_ptr_nonnull(strstr(second.text, "another program"));
    ck_assert_int_eq(raw_relay_try(&second, "listen = 203.0.113.7:0"), ZKS_E_INVALID);
    ck_assert_int_eq(raw_relay_try(&second, "listen = nonsense"), ZKS_E_CONFIG_FILE);
    ck_assert_int_eq(raw_relay_try(&second, NULL), ZKS_OK); /* nothing of the failures is left */
    raw_relay_done(&second);
    fixture_free(f);
}
END_TEST

START_TEST(stop_before_start_has_finished)
{
    for (unsigned i = 0; i < 20; i++) {
        raw_relay r;
        char problem[ZKS_RELAY_PROBLEM_BYTES];
        zks__relay *relay = NULL;
        static const zks__relay_events none = {0};
        raw_relay_init(&r);
        zks__relay_config *config = zks__relay_config_new();
        ck_assert_int_eq(zks__relay_config_set(config, "listen", "127.0.0.1:0", problem), ZKS_OK);
        ck_assert_int_eq(zks__relay_config_set(config, "data", r.folder, problem), ZKS_OK);
        ck_assert_int_eq(zks__relay_start(config, NULL, &none, NULL, &relay), ZKS_OK);
        zks__relay_free(relay);
        zks__relay_config_free(config);
        raw_relay_done(&r);
    }
}
END_TEST

/* The real program is killed while a device pushes; everything acknowledged is there, once, and
 * in order. */
START_TEST(sigkill_while_pushing_loses_nothing_acknowledged)
{
    enum { ROUNDS = 5 };
    fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    fixture_clients(f);
    raw_relay_init(&f->relay);
    uint64_t acknowledged = 0; /* numbers [0, acknowledged) */
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t last_cursor = 0;
        uint64_t next = acknowledged;
        raw_process_start(&f->relay, NULL);
        raw_join(&f->c[0], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
        for (unsigned i = 0; i < 100; i++, next += 5) {
            raw_push(&f->c[0], next, 5, 300);
        }
        uint64_t until = acknowledged + 10 + 60 * round;
        while (acknowledged < until) {
            zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_PUSH_ACK);
            zks__push_result result;
            while (zks__wire_next_result(&m->push_ack.results, &result)) {
                ck_assert_uint_eq(result.code, ZKS_WIRE_OK);
                ck_assert_uint_gt(result.cursor, last_cursor);
                last_cursor = result.cursor;
                acknowledged++;
            }
        }
        raw_process_end(&f->relay, SIGKILL);
        raw_disconnect(&f->c[0]);
    }
    raw_process_start(&f->relay, NULL);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    uint64_t after = 0;
    uint64_t number = 0;
    bool more = true;
    while (more) {
        raw_pull(&f->c[1], after, 1 << 20, 1000, 0);
        zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS);
        zks__blob_item item;
        while (zks__wire_next_blob(&m->blobs.blobs, &item)) {
            /* pushed again after each kill: once here */
            ck_assert_uint_eq(raw_blob_number(&f->c[1], &item), number++);
        }
        after = m->blobs.contiguous;
        more = (m->blobs.flags & ZKS_BLOBS_MORE) != 0;
    }
    ck_assert_uint_ge(number, acknowledged);
    int status = raw_process_end(&f->relay, SIGTERM);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, stop_says_bye_to_all);
    tcase_add_test(c, stop_finishes_what_was_pushed);
    tcase_add_test(c, restart_keeps_address_key_incarnation_and_data);
    tcase_add_test(c, start_on_a_used_port_says_so);
    tcase_add_test(c, stop_before_start_has_finished);
    tcase_add_test(c, sigkill_while_pushing_loses_nothing_acknowledged);
}

int main(void)
{
    return unit_main("relay restart", add);
}
