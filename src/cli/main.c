/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The commands and their help. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_command commands[] = {
    {"init", "[--relay ADDR]...", "makes an empty store",
     "Makes the store's file and its settings, without a group. `zks group create` and `zks join` "
     "do\n"
     "it too where it is missing.",
     "  zks init --store ~/notes.zks --relay relay.example.org\n", cmd_init},
    {"group", "create|join|invite|relays|restore|rotate|leave ...",
     "makes a group of devices, and what concerns all of it",
     "create   makes a paired group and prints its recovery code, once: write it on paper. `zks "
     "pair`\n"
     "         lets devices in, `zks devices revoke` removes them. With --shared, or with a\n"
     "         passphrase or secret, a shared group: who has the secret is in, for ever, and `zks "
     "pair`\n"
     "         hands it over\n"
     "join     the same as `zks join`\n"
     "invite   prints the invite of a shared group again; whoever has it can read and write "
     "everything\n"
     "relays   lists the relays of this device, or replaces them by those named\n"
     "restore  comes into a paired group by its recovery code, when no other device is left\n"
     "rotate   gives the group fresh keys now; every removal does that by itself\n"
     "leave    takes this device out of a paired group; what it has stays readable here",
     "  zks group create --relay zks://KEY@relay.example.org:4433 --name laptop\n"
     "  zks group create --passphrase-file pass.txt --relay relay.example.org\n"
     "  zks group create --shared --relay relay.example.org --qr\n"
     "  zks group invite --json\n"
     "  zks group relays relay.example.org other.example.org:4433\n"
     "  zks group restore --relay relay.example.org --name laptop-2\n",
     cmd_group},
    {"pair", "", "lets a device into the group",
     "Shows a code that `zks join` takes on the other device, or with --link a link to paste or "
     "to\n"
     "scan. When the other device has proven that it knows it, both show six digits, and pair "
     "asks\n"
     "whether to let it in: say yes if the digits are equal and the name is the one you expect. A\n"
     "code is of use once; three wrong tries burn it. pair ends when the device is in. With "
     "--new-code\n"
     "it prints a code that can be given away before, for a later --code. In a shared group the "
     "device\n"
     "gets the group's secret, which nothing takes back.",
     "  zks pair\n"
     "  zks pair --qr\n"
     "  zks pair --rights invite --expires 120\n"
     "  zks pair --new-code >code.txt; zks pair --code - <code.txt\n"
     "  zks pair --json --link --yes\n",
     cmd_pair},
    {"join", "[CODE | LINK | INVITE | -]", "comes into a group",
     "Joins a group with the code or link that `zks pair` shows on another device, with an invite "
     "of a\n"
     "shared group (`zks group invite`), a passphrase and its descriptor, or a secret file. "
     "Without "
     "an\n"
     "argument it asks on the terminal; - reads it from standard input, which keeps it out of the\n"
     "shell's history and the list of processes. A code needs the --relay of the other device.",
     "  zks join --relay relay.example.org\n"
     "  zks join ABCD-EFGH-JKMN-PQRS --relay relay.example.org --name phone\n"
     "  zks join - <invite.txt\n"
     "  zks join --passphrase-file pass.txt --descriptor '$argon2id$...' --relay "
     "relay.example.org\n",
     cmd_join},
    {"push", "[TEXT]... | - | --file FILE... | --lines FILE...", "sends entries to the group",
     "Each TEXT is an entry; - is standard input as one entry. --file makes an entry of each "
     "whole\n"
     "file, --lines one of each line. All is stored on this device first; then push waits until a\n"
     "relay has it on its disk. Without a relay it ends with exit code 5: what is stored goes out\n"
     "with the next push, watch or flush.",
     "  zks push 'milk, bread'\n"
     "  date | zks push -\n"
     "  zks push --file photo.jpg notes/*.md\n"
     "  tail -f app.log | zks push --lines -\n"
     "  zks push --stored 'written in a tunnel'\n",
     cmd_push},
    {"pull", "", "fetches and prints what is new",
     "Connects, fetches all that the relay has, prints what was not read before and moves the\n"
     "watermark when it is printed (written, with --out). A line is: sequence, sender, the\n"
     "sender's number, payload with control characters escaped.",
     "  zks pull\n"
     "  zks pull --json --own --after 0\n"
     "  zks pull --raw >everything\n"
     "  zks pull --out inbox/\n"
     "  zks pull --peek --offline\n",
     cmd_pull},
    {"watch", "", "prints entries as they arrive",
     "Prints as pull does, then goes on as entries arrive, until Ctrl-C, --count or --until-idle;\n"
     "the watermark moves behind each print. A lost relay is tried again by itself.",
     "  zks watch\n"
     "  zks watch --json --count 10\n"
     "  zks watch --until-idle 5 --raw >>log\n",
     cmd_watch},
    {"status", "", "shows store, relays, what waits, and alarms",
     "Shows the figures of this device. With --online it connects first.",
     "  zks status\n"
     "  zks status --online --json\n",
     cmd_status},
    {"devices", "[revoke DEVICE]", "lists or removes the group's devices",
     "Without a word it lists the devices that this one knows: id, number of its last entry, when "
     "it\n"
     "was heard, what it may do, name. With --online it asks the relay first.\n"
     "revoke  removes a device, by its name or the beginning of its id: the group gets new keys, "
     "which\n"
     "        it does not. With --recovery the recovery code signs: it removes anybody, and "
     "settles "
     "it\n"
     "        when two devices have removed each other",
     "  zks devices --online\n"
     "  zks devices revoke phone --reason lost\n"
     "  zks devices revoke 3fa91c02 --yes --recovery-file words.txt\n",
     cmd_devices},
    {"relay", "[--config FILE] [--NAME VALUE]...", "runs a relay in this process",
     "Runs a relay in the foreground until Ctrl-C. The options are those of zks-relay: see\n"
     "`zks-relay --help`; the most needed ones are --listen ADDR:PORT (UDP; port 0: any free "
     "one),\n"
     "--data FOLDER, --public-host NAME, --key-file FILE and --name NAME. --config FILE reads\n"
     "lines `name = value`.",
     "  zks relay --listen 127.0.0.1:4433 --data /tmp/relay\n"
     "  zks relay --config relay.conf --listen '[::]:4433'\n",
     cmd_relay},
    {"store", "passphrase", "sets, changes or removes the store's passphrase",
     "passphrase  asks for a new passphrase, or takes it from --new-passphrase-file. The keys in\n"
     "            the store are sealed with it. Every command needs it then: it is asked for, or\n"
     "            comes from --store-passphrase-file FILE or the variable ZKS_STORE_PASSPHRASE.\n"
     "            --remove leaves the file's mode (0600) as the only protection",
     "  zks store passphrase\n"
     "  zks --store-passphrase-file old.txt store passphrase --new-passphrase-file new.txt\n"
     "  zks store passphrase --remove\n",
     cmd_store},
    {"trust", "ADDR KEY", "accepts a relay's new key",
     "For a relay whose key has changed, when its operator confirmed that. KEY is what the error\n"
     "named, 64 hexadecimal digits or the relay's whole zks:// address.",
     "  zks trust relay.example.org 7w2kq...\n", cmd_trust},
    {"flush", "", "sends what is stored",
     "Connects and waits until a relay has everything that this device stored.",
     "  zks flush --timeout 60\n", cmd_flush},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static const char exit_codes[] = "Exit codes:\n"
                                 "  0  done\n"
                                 "  1  failed: the input or a defect; the sentence says which\n"
                                 "  2  the command line cannot be understood\n"
                                 "  3  configuration: secret, passphrase, address or settings\n"
                                 "  4  the store: busy, full, read-only, damaged, missing\n"
                                 "  5  no relay now; try again later, nothing is lost\n"
                                 "  6  security: something is not what it claims to be\n"
                                 "  7  pairing: code wrong, expired, used, or not let in\n"
                                 "  130, 143  ended by Ctrl-C or a termination signal\n";

static void print_main_help(void)
{
    puts("Usage: zks [OPTION...] COMMAND [ARGUMENT...]\n\n"
         "Sends and receives entries between the devices of a group, sealed on each device: the\n"
         "relay between them can read nothing.\n\nCommands:");
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  %-8s  %s\n", commands[i].name, commands[i].summary);
    }
    puts("\nOptions:");
    fflush(stdout);
    static const struct {
        const char *option, *text;
    } options[] = {{"-s, --store FILE", "the store (ZKS_STORE; default: 0k-sync/store.zks in "
                                        "XDG_DATA_HOME)"},
                   {"    --store-passphrase-file FILE",
                    "its passphrase (-: standard input; ZKS_STORE_PASSPHRASE; else asked for)"},
                   {"-j, --json", "one JSON object a line on standard output"},
                   {"-v, --verbose", "tell and log more (twice: all)"},
                   {"-q, --quiet", "errors only"},
                   {"    --log-level LEVEL", "off, error, warn, info or debug"},
                   {"    --progress", "tell the progress also to a file or pipe"},
                   {"-V, --version", "the version"},
                   {"-h, --help", "this help; `zks COMMAND --help` for a command"}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        printf("  %-22s %s\n", options[i].option, options[i].text);
    }
    printf("\nExamples:\n"
           "  zks group create --relay zks://KEY@relay.example.org:4433 --name laptop\n"
           "  zks pair\n"
           "  zks push 'hello'\n"
           "  zks watch\n\n%s",
           exit_codes);
}

