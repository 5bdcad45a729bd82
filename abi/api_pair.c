/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pairing: letting a device into a group. */
#include "abi/guard.h"
#include "abi/qr.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "client/client.h"

#include <string.h>

enum { RIGHTS = ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN, LIFE_MAX_S = 600 };

zks_status zks_pair_begin(zks_client *client, int32_t kind, uint32_t rights, uint32_t life_s,
                          zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_pair_begin, client);
    if (status) {
        return status;
    }
    bool known = kind == ZKS_PAIR_KIND_CODE || kind == ZKS_PAIR_KIND_LINK;
    if (!known || (rights & ~(uint32_t)RIGHTS) || life_s > LIFE_MAX_S) {
        return ZKS_E_INVALID;
    }
    return zks__client_pair_begin(client, kind, (uint8_t)rights, life_s, done, user, out_op);
}

zks_status zks_pair_begin_code(zks_client *client, const char *code, size_t length, uint32_t rights,
                               uint32_t life_s, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_pair_begin_code, client);
    if (status) {
        return status;
    }
    if (!code || (rights & ~(uint32_t)RIGHTS) || life_s > LIFE_MAX_S) {
        return ZKS_E_INVALID;
    }
    return zks__client_pair_begin_code(client, code, length, (uint8_t)rights, life_s, done, user,
                                       out_op);
}

zks_status zks_pair_code_new(uint8_t *out_code)
{
    return out_code ? zks__client_pair_code_new((char *)out_code) : ZKS_E_INVALID;
}

zks_status zks_pair_answer(zks_client *client, int32_t accept)
{
    zks_status status = zks__guard(ZKS_CALL_pair_answer, client);
    return status ? status : zks__client_pair_answer(client, accept != 0);
}

zks_status zks_qr_render(const char *text, size_t length, int32_t format, uint32_t scale,
                         size_t capacity, uint8_t *out_bytes, size_t *out_length)
{
    if (!text || !out_length || !zks__text_valid(text, length)) {
        return ZKS_E_INVALID;
    }
    char *copy = zks__alloc(length + 1); /* ends with NUL */
    if (!copy) {
        return ZKS_E_NOMEM;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    zks_status status = zks__qr_render(copy, format, scale, capacity, out_bytes, out_length);
    zks__wipe(copy, length);
    zks__free(copy);
    return status;
}
