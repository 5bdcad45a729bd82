/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a person carries from the inviting device to the joining one: a code to type, or a link that
 * is shown as a QR code. Pure; any thread.
 *
 *   code = XXXX-XXXX-XXXX-XXXX in Crockford's base32: 4 characters of nameplate, which the relay
 *          picks and knows, and 12 of secret (60 bits), which it must not learn
 *   link = "ZKS-PAIR:" and Crockford's base32, without padding, of
 *          version(1) = 1, suite(1), nameplate(4), secret(32), group_id(32),
 *          count(1) of relays, each key(32) lp(address), and
 *          check(4) = the first 4 bytes of SHA-256(lp("0k-pair-link-v1") all before)
 *
 * Reading forgives what people do: letters of either case, O for 0, I and L for 1, spaces, line
 * ends and dashes anywhere, also the long dashes and the no-break space of a word processor. A link
 * is in capitals, since QR codes hold those in fewer dots, and cannot be confused with the shared
 * invite ("zks-invite:", which holds the group's secret for good; this one's is of use once, for
 * minutes, and only together with the inviting device).
 *
 * The relay that holds the mailbox comes first in a link. An address is given without its key
 * (host:port, without "zks://key@"): the key stands beside it.
 */
#ifndef ZKS_PAIRING_CODE_H
#define ZKS_PAIRING_CODE_H

#include "crypto/crypto.h"
#include "wire/messages.h"

enum {
    ZKS_PAIR_LINK_VERSION = 1,
    ZKS_PAIR_CODE_CHARS = 16,
    ZKS_PAIR_CODE_SECRET_CHARS = ZKS_PAIR_CODE_CHARS - ZKS_NAMEPLATE_BYTES,
    ZKS_PAIR_CODE_TEXT_BYTES = ZKS_PAIR_CODE_CHARS + 3 + 1, /* with dashes and NUL */
    ZKS_PAIR_SECRET_BYTES = 32,
    ZKS_PAIR_RELAYS_MAX = 8, /* a QR code must stay readable */
    ZKS_PAIR_ADDRESS_MAX_BYTES = 255,
    /* The text of the longest link and its NUL: 8 characters for each 5 bytes. */
    ZKS_PAIR_LINK_PAYLOAD_MAX_BYTES =
        1 + 1 + ZKS_NAMEPLATE_BYTES + ZKS_PAIR_SECRET_BYTES + ZKS_GROUP_ID_BYTES + 1 +
        ZKS_PAIR_RELAYS_MAX * (32 + 2 + ZKS_PAIR_ADDRESS_MAX_BYTES) + 4,
    ZKS_PAIR_LINK_TEXT_BYTES = 9 + (ZKS_PAIR_LINK_PAYLOAD_MAX_BYTES * 8 + 4) / 5 + 1,
    /* Longer input is refused unread: a link with a blank after each character. */
    ZKS_PAIR_INPUT_MAX_BYTES = 2 * ZKS_PAIR_LINK_TEXT_BYTES,
    ZKS_PAIR_SENTENCE_BYTES = 160
};

typedef enum zks__pair_kind { ZKS_PAIR_CODE = 1, ZKS_PAIR_LINK = 2 } zks__pair_kind;

typedef struct zks__pair_relay {
    uint8_t key[32];
    char address[ZKS_PAIR_ADDRESS_MAX_BYTES + 1];
} zks__pair_relay;

/* Holds a secret: wipe it. */
typedef struct zks__pair_invite {
    zks__pair_kind kind;
    uint8_t suite; /* a code is of suite 1: the others have no PAKE */
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
    /* LINK: 32 bytes; CODE: its 12 characters as they are written, the rest zeros. */
    uint8_t secret[ZKS_PAIR_SECRET_BYTES];
    /* LINK only: */
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    size_t relay_count;
    zks__pair_relay relays[ZKS_PAIR_RELAYS_MAX];
} zks__pair_invite;

/* What is wrong with a text, for a sentence. */
typedef struct zks__pair_problem {
    size_t count;    /* characters found, blanks and dashes not counted */
    size_t position; /* of the character that is wrong, from 1, blanks and dashes not counted */
    char character;  /* that one; 0: not one of ASCII */
} zks__pair_problem;

/* The secret of a new invite of this kind. */
void zks__pair_secret(zks__pair_kind kind, const uint8_t random[ZKS_PAIR_SECRET_BYTES],
                      uint8_t out_secret[ZKS_PAIR_SECRET_BYTES]);
/* A code that is made before there is a relay to pick its nameplate: all of it at random, of the
 * characters that base32 of either kind has (Crockford's and RFC 4648's), so that nobody reads one
 * for another: 2 to 7 and A to Z without I, L, O and U, 57 bits of secret. Takes from `random` what
 * is uniform; false: that was not enough, which happens once in 10^30 times. Wipe both. */
enum { ZKS_PAIR_CHOOSE_RANDOM_BYTES = 64 };
ZKS_MUST_USE bool zks__pair_choose(const uint8_t random[ZKS_PAIR_CHOOSE_RANDOM_BYTES],
                                   zks__pair_invite *out);
/* The text of a code, with dashes. */
void zks__pair_code_text(const zks__pair_invite *v, char out[ZKS_PAIR_CODE_TEXT_BYTES]);
/* The text of a link. ZKS_E_INVALID: no relay, more than ZKS_PAIR_RELAYS_MAX, or an address that is
 * empty or has a byte outside of printable ASCII. */
ZKS_MUST_USE zks_status zks__pair_link_text(const zks__pair_invite *v,
                                            char out[ZKS_PAIR_LINK_TEXT_BYTES]);

/*
 * Reads what was typed or scanned, a code or a link. out is untouched on failure; *out_problem is
 * always written.
 *   ZKS_E_TRUNCATED       fewer characters than a code or link has (count)
 *   ZKS_E_TOO_LARGE       more than a code has (count), or no link is so long
 *   ZKS_E_MALFORMED       a character that no code has (position, character); in a link also: its
 *                         check or its content is wrong (position 0): mistyped or cut
 *   ZKS_E_INVALID         it is a shared invite ("zks-invite:")
 *   ZKS_E_FORMAT_VERSION  a link of a later version
 *   ZKS_E_SUITE           a link for a suite that this build does not have
 */
ZKS_MUST_USE zks_status zks__pair_read(const char *text, size_t length, zks__pair_invite *out,
                                       zks__pair_problem *out_problem);
/* That failure as a sentence with the cure; it repeats none of the text but the wrong character. */
void zks__pair_explain(zks_status status, const zks__pair_problem *problem,
                       char out[ZKS_PAIR_SENTENCE_BYTES]);

#endif
