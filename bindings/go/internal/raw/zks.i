/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Made by abi/gen/abi.py from zks.h: do not edit. */
%module raw
%{
#include "trampolines.h"
%}
#define ZKS_API
#define ZKS_MUST_USE

/* A number keeps its width. A pointer to one stays a pointer: what C wrote or owns. */
%define ZKS_NUMBER(C, GO)
%typemap(gotype) C "GO"
%typemap(in) C %{ $1 = ($1_ltype)$input; %}
%typemap(out) C %{ $result = $1; %}
%typemap(goout) C ""
%typemap(gotype) C *, const C * "*GO"
%typemap(in) C *, const C * %{ $1 = ($1_ltype)$input; %}
%typemap(out) const C * %{ $result = (void *)$1; %}
%typemap(goout) const C * ""
%enddef

/* A handle is the address as a number: the garbage collector never follows it. */
%define ZKS_HANDLE(C, GO)
%typemap(gotype) C *, const C * "GO"
%typemap(imtype) C *, const C * "uintptr"
%typemap(goin) C *, const C * "$result = uintptr($input)"
%typemap(in) C *, const C * %{ $1 = ($1_ltype)$input; %}
%typemap(gotype) C ** "*GO"
%typemap(imtype) C ** "*uintptr"
%typemap(goin) C ** "$result = (*uintptr)($input)"
%typemap(in) C ** %{ $1 = ($1_ltype)$input; %}
%enddef

/* Memory of Go with its length: nil is NULL. */
%define ZKS_SLICE(POINTER, LENGTH, GO)
%typemap(gotype) (POINTER, LENGTH) "GO"
%typemap(in) (POINTER, LENGTH) %{ $1 = ($1_ltype)$input.array; $2 = (size_t)$input.len; %}
%enddef
%define ZKS_SLICE_BEHIND(LENGTH, POINTER, GO)
%typemap(gotype) (LENGTH, POINTER) "GO"
%typemap(in) (LENGTH, POINTER) %{ $1 = (size_t)$input.len; $2 = ($2_ltype)$input.array; %}
%enddef

/* A callback with its user: a number that the trampoline understands; 0 is none. */
%define ZKS_CALLBACK(FN, USER, FREE, TRAMPOLINE, RELEASE)
%typemap(gotype) (FN, USER, FREE) "uintptr"
%typemap(in) (FN, USER, FREE) %{
  $1 = $input ? TRAMPOLINE : NULL; $2 = (void *)$input; $3 = $input ? RELEASE : NULL;
%}
%enddef

/* A text that C ends with NUL is read by Text() before C frees it; one for C is made by CText(). */
%typemap(gotype) const char * "*byte"
%typemap(in) const char * %{ $1 = ($1_ltype)$input; %}
%typemap(freearg) const char * ""
%typemap(out) const char * %{ $result = ($1_ltype)$1; %}
%typemap(goout) const char * ""
%typemap(gotype) const char ** "**byte"
%typemap(in) const char ** %{ $1 = ($1_ltype)$input; %}

/* An operation: see Call. Token 0 starts it without a callback, nil also without a reference. */
%typemap(gotype) (zks_done_fn done, void *user, zks_op **out_op) "*Call"
%typemap(in) (zks_done_fn done, void *user, zks_op **out_op) %{
  zksgo_call *call = (zksgo_call *)$input;
  $1 = call && call->token ? zksgo_done : NULL;
  $2 = call ? (void *)(uintptr_t)call->token : NULL;
  $3 = call ? &call->op : NULL;
%}

ZKS_NUMBER(int32_t, int32)
ZKS_NUMBER(uint32_t, uint32)
ZKS_NUMBER(int64_t, int64)
ZKS_NUMBER(uint64_t, uint64)
ZKS_NUMBER(size_t, uintptr)
ZKS_NUMBER(uint8_t, byte)
ZKS_HANDLE(zks_runtime, Runtime)
ZKS_HANDLE(zks_queue, Queue)
ZKS_HANDLE(zks_config, Config)
ZKS_HANDLE(zks_client, Client)
ZKS_HANDLE(zks_op, Op)
ZKS_HANDLE(zks_event, Event)
ZKS_HANDLE(zks_batch, Batch)
ZKS_HANDLE(zks_invite, Invite)
ZKS_HANDLE(zks_devices, Devices)
ZKS_HANDLE(zks_report, Report)
ZKS_HANDLE(zks_relay, Relay)
ZKS_SLICE(const char *code, size_t length, []byte)
ZKS_SLICE(const char *passphrase, size_t length, []byte)
ZKS_SLICE(const char *recovery, size_t recovery_length, []byte)
ZKS_SLICE(const char *text, size_t length, []byte)
ZKS_SLICE(const char *words, size_t length, []byte)
ZKS_SLICE(const size_t *lengths, size_t count, []uintptr)
ZKS_SLICE(const uint8_t *bytes, size_t length, []byte)
ZKS_SLICE(const uint8_t *data, size_t length, []byte)
ZKS_SLICE(const uint8_t *key, size_t length, []byte)
ZKS_SLICE(const uint8_t *salt, size_t salt_length, []byte)
ZKS_SLICE(const uint8_t *secret, size_t length, []byte)
ZKS_SLICE_BEHIND(size_t capacity, uint8_t *out_bytes, []byte)
ZKS_CALLBACK(zks_event_fn fn, void *user, zks_free_fn user_free, zksgo_event, zksgo_release)
ZKS_CALLBACK(zks_log_fn fn, void *user, zks_free_fn user_free, zksgo_log, zksgo_log_end)
ZKS_CALLBACK(zks_store_key_fn fn, void *user, zks_free_fn user_free, zksgo_store_key, zksgo_release)
ZKS_CALLBACK(zks_wake_fn wake, void *user, zks_free_fn user_free, NULL, NULL)

