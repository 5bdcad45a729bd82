/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Options before and behind the command's name, and --help. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_HELP = 'h', VALUE_VERSION = 'V', VALUE_VERBOSE = 'v', OPTIONS_MAX = 32 };

void cli_globals_init(cli *c)
{
    const struct poptOption options[CLI_GLOBALS] = {
        {"store", 's', POPT_ARG_STRING, &c->store, 0, "the store's file (ZKS_STORE)", "FILE"},
        {"store-passphrase-file", 0, POPT_ARG_STRING, &c->store_phrase_file, 0,
         "the store's passphrase is in a file (-: standard input)", "FILE"},
        {"json", 'j', POPT_ARG_NONE, &c->json, 0, "one JSON object a line on standard output",
         NULL},
        {"verbose", 'v', POPT_ARG_NONE, NULL, VALUE_VERBOSE, "tell and log more (twice: all)",
         NULL},
        {"quiet", 'q', POPT_ARG_NONE, &c->quiet, 0, "errors only", NULL},
        {"log-level", 0, POPT_ARG_STRING, &c->log_level, 0, "off, error, warn, info or debug",
         "LEVEL"},
        {"progress", 0, POPT_ARG_NONE, &c->progress, 0, "tell the progress also to a file or pipe",
         NULL},
        {"version", 'V', POPT_ARG_NONE, NULL, VALUE_VERSION, "the version", NULL},
        {"help", 'h', POPT_ARG_NONE, NULL, VALUE_HELP, "this help", NULL},
        POPT_TABLEEND};
    memcpy(c->globals, options, sizeof options);
}

void cli_list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++) {
        free(list[i]);
    }
    free(list);
}

static int print_version(cli *c)
{
    uint32_t v = zks_abi_version();
    char library[32];
    snprintf(library, sizeof library, "%u.%u.%u", v >> 16, v >> 8 & 255, v & 255);
    if (c->json) {
        return cli_json(c, json_pack("{s:s, s:s, s:s}", "kind", "version", "version",
                                     ZKS_VERSION_TEXT, "library", library));
    }
    printf("zks %s (library %s)\n", ZKS_VERSION_TEXT, library);
    return CLI_OK;
}

static int check_values(cli *c, const char *command)
{
    static const char *const levels[] = {"off", "error", "warn", "info", "debug"};
    bool known = !c->log_level;
    for (size_t i = 0; !known && i < sizeof levels / sizeof *levels; i++) {
        known = strcmp(c->log_level, levels[i]) == 0;
    }
    if (!known) {
        return cli_usage(c, command, "There is no log level \"%s\".", c->log_level);
    }
    if (!(c->timeout_s >= 0 && c->timeout_s <= 86400)) {
        return cli_usage(c, command, "--timeout takes seconds, at most 86400.");
    }
    return CLI_GO_ON;
}

static int read_options(cli *c, const cli_command *self, poptContext context)
{
    const char *command = self ? self->name : "";
    int value;
    while ((value = poptGetNextOpt(context)) >= 0) {
        if (value == VALUE_VERBOSE) {
            c->verbose++;
        } else if (value == VALUE_HELP) {
            cli_print_help(self, context);
            return CLI_OK;
        } else if (value == VALUE_VERSION) {
            return print_version(c);
        }
    }
    if (value != -1) {
        return cli_usage(c, command, "%s: %s.", poptBadOption(context, 0), poptStrerror(value));
    }
    return check_values(c, command);
}

int cli_parse_globals(cli *c, int argc, const char **argv)
{
    poptContext context = poptGetContext("zks", argc, argv, c->globals, POPT_CONTEXT_POSIXMEHARDER);
    if (!context) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    c->contexts[0] = context;
    int code = read_options(c, NULL, context);
    const char **rest = poptGetArgs(context);
    for (c->argc = 0; rest && rest[c->argc]; c->argc++) {
    }
    c->argv = rest;
    return code;
}

int cli_parse(cli *c, const cli_command *self, struct poptOption *options)
{
    struct poptOption all[] = {
        {NULL, 0, POPT_ARG_INCLUDE_TABLE, options, 0, "Options of this command:", NULL},
        {NULL, 0, POPT_ARG_INCLUDE_TABLE, c->globals, 0, "Options of all commands:", NULL},
        POPT_TABLEEND};
    static const char *const no_args[] = {NULL};
    poptContext context = poptGetContext("zks", c->argc, c->argv, all, 0);
    if (!context) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    c->contexts[1] = context;
    int code = read_options(c, self, context);
    c->args = poptGetArgs(context);
    if (!c->args) {
        c->args = (const char **)(uintptr_t)no_args;
    }
    return code;
}

size_t cli_args_count(const cli *c)
{
    size_t count = 0;
    while (c->args[count]) {
        count++;
    }
    return count;
}
