/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "addon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double MAX_SAFE = 9007199254740991.0; /* 2^53 - 1 */

static const char *const kind_names[ZN_KINDS] = {
    [ZN_RUNTIME] = "runtime", [ZN_QUEUE] = "queue",   [ZN_CONFIG] = "config",
    [ZN_CLIENT] = "client",   [ZN_OP] = "operation",  [ZN_EVENT] = "event",
    [ZN_BATCH] = "batch",     [ZN_INVITE] = "invite", [ZN_DEVICES] = "device list",
    [ZN_REPORT] = "report",   [ZN_RELAY] = "relay",   [ZN_KEY_REQUEST] = "key request",
};

static void refuse(zn_call *c, bool range, const char *what, size_t i, const char *wanted)
{
    char text[160];
    if (c->failed) {
        return;
    }
    c->failed = true;
    snprintf(text, sizeof text, "argument %zu: %s%s", i + 1, what, wanted);
    if (range) {
        napi_throw_range_error(c->env, "ERR_OUT_OF_RANGE", text);
    } else {
        napi_throw_type_error(c->env, "ERR_INVALID_ARG_TYPE", text);
    }
}

static bool is_nothing(zn_call *c, size_t i)
{
    napi_valuetype type = napi_undefined;
    napi_typeof(c->env, c->args[i], &type);
    return type == napi_undefined || type == napi_null;
}

void zn_begin(zn_call *c, napi_env env, napi_callback_info info, size_t count)
{
    void *state = NULL;
    size_t given = ZN_ARGS_MAX;
    c->env = env;
    c->failed = false;
    c->used = 0;
    c->extras = 0;
    c->count = count;
    if (napi_get_cb_info(env, info, &given, c->args, NULL, &state) != napi_ok) {
        c->failed = true;
    }
    c->state = state;
    if (!c->failed && c->state->ended) {
        c->failed = true;
        napi_throw_error(env, zks_status_name(ZKS_E_CLOSED), "the environment ends");
    }
}

void *zn_memory(zn_call *c, size_t length)
{
    size_t rounded = (length + 15) & ~(size_t)15;
    if (rounded >= length && rounded <= ZN_SCRATCH - c->used) {
        void *here = c->scratch + c->used;
        c->used += rounded;
        return here;
    }
    void *bytes = c->extras < ZN_EXTRA ? malloc(length) : NULL;
    if (!bytes) {
        zn_failed(c, ZKS_E_NOMEM, NULL);
        return NULL;
    }
    c->extra[c->extras].bytes = bytes;
    c->extra[c->extras++].length = length;
    return bytes;
}

static zn_box *box_at(zn_call *c, size_t i, zn_kind kind)
{
    void *pointer = NULL;
    napi_valuetype type = napi_undefined;
    if (c->failed) {
        return NULL;
    }
    napi_typeof(c->env, c->args[i], &type);
    if (type != napi_external || napi_get_value_external(c->env, c->args[i], &pointer) != napi_ok ||
        ((zn_box *)pointer)->kind != kind) {
        refuse(c, false, "not a ", i, kind_names[kind]);
        return NULL;
    }
    return pointer;
}

void *zn_handle(zn_call *c, size_t i, zn_kind kind)
{
    void *pointer = NULL;
    if (zn_slot_kind(kind)) {
        pointer = zn_slot_get(&c->state->slots, zn_uint32(c, i), kind);
    } else {
        zn_box *box = box_at(c, i, kind);
        pointer = box ? box->pointer : NULL;
    }
    if (!pointer && !c->failed) {
        char text[64];
        snprintf(text, sizeof text, "this %s is closed", kind_names[kind]);
        zn_failed(c, ZKS_E_CLOSED, text);
    }
    return c->failed ? NULL : pointer;
}

void *zn_take(zn_call *c, size_t i, zn_kind kind)
{
    if (zn_slot_kind(kind)) {
        uint32_t place = zn_uint32(c, i);
        return c->failed ? NULL : zn_slot_take(&c->state->slots, place, kind);
    }
    zn_box *box = box_at(c, i, kind);
    void *pointer = box ? box->pointer : NULL;
    if (box) {
        box->pointer = NULL;
    }
    return pointer;
}

zn_span zn_bytes(zn_call *c, size_t i, size_t size)
{
    static const uint8_t nothing[1];
    zn_span span = {0};
    napi_typedarray_type type = napi_uint8_array;
    void *bytes = NULL;
    if (c->failed || is_nothing(c, i)) {
        if (!c->failed && size) {
            refuse(c, false, "not a Uint8Array", i, "");
        }
        return span;
    }
    if (napi_get_typedarray_info(c->env, c->args[i], &type, &span.length, &bytes, NULL, NULL) !=
            napi_ok ||
        (type != napi_uint8_array && type != napi_uint8_clamped_array)) {
        refuse(c, false, "not a Uint8Array", i, "");
        return (zn_span){0};
    }
    if (size && span.length != size) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "%zu bytes", size);
        refuse(c, true, "must have exactly ", i, wanted);
        return (zn_span){0};
    }
    span.bytes = bytes ? bytes : nothing; /* empty is not absent */
    return span;
}

