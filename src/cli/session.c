/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runtime, client and waiting: one thread that runs the library's callbacks from a dispatch queue.
 */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPEN_MS = 60000, /* Argon2id on a slow machine, a large store's check */
    CLOSE_MS = 5000,
    LOOK_MS = 250, /* how often progress is looked for */
    DEFAULT_TIMEOUT_MS = 30000,
    ATTEMPT_MS = 10000
};

/* --- signals --- */

static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t signal_number;

/* The first one asks for a clean end; the handler is gone then, so that a second one ends at once.
 */
static void on_signal(int number)
{
    int saved = errno;
    signal_number = number;
    (void)!write(signal_pipe[1], "", 1);
    errno = saved;
}

void cli_signals(cli *c)
{
    c->signal_fd = -1;
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return; /* signals end the process at once, which is safe */
    }
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    c->signal_fd = signal_pipe[0];
}

/* --- waiting --- */

void cli_wake(zks_op *op, void *user)
{
    (void)op;
    (void)user;
}

bool cli_step(cli *c, int timeout_ms, int fd)
{
    struct pollfd fds[3] = {{.fd = c->interrupted ? -1 : c->signal_fd, .events = POLLIN},
                            {.fd = c->queue ? zks_queue_fd(c->queue) : -1, .events = POLLIN},
                            {.fd = fd, .events = POLLIN}};
    int n = poll(fds, 3, timeout_ms);
    c->interrupted = (int)signal_number;
    if (n > 0 && fds[1].revents) {
        zks_status status = zks_queue_dispatch(c->queue, 0, NULL);
        (void)status; /* nobody else dispatches */
    }
    return n > 0 && fd >= 0 && fds[2].revents != 0;
}

bool cli_wait(cli *c, const zks_op *op, int64_t timeout_ms)
{
    int64_t end = timeout_ms < 0 ? INT64_MAX : cli_now_ms() + timeout_ms;
    while (zks_op_status(op) == ZKS_E_PENDING) {
        int64_t left = timeout_ms < 0 ? LOOK_MS : end - cli_now_ms();
        if (c->interrupted || left < 0) {
            return false;
        }
        cli_step(c, left < LOOK_MS ? (int)left : LOOK_MS, -1);
    }
    return true;
}

/* --- events --- */

static const char *const event_names[] = {"",
                                          "inbox",
                                          "state",
                                          "push_refused",
                                          "history_gap",
                                          "history_expired",
                                          "unverified",
                                          "fork",
                                          "rejected",
                                          "new_chain",
                                          "device",
                                          "store",
                                          "closed",
                                          "history_withheld",
                                          "quiet",
                                          "pair_code",
                                          "pair_wrong_try",
                                          "pair_digits",
                                          "pair_ask",
                                          "device_removed",
                                          "group_fork",
                                          "epoch"};

static void keep_text(char out[CLI_TEXT_MAX], const char *text)
{
    snprintf(out, CLI_TEXT_MAX, "%s", text ? text : "");
}

static void on_state(cli *c, const zks_event *event)
{
    c->state = (int32_t)zks_event_number(event, ZKS_EVENT_FIELD_STATE);
    if (c->state == ZKS_STATE_CONNECTED) {
        c->connected_once = true;
        c->net_status = ZKS_OK;
        return;
    }
    if (!zks_event_status(event)) {
        return;
    }
    c->net_status = zks_event_status(event);
    keep_text(c->net_text, zks_event_text(event, ZKS_EVENT_FIELD_SENTENCE));
    size_t length = 0;
    const uint8_t *key = zks_event_bytes(event, ZKS_EVENT_FIELD_RELAY_KEY, &length);
    if (key && length == ZKS_SIZE_RELAY_KEY) {
        cli_base32(key, c->shown_key);
        keep_text(c->shown_address, zks_event_text(event, ZKS_EVENT_FIELD_RELAY));
    }
}

static void add_number(json_t *object, const char *name, const zks_event *event, int32_t field)
{
    json_object_set_new(object, name, json_integer((json_int_t)zks_event_number(event, field)));
}

