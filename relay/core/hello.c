/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HELLO and WELCOME (docs/SECURITY.md, session binding and membership).
 *
 *   handshake -> HELLO -> version, signature -> group loaded -> attached records verified ->
 * member, with these statics? -> records written -> survey
 *         -> admitted: WELCOME
 *
 * The session is paused meanwhile. Whatever a stranger does wrong, the answer is the same and
 * leaves the same time after the HELLO.
 */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/rate.h"

#include <stdlib.h>

static void drop_hello(zks__peer *p)
{
    zks__buf_unref(p->held);
    zks__free(p->holding);
    p->held = NULL;
    p->holding = NULL;
}

static void leave_group(zks__peer *p)
{
    zks__rgroup *g = p->group;
    zks__list_remove(&p->waiting); /* it may wait in the group's own list */
    p->group = NULL;
    if (g) {
        zks__rgroup_released(g);
    }
}

/* A peer that ends while its group is opened or looked through: only that kept the group, which may
 * go before the session does. */
static void forget_group(zks__peer *p)
{
    if (p->state == ZKS_PEER_ENDING && !p->in_group.next) {
        p->group = NULL;
    }
}

void zks__peer_refuse(zks__peer *p, const char *why)
{
    zks__router *r = p->router;
    zks__log_write(r->log, ZKS_LOG_LEVEL_INFO, "session.refused peer=%s reason=\"%s\"",
                   zks__log_redact(r->log, zks__peer_device(p), ZKS_DEVICE_ID_BYTES).text, why);
    drop_hello(p);
    leave_group(p);
    p->state = ZKS_PEER_REFUSED;
    p->refusal = ZKS_WIRE_UNAUTHORIZED;
    zks__list_append(&r->refused, &p->waiting);
    zks__router_arm(r);
}

/* What is the relay's fault, or its operator's limit: said at once. */
static void fail(zks__peer *p, uint32_t code, const char *text)
{
    drop_hello(p);
    leave_group(p);
    zks__peer_end(p, code, ZKS_MESSAGE_HELLO, zks__retry_of(code), text);
}

/* --- who is it --- */

/* Ed25519(device, lp("0k-hello-v1") lp(h) lp(relay_pk) lp(group_id)); the device is the TLS key. */
static zks_status check_signature(const zks__peer *p, const zks__hello *hello)
{
    uint8_t text[128];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-hello-v1");
    zks__write_lp(&w, zks__session_hash(p->session), ZKS_SESSION_HASH_BYTES);
    zks__write_lp(&w, p->router->key, sizeof p->router->key);
    zks__write_lp(&w, hello->group_id, sizeof hello->group_id);
    return zks__session_suite(p->session)
        ->verify(zks__peer_device(p), text, w.length, hello->signature);
}

static bool is_member(const zks__peer *p, const zks__hello *hello)
{
    const zks__records *set = p->group->set;
    const zks__record *own = zks__records_find(set, hello->member);
    uint64_t now_s = zks__router_unix_ms(p->router) / 1000;
    return zks__records_genesis(set) && zks__records_epoch(set) && own &&
           own->kind == ZKS_RECORD_KIND_MEMBER &&
           memcmp(own->member.device, zks__peer_device(p), ZKS_DEVICE_ID_BYTES) == 0 &&
           zks__session_peer_has(p->session, own->suite, own->member.noise_dh,
                                 own->member.noise_kem) &&
           zks__records_member(set, zks__peer_device(p), now_s) != NULL;
}

/* The device has proven that the key is its own, the group has let it in once, and removed it: only
 * then it hears so. */
static bool is_revoked(const zks__peer *p, const zks__hello *hello)
{
    const zks__record *own = zks__records_find(p->group->set, hello->member);
    return own && own->kind == ZKS_RECORD_KIND_MEMBER &&
           memcmp(own->member.device, zks__peer_device(p), ZKS_DEVICE_ID_BYTES) == 0 &&
           zks__records_revoked(p->group->set, zks__peer_device(p));
}

/* Records of one who turns out to be no member leave nothing behind. */
static void refuse_stranger(zks__peer *p, size_t records_before)
{
    bool revoked = is_revoked(p, &p->holding->hello);
    zks__records_truncate(p->group->set, records_before);
    zks__peer_refuse(p, revoked ? "removed from the group" : "not a member");
    p->refusal = revoked ? ZKS_WIRE_DEVICE_REVOKED : ZKS_WIRE_UNAUTHORIZED;
}

/* There is no place for all of them, which are as they should be: halves of halves are taken as far
 * as they fit. Else who fills the records at one relay keeps out of the next one whoever brings
 * them there. Bounded, since each try works out who is a member. */
static zks_status add_what_fits(zks__rgroup *g, const zks__slice *records, size_t count,
                                unsigned *tries)
{
    if (!*tries) {
        return ZKS_OK;
    }
    (*tries)--;
    zks_status status = zks__records_add_all(g->set, records, count, NULL);
    if (!status || status == ZKS_E_NOMEM || count == 1) {
        return status == ZKS_E_NOMEM ? status : ZKS_OK;
    }
    status = add_what_fits(g, records, count / 2, tries);
    return status ? status : add_what_fits(g, records + count / 2, count - count / 2, tries);
}

