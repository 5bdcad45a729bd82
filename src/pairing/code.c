/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pairing/code.h"

#include <stdio.h>

static const char alphabet[] = ZKS_CODE_ALPHABET;
static const char link_start[] = "ZKS-PAIR:";
static const char shared_start[] = "ZKS-INVITE:";

enum {
    PREFIX_CHARS = sizeof link_start - 1,
    CHECK_BYTES = 4,
    PAYLOAD_MIN_BYTES = 1 + 1 + ZKS_NAMEPLATE_BYTES + ZKS_PAIR_SECRET_BYTES + ZKS_GROUP_ID_BYTES +
                        1 + (32 + 1 + 1) + CHECK_BYTES,
    LINK_DIGITS_MAX = ZKS_PAIR_LINK_TEXT_BYTES - PREFIX_CHARS - 1,
    LINK_DIGITS_MIN = (PAYLOAD_MIN_BYTES * 8 + 4) / 5
};

_Static_assert(sizeof alphabet == 32 + 1, "5 bits a character");
_Static_assert(PREFIX_CHARS == 9, "ZKS_PAIR_LINK_TEXT_BYTES counts it");

/* --- what people type ------------------------------------------------------------ */

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* Bytes of the blank or dash at text; 0: there is none. */
static size_t blank(const char *text, size_t length)
{
    const uint8_t *b = (const uint8_t *)text;
    if (strchr(" \t\r\n\f\v-_", *text) && *text) {
        return 1;
    }
    if (length >= 2 && b[0] == 0xc2 && (b[1] == 0xa0 || b[1] == 0xad)) {
        return 2; /* U+00A0 no-break space, U+00AD soft hyphen */
    }
    bool space = length >= 3 && b[0] == 0xe2 && b[1] == 0x80;
    if (space && ((b[2] >= 0x90 && b[2] <= 0x95) || b[2] == 0xaf || b[2] == 0x8b)) {
        return 3; /* U+2010 to U+2015 dashes, U+202F narrow space, U+200B zero width space */
    }
    return 0;
}

/* The value of a character; 32: it has none. */
static uint8_t value_of(char c)
{
    char known = upper(c);
    known = (char)(known == 'O' ? '0' : known == 'I' || known == 'L' ? '1' : known);
    const char *at = known ? strchr(alphabet, known) : NULL;
    return at ? (uint8_t)(at - alphabet) : 32;
}

/* The values of the characters of text, at most `most` of them. ZKS_E_MALFORMED. The problem's
 * count is right also when there are more. */
static zks_status read_values(const char *text, size_t length, uint8_t *out, size_t most,
                              zks__pair_problem *problem)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < length;) {
        size_t skip = blank(text + i, length - i);
        if (skip) {
            i += skip;
            continue;
        }
        uint8_t byte = (uint8_t)text[i], value = value_of(text[i]);
        bool follows = (byte & 0xc0) == 0x80; /* of a character of several bytes */
        problem->count += !follows;
        if (value == 32 && !status) {
            status = ZKS_E_MALFORMED;
            problem->position = problem->count;
            problem->character = (char)(byte > ' ' && byte < 0x7f ? byte : 0);
        }
        if (problem->count && problem->count <= most) {
            out[problem->count - 1] = value;
        }
        i++;
    }
    return status;
}

/* Whether text begins so, whatever the case of its letters. */
static bool begins(const char *text, size_t length, const char *start)
{
    size_t i = 0;
    while (start[i] && i < length && upper(text[i]) == start[i]) {
        i++;
    }
    return !start[i];
}

/* --- codes ----------------------------------------------------------------------- */

void zks__pair_secret(zks__pair_kind kind, const uint8_t random[ZKS_PAIR_SECRET_BYTES],
                      uint8_t out_secret[ZKS_PAIR_SECRET_BYTES])
{
    if (kind == ZKS_PAIR_LINK) {
        memcpy(out_secret, random, ZKS_PAIR_SECRET_BYTES);
        return;
    }
    memset(out_secret, 0, ZKS_PAIR_SECRET_BYTES);
    for (size_t i = 0; i < ZKS_PAIR_CODE_SECRET_CHARS; i++) {
        out_secret[i] = (uint8_t)alphabet[random[i] & 31];
    }
}