zn_text zn_string(zn_call *c, size_t i, bool terminated)
{
    zn_text text = {0};
    size_t length = 0;
    if (c->failed || is_nothing(c, i)) {
        return text;
    }
    if (napi_get_value_string_utf8(c->env, c->args[i], NULL, 0, &length) != napi_ok) {
        refuse(c, false, "not a string", i, "");
        return text;
    }
    char *memory = zn_memory(c, length + 1);
    if (memory &&
        napi_get_value_string_utf8(c->env, c->args[i], memory, length + 1, &length) == napi_ok) {
        if (terminated && strlen(memory) != length) {
            refuse(c, false, "must not contain a NUL character", i, "");
            return text;
        }
        text.text = memory;
        text.length = length;
    }
    return text;
}

zn_lengths zn_sizes(zn_call *c, size_t i, size_t sum)
{
    zn_lengths found = {0};
    napi_typedarray_type type = napi_uint8_array;
    void *data = NULL;
    size_t count = 0;
    if (c->failed) {
        return found;
    }
    if (napi_get_typedarray_info(c->env, c->args[i], &type, &count, &data, NULL, NULL) != napi_ok ||
        type != napi_uint32_array) {
        refuse(c, false, "not a Uint32Array", i, "");
        return found;
    }
    const uint32_t *given = data;
    found.items = zn_memory(c, (count ? count : 1) * sizeof *found.items);
    for (size_t k = 0; found.items && k < count; k++) {
        found.items[k] = given[k];
        if (given[k] > sum) {
            refuse(c, true, "lengths beyond the end of the bytes", i, "");
            return (zn_lengths){0};
        }
        sum -= given[k];
    }
    found.count = found.items ? count : 0;
    return found;
}

double zn_number(zn_call *c, size_t i, double lowest, double highest)
{
    double value = 0;
    if (c->failed) {
        return 0;
    }
    if (napi_get_value_double(c->env, c->args[i], &value) != napi_ok) {
        refuse(c, false, "not a number", i, "");
        return 0;
    }
    if (!(value >= lowest && value <= highest) || value != trunc(value)) {
        char range[80];
        snprintf(range, sizeof range, "%.0f to %.0f", lowest, highest);
        refuse(c, true, "must be a whole number from ", i, range);
        return 0;
    }
    return value;
}

int32_t zn_int32(zn_call *c, size_t i)
{
    return (int32_t)zn_number(c, i, INT32_MIN, INT32_MAX);
}

uint32_t zn_uint32(zn_call *c, size_t i)
{
    return (uint32_t)zn_number(c, i, 0, UINT32_MAX);
}

int64_t zn_int64(zn_call *c, size_t i)
{
    return (int64_t)zn_number(c, i, -MAX_SAFE, MAX_SAFE);
}

uint64_t zn_uint64(zn_call *c, size_t i)
{
    return (uint64_t)zn_number(c, i, 0, MAX_SAFE);
}

void *zn_token(zn_call *c, size_t i)
{
    return (void *)(uintptr_t)zn_uint64(c, i); // NOLINT(performance-no-int-to-ptr): see TOKENS
}

/* The error that JavaScript makes of a status; without start() a plain one. */
static napi_value make_error(zn_call *c, zks_status status, const char *text)
{
    napi_value callbacks = NULL, make = NULL, error = NULL;
    napi_value args[2];
    napi_create_int32(c->env, status, &args[0]);
    napi_create_string_utf8(c->env, text, NAPI_AUTO_LENGTH, &args[1]);
    if (c->state->callbacks &&
        napi_get_reference_value(c->env, c->state->callbacks, &callbacks) == napi_ok && callbacks &&
        napi_get_named_property(c->env, callbacks, "error", &make) == napi_ok &&
        napi_call_function(c->env, callbacks, make, 2, args, &error) == napi_ok) {
        return error;
    }
    napi_value code = NULL;
    napi_create_string_utf8(c->env, zks_status_name(status), NAPI_AUTO_LENGTH, &code);
    napi_create_error(c->env, code, args[1], &error);
    return error;
}

bool zn_failed(zn_call *c, zks_status status, const char *text)
{
    if (!status) {
        return false;
    }
    if (!c->failed) {
        c->failed = true;
        napi_throw(c->env, make_error(c, status, text && *text ? text : zks_status_text(status)));
    }
    return true;
}

