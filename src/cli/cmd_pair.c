/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks pair: lets a device into a paired group, by a code to type or a link. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIFE_MAX_S = 600, LOOK_MS = 250, CANCEL_MS = 3000 };

typedef struct pairing {
    cli *c;
    /* what was asked for */
    cli_qr qr;
    char *rights_text;
    uint32_t rights;
    int link, yes, life_s;
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

static int pair(pairing *p)
{
    cli *c = p->c;
    p->link = p->link || cli_qr_wanted(&p->qr);
    c->on_pairing = on_pairing;
    c->pairing_user = p;
    int code = cli_open_paired(c);
    if (!code && !p->link && cli_report_number(c, ZKS_REPORT_SUITE) != ZKS_SUITE_ID_DEFAULT) {
        code = cli_problem(c, CLI_CONFIG,
                           "A group of approved algorithms has no codes to type: use a link, `zks "
                           "pair --link` or `zks pair --qr`.");
    }
    code = code ? code : cli_must_go_online(c);
    if (code) {
        return code;
    }
    zks_status status = zks_pair_begin(c->client, p->link ? ZKS_PAIR_KIND_LINK : ZKS_PAIR_KIND_CODE,
                                       p->rights, (uint32_t)p->life_s, cli_wake, NULL, &p->op);
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
        {"expires", 0, POPT_ARG_INT, &p.life_s, 0, "how long the code is good (600)", "S"},
        CLI_ONLINE_OPTIONS(c),
        POPT_TABLEEND};
    cli_qr_init(&p.qr, "use the link as text, or pair by a code.");
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        code = check_options(&p, self);
        code = code ? code : pair(&p);
    }
    zks_op_free(p.op);
    cli_qr_done(&p.qr);
    free(p.rights_text);
    return code;
}
