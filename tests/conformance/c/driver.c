/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The conformance driver in C: its verbs, cases, and steps from standard input. See driver.h. */
#include "driver.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

zks_runtime *runtime;
char folder[4096], case_suite[16];
const char *fixture;
static const char *dir;

static const struct verb {
    const char *name;
    verb_fn *run;
} verbs[] = {
    {"ack", verb_ack},
    {"answer", verb_answer},
    {"await", verb_await},
    {"cancel", verb_cancel},
    {"cancel_pair", verb_cancel_pair},
    {"case", verb_case},
    {"change_store_key", verb_change_store_key},
    {"close", verb_close},
    {"connect", verb_connect},
    {"count", verb_count},
    {"create", verb_create},
    {"derive", verb_derive},
    {"devices", verb_devices},
    {"digits", verb_digits},
    {"disconnect", verb_disconnect},
    {"finish", verb_finish},
    {"flush", verb_flush},
    {"get", verb_get},
    {"invite", verb_invite},
    {"iterate", verb_iterate},
    {"join", verb_join},
    {"leave", verb_leave},
    {"network_changed", verb_network_changed},
    {"open", verb_open},
    {"pair", verb_pair},
    {"paired", verb_paired},
    {"push", verb_push},
    {"push_many", verb_push_many},
    {"push_series", verb_push_series},
    {"read", verb_read},
    {"read_series", verb_read_series},
    {"relay", verb_relay},
    {"relay_stop", verb_relay_stop},
    {"report", verb_report},
    {"restore", verb_restore},
    {"revoke", verb_revoke},
    {"rotate", verb_rotate},
    {"set", verb_set},
    {"start", verb_start},
    {"sync", verb_sync},
    {"trust", verb_trust},
};

void task_run(task *t)
{
    t->d = t->who ? device_find(t->who) : NULL;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!strcmp(verbs[i].name, t->verb)) {
            verbs[i].run(t);
            return;
        }
    }
    broken("no such verb:", t->step);
}

/* --- cases ------------------------------------------------------------------------ */

static void end_case(void)
{
    tasks_end();
    devices_end();
    relays_end();
    variables_forget();
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0700) && errno != EEXIST) {
        fprintf(stderr, "driver: cannot make %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

static void begin_case(const char *name, const char *suite)
{
    snprintf(case_suite, sizeof case_suite, "%s", suite);
    snprintf(folder, sizeof folder, "%s/%s-%s/", dir, name, suite);
    make_folder(folder);
}

/* --- peers ------------------------------------------------------------------------ */

static bool is_device(const char *name)
{
    return name[0] >= 'A' && name[0] <= 'Z' && !name[1];
}

void verb_case(task *t)
{
    end_case();
    begin_case(text_arg(t, 1), text_arg(t, 2));
}

void verb_get(task *t)
{
    char hex[2 * ZKS_SIZE_DEVICE_ID + 1];
    const char *name = text_arg(t, 1), *value = variable(name);
    const uint8_t *id = is_device(name) ? id_of(name) : blob_of(name);
    if (id) {
        hex_of(id, is_device(name) ? ZKS_SIZE_DEVICE_ID : ZKS_SIZE_BLOB_ID, hex);
        value = hex;
    }
    fprintf(t->out, "= %s\n", value ? value : "");
}

void verb_set(task *t)
{
    uint8_t id[ZKS_SIZE_DEVICE_ID];
    const char *name = text_arg(t, 1), *value = text_arg(t, 2);
    if (is_device(name)) {
        bytes_of_hex(value, id, sizeof id);
        id_bind(id, name);
    } else if (strchr(name, '#')) {
        bytes_of_hex(value, id, sizeof id);
        blob_bind(name, id);
    } else {
        variable_set(name, value);
    }
}

/* --- running ---------------------------------------------------------------------- */

static void run_step(json_t *step)
{
    task t;
    task_init(&t, step);
    task_run(&t);
    task_flush(&t);
}

static void run_case(const json_t *one)
{
    size_t i, j;
    json_t *suite, *step, *suites = json_object_get(one, "suites");
    const char *name = json_string_value(json_object_get(one, "name"));
    json_t *list = suites ? json_incref(suites) : json_pack("[s]", "default");
    json_array_foreach(list, i, suite)
    {
        begin_case(name, json_string_value(suite));
        printf("case %s %s\n", name, case_suite);
        json_array_foreach(json_object_get(one, "steps"), j, step)
        {
            run_step(step);
        }
        end_case();
    }
    json_decref(list);
}

static void run_cases(const char *file, const char *only)
{
    size_t i;
    json_t *one;
    json_error_t error;
    bool found = false;
    json_t *all = json_load_file(file, 0, &error);
    if (!all) {
        fprintf(stderr, "driver: %s:%d: %s\n", file, error.line, error.text);
        exit(1);
    }
    json_array_foreach(all, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        if (!only || !strcmp(only, name)) {
            run_case(one);
            found = true;
        }
    }
    json_decref(all);
    if (!found) {
        broken("there is no case", json_string(only));
    }
}

static void run_peer(void)
{
    char *line = NULL;
    size_t size = 0;
    json_error_t error;
    while (getline(&line, &size, stdin) > 0) {
        json_t *step = json_loads(line, 0, &error);
        if (!step) {
            fprintf(stderr, "driver: %s: %s", error.text, line);
            exit(1);
        }
        run_step(step);
        puts(".");
        fflush(stdout);
        json_decref(step);
    }
    free(line);
    end_case();
}

typedef struct arguments {
    const char *cases, *only;
    bool peer;
} arguments;

static arguments read_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"relay", required_argument, NULL, 'r'}, {"dir", required_argument, NULL, 'd'},
        {"cases", required_argument, NULL, 'c'}, {"case", required_argument, NULL, 'o'},
        {"peer", no_argument, NULL, 'p'},        {NULL, 0, NULL, 0},
    };
    arguments a = {0};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        fixture = c == 'r' ? optarg : fixture;
        dir = c == 'd' ? optarg : dir;
        a.cases = c == 'c' ? optarg : a.cases;
        a.only = c == 'o' ? optarg : a.only;
        a.peer |= c == 'p';
    }
    if (!fixture || !dir || (!a.cases && !a.peer)) {
        fprintf(stderr,
                "usage: driver --relay ADDRESS --dir TMP (--cases FILE [--case NAME] | --peer)\n");
        exit(1);
    }
    return a;
}

int main(int argc, char **argv)
{
    arguments a = read_arguments(argc, argv);
    if (zks_runtime_new(&runtime)) {
        return 1;
    }
    lock();
    if (a.peer) {
        run_peer();
    } else {
        run_cases(a.cases, a.only);
    }
    unlock();
    zks_status s = zks_runtime_close(runtime, patience_ms());
    zks_runtime_free(runtime);
    return s ? 1 : 0;
}
