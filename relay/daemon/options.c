/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/daemon/options.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_OPTIONS = 64,
    NAME_BYTES = 40,
    CONFIG_FILE_BYTES = 64 << 10, /* largest config file */
    /* popt's return values; options of the table follow */
    SAY_HELP = 1,
    SAY_VERSION,
    TAKE_CONFIG,
    CHECK_CONFIG,
    PRINT_CONFIG,
    FIRST_OPTION
};

typedef struct flag_values {
    const char *config; /* owned by popt's malloc */
    char *values[MAX_OPTIONS];
    bool help, version, check, print;
} flag_values;

typedef struct flag_table {
    struct poptOption options[MAX_OPTIONS + 8];
    char names[MAX_OPTIONS][NAME_BYTES];
} flag_table;

static void flag_name(const char *name, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%s", name);
    for (char *at = out; *at; at++) {
        *at = *at == '_' ? '-' : *at;
    }
}

static void fill_table(flag_table *t)
{
    const struct poptOption own[] = {
        {"help", 'h', POPT_ARG_NONE, NULL, SAY_HELP, NULL, NULL},
        {"version", 'V', POPT_ARG_NONE, NULL, SAY_VERSION, NULL, NULL},
        {"config", 'c', POPT_ARG_STRING, NULL, TAKE_CONFIG, NULL, NULL},
        {"check-config", 0, POPT_ARG_NONE, NULL, CHECK_CONFIG, NULL, NULL},
        {"print-config", 0, POPT_ARG_NONE, NULL, PRINT_CONFIG, NULL, NULL},
    };
    size_t count = 0;
    for (; count < sizeof own / sizeof own[0]; count++) {
        t->options[count] = own[count];
    }
    const zks__relay_option *o;
    for (size_t i = 0; i < MAX_OPTIONS && (o = zks__relay_option_at(i)); i++) {
        flag_name(o->name, t->names[i]);
        t->options[count++] = (struct poptOption){
            t->names[i], 0, POPT_ARG_STRING, NULL, FIRST_OPTION + (int)i, NULL, NULL};
    }
}

/* --- what it says --- */

static void print_option(const zks__relay_option *o)
{
    char name[NAME_BYTES];
    char left[NAME_BYTES + 24];
    flag_name(o->name, name);
    const char *shape = o->kind == ZKS_OPTION_CHOICE  ? o->unit
                        : o->kind == ZKS_OPTION_TEXT  ? "TEXT"
                        : o->kind == ZKS_OPTION_BYTES ? "BYTES"
                                                      : "N";
    snprintf(left, sizeof left, "--%s %s", name, shape);
    printf("  %-34s ", left);
    if (strlen(left) > 33) { /* help2man tells the two apart by two spaces */
        printf("\n%-37s", "");
    }
    printf("%s", o->help);
    if (o->kind == ZKS_OPTION_NUMBER || o->kind == ZKS_OPTION_BYTES) {
        printf(" (%s, %" PRIu64 " to %" PRIu64 ", default %s)", o->unit, o->least, o->most,
               o->fallback);
    } else if (o->fallback[0]) {
        printf(" (default %s)", o->fallback);
    }
    printf("\n");
}

static void print_help(void)
{
    printf("zks-relay: stores and passes on sealed blobs between the devices of a group; it can "
           "read none of them.\n\n"
           "Usage: zks-relay [--config FILE] [--OPTION VALUE ...]\n\n"
           "  -c, --config FILE                  lines 'name = value', # comments; names as below "
           "with '_' for '-'\n"
           "  --check-config                     say whether the configuration is right, and exit\n"
           "  --print-config                     write the configuration in force as such a file, "
           "and exit\n"
           "  -V, --version                      the version\n"
           "  -h, --help                         this help\n\n"
           "Options, each also as variable ZKS_RELAY_<NAME>:\n");
    const zks__relay_option *o;
    for (size_t i = 0; (o = zks__relay_option_at(i)); i++) {
        print_option(o);
    }
    printf(
        "\nA flag counts more than a variable, a variable more than the file.\n\n"
        "Examples:\n"
        "  zks-relay                                        port 4433, data in ./zks-relay-data\n"
        "  zks-relay --listen 127.0.0.1:0 --data /tmp/r     any free port; the address is in the "
        "first line\n"
        "  zks-relay --config /etc/zks-relay.conf --check-config\n"
        "  ZKS_RELAY_PUBLIC_HOST=sync.example.org zks-relay --disk-bytes 50G\n\n"
        "SIGTERM or SIGINT stops it: devices are told, commits are finished. A second signal ends "
        "it at once.\n"
        "Exit codes: 0 stopped as asked, 1 failure, 2 wrong configuration, 3 the port is in use, 4 "
        "the data folder\n"
        "cannot be used (busy, damaged, full, not writable).\n");
}

