/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One row for each public function: what guard.c checks and what tests/abi/test_guard.c expects. An
 * X-macro, so that both read the same rows.
 *
 *   X(name, handle, result, callback, closed)
 *
 *   name      without zks_
 *   handle    the kind of its first argument: NONE or a ZKS_HANDLE_*
 *   result    what the function answers with, and hence how it refuses a handle:
 *               STATUS   ZKS_E_INVALID (NULL or another kind), ZKS_E_FORKED, ZKS_E_REENTRANT
 *               ZERO     0 or NULL
 *               MINUS    -1
 *               ENDS     nothing; it ends the handle (in a forked child it leaks it instead)
 *               QUIET    nothing
 *               PURE     never: it has no handle and cannot fail
 *   callback  inside a callback of the handle's runtime: ALLOWED or REENTRANT
 *   closed    on a client after zks_client_close, on the rest after zks_runtime_close: CLOSED, or
 *             WORKS as before
 *
 * Functions of NONE work in a forked child; all others refuse a handle made before the fork.
 */
#ifndef ZKS_ABI_GUARD_TABLE_H
#define ZKS_ABI_GUARD_TABLE_H

#define ZKS_GUARD_TABLE(X)                                         \
    X(abi_version, NONE, PURE, ALLOWED, WORKS)                     \
    X(status_name, NONE, PURE, ALLOWED, WORKS)                     \
    X(status_text, NONE, PURE, ALLOWED, WORKS)                     \
    X(status_class, NONE, PURE, ALLOWED, WORKS)                    \
    X(constant_at, NONE, STATUS, ALLOWED, WORKS)                   \
    X(secret_derive, NONE, STATUS, ALLOWED, WORKS)                 \
                                                                   \
    X(runtime_new, NONE, STATUS, ALLOWED, WORKS)                   \
    X(runtime_set_log, RUNTIME, STATUS, ALLOWED, WORKS)            \
    X(runtime_close, RUNTIME, STATUS, REENTRANT, WORKS)            \
    X(runtime_free, RUNTIME, ENDS, ALLOWED, WORKS)                 \
                                                                   \
    X(queue_new, RUNTIME, STATUS, ALLOWED, WORKS)                  \
    X(queue_fd, QUEUE, MINUS, ALLOWED, WORKS)                      \
    X(queue_dispatch, QUEUE, STATUS, REENTRANT, WORKS)             \
    X(queue_free, QUEUE, ENDS, ALLOWED, WORKS)                     \
                                                                   \
    X(config_new, NONE, STATUS, ALLOWED, WORKS)                    \
    X(config_problem, CONFIG, ZERO, ALLOWED, WORKS)                \
    X(config_set_secret, CONFIG, STATUS, ALLOWED, WORKS)           \
    X(config_set_passphrase, CONFIG, STATUS, ALLOWED, WORKS)       \
    X(config_set_text, CONFIG, STATUS, ALLOWED, WORKS)             \
    X(config_set_int, CONFIG, STATUS, ALLOWED, WORKS)              \
    X(config_add_relay, CONFIG, STATUS, ALLOWED, WORKS)            \
    X(config_set_queue, CONFIG, STATUS, ALLOWED, WORKS)            \
    X(config_set_events, CONFIG, STATUS, ALLOWED, WORKS)           \
    X(config_set_store_key, CONFIG, STATUS, ALLOWED, WORKS)        \
    X(config_set_store_key_fn, CONFIG, STATUS, ALLOWED, WORKS)     \
    X(config_set_store_passphrase, CONFIG, STATUS, ALLOWED, WORKS) \
    X(config_free, CONFIG, ENDS, ALLOWED, WORKS)                   \
                                                                   \
    X(client_open, RUNTIME, STATUS, ALLOWED, CLOSED)               \
    X(group_create, RUNTIME, STATUS, ALLOWED, CLOSED)              \
    X(group_join, RUNTIME, STATUS, ALLOWED, CLOSED)                \
    X(group_restore, RUNTIME, STATUS, ALLOWED, CLOSED)             \
    X(device_revoke, CLIENT, STATUS, ALLOWED, CLOSED)              \
    X(group_rotate, CLIENT, STATUS, ALLOWED, CLOSED)               \
    X(group_leave, CLIENT, STATUS, ALLOWED, CLOSED)                \
    X(client_connect, CLIENT, STATUS, ALLOWED, CLOSED)             \
    X(client_disconnect, CLIENT, STATUS, ALLOWED, CLOSED)          \
    X(client_network_changed, CLIENT, STATUS, ALLOWED, CLOSED)     \
    X(client_trust_relay, CLIENT, STATUS, ALLOWED, CLOSED)         \
    X(client_flush, CLIENT, STATUS, ALLOWED, CLOSED)               \
    X(client_wait_synced, CLIENT, STATUS, ALLOWED, CLOSED)         \
    X(client_close, CLIENT, STATUS, ALLOWED, WORKS)                \
    X(client_free, CLIENT, ENDS, ALLOWED, WORKS)                   \
    X(client_push, CLIENT, STATUS, ALLOWED, CLOSED)                \
    X(client_push_many, CLIENT, STATUS, ALLOWED, CLOSED)           \
    X(client_change_store_key, CLIENT, STATUS, ALLOWED, CLOSED)    \
                                                                   \
    X(inbox_read, CLIENT, STATUS, ALLOWED, CLOSED)                 \
    X(inbox_ack, CLIENT, STATUS, ALLOWED, CLOSED)                  \
    X(inbox_acked, CLIENT, ZERO, ALLOWED, WORKS)                   \
    X(batch_count, BATCH, ZERO, ALLOWED, WORKS)                    \
    X(batch_data, BATCH, ZERO, ALLOWED, WORKS)                     \
    X(batch_offsets, BATCH, ZERO, ALLOWED, WORKS)                  \
    X(batch_seqs, BATCH, ZERO, ALLOWED, WORKS)                     \
    X(batch_times_ms, BATCH, ZERO, ALLOWED, WORKS)                 \
    X(batch_ids, BATCH, ZERO, ALLOWED, WORKS)                      \
    X(batch_senders, BATCH, ZERO, ALLOWED, WORKS)                  \
    X(batch_numbers, BATCH, ZERO, ALLOWED, WORKS)                  \
    X(batch_flags, BATCH, ZERO, ALLOWED, WORKS)                    \
    X(batch_free, BATCH, ENDS, ALLOWED, WORKS)                     \
                                                                   \
    X(op_wait, OP, STATUS, REENTRANT, WORKS)                       \
    X(op_status, OP, STATUS, ALLOWED, WORKS)                       \
    X(op_text, OP, ZERO, ALLOWED, WORKS)                           \
    X(op_number, OP, ZERO, ALLOWED, WORKS)                         \
    X(op_bytes, OP, ZERO, ALLOWED, WORKS)                          \
    X(op_take_batch, OP, STATUS, ALLOWED, WORKS)                   \
    X(op_cancel, OP, QUIET, ALLOWED, WORKS)                        \
    X(op_free, OP, ENDS, ALLOWED, WORKS)                           \
                                                                   \
    X(event_kind, EVENT, ZERO, ALLOWED, WORKS)                     \
    X(event_status, EVENT, STATUS, ALLOWED, WORKS)                 \
    X(event_text, EVENT, ZERO, ALLOWED, WORKS)                     \
    X(event_number, EVENT, ZERO, ALLOWED, WORKS)                   \
    X(event_bytes, EVENT, ZERO, ALLOWED, WORKS)                    \
                                                                   \
    X(invite_shared, CLIENT, STATUS, ALLOWED, WORKS)               \
    X(invite_parse, NONE, STATUS, ALLOWED, WORKS)                  \
    X(invite_number, INVITE, ZERO, ALLOWED, WORKS)                 \
    X(invite_text, INVITE, ZERO, ALLOWED, WORKS)                   \
    X(invite_bytes, INVITE, ZERO, ALLOWED, WORKS)                  \
    X(invite_render, INVITE, STATUS, ALLOWED, WORKS)               \
    X(invite_free, INVITE, ENDS, ALLOWED, WORKS)                   \
                                                                   \
    X(pair_begin, CLIENT, STATUS, ALLOWED, CLOSED)                 \
    X(pair_begin_code, CLIENT, STATUS, ALLOWED, CLOSED)            \
    X(pair_code_new, NONE, STATUS, ALLOWED, WORKS)                 \
    X(pair_answer, CLIENT, STATUS, ALLOWED, CLOSED)                \
    X(qr_render, NONE, STATUS, ALLOWED, WORKS)                     \
                                                                   \
    X(devices_get, CLIENT, STATUS, ALLOWED, WORKS)                 \
    X(devices_count, DEVICES, ZERO, ALLOWED, WORKS)                \
    X(devices_id, DEVICES, ZERO, ALLOWED, WORKS)                   \
    X(devices_inviter, DEVICES, ZERO, ALLOWED, WORKS)              \
    X(devices_name, DEVICES, ZERO, ALLOWED, WORKS)                 \
    X(devices_number, DEVICES, ZERO, ALLOWED, WORKS)               \
    X(devices_free, DEVICES, ENDS, ALLOWED, WORKS)                 \
                                                                   \
    X(report_get, CLIENT, STATUS, ALLOWED, WORKS)                  \
    X(report_number, REPORT, ZERO, ALLOWED, WORKS)                 \
    X(report_text, REPORT, ZERO, ALLOWED, WORKS)                   \
    X(report_bytes, REPORT, ZERO, ALLOWED, WORKS)                  \
    X(report_relay_number, REPORT, ZERO, ALLOWED, WORKS)           \
    X(report_relay_text, REPORT, ZERO, ALLOWED, WORKS)             \
    X(report_free, REPORT, ENDS, ALLOWED, WORKS)                   \
                                                                   \
    X(relay_start, RUNTIME, STATUS, ALLOWED, CLOSED)               \
    X(relay_address, RELAY, ZERO, ALLOWED, WORKS)                  \
    X(relay_stop, RELAY, STATUS, ALLOWED, WORKS)                   \
    X(relay_free, RELAY, ENDS, ALLOWED, WORKS)

#endif
