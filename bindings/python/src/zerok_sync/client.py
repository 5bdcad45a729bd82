# SPDX-License-Identifier: MIT OR Apache-2.0
"""The client for asyncio."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Sized,
)
from types import TracebackType
from typing import IO, Any, Generic, NamedTuple, TypeVar, Union, cast

from . import _calls
from ._base import BaseClient, DigitsListener, Opened, open_call
from ._calls import AckTrail, Buffer, Call, utf8
from ._config import Config
from ._constants import SIZE_PUSH_MAX, RevokeReason, Right, Status
from ._errors import ClosedError, OperationCancelledError, ZksError
from ._events import BACKLOG, Event, Hub
from ._loop import Bridge, OpFuture, bridge_here
from ._pairing import PairRequest
from ._types import Entry, Pushed

T = TypeVar("T")
Source = Union[IO[bytes], Iterable[Buffer], AsyncIterable[Buffer]]
IN_FLIGHT = 8  # pushes of one push_from() on their way into the store


class Client(BaseClient):
    """One device in one group. Made by open(), create_group(), join() or restore(); belongs to the
    event loop it was opened in.

    Methods that return a future have begun their work when they return: await it at once, or keep
    it and go on. Cancelling it ends the waiting; what is stored stays stored.
    """

    def __init__(self, opened: Opened, bridge: Bridge):
        super().__init__(opened)
        self._bridge = bridge

    def _start(self, call: Call[T]) -> OpFuture[T]:
        bridge = self._bridge
        if asyncio.get_running_loop() is not bridge.loop:
            raise RuntimeError("this client was opened in another event loop: open one in each")
        return OpFuture(bridge, call)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # --- connection ---

    def connect(self) -> asyncio.Future[None]:
        """Connects to the relays and stays connected: after a loss the client tries again by
        itself. Done when the first relay has accepted this device. Raises NetworkError or
        RelayError: the first attempt at every relay failed; further ones follow."""
        return self._start(_calls.connect(self._handle))

    def disconnect(self) -> asyncio.Future[None]:
        """Ends the connections; the client stays open, pushes are stored meanwhile."""
        return self._start(_calls.disconnect(self._handle))

    async def close(self) -> None:
        """Closes the client: its operations end, its events too. Closed twice is fine."""
        if self._handle.closed:
            return
        self._handle.settle()
        closing = None if self._handle.hub.closed else self._start(_calls.close(self._handle))
        self._handle.closed = True
        if closing is not None:
            await asyncio.shield(closing)

    def flush(self, timeout: float = 0.5) -> asyncio.Future[None]:
        """Done when a relay has acknowledged everything pushed before. Raises ZksTimeoutError with
        .pending entries left after `timeout` seconds; they stay stored and go out later."""
        return self._start(_calls.flush(self._handle, timeout))

    def wait_synced(self) -> asyncio.Future[None]:
        """Done when everything pushed before is acknowledged and everything that the relay had is
        in the inbox. Waits for a connection as long as it takes: asyncio.timeout() limits it."""
        return self._start(_calls.wait_synced(self._handle))

    # --- sending ---

    def push(
        self, data: Buffer, *, acked: bool = False, need_connection: bool = False
    ) -> asyncio.Future[Pushed]:
        """Pushes one entry to the group's other devices; done when it is on this device's disk.

        data             any bytes-like object, at most SIZE_PUSH_MAX bytes, copied before return
        acked            done when a relay has it on disk
        need_connection  raise NotConnectedError instead of queueing while offline

        Raises at once: CallError TOO_LARGE; LIMIT: too much is on its way into the store, await an
        earlier push. Later: StoreError; with acked=True RelayError: stored, and refused for good.
        """
        return self._start(_calls.push(self._handle, data, acked, need_connection))

    def push_many(
        self, data: Iterable[Buffer], *, acked: bool = False, need_connection: bool = False
    ) -> asyncio.Future[Pushed]:
        """Pushes several entries as one: all are stored or none, with one signature."""
        return self._start(_calls.push_many(self._handle, data, acked, need_connection))

    async def push_from(
        self, source: Source, *, chunk_bytes: int = SIZE_PUSH_MAX, acked: bool = False
    ) -> list[Pushed]:
        """Pushes a stream: each piece becomes one entry, in order, a few at a time on their way.

        source       a binary file object, read in pieces of chunk_bytes on another thread; or an
                     iterable or async iterable of bytes-like objects, each of them an entry
        chunk_bytes  of a file, at most SIZE_PUSH_MAX

        Returns one Pushed for each entry. When it fails, what was stored before stays pushed.
        """
        waiting: deque[asyncio.Future[Pushed]] = deque()
        done: list[Pushed] = []
        try:
            async for piece in _pieces(source, chunk_bytes):
                if len(waiting) >= IN_FLIGHT:
                    done.append(await waiting.popleft())
                while (future := self._push_unless_full(piece, acked, waiting)) is None:
                    done.append(await waiting.popleft())
                waiting.append(future)
            while waiting:
                done.append(await waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()
        return done

    def _push_unless_full(
        self, piece: Buffer, acked: bool, waiting: Sized
    ) -> asyncio.Future[Pushed] | None:
        """None: what is waiting has to be stored first."""
        try:
            return self.push(piece, acked=acked)
        except ZksError as error:
            if error.code == Status.LIMIT and waiting:
                return None
            raise

    # --- receiving ---

    def read(
        self,
        after: int | None = None,
        *,
        max_count: int = 0,
        max_bytes: int = 0,
        wait: bool = False,
        own: bool = False,
    ) -> asyncio.Future[list[Entry]]:
        """Reads entries in the order of their sequences. Reading changes nothing: see ack().

        after      entries behind this sequence; None: behind the watermark
        max_count  at most so many; 0: 1,000
        max_bytes  payload bytes at most, but one entry if there is one; 0: 4 MiB
        wait       wait for the first entry instead of giving none
        own        also this device's own entries, where a relay acknowledged them
        """
        return self._start(_calls.read(self._handle, after, max_count, max_bytes, wait, own))

    def entries(
        self, after: int | None = None, *, ack: bool = True, own: bool = False
    ) -> Entries:
        """Entries as they come, for `async for`, until the client closes.

        after  begin behind this sequence; None: behind the watermark
        ack    acknowledge each entry when the loop asks for the next one: an entry whose handling
               was cut short comes again after a restart. With `after` this is also done with what
               lies before it, which the loop never saw: acknowledging moves one watermark
        own    also this device's own entries

        Raises StoreError: an acknowledgement could not be stored; the next round tries again.
        """
        return Entries(self, after, ack, own)

    def ack(self, seq: int) -> asyncio.Future[int]:
        """Moves the watermark: what is at or below it is done with. It never moves back, nor past
        the last entry given out. Returns the watermark."""
        return self._start(_calls.ack(self._handle, seq))

    def events(self) -> Events:
        """Events from now on, and those for which nobody listened yet, for `async for`; ends with
        the client."""
        return Events(self._handle.hub)

    # --- members ---

    def pair(
        self,
        kind: str = "code",
        rights: Right | None = None,
        life_s: int = 0,
        code: str | None = None,
    ) -> Pairing:
        """Lets a device into the group; see Pairing. In a shared group it is given the group's
        secret, which nothing takes back.

        kind    "code": 16 characters to type; "link": to scan, see render_qr
        rights  of the new device; None: all that this device has. In a shared group there are none
        life_s  how long the code is good; 0: 600, which is also the most
        code    one of new_pair_code(), shown before: it is good as soon as the client is connected,
                and serves once

        Raises at once: RelayError BUSY: another pairing of this client is not over.
        """
        return Pairing(self, kind, rights, life_s, code)

    def revoke(
        self,
        device: bytes,
        reason: RevokeReason = RevokeReason.UNSPECIFIED,
        recovery: str | None = None,
    ) -> asyncio.Future[int]:
        """Removes a device from its paired group; the others get fresh keys. With the group's
        recovery code any device can remove any other one, offline too. Returns the epoch."""
        return self._start(_calls.revoke(self._handle, device, reason, recovery))

    def rotate(self) -> asyncio.Future[int]:
        """Gives a paired group fresh keys now. Returns the epoch."""
        return self._start(_calls.rotate(self._handle))

    def leave(self) -> asyncio.Future[None]:
        """Takes this device out of its group, for good; what is stored stays readable."""
        return self._start(_calls.leave(self._handle))

    def change_store_key(
        self, key: Buffer | None = None, *, passphrase: str | None = None
    ) -> asyncio.Future[None]:
        """Changes what opens the store: 32 bytes, a passphrase, or nothing but the file's mode."""
        return self._start(_calls.change_store_key(self._handle, key, passphrase))