/* The tables of options, without the usage line that popt puts before them. */
static void print_options(poptContext context)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (!memory) {
        return;
    }
    poptPrintHelp(context, memory, 0);
    fclose(memory);
    const char *tables = text ? strchr(text, '\n') : NULL;
    fputs(tables ? tables + 1 : "", stdout);
    free(text);
}

void cli_print_help(const cli_command *self, poptContext context)
{
    if (!self) {
        print_main_help();
        return;
    }
    printf("Usage: zks %s %s%s[OPTION...]\n\n%s\n\n", self->name, self->arguments,
           *self->arguments ? " " : "", self->text);
    if (context) {
        print_options(context);
    }
    printf("\nExamples:\n%s\nExit codes: `zks --help`.\n", self->examples);
}

static const cli_command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int run_help(cli *c)
{
    if (c->argc < 2) {
        cli_print_help(NULL, NULL);
        return CLI_OK;
    }
    const cli_command *command = find(c->argv[1]);
    if (!command) {
        return cli_usage(c, "", "There is no command \"%s\".", c->argv[1]);
    }
    const char *argv[] = {command->name, "--help", NULL};
    c->argv = argv;
    c->argc = 2;
    return command->run(c, command);
}

static int run(cli *c, int argc, const char **argv)
{
    int code = cli_parse_globals(c, argc, argv);
    if (code != CLI_GO_ON) {
        return code;
    }
    if (c->argc == 0) {
        return cli_usage(c, "", "Say what to do: a command is missing.");
    }
    if (strcmp(c->argv[0], "help") == 0) {
        return run_help(c);
    }
    const cli_command *command = find(c->argv[0]);
    if (!command) {
        return cli_usage(c, "", "There is no command \"%s\".", c->argv[0]);
    }
    return command->run(c, command);
}

int main(int argc, char **argv)
{
    cli c = {.signal_fd = -1};
    cli_globals_init(&c);
    cli_signals(&c);
    int code = run(&c, argc, (const char **)(uintptr_t)argv);
    cli_progress_end(&c);
    cli_close(&c);
    int flushed = cli_flush_output(&c);
    code = code ? code : flushed;
    for (size_t i = 0; i < 2; i++) {
        poptFreeContext(c.contexts[i]);
    }
    cli_store_phrase_forget(&c);
    free(c.store);
    free(c.store_phrase_file);
    free(c.log_level);
    free(c.path);
    cli_list_free(c.relays);
    return code;
}
