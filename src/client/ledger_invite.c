/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Letting a device in: what it is offered, the records that make it a member, and the bundle with
 * which it goes on alone (docs/SECURITY.md, section 8). */
#include "client/ledger_internal.h"

#include "base/alloc.h"
#include "client/address.h"
#include "group/epoch.h"

#include <string.h>

/* --- what is offered --- */

static uint8_t own_rights(const zks__ledger *l)
{
    return zks__records_rights(l->records, zks__ledger_device_id(l));
}

static bool may_invite(const zks__ledger *l)
{
    return zks__records_may_invite(l->records, zks__ledger_device_id(l));
}

zks_status zks__ledger_invitation(zks__ledger *l, uint8_t rights, zks__pair_group *out,
                                  zks__buf **out_genesis)
{
    if (l->broken) {
        return l->broken;
    }
    const zks__record *genesis = zks__records_genesis(l->records);
    const zks__record *own = zks__records_member(l->records, zks__ledger_device_id(l), 0);
    uint8_t most = own_rights(l);
    if (!own || !may_invite(l) || (rights & ~most)) {
        return ZKS_E_UNAUTHORIZED;
    }
    zks__buf *bytes = zks__buf_copy(genesis->bytes.data, genesis->bytes.length);
    if (!bytes) {
        return ZKS_E_NOMEM;
    }
    *out = (zks__pair_group){.suite = l->group.suite,
                             .mode = l->group.mode,
                             .rights = rights ? rights : most,
                             .not_after_s = own->member.not_after_s,
                             .genesis = {bytes->data, bytes->length}};
    memcpy(out->group_id, l->group.group_id, sizeof out->group_id);
    *out_genesis = bytes;
    return ZKS_OK;
}

zks_status zks__ledger_relay_key(zks__ledger *l, const char *address, uint8_t out_key[32])
{
    zks__address parsed;
    const char *problem;
    zks_status status = zks__address_parse(address, &parsed, &problem);
    if (status) {
        return status;
    }
    if (parsed.has_key) {
        memcpy(out_key, parsed.key, sizeof parsed.key);
        return ZKS_OK;
    }
    return zks__store_pin_get(l->store, address, out_key);
}

/* --- the records --- */

static zks_status seal_name(zks__ledger *l, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                            const char *name, uint8_t profile[ZKS_PROFILE_MAX_BYTES],
                            size_t *out_length)
{
    uint8_t nonce[ZKS_NONCE_BYTES];
    l->rng.fill(nonce, sizeof nonce, l->rng.user);
    return zks__profile_seal(l->suite, l->epoch->secret, l->group.group_id, device, nonce, name,
                             strlen(name), profile, out_length);
}

static zks_status issue(zks__ledger *l, zks__slice half, const char *name, zks__admission *a)
{
    uint8_t profile[ZKS_PROFILE_MAX_BYTES];
    size_t profile_length = 0;
    zks_status status = seal_name(l, a->device, name, profile, &profile_length);
    zks__buf *record = zks__buf_new(0, ZKS_RECORD_BODY_MAX_BYTES, 0);
    if (!status) {
        status = record ? zks__record_make_member_issue(
                              l->group.group_id, half, (zks__slice){profile, profile_length},
                              &l->device.sign, record->data, record->length, &record->length)
                        : ZKS_E_NOMEM;
    }
    if (status) {
        zks__buf_unref(record);
        return status;
    }
    a->records[a->count++] = record;
    return ZKS_OK;
}

/* Of the tip's secret, which is here. */
static zks_status grant(zks__ledger *l, const zks__record *tip, const zks__record *member,
                        zks__buf **out)
{
    uint8_t random[ZKS_SEAL_RANDOM_BYTES];
    zks__buf *record = zks__buf_new(0, ZKS_RECORD_BODY_MAX_BYTES, 0);
    if (!record) {
        return ZKS_E_NOMEM;
    }
    l->rng.fill(random, sizeof random, l->rng.user);
    zks_status status = zks__grant_make(tip, l->epoch->secret, member, &l->device.sign, random,
                                        record->data, record->length, &record->length);
    zks__wipe(random, sizeof random);
    if (status) {
        zks__buf_unref(record);
        return status;
    }
    *out = record;
    return ZKS_OK;
}

/* Whether the tip is sealed for: only then can others be given its secret. */
static zks_status check_tip(const zks__ledger *l, const zks__record *tip)
{
    bool has = tip && l->epoch && memcmp(l->epoch->hash, tip->hash, sizeof tip->hash) == 0;
    return has ? ZKS_OK : ZKS_E_UNKNOWN_EPOCH;
}

/* Its MEMBER, and the tip's secret for good, like a place in the EPOCH's list. */
static zks_status admit_paired(zks__ledger *l, const zks__record *tip, zks__slice half,
                               const char *name, zks__admission *a)
{
    zks_status status = issue(l, half, name, a);
    if (!status && tip->epoch.number) {
        zks__record member;
        status = zks__record_read(a->records[0]->data, a->records[0]->length, &member);
        if (!status) {
            status = grant(l, tip, &member, &a->records[1]);
        }
        a->count += !status;
    }
    return status;
}