static zks_status add_attached(const zks__peer *p, const zks__hello *hello)
{
    zks__wire_list list = hello->records;
    if (!list.count) {
        return ZKS_OK;
    }
    zks__slice *records = zks__alloc(list.count * sizeof *records);
    size_t count = 0;
    if (!records) {
        return ZKS_E_NOMEM;
    }
    while (zks__wire_next_slice(&list, &records[count])) {
        count++;
    }
    zks_status status = zks__records_add_all(p->group->set, records, count, NULL);
    if (status == ZKS_E_QUOTA_EXCEEDED) {
        zks__rgroup_full(p->group);
    }
    if (status == ZKS_E_LIMIT || status == ZKS_E_QUOTA_EXCEEDED) {
        unsigned tries = ZKS_RELAY_HELLO_TRIES;
        status = add_what_fits(p->group, records, count, &tries);
    }
    zks__free(records);
    return status;
}

/* --- admission --- */

/* The oldest of a device's sessions is likely one that it has lost. */
static void make_room_for_device(const zks__peer *p)
{
    zks__rgroup *g = p->group;
    uint64_t count = 0;
    zks__peer *oldest = NULL;
    for (zks__node *n = zks__list_first(&g->peers); n; n = zks__list_next(&g->peers, n)) {
        zks__peer *other = ZKS_CONTAINER(n, zks__peer, in_group);
        bool same = other->state != ZKS_PEER_ENDING && other->session &&
                    memcmp(zks__peer_device(other), zks__peer_device(p), ZKS_DEVICE_ID_BYTES) == 0;
        oldest = same && !oldest ? other : oldest;
        count += same;
    }
    if (count >= p->router->config->sessions_per_device) {
        zks__peer_bye(oldest, ZKS_WIRE_BUSY, 0, "this device has opened another session");
    }
}