async def _pieces(source: Source, chunk_bytes: int) -> AsyncIterable[Buffer]:
    if hasattr(source, "read"):
        file = cast("IO[bytes]", source)
        if not 0 < chunk_bytes <= SIZE_PUSH_MAX:
            raise ValueError(f"chunk_bytes is {chunk_bytes}; it may be 1 to {SIZE_PUSH_MAX}")
        while chunk := await asyncio.to_thread(file.read, chunk_bytes):
            yield chunk
    elif isinstance(source, AsyncIterable):
        async for piece in source:
            yield piece
    else:
        for piece in source:
            yield piece


class Entries:
    """What Client.entries() gives."""

    def __init__(self, client: Client, after: int | None, ack: bool, own: bool):
        self._client = client
        self._own = own
        self._trail = AckTrail(client._handle) if ack else None
        self._after = client.acked if after is None else after
        self._given = 0  # the sequence that the loop has in its hands
        self._batch: deque[Entry] = deque()
        self._filling = False

    def __aiter__(self) -> Entries:
        return self

    async def __anext__(self) -> Entry:
        if self._filling:
            raise RuntimeError("another task waits for the next entry: call entries() for each")
        if self._trail is not None and self._given:
            self._trail.advance(self._given)
        if not self._batch:
            await self._fill()
        entry = self._batch.popleft()
        self._given = entry.seq
        return entry

    async def _fill(self) -> None:
        if self._trail is not None:
            self._trail.settle()
        self._filling = True
        try:
            read = await self._client.read(self._after, wait=True, own=self._own)
        except (ClosedError, OperationCancelledError):
            raise StopAsyncIteration from None
        finally:
            self._filling = False
        self._batch.extend(read)
        self._after = read[-1].seq

    async def aclose(self) -> None:
        """Settles what was acknowledged; the entry given out last is not."""
        if self._trail is not None:
            self._trail.settle()


