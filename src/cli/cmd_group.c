/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks init, zks group create|join|invite|relays. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CONTACT_MS = 5000, INVITE_MAX = 16 * 1024 };

/* Opens the store without a secret; *out_has: it holds a group. An exit code. */
static int look_for_group(cli *c, bool *out_has)
{
    zks_status status = ZKS_OK;
    int code = cli_open(c, NULL, NULL, &status);
    cli_close(c);
    if (code) {
        return code;
    }
    if (status == ZKS_E_CONFIG || status == ZKS_E_STORE_GROUP) {
        status = ZKS_E_NOT_FOUND;
    }
    *out_has = status == ZKS_OK;
    return status && status != ZKS_E_NOT_FOUND ? CLI_GO_ON : CLI_OK;
}

/* The same for a command that is about to make a group; says what is wrong. An exit code. */
static int refuse_group(cli *c)
{
    bool has = false;
    int code = cli_store_path(c);
    if (code || access(c->path, F_OK) != 0) {
        return code; /* what is wrong with the place shows when the store is made */
    }
    code = look_for_group(c, &has);
    if (code == CLI_GO_ON) { /* again, with its sentence */
        code = cli_open(c, NULL, NULL, NULL);
        cli_close(c);
    }
    if (!code && has) {
        code = cli_problem(c, CLI_CONFIG,
                           "The store %s belongs to a group already: use --store FILE for another "
                           "one, or `zks group invite` to let a device in.",
                           c->path);
    }
    return code;
}

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
    code = code ? code : look_for_group(c, &has);
    if (code == CLI_GO_ON) {
        return cli_open(c, NULL, NULL, NULL);
    }
    code = code ? code : cli_settings_save(c, c->relays);
    if (code) {
        return code;
    }
    if (c->json) {
        return cli_json(c, json_pack("{s:s, s:s}", "kind", "init", "store", c->path));
    }
    printf("Made the store %s. Next: `zks group create` or `zks group join`.\n", c->path);
    return CLI_OK;
}

/* --- what create, join and invite print --- */

static json_t *json_relays(const char *lines)
{
    json_t *array = json_array();
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        json_array_append_new(array, json_stringn(lines, length));
        lines += length + (lines[length] == '\n');
    }
    return array;
}

static json_t *json_group(const zks_report *report, const zks_invite *invite, bool show_invite)
{
    size_t n = 0;
    const uint8_t *group = zks_report_bytes(report, ZKS_REPORT_GROUP_ID, &n);
    const uint8_t *device = zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n);
    json_t *object = json_pack("{s:s, s:o, s:o, s:s*, s:s, s:o}", "kind", "group", "group_id",
                               cli_json_hex(group, ZKS_SIZE_GROUP_ID), "device_id",
                               cli_json_hex(device, ZKS_SIZE_DEVICE_ID), "device_name",
                               zks_report_text(report, ZKS_REPORT_DEVICE_NAME), "store",
                               zks_report_text(report, ZKS_REPORT_STORE_PATH), "relays",
                               json_relays(zks_invite_text(invite, ZKS_INVITE_RELAYS)));
    const char *suite = cli_suite_name(zks_report_number(report, ZKS_REPORT_SUITE));
    if (object && suite) {
        json_object_set_new(object, "suite", json_string(suite));
    }
    const char *descriptor = zks_invite_text(invite, ZKS_INVITE_DESCRIPTOR);
    if (object && descriptor && *descriptor) {
        json_object_set_new(object, "descriptor", json_string(descriptor));
    }
    if (object && show_invite) {
        json_object_set_new(object, "invite",
                            json_string(zks_invite_text(invite, ZKS_INVITE_LINK)));
    }
    return object;
}

static void print_invite(const zks_invite *invite)
{
    printf("\nTo join another device, run `zks group join -` there and give it this invite:\n\n"
           "%s\n\n"
           "Keep it secret: whoever has it can read and write everything in this group.\n",
           zks_invite_text(invite, ZKS_INVITE_LINK));
    const char *descriptor = zks_invite_text(invite, ZKS_INVITE_DESCRIPTOR);
    if (descriptor && *descriptor) {
        printf("\nOr with the passphrase (the descriptor is no secret):\n"
               "  zks group join --passphrase --descriptor '%s' --relay ADDR\n",
               descriptor);
    }
}

static void print_group(const zks_report *report, const char *done)
{
    char id[CLI_ID_TEXT] = "";
    size_t n = 0;
    const uint8_t *device = zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n);
    if (device) {
        cli_hex(device, n, id);
    }
    const char *name = zks_report_text(report, ZKS_REPORT_DEVICE_NAME);
    printf("%s This device is %.16s%s%s.\n", done, id, name && *name ? ", " : "", name ? name : "");
}

