/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * zks push and zks flush. Input is read in pieces and stored in batches, each one signature and one
 * commit; several are on their way at once. When everything is stored, push waits until a relay has
 * it: an interruption from there on loses nothing.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH_BYTES = 2 * 1024 * 1024,
    BATCH_COUNT = 2048,
    IN_FLIGHT = 4,
    FLUSH_MS = 24 * 60 * 60 * 1000 /* cli_wait_online gives up before */
};

typedef struct push {
    cli *c;
    int files, lines, stored; /* options */
    /* the batch being filled */
    uint8_t data[BATCH_BYTES + ZKS_SIZE_PUSH_MAX + 1];
    size_t used;  /* with the entry being read */
    size_t start; /* of the entry being read */
    size_t lengths[BATCH_COUNT];
    size_t count;
    /* on their way into the store, oldest first */
    zks_op *ops[IN_FLIGHT];
    size_t op_count;
    /* done */
    uint64_t entries, bytes;
    int64_t first_number, last_number;
    uint64_t line; /* of the file being read */
    int64_t began_ms;
} push;

/* --- batches --- */

static int take_oldest(push *p)
{
    zks_op *op = p->ops[0];
    bool complete = cli_wait(p->c, op, -1);
    p->op_count--;
    for (size_t i = 0; i < p->op_count; i++) {
        p->ops[i] = p->ops[i + 1];
    }
    int code = CLI_OK;
    if (!complete) {
        code = 128 + p->c->interrupted;
    } else if (zks_op_status(op)) {
        code = cli_fail_op(p->c, op);
    } else {
        int64_t first = zks_op_number(op, ZKS_OP_FIRST_NUMBER);
        int64_t count = zks_op_number(op, ZKS_OP_COUNT);
        p->first_number = p->first_number ? p->first_number : first;
        p->last_number = first + count - 1;
        p->entries += (uint64_t)count;
    }
    zks_op_free(op);
    return code;
}

static int take_all(push *p)
{
    int code = CLI_OK;
    while (p->op_count && !code) {
        code = take_oldest(p);
    }
    return code;
}

/* Sends the complete entries of the batch; one that is being read moves to the front. */
static int send_batch(push *p)
{
    if (!p->count) {
        return CLI_OK;
    }
    int code = p->op_count == IN_FLIGHT ? take_oldest(p) : CLI_OK;
    zks_status status = ZKS_E_LIMIT;
    zks_op *op = NULL;
    while (!code && status == ZKS_E_LIMIT) {
        status = zks_client_push_many(p->c->client, p->data, p->lengths, p->count, ZKS_PUSH_STORED,
                                      cli_wake, NULL, &op);
        if (status == ZKS_E_LIMIT && p->op_count) {
            code = take_oldest(p);
        } else if (status) {
            return cli_fail(p->c, status, NULL);
        }
    }
    if (code) {
        return code;
    }
    p->ops[p->op_count++] = op;
    p->bytes += p->start;
    memmove(p->data, p->data + p->start, p->used - p->start);
    p->used -= p->start;
    p->start = 0;
    p->count = 0;
    cli_step(p->c, 0, -1);
    cli_progress(p->c, "zks: %llu entries stored", (unsigned long long)p->entries);
    return p->c->interrupted ? 128 + p->c->interrupted : CLI_OK;
}

/* All from start on is an entry. */
static int end_entry(push *p)
{
    p->lengths[p->count++] = p->used - p->start;
    p->start = p->used;
    return p->count == BATCH_COUNT || p->start >= BATCH_BYTES ? send_batch(p) : CLI_OK;
}

static int too_long(push *p, const char *name)
{
    int code = send_batch(p);
    code = code ? code : take_all(p);
    if (code) {
        return code;
    }
    char where[64] = "";
    if (p->lines) {
        snprintf(where, sizeof where, "Line %llu of ", (unsigned long long)p->line);
    }
    return cli_problem(p->c, CLI_FAILURE,
                       "%s%s is longer than an entry may be (%d bytes): split it. %llu entries "
                       "before it are stored.",
                       where, name, ZKS_SIZE_PUSH_MAX, (unsigned long long)p->entries);
}

/* --- reading --- */

/* Appends to the batch; *out_end: nothing follows. While the input pauses, what is complete goes
 * out. */
