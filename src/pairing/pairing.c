/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pairing/internal.h"

/* --- blocks ----------------------------------------------------------------------- */

zks_status zks__pair_block_new(zks__pair_block *b, size_t size)
{
    uint8_t *data = zks__alloc(size);
    if (!data) {
        return ZKS_E_NOMEM;
    }
    zks__pair_block_done(b);
    *b = (zks__pair_block){.data = data, .length = size, .size = size};
    return ZKS_OK;
}

zks_status zks__pair_block_copy(zks__pair_block *b, zks__slice bytes)
{
    zks_status status = zks__pair_block_new(b, bytes.length);
    if (!status && bytes.length) {
        memcpy(b->data, bytes.data, bytes.length);
    }
    return status;
}

void zks__pair_block_done(zks__pair_block *b)
{
    if (b->data) {
        zks__wipe(b->data, b->size);
    }
    zks__free(b->data);
    *b = (zks__pair_block){0};
}

/* --- actions ---------------------------------------------------------------------- */

zks__pairing_action *zks__pairing_add(zks__pairing_actions *out, zks__pairing_action_kind kind)
{
    zks__pairing_action *a = &out->items[out->count++];
    memset(a, 0, sizeof *a);
    a->kind = kind;
    return a;
}

void zks__pairing_put(zks__pairing_actions *out, const zks__pair_invite *v, uint32_t attempt,
                      uint8_t flags, zks__slice data)
{
    zks__message *m = &zks__pairing_add(out, ZKS_PAIRING_SEND)->message;
    m->type = ZKS_MESSAGE_MAILBOX_PUT;
    memcpy(m->mailbox_put.nameplate, v->nameplate, sizeof v->nameplate);
    m->mailbox_put.attempt = attempt;
    m->mailbox_put.flags = flags;
    m->mailbox_put.data = data;
}

void zks__pairing_close(zks__pairing_actions *out, const zks__pair_invite *v, uint32_t attempt,
                        uint32_t code)
{
    zks__message *m = &zks__pairing_add(out, ZKS_PAIRING_SEND)->message;
    m->type = ZKS_MESSAGE_MAILBOX_CLOSE;
    memcpy(m->mailbox_close.nameplate, v->nameplate, sizeof v->nameplate);
    m->mailbox_close.attempt = attempt;
    m->mailbox_close.code = code;
}

/* --- messages --------------------------------------------------------------------- */

/* m and `more` bytes behind it, which begin at *out_at. */
static zks_status make(const zks__pair_message *m, size_t more, zks__pair_block *out,
                       size_t *out_at)
{
    zks__writer count = zks__writer_of(NULL, 0);
    zks__pair_message_write(m, &count);
    zks_status status = zks__pair_block_new(out, count.length + more);
    if (!status) {
        zks__writer w = zks__writer_of(out->data, out->size);
        zks__pair_message_write(m, &w);
        *out_at = w.length;
    }
    return status;
}

zks_status zks__pairing_make(zks__exchange *x, const zks__pair_message *m, zks__pair_block *out)
{
    size_t at = 0;
    zks_status status = make(m, 0, out, &at);
    if (!status) {
        zks__exchange_note(x, out->data, out->length);
    }
    return status;
}

zks_status zks__pairing_make_sealed(zks__exchange *x, const zks__pair_message *m, bool to_joiner,
                                    zks__slice plain, zks__pair_block *out)
{
    size_t at = 0;
    zks_status status = make(m, plain.length + ZKS_TAG_BYTES, out, &at);
    if (!status) {
        memcpy(out->data + at, plain.data, plain.length);
        zks__exchange_seal(x, to_joiner, m->number, out->data + at, plain.length);
    }
    return status;
}

zks_status zks__pairing_open(const zks__exchange *x, const zks__pair_message *m, bool to_joiner,
                             zks__pair_block *out)
{
    zks_status status = zks__pair_block_copy(out, m->sealed);
    if (!status) {
        status = zks__exchange_open(x, to_joiner, m->number, out->data, out->length);
    }
    if (!status) {
        out->length -= ZKS_TAG_BYTES;
    }
    return status;
}

/* --- sentences -------------------------------------------------------------------- */

static const struct {
    zks_status status;
    const char *inviter, *joiner;
} sentences[] = {
    {ZKS_OK, "The device has joined the group.", "This device has joined the group."},
    {ZKS_E_WRONG_CODE,
     "Three wrong codes were tried, so this code is burnt: make a new one, or use the QR code.",
     "The pairing code is wrong: check it, or ask for a new one."},
    {ZKS_E_CODE_UNKNOWN,
     "The relay has forgotten this code, or takes none that it has not made: make a new one.",
     "The relay knows no such pairing code: check its first four characters, and that both devices "
     "use the same relay."},
    {ZKS_E_CODE_EXPIRED, "The pairing code's time is over: make a new one.",
     "The pairing code's time is over: ask for a new one."},
    {ZKS_E_CODE_USED, "The pairing code was used already: make a new one.",
     "Another device has used this pairing code already: ask for a new one, and check on the other "
     "device who has joined."},
    {ZKS_E_CODE_CANCELLED, "The other device cancelled the pairing: make a new code.",
     "The other device cancelled or declined the pairing: ask for a new code."},
    {ZKS_E_CANCELLED, "The pairing was cancelled; the code is no good any more.",
     "The pairing was cancelled."},
    {ZKS_E_BUSY,
     "The relay has a code of another device that begins with the same four characters: make a new "
     "one.",
     "Another device is pairing with this code right now, or the other device cannot be reached: "
     "try again in a minute."},
    {ZKS_E_TIMEOUT, "The other device did not answer in time: make a new code.",
     "The other device did not answer in time: try again."},
    {ZKS_E_CONNECTION_LOST, "The connection ended in the middle of the pairing: make a new code.",
     "The connection ended in the middle of the pairing: ask for a new code."},
    {ZKS_E_PROTOCOL,
     "What the other device sent does not fit together: update it; if it is up to date, somebody "
     "interferes.",
     "What the other device sent does not fit together: update it; if it is up to date, somebody "
     "interferes."},
    {ZKS_E_WRONG_GROUP, "The other device asks for another group.",
     "The other device belongs to another group than the link says: do not trust this link."},
    {ZKS_E_UNAUTHORIZED, "This device may not let others in: ask a device that may.",
     "The relay does not let this device pair: check its address."},
    {ZKS_E_RATE_LIMITED, "Too many requests: wait as long as the relay says.",
     "Too many codes were tried from this network: wait a minute and check the code."},
};

const char zks__pairing_burnt[] = "Three wrong codes were tried, so this code is burnt: ask for a "
                                  "new one.";

const char *zks__pairing_sentence(bool inviter, zks_status status)
{
    for (size_t i = 0; i < ZKS_COUNTOF(sentences); i++) {
        if (sentences[i].status == status) {
            return inviter ? sentences[i].inviter : sentences[i].joiner;
        }
    }
    return zks__status_text(status);
}