/* Constants are Go's own: constants.go. */
%rename("$ignore", %$isenumitem) "";
%rename("$ignore", %$isenum) "";
%rename(AbiVersion) zks_abi_version;
%rename(StatusName) zks_status_name;
%rename(StatusText) zks_status_text;
%rename(StatusClass) zks_status_class;
%rename(ConstantAt) zks_constant_at;
%rename(SecretDerive) zks_secret_derive;
%rename(RuntimeNew) zks_runtime_new;
%rename(RuntimeSetLog) zks_runtime_set_log;
%rename(RuntimeClose) zks_runtime_close;
%rename(RuntimeFree) zks_runtime_free;
%rename(QueueNew) zks_queue_new;
%rename(QueueFd) zks_queue_fd;
%rename(QueueDispatch) zks_queue_dispatch;
%rename(QueueFree) zks_queue_free;
%rename(ConfigNew) zks_config_new;
%rename(ConfigProblem) zks_config_problem;
%rename(ConfigSetSecret) zks_config_set_secret;
%rename(ConfigSetPassphrase) zks_config_set_passphrase;
%rename(ConfigSetStoreKey) zks_config_set_store_key;
%rename(ConfigSetStoreKeyFn) zks_config_set_store_key_fn;
%rename(ConfigSetStorePassphrase) zks_config_set_store_passphrase;
%rename(ConfigSetText) zks_config_set_text;
%rename(ConfigSetInt) zks_config_set_int;
%rename(ConfigAddRelay) zks_config_add_relay;
%rename(ConfigSetQueue) zks_config_set_queue;
%rename(ConfigSetEvents) zks_config_set_events;
%rename(ConfigFree) zks_config_free;
%rename(ClientOpen) zks_client_open;
%rename(GroupCreate) zks_group_create;
%rename(GroupJoin) zks_group_join;
%rename(GroupRestore) zks_group_restore;
%rename(ClientConnect) zks_client_connect;
%rename(ClientDisconnect) zks_client_disconnect;
%rename(ClientNetworkChanged) zks_client_network_changed;
%rename(ClientTrustRelay) zks_client_trust_relay;
%rename(ClientFlush) zks_client_flush;
%rename(ClientWaitSynced) zks_client_wait_synced;
%rename(ClientChangeStoreKey) zks_client_change_store_key;
%rename(ClientClose) zks_client_close;
%rename(ClientFree) zks_client_free;
%rename(ClientPush) zks_client_push;
%rename(ClientPushMany) zks_client_push_many;
%rename(InboxRead) zks_inbox_read;
%rename(InboxAck) zks_inbox_ack;
%rename(InboxAcked) zks_inbox_acked;
%rename(BatchCount) zks_batch_count;
%rename(BatchData) zks_batch_data;
%rename(BatchOffsets) zks_batch_offsets;
%rename(BatchSeqs) zks_batch_seqs;
%rename(BatchTimesMs) zks_batch_times_ms;
%rename(BatchIds) zks_batch_ids;
%rename(BatchSenders) zks_batch_senders;
%rename(BatchNumbers) zks_batch_numbers;
%rename(BatchFlags) zks_batch_flags;
%rename(BatchFree) zks_batch_free;
%rename(OpWait) zks_op_wait;
%rename(OpStatus) zks_op_status;
%rename(OpText) zks_op_text;
%rename(OpNumber) zks_op_number;
%rename(OpBytes) zks_op_bytes;
%rename(OpTakeBatch) zks_op_take_batch;
%rename(OpCancel) zks_op_cancel;
%rename(OpFree) zks_op_free;
%rename(EventKind) zks_event_kind;
%rename(EventStatus) zks_event_status;
%rename(EventText) zks_event_text;
%rename(EventNumber) zks_event_number;
%rename(EventBytes) zks_event_bytes;
%rename(InviteShared) zks_invite_shared;
%rename(InviteParse) zks_invite_parse;
%rename(InviteNumber) zks_invite_number;
%rename(InviteText) zks_invite_text;
%rename(InviteBytes) zks_invite_bytes;
%rename(InviteRender) zks_invite_render;
%rename(InviteFree) zks_invite_free;
%rename(PairBegin) zks_pair_begin;
%rename(PairCodeNew) zks_pair_code_new;
%rename(PairBeginCode) zks_pair_begin_code;
%rename(PairAnswer) zks_pair_answer;
%rename(QrRender) zks_qr_render;
%rename(DeviceRevoke) zks_device_revoke;
%rename(GroupRotate) zks_group_rotate;
%rename(GroupLeave) zks_group_leave;
%rename(DevicesGet) zks_devices_get;
%rename(DevicesCount) zks_devices_count;
%rename(DevicesId) zks_devices_id;
%rename(DevicesInviter) zks_devices_inviter;
%rename(DevicesName) zks_devices_name;
%rename(DevicesNumber) zks_devices_number;
%rename(DevicesFree) zks_devices_free;
%rename(ReportGet) zks_report_get;
%rename(ReportNumber) zks_report_number;
%rename(ReportText) zks_report_text;
%rename(ReportBytes) zks_report_bytes;
%rename(ReportRelayNumber) zks_report_relay_number;
%rename(ReportRelayText) zks_report_relay_text;
%rename(ReportFree) zks_report_free;
%rename(RelayStart) zks_relay_start;
%rename(RelayAddress) zks_relay_address;
%rename(RelayStop) zks_relay_stop;
%rename(RelayFree) zks_relay_free;

%include "zks.h"