static int read_more(push *p, int fd, const char *name, bool *out_end)
{
    bool ready = cli_step(p->c, 0, fd);
    if (!ready && !p->c->interrupted) {
        int code = send_batch(p);
        while (!code && !ready && !p->c->interrupted) {
            ready = cli_step(p->c, -1, fd);
        }
        if (code) {
            return code;
        }
    }
    if (p->c->interrupted) {
        return 128 + p->c->interrupted;
    }
    size_t room = p->start + ZKS_SIZE_PUSH_MAX + 1 - p->used;
    ssize_t n = read(fd, p->data + p->used, room);
    if (n < 0 && errno != EINTR) {
        return cli_problem(p->c, CLI_FAILURE, "%s cannot be read (%m): check it.", name);
    }
    p->used += n > 0 ? (size_t)n : 0;
    *out_end = n == 0;
    return CLI_OK;
}

static int push_whole(push *p, int fd, const char *name)
{
    bool end = false;
    int code = CLI_OK;
    while (!code && !end) {
        if (p->used - p->start > ZKS_SIZE_PUSH_MAX) {
            p->used = p->start;
            return too_long(p, name);
        }
        code = read_more(p, fd, name, &end);
    }
    return code ? code : end_entry(p);
}

/* Ends an entry at each newline from scan on. Lines are collected in place: the newlines are
 * squeezed out in one pass. */
static int cut_lines(push *p, size_t scan)
{
    size_t end = p->used, to = scan;
    int code = CLI_OK;
    while (!code && scan < end) {
        const uint8_t *newline = memchr(p->data + scan, '\n', end - scan);
        size_t length = (newline ? (size_t)(newline - p->data) : end) - scan;
        memmove(p->data + to, p->data + scan, length);
        to += length;
        scan += length + (newline != NULL);
        if (!newline) {
            break;
        }
        p->line++;
        p->lengths[p->count++] = to - p->start;
        p->start = to;
        if (p->count == BATCH_COUNT || p->start >= BATCH_BYTES) {
            size_t left = end - scan;
            memmove(p->data + to, p->data + scan, left);
            p->used = to + left;
            code = send_batch(p);
            scan = to = p->start;
            end = p->used;
        }
    }
    p->used = to;
    return code;
}

static int push_lines(push *p, int fd, const char *name)
{
    bool end = false;
    int code = CLI_OK;
    p->line = 1;
    while (!code && !end) {
        if (p->used - p->start > ZKS_SIZE_PUSH_MAX) {
            p->used = p->start;
            return too_long(p, name);
        }
        size_t known = p->used - p->start; /* read_more may move it to the front */
        code = read_more(p, fd, name, &end);
        code = code ? code : cut_lines(p, p->start + known);
    }
    return code || p->used == p->start ? code : end_entry(p);
}

static int push_file(push *p, const char *name)
{
    if (strcmp(name, "-") == 0) {
        return p->lines ? push_lines(p, STDIN_FILENO, "Standard input")
                        : push_whole(p, STDIN_FILENO, "Standard input");
    }
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        if (fd >= 0) {
            close(fd);
            errno = EISDIR;
        }
        return cli_problem(p->c, CLI_FAILURE, "%s cannot be read (%m): name readable files.", name);
    }
    int code = p->lines ? push_lines(p, fd, name) : push_whole(p, fd, name);
    close(fd);
    return code;
}

static int push_text(push *p, const char *text)
{
    size_t length = strlen(text);
    if (length > ZKS_SIZE_PUSH_MAX) {
        return too_long(p, "The text");
    }
    memcpy(p->data + p->used, text, length);
    p->used += length;
    return end_entry(p);
}

static int push_args(push *p)
{
    static const char *const standard[] = {"-", NULL};
    const char *const *args = p->c->args[0] ? p->c->args : standard;
    int code = CLI_OK;
    for (size_t i = 0; args[i] && !code; i++) {
        bool is_text = !p->files && !p->lines && strcmp(args[i], "-") != 0;
        code = is_text ? push_text(p, args[i]) : push_file(p, args[i]);
    }
    if (code) { /* what was complete before is kept all the same */
        int kept = send_batch(p);
        kept = kept ? kept : take_all(p);
        return kept && code == CLI_OK ? kept : code;
    }
    code = send_batch(p);
    return code ? code : take_all(p);
}

/* --- waiting for the relay --- */

static int64_t pending_count(const cli *c)
{
    zks_report *report = NULL;
    int64_t count = 0;
    if (zks_report_get(c->client, &report) == ZKS_OK) {
        count = zks_report_number(report, ZKS_REPORT_PENDING_COUNT);
    }
    zks_report_free(report);
    return count;
}

