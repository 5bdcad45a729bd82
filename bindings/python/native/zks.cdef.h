/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Made by abi/gen/abi.py from zks.h: do not edit. */
typedef struct zks_runtime zks_runtime;
typedef struct zks_queue zks_queue;
typedef struct zks_config zks_config;
typedef struct zks_client zks_client;
typedef struct zks_op zks_op;
typedef struct zks_event zks_event;
typedef struct zks_batch zks_batch;
typedef struct zks_invite zks_invite;
typedef struct zks_devices zks_devices;
typedef struct zks_report zks_report;
typedef struct zks_relay zks_relay;
typedef int32_t zks_status;
typedef void (*zks_done_fn)(zks_op *op, void *user);
typedef void (*zks_event_fn)(zks_client *client, const zks_event *event, void *user);
typedef void (*zks_wake_fn)(void *user);
typedef void (*zks_log_fn)(int32_t level, const char *line, void *user);
typedef zks_status (*zks_store_key_fn)(uint8_t *out_key, void *user);
typedef void (*zks_free_fn)(void *user);
uint32_t zks_abi_version(void);
const char *zks_status_name(zks_status status);
const char *zks_status_text(zks_status status);
int32_t zks_status_class(zks_status status);
zks_status zks_constant_at(uint32_t i, const char **out_name, int64_t *out_value);
zks_status zks_secret_derive(const char *passphrase, size_t length, const uint8_t *salt, size_t
    salt_length, uint8_t *out_secret, uint8_t *out_group_id);
zks_status zks_runtime_new(zks_runtime **out_runtime);
zks_status zks_runtime_set_log(zks_runtime *runtime, int32_t level, zks_log_fn fn, void *user,
    zks_free_fn user_free);
zks_status zks_runtime_close(zks_runtime *runtime, uint32_t timeout_ms);
void zks_runtime_free(zks_runtime *runtime);
zks_status zks_queue_new(zks_runtime *runtime, zks_wake_fn wake, void *user, zks_free_fn user_free,
    zks_queue **out_queue);
int32_t zks_queue_fd(const zks_queue *queue);
zks_status zks_queue_dispatch(zks_queue *queue, uint32_t max, uint32_t *out_count);
void zks_queue_free(zks_queue *queue);
zks_status zks_config_new(zks_config **out_config);
const char *zks_config_problem(const zks_config *config);
zks_status zks_config_set_secret(zks_config *config, const uint8_t *secret, size_t length);
zks_status zks_config_set_passphrase(zks_config *config, const char *passphrase, size_t length,
    const uint8_t *salt, size_t salt_length);
zks_status zks_config_set_store_key(zks_config *config, const uint8_t *key, size_t length);
zks_status zks_config_set_store_passphrase(zks_config *config, const char *passphrase, size_t
    length);
zks_status zks_config_set_text(zks_config *config, int32_t option, const char *text);
zks_status zks_config_set_int(zks_config *config, int32_t option, int64_t value);
zks_status zks_config_add_relay(zks_config *config, const char *address);
zks_status zks_config_set_queue(zks_config *config, zks_queue *queue);
zks_status zks_config_set_events(zks_config *config, zks_event_fn fn, void *user, zks_free_fn
    user_free);
void zks_config_free(zks_config *config);
zks_status zks_client_open(zks_runtime *runtime, const zks_config *config, zks_done_fn done, void
    *user, zks_op **out_op, zks_client **out_client);
zks_status zks_group_create(zks_runtime *runtime, const zks_config *config, uint32_t flags,
    zks_done_fn done, void *user, zks_op **out_op, zks_client **out_client);
zks_status zks_group_join(zks_runtime *runtime, const zks_config *config, const char *text, size_t
    length, zks_done_fn done, void *user, zks_op **out_op, zks_client **out_client);
zks_status zks_group_restore(zks_runtime *runtime, const zks_config *config, const char *words,
    size_t length, zks_done_fn done, void *user, zks_op **out_op, zks_client **out_client);
