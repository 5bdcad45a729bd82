/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks status, zks trust. */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"offline", "connecting", "connected", "waiting"};

int cli_begin_show(cli *c, const cli_command *self, int *out_offline)
{
    int online = 0;
    struct poptOption options[] = {{"online", 0, POPT_ARG_NONE, &online, 0, "connect first", NULL},
                                   CLI_ONLINE_OPTIONS(c),
                                   POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (c->args[0]) {
        return cli_usage(c, self->name, "%s takes no argument.", self->name);
    }
    *out_offline = CLI_OK;
    code = cli_open(c);
    code = code || !online ? code : cli_go_online(c, out_offline);
    return code ? code : CLI_GO_ON;
}

/* --- status --- */

static json_t *json_relay(const zks_report *report, size_t i)
{
    int64_t state = zks_report_relay_number(report, i, ZKS_REPORT_RELAY_STATE);
    zks_status status = (zks_status)zks_report_relay_number(report, i, ZKS_REPORT_RELAY_STATUS);
    return json_pack(
        "{s:s*, s:s, s:I, s:I, s:I, s:I, s:s*, s:s*}", "address",
        zks_report_relay_text(report, i, ZKS_REPORT_RELAY_ADDRESS), "state", state_names[state & 3],
        "cursor", (json_int_t)zks_report_relay_number(report, i, ZKS_REPORT_RELAY_CURSOR), "rtt_us",
        (json_int_t)zks_report_relay_number(report, i, ZKS_REPORT_RELAY_RTT_US), "pending",
        (json_int_t)zks_report_relay_number(report, i, ZKS_REPORT_RELAY_PENDING), "acked",
        (json_int_t)zks_report_relay_number(report, i, ZKS_REPORT_RELAY_ACKED), "status",
        status ? zks_status_name(status) : NULL, "error",
        zks_report_relay_text(report, i, ZKS_REPORT_RELAY_ERROR));
}

static const struct {
    const char *name, *label;
    int32_t field;
} figures[] = {{"pending", "waiting for a relay", ZKS_REPORT_PENDING_COUNT},
               {"pending_bytes", "  bytes of them", ZKS_REPORT_PENDING_BYTES},
               {"unread", "unread", ZKS_REPORT_UNREAD_COUNT},
               {"unread_bytes", "  bytes of them", ZKS_REPORT_UNREAD_BYTES},
               {"last_seq", "last sequence", ZKS_REPORT_INBOX_LAST_SEQ},
               {"acked_seq", "watermark", ZKS_REPORT_INBOX_ACKED_SEQ},
               {"last_number", "last own number", ZKS_REPORT_LAST_NUMBER},
               {"devices", "devices", ZKS_REPORT_DEVICES},
               {"held", "held back", ZKS_REPORT_HELD}};

/* Of all the time that the store has. */
static const struct {
    const char *name, *label;
    int32_t field;
} alarms[] = {{"gaps", "gaps", ZKS_REPORT_HISTORY_GAPS},
              {"expired", "expired", ZKS_REPORT_HISTORY_EXPIRED},
              {"withheld", "withheld", ZKS_REPORT_HISTORY_WITHHELD},
              {"late", "entries that came late", ZKS_REPORT_HISTORY_LATE},
              {"forks", "forks", ZKS_REPORT_HISTORY_FORKS},
              {"unverified", "unverified", ZKS_REPORT_HISTORY_UNVERIFIED},
              {"rejected", "rejected blobs", ZKS_REPORT_HISTORY_REJECTED},
              {"new_chains", "new own chains", ZKS_REPORT_HISTORY_NEW_CHAINS}};

static json_t *json_alarms(const zks_report *report)
{
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        json_object_set_new(object, alarms[i].name,
                            json_integer((json_int_t)zks_report_number(report, alarms[i].field)));
    }
    return object;
}

