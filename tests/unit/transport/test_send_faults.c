/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A socket that takes no more, or no bursts, or no large datagrams. This program's own sendmsg
 * takes the place of the C library's. */
#include "world.h"

#include <errno.h>
#include <netinet/udp.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    unsigned every; /* calls: one in so many fails; 0: none does */
    unsigned calls;
    int error;
    bool only_bursts;
    size_t only_above; /* bytes */
} fault;

static bool is_burst(const struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c;
         c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)m, c)) {
        if (c->cmsg_level == IPPROTO_UDP) {
            return true;
        }
    }
    return false;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    if (fault.every && (!fault.only_bursts || is_burst(m)) &&
        m->msg_iov[0].iov_len > fault.only_above && ++fault.calls % fault.every == 0) {
        errno = fault.error;
        return -1;
    }
    return (ssize_t)syscall(SYS_sendmsg, fd, m, flags);
}

static void transfer(world *w)
{
    const size_t total = 5u << 20;
    w->accepted_to_send = total;
    peer p = {.to_send = total};
    peer *s = world_pair(w, &p);
    WORLD_WAIT_FOR(w, p.received == total && s->received == total, 60000);
    ck_assert(!p.wrong && !s->wrong);
    zks__link_close(p.link, 0, NULL);
    WORLD_WAIT(w, p.closed && s->closed);
}

START_TEST(full_socket_parks_the_burst_and_loses_nothing)
{
    world *w = world_new(NULL);
    fault.every = 3;
    fault.error = EAGAIN;
    transfer(w);
    ck_assert_uint_gt(w->server->stats.parked, 10);
    ck_assert(!w->server->blocked && !w->server->parked_data);
    world_free(w);
}
END_TEST

START_TEST(device_without_bursts_gets_datagrams_one_by_one)
{
    world *w = world_new(NULL);
    fault.every = 1;
    fault.only_bursts = true;
    fault.error = EIO;
    transfer(w);
    ck_assert(!w->server->udp.segments && !w->client->udp.segments);
    world_free(w);
}
END_TEST

START_TEST(full_socket_without_bursts_goes_on_in_the_middle)
{
    world *w = world_new(NULL);
    w->server->udp.segments = w->client->udp.segments = false;
    fault.every = 7;
    fault.error = EAGAIN;
    transfer(w);
    world_free(w);
}
END_TEST

START_TEST(path_that_takes_no_large_datagrams_is_probed_in_vain)
{
    world *w = world_new(NULL);
    w->server->udp.segments = w->client->udp.segments = false;
    fault.every = 1;
    fault.only_above = 1300;
    fault.error = EMSGSIZE;
    transfer(w);
    world_free(w);
}
END_TEST

START_TEST(refused_ports_reported_on_the_socket_are_passed_over)
{
    world *w = world_new(NULL);
    fault.every = 4;
    fault.error = ECONNREFUSED; /* a lost burst, no more */
    const size_t total = 1u << 20;
    peer p = {.to_send = total};
    peer *s = world_pair(w, &p);
    WORLD_WAIT_FOR(w, s->received == total, 60000);
    fault.every = 0;
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_send_faults");
    TCase *t = tcase_create("send_faults");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, full_socket_parks_the_burst_and_loses_nothing);
    tcase_add_test(t, device_without_bursts_gets_datagrams_one_by_one);
    tcase_add_test(t, full_socket_without_bursts_goes_on_in_the_middle);
    tcase_add_test(t, path_that_takes_no_large_datagrams_is_probed_in_vain);
    tcase_add_test(t, refused_ports_reported_on_the_socket_are_passed_over);
    suite_add_tcase(s, t);
    return world_main(s);
}
