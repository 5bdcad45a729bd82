/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * zks pull and zks watch: both read the inbox in batches, print a batch, and move the watermark
 * behind it once it has left this process: what was not printed comes again.
 */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_COUNT = 1000 };

typedef struct reader {
    cli *c;
    /* options */
    int own, raw, peek, offline;
    long long after, count;
    double idle_s;
    char *out;
    /* state */
    uint64_t at; /* sequence read so far */
    uint64_t printed;
    zks_op *ack;
} reader;

/* Element i of a batch. */
typedef struct entry {
    const uint8_t *data;
    size_t length;
    uint64_t seq, number;
    int64_t time_ms;
    const uint8_t *id, *sender;
    uint32_t flags;
} entry;

static entry entry_at(const zks_batch *batch, size_t i)
{
    const uint64_t *offsets = zks_batch_offsets(batch);
    return (entry){.data = zks_batch_data(batch, NULL) + offsets[i],
                   .length = (size_t)(offsets[i + 1] - offsets[i]),
                   .seq = zks_batch_seqs(batch)[i],
                   .number = zks_batch_numbers(batch)[i],
                   .time_ms = zks_batch_times_ms(batch)[i],
                   .id = zks_batch_ids(batch) + i * ZKS_SIZE_BLOB_ID,
                   .sender = zks_batch_senders(batch) + i * ZKS_SIZE_DEVICE_ID,
                   .flags = zks_batch_flags(batch)[i]};
}

/* --- printing --- */

static int print_json(cli *c, const entry *e)
{
    json_t *object = json_pack(
        "{s:s, s:I, s:o, s:I, s:I, s:o, s:b, s:b, s:b, s:I}", "kind", "entry", "seq",
        (json_int_t)e->seq, "sender", cli_json_hex(e->sender, ZKS_SIZE_DEVICE_ID), "number",
        (json_int_t)e->number, "time_ms", (json_int_t)e->time_ms, "id",
        cli_json_hex(e->id, ZKS_SIZE_BLOB_ID), "own", (e->flags & ZKS_ITEM_OWN) != 0, "late",
        (e->flags & ZKS_ITEM_LATE) != 0, "fork", (e->flags & ZKS_ITEM_FORK) != 0, "length",
        (json_int_t)e->length);
    if (object && !cli_json_payload(object, e->data, e->length)) {
        json_decref(object);
        object = NULL;
    }
    return cli_json(c, object);
}

static int write_out(cli *c, const char *folder, const entry *e)
{
    char *name = NULL;
    if (asprintf(&name, "%s/%010" PRIu64, folder, e->seq) < 0) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    int code = cli_write_file(c, name, e->data, e->length);
    if (!code && !c->json) {
        puts(name);
    } else if (!code) {
        code = cli_json(c,
                        json_pack("{s:s, s:I, s:s, s:I}", "kind", "file", "seq", (json_int_t)e->seq,
                                  "file", name, "length", (json_int_t)e->length));
    }
    free(name);
    return code;
}

static int print_entry(reader *r, const entry *e)
{
    if (r->out) {
        return write_out(r->c, r->out, e);
    }
    if (r->c->json) {
        return print_json(r->c, e);
    }
    if (r->raw) {
        fwrite(e->data, 1, e->length, stdout);
        return CLI_OK;
    }
    char sender[CLI_ID_TEXT];
    cli_hex(e->sender, CLI_SHORT_ID_BYTES, sender);
    printf("%" PRIu64 "\t%s\t%" PRIu64 "\t", e->seq, sender, e->number);
    cli_print_escaped(stdout, e->data, e->length);
    putchar('\n');
    return CLI_OK;
}

/* --- reading --- */

static int finish_ack(reader *r)
{
    int code = CLI_OK;
    if (r->ack) {
        cli_wait(r->c, r->ack, -1);
        zks_status status = zks_op_status(r->ack);
        code = status && status != ZKS_E_PENDING ? cli_fail_op(r->c, r->ack) : CLI_OK;
        zks_op_free(r->ack);
        r->ack = NULL;
    }
    return code;
}

static int start_ack(reader *r)
{
    if (r->peek) {
        return CLI_OK;
    }
    int code = finish_ack(r);
    if (!code && r->at > zks_inbox_acked(r->c->client)) {
        zks_status status = zks_inbox_ack(r->c->client, r->at, cli_wake, NULL, &r->ack);
        code = status ? cli_fail(r->c, status, NULL) : CLI_OK;
    }
    return code;
}