/* qr NULL: this is not the place for an invite. */
static int print_all(cli *c, const char *done, const zks_report *report, const zks_invite *invite,
                     const cli_qr *qr)
{
    if (c->json) {
        json_t *object = json_group(report, invite, qr != NULL);
        int code = object && qr ? cli_qr_show(c, qr, invite, object) : CLI_OK;
        int printed = cli_json(c, object);
        return code ? code : printed;
    }
    print_group(report, done);
    if (qr) {
        print_invite(invite);
        return cli_qr_show(c, qr, invite, NULL);
    }
    return CLI_OK;
}

static int show_group(cli *c, const char *done, const cli_qr *qr)
{
    zks_invite *invite = NULL;
    zks_report *report = NULL;
    zks_status status = zks_invite_shared(c->client, NULL, &invite);
    if (!status) {
        status = zks_report_get(c->client, &report);
    }
    int code = status ? cli_fail(c, status, NULL) : CLI_OK;
    if (!code) {
        code = print_all(c, done, report, invite, qr);
    }
    if (!code && qr) {
        code = cli_qr_write(c, qr, invite);
    }
    zks_report_free(report);
    zks_invite_free(invite);
    return code;
}

/* --- create and join --- */

/* One attempt at the relays, to tell a wrong address at once. An exit code: only what cannot pass
 * by itself is a failure. */
static int first_contact(cli *c)
{
    if (!c->relays || !c->relays[0]) {
        cli_note(c, "zks: no relay is known yet: name one with `zks group relays ADDR`.");
        return CLI_OK;
    }
    int code = cli_connect(c);
    if (code) {
        return code;
    }
    bool complete = cli_wait(c, c->connect_op, FIRST_CONTACT_MS);
    if (c->interrupted) {
        return 128 + c->interrupted;
    }
    zks_status status = complete ? zks_op_status(c->connect_op) : ZKS_E_UNREACHABLE;
    if (!status) {
        return CLI_OK;
    }
    const char *text = complete ? zks_op_text(c->connect_op) : zks_status_text(status);
    if (zks_status_class(status) == ZKS_CLASS_RETRY) {
        cli_note(c, "zks: %s It is tried again at the next push, pull or watch.", text);
        return CLI_OK;
    }
    c->net_status = status;
    snprintf(c->net_text, sizeof c->net_text, "%s", text);
    return cli_fail_offline(c, "The group is in the store, but its relay cannot be used "
                               "(`zks group relays ADDR` names another).");
}

static int make_group(cli *c, const cli_secret *secret, const char *name, const char *done,
                      const cli_qr *qr)
{
    c->allow_new = true;
    int code = refuse_group(c);
    code = code ? code : cli_open(c, secret, name, NULL);
    code = code ? code : cli_settings_save(c, c->relays);
    code = code ? code : first_contact(c);
    return code ? code : show_group(c, done, qr);
}

/* From where the options say, or a new one. An exit code. */
static int create_secret(cli *c, cli_secret_options *o, cli_secret *out)
{
    if (cli_secret_sources(o) > 1) {
        return cli_usage(c, "group", "Name one source of the secret, not several.");
    }
    if (cli_secret_sources(o)) {
        return cli_secret_read(c, o, true, out);
    }
    out->has_secret = true;
    return cli_random(c, out->secret, sizeof out->secret);
}

static int group_create(cli *c, const cli_command *self)
{
    cli_secret_options o = {.passphrase_fd = -1};
    cli_qr qr;
    char *name = NULL;
    struct poptOption options[] = {
        CLI_ONLINE_OPTIONS(c),
        CLI_SECRET_OPTIONS(&o),
        CLI_SUITE_OPTION(&o),
        CLI_QR_OPTIONS(&qr),
        {"name", 'n', POPT_ARG_STRING, &name, 0, "this device's name, for the group only", "NAME"},
        POPT_TABLEEND};
    cli_secret secret = {0};
    cli_qr_init(&qr);
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON && cli_suite_read(c, o.suite, &secret.suite)) {
        code = CLI_USAGE;
    } else if (code == CLI_GO_ON && cli_args_count(c)) {
        code = cli_usage(c, "group", "group create takes no argument.");
    } else if (code == CLI_GO_ON) {
        code = cli_qr_check(c, &qr);
        code = code ? code : create_secret(c, &o, &secret);
        code = code ? code : make_group(c, &secret, name, "Created a group.", &qr);
    }
    cli_qr_done(&qr);
    cli_secret_done(&secret);
    cli_secret_options_done(&o);
    free(name);
    return code;
}

