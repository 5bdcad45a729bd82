/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks init, zks group create|invite|relays|rotate|leave|restore; join: cmd_join.c. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_MS = 600 * 1000 }; /* without progress cli_finish gives up before */

static const char invite_cure[] =
    "make it with `zks group invite --relay ADDR`, with fewer relays.";

int cmd_init(cli *c, const cli_command *self)
{
    struct poptOption options[] = {CLI_ONLINE_OPTIONS(c), POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (cli_args_count(c)) {
        return cli_usage(c, "init", "init takes no argument; the store's name goes into --store.");
    }
    c->allow_new = true;
    code = cli_store_path(c);
    if (!code && access(c->path, F_OK) == 0) {
        code = cli_problem(
            c, CLI_STORE, "The store %s exists already: use it, or name another with --store FILE.",
            c->path);
    }
    bool has = false;
    code = code ? code : cli_group_look(c, &has);
    code = code ? code : cli_settings_save(c, c->relays);
    if (code) {
        return code;
    }
    if (c->json) {
        return cli_json(c, json_pack("{s:s, s:s}", "kind", "init", "store", c->path));
    }
    printf("Made the store %s. Next: `zks group create` or `zks join`.\n", c->path);
    return CLI_OK;
}

/* --- create --- */

typedef struct creation {
    cli_secret_options secret_options;
    cli_qr qr;
    char *name;
    int shared, no_recovery;
} creation;

/* Shown before anything else can go wrong: there is no second time. An exit code. */
static int show_new(cli *c, const zks_op *op, const cli_group_view *as)
{
    cli_group_view view = *as;
    char *words = NULL;
    size_t length = 0;
    const uint8_t *recovery = zks_op_bytes(op, ZKS_OP_RECOVERY_CODE, &length);
    if (recovery) {
        words = strndup((const char *)recovery, length);
        view.recovery = words;
    }
    int code = recovery && !words ? cli_fail(c, ZKS_E_NOMEM, NULL) : cli_group_show(c, &view);
    if (!code && words && (fflush(stdout) != 0 || ferror(stdout))) {
        code = cli_problem(c, CLI_FAILURE,
                           "The recovery code could not be shown (%m): remove %s and create the "
                           "group again.",
                           c->path);
    }
    cli_secret_free(words, length);
    return code;
}

static int make_group(cli *c, const cli_opening *how, const cli_qr *qr)
{
    zks_op *op = NULL;
    c->allow_new = true;
    int code = cli_group_refuse(c);
    code = code ? code : cli_settings_take(c);
    code = code ? code : cli_open_as(c, how, &op);
    if (!code && zks_op_status(op)) {
        code = cli_fail_op(c, op);
    }
    code = code ? code : show_new(c, op, &(cli_group_view){.done = "Created a group.", .qr = qr});
    code = code ? code : cli_settings_save(c, c->relays);
    zks_op_free(op);
    return code ? code : cli_group_contact(c);
}

static int create_paired(cli *c, const cli_command *self, creation *o, const cli_secret *suite)
{
    if (cli_qr_wanted(&o->qr)) {
        return cli_usage(c, self->name,
                         "A paired group has no invite to draw: make the group, then `zks pair "
                         "--qr`; or make a --shared one.");
    }
    int code = cli_device_name(c, &o->name);
    const cli_opening how = {
        .origin = CLI_CREATE, .secret = suite, .name = o->name, .no_recovery = o->no_recovery != 0};
    return code ? code : make_group(c, &how, NULL);
}

static int create_shared(cli *c, const cli_command *self, const creation *o, cli_secret *secret)
{
    int code;
    if (cli_secret_sources(&o->secret_options) > 1) {
        return cli_usage(c, self->name, "Name one source of the secret, not several.");
    }
    if (o->no_recovery) {
        return cli_usage(c, self->name, "Only a paired group has a recovery code to decline.");
    }
    if (cli_secret_sources(&o->secret_options)) {
        code = cli_secret_read(c, &o->secret_options, true, secret);
    } else {
        secret->has_secret = true;
        code = cli_random(c, secret->secret, sizeof secret->secret);
    }
    const cli_opening how = {.origin = CLI_STORED, .secret = secret, .name = o->name};
    return code ? code : make_group(c, &how, &o->qr);
}

static int create(cli *c, const cli_command *self, creation *o)
{
    cli_secret secret = {0};
    int code = cli_suite_read(c, self, o->secret_options.suite, &secret.suite);
    code = code ? code : cli_qr_check(c, self, &o->qr);
    if (!code && cli_args_count(c)) {
        code = cli_usage(c, self->name, "group create takes no argument.");
    } else if (!code && (o->shared || cli_secret_sources(&o->secret_options))) {
        code = create_shared(c, self, o, &secret);
    } else if (!code) {
        code = create_paired(c, self, o, &secret);
    }
    cli_secret_done(&secret);
    return code;
}

static int group_create(cli *c, const cli_command *self)
{
    creation o = {.secret_options = {.passphrase_fd = -1}};
    struct poptOption options[] = {
        CLI_ONLINE_OPTIONS(c),
        {"no-recovery", 0, POPT_ARG_NONE, &o.no_recovery, 0,
         "no recovery code: when all devices are lost, so is the group", NULL},
        CLI_NAME_OPTION(&o.name),
        CLI_SUITE_OPTION(&o.secret_options),
        {"shared", 0, POPT_ARG_NONE, &o.shared, 0,
         "a shared group with a new secret; the options below give it and imply this", NULL},
        CLI_SECRET_OPTIONS(&o.secret_options),
        CLI_QR_OPTIONS(&o.qr),
        POPT_TABLEEND};
    cli_qr_init(&o.qr, invite_cure);
    int code = cli_parse(c, self, options);
    code = code == CLI_GO_ON ? create(c, self, &o) : code;
    cli_qr_done(&o.qr);
    cli_secret_options_done(&o.secret_options);
    free(o.name);
    return code;
}

/* --- invite and relays --- */

static int refuse_paired(cli *c)
{
    return cli_report_number(c, ZKS_REPORT_GROUP_KIND) == ZKS_GROUP_KIND_PAIRED
               ? cli_problem(c, CLI_CONFIG,
                             "This group is paired and has no invite: `zks pair` lets a device in.")
               : CLI_OK;
}

static int group_invite(cli *c, const cli_command *self)
{
    cli_qr qr;
    struct poptOption options[] = {
        {"relay", 0, POPT_ARG_ARGV, &c->relays, 0, "relay to name in the invite", "ADDR"},
        CLI_QR_OPTIONS(&qr),
        POPT_TABLEEND};
    cli_qr_init(&qr, invite_cure);
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        const cli_group_view view = {.done = "An invite into this group.", .qr = &qr};
        code = cli_qr_check(c, self, &qr);
        code = code ? code : cli_open(c);
        code = code ? code : refuse_paired(c);
        code = code ? code : cli_group_show(c, &view);
    }
    cli_qr_done(&qr);
    return code;
}

