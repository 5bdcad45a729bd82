/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks join (also zks group join), zks group restore: how this device comes into a group. */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 16 * 1024 };

/* --- a code, a link or an invite --- */

/* The arguments with a blank between them: a code may be typed in groups. */
static int join_arguments(cli *c, char **out, size_t *out_length)
{
    FILE *memory = open_memstream(out, out_length);
    for (size_t i = 0; memory && c->args[i]; i++) {
        fprintf(memory, "%s%s", i ? " " : "", c->args[i]);
    }
    return memory && fclose(memory) == 0 ? CLI_OK : cli_fail(c, ZKS_E_NOMEM, NULL);
}

static int ask_text(cli *c, const cli_command *self, char **out, size_t *out_length)
{
    int code = cli_ask_aloud(c, "Pairing code, link or invite: ", NULL, out);
    if (!code && !*out) {
        code = cli_usage(
            c, self->name,
            "Say what to join with: a pairing code or link, an invite (- reads it from "
            "standard input), a passphrase with --descriptor, or --secret-file.");
    }
    *out_length = *out ? strlen(*out) : 0;
    return code;
}

/* For cli_secret_free. An exit code. */
static int read_text(cli *c, const cli_command *self, char **out, size_t *out_length)
{
    if (!c->args[0]) {
        return ask_text(c, self, out, out_length);
    }
    if (strcmp(c->args[0], "-") == 0 && !c->args[1]) {
        return cli_read_file(c, "code or invite", "-", TEXT_MAX, out, out_length);
    }
    return join_arguments(c, out, out_length);
}

static const char *skip_blanks(const char *text)
{
    while (text && isspace((unsigned char)*text)) {
        text++;
    }
    return text;
}

static bool is_blank(const char *text)
{
    text = skip_blanks(text);
    return !text || !*text;
}

static bool is_invite(const char *text)
{
    static const char scheme[] = "zks-invite:";
    return strncasecmp(skip_blanks(text), scheme, sizeof scheme - 1) == 0;
}

/* --- relays --- */

/* Whether the list has this address, or the same with its key. */
static bool has_relay(char *const *list, const char *address)
{
    for (size_t i = 0; list[i]; i++) {
        const char *at = strrchr(list[i], '@');
        if (strcmp(list[i], address) == 0 || (at && strcmp(at + 1, address) == 0)) {
            return true;
        }
    }
    return false;
}

/* Lines of text; owned; NULL: no memory. */
static char **list_of_lines(const char *lines, size_t length)
{
    char **list = calloc(ZKS_RELAYS_MAX + 1, sizeof *list);
    for (size_t i = 0; list && length && i < ZKS_RELAYS_MAX; i++) {
        const char *end = memchr(lines, '\n', length);
        size_t n = end ? (size_t)(end - lines) : length;
        list[i] = strndup(lines, n);
        n += end != NULL;
        lines += n;
        length -= n;
    }
    return list;
}

/* The relays of this device are those that the inviter uses, with their keys; before them what
 * --relay named and is not among them: another way to the same relay, perhaps. */
static int save_relays(cli *c, const char *lines, size_t length)
{
    char **known = list_of_lines(lines, length);
    char *all[2 * ZKS_RELAYS_MAX + 1] = {NULL};
    size_t count = 0;
    if (!known) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    for (size_t i = 0; c->relays && c->relays[i] && i < ZKS_RELAYS_MAX; i++) {
        if (!has_relay(known, c->relays[i])) {
            all[count++] = c->relays[i];
        }
    }
    for (size_t i = 0; known[i]; i++) {
        all[count++] = known[i];
    }
    all[count < ZKS_RELAYS_MAX ? count : ZKS_RELAYS_MAX] = NULL;
    int code = cli_settings_save(c, all);
    cli_list_free(known);
    if (c->relays) { /* the settings count from here on */
        cli_list_free(c->relays);
        c->relays = NULL;
    }
    return code;
}

/* The invite's relays become those of this run, unless --relay named some. */
static int take_relays(cli *c, const zks_invite *invite)
{
    const char *lines = zks_invite_text(invite, ZKS_INVITE_RELAYS);
    if (!c->relays) {
        c->relays = list_of_lines(lines, lines ? strlen(lines) : 0);
    }
    return c->relays ? CLI_OK : cli_fail(c, ZKS_E_NOMEM, NULL);
}

/* --- by pairing --- */

static void on_pairing(const zks_event *event, void *user)
{
    cli *c = user;
    char digits[CLI_DIGITS_TEXT];
    if (zks_event_kind(event) != ZKS_EVENT_PAIR_DIGITS) {
        return;
    }
    if (!cli_digits_show(c, event, digits)) {
        printf("The code is right. The other device asks whether to let this one in: say yes there "
               "if it shows\n\n        %s\n\n",
               digits);
    }
    fflush(stdout);
}

/* What an opening that failed says. What was typed wrong is a matter of configuration. */
static int fail_open(cli *c, cli_origin origin, const zks_op *op)
{
    if (cli_is_typo(zks_op_status(op))) {
        return cli_fail_as(c, CLI_CONFIG, zks_op_status(op), zks_op_text(op));
    }
    if (origin == CLI_JOIN && zks_op_status(op) == ZKS_E_CONFIG) {
        return cli_fail(c, ZKS_E_CONFIG,
                        "A pairing code needs the relay that the other device uses: add --relay "
                        "ADDR, as that device says.");
    }
    return cli_fail_op(c, op);
}