static uint32_t cut32(uint64_t v)
{
    return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static void send_welcome(zks__peer *p, const zks__hello *hello, const zks__rstore_survey *survey)
{
    const zks__relay_config *config = p->router->config;
    uint8_t digest[ZKS_RECORD_HASH_BYTES];
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    zks__places places = {0};
    zks__message m = {.type = ZKS_MESSAGE_WELCOME};
    zks__welcome *w = &m.welcome;
    zks__records_digest(p->group->set, digest);
    if (memcmp(digest, hello->known, sizeof digest) != 0 &&
        zks__rgroup_lacking(p->group, &hello->records, 0, p->group->stored, &places)) {
        zks__peer_end(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_HELLO, ZKS_RELAY_RATE_RETRY_MS,
                      "there is no memory");
        return;
    }
    w->records.items = records;
    w->records.count = zks__rgroup_pick(p->group, &places, ZKS_RELAY_WELCOME_RECORDS_BYTES,
                                        records);
    w->version = ZKS_WIRE_VERSION;
    w->name = (zks__slice){.data = (const uint8_t *)config->name, .length = strlen(config->name)};
    memcpy(w->incarnation, p->router->store->incarnation, sizeof w->incarnation);
    memcpy(w->own_last, survey->own_last, sizeof w->own_last);
    w->head = survey->head;
    w->pending_count = survey->count;
    w->pending_bytes = survey->bytes;
    w->max_blob_bytes = cut32(config->max_blob_bytes);
    w->max_ttl_s = cut32(config->max_ttl_s);
    w->pushes_per_minute = cut32(config->pushes_per_minute);
    w->window_bytes = cut32(config->window_bytes);
    w->time_ms = zks__router_unix_ms(p->router);
    w->records_follow = zks__rgroup_messages(p->group, places);
    zks__peer_send(p, &m);
    zks__peer_send_places(p, &places);
}

static void admit(zks__peer *p, const zks__rstore_survey *survey)
{
    zks__router *r = p->router;
    zks__rgroup *g = p->group;
    if (!is_member(p, &p->holding->hello)) { /* removed while the store was looking */
        refuse_stranger(p, zks__records_count(g->set));
        return;
    }
    make_room_for_device(p);
    if (g->peer_count >= r->config->sessions_per_group) {
        fail(p, ZKS_WIRE_RELAY_OVERLOADED, "this group has too many sessions here");
        return;
    }
    zks__rstore_device *d = zks__rgroup_device(g, zks__peer_device(p));
    if (!d) {
        fail(p, ZKS_WIRE_RELAY_OVERLOADED, "there is no memory");
        return;
    }
    d->seen_s = zks__router_unix_ms(r) / 1000;
    zks__rgroup_dirty(g);
    p->mode = p->holding->hello.mode;
    p->state = ZKS_PEER_ONLINE;
    zks__list_append(&g->peers, &p->in_group);
    g->peer_count++;
    zks__log_write(r->log, ZKS_LOG_LEVEL_INFO, "session.online peer=%s group=%s sessions=%zu",
                   zks__log_redact(r->log, zks__peer_device(p), ZKS_DEVICE_ID_BYTES).text,
                   zks__log_redact(r->log, g->id, sizeof g->id).text, g->peer_count);
    send_welcome(p, &p->holding->hello, survey);
    drop_hello(p);
    zks__peer_resume(p, ZKS_PAUSE_JOINING);
}

/* The peer may lose its group while the store works. */
typedef struct survey_op {
    zks__rstore_survey request;
    zks__rgroup *group;
} survey_op;

static void on_survey(zks__rstore_request *base, void *user)
{
    survey_op *op = (survey_op *)(void *)base;
    zks__rgroup *g = op->group;
    zks__peer *p = user;
    forget_group(p);
    if (zks__peer_unbusy(p)) {
        if (base->status) {
            fail(p, zks__wire_code(base->status), "the store failed");
        } else {
            admit(p, &op->request);
        }
    }
    zks__free(op);
    g->busy--;
    zks__rgroup_released(g);
}

static void start_survey(zks__peer *p)
{
    survey_op *op = zks__alloc_zero(1, sizeof *op);
    if (!op) {
        fail(p, ZKS_WIRE_RELAY_OVERLOADED, "there is no memory");
        return;
    }
    const zks__hello *hello = &p->holding->hello;
    bool same = memcmp(hello->incarnation, p->router->store->incarnation, ZKS_INCARNATION_BYTES) ==
                0;
    op->group = p->group;
    op->request.base = (zks__rstore_request){
        .kind = ZKS_RSTORE_SURVEY, .done = on_survey, .user = p};
    op->request.group = p->group->handle;
    op->request.after = same ? hello->resume : 0;
    memcpy(op->request.device, zks__peer_device(p), sizeof op->request.device);
    p->busy++;
    p->group->busy++;
    zks__rstore_submit(p->router->store, &op->request.base);
}

/* --- the steps --- */

/* A new group costs disk for good: their number per minute is limited. */
static bool may_create(const zks__peer *p)
{
    zks__router *r = p->router;
    return p->group->handle || p->group->saving ||
           zks__rate_take(&r->group_tat_ns, zks__router_now_ns(r), r->config->groups_per_minute,
                          1) == 0;
}

static void judge(zks__peer *p)
{
    const zks__hello *hello = &p->holding->hello;
    size_t before = zks__records_count(p->group->set);
    zks_status status = add_attached(p, hello);
    if (status == ZKS_E_NOMEM) {
        fail(p, ZKS_WIRE_RELAY_OVERLOADED, "there is no memory");
        return;
    }
    if (status && !is_revoked(p, hello)) {
        zks__peer_refuse(p, "attached records do not verify");
        return;
    }
    if (status || !is_member(p, hello)) {
        refuse_stranger(p, before);
        return;
    }
    if (p->group->stored == zks__records_count(p->group->set)) {
        start_survey(p);
        return;
    }
    if (!may_create(p)) {
        fail(p, ZKS_WIRE_RELAY_OVERLOADED, "too many new groups: try again later");
        return;
    }
    zks__list_append(&p->group->waiting, &p->waiting);
    status = zks__rgroup_save(p->group);
    if (status) {
        zks__list_remove(&p->waiting);
        fail(p, zks__wire_code(status), "there is no memory");
    }
}

void zks__peer_group_ready(zks__peer *p, zks_status status)
{
    if (p->state == ZKS_PEER_PUTTING || p->state == ZKS_PEER_ISSUING) {
        zks__peer_records_stored(p, status);
    } else if (p->state == ZKS_PEER_JOINING && status) {
        fail(p, zks__wire_code(status),
             status == ZKS_E_RELAY_STORAGE_FULL ? "the relay's disk is full" : "the store failed");
    } else if (p->state == ZKS_PEER_JOINING) {
        judge(p);
    } else {
        forget_group(p);
    }
}

static zks_status hold_hello(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    p->holding = zks__alloc(sizeof *p->holding);
    if (!p->holding) {
        return ZKS_E_NOMEM;
    }
    *p->holding = *m;
    p->held = zks__buf_ref(backing);
    return ZKS_OK;
}

void zks__peer_hello(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    zks__router *r = p->router;
    p->deadline_ns = zks__router_now_ns(r) + ZKS_RELAY_REFUSE_MS * 1000000ull;
    p->state = ZKS_PEER_JOINING;
    zks__peer_pause(p, ZKS_PAUSE_JOINING);
    if (m->hello.version != ZKS_WIRE_VERSION) {
        zks__peer_end(p, ZKS_WIRE_INVALID_MESSAGE, ZKS_MESSAGE_HELLO, 0,
                      "this relay speaks protocol version 2");
        return;
    }
    if (check_signature(p, &m->hello)) {
        zks__peer_refuse(p, "signature");
        return;
    }
    if (!hold_hello(p, m, backing)) {
        p->group = zks__rgroup_get(r, m->hello.group_id);
    }
    if (!p->group) {
        fail(p, ZKS_WIRE_RELAY_OVERLOADED, "there is no memory");
    } else if (p->group->loaded) {
        judge(p);
    } else {
        zks__list_append(&p->group->waiting, &p->waiting);
    }
}
