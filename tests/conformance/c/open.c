/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Verbs that open, connect and close clients. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

/* --- configuration --- */

static int64_t suite_of(const char *name)
{
    return strcmp(name, "approved") != 0 ? ZKS_SUITE_ID_DEFAULT : ZKS_SUITE_ID_APPROVED;
}

static zks_status set_invite(zks_config *g, const json_t *value)
{
    zks_invite *invite;
    size_t length;
    char *link = text_of(value), *rest;
    zks_status s = zks_invite_parse(link, strlen(link), &invite);
    free(link);
    if (s) {
        return s;
    }
    s = zks_config_set_int(g, ZKS_OPTION_SUITE, zks_invite_number(invite, ZKS_INVITE_SUITE));
    if (!s) {
        const uint8_t *secret = zks_invite_bytes(invite, ZKS_INVITE_SECRET, &length);
        s = zks_config_set_secret(g, secret, length);
    }
    char *relays = strdup(zks_invite_text(invite, ZKS_INVITE_RELAYS));
    for (char *line = strtok_r(relays, "\n", &rest); line && !s;
         line = strtok_r(NULL, "\n", &rest)) {
        s = zks_config_add_relay(g, line);
    }
    free(relays);
    zks_invite_free(invite);
    return s;
}

static zks_status set_secrets(zks_config *g, const json_t *o)
{
    uint8_t bytes[BYTES_MAX];
    zks_status s = ZKS_OK;
    const json_t *secret = json_object_get(o, "secret"), *salt = json_object_get(o, "salt");
    const json_t *passphrase = json_object_get(o, "passphrase");
    if (secret) {
        s = zks_config_set_secret(g, bytes, bytes_of(secret, ZKS_SIZE_SECRET, bytes));
    }
    if (!s && passphrase) {
        char *text = text_of(passphrase);
        size_t length = bytes_of(salt, 16, bytes);
        s = zks_config_set_passphrase(g, text, strlen(text), bytes, length);
        free(text);
    }
    return s;
}

static zks_status set_store(zks_config *g, const json_t *o)
{
    uint8_t bytes[BYTES_MAX];
    char path[8192];
    zks_status s = ZKS_OK;
    const char *store = json_string_value(json_object_get(o, "store"));
    const json_t *key = json_object_get(o, "store_key");
    const json_t *passphrase = json_object_get(o, "store_passphrase");
    if (store) {
        snprintf(path, sizeof path, "%s%s", *store ? folder : "", store);
        s = zks_config_set_text(g, ZKS_OPTION_STORE_PATH, path);
    }
    if (!s && key) {
        s = zks_config_set_store_key(g, bytes, bytes_of(key, ZKS_SIZE_STORE_KEY, bytes));
    }
    if (!s && passphrase) {
        char *text = text_of(passphrase);
        s = zks_config_set_store_passphrase(g, text, strlen(text));
        free(text);
    }
    return s;
}

static zks_status set_numbers(zks_config *g, const json_t *o)
{
    static const struct {
        const char *key;
        int32_t option;
    } numbers[] = {
        {"ttl_s", ZKS_OPTION_TTL_S},
        {"rotate_s", ZKS_OPTION_ROTATE_S},
        {"inbox_max_bytes", ZKS_OPTION_INBOX_MAX_BYTES},
        {"keep_bytes", ZKS_OPTION_KEEP_BYTES},
        {"queue_max_bytes", ZKS_OPTION_QUEUE_MAX_BYTES},
        {"connect_timeout_ms", ZKS_OPTION_CONNECT_TIMEOUT_MS},
    };
    zks_status s = ZKS_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !s; i++) {
        const json_t *value = json_object_get(o, numbers[i].key);
        if (value) {
            s = zks_config_set_int(g, numbers[i].option, json_integer_value(value));
        }
    }
    return s;
}

static zks_status set_relays(zks_config *g, const json_t *o)
{
    size_t i;
    json_t *value, *list = json_object_get(o, "relays");
    zks_status s = ZKS_OK;
    if (!list) {
        return json_object_get(o, "invite") ? ZKS_OK : zks_config_add_relay(g, fixture);
    }
    json_array_foreach(list, i, value)
    {
        char *address = relay_address(value);
        s = s ? s : zks_config_add_relay(g, address);
        free(address);
    }
    return s;
}

static zks_status set_all(zks_config *g, const json_t *o)
{
    const json_t *invite = json_object_get(o, "invite");
    const json_t *suite = json_object_get(o, "suite"), *name = json_object_get(o, "device_name");
    const char *chosen = suite ? json_string_value(suite) : case_suite;
    zks_status s = invite ? set_invite(g, invite)
                          : zks_config_set_int(g, ZKS_OPTION_SUITE, suite_of(chosen));
    if (!s && name) {
        char *text = text_of(name);
        s = zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, text);
        free(text);
    }
    s = s ? s : set_secrets(g, o);
    s = s ? s : set_store(g, o);
    s = s ? s : set_numbers(g, o);
    return s ? s : set_relays(g, o);
}

/* --- opening --- */

