# SPDX-License-Identifier: MIT OR Apache-2.0
"""What both facades share: opening, and what a client answers at once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import _types
from ._calls import Buffer, Call, Handle, c_text, fixed, on
from ._config import Config, NativeConfig
from ._constants import SIZE_RELAY_KEY, EventKind, OpField, Status
from ._dispatch import Dispatcher
from ._errors import check, make_error
from ._events import Event, Hub
from ._native import ffi, lib
from ._pairing import PairingWatch
from ._runtime import runtime
from ._types import Device, Invite, Report, bytes_at, take_invite

if TYPE_CHECKING:
    from ._native import _CData


class Opened:
    """A client that is being opened, and what the operation told beside."""

    def __init__(self, hub: Hub):
        self.hub = hub
        self.handle = Handle(hub)
        self.recovery_code: str | None = None
        self.joined_relays: list[str] = []

    def accept(self) -> None:
        """It is open: from now on somebody has to close it."""
        self.handle.pointer = self.handle.out[0]
        self.handle.opened = True

    def abandon(self) -> None:
        """It could not be opened."""
        self.handle.free()

    def read(self, op: _CData) -> None:
        self.recovery_code = _op_text(op, OpField.RECOVERY_CODE)
        self.joined_relays = (_op_text(op, OpField.RELAYS) or "").splitlines()


def _op_text(op: _CData, field: OpField) -> str | None:
    out_length = ffi.new("size_t *")
    data = lib.zks_op_bytes(op, field, out_length)
    return bytes_at(data, out_length[0]).decode() if data else None


def open_call(
    dispatcher: Dispatcher,
    config: Config,
    store_key: Buffer | None,
    function: str,
    arguments: Sequence[Any],
) -> tuple[Opened, Call[None]]:
    """The call that opens a client, with one of the four functions of zks.h."""
    assert dispatcher.queue is not None
    hub = Hub()
    opened = Opened(hub)
    native = NativeConfig(config, store_key, dispatcher.queue, hub)
    begin: Callable[..., int] = getattr(lib, function)

    def start(*rest: Any) -> int:
        dispatcher.adopt(hub)
        try:
            return begin(runtime(), native.pointer, *arguments, *rest)
        finally:
            native.free()
            if not opened.handle.out[0]:  # it did not begin
                dispatcher.hubs.discard(hub)

    return opened, Call(None, start, (), opened.read, (opened.handle.out,))


class DigitsListener:
    """Tells the digits of a joining device's pairing."""

    def __init__(self, tell: Callable[[str], object]):
        self._tell = tell

    def put(self, event: Event) -> None:
        if event.kind == EventKind.PAIR_DIGITS:
            self._tell(event.digits or "")


class BaseClient:
    """The part of a client that needs no waiting."""

    def __init__(self, opened: Opened):
        self._handle = opened.handle
        self._joined_relays = opened.joined_relays
        self._pairing_over: Callable[[], bool] = lambda: True
        self._pairing_watch: Callable[[], PairingWatch | None] = lambda: None

    def __repr__(self) -> str:
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return f"<{kind} {'closed' if self.closed else 'open'} at {id(self):#x}>"

    def _watch_pairing(self) -> PairingWatch:
        """For a pairing that begins. One at a time: an event does not say whose code it brings."""
        if not self._pairing_over():
            words = "a code is shown already: cancel() that pairing, or wait for its end"
            raise make_error(Status.BUSY, words)
        if (last := self._pairing_watch()) is not None:
            self._handle.hub.forget(last)
        watch = PairingWatch(self._handle.hub)
        self._pairing_watch = weakref.ref(watch)
        return watch

    def _answer_pairing(self, accept: bool) -> None:
        check(lib.zks_pair_answer(on(self._handle), int(accept)))

    @property
    def closed(self) -> bool:
        """Whether it was closed, by close() or by the engine."""
        return self._handle.closed or self._handle.hub.closed

    @property
    def acked(self) -> int:
        """The durable watermark: the highest sequence that was acknowledged; 0: none."""
        return lib.zks_inbox_acked(on(self._handle))

    @property
    def joined_relays(self) -> list[str]:
        """Of a client that join() gave: the relays of the device that let it in. Give them to
        Config(relays=...) from now on."""
        return list(self._joined_relays)

    def devices(self) -> list[Device]:
        """The group's members as this device knows them now, this one first."""
        return _types.devices(on(self._handle))

    def report(self) -> Report:
        """The client's figures now, all of one moment."""
        return _types.report(on(self._handle))

    def invite_shared(self, relays: Sequence[str] | None = None) -> Invite:
        """Makes an invite into a shared group. It carries the group's secret. Works offline.

        relays  addresses for the other device; None: those of this client
        """
        out = ffi.new("zks_invite **")
        lines = ffi.NULL if relays is None else c_text("\n".join(relays))
        check(lib.zks_invite_shared(on(self._handle), lines, out))
        return take_invite(out[0])

    def network_changed(self) -> None:
        """A hint that the machine's network changed: waiting attempts are made now."""
        check(lib.zks_client_network_changed(on(self._handle)))

    def trust_relay(self, address: str, key: bytes) -> None:
        """Accepts another key for a relay whose address names none, when somebody has made sure
        that the change is right: an impostor looks the same.

        address  as configured
        key      32 bytes, as from the event's relay_key
        """
        raw = fixed(key, SIZE_RELAY_KEY, "a relay's key")
        check(lib.zks_client_trust_relay(on(self._handle), c_text(address), raw))
