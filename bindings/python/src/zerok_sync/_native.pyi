# SPDX-License-Identifier: MIT OR Apache-2.0
# Made by abi/gen/abi.py from zks.h: do not edit.
"""The extension module that cffi makes: zks.h one to one. Nothing here checks or converts."""

from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

class _CData:
    def __getitem__(self, index: int, /) -> Any: ...
    def __setitem__(self, index: int, value: Any, /) -> None: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...

class _FFI:
    NULL: _CData
    def new(self, type: str, init: Any = ..., /) -> _CData: ...
    def gc(self, data: _CData, free: Callable[[_CData], None], /) -> _CData: ...
    def cast(self, type: str, value: int | _CData, /) -> _CData: ...
    def addressof(self, lib: _Lib, name: str, /) -> _CData: ...
    def string(self, data: _CData, maxlen: int = ..., /) -> bytes: ...
    def unpack(self, data: _CData, length: int, /) -> Any: ...
    def buffer(self, data: _CData, size: int = ..., /) -> memoryview: ...
    def from_buffer(self, type: str, data: Any, /) -> _CData: ...
    def new_handle(self, object: object, /) -> _CData: ...
    def from_handle(self, handle: _CData, /) -> Any: ...
    def def_extern(
        self, name: str = ..., error: Any = ..., onerror: Callable[..., Any] | None = ...
    ) -> Callable[[_F], _F]: ...

ffi: _FFI
lib: _Lib