typedef zks_status (*starter)(const task *t, const zks_config *g, zks_op **op, zks_client **client);

static zks_status start_open(const task *t, const zks_config *g, zks_op **op, zks_client **client)
{
    (void)t;
    return zks_client_open(runtime, g, NULL, NULL, op, client);
}

static zks_status start_create(const task *t, const zks_config *g, zks_op **op, zks_client **client)
{
    const json_t *recovery = json_object_get(arg(t, 2), "recovery");
    uint32_t flags = json_is_false(recovery) ? ZKS_CREATE_NO_RECOVERY : 0;
    return zks_group_create(runtime, g, flags, NULL, NULL, op, client);
}

static zks_status start_join(const task *t, const zks_config *g, zks_op **op, zks_client **client)
{
    char *code = text_of(arg(t, 3));
    zks_status s = zks_group_join(runtime, g, code, strlen(code), NULL, NULL, op, client);
    free(code);
    return s;
}

static zks_status start_restore(const task *t, const zks_config *g, zks_op **op,
                                zks_client **client)
{
    char *words = text_of(arg(t, 3));
    zks_status s = zks_group_restore(runtime, g, words, strlen(words), NULL, NULL, op, client);
    free(words);
    return s;
}

static void keep_recovery_code(const task *t, const zks_op *op)
{
    char name[NAME_SIZE], words[1024];
    size_t length;
    const uint8_t *bytes = zks_op_bytes(op, ZKS_OP_RECOVERY_CODE, &length);
    if (bytes) {
        snprintf(name, sizeof name, "words:%s", t->who);
        snprintf(words, sizeof words, "%.*s", (int)length, (const char *)bytes);
        variable_set(name, words);
    }
}

/* The name stands for this client now; whether its device is the one that it stood for before. */
static bool bind(const task *t, zks_client *client, log *events)
{
    zks_report *report;
    device *d = device_get(t->who);
    zks_client_free(d->client);
    zks_op_free(d->pairing);
    log_drop(d->events);
    d->client = client;
    d->events = events;
    d->pairing = NULL;
    d->position = zks_inbox_acked(client);
    if (zks_report_get(client, &report)) {
        broken("no report:", t->step);
    }
    bool before = id_bind(zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, NULL), t->who);
    zks_report_free(report);
    return before;
}

static zks_status listen_with(zks_config *g, log *events)
{
    zks_status s = zks_config_set_events(g, on_event, events, log_drop);
    if (!s) {
        log_hold(events);
    }
    return s;
}

static void open_by(task *t, starter start)
{
    zks_config *g;
    zks_client *client = NULL;
    zks_op *op = NULL;
    log *events = log_new();
    zks_status s = zks_config_new(&g);
    s = s ? s : set_all(g, arg(t, 2));
    s = s ? s : listen_with(g, events);
    s = s ? s : start(t, g, &op, &client);
    zks_config_free(g);
    s = s ? s : task_wait(t, op);
    if (s) {
        zks_client_free(client);
        log_drop(events);
        fail(t, s);
    } else {
        keep_recovery_code(t, op);
        bool again = bind(t, client, events);
        say(t, "%s", again && start == start_open ? " again" : "");
    }
    zks_op_free(op);
}

void verb_open(task *t)
{
    open_by(t, start_open);
}

void verb_create(task *t)
{
    open_by(t, start_create);
}

void verb_join(task *t)
{
    open_by(t, start_join);
}

void verb_restore(task *t)
{
    open_by(t, start_restore);
}

/* --- connecting and closing --- */

void verb_connect(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_client_connect(client_of(t), NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}

void verb_disconnect(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_client_disconnect(client_of(t), NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}

void verb_network_changed(task *t)
{
    said(t, zks_client_network_changed(client_of(t)));
}

void verb_close(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_client_close(client_of(t), NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}

void verb_trust(task *t)
{
    uint8_t key[ZKS_SIZE_RELAY_KEY];
    zks_client *client = client_of(t);
    if (!log_relay_key(t->d->events, key)) {
        broken("no relay has shown a changed key:", t->step);
    }
    char *address = relay_address(arg(t, 2));
    said(t, zks_client_trust_relay(client, address, key));
    free(address);
}

void verb_change_store_key(task *t)
{
    uint8_t bytes[BYTES_MAX];
    zks_op *op = NULL;
    zks_status s;
    const json_t *key = option(t, "key"), *passphrase = option(t, "passphrase");
    zks_client *c = client_of(t);
    if (key) {
        size_t length = bytes_of(key, ZKS_SIZE_STORE_KEY, bytes);
        s = zks_client_change_store_key(c, ZKS_STORE_KEY_BYTES, bytes, length, NULL, NULL, &op);
    } else if (passphrase) {
        char *text = text_of(passphrase);
        s = zks_client_change_store_key(c, ZKS_STORE_KEY_PASSPHRASE, (const uint8_t *)text,
                                        strlen(text), NULL, NULL, &op);
        free(text);
    } else {
        s = zks_client_change_store_key(c, ZKS_STORE_KEY_NONE, NULL, 0, NULL, NULL, &op);
    }
    said(t, task_finish(t, s, op));
}
