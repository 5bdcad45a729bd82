/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/address.h"

#include "base/base32.h"

#include <string.h>

static bool parse_port(const char *text, size_t length, uint16_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || v > 65535) {
            return false;
        }
        v = v * 10 + (uint32_t)(text[i] - '0');
    }
    *out = (uint16_t)v;
    return length > 0 && v > 0 && v <= 65535;
}

static bool parse_host(const char *text, size_t length, zks__host *out)
{
    const char *end = text + length, *name = text, *after;
    if (length && *text == '[') {
        name++;
        after = memchr(text, ']', length);
        if (!after) {
            return false;
        }
    } else {
        after = memchr(text, ':', length);
        after = after ? after : end;
    }
    size_t name_length = (size_t)(after - name);
    if (!name_length || name_length >= sizeof out->name) {
        return false;
    }
    memcpy(out->name, name, name_length);
    out->name[name_length] = '\0';
    after += after < end && *after == ']';
    if (after == end) {
        out->port = ZKS_ADDRESS_DEFAULT_PORT;
        return true;
    }
    return *after == ':' && parse_port(after + 1, (size_t)(end - after - 1), &out->port);
}

zks_status zks__address_parse(const char *text, zks__address *out, const char **out_problem)
{
    zks__address a = {0};
    if (strncmp(text, "zks://", 6) == 0) {
        text += 6;
    } else if (strstr(text, "://")) {
        *out_problem =
            "this kind of relay address is not supported; use zks://key@host:port or host:port";
        return ZKS_E_ADDRESS;
    }
    const char *at = strchr(text, '@');
    if (at) {
        a.has_key = true;
        if (!zks__base32_key_read(text, (size_t)(at - text), a.key)) {
            *out_problem = "the relay key before the @ is not 52 characters of base32; copy the "
                           "address that the relay "
                           "prints when it starts";
            return ZKS_E_ADDRESS;
        }
        text = at + 1;
    }
    for (;;) {
        size_t length = strcspn(text, ",");
        if (a.host_count == ZKS_ADDRESS_HOSTS_MAX ||
            !parse_host(text, length, &a.hosts[a.host_count])) {
            *out_problem =
                "the relay address needs host:port, with a port from 1 to 65535; for example "
                "relay.example.org:4433 or [2001:db8::1]:4433";
            return ZKS_E_ADDRESS;
        }
        a.host_count++;
        text += length;
        if (!*text) {
            break;
        }
        text++;
    }
    *out = a;
    return ZKS_OK;
}

static const char scheme[] = "zks://";
enum { SCHEME_LENGTH = sizeof scheme - 1 };

const char *zks__address_without_key(const char *address, size_t *length)
{
    const char *at = memchr(address, '@', *length);
    size_t before = at ? (size_t)(at + 1 - address)
                    : *length >= SCHEME_LENGTH && memcmp(address, scheme, SCHEME_LENGTH) == 0
                        ? SCHEME_LENGTH
                        : 0;
    *length -= before;
    return address + before;
}

bool zks__address_with_key(const char *address, size_t length, const uint8_t key[32],
                           char out[ZKS_ADDRESS_TEXT_BYTES])
{
    const size_t before = SCHEME_LENGTH + ZKS_BASE32_KEY_CHARS + 1;
    address = zks__address_without_key(address, &length);
    if (length >= ZKS_ADDRESS_TEXT_BYTES - before) {
        return false;
    }
    memcpy(out, scheme, SCHEME_LENGTH);
    zks__base32_key(key, out + SCHEME_LENGTH);
    out[before - 1] = '@';
    memcpy(out + before, address, length);
    out[before + length] = '\0';
    return true;
}
