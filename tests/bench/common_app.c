/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "common_app.h"

#include "common.h"

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
