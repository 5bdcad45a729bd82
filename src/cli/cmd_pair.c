/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks pair: lets a device into the group, by a code to type or a link. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIFE_MAX_S = 600, LOOK_MS = 250, CANCEL_MS = 3000, CODE_TEXT_MAX = 256 };

typedef struct pairing {
    cli *c;
    /* what was asked for */
    cli_qr qr;
    char *rights_text;
    uint32_t rights;
    char *code_text; /* --code, then the code */
    size_t code_length;
    int link, yes, life_s, new_code;
    bool shared; /* the group is */
    /* what happened */
    zks_op *op;
    int code;   /* the exit code of something that went wrong in a callback */
    bool asked; /* and nobody has answered */
    char name[ZKS_SIZE_NAME_MAX + 1], shown[CLI_NAME_TEXT]; /* shown: the name, escaped */
    char digits[CLI_DIGITS_TEXT];
} pairing;

/* --- what happens, as the library tells it --- */

static void show_code(pairing *p, const char *text)
{
    cli *c = p->c;
    const char *relay = NULL;
    zks_report *report = NULL;
    if (zks_report_get(c->client, &report) == ZKS_OK) {
        relay = zks_report_text(report, ZKS_REPORT_ACTIVE_RELAY);
    }
    const char *key_end = relay ? strrchr(relay, '@') : NULL;
    relay = key_end ? key_end + 1 : relay; /* pairing finds out whether it is the same relay */
    if (c->json) {
        json_t *object = json_pack("{s:s, s:s, s:s*, s:i}", "kind", "pair_code", "code", text,
                                   "relay", relay, "expires_s", p->life_s);
        p->code = object ? cli_qr_show(c, &p->qr, text, object) : CLI_OK;
        int printed = cli_json(c, object);
        p->code = p->code ? p->code : printed;
    } else {
        char life[32];
        bool minutes = p->life_s % 60 == 0 && p->life_s > 60;
        snprintf(life, sizeof life, minutes ? "%d minutes" : "%d seconds",
                 minutes ? p->life_s / 60 : p->life_s);
        printf(p->link ? "Pairing link, for one device within %s:\n\n%s\n"
                       : "Pairing code, for one device within %s:\n\n        %s\n",
               life, text);
        if (p->shared) {
            puts("\nThe group is shared: the device gets its secret, which nothing takes back.");
        }
        p->code = cli_qr_show(c, &p->qr, text, NULL);
        if (p->link) {
            puts("\nOn the other device run `zks join -` and paste it. Ctrl-C takes it back.\n");
        } else {
            printf("\nOn the other device run `zks join --relay %s` and type it. Ctrl-C takes it "
                   "back.\n\n",
                   relay ? relay : "ADDR");
        }
    }
    p->code = p->code ? p->code : cli_qr_write(c, &p->qr, text);
    zks_report_free(report);
}

static void show_wrong_try(const pairing *p, int left)
{
    if (p->c->json) {
        cli_json(p->c, json_pack("{s:s, s:i}", "kind", "pair_wrong_try", "tries_left", left));
    } else if (left) { /* the end of the last one is told when it is all over */
        printf("Somebody typed a wrong code; %d more %s, then this code is burnt.\n", left,
               left == 1 ? "try" : "tries");
    }
}

static void show_question(pairing *p, const char *name)
{
    snprintf(p->name, sizeof p->name, "%s", name ? name : "");
    cli_escape(p->name, p->shown);
    p->asked = true;
    if (p->c->json) {
        cli_json(p->c, json_pack("{s:s, s:s*}", "kind", "pair_ask", "name", name));
    }
}

static void on_pairing(const zks_event *event, void *user)
{
    pairing *p = user;
    switch (zks_event_kind(event)) {
    case ZKS_EVENT_PAIR_CODE:
        show_code(p, zks_event_text(event, ZKS_EVENT_FIELD_CODE));
        break;
    case ZKS_EVENT_PAIR_WRONG_TRY:
        show_wrong_try(p, (int)zks_event_number(event, ZKS_EVENT_FIELD_COUNT));
        break;
    case ZKS_EVENT_PAIR_DIGITS:
        cli_digits_show(p->c, event, p->digits);
        break;
    default:
        show_question(p, zks_event_text(event, ZKS_EVENT_FIELD_NAME));
    }
    fflush(stdout);
}

/* --- what follows from it --- */