static int open_group(cli *c, const cli_opening *how, const char *done)
{
    zks_op *op = NULL;
    size_t length = 0;
    c->allow_new = true;
    int code = cli_group_refuse(c);
    code = code ? code : cli_settings_take(c);
    code = code ? code : cli_open_as(c, how, &op);
    if (!code && zks_op_status(op)) {
        code = fail_open(c, how->origin, op);
    }
    if (!code) {
        const char *lines = (const char *)zks_op_bytes(op, ZKS_OP_RELAYS, &length);
        code = lines ? save_relays(c, lines, length) : cli_settings_save(c, c->relays);
    }
    zks_op_free(op);
    return code ? code : cli_group_show(c, &(cli_group_view){.done = done});
}

static int join_by_pairing(cli *c, const char *text, size_t length, char **name)
{
    int code = cli_device_name(c, name);
    const cli_opening how = {.origin = CLI_JOIN, .name = *name, .text = text, .length = length};
    c->on_pairing = on_pairing;
    c->pairing_user = c;
    code = code ? code : open_group(c, &how, "Joined the group.");
    if (code || cli_report_number(c, ZKS_REPORT_GROUP_KIND) != ZKS_GROUP_KIND_SHARED) {
        return code;
    }
    code = cli_settings_take(c); /* there the relay has not heard of this device */
    return code ? code : cli_group_contact(c);
}

/* --- by a secret --- */

static int read_invite(cli *c, const char *link, size_t length, cli_secret *out)
{
    while (length && isspace((unsigned char)link[length - 1])) {
        length--;
    }
    while (length && isspace((unsigned char)*link)) {
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

static int join_shared(cli *c, const cli_secret *secret, const char *name)
{
    const cli_opening how = {.origin = CLI_STORED, .secret = secret, .name = name};
    int code = open_group(c, &how, "Joined the group.");
    return code ? code : cli_group_contact(c);
}

static int join_text(cli *c, const cli_command *self, char **name, cli_secret *secret)
{
    char *text = NULL;
    size_t length = 0;
    int code = read_text(c, self, &text, &length);
    if (!code && is_blank(text)) {
        code = cli_problem(c, CLI_CONFIG,
                           "There is nothing to join with: give a pairing code, a link or an "
                           "invite.");
    } else if (!code && is_invite(text)) {
        code = read_invite(c, text, length, secret);
        code = code ? code : join_shared(c, secret, *name);
    } else if (!code) {
        code = join_by_pairing(c, text, length, name);
    }
    cli_secret_free(text, length);
    return code;
}

static int join(cli *c, const cli_command *self, const cli_secret_options *o, char **name)
{
    cli_secret secret = {0};
    int code = cli_suite_read(c, self, o->suite, &secret.suite);
    if (code) {
        return code;
    }
    int sources = cli_secret_sources(o);
    if (sources > 1 || (sources && c->args[0])) {
        return cli_usage(c, self->name,
                         "join takes one of: a pairing code, a link, an invite, a passphrase with "
                         "--descriptor, --secret-file.");
    }
    if (!sources) {
        code = join_text(c, self, name, &secret);
    } else if (!o->secret_file && !o->descriptor) {
        code = cli_usage(c, self->name,
                         "A passphrase needs the --descriptor that `zks group create` printed.");
    } else {
        code = cli_secret_read(c, o, false, &secret);
        code = code ? code : join_shared(c, &secret, *name);
    }
    cli_secret_done(&secret);
    return code;
}

int cmd_join(cli *c, const cli_command *self)
{
    cli_secret_options o = {.passphrase_fd = -1};
    char *name = NULL;
    struct poptOption options[] = {CLI_ONLINE_OPTIONS(c),
                                   CLI_NAME_OPTION(&name),
                                   CLI_SECRET_OPTIONS(&o),
                                   {"descriptor", 0, POPT_ARG_STRING, &o.descriptor, 0,
                                    "what belongs to the passphrase: \"$argon2id$...\"", "TEXT"},
                                   CLI_SUITE_OPTION(&o),
                                   POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    code = code == CLI_GO_ON ? join(c, self, &o, &name) : code;
    cli_secret_options_done(&o);
    free(name);
    return code;
}

/* --- by the recovery code --- */

static int restore(cli *c, const char *file, char **name)
{
    char *words = NULL;
    size_t length = 0;
    int code = cli_device_name(c, name);
    code = code ? code : cli_recovery_read(c, file, &words, &length);
    const cli_opening how = {.origin = CLI_RESTORE, .name = *name, .text = words, .length = length};
    code = code ? code : open_group(c, &how, "Came into the group by its recovery code.");
    cli_secret_free(words, length);
    if (!code && (!c->relays || !c->relays[0])) {
        cli_note(c, "zks: no relay has heard of it yet, and until then the group's secret stays in "
                    "this store: name a relay with `zks group relays ADDR`, then `zks pull`.");
        return CLI_OK;
    }
    return code ? code : cli_group_contact(c);
}

int cmd_group_restore(cli *c, const cli_command *self)
{
    char *file = NULL, *name = NULL;
    struct poptOption options[] = {CLI_RECOVERY_OPTION(&file), CLI_NAME_OPTION(&name),
                                   CLI_ONLINE_OPTIONS(c), POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON && c->args[0]) {
        code = cli_usage(c, self->name,
                         "group restore asks for the words, or takes --recovery-file: what is on "
                         "the command line can be seen by others.");
    } else if (code == CLI_GO_ON) {
        code = restore(c, file, &name);
    }
    free(file);
    free(name);
    return code;
}
