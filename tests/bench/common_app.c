/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "common_app.h"

#include "common.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_check(const char *what, zks_status status)
{
    if (status) {
        bench_fail(what, status, zks_status_text(status));
    }
}

void bench_finish(const char *what, zks_op *op)
{
    bench_check(what, zks_op_wait(op, BENCH_DEADLINE_MS));
    if (zks_op_status(op)) {
        bench_fail(what, zks_op_status(op), zks_op_text(op));
    }
    zks_op_free(op);
}

zks_client *bench_client(zks_runtime *r, const char *store, const char *relay)
{
    uint8_t secret[ZKS_SIZE_SECRET];
    zks_config *config;
    zks_client *client;
    zks_op *op;
    memset(secret, 0x42, sizeof secret);
    bench_check("config", zks_config_new(&config));
    bench_check("secret", zks_config_set_secret(config, secret, sizeof secret));
    bench_check("store", zks_config_set_text(config, ZKS_OPTION_STORE_PATH, store));
    if (relay) {
        bench_check("relay", zks_config_add_relay(config, relay));
    }
    bench_check("open", zks_client_open(r, config, NULL, NULL, &op, &client));
    zks_config_free(config);
    bench_finish("open", op);
    if (relay) {
        bench_check("connect", zks_client_connect(client, NULL, NULL, &op));
        bench_finish("connect", op);
    }
    return client;
}

void bench_relay_start(zks_runtime *r, bench_relay *out)
{
    char config[512];
    zks_op *op;
    const char *root = getenv("TMPDIR");
    snprintf(out->folder, sizeof out->folder, "%s/zks-bench-XXXXXX", root ? root : "/tmp");
    if (!mkdtemp(out->folder)) {
        bench_fail(out->folder, 0, "cannot be made");
    }
    snprintf(config, sizeof config, "listen = 127.0.0.1:0\ndata = %s\n", out->folder);
    bench_check("relay", zks_relay_start(r, config, NULL, NULL, &op, &out->relay));
    bench_finish("relay", op);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

void bench_relay_stop(bench_relay *b)
{
    zks_op *op;
    bench_check("stop", zks_relay_stop(b->relay, NULL, NULL, &op));
    bench_finish("stop", op);
    zks_relay_free(b->relay);
    nftw(b->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void bench_push_batch(zks_client *c, const uint8_t *payloads)
{
    zks_op *op = NULL;
    size_t lengths[BENCH_TOGETHER];
    for (size_t i = 0; i < BENCH_TOGETHER; i++) {
        lengths[i] = BENCH_ENTRY_BYTES;
    }
    bench_check("push_many", zks_client_push_many(c, payloads, lengths, BENCH_TOGETHER,
                                                  ZKS_PUSH_STORED, NULL, NULL, &op));
    bench_finish("push_many", op);
}
