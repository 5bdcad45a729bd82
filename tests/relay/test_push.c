/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PUSH, PUSH_ACK, PULL and live delivery between two and more devices. */
#include "support/raw_client.h"
#include "support/raw_relay.h"
#include "support/unit.h"

#include <string.h>

START_TEST(push_is_acknowledged_and_pulled)
{
    static raw_world w;
    static raw_relay r;
    static raw_group g;
    static raw_client a, b;
    raw_world_init(&w);
    raw_relay_init(&r);
    raw_relay_start(&r, NULL);
    raw_group_init(&g, 1);
    raw_client_init(&a, &w, &g, 1);
    raw_client_init(&b, &w, &g, 2);
    raw_join(&a, r.address, ZKS_MODE_LIVE);
    raw_join(&b, r.address, ZKS_MODE_LIVE);
    raw_expect(&a, ZKS_MESSAGE_RECORDS);
    raw_push(&a, 0, 3, 700);
    uint64_t last = raw_push_wait(&a, 3);
    ck_assert_uint_eq(raw_expect(&b, ZKS_MESSAGE_NOTIFY)->notify.head, last);
    raw_pull(&b, 0, 1 << 20, 100, 0);
    zks__message *m = raw_expect(&b, ZKS_MESSAGE_BLOBS);
    ck_assert_uint_eq(m->blobs.blobs.count, 3);
    ck_assert_uint_eq(m->blobs.from, 0);
    ck_assert_uint_eq(m->blobs.contiguous, last);
    ck_assert_uint_eq(m->blobs.flags, 0);
    zks__blob_item item;
    for (uint64_t i = 0; zks__wire_next_blob(&m->blobs.blobs, &item); i++) {
        ck_assert_uint_eq(raw_blob_number(&b, &item), i);
    }
    /* from here b is live */
    raw_push(&a, 3, 1, 700);
    uint64_t live = raw_push_wait(&a, 1);
    m = raw_expect(&b, ZKS_MESSAGE_BLOBS);
    ck_assert_uint_eq(m->blobs.flags, ZKS_BLOBS_LIVE);
    ck_assert_uint_eq(m->blobs.from, last);
    ck_assert_uint_eq(m->blobs.contiguous, live);
    ck_assert(zks__wire_next_blob(&m->blobs.blobs, &item));
    ck_assert_uint_eq(raw_blob_number(&b, &item), 3);
    raw_client_done(&a);
    raw_client_done(&b);
    raw_world_done(&w);
    raw_relay_done(&r);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, push_is_acknowledged_and_pulled);
}

int main(void)
{
    return unit_main("relay push", add);
}
