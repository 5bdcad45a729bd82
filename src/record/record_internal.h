/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What reading and making records share. Private to src/record. */
#ifndef ZKS_RECORD_RECORD_INTERNAL_H
#define ZKS_RECORD_RECORD_INTERNAL_H

#include "record/record.h"

/* lp("0k-record-sig-v1") lp(role) H(part): what is signed. */
typedef struct zks__signed_text {
    uint8_t bytes[64];
    size_t length;
} zks__signed_text;
zks__signed_text zks__record_signed_text(const zks__suite *suite, const char *role,
                                         const uint8_t *part, size_t length);

/* What an EPOCH must be by itself: ZKS_E_MALFORMED, ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__record_epoch_form(const zks__suite *suite, const zks__epoch *e);

#endif
