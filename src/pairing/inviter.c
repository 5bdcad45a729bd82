/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inviting side. Its states, each named after what it waits for:
 *
 *   IDLE -> OPENING -> M1 -> M3 -> M5 -> ANSWER -> COMMITTED -> M7 -> ENDED
 *              ^        ^    |
 *   OFFLINE ---+     NEXT <--+  a wrong try; the relay confirms that the attempt is over
 *
 * From M5 on the invite belongs to one joiner (it is bound to that attempt's sid): whatever fails
 * then ends the pairing.
 */
#include "pairing/internal.h"

enum {
    IDLE,
    OFFLINE,
    OPENING,
    NEXT,
    M1,
    M3,
    BOUND, /* this one and all below are of one joiner */
    M5 = BOUND,
    ANSWER,
    COMMITTED,
    M7,
    ENDED
};

struct zks__inviter {
    uint8_t state;
    bool chosen; /* the code was there before the relay */
    bool shown;  /* the relay has the code, so the user has it */
    bool committed;
    uint32_t attempt;
    unsigned tries;
    uint32_t life_ms;
    uint64_t life_end_ms, step_end_ms;
    uint8_t relay_key[32];
    zks__pair_invite invite;
    zks__exchange x;
    zks__pair_block plain;   /* m4's content */
    zks__pair_group group;   /* the same, read */
    zks__pair_block request; /* m5's content */
    zks__pair_block out;
    uint32_t digits;
    char name[ZKS_PAIR_NAME_MAX_BYTES + 1];
    char text[ZKS_PAIR_LINK_TEXT_BYTES]; /* the code or link */
};

/* --- ends ------------------------------------------------------------------------- */

static void end(zks__inviter *i, zks_status status, zks__pairing_actions *out)
{
    zks__pairing_action *a = zks__pairing_add(out, ZKS_PAIRING_ENDED);
    a->status = status;
    a->text = zks__pairing_sentence(true, status);
    a->committed = status && i->committed;
    a->spent = i->state >= BOUND || i->tries;
    i->state = ENDED;
    zks__exchange_done(&i->x);
    zks__wipe(&i->invite.secret, sizeof i->invite.secret);
    zks__wipe(i->text, sizeof i->text);
}

/* The mailbox goes too; `code` is what the joiner hears. */
static void close_all(zks__inviter *i, uint32_t code, zks_status status, zks__pairing_actions *out)
{
    bool opening = i->state == OPENING;
    if (i->shown && i->state > OPENING) {
        zks__pairing_close(out, &i->invite, 0, code);
    }
    end(i, status, out);
    out->items[out->count - 1].opening = opening;
}

/* A try that was counted came to nothing: the next one, or the end at the third. */
static void tried(zks__inviter *i, zks__pairing_actions *out)
{
    if (i->tries >= ZKS_PAIRING_TRIES) {
        close_all(i, ZKS_WIRE_WRONG_CODE, ZKS_E_WRONG_CODE, out);
        return;
    }
    if (i->invite.kind == ZKS_PAIR_CODE) {
        zks__pairing_add(out, ZKS_PAIRING_WRONG_TRY)->tries_left = ZKS_PAIRING_TRIES - i->tries;
    }
}

/* Ends the attempt; the relay confirms it. */
static void close_attempt(zks__inviter *i, uint32_t code, uint64_t now_ms,
                          zks__pairing_actions *out)
{
    if (i->state == M3) {
        tried(i, out);
    }
    if (i->state != ENDED) {
        zks__pairing_close(out, &i->invite, i->attempt, code);
        zks__exchange_forget(&i->x);
        i->state = NEXT;
        i->step_end_ms = now_ms + ZKS_PAIRING_STEP_MS;
    }
}

/* What is there does not fit: before the proof the attempt is over, after it everything. */
static void refuse(zks__inviter *i, uint64_t now_ms, zks__pairing_actions *out)
{
    if (i->state >= BOUND) {
        close_all(i, ZKS_WIRE_INVALID_MESSAGE, ZKS_E_PROTOCOL, out);
    } else {
        close_attempt(i, ZKS_WIRE_INVALID_MESSAGE, now_ms, out);
    }
}

/* --- m0 --------------------------------------------------------------------------- */

/* random: sid, scalar. */
static void start_attempt(zks__inviter *i, const uint8_t *random, zks__pairing_actions *out)
{
    zks__pair_message m = {.number = 0};
    memcpy(m.sid, random, sizeof m.sid);
    zks_status status = zks__exchange_begin(&i->x, m.sid, random + sizeof m.sid, i->x.y_inviter);
    if (!status) {
        zks__exchange_commit(&i->x, i->x.y_inviter, m.commit);
        status = zks__pairing_make(&i->x, &m, &i->out);
    }
    if (status) {
        close_all(i, ZKS_WIRE_CODE_CANCELLED, status, out);
        return;
    }
    zks__pairing_put(out, &i->invite, i->attempt, 0, zks__pair_block_slice(&i->out));
    i->state = M1;
    i->step_end_ms = ZKS_PAIRING_NEVER;
}

static bool nameplate_valid(const uint8_t nameplate[ZKS_NAMEPLATE_BYTES])
{
    for (size_t k = 0; k < ZKS_NAMEPLATE_BYTES; k++) {
        if (!nameplate[k] || !strchr(ZKS_CODE_ALPHABET, nameplate[k])) {
            return false;
        }
    }
    return true;
}

static zks_status make_code(zks__inviter *i, const zks__mailbox_open *m,
                            const zks__pairing_event *e)
{
    if (!nameplate_valid(m->nameplate)) {
        return ZKS_E_PROTOCOL;
    }
    zks_status status = ZKS_OK;
    if (!i->chosen) {
        memcpy(i->invite.nameplate, m->nameplate, sizeof i->invite.nameplate);
        zks__pair_secret(i->invite.kind, e->random + 48, i->invite.secret);
        status = zks__exchange_init(&i->x, &i->invite, i->relay_key);
    }
    if (!status && i->invite.kind == ZKS_PAIR_LINK) {
        status = zks__pair_link_text(&i->invite, i->text);
    } else if (!status) {
        zks__pair_code_text(&i->invite, i->text);
    }
    if (status) {
        return status;
    }
    i->shown = true;
    i->life_end_ms = e->now_ms + (m->life_ms && m->life_ms < i->life_ms ? m->life_ms : i->life_ms);
    return ZKS_OK;
}

static void on_open(zks__inviter *i, const zks__mailbox_open *m, const zks__pairing_event *e,
                    zks__pairing_actions *out)
{
    if (i->state != OPENING) {
        return;
    }
    if ((i->shown || i->chosen) &&
        memcmp(m->nameplate, i->invite.nameplate, sizeof m->nameplate) != 0) {
        return; /* another machine's */
    }
    bool first = !i->shown;
    zks_status status = first ? make_code(i, m, e) : ZKS_OK;
    if (status) { /* the relay has the mailbox all the same */
        memcpy(i->invite.nameplate, m->nameplate, sizeof i->invite.nameplate);
        zks__pairing_close(out, &i->invite, 0, ZKS_WIRE_CODE_CANCELLED);
        end(i, status, out);
        return;
    }
    i->attempt = m->attempt;
    i->state = NEXT;
    start_attempt(i, e->random, out);
    if (first && i->state != ENDED) {
        zks__pairing_add(out, ZKS_PAIRING_SHOW_CODE)->text = i->text;
    }
}

/* --- m1 to m7 --------------------------------------------------------------------- */

/* m1: J -> I. A try counts from the answer on: it is what a guess can be checked against. */
static void on_m1(zks__inviter *i, const zks__pair_message *m, zks__slice bytes, uint64_t now_ms,
                  zks__pairing_actions *out)
{
    zks__exchange *x = &i->x;
    memcpy(x->y_joiner, m->y, sizeof x->y_joiner);
    zks__exchange_set_pk(x, m->pk);
    zks__exchange_note(x, bytes.data, bytes.length);
    i->tries += i->invite.kind == ZKS_PAIR_CODE; /* nobody guesses 256 bits */
    i->state = M3;
    i->step_end_ms = now_ms + ZKS_PAIRING_STEP_MS;
    if (zks__exchange_finish(x, false)) {
        close_attempt(i, ZKS_WIRE_WRONG_CODE, now_ms, out);
        return;
    }
    /* m2: I -> J {Y_i} */
    zks__pair_message answer = {.number = 2};
    memcpy(answer.y, x->y_inviter, sizeof answer.y);
    zks_status status = zks__pairing_make(x, &answer, &i->out);
    if (status) {
        close_all(i, ZKS_WIRE_CODE_CANCELLED, status, out);
        return;
    }
    i->digits = zks__exchange_digits(x);
    zks__pairing_put(out, &i->invite, i->attempt, 0, zks__pair_block_slice(&i->out));
}

/* m4: I -> J {T_i, ct, sealed group} */
static zks_status make_m4(zks__inviter *i, const uint8_t *random)
{
    zks__exchange *x = &i->x;
    uint8_t tag[ZKS_PAIR_TAG_MAX_BYTES], ct[ZKS_CPACE_AD_MAX_BYTES], shared[ZKS_SEAL_SHARED_BYTES];
    zks_status status = x->sizes.ct > sizeof ct ? ZKS_E_INTERNAL : ZKS_OK;
    if (!status) {
        status = x->suite->seal_enc(zks__exchange_pk(x), random, ct, shared);
    }
    if (status) {
        return status == ZKS_E_MALFORMED ? ZKS_E_PROTOCOL : status;
    }
    zks__pair_message m = {.number = 4,
                           .tag = {.data = tag, .length = x->sizes.tag},
                           .ct = {.data = ct, .length = x->sizes.ct}};
    zks__exchange_tag(x, false, tag);
    zks__exchange_keys(x, shared, m.ct);
    zks__wipe(shared, sizeof shared);
    return zks__pairing_make_sealed(x, &m, true, zks__pair_block_slice(&i->plain), &i->out);
}

/* m3: J -> I {T_j} */
static void on_m3(zks__inviter *i, const zks__pair_message *m, zks__slice bytes,
                  const zks__pairing_event *e, zks__pairing_actions *out)
{
    uint8_t tag[ZKS_PAIR_TAG_MAX_BYTES];
    zks__exchange_tag(&i->x, true, tag);
    bool right = zks__bytes_equal(tag, m->tag.data, i->x.sizes.tag);
    zks__wipe(tag, sizeof tag);
    if (!right) {
        close_attempt(i, ZKS_WIRE_WRONG_CODE, e->now_ms, out);
        return;
    }
    i->tries -= i->invite.kind == ZKS_PAIR_CODE;
    zks__exchange_note(&i->x, bytes.data, bytes.length);
    i->state = M5;
    i->step_end_ms = e->now_ms + ZKS_PAIRING_STEP_MS;
    zks_status status = make_m4(i, e->random);
    if (status) {
        close_all(i, ZKS_WIRE_INVALID_MESSAGE, status, out);
        return;
    }
    zks__pairing_put(out, &i->invite, i->attempt, ZKS_MAILBOX_HOLD, zks__pair_block_slice(&i->out));
    zks__pairing_add(out, ZKS_PAIRING_SHOW_DIGITS)->digits = i->digits;
}

/* The MEMBER's part must be what m4 asked for. */
static zks_status check_request(const zks__inviter *i, const zks__pair_request *q)
{
    zks__record r;
    zks_status status = zks__record_read_member_body(q->member.data, q->member.length, &r);
    if (status) {
        return status;
    }
    bool same = r.suite == i->group.suite && r.member.rights == i->group.rights &&
                r.member.not_after_s == i->group.not_after_s &&
                memcmp(r.group_id, i->group.group_id, sizeof r.group_id) == 0;
    return same ? ZKS_OK : ZKS_E_PROTOCOL;
}

/* m5: J -> I, sealed {MEMBER part, name} */
static void on_m5(zks__inviter *i, const zks__pair_message *m, uint64_t now_ms,
                  zks__pairing_actions *out)
{
    zks__pair_request q;
    zks_status status = zks__pairing_open(&i->x, m, false, &i->request);
    if (!status) {
        status = zks__pair_request_read(i->request.data, i->request.length, &q);
    }
    if (!status) {
        status = check_request(i, &q);
    }
    if (status == ZKS_E_NOMEM) {
        close_all(i, ZKS_WIRE_CODE_CANCELLED, status, out);
        return;
    }
    if (status) {
        refuse(i, now_ms, out);
        return;
    }
    memcpy(i->name, q.name.data, q.name.length);
    i->name[q.name.length] = '\0';
    i->state = ANSWER;
    i->step_end_ms = ZKS_PAIRING_NEVER;
    zks__pairing_action *a = zks__pairing_add(out, ZKS_PAIRING_ASK);
    a->text = i->name;
    a->digits = i->digits;
}

/* m7: J -> I, sealed {ok} */
static void on_m7(zks__inviter *i, const zks__pair_message *m, uint64_t now_ms,
                  zks__pairing_actions *out)
{
    zks__pair_block plain = {0};
    zks_status status = zks__pairing_open(&i->x, m, false, &plain);
    bool ok = !status && plain.length == 1 && plain.data[0] == 0;
    zks__pair_block_done(&plain);
    if (ok) {
        close_all(i, ZKS_WIRE_OK, ZKS_OK, out);
    } else if (status == ZKS_E_NOMEM) {
        close_all(i, ZKS_WIRE_CODE_USED, status, out);
    } else {
        refuse(i, now_ms, out);
    }
}

static uint8_t expected_number(const zks__inviter *i)
{
    switch (i->state) {
    case M1:
        return 1;
    case M3:
        return 3;
    case M5:
        return 5;
    case M7:
        return 7;
    default:
        return 0; /* no message of a joiner has this number */
    }
}

static void on_put(zks__inviter *i, const zks__mailbox_put *put, const zks__pairing_event *e,
                   zks__pairing_actions *out)
{
    if (put->attempt != i->attempt || i->state < M1) {
        return; /* of an attempt that is over */
    }
    zks__pair_message m;
    uint8_t number = expected_number(i);
    zks_status status = number ? zks__pair_message_read(put->data.data, put->data.length, number,
                                                        &i->x.sizes, &m)
                               : ZKS_E_PROTOCOL;
    if (status) {
        refuse(i, e->now_ms, out);
    } else if (number == 1) {
        on_m1(i, &m, put->data, e->now_ms, out);
    } else if (number == 3) {
        on_m3(i, &m, put->data, e, out);
    } else if (number == 5) {
        on_m5(i, &m, e->now_ms, out);
    } else {
        on_m7(i, &m, e->now_ms, out);
    }
}

/* --- the relay's word ------------------------------------------------------------- */

/* The relay let the mailbox go before anybody had it; it cannot know of a success. */
static zks_status unbound_end(uint32_t code)
{
    return code == ZKS_WIRE_OK ? ZKS_E_CODE_UNKNOWN : zks__wire_status(code);
}

/* Why the one joiner that was let in is gone. */
static zks_status bound_end(uint32_t code)
{
    switch (code) {
    case ZKS_WIRE_CODE_CANCELLED:
        return ZKS_E_CODE_CANCELLED;
    case ZKS_WIRE_CODE_EXPIRED:
        return ZKS_E_CODE_EXPIRED;
    case ZKS_WIRE_INVALID_MESSAGE:
        return ZKS_E_PROTOCOL;
    default:
        return ZKS_E_CONNECTION_LOST;
    }
}

static void on_close(zks__inviter *i, const zks__mailbox_close *m, const zks__pairing_event *e,
                     zks__pairing_actions *out)
{
    if (i->state < NEXT) {
        return;
    }
    if (m->attempt == 0) {
        end(i, i->state >= BOUND ? bound_end(m->code) : unbound_end(m->code), out);
    } else if (m->attempt != i->attempt) {
        return;
    } else if (i->state >= BOUND) {
        close_all(i, ZKS_WIRE_CODE_USED, bound_end(m->code), out);
    } else {
        if (i->state == M3) {
            tried(i, out); /* it had its answer, and went */
        }
        if (i->state != ENDED) {
            i->attempt++;
            start_attempt(i, e->random, out);
        }
    }
}

static void on_error(zks__inviter *i, const zks__error_message *m, zks__pairing_actions *out)
{
    if (i->state == IDLE || i->state == OFFLINE || m->about < ZKS_MESSAGE_MAILBOX_OPEN ||
        m->about > ZKS_MESSAGE_MAILBOX_CLOSE ||
        (m->about == ZKS_MESSAGE_MAILBOX_OPEN) != (i->state == OPENING)) {
        return;
    }
    end(i, m->code ? zks__wire_status(m->code) : ZKS_E_PROTOCOL, out);
    out->items[out->count - 1].retry_after_ms = m->retry_after_ms;
}

static void on_message(zks__inviter *i, const zks__pairing_event *e, zks__pairing_actions *out)
{
    const zks__message *m = e->message;
    const uint8_t *nameplate = i->invite.nameplate;
    switch (m->type) {
    case ZKS_MESSAGE_MAILBOX_OPEN:
        on_open(i, &m->mailbox_open, e, out);
        break;
    case ZKS_MESSAGE_MAILBOX_PUT:
        if (memcmp(m->mailbox_put.nameplate, nameplate, ZKS_NAMEPLATE_BYTES) == 0) {
            on_put(i, &m->mailbox_put, e, out);
        }
        break;
    case ZKS_MESSAGE_MAILBOX_CLOSE:
        if (memcmp(m->mailbox_close.nameplate, nameplate, ZKS_NAMEPLATE_BYTES) == 0) {
            on_close(i, &m->mailbox_close, e, out);
        }
        break;
    case ZKS_MESSAGE_ERROR:
        on_error(i, &m->error, out);
        break;
    default:
        break;
    }
}

/* --- the session, the user, the group --------------------------------------------- */

/* A link names the relays at which it is good. The exchange is bound to the relay in use. */
static zks_status use_relay(zks__inviter *i, const uint8_t key[32])
{
    bool named = i->invite.kind == ZKS_PAIR_CODE;
    for (size_t k = 0; k < i->invite.relay_count; k++) {
        named = named || memcmp(i->invite.relays[k].key, key, 32) == 0;
    }
    memcpy(i->relay_key, key, sizeof i->relay_key);
    return !named                  ? ZKS_E_CODE_UNKNOWN
           : i->shown || i->chosen ? zks__exchange_init(&i->x, &i->invite, key)
                                   : ZKS_OK;
}

static void on_connected(zks__inviter *i, const uint8_t relay_key[32], uint64_t now_ms,
                         zks__pairing_actions *out)
{
    if (i->state != IDLE && i->state != OFFLINE) {
        return;
    }
    zks_status status = use_relay(i, relay_key);
    if (status) {
        end(i, status, out);
        return;
    }
    zks__message *m = &zks__pairing_add(out, ZKS_PAIRING_SEND)->message;
    m->type = ZKS_MESSAGE_MAILBOX_OPEN;
    memcpy(m->mailbox_open.nameplate, i->invite.nameplate, ZKS_NAMEPLATE_BYTES);
    m->mailbox_open.life_ms = i->life_ms;
    i->state = OPENING;
    i->step_end_ms = now_ms + ZKS_PAIRING_STEP_MS;
}

static void on_lost(zks__inviter *i, zks__pairing_actions *out)
{
    if (i->state >= BOUND) {
        end(i, ZKS_E_CONNECTION_LOST, out);
        return;
    }
    bool answered = i->state == M3;
    i->state = OFFLINE;
    i->step_end_ms = ZKS_PAIRING_NEVER;
    if (answered) {
        tried(i, out);
    }
    if (i->state != ENDED) {
        zks__exchange_forget(&i->x);
    }
}

static void on_answer(zks__inviter *i, bool accept, zks__pairing_actions *out)
{
    if (i->state != ANSWER) {
        return;
    }
    if (!accept) {
        close_all(i, ZKS_WIRE_CODE_CANCELLED, ZKS_E_CANCELLED, out);
        return;
    }
    zks__pair_request q;
    if (zks__pair_request_read(i->request.data, i->request.length, &q)) {
        close_all(i, ZKS_WIRE_CODE_CANCELLED, ZKS_E_INTERNAL, out); /* it was read before */
        return;
    }
    i->state = COMMITTED;
    i->committed = true; /* as far as anybody here can know */
    zks__pairing_action *a = zks__pairing_add(out, ZKS_PAIRING_COMMIT);
    a->bytes = q.member;
    a->text = i->name;
}

static zks_status read_bundle(const zks__inviter *i, zks__slice bytes)
{
    zks__pair_bundle bundle;
    return i->group.mode == ZKS_GROUP_MODE_SHARED
               ? zks__pair_shared_read(bytes.data, bytes.length, &bundle)
               : zks__pair_bundle_read(bytes.data, bytes.length, &bundle);
}

static void on_committed(zks__inviter *i, const zks__pairing_event *e, zks__pairing_actions *out)
{
    if (i->state != COMMITTED) {
        return;
    }
    zks__pair_message m = {.number = 6};
    zks_status status = e->status;
    i->committed = !status || e->accept;
    if (!status) {
        status = read_bundle(i, e->bytes);
    }
    if (!status && e->bytes.length > ZKS_PAIR_BUNDLE_MAX_BYTES) {
        status = ZKS_E_TOO_LARGE;
    }
    if (!status) {
        status = zks__pairing_make_sealed(&i->x, &m, true, e->bytes, &i->out);
    }
    if (status) {
        close_all(i, ZKS_WIRE_CODE_CANCELLED, status, out);
        return;
    }
    zks__pairing_put(out, &i->invite, i->attempt, 0, zks__pair_block_slice(&i->out));
    i->state = M7;
    i->step_end_ms = e->now_ms + ZKS_PAIRING_STEP_MS;
}

static void check_time(zks__inviter *i, uint64_t now_ms, zks__pairing_actions *out)
{
    if (i->state != ENDED && now_ms >= i->life_end_ms) {
        close_all(i, ZKS_WIRE_CODE_EXPIRED, ZKS_E_CODE_EXPIRED, out);
    } else if (i->state != ENDED && now_ms >= i->step_end_ms) {
        if (i->state == M3) {
            close_attempt(i, ZKS_WIRE_BUSY, now_ms, out);
        } else {
            close_all(i, ZKS_WIRE_CODE_USED, ZKS_E_TIMEOUT, out);
        }
    }
}

/* --- the interface ---------------------------------------------------------------- */

static zks_status copy_relays(zks__inviter *i, const zks__inviter_config *config)
{
    if (config->kind == ZKS_PAIR_CODE) {
        return ZKS_OK;
    }
    if (!config->relay_count || config->relay_count > ZKS_PAIR_RELAYS_MAX) {
        return ZKS_E_INVALID;
    }
    i->invite.relay_count = config->relay_count;
    memcpy(i->invite.relays, config->relays, config->relay_count * sizeof config->relays[0]);
    return zks__pair_link_text(&i->invite, i->text); /* what it refuses is refused now */
}

static zks_status check_config(const zks__inviter_config *config)
{
    if (!zks__crypto_suite(config->group.suite)) {
        return ZKS_E_SUITE;
    }
    bool code = config->kind == ZKS_PAIR_CODE;
    if (config->code && (!code || config->code->kind != ZKS_PAIR_CODE ||
                         !nameplate_valid(config->code->nameplate))) {
        return ZKS_E_INVALID;
    }
    if (code && config->group.suite != ZKS_SUITE_SODIUM) {
        return ZKS_E_UNSUPPORTED;
    }
    return code || config->kind == ZKS_PAIR_LINK ? ZKS_OK : ZKS_E_INVALID;
}

/* The content of m4, written and read again: config's bytes may go. What is wrong with it is what
 * the other side would refuse. */
static zks_status copy_group(zks__inviter *i, const zks__pair_group *group)
{
    zks__writer count = zks__writer_of(NULL, 0);
    zks__pair_group_write(group, &count);
    zks_status status = count.length > ZKS_PAIR_SMALL_MAX_BYTES / 2
                            ? ZKS_E_INVALID
                            : zks__pair_block_new(&i->plain, count.length);
    if (!status) {
        zks__writer w = zks__writer_of(i->plain.data, i->plain.size);
        zks__pair_group_write(group, &w);
        status = zks__pair_group_read(i->plain.data, i->plain.length, &i->group);
    }
    return status == ZKS_E_MALFORMED ? ZKS_E_INVALID : status;
}

zks_status zks__inviter_new(const zks__inviter_config *config, zks__inviter **out_inviter)
{
    zks_status status = check_config(config);
    if (status) {
        return status;
    }
    zks__inviter *i = zks__alloc_zero(1, sizeof *i);
    if (!i) {
        return ZKS_E_NOMEM;
    }
    i->life_ms = config->life_ms && config->life_ms < ZKS_PAIRING_LIFE_MS ? config->life_ms
                                                                          : ZKS_PAIRING_LIFE_MS;
    i->life_end_ms = i->step_end_ms = ZKS_PAIRING_NEVER;
    if (config->code) {
        i->invite = *config->code;
        i->chosen = true;
    }
    i->invite.kind = config->kind;
    i->invite.suite = config->group.suite;
    memcpy(i->invite.group_id, config->group.group_id, sizeof i->invite.group_id);
    status = copy_relays(i, config);
    if (!status) {
        status = copy_group(i, &config->group);
    }
    if (status) {
        zks__inviter_free(i);
        return status;
    }
    *out_inviter = i;
    return ZKS_OK;
}

void zks__inviter_free(zks__inviter *i)
{
    if (i) {
        zks__pair_block_done(&i->plain);
        zks__pair_block_done(&i->request);
        zks__pair_block_done(&i->out);
        zks__wipe(i, sizeof *i);
        zks__free(i);
    }
}

void zks__inviter_step(zks__inviter *i, const zks__pairing_event *e, zks__pairing_actions *out)
{
    out->count = 0;
    check_time(i, e->now_ms, out);
    if (i->state == ENDED) {
        return;
    }
    switch (e->kind) {
    case ZKS_PAIRING_CONNECTED:
        on_connected(i, e->relay_key, e->now_ms, out);
        break;
    case ZKS_PAIRING_MESSAGE:
        on_message(i, e, out);
        break;
    case ZKS_PAIRING_LOST:
        on_lost(i, out);
        break;
    case ZKS_PAIRING_CANCEL:
        close_all(i, ZKS_WIRE_CODE_CANCELLED, ZKS_E_CANCELLED, out);
        break;
    case ZKS_PAIRING_ANSWER:
        on_answer(i, e->accept, out);
        break;
    case ZKS_PAIRING_COMMITTED:
        on_committed(i, e, out);
        break;
    case ZKS_PAIRING_TICK:
    case ZKS_PAIRING_MEMBER:
    case ZKS_PAIRING_STORED:
        break;
    }
}

bool zks__inviter_wants(const zks__inviter *i, const uint8_t nameplate[ZKS_NAMEPLATE_BYTES])
{
    return (i->chosen || i->shown) &&
           memcmp(i->invite.nameplate, nameplate, ZKS_NAMEPLATE_BYTES) == 0;
}

uint64_t zks__inviter_deadline_ms(const zks__inviter *i)
{
    if (i->state == ENDED) {
        return ZKS_PAIRING_NEVER;
    }
    return i->step_end_ms < i->life_end_ms ? i->step_end_ms : i->life_end_ms;
}