bool zks__pair_choose(const uint8_t random[ZKS_PAIR_CHOOSE_RANDOM_BYTES], zks__pair_invite *out)
{
    static const char both[] = "234567ABCDEFGHJKMNPQRSTVWXYZ";
    enum { KINDS = sizeof both - 1 };
    uint8_t all[ZKS_PAIR_CODE_CHARS];
    size_t count = 0;
    for (size_t i = 0; i < ZKS_PAIR_CHOOSE_RANDOM_BYTES && count < sizeof all; i++) {
        uint8_t value = random[i] & 31; /* a larger one would favour some characters */
        if (value < KINDS) {
            all[count++] = (uint8_t)both[value];
        }
    }
    bool enough = count == sizeof all;
    if (enough) {
        *out = (zks__pair_invite){.kind = ZKS_PAIR_CODE, .suite = ZKS_SUITE_SODIUM};
        memcpy(out->nameplate, all, ZKS_NAMEPLATE_BYTES);
        memcpy(out->secret, all + ZKS_NAMEPLATE_BYTES, ZKS_PAIR_CODE_SECRET_CHARS);
    }
    zks__wipe(all, sizeof all);
    return enough;
}

void zks__pair_code_text(const zks__pair_invite *v, char out[ZKS_PAIR_CODE_TEXT_BYTES])
{
    char all[ZKS_PAIR_CODE_CHARS];
    memcpy(all, v->nameplate, ZKS_NAMEPLATE_BYTES);
    memcpy(all + ZKS_NAMEPLATE_BYTES, v->secret, ZKS_PAIR_CODE_SECRET_CHARS);
    for (size_t i = 0; i < sizeof all; i++) {
        if (i && i % 4 == 0) {
            *out++ = '-';
        }
        *out++ = all[i];
    }
    *out = '\0';
    zks__wipe(all, sizeof all);
}

static zks_status read_code(const char *text, size_t length, zks__pair_invite *out,
                            zks__pair_problem *problem)
{
    uint8_t values[ZKS_PAIR_CODE_CHARS] = {0};
    zks_status status = read_values(text, length, values, sizeof values, problem);
    if (status) {
        return status;
    }
    if (problem->count != ZKS_PAIR_CODE_CHARS) {
        status = problem->count < ZKS_PAIR_CODE_CHARS ? ZKS_E_TRUNCATED : ZKS_E_TOO_LARGE;
    } else {
        zks__pair_invite v = {.kind = ZKS_PAIR_CODE, .suite = ZKS_SUITE_SODIUM};
        for (size_t i = 0; i < sizeof values; i++) {
            uint8_t c = (uint8_t)alphabet[values[i]];
            if (i < ZKS_NAMEPLATE_BYTES) {
                v.nameplate[i] = c;
            } else {
                v.secret[i - ZKS_NAMEPLATE_BYTES] = c;
            }
        }
        *out = v;
        zks__wipe(&v, sizeof v);
    }
    zks__wipe(values, sizeof values);
    return status;
}

/* --- links ----------------------------------------------------------------------- */

static bool printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return length != 0;
}

static void link_check(const uint8_t *payload, size_t length, uint8_t out[CHECK_BYTES])
{
    uint8_t text[32 + ZKS_PAIR_LINK_PAYLOAD_MAX_BYTES], digest[32];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-pair-link-v1");
    zks__write_bytes(&w, payload, length);
    zks__crypto_sha256(text, w.length, digest);
    memcpy(out, digest, CHECK_BYTES);
    zks__wipe(text, sizeof text);
}

static void write_payload(const zks__pair_invite *v, zks__writer *w)
{
    uint8_t check[CHECK_BYTES];
    zks__write_u8(w, ZKS_PAIR_LINK_VERSION);
    zks__write_u8(w, v->suite);
    zks__write_bytes(w, v->nameplate, sizeof v->nameplate);
    zks__write_bytes(w, v->secret, sizeof v->secret);
    zks__write_bytes(w, v->group_id, sizeof v->group_id);
    zks__write_u8(w, (uint8_t)v->relay_count);
    for (size_t i = 0; i < v->relay_count; i++) {
        zks__write_bytes(w, v->relays[i].key, sizeof v->relays[i].key);
        zks__write_lp(w, v->relays[i].address, strlen(v->relays[i].address));
    }
    link_check(w->data, w->length, check);
    zks__write_bytes(w, check, sizeof check);
}