zks_status zks__ledger_admit(zks__ledger *l, zks__slice half, const char *name, zks__admission *out)
{
    zks__record body;
    zks__admission a = {0};
    const zks__record *tip = zks__records_epoch(l->records);
    const bool shared = l->group.mode == ZKS_GROUP_MODE_SHARED;
    zks_status status = l->broken ? l->broken : shared ? ZKS_OK : check_tip(l, tip);
    if (!status) {
        status = zks__record_read_member_body(half.data, half.length, &body);
    }
    if (status) {
        return status;
    }
    uint8_t most = own_rights(l); /* it may have changed since the offer */
    const zks__record *own = zks__records_member(l->records, zks__ledger_device_id(l), 0);
    if (!own || !may_invite(l) || (body.member.rights & ~most) ||
        body.member.not_after_s != own->member.not_after_s) {
        return ZKS_E_UNAUTHORIZED;
    }
    memcpy(a.device, body.member.device, sizeof a.device);
    if (!shared) { /* there the device issues its MEMBER itself, by the secret */
        status = admit_paired(l, tip, half, name, &a);
    }
    if (status) {
        zks__admission_done(&a);
        return status;
    }
    *out = a;
    return ZKS_OK;
}

void zks__admission_done(zks__admission *a)
{
    while (a->count) {
        zks__buf_unref(a->records[--a->count]);
    }
}

/* --- who came in beside an EPOCH --- */

