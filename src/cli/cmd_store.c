/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The store's passphrase: where it comes from, and zks store passphrase. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, TRIES_MAX = 3 };

/* A page that is neither swapped out nor part of a core dump, for the passphrase, which is needed
 * again where a command opens the store twice. */
static char *keep(cli *c)
{
    if (!c->store_phrase) {
        void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                          0);
        if (page == MAP_FAILED) {
            return NULL;
        }
        (void)mlock(page, PAGE_BYTES); /* where the limit allows */
        (void)madvise(page, PAGE_BYTES, MADV_DONTDUMP);
        c->store_phrase = page;
    }
    return c->store_phrase;
}

void cli_store_phrase_forget(cli *c)
{
    if (c->store_phrase) {
        explicit_bzero(c->store_phrase, PAGE_BYTES);
        munmap(c->store_phrase, PAGE_BYTES);
        c->store_phrase = NULL;
        c->store_phrase_length = 0;
    }
}

/* Takes over what keep_passphrase left in a cli_secret. */
static int take(cli *c, cli_secret *from)
{
    char *to = keep(c);
    if (to && from->passphrase) {
        memcpy(to, from->passphrase, from->passphrase_length);
        c->store_phrase_length = from->passphrase_length;
    }
    cli_secret_done(from);
    return to ? CLI_OK : cli_fail(c, ZKS_E_NOMEM, NULL);
}

int cli_store_phrase(cli *c)
{
    const char *known = secure_getenv("ZKS_STORE_PASSPHRASE");
    if (c->store_phrase_length || (!c->store_phrase_file && (!known || !*known))) {
        return CLI_OK;
    }
    cli_secret read = {0};
    c->store_phrase_given = true;
    int code = c->store_phrase_file ? cli_passphrase_file(c, c->store_phrase_file, &read)
                                    : cli_passphrase_text(c, known, &read);
    return code ? code : take(c, &read);
}

bool cli_store_phrase_ask(cli *c, int asked, int *out_code)
{
    *out_code = CLI_OK;
    if (c->store_phrase_given || asked >= TRIES_MAX) {
        return false;
    }
    const char *question = asked ? "Wrong. The store's passphrase: " : "The store's passphrase: ";
    char *line = NULL;
    *out_code = cli_ask(c, question, &line);
    if (!line) {
        return false;
    }
    cli_secret read = {0};
    *out_code = cli_passphrase_text(c, line, &read);
    cli_secret_free(line, strlen(line));
    *out_code = *out_code ? *out_code : take(c, &read);
    return *out_code == CLI_OK;
}

/* --- zks store passphrase ----------------------------------------------------------------- */

static int read_new(cli *c, const char *file, cli_secret *out)
{
    if (file) {
        return cli_passphrase_file(c, file, out);
    }
    char *line = NULL;
    int code = cli_ask(c, "The store's new passphrase: ", &line);
    if (code) {
        return code;
    }
    if (!line) {
        return cli_problem(c, CLI_USAGE,
                           "There is no terminal to ask for the new passphrase: use "
                           "--new-passphrase-file FILE.");
    }
    code = cli_ask_again(c, line);
    code = code ? code : cli_passphrase_text(c, line, out);
    cli_secret_free(line, strlen(line));
    return code;
}

static int change(cli *c, bool remove, const cli_secret *to)
{
    zks_op *op = NULL;
    zks_status status = zks_client_change_store_key(
        c->client, remove ? ZKS_STORE_KEY_NONE : ZKS_STORE_KEY_PASSPHRASE,
        (const uint8_t *)to->passphrase, to->passphrase_length, cli_wake, NULL, &op);
    if (status) {
        return cli_fail(c, status, NULL);
    }
    int code = CLI_OK;
    if (!cli_wait(c, op, -1)) {
        code = 128 + c->interrupted;
    } else if (zks_op_status(op)) {
        code = cli_fail_op(c, op);
    }
    zks_op_free(op);
    return code;
}

static int store_passphrase(cli *c, const cli_command *self)
{
    int remove = 0;
    char *file = NULL;
    struct poptOption options[] = {
        {"new-passphrase-file", 0, POPT_ARG_STRING, &file, 0,
         "take the new passphrase from a file (-: standard input)", "FILE"},
        {"remove", 0, POPT_ARG_NONE, &remove, 0, "protect the store by its file mode only", NULL},
        POPT_TABLEEND};
    cli_secret to = {0};
    int code = cli_parse(c, self, options);
    if (code == CLI_GO_ON) {
        if (cli_args_count(c)) {
            code = cli_usage(c, "store", "store passphrase takes no argument.");
        } else if (remove && file) {
            code = cli_usage(c, "store", "Name a new passphrase or --remove, not both.");
        } else if (file && c->store_phrase_file && strcmp(file, "-") == 0 &&
                   strcmp(c->store_phrase_file, "-") == 0) {
            code = cli_usage(c, "store", "Only one passphrase can be read from standard input.");
        } else {
            code = cli_open(c); /* the old one first: it may be asked for */
            code = code || remove ? code : read_new(c, file, &to);
            code = code ? code : change(c, remove != 0, &to);
        }
        if (!code && c->json) {
            code = cli_json(c, json_pack("{s:s, s:s, s:b}", "kind", "store", "store", c->path,
                                         "passphrase", !remove));
        } else if (!code) {
            puts(remove ? "The store is protected by its file mode only, from now on."
                        : "The store has a new passphrase. Copies of it made before keep the old "
                          "one.");
        }
    }
    cli_secret_done(&to);
    free(file);
    return code;
}

int cmd_store(cli *c, const cli_command *self)
{
    const char *name = c->argc > 1 ? c->argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        cli_print_help(self, NULL);
        return CLI_OK;
    }
    if (strcmp(name, "passphrase") != 0) {
        return cli_usage(c, "store", "store does: passphrase.");
    }
    c->argv++; /* the part's name takes the place of argv[0] */
    c->argc--;
    return store_passphrase(c, self);
}
