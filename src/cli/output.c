/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the user sees: sentences, progress, JSON, payloads. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_MS = 200, PROGRESS_PIPE_MS = 1000 };

/* Six digits are enough for seconds. */
#define JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(6))

/* --- sentences --- */

int cli_exit_code(zks_status status)
{
    if (status == ZKS_OK) {
        return CLI_OK;
    }
    if (zks_status_class(status) == ZKS_CLASS_SECURITY) {
        return CLI_SECURITY;
    }
    if (status == ZKS_E_WRONG_CODE || (status <= ZKS_E_CODE_UNKNOWN && status > ZKS_E_TRUNCATED)) {
        return CLI_PAIRING;
    }
    if (status <= ZKS_E_STORE_BUSY && status > ZKS_E_NOT_CONNECTED) {
        return CLI_STORE;
    }
    switch (zks_status_class(status)) {
    case ZKS_CLASS_RETRY:
        return CLI_NETWORK;
    case ZKS_CLASS_CONFIG:
        return CLI_CONFIG;
    default:
        return CLI_FAILURE;
    }
}

static void print_problem(cli *c, int code, zks_status status, const char *text)
{
    cli_progress_end(c);
    fflush(stdout);
    fprintf(stderr, "zks: %s\n", text);
    if (c->json) {
        json_t *object = json_pack("{s:s, s:i, s:s*, s:s}", "kind", "error", "exit", code, "status",
                                   status ? zks_status_name(status) : NULL, "text", text);
        if (object) {
            json_dumpf(object, stdout, JSON_FLAGS);
            putchar('\n');
            json_decref(object);
        }
    }
}

int cli_problem(cli *c, int code, const char *format, ...)
{
    char text[CLI_TEXT_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    print_problem(c, code, ZKS_OK, text);
    return code;
}

int cli_usage(cli *c, const char *command, const char *format, ...)
{
    char text[CLI_TEXT_MAX];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n >= 0 && (size_t)n < sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n, " See `zks %s%s--help`.", command,
                 *command ? " " : "");
    }
    print_problem(c, CLI_USAGE, ZKS_OK, text);
    return CLI_USAGE;
}

int cli_fail_as(cli *c, int code, zks_status status, const char *text)
{
    print_problem(c, code, status, text && *text ? text : zks_status_text(status));
    return code;
}

int cli_fail(cli *c, zks_status status, const char *text)
{
    return cli_fail_as(c, cli_exit_code(status), status, text);
}

int cli_fail_op(cli *c, const zks_op *op)
{
    return cli_fail(c, zks_op_status(op), zks_op_text(op));
}

void cli_note(cli *c, const char *format, ...)
{
    if (c->quiet) {
        return;
    }
    cli_progress_end(c);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

/* --- progress --- */

void cli_progress(cli *c, const char *format, ...)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (c->quiet || (!terminal && !c->progress)) {
        return;
    }
    int64_t now = cli_now_ms();
    if (c->progress_ms && now - c->progress_ms < (terminal ? PROGRESS_MS : PROGRESS_PIPE_MS)) {
        return;
    }
    c->progress_ms = now;
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputs(terminal ? "\033[K\r" : "\n", stderr);
    c->progress_line = terminal;
}

void cli_progress_end(cli *c)
{
    if (c->progress_line) {
        fputs("\033[K", stderr);
        c->progress_line = false;
    }
}

/* --- JSON --- */

int cli_json(cli *c, json_t *object)
{
    if (!object) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    json_dumpf(object, stdout, JSON_FLAGS);
    putchar('\n');
    json_decref(object);
    return CLI_OK;
}

int cli_flush_output(cli *c)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return CLI_OK;
    }
    if (errno == EPIPE) {
        return CLI_FAILURE; /* the reader has had enough, as of `zks pull | head` */
    }
    return cli_problem(c, CLI_FAILURE, "The output cannot be written (%m): nothing more was read.");
}

static const char hex_digits[] = "0123456789abcdef";

void cli_hex(const uint8_t *data, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = hex_digits[data[i] >> 4];
        out[2 * i + 1] = hex_digits[data[i] & 15];
    }
    out[2 * length] = '\0';
}

