/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What this program remembers beside the store, in STORE.conf (mode 0600): {"relays": ["..."]}.
 * Everything else, the group's secret, the device's name, pinned keys, is in the store itself.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 * 1024 };

static char *settings_name(const cli *c)
{
    size_t size = strlen(c->path) + sizeof ".conf";
    char *name = malloc(size);
    if (name) {
        snprintf(name, size, "%s.conf", c->path);
    }
    return name;
}

/* A copy of count texts; NULL: no memory. */
static char **copy_list(char *const *list, size_t count)
{
    char **out = calloc(count + 1, sizeof *out);
    for (size_t i = 0; out && i < count; i++) {
        out[i] = strdup(list[i]);
        if (!out[i]) {
            cli_list_free(out);
            return NULL;
        }
    }
    return out;
}

static char **list_of_json(const json_t *array)
{
    size_t count = json_array_size(array);
    char **texts = calloc(count + 1, sizeof *texts);
    for (size_t i = 0; texts && i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        texts[i] = text ? strdup(text) : NULL;
        if (!texts[i]) {
            cli_list_free(texts);
            return NULL;
        }
    }
    return texts;
}

static int parse(cli *c, const char *name, const char *data, size_t length, char ***out)
{
    json_error_t error;
    json_t *root = json_loadb(data, length, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        return cli_problem(c, CLI_CONFIG,
                           "The settings file %s is no JSON (line %d: %s): mend it, or remove it "
                           "and run `zks group relays ADDR`.",
                           name, error.line, error.text);
    }
    char **relays = list_of_json(json_object_get(root, "relays"));
    json_decref(root);
    if (!relays) {
        return cli_problem(c, CLI_CONFIG,
                           "In the settings file %s \"relays\" is not a list of texts: mend it, or "
                           "remove it and run `zks group relays ADDR`.",
                           name);
    }
    *out = relays;
    return CLI_OK;
}

int cli_settings_relays(cli *c, char ***out_relays)
{
    if (c->relays) {
        size_t count = 0;
        while (c->relays[count]) {
            count++;
        }
        *out_relays = copy_list(c->relays, count);
        return *out_relays ? CLI_OK : cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    char *name = settings_name(c);
    if (!name) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    int code;
    if (access(name, F_OK) != 0 && errno == ENOENT) {
        *out_relays = copy_list(NULL, 0);
        code = *out_relays ? CLI_OK : cli_fail(c, ZKS_E_NOMEM, NULL);
    } else {
        char *data = NULL;
        size_t length = 0;
        code = cli_read_file(c, "settings file", name, SETTINGS_MAX, &data, &length);
        code = code ? code : parse(c, name, data, length, out_relays);
        free(data);
    }
    free(name);
    return code;
}

int cli_settings_save(cli *c, char *const *relays)
{
    json_t *array = json_array();
    for (size_t i = 0; relays && relays[i]; i++) {
        json_array_append_new(array, json_string(relays[i]));
    }
    json_t *root = json_pack("{s:o}", "relays", array);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    char *name = settings_name(c);
    int code;
    if (!text || !name) {
        code = cli_fail(c, ZKS_E_NOMEM, NULL);
    } else {
        code = cli_write_file(c, name, text, strlen(text));
    }
    json_decref(root);
    free(name);
    free(text);
    return code;
}

int cli_settings_take(cli *c)
{
    return c->relays ? CLI_OK : cli_settings_relays(c, &c->relays);
}
