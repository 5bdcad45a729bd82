/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pairing/message.h"

#include "base/name.h"

/* --- m0 to m7 -------------------------------------------------------------------- */

static zks__slice read_fixed(zks__reader *r, size_t length)
{
    return (zks__slice){.data = zks__read_bytes(r, length), .length = length};
}

/* The rest, which holds at least a tag and one byte. */
static zks__slice read_sealed(zks__reader *r)
{
    if (!r->status && r->left <= ZKS_TAG_BYTES) {
        r->status = ZKS_E_TRUNCATED;
    }
    return read_fixed(r, r->left);
}

static zks_status read_body(zks__reader *r, const zks__pair_sizes *sizes, zks__pair_message *m)
{
    switch (m->number) {
    case 0:
        zks__read_copy(r, m->sid, sizeof m->sid);
        zks__read_copy(r, m->commit, sizeof m->commit);
        break;
    case 1:
        zks__read_copy(r, m->y, sizeof m->y);
        m->pk = read_fixed(r, sizes->pk);
        break;
    case 2:
        zks__read_copy(r, m->y, sizeof m->y);
        break;
    case 3:
        m->tag = read_fixed(r, sizes->tag);
        break;
    case 4:
        m->tag = read_fixed(r, sizes->tag);
        m->ct = read_fixed(r, sizes->ct);
        m->sealed = read_sealed(r);
        break;
    default:
        m->sealed = read_sealed(r);
        break;
    }
    if (r->status) {
        return r->status;
    }
    return r->left ? ZKS_E_MALFORMED : ZKS_OK;
}

zks_status zks__pair_message_read(const uint8_t *data, size_t length, uint8_t number,
                                  const zks__pair_sizes *sizes, zks__pair_message *out)
{
    if (length >
        (number == 6 ? (size_t)ZKS_MAILBOX_DATA_MAX_BYTES : (size_t)ZKS_PAIR_SMALL_MAX_BYTES)) {
        return ZKS_E_TOO_LARGE;
    }
    zks__pair_message m;
    memset(&m, 0, sizeof m);
    zks__reader r = zks__reader_of(data, length);
    uint8_t version = zks__read_u8(&r);
    m.number = zks__read_u8(&r);
    if (r.status) {
        return r.status;
    }
    if (version != ZKS_PAIR_VERSION) {
        return ZKS_E_FORMAT_VERSION;
    }
    if (m.number != number) {
        return ZKS_E_MALFORMED;
    }
    zks_status status = read_body(&r, sizes, &m);
    if (!status) {
        *out = m;
    }
    return status;
}

static void write_slice(zks__writer *w, zks__slice s)
{
    zks__write_bytes(w, s.data, s.length);
}

void zks__pair_message_write(const zks__pair_message *m, zks__writer *w)
{
    zks__write_u8(w, ZKS_PAIR_VERSION);
    zks__write_u8(w, m->number);
    if (m->number == 0) {
        zks__write_bytes(w, m->sid, sizeof m->sid);
        zks__write_bytes(w, m->commit, sizeof m->commit);
    }
    if (m->number == 1 || m->number == 2) {
        zks__write_bytes(w, m->y, sizeof m->y);
    }
    write_slice(w, m->pk);
    write_slice(w, m->tag);
    write_slice(w, m->ct);
    write_slice(w, m->sealed);
}

/* --- m4, m5 ---------------------------------------------------------------------- */

static zks__slice read_lp(zks__reader *r, size_t max)
{
    zks__slice s = {0};
    s.data = zks__read_lp(r, max, &s.length);
    return s;
}

static zks_status finish(const zks__reader *r)
{
    if (r->status) {
        return r->status;
    }
    return r->left ? ZKS_E_MALFORMED : ZKS_OK;
}

zks_status zks__pair_group_read(const uint8_t *data, size_t length, zks__pair_group *out)
{
    zks__pair_group g = {0};
    zks__reader r = zks__reader_of(data, length);
    g.suite = zks__read_u8(&r);
    g.mode = zks__read_u8(&r);
    g.rights = zks__read_u8(&r);
    g.not_after_s = zks__read_u64(&r);
    zks__read_copy(&r, g.group_id, sizeof g.group_id);
    g.genesis = read_lp(&r, ZKS_PAIR_SMALL_MAX_BYTES);
    zks_status status = finish(&r);
    bool shared = g.mode == ZKS_GROUP_MODE_SHARED; /* where all may the same, for ever */
    if (!status &&
        ((shared && (g.rights || g.not_after_s)) || (!shared && g.mode != ZKS_GROUP_MODE_PAIRED))) {
        status = ZKS_E_MALFORMED;
    }
    if (!status) {
        *out = g;
    }
    return status;
}