void cli_base32(const uint8_t key[ZKS_SIZE_RELAY_KEY], char out[CLI_KEY_TEXT])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned count = 0;
    size_t n = 0;
    for (size_t i = 0; i < ZKS_SIZE_RELAY_KEY; i++) {
        bits = bits << 8 | key[i];
        for (count += 8; count >= 5; count -= 5) {
            out[n++] = digits[bits >> (count - 5) & 31];
        }
        bits &= (1U << count) - 1;
    }
    out[n++] = digits[bits << (5 - count) & 31];
    out[n] = '\0';
}

json_t *cli_json_hex(const uint8_t *data, size_t length)
{
    char text[CLI_ID_TEXT];
    if (!data || 2 * length >= sizeof text) {
        return json_null();
    }
    cli_hex(data, length, text);
    return json_string(text);
}

static char *base64(const uint8_t *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = malloc((length + 2) / 3 * 4 + 1);
    if (!out) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t v = (uint32_t)data[i] << 16;
        v |= left > 1 ? (uint32_t)data[i + 1] << 8 : 0;
        v |= left > 2 ? (uint32_t)data[i + 2] : 0;
        out[n++] = digits[v >> 18];
        out[n++] = digits[v >> 12 & 63];
        out[n++] = left > 1 ? digits[v >> 6 & 63] : '=';
        out[n++] = left > 2 ? digits[v & 63] : '=';
    }
    out[n] = '\0';
    return out;
}

bool cli_json_payload(json_t *object, const uint8_t *data, size_t length)
{
    json_t *text = json_stringn(length ? (const char *)data : "", length);
    if (text) { /* which jansson makes of valid UTF-8 only */
        return json_object_set_new(object, "text", text) == 0;
    }
    char *encoded = base64(data, length);
    bool ok = encoded && json_object_set_new(object, "base64", json_string(encoded)) == 0;
    free(encoded);
    return ok;
}

/* --- payloads --- */

/* Bytes of the UTF-8 character at data, 0 where there is none or it is a control character. */
static size_t printable_at(const uint8_t *data, size_t left)
{
    uint8_t b = data[0];
    if (b < 0x80) {
        return b >= 0x20 && b != 0x7f && b != '\\';
    }
    size_t length = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
    if (b < 0xc2 || b > 0xf4 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* C1 controls, and the marks that turn the direction of writing */
    bool control = b == 0xc2 && data[1] < 0xa0;
    bool turns = b == 0xe2 && ((data[1] == 0x80 && data[2] >= 0xaa && data[2] <= 0xae) ||
                               (data[1] == 0x81 && data[2] >= 0xa6 && data[2] <= 0xa9));
    return control || turns ? 0 : length;
}

static void print_escape(FILE *out, uint8_t b)
{
    static const char names[] = "\a\b\t\n\v\f\r\\";
    static const char letters[] = "abtnvfr\\";
    const char *name = b ? strchr(names, b) : NULL;
    if (name) {
        fputc('\\', out);
        fputc(letters[name - names], out);
    } else {
        fprintf(out, "\\x%02x", b);
    }
}

void cli_print_escaped(FILE *out, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t n = printable_at(data + i, length - i);
        if (n) {
            fwrite(data + i, 1, n, out);
            i += n;
        } else {
            print_escape(out, data[i++]);
        }
    }
}

bool cli_is_name(const char *text)
{
    zks_config *config = NULL;
    bool is = *text && zks_config_new(&config) == ZKS_OK &&
              zks_config_set_text(config, ZKS_OPTION_DEVICE_NAME, text) == ZKS_OK;
    zks_config_free(config);
    return is;
}

void cli_escape(const char *text, char out[CLI_NAME_TEXT])
{
    FILE *memory = fmemopen(out, CLI_NAME_TEXT, "w");
    *out = '\0';
    if (memory) {
        cli_print_escaped(memory, (const uint8_t *)text, strnlen(text, ZKS_SIZE_NAME_MAX));
        fclose(memory); /* which ends it with NUL */
    }
}