static uint32_t next_count(const reader *r)
{
    uint64_t left = (uint64_t)r->count - r->printed;
    return r->count && left < BATCH_COUNT ? (uint32_t)left : BATCH_COUNT;
}

static bool has_enough(const reader *r)
{
    return r->count && r->printed >= (uint64_t)r->count;
}

static int start_read(reader *r, uint32_t wait, zks_op **out_op)
{
    uint32_t flags = wait | (r->own ? (uint32_t)ZKS_READ_OWN : 0);
    zks_status status = zks_inbox_read(r->c->client, r->at, next_count(r), 0, flags, cli_wake, NULL,
                                       out_op);
    return status ? cli_fail(r->c, status, NULL) : CLI_OK;
}

/* Prints what a complete read has and acknowledges it. */
static int print_read(reader *r, zks_op *op, size_t *out_count)
{
    zks_batch *batch = NULL;
    zks_status status = zks_op_take_batch(op, &batch);
    if (status) {
        return cli_fail(r->c, status, zks_op_text(op));
    }
    size_t count = zks_batch_count(batch);
    int code = CLI_OK;
    for (size_t i = 0; i < count && !code; i++) {
        entry e = entry_at(batch, i);
        code = print_entry(r, &e);
    }
    code = code ? code : cli_flush_output(r->c);
    if (!code && count) {
        r->at = zks_batch_seqs(batch)[count - 1];
        r->printed += count;
        code = start_ack(r);
    }
    zks_batch_free(batch);
    *out_count = count;
    return code;
}

/* Everything that is in the inbox now. */
static int drain(reader *r)
{
    size_t count = 1;
    int code = CLI_OK;
    while (!code && count && !has_enough(r)) {
        zks_op *op = NULL;
        code = start_read(r, 0, &op);
        if (!code && !cli_wait(r->c, op, -1)) {
            code = 128 + r->c->interrupted;
        }
        code = code ? code : print_read(r, op, &count);
        zks_op_free(op);
    }
    return code;
}

static void show_received(cli *c, void *user)
{
    (void)user;
    zks_report *report = NULL;
    if (zks_report_get(c->client, &report) == ZKS_OK) {
        cli_progress(c, "zks: %lld entries received",
                     (long long)zks_report_number(report, ZKS_REPORT_RECEIVED));
    }
    zks_report_free(report);
}

/* Fetches what the relay has. 0, or the exit code to end with when the inbox was printed. */
static int synchronise(cli *c)
{
    zks_op *op = NULL;
    int code = cli_begin_sync(c, &op);
    if (code) {
        return code;
    }
    code = cli_wait_online(c, op, show_received, NULL);
    if (!code && zks_op_status(op)) {
        code = cli_fail_op(c, op);
    } else if (code && !c->interrupted) {
        code = cli_fail_offline(c, "What is printed is what this device had already.");
    }
    zks_op_cancel(op);
    zks_op_free(op);
    return code;
}

static int begin(reader *r)
{
    int code = cli_open(r->c);
    if (!code && r->out && mkdir(r->out, 0700) != 0 && errno != EEXIST) {
        code = cli_problem(r->c, CLI_FAILURE, "The folder %s cannot be made (%m): name another.",
                           r->out);
    }
    if (!code) {
        r->at = r->after >= 0 ? (uint64_t)r->after : zks_inbox_acked(r->c->client);
        r->peek = r->peek || r->after >= 0;
    }
    return code;
}

static int check_options(reader *r, const char *command)
{
    cli *c = r->c;
    if (c->args[0]) {
        return cli_usage(c, command, "%s takes no argument \"%s\".", command, c->args[0]);
    }
    if (r->raw && (r->out || c->json)) {
        return cli_usage(c, command, "--raw goes with neither --out nor --json.");
    }
    if (r->after < -1 || r->count < 0 || !(r->idle_s >= 0 && r->idle_s <= 86400)) {
        return cli_usage(c, command, "Numbers must not be negative.");
    }
    return CLI_OK;
}