void zks__pair_group_write(const zks__pair_group *g, zks__writer *w)
{
    zks__write_u8(w, g->suite);
    zks__write_u8(w, g->mode);
    zks__write_u8(w, g->rights);
    zks__write_u64(w, g->not_after_s);
    zks__write_bytes(w, g->group_id, sizeof g->group_id);
    zks__write_lp(w, g->genesis.data, g->genesis.length);
}

zks_status zks__pair_request_read(const uint8_t *data, size_t length, zks__pair_request *out)
{
    zks__pair_request q = {0};
    zks__reader r = zks__reader_of(data, length);
    q.member = read_lp(&r, ZKS_PAIR_PART_MAX_BYTES);
    q.name = read_lp(&r, ZKS_PAIR_NAME_MAX_BYTES);
    zks_status status = finish(&r);
    if (!status && !zks__name_valid(q.name.data, q.name.length)) {
        status = ZKS_E_MALFORMED;
    }
    if (!status) {
        *out = q;
    }
    return status;
}

void zks__pair_request_write(const zks__pair_request *r, zks__writer *w)
{
    zks__write_lp(w, r->member.data, r->member.length);
    zks__write_lp(w, r->name.data, r->name.length);
}

/* --- m6: lists -------------------------------------------------------------------- */

/* One item; the reader knows whether it was one. */
typedef void (*item_fn)(zks__reader *r, void *out);

static void read_record(zks__reader *r, void *out)
{
    *(zks__slice *)out = read_lp(r, ZKS_RECORD_BODY_MAX_BYTES);
}

static void read_secret(zks__reader *r, void *out)
{
    zks__pair_secret_item *s = out;
    zks__read_copy(r, s->epoch, sizeof s->epoch);
    zks__read_copy(r, s->secret, sizeof s->secret);
}

static void read_relay(zks__reader *r, void *out)
{
    zks__pair_relay_item *s = out;
    zks__read_copy(r, s->key, sizeof s->key);
    s->address = read_lp(r, ZKS_SIZE_ADDRESS_MAX);
}

static void read_pin(zks__reader *r, void *out)
{
    zks__read_copy(r, out, ZKS_RECORD_HASH_BYTES);
}

static void read_head(zks__reader *r, void *out)
{
    zks__pair_head *h = out;
    zks__read_copy(r, h->author, sizeof h->author);
    zks__read_copy(r, h->chain, sizeof h->chain);
    h->seq = zks__read_u64(r);
    zks__read_copy(r, h->id, sizeof h->id);
}

/* Reads over all items of a list, so that taking them off later cannot fail. */
static zks__wire_list read_list(zks__reader *r, size_t most, item_fn item)
{
    union {
        zks__slice record;
        zks__pair_secret_item secret;
        zks__pair_relay_item relay;
        zks__wire_hash pin;
        zks__pair_head head;
    } any;
    zks__wire_list list = {0};
    uint64_t count = zks__read_leb(r);
    if (!r->status && count > most) {
        r->status = ZKS_E_TOO_LARGE;
    }
    list.raw.data = r->next;
    for (uint64_t i = 0; i < count && !r->status; i++) {
        item(r, &any);
    }
    if (!r->status) {
        list.count = (size_t)count;
        list.raw.length = (size_t)(r->next - list.raw.data);
    }
    zks__wipe(&any, sizeof any);
    return list;
}

zks_status zks__pair_bundle_read(const uint8_t *data, size_t length, zks__pair_bundle *out)
{
    zks__pair_bundle b = {0};
    zks__reader r = zks__reader_of(data, length);
    b.records = read_list(&r, ZKS_PAIR_RECORDS_MAX, read_record);
    b.secrets = read_list(&r, ZKS_PAIR_SECRETS_MAX, read_secret);
    b.relays = read_list(&r, ZKS_RELAYS_MAX, read_relay);
    b.pins = read_list(&r, ZKS_PAIR_PINS_MAX, read_pin);
    b.heads = read_list(&r, ZKS_PAIR_HEADS_MAX, read_head);
    zks_status status = finish(&r);
    if (!status) {
        *out = b;
    }
    return status;
}

