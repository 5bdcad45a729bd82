/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/private.h"

#include <sodium.h>

_Static_assert(sodium_base64_ENCODED_LEN(ZKS_PHC_SALT_MAX,
                                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING) ==
                   ZKS_PHC_SALT_TEXT,
               "the salt's text and its end");

void zks__phc_expect(zks__reader *r, const char *text)
{
    size_t length = strlen(text);
    const uint8_t *p = zks__read_bytes(r, length);
    if (p && memcmp(p, text, length) != 0) {
        r->status = ZKS_E_MALFORMED;
    }
}

uint32_t zks__phc_number(zks__reader *r)
{
    uint32_t v = 0;
    size_t digits = 0;
    while (r->left && *r->next >= '0' && *r->next <= '9' && digits < 9) {
        if (digits && v == 0) {
            break;
        }
        v = v * 10 + (uint32_t)(zks__read_u8(r) - '0');
        digits++;
    }
    if (!digits && !r->status) {
        r->status = ZKS_E_MALFORMED;
    }
    return v;
}

bool zks__phc_salt(const zks__reader *r, uint8_t out[ZKS_PHC_SALT_MAX], size_t *out_length)
{
    const char *text = (const char *)r->next, *end = NULL;
    size_t length = 0;
    int bad = sodium_base642bin(out, ZKS_PHC_SALT_MAX, text, r->left, NULL, &length, &end,
                                sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    if (bad || end != text + r->left || length < ZKS_PHC_SALT_MIN) {
        return false;
    }
    *out_length = length;
    return true;
}

void zks__phc_write_salt(const uint8_t *salt, size_t length, char out[ZKS_PHC_SALT_TEXT])
{
    sodium_bin2base64(out, ZKS_PHC_SALT_TEXT, salt, length,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
