/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Removing devices, fresh keys, leaving. A change is a record that a storage job makes; the relay
 * takes it (offer.h), then it is stored here. An EPOCH that another one forestalled is made anew on
 * the new tip. With the recovery code no relay is needed: the record is stored, and the next HELLO
 * brings it.
 */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/offer.h"
#include "group/epoch.h"
#include "group/recovery.h"

#include <string.h>

enum {
    TRIES_MAX = 8,
    RETRY_MS = 60 * 1000 /* an EPOCH that nobody asked for, and that a relay refused */
};

typedef struct zks__membership {
    zks__client_job base; /* submitted once for each step */
    zks_op *op;           /* a reference; NULL: nobody asked */
    zks_status (*make)(struct zks__membership *m);
    bool has_device;
    uint8_t device[ZKS_DEVICE_ID_BYTES], reason;
    zks__recovery *recovery; /* in the vault; NULL: none */
    zks_status problem;      /* of what the app gave, or of making: not the store's */
    char text[ZKS_RECOVERY_SENTENCE_BYTES]; /* says more of it; empty: nothing */
    zks__epoch_made made;
    unsigned tries;
    zks__records_news news;
} membership;

/* --- sentences --- */

static const char *sentence_of(zks_status problem)
{
    switch (problem) {
    case ZKS_E_NOT_CONNECTED:
        return "no relay is connected, and without one the group cannot change: connect, and try "
               "again";
    case ZKS_E_UNSUPPORTED:
        return ZKS_RECORDS_SHARED_TEXT;
    case ZKS_E_UNAUTHORIZED:
        return "this device lacks the right ADMIN: do it on a device that has it";
    case ZKS_E_DEVICE_REVOKED:
        return "this device was removed from the group: only the recovery code can undo it, by "
               "removing who did that";
    case ZKS_E_INVALID:
        return "this is the device itself: it leaves with zks_group_leave";
    case ZKS_E_NOT_FOUND:
        return "the group knows no device with this id: zks_devices_get lists its members";
    case ZKS_E_UNKNOWN_EPOCH:
        return "this device has not got the group's newest keys yet: wait until it is synced, and "
               "try again";
    case ZKS_E_WRONG_GROUP:
        return "this recovery code belongs to another group";
    case ZKS_E_CONFLICT:
        return "this device was removed by one that would stay a member: remove that one with the "
               "recovery code";
    default:
        return zks__status_text(problem);
    }
}

/* --- the end --- */

static void free_membership(membership *m)
{
    zks_client *c = m->base.client;
    zks__buf_unref(m->made.record);
    zks__vault_release(c->runtime->vault, m->recovery, sizeof *m->recovery);
    if (m->op) {
        zks__op_free(m->op);
    }
    zks__client_job_free(&m->base);
}

/* text NULL: the status' own. */
static void end(membership *m, zks_status status, const char *text)
{
    zks_client *c = m->base.client;
    if (m->op) {
        if (!status && m->made.number) {
            zks__op_set_number(m->op, ZKS_OP_EPOCH, m->made.number);
        }
        zks__op_complete(m->op, status, status && !text ? sentence_of(status) : text);
    } else {
        c->rotating = NULL;
        c->rotate_ms = status ? zks__runtime_now_ms(c->runtime) + RETRY_MS : 0;
    }
    free_membership(m);
}

/* --- storing without a relay --- */

static zks_status run_keep(zks__job *job)
{
    membership *m = (membership *)job;
    const zks__slice record = {m->made.record->data, m->made.record->length};
    return zks__client_take_records(m->base.client, (zks__wire_list){.count = 1, .items = &record},
                                    &m->news);
}

static void finish_keep(zks__job *job)
{
    membership *m = (membership *)job;
    zks_client *c = m->base.client;
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    zks__client_tell_records(c, job->status, &m->news);
    if (!status && !c->stopping) {
        if (c->session) {
            zks__sync_close(c->sync, 0); /* its HELLO may be out already, without the record */
        } else {
            zks__sync_hurry(c->sync, zks__runtime_now_ms(c->runtime));
        }
        zks__client_pump(c);
    }
    end(m, status, text);
}

/* --- making and offering --- */

static void start(membership *m, zks_status (*run)(zks__job *), void (*finish)(zks__job *))
{
    m->base.job.run = run;
    m->base.job.finish = finish;
    zks__client_job_start(&m->base);
}

/* What is wrong with a wish is no failure of the store. */
static zks_status run_make(zks__job *job)
{
    membership *m = (membership *)job;
    zks__buf_unref(m->made.record);
    m->made = (zks__epoch_made){0};
    m->problem = m->problem ? m->problem : m->make(m);
    return ZKS_OK;
}

static void finish_make(zks__job *job);
static zks_status make_leave(membership *m);

/* Why the relay has said CONFLICT each time. This device stays with the side of a fork that it has
 * adopted; the relay, which has adopted none, may have decided for the other one. */
static const char *why_conflict(const membership *m)
{
    return m->made.forked ? "two devices have removed each other, and the relay keeps the other "
                            "one: remove the one that is to go with the recovery code"
                          : "the group keeps changing at the same time: try again";
}

static void offered(zks_client *c, zks_status status, const char *text, void *user)
{
    membership *m = user;
    if (!status && m->make == make_leave && !c->stopping) {
        c->left = true;
        zks__sync_set_online(c->sync, 0, zks__runtime_now_ms(c->runtime));
        zks__client_pump(c);
    }
    if (status == ZKS_E_CONFLICT && ++m->tries < TRIES_MAX) {
        start(m, run_make, finish_make);
    } else {
        end(m, status, status == ZKS_E_CONFLICT ? why_conflict(m) : text);
    }
}