static bool next(zks__wire_list *list, item_fn item, void *out, size_t size)
{
    if (!list->count) {
        return false;
    }
    if (list->items) {
        memcpy(out, list->items, size);
        list->items = (const uint8_t *)list->items + size;
    } else {
        zks__reader r = zks__reader_of(list->raw.data, list->raw.length);
        item(&r, out);
        list->raw = (zks__slice){.data = r.next, .length = r.left};
    }
    list->count--;
    return true;
}

bool zks__pair_next_record(zks__wire_list *list, zks__slice *out)
{
    return next(list, read_record, out, sizeof *out);
}

bool zks__pair_next_secret(zks__wire_list *list, zks__pair_secret_item *out)
{
    return next(list, read_secret, out, sizeof *out);
}

bool zks__pair_next_relay(zks__wire_list *list, zks__pair_relay_item *out)
{
    return next(list, read_relay, out, sizeof *out);
}

bool zks__pair_next_pin(zks__wire_list *list, zks__wire_hash *out)
{
    return next(list, read_pin, out, sizeof *out);
}

bool zks__pair_next_head(zks__wire_list *list, zks__pair_head *out)
{
    return next(list, read_head, out, sizeof *out);
}

static void write_relays(zks__wire_list list, zks__writer *w)
{
    zks__pair_relay_item relay;
    zks__write_leb(w, list.count);
    while (zks__pair_next_relay(&list, &relay)) {
        zks__write_bytes(w, relay.key, sizeof relay.key);
        zks__write_lp(w, relay.address.data, relay.address.length);
    }
}

void zks__pair_bundle_write(const zks__pair_bundle *bundle, zks__writer *w)
{
    zks__pair_bundle b = *bundle;
    zks__slice record;
    zks__pair_secret_item secret;
    zks__wire_hash pin;
    zks__pair_head head;
    zks__write_leb(w, b.records.count);
    while (zks__pair_next_record(&b.records, &record)) {
        zks__write_lp(w, record.data, record.length);
    }
    zks__write_leb(w, b.secrets.count);
    while (zks__pair_next_secret(&b.secrets, &secret)) {
        zks__write_bytes(w, secret.epoch, sizeof secret.epoch);
        zks__write_bytes(w, secret.secret, sizeof secret.secret);
    }
    zks__wipe(&secret, sizeof secret);
    write_relays(b.relays, w);
    zks__write_leb(w, b.pins.count);
    while (zks__pair_next_pin(&b.pins, &pin)) {
        zks__write_bytes(w, pin.hash, sizeof pin.hash);
    }
    zks__write_leb(w, b.heads.count);
    while (zks__pair_next_head(&b.heads, &head)) {
        zks__write_bytes(w, head.author, sizeof head.author);
        zks__write_bytes(w, head.chain, sizeof head.chain);
        zks__write_u64(w, head.seq);
        zks__write_bytes(w, head.id, sizeof head.id);
    }
}

/* --- m6 of a shared group ----------------------------------------------------------- */

zks_status zks__pair_shared_read(const uint8_t *data, size_t length, zks__pair_bundle *out)
{
    zks__pair_bundle b = {0};
    zks__reader r = zks__reader_of(data, length);
    b.secret = zks__read_bytes(&r, ZKS_KEY_BYTES);
    b.descriptor = read_lp(&r, ZKS_DESCRIPTOR_BYTES - 1);
    b.relays = read_list(&r, ZKS_RELAYS_MAX, read_relay);
    zks_status status = finish(&r);
    if (!status && b.descriptor.length &&
        zks__crypto_descriptor_check((const char *)b.descriptor.data, b.descriptor.length, NULL,
                                     NULL)) {
        status = ZKS_E_MALFORMED;
    }
    if (!status) {
        *out = b;
    }
    return status;
}

void zks__pair_shared_write(const zks__pair_bundle *b, zks__writer *w)
{
    zks__write_bytes(w, b->secret, ZKS_KEY_BYTES);
    zks__write_lp(w, b->descriptor.data, b->descriptor.length);
    write_relays(b->relays, w);
}
