/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/keys.h"

#include "base/name.h"

enum { INFO_MAX_BYTES = 160 };

/* HKDF(secret, label, parts): Expand(Extract(secret), lp(label) lp(part)..., length). suite: whose
 * library computes it. */
static void derive_in(const zks__suite *suite, const uint8_t secret[ZKS_KEY_BYTES],
                      const char *label, const zks__slice *parts, size_t count, uint8_t *out,
                      size_t length)
{
    uint8_t info[INFO_MAX_BYTES];
    zks__writer w = zks__writer_of(info, sizeof info);
    zks__write_label(&w, label);
    for (size_t i = 0; i < count; i++) {
        zks__write_lp(&w, parts[i].data, parts[i].length);
    }
    uint8_t prk[32];
    suite->extract(secret, ZKS_KEY_BYTES, prk);
    suite->expand(prk, info, w.length, out, length);
    zks__wipe(prk, sizeof prk);
}

/* Where no suite is named. */
static void derive(const uint8_t secret[ZKS_KEY_BYTES], const char *label, const zks__slice *parts,
                   size_t count, uint8_t *out, size_t length)
{
    derive_in(zks__crypto_suite(zks__crypto_suite_default()), secret, label, parts, count, out,
              length);
}

void zks__group_root_derive(uint8_t suite, uint8_t mode, const uint8_t seed[ZKS_KEY_BYTES],
                            zks__group_root *out)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    uint8_t part[32];
    out->suite = suite;
    out->mode = mode;
    memset(out->recovery_public, 0, sizeof out->recovery_public);
    derive_in(functions, seed, "root", NULL, 0, part, sizeof part);
    functions->sign_key(part, &out->root);
    derive_in(functions, seed, "seal", NULL, 0, part, sizeof part);
    functions->seal_public(part, out->recovery_public);
    derive_in(functions, seed, "epoch0", NULL, 0, out->epoch0_secret, sizeof out->epoch0_secret);
    zks__record_group_id(suite, mode, zks__crypto_sign_public(&out->root), out->group_id);
    zks__wipe(part, sizeof part);
}

void zks__group_recovery_seed(const uint8_t group_seed[ZKS_KEY_BYTES],
                              uint8_t out[ZKS_SEAL_SEED_BYTES])
{
    derive(group_seed, "seal", NULL, 0, out, ZKS_SEAL_SEED_BYTES);
}

void zks__device_keys_derive(const uint8_t device_seed[ZKS_KEY_BYTES],
                             const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                             const uint8_t instance[ZKS_INSTANCE_BYTES], zks__device_keys *out)
{
    const zks__slice parts[] = {{group_id, ZKS_GROUP_ID_BYTES}, {instance, ZKS_INSTANCE_BYTES}};
    const size_t count = ZKS_COUNTOF(parts);
    derive(device_seed, "device-sign", parts, count, out->sign_seed, sizeof out->sign_seed);
    zks__crypto_sign_key(out->sign_seed, &out->sign);
    derive(device_seed, "device-noise-dh", parts, count, out->noise_dh_secret,
           sizeof out->noise_dh_secret);
    derive(device_seed, "device-noise-kem", parts, count, out->noise_kem_seed,
           sizeof out->noise_kem_seed);
    derive(device_seed, "device-seal", parts, count, out->seal_seed, sizeof out->seal_seed);
}

void zks__group_blob_key(const uint8_t epoch_secret[ZKS_KEY_BYTES],
                         const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                         const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                         const uint8_t pusher[ZKS_DEVICE_ID_BYTES], uint8_t out[ZKS_KEY_BYTES])
{
    const zks__slice parts[] = {{group_id, ZKS_GROUP_ID_BYTES},
                                {epoch_tag, ZKS_EPOCH_TAG_BYTES},
                                {pusher, ZKS_DEVICE_ID_BYTES}};
    derive(epoch_secret, "blob", parts, ZKS_COUNTOF(parts), out, ZKS_KEY_BYTES);
}