/* Without a connection, since the relay has let this device in no more: that says more. */
static zks_status why_offline(const zks_client *c, const char **out_text)
{
    const zks__relay_stats *relay = &c->relays[c->active_relay];
    *out_text = relay->status == ZKS_E_UNAUTHORIZED ? relay->error : NULL;
    return relay->status == ZKS_E_DEVICE_REVOKED || relay->status == ZKS_E_UNAUTHORIZED
               ? relay->status
               : ZKS_E_NOT_CONNECTED;
}

static void finish_make(zks__job *job)
{
    membership *m = (membership *)job;
    zks_client *c = m->base.client;
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    if (!status && m->problem) {
        end(m, m->problem, m->text[0] ? m->text : NULL);
        return;
    }
    if (status || !m->made.record || (m->op && zks__op_is_done(m->op))) {
        end(m, status, text);
        return;
    }
    const zks__slice record = {m->made.record->data, m->made.record->length};
    status = zks__client_offer(c, m->made.on_tip ? ZKS_RECORDS_ISSUE : ZKS_RECORDS_PUT, &record, 1,
                               offered, m);
    if (status == ZKS_E_NOT_CONNECTED && m->recovery && !c->stopping) {
        start(m, run_keep, finish_keep);
    } else if (c->stopping && status) {
        end(m, ZKS_E_CANCELLED, "the client was closed");
    } else if (status) {
        status = status == ZKS_E_NOT_CONNECTED ? why_offline(c, &text) : status;
        end(m, status, text);
    }
}

static zks_status make_epoch(membership *m)
{
    const zks__epoch_wish wish = {
        .device = m->has_device ? m->device : NULL, .reason = m->reason, .recovery = m->recovery};
    zks_status status = zks__ledger_make_epoch(m->base.client->ledger, &wish, &m->made);
    return status == ZKS_E_NOT_MEMBER ? ZKS_E_UNAUTHORIZED : status;
}

static membership *new_membership(zks_client *c, zks_status (*make)(membership *m))
{
    membership *m = zks__client_job_new(c, sizeof *m, ZKS_JOB_PLAIN, run_make, finish_make);
    if (m) {
        m->make = make;
    }
    return m;
}

/* Takes m over. */
static zks_status submit(membership *m, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_client *c = m->base.client;
    zks_status status = zks__client_refuse(c);
    if (!status) {
        status = zks__op_create(c->runtime, c->queue, c, done, user, &m->op);
    }
    if (status) {
        free_membership(m);
        return status;
    }
    status = zks__client_submit_op(c, &m->base.job, m->op, out_op);
    if (status) {
        m->op = NULL; /* it is gone; else m is, perhaps */
        free_membership(m);
    }
    return status;
}

/* --- removing --- */

static void read_recovery(membership *m, const char *words, size_t length)
{
    uint8_t suite = 0, seed[ZKS_KEY_BYTES];
    size_t word = 0;
    m->problem = zks__recovery_parse(words, length, &suite, seed, &word);
    if (m->problem) {
        zks__recovery_explain(m->problem, word, m->text);
    } else {
        zks__group_root_derive(suite, ZKS_GROUP_MODE_PAIRED, seed, &m->recovery->root);
        zks__group_recovery_seed(seed, m->recovery->seal_seed);
    }
    zks__wipe(seed, sizeof seed);
}

zks_status zks__client_device_revoke(zks_client *c, const uint8_t *device, uint8_t reason,
                                     const char *words, size_t length, zks_done_fn done, void *user,
                                     zks_op **out_op)
{
    membership *m = new_membership(c, make_epoch);
    if (!m) {
        return ZKS_E_NOMEM;
    }
    m->has_device = true;
    m->reason = reason;
    memcpy(m->device, device, sizeof m->device);
    if (words) {
        m->recovery = zks__vault_alloc(c->runtime->vault, sizeof *m->recovery);
        if (!m->recovery) {
            free_membership(m);
            return ZKS_E_NOMEM;
        }
        read_recovery(m, words, length);
    }
    return submit(m, done, user, out_op);
}

/* --- fresh keys --- */

zks_status zks__client_group_rotate(zks_client *c, zks_done_fn done, void *user, zks_op **out_op)
{
    membership *m = new_membership(c, make_epoch);
    return m ? submit(m, done, user, out_op) : ZKS_E_NOMEM;
}

/* Others may have been faster. */
static zks_status make_due_epoch(membership *m)
{
    zks__ledger *l = m->base.client->ledger;
    int64_t next = INT64_MAX;
    bool due;
    zks_status status = zks__ledger_epoch_due(l, m->base.client->options.rotate_s, &due, &next);
    return status || !due ? status : make_epoch(m);
}

void zks__client_rotate_unasked(zks_client *c)
{
    membership *m = c->rotating ? NULL : new_membership(c, make_due_epoch);
    if (m) {
        c->rotating = m;
        start(m, run_make, finish_make);
    }
}

/* --- leaving --- */

static zks_status make_leave(membership *m)
{
    return zks__ledger_make_leave(m->base.client->ledger, &m->made.record);
}

zks_status zks__client_group_leave(zks_client *c, zks_done_fn done, void *user, zks_op **out_op)
{
    membership *m = new_membership(c, make_leave);
    return m ? submit(m, done, user, out_op) : ZKS_E_NOMEM;
}
