/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/mailbox.h"

#define MS_NS 1000000ull

enum { TICK_MS = 50, SLOW_TICK_MS = 250 };

/* --- what is due: one timer, which runs only while something waits for it --- */

static void check_greeting(zks__router *r, uint64_t now)
{
    zks__node *n;
    while ((n = zks__list_first(&r->greeting))) {
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, waiting);
        if (p->deadline_ns > now) {
            return;
        }
        zks__list_remove(n);
        zks__log_write(r->log, ZKS_LOG_LEVEL_INFO, "session.silent");
        /* Who only was slow may come again: no refusal before it has proven anything. */
        uint32_t code = zks__session_established(p->session) ? ZKS_WIRE_UNAUTHORIZED : ZKS_WIRE_OK;
        zks__peer_end(p, code, 0, 0, "no handshake and HELLO came in time");
    }
}

static void check_refused(zks__router *r, uint64_t now)
{
    zks__node *n;
    while ((n = zks__list_first(&r->refused))) {
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, waiting);
        if (p->deadline_ns > now) {
            return;
        }
        zks__list_remove(n);
        zks__peer_end(p, p->refusal, ZKS_MESSAGE_HELLO, 0,
                      p->refusal == ZKS_WIRE_DEVICE_REVOKED
                          ? "this device was removed from the group"
                          : "this device is not a member of such a group here");
    }
}

static void check_lagging(zks__router *r, uint64_t now)
{
    if (zks__list_empty(&r->lagging) || now < r->lag_due_ns) {
        return;
    }
    for (zks__node *n; (n = zks__list_pop(&r->lagging));) {
        zks__peer_tell(ZKS_CONTAINER(n, zks__peer, lagging));
    }
    r->lag_due_ns = now + ZKS_RELAY_LAG_MS * MS_NS;
}

static void write_acks(zks__router *r)
{
    for (zks__node *n; (n = zks__list_pop(&r->dirty));) {
        zks__rgroup_write_acks(ZKS_CONTAINER(n, zks__rgroup, dirty));
    }
}

static void on_tick(uv_timer_t *timer)
{
    zks__router *r = timer->data;
    uint64_t now = zks__router_now_ns(r);
    check_greeting(r, now);
    check_refused(r, now);
    check_lagging(r, now);
    zks__mailboxes_tick(r->mailboxes, now);
    if (!zks__list_empty(&r->dirty) && now >= r->acks_due_ns) {
        r->acks_due_ns = now + ZKS_RELAY_ACKS_MS * MS_NS;
        write_acks(r);
    }
    zks__router_arm(r);
}

void zks__router_arm(zks__router *r)
{
    bool idle = zks__list_empty(&r->greeting) && zks__list_empty(&r->refused) &&
                zks__list_empty(&r->lagging) && zks__list_empty(&r->dirty);
    if ((idle && zks__mailboxes_idle(r->mailboxes)) || uv_is_closing((uv_handle_t *)&r->timer)) {
        return;
    }
    uint64_t wait_ms = idle ? SLOW_TICK_MS : TICK_MS;
    if (!uv_is_active((uv_handle_t *)&r->timer) || uv_timer_get_due_in(&r->timer) > wait_ms) {
        uv_timer_start(&r->timer, on_tick, wait_ms, 0);
    }
}

/* --- after the store's completions of one wake-up --- */

static void resume_stalled(zks__router *r)
{
    if (r->inflight > r->config->inflight_total_bytes / 2) {
        return;
    }
    zks__list now;
    zks__list_init(&now);
    zks__list_splice(&now, &r->stalled);
    for (zks__node *n; (n = zks__list_pop(&now));) {
        zks__peer_resume(ZKS_CONTAINER(n, zks__peer, stalled), ZKS_PAUSE_ALL_BYTES);
    }
}

/* Delivery first: it reads from the push operations, which go with their acknowledgement. */
static void on_settled(void *user)
{
    zks__router *r = user;
    for (zks__node *n; (n = zks__list_pop(&r->fresh));) {
        zks__rgroup *g = ZKS_CONTAINER(n, zks__rgroup, fresh);
        zks__rgroup_deliver(g);
        zks__rgroup_released(g);
    }
    for (zks__node *n; (n = zks__list_pop(&r->unsettled));) {
        zks__peer_push_acks(ZKS_CONTAINER(n, zks__peer, unsettled));
    }
    resume_stalled(r);
    zks__router_progress(r);
}