static void print_alarms(const zks_report *report)
{
    const char *between = "";
    printf("%-20s ", "alarms");
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        int64_t count = zks_report_number(report, alarms[i].field);
        if (count) {
            printf("%s%s %" PRId64, between, alarms[i].label, count);
            between = ", ";
        }
    }
    printf("%s\n", *between ? "" : "none");
}

static const char *kind_name(const zks_report *report)
{
    bool paired = zks_report_number(report, ZKS_REPORT_GROUP_KIND) == ZKS_GROUP_KIND_PAIRED;
    return paired ? "paired" : "shared";
}

static json_t *json_status(const zks_report *report, json_t *relays)
{
    size_t n = 0;
    return json_pack(
        "{s:s, s:s*, s:o, s:s, s:I, s:o, s:o, s:s*, s:s, s:o}", "kind", "status", "store",
        zks_report_text(report, ZKS_REPORT_STORE_PATH), "group_id",
        cli_json_hex(zks_report_bytes(report, ZKS_REPORT_GROUP_ID, &n), ZKS_SIZE_GROUP_ID),
        "group_kind", kind_name(report), "epoch",
        (json_int_t)zks_report_number(report, ZKS_REPORT_EPOCH), "rights",
        cli_json_rights(zks_report_number(report, ZKS_REPORT_RIGHTS)), "device_id",
        cli_json_hex(zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n), ZKS_SIZE_DEVICE_ID),
        "device_name", zks_report_text(report, ZKS_REPORT_DEVICE_NAME), "state",
        state_names[zks_report_number(report, ZKS_REPORT_STATE) & 3], "relays", relays);
}

static int print_status_json(cli *c, const zks_report *report)
{
    json_t *relays = json_array();
    size_t count = (size_t)zks_report_number(report, ZKS_REPORT_RELAYS);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(relays, json_relay(report, i));
    }
    json_t *object = json_status(report, relays);
    const char *suite = cli_suite_name(zks_report_number(report, ZKS_REPORT_SUITE));
    if (object && suite) {
        json_object_set_new(object, "suite", json_string(suite));
    }
    for (size_t i = 0; object && i < sizeof figures / sizeof *figures; i++) {
        json_object_set_new(object, figures[i].name,
                            json_integer((json_int_t)zks_report_number(report, figures[i].field)));
    }
    if (object) {
        json_object_set_new(object, "alarms", json_alarms(report));
    }
    return cli_json(c, object);
}

static void print_id(const char *label, const uint8_t *id, const char *name)
{
    char text[CLI_ID_TEXT] = "";
    if (id) {
        cli_hex(id, ZKS_SIZE_DEVICE_ID, text);
    }
    printf("%-20s %s%s%s\n", label, text, name && *name ? "  " : "", name ? name : "");
}

static void print_relays(const zks_report *report)
{
    size_t count = (size_t)zks_report_number(report, ZKS_REPORT_RELAYS);
    for (size_t i = 0; i < count; i++) {
        int64_t state = zks_report_relay_number(report, i, ZKS_REPORT_RELAY_STATE);
        int64_t rtt = zks_report_relay_number(report, i, ZKS_REPORT_RELAY_RTT_US);
        const char *error = zks_report_relay_text(report, i, ZKS_REPORT_RELAY_ERROR);
        printf("%-20s %s, %s", "relay", zks_report_relay_text(report, i, ZKS_REPORT_RELAY_ADDRESS),
               state_names[state & 3]);
        if (rtt) {
            printf(", round trip %.1f ms", (double)rtt / 1000);
        }
        printf("%s%s\n", error ? ": " : "", error ? error : "");
    }
}