class Events:
    """What Client.events() gives."""

    def __init__(self, hub: Hub):
        self._hub = hub
        self._seen: deque[Event] = deque(maxlen=BACKLOG)
        self._changed = asyncio.Event()
        hub.listen(self)

    def put(self, event: Event) -> None:
        self._seen.append(event)
        self._changed.set()

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> Event:
        while not self._seen:
            if self._hub.closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._seen.popleft()

    async def aclose(self) -> None:
        """Listens no more. An iterator that nobody keeps does so by itself."""
        self._hub.forget(self)


class Pairing:
    """A device is being let in:

        pairing = client.pair()
        print("type this on the other device:", await pairing.code())
        request = await pairing.asked()
        print(f"let {request.name} in? it must show {request.digits} too")
        pairing.answer(True)
        device = await pairing

    Awaiting it gives the new device's id, or raises what ended the pairing; so do code() and
    asked(). Each of its user's words is in zks.h at zks_pair_begin and zks_pair_begin_code.
    """

    def __init__(
        self, client: Client, kind: str, rights: Right | None, life_s: int, code: str | None
    ):
        self._client = client
        self._watch = client._watch_pairing()
        self._changed = asyncio.Event()
        self._watch.on_change = self._changed.set
        self._future = client._start(_calls.pair(client._handle, kind, rights, life_s, code))
        self._future.add_done_callback(self._over)
        client._pairing_over = self._future.done

    def _over(self, future: asyncio.Future[bytes]) -> None:
        if not future.cancelled():
            future.exception()  # code() or asked() may be all that somebody awaits
        self._changed.set()

    async def _until(self, ready: Callable[[], T | None]) -> T:
        while (value := ready()) is None:
            if self._future.done():
                self._future.result()
                raise OperationCancelledError(-4, "the pairing is over")
            self._changed.clear()
            await self._changed.wait()
        return value

    async def code(self) -> str:
        """What the user types or scans on the other device, as soon as the relay takes it. A
        secret."""
        return await self._until(lambda: self._watch.code)

    async def asked(self) -> PairRequest:
        """The next device that has proven to know the code."""
        return await self._until(self._watch.next_request)

    @property
    def tries_left(self) -> int | None:
        """After a wrong try: how many are left; None: nobody has tried a wrong code."""
        return self._watch.tries_left

    def answer(self, accept: bool) -> None:
        """Lets the device in that was asked for, or not."""
        self._client._answer_pairing(accept)

    def cancel(self) -> None:
        """Takes the code back."""
        self._future.cancel()

    def __await__(self) -> Generator[Any, None, bytes]:
        return self._future.__await__()


