/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The joining side. Its states, each named after what it waits for:
 *
 *   IDLE -> M0 -> M2 -> M4 -> MEMBER -> M6 -> STORED -> ENDED
 */
#include "pairing/internal.h"

enum { IDLE, M0, M2, M4, MEMBER, M6, STORED, ENDED };

struct zks__joiner {
    uint8_t state;
    bool lost; /* nothing can be sent any more */
    uint32_t attempt;
    uint64_t step_end_ms;
    uint8_t relay_key[32];
    zks__pair_invite invite;
    zks__exchange x;
    uint8_t commit[ZKS_HASH_BYTES];
    uint8_t seal_seed[ZKS_SEAL_SEED_BYTES]; /* of the throw-away key in m1 */
    uint32_t digits;
    zks__pair_block plain; /* m4's, then m6's content */
    zks__pair_group group;
    zks__pair_block member; /* the own part of the MEMBER */
    zks__pair_block out;
};

/* --- ends ------------------------------------------------------------------------- */

static void end(zks__joiner *j, zks_status status, zks__pairing_actions *out)
{
    zks__pairing_action *a = zks__pairing_add(out, ZKS_PAIRING_ENDED);
    a->status = status;
    a->text = zks__pairing_sentence(false, status);
    j->state = ENDED;
    zks__exchange_done(&j->x);
    zks__wipe(j->seal_seed, sizeof j->seal_seed);
    zks__wipe(j->invite.secret, sizeof j->invite.secret);
}

/* The inviter hears `code`. */
static void leave(zks__joiner *j, uint32_t code, zks_status status, zks__pairing_actions *out)
{
    if (j->attempt && !j->lost) {
        zks__pairing_close(out, &j->invite, j->attempt, code);
    }
    end(j, status, out);
}

static void refuse(zks__joiner *j, zks_status status, zks__pairing_actions *out)
{
    bool own = status == ZKS_E_NOMEM || status == ZKS_E_SUITE || status == ZKS_E_WRONG_GROUP ||
               status == ZKS_E_UNSUPPORTED;
    leave(j, ZKS_WIRE_INVALID_MESSAGE, own ? status : ZKS_E_PROTOCOL, out);
}

/* --- m0 to m6 --------------------------------------------------------------------- */

/* m0: I -> J {v, sid, C}. random: scalar, seed of the throw-away key. */
static zks_status on_m0(zks__joiner *j, const zks__pair_message *m, zks__slice bytes,
                        const zks__pairing_event *e, zks__pairing_actions *out)
{
    zks__exchange *x = &j->x;
    uint8_t pk[ZKS_CPACE_AD_MAX_BYTES];
    zks__pair_message answer = {.number = 1, .pk = {.data = pk, .length = x->sizes.pk}};
    zks_status status = x->sizes.pk < sizeof pk ? ZKS_OK : ZKS_E_INTERNAL;
    if (!status) {
        status = zks__exchange_begin(x, m->sid, e->random, x->y_joiner);
    }
    if (status) {
        return status;
    }
    memcpy(j->commit, m->commit, sizeof j->commit);
    memcpy(j->seal_seed, e->random + ZKS_EXCHANGE_RANDOM_BYTES, sizeof j->seal_seed);
    x->suite->seal_public(j->seal_seed, pk);
    zks__exchange_set_pk(x, answer.pk);
    zks__exchange_note(x, bytes.data, bytes.length);
    /* m1: J -> I {Y_j, pk} */
    memcpy(answer.y, x->y_joiner, sizeof answer.y);
    status = zks__pairing_make(x, &answer, &j->out);
    if (!status) {
        zks__pairing_put(out, &j->invite, j->attempt, 0, zks__pair_block_slice(&j->out));
        j->state = M2;
    }
    return status;
}

/* m2: I -> J {Y_i}; J checks C */
static zks_status on_m2(zks__joiner *j, const zks__pair_message *m, zks__slice bytes,
                        zks__pairing_actions *out)
{
    zks__exchange *x = &j->x;
    uint8_t commit[ZKS_HASH_BYTES], tag[ZKS_PAIR_TAG_MAX_BYTES];
    zks__exchange_commit(x, m->y, commit);
    if (!zks__bytes_equal(commit, j->commit, sizeof commit)) {
        return ZKS_E_PROTOCOL;
    }
    memcpy(x->y_inviter, m->y, sizeof x->y_inviter);
    zks_status status = zks__exchange_finish(x, true);
    if (status) {
        return status;
    }
    zks__exchange_note(x, bytes.data, bytes.length);
    j->digits = zks__exchange_digits(x);
    /* m3: J -> I {T_j} */
    zks__pair_message answer = {.number = 3, .tag = {.data = tag, .length = x->sizes.tag}};
    zks__exchange_tag(x, true, tag);
    status = zks__pairing_make(x, &answer, &j->out);
    if (!status) {
        zks__pairing_put(out, &j->invite, j->attempt, 0, zks__pair_block_slice(&j->out));
        j->state = M4;
    }
    return status;
}

