# SPDX-License-Identifier: MIT OR Apache-2.0
"""The same client for programs without asyncio: each method waits.

    from zerok_sync import Config, blocking
    with blocking.open(Config(store="notes.zks", relays=["relay.example.org"])) as client:
        client.push(b"hello")

Methods that can take long have a `timeout` in seconds (None: as long as it takes), after which
they cancel the operation and raise ZksTimeoutError. Ctrl-C does the same with KeyboardInterrupt.
A client may be used by several threads at once.
"""

from __future__ import annotations

import inspect
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Condition
from types import TracebackType
from typing import IO, Any, Generic, NamedTuple, TypeVar, Union, cast

from . import _calls
from ._background import dispatcher
from ._base import BaseClient, DigitsListener, Opened, open_call
from ._calls import AckTrail, Buffer, Call, utf8
from ._config import Config
from ._constants import SIZE_PUSH_MAX, RevokeReason, Right, Status
from ._errors import ClosedError, OperationCancelledError, check, make_error, op_error
from ._events import BACKLOG, Event, Hub
from ._native import ffi, lib
from ._pairing import PairRequest
from ._types import Entry, Pushed

T = TypeVar("T")
Source = Union[IO[bytes], Iterable[Buffer]]
SLICE_MS = 50  # Ctrl-C is noticed between two waits of this length
_TIMEOUT, _PENDING = int(Status.TIMEOUT), int(Status.PENDING)


class Operation(Generic[T]):
    """One operation under way, waited for in slices."""

    def __init__(self, call: Call[T]):
        self._out = ffi.new("zks_op **")
        self._finish = call.finish
        self._owner = call.owner
        self._cancelled = False
        try:
            check(call.function(*call.arguments, ffi.NULL, ffi.NULL, self._out, *call.more))
            self._op = self._out[0]
        except BaseException:
            if self._out[0]:  # a signal's handler raised behind the call
                lib.zks_op_cancel(self._out[0])
            raise

    def __del__(self) -> None:
        if hasattr(self, "_out"):
            lib.zks_op_free(self._out[0])

    def cancel(self) -> None:
        self._cancelled = True
        lib.zks_op_cancel(self._op)

    def over(self) -> bool:
        """It is done, or will be before what is begun from now on."""
        return self._cancelled or self.done

    @property
    def done(self) -> bool:
        return lib.zks_op_status(self._op) != _PENDING

    def wait(self, timeout: float | None, meanwhile: Callable[[], object] = lambda: None) -> T:
        """The result. `meanwhile` is called between the slices."""
        end = None if timeout is None else time.monotonic() + timeout
        try:
            while lib.zks_op_wait(self._op, _slice_ms(end)) == _TIMEOUT:
                meanwhile()
                if end is not None and time.monotonic() >= end:
                    raise make_error(Status.TIMEOUT, f"not done after {timeout} s")
        except BaseException:
            self.cancel()
            raise
        meanwhile()
        return self.result()

    def result(self) -> T:
        status = lib.zks_op_status(self._op)
        if status:
            raise op_error(self._op, status)
        return self._finish(self._op)


def _slice_ms(end: float | None) -> int:
    if end is None:
        return SLICE_MS
    return max(0, min(SLICE_MS, round((end - time.monotonic()) * 1000)))


def _wait(call: Call[T], timeout: float | None = None) -> T:
    return Operation(call).wait(timeout)


