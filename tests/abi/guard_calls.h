/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For test_guard.c: how to call each function with a first argument of our choice and otherwise
 * good ones. The answer is its status, or its number, or whether its pointer is not NULL. Functions
 * without a handle take NULL as "with NULL for the result".
 */
#ifndef ZKS_TESTS_ABI_GUARD_CALLS_H
#define ZKS_TESTS_ABI_GUARD_CALLS_H

#include "abi/world.h"

#define CALL(name) static int64_t call_##name(void *h)
#define OPERATION(call)         \
    zks_op *op = NULL;          \
    zks_status status = (call); \
    if (!status) {              \
        zks_op_cancel(op);      \
        zks_op_free(op);        \
    }                           \
    return status

static const uint8_t some_bytes[64] = {1, 2, 3};

CALL(abi_version)
{
    (void)h;
    return zks_abi_version();
}
CALL(status_name)
{
    (void)h;
    return zks_status_name(0) != NULL;
}
CALL(status_text)
{
    (void)h;
    return zks_status_text(0) != NULL;
}
CALL(status_class)
{
    (void)h;
    return zks_status_class(ZKS_E_INVALID);
}
CALL(constant_at)
{
    const char *name;
    int64_t value;
    return zks_constant_at(0, h ? &name : NULL, &value);
}
CALL(secret_derive)
{
    uint8_t secret[ZKS_SIZE_SECRET];
    const char *cheap = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA";
    return zks_secret_derive("p", 1, (const uint8_t *)cheap, strlen(cheap), h ? secret : NULL,
                             NULL);
}
CALL(runtime_new)
{
    zks_runtime *r = NULL;
    zks_status status = zks_runtime_new(h ? &r : NULL);
    if (!status) {
        zks_runtime_free(r);
    }
    return status;
}
CALL(runtime_set_log)
{
    return zks_runtime_set_log(h, ZKS_LOG_OFF, NULL, NULL, NULL);
}
CALL(runtime_close)
{
    return zks_runtime_close(h, 1);
}
CALL(runtime_free)
{
    zks_runtime_free(h);
    return 0;
}
CALL(queue_new)
{
    zks_queue *q;
    zks_status status = zks_queue_new(h, NULL, NULL, NULL, &q);
    if (!status) {
        zks_queue_free(q);
    }
    return status;
}
CALL(queue_fd)
{
    return zks_queue_fd(h);
}
CALL(queue_dispatch)
{
    return zks_queue_dispatch(h, 1, NULL);
}
CALL(queue_free)
{
    zks_queue_free(h);
    return 0;
}
CALL(config_new)
{
    zks_config *g = NULL;
    zks_status status = zks_config_new(h ? &g : NULL);
    if (!status) {
        zks_config_free(g);
    }
    return status;
}
CALL(config_problem)
{
    return zks_config_problem(h) != NULL;
}
CALL(config_set_secret)
{
    return zks_config_set_secret(h, some_bytes, ZKS_SIZE_SECRET);
}
CALL(config_set_passphrase)
{
    zks_status status = zks_config_set_passphrase(h, "p", 1, some_bytes, 16);
    return status == ZKS_E_BOTH_SECRETS ? ZKS_OK : status;
}
CALL(config_set_text)
{
    return zks_config_set_text(h, ZKS_OPTION_DEVICE_NAME, "name");
}
CALL(config_set_int)
{
    return zks_config_set_int(h, ZKS_OPTION_TTL_S, 60);
}
CALL(config_add_relay)
{
    zks_status status = zks_config_add_relay(h, "localhost");
    return status == ZKS_E_LIMIT ? ZKS_OK : status;
}
CALL(config_set_queue)
{
    return zks_config_set_queue(h, NULL);
}
CALL(config_set_events)
{
    return zks_config_set_events(h, NULL, NULL, NULL);
}
CALL(config_set_store_key)
{
    return zks_config_set_store_key(h, some_bytes, ZKS_SIZE_STORE_KEY);
}
CALL(config_set_store_key_fn)
{
    return zks_config_set_store_key_fn(h, NULL, NULL, NULL);
}
CALL(config_set_store_passphrase)
{
    return zks_config_set_store_passphrase(h, NULL, 0);
}
CALL(config_free)
{
    zks_config_free(h);
    return 0;
}
CALL(client_open)
{
    zks_config *g;
    zks_client *c;
    MUST(zks_config_new(&g));
    MUST(zks_config_set_secret(g, some_bytes, ZKS_SIZE_SECRET));
    zks_op *op = NULL;
    zks_status status = zks_client_open(h, g, NULL, NULL, &op, &c);
    zks_config_free(g);
    if (!status) {
        zks_op_free(op);
        zks_client_free(c);
    }
    return status;
}
CALL(group_create)
{
    zks_config *g;
    zks_client *c;
    MUST(zks_config_new(&g));
    zks_op *op = NULL;
    zks_status status = zks_group_create(h, g, 0, NULL, NULL, &op, &c);
    zks_config_free(g);
    if (!status) {
        zks_op_free(op);
        zks_client_free(c);
    }
    return status;
}
CALL(group_join)
{
    zks_config *g;
    zks_client *c;
    MUST(zks_config_new(&g));
    zks_op *op = NULL;
    zks_status status = zks_group_join(h, g, "x", 1, NULL, NULL, &op, &c);
    zks_config_free(g);
    if (!status) {
        zks_op_free(op);
        zks_client_free(c);
    }
    return status;
}
CALL(group_restore)
{
    zks_config *g;
    zks_client *c;
    MUST(zks_config_new(&g));
    zks_op *op = NULL;
    zks_status status = zks_group_restore(h, g, "x", 1, NULL, NULL, &op, &c);
    zks_config_free(g);
    if (!status) {
        zks_op_free(op);
        zks_client_free(c);
    }
    return status;
}
CALL(device_revoke)
{
    OPERATION(zks_device_revoke(h, some_bytes, ZKS_REVOKE_LOST, NULL, 0, NULL, NULL, &op));
}
CALL(group_rotate)
{
    OPERATION(zks_group_rotate(h, NULL, NULL, &op));
}
CALL(group_leave)
{
    OPERATION(zks_group_leave(h, NULL, NULL, &op));
}
CALL(client_connect)
{
    OPERATION(zks_client_connect(h, NULL, NULL, &op));
}
CALL(client_disconnect)
{
    OPERATION(zks_client_disconnect(h, NULL, NULL, &op));
}
CALL(client_network_changed)
{
    return zks_client_network_changed(h);
}
CALL(client_trust_relay)
{
    return zks_client_trust_relay(h, "127.0.0.1:9", some_bytes); /* as in world.c */
}
CALL(client_flush)
{
    OPERATION(zks_client_flush(h, 1, NULL, NULL, &op));
}
CALL(client_wait_synced)
{
    OPERATION(zks_client_wait_synced(h, NULL, NULL, &op));
}
CALL(client_change_store_key)
{
    OPERATION(zks_client_change_store_key(h, ZKS_STORE_KEY_NONE, NULL, 0, NULL, NULL, &op));
}
CALL(client_close)
{
    OPERATION(zks_client_close(h, NULL, NULL, &op));
}
CALL(client_free)
{
    zks_client_free(h);
    return 0;
}
CALL(client_push)
{
    OPERATION(zks_client_push(h, some_bytes, 10, 0, NULL, NULL, &op));
}
CALL(client_push_many)
{
    const size_t lengths[2] = {1, 2};
    OPERATION(zks_client_push_many(h, some_bytes, lengths, 2, 0, NULL, NULL, &op));
}
CALL(inbox_read)
{
    OPERATION(zks_inbox_read(h, 0, 0, 0, 0, NULL, NULL, &op));
}
CALL(inbox_ack)
{
    OPERATION(zks_inbox_ack(h, 0, NULL, NULL, &op));
}
CALL(inbox_acked)
{
    return (int64_t)zks_inbox_acked(h);
}
CALL(batch_count)
{
    return (int64_t)zks_batch_count(h);
}
CALL(batch_data)
{
    size_t length = 1;
    bool there = zks_batch_data(h, &length) != NULL;
    return there ? 1 : (int64_t)length;
}
CALL(batch_offsets)
{
    return zks_batch_offsets(h) != NULL;
}
CALL(batch_seqs)
{
    return zks_batch_seqs(h) != NULL;
}
CALL(batch_times_ms)
{
    return zks_batch_times_ms(h) != NULL;
}
CALL(batch_ids)
{
    return zks_batch_ids(h) != NULL;
}
CALL(batch_senders)
{
    return zks_batch_senders(h) != NULL;
}
CALL(batch_numbers)
{
    return zks_batch_numbers(h) != NULL;
}
CALL(batch_flags)
{
    return zks_batch_flags(h) != NULL;
}
CALL(batch_free)
{
    zks_batch_free(h);
    return 0;
}
CALL(op_wait)
{
    return zks_op_wait(h, 0);
}
CALL(op_status)
{
    return zks_op_status(h);
}
CALL(op_text)
{
    return zks_op_text(h) != NULL;
}
CALL(op_number)
{
    return zks_op_number(h, ZKS_OP_COUNT);
}
CALL(op_bytes)
{
    size_t length = 1;
    bool there = zks_op_bytes(h, ZKS_OP_BLOB_IDS, &length) != NULL;
    return there ? 1 : (int64_t)length;
}
CALL(op_take_batch)
{
    zks_batch *b;
    zks_status status = zks_op_take_batch(h, &b);
    return status == ZKS_E_TAKEN ? ZKS_OK : status;
}
CALL(op_cancel)
{
    zks_op_cancel(h);
    return 0;
}
CALL(op_free)
{
    zks_op_free(h);
    return 0;
}
CALL(event_kind)
{
    return zks_event_kind(h);
}
CALL(event_status)
{
    return zks_event_status(h);
}
CALL(event_text)
{
    return zks_event_text(h, ZKS_EVENT_FIELD_SENTENCE) != NULL;
}
CALL(event_number)
{
    return zks_event_number(h, ZKS_EVENT_FIELD_STATE);
}
CALL(event_bytes)
{
    size_t length = 1;
    bool there = zks_event_bytes(h, ZKS_EVENT_FIELD_DEVICE, &length) != NULL;
    return there ? 1 : (int64_t)length;
}
CALL(invite_shared)
{
    zks_invite *v;
    zks_status status = zks_invite_shared(h, "", &v);
    if (!status) {
        zks_invite_free(v);
    }
    return status;
}
CALL(invite_parse)
{
    static const char link[] = "zks-invite:AwEBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fIAAA";
    zks_invite *v;
    /* Cut on purpose: the answer is always the same, and not one of the guard's. */
    zks_status status = zks_invite_parse(link, sizeof link - 1, h ? &v : NULL);
    return status == ZKS_E_TRUNCATED ? ZKS_OK : status;
}
CALL(invite_number)
{
    return zks_invite_number(h, ZKS_INVITE_SUITE) != 0;
}
CALL(invite_text)
{
    return zks_invite_text(h, ZKS_INVITE_LINK) != NULL;
}
CALL(invite_bytes)
{
    return zks_invite_bytes(h, ZKS_INVITE_SECRET, NULL) != NULL;
}
CALL(invite_render)
{
    size_t length;
    return zks_invite_render(h, ZKS_RENDER_TEXT_DARK, 1, 0, NULL, &length);
}
CALL(invite_free)
{
    zks_invite_free(h);
    return 0;
}
CALL(pair_begin)
{
    zks_op *op = NULL;
    zks_status status = zks_pair_begin(h, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &op);
    if (!status) {
        zks_op_free(op);
    }
    return status == ZKS_E_STATE ? ZKS_OK : status; /* nobody would see the code */
}
CALL(pair_begin_code)
{
    zks_op *op = NULL;
    zks_status status = zks_pair_begin_code(h, "2345-6789-ABCD-EFGH", 19, 0, 0, NULL, NULL, &op);
    if (!status) {
        zks_op_free(op);
    }
    return status == ZKS_E_STATE ? ZKS_OK : status; /* nobody could be asked */
}
CALL(pair_code_new)
{
    uint8_t code[ZKS_SIZE_PAIR_CODE];
    return zks_pair_code_new(h ? code : NULL);
}
CALL(pair_answer)
{
    zks_status status = zks_pair_answer(h, 1);
    return status == ZKS_E_STATE ? ZKS_OK : status; /* nothing was asked */
}
CALL(qr_render)
{
    size_t length;
    return zks_qr_render("text", 4, ZKS_RENDER_SVG, 1, 0, NULL, h ? &length : NULL);
}
CALL(devices_get)
{
    zks_devices *d;
    zks_status status = zks_devices_get(h, &d);
    if (!status) {
        zks_devices_free(d);
    }
    return status;
}
CALL(devices_count)
{
    return (int64_t)zks_devices_count(h);
}
CALL(devices_id)
{
    return zks_devices_id(h, 0) != NULL;
}
CALL(devices_inviter)
{
    return zks_devices_inviter(h, 0) != NULL;
}
CALL(devices_name)
{
    return zks_devices_name(h, 0) != NULL;
}
CALL(devices_number)
{
    return zks_devices_number(h, 0, ZKS_DEVICES_SELF);
}
CALL(devices_free)
{
    zks_devices_free(h);
    return 0;
}
CALL(report_get)
{
    zks_report *p;
    zks_status status = zks_report_get(h, &p);
    if (!status) {
        zks_report_free(p);
    }
    return status;
}
CALL(report_number)
{
    return zks_report_number(h, ZKS_REPORT_RELAYS);
}
CALL(report_text)
{
    return zks_report_text(h, ZKS_REPORT_STORE_PATH) != NULL;
}
CALL(report_bytes)
{
    return zks_report_bytes(h, ZKS_REPORT_GROUP_ID, NULL) != NULL;
}
CALL(report_relay_number)
{
    return zks_report_relay_number(h, 0, ZKS_REPORT_RELAY_PENDING);
}
CALL(report_relay_text)
{
    return zks_report_relay_text(h, 0, ZKS_REPORT_RELAY_ADDRESS) != NULL;
}
CALL(report_free)
{
    zks_report_free(h);
    return 0;
}
CALL(relay_start)
{
    zks_relay *y;
    zks_op *op = NULL;
    zks_status status = zks_relay_start(h, "no_such_option = 1", NULL, NULL, &op, &y);
    if (!status) {
        zks_op_free(op);
        zks_relay_free(y);
    }
    return status;
}
CALL(relay_address)
{
    return zks_relay_address(h) != NULL;
}
CALL(relay_stop)
{
    OPERATION(zks_relay_stop(h, NULL, NULL, &op));
}
CALL(relay_free)
{
    zks_relay_free(h);
    return 0;
}

#endif