static void show_pending(cli *c, void *user)
{
    (void)user;
    cli_progress(c, "zks: %lld entries wait for the relay", (long long)pending_count(c));
}

/* An exit code; *out_pending: entries that no relay has. Says what went wrong. */
static int wait_acked(cli *c, int64_t *out_pending)
{
    zks_op *op = NULL;
    zks_status status = zks_client_flush(c->client, FLUSH_MS, cli_wake, NULL, &op);
    if (status) {
        return cli_fail(c, status, NULL);
    }
    int code = cli_wait_online(c, op, show_pending, NULL);
    bool complete = zks_op_status(op) != ZKS_E_PENDING;
    /* The operation's own word: the client itself may have written an entry since (its heads). */
    *out_pending = complete ? zks_op_number(op, ZKS_OP_PENDING) : pending_count(c);
    if (complete && zks_op_status(op)) {
        code = cli_fail_op(c, op);
    } else if (code && !c->interrupted) {
        char before[96];
        snprintf(before, sizeof before, "%lld entries wait in the store and go out later.",
                 (long long)*out_pending);
        code = cli_fail_offline(c, before);
    }
    zks_op_cancel(op);
    zks_op_free(op);
    if (!code && c->refused) {
        code = cli_fail(c, c->refused_status, c->refused_text);
    }
    return code;
}

static int report_push(push *p, int code, int64_t pending)
{
    cli *c = p->c;
    double seconds = (double)(cli_now_ms() - p->began_ms) / 1000;
    if (c->json) {
        cli_json(c, json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:f}", "kind", "pushed",
                              "entries", (json_int_t)p->entries, "bytes", (json_int_t)p->bytes,
                              "first_number", (json_int_t)p->first_number, "last_number",
                              (json_int_t)p->last_number, "acked", !p->stored && code == CLI_OK,
                              "pending", (json_int_t)pending, "refused", (json_int_t)c->refused,
                              "seconds", seconds));
    } else if (!code && !c->quiet) {
        cli_progress_end(c);
        fprintf(stderr, "zks: %llu entries, %llu bytes %s in %.1f s\n",
                (unsigned long long)p->entries, (unsigned long long)p->bytes,
                p->stored ? "stored" : "at the relay", seconds);
    }
    return code;
}

static int run_push(push *p)
{
    cli *c = p->c;
    p->began_ms = cli_now_ms();
    int code = cli_open(c);
    code = code || p->stored ? code : cli_connect(c);
    if (code) {
        return code;
    }
    code = push_args(p);
    int64_t pending = pending_count(c);
    if (!code && !p->stored) {
        code = wait_acked(c, &pending);
    }
    return report_push(p, code, pending);
}

int cmd_push(cli *c, const cli_command *self)
{
    push *p = calloc(1, sizeof *p);
    if (!p) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    p->c = c;
    struct poptOption options[] = {
        {"file", 'f', POPT_ARG_NONE, &p->files, 0, "the arguments are files, each one entry", NULL},
        {"lines", 'l', POPT_ARG_NONE, &p->lines, 0, "the arguments are files, each line one entry",
         NULL},
        {"stored", 0, POPT_ARG_NONE, &p->stored, 0, "only store it; do not connect", NULL},
        CLI_ONLINE_OPTIONS(c),
        POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        if (p->files && p->lines) {
            code = cli_usage(c, "push", "--file and --lines exclude each other.");
        } else if (!c->args[0] && isatty(STDIN_FILENO) == 1) {
            code = cli_usage(c, "push", "Say what to push: a text, - or files.");
        } else {
            code = run_push(p);
        }
    }
    for (size_t i = 0; i < p->op_count; i++) {
        zks_op_free(p->ops[i]);
    }
    free(p);
    return code;
}

int cmd_flush(cli *c, const cli_command *self)
{
    struct poptOption options[] = {CLI_ONLINE_OPTIONS(c), POPT_TABLEEND};
    int code = cli_parse(c, self, options);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (c->args[0]) {
        return cli_usage(c, "flush", "flush takes no argument.");
    }
    code = cli_open(c);
    code = code ? code : cli_connect(c);
    int64_t pending = 0;
    code = code ? code : wait_acked(c, &pending);
    if (!code && c->json) {
        code = cli_json(c,
                        json_pack("{s:s, s:I}", "kind", "flushed", "pending", (json_int_t)pending));
    }
    return code;
}
