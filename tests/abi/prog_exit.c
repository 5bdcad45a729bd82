/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Leaves through exit() with clients, operations, a queue and a relay open: exit equals a crash,
 * and must neither hang nor crash. Run by test_lifecycle.c. */
#include <stdlib.h>
#include <string.h>
#include <zks/zks.h>

static void done(zks_op *op, void *user)
{
    (void)op;
    (void)user;
}

static zks_client *open_one(zks_runtime *runtime, zks_queue *queue, uint8_t group)
{
    uint8_t secret[ZKS_SIZE_SECRET];
    zks_config *config;
    zks_client *client = NULL;
    memset(secret, group, sizeof secret);
    if (zks_config_new(&config) || zks_config_set_secret(config, secret, sizeof secret) ||
        zks_config_add_relay(config, "127.0.0.1:9") || zks_config_set_queue(config, queue) ||
        zks_client_open(runtime, config, done, NULL, NULL, &client)) {
        exit(2);
    }
    zks_config_free(config);
    return client;
}

int main(void)
{
    zks_runtime *runtime;
    zks_queue *queue;
    zks_relay *relay;
    zks_op *op;
    if (zks_runtime_new(&runtime) || zks_queue_new(runtime, NULL, NULL, NULL, &queue) ||
        zks_relay_start(runtime, "no_such_option = 1", done, NULL, &op, &relay)) {
        return 2;
    }
    for (uint8_t i = 0; i < 4; i++) {
        zks_client *client = open_one(runtime, i % 2 ? queue : NULL, i);
        if (zks_client_connect(client, done, NULL, NULL) ||
            zks_inbox_read(client, 0, 0, 0, ZKS_READ_WAIT, done, NULL, NULL) ||
            zks_client_push(client, NULL, 0, ZKS_PUSH_ACKED, done, NULL, NULL)) {
            return 2;
        }
    }
    exit(0);
}