static zks_status check_group(const zks__joiner *j, const zks__pair_group *g)
{
    zks__record r;
    if (j->invite.kind == ZKS_PAIR_LINK &&
        memcmp(g->group_id, j->invite.group_id, sizeof g->group_id) != 0) {
        return ZKS_E_WRONG_GROUP;
    }
    if (g->suite != j->invite.suite) {
        return ZKS_E_UNSUPPORTED;
    }
    zks_status status = zks__record_read(g->genesis.data, g->genesis.length, &r);
    if (status) {
        return status;
    }
    bool same = r.kind == ZKS_RECORD_KIND_GENESIS && r.suite == g->suite &&
                r.genesis.mode == g->mode &&
                memcmp(r.group_id, g->group_id, sizeof r.group_id) == 0;
    return same ? ZKS_OK : ZKS_E_PROTOCOL;
}

/* m4: I -> J {T_i, ct, sealed group} */
static zks_status on_m4(zks__joiner *j, const zks__pair_message *m, zks__pairing_actions *out)
{
    zks__exchange *x = &j->x;
    uint8_t tag[ZKS_PAIR_TAG_MAX_BYTES], shared[ZKS_SEAL_SHARED_BYTES];
    zks__exchange_tag(x, false, tag);
    bool right = zks__bytes_equal(tag, m->tag.data, x->sizes.tag);
    zks__wipe(tag, sizeof tag);
    zks_status status = right ? x->suite->seal_dec(j->seal_seed, m->ct.data, shared)
                              : ZKS_E_PROTOCOL;
    zks__wipe(j->seal_seed, sizeof j->seal_seed);
    if (status) {
        return status;
    }
    zks__exchange_keys(x, shared, m->ct);
    zks__wipe(shared, sizeof shared);
    status = zks__pairing_open(x, m, true, &j->plain);
    if (!status) {
        status = zks__pair_group_read(j->plain.data, j->plain.length, &j->group);
    }
    if (!status) {
        status = check_group(j, &j->group);
    }
    if (!status) {
        zks__pairing_add(out, ZKS_PAIRING_SHOW_DIGITS)->digits = j->digits;
        zks__pairing_add(out, ZKS_PAIRING_GROUP)->group = j->group;
        j->state = MEMBER;
    }
    return status;
}

/* The own MEMBER is among the records as it was sent, and both signatures are good. */
static bool has_member(const zks__joiner *j, zks__wire_list records)
{
    zks__slice s;
    zks__record r;
    while (zks__pair_next_record(&records, &s)) {
        if (s.length > j->member.length && memcmp(s.data, j->member.data, j->member.length) == 0 &&
            zks__record_read(s.data, s.length, &r) == ZKS_OK) {
            return true;
        }
    }
    return false;
}

static bool has_relay(zks__wire_list relays, const uint8_t key[32])
{
    zks__pair_relay_item item;
    while (zks__pair_next_relay(&relays, &item)) {
        if (memcmp(item.key, key, sizeof item.key) == 0) {
            return true;
        }
    }
    return false;
}

static zks_status check_bundle(const zks__joiner *j, const zks__pair_bundle *b)
{
    bool good = (b->secret || has_member(j, b->records)) && has_relay(b->relays, j->relay_key);
    for (size_t k = 0; good && k < j->invite.relay_count; k++) {
        good = has_relay(b->relays, j->invite.relays[k].key);
    }
    return good ? ZKS_OK : ZKS_E_PROTOCOL;
}

/* m6: I -> J, sealed bundle */
static zks_status on_m6(zks__joiner *j, const zks__pair_message *m, zks__pairing_actions *out)
{
    zks__pair_bundle bundle;
    zks_status status = zks__pairing_open(&j->x, m, true, &j->plain);
    if (!status) {
        status = j->group.mode == ZKS_GROUP_MODE_SHARED
                     ? zks__pair_shared_read(j->plain.data, j->plain.length, &bundle)
                     : zks__pair_bundle_read(j->plain.data, j->plain.length, &bundle);
    }
    if (!status) {
        status = check_bundle(j, &bundle);
    }
    if (!status) {
        zks__pairing_add(out, ZKS_PAIRING_STORE)->bundle = bundle;
        j->state = STORED;
        j->step_end_ms = ZKS_PAIRING_NEVER;
    }
    return status;
}

