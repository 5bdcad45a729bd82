/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/config.h"

#include "abi/guard.h"
#include "base/alloc.h"
#include "base/name.h"
#include "client/client.h"
#include "client/secret.h"

#include <stdio.h>
#include <string.h>

enum {
    PROBLEM_BYTES = 256,
    PATH_MAX_BYTES = 4095,
    SALT_MAX_BYTES = 64 << 10,
    TTL_MAX_S = 90 * 24 * 3600,
    MIB = 1 << 20,
    CONNECT_TIMEOUT_MIN_MS = 100,
    CONNECT_TIMEOUT_MAX_MS = 600 * 1000,
    ROTATE_MAX_S = 3650 * 24 * 3600
};

/* A callback with its user pointer, shared by the configuration and the clients opened with it. */
typedef struct registration {
    atomic_uint count;
    zks_event_fn fn;
    zks_store_key_fn key_fn;
    void *user;
    zks_free_fn user_free;
} registration;

struct zks_config {
    zks__handle handle;
    zks__client_options options;
    zks__client_secrets *secrets; /* in secret memory, made by the first; NULL: none */
    registration *events;         /* NULL: none */
    registration *store_key;      /* NULL: none */
    char problem[PROBLEM_BYTES];
};

/* --- registrations --- */

static void registration_unref(void *user)
{
    registration *r = user;
    if (r && atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel) == 1) {
        if (r->user_free) {
            r->user_free(r->user);
        }
        zks__free(r);
    }
}

static void pass_event(zks_client *client, const zks_event *event, void *user)
{
    const registration *r = user;
    r->fn(client, event, r->user);
}

static zks_status pass_key(uint8_t *out_key, void *user)
{
    const registration *r = user;
    return r->key_fn(out_key, r->user);
}

static registration *registration_new(void *user, zks_free_fn user_free)
{
    registration *r = zks__alloc_zero(1, sizeof *r);
    if (r) {
        atomic_init(&r->count, 1);
        r->user = user;
        r->user_free = user_free;
    }
    return r;
}

/* --- life --- */

zks_status zks_config_new(zks_config **out_config)
{
    if (!out_config) {
        return ZKS_E_INVALID;
    }
    zks_config *g = zks__alloc_zero(1, sizeof *g);
    if (!g) {
        return ZKS_E_NOMEM;
    }
    zks__handle_init(&g->handle, ZKS_HANDLE_CONFIG);
    *out_config = g;
    return ZKS_OK;
}

void zks_config_free(zks_config *config)
{
    if (zks__guard(ZKS_CALL_config_free, config)) {
        return;
    }
    zks__client_options *o = &config->options;
    registration_unref(config->events);
    registration_unref(config->store_key);
    zks__client_secrets_free(config->secrets);
    zks__free(o->store_path);
    zks__free(o->device_name);
    zks__free(o->salt);
    for (size_t i = 0; i < o->relay_count; i++) {
        zks__free(o->relays[i]);
    }
    atomic_store(&config->handle.magic, ZKS_HANDLE_DEAD);
    zks__free(config);
}

zks_status zks__config_open(const zks_config *config, const zks__beginning *beginning,
                            zks_runtime *runtime, zks_done_fn done, void *user, zks_op **out_op,
                            zks_client **out_client)
{
    const zks__client_secrets *secrets = config->secrets;
    zks__client_options options = config->options;
    options.beginning = *beginning;
    if (beginning->origin != ZKS_ORIGIN_STORE && secrets &&
        (secrets->has_secret || secrets->passphrase_length)) {
        return ZKS_E_CONFIG;
    }
    registration *r = config->events;
    if (options.queue) {
        zks_status status = zks__guard_handle(ZKS_HANDLE_QUEUE, options.queue);
        if (status) {
            return status;
        }
    }
    if (r && r->fn) {
        options.event = pass_event;
        options.event_user = r;
        options.event_user_free = registration_unref;
        atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
    }
    registration *k = config->store_key;
    if (k && k->key_fn) {
        options.store_key_fn = pass_key;
        options.store_key_user = k;
        options.store_key_user_free = registration_unref;
        atomic_fetch_add_explicit(&k->count, 1, memory_order_relaxed);
    }
    options.secrets = config->secrets;
    zks_status status = zks__client_open(runtime, &options, done, user, out_op, out_client);
    if (status) {
        registration_unref(options.event_user);
        registration_unref(options.store_key_user);
    }
    return status;
}

/* --- problems --- */

static zks_status refuse(zks_config *g, zks_status status, const char *sentence)
{
    (void)snprintf(g->problem, sizeof g->problem, "%s", sentence);
    return status;
}

