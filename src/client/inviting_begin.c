/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How an invitation begins: what the group is, which relays the other device is told, and codes of
 * the app's. */
#include "client/inviting.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

const char *zks__inviting_refusal_text(zks_status status)
{
    switch (status) {
    case ZKS_E_BUSY:
        return "a pairing code is being shown already: wait, or cancel it";
    case ZKS_E_CODE_USED:
        return "this code has been used or tried before: make a new one";
    case ZKS_E_UNAUTHORIZED:
        return "this device may not let others in with these rights: ask a device that may, or "
               "give fewer rights (in a group with a shared secret there are none)";
    case ZKS_E_UNSUPPORTED:
        return "a group of approved algorithms is joined by a link, not by a code";
    case ZKS_E_TOO_LARGE:
        return "the relay's address is too long for a pairing: configure one of at most 255 "
               "characters";
    default:
        return NULL;
    }
}

/* --- relays --- */

static bool add_relay(zks__inviting *i, const char *address, const uint8_t key[32])
{
    zks__pair_relay *to = &i->relays[i->relay_count];
    size_t length = strlen(address);
    address = zks__address_without_key(address, &length);
    if (length >= sizeof to->address) {
        return false;
    }
    snprintf(to->address, sizeof to->address, "%s", address);
    memcpy(to->key, key, sizeof to->key);
    i->relay_count++;
    return true;
}

static bool has_relay(const zks__inviting *i, const uint8_t key[32])
{
    for (size_t k = 0; k < i->relay_count; k++) {
        if (memcmp(i->relays[k].key, key, sizeof i->relays[k].key) == 0) {
            return true;
        }
    }
    return false;
}

bool zks__inviting_add_session_relay(zks_client *c, zks__inviting *i)
{
    const uint8_t *key = zks__session_peer_key(c->session);
    if (has_relay(i, key)) {
        return true;
    }
    i->relay_count -= i->relay_count == ZKS_COUNTOF(i->relays); /* it counts more than the last */
    return add_relay(i, c->options.relays[zks__sync_relay(c->sync)], key);
}

/* --- codes --- */

/* A code that somebody has tried must not be tried again: only its digest is kept. */
static void code_digest(const zks__pair_invite *v, uint8_t out[ZKS_HASH_BYTES])
{
    char text[ZKS_PAIR_CODE_TEXT_BYTES];
    zks__pair_code_text(v, text);
    zks__crypto_sha256((const uint8_t *)text, strlen(text), out);
    zks__wipe(text, sizeof text);
}