zks_status zks__pair_link_text(const zks__pair_invite *v, char out[ZKS_PAIR_LINK_TEXT_BYTES])
{
    if (!v->relay_count || v->relay_count > ZKS_PAIR_RELAYS_MAX) {
        return ZKS_E_INVALID;
    }
    for (size_t i = 0; i < v->relay_count; i++) {
        if (!printable(v->relays[i].address, strlen(v->relays[i].address))) {
            return ZKS_E_INVALID;
        }
    }
    uint8_t payload[ZKS_PAIR_LINK_PAYLOAD_MAX_BYTES];
    zks__writer w = zks__writer_of(payload, sizeof payload);
    write_payload(v, &w);
    memcpy(out, link_start, PREFIX_CHARS);
    out += PREFIX_CHARS;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < w.length; i++) {
        bits = bits << 8 | payload[i];
        for (count += 8; count >= 5; count -= 5) {
            *out++ = alphabet[bits >> (count - 5) & 31];
        }
    }
    if (count) {
        *out++ = alphabet[bits << (5 - count) & 31];
    }
    *out = '\0';
    zks__wipe(payload, sizeof payload);
    return ZKS_OK;
}

/* Bytes from 5-bit values. ZKS_E_MALFORMED: an impossible length, or left-over bits that are not 0
 * (each link has one text). */
static zks_status unpack(const uint8_t *values, size_t count, uint8_t *out, size_t *out_length)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        bits = bits << 5 | values[i];
        have += 5;
        if (have >= 8) {
            have -= 8;
            out[length++] = (uint8_t)(bits >> have);
        }
    }
    if (have >= 5 || (bits & ((1u << have) - 1))) {
        return ZKS_E_MALFORMED;
    }
    *out_length = length;
    return ZKS_OK;
}

static zks_status read_relays(zks__reader *r, zks__pair_invite *v)
{
    v->relay_count = zks__read_u8(r);
    if (!v->relay_count || v->relay_count > ZKS_PAIR_RELAYS_MAX) {
        return ZKS_E_MALFORMED;
    }
    for (size_t i = 0; i < v->relay_count; i++) {
        size_t length = 0;
        zks__read_copy(r, v->relays[i].key, sizeof v->relays[i].key);
        const uint8_t *address = zks__read_lp(r, ZKS_PAIR_ADDRESS_MAX_BYTES, &length);
        if (!address || !printable((const char *)address, length)) {
            return ZKS_E_MALFORMED;
        }
        memcpy(v->relays[i].address, address, length);
        v->relays[i].address[length] = '\0';
    }
    return r->left ? ZKS_E_MALFORMED : ZKS_OK;
}

