/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/secret.h"

#include "group/keys.h"

uint8_t zks__client_suite(uint8_t suite, const uint8_t *salt, size_t salt_length)
{
    if (!suite) {
        suite = zks__crypto_descriptor_suite((const char *)salt, salt_length);
    }
    return suite ? suite : zks__crypto_suite_default();
}

zks_status zks__client_suite_check(uint8_t suite)
{
    zks_status status = zks__crypto_init();
    return status ? status : zks__crypto_suite_check(suite);
}

/* The descriptor that a salt is or stands for. */
static zks_status read_salt(uint8_t suite, const uint8_t *salt, size_t length,
                            char out[ZKS_DESCRIPTOR_BYTES])
{
    if (!salt || length < ZKS_CLIENT_SALT_MIN_BYTES) {
        return ZKS_E_SALT;
    }
    const char *text = (const char *)salt;
    uint8_t kind = zks__crypto_descriptor_suite(text, length);
    if (!kind) {
        return zks__crypto_descriptor_of_salt(zks__client_suite(suite, NULL, 0), salt, length, out);
    }
    if (suite && kind != suite) {
        return ZKS_E_DESCRIPTOR;
    }
    zks_status status = zks__crypto_descriptor_check(text, length, NULL, NULL);
    if (!status) {
        memcpy(out, text, length);
        out[length] = '\0';
    }
    return status;
}

zks_status zks__client_salt_check(uint8_t suite, const uint8_t *salt, size_t salt_length)
{
    char descriptor[ZKS_DESCRIPTOR_BYTES];
    zks_status status = zks__crypto_init();
    return status ? status : read_salt(suite, salt, salt_length, descriptor);
}

zks_status zks__client_secret_derive(uint8_t suite, const char *passphrase, size_t length,
                                     const uint8_t *salt, size_t salt_length,
                                     uint8_t out_secret[ZKS_KEY_BYTES],
                                     char out_descriptor[ZKS_DESCRIPTOR_BYTES])
{
    char descriptor[ZKS_DESCRIPTOR_BYTES];
    zks_status status = zks__crypto_init();
    if (!status) {
        status = read_salt(suite, salt, salt_length, descriptor);
    }
    if (!status) {
        status = zks__crypto_descriptor_derive(descriptor, strlen(descriptor), passphrase, length,
                                               out_secret);
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

zks_status zks__client_shared_group_id(uint8_t suite, const uint8_t secret[ZKS_KEY_BYTES],
                                       uint8_t out_group_id[32])
{
    zks__group_root root;
    zks_status status = zks__crypto_suite_check(suite);
    if (!status) {
        zks__group_root_derive(suite, ZKS_GROUP_MODE_SHARED, secret, &root);
        memcpy(out_group_id, root.group_id, sizeof root.group_id);
        zks__wipe(&root, sizeof root);
    }
    return status;
}

zks_status zks__client_descriptor_salt(uint8_t suite, const char *descriptor, uint8_t out_salt[64],
                                       size_t *out_length)
{
    size_t length = strlen(descriptor);
    if (zks__crypto_descriptor_suite(descriptor, length) != suite) {
        return ZKS_E_DESCRIPTOR;
    }
    return zks__crypto_descriptor_check(descriptor, length, out_salt, out_length);
}

zks_status zks__client_invite_check(uint8_t suite, const void *payload, size_t length,
                                    uint8_t out[4])
{
    static const char label[] = "0k-invite-v4";
    zks_status status = zks__crypto_init();
    status = status ? status : zks__crypto_suite_check(suite);
    if (status) {
        return status;
    }
    const zks__suite *functions = zks__crypto_suite(suite);
    uint8_t lp[1 + sizeof label], hash[ZKS_HASH_BYTES];
    zks__writer w = zks__writer_of(lp, sizeof lp);
    zks__write_label(&w, label);
    zks__hash h;
    functions->hash_init(&h);
    functions->hash_update(&h, lp, w.length);
    functions->hash_update(&h, payload, length);
    functions->hash_final(&h, hash);
    memcpy(out, hash, 4);
    return ZKS_OK;
}