class Client(BaseClient):
    """One device in one group. Made by open(), create_group(), join() or restore()."""

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- connection ---

    def connect(self, timeout: float | None = None) -> None:
        """Connects to the relays and stays connected. Returns when the first relay has accepted
        this device. Raises NetworkError or RelayError: the first attempt at every relay failed;
        further ones follow."""
        _wait(_calls.connect(self._handle), timeout)

    def disconnect(self) -> None:
        """Ends the connections; the client stays open, pushes are stored meanwhile."""
        _wait(_calls.disconnect(self._handle))

    def close(self) -> None:
        """Closes the client: its operations end, its events too. Closed twice is fine."""
        if self._handle.closed:
            return
        self._handle.settle()
        closing = None if self._handle.hub.closed else Operation(_calls.close(self._handle))
        self._handle.closed = True
        if closing is not None:
            closing.wait(None)

    def flush(self, timeout: float = 0.5) -> None:
        """Returns when a relay has acknowledged everything pushed before. Raises ZksTimeoutError
        with .pending entries left after `timeout` seconds; they go out later."""
        _wait(_calls.flush(self._handle, timeout))

    def wait_synced(self, timeout: float | None = None) -> None:
        """Returns when everything pushed before is acknowledged and everything that the relay had
        is in the inbox."""
        _wait(_calls.wait_synced(self._handle), timeout)

    # --- sending ---

    def push(
        self,
        data: Buffer,
        *,
        acked: bool = False,
        need_connection: bool = False,
        timeout: float | None = None,
    ) -> Pushed:
        """Pushes one entry; returns when it is on this device's disk, with acked=True when a relay
        has it on its own. The rest as in zerok_sync.Client.push."""
        return _wait(_calls.push(self._handle, data, acked, need_connection), timeout)

    def push_many(
        self,
        data: Iterable[Buffer],
        *,
        acked: bool = False,
        need_connection: bool = False,
        timeout: float | None = None,
    ) -> Pushed:
        """Pushes several entries as one: all are stored or none, with one signature."""
        return _wait(_calls.push_many(self._handle, data, acked, need_connection), timeout)

    def push_from(
        self, source: Source, *, chunk_bytes: int = SIZE_PUSH_MAX, acked: bool = False
    ) -> list[Pushed]:
        """Pushes a stream: a binary file object in pieces of chunk_bytes, or an iterable of
        bytes-like objects; each piece becomes one entry. Returns one Pushed for each."""
        return [self.push(piece, acked=acked) for piece in _pieces(source, chunk_bytes)]

    # --- receiving ---

    def read(
        self,
        after: int | None = None,
        *,
        max_count: int = 0,
        max_bytes: int = 0,
        wait: bool = False,
        own: bool = False,
        timeout: float | None = None,
    ) -> list[Entry]:
        """Reads entries in the order of their sequences. Reading changes nothing: see ack(). The
        arguments are those of zerok_sync.Client.read."""
        return _wait(_calls.read(self._handle, after, max_count, max_bytes, wait, own), timeout)

    def entries(
        self, after: int | None = None, *, ack: bool = True, own: bool = False
    ) -> Iterator[Entry]:
        """Entries as they come, until the client closes. With ack=True each is acknowledged when
        the loop asks for the next one; the rest as in zerok_sync.Client.entries."""
        trail = AckTrail(self._handle) if ack else None
        position = self.acked if after is None else after
        while True:
            try:
                batch = self.read(position, wait=True, own=own)
            except (ClosedError, OperationCancelledError):
                return
            for entry in batch:
                yield entry
                position = entry.seq
                if trail is not None:
                    trail.advance(position)
            if trail is not None:
                trail.settle()

    def ack(self, seq: int) -> int:
        """Moves the watermark: what is at or below it is done with. Returns the watermark."""
        return _wait(_calls.ack(self._handle, seq))

    def events(self, timeout: float | None = None) -> Events:
        """Events from now on, and those for which nobody listened yet; ends with the client.

        timeout  end the iteration when none came for so many seconds
        """
        return Events(self._handle.hub, timeout)

    # --- members ---

    def pair(
        self,
        kind: str = "code",
        rights: Right | None = None,
        life_s: int = 0,
        code: str | None = None,
    ) -> Pairing:
        """Lets a device into the group: see Pairing and zerok_sync.Client.pair."""
        return Pairing(self, kind, rights, life_s, code)

    def revoke(
        self,
        device: bytes,
        reason: RevokeReason = RevokeReason.UNSPECIFIED,
        recovery: str | None = None,
        timeout: float | None = None,
    ) -> int:
        """Removes a device from its paired group; the others get fresh keys. Returns the epoch."""
        return _wait(_calls.revoke(self._handle, device, reason, recovery), timeout)

    def rotate(self, timeout: float | None = None) -> int:
        """Gives a paired group fresh keys now. Returns the epoch."""
        return _wait(_calls.rotate(self._handle), timeout)

    def leave(self, timeout: float | None = None) -> None:
        """Takes this device out of its group, for good; what is stored stays readable."""
        _wait(_calls.leave(self._handle), timeout)

    def change_store_key(self, key: Buffer | None = None, *, passphrase: str | None = None) -> None:
        """Changes what opens the store: 32 bytes, a passphrase, or nothing but the file's mode."""
        _wait(_calls.change_store_key(self._handle, key, passphrase))


def _pieces(source: Source, chunk_bytes: int) -> Iterable[Buffer]:
    if not hasattr(source, "read"):
        return source
    if not 0 < chunk_bytes <= SIZE_PUSH_MAX:
        raise ValueError(f"chunk_bytes is {chunk_bytes}; it may be 1 to {SIZE_PUSH_MAX}")
    file = cast("IO[bytes]", source)
    return iter(lambda: file.read(chunk_bytes), b"")


