/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Relay addresses: `zks://<key>@host:port[,host:port...]` (key in base32, RFC 4648 lower case
 * without padding), `zks://host[:port]` and `host[:port]` (the key is pinned at first use). IPv6
 * hosts stand in brackets. Pure.
 */
#ifndef ZKS_CLIENT_ADDRESS_H
#define ZKS_CLIENT_ADDRESS_H

#include "base/status.h"

#include <stdbool.h>

enum { ZKS_ADDRESS_DEFAULT_PORT = 4433, ZKS_ADDRESS_HOST_BYTES = 256, ZKS_ADDRESS_HOSTS_MAX = 8 };

typedef struct zks__host {
    char name[ZKS_ADDRESS_HOST_BYTES];
    uint16_t port;
} zks__host;

typedef struct zks__address {
    bool has_key;
    uint8_t key[32];
    size_t host_count;
    zks__host hosts[ZKS_ADDRESS_HOSTS_MAX];
} zks__address;

/* ZKS_E_ADDRESS; *out_problem is then a static sentence with the cure. */
ZKS_MUST_USE zks_status zks__address_parse(const char *text, zks__address *out,
                                           const char **out_problem);

/* The part behind scheme and key, as links and bundles have it; *length is that of the text before
 * and of the part after. */
const char *zks__address_without_key(const char *address, size_t *length);
/* "zks://<key>@..." of an address with or without scheme and key; the key named here counts. false:
 * it would be too long. */
enum { ZKS_ADDRESS_TEXT_BYTES = ZKS_SIZE_ADDRESS_MAX + 1 };
bool zks__address_with_key(const char *address, size_t length, const uint8_t key[32],
                           char out[ZKS_ADDRESS_TEXT_BYTES]);

#endif
