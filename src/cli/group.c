/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the commands about groups share. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CONTACT_MS = 5000, RECOVERY_MAX = 4096, WORDS_A_LINE = 6 };

const cli_part *cli_part_find(cli *c, const cli_part *parts, size_t count)
{
    const char *name = c->argc > 1 ? c->argv[1] : "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            c->argv++; /* the part's name takes the place of argv[0] */
            c->argc--;
            return &parts[i];
        }
    }
    return NULL;
}

/* --- before a group is made --- */

int cli_group_look(cli *c, bool *out_has)
{
    zks_op *op = NULL;
    int code = cli_open_as(c, &(cli_opening){.origin = CLI_STORED}, &op);
    zks_status status = code ? ZKS_OK : zks_op_status(op);
    *out_has = !status;
    if (status && status != ZKS_E_CONFIG && status != ZKS_E_STORE_GROUP &&
        status != ZKS_E_NOT_FOUND) {
        code = cli_fail_op(c, op);
    }
    zks_op_free(op);
    cli_close(c);
    return code;
}

int cli_group_refuse(cli *c)
{
    bool has = false;
    int code = cli_store_path(c);
    if (code || access(c->path, F_OK) != 0) {
        return code; /* what is wrong with the place shows when the store is made */
    }
    code = cli_group_look(c, &has);
    if (!code && has) {
        code = cli_problem(c, CLI_CONFIG,
                           "The store %s belongs to a group already: use --store FILE for another "
                           "one, or `zks pair` to let a device in.",
                           c->path);
    }
    return code;
}

int cli_device_name(cli *c, char **name)
{
    char machine[ZKS_SIZE_NAME_MAX + 1] = "";
    if (!*name && gethostname(machine, sizeof machine - 1) == 0) {
        machine[strcspn(machine, ".")] = '\0';
    }
    if (!*name) {
        *name = strdup(cli_is_name(machine) ? machine : "device");
    }
    if (!*name) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    return cli_is_name(*name) ? CLI_OK
                              : cli_problem(c, CLI_CONFIG,
                                            "A device's name has 1 to %d bytes of UTF-8 that can "
                                            "be seen, no control characters and no marks of "
                                            "direction: give another --name.",
                                            ZKS_SIZE_NAME_MAX);
}

int cli_recovery_read(cli *c, const char *file, char **out, size_t *out_length)
{
    if (file) {
        return cli_read_file(c, "file of the recovery code", file, RECOVERY_MAX, out, out_length);
    }
    int code = cli_ask(c, "Recovery code (18 words): ", out);
    if (!code && !*out) {
        code = cli_problem(c, CLI_USAGE,
                           "There is no terminal to ask for the recovery code: use "
                           "--recovery-file FILE.");
    }
    *out_length = *out ? strlen(*out) : 0;
    return code;
}

bool cli_is_typo(zks_status status)
{
    return status == ZKS_E_TRUNCATED || status == ZKS_E_TOO_LARGE || status == ZKS_E_MALFORMED ||
           status == ZKS_E_FORMAT_VERSION || status == ZKS_E_SUITE || status == ZKS_E_DECRYPT;
}

/* --- in a group --- */

int64_t cli_report_number(const cli *c, int32_t field)
{
    zks_report *report = NULL;
    zks_status status = zks_report_get(c->client, &report);
    int64_t number = status ? 0 : zks_report_number(report, field);
    zks_report_free(report);
    return number;
}

int cli_open_paired(cli *c)
{
    int code = cli_open(c);
    if (!code && cli_report_number(c, ZKS_REPORT_GROUP_KIND) != ZKS_GROUP_KIND_PAIRED) {
        code = cli_problem(c, CLI_CONFIG,
                           "This group is shared, who has its secret is in: to keep a device out "
                           "make a new group.");
    }
    return code;
}

int cli_must_go_online(cli *c)
{
    int offline = CLI_OK;
    int code = cli_go_online(c, &offline);
    return code || !offline ? code : cli_fail_offline(c, "");
}

int cli_finish(cli *c, zks_status status, const zks_op *op)
{
    if (status) {
        return cli_fail(c, status, NULL);
    }
    int code = cli_wait_online(c, op, NULL, NULL);
    if (code) {
        return c->interrupted ? code : cli_fail_offline(c, "");
    }
    return zks_op_status(op) ? cli_fail_op(c, op) : CLI_OK;
}

int cli_group_contact(cli *c)
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

/* --- numbers as people read them --- */

bool cli_digits_show(cli *c, const zks_event *event, char out[CLI_DIGITS_TEXT])
{
    unsigned number = (unsigned)(zks_event_number(event, ZKS_EVENT_FIELD_DIGITS) % 1000000);
    snprintf(out, CLI_DIGITS_TEXT, "%06u", number);
    if (c->json) {
        cli_json(c, json_pack("{s:s, s:s}", "kind", "pair_digits", "digits", out));
        fflush(stdout);
    }
    snprintf(out, CLI_DIGITS_TEXT, "%03u %03u", number / 1000, number % 1000);
    return c->json != 0;
}

json_t *cli_json_rights(int64_t rights)
{
    json_t *array = json_array();
    if (rights & ZKS_RIGHT_INVITE) {
        json_array_append_new(array, json_string("invite"));
    }
    if (rights & ZKS_RIGHT_ADMIN) {
        json_array_append_new(array, json_string("admin"));
    }
    return array;
}

const char *cli_rights_text(int64_t rights)
{
    static const char *const texts[] = {"none", "invite", "admin", "invite, admin"};
    return texts[(rights & ZKS_RIGHT_INVITE ? 1 : 0) + (rights & ZKS_RIGHT_ADMIN ? 2 : 0)];
}

