/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "app.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void chaos_fail(const char *what, zks_status status, const char *text)
{
    fprintf(stderr, "chaos: %s: %s (%s)\n", what, zks_status_name(status), text ? text : "");
    exit(1);
}

void chaos_check(const char *what, zks_status status)
{
    if (status) {
        chaos_fail(what, status, zks_status_text(status));
    }
}

void chaos_finish(const char *what, zks_op *op, zks_op **out)
{
    chaos_check(what, zks_op_wait(op, CHAOS_DEADLINE_MS));
    if (zks_op_status(op)) {
        chaos_fail(what, zks_op_status(op), zks_op_text(op));
    }
    if (out) {
        *out = op;
    } else {
        zks_op_free(op);
    }
}

chaos_shared *chaos_map(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(chaos_shared))) {
        chaos_fail("shared file", ZKS_E_SYSTEM, path);
    }
    void *mapped = mmap(NULL, sizeof(chaos_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED) {
        chaos_fail("shared file", ZKS_E_SYSTEM, path);
    }
    chaos_shared *s = mapped;
    atomic_fetch_add(&s->starts, 1);
    return s;
}

zks_client *chaos_open(zks_runtime *r, const char *store, const char *relay)
{
    uint8_t secret[ZKS_SIZE_SECRET];
    memset(secret, 0x5a, sizeof secret);
    zks_config *config;
    zks_client *client;
    zks_op *op;
    chaos_check("config", zks_config_new(&config));
    chaos_check("secret", zks_config_set_secret(config, secret, sizeof secret));
    chaos_check("store", zks_config_set_text(config, ZKS_OPTION_STORE_PATH, store));
    chaos_check("keep", zks_config_set_int(config, ZKS_OPTION_KEEP_BYTES, (int64_t)1 << 40));
    const char *suite = getenv("ZKS_TEST_SUITE");
    if (suite && strcmp(suite, "approved") == 0) {
        chaos_check("suite", zks_config_set_int(config, ZKS_OPTION_SUITE, ZKS_SUITE_ID_APPROVED));
    }
    if (relay) {
        chaos_check("relay", zks_config_add_relay(config, relay));
    }
    chaos_check("open", zks_client_open(r, config, NULL, NULL, &op, &client));
    zks_config_free(config);
    chaos_finish("open", op, NULL);
    if (relay) {
        chaos_check("connect", zks_client_connect(client, NULL, NULL, &op));
        zks_op_free(op); /* it may take until the relay is back */
    }
    return client;
}

/* FNV-1a; the test's own, so that no code under test judges itself. */
uint64_t chaos_hash(const uint8_t *data, size_t length)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < length; i++) {
        h = (h ^ data[i]) * 1099511628211u;
    }
    return h;
}