/* What a history event is about: the device's entries first..last of a chain. */
static void add_history(json_t *object, const zks_event *event)
{
    size_t length = 0;
    const uint8_t *chain = zks_event_bytes(event, ZKS_EVENT_FIELD_CHAIN, &length);
    if (!chain) {
        return;
    }
    json_object_set_new(object, "chain", cli_json_hex(chain, length));
    if (zks_event_number(event, ZKS_EVENT_FIELD_FIRST)) {
        add_number(object, "first", event, ZKS_EVENT_FIELD_FIRST);
        add_number(object, "last", event, ZKS_EVENT_FIELD_LAST);
    }
}

static void print_event(cli *c, const zks_event *event, const char *sentence)
{
    int32_t kind = zks_event_kind(event);
    bool known = kind > 0 && (size_t)kind < sizeof event_names / sizeof *event_names;
    size_t length = 0;
    const uint8_t *device = zks_event_bytes(event, ZKS_EVENT_FIELD_DEVICE, &length);
    json_t *id = device ? cli_json_hex(device, length) : NULL;
    zks_status status = zks_event_status(event);
    json_t *object = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:o*}", "kind", "event", "event",
                               known ? event_names[kind] : "other", "status",
                               status ? zks_status_name(status) : NULL, "text", sentence, "relay",
                               zks_event_text(event, ZKS_EVENT_FIELD_RELAY), "device", id);
    if (object && kind == ZKS_EVENT_STATE) {
        static const char *const states[] = {"offline", "connecting", "connected", "waiting"};
        json_object_set_new(object, "state", json_string(states[c->state & 3]));
    } else if (object && kind == ZKS_EVENT_EPOCH) {
        add_number(object, "epoch", event, ZKS_EVENT_FIELD_NUMBER);
    } else if (object && kind == ZKS_EVENT_REJECTED) {
        add_number(object, "count", event, ZKS_EVENT_FIELD_COUNT);
    } else if (object) {
        add_history(object, event);
    }
    cli_json(c, object);
    fflush(stdout);
}

/* What commands look at. false: there is nothing more to tell now. */
static bool keep_event(cli *c, const zks_event *event, const char *sentence)
{
    switch (zks_event_kind(event)) {
    case ZKS_EVENT_STATE:
        on_state(c, event);
        return true;
    case ZKS_EVENT_STORE:
        c->store_status = zks_event_status(event);
        keep_text(c->store_text, sentence);
        return true;
    case ZKS_EVENT_PUSH_REFUSED: /* told once, at the end */
        if (!c->refused++) {
            c->refused_status = zks_event_status(event);
            keep_text(c->refused_text, sentence);
        }
        return false;
    case ZKS_EVENT_PAIR_CODE:
    case ZKS_EVENT_PAIR_WRONG_TRY:
    case ZKS_EVENT_PAIR_DIGITS:
    case ZKS_EVENT_PAIR_ASK:
        if (c->on_pairing) {
            c->on_pairing(event, c->pairing_user);
        }
        return false;
    default:
        return true;
    }
}

/* " (device 0a0b0c0d, entries 5 to 9)", as pull and watch name a sender; empty where there is none.
 */
static void describe_entries(const zks_event *event, char out[96])
{
    size_t length = 0;
    const uint8_t *device = zks_event_bytes(event, ZKS_EVENT_FIELD_DEVICE, &length);
    int64_t first = zks_event_number(event, ZKS_EVENT_FIELD_FIRST);
    int64_t last = zks_event_number(event, ZKS_EVENT_FIELD_LAST);
    char id[CLI_ID_TEXT] = "";
    out[0] = '\0';
    if (!device || !first) {
        return;
    }
    cli_hex(device, CLI_SHORT_ID_BYTES, id);
    if (zks_event_kind(event) == ZKS_EVENT_QUIET) {
        snprintf(out, 96, " (device %s, last entry %" PRId64 ")", id, last);
    } else if (first == last) {
        snprintf(out, 96, " (device %s, entry %" PRId64 ")", id, first);
    } else {
        snprintf(out, 96, " (device %s, entries %" PRId64 " to %" PRId64 ")", id, first, last);
    }
}