/* --- the records of a shared group ------------------------------------------------ */

zks_status zks__group_make_genesis(const zks__group_root *r, uint8_t *out, size_t size,
                                   size_t *out_length)
{
    zks__genesis g = {.mode = r->mode};
    memcpy(g.root, zks__crypto_sign_public(&r->root), sizeof g.root);
    memcpy(g.recovery, r->recovery_public, sizeof r->recovery_public);
    return zks__record_make_genesis(r->suite, &g, &r->root, out, size, out_length);
}

zks_status zks__group_make_epoch0(const zks__group_root *r, uint8_t *out, size_t size,
                                  size_t *out_length)
{
    zks__epoch e;
    memset(&e, 0, sizeof e);
    static const uint8_t number[4];
    const zks__slice parts[] = {
        {r->group_id, ZKS_GROUP_ID_BYTES}, {number, sizeof number}, {e.parent, sizeof e.parent}};
    derive(r->epoch0_secret, "commit", parts, ZKS_COUNTOF(parts), e.commit, sizeof e.commit);
    return zks__record_make_epoch(r->suite, r->group_id, &e, &r->root, out, size, out_length);
}

static void member_of_keys(uint8_t suite_id, const zks__device_keys *d, zks__member *out)
{
    const zks__suite *suite = zks__crypto_suite(suite_id);
    memset(out, 0, sizeof *out);
    suite->seal_public(d->seal_seed, out->seal_key);
    suite->dh_public(d->noise_dh_secret, out->noise_dh);
    zks__crypto_kem_public(d->noise_kem_seed, out->noise_kem);
}

zks_status zks__group_make_member(const zks__group_root *r, const zks__device_keys *d,
                                  uint64_t not_after_s, zks__slice profile, uint8_t *out,
                                  size_t size, size_t *out_length)
{
    zks__member m;
    member_of_keys(r->suite, d, &m);
    m.not_after_s = not_after_s;
    m.profile = profile;
    m.rights = r->mode == ZKS_GROUP_MODE_PAIRED ? ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN : 0;
    return zks__record_make_member(r->suite, r->group_id, &m, &d->sign, &r->root, out, size,
                                   out_length);
}

zks_status zks__group_make_member_body(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                       const zks__device_keys *d, uint8_t rights,
                                       uint64_t not_after_s, uint8_t *out, size_t size,
                                       size_t *out_length)
{
    zks__member m;
    member_of_keys(suite, d, &m);
    m.not_after_s = not_after_s;
    m.rights = rights;
    return zks__record_make_member_body(suite, group_id, &m, &d->sign, out, size, out_length);
}

/* --- the device's name ------------------------------------------------------------ */

enum {
    PROFILE_STEP = 64,
    PROFILE_AD_BYTES = 1 + 13 + 1 + ZKS_GROUP_ID_BYTES + ZKS_DEVICE_ID_BYTES
};

/* lp of the longest name takes two bytes more. */
_Static_assert(ZKS_NONCE_BYTES + (ZKS_DEVICE_NAME_MAX_BYTES + 2 + PROFILE_STEP) + ZKS_TAG_BYTES <=
                   ZKS_PROFILE_MAX_BYTES,
               "profile");

static void profile_key(const uint8_t *epoch_secret, const uint8_t *group_id, const uint8_t *device,
                        uint8_t out[ZKS_KEY_BYTES])
{
    const zks__slice parts[] = {{group_id, ZKS_GROUP_ID_BYTES}, {device, ZKS_DEVICE_ID_BYTES}};
    derive(epoch_secret, "profile", parts, ZKS_COUNTOF(parts), out, ZKS_KEY_BYTES);
}

static void profile_ad(const zks__suite *suite, const uint8_t *group_id, const uint8_t *device,
                       uint8_t out[PROFILE_AD_BYTES])
{
    zks__writer w = zks__writer_of(out, PROFILE_AD_BYTES);
    zks__write_label(&w, "0k-profile-v1");
    zks__write_u8(&w, suite->id);
    zks__write_bytes(&w, group_id, ZKS_GROUP_ID_BYTES);
    zks__write_bytes(&w, device, ZKS_DEVICE_ID_BYTES);
}

