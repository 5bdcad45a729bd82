/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Embedded relays, invites, derived secrets. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

typedef struct embedded {
    char name[NAME_SIZE];
    char address[ZKS_SIZE_ADDRESS_MAX +
                 1]; /* kept when it is stopped: the next start takes its port */
    zks_relay *relay;
    struct embedded *next;
} embedded;

static embedded *relays;

static embedded *find(const char *name)
{
    for (embedded *e = relays; e; e = e->next) {
        if (!strcmp(e->name, name)) {
            return e;
        }
    }
    return NULL;
}

static embedded *get(const char *name)
{
    embedded *e = find(name);
    if (!e) {
        e = calloc(1, sizeof *e);
        if (!e) {
            broken("no memory", NULL);
        }
        snprintf(e->name, sizeof e->name, "%s", name);
        e->next = relays;
        relays = e;
    }
    return e;
}

static const char *bare(const char *address)
{
    const char *at = strchr(address, '@');
    return at ? at + 1 : address;
}

char *relay_address(const json_t *value)
{
    char name[NAME_SIZE];
    const char *text = json_string_value(value);
    if (!text || *text != '@') {
        return text_of(value);
    }
    snprintf(name, sizeof name, "%s", text + 1);
    char *slash = strchr(name, '/');
    if (slash) {
        *slash = '\0';
    }
    const embedded *e = find(name);
    if (*name && !e) {
        broken("no such relay:", value);
    }
    const char *address = e ? e->address : fixture;
    return strdup(slash ? bare(address) : address);
}

static char *relay_config(const task *t, const embedded *e)
{
    const char *key;
    json_t *value;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        broken("no memory", NULL);
    }
    fprintf(out, "listen = %s\ndata = %s%s\n", *e->address ? bare(e->address) : "127.0.0.1:0",
            folder, text_arg(t, 2));
    json_object_foreach((json_t *)arg(t, 3), key, value)
    {
        if (json_is_string(value)) {
            fprintf(out, "%s = %s\n", key, json_string_value(value));
        } else {
            fprintf(out, "%s = %d\n", key, (int)json_integer_value(value));
        }
    }
    fclose(out);
    return text;
}

void verb_relay(task *t)
{
    zks_op *op = NULL;
    zks_relay *relay = NULL;
    embedded *e = get(text_arg(t, 1));
    char *config = relay_config(t, e);
    zks_status s = zks_relay_start(runtime, config, NULL, NULL, &op, &relay);
    free(config);
    s = task_finish(t, s, op);
    if (s) {
        zks_relay_free(relay);
    } else {
        zks_relay_free(e->relay);
        e->relay = relay;
        snprintf(e->address, sizeof e->address, "%s", zks_relay_address(relay));
    }
    said(t, s);
}

static zks_status stop(task *t, zks_relay *relay)
{
    zks_op *op = NULL;
    zks_status s = zks_relay_stop(relay, NULL, NULL, &op);
    return task_finish(t, s, op);
}

void verb_relay_stop(task *t)
{
    const embedded *e = find(text_arg(t, 1));
    if (!e || !e->relay) {
        broken("no such relay:", t->step);
    }
    said(t, stop(t, e->relay));
}

void relays_end(void)
{
    while (relays) {
        embedded *next = relays->next;
        task t = {0};
        if (relays->relay && stop(&t, relays->relay)) {
            fprintf(stderr, "driver: relay %s does not stop\n", relays->name);
        }
        zks_relay_free(relays->relay);
        free(relays);
        relays = next;
    }
}

void verb_invite(task *t)
{
    zks_invite *invite;
    const char *name = text_arg(t, 2);
    zks_status s = zks_invite_shared(client_of(t), NULL, &invite);
    if (s) {
        fail(t, s);
        return;
    }
    const char *lines = zks_invite_text(invite, ZKS_INVITE_RELAYS);
    size_t count = *lines ? 1 : 0;
    for (const char *at = lines; (at = strchr(at, '\n')); at++) {
        count += at[1] != '\0';
    }
    bool approved = zks_invite_number(invite, ZKS_INVITE_SUITE) == ZKS_SUITE_ID_APPROVED;
    variable_set(name, zks_invite_text(invite, ZKS_INVITE_LINK));
    say(t, " version %d suite %s relays %zu", ZKS_INVITE_VERSION, approved ? "approved" : "default",
        count);
    zks_invite_free(invite);
}

void verb_derive(task *t)
{
    uint8_t salt[BYTES_MAX], secret[ZKS_SIZE_SECRET], group[ZKS_SIZE_GROUP_ID];
    char *passphrase = text_of(arg(t, 1));
    size_t salt_length = bytes_of(arg(t, 2), 16, salt);
    zks_status s = zks_secret_derive(passphrase, strlen(passphrase), salt, salt_length, secret,
                                     group);
    free(passphrase);
    t->who = NULL;
    if (s) {
        fail(t, s);
    } else {
        say(t, " secret %08x group %08x", fnv1a(secret, sizeof secret), fnv1a(group, sizeof group));
    }
}