static bool is_spent(const zks_client *c, const uint8_t code[ZKS_HASH_BYTES])
{
    size_t most = ZKS_COUNTOF(c->spent_codes);
    for (size_t k = 0; k < most && k < c->spent_count; k++) {
        if (memcmp(c->spent_codes[k], code, ZKS_HASH_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

_Static_assert((int)ZKS_PAIR_CODE_TEXT_BYTES == (int)ZKS_SIZE_PAIR_CODE, "as the app has room for");

zks_status zks__client_pair_code_new(char out_code[ZKS_SIZE_PAIR_CODE])
{
    uint8_t random[ZKS_PAIR_CHOOSE_RANDOM_BYTES];
    zks__pair_invite code;
    zks_status status = zks__crypto_init();
    if (status) {
        return status;
    }
    const zks__rng rng = zks__crypto_rng();
    do {
        rng.fill(random, sizeof random, rng.user);
    } while (!zks__pair_choose(random, &code));
    zks__pair_code_text(&code, out_code);
    zks__wipe(random, sizeof random);
    zks__wipe(&code, sizeof code);
    return ZKS_OK;
}

/* --- begin --- */

typedef struct begin_job {
    zks__client_job base;
    zks_op *op; /* a reference */
    zks__pair_kind kind;
    bool chosen;
    zks__pair_invite code; /* chosen: that one; wiped with the job */
    uint8_t rights;
    uint32_t life_ms;
    zks_status judged;
    zks__pair_group group;
    zks__buf *genesis;
    zks_status found[ZKS_CLIENT_RELAYS_MAX]; /* of the keys of the relays */
    uint8_t keys[ZKS_CLIENT_RELAYS_MAX][32];
} begin_job;

static zks_status run_begin(zks__job *job)
{
    begin_job *j = (begin_job *)job;
    const zks_client *c = j->base.client;
    j->judged = zks__ledger_invitation(c->ledger, j->rights, &j->group, &j->genesis);
    for (size_t k = 0; k < c->options.relay_count; k++) {
        j->found[k] = zks__ledger_relay_key(c->ledger, c->options.relays[k], j->keys[k]);
    }
    return ZKS_OK;
}

static bool add_relays(zks_client *c, const begin_job *j, zks__inviting *i)
{
    const bool connected = zks__client_is_connected(c);
    const size_t active = connected ? zks__sync_relay(c->sync) : SIZE_MAX;
    bool fits = !connected || zks__inviting_add_session_relay(c, i);
    for (size_t k = 0; fits && k < c->options.relay_count; k++) {
        if (k != active && !j->found[k]) { /* one relay may have several addresses */
            (void)add_relay(i, c->options.relays[k], j->keys[k]);
        }
    }
    return fits;
}

static zks_status new_inviting(zks_client *c, const begin_job *j, zks__inviting **out)
{
    zks__inviting *i = zks__alloc_zero(1, sizeof *i);
    if (!i) {
        return ZKS_E_NOMEM;
    }
    i->device = zks__alloc(ZKS_DEVICE_ID_BYTES);
    zks_status status = !i->device ? ZKS_E_NOMEM : !add_relays(c, j, i) ? ZKS_E_TOO_LARGE : ZKS_OK;
    if (!status) {
        size_t most = i->relay_count < ZKS_PAIR_RELAYS_MAX ? i->relay_count : ZKS_PAIR_RELAYS_MAX;
        const zks__inviter_config config = {.kind = j->kind,
                                            .code = j->chosen ? &j->code : NULL,
                                            .group = j->group,
                                            .relays = i->relays,
                                            .relay_count = most,
                                            .life_ms = j->life_ms};
        status = zks__inviter_new(&config, &i->machine);
    }
    if (status) {
        zks__inviting_free(i);
        return status;
    }
    *out = i;
    return ZKS_OK;
}

static zks_status may_start(const zks_client *c, const begin_job *j,
                            const uint8_t code[ZKS_HASH_BYTES])
{
    if (c->stopping || zks__op_is_done(j->op)) {
        return ZKS_E_CANCELLED;
    }
    if (c->inviting) {
        return ZKS_E_BUSY;
    }
    if (j->chosen) { /* its connection may come later */
        return is_spent(c, code) ? ZKS_E_CODE_USED : ZKS_OK;
    }
    return zks__client_is_connected(c) ? ZKS_OK : ZKS_E_NOT_CONNECTED;
}

static zks_status start(zks_client *c, begin_job *j)
{
    zks__inviting *i = NULL;
    uint8_t code[ZKS_HASH_BYTES];
    code_digest(&j->code, code);
    zks_status status = may_start(c, j, code);
    if (!status) {
        status = new_inviting(c, j, &i);
    }
    if (!status) {
        zks__op_ref(j->op);
        i->op = j->op;
        i->op->on_cancel = zks__inviting_cancel;
        i->chosen = j->chosen;
        memcpy(i->code, code, sizeof i->code);
        c->inviting = i;
        zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "pairing_begun kind=%d chosen=%d",
                       (int)j->kind, j->chosen);
        if (zks__client_is_connected(c)) {
            zks__inviting_connected(c);
            zks__client_pump(c);
        }
    }
    return status;
}

static void finish_begin(zks__job *job)
{
    begin_job *j = (begin_job *)job;
    zks_client *c = j->base.client;
    const char *text = NULL;
    zks_status status = zks__client_job_status(c, job->status, &text);
    status = status ? status : j->judged;
    status = status ? status : start(c, j);
    if (status) {
        text = text ? text : zks__inviting_refusal_text(status);
        zks__op_complete(j->op, status, text ? text : zks__status_text(status));
    }
    zks__buf_unref(j->genesis);
    zks__op_free(j->op);
    zks__wipe(&j->code, sizeof j->code);
    zks__client_job_free(&j->base);
}

static zks_status begin(zks_client *c, zks__pair_kind kind, const zks__pair_invite *code,
                        uint8_t rights, uint32_t life_s, zks_done_fn done, void *user,
                        zks_op **out_op)
{
    zks_status status = zks__client_refuse(c);
    if (!status && !c->event) {
        status = ZKS_E_STATE;
    }
    if (status) {
        return status;
    }
    begin_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_begin, finish_begin);
    status = j ? zks__op_create(c->runtime, c->queue, c, done, user, &j->op) : ZKS_E_NOMEM;
    if (!status) {
        j->kind = kind;
        j->chosen = code != NULL;
        if (code) {
            j->code = *code;
        }
        j->rights = rights;
        j->life_ms = life_s * 1000;
        status = zks__client_submit_op(c, &j->base.job, j->op, out_op);
    }
    if (status && j) {
        zks__wipe(&j->code, sizeof j->code);
        zks__client_job_free(&j->base);
    }
    return status;
}

zks_status zks__client_pair_begin(zks_client *c, int32_t kind, uint8_t rights, uint32_t life_s,
                                  zks_done_fn done, void *user, zks_op **out_op)
{
    return begin(c, (zks__pair_kind)kind, NULL, rights, life_s, done, user,
                 out_op); /* the same numbers */
}

zks_status zks__client_pair_begin_code(zks_client *c, const char *text, size_t length,
                                       uint8_t rights, uint32_t life_s, zks_done_fn done,
                                       void *user, zks_op **out_op)
{
    zks__pair_invite code;
    zks__pair_problem problem;
    zks_status status = zks__pair_read(text, length, &code, &problem);
    if (status) {
        return status;
    }
    status = code.kind == ZKS_PAIR_CODE
                 ? begin(c, ZKS_PAIR_CODE, &code, rights, life_s, done, user, out_op)
                 : ZKS_E_INVALID;
    zks__wipe(&code, sizeof code);
    return status;
}
