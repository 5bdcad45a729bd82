/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The two helpers of transport.h that need no endpoint. */
#include "transport/tls.h"
#include "transport/udp.h"

#include "transport/transport.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

zks_status zks__transport_public_key(const uint8_t seed[ZKS_TRANSPORT_SEED_BYTES],
                                     uint8_t out_key[ZKS_LINK_KEY_BYTES])
{
    zks__tls_identity *identity = NULL;
    zks_status status = zks__tls_identity_new(seed, &identity);
    if (!status) {
        memcpy(out_key, zks__tls_identity_key(identity), ZKS_LINK_KEY_BYTES);
        zks__tls_identity_free(identity);
    }
    return status;
}

void zks__transport_address_text(const struct sockaddr *address,
                                 char out[ZKS_TRANSPORT_ADDRESS_TEXT])
{
    zks__address a;
    char text[INET6_ADDRSTRLEN] = "?";
    if (!zks__address_set(&a, address)) {
        snprintf(out, ZKS_TRANSPORT_ADDRESS_TEXT, "?");
        return;
    }
    (void)zks__address_fit(&a,
                           AF_INET); /* ::ffff:a.b.c.d is shown as the IPv4 address that it is */
    if (a.u.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a.u.v4.sin_addr, text, sizeof text);
        snprintf(out, ZKS_TRANSPORT_ADDRESS_TEXT, "%s:%u", text, (unsigned)ntohs(a.u.v4.sin_port));
    } else {
        inet_ntop(AF_INET6, &a.u.v6.sin6_addr, text, sizeof text);
        snprintf(out, ZKS_TRANSPORT_ADDRESS_TEXT, "[%s]:%u", text,
                 (unsigned)ntohs(a.u.v6.sin6_port));
    }
}