/* Under any of its MEMBER records. */
static bool is_listed(const zks__ledger *l, const zks__record *epoch,
                      const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    for (size_t i = 0; i < epoch->epoch.listed.count; i++) {
        const zks__record *m = zks__records_find(l->records,
                                                 zks__record_item(&epoch->epoch.listed, i));
        if (m && m->kind == ZKS_RECORD_KIND_MEMBER &&
            memcmp(m->member.device, device, sizeof m->member.device) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_owed(const zks__ledger *l, const zks__record *tip, const zks__record *member)
{
    const uint8_t *device = member->member.device;
    bool mine = zks__ledger_is_self(l, member->member.issuer) ||
                zks__ledger_is_self(l, tip->epoch.signer);
    return mine && !zks__ledger_is_self(l, device) && !is_listed(l, tip, device) &&
           !zks__records_grant(l->records, tip->hash, device, 0);
}

zks_status zks__ledger_owed(zks__ledger *l, zks__owed *out)
{
    const zks__record *member, *tip = l->broken ? NULL : zks__records_epoch(l->records);
    zks_status status = l->broken;
    *out = (zks__owed){0};
    if (status || check_tip(l, tip) || !tip->epoch.number) {
        return status; /* nothing to give, or nothing that they have not got by joining */
    }
    for (size_t i = 0; !status && out->count < ZKS_COUNTOF(out->records) &&
                       (member = zks__records_member_at(l->records, i));
         i++) {
        if (is_owed(l, tip, member)) {
            status = grant(l, tip, member, &out->records[out->count]);
            out->count += !status;
        }
    }
    if (status) {
        zks__owed_done(out);
    }
    return status;
}

void zks__owed_done(zks__owed *o)
{
    while (o->count) {
        zks__buf_unref(o->records[--o->count]);
    }
}

/* --- the bundle --- */

typedef struct lists {
    zks__pair_bundle bundle;
    size_t epochs;
    zks__slice *records;
    zks__pair_secret_item *secrets; /* wiped at the end */
    zks__wire_hash *pins;
    zks__pair_relay_item *relays;
    zks__pair_head *heads;
} lists;

static void lists_done(lists *s)
{
    if (s->secrets) {
        zks__wipe(s->secrets, s->epochs * sizeof *s->secrets);
    }
    zks__free(s->records);
    zks__free(s->secrets);
    zks__free(s->pins);
    zks__free(s->relays);
    zks__free(s->heads);
}

static zks_status list_records(const zks__ledger *l, lists *s)
{
    size_t count = zks__records_count(l->records);
    s->records = zks__alloc_zero(count, sizeof *s->records);
    if (!s->records) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        s->records[i] = zks__records_at(l->records, i)->bytes;
    }
    s->bundle.records = (zks__wire_list){.count = count, .items = s->records};
    return ZKS_OK;
}

/* Of the chain, as far as this device has them: from the tip's the others follow, but not from one
 * whose EPOCH wraps a wrong secret. */
static zks_status list_epochs(zks__ledger *l, const zks__record *tip, lists *s)
{
    s->epochs = (size_t)tip->epoch.number + 1;
    s->secrets = zks__alloc_zero(s->epochs, sizeof *s->secrets);
    s->pins = zks__alloc_zero(s->epochs, sizeof *s->pins);
    zks_status status = s->secrets && s->pins ? ZKS_OK : ZKS_E_NOMEM;
    for (uint32_t n = 0; !status && n <= tip->epoch.number; n++) {
        const zks__known_epoch *known = NULL;
        const zks__record *r = zks__records_epoch_at(l->records, n);
        status = zks__ledger_epoch(l, r, &known);
        if (!status) {
            zks__pair_secret_item *item = &s->secrets[s->bundle.secrets.count++];
            memcpy(item->epoch, r->hash, sizeof item->epoch);
            memcpy(item->secret, known->secret, sizeof item->secret);
        }
        if (zks__records_pinned(l->records, r->hash)) {
            memcpy(s->pins[s->bundle.pins.count++].hash, r->hash, sizeof r->hash);
        }
        status = status == ZKS_E_UNKNOWN_EPOCH ? ZKS_OK : status;
    }
    s->bundle.secrets.items = s->secrets;
    s->bundle.pins.items = s->pins;
    return status;
}

static zks_status list_relays(const zks__pair_relay *relays, size_t count, lists *s)
{
    s->relays = zks__alloc_zero(count, sizeof *s->relays);
    if (!s->relays) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(s->relays[i].key, relays[i].key, sizeof s->relays[i].key);
        s->relays[i].address = (zks__slice){(const uint8_t *)relays[i].address,
                                            strlen(relays[i].address)};
    }
    s->bundle.relays = (zks__wire_list){.count = count, .items = s->relays};
    return ZKS_OK;
}

static zks_status list_heads(zks__ledger *l, lists *s)
{
    zks__heads heads;
    zks__head head;
    zks__buf *body = NULL;
    zks_status status = zks__ledger_heads(l, &body);
    if (!status) {
        status = zks__heads_decode(body->data, body->length, &heads);
    }
    if (!status) {
        s->heads = zks__alloc_zero(heads.count + 1, sizeof *s->heads);
        status = s->heads ? ZKS_OK : ZKS_E_NOMEM;
    }
    while (!status && zks__heads_next(&heads, &head)) {
        zks__pair_head *to = &s->heads[s->bundle.heads.count++];
        memcpy(to->author, head.author, sizeof to->author);
        memcpy(to->chain, head.chain, sizeof to->chain);
        memcpy(to->id, head.id, sizeof to->id);
        to->seq = head.seq;
    }
    s->bundle.heads.items = s->heads;
    zks__buf_unref(body);
    return status;
}

static zks_status write_bundle(const zks__pair_bundle *b, uint8_t **out, size_t *out_length)
{
    void (*write)(const zks__pair_bundle *, zks__writer *) = b->secret ? zks__pair_shared_write
                                                                       : zks__pair_bundle_write;
    zks__writer count = zks__writer_of(NULL, 0);
    write(b, &count);
    uint8_t *bytes = zks__alloc(count.length);
    if (!bytes) {
        return ZKS_E_NOMEM;
    }
    zks__writer w = zks__writer_of(bytes, count.length);
    write(b, &w);
    *out = bytes;
    *out_length = w.length;
    return ZKS_OK;
}

/* Of a shared group: what its secret does not lead to comes from the relays. */
static zks_status shared_bundle(const zks__ledger *l, const zks__pair_relay *relays,
                                size_t relay_count, uint8_t **out_bundle, size_t *out_length)
{
    lists s = {0};
    zks_status status = l->broken ? l->broken : list_relays(relays, relay_count, &s);
    s.bundle.secret = l->seed;
    s.bundle.descriptor = (zks__slice){(const uint8_t *)l->group.descriptor,
                                       strlen(l->group.descriptor)};
    if (!status) {
        status = write_bundle(&s.bundle, out_bundle, out_length);
    }
    lists_done(&s);
    return status;
}

zks_status zks__ledger_bundle(zks__ledger *l, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                              const zks__pair_relay *relays, size_t relay_count,
                              uint8_t **out_bundle, size_t *out_length)
{
    if (l->group.mode == ZKS_GROUP_MODE_SHARED) {
        return shared_bundle(l, relays, relay_count, out_bundle, out_length);
    }
    lists s = {0};
    const zks__record *tip = zks__records_epoch(l->records);
    zks_status status = l->broken ? l->broken : check_tip(l, tip);
    if (!status && !zks__records_member(l->records, device, 0)) {
        status = ZKS_E_NOT_MEMBER;
    }
    if (!status) {
        status = list_records(l, &s);
    }
    if (!status) {
        status = list_epochs(l, tip, &s);
    }
    if (!status) {
        status = list_relays(relays, relay_count, &s);
    }
    if (!status) {
        status = list_heads(l, &s);
    }
    if (!status) {
        status = write_bundle(&s.bundle, out_bundle, out_length);
    }
    lists_done(&s);
    return status;
}
