/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/secret.h"

#include "group/keys.h"

static const char descriptor_start[] = "$argon2id$";

static bool is_descriptor(const uint8_t *salt, size_t length)
{
    size_t start = sizeof descriptor_start - 1;
    return length >= start && memcmp(salt, descriptor_start, start) == 0;
}

/* A bare salt's parameters: a promise to the apps that give one, so not for
 * zks__crypto_argon2_choose. */
static zks_status read_salt(const uint8_t *salt, size_t length, zks__argon2 *out)
{
    if (!salt || length < ZKS_CLIENT_SALT_MIN_BYTES) {
        return ZKS_E_SALT;
    }
    if (is_descriptor(salt, length)) {
        return zks__crypto_argon2_parse((const char *)salt, length, out);
    }
    zks__argon2 a = {.memory_kib = 64 * 1024, .passes = 3, .salt_length = ZKS_SALT_BYTES};
    zks__crypto_salt(salt, length, a.salt);
    *out = a;
    return ZKS_OK;
}

zks_status zks__client_salt_check(const uint8_t *salt, size_t salt_length)
{
    zks__argon2 a;
    return read_salt(salt, salt_length, &a);
}

zks_status zks__client_secret_derive(const char *passphrase, size_t length, const uint8_t *salt,
                                     size_t salt_length, uint8_t out_secret[ZKS_KEY_BYTES],
                                     char out_descriptor[ZKS_ARGON2_TEXT_BYTES])
{
    zks__argon2 a;
    zks_status status = zks__crypto_init();
    if (!status) {
        status = read_salt(salt, salt_length, &a);
    }
    char descriptor[ZKS_ARGON2_TEXT_BYTES];
    if (!status) {
        status = zks__crypto_argon2_format(&a, descriptor);
    }
    if (!status) {
        status = zks__crypto_argon2_derive(&a, passphrase, length, out_secret);
    }
    if (!status && out_descriptor) {
        memcpy(out_descriptor, descriptor, sizeof descriptor);
    }
    return status;
}

/* --- a configuration's secrets --- */

typedef struct held_secrets {
    zks__client_secrets secrets;
    zks__arena *arena; /* holds this structure only */
} held_secrets;

zks__client_secrets *zks__client_secrets_new(void)
{
    zks__arena *arena = NULL;
    if (zks__crypto_init() || zks__arena_new(sizeof(held_secrets), &arena, NULL)) {
        return NULL;
    }
    held_secrets *held = zks__arena_alloc(arena, sizeof *held);
    held->arena = arena; /* it has just that room */
    return &held->secrets;
}

void zks__client_secrets_free(zks__client_secrets *secrets)
{
    if (secrets) {
        held_secrets *held = (held_secrets *)secrets;
        zks__arena *arena = held->arena;
        zks__arena_release(arena, held, sizeof *held);
        zks__arena_free(arena);
    }
}

void zks__client_shared_group_id(const uint8_t secret[ZKS_KEY_BYTES], uint8_t out_group_id[32])
{
    zks__group_root root;
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, secret, &root);
    memcpy(out_group_id, root.group_id, sizeof root.group_id);
    zks__wipe(&root, sizeof root);
}

zks_status zks__client_descriptor_salt(const char *descriptor, uint8_t out_salt[64],
                                       size_t *out_length)
{
    zks__argon2 a;
    zks_status status = zks__crypto_argon2_parse(descriptor, strlen(descriptor), &a);
    if (!status) {
        memcpy(out_salt, a.salt, a.salt_length);
        *out_length = a.salt_length;
    }
    return status;
}

void zks__client_invite_check(const void *payload, size_t length, uint8_t out[4])
{
    static const char label[] = "0k-invite-v3";
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    uint8_t lp[1 + sizeof label], hash[ZKS_HASH_BYTES];
    zks__writer w = zks__writer_of(lp, sizeof lp);
    zks__write_label(&w, label);
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, lp, w.length);
    suite->hash_update(&h, payload, length);
    suite->hash_final(&h, hash);
    memcpy(out, hash, 4);
}
