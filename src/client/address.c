/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/address.h"

#include <string.h>

enum { KEY_TEXT_LENGTH = 52 };

static int base32_value(char c)
{
    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static bool parse_key(const char *text, size_t length, uint8_t out[32])
{
    if (length != KEY_TEXT_LENGTH) {
        return false;
    }
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        int v = base32_value(text[i]);
        if (v < 0) {
            return false;
        }
        bits = bits << 5 | (uint32_t)v;
        count += 5;
        if (count >= 8) {
            count -= 8;
            out[written++] = (uint8_t)(bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    return written == 32 && bits == 0; /* the last 4 bits carry nothing */
}

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
        if (!parse_key(text, (size_t)(at - text), a.key)) {
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
