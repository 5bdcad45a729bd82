/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What an idle link costs a server: its heap, with the clients in another process. */
#include "world.h"

#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_HEAP 1
#endif
#endif

enum { LINKS = 100, SETTLE_MS = 1500, LINK_BYTES_MAX = 48 << 10 };

/* The other process: opens the links and keeps them until it is killed. */
static void run_clients(const struct sockaddr_storage *address)
{
    world *w = calloc(1, sizeof *w);
    peer *p = calloc(LINKS, sizeof *p);
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->deadline);
    w->deadline.data = w;
    w->address = *address;
    world_fill(w->client_seed, 32, NULL);
    w->client = world_endpoint(w, NULL, NULL);
    for (size_t i = 0; i < LINKS; i++) {
        zks__connect_config c = world_config(w, &p[i]);
        c.expected_key = NULL;
        world_connect_with(w, &p[i], &c);
        WORLD_WAIT(w, p[i].opened);
        peer_write(&p[i], 20000);
        WORLD_WAIT(w, p[i].received == 20000);
    }
    world_run(w, 60000);
}

static size_t heap_bytes(void)
{
#ifdef OTHER_HEAP
    return 0;
#else
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
#endif
}

START_TEST(idle_links_cost_the_server_little)
{
    world *w = world_new(NULL);
    w->accepted_echo = true;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run_clients(&w->address);
        _exit(0);
    }
    size_t before = heap_bytes();
    WORLD_WAIT(w, w->accepted_count == LINKS && w->accepted[LINKS - 1].received == 20000);
    world_run(w, SETTLE_MS);
    size_t each = (heap_bytes() - before) / LINKS;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(zks__endpoint_links(w->server), LINKS);
    ck_assert_msg(each <= LINK_BYTES_MAX, "%zu bytes of heap per idle link", each);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_memory");
    TCase *t = tcase_create("memory");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, idle_links_cost_the_server_little);
    suite_add_tcase(s, t);
    return world_main(s);
}
