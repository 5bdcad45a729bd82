/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/pair_glue.h"

#include "tests/support/memory_link.h"
#include "tests/support/raw_check.h"

static const char descriptor[] = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA";
static const uint8_t epoch_secret[ZKS_KEY_BYTES] = "the epoch's secret, 32 bytes....";

static void sign_key(uint8_t tag, uint8_t seed, zks__sign_key *out)
{
    uint8_t bytes[ZKS_SIGN_SEED_BYTES] = {tag, seed};
    zks__crypto_sign_key(bytes, out);
}

static void group_init(pair_group *g, uint8_t suite, uint8_t mode, uint8_t seed)
{
    memset(g, 0, sizeof *g);
    g->suite = suite;
    g->mode = mode;
    sign_key(1, seed, &g->root);
    sign_key(2, seed, &g->inviter);
    zks__genesis genesis = {.mode = mode, .recovery = {3}};
    memcpy(genesis.root, zks__crypto_sign_public(&g->root), sizeof genesis.root);
    zks__record_group_id(g->suite, genesis.mode, genesis.root, g->group_id);
    raw_check(zks__record_make_genesis(g->suite, &genesis, &g->root, g->genesis, sizeof g->genesis,
                                       &g->genesis_length) == ZKS_OK);
    zks__epoch epoch = {.commit = {4}};
    raw_check(zks__record_make_epoch(g->suite, g->group_id, &epoch, &g->root, g->epoch,
                                     sizeof g->epoch, &g->epoch_length) == ZKS_OK);
    raw_check(zks__record_hash(g->epoch, g->epoch_length, g->epoch_hash));
}

void pair_group_init(pair_group *g, uint8_t suite, uint8_t seed)
{
    group_init(g, suite, ZKS_GROUP_MODE_PAIRED, seed);
}

void pair_group_init_shared(pair_group *g, uint8_t suite, uint8_t seed)
{
    group_init(g, suite, ZKS_GROUP_MODE_SHARED, seed);
}

static bool is_shared(const pair_glue *g)
{
    return g->group->mode == ZKS_GROUP_MODE_SHARED;
}

static void run(pair_glue *g, zks__pairing_event *e);

/* --- the inviter's part ----------------------------------------------------------- */

static size_t make_bundle(const pair_glue *g, zks__slice part, const char *name, uint8_t *out,
                          size_t size)
{
    uint8_t member[PAIR_RECORD_BYTES];
    size_t length = 0;
    zks__slice profile = {(const uint8_t *)name, strlen(name)}; /* in earnest it is sealed */
    raw_check(zks__record_make_member_issue(g->group->group_id, part, profile, &g->group->inviter,
                                            member, sizeof member, &length) == ZKS_OK);
    if (g->fault == PAIR_FAULT_FORGED_MEMBER) {
        member[length - 1] ^= 1;
    }
    zks__slice records[] = {{g->group->genesis, g->group->genesis_length},
                            {g->group->epoch, g->group->epoch_length},
                            {member, length}};
    zks__pair_secret_item secret;
    memcpy(secret.epoch, g->group->epoch_hash, sizeof secret.epoch);
    memcpy(secret.secret, epoch_secret, sizeof secret.secret);
    zks__pair_relay_item relays[2] = {{.address = {(const uint8_t *)"relay.example.org", 17}},
                                      {.address = {(const uint8_t *)"other.example.org", 17}}};
    memcpy(relays[0].key, g->relay_key, 32);
    if (g->fault == PAIR_FAULT_OTHER_RELAY) {
        relays[0].key[5] ^= 1;
    }
    zks__pair_head head = {.seq = 7, .author = {9}};
    zks__wire_hash pin;
    memcpy(pin.hash, g->group->epoch_hash, sizeof pin.hash);
    zks__pair_bundle b = {.records = {.count = 3, .items = records},
                          .secrets = {.count = 1, .items = &secret},
                          .relays = {.count = 2, .items = relays},
                          .pins = {.count = 1, .items = &pin},
                          .heads = {.count = 1, .items = &head}};
    if (g->fault == PAIR_FAULT_NO_MEMBER) {
        b.records.count = 2;
    }
    b.secret = epoch_secret;
    b.descriptor = (zks__slice){(const uint8_t *)descriptor, strlen(descriptor)};
    zks__writer w = zks__writer_of(out, size);
    if (is_shared(g) != (g->fault == PAIR_FAULT_OTHER_MODE)) {
        zks__pair_shared_write(&b, &w);
    } else {
        zks__pair_bundle_write(&b, &w);
    }
    raw_check(!w.overflow);
    return w.length - (g->fault == PAIR_FAULT_BROKEN_BUNDLE);
}

void pair_glue_commit(pair_glue *g)
{
    static uint8_t bundle[PAIR_BUNDLE_BYTES];
    zks__pairing_event e = {.kind = ZKS_PAIRING_COMMITTED};
    e.status = g->fault == PAIR_FAULT_COMMIT_FAILS ? ZKS_E_CONFLICT : ZKS_OK;
    e.bytes.data = bundle;
    e.bytes.length = make_bundle(g, (zks__slice){g->part, g->part_length}, g->name, bundle,
                                 sizeof bundle);
    run(g, &e);
}

