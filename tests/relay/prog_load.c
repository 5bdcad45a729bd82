/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A load generator for a running relay, with blobs that were sealed before the clock starts:
 *
 *   relay_prog_load push ADDRESS BLOBS BLOBS_PER_PUSH CLIENTS [BODY_BYTES]
 *   relay_prog_load idle ADDRESS PID SESSIONS       the relay needs sessions_per_device and
 * _per_address >= SESSIONS relay_prog_load latency ADDRESS BLOBS           one at a time, from push
 * to delivery at another device
 */
#include "support/raw_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OUTSTANDING_PUSHES = 32, CLIENTS_MAX = 16, GROUP = 4711 };

typedef struct load_client {
    raw_client c;
    zks__buf **blobs;
    zks__push_item *items;
    size_t count, sent, acked;
} load_client;

static void prepare(load_client *l, raw_world *w, const raw_group *g, unsigned number, size_t count,
                    size_t body)
{
    raw_client_init(&l->c, w, g, number);
    l->count = count;
    l->blobs = calloc(count, sizeof(void *));
    l->items = calloc(count, sizeof *l->items);
    if (!l->blobs || !l->items) {
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        l->blobs[i] = raw_blob(&l->c, ((uint64_t)getpid() << 32) + i, body, l->items[i].blob_id);
        l->items[i].blob = (zks__slice){l->blobs[i]->data, l->blobs[i]->length};
    }
}

static void send_some(load_client *l, size_t each)
{
    while (l->sent < l->count && l->sent - l->acked < OUTSTANDING_PUSHES * each) {
        size_t n = l->count - l->sent < each ? l->count - l->sent : each;
        zks__message m = {.type = ZKS_MESSAGE_PUSH};
        m.push.blobs.items = l->items + l->sent;
        m.push.blobs.count = n;
        raw_send(&l->c, &m);
        l->sent += n;
    }
}

static void take_acks(load_client *l)
{
    while (!zks__list_empty(&l->c.inbox) || !l->c.session) {
        zks__message *m = raw_next(&l->c, 0);
        if (!m) {
            fprintf(stderr, "the relay closed the session: %d\n", (int)l->c.closed);
            exit(1);
        }
        zks__push_result result;
        while (m->type == ZKS_MESSAGE_PUSH_ACK &&
               zks__wire_next_result(&m->push_ack.results, &result)) {
            if (result.code) {
                fprintf(stderr, "a push was refused: %u\n", result.code);
                exit(1);
            }
            l->acked++;
        }
    }
}

static int push(const char *address, size_t blobs, size_t each, unsigned clients, size_t body)
{
    static load_client l[CLIENTS_MAX];
    if (clients < 1 || clients > CLIENTS_MAX) {
        fprintf(stderr, "1 to %d clients\n", CLIENTS_MAX);
        return 2;
    }
    raw_world w;
    raw_group g;
    struct rusage before;
    struct rusage after;
    raw_world_init(&w);
    raw_group_init(&g, GROUP);
    for (unsigned i = 0; i < clients; i++) {
        prepare(&l[i], &w, &g, i + 1, blobs / clients, body);
        raw_join(&l[i].c, address, ZKS_MODE_NO_SUBSCRIBE);
    }
    getrusage(RUSAGE_SELF, &before);
    uint64_t start = uv_hrtime();
    size_t done = 0;
    while (done < blobs / clients * clients) {
        done = 0;
        for (unsigned i = 0; i < clients; i++) {
            send_some(&l[i], each);
        }
        uv_run(&w.loop, UV_RUN_ONCE);
        for (unsigned i = 0; i < clients; i++) {
            take_acks(&l[i]);
            done += l[i].acked;
        }
    }
    double seconds = (double)(uv_hrtime() - start) / 1e9;
    getrusage(RUSAGE_SELF, &after);
    double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                          before.ru_stime.tv_sec) +
                 (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                          after.ru_stime.tv_usec - before.ru_stime.tv_usec) /
                     1e6;
    printf("%zu blobs of %zu bytes, %zu per push, %u clients: %.2f s, %.0f durable pushes/s, "
           "client cpu %.2f s\n",
           done, l[0].items[0].blob.length, each, clients, seconds, (double)done / seconds, cpu);
    return 0;
}

static long heap_kib(long pid)
{
    char path[64];
    char line[256];
    long anonymous = 0;
    long v;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "Anonymous: %ld", &v) == 1) {
            anonymous = v;
        }
    }
    if (f) {
        fclose(f);
    }
    return anonymous;
}

static int idle(const char *address, long pid, unsigned sessions)
{
    raw_world w;
    raw_group g;
    raw_client *c = calloc(sessions, sizeof *c);
    raw_world_init(&w);
    raw_group_init(&g, GROUP);
    raw_client_init(&c[0], &w, &g, 1);
    raw_join(&c[0], address, ZKS_MODE_LIVE);
    long before = heap_kib(pid);
    for (unsigned i = 1; i < sessions; i++) {
        raw_client_init(&c[i], &w, &g, 1);
        raw_join(&c[i], address, ZKS_MODE_LIVE);
    }
    raw_idle(&w, 1000);
    long after = heap_kib(pid);
    printf("%u idle sessions: %ld KiB before, %ld KiB after, %.1f KiB each\n", sessions, before,
           after, (double)(after - before) / (sessions - 1));
    return 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int latency(const char *address, size_t blobs)
{
    static load_client l;
    static raw_client other;
    raw_world w;
    raw_group g;
    uint64_t contiguous = 0;
    uint64_t *took = calloc(blobs, sizeof *took);
    raw_world_init(&w);
    raw_group_init(&g, GROUP);
    prepare(&l, &w, &g, 1, blobs, 1024);
    raw_client_init(&other, &w, &g, 2);
    raw_join(&l.c, address, ZKS_MODE_NO_SUBSCRIBE);
    raw_join(&other, address, ZKS_MODE_LIVE);
    (void)raw_pull_all(&other, other.welcome.head, &contiguous);
    for (size_t i = 0; i < blobs; i++) {
        uint64_t start = uv_hrtime();
        zks__message m = {.type = ZKS_MESSAGE_PUSH};
        m.push.blobs.items = l.items + i;
        m.push.blobs.count = 1;
        raw_send(&l.c, &m);
        contiguous = raw_expect(&other, ZKS_MESSAGE_BLOBS)->blobs.contiguous;
        took[i] = (uv_hrtime() - start) / 1000;
        raw_ack(&other, contiguous);
    }
    qsort(took, blobs, sizeof *took, by_value);
    printf("push to delivery of %zu blobs: p50 %llu us, p99 %llu us\n", blobs,
           (unsigned long long)took[blobs / 2], (unsigned long long)took[blobs * 99 / 100]);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "push") == 0) {
        return push(argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
                    (unsigned)atoi(argv[5]), argc > 6 ? strtoul(argv[6], NULL, 10) : 1024);
    }
    if (argc == 5 && strcmp(argv[1], "idle") == 0) {
        return idle(argv[2], atol(argv[3]), (unsigned)atoi(argv[4]));
    }
    if (argc == 4 && strcmp(argv[1], "latency") == 0) {
        return latency(argv[2], strtoul(argv[3], NULL, 10));
    }
    fprintf(stderr, "usage: relay_prog_load push ADDRESS BLOBS BLOBS_PER_PUSH CLIENTS [BODY] | "
                    "idle ADDRESS PID SESSIONS | "
                    "latency ADDRESS BLOBS\n");
    return 2;
}
