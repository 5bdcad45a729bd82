/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks devices: the list; revoke. */
#include "cli.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    PREFIX_MIN = 4, /* hexadecimal digits of an id that may stand for it */
    REVOKE_MS = 60000
};

/* --- the list --- */

static json_t *json_device(const zks_devices *devices, size_t i)
{
    const uint8_t *inviter = zks_devices_inviter(devices, i);
    return json_pack(
        "{s:s, s:o, s:s*, s:b, s:o, s:o*, s:I, s:I, s:I}", "kind", "device", "device_id",
        cli_json_hex(zks_devices_id(devices, i), ZKS_SIZE_DEVICE_ID), "name",
        zks_devices_name(devices, i), "self", (int)zks_devices_number(devices, i, ZKS_DEVICES_SELF),
        "rights", cli_json_rights(zks_devices_number(devices, i, ZKS_DEVICES_RIGHTS)), "let_in_by",
        inviter ? cli_json_hex(inviter, ZKS_SIZE_DEVICE_ID) : NULL, "seen_ms",
        (json_int_t)zks_devices_number(devices, i, ZKS_DEVICES_SEEN_MS), "not_after_s",
        (json_int_t)zks_devices_number(devices, i, ZKS_DEVICES_NOT_AFTER_S), "last_number",
        (json_int_t)zks_devices_number(devices, i, ZKS_DEVICES_LAST_NUMBER));
}

static void print_device(const zks_devices *devices, size_t i)
{
    char id[CLI_ID_TEXT], seen[32] = "never";
    cli_hex(zks_devices_id(devices, i), ZKS_SIZE_DEVICE_ID, id);
    int64_t ms = zks_devices_number(devices, i, ZKS_DEVICES_SEEN_MS);
    time_t at = (time_t)(ms / 1000);
    struct tm local;
    if (ms && localtime_r(&at, &local)) {
        strftime(seen, sizeof seen, "%Y-%m-%d %H:%M:%S", &local);
    }
    bool self = zks_devices_number(devices, i, ZKS_DEVICES_SELF) != 0;
    printf("%s\t%" PRId64 "\t%s\t%s\t", id, zks_devices_number(devices, i, ZKS_DEVICES_LAST_NUMBER),
           self ? "this device" : seen,
           cli_rights_text(zks_devices_number(devices, i, ZKS_DEVICES_RIGHTS)));
    const char *name = zks_devices_name(devices, i);
    cli_print_escaped(stdout, (const uint8_t *)name, name ? strlen(name) : 0);
    putchar('\n');
}

static int devices_list(cli *c, const cli_command *self)
{
    int offline = CLI_OK;
    int code = cli_begin_show(c, self, &offline);
    if (code != CLI_GO_ON) {
        return code;
    }
    zks_devices *devices = NULL;
    zks_status status = zks_devices_get(c->client, &devices);
    code = status ? cli_fail(c, status, NULL) : CLI_OK;
    for (size_t i = 0; !code && i < zks_devices_count(devices); i++) {
        if (c->json) {
            code = cli_json(c, json_device(devices, i));
        } else {
            print_device(devices, i);
        }
    }
    zks_devices_free(devices);
    return code || !offline ? code : cli_fail_offline(c, "");
}

/* --- revoke --- */

typedef struct target {
    uint8_t id[ZKS_SIZE_DEVICE_ID];
    char prefix[17], name[ZKS_SIZE_NAME_MAX + 1];
    char shown[CLI_NAME_TEXT]; /* the name, escaped */
    bool self;
    json_t *guests;   /* the others that it has let in, and that stay; NULL: not looked for */
    char *guest_text; /* their names and ids */
} target;

static void target_done(target *t)
{
    json_decref(t->guests);
    free(t->guest_text);
}

static bool is_meant(const zks_devices *devices, size_t i, const char *word)
{
    char id[CLI_ID_TEXT];
    const char *name = zks_devices_name(devices, i);
    cli_hex(zks_devices_id(devices, i), ZKS_SIZE_DEVICE_ID, id);
    size_t length = strlen(word);
    return (name && strcmp(name, word) == 0) ||
           (length >= PREFIX_MIN && strncasecmp(id, word, length) == 0);
}