static int answer(pairing *p)
{
    char question[CLI_TEXT_MAX], *line = NULL;
    int code = CLI_OK;
    p->asked = false;
    if (p->yes) {
        cli_note(p->c, "zks: letting \"%s\" in; both devices show %s.", p->shown, p->digits);
    } else {
        snprintf(question, sizeof question, "Let \"%s\" in? Do both devices show %s? [y/N] ",
                 p->shown, p->digits);
        code = cli_ask_aloud(p->c, question, p->op, &line);
    }
    bool accept = p->yes || cli_is_yes(line);
    free(line);
    if (code || zks_op_status(p->op) != ZKS_E_PENDING) {
        return code; /* the other device did not wait for the answer */
    }
    zks_status status = zks_pair_answer(p->c->client, accept);
    return status == ZKS_E_STATE ? CLI_OK : status ? cli_fail(p->c, status, NULL) : CLI_OK;
}

/* The code must be worth nothing when this process is gone. */
static void take_back(pairing *p)
{
    int64_t end = cli_now_ms() + CANCEL_MS;
    zks_op_cancel(p->op);
    while (zks_op_status(p->op) == ZKS_E_PENDING && cli_now_ms() < end) {
        cli_step(p->c, LOOK_MS, -1);
    }
    size_t length = 0;
    if (zks_op_bytes(p->op, ZKS_OP_DEVICE, &length)) { /* too late, or nobody can know */
        cli_note(p->c, "zks: %s",
                 zks_op_status(p->op) ? zks_op_text(p->op) : "the device was let in before.");
    } else {
        cli_note(p->c, "zks: the code was taken back.");
    }
}

static int wait_paired(pairing *p)
{
    cli *c = p->c;
    int code = CLI_OK;
    while (!code && !p->code && !c->interrupted && zks_op_status(p->op) == ZKS_E_PENDING) {
        if (p->asked) {
            code = answer(p);
        } else {
            cli_step(c, LOOK_MS, -1);
        }
    }
    code = c->interrupted ? 128 + c->interrupted : code ? code : p->code;
    if (code) {
        take_back(p);
    } else if (zks_op_status(p->op) == ZKS_E_CANCELLED) { /* the answer was no */
        code = cli_fail_as(c, CLI_PAIRING, ZKS_E_CANCELLED, zks_op_text(p->op));
    } else if (zks_op_status(p->op)) {
        code = cli_fail_op(c, p->op);
    }
    return code;
}

static int show_paired(const pairing *p)
{
    size_t length = 0;
    const uint8_t *id = zks_op_bytes(p->op, ZKS_OP_DEVICE, &length);
    if (p->c->json) {
        return cli_json(p->c, json_pack("{s:s, s:o, s:s}", "kind", "paired", "device_id",
                                        cli_json_hex(id, length), "name", p->name));
    }
    printf("\"%s\" is in the group.\n", p->shown);
    return CLI_OK;
}

/* --- before --- */

/* invite,admin; none given: all that this device has. */
static int read_rights(pairing *p, const cli_command *self)
{
    const char *at = p->rights_text;
    while (at && *at) {
        size_t length = strcspn(at, ",");
        if (length == 6 && strncmp(at, "invite", length) == 0) {
            p->rights |= ZKS_RIGHT_INVITE;
        } else if (length == 5 && strncmp(at, "admin", length) == 0) {
            p->rights |= ZKS_RIGHT_ADMIN;
        } else {
            return cli_usage(p->c, self->name, "--rights is one or both of: invite,admin.");
        }
        at += length + (at[length] == ',');
    }
    return CLI_OK;
}

static int check_options(pairing *p, const cli_command *self)
{
    cli *c = p->c;
    if (c->args[0]) {
        return cli_usage(c, self->name, "pair takes no argument; `zks join` takes the code.");
    }
    if ((p->code_text || p->new_code) && (p->link || cli_qr_wanted(&p->qr))) {
        return cli_usage(c, self->name, "A code is typed: it is no link, and no QR code.");
    }
    if (p->code_text && p->new_code) {
        return cli_usage(c, self->name,
                         "--new-code makes a code, --code takes one: give one of them.");
    }
    if (p->new_code) {
        return CLI_OK;
    }
    if (p->life_s < 1 || p->life_s > LIFE_MAX_S) {
        return cli_usage(c, self->name, "--expires takes 1 to %d seconds.", LIFE_MAX_S);
    }
    int code = read_rights(p, self);
    code = code ? code : cli_qr_check(c, self, &p->qr);
    if (!code && !p->yes && !cli_has_terminal()) {
        code = cli_usage(c, self->name,
                         "There is no terminal to ask whether to let the device in: with --yes it "
                         "comes in without a question.");
    }
    return code;
}