static int print_relays(cli *c, char *const *relays)
{
    if (c->json) {
        json_t *array = json_array();
        for (size_t i = 0; relays[i]; i++) {
            json_array_append_new(array, json_string(relays[i]));
        }
        return cli_json(c, json_pack("{s:s, s:o}", "kind", "relays", "relays", array));
    }
    for (size_t i = 0; relays[i]; i++) {
        puts(relays[i]);
    }
    return CLI_OK;
}

static int group_relays(cli *c, const cli_command *self)
{
    struct poptOption options[] = {POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (cli_args_count(c) > ZKS_RELAYS_MAX) {
        return cli_usage(c, self->name, "At most %d relays can be used.", ZKS_RELAYS_MAX);
    }
    code = cli_store_path(c);
    if (!code && c->args[0]) {
        return cli_settings_save(c, (char *const *)(uintptr_t)c->args);
    }
    char **relays = NULL;
    code = code ? code : cli_settings_relays(c, &relays);
    code = code ? code : print_relays(c, relays);
    cli_list_free(relays);
    return code;
}

/* --- membership --- */

static int group_rotate(cli *c, const cli_command *self)
{
    struct poptOption options[] = {CLI_ONLINE_OPTIONS(c), POPT_TABLEEND};
    zks_op *op = NULL;
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (cli_args_count(c)) {
        return cli_usage(c, self->name, "group rotate takes no argument.");
    }
    code = cli_open_paired(c);
    code = code ? code : cli_must_go_online(c);
    if (!code) {
        zks_status status = zks_group_rotate(c->client, cli_wake, NULL, &op);
        code = cli_finish(c, status, op);
    }
    if (!code) {
        json_int_t epoch = (json_int_t)zks_op_number(op, ZKS_OP_EPOCH);
        if (c->json) {
            code = cli_json(c, json_pack("{s:s, s:I}", "kind", "epoch", "epoch", epoch));
        } else {
            printf("The group has fresh keys: epoch %lld.\n", (long long)epoch);
        }
    }
    zks_op_free(op);
    return code;
}

/* What is to be sent still goes out first. An exit code. */
static int flush_pending(cli *c)
{
    zks_op *op = NULL;
    if (!cli_report_number(c, ZKS_REPORT_PENDING_COUNT)) {
        return CLI_OK;
    }
    zks_status status = zks_client_flush(c->client, FLUSH_MS, cli_wake, NULL, &op);
    int code = cli_finish(c, status, op);
    zks_op_free(op);
    return code;
}

static int leave(cli *c, bool yes)
{
    zks_op *op = NULL;
    int code = cli_open(c);
    code = code ? code
                : cli_confirm(c, yes,
                              "Leave the group? This device can send and receive nothing any more; "
                              "what it has stays readable here. [y/N] ");
    code = code ? code : cli_must_go_online(c);
    code = code ? code : flush_pending(c);
    if (!code) {
        zks_status status = zks_group_leave(c->client, cli_wake, NULL, &op);
        code = cli_finish(c, status, op);
    }
    zks_op_free(op);
    if (!code && c->json) {
        code = cli_json(c, json_pack("{s:s, s:s}", "kind", "left", "store", c->path));
    } else if (!code) {
        puts("This device has left the group. What it has stays readable: `zks pull --offline`.");
    }
    return code;
}

static int group_leave(cli *c, const cli_command *self)
{
    int yes = 0;
    struct poptOption options[] = {CLI_YES_OPTION(&yes), CLI_ONLINE_OPTIONS(c), POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (cli_args_count(c)) {
        return cli_usage(c, self->name, "group leave takes no argument.");
    }
    return leave(c, yes != 0);
}

int cmd_group(cli *c, const cli_command *self)
{
    static const cli_part parts[] = {{"create", group_create},       {"join", cmd_join},
                                     {"invite", group_invite},       {"relays", group_relays},
                                     {"restore", cmd_group_restore}, {"rotate", group_rotate},
                                     {"leave", group_leave}};
    const cli_part *part = cli_part_find(c, parts, sizeof parts / sizeof *parts);
    if (part) {
        return part->run(c, self);
    }
    if (c->argc > 1 && (strcmp(c->argv[1], "--help") == 0 || strcmp(c->argv[1], "-h") == 0)) {
        cli_print_help(self, NULL);
        return CLI_OK;
    }
    return cli_usage(c, self->name,
                     "group does one of: create, join, invite, relays, restore, rotate, leave.");
}
