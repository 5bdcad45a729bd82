/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The shared invite: what another device needs to join a shared group, as one text.
 *
 *   link    = "zks-invite:" base64url(payload), without padding
 *   payload = version(1) = 4, kind(1) = 1, suite(1), secret(32), lp(descriptor), count(1),
 *             lp(address)*count, check(4)
 *   check   = the first 4 bytes of H(lp("0k-invite-v4") all before), H the suite's hash
 *
 * The check finds mistyped and cut links; it authenticates nothing. Who reads the link is a member.
 */
#include "abi/base64url.h"
#include "abi/guard.h"
#include "abi/qr.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "client/client.h"
#include "client/secret.h"

static const char link_start[] = "zks-invite:";

enum {
    KIND_SHARED = 1,
    CHECK_BYTES = 4,
    PREFIX_CHARS = sizeof link_start - 1,
    PAYLOAD_MIN_BYTES = 3 + ZKS_SIZE_SECRET + 1 + 1 + CHECK_BYTES,
    LP_BYTES = 2, /* of a length below 2^14 */
    PAYLOAD_MAX_BYTES = PAYLOAD_MIN_BYTES + LP_BYTES + ZKS_DESCRIPTOR_BYTES +
                        ZKS_RELAYS_MAX * (LP_BYTES + ZKS_SIZE_ADDRESS_MAX),
    LINK_MAX_CHARS = PREFIX_CHARS + (PAYLOAD_MAX_BYTES + 2) / 3 * 4
};

struct zks_invite {
    zks__handle handle;
    uint8_t suite;
    uint8_t secret[ZKS_SIZE_SECRET];
    uint8_t group_id[ZKS_SIZE_GROUP_ID];
    uint8_t salt[64];
    size_t salt_length;
    char descriptor[ZKS_DESCRIPTOR_BYTES];
    char *relays; /* one a line, without a newline at the end */
    char *link;
};

static zks_invite *invite_new(void)
{
    zks_invite *v = zks__alloc_zero(1, sizeof *v);
    if (v) {
        zks__handle_init(&v->handle, ZKS_HANDLE_INVITE);
    }
    return v;
}

/* Half-built ones and NULL too. */
static void invite_free(zks_invite *v)
{
    if (!v) {
        return;
    }
    if (v->link) {
        zks__wipe(v->link, strlen(v->link));
    }
    zks__free(v->link);
    zks__free(v->relays);
    atomic_store(&v->handle.magic, ZKS_HANDLE_DEAD);
    zks__wipe(v->secret, sizeof v->secret);
    zks__free(v);
}

void zks_invite_free(zks_invite *invite)
{
    if (!zks__guard(ZKS_CALL_invite_free, invite)) {
        invite_free(invite);
    }
}

/* --- relay lines --- */

/* The length of the address at `line`; moves *next behind its newline, or to the NUL. */
static size_t address_length(const char *line, const char **next)
{
    size_t length = strcspn(line, "\n");
    *next = line + length + (line[length] == '\n');
    return length;
}

/* Counts the lines. ZKS_E_ADDRESS, ZKS_E_LIMIT, ZKS_E_INVALID (not UTF-8). */
static zks_status check_relays(const char *lines, size_t *out_count)
{
    size_t count = 0;
    for (const char *line = lines, *next; *line; line = next) {
        size_t length = address_length(line, &next);
        if (!length || length > ZKS_SIZE_ADDRESS_MAX) {
            return ZKS_E_ADDRESS;
        }
        if (!zks__text_valid(line, length)) {
            return ZKS_E_INVALID;
        }
        for (size_t i = 0; i < length; i++) {
            if ((uint8_t)line[i] < ' ' || line[i] == 0x7f) {
                return ZKS_E_ADDRESS;
            }
        }
        if (++count > ZKS_RELAYS_MAX) {
            return ZKS_E_LIMIT;
        }
    }
    *out_count = count;
    return ZKS_OK;
}

/* The client's own relays as lines; owned. */
static zks_status client_relays(zks_client *c, char **out_lines)
{
    zks_report *p;
    zks_status status = zks__report_get(c, &p);
    if (status) {
        return status;
    }
    size_t count = (size_t)zks__report_number(p, ZKS_REPORT_RELAYS);
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        const char *address = zks__report_relay_text(p, i, ZKS_REPORT_RELAY_ADDRESS);
        size += address ? strlen(address) + 1 : 0;
    }
    char *lines = zks__alloc(size);
    char *end = lines;
    for (size_t i = 0; lines && i < count; i++) {
        const char *address = zks__report_relay_text(p, i, ZKS_REPORT_RELAY_ADDRESS);
        if (address) {
            size_t length = strlen(address);
            memcpy(end, address, length);
            end[length] = '\n';
            end += length + 1;
        }
    }
    zks__report_free(p);
    if (!lines) {
        return ZKS_E_NOMEM;
    }
    *end = '\0';
    *out_lines = lines;
    return ZKS_OK;
}