/* The invite's relays become those of this run, unless --relay named some. */
static int take_relays(cli *c, const zks_invite *invite)
{
    const char *lines = zks_invite_text(invite, ZKS_INVITE_RELAYS);
    if (c->relays) {
        return CLI_OK;
    }
    c->relays = calloc(ZKS_RELAYS_MAX + 1, sizeof *c->relays);
    for (size_t i = 0; c->relays && lines && *lines && i < ZKS_RELAYS_MAX; i++) {
        size_t length = strcspn(lines, "\n");
        c->relays[i] = strndup(lines, length);
        lines += length + (lines[length] == '\n');
    }
    return c->relays ? CLI_OK : cli_fail(c, ZKS_E_NOMEM, NULL);
}

static int read_invite(cli *c, const char *link, size_t length, cli_secret *out)
{
    while (length && strchr(" \t\r\n", link[length - 1])) {
        length--;
    }
    while (length && strchr(" \t\r\n", *link)) {
        link++;
        length--;
    }
    zks_invite *invite = NULL;
    zks_status status = zks_invite_parse(link, length, &invite);
    if (status) {
        return cli_problem(c, CLI_CONFIG, "This invite cannot be read (%s): copy it whole. %s",
                           zks_status_name(status), zks_status_text(status));
    }
    size_t n = 0;
    const uint8_t *bytes = zks_invite_bytes(invite, ZKS_INVITE_SECRET, &n);
    if (bytes && n == sizeof out->secret) {
        memcpy(out->secret, bytes, n);
        out->has_secret = true;
    }
    out->suite = zks_invite_number(invite, ZKS_INVITE_SUITE);
    int code = take_relays(c, invite);
    zks_invite_free(invite);
    return code;
}

static int read_link(cli *c, const char *link, cli_secret *out)
{
    if (strcmp(link, "-") != 0) {
        return read_invite(c, link, strlen(link), out);
    }
    char *data = NULL;
    size_t length = 0;
    int code = cli_read_file(c, "invite", "-", INVITE_MAX, &data, &length);
    code = code ? code : read_invite(c, data, length, out);
    cli_secret_free(data, length);
    return code;
}

static int join_secret(cli *c, const cli_secret_options *o, cli_secret *out)
{
    size_t links = cli_args_count(c);
    if ((size_t)cli_secret_sources(o) + links != 1) {
        return cli_usage(c, "group",
                         "group join takes one of: an invite (- reads it from standard input), a "
                         "passphrase with --descriptor, --secret-file.");
    }
    if (links) {
        return read_link(c, c->args[0], out);
    }
    if (!o->secret_file && !o->descriptor) {
        return cli_usage(c, "group",
                         "A passphrase needs the --descriptor that `zks group create` printed.");
    }
    return cli_secret_read(c, o, false, out);
}

static int group_join(cli *c, const cli_command *self)
{
    cli_secret_options o = {.passphrase_fd = -1};
    char *name = NULL;
    struct poptOption options[] = {
        CLI_ONLINE_OPTIONS(c),
        CLI_SECRET_OPTIONS(&o),
        {"descriptor", 0, POPT_ARG_STRING, &o.descriptor, 0,
         "what belongs to the passphrase: \"$argon2id$...\"", "TEXT"},
        CLI_SUITE_OPTION(&o),
        {"name", 'n', POPT_ARG_STRING, &name, 0, "this device's name, for the group only", "NAME"},
        POPT_TABLEEND};
    cli_secret secret = {0};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        code = cli_suite_read(c, o.suite, &secret.suite);
        code = code ? code : join_secret(c, &o, &secret);
        code = code ? code : make_group(c, &secret, name, "Joined the group.", NULL);
    }
    cli_secret_done(&secret);
    cli_secret_options_done(&o);
    free(name);
    return code;
}

/* --- invite and relays --- */

static int group_invite(cli *c, const cli_command *self)
{
    cli_qr qr;
    struct poptOption options[] = {
        {"relay", 0, POPT_ARG_ARGV, &c->relays, 0, "relay to name in the invite", "ADDR"},
        CLI_QR_OPTIONS(&qr),
        POPT_TABLEEND};
    cli_qr_init(&qr);
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        code = cli_qr_check(c, &qr);
        code = code ? code : cli_open(c, NULL, NULL, NULL);
        code = code ? code : show_group(c, "An invite into this group.", &qr);
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
        return cli_usage(c, "group", "At most %d relays can be used.", ZKS_RELAYS_MAX);
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

int cmd_group(cli *c, const cli_command *self)
{
    static const struct {
        const char *name;
        int (*run)(cli *c, const cli_command *self);
    } parts[] = {{"create", group_create},
                 {"join", group_join},
                 {"invite", group_invite},
                 {"relays", group_relays}};
    const char *name = c->argc > 1 ? c->argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        cli_print_help(self, NULL);
        return CLI_OK;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            c->argv++; /* the part's name takes the place of argv[0] */
            c->argc--;
            return parts[i].run(c, self);
        }
    }
    return cli_usage(c, "group", "group does one of: create, join, invite, relays.");
}