static void print_status(const zks_report *report)
{
    size_t n = 0;
    printf("%-20s %s\n", "store", zks_report_text(report, ZKS_REPORT_STORE_PATH));
    print_id("group", zks_report_bytes(report, ZKS_REPORT_GROUP_ID, &n), NULL);
    print_id("device", zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n),
             zks_report_text(report, ZKS_REPORT_DEVICE_NAME));
    const char *suite = cli_suite_name(zks_report_number(report, ZKS_REPORT_SUITE));
    printf("%-20s %s\n", "algorithms", suite ? suite : "unknown to this program");
    printf("%-20s %s\n", "group kind", kind_name(report));
    if (zks_report_number(report, ZKS_REPORT_GROUP_KIND) == ZKS_GROUP_KIND_PAIRED) {
        printf("%-20s %" PRId64 "\n", "epoch of its keys",
               zks_report_number(report, ZKS_REPORT_EPOCH));
        printf("%-20s %s\n", "its rights",
               cli_rights_text(zks_report_number(report, ZKS_REPORT_RIGHTS)));
    }
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        printf("%-20s %" PRId64 "\n", figures[i].label,
               zks_report_number(report, figures[i].field));
    }
    print_alarms(report);
    print_relays(report);
}

int cmd_status(cli *c, const cli_command *self)
{
    int offline = CLI_OK;
    int code = cli_begin_show(c, self, &offline);
    if (code != CLI_GO_ON) {
        return code;
    }
    zks_report *report = NULL;
    zks_status status = zks_report_get(c->client, &report);
    code = status ? cli_fail(c, status, NULL) : CLI_OK;
    if (!code && c->json) {
        code = print_status_json(c, report);
    } else if (!code) {
        print_status(report);
    }
    zks_report_free(report);
    return code || !offline ? code : cli_fail_offline(c, "");
}

/* --- trust --- */

static int base32_value(char digit)
{
    if (digit >= 'a' && digit <= 'z') {
        return digit - 'a';
    }
    if (digit >= 'A' && digit <= 'Z') {
        return digit - 'A';
    }
    return digit >= '2' && digit <= '7' ? digit - '2' + 26 : -1;
}

/* What an error named, 64 hexadecimal digits, or zks://KEY@... */
static bool read_key(const char *text, uint8_t key[ZKS_SIZE_RELAY_KEY])
{
    static const char scheme[] = "zks://";
    if (strncmp(text, scheme, sizeof scheme - 1) == 0) {
        text += sizeof scheme - 1;
    }
    size_t length = strcspn(text, "@"), n = 0;
    if (cli_unhex(text, length, key, ZKS_SIZE_RELAY_KEY)) {
        return true;
    }
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < length && length == CLI_KEY_TEXT - 1; i++) {
        int value = base32_value(text[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 5 | (uint32_t)value;
        count += 5;
        if (count >= 8) {
            count -= 8;
            key[n++] = (uint8_t)(bits >> count);
            bits &= (1U << count) - 1;
        }
    }
    return n == ZKS_SIZE_RELAY_KEY && bits == 0;
}

int cmd_trust(cli *c, const cli_command *self)
{
    struct poptOption options[] = {POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (cli_args_count(c) != 2) {
        return cli_usage(c, "trust", "trust takes a relay's address and its key.");
    }
    uint8_t key[ZKS_SIZE_RELAY_KEY];
    if (!read_key(c->args[1], key)) {
        return cli_problem(
            c, CLI_CONFIG,
            "\"%s\" is no relay key: it has 52 characters, or 64 hexadecimal digits.", c->args[1]);
    }
    code = cli_open(c);
    if (code) {
        return code;
    }
    zks_status status = zks_client_trust_relay(c->client, c->args[0], key);
    if (status == ZKS_E_NOT_FOUND) {
        return cli_problem(
            c, CLI_CONFIG,
            "No relay of this store has the address \"%s\": `zks group relays` lists "
            "them.",
            c->args[0]);
    }
    if (status == ZKS_E_STATE) {
        return cli_problem(c, CLI_CONFIG,
                           "The address names its key itself: give the relay's new address to `zks "
                           "group relays`.");
    }
    if (status) {
        return cli_fail(c, status, NULL);
    }
    cli_note(c, "zks: %s is trusted with this key from now on.", c->args[0]);
    return c->json ? cli_json(c, json_pack("{s:s, s:s}", "kind", "trusted", "relay", c->args[0]))
                   : CLI_OK;
}