#define READER_OPTIONS(r)                                                                         \
    {                                                                                             \
        "after",                                                                                  \
        0,                                                                                        \
        POPT_ARG_LONGLONG,                                                                        \
        &(r)->after,                                                                              \
        0,                                                                                        \
        "from behind this sequence (0: all that is kept); leaves the watermark alone",            \
        "SEQ"},                                                                                   \
        {"peek", 0, POPT_ARG_NONE, &(r)->peek, 0, "leave the watermark where it is", NULL},       \
        {"own", 0, POPT_ARG_NONE, &(r)->own, 0, "this device's own entries too", NULL},           \
        {"raw", 0, POPT_ARG_NONE, &(r)->raw, 0, "payloads only, one after the other as they are", \
         NULL},                                                                                   \
        {"out", 'o', POPT_ARG_STRING, &(r)->out, 0, "each payload into a file of its own there",  \
         "DIR"},                                                                                  \
    {                                                                                             \
        "count", 'n', POPT_ARG_LONGLONG, &(r)->count, 0, "end after so many entries", "N"         \
    }

int cmd_pull(cli *c, const cli_command *self)
{
    reader r = {.c = c, .after = -1};
    struct poptOption options[] = {
        READER_OPTIONS(&r),
        {"offline", 0, POPT_ARG_NONE, &r.offline, 0, "do not connect: what is here already", NULL},
        CLI_ONLINE_OPTIONS(c),
        POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        code = check_options(&r, "pull");
        code = code ? code : begin(&r);
        if (!code) {
            int synced = r.offline ? CLI_OK : synchronise(c);
            code = c->interrupted ? synced : drain(&r);
            code = code ? code : finish_ack(&r);
            code = code ? code : synced;
        }
    }
    zks_op_free(r.ack);
    free(r.out);
    return code;
}

/* --- watching --- */

/* Whether the relay will not be had without somebody's help. */
static bool must_give_up(cli *c)
{
    zks_status status = zks_op_status(c->connect_op);
    if (status && status != ZKS_E_PENDING && !c->connected_once &&
        zks_status_class(status) != ZKS_CLASS_RETRY) {
        c->net_status = status;
        snprintf(c->net_text, sizeof c->net_text, "%s", zks_op_text(c->connect_op));
        return true;
    }
    if (c->store_status && zks_status_class(c->store_status) != ZKS_CLASS_RETRY) {
        c->net_status = c->store_status;
        snprintf(c->net_text, sizeof c->net_text, "%s", c->store_text);
        return true;
    }
    return c->net_status && c->state != ZKS_STATE_CONNECTED &&
           zks_status_class(c->net_status) != ZKS_CLASS_RETRY;
}

/* Until there is something to read. CLI_GO_ON: nothing came for too long. */
static int wait_read(reader *r, const zks_op *op)
{
    int64_t since = cli_now_ms();
    while (!cli_wait(r->c, op, 250)) {
        if (r->c->interrupted) {
            return 128 + r->c->interrupted;
        }
        if (must_give_up(r->c)) {
            return cli_fail_offline(r->c, "");
        }
        if (r->idle_s > 0 && cli_now_ms() - since > (int64_t)(r->idle_s * 1000)) {
            return CLI_GO_ON;
        }
        int code = finish_ack(r);
        if (code) {
            return code;
        }
    }
    return CLI_OK;
}

static int watch(reader *r)
{
    int code = CLI_OK;
    size_t count;
    while (!code && !has_enough(r)) {
        zks_op *op = NULL;
        code = start_read(r, ZKS_READ_WAIT, &op);
        code = code ? code : wait_read(r, op);
        if (code == CLI_OK) {
            code = print_read(r, op, &count);
        } else {
            zks_op_cancel(op);
        }
        zks_op_free(op);
    }
    return code == CLI_GO_ON ? CLI_OK : code;
}

int cmd_watch(cli *c, const cli_command *self)
{
    reader r = {.c = c, .after = -1};
    struct poptOption options[] = {
        READER_OPTIONS(&r),
        {"until-idle", 0, POPT_ARG_DOUBLE, &r.idle_s, 0, "end when nothing came for so long", "S"},
        CLI_ONLINE_OPTIONS(c),
        POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        c->show_events = true;
        code = check_options(&r, "watch");
        code = code ? code : begin(&r);
        code = code ? code : cli_connect(c);
        if (!code) {
            code = watch(&r);
            int acked = finish_ack(&r);
            code = code ? code : acked;
        }
    }
    zks_op_free(r.ack);
    free(r.out);
    return code;
}
