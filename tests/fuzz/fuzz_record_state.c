/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A script of records, one in four bytes (code, a, b, c), against the model of
 * tests/support/record_model.c: whoever issues, signs, removes and leaves, wherever. Signed here
 * with true keys, since a fuzzer cannot.
 */
#include "tests/support/record_model.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS_MAX = 28, DEVICES = 8, STEP_BYTES = 4, EPOCHS_MAX = 14 };
enum { MEMBER, EPOCH, EPOCH_BARE, LEAVE, PIN, CODES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static record_world w;
static record_model m;

static const zks__record *epoch_number(size_t i)
{
    const zks__record *found = NULL;
    for (size_t k = 0; k < w.count; k++) {
        if (w.records[k]->kind == ZKS_RECORD_KIND_EPOCH && (!found || i-- > 0)) {
            found = w.records[k];
        }
    }
    return found;
}

static int signer_of(uint8_t b)
{
    return (int)(b % (DEVICES + 1)) - 1;
}

static bool known(int device)
{
    bool found = device == RECORD_WORLD_ROOT;
    for (size_t i = 0; i < w.count; i++) {
        const zks__record *r = w.records[i];
        found = found || (r->kind == ZKS_RECORD_KIND_MEMBER &&
                          record_world_device(&w, r->member.device) == device);
    }
    return found;
}

static size_t siblings(const zks__record *parent, int signer)
{
    size_t count = 0;
    for (size_t i = 0; i < w.count; i++) {
        const zks__record *r = w.records[i];
        count += r->kind == ZKS_RECORD_KIND_EPOCH && r->epoch.number &&
                 memcmp(r->epoch.parent, parent->hash, 32) == 0 &&
                 record_world_device(&w, r->epoch.signer) == signer;
    }
    return count;
}

/* The parent's list, then members that it does not list, without the removed. */
static size_t list_of(const zks__record *parent, bool more, const bool *removed,
                      const zks__record **out)
{
    bool used[RECORD_WORLD_DEVICES] = {false};
    size_t count = 0;
    model_members at;
    record_model_members(&m, parent, &at);
    for (size_t i = 0; i < parent->epoch.listed.count + (more ? w.count : 0); i++) {
        const zks__record *r = NULL;
        for (size_t k = 0; k < w.count; k++) {
            bool here = i < parent->epoch.listed.count
                            ? memcmp(w.records[k]->hash, zks__record_item(&parent->epoch.listed, i),
                                     32) == 0
                            : k == i - parent->epoch.listed.count;
            r = here && !r ? w.records[k] : r;
        }
        int d = r && r->kind == ZKS_RECORD_KIND_MEMBER ? record_world_device(&w, r->member.device)
                                                       : -1;
        if (d >= 0 && at.in[d] && !used[d] && !removed[d]) {
            used[d] = true;
            out[count++] = r;
        }
    }
    return count;
}

static void epoch(uint8_t code, uint8_t a, uint8_t b, uint8_t c)
{
    const zks__record *parent = epoch_number(a % EPOCHS_MAX);
    const zks__record *listed[RECORD_WORLD_DEVICES];
    bool removed[RECORD_WORLD_DEVICES] = {false};
    int gone[DEVICES];
    size_t gone_count = 0;
    size_t epochs = 0;
    for (int d = 0; d < DEVICES; d++) {
        removed[d] = c >> d & 1;
        gone[gone_count] = d;
        gone_count += removed[d];
    }
    for (size_t i = 0; i < w.count; i++) {
        epochs += w.records[i]->kind == ZKS_RECORD_KIND_EPOCH;
    }
    size_t count = list_of(parent, code == EPOCH, removed, listed);
    if (epochs < EPOCHS_MAX && known(signer_of(b)) &&
        siblings(parent, signer_of(b)) < ZKS_RECORDS_SIBLINGS_MAX) {
        (void)record_world_epoch(&w, parent, signer_of(b), listed, count, gone, gone_count,
                                 (uint8_t)w.count);
    }
}

static void step(const uint8_t *s)
{
    int device = s[1] % DEVICES;
    switch (s[0] % CODES) {
    case MEMBER:
        if (known(signer_of(s[2])) && device != signer_of(s[2])) {
            (void)record_world_member(&w, device, signer_of(s[2]), s[3] & 3, 0);
        }
        break;
    case LEAVE:
        if (known(device)) {
            (void)record_world_leave(&w, device);
        }
        break;
    case PIN:
        m.pins[m.pin_count++] = epoch_number(s[1] % EPOCHS_MAX);
        break;
    default:
        epoch(s[0] % CODES, s[1], s[2], s[3]);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__records *set = NULL;
    if (!w.count) {
        record_world_init(&w, ZKS_GROUP_MODE_PAIRED);
    }
    record_world_reset(&w, 2);
    m.w = &w;
    m.pin_count = 0;
    for (size_t i = 0; i + STEP_BYTES <= size && i < STEPS_MAX * STEP_BYTES; i += STEP_BYTES) {
        step(data + i);
    }
    record_model_run(&m);
    if (zks__records_new(w.group_id, &set)) {
        abort();
    }
    for (size_t i = 0; i < m.pin_count; i++) {
        if (zks__records_pin(set, m.pins[i]->hash)) {
            abort();
        }
    }
    const char *problem = record_world_add(&w, set, 0, w.count) ? "refused"
                                                                : record_model_difference(&m, set);
    if (problem) {
        fprintf(stderr, "difference: %s\n", problem);
        abort();
    }
    zks__records_free(set);
    return 0;
}