static void take_target(const zks_devices *devices, size_t i, target *out)
{
    char id[CLI_ID_TEXT];
    const char *name = zks_devices_name(devices, i);
    memcpy(out->id, zks_devices_id(devices, i), sizeof out->id);
    cli_hex(out->id, sizeof out->id, id);
    snprintf(out->prefix, sizeof out->prefix, "%s", id);
    snprintf(out->name, sizeof out->name, "%s", name ? name : "");
    cli_escape(out->name, out->shown);
    out->self = zks_devices_number(devices, i, ZKS_DEVICES_SELF) != 0;
}

static bool is_guest(const zks_devices *devices, size_t i, const target *host)
{
    const uint8_t *inviter = zks_devices_inviter(devices, i);
    return inviter && memcmp(inviter, host->id, sizeof host->id) == 0 &&
           !zks_devices_number(devices, i, ZKS_DEVICES_SELF);
}

/* Whoever took a lost device may have let in another one with it. */
static bool find_guests(const zks_devices *devices, target *t)
{
    size_t length = 0;
    FILE *memory = open_memstream(&t->guest_text, &length);
    t->guests = json_array();
    for (size_t i = 0; memory && t->guests && i < zks_devices_count(devices); i++) {
        if (is_guest(devices, i, t)) {
            target guest;
            take_target(devices, i, &guest);
            fprintf(memory, "%s\"%s\" (%s)", length ? ", " : "", guest.shown, guest.prefix);
            fflush(memory);
            json_array_append_new(t->guests, cli_json_hex(guest.id, sizeof guest.id));
        }
    }
    return memory && fclose(memory) == 0 && t->guests;
}

/* Whom a word meant, or who there is, in one sentence. */
static int fail_target(cli *c, const zks_devices *devices, const char *word, size_t found)
{
    char *list = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&list, &length);
    for (size_t i = 0; memory && i < zks_devices_count(devices); i++) {
        if (!found || is_meant(devices, i, word)) {
            target t;
            take_target(devices, i, &t);
            fprintf(memory, "%s%s %s", ftell(memory) ? ", " : "", t.shown, t.prefix);
        }
    }
    if (!memory || fclose(memory) != 0) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    int code = cli_problem(c, CLI_CONFIG,
                           found ? "Several devices are meant by \"%s\", say which by its id: %s."
                                 : "No device is called \"%s\", by name or the beginning of its "
                                   "id. There are: %s.",
                           word, list);
    free(list);
    return code;
}