/* --- writing --- */

static void write_payload(zks__writer *w, const zks_invite *v, size_t count)
{
    zks__write_u8(w, ZKS_INVITE_VERSION);
    zks__write_u8(w, KIND_SHARED);
    zks__write_u8(w, v->suite);
    zks__write_bytes(w, v->secret, sizeof v->secret);
    zks__write_lp(w, v->descriptor, strlen(v->descriptor));
    zks__write_u8(w, (uint8_t)count);
    for (const char *line = v->relays, *next; *line; line = next) {
        size_t length = address_length(line, &next);
        zks__write_lp(w, line, length);
    }
}

/* Fills v->link from the rest. ZKS_E_NOMEM, ZKS_E_SUITE. */
static zks_status make_link(zks_invite *v, size_t count)
{
    uint8_t payload[PAYLOAD_MAX_BYTES];
    zks__writer w = zks__writer_of(payload, sizeof payload);
    write_payload(&w, v, count);
    uint8_t check[CHECK_BYTES];
    zks_status status = zks__client_invite_check(v->suite, payload, w.length, check);
    if (status) {
        return status;
    }
    zks__write_bytes(&w, check, sizeof check);
    size_t size = zks__base64url_size(w.length);
    v->link = w.overflow ? NULL : zks__alloc(PREFIX_CHARS + size + 1);
    if (v->link) {
        memcpy(v->link, link_start, PREFIX_CHARS);
        zks__base64url_write(payload, w.length, v->link + PREFIX_CHARS);
        v->link[PREFIX_CHARS + size] = '\0';
    }
    zks__wipe(payload, sizeof payload);
    return v->link ? ZKS_OK : ZKS_E_NOMEM;
}

/* What follows from secret and descriptor. */
static zks_status complete(zks_invite *v)
{
    zks_status status = zks__client_shared_group_id(v->suite, v->secret, v->group_id);
    if (status || !v->descriptor[0]) {
        return status;
    }
    return zks__client_descriptor_salt(v->suite, v->descriptor, v->salt, &v->salt_length);
}

static zks_status fill_from_client(zks_invite *v, zks_client *c, const char *relay_lines)
{
    size_t count = 0;
    zks_status status = zks__client_shared_secret(c, v->secret, v->descriptor, &v->suite);
    if (!status && relay_lines) {
        v->relays = zks__strdup(relay_lines);
        status = v->relays ? ZKS_OK : ZKS_E_NOMEM;
    } else if (!status) {
        status = client_relays(c, &v->relays);
    }
    if (!status) {
        status = check_relays(v->relays, &count);
    }
    if (!status) {
        size_t length = strlen(v->relays);
        if (length && v->relays[length - 1] == '\n') {
            v->relays[length - 1] = '\0';
        }
        status = complete(v);
    }
    return status ? status : make_link(v, count);
}

zks_status zks_invite_shared(zks_client *client, const char *relay_lines, zks_invite **out_invite)
{
    zks_status status = zks__guard(ZKS_CALL_invite_shared, client);
    if (status) {
        return status;
    }
    if (!out_invite) {
        return ZKS_E_INVALID;
    }
    zks_invite *v = invite_new();
    if (!v) {
        return ZKS_E_NOMEM;
    }
    status = fill_from_client(v, client, relay_lines);
    if (status) {
        invite_free(v);
        return status;
    }
    *out_invite = v;
    return ZKS_OK;
}

/* --- reading --- */

/* The addresses as lines. */
static zks_status read_relays(zks__reader *r, zks_invite *v)
{
    size_t count = zks__read_u8(r);
    if (count > ZKS_RELAYS_MAX) {
        return ZKS_E_MALFORMED;
    }
    v->relays = zks__alloc_zero(count + 1, ZKS_SIZE_ADDRESS_MAX + 1);
    if (!v->relays) {
        return ZKS_E_NOMEM;
    }
    char *end = v->relays;
    for (size_t i = 0; i < count && !r->status; i++) {
        size_t length = 0;
        const uint8_t *address = zks__read_lp(r, ZKS_SIZE_ADDRESS_MAX, &length);
        if (!address || memchr(address, '\n', length) || memchr(address, 0, length)) {
            return ZKS_E_MALFORMED;
        }
        memcpy(end, address, length);
        end[length] = i + 1 < count ? '\n' : '\0';
        end += length + 1;
    }
    size_t lines = 0;
    zks_status status = r->status ? r->status : check_relays(v->relays, &lines);
    return status || lines != count ? ZKS_E_MALFORMED : ZKS_OK;
}