void pair_glue_answer(pair_glue *g, bool accept)
{
    zks__pairing_event e = {.kind = ZKS_PAIRING_ANSWER, .accept = accept};
    run(g, &e);
}

/* --- the joiner's part ------------------------------------------------------------ */

static void give_member(pair_glue *g, const zks__pair_group *group)
{
    uint8_t part[ZKS_PAIR_PART_MAX_BYTES], group_id[ZKS_GROUP_ID_BYTES];
    zks__sign_key device;
    sign_key(7, (uint8_t)g->random, &device);
    memcpy(g->device, zks__crypto_sign_public(&device), sizeof g->device);
    memcpy(group_id, group->group_id, sizeof group_id);
    group_id[0] ^= g->fault == PAIR_FAULT_OTHER_GROUP;
    zks__member m = {.rights = group->rights, .not_after_s = group->not_after_s};
    m.rights |= g->fault == PAIR_FAULT_MORE_RIGHTS ? ZKS_RIGHT_ADMIN : 0;
    zks__pairing_event e = {.kind = ZKS_PAIRING_MEMBER, .bytes.data = part};
    raw_check(zks__record_make_member_body(group->suite, group_id, &m, &device, part, sizeof part,
                                           &e.bytes.length) == ZKS_OK);
    const char *name = g->fault == PAIR_FAULT_BAD_NAME ? "two\nlines"
                                                       : "Anna's tablet \xe2\x98\x82";
    e.name = (zks__slice){(const uint8_t *)name, strlen(name)};
    run(g, &e);
}

static void check_shared(const zks__pair_bundle *b)
{
    raw_check(b->secret && b->relays.count == 2 && b->descriptor.length == strlen(descriptor));
    raw_check(memcmp(b->descriptor.data, descriptor, b->descriptor.length) == 0);
    raw_check(!b->records.count && !b->secrets.count && !b->pins.count && !b->heads.count);
}

static void check_paired(const pair_glue *g, const zks__pair_bundle *bundle,
                         uint8_t out_secret[ZKS_KEY_BYTES])
{
    zks__pair_bundle b = *bundle;
    zks__pair_secret_item secret;
    zks__pair_head head;
    zks__wire_hash pin;
    raw_check(!b.secret && b.records.count == 3 && b.relays.count == 2);
    raw_check(zks__pair_next_secret(&b.secrets, &secret) && !b.secrets.count);
    raw_check(memcmp(secret.epoch, g->group->epoch_hash, sizeof secret.epoch) == 0);
    raw_check(zks__pair_next_head(&b.heads, &head) && head.seq == 7 && head.author[0] == 9);
    raw_check(zks__pair_next_pin(&b.pins, &pin) && !zks__pair_next_pin(&b.pins, &pin));
    memcpy(out_secret, secret.secret, ZKS_KEY_BYTES);
}

static void store(pair_glue *g, const zks__pair_bundle *bundle)
{
    if (is_shared(g)) {
        check_shared(bundle);
        memcpy(g->secret, bundle->secret, sizeof g->secret);
    } else {
        check_paired(g, bundle, g->secret);
    }
    g->stores++;
    zks__pairing_event e = {.kind = ZKS_PAIRING_STORED};
    e.status = g->fault == PAIR_FAULT_STORE_FAILS ? ZKS_E_STORE_FULL : ZKS_OK;
    run(g, &e);
}

/* --- both ------------------------------------------------------------------------- */

static void keep_part(pair_glue *g, const zks__pairing_action *a)
{
    memcpy(g->part, a->bytes.data, a->bytes.length);
    g->part_length = a->bytes.length;
    raw_check(strcmp(g->name, a->text) == 0);
}

/* What must be remembered before the machine's next step takes it away. */
static void remember(pair_glue *g, const zks__pairing_action *a)
{
    switch (a->kind) {
    case ZKS_PAIRING_SEND:
        g->send(&a->message, g->user);
        break;
    case ZKS_PAIRING_SHOW_CODE:
        g->codes++;
        snprintf(g->code, sizeof g->code, "%s", a->text);
        break;
    case ZKS_PAIRING_WRONG_TRY:
        g->wrong_tries++;
        g->tries_left = a->tries_left;
        break;
    case ZKS_PAIRING_SHOW_DIGITS:
        g->digits_shown = true;
        g->digits = a->digits;
        break;
    case ZKS_PAIRING_ASK:
        g->asks++;
        raw_check(a->digits == g->digits);
        snprintf(g->name, sizeof g->name, "%s", a->text);
        break;
    case ZKS_PAIRING_COMMIT:
        keep_part(g, a);
        break;
    case ZKS_PAIRING_ENDED:
        raw_check(!g->ended);
        g->ended = true;
        g->status = a->status;
        g->committed = a->committed;
        g->spent = a->spent;
        g->opening = a->opening;
        snprintf(g->text, sizeof g->text, "%s", a->text);
        break;
    case ZKS_PAIRING_GROUP:
    case ZKS_PAIRING_STORE:
        break;
    }
}

