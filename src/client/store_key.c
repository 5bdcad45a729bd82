/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Another key for an open store: one job of the storage thread. A passphrase is stretched there,
 * too: it happens seldom, and so the order of everything else stays what it is; the stores of the
 * runtime wait for it meanwhile (30 ms to seconds).
 */
#include "client/internal.h"

#include "base/alloc.h"

#include <string.h>

/* In the vault. */
typedef struct new_key {
    int32_t kind;
    size_t length;
    uint8_t bytes[ZKS_CLIENT_PASSPHRASE_MAX_BYTES];
    zks__master_key key;
} new_key;

typedef struct change_job {
    zks__client_job base;
    zks_op *op;
    new_key *given;
} change_job;

static zks_status run_change(zks__job *job)
{
    change_job *j = (change_job *)job;
    zks_client *c = j->base.client;
    new_key *n = j->given;
    char descriptor[ZKS_ARGON2_TEXT_BYTES];
    zks_status status = c->ledger ? ZKS_OK : ZKS_E_CANCELLED;
    if (!status && n->kind == ZKS_STORE_KEY_PASSPHRASE) {
        status = zks__keyring_new_descriptor(c->runtime->ram_bytes, &c->runtime->rng, descriptor);
        if (!status) {
            status = zks__master_key_derive((const char *)n->bytes, n->length, descriptor, &n->key);
        }
    } else if (!status && n->kind == ZKS_STORE_KEY_BYTES) {
        zks__master_key_of_bytes(n->bytes, &n->key);
    }
    return status ? status : zks__ledger_change_store_key(c->ledger, &n->key);
}

static void finish_change(zks__job *job)
{
    change_job *j = (change_job *)job;
    zks_client *c = j->base.client;
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    zks__op_complete(j->op, status, text);
    zks__op_free(j->op);
    zks__vault_release(c->runtime->vault, j->given, sizeof *j->given);
    zks__client_job_free(&j->base);
}

zks_status zks__client_change_store_key(zks_client *c, int32_t kind, const uint8_t *bytes,
                                        size_t length, zks_done_fn done, void *user,
                                        zks_op **out_op)
{
    zks_status status = zks__client_refuse(c);
    if (status) {
        return status;
    }
    zks_op *op = NULL;
    change_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_ALONE, run_change, finish_change);
    if (!j) {
        return ZKS_E_NOMEM;
    }
    j->given = zks__vault_alloc(c->runtime->vault, sizeof *j->given);
    status = j->given ? zks__op_create(c->runtime, c->queue, c, done, user, &op) : ZKS_E_NOMEM;
    if (!status) {
        j->given->kind = kind;
        j->given->length = length;
        if (length) {
            memcpy(j->given->bytes, bytes, length);
        }
        j->op = op;
        status = zks__client_submit_op(c, &j->base.job, op, out_op);
    }
    if (status) {
        zks__vault_release(c->runtime->vault, j->given, sizeof *j->given);
        zks__client_job_free(&j->base);
    }
    return status;
}