static zks_status refuse_range(zks_config *g, const char *what, int64_t least, int64_t most)
{
    (void)snprintf(g->problem, sizeof g->problem, "%s must be 0 (the default) or %lld to %lld",
                   what, (long long)least, (long long)most);
    return ZKS_E_CONFIG;
}

static zks_status no_memory(zks_config *g)
{
    return refuse(g, ZKS_E_NOMEM, "there is no memory to keep the value");
}

/* Guards a setter and forgets the last problem. */
static zks_status begin(zks__call call, zks_config *g)
{
    zks_status status = zks__guard(call, g);
    if (!status) {
        g->problem[0] = '\0';
    }
    return status;
}

const char *zks_config_problem(const zks_config *config)
{
    return zks__guard(ZKS_CALL_config_problem, config) ? NULL : config->problem;
}

/* --- secrets --- */

/* Makes the secret memory. ZKS_E_NOMEM. */
static zks_status need_secrets(zks_config *g)
{
    if (!g->secrets) {
        g->secrets = zks__client_secrets_new();
    }
    return g->secrets ? ZKS_OK : no_memory(g);
}

zks_status zks_config_set_secret(zks_config *config, const uint8_t *secret, size_t length)
{
    zks_status status = begin(ZKS_CALL_config_set_secret, config);
    if (status) {
        return status;
    }
    if (length != ZKS_SIZE_SECRET) {
        return refuse(config, ZKS_E_SECRET, "the group secret must be exactly 32 bytes");
    }
    if (!secret) {
        return refuse(config, ZKS_E_INVALID, "the group secret is NULL");
    }
    status = need_secrets(config);
    if (status) {
        return status;
    }
    if (config->secrets->passphrase_length) {
        return refuse(config, ZKS_E_BOTH_SECRETS,
                      "both a passphrase and a secret are given; give one of them");
    }
    memcpy(config->secrets->secret, secret, ZKS_SIZE_SECRET);
    config->secrets->has_secret = true;
    return ZKS_OK;
}

static zks_status check_passphrase(zks_config *g, const char *passphrase, size_t length)
{
    if (!length) {
        return refuse(g, ZKS_E_PASSPHRASE, "the passphrase is empty");
    }
    if (length > ZKS_SIZE_PASSPHRASE_MAX) {
        return refuse(g, ZKS_E_PASSPHRASE, "the passphrase is longer than 1,024 bytes");
    }
    if (!passphrase || !zks__text_valid(passphrase, length)) {
        return refuse(g, ZKS_E_INVALID, "the passphrase is not UTF-8");
    }
    return ZKS_OK;
}

static zks_status check_salt(zks_config *g, const uint8_t *salt, size_t length)
{
    if (!salt && !length) {
        return ZKS_OK; /* a new group: the client makes one */
    }
    zks_status status = length > SALT_MAX_BYTES
                            ? ZKS_E_SALT
                            : zks__client_salt_check(g->options.suite, salt, length);
    switch (status) {
    case ZKS_OK:
        return ZKS_OK;
    case ZKS_E_DESCRIPTOR:
        return refuse(g, status,
                      "the salt looks like a descriptor, but it is malformed, outside the accepted "
                      "range or of another suite");
    case ZKS_E_SUITE:
        return refuse(g, status, "the descriptor's algorithms are not in this build");
    default:
        return refuse(g, status,
                      "the salt must have at least 8 bytes (16 are best, 64 KiB at most)");
    }
}

zks_status zks_config_set_passphrase(zks_config *config, const char *passphrase, size_t length,
                                     const uint8_t *salt, size_t salt_length)
{
    zks_status status = begin(ZKS_CALL_config_set_passphrase, config);
    if (!status) {
        status = check_passphrase(config, passphrase, length);
    }
    if (!status) {
        status = check_salt(config, salt, salt_length);
    }
    if (status) {
        return status;
    }
    status = need_secrets(config);
    if (status) {
        return status;
    }
    zks__client_options *o = &config->options;
    zks__client_secrets *s = config->secrets;
    if (s->has_secret) {
        return refuse(config, ZKS_E_BOTH_SECRETS,
                      "both a secret and a passphrase are given; give one of them");
    }
    uint8_t *kept = zks__alloc(salt_length);
    if (!kept) {
        return no_memory(config);
    }
    if (salt_length) {
        memcpy(kept, salt, salt_length);
    }
    zks__wipe(s->passphrase, sizeof s->passphrase);
    memcpy(s->passphrase, passphrase, length);
    s->passphrase_length = length;
    zks__free(o->salt);
    o->salt = kept;
    o->salt_length = salt_length;
    return ZKS_OK;
}
_Static_assert((int)ZKS_SIZE_PASSPHRASE_MAX == (int)ZKS_CLIENT_PASSPHRASE_MAX_BYTES,
               "as long as the client takes");