/* --- what create, join, restore and invite print --- */

static json_t *json_relay_lines(const char *lines)
{
    json_t *array = json_array();
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        json_array_append_new(array, json_stringn(lines, length));
        lines += length + (lines[length] == '\n');
    }
    return array;
}

static json_t *json_settings_relays(cli *c)
{
    char **relays = NULL;
    json_t *array = json_array();
    if (cli_settings_relays(c, &relays) == CLI_OK) {
        for (size_t i = 0; relays[i]; i++) {
            json_array_append_new(array, json_string(relays[i]));
        }
    }
    cli_list_free(relays);
    return array;
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (object && text && *text) {
        json_object_set_new(object, name, json_string(text));
    }
}

/* invite NULL: a paired group */
static json_t *json_group(cli *c, const zks_report *report, const zks_invite *invite,
                          const cli_group_view *view)
{
    size_t n = 0;
    const uint8_t *group = zks_report_bytes(report, ZKS_REPORT_GROUP_ID, &n);
    const uint8_t *device = zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n);
    json_t *relays = invite ? json_relay_lines(zks_invite_text(invite, ZKS_INVITE_RELAYS))
                            : json_settings_relays(c);
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:s*, s:s, s:o}", "kind", "group",
                               "group_kind", invite ? "shared" : "paired", "group_id",
                               cli_json_hex(group, ZKS_SIZE_GROUP_ID), "device_id",
                               cli_json_hex(device, ZKS_SIZE_DEVICE_ID), "device_name",
                               zks_report_text(report, ZKS_REPORT_DEVICE_NAME), "store",
                               zks_report_text(report, ZKS_REPORT_STORE_PATH), "relays", relays);
    set_text(object, "suite", cli_suite_name(zks_report_number(report, ZKS_REPORT_SUITE)));
    set_text(object, "recovery_code", view->recovery);
    if (invite) {
        set_text(object, "descriptor", zks_invite_text(invite, ZKS_INVITE_DESCRIPTOR));
    }
    if (invite && view->qr) {
        set_text(object, "invite", zks_invite_text(invite, ZKS_INVITE_LINK));
    }
    return object;
}

static void print_invite(const zks_invite *invite)
{
    printf("\nTo join another device, run `zks join -` there and give it this invite:\n\n"
           "%s\n\n"
           "Keep it secret: whoever has it can read and write everything in this group.\n",
           zks_invite_text(invite, ZKS_INVITE_LINK));
    const char *descriptor = zks_invite_text(invite, ZKS_INVITE_DESCRIPTOR);
    if (descriptor && *descriptor) {
        printf("\nOr with the passphrase (the descriptor is no secret):\n"
               "  zks join --passphrase --descriptor '%s' --relay ADDR\n",
               descriptor);
    }
}

static void print_recovery(const char *words)
{
    puts("\nIts recovery code, which is shown this once and kept nowhere:\n");
    for (int i = 0; *words; i++) {
        size_t length = strcspn(words, " ");
        bool ends = i % WORDS_A_LINE == WORDS_A_LINE - 1 || !words[length];
        printf("%s%.*s%s", i % WORDS_A_LINE ? " " : "    ", (int)length, words, ends ? "\n" : "");
        words += length + (words[length] == ' ');
    }
    puts("\nWrite it on paper and keep it safe. When all devices are lost, it brings a new one "
         "into\n"
         "the group (`zks group restore`), and it can remove any device. Whoever else has it can "
         "do\n"
         "the same.");
}

static void print_group(const zks_report *report, const char *done)
{
    char id[CLI_ID_TEXT] = "", name[CLI_NAME_TEXT] = "";
    size_t n = 0;
    const uint8_t *device = zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n);
    const char *given = zks_report_text(report, ZKS_REPORT_DEVICE_NAME);
    if (device) {
        cli_hex(device, n, id);
    }
    cli_escape(given ? given : "", name);
    printf("%s This device is %.16s%s%s.\n", done, id, *name ? ", " : "", name);
}

static int print_all(cli *c, const cli_group_view *view, const zks_report *report,
                     const zks_invite *invite)
{
    const char *link = invite && view->qr ? zks_invite_text(invite, ZKS_INVITE_LINK) : NULL;
    if (c->json) {
        json_t *object = json_group(c, report, invite, view);
        int code = object && link ? cli_qr_show(c, view->qr, link, object) : CLI_OK;
        int printed = cli_json(c, object);
        return code ? code : printed;
    }
    print_group(report, view->done);
    if (view->recovery) {
        print_recovery(view->recovery);
    }
    if (link) {
        print_invite(invite);
        return cli_qr_show(c, view->qr, link, NULL);
    }
    return CLI_OK;
}

int cli_group_show(cli *c, const cli_group_view *view)
{
    zks_invite *invite = NULL;
    zks_report *report = NULL;
    zks_status status = zks_report_get(c->client, &report);
    if (!status && zks_report_number(report, ZKS_REPORT_GROUP_KIND) == ZKS_GROUP_KIND_SHARED) {
        status = zks_invite_shared(c->client, NULL, &invite);
    }
    int code = status ? cli_fail(c, status, NULL) : CLI_OK;
    if (!code) {
        code = print_all(c, view, report, invite);
    }
    if (!code && invite && view->qr) {
        code = cli_qr_write(c, view->qr, zks_invite_text(invite, ZKS_INVITE_LINK));
    }
    zks_report_free(report);
    zks_invite_free(invite);
    return code;
}