# --- opening ------------------------------------------------------------------------------------


class Created(NamedTuple):
    """A new group. recovery_code: 18 words, the only copy; whoever has them can come in and remove
    any device, for ever. None: made without."""

    client: Client
    recovery_code: str | None

    def __repr__(self) -> str:
        return f"Created(client={self.client!r}, recovery_code=...)"


class Opening(Generic[T]):
    """Awaited it gives a client; `async with` closes it at the end."""

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, tuple[Client, T]]]):
        self._begin = begin
        self._client: Client | None = None

    def __await__(self) -> Generator[Any, None, T]:
        return self._result().__await__()

    async def _result(self) -> T:
        self._client, result = await self._begin()
        return result

    async def __aenter__(self) -> T:
        return await self._result()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()


async def _store_key(config: Config) -> Buffer | None:
    key: Any = config.store_key
    if callable(key):
        key = key()
        if inspect.isawaitable(key):
            key = await cast("Awaitable[bytes]", key)
    return cast("Buffer | None", key)


async def _open(
    config: Config, function: str, *arguments: Any, on_digits: Callable[[str], object] | None = None
) -> tuple[Client, Opened]:
    key = await _store_key(config)
    bridge = bridge_here()
    opened, call = open_call(bridge, config, key, function, arguments)
    listener = DigitsListener(on_digits) if on_digits else None
    if listener is not None:
        opened.hub.watch(listener)
    try:
        await OpFuture(bridge, call)
    except BaseException:
        opened.abandon()
        raise
    opened.accept()
    return Client(opened, bridge), opened


def open(config: Config) -> Opening[Client]:
    """Opens a client: its store, its group (made if the configuration has its secret and it is new
    there) and its device.

        async with zerok_sync.open(Config(store="notes.zks", relays=[...])) as client: ...

    Raises ConfigError, and StoreError: another process has the store, it cannot be opened, its key
    is another one, or it holds no group: see create_group(), join() and restore().
    """

    async def begin() -> tuple[Client, Client]:
        client, _ = await _open(config, "zks_client_open")
        return client, client

    return Opening(begin)


def create_group(config: Config, *, recovery: bool = True) -> Opening[Created]:
    """Creates a paired group with this device as its first member. Works offline.

        async with zerok_sync.create_group(config) as (client, recovery_code): ...
    """

    async def begin() -> tuple[Client, Created]:
        client, opened = await _open(config, "zks_group_create", 0 if recovery else 1)
        return client, Created(client, opened.recovery_code)

    return Opening(begin)


def join(
    config: Config, code: str, *, on_digits: Callable[[str], object] | None = None
) -> Opening[Client]:
    """Joins a group, paired or shared, by the code or link that a member shows. Lasts until that
    device's user has let this one in; cancelling the task gives up.

    on_digits  called with the six digits that both devices show, for their users to compare
    """

    async def begin() -> tuple[Client, Client]:
        client, _ = await _open(config, "zks_group_join", *utf8(code), on_digits=on_digits)
        return client, client

    return Opening(begin)


def restore(config: Config, recovery_code: str) -> Opening[Client]:
    """Comes into a paired group by its recovery code, as a new device with all rights."""

    async def begin() -> tuple[Client, Client]:
        client, _ = await _open(config, "zks_group_restore", *utf8(recovery_code))
        return client, client

    return Opening(begin)