/* --- what opens the store --- */

/* Forgets whichever was set. */
static void forget_store_key(zks_config *g)
{
    registration *old = g->store_key;
    g->store_key = NULL;
    if (g->secrets) {
        g->secrets->has_store_key = false;
        g->secrets->store_passphrase_length = 0;
        zks__wipe(g->secrets->store_key, sizeof g->secrets->store_key);
        zks__wipe(g->secrets->store_passphrase, sizeof g->secrets->store_passphrase);
    }
    registration_unref(old);
}

zks_status zks_config_set_store_key(zks_config *config, const uint8_t *key, size_t length)
{
    zks_status status = begin(ZKS_CALL_config_set_store_key, config);
    if (status) {
        return status;
    }
    if (length != (key ? ZKS_SIZE_STORE_KEY : 0)) {
        return refuse(config, ZKS_E_STORE_KEY, "the store's key must be exactly 32 bytes");
    }
    status = key ? need_secrets(config) : ZKS_OK;
    if (status) {
        return status;
    }
    forget_store_key(config);
    if (key) {
        memcpy(config->secrets->store_key, key, ZKS_SIZE_STORE_KEY);
        config->secrets->has_store_key = true;
    }
    return ZKS_OK;
}

zks_status zks_config_set_store_key_fn(zks_config *config, zks_store_key_fn fn, void *user,
                                       zks_free_fn user_free)
{
    zks_status status = begin(ZKS_CALL_config_set_store_key_fn, config);
    if (status) {
        return status;
    }
    registration *r = NULL;
    if (fn || user_free) {
        r = registration_new(user, user_free);
        if (!r) {
            return no_memory(config);
        }
        r->key_fn = fn;
    }
    forget_store_key(config);
    config->store_key = r;
    return ZKS_OK;
}

zks_status zks_config_set_store_passphrase(zks_config *config, const char *passphrase,
                                           size_t length)
{
    zks_status status = begin(ZKS_CALL_config_set_store_passphrase, config);
    if (!status && (passphrase || length)) {
        status = check_passphrase(config, passphrase, length);
        if (!status) {
            status = need_secrets(config);
        }
    }
    if (status) {
        return status;
    }
    forget_store_key(config);
    if (length) {
        memcpy(config->secrets->store_passphrase, passphrase, length);
        config->secrets->store_passphrase_length = length;
    }
    return ZKS_OK;
}

/* --- options --- */

zks_status zks_config_set_text(zks_config *config, int32_t option, const char *text)
{
    zks_status status = begin(ZKS_CALL_config_set_text, config);
    if (status) {
        return status;
    }
    bool path = option == ZKS_OPTION_STORE_PATH;
    if (!path && option != ZKS_OPTION_DEVICE_NAME) {
        return refuse(config, ZKS_E_CONFIG, "there is no text option with this number");
    }
    status = text ? zks__text_check(text, path ? PATH_MAX_BYTES : ZKS_SIZE_NAME_MAX, NULL) : ZKS_OK;
    if (status == ZKS_E_TOO_LARGE) {
        return refuse(config, ZKS_E_CONFIG,
                      path ? "the store path is longer than 4,095 bytes"
                           : "the device name is longer than 128 bytes");
    }
    if (status) {
        return refuse(config, status, "the text is not UTF-8");
    }
    if (!path && text && *text && !zks__name_valid((const uint8_t *)text, strlen(text))) {
        return refuse(config, ZKS_E_CONFIG,
                      "the device name has control characters or marks that change how it is read, "
                      "or nothing of it can be seen");
    }
    if (path && text && !*text) {
        return refuse(config, ZKS_E_CONFIG, "the store path is empty; NULL means in memory");
    }
    char *copy = zks__strdup(text);
    if (text && !copy) {
        return no_memory(config);
    }
    char **to = path ? &config->options.store_path : &config->options.device_name;
    zks__free(*to);
    *to = copy;
    return ZKS_OK;
}

static zks_status set_bytes(zks_config *g, uint64_t *to, int64_t value, const char *what)
{
    if (value && value < MIB) {
        return refuse_range(g, what, MIB, INT64_MAX);
    }
    *to = (uint64_t)value;
    return ZKS_OK;
}