class _Lib:
    # native/glue.c
    def zkspy_dispatch(
        self, queue: _CData, capacity: int, out_users: _CData, out_count: _CData, /
    ) -> int: ...
    def zkspy_queue_free(self, queue: _CData, /) -> None: ...
    # zks.h
    def zks_abi_version(self) -> int: ...
    def zks_status_name(self, status: int, /) -> _CData: ...
    def zks_status_text(self, status: int, /) -> _CData: ...
    def zks_status_class(self, status: int, /) -> int: ...
    def zks_constant_at(self, i: int, out_name: _CData, out_value: _CData, /) -> int: ...
    def zks_secret_derive(
        self,
        passphrase: bytes | _CData,
        length: int,
        salt: bytes | _CData,
        salt_length: int,
        out_secret: _CData,
        out_group_id: _CData,
        /,
    ) -> int: ...
    def zks_runtime_new(self, out_runtime: _CData, /) -> int: ...
    def zks_runtime_set_log(
        self,
        runtime: _CData,
        level: int,
        fn: _CData,
        user: _CData,
        user_free: _CData,
        /,
    ) -> int: ...
    def zks_runtime_close(self, runtime: _CData, timeout_ms: int, /) -> int: ...
    def zks_runtime_free(self, runtime: _CData, /) -> None: ...
    def zks_queue_new(
        self,
        runtime: _CData,
        wake: _CData,
        user: _CData,
        user_free: _CData,
        out_queue: _CData,
        /,
    ) -> int: ...
    def zks_queue_fd(self, queue: _CData, /) -> int: ...
    def zks_queue_dispatch(self, queue: _CData, max: int, out_count: _CData, /) -> int: ...
    def zks_queue_free(self, queue: _CData, /) -> None: ...
    def zks_config_new(self, out_config: _CData, /) -> int: ...
    def zks_config_problem(self, config: _CData, /) -> _CData: ...
    def zks_config_set_secret(
        self,
        config: _CData,
        secret: bytes | _CData,
        length: int,
        /,
    ) -> int: ...
    def zks_config_set_passphrase(
        self,
        config: _CData,
        passphrase: bytes | _CData,
        length: int,
        salt: bytes | _CData,
        salt_length: int,
        /,
    ) -> int: ...
    def zks_config_set_store_key(
        self,
        config: _CData,
        key: bytes | _CData,
        length: int,
        /,
    ) -> int: ...
    def zks_config_set_store_passphrase(
        self,
        config: _CData,
        passphrase: bytes | _CData,
        length: int,
        /,
    ) -> int: ...
    def zks_config_set_text(self, config: _CData, option: int, text: bytes | _CData, /) -> int: ...
    def zks_config_set_int(self, config: _CData, option: int, value: int, /) -> int: ...
    def zks_config_add_relay(self, config: _CData, address: bytes | _CData, /) -> int: ...
    def zks_config_set_queue(self, config: _CData, queue: _CData, /) -> int: ...
    def zks_config_set_events(
        self,
        config: _CData,
        fn: _CData,
        user: _CData,
        user_free: _CData,
        /,
    ) -> int: ...
    def zks_config_free(self, config: _CData, /) -> None: ...
    def zks_client_open(
        self,
        runtime: _CData,
        config: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        out_client: _CData,
        /,
    ) -> int: ...
    def zks_group_create(
        self,
        runtime: _CData,
        config: _CData,
        flags: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        out_client: _CData,
        /,
    ) -> int: ...
    def zks_group_join(
        self,
        runtime: _CData,
        config: _CData,
        text: bytes | _CData,
        length: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        out_client: _CData,
        /,
    ) -> int: ...
    def zks_group_restore(
        self,
        runtime: _CData,
        config: _CData,
        words: bytes | _CData,
        length: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        out_client: _CData,
        /,
    ) -> int: ...
    def zks_client_connect(
        self,
        client: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_disconnect(
        self,
        client: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_network_changed(self, client: _CData, /) -> int: ...
    def zks_client_trust_relay(
        self,
        client: _CData,
        address: bytes | _CData,
        key: bytes | _CData,
        /,
    ) -> int: ...
    def zks_client_flush(
        self,
        client: _CData,
        timeout_ms: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_wait_synced(
        self,
        client: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_change_store_key(
        self,
        client: _CData,
        kind: int,
        bytes: bytes | _CData,
        length: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_close(
        self,
        client: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_free(self, client: _CData, /) -> None: ...
    def zks_client_push(
        self,
        client: _CData,
        data: bytes | _CData,
        length: int,
        flags: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_client_push_many(
        self,
        client: _CData,
        data: bytes | _CData,
        lengths: _CData,
        count: int,
        flags: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_inbox_read(
        self,
        client: _CData,
        after_seq: int,
        max_count: int,
        max_bytes: int,
        flags: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_inbox_ack(
        self,
        client: _CData,
        up_to_seq: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_inbox_acked(self, client: _CData, /) -> int: ...
    def zks_batch_count(self, batch: _CData, /) -> int: ...
    def zks_batch_data(self, batch: _CData, out_length: _CData, /) -> _CData: ...
    def zks_batch_offsets(self, batch: _CData, /) -> _CData: ...
    def zks_batch_seqs(self, batch: _CData, /) -> _CData: ...
    def zks_batch_times_ms(self, batch: _CData, /) -> _CData: ...
    def zks_batch_ids(self, batch: _CData, /) -> _CData: ...
    def zks_batch_senders(self, batch: _CData, /) -> _CData: ...
    def zks_batch_numbers(self, batch: _CData, /) -> _CData: ...
    def zks_batch_flags(self, batch: _CData, /) -> _CData: ...
    def zks_batch_free(self, batch: _CData, /) -> None: ...
    def zks_op_wait(self, op: _CData, timeout_ms: int, /) -> int: ...
    def zks_op_status(self, op: _CData, /) -> int: ...
    def zks_op_text(self, op: _CData, /) -> _CData: ...
    def zks_op_number(self, op: _CData, field: int, /) -> int: ...
    def zks_op_bytes(self, op: _CData, field: int, out_length: _CData, /) -> _CData: ...
    def zks_op_take_batch(self, op: _CData, out_batch: _CData, /) -> int: ...
    def zks_op_cancel(self, op: _CData, /) -> None: ...
    def zks_op_free(self, op: _CData, /) -> None: ...
    def zks_event_kind(self, event: _CData, /) -> int: ...
    def zks_event_status(self, event: _CData, /) -> int: ...
    def zks_event_text(self, event: _CData, field: int, /) -> _CData: ...
    def zks_event_number(self, event: _CData, field: int, /) -> int: ...
    def zks_event_bytes(self, event: _CData, field: int, out_length: _CData, /) -> _CData: ...
    def zks_invite_shared(
        self,
        client: _CData,
        relay_lines: bytes | _CData,
        out_invite: _CData,
        /,
    ) -> int: ...
    def zks_invite_parse(
        self,
        text: bytes | _CData,
        length: int,
        out_invite: _CData,
        /,
    ) -> int: ...
    def zks_invite_number(self, invite: _CData, field: int, /) -> int: ...
    def zks_invite_text(self, invite: _CData, field: int, /) -> _CData: ...
    def zks_invite_bytes(self, invite: _CData, field: int, out_length: _CData, /) -> _CData: ...
    def zks_invite_render(
        self,
        invite: _CData,
        format: int,
        scale: int,
        capacity: int,
        out_bytes: _CData,
        out_length: _CData,
        /,
    ) -> int: ...
    def zks_invite_free(self, invite: _CData, /) -> None: ...
    def zks_pair_begin(
        self,
        client: _CData,
        kind: int,
        rights: int,
        life_s: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_pair_code_new(self, out_code: _CData, /) -> int: ...
    def zks_pair_begin_code(
        self,
        client: _CData,
        code: bytes | _CData,
        length: int,
        rights: int,
        life_s: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_pair_answer(self, client: _CData, accept: int, /) -> int: ...
    def zks_qr_render(
        self,
        text: bytes | _CData,
        length: int,
        format: int,
        scale: int,
        capacity: int,
        out_bytes: _CData,
        out_length: _CData,
        /,
    ) -> int: ...
    def zks_device_revoke(
        self,
        client: _CData,
        device: bytes | _CData,
        reason: int,
        recovery: bytes | _CData,
        recovery_length: int,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_group_rotate(
        self,
        client: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_group_leave(
        self,
        client: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_devices_get(self, client: _CData, out_devices: _CData, /) -> int: ...
    def zks_devices_count(self, devices: _CData, /) -> int: ...
    def zks_devices_id(self, devices: _CData, i: int, /) -> _CData: ...
    def zks_devices_inviter(self, devices: _CData, i: int, /) -> _CData: ...
    def zks_devices_name(self, devices: _CData, i: int, /) -> _CData: ...
    def zks_devices_number(self, devices: _CData, i: int, field: int, /) -> int: ...
    def zks_devices_free(self, devices: _CData, /) -> None: ...
    def zks_report_get(self, client: _CData, out_report: _CData, /) -> int: ...
    def zks_report_number(self, report: _CData, field: int, /) -> int: ...
    def zks_report_text(self, report: _CData, field: int, /) -> _CData: ...
    def zks_report_bytes(self, report: _CData, field: int, out_length: _CData, /) -> _CData: ...
    def zks_report_relay_number(self, report: _CData, i: int, field: int, /) -> int: ...
    def zks_report_relay_text(self, report: _CData, i: int, field: int, /) -> _CData: ...
    def zks_report_free(self, report: _CData, /) -> None: ...
    def zks_relay_start(
        self,
        runtime: _CData,
        config: bytes | _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        out_relay: _CData,
        /,
    ) -> int: ...
    def zks_relay_address(self, relay: _CData, /) -> _CData: ...
    def zks_relay_stop(
        self,
        relay: _CData,
        done: _CData,
        user: _CData,
        out_op: _CData,
        /,
    ) -> int: ...
    def zks_relay_free(self, relay: _CData, /) -> None: ...