static void run(pair_glue *g, zks__pairing_event *e)
{
    uint8_t random[ZKS_PAIRING_RANDOM_BYTES];
    zks__pairing_actions actions;
    for (size_t i = 0; i < sizeof random; i++) {
        random[i] = (uint8_t)(memory_random(&g->random) >> 56);
    }
    e->random = random;
    e->now_ms = g->now_ms;
    memset(&actions, 0x5a, sizeof actions);
    if (g->inviter) {
        zks__inviter_step(g->inviter, e, &actions);
    } else {
        zks__joiner_step(g->joiner, e, &actions);
    }
    memset(random, 0, sizeof random); /* it must not be needed any more */
    raw_check(actions.count <= ZKS_PAIRING_ACTIONS_MAX);
    for (size_t i = 0; i < actions.count; i++) {
        remember(g, &actions.items[i]);
    }
    if (!actions.count) {
        return;
    }
    /* Those that are answered are the last of their step. */
    const zks__pairing_action *last = &actions.items[actions.count - 1];
    if (last->kind == ZKS_PAIRING_ASK && !g->hold_answer) {
        pair_glue_answer(g, !g->decline);
    } else if (last->kind == ZKS_PAIRING_COMMIT && !g->hold_commit) {
        pair_glue_commit(g);
    } else if (last->kind == ZKS_PAIRING_GROUP) {
        give_member(g, &last->group);
    } else if (last->kind == ZKS_PAIRING_STORE) {
        store(g, &last->bundle);
    }
}

static void init(pair_glue *g, const pair_group *group, const uint8_t relay_key[32], uint64_t seed,
                 pair_send send, void *user)
{
    memset(g, 0, sizeof *g);
    g->group = group;
    g->random = seed;
    g->now_ms = 1000;
    g->send = send;
    g->user = user;
    memcpy(g->relay_key, relay_key, 32);
}

static void new_inviter(pair_glue *g, zks__pair_kind kind, const zks__pair_invite *code)
{
    const pair_group *group = g->group;
    zks__pair_relay relay = {.address = "relay.example.org"};
    memcpy(relay.key, g->relay_key, sizeof relay.key);
    zks__inviter_config config = {.kind = kind,
                                  .code = code,
                                  .relays = &relay,
                                  .relay_count = 1,
                                  .group = {.suite = group->suite,
                                            .mode = group->mode,
                                            .rights = is_shared(g) ? 0 : ZKS_RIGHT_INVITE,
                                            .not_after_s = is_shared(g) ? 0 : 1900000000,
                                            .genesis = {group->genesis, group->genesis_length}}};
    memcpy(config.group.group_id, group->group_id, sizeof config.group.group_id);
    raw_check(zks__inviter_new(&config, &g->inviter) == ZKS_OK);
}

void pair_inviter_init(pair_glue *g, const pair_group *group, zks__pair_kind kind,
                       const uint8_t relay_key[32], uint64_t seed, pair_send send, void *user)
{
    init(g, group, relay_key, seed, send, user);
    new_inviter(g, kind, NULL);
}

void pair_inviter_init_code(pair_glue *g, const pair_group *group, const char *code,
                            const uint8_t relay_key[32], uint64_t seed, pair_send send, void *user)
{
    zks__pair_invite invite;
    zks__pair_problem problem;
    init(g, group, relay_key, seed, send, user);
    raw_check(zks__pair_read(code, strlen(code), &invite, &problem) == ZKS_OK);
    new_inviter(g, ZKS_PAIR_CODE, &invite);
}

void pair_joiner_init(pair_glue *g, const pair_group *group, const char *code,
                      const uint8_t relay_key[32], uint64_t seed, pair_send send, void *user)
{
    zks__pair_invite invite;
    zks__pair_problem problem;
    init(g, group, relay_key, seed, send, user);
    raw_check(zks__pair_read(code, strlen(code), &invite, &problem) == ZKS_OK);
    raw_check(zks__joiner_new(&invite, &g->joiner) == ZKS_OK);
}

void pair_glue_done(pair_glue *g)
{
    zks__inviter_free(g->inviter);
    zks__joiner_free(g->joiner);
    g->inviter = NULL;
    g->joiner = NULL;
}

void pair_glue_event(pair_glue *g, zks__pairing_event_kind kind)
{
    zks__pairing_event e = {.kind = kind, .relay_key = g->relay_key};
    run(g, &e);
}

void pair_glue_lost(pair_glue *g, zks_status status)
{
    zks__pairing_event e = {.kind = ZKS_PAIRING_LOST, .status = status};
    run(g, &e);
}

void pair_glue_message(pair_glue *g, const zks__message *m)
{
    zks__pairing_event e = {.kind = ZKS_PAIRING_MESSAGE, .message = m};
    run(g, &e);
}

uint64_t pair_glue_deadline(const pair_glue *g)
{
    return g->inviter ? zks__inviter_deadline_ms(g->inviter) : zks__joiner_deadline_ms(g->joiner);
}