static zks_status set_suite(zks_config *g, int64_t value)
{
    if (value < 0 || value > UINT8_MAX) {
        return refuse(g, ZKS_E_CONFIG, "there is no suite with this number");
    }
    zks_status status = value ? zks__client_suite_check((uint8_t)value) : ZKS_OK;
    if (status) {
        return refuse(g, status,
                      status == ZKS_E_SUITE ? "this suite is not in this build"
                                            : "this suite's known-answer tests failed");
    }
    g->options.suite = (uint8_t)value;
    return ZKS_OK;
}

zks_status zks_config_set_int(zks_config *config, int32_t option, int64_t value)
{
    zks_status status = begin(ZKS_CALL_config_set_int, config);
    if (status) {
        return status;
    }
    zks__client_options *o = &config->options;
    switch (option) {
    case ZKS_OPTION_TTL_S:
        if (value < 0 || value > TTL_MAX_S) {
            return refuse_range(config, "the time to live in seconds", 1, TTL_MAX_S);
        }
        o->ttl_s = (uint32_t)value;
        return ZKS_OK;
    case ZKS_OPTION_CONNECT_TIMEOUT_MS:
        if (value && (value < CONNECT_TIMEOUT_MIN_MS || value > CONNECT_TIMEOUT_MAX_MS)) {
            return refuse_range(config, "the connect timeout in ms", CONNECT_TIMEOUT_MIN_MS,
                                CONNECT_TIMEOUT_MAX_MS);
        }
        o->connect_timeout_ms = (uint32_t)value;
        return ZKS_OK;
    case ZKS_OPTION_INBOX_MAX_BYTES:
        return set_bytes(config, &o->inbox_max_bytes, value, "the unread bytes allowed");
    case ZKS_OPTION_KEEP_BYTES:
        return set_bytes(config, &o->keep_bytes, value, "the bytes to keep");
    case ZKS_OPTION_QUEUE_MAX_BYTES:
        return set_bytes(config, &o->queue_max_bytes, value, "the queued bytes allowed");
    case ZKS_OPTION_ROTATE_S:
        if (value < 0 || value > ROTATE_MAX_S) {
            return refuse_range(config, "the age of keys in seconds", 1, ROTATE_MAX_S);
        }
        o->rotate_s = (uint32_t)value;
        return ZKS_OK;
    case ZKS_OPTION_SUITE:
        return set_suite(config, value);
    default:
        return refuse(config, ZKS_E_CONFIG, "there is no number option with this number");
    }
}

zks_status zks_config_add_relay(zks_config *config, const char *address)
{
    zks_status status = begin(ZKS_CALL_config_add_relay, config);
    if (status) {
        return status;
    }
    status = zks__text_check(address, ZKS_SIZE_ADDRESS_MAX, NULL);
    if (status == ZKS_E_TOO_LARGE) {
        return refuse(config, ZKS_E_ADDRESS, "the relay address is longer than 512 bytes");
    }
    if (status) {
        return refuse(config, status, "the relay address is NULL or not UTF-8");
    }
    zks__client_options *o = &config->options;
    if (o->relay_count == ZKS_RELAYS_MAX) {
        return refuse(config, ZKS_E_LIMIT,
                      "there are 16 relays already, which is the most: name fewer");
    }
    char *copy = zks__strdup(address);
    if (!copy) {
        return no_memory(config);
    }
    o->relays[o->relay_count++] = copy;
    return ZKS_OK;
}
_Static_assert((int)ZKS_RELAYS_MAX == (int)ZKS_CLIENT_RELAYS_MAX, "as many as the client takes");

/* --- callbacks --- */

zks_status zks_config_set_queue(zks_config *config, zks_queue *queue)
{
    zks_status status = begin(ZKS_CALL_config_set_queue, config);
    if (status) {
        return status;
    }
    status = queue ? zks__guard_handle(ZKS_HANDLE_QUEUE, queue) : ZKS_OK;
    if (status) {
        return refuse(config, status, "this is no queue of this process");
    }
    config->options.queue = queue;
    return ZKS_OK;
}

zks_status zks_config_set_events(zks_config *config, zks_event_fn fn, void *user,
                                 zks_free_fn user_free)
{
    zks_status status = begin(ZKS_CALL_config_set_events, config);
    if (status) {
        return status;
    }
    registration *r = NULL;
    if (fn || user_free) {
        r = registration_new(user, user_free);
        if (!r) {
            return no_memory(config);
        }
        r->fn = fn;
    }
    registration *old = config->events;
    config->events = r;
    registration_unref(old);
    return ZKS_OK;
}
