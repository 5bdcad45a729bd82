/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/constants.h"
#include "abi/guard.h"
#include "client/secret.h"

uint32_t zks_abi_version(void)
{
    return ZKS_ABI_VERSION;
}

static const struct constant {
    const char *name;
    int64_t value;
} constants[] = {
#define CONSTANT(name) {#name, name},
    ZKS_CONSTANT_TABLE(CONSTANT)
#undef CONSTANT
};

zks_status zks_constant_at(uint32_t i, const char **out_name, int64_t *out_value)
{
    if (!out_name || !out_value) {
        return ZKS_E_INVALID;
    }
    if (i >= ZKS_COUNTOF(constants)) {
        return ZKS_E_NOT_FOUND;
    }
    *out_name = constants[i].name;
    *out_value = constants[i].value;
    return ZKS_OK;
}

zks_status zks_secret_derive(const char *passphrase, size_t length, const uint8_t *salt,
                             size_t salt_length, uint8_t *out_secret, uint8_t *out_group_id)
{
    if (!passphrase || !salt || !out_secret) {
        return ZKS_E_INVALID;
    }
    if (!length || length > ZKS_SIZE_PASSPHRASE_MAX) {
        return ZKS_E_PASSPHRASE;
    }
    if (!zks__text_valid(passphrase, length)) {
        return ZKS_E_INVALID;
    }
    zks_status status = zks__client_secret_derive(0, passphrase, length, salt, salt_length,
                                                  out_secret, NULL);
    if (!status && out_group_id) {
        status = zks__client_shared_group_id(zks__client_suite(0, salt, salt_length), out_secret,
                                             out_group_id);
    }
    return status;
}

const char *zks_status_name(zks_status status)
{
    return zks__status_name(status);
}

const char *zks_status_text(zks_status status)
{
    return zks__status_text(status);
}

int32_t zks_status_class(zks_status status)
{
    return zks__status_class(status);
}