class Events:
    """What Client.events() gives."""

    def __init__(self, hub: Hub, timeout: float | None):
        self._hub = hub
        self._timeout = timeout
        self._seen: deque[Event] = deque(maxlen=BACKLOG)
        self._changed = Condition()
        hub.listen(self)

    def put(self, event: Event) -> None:
        with self._changed:
            self._seen.append(event)
            self._changed.notify()

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> Event:
        with self._changed:
            self._changed.wait_for(lambda: self._seen or self._hub.closed, self._timeout)
            if not self._seen:
                raise StopIteration
            return self._seen.popleft()

    def close(self) -> None:
        """Listens no more."""
        self._hub.forget(self)


class Pairing:
    """A device is being let in: code() to show, asked() for who comes, answer(), result()."""

    def __init__(
        self, client: Client, kind: str, rights: Right | None, life_s: int, code: str | None
    ):
        self._client = client
        self._changed = Condition()
        self._watch = client._watch_pairing()
        self._watch.on_change = self._on_change
        self._operation = Operation(_calls.pair(client._handle, kind, rights, life_s, code))
        client._pairing_over = self._operation.over

    def _on_change(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _until(self, ready: Callable[[], T | None], timeout: float | None) -> T:
        end = None if timeout is None else time.monotonic() + timeout
        while (value := ready()) is None:
            if self._operation.done:
                self._operation.result()
                raise OperationCancelledError(Status.CANCELLED, "the pairing is over")
            if end is not None and time.monotonic() >= end:
                raise make_error(Status.TIMEOUT, f"not done after {timeout} s")
            with self._changed:
                self._changed.wait(_slice_ms(end) / 1000)
        return value

    def code(self, timeout: float | None = None) -> str:
        """What the user types or scans on the other device. A secret."""
        return self._until(lambda: self._watch.code, timeout)

    def asked(self, timeout: float | None = None) -> PairRequest:
        """The next device that has proven to know the code."""
        return self._until(self._watch.next_request, timeout)

    @property
    def tries_left(self) -> int | None:
        """After a wrong try: how many are left; None: nobody has tried a wrong code."""
        return self._watch.tries_left

    def answer(self, accept: bool) -> None:
        """Lets the device in that was asked for, or not."""
        self._client._answer_pairing(accept)

    def result(self, timeout: float | None = None) -> bytes:
        """The new device's id, or what ended the pairing."""
        return self._operation.wait(timeout)

    def cancel(self) -> None:
        """Takes the code back."""
        self._operation.cancel()


# --- opening ------------------------------------------------------------------------------------


class Created(NamedTuple):
    """A new group: see zerok_sync.Created."""

    client: Client
    recovery_code: str | None

    def __repr__(self) -> str:
        return f"Created(client={self.client!r}, recovery_code=...)"

    def __enter__(self) -> Created:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()


def _open(
    config: Config,
    function: str,
    *arguments: Any,
    timeout: float | None = None,
    on_digits: Callable[[str], object] | None = None,
) -> tuple[Client, Opened]:
    key: Any = config.store_key
    key = key() if callable(key) else key
    if inspect.iscoroutine(key):
        key.close()
        raise TypeError("store_key is a coroutine function, which is for asyncio")
    opened, call = open_call(dispatcher(), config, key, function, arguments)
    digits: deque[str] = deque()
    listener = DigitsListener(digits.append)
    opened.hub.watch(listener)

    def tell() -> None:
        while digits and on_digits is not None:
            on_digits(digits.popleft())

    try:
        Operation(call).wait(timeout, tell)
    except BaseException:
        opened.abandon()
        raise
    opened.accept()
    return Client(opened), opened


def open(config: Config) -> Client:
    """Opens a client: see zerok_sync.open."""
    return _open(config, "zks_client_open")[0]


def create_group(config: Config, *, recovery: bool = True) -> Created:
    """Creates a paired group with this device as its first member. Works offline."""
    client, opened = _open(config, "zks_group_create", 0 if recovery else 1)
    return Created(client, opened.recovery_code)


def join(
    config: Config,
    code: str,
    *,
    on_digits: Callable[[str], object] | None = None,
    timeout: float | None = None,
) -> Client:
    """Joins a group by the code or link that a member shows: see zerok_sync.join."""
    return _open(
        config, "zks_group_join", *utf8(code), timeout=timeout, on_digits=on_digits
    )[0]


def restore(config: Config, recovery_code: str) -> Client:
    """Comes into a paired group by its recovery code, as a new device with all rights."""
    return _open(config, "zks_group_restore", *utf8(recovery_code))[0]
