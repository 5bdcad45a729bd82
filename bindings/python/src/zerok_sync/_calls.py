# SPDX-License-Identifier: MIT OR Apache-2.0
"""The operations of a client, once for both facades: which function of zks.h, with which
arguments, and what its result becomes. asyncio starts a call as a future (_loop.py), the blocking
facade waits for it (blocking.py)."""

from __future__ import annotations

import contextlib
import os
import warnings
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union

from ._constants import (
    SIZE_DEVICE_ID,
    OpField,
    PairKind,
    PushFlag,
    ReadFlag,
    RevokeReason,
    Right,
    Status,
    StoreKeyKind,
)
from ._errors import ZksError, check, op_error, raise_closed, raise_forked
from ._events import Hub
from ._native import ffi, lib
from ._runtime import generation
from ._types import Entry, Pushed, bytes_at, entries, pushed

if TYPE_CHECKING:
    from ._native import _CData

T = TypeVar("T")
Buffer = Union[bytes, bytearray, memoryview]

_ACKED, _NEED_CONNECTION = int(PushFlag.ACKED), int(PushFlag.NEED_CONNECTION)
_PENDING, _CANCELLED, _CLOSED = int(Status.PENDING), int(Status.CANCELLED), int(Status.CLOSED)
_WAIT, _OWN = int(ReadFlag.WAIT), int(ReadFlag.OWN)


class Handle:
    """A zks_client. It is closed by the facade and freed when nobody has it any more, so that no
    thread can lose it inside a call.

    out  where the engine puts it: from then on there is somebody to free it
    """

    def __init__(self, hub: Hub):
        self.out = ffi.new("zks_client **")
        self.pointer = ffi.NULL  # the same, once it was opened
        self.hub = hub
        self.opened = False
        self.closed = False
        self.trails: set[weakref.ref[AckTrail]] = set()
        self.generation = generation()

    def __del__(
        self,
        warn: Callable[..., None] = warnings.warn,
    ) -> None:
        try:
            if self.opened and not self.closed and self.generation == generation():
                warn(
                    "a client of zerok_sync was never closed: use 'with', or call close()",
                    ResourceWarning,
                    source=self,
                    stacklevel=2,
                )
        finally:
            self.free()

    def settle(self) -> None:
        """Acknowledges what readers are done with, before the client closes. What cannot be comes
        again."""
        for trail in [ref() for ref in tuple(self.trails)]:
            if trail is not None:
                with contextlib.suppress(ZksError):
                    trail.settle()

    def free(
        self, null: _CData = ffi.NULL, free: Callable[[_CData], None] = lib.zks_client_free
    ) -> None:
        """Also of a client that could not be opened; the traceback of that may live on."""
        pointer, self.out[0] = self.out[0], null
        self.pointer = null
        free(pointer)


class Call(Generic[T]):
    """A function of zks.h with (done, user, out_op) after its arguments, and out_client or so in
    `more` after those."""

    __slots__ = ("arguments", "finish", "function", "more", "owner")

    def __init__(
        self,
        owner: Handle | None,
        function: Callable[..., int],
        arguments: tuple[Any, ...],
        finish: Callable[[_CData], T],
        more: tuple[Any, ...] = (),
    ):
        self.owner = owner
        self.function = function
        self.arguments = arguments
        self.finish = finish
        self.more = more


def on(handle: Handle) -> _CData:
    """The pointer of an open client."""
    if handle.generation != generation():
        raise_forked()
    if handle.closed or handle.hub.closed:
        raise_closed()
    return handle.pointer


def nothing(op: _CData) -> None:
    return None


def _number(field: OpField) -> Callable[[_CData], int]:
    return lambda op: lib.zks_op_number(op, field)


