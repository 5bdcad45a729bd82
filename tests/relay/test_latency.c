/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A network whose round trips take 5 seconds: the session still comes about, with the deadlines
 * that relays have by default. */
#include "relay_fixture.h"
#include "support/udp_path.h"

enum { ONE_WAY_MS = 2500 };

START_TEST(five_seconds_of_latency_are_no_obstacle)
{
    fixture *f = fixture_new(NULL);
    udp_path *path = udp_path_new(f->relay.address, "127.0.0.1", ONE_WAY_MS);
    f->world.patience_ms = 30000;
    uint64_t start = uv_hrtime();
    raw_join(&f->c[0], udp_path_address(path), ZKS_MODE_LIVE);
    uint64_t took_ms = (uv_hrtime() - start) / 1000000;
    printf("WELCOME after %u ms, %u packets\n", (unsigned)took_ms, udp_path_packets(path));
    ck_assert_uint_ge(took_ms, 4 * 2 * ONE_WAY_MS - 100); /* TLS 1, handshake 2, HELLO 1 */
    ck_assert_int_eq(f->c[0].closed, ZKS_OK);
    fixture_free(f);
    udp_path_free(path);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, five_seconds_of_latency_are_no_obstacle);
}

int main(void)
{
    return unit_main("relay latency", add);
}
