/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Made by abi/gen/abi.py: do not edit. */
#include "addon.h"

#include <string.h>

static napi_value abi_version(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 0);
    return zn_end(&c, zn_from_number(&c, (double)zks_abi_version()));
}

static napi_value status_name(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_status status = zn_int32(&c, 0);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_status_name(status)));
}

static napi_value status_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_status status = zn_int32(&c, 0);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_status_text(status)));
}

static napi_value status_class(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_status status = zn_int32(&c, 0);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_status_class(status)));
}

static napi_value constant_at(napi_env env, napi_callback_info info)
{
    zn_call c;
    const char *out_name = NULL;
    int64_t out_value = 0;
    zn_begin(&c, env, info, 1);
    uint32_t i = zn_uint32(&c, 0);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_constant_at(i, &out_name, &out_value);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_text(&c, out_name);
    results[1] = zn_from_number(&c, (double)out_value);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value secret_derive(napi_env env, napi_callback_info info)
{
    zn_call c;
    uint8_t out_secret[ZKS_SIZE_SECRET];
    uint8_t out_group_id[ZKS_SIZE_GROUP_ID];
    zn_begin(&c, env, info, 2);
    zn_text passphrase = zn_string(&c, 0, false);
    zn_span salt = zn_bytes(&c, 1, 0);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_secret_derive(passphrase.text, passphrase.length, salt.bytes,
                                           salt.length, out_secret, out_group_id);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_bytes(&c, out_secret, ZKS_SIZE_SECRET);
    results[1] = zn_from_bytes(&c, out_group_id, ZKS_SIZE_GROUP_ID);
    explicit_bzero(out_secret, sizeof out_secret);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value config_new(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_config *out_config = NULL;
    zn_begin(&c, env, info, 0);
    zks_status failure = zks_config_new(&out_config);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_CONFIG, out_config));
}

static napi_value config_problem(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_config_problem(config)));
}

