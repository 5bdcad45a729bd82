/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Removing devices, fresh keys and leaving, through zks.h alone; in a group of each suite. What the
 * records and relays do in all this: relay_members. */
#include "abi/world.h"

#include <stdio.h>
#include <unistd.h>

static world w;
static int64_t suite;

/* --- devices ---------------------------------------------------------------------- */

/* What a device was told. */
typedef struct side {
    zks_client *client;
    pthread_mutex_t mutex;
    char code[4096];
    uint8_t id[ZKS_SIZE_DEVICE_ID], removed[ZKS_SIZE_DEVICE_ID];
    int removals;
    int64_t epoch;
    bool revoked;
} side;

static side phone, tablet, laptop;
static char words[256]; /* the recovery code */

static void on_event(zks_client *c, const zks_event *e, void *user)
{
    side *s = user;
    pthread_mutex_lock(&s->mutex);
    switch (zks_event_kind(e)) {
    case ZKS_EVENT_PAIR_CODE:
        snprintf(s->code, sizeof s->code, "%s", zks_event_text(e, ZKS_EVENT_FIELD_CODE));
        break;
    case ZKS_EVENT_PAIR_ASK:
        MUST(zks_pair_answer(c, 1));
        break;
    case ZKS_EVENT_DEVICE_REMOVED:
        memcpy(s->removed, zks_event_bytes(e, ZKS_EVENT_FIELD_DEVICE, NULL), sizeof s->removed);
        s->removals++;
        break;
    case ZKS_EVENT_EPOCH:
        s->epoch = zks_event_number(e, ZKS_EVENT_FIELD_NUMBER);
        break;
    case ZKS_EVENT_STATE:
        s->revoked |= zks_event_status(e) == ZKS_E_DEVICE_REVOKED;
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&s->mutex);
}

#define UNTIL(condition)                                        \
    do {                                                        \
        unsigned left = world_patience_ms();                    \
        while (!(condition)) {                                  \
            ck_assert_msg(left-- > 0, "never: %s", #condition); \
            usleep(1000);                                       \
        }                                                       \
    } while (0)

static bool was_revoked(side *s)
{
    pthread_mutex_lock(&s->mutex);
    bool yes = s->revoked;
    pthread_mutex_unlock(&s->mutex);
    return yes;
}

static bool has_code(side *s)
{
    pthread_mutex_lock(&s->mutex);
    bool yes = s->code[0] != '\0';
    pthread_mutex_unlock(&s->mutex);
    return yes;
}

/* How often a device was told of a removal, the last one being of `whom`. */
static int removals_of(side *s, const side *whom)
{
    pthread_mutex_lock(&s->mutex);
    int n = memcmp(s->removed, whom->id, sizeof s->removed) == 0 ? s->removals : 0;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

static int64_t told_epoch(side *s)
{
    pthread_mutex_lock(&s->mutex);
    int64_t n = s->epoch;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

static zks_config *config(side *s, const char *file)
{
    zks_config *g = world_config(&w, &(world_client){.file = file, .name = file, .relay = true});
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->mutex, NULL);
    MUST(zks_config_set_events(g, on_event, s, NULL));
    MUST(zks_config_set_int(g, ZKS_OPTION_SUITE, suite));
    return g;
}

static void opened(side *s, zks_config *g, zks_op *op)
{
    zks_report *report;
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "%s: %s", zks_status_name(zks_op_status(op)),
                  zks_op_text(op));
    zks_op_free(op);
    world_connect(s->client);
    MUST(zks_report_get(s->client, &report));
    memcpy(s->id, zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, NULL), sizeof s->id);
    zks_report_free(report);
}

static int64_t devices(const side *s)
{
    return world_figure(s->client, ZKS_REPORT_DEVICES);
}

/* The phone makes the group. */
static void create_phone(void)
{
    zks_op *op;
    size_t length;
    zks_config *g = config(&phone, "phone");
    MUST(zks_group_create(w.runtime, g, 0, NULL, NULL, &op, &phone.client));
    MUST(zks_op_wait(op, world_patience_ms()));
    const uint8_t *code = zks_op_bytes(op, ZKS_OP_RECOVERY_CODE, &length);
    ck_assert_uint_lt(length, sizeof words);
    snprintf(words, sizeof words, "%.*s", (int)length, (const char *)code);
    opened(&phone, g, op);
}

