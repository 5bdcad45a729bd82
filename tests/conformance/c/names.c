/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Devices of the case, and the names of ids. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

typedef struct id_entry {
    uint8_t id[ZKS_SIZE_DEVICE_ID];
    char name[NAME_SIZE];
    struct id_entry *next;
} id_entry;

typedef struct blob_entry {
    uint8_t id[ZKS_SIZE_BLOB_ID];
    char name[2 * NAME_SIZE]; /* "A#1" */
    struct blob_entry *next;
} blob_entry;

static device *devices;
static id_entry *ids;
static blob_entry *blobs;

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (!p) {
        broken("no memory", NULL);
    }
    return p;
}

/* --- devices --- */

device *device_find(const char *name)
{
    for (device *d = devices; d; d = d->next) {
        if (!strcmp(d->name, name)) {
            return d;
        }
    }
    return NULL;
}

device *device_get(const char *name)
{
    device *d = device_find(name);
    if (!d) {
        d = allocate(sizeof *d);
        snprintf(d->name, sizeof d->name, "%s", name);
        d->next = devices;
        devices = d;
    }
    return d;
}

zks_client *client_of(const task *t)
{
    if (!t->d || !t->d->client) {
        broken("that device was never opened:", t->step);
    }
    return t->d->client;
}

/* --- ids --- */

bool id_bind(const uint8_t *id, const char *name)
{
    const char *before = id_name(id);
    if (!strcmp(before, name)) {
        return true;
    }
    id_entry *e = allocate(sizeof *e);
    memcpy(e->id, id, sizeof e->id);
    snprintf(e->name, sizeof e->name, "%s", name);
    e->next = ids; /* the newest one is what the name means */
    ids = e;
    return false;
}

const char *id_name(const uint8_t *id)
{
    for (const id_entry *e = ids; e; e = e->next) {
        if (!memcmp(e->id, id, sizeof e->id)) {
            return e->name;
        }
    }
    return "?";
}

const uint8_t *id_of(const char *name)
{
    static const uint8_t nobody[ZKS_SIZE_DEVICE_ID] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (const id_entry *e = ids; e; e = e->next) {
        if (!strcmp(e->name, name)) {
            return e->id;
        }
    }
    return strcmp(name, "nobody") != 0 ? NULL : nobody;
}

/* --- blobs --- */

const uint8_t *blob_of(const char *name)
{
    for (const blob_entry *b = blobs; b; b = b->next) {
        if (!strcmp(b->name, name)) {
            return b->id;
        }
    }
    return NULL;
}

void blob_bind(const char *name, const uint8_t *id)
{
    blob_entry *b = allocate(sizeof *b);
    memcpy(b->id, id, sizeof b->id);
    snprintf(b->name, sizeof b->name, "%s", name);
    b->next = blobs;
    blobs = b;
}

bool blob_seen(const char *sender, uint64_t number, const uint8_t *id)
{
    char name[2 * NAME_SIZE];
    snprintf(name, sizeof name, "%s#%llu", sender, (unsigned long long)number);
    const uint8_t *before = blob_of(name);
    if (!before) {
        blob_bind(name, id);
    }
    return !before || !memcmp(before, id, ZKS_SIZE_BLOB_ID);
}

/* --- the end of a case --- */

static void device_end(device *d)
{
    zks_op *op;
    zks_op_free(d->pairing);
    if (d->client && !zks_client_close(d->client, NULL, NULL, &op)) {
        if (zks_op_wait(op, patience_ms())) {
            fprintf(stderr, "driver: %s does not close\n", d->name);
        }
        zks_op_free(op);
    }
    zks_client_free(d->client);
    log_drop(d->events);
    free(d);
}

void devices_end(void)
{
    while (devices) {
        device *next = devices->next;
        device_end(devices);
        devices = next;
    }
    while (ids) {
        id_entry *next = ids->next;
        free(ids);
        ids = next;
    }
    while (blobs) {
        blob_entry *next = blobs->next;
        free(blobs);
        blobs = next;
    }
}
