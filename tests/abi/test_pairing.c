/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two devices pair at a relay, each through zks.h alone. */
#include "abi/world.h"

#include <stdio.h>

static world w;

static void setup(void)
{
    world_open_with_relay(&w);
}

static void teardown(void)
{
    world_close(&w);
}

/* What a side was shown. */
typedef struct side {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char code[4096], name[ZKS_SIZE_NAME_MAX + 1];
    int64_t digits; /* -1: not shown */
    bool asked;
} side;

static void side_init(side *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->digits = -1;
}

static void on_event(zks_client *c, const zks_event *e, void *user)
{
    side *s = user;
    pthread_mutex_lock(&s->mutex);
    switch (zks_event_kind(e)) {
    case ZKS_EVENT_PAIR_CODE:
        snprintf(s->code, sizeof s->code, "%s", zks_event_text(e, ZKS_EVENT_FIELD_CODE));
        break;
    case ZKS_EVENT_PAIR_DIGITS:
        s->digits = zks_event_number(e, ZKS_EVENT_FIELD_DIGITS);
        break;
    case ZKS_EVENT_PAIR_ASK:
        s->asked = true;
        snprintf(s->name, sizeof s->name, "%s", zks_event_text(e, ZKS_EVENT_FIELD_NAME));
        MUST(zks_pair_answer(c, 1));
        break;
    default:
        break;
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

static zks_config *config(const char *file, side *s)
{
    zks_config *g = world_config(&w, &(world_client){.file = file, .name = file, .relay = true});
    MUST(zks_config_set_events(g, on_event, s, NULL));
    return g;
}

static void wait_for_code(side *s)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += world_patience_ms() / 1000;
    pthread_mutex_lock(&s->mutex);
    int late = 0;
    while (!s->code[0] && !late) {
        late = pthread_cond_timedwait(&s->changed, &s->mutex, &until);
    }
    pthread_mutex_unlock(&s->mutex);
    ck_assert_msg(!late, "no code was shown");
}

static void opened(zks_op *op)
{
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "%s: %s", zks_status_name(zks_op_status(op)),
                  zks_op_text(op));
    zks_op_free(op);
}

START_TEST(two_devices_pair_and_sync)
{
    side a, b;
    zks_client *phone, *tablet;
    zks_op *op, *pairing;
    side_init(&a);
    side_init(&b);
    zks_config *g = config("phone", &a);
    MUST(zks_group_create(w.runtime, g, 0, NULL, NULL, &op, &phone));
    zks_config_free(g);
    opened(op);
    world_connect(phone);
    world_push(phone, "before", 6, ZKS_PUSH_ACKED);
    MUST(zks_pair_begin(phone, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &pairing));
    wait_for_code(&a);

    g = config("tablet", &b);
    MUST(zks_group_join(w.runtime, g, a.code, strlen(a.code), NULL, NULL, &op, &tablet));
    zks_config_free(g);
    opened(op);
    opened(pairing);
    ck_assert_int_ge(a.digits, 0);
    ck_assert_int_eq(a.digits, b.digits);
    ck_assert_str_eq(a.name, "tablet");

    world_connect(tablet);
    world_push(tablet, "from the tablet", 15, ZKS_PUSH_ACKED);
    world_push(phone, "after", 5, ZKS_PUSH_ACKED);
    zks_batch *batch = world_read(tablet, 0, ZKS_READ_WAIT);
    ck_assert_uint_ge(zks_batch_count(batch), 1);
    zks_batch_free(batch);
    batch = world_read(phone, 0, ZKS_READ_WAIT);
    ck_assert_uint_eq(zks_batch_count(batch), 1);
    zks_batch_free(batch);
    ck_assert_int_eq(world_figure(phone, ZKS_REPORT_DEVICES), 2);
    world_client_close(phone);
    world_client_close(tablet);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, two_devices_pair_and_sync);
}

int main(void)
{
    return unit_main("pairing", add);
}