/* The tablet is let in by the phone, the laptop comes by the recovery code. */
static void begin(int of_suite)
{
    zks_op *op, *pairing;
    suite = of_suite;
    world_open_with_relay(&w);
    create_phone();
    MUST(zks_pair_begin(phone.client, ZKS_PAIR_KIND_LINK, 0, 0, NULL, NULL, &pairing));
    UNTIL(has_code(&phone));
    zks_config *g = config(&tablet, "tablet");
    MUST(zks_group_join(w.runtime, g, phone.code, strlen(phone.code), NULL, NULL, &op,
                        &tablet.client));
    opened(&tablet, g, op);
    EXPECT(world_finish(pairing), ZKS_OK);
    g = config(&laptop, "laptop");
    MUST(zks_group_restore(w.runtime, g, words, strlen(words), NULL, NULL, &op, &laptop.client));
    opened(&laptop, g, op);
    UNTIL(devices(&phone) == 3 && devices(&tablet) == 3 && devices(&laptop) == 3);
}

static void end(void)
{
    world_client_close(phone.client);
    world_client_close(tablet.client);
    world_client_close(laptop.client);
    world_close(&w);
}

static zks_op *start_revoke(const side *s, const side *whom, const char *recovery)
{
    zks_op *op;
    MUST(zks_device_revoke(s->client, whom->id, ZKS_REVOKE_LOST, recovery,
                           recovery ? strlen(recovery) : 0, NULL, NULL, &op));
    return op;
}

static int64_t finish_epoch(zks_op *op)
{
    MUST(zks_op_wait(op, world_patience_ms()));
    int64_t number = zks_op_number(op, ZKS_OP_EPOCH);
    EXPECT(world_finish(op), ZKS_OK);
    return number;
}

/* --- tests ------------------------------------------------------------------------ */