zks_status zks_client_connect(zks_client *client, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_client_disconnect(zks_client *client, zks_done_fn done, void *user, zks_op
    **out_op);
zks_status zks_client_network_changed(zks_client *client);
zks_status zks_client_trust_relay(zks_client *client, const char *address, const uint8_t *key);
zks_status zks_client_flush(zks_client *client, uint32_t timeout_ms, zks_done_fn done, void *user,
    zks_op **out_op);
zks_status zks_client_wait_synced(zks_client *client, zks_done_fn done, void *user, zks_op
    **out_op);
zks_status zks_client_change_store_key(zks_client *client, int32_t kind, const uint8_t *bytes,
    size_t length, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_client_close(zks_client *client, zks_done_fn done, void *user, zks_op **out_op);
void zks_client_free(zks_client *client);
zks_status zks_client_push(zks_client *client, const uint8_t *data, size_t length, uint32_t flags,
    zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_client_push_many(zks_client *client, const uint8_t *data, const size_t *lengths,
    size_t count, uint32_t flags, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_inbox_read(zks_client *client, uint64_t after_seq, uint32_t max_count, uint32_t
    max_bytes, uint32_t flags, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_inbox_ack(zks_client *client, uint64_t up_to_seq, zks_done_fn done, void *user,
    zks_op **out_op);
uint64_t zks_inbox_acked(const zks_client *client);
size_t zks_batch_count(const zks_batch *batch);
const uint8_t *zks_batch_data(const zks_batch *batch, size_t *out_length);
const uint64_t *zks_batch_offsets(const zks_batch *batch);
const uint64_t *zks_batch_seqs(const zks_batch *batch);
const int64_t *zks_batch_times_ms(const zks_batch *batch);
const uint8_t *zks_batch_ids(const zks_batch *batch);
const uint8_t *zks_batch_senders(const zks_batch *batch);
const uint64_t *zks_batch_numbers(const zks_batch *batch);
const uint32_t *zks_batch_flags(const zks_batch *batch);
void zks_batch_free(zks_batch *batch);
zks_status zks_op_wait(zks_op *op, uint32_t timeout_ms);
zks_status zks_op_status(const zks_op *op);
const char *zks_op_text(const zks_op *op);
int64_t zks_op_number(const zks_op *op, int32_t field);
const uint8_t *zks_op_bytes(const zks_op *op, int32_t field, size_t *out_length);
zks_status zks_op_take_batch(zks_op *op, zks_batch **out_batch);
void zks_op_cancel(zks_op *op);
void zks_op_free(zks_op *op);
int32_t zks_event_kind(const zks_event *event);
zks_status zks_event_status(const zks_event *event);
const char *zks_event_text(const zks_event *event, int32_t field);
int64_t zks_event_number(const zks_event *event, int32_t field);
const uint8_t *zks_event_bytes(const zks_event *event, int32_t field, size_t *out_length);
zks_status zks_invite_shared(zks_client *client, const char *relay_lines, zks_invite **out_invite);
zks_status zks_invite_parse(const char *text, size_t length, zks_invite **out_invite);
int64_t zks_invite_number(const zks_invite *invite, int32_t field);
const char *zks_invite_text(const zks_invite *invite, int32_t field);
const uint8_t *zks_invite_bytes(const zks_invite *invite, int32_t field, size_t *out_length);
zks_status zks_invite_render(const zks_invite *invite, int32_t format, uint32_t scale, size_t
    capacity, uint8_t *out_bytes, size_t *out_length);
void zks_invite_free(zks_invite *invite);
zks_status zks_pair_begin(zks_client *client, int32_t kind, uint32_t rights, uint32_t life_s,
    zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_pair_answer(zks_client *client, int32_t accept);
zks_status zks_qr_render(const char *text, size_t length, int32_t format, uint32_t scale, size_t
    capacity, uint8_t *out_bytes, size_t *out_length);
zks_status zks_device_revoke(zks_client *client, const uint8_t *device, int32_t reason, const char
    *recovery, size_t recovery_length, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_group_rotate(zks_client *client, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_group_leave(zks_client *client, zks_done_fn done, void *user, zks_op **out_op);
zks_status zks_devices_get(zks_client *client, zks_devices **out_devices);
size_t zks_devices_count(const zks_devices *devices);
const uint8_t *zks_devices_id(const zks_devices *devices, size_t i);
const uint8_t *zks_devices_inviter(const zks_devices *devices, size_t i);
const char *zks_devices_name(const zks_devices *devices, size_t i);
int64_t zks_devices_number(const zks_devices *devices, size_t i, int32_t field);
void zks_devices_free(zks_devices *devices);
zks_status zks_report_get(zks_client *client, zks_report **out_report);
int64_t zks_report_number(const zks_report *report, int32_t field);
const char *zks_report_text(const zks_report *report, int32_t field);
const uint8_t *zks_report_bytes(const zks_report *report, int32_t field, size_t *out_length);
int64_t zks_report_relay_number(const zks_report *report, size_t i, int32_t field);
const char *zks_report_relay_text(const zks_report *report, size_t i, int32_t field);
void zks_report_free(zks_report *report);
zks_status zks_relay_start(zks_runtime *runtime, const char *config, zks_done_fn done, void *user,
    zks_op **out_op, zks_relay **out_relay);
const char *zks_relay_address(const zks_relay *relay);
zks_status zks_relay_stop(zks_relay *relay, zks_done_fn done, void *user, zks_op **out_op);
void zks_relay_free(zks_relay *relay);