static uint8_t expected_number(const zks__joiner *j)
{
    switch (j->state) {
    case M0:
        return 0;
    case M2:
        return 2;
    case M4:
        return 4;
    case M6:
        return 6;
    default:
        return 1; /* no message of an inviter has this number */
    }
}

static void on_put(zks__joiner *j, const zks__mailbox_put *put, const zks__pairing_event *e,
                   zks__pairing_actions *out)
{
    zks__pair_message m;
    if (j->state == IDLE) {
        return;
    }
    uint8_t number = expected_number(j);
    if (number == 0) {
        j->attempt = put->attempt;
    }
    zks_status status = number == 1 || put->attempt != j->attempt
                            ? ZKS_E_PROTOCOL
                            : zks__pair_message_read(put->data.data, put->data.length, number,
                                                     &j->x.sizes, &m);
    j->step_end_ms = e->now_ms + ZKS_PAIRING_STEP_MS;
    if (!status && number == 0) {
        status = on_m0(j, &m, put->data, e, out);
    } else if (!status && number == 2) {
        status = on_m2(j, &m, put->data, out);
    } else if (!status && number == 4) {
        status = on_m4(j, &m, out);
    } else if (!status) {
        status = on_m6(j, &m, out);
    }
    if (status) {
        refuse(j, status, out);
    }
}

/* --- everything else -------------------------------------------------------------- */

/* The relay's or the inviter's word for why it is over. */
static zks_status status_of_close(uint32_t code)
{
    switch (code) {
    case ZKS_WIRE_OK:
        return ZKS_E_CODE_USED;
    case ZKS_WIRE_INVALID_MESSAGE:
        return ZKS_E_PROTOCOL;
    default:
        return zks__wire_status(code);
    }
}

/* The relay's refusal. WRONG_CODE about GET says nothing of the code that was typed, which may be
 * the right one: wrong ones have burnt it before. */
static void on_error(zks__joiner *j, const zks__error_message *m, zks__pairing_actions *out)
{
    end(j, m->code ? zks__wire_status(m->code) : ZKS_E_PROTOCOL, out);
    zks__pairing_action *a = &out->items[out->count - 1];
    a->retry_after_ms = m->retry_after_ms;
    if (a->status == ZKS_E_WRONG_CODE && m->about == ZKS_MESSAGE_MAILBOX_GET) {
        a->text = zks__pairing_burnt;
    }
}

static void on_message(zks__joiner *j, const zks__pairing_event *e, zks__pairing_actions *out)
{
    const zks__message *m = e->message;
    if (j->state == STORED) {
        return; /* all that matters is here; m7 is a courtesy */
    }
    if (m->type == ZKS_MESSAGE_MAILBOX_PUT) {
        on_put(j, &m->mailbox_put, e, out);
    } else if (m->type == ZKS_MESSAGE_MAILBOX_CLOSE) {
        end(j, status_of_close(m->mailbox_close.code), out);
    } else if (m->type == ZKS_MESSAGE_ERROR && m->error.about >= ZKS_MESSAGE_MAILBOX_OPEN &&
               m->error.about <= ZKS_MESSAGE_MAILBOX_CLOSE) {
        on_error(j, &m->error, out);
    }
}

static void on_connected(zks__joiner *j, const zks__pairing_event *e, zks__pairing_actions *out)
{
    if (j->state != IDLE) {
        return;
    }
    bool known = j->invite.kind == ZKS_PAIR_CODE;
    for (size_t k = 0; k < j->invite.relay_count; k++) {
        known = known || memcmp(j->invite.relays[k].key, e->relay_key, 32) == 0;
    }
    zks_status status = known ? zks__exchange_init(&j->x, &j->invite, e->relay_key)
                              : ZKS_E_RELAY_KEY_CHANGED;
    if (status) {
        end(j, status, out);
        return;
    }
    memcpy(j->relay_key, e->relay_key, sizeof j->relay_key);
    zks__message *m = &zks__pairing_add(out, ZKS_PAIRING_SEND)->message;
    m->type = ZKS_MESSAGE_MAILBOX_GET;
    memcpy(m->mailbox_get.nameplate, j->invite.nameplate, ZKS_NAMEPLATE_BYTES);
    j->state = M0;
    j->step_end_ms = e->now_ms + ZKS_PAIRING_STEP_MS;
}