def buffer(data: Buffer) -> tuple[bytes | _CData, int]:
    """Any bytes-like object, without a copy, and its length in bytes: by the buffer itself, which
    no other thread can resize meanwhile. len() of a subclass may say anything."""
    if type(data) is bytes:
        return data, len(data)
    if isinstance(data, str):
        raise TypeError("data is a str; an entry is bytes: encode it")
    view = ffi.from_buffer("uint8_t[]", data)
    return view, len(view)


def secret_bytes(data: Buffer | None) -> tuple[bytes | _CData, int]:
    return (ffi.NULL, 0) if data is None else buffer(data)


def frozen(data: Buffer) -> bytes:
    """The bytes of any bytes-like object as they are now."""
    return data if type(data) is bytes else bytes(memoryview(data))


def fixed(data: Buffer, size: int, what: str) -> bytes:
    """Bytes for a parameter that has no length of its own."""
    raw = frozen(data)
    if len(raw) != size:
        raise ValueError(f"{what} has {size} bytes, this one has {len(raw)}")
    return raw


def c_text(text: str) -> bytes:
    """UTF-8 for a parameter that ends at a NUL."""
    return _no_nul(text.encode(), "the text")


def c_path(path: str | os.PathLike[str]) -> bytes:
    return _no_nul(os.fsencode(path), "the path")


def _no_nul(raw: bytes, what: str) -> bytes:
    if b"\0" in raw:
        raise ValueError(f"{what} has a NUL character in it")
    return raw


def utf8(text: str | None) -> tuple[bytes | _CData, int]:
    return (ffi.NULL, 0) if text is None else buffer(text.encode())


# --- connection ---------------------------------------------------------------------------------


def connect(h: Handle) -> Call[None]:
    return Call(h, lib.zks_client_connect, (on(h),), nothing)


def disconnect(h: Handle) -> Call[None]:
    return Call(h, lib.zks_client_disconnect, (on(h),), nothing)


def close(h: Handle) -> Call[None]:
    return Call(h, lib.zks_client_close, (on(h),), nothing)


def flush(h: Handle, timeout: float) -> Call[None]:
    return Call(h, lib.zks_client_flush, (on(h), max(1, round(timeout * 1000))), nothing)


def wait_synced(h: Handle) -> Call[None]:
    return Call(h, lib.zks_client_wait_synced, (on(h),), nothing)


# --- sending and receiving ----------------------------------------------------------------------


def _push_flags(acked: bool, need_connection: bool) -> int:
    return (_ACKED if acked else 0) | (_NEED_CONNECTION if need_connection else 0)


def push(h: Handle, data: Buffer, acked: bool, need_connection: bool) -> Call[Pushed]:
    payload, length = buffer(data)
    flags = _push_flags(acked, need_connection)
    return Call(h, lib.zks_client_push, (on(h), payload, length, flags), pushed)


def push_many(
    h: Handle, data: Iterable[Buffer], acked: bool, need_connection: bool
) -> Call[Pushed]:
    # Measured and joined are the same objects, which nobody can change in between.
    items = [d if type(d) is bytes else frozen(d) for d in data]
    lengths = list(map(len, items))
    arguments = (
        on(h),
        b"".join(items),
        ffi.new("size_t[]", lengths),
        len(lengths),
        _push_flags(acked, need_connection),
    )
    return Call(h, lib.zks_client_push_many, arguments, pushed)


def read(
    h: Handle, after: int | None, max_count: int, max_bytes: int, wait: bool, own: bool
) -> Call[list[Entry]]:
    client = on(h)
    if after is None:
        after = lib.zks_inbox_acked(client)
    flags = (_WAIT if wait else 0) | (_OWN if own else 0)
    return Call(h, lib.zks_inbox_read, (client, after, max_count, max_bytes, flags), entries)


def ack(h: Handle, seq: int) -> Call[int]:
    return Call(h, lib.zks_inbox_ack, (on(h), seq), _number(OpField.ACKED_SEQ))