/* A code for a later --code: nothing of it is kept here. */
static int show_new_code(const pairing *p)
{
    char code[ZKS_SIZE_PAIR_CODE];
    zks_status status = zks_pair_code_new((uint8_t *)code);
    if (status) {
        return cli_fail(p->c, status, NULL);
    }
    if (p->c->json) {
        return cli_json(p->c, json_pack("{s:s, s:s}", "kind", "pair_code", "code", code));
    }
    puts(code);
    return CLI_OK;
}

/* - is standard input. What is wrong with it shows when it is used. */
static int read_code(pairing *p)
{
    if (p->code_text && strcmp(p->code_text, "-") == 0) {
        free(p->code_text);
        p->code_text = NULL;
        return cli_read_file(p->c, "code", "-", CODE_TEXT_MAX, &p->code_text, &p->code_length);
    }
    p->code_length = p->code_text ? strlen(p->code_text) : 0;
    return CLI_OK;
}

static zks_status begin(pairing *p)
{
    zks_client *client = p->c->client;
    uint32_t life_s = (uint32_t)p->life_s;
    if (p->code_text) {
        return zks_pair_begin_code(client, p->code_text, p->code_length, p->rights, life_s,
                                   cli_wake, NULL, &p->op);
    }
    return zks_pair_begin(client, p->link ? ZKS_PAIR_KIND_LINK : ZKS_PAIR_KIND_CODE, p->rights,
                          life_s, cli_wake, NULL, &p->op);
}

/* What the group cannot do is told before a relay is asked. */
static int check_group(pairing *p)
{
    cli *c = p->c;
    p->shared = cli_report_number(c, ZKS_REPORT_GROUP_KIND) == ZKS_GROUP_KIND_SHARED;
    if (p->shared && p->rights) {
        return cli_problem(c, CLI_CONFIG,
                           "This group is shared, where all devices may the same: leave --rights "
                           "out.");
    }
    return CLI_OK;
}

static int pair(pairing *p)
{
    cli *c = p->c;
    p->link = p->link || cli_qr_wanted(&p->qr);
    c->on_pairing = on_pairing;
    c->pairing_user = p;
    int code = read_code(p);
    code = code ? code : cli_open(c);
    code = code ? code : check_group(p);
    if (!code && !p->link && cli_report_number(c, ZKS_REPORT_SUITE) != ZKS_SUITE_ID_DEFAULT) {
        code = cli_problem(c, CLI_CONFIG,
                           "A group of approved algorithms has no codes to type: use a link, `zks "
                           "pair --link` or `zks pair --qr`.");
    }
    code = code ? code : cli_must_go_online(c);
    if (code) {
        return code;
    }
    zks_status status = begin(p);
    if (p->code_text && (cli_is_typo(status) || status == ZKS_E_INVALID)) {
        return cli_problem(c, CLI_CONFIG,
                           "This is no pairing code (%s): make one with `zks pair --new-code`.",
                           zks_status_name(status));
    }
    code = status ? cli_fail(c, status, NULL) : wait_paired(p);
    return code ? code : show_paired(p);
}

int cmd_pair(cli *c, const cli_command *self)
{
    pairing p = {.c = c, .life_s = LIFE_MAX_S};
    struct poptOption options[] = {
        {"link", 'l', POPT_ARG_NONE, &p.link, 0, "a link to paste instead of a code to type", NULL},
        CLI_QR_OPTIONS(&p.qr),
        {"yes", 'y', POPT_ARG_NONE, &p.yes, 0, "let the device in without asking", NULL},
        {"rights", 0, POPT_ARG_STRING, &p.rights_text, 0,
         "what it may do: \"invite\", \"admin\" (default: all that this device may)", "LIST"},
        {"code", 0, POPT_ARG_STRING, &p.code_text, 0,
         "a code of --new-code that was shown before (-: from standard input)", "CODE"},
        {"new-code", 0, POPT_ARG_NONE, &p.new_code, 0, "print a code for a later --code, and end",
         NULL},
        {"expires", 0, POPT_ARG_INT, &p.life_s, 0, "how long the code is good (600)", "S"},
        CLI_ONLINE_OPTIONS(c),
        POPT_TABLEEND};
    cli_qr_init(&p.qr, "use the link as text, or pair by a code.");
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        code = check_options(&p, self);
        code = code ? code : p.new_code ? show_new_code(&p) : pair(&p);
    }
    zks_op_free(p.op);
    cli_qr_done(&p.qr);
    free(p.rights_text);
    cli_secret_free(p.code_text, p.code_length);
    return code;
}