static int find_target(cli *c, const char *word, target *out)
{
    zks_devices *devices = NULL;
    zks_status status = zks_devices_get(c->client, &devices);
    if (status) {
        return cli_fail(c, status, NULL);
    }
    size_t found = 0;
    for (size_t i = 0; i < zks_devices_count(devices); i++) {
        if (is_meant(devices, i, word)) {
            take_target(devices, i, out);
            found++;
        }
    }
    if (!found && cli_unhex(word, strlen(word), out->id, sizeof out->id)) {
        snprintf(out->prefix, sizeof out->prefix, "%s", word); /* whole: one that is not listed */
        found = 1;
    }
    int code = found == 1 ? CLI_OK : fail_target(c, devices, word, found);
    if (!code && !find_guests(devices, out)) {
        code = cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    zks_devices_free(devices);
    return code;
}

typedef struct revocation {
    char *reason_text, *recovery_file;
    int recovery, yes;
    int32_t reason;
} revocation;

static int check_revocation(cli *c, const cli_command *self, revocation *r)
{
    static const struct {
        const char *name;
        int32_t reason;
    } reasons[] = {{"lost", ZKS_REVOKE_LOST}, {"replaced", ZKS_REVOKE_REPLACED}};
    bool known = !r->reason_text;
    for (size_t i = 0; !known && i < sizeof reasons / sizeof *reasons; i++) {
        known = strcmp(r->reason_text, reasons[i].name) == 0;
        r->reason = known ? reasons[i].reason : r->reason;
    }
    if (cli_args_count(c) != 1) {
        return cli_usage(c, self->name,
                         "devices revoke takes one device: its name, or the beginning of its id.");
    }
    r->recovery = r->recovery || r->recovery_file;
    return known ? CLI_OK : cli_usage(c, self->name, "--reason is one of: lost, replaced.");
}

static int show_revoked(cli *c, const target *t, int64_t epoch)
{
    if (c->json) {
        return cli_json(c, json_pack("{s:s, s:o, s:s, s:I, s:O}", "kind", "revoked", "device_id",
                                     cli_json_hex(t->id, sizeof t->id), "name", t->name, "epoch",
                                     (json_int_t)epoch, "let_in", t->guests));
    }
    printf("\"%s\" (%s) is out: it cannot read what is sent from now on. What it has already it "
           "keeps.\n",
           t->shown, t->prefix);
    if (json_array_size(t->guests)) {
        printf("It had let in %s: they stay. Remove those that you do not know.\n", t->guest_text);
    }
    return CLI_OK;
}

/* Who is meant, and whether that is meant. An exit code. */
static int choose(cli *c, const char *word, const revocation *r, target *out)
{
    int code = find_target(c, word, out);
    if (!code && out->self) {
        code = cli_problem(c, CLI_CONFIG, "\"%s\" is this device: `zks group leave` takes it out.",
                           out->shown);
    }
    return code ? code
                : cli_confirm(c, r->yes, "Remove \"%s\" (%s) from the group? [y/N] ", out->shown,
                              out->prefix);
}

/* With the recovery code no relay is needed, nor that this device is still a member: what it signs
 * is stored, and goes out when the relay is asked again. */
static int revoke_by_words(cli *c, const target *t, const revocation *r, bool online,
                           zks_op **out_op)
{
    char *words = NULL;
    size_t length = 0;
    int code = cli_recovery_read(c, r->recovery_file, &words, &length);
    if (!code) {
        zks_status status = zks_device_revoke(c->client, t->id, r->reason, words, length, cli_wake,
                                              NULL, out_op);
        code = status ? cli_fail(c, status, NULL) : CLI_OK;
    }
    cli_secret_free(words, length);
    if (!code && !cli_wait(c, *out_op, REVOKE_MS)) {
        code = c->interrupted ? 128 + c->interrupted : cli_fail(c, ZKS_E_TIMEOUT, NULL);
    }
    if (!code && zks_op_status(*out_op)) {
        zks_status status = zks_op_status(*out_op);
        code = cli_fail_as(c, cli_is_typo(status) ? CLI_CONFIG : cli_exit_code(status), status,
                           zks_op_text(*out_op));
    }
    int offline = CLI_OK;
    code = code || online ? code : cli_go_online(c, &offline);
    if (!code && offline) {
        cli_note(c, "zks: %s The removal is stored, and goes out at the next connection.",
                 c->net_text);
    }
    return code;
}

static int revoke(cli *c, const char *word, const revocation *r)
{
    target t = {.self = false};
    zks_op *op = NULL;
    int offline = CLI_OK;
    int code = cli_open_paired(c);
    code = code ? code : cli_go_online(c, &offline);
    if (!code && offline && !r->recovery) {
        code = cli_fail_offline(c, "");
    }
    code = code ? code : choose(c, word, r, &t);
    if (!code && r->recovery) {
        code = revoke_by_words(c, &t, r, !offline, &op);
    } else if (!code) {
        zks_status status = zks_device_revoke(c->client, t.id, r->reason, NULL, 0, cli_wake, NULL,
                                              &op);
        code = cli_finish(c, status, op);
    }
    code = code ? code : show_revoked(c, &t, zks_op_number(op, ZKS_OP_EPOCH));
    zks_op_free(op);
    target_done(&t);
    return code;
}

static int devices_revoke(cli *c, const cli_command *self)
{
    revocation r = {.reason = ZKS_REVOKE_UNSPECIFIED};
    struct poptOption options[] = {
        {"reason", 0, POPT_ARG_STRING, &r.reason_text, 0, "\"lost\" or \"replaced\"", "WHY"},
        {"recovery", 0, POPT_ARG_NONE, &r.recovery, 0,
         "sign with the recovery code: removes anybody, and settles a mutual removal", NULL},
        CLI_RECOVERY_OPTION(&r.recovery_file),
        CLI_YES_OPTION(&r.yes),
        CLI_ONLINE_OPTIONS(c),
        POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        code = check_revocation(c, self, &r);
        code = code ? code : revoke(c, c->args[0], &r);
    }
    free(r.reason_text);
    free(r.recovery_file);
    return code;
}

int cmd_devices(cli *c, const cli_command *self)
{
    static const cli_part parts[] = {{"revoke", devices_revoke}};
    const cli_part *part = cli_part_find(c, parts, sizeof parts / sizeof *parts);
    return part ? part->run(c, self) : devices_list(c, self);
}
