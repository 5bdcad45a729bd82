/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks relay: the relay that is in the library, in the foreground. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_MAX = 256 * 1024, LOOK_MS = 100, STOP_MS = 15000 };

/* Whether a word may stand in a line of the configuration. */
static bool is_plain(const char *text)
{
    return text[strcspn(text, "\r\n")] == '\0';
}

static int add_file(cli *c, const char *name, FILE *out)
{
    char *data = NULL;
    size_t length = 0;
    int code = cli_read_file(c, "configuration file", name, CONFIG_MAX, &data, &length);
    if (!code) {
        fwrite(data, 1, length, out);
        fputc('\n', out);
    }
    free(data);
    return code;
}

/* "--max-groups" and "5" become "max_groups = 5". */
static int add_option(cli *c, const char *name, size_t length, const char *value, FILE *out)
{
    if (!is_plain(value) || !length) {
        return cli_usage(c, "relay", "The value of --%.*s has a line break.", (int)length, name);
    }
    for (size_t i = 0; i < length; i++) {
        fputc(name[i] == '-' ? '_' : name[i], out);
    }
    fprintf(out, " = %s\n", value);
    return CLI_OK;
}

/* Reads one option at argv[*i]; the relay's own options are the library's business. */
static int take_option(cli *c, int *i, FILE *config, FILE *overrides)
{
    const char *word = c->argv[*i];
    if (strncmp(word, "--", 2) != 0 || !is_plain(word)) {
        return cli_usage(c, "relay", "\"%s\" is no option.", word);
    }
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const char *value = equals ? equals + 1 : c->argv[*i + 1];
    if (!value) {
        return cli_usage(c, "relay", "%s needs a value.", word);
    }
    *i += equals ? 1 : 2;
    if (length == strlen("config") && strncmp(name, "config", length) == 0) {
        return add_file(c, value, config);
    }
    return add_option(c, name, length, value, overrides);
}

static int flag_of(cli *c, const char *word)
{
    if (strcmp(word, "--json") == 0 || strcmp(word, "-j") == 0) {
        c->json = 1;
    } else if (strcmp(word, "--quiet") == 0 || strcmp(word, "-q") == 0) {
        c->quiet = 1;
    } else if (strcmp(word, "--verbose") == 0 || strcmp(word, "-v") == 0) {
        c->verbose++;
    } else {
        return 0;
    }
    return 1;
}

static int read_options(cli *c, FILE *config, FILE *overrides)
{
    int code = CLI_OK;
    for (int i = 1; i < c->argc && !code;) {
        if (flag_of(c, c->argv[i])) {
            i++;
        } else {
            code = take_option(c, &i, config, overrides);
        }
    }
    return code;
}

/* The text for zks_relay_start: the files first, since a later line wins. Owned. */
static int make_config(cli *c, char **out_text)
{
    char *file_text = NULL, *text = NULL;
    size_t file_length = 0, length = 0;
    FILE *files = open_memstream(&file_text, &file_length);
    FILE *overrides = open_memstream(&text, &length);
    int code = files && overrides ? read_options(c, files, overrides)
                                  : cli_fail(c, ZKS_E_NOMEM, NULL);
    if (files) {
        fclose(files);
    }
    if (overrides) {
        fclose(overrides);
    }
    if (!code && asprintf(out_text, "%s%s", file_text, text) < 0) {
        code = cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    free(file_text);
    free(text);
    return code;
}

/* Until op is complete; a signal cuts it short where it may. */
static bool wait_op(cli *c, zks_op *op, int64_t most_ms, bool heed_signals)
{
    for (int64_t end = cli_now_ms() + most_ms; cli_now_ms() < end;) {
        if (zks_op_wait(op, LOOK_MS) != ZKS_E_TIMEOUT) {
            return true;
        }
        cli_step(c, 0, -1);
        if (heed_signals && c->interrupted) {
            return false;
        }
    }
    return false;
}

static int announce(cli *c, const char *address)
{
    if (c->json) {
        cli_json(c, json_pack("{s:s, s:s}", "kind", "relay", "address", address));
    } else {
        printf("zks relay %s ready address=%s pid=%ld\n", ZKS_VERSION_TEXT, address,
               (long)getpid());
    }
    return cli_flush_output(c);
}

static int serve(cli *c, const char *config)
{
    zks_relay *relay = NULL;
    zks_op *op = NULL;
    zks_status status = zks_relay_start(c->runtime, config, NULL, NULL, &op, &relay);
    if (status) {
        return cli_fail(c, status, NULL);
    }
    int code = CLI_OK;
    if (wait_op(c, op, INT32_MAX, true)) {
        code = zks_op_status(op) ? cli_fail_op(c, op) : announce(c, zks_relay_address(relay));
    }
    zks_op_free(op);
    while (!code && !c->interrupted) {
        cli_step(c, -1, -1);
    }
    if (!code && zks_relay_stop(relay, NULL, NULL, &op) == ZKS_OK) {
        wait_op(c, op, STOP_MS, false);
        zks_op_free(op);
    }
    zks_relay_free(relay);
    return code;
}

int cmd_relay(cli *c, const cli_command *self)
{
    for (int i = 1; i < c->argc; i++) {
        if (strcmp(c->argv[i], "--help") == 0 || strcmp(c->argv[i], "-h") == 0) {
            cli_print_help(self, NULL);
            return CLI_OK;
        }
    }
    char *config = NULL;
    int code = make_config(c, &config);
    if (!code && !c->quiet && !c->verbose) {
        c->verbose = 1; /* a relay in the foreground tells what it does */
    }
    code = code ? code : cli_runtime(c);
    code = code ? code : serve(c, config);
    free(config);
    return code;
}