class AckTrail:
    """Acknowledges behind a reader: one operation at a time, always with the newest sequence that
    is done with. Cheap enough for every entry."""

    def __init__(self, handle: Handle):
        self._handle = handle
        # The last acknowledgement; freed with its last reference, as another thread may close.
        self._op: _CData | None = None
        self._done = self._sent = lib.zks_inbox_acked(on(handle))
        handle.trails.add(weakref.ref(self, handle.trails.discard))

    def advance(self, seq: int, now: bool = False) -> None:
        """Everything up to seq is done with. now: do not wait for the operation before. Raises what
        that one failed with; the next call tries again."""
        self._done = max(self._done, seq)
        if self._handle.closed or self._handle.hub.closed:
            return
        op = self._op
        status = lib.zks_op_status(op) if op is not None else 0
        if status == _PENDING and not now:
            return
        if op is not None and status not in (0, _PENDING, _CANCELLED):
            self._op, self._sent = None, lib.zks_inbox_acked(self._handle.pointer)
            raise op_error(op, status)
        if self._done > self._sent:
            self._send(self._done)

    def _send(self, seq: int) -> None:
        out = ffi.new("zks_op **")
        status = lib.zks_inbox_ack(self._handle.pointer, seq, ffi.NULL, ffi.NULL, out)
        if status and status != _CLOSED:
            check(status)
        self._op = ffi.gc(out[0], lib.zks_op_free) if out[0] else None
        self._sent = seq

    def settle(self) -> None:
        self.advance(self._done, now=True)

    def __del__(self) -> None:
        if getattr(self, "_sent", None) is not None:
            with contextlib.suppress(ZksError):
                self.settle()


# --- members ------------------------------------------------------------------------------------

PAIR_KINDS = {"code": PairKind.CODE, "link": PairKind.LINK}


def pair(
    h: Handle, kind: str, rights: Right | None, life_s: int, code: str | None
) -> Call[bytes]:
    if kind not in PAIR_KINDS:
        raise ValueError(f"kind is {kind!r}; it may be 'code' or 'link'")
    if rights is not None and not rights:
        raise ValueError("rights is empty, and there are no members without: name some, or None")
    if code is None:
        arguments = (on(h), PAIR_KINDS[kind], int(rights or 0), life_s)
        return Call(h, lib.zks_pair_begin, arguments, _paired_device)
    if kind != "code":
        raise ValueError("a code was given, and a link asked for")
    given = (on(h), *utf8(code), int(rights or 0), life_s)
    return Call(h, lib.zks_pair_begin_code, given, _paired_device)


def _paired_device(op: _CData) -> bytes:
    return bytes_at(lib.zks_op_bytes(op, OpField.DEVICE, ffi.NULL), SIZE_DEVICE_ID)


def revoke(h: Handle, device: bytes, reason: RevokeReason, recovery: str | None) -> Call[int]:
    raw = fixed(device, SIZE_DEVICE_ID, "a device's id")
    arguments = (on(h), raw, reason, *utf8(recovery))
    return Call(h, lib.zks_device_revoke, arguments, _number(OpField.EPOCH))


def rotate(h: Handle) -> Call[int]:
    return Call(h, lib.zks_group_rotate, (on(h),), _number(OpField.EPOCH))


def leave(h: Handle) -> Call[None]:
    return Call(h, lib.zks_group_leave, (on(h),), nothing)


def change_store_key(h: Handle, key: Buffer | None, passphrase: str | None) -> Call[None]:
    if key is not None and passphrase is not None:
        raise ValueError("give a key or a passphrase, not both")
    if passphrase is not None:
        given = (StoreKeyKind.PASSPHRASE, *utf8(passphrase))
    elif key is not None:
        given = (StoreKeyKind.BYTES, *buffer(key))
    else:
        given = (StoreKeyKind.NONE, ffi.NULL, 0)
    return Call(h, lib.zks_client_change_store_key, (on(h), *given), nothing)