static zks_status read_payload(const uint8_t *payload, size_t length, zks__pair_invite *v)
{
    if (length < PAYLOAD_MIN_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    uint8_t check[CHECK_BYTES];
    size_t before = length - CHECK_BYTES;
    link_check(payload, before, check);
    bool whole = zks__bytes_equal(check, payload + before, sizeof check);
    zks__reader r = zks__reader_of(payload, before);
    if (zks__read_u8(&r) != ZKS_PAIR_LINK_VERSION) {
        /* Later versions keep the check: with a right one it is a link, not a typing error. */
        return whole ? ZKS_E_FORMAT_VERSION : ZKS_E_MALFORMED;
    }
    if (!whole) {
        return ZKS_E_MALFORMED;
    }
    v->kind = ZKS_PAIR_LINK;
    v->suite = zks__read_u8(&r);
    zks__read_copy(&r, v->nameplate, sizeof v->nameplate);
    zks__read_copy(&r, v->secret, sizeof v->secret);
    zks__read_copy(&r, v->group_id, sizeof v->group_id);
    for (size_t i = 0; i < sizeof v->nameplate; i++) {
        if (!v->nameplate[i] || !strchr(alphabet, v->nameplate[i])) {
            return ZKS_E_MALFORMED;
        }
    }
    zks_status status = read_relays(&r, v);
    if (!status && !zks__crypto_suite(v->suite)) {
        status = ZKS_E_SUITE;
    }
    return status;
}

static zks_status read_link(const char *text, size_t length, zks__pair_invite *out,
                            zks__pair_problem *problem)
{
    uint8_t values[LINK_DIGITS_MAX] = {0}, payload[ZKS_PAIR_LINK_PAYLOAD_MAX_BYTES + 5];
    zks__pair_invite v = {0};
    size_t size = 0;
    zks_status status = read_values(text + PREFIX_CHARS, length - PREFIX_CHARS, values,
                                    sizeof values, problem);
    if (!status && problem->count > sizeof values) {
        status = ZKS_E_TOO_LARGE;
    }
    if (!status && problem->count < LINK_DIGITS_MIN) {
        status = ZKS_E_TRUNCATED;
    }
    if (!status) {
        status = unpack(values, problem->count, payload, &size);
    }
    if (!status) {
        status = read_payload(payload, size, &v);
    }
    if (!status) {
        *out = v;
    }
    zks__wipe(values, sizeof values);
    zks__wipe(payload, sizeof payload);
    zks__wipe(&v, sizeof v);
    return status;
}

/* --- both ------------------------------------------------------------------------ */

zks_status zks__pair_read(const char *text, size_t length, zks__pair_invite *out,
                          zks__pair_problem *out_problem)
{
    *out_problem = (zks__pair_problem){0};
    if (length > ZKS_PAIR_INPUT_MAX_BYTES) {
        out_problem->count = length;
        return ZKS_E_TOO_LARGE;
    }
    for (size_t skip; length && (skip = blank(text, length)) != 0;) {
        text += skip;
        length -= skip;
    }
    if (begins(text, length, shared_start)) {
        return ZKS_E_INVALID;
    }
    return begins(text, length, link_start) ? read_link(text, length, out, out_problem)
                                            : read_code(text, length, out, out_problem);
}

static void explain_character(const zks__pair_problem *p, char out[ZKS_PAIR_SENTENCE_BYTES])
{
    if (!p->position) {
        snprintf(out, ZKS_PAIR_SENTENCE_BYTES,
                 "The pairing link is damaged: copy or scan it whole.");
    } else if (p->character) {
        snprintf(out, ZKS_PAIR_SENTENCE_BYTES,
                 "Character %zu, '%c', is in no pairing code: they are made of digits and letters "
                 "without I, L, O and U.",
                 p->position, p->character);
    } else {
        snprintf(
            out, ZKS_PAIR_SENTENCE_BYTES,
            "Character %zu is in no pairing code: they are made of digits and the letters A to "
            "Z without I, L, O and U.",
            p->position);
    }
}

void zks__pair_explain(zks_status status, const zks__pair_problem *p,
                       char out[ZKS_PAIR_SENTENCE_BYTES])
{
    switch (status) {
    case ZKS_E_TRUNCATED:
        snprintf(out, ZKS_PAIR_SENTENCE_BYTES,
                 p->count < ZKS_PAIR_CODE_CHARS
                     ? "A pairing code has 16 characters, this has %zu: type all of it."
                     : "The pairing link ends after %zu characters: copy or scan it whole.",
                 p->count);
        break;
    case ZKS_E_TOO_LARGE:
        snprintf(out, ZKS_PAIR_SENTENCE_BYTES,
                 "A pairing code has 16 characters, this has %zu: type it once, without other "
                 "text.",
                 p->count);
        break;
    case ZKS_E_MALFORMED:
        explain_character(p, out);
        break;
    case ZKS_E_INVALID:
        snprintf(
            out, ZKS_PAIR_SENTENCE_BYTES,
            "This is an invite into a shared group, not a pairing code: join with it instead.");
        break;
    default:
        snprintf(out, ZKS_PAIR_SENTENCE_BYTES, "%s", zks__status_text(status));
        break;
    }
}
