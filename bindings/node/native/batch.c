/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is read and pushed, for JavaScript: the columns of a batch in three pieces of memory,
 * whatever their number, and the outcome of a push.
 */
#include "addon.h"

#include <string.h>

enum { NUMBERS = 5 };

/* Columns one after the other: offsets (count + 1), seqs, times, numbers, flags. */
static void fill(double *out, const zks_batch *batch, size_t count)
{
    const uint64_t *offsets = zks_batch_offsets(batch);
    const uint64_t *seqs = zks_batch_seqs(batch);
    const int64_t *times = zks_batch_times_ms(batch);
    const uint64_t *numbers = zks_batch_numbers(batch);
    const uint32_t *flags = zks_batch_flags(batch);
    for (size_t i = 0; i < count; i++) {
        out[i] = (double)offsets[i];
        out[count + 1 + i] = (double)seqs[i];
        out[2 * count + 1 + i] = (double)times[i];
        out[3 * count + 1 + i] = (double)numbers[i];
        out[4 * count + 1 + i] = flags[i];
    }
    out[count] = (double)offsets[count];
}

static napi_value numbers_of(zn_call *c, const zks_batch *batch, size_t count)
{
    void *memory = NULL;
    napi_value buffer = NULL, array = NULL;
    size_t length = NUMBERS * count + 1;
    if (napi_create_arraybuffer(c->env, length * sizeof(double), &memory, &buffer) != napi_ok ||
        napi_create_typedarray(c->env, napi_float64_array, length, buffer, 0, &array) != napi_ok) {
        zn_failed(c, ZKS_E_NOMEM, NULL);
        return NULL;
    }
    fill(memory, batch, count);
    return array;
}

/* batchTake(op) -> null (no entry), or [count, data, numbers, ids, senders]: Buffers, and the
 * Float64Array of fill(). */
napi_value zn_batch_take(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_batch *batch = NULL;
    napi_value parts[5], result = NULL;
    zn_begin(&c, env, info, 1);
    zks_op *op = zn_handle(&c, 0, ZN_OP);
    if (c.failed || zn_failed(&c, zks_op_take_batch(op, &batch), zks_op_text(op))) {
        return zn_end(&c, NULL);
    }
    size_t length = 0, count = zks_batch_count(batch);
    if (count) {
        const uint8_t *data = zks_batch_data(batch, &length);
        parts[0] = zn_from_number(&c, (double)count);
        parts[1] = zn_from_bytes(&c, length ? data : (const uint8_t *)"", length);
        parts[2] = numbers_of(&c, batch, count);
        parts[3] = zn_from_bytes(&c, zks_batch_ids(batch), count * ZKS_SIZE_BLOB_ID);
        parts[4] = zn_from_bytes(&c, zks_batch_senders(batch), count * ZKS_SIZE_DEVICE_ID);
        result = zn_from_list(&c, parts, 5);
    } else {
        result = zn_from_bytes(&c, NULL, 0);
    }
    zks_batch_free(batch);
    return zn_end(&c, result);
}

/* pushTake(op) -> [number of the first entry, inbox sequence or 0, blob ids in hexadecimal]: in one
 * call, for there is nothing that apps do more often. */
napi_value zn_push_take(napi_env env, napi_callback_info info)
{
    static const char digits[] = "0123456789abcdef";
    zn_call c;
    napi_value parts[3] = {NULL, NULL, NULL};
    size_t length = 0;
    zn_begin(&c, env, info, 1);
    const zks_op *op = zn_handle(&c, 0, ZN_OP);
    const uint8_t *ids = c.failed ? NULL : zks_op_bytes(op, ZKS_OP_BLOB_IDS, &length);
    char *text = c.failed ? NULL : zn_memory(&c, 2 * length + 1);
    if (!text) {
        return zn_end(&c, NULL);
    }
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[ids[i] >> 4];
        text[2 * i + 1] = digits[ids[i] & 15];
    }
    parts[0] = zn_from_number(&c, (double)zks_op_number(op, ZKS_OP_FIRST_NUMBER));
    parts[1] = zn_from_number(&c, (double)zks_op_number(op, ZKS_OP_INBOX_SEQ));
    if (napi_create_string_latin1(env, text, 2 * length, &parts[2]) != napi_ok) {
        zn_failed(&c, ZKS_E_NOMEM, NULL);
    }
    return zn_end(&c, zn_from_list(&c, parts, 3));
}