/* Told to programs, or with -v, only. */
static bool is_minor(int32_t kind)
{
    return kind == ZKS_EVENT_STATE || kind == ZKS_EVENT_EPOCH;
}

static void on_event(zks_client *client, const zks_event *event, void *user)
{
    cli *c = user;
    (void)client;
    int32_t kind = zks_event_kind(event);
    const char *sentence = zks_event_text(event, ZKS_EVENT_FIELD_SENTENCE);
    if (!keep_event(c, event, sentence) || kind == ZKS_EVENT_INBOX || kind == ZKS_EVENT_CLOSED ||
        kind == ZKS_EVENT_DEVICE) {
        return;
    }
    if (c->show_events && c->json) {
        print_event(c, event, sentence);
    }
    if (!is_minor(kind)) {
        char entries[96];
        describe_entries(event, entries);
        cli_note(c, "zks: %s%s", sentence ? sentence : zks_status_text(zks_event_status(event)),
                 entries);
    } else if ((c->show_events || c->verbose) && sentence && !c->json) {
        cli_note(c, "zks: %s", sentence);
    }
}

/* --- opening --- */

int cli_store_path(cli *c)
{
    if (c->path) {
        return CLI_OK;
    }
    const char *chosen = c->store ? c->store : secure_getenv("ZKS_STORE");
    const char *home = secure_getenv("HOME"), *data = secure_getenv("XDG_DATA_HOME");
    int n;
    if (chosen && *chosen) {
        c->path = strdup(chosen);
        n = c->path ? 0 : -1;
    } else if (data && *data == '/') {
        n = asprintf(&c->path, "%s/0k-sync/store.zks", data);
    } else if (home && *home) {
        n = asprintf(&c->path, "%s/.local/share/0k-sync/store.zks", home);
    } else {
        return cli_problem(c, CLI_CONFIG,
                           "HOME is not set: say where the store is, with --store FILE.");
    }
    if (n < 0) {
        c->path = NULL;
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    bool is_default = !chosen || !*chosen;
    return is_default && c->allow_new ? cli_make_parents(c, c->path) : CLI_OK;
}

static void on_log(int32_t level, const char *line, void *user)
{
    static const char *const names[] = {"", "error", "warn", "info", "debug"};
    (void)user;
    fprintf(stderr, "%s %s\n", names[level > 0 && level <= ZKS_LOG_DEBUG ? level : 0], line);
}

static int32_t log_level(const cli *c)
{
    static const char *const names[] = {"off", "error", "warn", "info", "debug"};
    for (int32_t i = ZKS_LOG_OFF; c->log_level && i <= ZKS_LOG_DEBUG; i++) {
        if (strcmp(c->log_level, names[i]) == 0) {
            return i;
        }
    }
    int32_t level = ZKS_LOG_WARN + c->verbose;
    return c->quiet ? ZKS_LOG_OFF : level > ZKS_LOG_DEBUG ? ZKS_LOG_DEBUG : level;
}

int cli_runtime(cli *c)
{
    zks_status status = zks_runtime_new(&c->runtime);
    if (!status) {
        status = zks_runtime_set_log(c->runtime, log_level(c), on_log, NULL, NULL);
    }
    if (!status) {
        status = zks_queue_new(c->runtime, NULL, NULL, NULL, &c->queue);
    }
    return status ? cli_fail(c, status, NULL) : CLI_OK;
}

static int64_t timeout_ms(const cli *c)
{
    return c->timeout_s > 0 ? (int64_t)(c->timeout_s * 1000) : DEFAULT_TIMEOUT_MS;
}

/* The group's secret, where the opening has one. */
static zks_status configure_secret(const cli_secret *secret, zks_config *config)
{
    zks_status status = ZKS_OK;
    if (secret->suite) {
        status = zks_config_set_int(config, ZKS_OPTION_SUITE, secret->suite);
    }
    if (!status && secret->has_secret) {
        status = zks_config_set_secret(config, secret->secret, ZKS_SIZE_SECRET);
    } else if (!status && secret->passphrase) {
        status = zks_config_set_passphrase(config, secret->passphrase, secret->passphrase_length,
                                           secret->salt, secret->salt_length);
    }
    return status;
}

static zks_status configure(const cli *c, const cli_opening *how, char *const *relays,
                            zks_config *config)
{
    zks_status status = zks_config_set_text(config, ZKS_OPTION_STORE_PATH, c->path);
    if (!status && how->name) {
        status = zks_config_set_text(config, ZKS_OPTION_DEVICE_NAME, how->name);
    }
    if (!status && how->secret) {
        status = configure_secret(how->secret, config);
    }
    if (!status && c->store_phrase_length) {
        status = zks_config_set_store_passphrase(config, c->store_phrase, c->store_phrase_length);
    }
    for (size_t i = 0; !status && relays[i]; i++) {
        status = zks_config_add_relay(config, relays[i]);
    }
    /* An attempt ends before the waiting does, or nobody would hear why it failed. */
    int64_t most = timeout_ms(c) * 3 / 4;
    int64_t attempt = most < ATTEMPT_MS ? most : ATTEMPT_MS;
    if (!status) {
        status = zks_config_set_int(config, ZKS_OPTION_CONNECT_TIMEOUT_MS,
                                    attempt < 100 ? 100 : attempt);
    }
    return status ? status : zks_config_set_queue(config, c->queue);
}

static zks_status start_open(cli *c, const cli_opening *how, const zks_config *config,
                             zks_op **out_op)
{
    zks_runtime *r = c->runtime;
    switch (how->origin) {
    case CLI_CREATE:
        return zks_group_create(r, config, how->no_recovery ? ZKS_CREATE_NO_RECOVERY : 0, cli_wake,
                                NULL, out_op, &c->client);
    case CLI_JOIN:
        return zks_group_join(r, config, how->text, how->length, cli_wake, NULL, out_op,
                              &c->client);
    case CLI_RESTORE:
        return zks_group_restore(r, config, how->text, how->length, cli_wake, NULL, out_op,
                                 &c->client);
    default:
        return zks_client_open(r, config, cli_wake, NULL, out_op, &c->client);
    }
}

/* Opens and waits for it; *out_op is complete then. An exit code. */
static int open_once(cli *c, const cli_opening *how, char *const *relays, zks_op **out_op)
{
    zks_config *config = NULL;
    zks_status status = zks_config_new(&config);
    if (!status) {
        status = configure(c, how, relays, config);
    }
    if (!status) {
        status = zks_config_set_events(config, on_event, c, NULL);
    }
    if (!status) {
        status = start_open(c, how, config, out_op);
    }
    int code = status ? cli_fail(c, status, config ? zks_config_problem(config) : NULL) : CLI_OK;
    zks_config_free(config); /* and the secrets in it */
    /* Joining takes as long as people do; the other device's code ends it. */
    if (!code && !cli_wait(c, *out_op, how->origin == CLI_JOIN ? -1 : OPEN_MS)) {
        code = c->interrupted ? 128 + c->interrupted
                              : cli_problem(c, CLI_STORE,
                                            "The store %s did not open within %d s: try again when "
                                            "the machine is less busy.",
                                            c->path, OPEN_MS / 1000);
    }
    return code;
}

static int fail_key(cli *c, const zks_op *op)
{
    char text[CLI_TEXT_MAX];
    snprintf(text, sizeof text,
             "%s. It comes from --store-passphrase-file FILE, ZKS_STORE_PASSPHRASE or a terminal; "
             "`zks help store` says more.",
             zks_op_text(op));
    return cli_fail(c, ZKS_E_STORE_KEY, text);
}

/* Opens, and asks for the store's passphrase where one is missing. */
static int open_with(cli *c, const cli_opening *how, char *const *relays, zks_op **out_op)
{
    int code = open_once(c, how, relays, out_op);
    for (int asked = 0; !code && zks_op_status(*out_op) == ZKS_E_STORE_KEY; asked++) {
        if (!cli_store_phrase_ask(c, asked, &code)) {
            code = code ? code : fail_key(c, *out_op);
            break;
        }
        zks_op_free(*out_op);
        *out_op = NULL;
        zks_client_free(c->client);
        c->client = NULL;
        code = open_once(c, how, relays, out_op);
    }
    return code;
}

static int check_store_exists(cli *c)
{
    struct stat st;
    if (c->allow_new || stat(c->path, &st) == 0 || errno != ENOENT) {
        return CLI_OK;
    }
    return cli_problem(c, CLI_STORE,
                       "There is no store at %s: make one with `zks group create` or `zks group "
                       "join`, or name yours with --store FILE.",
                       c->path);
}

int cli_open_as(cli *c, const cli_opening *how, zks_op **out_op)
{
    char **relays = NULL;
    zks_op *op = NULL;
    int code = cli_store_path(c);
    code = code ? code : check_store_exists(c);
    code = code ? code : cli_settings_relays(c, &relays);
    code = code ? code : cli_store_phrase(c);
    code = code || c->runtime ? code : cli_runtime(c);
    code = code ? code : open_with(c, how, relays, &op);
    cli_list_free(relays);
    if (code) {
        zks_op_free(op);
    } else {
        *out_op = op;
    }
    return code;
}

int cli_open(cli *c)
{
    zks_op *op = NULL;
    int code = cli_open_as(c, &(cli_opening){.origin = CLI_STORED}, &op);
    if (!code && zks_op_status(op) == ZKS_E_STORE_GROUP) {
        code = cli_problem(c, CLI_STORE,
                           "The store %s holds no group yet: `zks group create` makes one, `zks "
                           "join` comes into one.",
                           c->path);
    } else if (!code && zks_op_status(op)) {
        code = cli_fail_op(c, op);
    }
    zks_op_free(op);
    return code;
}

int cli_connect(cli *c)
{
    zks_op_free(c->connect_op);
    c->connect_op = NULL;
    c->net_status = ZKS_OK;
    zks_status status = zks_client_connect(c->client, cli_wake, NULL, &c->connect_op);
    return status ? cli_fail(c, status, NULL) : CLI_OK;
}

void cli_close(cli *c)
{
    if (c->client) {
        zks_op *op = NULL;
        if (zks_client_close(c->client, cli_wake, NULL, &op) == ZKS_OK) {
            int interrupted = c->interrupted;
            int64_t end = cli_now_ms() + CLOSE_MS;
            while (zks_op_status(op) == ZKS_E_PENDING && cli_now_ms() < end) {
                cli_step(c, LOOK_MS, -1);
            }
            c->interrupted = interrupted ? interrupted : c->interrupted;
        }
        zks_op_free(op);
    }
    zks_op_free(c->connect_op);
    zks_client_free(c->client);
    zks_queue_free(c->queue);
    if (c->runtime) {
        zks_status status = zks_runtime_close(c->runtime, CLOSE_MS);
        (void)status; /* a process may exit at any time */
    }
    zks_runtime_free(c->runtime);
    c->connect_op = NULL;
    c->client = NULL;
    c->queue = NULL;
    c->runtime = NULL;
}

/* --- waiting for a relay --- */

/* A number that changes whenever something moved. */
static int64_t progress_mark(const cli *c)
{
    zks_report *report = NULL;
    if (zks_report_get(c->client, &report) != ZKS_OK) {
        return 0;
    }
    int64_t mark = zks_report_number(report, ZKS_REPORT_SENT) +
                   zks_report_number(report, ZKS_REPORT_RECEIVED);
    zks_report_free(report);
    return mark;
}

/* Whether waiting on makes no sense; c->net_* say why then. */
static bool is_hopeless(cli *c)
{
    zks_status status = c->connect_op ? zks_op_status(c->connect_op) : ZKS_OK;
    if (status != ZKS_OK && status != ZKS_E_PENDING && !c->connected_once) {
        if (!c->net_status || zks_status_class(status) != ZKS_CLASS_RETRY) {
            c->net_status = status;
            keep_text(c->net_text, zks_op_text(c->connect_op));
        }
        return zks_status_class(status) != ZKS_CLASS_RETRY || c->timeout_s <= 0;
    }
    return c->net_status && c->state != ZKS_STATE_CONNECTED &&
           zks_status_class(c->net_status) != ZKS_CLASS_RETRY;
}

/* An operation that waited for a relay ends with a failure when this device is no member any more;
 * what the relay itself has said of that says more. */
static int code_of_end(cli *c, const zks_op *op)
{
    zks_status status = op ? zks_op_status(op) : ZKS_OK;
    if (status != ZKS_E_DEVICE_REVOKED && status != ZKS_E_UNAUTHORIZED) {
        return CLI_OK;
    }
    if (c->net_status != status) {
        c->net_status = status;
        keep_text(c->net_text, zks_op_text(op));
    }
    return cli_exit_code(status);
}

int cli_wait_online(cli *c, const zks_op *op, void (*tick)(cli *c, void *user), void *user)
{
    int64_t mark = progress_mark(c), since = cli_now_ms();
    for (;;) {
        if (cli_wait(c, op, LOOK_MS)) {
            return code_of_end(c, op);
        }
        if (c->interrupted) {
            return 128 + c->interrupted;
        }
        if (tick) {
            tick(c, user);
        }
        int64_t now = progress_mark(c);
        since = now != mark ? cli_now_ms() : since;
        mark = now;
        if (c->store_status) {
            c->net_status = c->store_status;
            keep_text(c->net_text, c->store_text);
        }
        if (c->store_status || is_hopeless(c)) {
            return cli_exit_code(c->net_status);
        }
        if (cli_now_ms() - since > timeout_ms(c)) {
            if (!c->net_status) {
                c->net_status = ZKS_E_TIMEOUT;
                snprintf(c->net_text, sizeof c->net_text,
                         "The relay made no progress for %.1f s: check it, or give it longer with "
                         "--timeout S.",
                         (double)timeout_ms(c) / 1000);
            }
            return cli_exit_code(c->net_status);
        }
    }
}

int cli_begin_sync(cli *c, zks_op **out_op)
{
    int code = cli_connect(c);
    if (code) {
        return code;
    }
    zks_status status = zks_client_wait_synced(c->client, cli_wake, NULL, out_op);
    return status ? cli_fail(c, status, NULL) : CLI_OK;
}

int cli_go_online(cli *c, int *out_offline)
{
    *out_offline = CLI_OK;
    zks_op *op = NULL;
    int code = cli_begin_sync(c, &op);
    if (code) {
        return code;
    }
    *out_offline = cli_wait_online(c, op, NULL, NULL);
    zks_op_cancel(op);
    zks_op_free(op);
    return c->interrupted ? 128 + c->interrupted : CLI_OK;
}

int cli_fail_offline(cli *c, const char *before)
{
    char text[2 * CLI_TEXT_MAX];
    const char *reason = c->net_text[0] ? c->net_text : zks_status_text(c->net_status);
    int n = snprintf(text, sizeof text, "%s%s%c%s", before, *before ? " " : "",
                     *before ? toupper((unsigned char)*reason) : *reason, reason + 1);
    if (c->net_status == ZKS_E_RELAY_KEY_CHANGED && c->shown_key[0] && n > 0 &&
        (size_t)n < sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n,
                 " It shows %s now; when its operator confirms that key: zks trust %s %s",
                 c->shown_key, c->shown_address, c->shown_key);
    } else if (c->net_status == ZKS_E_CONFIG) {
        snprintf(text, sizeof text, "%s%sNo relay is known: name one with `zks group relays ADDR`.",
                 before, *before ? " " : "");
    }
    return cli_fail(c, c->net_status, text);
}