START_TEST(guest_removes_its_host_and_the_others_go_on)
{
    zks_devices *list;
    begin(_i);
    int64_t before = world_figure(tablet.client, ZKS_REPORT_EPOCH);
    ck_assert_int_eq(world_figure(tablet.client, ZKS_REPORT_RIGHTS),
                     ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
    ck_assert_int_eq(finish_epoch(start_revoke(&tablet, &phone, NULL)), before + 1);
    UNTIL(was_revoked(&phone) && removals_of(&tablet, &phone) && removals_of(&laptop, &phone));
    UNTIL(told_epoch(&laptop) == before + 1);
    ck_assert_int_eq(removals_of(&laptop, &phone), 1);
    MUST(zks_devices_get(laptop.client, &list));
    ck_assert_uint_eq(zks_devices_count(list), 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(zks_devices_number(list, i, ZKS_DEVICES_RIGHTS),
                         ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
        const uint8_t *inviter = zks_devices_inviter(list, i);
        bool guest = memcmp(zks_devices_id(list, i), tablet.id, ZKS_SIZE_DEVICE_ID) == 0;
        ck_assert(guest == (inviter != NULL)); /* the laptop came by the recovery code */
        ck_assert(!guest || memcmp(inviter, phone.id, ZKS_SIZE_DEVICE_ID) == 0);
    }
    zks_devices_free(list);
    world_push(tablet.client, "behind its back", 15, ZKS_PUSH_ACKED);
    zks_batch *batch = world_read(laptop.client, 0, ZKS_READ_WAIT);
    ck_assert_uint_eq(zks_batch_count(batch), 1);
    zks_batch_free(batch);
    batch = world_read(phone.client, 0, 0);
    ck_assert_uint_eq(zks_batch_count(batch), 0);
    zks_batch_free(batch);
    /* a removed device can do nothing but by the recovery code */
    EXPECT(world_finish(start_revoke(&phone, &tablet, NULL)), ZKS_E_DEVICE_REVOKED);
    EXPECT(world_finish(start_revoke(&phone, &laptop, words)), ZKS_E_CONFLICT);
    finish_epoch(start_revoke(&phone, &tablet, words));
    UNTIL(was_revoked(&tablet));
    UNTIL(devices(&laptop) == 2 && world_figure(phone.client, ZKS_REPORT_STATE) == 2);
    world_push(phone.client, "back again", 10, ZKS_PUSH_ACKED);
    end();
}
END_TEST

START_TEST(rotation_and_leaving)
{
    zks_op *op;
    begin(_i);
    int64_t before = world_figure(phone.client, ZKS_REPORT_EPOCH);
    MUST(zks_group_rotate(phone.client, NULL, NULL, &op));
    ck_assert_int_eq(finish_epoch(op), before + 1);
    UNTIL(told_epoch(&tablet) == before + 1);
    MUST(zks_group_leave(tablet.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    UNTIL(world_figure(tablet.client, ZKS_REPORT_STATE) == ZKS_STATE_OFFLINE);
    /* nobody takes what it says any more: nothing waits for that */
    MUST(zks_client_push(tablet.client, (const uint8_t *)"late", 4, ZKS_PUSH_ACKED, NULL, NULL,
                         &op));
    EXPECT(world_finish(op), ZKS_E_UNAUTHORIZED);
    MUST(zks_client_flush(tablet.client, world_patience_ms(), NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_PENDING), 1);
    EXPECT(world_finish(op), ZKS_E_UNAUTHORIZED);
    MUST(zks_client_wait_synced(tablet.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_UNAUTHORIZED);
    UNTIL(removals_of(&phone, &tablet) && told_epoch(&phone) == before + 2);
    MUST(zks_client_connect(tablet.client, NULL, NULL, &op));
    ck_assert_int_ne(world_finish(op), ZKS_OK);
    MUST(zks_group_leave(tablet.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK); /* it has */
    end();
}
END_TEST

/* Behind a change of keys the relay still writes records that follow from its coming when the LEAVE
 * arrives: it must hear the receipt all the same, not only that it is out. */
START_TEST(restored_device_leaves_at_once)
{
    zks_op *op;
    suite = _i;
    world_open_with_relay(&w);
    create_phone();
    MUST(zks_group_rotate(phone.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    for (int i = 0; i < 4; i++) {
        zks_config *g = config(&laptop, NULL);
        MUST(
            zks_group_restore(w.runtime, g, words, strlen(words), NULL, NULL, &op, &laptop.client));
        opened(&laptop, g, op);
        MUST(zks_group_leave(laptop.client, NULL, NULL, &op));
        MUST(zks_op_wait(op, world_patience_ms()));
        ck_assert_msg(zks_op_status(op) == ZKS_OK, "%s: %s", zks_status_name(zks_op_status(op)),
                      zks_op_text(op));
        zks_op_free(op);
        world_client_close(laptop.client);
    }
    world_client_close(phone.client);
    world_close(&w);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
    static const uint8_t stranger[ZKS_SIZE_DEVICE_ID] = {1};
    zks_op *op;
    begin(_i);
    EXPECT(zks_device_revoke(phone.client, NULL, 0, NULL, 0, NULL, NULL, &op), ZKS_E_INVALID);
    EXPECT(zks_device_revoke(phone.client, stranger, 3, NULL, 0, NULL, NULL, &op), ZKS_E_INVALID);
    MUST(zks_device_revoke(phone.client, stranger, 0, NULL, 0, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_NOT_FOUND);
    EXPECT(world_finish(start_revoke(&phone, &phone, NULL)), ZKS_E_INVALID);
    EXPECT(world_finish(start_revoke(&phone, &tablet, "not a code")), ZKS_E_MALFORMED);
    ck_assert_int_eq(devices(&phone), 3);
    MUST(zks_client_disconnect(phone.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    EXPECT(world_finish(start_revoke(&phone, &tablet, NULL)), ZKS_E_NOT_CONNECTED);
    MUST(zks_group_rotate(phone.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_NOT_CONNECTED);
    MUST(zks_group_leave(phone.client, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_NOT_CONNECTED);
    end();
}
END_TEST

START_TEST(shared_group_removes_nobody)
{
    static const uint8_t other[ZKS_SIZE_DEVICE_ID] = {1};
    zks_op *op;
    world_open_with_relay(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    world_connect(c);
    MUST(zks_device_revoke(c, other, 0, NULL, 0, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_ptr_nonnull(strstr(zks_op_text(op), "make a paired group"));
    EXPECT(world_finish(op), ZKS_E_UNSUPPORTED);
    MUST(zks_group_leave(c, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    world_client_close(c);
    world_close(&w);
}
END_TEST

static void add(TCase *c)
{
    enum { FIRST = ZKS_SUITE_ID_DEFAULT, LAST = ZKS_SUITE_ID_APPROVED };
    tcase_set_timeout(c, 100);
    tcase_add_loop_test(c, guest_removes_its_host_and_the_others_go_on, FIRST, LAST + 1);
    tcase_add_loop_test(c, rotation_and_leaving, FIRST, LAST + 1);
    tcase_add_loop_test(c, restored_device_leaves_at_once, FIRST, LAST + 1);
    tcase_add_loop_test(c, what_is_wrong_is_said, FIRST, LAST + 1);
    tcase_add_test(c, shared_group_removes_nobody);
}

int main(void)
{
    return unit_main("membership", add);
}
