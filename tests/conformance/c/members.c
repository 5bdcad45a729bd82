/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Verbs of pairing and membership. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

/* --- pairing ---------------------------------------------------------------------- */

static uint32_t rights_of(const json_t *list)
{
    uint32_t rights = 0;
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)list, i, value)
    {
        bool admin = !strcmp(json_string_value(value), "admin");
        rights |= admin ? ZKS_RIGHT_ADMIN : ZKS_RIGHT_INVITE;
    }
    return rights;
}

/* By a code of its own, which is good once the client is connected. */
static void pair_by_own_code(task *t)
{
    uint8_t bytes[ZKS_SIZE_PAIR_CODE];
    zks_op *op = NULL;
    zks_status s = zks_pair_code_new(bytes);
    const char *code = (const char *)bytes;
    s = s ? s
          : zks_pair_begin_code(client_of(t), code, strlen(code), rights_of(option(t, "rights")), 0,
                                on_done, NULL, &op);
    if (s) {
        fail(t, s);
        return;
    }
    zks_op_free(t->d->pairing);
    t->d->pairing = op;
    variable_set(text_arg(t, 2), code);
    say(t, " has a code");
}

void verb_pair(task *t)
{
    if (json_is_true(option(t, "new"))) {
        pair_by_own_code(t);
        return;
    }
    logged e;
    zks_op *op = NULL;
    const wanted code = {.kind = ZKS_EVENT_PAIR_CODE, .state = -1};
    const char *name = text_arg(t, 2), *kind = json_string_value(option(t, "kind"));
    bool link = kind && !strcmp(kind, "link");
    uint32_t life_s = (uint32_t)json_integer_value(option(t, "life_s"));
    zks_status s = zks_pair_begin(client_of(t), link ? ZKS_PAIR_KIND_LINK : ZKS_PAIR_KIND_CODE,
                                  rights_of(option(t, "rights")), life_s, on_done, NULL, &op);
    s = s ? s : log_take(t, t->d->events, &code, op, &e);
    if (s) {
        zks_op_free(op);
        fail(t, s);
        return;
    }
    zks_op_free(t->d->pairing);
    t->d->pairing = op;
    variable_set(name, e.text);
    say(t, " shows a %s", link ? "link" : "code");
}

static zks_op *pairing_of(const task *t)
{
    client_of(t);
    if (!t->d->pairing) {
        broken("that device does not pair:", t->step);
    }
    return t->d->pairing;
}

void verb_answer(task *t)
{
    logged e;
    const wanted ask = {.kind = ZKS_EVENT_PAIR_ASK, .state = -1};
    bool yes = json_is_true(arg(t, 2));
    zks_client *client = client_of(t);
    zks_status s = log_take(t, t->d->events, &ask, NULL, &e);
    s = s ? s : zks_pair_answer(client, yes);
    if (s) {
        fail(t, s);
    } else {
        say(t, " %s to \"%s\"", yes ? "yes" : "no", e.text);
    }
}

void verb_paired(task *t)
{
    zks_op *op = pairing_of(t);
    zks_status s = task_wait(t, op);
    if (s) {
        fail(t, s);
    } else {
        say(t, " %s", id_name(zks_op_bytes(op, ZKS_OP_DEVICE, NULL)));
    }
}

void verb_cancel_pair(task *t)
{
    zks_op_cancel(pairing_of(t));
    said(t, ZKS_OK);
}

void verb_digits(task *t)
{
    logged e;
    char digits[24];
    const wanted what = {.kind = ZKS_EVENT_PAIR_DIGITS, .state = -1};
    const char *kept = variable(text_arg(t, 2));
    client_of(t);
    zks_status s = log_take(t, t->d->events, &what, NULL, &e);
    snprintf(digits, sizeof digits, "%06d", (int)e.digits);
    if (s) {
        fail(t, s);
    } else if (!kept) {
        variable_set(text_arg(t, 2), digits);
        said(t, ZKS_OK);
    } else {
        say(t, "%s", strcmp(kept, digits) != 0 ? " ! DIFFERENT" : " are the same");
    }
}

/* --- members ---------------------------------------------------------------------- */

static const char *rights_name(int64_t rights, const char *none)
{
    const char *const names[] = {none, "invite", "admin", "invite+admin"};
    return names[rights & (ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN)];
}

/* The place in a list of the member that comes i-th by symbolic name. */
static size_t place_by_name(const zks_devices *list, size_t i)
{
    for (size_t at = 0; at < zks_devices_count(list); at++) {
        size_t before = 0;
        for (size_t other = 0; other < zks_devices_count(list); other++) {
            int order = strcmp(id_name(zks_devices_id(list, other)),
                               id_name(zks_devices_id(list, at)));
            before += order < 0 || (order == 0 && other < at);
        }
        if (before == i) {
            return at;
        }
    }
    return 0;
}

static void say_device(task *t, const zks_devices *list, size_t i)
{
    const uint8_t *inviter = zks_devices_inviter(list, i);
    const char *rights = rights_name(zks_devices_number(list, i, ZKS_DEVICES_RIGHTS), "no rights");
    say(t, " %s \"%s\" %s%s%s%s", id_name(zks_devices_id(list, i)), zks_devices_name(list, i),
        strcmp(rights, "invite+admin") != 0 ? rights : "invite admin",
        zks_devices_number(list, i, ZKS_DEVICES_SELF) ? " self" : "", inviter ? " by " : "",
        inviter ? id_name(inviter) : "");
}