static zks_status read_payload(const uint8_t *payload, size_t length, zks_invite *v)
{
    size_t before = length - CHECK_BYTES;
    uint8_t check[CHECK_BYTES];
    zks__reader r = zks__reader_of(payload, before);
    uint8_t version = zks__read_u8(&r), kind = zks__read_u8(&r);
    if (version != ZKS_INVITE_VERSION || kind != KIND_SHARED) {
        return ZKS_E_FORMAT_VERSION;
    }
    v->suite = zks__read_u8(&r);
    zks_status status = zks__client_invite_check(v->suite, payload, before, check);
    if (status) {
        return status;
    }
    if (memcmp(check, payload + before, sizeof check) != 0) {
        return ZKS_E_MALFORMED;
    }
    zks__read_copy(&r, v->secret, sizeof v->secret);
    size_t text = 0;
    const uint8_t *descriptor = zks__read_lp(&r, sizeof v->descriptor - 1, &text);
    if (!descriptor || memchr(descriptor, 0, text)) {
        return ZKS_E_MALFORMED;
    }
    memcpy(v->descriptor, descriptor, text);
    status = read_relays(&r, v);
    if (!status && (r.status || r.left || complete(v))) {
        status = ZKS_E_MALFORMED;
    }
    return status;
}

/* The parts of a link that say what it is, before memory is spent. */
static zks_status check_link(const char *text, size_t length)
{
    if (length > LINK_MAX_CHARS) {
        return ZKS_E_TOO_LARGE;
    }
    if (memcmp(text, link_start, length < PREFIX_CHARS ? length : PREFIX_CHARS) != 0) {
        return ZKS_E_MALFORMED;
    }
    bool cut = length < PREFIX_CHARS + zks__base64url_size(PAYLOAD_MIN_BYTES);
    return cut ? ZKS_E_TRUNCATED : ZKS_OK;
}

static zks_status parse(const char *text, size_t length, zks_invite *v)
{
    uint8_t payload[PAYLOAD_MAX_BYTES + 3];
    size_t size = 0;
    zks_status status = check_link(text, length);
    if (!status) {
        status = zks__base64url_read(text + PREFIX_CHARS, length - PREFIX_CHARS, payload, &size);
    }
    if (!status) {
        status = read_payload(payload, size, v);
    }
    zks__wipe(payload, sizeof payload);
    if (!status) {
        v->link = zks__alloc(length + 1);
        if (!v->link) {
            return ZKS_E_NOMEM;
        }
        memcpy(v->link, text, length);
        v->link[length] = '\0';
    }
    return status;
}

zks_status zks_invite_parse(const char *text, size_t length, zks_invite **out_invite)
{
    if (!text || !out_invite) {
        return ZKS_E_INVALID;
    }
    zks_invite *v = invite_new();
    if (!v) {
        return ZKS_E_NOMEM;
    }
    zks_status status = parse(text, length, v);
    if (status) {
        invite_free(v);
        return status;
    }
    *out_invite = v;
    return ZKS_OK;
}

/* --- fields --- */

int64_t zks_invite_number(const zks_invite *invite, int32_t field)
{
    if (zks__guard(ZKS_CALL_invite_number, invite)) {
        return 0;
    }
    return field == ZKS_INVITE_SUITE ? invite->suite : 0;
}

const char *zks_invite_text(const zks_invite *invite, int32_t field)
{
    if (zks__guard(ZKS_CALL_invite_text, invite)) {
        return NULL;
    }
    switch (field) {
    case ZKS_INVITE_LINK:
        return invite->link;
    case ZKS_INVITE_RELAYS:
        return invite->relays;
    case ZKS_INVITE_DESCRIPTOR:
        return invite->descriptor;
    default:
        return NULL;
    }
}

static const uint8_t *bytes_of(const zks_invite *v, int32_t field, size_t *out_length)
{
    switch (field) {
    case ZKS_INVITE_SECRET:
        *out_length = sizeof v->secret;
        return v->secret;
    case ZKS_INVITE_SALT:
        *out_length = v->salt_length;
        return v->salt;
    case ZKS_INVITE_GROUP_ID:
        *out_length = sizeof v->group_id;
        return v->group_id;
    default:
        return NULL;
    }
}

const uint8_t *zks_invite_bytes(const zks_invite *invite, int32_t field, size_t *out_length)
{
    size_t length = 0;
    const uint8_t *bytes = NULL;
    if (!zks__guard(ZKS_CALL_invite_bytes, invite)) {
        bytes = bytes_of(invite, field, &length);
    }
    if (out_length) {
        *out_length = length;
    }
    return bytes;
}

zks_status zks_invite_render(const zks_invite *invite, int32_t format, uint32_t scale,
                             size_t capacity, uint8_t *out_bytes, size_t *out_length)
{
    zks_status status = zks__guard(ZKS_CALL_invite_render, invite);
    if (status) {
        return status;
    }
    if (!out_length) {
        return ZKS_E_INVALID;
    }
    return zks__qr_render(invite->link, format, scale, capacity, out_bytes, out_length);
}
