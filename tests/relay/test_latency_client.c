/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The real client over a network whose round trips take 5 seconds, with the deadlines that clients
 * and relays have by default: it connects, sends and receives, and is let into a group. All at the
 * same time, since it is the waiting that takes long. */
#include "client/client.h"
#include "relay_fixture.h"
#include "support/udp_path.h"
#include "unit/client/device.h"

enum { ONE_WAY_MS = 2500, PATIENCE_MS = 55000 };

typedef struct inviter {
    device d;
    _Atomic bool shown;
    char code[ZKS_SIZE_PAIR_CODE];
} inviter;

static void on_inviter(zks_client *c, const zks_event *e, void *user)
{
    inviter *i = user;
    if (zks__event_kind(e) == ZKS_EVENT_PAIR_CODE) {
        snprintf(i->code, sizeof i->code, "%s", zks__event_text(e, ZKS_EVENT_FIELD_CODE));
        i->shown = true;
    } else if (zks__event_kind(e) == ZKS_EVENT_PAIR_ASK) {
        ck_assert_int_eq(zks__client_pair_answer(c, true), ZKS_OK);
    }
    device_event(c, e, &i->d);
}

/* A device of a new paired group shows a code. */
static zks_op *show_code(inviter *i, zks_runtime *r, const char *relay)
{
    zks_op *op = NULL;
    zks__client_options o = {.beginning = {.origin = ZKS_ORIGIN_CREATE, .no_recovery = true},
                             .event = on_inviter,
                             .event_user = i,
                             .relays = {(char *)(uintptr_t)relay},
                             .relay_count = 1};
    ck_assert_int_eq(zks__client_open(r, &o, NULL, NULL, &op, &i->d.client), ZKS_OK);
    device_done(op, ZKS_OK);
    device_connect(&i->d);
    ck_assert_int_eq(zks__client_pair_begin(i->d.client, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &op),
                     ZKS_OK);
    DEVICE_UNTIL(i->shown);
    return op;
}

static zks_op *begin_join(device *d, zks_runtime *r, const char *code, const char *relay)
{
    zks_op *op = NULL;
    zks__client_options o = {
        .beginning = {.origin = ZKS_ORIGIN_JOIN, .text = code, .text_length = strlen(code)},
        .device_name = (char *)(uintptr_t) "far",
        .event = device_event,
        .event_user = d,
        .relays = {(char *)(uintptr_t)relay},
        .relay_count = 1};
    ck_assert_int_eq(zks__client_open(r, &o, NULL, NULL, &op, &d->client), ZKS_OK);
    return op;
}

static zks_op *begin_connect(device *d)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_connect(d->client, NULL, NULL, &op), ZKS_OK);
    return op;
}

/* Waits longer than tests do elsewhere. */
static void done(zks_op *op)
{
    ck_assert_int_eq(zks__op_wait(op, PATIENCE_MS), ZKS_OK);
    device_done(op, ZKS_OK);
}

static unsigned since_ms(uint64_t start)
{
    return (unsigned)((uv_hrtime() - start) / 1000000);
}

START_TEST(client_with_five_seconds_of_latency_pairs_sends_and_receives)
{
    inviter host = {0};
    device joiner = {0}, near, far;
    zks_runtime *r, *behind; /* the second one's packets go the long way */
    fixture *f = fixture_new(NULL);
    udp_path *path = udp_path_new(f->relay.address, "127.0.0.1", ONE_WAY_MS);
    ck_assert_int_eq(zks__runtime_new(&r), ZKS_OK);
    ck_assert_int_eq(zks__runtime_new(&behind), ZKS_OK);
    zks_op *inviting = show_code(&host, r, f->relay.address);
    device_open(&near, r, NULL, f->relay.address);
    device_open(&far, behind, NULL, udp_path_address(path));
    device_connect(&near);

    uint64_t start = uv_hrtime();
    zks_op *joining = begin_join(&joiner, behind, host.code, udp_path_address(path));
    zks_op *connecting = begin_connect(&far);
    done(connecting);
    printf("connected after %u ms\n", since_ms(start));
    ck_assert_uint_ge(since_ms(start), 4 * 2 * ONE_WAY_MS - 100);
    zks_op *here = device_read(&near, 0, ZKS_READ_WAIT),
           *there = device_read(&far, 0, ZKS_READ_WAIT);
    done(device_push(&far, 1, 0));
    done(device_push(&near, 2, 0));
    done(here);
    done(there);
    printf("both heard each other after %u ms\n", since_ms(start));
    done(joining);
    printf("let in after %u ms\n", since_ms(start));
    done(inviting);
    printf("the other side knows after %u ms\n", since_ms(start));
    DEVICE_UNTIL(far.connected);
    ck_assert_uint_eq(far.connected, 1); /* at the first attempt */

    device_free(&host.d);
    device_free(&joiner);
    device_free(&near);
    device_free(&far);
    ck_assert_int_eq(zks__runtime_close(r, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__runtime_close(behind, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(r);
    zks__runtime_free(behind);
    fixture_free(f);
    udp_path_free(path);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, client_with_five_seconds_of_latency_pairs_sends_and_receives);
}

int main(void)
{
    return unit_main("relay latency client", add);
}
