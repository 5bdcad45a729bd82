/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Secrets and passphrases: from files, descriptors, the environment or the terminal, never from the
 * command line, which every user of the machine can read. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { HEX_SECRET = 2 * ZKS_SIZE_SECRET };

void cli_secret_free(char *data, size_t length)
{
    if (data) {
        explicit_bzero(data, length);
    }
    free(data);
}

void cli_secret_done(cli_secret *s)
{
    cli_secret_free(s->passphrase, s->passphrase_length);
    free(s->salt);
    explicit_bzero(s, sizeof *s);
}

void cli_secret_options_done(cli_secret_options *o)
{
    free(o->passphrase_file);
    free(o->secret_file);
    free(o->descriptor);
    free(o->suite);
}

int cli_random(cli *c, uint8_t *out, size_t length)
{
    if (getrandom(out, length, 0) == (ssize_t)length) {
        return CLI_OK;
    }
    return cli_problem(c, CLI_FAILURE, "The system gives no randomness (%m): check the machine.");
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool cli_unhex(const char *text, size_t text_length, uint8_t *out, size_t length)
{
    if (text_length != 2 * length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Length without the line end that editors add. */
static size_t without_newline(const char *data, size_t length)
{
    if (length && data[length - 1] == '\n') {
        length--;
        length -= length && data[length - 1] == '\r';
    }
    return length;
}

static int read_secret_file(cli *c, const char *name, cli_secret *out)
{
    char *data = NULL;
    size_t length = 0;
    int code = cli_read_file(c, "secret file", name, HEX_SECRET + 2, &data, &length);
    if (code) {
        return code;
    }
    if (length == ZKS_SIZE_SECRET) {
        memcpy(out->secret, data, ZKS_SIZE_SECRET);
        out->has_secret = true;
    } else {
        out->has_secret = cli_unhex(data, without_newline(data, length), out->secret,
                                    ZKS_SIZE_SECRET);
    }
    cli_secret_free(data, length);
    return out->has_secret
               ? CLI_OK
               : cli_problem(c, CLI_CONFIG,
                             "The secret file %s holds neither 32 bytes nor 64 hexadecimal digits: "
                             "make one with `head -c32 /dev/urandom`.",
                             name);
}

/* --- passphrases --- */

static int keep_passphrase(cli *c, char *data, size_t length, cli_secret *out)
{
    size_t used = without_newline(data, length);
    if (used == 0 || used > ZKS_SIZE_PASSPHRASE_MAX) {
        cli_secret_free(data, length);
        return cli_fail(c, ZKS_E_PASSPHRASE, NULL);
    }
    explicit_bzero(data + used, length - used);
    data[used] = '\0';
    out->passphrase = data;
    out->passphrase_length = used;
    return CLI_OK;
}

int cli_passphrase_file(cli *c, const char *name, cli_secret *out)
{
    char *data = NULL;
    size_t length = 0;
    int code = cli_read_file(c, "passphrase file", name, ZKS_SIZE_PASSPHRASE_MAX + 2, &data,
                             &length);
    return code ? code : keep_passphrase(c, data, length, out);
}

static int read_passphrase_fd(cli *c, int fd, cli_secret *out)
{
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    return cli_passphrase_file(c, name, out);
}

int cli_passphrase_text(cli *c, const char *text, cli_secret *out)
{
    char *copy = strdup(text);
    return copy ? keep_passphrase(c, copy, strlen(copy), out) : cli_fail(c, ZKS_E_NOMEM, NULL);
}

static int prompt(cli *c, bool twice, cli_secret *out)
{
    const char *known = secure_getenv("ZKS_PASSPHRASE");
    if (known) {
        return cli_passphrase_text(c, known, out);
    }
    char *line = NULL;
    int code = cli_ask(c, "Passphrase: ", &line);
    if (code) {
        return code;
    }
    if (!line) {
        return cli_problem(c, CLI_USAGE,
                           "There is no terminal to ask for the passphrase: use "
                           "--passphrase-file FILE, or set ZKS_PASSPHRASE.");
    }
    code = twice ? cli_ask_again(c, line) : CLI_OK;
    if (code) {
        cli_secret_free(line, strlen(line));
        return code;
    }
    return keep_passphrase(c, line, strlen(line), out);
}

/* A descriptor from another device; without one the library makes it, for this machine. */
static int take_salt(cli *c, const char *descriptor, cli_secret *out)
{
    if (!descriptor) {
        return CLI_OK;
    }
    out->salt_length = strlen(descriptor);
    out->salt = malloc(out->salt_length + 1);
    if (!out->salt) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    memcpy(out->salt, descriptor, out->salt_length);
    return CLI_OK;
}

int cli_secret_sources(const cli_secret_options *o)
{
    return (o->prompt != 0) + (o->passphrase_file != NULL) + (o->passphrase_fd >= 0) +
           (o->secret_file != NULL);
}

int cli_secret_read(cli *c, const cli_secret_options *o, bool twice, cli_secret *out)
{
    if (o->secret_file) {
        return read_secret_file(c, o->secret_file, out);
    }
    int code;
    if (o->passphrase_file) {
        code = cli_passphrase_file(c, o->passphrase_file, out);
    } else if (o->passphrase_fd >= 0) {
        code = read_passphrase_fd(c, o->passphrase_fd, out);
    } else {
        code = prompt(c, twice, out);
    }
    return code ? code : take_salt(c, o->descriptor, out);
}

static const struct {
    const char *name;
    int64_t suite;
} suites[] = {{"default", ZKS_SUITE_ID_DEFAULT}, {"approved", ZKS_SUITE_ID_APPROVED}};

const char *cli_suite_name(int64_t suite)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (suites[i].suite == suite) {
            return suites[i].name;
        }
    }
    return NULL;
}

int cli_suite_read(cli *c, const cli_command *self, const char *name, int64_t *out_suite)
{
    for (size_t i = 0; name && i < sizeof suites / sizeof *suites; i++) {
        if (strcmp(suites[i].name, name) == 0) {
            *out_suite = suites[i].suite;
            return CLI_OK;
        }
    }
    return name ? cli_usage(c, self->name, "--suite is one of: default, approved.") : CLI_OK;
}