static napi_value config_set_secret(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    zn_span secret = zn_bytes(&c, 1, 0);
    if (!c.failed) {
        zks_status failure = zks_config_set_secret(config, secret.bytes, secret.length);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_set_passphrase(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    zn_text passphrase = zn_string(&c, 1, false);
    zn_span salt = zn_bytes(&c, 2, 0);
    if (!c.failed) {
        zks_status failure = zks_config_set_passphrase(config, passphrase.text, passphrase.length,
                                                       salt.bytes, salt.length);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_set_store_key(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    zn_span key = zn_bytes(&c, 1, 0);
    if (!c.failed) {
        zks_status failure = zks_config_set_store_key(config, key.bytes, key.length);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_set_store_passphrase(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    zn_text passphrase = zn_string(&c, 1, false);
    if (!c.failed) {
        zks_status failure = zks_config_set_store_passphrase(config, passphrase.text,
                                                             passphrase.length);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_set_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    int32_t option = zn_int32(&c, 1);
    zn_text text = zn_string(&c, 2, true);
    if (!c.failed) {
        zks_status failure = zks_config_set_text(config, option, text.text);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_set_int(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    int32_t option = zn_int32(&c, 1);
    int64_t value = zn_int64(&c, 2);
    if (!c.failed) {
        zks_status failure = zks_config_set_int(config, option, value);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_add_relay(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    zn_text address = zn_string(&c, 1, true);
    if (!c.failed) {
        zks_status failure = zks_config_add_relay(config, address.text);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_set_queue(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    zks_queue *queue = zn_handle(&c, 1, ZN_QUEUE);
    if (!c.failed) {
        zks_status failure = zks_config_set_queue(config, queue);
        zn_failed(&c, failure, zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

static napi_value config_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_config *config = zn_take(&c, 0, ZN_CONFIG);
    if (!c.failed) {
        zks_config_free(config);
    }
    return zn_end(&c, NULL);
}

static napi_value client_open(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zks_client *out_client = NULL;
    zn_begin(&c, env, info, 3);
    zks_runtime *runtime = zn_handle(&c, 0, ZN_RUNTIME);
    const zks_config *config = zn_handle(&c, 1, ZN_CONFIG);
    void *user = zn_token(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_open(runtime, config, zn_done, user, &out_op, &out_client);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_handle(&c, ZN_OP, out_op);
    results[1] = zn_from_handle(&c, ZN_CLIENT, out_client);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value group_create(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zks_client *out_client = NULL;
    zn_begin(&c, env, info, 4);
    zks_runtime *runtime = zn_handle(&c, 0, ZN_RUNTIME);
    const zks_config *config = zn_handle(&c, 1, ZN_CONFIG);
    uint32_t flags = zn_uint32(&c, 2);
    void *user = zn_token(&c, 3);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_group_create(runtime, config, flags, zn_done, user, &out_op,
                                          &out_client);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_handle(&c, ZN_OP, out_op);
    results[1] = zn_from_handle(&c, ZN_CLIENT, out_client);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value group_join(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zks_client *out_client = NULL;
    zn_begin(&c, env, info, 4);
    zks_runtime *runtime = zn_handle(&c, 0, ZN_RUNTIME);
    const zks_config *config = zn_handle(&c, 1, ZN_CONFIG);
    zn_text text = zn_string(&c, 2, false);
    void *user = zn_token(&c, 3);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_group_join(runtime, config, text.text, text.length, zn_done, user,
                                        &out_op, &out_client);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_handle(&c, ZN_OP, out_op);
    results[1] = zn_from_handle(&c, ZN_CLIENT, out_client);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value group_restore(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zks_client *out_client = NULL;
    zn_begin(&c, env, info, 4);
    zks_runtime *runtime = zn_handle(&c, 0, ZN_RUNTIME);
    const zks_config *config = zn_handle(&c, 1, ZN_CONFIG);
    zn_text words = zn_string(&c, 2, false);
    void *user = zn_token(&c, 3);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_group_restore(runtime, config, words.text, words.length, zn_done,
                                           user, &out_op, &out_client);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_handle(&c, ZN_OP, out_op);
    results[1] = zn_from_handle(&c, ZN_CLIENT, out_client);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value client_connect(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    void *user = zn_token(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_connect(client, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_disconnect(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    void *user = zn_token(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_disconnect(client, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_network_changed(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    if (!c.failed) {
        zks_status failure = zks_client_network_changed(client);
        zn_failed(&c, failure, NULL);
    }
    return zn_end(&c, NULL);
}

static napi_value client_trust_relay(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    zn_text address = zn_string(&c, 1, true);
    zn_span key = zn_bytes(&c, 2, ZKS_SIZE_RELAY_KEY);
    if (!c.failed) {
        zks_status failure = zks_client_trust_relay(client, address.text, key.bytes);
        zn_failed(&c, failure, NULL);
    }
    return zn_end(&c, NULL);
}

static napi_value client_flush(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 3);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    uint32_t timeout_ms = zn_uint32(&c, 1);
    void *user = zn_token(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_flush(client, timeout_ms, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_wait_synced(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    void *user = zn_token(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_wait_synced(client, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_change_store_key(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 4);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    int32_t kind = zn_int32(&c, 1);
    zn_span bytes = zn_bytes(&c, 2, 0);
    void *user = zn_token(&c, 3);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_change_store_key(client, kind, bytes.bytes, bytes.length,
                                                     zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_close(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    void *user = zn_token(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_close(client, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_client *client = zn_take(&c, 0, ZN_CLIENT);
    if (!c.failed) {
        zks_client_free(client);
    }
    return zn_end(&c, NULL);
}

static napi_value client_push(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 4);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    zn_span data = zn_bytes(&c, 1, 0);
    uint32_t flags = zn_uint32(&c, 2);
    void *user = zn_token(&c, 3);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_push(client, data.bytes, data.length, flags, zn_done, user,
                                         &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value client_push_many(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 5);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    zn_span data = zn_bytes(&c, 1, 0);
    zn_lengths lengths = zn_sizes(&c, 2, data.length);
    uint32_t flags = zn_uint32(&c, 3);
    void *user = zn_token(&c, 4);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_client_push_many(client, data.bytes, lengths.items, lengths.count,
                                              flags, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value inbox_read(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 6);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    uint64_t after_seq = zn_uint64(&c, 1);
    uint32_t max_count = zn_uint32(&c, 2);
    uint32_t max_bytes = zn_uint32(&c, 3);
    uint32_t flags = zn_uint32(&c, 4);
    void *user = zn_token(&c, 5);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_inbox_read(client, after_seq, max_count, max_bytes, flags, zn_done,
                                        user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value inbox_ack(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 3);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    uint64_t up_to_seq = zn_uint64(&c, 1);
    void *user = zn_token(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_inbox_ack(client, up_to_seq, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value inbox_acked(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_inbox_acked(client)));
}

static napi_value op_status(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_op *op = zn_handle(&c, 0, ZN_OP);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_op_status(op)));
}

static napi_value op_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_op *op = zn_handle(&c, 0, ZN_OP);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_op_text(op)));
}

static napi_value op_number(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_op *op = zn_handle(&c, 0, ZN_OP);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_op_number(op, field)));
}

static napi_value op_bytes(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_op *op = zn_handle(&c, 0, ZN_OP);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    size_t out_length = 0;
    const uint8_t *bytes = zks_op_bytes(op, field, &out_length);
    return zn_end(&c, zn_from_bytes(&c, bytes, out_length));
}

static napi_value op_cancel(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_op *op = zn_handle(&c, 0, ZN_OP);
    if (!c.failed) {
        zks_op_cancel(op);
    }
    return zn_end(&c, NULL);
}

static napi_value op_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_op *op = zn_take(&c, 0, ZN_OP);
    if (!c.failed) {
        zks_op_free(op);
    }
    return zn_end(&c, NULL);
}

static napi_value event_kind(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_event *event = zn_handle(&c, 0, ZN_EVENT);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_event_kind(event)));
}

static napi_value event_status(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_event *event = zn_handle(&c, 0, ZN_EVENT);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_event_status(event)));
}

static napi_value event_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_event *event = zn_handle(&c, 0, ZN_EVENT);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_event_text(event, field)));
}

static napi_value event_number(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_event *event = zn_handle(&c, 0, ZN_EVENT);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_event_number(event, field)));
}

static napi_value event_bytes(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_event *event = zn_handle(&c, 0, ZN_EVENT);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    size_t out_length = 0;
    const uint8_t *bytes = zks_event_bytes(event, field, &out_length);
    return zn_end(&c, zn_from_bytes(&c, bytes, out_length));
}

static napi_value invite_shared(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_invite *out_invite = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    zn_text relay_lines = zn_string(&c, 1, true);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_invite_shared(client, relay_lines.text, &out_invite);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_INVITE, out_invite));
}

static napi_value invite_parse(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_invite *out_invite = NULL;
    zn_begin(&c, env, info, 1);
    zn_text text = zn_string(&c, 0, false);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_invite_parse(text.text, text.length, &out_invite);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_INVITE, out_invite));
}

static napi_value invite_number(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_invite *invite = zn_handle(&c, 0, ZN_INVITE);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_invite_number(invite, field)));
}

static napi_value invite_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_invite *invite = zn_handle(&c, 0, ZN_INVITE);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_invite_text(invite, field)));
}

static napi_value invite_bytes(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_invite *invite = zn_handle(&c, 0, ZN_INVITE);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    size_t out_length = 0;
    const uint8_t *bytes = zks_invite_bytes(invite, field, &out_length);
    return zn_end(&c, zn_from_bytes(&c, bytes, out_length));
}

static napi_value invite_render(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    const zks_invite *invite = zn_handle(&c, 0, ZN_INVITE);
    int32_t format = zn_int32(&c, 1);
    uint32_t scale = zn_uint32(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    size_t out_length = 0;
    zks_status failure = zks_invite_render(invite, format, scale, 0, NULL, &out_length);
    size_t capacity = out_length;
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    uint8_t *out_bytes = zn_memory(&c, capacity);
    failure = c.failed ? ZKS_E_NOMEM : zks_invite_render(invite, format, scale, capacity,
                                                         out_bytes, &out_length);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_bytes(&c, out_bytes, out_length));
}

static napi_value invite_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_invite *invite = zn_take(&c, 0, ZN_INVITE);
    if (!c.failed) {
        zks_invite_free(invite);
    }
    return zn_end(&c, NULL);
}

static napi_value pair_begin(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 5);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    int32_t kind = zn_int32(&c, 1);
    uint32_t rights = zn_uint32(&c, 2);
    uint32_t life_s = zn_uint32(&c, 3);
    void *user = zn_token(&c, 4);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_pair_begin(client, kind, rights, life_s, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value pair_code_new(napi_env env, napi_callback_info info)
{
    zn_call c;
    uint8_t out_code[ZKS_SIZE_PAIR_CODE];
    zn_begin(&c, env, info, 0);
    zks_status failure = zks_pair_code_new(out_code);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_bytes(&c, out_code, ZKS_SIZE_PAIR_CODE));
}

static napi_value pair_begin_code(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 5);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    zn_text code = zn_string(&c, 1, false);
    uint32_t rights = zn_uint32(&c, 2);
    uint32_t life_s = zn_uint32(&c, 3);
    void *user = zn_token(&c, 4);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_pair_begin_code(client, code.text, code.length, rights, life_s,
                                             zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value pair_answer(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    int32_t accept = zn_int32(&c, 1);
    if (!c.failed) {
        zks_status failure = zks_pair_answer(client, accept);
        zn_failed(&c, failure, NULL);
    }
    return zn_end(&c, NULL);
}

static napi_value qr_render(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    zn_text text = zn_string(&c, 0, false);
    int32_t format = zn_int32(&c, 1);
    uint32_t scale = zn_uint32(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    size_t out_length = 0;
    zks_status failure = zks_qr_render(text.text, text.length, format, scale, 0, NULL, &out_length);
    size_t capacity = out_length;
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    uint8_t *out_bytes = zn_memory(&c, capacity);
    failure = c.failed ? ZKS_E_NOMEM : zks_qr_render(text.text, text.length, format, scale,
                                                     capacity, out_bytes, &out_length);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_bytes(&c, out_bytes, out_length));
}

static napi_value device_revoke(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 5);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    zn_span device = zn_bytes(&c, 1, ZKS_SIZE_DEVICE_ID);
    int32_t reason = zn_int32(&c, 2);
    zn_text recovery = zn_string(&c, 3, false);
    void *user = zn_token(&c, 4);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_device_revoke(client, device.bytes, reason, recovery.text,
                                           recovery.length, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value group_rotate(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    void *user = zn_token(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_group_rotate(client, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value group_leave(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    void *user = zn_token(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_group_leave(client, zn_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value devices_get(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_devices *out_devices = NULL;
    zn_begin(&c, env, info, 1);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_devices_get(client, &out_devices);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_DEVICES, out_devices));
}

static napi_value devices_count(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_devices *devices = zn_handle(&c, 0, ZN_DEVICES);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_devices_count(devices)));
}

static napi_value devices_id(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_devices *devices = zn_handle(&c, 0, ZN_DEVICES);
    size_t i = zn_uint64(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_bytes(&c, zks_devices_id(devices, i), ZKS_SIZE_DEVICE_ID));
}

static napi_value devices_inviter(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_devices *devices = zn_handle(&c, 0, ZN_DEVICES);
    size_t i = zn_uint64(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_bytes(&c, zks_devices_inviter(devices, i), ZKS_SIZE_DEVICE_ID));
}

static napi_value devices_name(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_devices *devices = zn_handle(&c, 0, ZN_DEVICES);
    size_t i = zn_uint64(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_devices_name(devices, i)));
}

static napi_value devices_number(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    const zks_devices *devices = zn_handle(&c, 0, ZN_DEVICES);
    size_t i = zn_uint64(&c, 1);
    int32_t field = zn_int32(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_devices_number(devices, i, field)));
}

static napi_value devices_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_devices *devices = zn_take(&c, 0, ZN_DEVICES);
    if (!c.failed) {
        zks_devices_free(devices);
    }
    return zn_end(&c, NULL);
}

static napi_value report_get(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_report *out_report = NULL;
    zn_begin(&c, env, info, 1);
    zks_client *client = zn_handle(&c, 0, ZN_CLIENT);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_report_get(client, &out_report);
    if (zn_failed(&c, failure, NULL)) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_REPORT, out_report));
}

static napi_value report_number(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_report *report = zn_handle(&c, 0, ZN_REPORT);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_report_number(report, field)));
}

static napi_value report_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_report *report = zn_handle(&c, 0, ZN_REPORT);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_report_text(report, field)));
}

static napi_value report_bytes(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    const zks_report *report = zn_handle(&c, 0, ZN_REPORT);
    int32_t field = zn_int32(&c, 1);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    size_t out_length = 0;
    const uint8_t *bytes = zks_report_bytes(report, field, &out_length);
    return zn_end(&c, zn_from_bytes(&c, bytes, out_length));
}

static napi_value report_relay_number(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    const zks_report *report = zn_handle(&c, 0, ZN_REPORT);
    size_t i = zn_uint64(&c, 1);
    int32_t field = zn_int32(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_number(&c, (double)zks_report_relay_number(report, i, field)));
}

static napi_value report_relay_text(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    const zks_report *report = zn_handle(&c, 0, ZN_REPORT);
    size_t i = zn_uint64(&c, 1);
    int32_t field = zn_int32(&c, 2);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_report_relay_text(report, i, field)));
}

static napi_value report_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_report *report = zn_take(&c, 0, ZN_REPORT);
    if (!c.failed) {
        zks_report_free(report);
    }
    return zn_end(&c, NULL);
}

static napi_value relay_start(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zks_relay *out_relay = NULL;
    zn_begin(&c, env, info, 3);
    zks_runtime *runtime = zn_handle(&c, 0, ZN_RUNTIME);
    zn_text config = zn_string(&c, 1, true);
    void *user = zn_relay_user(&c, zn_token(&c, 2));
    if (c.failed) {
        zn_relay_user_free(user);
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_relay_start(runtime, config.text, zn_relay_done, user, &out_op,
                                         &out_relay);
    if (zn_failed(&c, failure, NULL)) {
        zn_relay_user_free(user);
        return zn_end(&c, NULL);
    }
    napi_value results[2];
    results[0] = zn_from_handle(&c, ZN_OP, out_op);
    results[1] = zn_from_handle(&c, ZN_RELAY, out_relay);
    return zn_end(&c, zn_from_list(&c, results, 2));
}

static napi_value relay_address(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    const zks_relay *relay = zn_handle(&c, 0, ZN_RELAY);
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_text(&c, zks_relay_address(relay)));
}

static napi_value relay_stop(napi_env env, napi_callback_info info)
{
    zn_call c;
    zks_op *out_op = NULL;
    zn_begin(&c, env, info, 2);
    zks_relay *relay = zn_handle(&c, 0, ZN_RELAY);
    void *user = zn_relay_user(&c, zn_token(&c, 1));
    if (c.failed) {
        zn_relay_user_free(user);
        return zn_end(&c, NULL);
    }
    zks_status failure = zks_relay_stop(relay, zn_relay_done, user, &out_op);
    if (zn_failed(&c, failure, NULL)) {
        zn_relay_user_free(user);
        return zn_end(&c, NULL);
    }
    return zn_end(&c, zn_from_handle(&c, ZN_OP, out_op));
}

static napi_value relay_free(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    zks_relay *relay = zn_take(&c, 0, ZN_RELAY);
    if (!c.failed) {
        zks_relay_free(relay);
    }
    return zn_end(&c, NULL);
}

const zn_function zn_functions[] = {
    {"start", "zks_runtime_new zks_runtime_free zks_queue_new zks_queue_dispatch zks_queue_free",
     zn_start},
    {"hold", "", zn_hold},
    {"setLog", "zks_runtime_set_log", zn_set_log},
    {"configSetEvents", "zks_config_set_events", zn_config_set_events},
    {"configSetStoreKeyFn", "zks_config_set_store_key_fn", zn_config_set_store_key_fn},
    {"storeKeyAnswer", "", zn_store_key_answer},
    {"secretDeriveAsync", "zks_secret_derive", zn_secret_derive_async},
    {"batchTake", "zks_op_take_batch zks_batch_count zks_batch_data zks_batch_offsets "
     "zks_batch_seqs zks_batch_times_ms zks_batch_numbers zks_batch_flags "
     "zks_batch_ids zks_batch_senders zks_batch_free", zn_batch_take},
    {"pushTake", "zks_op_number zks_op_bytes", zn_push_take},
    {"abiVersion", "zks_abi_version", abi_version},
    {"statusName", "zks_status_name", status_name},
    {"statusText", "zks_status_text", status_text},
    {"statusClass", "zks_status_class", status_class},
    {"constantAt", "zks_constant_at", constant_at},
    {"secretDerive", "zks_secret_derive", secret_derive},
    {"configNew", "zks_config_new", config_new},
    {"configProblem", "zks_config_problem", config_problem},
    {"configSetSecret", "zks_config_set_secret", config_set_secret},
    {"configSetPassphrase", "zks_config_set_passphrase", config_set_passphrase},
    {"configSetStoreKey", "zks_config_set_store_key", config_set_store_key},
    {"configSetStorePassphrase", "zks_config_set_store_passphrase", config_set_store_passphrase},
    {"configSetText", "zks_config_set_text", config_set_text},
    {"configSetInt", "zks_config_set_int", config_set_int},
    {"configAddRelay", "zks_config_add_relay", config_add_relay},
    {"configSetQueue", "zks_config_set_queue", config_set_queue},
    {"configFree", "zks_config_free", config_free},
    {"clientOpen", "zks_client_open", client_open},
    {"groupCreate", "zks_group_create", group_create},
    {"groupJoin", "zks_group_join", group_join},
    {"groupRestore", "zks_group_restore", group_restore},
    {"clientConnect", "zks_client_connect", client_connect},
    {"clientDisconnect", "zks_client_disconnect", client_disconnect},
    {"clientNetworkChanged", "zks_client_network_changed", client_network_changed},
    {"clientTrustRelay", "zks_client_trust_relay", client_trust_relay},
    {"clientFlush", "zks_client_flush", client_flush},
    {"clientWaitSynced", "zks_client_wait_synced", client_wait_synced},
    {"clientChangeStoreKey", "zks_client_change_store_key", client_change_store_key},
    {"clientClose", "zks_client_close", client_close},
    {"clientFree", "zks_client_free", client_free},
    {"clientPush", "zks_client_push", client_push},
    {"clientPushMany", "zks_client_push_many", client_push_many},
    {"inboxRead", "zks_inbox_read", inbox_read},
    {"inboxAck", "zks_inbox_ack", inbox_ack},
    {"inboxAcked", "zks_inbox_acked", inbox_acked},
    {"opStatus", "zks_op_status", op_status},
    {"opText", "zks_op_text", op_text},
    {"opNumber", "zks_op_number", op_number},
    {"opBytes", "zks_op_bytes", op_bytes},
    {"opCancel", "zks_op_cancel", op_cancel},
    {"opFree", "zks_op_free", op_free},
    {"eventKind", "zks_event_kind", event_kind},
    {"eventStatus", "zks_event_status", event_status},
    {"eventText", "zks_event_text", event_text},
    {"eventNumber", "zks_event_number", event_number},
    {"eventBytes", "zks_event_bytes", event_bytes},
    {"inviteShared", "zks_invite_shared", invite_shared},
    {"inviteParse", "zks_invite_parse", invite_parse},
    {"inviteNumber", "zks_invite_number", invite_number},
    {"inviteText", "zks_invite_text", invite_text},
    {"inviteBytes", "zks_invite_bytes", invite_bytes},
    {"inviteRender", "zks_invite_render", invite_render},
    {"inviteFree", "zks_invite_free", invite_free},
    {"pairBegin", "zks_pair_begin", pair_begin},
    {"pairCodeNew", "zks_pair_code_new", pair_code_new},
    {"pairBeginCode", "zks_pair_begin_code", pair_begin_code},
    {"pairAnswer", "zks_pair_answer", pair_answer},
    {"qrRender", "zks_qr_render", qr_render},
    {"deviceRevoke", "zks_device_revoke", device_revoke},
    {"groupRotate", "zks_group_rotate", group_rotate},
    {"groupLeave", "zks_group_leave", group_leave},
    {"devicesGet", "zks_devices_get", devices_get},
    {"devicesCount", "zks_devices_count", devices_count},
    {"devicesId", "zks_devices_id", devices_id},
    {"devicesInviter", "zks_devices_inviter", devices_inviter},
    {"devicesName", "zks_devices_name", devices_name},
    {"devicesNumber", "zks_devices_number", devices_number},
    {"devicesFree", "zks_devices_free", devices_free},
    {"reportGet", "zks_report_get", report_get},
    {"reportNumber", "zks_report_number", report_number},
    {"reportText", "zks_report_text", report_text},
    {"reportBytes", "zks_report_bytes", report_bytes},
    {"reportRelayNumber", "zks_report_relay_number", report_relay_number},
    {"reportRelayText", "zks_report_relay_text", report_relay_text},
    {"reportFree", "zks_report_free", report_free},
    {"relayStart", "zks_relay_start", relay_start},
    {"relayAddress", "zks_relay_address", relay_address},
    {"relayStop", "zks_relay_stop", relay_stop},
    {"relayFree", "zks_relay_free", relay_free},
};

const size_t zn_function_count = sizeof zn_functions / sizeof zn_functions[0];
