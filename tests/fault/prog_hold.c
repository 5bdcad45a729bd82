/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An app that stands still for somebody to look at its memory:
 *
 *     fault_prog_hold STORE RELAY     the store's passphrase, a line, then the group secret, 32
 *                                     bytes, on standard input; then a line for each step
 *
 * It prints "open" when it is connected and has exchanged something, "closed" when client and
 * runtime are closed, and ends. What it was given it wipes itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zks/zks.h>

static void must(zks_status status, const char *what)
{
    if (status) {
        fprintf(stderr, "%s: %s\n", what, zks_status_name(status));
        exit(1);
    }
}

static void must_op(zks_op *op, const char *what)
{
    must(zks_op_wait(op, 60000), what);
    if (zks_op_status(op)) {
        fprintf(stderr, "%s: %s\n", what, zks_op_text(op));
        exit(1);
    }
    zks_op_free(op);
}

static void on_log(int32_t level, const char *line, void *user)
{
    (void)user;
    fprintf(stderr, "%d %s\n", (int)level, line);
}

/* Up to a newline or to `max` bytes. */
static size_t read_bytes(char *out, size_t max, int line)
{
    size_t n = 0;
    while (n < max && read(STDIN_FILENO, out + n, 1) == 1) {
        if (line && out[n] == '\n') {
            break;
        }
        n++;
    }
    return n;
}

static void step(const char *word)
{
    char nothing[16];
    puts(word);
    fflush(stdout);
    read_bytes(nothing, sizeof nothing, 1);
}

static zks_config *configure(char **argv)
{
    zks_config *g;
    char passphrase[256];
    uint8_t secret[ZKS_SIZE_SECRET];
    size_t length = read_bytes(passphrase, sizeof passphrase, 1);
    read_bytes((char *)secret, sizeof secret, 0);
    must(zks_config_new(&g), "config");
    must(zks_config_set_text(g, ZKS_OPTION_STORE_PATH, argv[1]), "path");
    must(zks_config_set_store_passphrase(g, passphrase, length), "passphrase");
    must(zks_config_set_secret(g, secret, sizeof secret), "secret");
    must(zks_config_add_relay(g, argv[2]), "relay");
    explicit_bzero(passphrase, sizeof passphrase);
    explicit_bzero(secret, sizeof secret);
    return g;
}

int main(int argc, char **argv)
{
    zks_runtime *runtime;
    zks_client *client;
    zks_op *op;
    if (argc != 3) {
        return 2;
    }
    must(zks_runtime_new(&runtime), "runtime");
    must(zks_runtime_set_log(runtime, ZKS_LOG_DEBUG, on_log, NULL, NULL), "log");
    zks_config *g = configure(argv);
    step("configured");
    must(zks_client_open(runtime, g, NULL, NULL, &op, &client), "open");
    zks_config_free(g);
    must_op(op, "open");
    must(zks_client_connect(client, NULL, NULL, &op), "connect");
    must_op(op, "connect");
    must(zks_client_push(client, (const uint8_t *)"an entry", 8, ZKS_PUSH_ACKED, NULL, NULL, &op),
         "push");
    must_op(op, "push");
    step("open");
    must(zks_client_close(client, NULL, NULL, &op), "close");
    must_op(op, "close");
    zks_client_free(client);
    must(zks_runtime_close(runtime, 30000), "runtime close");
    zks_runtime_free(runtime);
    step("closed");
    return 0;
}