void verb_devices(task *t)
{
    zks_devices *list = NULL;
    size_t count = (size_t)int_arg(t, 2);
    unsigned rounds = 0;
    bool more = true;
    zks_status s;
    do {
        zks_devices_free(list);
        list = NULL;
        s = zks_devices_get(client_of(t), &list);
        if (!s && zks_devices_count(list) != count) {
            s = LATE;
            more = task_pause(t, &rounds);
        }
    } while (s == LATE && more && !t->cancelled);
    for (size_t i = 0; list && i < zks_devices_count(list); i++) {
        say_device(t, list, place_by_name(list, i));
    }
    if (s) {
        fail(t, s);
    }
    zks_devices_free(list);
}

void verb_revoke(task *t)
{
    zks_op *op = NULL;
    const uint8_t *id = id_of(text_arg(t, 2));
    const char *reason = json_string_value(option(t, "reason"));
    const json_t *recovery = option(t, "recovery");
    int32_t why = !reason                   ? ZKS_REVOKE_UNSPECIFIED
                  : !strcmp(reason, "lost") ? ZKS_REVOKE_LOST
                                            : ZKS_REVOKE_REPLACED;
    char *words = recovery ? text_of(recovery) : NULL;
    if (!id) {
        broken("that device has no id yet:", t->step);
    }
    zks_status s = zks_device_revoke(client_of(t), id, why, words, words ? strlen(words) : 0, NULL,
                                     NULL, &op);
    free(words);
    s = task_finish(t, s, op);
    if (s) {
        fail(t, s);
    } else {
        say(t, " %s", text_arg(t, 2));
    }
}

void verb_rotate(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_group_rotate(client_of(t), NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}

void verb_leave(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_group_leave(client_of(t), NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}

/* --- report ----------------------------------------------------------------------- */

static const struct figure {
    const char *name;
    int32_t field;
} figures[] = {
    {"state", ZKS_REPORT_STATE},
    {"pending_count", ZKS_REPORT_PENDING_COUNT},
    {"unread_count", ZKS_REPORT_UNREAD_COUNT},
    {"devices", ZKS_REPORT_DEVICES},
    {"relays", ZKS_REPORT_RELAYS},
    {"last_number", ZKS_REPORT_LAST_NUMBER},
    {"sent", ZKS_REPORT_SENT},
    {"received", ZKS_REPORT_RECEIVED},
    {"duplicates", ZKS_REPORT_DUPLICATES},
    {"rejected", ZKS_REPORT_REJECTED},
    {"connects", ZKS_REPORT_CONNECTS},
    {"suite", ZKS_REPORT_SUITE},
    {"group_kind", ZKS_REPORT_GROUP_KIND},
    {"epoch", ZKS_REPORT_EPOCH},
    {"rights", ZKS_REPORT_RIGHTS},
    {"device_name", ZKS_REPORT_DEVICE_NAME},
    {"active_relay", ZKS_REPORT_ACTIVE_RELAY},
};

static const struct figure *figure_of(const char *name)
{
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (!strcmp(figures[i].name, name)) {
            return &figures[i];
        }
    }
    broken("no such figure:", json_string(name));
}

static void show_figure(const zks_report *r, const struct figure *f, char *out, size_t size)
{
    static const char *const states[] = {"offline", "connecting", "connected", "waiting"};
    static const char *const suites[] = {"none", "default", "approved"};
    static const char *const kinds[] = {"none", "paired", "shared"};
    int64_t n = zks_report_number(r, f->field);
    const char *text = zks_report_text(r, f->field);
    switch (f->field) {
    case ZKS_REPORT_STATE:
        snprintf(out, size, "%s", states[n]);
        break;
    case ZKS_REPORT_SUITE:
        snprintf(out, size, "%s", suites[n]);
        break;
    case ZKS_REPORT_GROUP_KIND:
        snprintf(out, size, "%s", kinds[n]);
        break;
    case ZKS_REPORT_RIGHTS:
        snprintf(out, size, "%s", rights_name(n, "none"));
        break;
    case ZKS_REPORT_DEVICE_NAME:
        snprintf(out, size, "\"%s\"", text ? text : "");
        break;
    case ZKS_REPORT_ACTIVE_RELAY:
        snprintf(out, size, "%s", text ? "yes" : "no");
        break;
    default:
        snprintf(out, size, "%lld", (long long)n);
    }
}

/* Shows one field of a report; waits where the step says for which value. */
static zks_status report_field(task *t, const json_t *wish, char *out, size_t size)
{
    const json_t *name = json_is_array(wish) ? json_array_get(wish, 0) : wish;
    const struct figure *f = figure_of(json_string_value(name));
    unsigned rounds = 0;
    for (;;) {
        zks_report *r;
        zks_status s = zks_report_get(client_of(t), &r);
        if (s) {
            return s;
        }
        bool there = !json_is_array(wish) ||
                     zks_report_number(r, f->field) == json_integer_value(json_array_get(wish, 1));
        show_figure(r, f, out, size);
        zks_report_free(r);
        if (there || !task_pause(t, &rounds)) {
            return there ? ZKS_OK : LATE;
        }
    }
}

void verb_report(task *t)
{
    char line[1024] = "", value[256];
    for (size_t i = 2; i < json_array_size(t->step); i++) {
        const json_t *wish = arg(t, i);
        const json_t *name = json_is_array(wish) ? json_array_get(wish, 0) : wish;
        zks_status s = report_field(t, wish, value, sizeof value);
        size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, " %s %s", json_string_value(name), value);
        if (s) {
            say(t, "%s", line);
            fail(t, s);
            return;
        }
    }
    say(t, "%s", line);
}
