/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The command line: what its files share. One thread: everything of the library that calls back
 * does so through a dispatch queue, which cli_step empties; Ctrl-C arrives there too.
 *
 * A command is a function that returns the exit code of the process. It parses its own options with
 * cli_parse, opens the store with cli_open, waits with cli_wait and cli_wait_online; what it leaves
 * open, main closes. Functions that return an exit code have printed the sentence when it is not 0.
 */
#ifndef ZKS_CLI_CLI_H
#define ZKS_CLI_CLI_H

#include <zks/zks.h>

#include <jansson.h>
#include <popt.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes of the process; docs/CLI.md has the same table. After a signal: 128 + its number. */
enum {
    CLI_OK = 0,
    CLI_FAILURE = 1,
    CLI_USAGE = 2,
    CLI_CONFIG = 3,
    CLI_STORE = 4,
    CLI_NETWORK = 5,
    CLI_SECURITY = 6,
    CLI_PAIRING = 7,
    CLI_GO_ON = -1 /* of cli_parse: nothing is wrong and there is work to do */
};

enum {
    CLI_GLOBALS = 10,
    CLI_TEXT_MAX = 1024,
    CLI_KEY_TEXT = 53,
    CLI_SHORT_ID_BYTES = 4, /* of an id, where people read it */
    CLI_ID_TEXT = 65,
    CLI_NAME_TEXT = 4 * ZKS_SIZE_NAME_MAX + 1, /* a name whose every byte is escaped */
    CLI_DIGITS_TEXT = 8                        /* "123 456" */
};

typedef struct cli cli;

typedef struct cli_command {
    const char *name;
    const char *arguments; /* behind the name in the usage line */
    const char *summary;   /* one line of the list of commands */
    const char *text;      /* what it does, in a few lines */
    const char *examples;
    int (*run)(cli *c, const struct cli_command *self);
} cli_command;

struct cli {
    /* what was asked for */
    char *store;
    char *store_phrase_file; /* --store-passphrase-file */
    char *log_level;
    char **relays; /* --relay, NULL at its end; instead of the settings' */
    double timeout_s;
    int json;
    int quiet;
    int verbose;
    int progress;
    bool allow_new; /* the store need not exist */
    struct poptOption globals[CLI_GLOBALS];
    poptContext contexts[2]; /* of the options before and behind the command */
    int argc;
    const char **argv;  /* what the command has to parse; argv[0] is "zks" */
    const char **args;  /* arguments that are no options, NULL at their end; after cli_parse */
    char *path;         /* of the store; after cli_store_path */
    char *store_phrase; /* its passphrase, in locked memory; NULL: none so far */
    size_t store_phrase_length;
    bool store_phrase_given; /* by a file or the environment: never asked for */
    /* what is open */
    zks_runtime *runtime;
    zks_queue *queue;
    zks_client *client;
    zks_op *connect_op;
    /* what happened */
    int signal_fd;   /* readable when a signal came */
    int interrupted; /* the signal's number */
    bool connected_once;
    int32_t state;         /* ZKS_STATE_*, from events */
    zks_status net_status; /* why there is no connection; 0: there is one, or nothing is known */
    char net_text[CLI_TEXT_MAX];
    char shown_key[CLI_KEY_TEXT]; /* with ZKS_E_RELAY_KEY_CHANGED */
    char shown_address[CLI_TEXT_MAX];
    zks_status store_status; /* the store's last problem, from events; 0: it has none */
    char store_text[CLI_TEXT_MAX];
    uint64_t refused; /* own entries that a relay refused for good */
    zks_status refused_status;
    char refused_text[CLI_TEXT_MAX];
    bool show_events; /* connection changes too, and as JSON */
    void (*on_pairing)(const zks_event *event, void *user); /* of ZKS_EVENT_PAIR_* */
    void *pairing_user;
    bool progress_line; /* one stands on the terminal */
    int64_t progress_ms;
};

