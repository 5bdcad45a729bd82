/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Events: built by the loop thread, borrowed by the app during its callback. */
#ifndef ZKS_CLIENT_EVENT_H
#define ZKS_CLIENT_EVENT_H

#include "client/batch.h"
#include "client/client.h"
#include "client/task.h"
#include "wire/limits.h"

struct zks_event {
    zks__handle handle;
    zks__task task;
    zks_client *client; /* a reference */
    int32_t kind;
    zks_status status;
    char *sentence, *relay, *name;
    char *code;          /* secret: wiped at the end */
    int64_t numbers[16]; /* by ZKS_EVENT_FIELD_* below 100 */
    bool has_device, has_blob_id, has_chain, has_relay_key;
    uint8_t device[ZKS_DEVICE_ID_BYTES], blob_id[ZKS_BATCH_ID_BYTES], chain[ZKS_CHAIN_BYTES],
        relay_key[32];
};

/* NULL: no memory, or nobody listens. */
zks_event *zks__event_new(zks_client *c, int32_t kind, zks_status status, const char *sentence);
/* Takes the event over; NULL is fine. */
void zks__event_post(zks_event *e);
/* The digits of a pairing, of either side. */
void zks__event_digits(zks_client *c, uint32_t digits);
/* Frees an event that is not to be posted; NULL is fine. */
void zks__event_drop(zks_event *e);

#endif
