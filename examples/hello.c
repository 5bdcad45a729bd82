/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two devices of one group, and a relay between them, in one process:
 *
 *     cc hello.c $(pkg-config --cflags --libs zks) -o hello && ./hello [folder]
 *
 * In an app the relay runs elsewhere, each device is a process of its own, and instead of waiting
 * the app takes callbacks (see zks.h). The folder, "hello-relay" by default, is the relay's; it
 * remembers: a second run receives the entry of the first one too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zks/zks.h>

enum { PATIENCE_MS = 10000 };

static void check(zks_status status, const char *what)
{
    if (status) {
        fprintf(stderr, "%s: %s\n", what, zks_status_text(status));
        exit(1);
    }
}

/* Waits for an operation and stops the program where it failed, with its own words. */
static void finish(zks_op *op, const char *what)
{
    check(zks_op_wait(op, PATIENCE_MS), what);
    if (zks_op_status(op)) {
        fprintf(stderr, "%s: %s\n", what, zks_op_text(op));
        exit(1);
    }
    zks_op_free(op);
}

static zks_client *open_device(zks_runtime *runtime, const char *name, const char *relay)
{
    static const uint8_t secret[ZKS_SIZE_SECRET] = "the same 32 bytes on each device";
    zks_config *config;
    zks_client *client;
    zks_op *op;
    check(zks_config_new(&config), "config");
    check(zks_config_set_secret(config, secret, sizeof secret), "secret");
    check(zks_config_set_text(config, ZKS_OPTION_DEVICE_NAME, name), "name");
    check(zks_config_add_relay(config, relay), "relay");
    check(zks_client_open(runtime, config, NULL, NULL, &op, &client), "open");
    zks_config_free(config);
    finish(op, "open");
    check(zks_client_connect(client, NULL, NULL, &op), "connect");
    finish(op, "connect");
    return client;
}

static void read_and_print(zks_client *client)
{
    zks_op *op;
    zks_batch *batch;
    check(zks_inbox_read(client, zks_inbox_acked(client), 10, 0, ZKS_READ_WAIT, NULL, NULL, &op),
          "read");
    check(zks_op_wait(op, PATIENCE_MS), "read");
    check(zks_op_take_batch(op, &batch), "read");
    zks_op_free(op);
    const uint8_t *data = zks_batch_data(batch, NULL);
    const uint64_t *offsets = zks_batch_offsets(batch);
    size_t count = zks_batch_count(batch);
    for (size_t i = 0; i < count; i++) {
        printf("received: %.*s\n", (int)(offsets[i + 1] - offsets[i]), data + offsets[i]);
    }
    /* An app stores what it read, then says so: after a crash it starts again from here. */
    check(zks_inbox_ack(client, zks_batch_seqs(batch)[count - 1], NULL, NULL, &op), "ack");
    finish(op, "ack");
    zks_batch_free(batch);
}

int main(int argc, char **argv)
{
    char config[4096];
    zks_runtime *runtime;
    zks_relay *relay;
    zks_op *op;
    snprintf(config, sizeof config, "listen = 127.0.0.1:0\ndata = %s\n",
             argc > 1 ? argv[1] : "hello-relay");
    check(zks_runtime_new(&runtime), "runtime");
    check(zks_relay_start(runtime, config, NULL, NULL, &op, &relay), "relay");
    finish(op, "relay");

    zks_client *anna = open_device(runtime, "anna", zks_relay_address(relay));
    zks_client *ben = open_device(runtime, "ben", zks_relay_address(relay));
    const char *text = "hello, ben";
    check(
        zks_client_push(anna, (const uint8_t *)text, strlen(text), ZKS_PUSH_ACKED, NULL, NULL, &op),
        "push");
    finish(op, "push");
    read_and_print(ben);

    zks_client_free(anna);
    zks_client_free(ben);
    check(zks_relay_stop(relay, NULL, NULL, &op), "stop");
    finish(op, "stop");
    zks_relay_free(relay);
    check(zks_runtime_close(runtime, PATIENCE_MS), "close");
    zks_runtime_free(runtime);
    return 0;
}