static void print_config(const zks__relay_config *c)
{
    const zks__relay_option *o;
    for (size_t i = 0; (o = zks__relay_option_at(i)); i++) {
        char value[1024];
        zks__relay_option_print(c, o, value, sizeof value);
        printf("# %s%s%s\n%s = %s\n", o->help, o->unit[0] ? "; " : "", o->unit, o->name, value);
    }
}

/* --- reading --- */

/* Returns the code, 0: go on. */
static int read_flags(int argc, char **argv, flag_values *v)
{
    flag_table *table = zks__alloc_zero(1, sizeof *table);
    if (!table) {
        return ZKS_EXIT_FAILURE;
    }
    fill_table(table);
    poptContext context = poptGetContext("zks-relay", argc, (const char **)argv, table->options,
                                         POPT_CONTEXT_NO_EXEC);
    int rc;
    while ((rc = poptGetNextOpt(context)) > 0) {
        if (rc >= FIRST_OPTION) {
            free(v->values[rc - FIRST_OPTION]);
            v->values[rc - FIRST_OPTION] = poptGetOptArg(context);
        } else if (rc == TAKE_CONFIG) {
            free((char *)(uintptr_t)v->config);
            v->config = poptGetOptArg(context);
        }
        v->help = v->help || rc == SAY_HELP;
        v->version = v->version || rc == SAY_VERSION;
        v->check = v->check || rc == CHECK_CONFIG;
        v->print = v->print || rc == PRINT_CONFIG;
    }
    int code = 0;
    const char *extra = rc == -1 ? poptPeekArg(context) : NULL;
    if (rc < -1) {
        fprintf(stderr, "zks-relay: %s: %s; see zks-relay --help\n",
                poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(rc));
        code = ZKS_EXIT_USAGE;
    } else if (extra) {
        fprintf(stderr, "zks-relay: '%s' is no option; see zks-relay --help\n", extra);
        code = ZKS_EXIT_USAGE;
    }
    poptFreeContext(context);
    zks__free(table);
    return code;
}

static int read_file(zks__relay_config *c, const char *path)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    FILE *f = fopen(path, "re");
    char *text = f ? zks__alloc(CONFIG_FILE_BYTES + 1) : NULL;
    size_t length = text ? fread(text, 1, CONFIG_FILE_BYTES + 1, f) : 0;
    zks_status status = ZKS_E_CONFIG_FILE;
    if (!f || (text && ferror(f))) {
        snprintf(problem, sizeof problem, "%m"); /* errno's text */
    } else if (!text || length > CONFIG_FILE_BYTES) {
        snprintf(problem, sizeof problem, "it is larger than %d KiB", CONFIG_FILE_BYTES >> 10);
    } else {
        status = zks__relay_config_parse(c, text, length, problem);
    }
    if (f) {
        fclose(f);
    }
    zks__free(text);
    if (status) {
        fprintf(stderr, "zks-relay: config file '%s': %s\n", path, problem);
    }
    return status ? ZKS_EXIT_USAGE : 0;
}

static int apply(zks__relay_config *c, const flag_values *v)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    int code = v->config ? read_file(c, v->config) : 0;
    if (code) {
        return code;
    }
    zks_status status = zks__relay_config_environment(c, getenv, problem);
    for (size_t i = 0; i < MAX_OPTIONS && !status; i++) {
        if (v->values[i]) {
            status = zks__relay_config_set(c, zks__relay_option_at(i)->name, v->values[i], problem);
        }
    }
    if (!status) {
        status = zks__relay_config_check(c, problem);
    }
    if (status) {
        fprintf(stderr, "zks-relay: %s\n", problem);
    }
    return status ? ZKS_EXIT_USAGE : 0;
}

bool zks__daemon_options(int argc, char **argv, zks__relay_config **out_config, int *out_code)
{
    flag_values v = {0};
    bool finished = true;
    *out_config = NULL;
    *out_code = read_flags(argc, argv, &v);
    if (*out_code == 0 && v.help) {
        print_help();
    } else if (*out_code == 0 && v.version) {
        printf("zks-relay %s\n", ZKS_VERSION_TEXT);
    } else if (*out_code == 0) {
        *out_config = zks__relay_config_new();
        *out_code = *out_config ? apply(*out_config, &v) : ZKS_EXIT_FAILURE;
        finished = *out_code != 0 || v.check || v.print;
        if (*out_code == 0 && v.print) {
            print_config(*out_config);
        } else if (*out_code == 0 && v.check) {
            printf("the configuration is right\n");
        }
    }
    for (size_t i = 0; i < MAX_OPTIONS; i++) {
        free(v.values[i]);
    }
    free((char *)(uintptr_t)v.config);
    return finished;
}