/* --- options.c --- */
void cli_globals_init(cli *c);
/* Reads what stands before the command's name. CLI_GO_ON, or an exit code. */
int cli_parse_globals(cli *c, int argc, const char **argv);
/* Reads the command's options; --help is answered here. CLI_GO_ON, or an exit code. */
int cli_parse(cli *c, const cli_command *self, struct poptOption *options);
size_t cli_args_count(const cli *c);
/* self NULL: of the program; context NULL: without a table of options. */
void cli_print_help(const cli_command *self, poptContext context);
/* Frees what POPT_ARG_ARGV made. */
void cli_list_free(char **list);
/* Options of every command that talks to a relay. */
#define CLI_ONLINE_OPTIONS(c)                                                                    \
    {"relay", 0, POPT_ARG_ARGV, &(c)->relays, 0, "relay to use this time (repeatable)", "ADDR"}, \
    {                                                                                            \
        "timeout", 0, POPT_ARG_DOUBLE, &(c)->timeout_s, 0,                                       \
            "give up after so long without progress (30)", "S"                                   \
    }

/* --- output.c --- */
/* "zks: <sentence>" on stderr, and as a JSON object on stdout with --json; returns code. */
int cli_problem(cli *c, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with where to look, exit code 2. */
int cli_usage(cli *c, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For a status of the library; text NULL: the general sentence. Returns the exit code. */
int cli_fail(cli *c, zks_status status, const char *text);
/* The same from an operation that failed. */
int cli_fail_op(cli *c, const zks_op *op);
int cli_exit_code(zks_status status);
/* The same with another exit code than the status has. */
int cli_fail_as(cli *c, int code, zks_status status, const char *text);
/* A line on stderr, unless -q. */
void cli_note(cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The progress line: on a terminal or with --progress, at most a few times a second. */
void cli_progress(cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_progress_end(cli *c);
/* Prints and frees an object; NULL (no memory) is a failure. An exit code. */
int cli_json(cli *c, json_t *object);
/* All that was printed has reached the system. An exit code. */
int cli_flush_output(cli *c);
void cli_hex(const uint8_t *data, size_t length, char *out);
/* 52 characters and a NUL, as in relay addresses. */
void cli_base32(const uint8_t key[ZKS_SIZE_RELAY_KEY], char out[CLI_KEY_TEXT]);
/* A new JSON string: the hexadecimal form; null where data is NULL. */
json_t *cli_json_hex(const uint8_t *data, size_t length);
/* Sets "text" or, where the bytes are no UTF-8, "base64". false: no memory. */
bool cli_json_payload(json_t *object, const uint8_t *data, size_t length);
/* What others wrote, for people: control characters are escaped, so that it cannot drive the
 * terminal. */
void cli_print_escaped(FILE *out, const uint8_t *data, size_t length);
/* Whether others can be shown this as a device's name. */
bool cli_is_name(const char *text);
/* A name as cli_print_escaped prints it. */
void cli_escape(const char *text, char out[CLI_NAME_TEXT]);

/* --- files.c --- */
/* Reads a whole file ("-": stdin) of at most max bytes; wiped and freed with cli_secret_free. What
 * is a phrase for the messages, "passphrase file". An exit code. */
int cli_read_file(cli *c, const char *what, const char *name, size_t max, char **out,
                  size_t *out_length);
/* All of it, or errno. */
bool cli_write_all(int fd, const void *data, size_t length);
/* Writes name through a temporary file and a rename, mode 0600, on disk when it returns. An exit
 * code. */
int cli_write_file(cli *c, const char *name, const void *data, size_t length);
int cli_make_parents(cli *c, const char *path);
int64_t cli_now_ms(void);

/* --- settings.c: the file beside the store --- */
/* The relays to use, owned: --relay, else the settings'; NULL at the end. An exit code. */
int cli_settings_relays(cli *c, char ***out_relays);
int cli_settings_save(cli *c, char *const *relays);
/* The settings' relays become those of this run where --relay named none. An exit code. */
int cli_settings_take(cli *c);

/* --- secret.c --- */
typedef struct cli_secret {
    bool has_secret;
    uint8_t secret[ZKS_SIZE_SECRET];
    char *passphrase;
    size_t passphrase_length;
    uint8_t *salt; /* the text of a descriptor; NULL: a new group */
    size_t salt_length;
    int64_t suite; /* ZKS_SUITE_ID_*; 0: none was named */
} cli_secret;
typedef struct cli_secret_options {
    int prompt;
    char *passphrase_file;
    int passphrase_fd; /* -1: none */
    char *secret_file;
    char *descriptor;
    char *suite;
} cli_secret_options;
/* Of the commands that make or join a group. */
#define CLI_SUITE_OPTION(s)                                                \
    {                                                                      \
        "suite", 0, POPT_ARG_STRING, &(s)->suite, 0,                       \
            "algorithms of the group: \"default\" or \"approved\"", "NAME" \
    }
/* --suite's word; its number, and back: NULL: an unknown one. An exit code. */
int cli_suite_read(cli *c, const cli_command *self, const char *name, int64_t *out_suite);
const char *cli_suite_name(int64_t suite);
#define CLI_NAME_OPTION(n)                                                                   \
    {                                                                                        \
        "name", 'n', POPT_ARG_STRING, n, 0, "this device's name, for the group only", "NAME" \
    }
/* Options of the commands that take a secret. */
#define CLI_SECRET_OPTIONS(s)                                                         \
    {"passphrase", 0, POPT_ARG_NONE,                                                  \
     &(s)->prompt, 0, "ask for a passphrase (or take it from ZKS_PASSPHRASE)",        \
     NULL},                                                                           \
        {"passphrase-file",                                                           \
         0,                                                                           \
         POPT_ARG_STRING,                                                             \
         &(s)->passphrase_file,                                                       \
         0,                                                                           \
         "take the passphrase from a file (-: standard input)",                       \
         "FILE"},                                                                     \
        {"passphrase-fd",                                                             \
         0,                                                                           \
         POPT_ARG_INT,                                                                \
         &(s)->passphrase_fd,                                                         \
         0,                                                                           \
         "take the passphrase from an open descriptor",                               \
         "N"},                                                                        \
    {                                                                                 \
        "secret-file", 0, POPT_ARG_STRING, &(s)->secret_file, 0,                      \
            "take the secret from a file: 32 bytes, or 64 hexadecimal digits", "FILE" \
    }
/* Whether more than one source or none was named. */
int cli_secret_sources(const cli_secret_options *o);
/* Reads secret or passphrase; twice: a prompt asks for it again. An exit code. */
int cli_secret_read(cli *c, const cli_secret_options *o, bool twice, cli_secret *out);
/* Into out->passphrase, owned, from a file ("-": standard input), or a text. An exit code. */
int cli_passphrase_file(cli *c, const char *name, cli_secret *out);
int cli_passphrase_text(cli *c, const char *text, cli_secret *out);
int cli_random(cli *c, uint8_t *out, size_t length);
void cli_secret_done(cli_secret *s);
void cli_secret_options_done(cli_secret_options *o);
void cli_secret_free(char *data, size_t length);
/* Hexadecimal digits to bytes; false: not exactly length bytes. */
bool cli_unhex(const char *text, size_t text_length, uint8_t *out, size_t length);

/* --- terminal.c --- */
bool cli_has_terminal(void);
/* One line from the terminal without echo, for cli_secret_free; NULL: there is no terminal, or it
 * ended. A signal ends the question at any time. An exit code. */
int cli_ask(cli *c, const char *question, char **out_line);
/* The same with echo; the end of an operation (nullable) ends it too. */
int cli_ask_aloud(cli *c, const char *question, const zks_op *until, char **out_line);
/* Asks for the same line again. An exit code. */
int cli_ask_again(cli *c, const char *line);
bool cli_is_yes(const char *line);
/* CLI_OK: yes, or --yes was given. Otherwise an exit code, with its sentence. */
int cli_confirm(cli *c, bool yes, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define CLI_YES_OPTION(yes)                                             \
    {                                                                   \
        "yes", 'y', POPT_ARG_NONE, yes, 0, "do it without asking", NULL \
    }

/* --- qr.c --- */
typedef struct cli_qr {
    char *terminal;   /* of --qr: cli_qr_init's until it is given, NULL without a word; owned */
    char *svg, *png;  /* names of files; owned */
    const char *cure; /* of a text that is too long */
} cli_qr;
#define CLI_QR_OPTIONS(q)                                                                 \
    {"qr",           0, POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL,                          \
     &(q)->terminal, 0, "as a QR code too, for a dark (default) or light terminal",       \
     "dark|light"},                                                                       \
        {"qr-svg", 0, POPT_ARG_STRING, &(q)->svg, 0, "QR code into an SVG file", "FILE"}, \
    {                                                                                     \
        "qr-png", 0, POPT_ARG_STRING, &(q)->png, 0, "QR code into a PNG file", "FILE"     \
    }
void cli_qr_init(cli_qr *q, const char *cure);
void cli_qr_done(cli_qr *q);
/* Whether any of the options was given. */
bool cli_qr_wanted(const cli_qr *q);
/* Of the words given: an exit code. */
int cli_qr_check(cli *c, const cli_command *self, const cli_qr *q);
/* The files that were asked for, readable by their owner only. An exit code. */
int cli_qr_write(cli *c, const cli_qr *q, const char *text);
/* Prints the code where that was asked for, or (object not NULL) sets its "qr". An exit code. */
int cli_qr_show(cli *c, const cli_qr *q, const char *text, json_t *object);

/* --- session.c --- */
typedef enum cli_origin { CLI_STORED, CLI_CREATE, CLI_JOIN, CLI_RESTORE } cli_origin;
/* How a group comes to be open. */
typedef struct cli_opening {
    cli_origin origin;
    const cli_secret *secret; /* STORED: of a shared group; the suite of any. NULL: neither */
    const char *name;         /* of this device; NULL: none, or the store's */
    const char *text;         /* JOIN: a code or link; RESTORE: the recovery code */
    size_t length;
    bool no_recovery; /* CREATE */
} cli_opening;
/* Where the store is, made out from --store, ZKS_STORE and the default. An exit code. */
int cli_store_path(cli *c);
int cli_runtime(cli *c);
/* Opens the store's group. An exit code. */
int cli_open(cli *c);
/* Opens a group; *out_op receives the operation, complete, owned: its status is told by nobody yet.
 * An exit code. */
int cli_open_as(cli *c, const cli_opening *how, zks_op **out_op);
/* Starts connecting, or starts anew. An exit code. */
int cli_connect(cli *c);
/* Ends client and runtime, what is stored is safe at any rate. */
void cli_close(cli *c);
void cli_signals(cli *c);
/* Runs callbacks and waits up to timeout_ms (-1: for ever) for more, for a signal, or until fd (-1:
 * none) can be read: true then. */
bool cli_step(cli *c, int timeout_ms, int fd);
/* Until op is complete: true. false: interrupted or timeout_ms (-1: none) passed. */
bool cli_wait(cli *c, const zks_op *op, int64_t timeout_ms);
/* Until an operation that needs a relay is complete: 0. Otherwise it gave up or was interrupted: an
 * exit code, nothing printed, c->net_status and c->net_text say why. */
int cli_wait_online(cli *c, const zks_op *op, void (*tick)(cli *c, void *user), void *user);
/* Connects and begins to fetch what there is: for cli_wait_online. An exit code. */
int cli_begin_sync(cli *c, zks_op **out_op);
/* Connects and fetches what there is. An exit code; *out_offline: why there is no relay, to be told
 * with cli_fail_offline, else 0. */
int cli_go_online(cli *c, int *out_offline);
/* Prints why cli_wait_online gave up, with the cure, behind a sentence of the caller's (or ""). */
int cli_fail_offline(cli *c, const char *before);
/* For operations whose completion only has to end a cli_step. */
void cli_wake(zks_op *op, void *user);

/* --- group.c: what the commands about groups share --- */
/* Opens the store, making it where it is missing, and closes it; *out_has: it holds a group. An
 * exit code. */
int cli_group_look(cli *c, bool *out_has);
/* For a command that is about to make a group: the store has none yet. An exit code. */
int cli_group_refuse(cli *c);
/* Whether a code, link or recovery code was refused because of how it is written. */
bool cli_is_typo(zks_status status);
/* A figure of the open client; 0: there is none. */
int64_t cli_report_number(const cli *c, int32_t field);
/* For commands that only a paired group has: opens it. An exit code. */
int cli_open_paired(cli *c);
/* As cli_go_online; without a relay that is the end. An exit code. */
int cli_must_go_online(cli *c);
/* Waits for an operation that needs a relay; status is that of starting it. An exit code. */
int cli_finish(cli *c, zks_status status, const zks_op *op);
/* One attempt at the relays, to tell a wrong address at once. An exit code: only what cannot pass
 * by itself is a failure. */
int cli_group_contact(cli *c);
typedef struct cli_group_view {
    const char *done;     /* a sentence: what was done */
    const cli_qr *qr;     /* not NULL: of a shared group the invite too */
    const char *recovery; /* of a new paired group; NULL: none */
} cli_group_view;
/* Prints what a command has made or joined. An exit code. */
int cli_group_show(cli *c, const cli_group_view *view);
/* The name of this device in a paired group: as given (replaced, owned), else the machine's. An
 * exit code. */
int cli_device_name(cli *c, char **name);
/* A command of several parts: which one its first word names, or help. */
typedef struct cli_part {
    const char *name;
    int (*run)(cli *c, const cli_command *self);
} cli_part;
/* The part, whose name has taken the place of argv[0]; NULL: none of them. */
const cli_part *cli_part_find(cli *c, const cli_part *parts, size_t count);
/* The recovery code from a file, or asked for without echo; for cli_secret_free. An exit code. */
int cli_recovery_read(cli *c, const char *file, char **out, size_t *out_length);
/* The digits of a ZKS_EVENT_PAIR_DIGITS as "123 456"; with --json also printed: true then. */
bool cli_digits_show(cli *c, const zks_event *event, char out[CLI_DIGITS_TEXT]);
#define CLI_RECOVERY_OPTION(file)                                                              \
    {                                                                                          \
        "recovery-file", 0, POPT_ARG_STRING, file, 0,                                          \
            "the recovery code is in a file (-: standard input); else it is asked for", "FILE" \
    }
/* What a device may do, of ZKS_RIGHT_*: ["invite", "admin"], or in words. */
json_t *cli_json_rights(int64_t rights);
const char *cli_rights_text(int64_t rights);

/* --- cmd_store.c --- */
/* Takes the store's passphrase from --store-passphrase-file or ZKS_STORE_PASSPHRASE, if there is
 * one. An exit code. */
int cli_store_phrase(cli *c);
/* Asks for it on the terminal, after `asked` times before. true: there is one to try. *out_code is
 * not 0 when asking went wrong and that was told. */
bool cli_store_phrase_ask(cli *c, int asked, int *out_code);
void cli_store_phrase_forget(cli *c);

/* --- cmd_status.c --- */
/* How status and devices begin: options, no argument, open. CLI_GO_ON, or an exit code; the other
 * one as of cli_go_online. */
int cli_begin_show(cli *c, const cli_command *self, int *out_offline);

/* --- the commands --- */
int cmd_init(cli *c, const cli_command *self);
int cmd_group(cli *c, const cli_command *self);
int cmd_join(cli *c, const cli_command *self);
int cmd_group_restore(cli *c, const cli_command *self);
int cmd_pair(cli *c, const cli_command *self);
int cmd_push(cli *c, const cli_command *self);
int cmd_pull(cli *c, const cli_command *self);
int cmd_watch(cli *c, const cli_command *self);
int cmd_status(cli *c, const cli_command *self);
int cmd_devices(cli *c, const cli_command *self);
int cmd_relay(cli *c, const cli_command *self);
int cmd_store(cli *c, const cli_command *self);
int cmd_trust(cli *c, const cli_command *self);
int cmd_flush(cli *c, const cli_command *self);

#endif
