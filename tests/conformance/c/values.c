/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values of steps: texts, bytes, payloads, variables. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

typedef struct var {
    char name[NAME_SIZE];
    char *value;
    struct var *next;
} var;

static var *vars;

void broken(const char *what, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    fprintf(stderr, "driver: %s %s\n", what, text ? text : "");
    free(text);
    exit(1);
}

static void *allocate(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p) {
        broken("no memory", NULL);
    }
    return p;
}

/* --- variables --- */

const char *variable(const char *name)
{
    for (const var *v = vars; v; v = v->next) {
        if (!strcmp(v->name, name)) {
            return v->value;
        }
    }
    return NULL;
}

void variable_set(const char *name, const char *value)
{
    var *v = allocate(sizeof *v);
    snprintf(v->name, sizeof v->name, "%s", name);
    v->value = strdup(value);
    v->next = vars; /* hides the older one */
    vars = v;
}

void variables_forget(void)
{
    while (vars) {
        var *next = vars->next;
        free(vars->value);
        free(vars);
        vars = next;
    }
}

/* --- arguments --- */

const json_t *arg(const task *t, size_t i)
{
    const json_t *value = json_array_get(t->step, i);
    return value && !json_is_null(value) ? value : NULL;
}

const json_t *option(const task *t, const char *key)
{
    const json_t *last = json_array_get(t->step, json_array_size(t->step) - 1);
    return json_is_object(last) ? json_object_get(last, key) : NULL;
}

bool option_true(const task *t, const char *key)
{
    return json_is_true(option(t, key));
}

const char *text_arg(const task *t, size_t i)
{
    const char *text = json_string_value(arg(t, i));
    if (!text) {
        broken("an argument is missing:", t->step);
    }
    return text;
}

int64_t int_arg(const task *t, size_t i)
{
    if (!json_is_integer(arg(t, i))) {
        broken("a number is missing:", t->step);
    }
    return json_integer_value(arg(t, i));
}

static char *text_repeated(const json_t *value)
{
    const char *unit = json_string_value(json_object_get(value, "repeat"));
    size_t times = (size_t)json_integer_value(json_object_get(value, "times"));
    if (!unit) {
        broken("no text:", value);
    }
    size_t length = strlen(unit);
    char *text = allocate(length * times + 1);
    for (size_t i = 0; i < length * times; i++) {
        text[i] = unit[i % length];
    }
    return text;
}

/* The value of "$name" or "$name!". */
static char *text_referred(const char *name, const json_t *value)
{
    char plain[NAME_SIZE];
    snprintf(plain, sizeof plain, "%s", name);
    size_t end = strlen(plain);
    bool spoil = end && plain[end - 1] == '!';
    if (spoil) {
        plain[end - 1] = '\0';
    }
    const char *found = variable(plain);
    if (!found) {
        broken("no such variable:", value);
    }
    char *text = strdup(found);
    if (spoil && *text) {
        char *last = &text[strlen(text) - 1];
        *last = *last == '0' ? '1' : '0';
    }
    return text;
}

char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text) {
        return text_repeated(value);
    }
    return *text == '$' ? text_referred(text + 1, value) : strdup(text);
}

/* --- bytes --- */

void hex_of(const uint8_t *bytes, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

size_t bytes_of_hex(const char *hex, uint8_t *out, size_t size)
{
    size_t length = strlen(hex) / 2;
    if (length > size) {
        broken("too many bytes", NULL);
    }
    for (size_t i = 0; i < length; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return length;
}

static void variable_random(const char *name, size_t size)
{
    uint8_t bytes[BYTES_MAX];
    char hex[2 * BYTES_MAX + 1];
    FILE *random = fopen("/dev/urandom", "rb");
    if (!random || fread(bytes, 1, size, random) != size) {
        broken("no random bytes", NULL);
    }
    fclose(random);
    hex_of(bytes, size, hex);
    variable_set(name, hex);
}

size_t bytes_of(const json_t *value, size_t size, uint8_t out[BYTES_MAX])
{
    const char *text = json_string_value(value);
    if (!text) {
        size_t zeros = (size_t)json_integer_value(value);
        memset(out, 0, BYTES_MAX);
        return zeros < BYTES_MAX ? zeros : BYTES_MAX;
    }
    if (*text != '$') {
        return bytes_of_hex(text, out, BYTES_MAX);
    }
    if (!variable(text + 1)) {
        variable_random(text + 1, size);
    }
    return bytes_of_hex(variable(text + 1), out, BYTES_MAX);
}

payload payload_of(const json_t *value)
{
    payload p = {0};
    if (json_is_string(value)) {
        p.length = json_string_length(value);
        p.data = allocate(p.length);
        memcpy(p.data, json_string_value(value), p.length);
        return p;
    }
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(value, "seed"));
    p.length = (size_t)json_integer_value(json_object_get(value, "bytes"));
    p.data = allocate(p.length);
    for (size_t i = 0; i < p.length; i++) {
        p.data[i] = (uint8_t)(seed + i * 31 + (i >> 8));
    }
    return p;
}

/* --- as the transcript shows them --- */

uint32_t fnv1a(const uint8_t *data, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ data[i]) * 16777619u;
    }
    return hash;
}

/* Short UTF-8 without control characters. */
static bool is_text(const uint8_t *data, size_t length, size_t most)
{
    json_t *valid = length <= most ? json_stringn((const char *)data, length) : NULL;
    bool text = !length || valid; /* jansson refuses what is not UTF-8 */
    for (size_t i = 0; text && i < length; i++) {
        text = data[i] >= ' ';
    }
    json_decref(valid);
    return text;
}

char *payload_shown(const uint8_t *data, size_t length)
{
    enum { SHORT = 64 };
    char *text = allocate(SHORT + 3);
    if (is_text(data, length, SHORT)) {
        text[0] = '"';
        memcpy(text + 1, data, length);
        text[length + 1] = '"';
    } else {
        snprintf(text, SHORT + 3, "%zu bytes %08x", length, fnv1a(data, length));
    }
    return text;
}