napi_value zn_end(zn_call *c, napi_value value)
{
    explicit_bzero(c->scratch, c->used);
    for (size_t i = 0; i < c->extras; i++) {
        explicit_bzero(c->extra[i].bytes, c->extra[i].length);
        free(c->extra[i].bytes);
    }
    return c->failed ? NULL : value;
}

/* --- results ---------------------------------------------------------------------------------- */

static napi_value checked(zn_call *c, napi_status status, napi_value value)
{
    if (status != napi_ok) {
        zn_failed(c, ZKS_E_NOMEM, NULL);
        return NULL;
    }
    return value;
}

static napi_value nothing(zn_call *c)
{
    napi_value value = NULL;
    napi_status status = napi_get_null(c->env, &value);
    return checked(c, status, value);
}

napi_value zn_from_number(zn_call *c, double number)
{
    napi_value value = NULL;
    napi_status status = napi_create_double(c->env, number, &value);
    return checked(c, status, value);
}

napi_value zn_from_text(zn_call *c, const char *text)
{
    napi_value value = NULL;
    if (!text) {
        return nothing(c);
    }
    napi_status status = napi_create_string_utf8(c->env, text, NAPI_AUTO_LENGTH, &value);
    return checked(c, status, value);
}

napi_value zn_from_bytes(zn_call *c, const uint8_t *bytes, size_t length)
{
    napi_value value = NULL;
    void *copy = NULL;
    if (!bytes) {
        return nothing(c);
    }
    napi_status status = napi_create_buffer_copy(c->env, length, bytes, &copy, &value);
    return checked(c, status, value);
}

napi_value zn_from_list(zn_call *c, const napi_value *values, size_t count)
{
    napi_value list = NULL;
    if (c->failed) {
        return NULL;
    }
    napi_status status = napi_create_array_with_length(c->env, count, &list);
    if (!checked(c, status, list)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        napi_set_element(c->env, list, (uint32_t)i, values[i]);
    }
    return list;
}

static napi_value from_slot(zn_call *c, zn_kind kind, void *pointer)
{
    uint32_t place = 0;
    if (zn_slot_put(&c->state->slots, kind, pointer, &place)) {
        return zn_from_number(c, place);
    }
    zn_free(kind, pointer);
    zn_failed(c, ZKS_E_NOMEM, NULL);
    return NULL;
}

napi_value zn_from_handle(zn_call *c, zn_kind kind, void *pointer)
{
    if (zn_slot_kind(kind)) {
        return from_slot(c, kind, pointer);
    }
    napi_value value = zn_box_new(c->state, kind, pointer);
    if (!value) {
        zn_failed(c, ZKS_E_NOMEM, NULL);
    }
    return value;
}

/* --- boxes ------------------------------------------------------------------------------------ */

void zn_free(zn_kind kind, void *pointer)
{
    switch (kind) {
    case ZN_OP:
        zks_op_free(pointer);
        break;
    case ZN_CONFIG:
        zks_config_free(pointer);
        break;
    case ZN_CLIENT:
        zks_client_free(pointer);
        break;
    case ZN_BATCH:
        zks_batch_free(pointer);
        break;
    case ZN_INVITE:
        zks_invite_free(pointer);
        break;
    case ZN_DEVICES:
        zks_devices_free(pointer);
        break;
    case ZN_REPORT:
        zks_report_free(pointer);
        break;
    case ZN_RELAY:
        zks_relay_free(pointer);
        break;
    case ZN_KEY_REQUEST:
        zn_key_request_drop(pointer);
        break;
    case ZN_RUNTIME:
    case ZN_QUEUE: /* start.c frees them */
    case ZN_EVENT: /* borrowed */
    case ZN_KINDS:
        break;
    }
}

void zn_box_clear(zn_box *box)
{
    void *pointer = box->pointer;
    box->pointer = NULL;
    zn_free(box->kind, pointer);
}

static void finalize(napi_env env, void *data, void *hint)
{
    zn_box *box = data;
    (void)env;
    (void)hint;
    if (box->state && box->kind == ZN_QUEUE) {
        zn_end_environment(box->state);
    }
    if (box->state) {
        zn_box_clear(box);
        box->previous->next = box->next;
        box->next->previous = box->previous;
    }
    free(box);
}

napi_value zn_box_new(zn_state *state, zn_kind kind, void *pointer)
{
    napi_value value = NULL;
    zn_box *box = malloc(sizeof *box);
    if (!box) {
        return NULL;
    }
    box->kind = kind;
    box->pointer = pointer;
    box->state = state;
    if (napi_create_external(state->env, box, finalize, NULL, &value) != napi_ok) {
        zn_box_clear(box);
        free(box);
        return NULL;
    }
    box->next = state->boxes.next;
    box->previous = &state->boxes;
    box->next->previous = box;
    state->boxes.next = box;
    return value;
}