/* m5: J -> I, sealed {MEMBER part, name} */
static zks_status make_m5(zks__joiner *j, const zks__pairing_event *e)
{
    zks__pair_block plain = {0};
    zks__pair_request q = {.member = e->bytes, .name = e->name}, read;
    zks__pair_message m = {.number = 5};
    zks__writer count = zks__writer_of(NULL, 0);
    zks__pair_request_write(&q, &count);
    zks_status status = zks__pair_block_new(&plain, count.length);
    if (!status) {
        zks__writer w = zks__writer_of(plain.data, plain.size);
        zks__pair_request_write(&q, &w);
        /* what the other side would refuse is this side's mistake */
        status = zks__pair_request_read(plain.data, plain.length, &read) ? ZKS_E_INVALID : ZKS_OK;
    }
    if (!status) {
        status = zks__pair_block_copy(&j->member, e->bytes);
    }
    if (!status) {
        status = zks__pairing_make_sealed(&j->x, &m, false, zks__pair_block_slice(&plain), &j->out);
    }
    zks__pair_block_done(&plain);
    return status;
}

static void on_member(zks__joiner *j, const zks__pairing_event *e, zks__pairing_actions *out)
{
    if (j->state != MEMBER) {
        return;
    }
    zks_status status = make_m5(j, e);
    if (status) {
        leave(j, ZKS_WIRE_CODE_CANCELLED, status, out);
        return;
    }
    zks__pairing_put(out, &j->invite, j->attempt, 0, zks__pair_block_slice(&j->out));
    j->state = M6;
    j->step_end_ms = e->now_ms + ZKS_PAIRING_LIFE_MS; /* a person is asked */
}

/* m7: J -> I, sealed {ok} */
static void on_stored(zks__joiner *j, zks_status status, zks__pairing_actions *out)
{
    static const uint8_t ok = 0;
    zks__pair_message m = {.number = 7};
    if (j->state != STORED) {
        return;
    }
    if (!status) {
        status = zks__pairing_make_sealed(&j->x, &m, false, (zks__slice){&ok, 1}, &j->out);
    }
    if (status) {
        leave(j, ZKS_WIRE_INVALID_MESSAGE, status, out);
        return;
    }
    if (!j->lost) {
        zks__pairing_put(out, &j->invite, j->attempt, 0, zks__pair_block_slice(&j->out));
    }
    end(j, ZKS_OK, out);
}

/* --- the interface ---------------------------------------------------------------- */

zks_status zks__joiner_new(const zks__pair_invite *invite, zks__joiner **out_joiner)
{
    if (!zks__crypto_suite(invite->suite)) {
        return ZKS_E_SUITE;
    }
    if (invite->kind == ZKS_PAIR_CODE && invite->suite != ZKS_SUITE_SODIUM) {
        return ZKS_E_UNSUPPORTED;
    }
    zks__joiner *j = zks__alloc_zero(1, sizeof *j);
    if (!j) {
        return ZKS_E_NOMEM;
    }
    j->invite = *invite;
    j->step_end_ms = ZKS_PAIRING_NEVER;
    *out_joiner = j;
    return ZKS_OK;
}

void zks__joiner_free(zks__joiner *j)
{
    if (j) {
        zks__pair_block_done(&j->plain);
        zks__pair_block_done(&j->member);
        zks__pair_block_done(&j->out);
        zks__wipe(j, sizeof *j);
        zks__free(j);
    }
}

void zks__joiner_step(zks__joiner *j, const zks__pairing_event *e, zks__pairing_actions *out)
{
    out->count = 0;
    if (j->state == ENDED) {
        return;
    }
    if (e->now_ms >= j->step_end_ms) {
        leave(j, ZKS_WIRE_BUSY, ZKS_E_TIMEOUT, out);
        return;
    }
    switch (e->kind) {
    case ZKS_PAIRING_CONNECTED:
        on_connected(j, e, out);
        break;
    case ZKS_PAIRING_MESSAGE:
        on_message(j, e, out);
        break;
    case ZKS_PAIRING_LOST:
        j->lost = true;
        if (j->state != STORED) {
            end(j, e->status ? e->status : ZKS_E_CONNECTION_LOST, out);
        }
        break;
    case ZKS_PAIRING_CANCEL:
        leave(j, ZKS_WIRE_CODE_CANCELLED, ZKS_E_CANCELLED, out);
        break;
    case ZKS_PAIRING_MEMBER:
        on_member(j, e, out);
        break;
    case ZKS_PAIRING_STORED:
        on_stored(j, e->status, out);
        break;
    case ZKS_PAIRING_TICK:
    case ZKS_PAIRING_ANSWER:
    case ZKS_PAIRING_COMMITTED:
        break;
    }
}

uint64_t zks__joiner_deadline_ms(const zks__joiner *j)
{
    return j->state == ENDED ? ZKS_PAIRING_NEVER : j->step_end_ms;
}
