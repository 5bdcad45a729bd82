/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Membership records: one signed record, and the rules for reading it (docs/SECURITY.md,
 * membership). Pure; any thread.
 *
 * A record is: version(1) kind(1) suite(1) group_id(32) body. Its hash is H(lp("0k-record-v1")
 * record) with the suite's hash. A signature is over lp("0k-record-sig-v1") lp(role)
 * H(lp("0k-record-part-v1") part), role being "root", "self", "issuer" or "signer", so that no
 * signature serves for another place; part is all of the record in front of the signature, its
 * kind and group included. Bodies (integers little-endian, nothing may follow; SEAL, CT and DH are
 * the sizes of the suite's public sealing key, ciphertext and Diffie-Hellman key):
 *
 *   GENESIS  mode(1) root(32) recovery(SEAL) sig(root)
 *   EPOCH    number(4) parent(32) listed(LEB128 count, 32 each) removed(the same) commit(32)
 *            lp(keys) lp(wrap) lp(sealed) signer(32) sig(signer)
 *   MEMBER   device(32) seal_key(SEAL) noise_dh(DH) noise_kem(1184) rights(1) not_after(8)
 *            sig(self) lp(profile) issuer(32) sig(issuer)
 *   GRANT    epoch(32) device(32) key(CT + 48) signer(32) sig(signer)
 *   LEAVE    device(32) sig(self)
 *
 * EPOCH 0 has parent zeros and nothing but the commit. Others have one key of CT + 48 bytes for
 * each listed device in the order of the list and a last one for the recovery key, a wrap of 48
 * bytes, and `removed` in ascending order. What the keys, wrap and sealed hold: group/epoch.h.
 *
 * The self signature covers neither the issuer, whom a joining device need not know yet, nor the
 * profile, which only a member can seal: so the name that the group sees is the one that the
 * issuer's user accepted. The issuer's signature covers it all.
 *
 * Files: record.c (hashes, what is signed), record_read.c, record_make.c.
 */
#ifndef ZKS_RECORD_RECORD_H
#define ZKS_RECORD_RECORD_H

#include "crypto/crypto.h"
#include "wire/limits.h"
#include "wire/messages.h"

enum { ZKS_RECORD_VERSION = 1, ZKS_INSTANCE_BYTES = 16 };
typedef enum zks__record_kind {
    ZKS_RECORD_KIND_GENESIS = 1,
    ZKS_RECORD_KIND_EPOCH = 2,
    ZKS_RECORD_KIND_MEMBER = 3,
    ZKS_RECORD_KIND_GRANT = 4,
    ZKS_RECORD_KIND_LEAVE = 5
} zks__record_kind;

enum { ZKS_GROUP_MODE_PAIRED = 1, ZKS_GROUP_MODE_SHARED = 2 };

/* suite mode root_pk recovery_pk; signed by root. Deterministic: every holder of the group seed
 * makes the same bytes. */
typedef struct zks__genesis {
    uint8_t mode;
    uint8_t root[ZKS_SIGN_PUBLIC_BYTES];
    uint8_t recovery[ZKS_SEAL_KEY_MAX_BYTES]; /* the first suite->seal_public_bytes of it */
} zks__genesis;

typedef struct zks__member {
    uint8_t device[ZKS_SIGN_PUBLIC_BYTES];
    uint8_t seal_key[ZKS_SEAL_KEY_MAX_BYTES]; /* the first suite->seal_public_bytes of it */
    uint8_t noise_dh[ZKS_DH_KEY_MAX_BYTES];   /* the first suite->dh_public_bytes of it */
    uint8_t noise_kem[ZKS_KEM_PUBLIC_BYTES];
    uint8_t rights;                        /* ZKS_RIGHT_* */
    uint64_t not_after_s;                  /* Unix; 0: no end */
    zks__slice profile;                    /* sealed and padded: group/keys.h */
    uint8_t issuer[ZKS_SIGN_PUBLIC_BYTES]; /* the root key, or a member's device key */
} zks__member;

typedef struct zks__epoch {
    uint32_t number;
    uint8_t parent[ZKS_RECORD_HASH_BYTES]; /* hash of the EPOCH before; zeros for number 0 */
    zks__wire_list listed;                 /* of zks__wire_hash: MEMBER records, oldest first */
    zks__wire_list removed;                /* of zks__wire_hash: device keys, ascending */
    uint8_t commit[32];                    /* HKDF(E, "commit", group, n, parent) */
    zks__slice keys;                       /* listed.count + 1 of zks__record_key_bytes */
    zks__slice wrap;                       /* the parent's secret, under this one */
    zks__slice sealed;                     /* the note: reasons and cut-offs */
    uint8_t signer[ZKS_SIGN_PUBLIC_BYTES]; /* the root key, or a device */
} zks__epoch;

/* The secret of an epoch for a device that the EPOCH does not list, by a member. */
typedef struct zks__grant {
    uint8_t epoch[ZKS_RECORD_HASH_BYTES];
    uint8_t device[ZKS_SIGN_PUBLIC_BYTES];
    zks__slice key; /* zks__record_key_bytes */
    uint8_t signer[ZKS_SIGN_PUBLIC_BYTES];
} zks__grant;

/* A device goes by itself: it is admitted nowhere any more. */
typedef struct zks__leave {
    uint8_t device[ZKS_SIGN_PUBLIC_BYTES];
} zks__leave;

typedef struct zks__record {
    zks__record_kind kind;
    uint8_t suite;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    zks__slice bytes; /* the whole record; everything else points into it */
    union {
        zks__genesis genesis;
        zks__member member;
        zks__epoch epoch;
        zks__grant grant;
        zks__leave leave;
    };
} zks__record;

/* group_id = SHA-256(lp("0k-group-v2") suite mode root). */
void zks__record_group_id(uint8_t suite, uint8_t mode, const uint8_t root[ZKS_SIGN_PUBLIC_BYTES],
                          uint8_t out_id[ZKS_GROUP_ID_BYTES]);
/* One sealed epoch secret: the suite's ciphertext and ZKS_SEALED_SECRET_BYTES. */
static inline size_t zks__record_key_bytes(const zks__suite *suite)
{
    return suite->seal_ct_bytes + ZKS_SEALED_SECRET_BYTES;
}
/* The 32 bytes of an item of `listed` or `removed`, made here or read; i < list->count. */
static inline const uint8_t *zks__record_item(const zks__wire_list *list, size_t i)
{
    const uint8_t *first = list->items ? list->items : list->raw.data;
    return first + i * ZKS_RECORD_HASH_BYTES;
}

/*
 * Parses one record and verifies what can be verified from itself alone: format, suite, group id
 * (GENESIS: that root_pk gives it), self signature, and the issuer's or signer's signature under
 * the key that the record names. Whether that key may sign is for the set to judge.
 * ZKS_E_TRUNCATED, ZKS_E_MALFORMED, ZKS_E_TOO_LARGE, ZKS_E_FORMAT_VERSION, ZKS_E_SUITE,
 * ZKS_E_UNSUPPORTED (an unknown kind), ZKS_E_WRONG_GROUP, ZKS_E_BAD_SIGNATURE. out is untouched on
 * failure and borrows data.
 */
ZKS_MUST_USE zks_status zks__record_read(const uint8_t *data, size_t length, zks__record *out);

/* The hash of a whole record, whether it is valid or not; false: too short, or its suite is not in
 * this build. */
bool zks__record_hash(const uint8_t *data, size_t length, uint8_t out[ZKS_RECORD_HASH_BYTES]);

/* Makers. out holds `size` bytes (ZKS_RECORD_BODY_MAX_BYTES always suffices). ZKS_E_TOO_LARGE,
 * ZKS_E_SUITE, ZKS_E_INVALID (what zks__record_read would refuse). Signer, issuer and own device
 * are taken from the keys, whatever the struct says. */
ZKS_MUST_USE zks_status zks__record_make_genesis(uint8_t suite, const zks__genesis *g,
                                                 const zks__sign_key *root, uint8_t *out,
                                                 size_t size, size_t *out_length);
ZKS_MUST_USE zks_status zks__record_make_epoch(uint8_t suite,
                                               const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                               const zks__epoch *e, const zks__sign_key *signer,
                                               uint8_t *out, size_t size, size_t *out_length);
ZKS_MUST_USE zks_status zks__record_make_member(uint8_t suite,
                                                const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                                const zks__member *m, const zks__sign_key *device,
                                                const zks__sign_key *issuer, uint8_t *out,
                                                size_t size, size_t *out_length);
/* The two halves of a MEMBER, for pairing: the joiner makes the body with its self signature
 * (m->profile and m->issuer are not used); the inviter appends the profile that it sealed, itself
 * and its signature. The body must be what a device of this group would make; the result is a whole
 * record. ZKS_E_INVALID: the profile is too long; ZKS_E_BAD_SIGNATURE and the codes of
 * zks__record_read. */
enum { ZKS_MEMBER_BODY_MAX_BYTES = 4096 };
ZKS_MUST_USE zks_status zks__record_make_member_body(uint8_t suite,
                                                     const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                                     const zks__member *m,
                                                     const zks__sign_key *device, uint8_t *out,
                                                     size_t size, size_t *out_length);
ZKS_MUST_USE zks_status zks__record_make_member_issue(const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                                      zks__slice body, zks__slice profile,
                                                      const zks__sign_key *issuer, uint8_t *out,
                                                      size_t size, size_t *out_length);
/* Reads such a body: format, group and self signature. out->hash is zeros, its bytes are the body.
 */
ZKS_MUST_USE zks_status zks__record_read_member_body(const uint8_t *data, size_t length,
                                                     zks__record *out);
ZKS_MUST_USE zks_status zks__record_make_grant(uint8_t suite,
                                               const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                               const zks__grant *g, const zks__sign_key *signer,
                                               uint8_t *out, size_t size, size_t *out_length);
ZKS_MUST_USE zks_status zks__record_make_leave(uint8_t suite,
                                               const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                               const zks__sign_key *device, uint8_t *out,
                                               size_t size, size_t *out_length);

#endif