/* A device may have no name. */
static bool name_valid(const uint8_t *name, size_t length)
{
    return !length || zks__name_valid(name, length);
}

zks_status zks__profile_seal(const zks__suite *suite, const uint8_t epoch_secret[ZKS_KEY_BYTES],
                             const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                             const uint8_t device[ZKS_DEVICE_ID_BYTES],
                             const uint8_t nonce[ZKS_NONCE_BYTES], const char *name,
                             size_t name_length, uint8_t out[ZKS_PROFILE_MAX_BYTES],
                             size_t *out_length)
{
    if (name_length > ZKS_DEVICE_NAME_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    if (!name_valid((const uint8_t *)name, name_length)) {
        return ZKS_E_INVALID;
    }
    memset(out, 0, ZKS_PROFILE_MAX_BYTES);
    memcpy(out, nonce, ZKS_NONCE_BYTES);
    zks__writer w = zks__writer_of(out + ZKS_NONCE_BYTES,
                                   ZKS_PROFILE_MAX_BYTES - ZKS_NONCE_BYTES - ZKS_TAG_BYTES);
    zks__write_lp(&w, name, name_length);
    size_t text = (w.length + PROFILE_STEP - 1) / PROFILE_STEP * PROFILE_STEP;
    uint8_t key[ZKS_KEY_BYTES];
    uint8_t ad[PROFILE_AD_BYTES];
    profile_key(epoch_secret, group_id, device, key);
    profile_ad(suite, group_id, device, ad);
    suite->seal(w.data, text, ad, sizeof ad, nonce, key);
    zks__wipe(key, sizeof key);
    *out_length = ZKS_NONCE_BYTES + text + ZKS_TAG_BYTES;
    return ZKS_OK;
}

/* lp(name) zeros, in steps of PROFILE_STEP and not one more than needed. */
static zks_status read_profile(const uint8_t *text, size_t length,
                               char out_name[ZKS_DEVICE_NAME_MAX_BYTES + 1])
{
    zks__reader r = zks__reader_of(text, length);
    size_t name_length = 0;
    const uint8_t *name = zks__read_lp(&r, ZKS_DEVICE_NAME_MAX_BYTES, &name_length);
    bool bad = !name || r.left >= PROFILE_STEP || length % PROFILE_STEP ||
               !name_valid(name, name_length);
    for (size_t i = 0; !bad && i < r.left; i++) {
        bad = r.next[i] != 0;
    }
    if (bad) {
        return ZKS_E_MALFORMED;
    }
    memcpy(out_name, name, name_length);
    out_name[name_length] = '\0';
    return ZKS_OK;
}

zks_status zks__profile_open(const zks__suite *suite, const uint8_t epoch_secret[ZKS_KEY_BYTES],
                             const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                             const uint8_t device[ZKS_DEVICE_ID_BYTES], zks__slice profile,
                             char out_name[ZKS_DEVICE_NAME_MAX_BYTES + 1])
{
    if (profile.length < ZKS_NONCE_BYTES + ZKS_TAG_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    if (profile.length > ZKS_PROFILE_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    uint8_t text[ZKS_PROFILE_MAX_BYTES];
    size_t length = profile.length - ZKS_NONCE_BYTES;
    memcpy(text, profile.data + ZKS_NONCE_BYTES, length);
    uint8_t key[ZKS_KEY_BYTES];
    uint8_t ad[PROFILE_AD_BYTES];
    profile_key(epoch_secret, group_id, device, key);
    profile_ad(suite, group_id, device, ad);
    zks_status status = suite->open(text, length, ad, sizeof ad, profile.data, key);
    zks__wipe(key, sizeof key);
    if (!status) {
        status = read_profile(text, length - ZKS_TAG_BYTES, out_name);
    }
    zks__wipe(text, sizeof text);
    return status;
}