/* Blobs came from elsewhere: nobody is at the head any more. */
static void on_appended(const uint8_t group_id[ZKS_GROUP_ID_BYTES], uint64_t head, void *user)
{
    zks__router *r = user;
    zks__rgroup *g = zks__map_get(r->groups, group_id, ZKS_GROUP_ID_BYTES);
    if (!g || head <= g->head) {
        return;
    }
    g->head = head;
    zks__rgroup_deliver(g);
}

zks__rstore_events zks__router_store_events(void)
{
    return (zks__rstore_events){.settled = on_settled, .appended = on_appended};
}

/* --- beginning and end --- */

zks_status zks__router_init(zks__router *r, uv_loop_t *loop)
{
    uint8_t seed[16];
    zks__list *const lists[] = {&r->idle,    &r->peers, &r->greeting,  &r->refused, &r->lagging,
                                &r->stalled, &r->fresh, &r->unsettled, &r->dirty};
    for (size_t i = 0; i < ZKS_COUNTOF(lists); i++) {
        zks__list_init(lists[i]);
    }
    r->rng.fill(seed, sizeof seed, r->rng.user);
    r->groups = zks__map_new(seed);
    r->scratch = zks__alloc(ZKS_RELAY_PULL_MAX_COUNT * sizeof *r->scratch);
    r->mailboxes = zks__mailboxes_new(r);
    if (!r->groups || !r->scratch || !r->mailboxes) {
        zks__map_free(r->groups);
        zks__free(r->scratch);
        zks__mailboxes_free(r->mailboxes);
        return ZKS_E_NOMEM;
    }
    r->timer.data = r;
    (void)uv_timer_init(loop, &r->timer); /* cannot fail */
    return ZKS_OK;
}

void zks__router_set_identity(zks__router *r, const uint8_t seed[ZKS_SIGN_SEED_BYTES])
{
    for (uint8_t id = 1; r->key_count < ZKS_COUNTOF(r->keys) && id < UINT8_MAX; id++) {
        const zks__suite *suite = zks__crypto_suite(id);
        if (suite) {
            zks__session_keys_relay(suite, seed, &r->keys[r->key_count++]);
        }
    }
}

/* Spread, so that a thousand clients do not come back in the same moment. */
static uint32_t retry_ms(const zks__router *r)
{
    uint32_t random;
    r->rng.fill(&random, sizeof random, r->rng.user);
    return ZKS_RELAY_RETRY_MIN_MS + random % (ZKS_RELAY_RETRY_MAX_MS - ZKS_RELAY_RETRY_MIN_MS + 1);
}

void zks__router_stop(zks__router *r, void (*emptied)(void *user), void *user)
{
    r->stopping = true;
    r->emptied = emptied;
    r->user = user;
    for (zks__node *n = zks__list_first(&r->peers); n; n = zks__list_next(&r->peers, n)) {
        zks__peer_pause(ZKS_CONTAINER(n, zks__peer, node), ZKS_PAUSE_STOPPING);
    }
    zks__router_progress(r);
}

void zks__router_progress(zks__router *r)
{
    if (!r->stopping || r->inflight) {
        return;
    }
    for (zks__node *n = zks__list_first(&r->peers); n;) {
        zks__node *next = zks__list_next(&r->peers, n);
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, node);
        zks__peer_bye(p, ZKS_WIRE_RELAY_SHUTTING_DOWN, retry_ms(r), "the relay is stopping");
        n = next;
    }
    if (!r->peer_count && r->emptied) {
        void (*emptied)(void *) = r->emptied;
        r->emptied = NULL;
        emptied(r->user);
    }
}

void zks__router_flush(zks__router *r)
{
    write_acks(r);
}

void zks__router_done(zks__router *r)
{
    size_t position = 0;
    for (zks__rgroup *g; r->groups && (g = zks__map_next(r->groups, &position));) {
        zks__rgroup_free(g);
    }
    zks__map_free(r->groups);
    zks__free(r->scratch);
    zks__mailboxes_free(r->mailboxes);
    r->mailboxes = NULL;
    zks__wipe(r->keys, sizeof r->keys);
    r->groups = NULL;
    r->scratch = NULL;
}
