# SPDX-License-Identifier: MIT OR Apache-2.0
"""Events: what happened to a client, and the way from the engine to who listens."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

from ._constants import EventField, EventKind, State
from ._errors import ZksError, make_error
from ._native import ffi, lib
from ._types import bytes_at, text_or_none

if TYPE_CHECKING:
    from ._native import _CData

BACKLOG = 1000  # events that are kept for a listener that is slow, or is still to come


@dataclass(frozen=True)
class Event:
    """Something that happened to a client. An event carries no payload; who sleeps through any
    number of them has lost nothing. Which fields a kind has: zks.h, ZKS_EVENT_*; the others are
    None.

    kind      what happened
    error     why, as an exception that was not raised; None: it is no failure
    sentence  what happened and the cure, for people
    device, chain, first, last  whose entries, and which
    number    of an own entry, or of an epoch
    code      a pairing code or link, a secret
    digits    six digits that both sides of a pairing show
    """

    kind: EventKind
    error: ZksError | None = None
    sentence: str | None = None
    last_seq: int | None = None
    state: State | None = None
    retry_after_ms: int | None = None
    count: int | None = None
    first: int | None = None
    last: int | None = None
    number: int | None = None
    digits: str | None = None
    relay: str | None = None
    code: str | None = None
    name: str | None = None
    device: bytes | None = None
    blob_id: bytes | None = None
    chain: bytes | None = None
    relay_key: bytes | None = None

    def __repr__(self) -> str:
        known = ((f.name, getattr(self, f.name)) for f in fields(self))
        shown = [
            f"{name}={'...' if name == 'code' else repr(value)}"
            for name, value in known
            if value is not None and name != "kind"
        ]
        return f"Event({', '.join([self.kind.name, *shown])})"


def read_event(event: _CData) -> Event | None:
    """Copies an event during its callback; None: of a kind that is newer than this package."""
    try:
        kind = EventKind(lib.zks_event_kind(event))
    except ValueError:
        return None

    def number(field: EventField) -> int | None:
        return lib.zks_event_number(event, field) or None

    def text(field: EventField) -> str | None:
        return text_or_none(lib.zks_event_text(event, field))

    def blob(field: EventField) -> bytes | None:
        out_length = ffi.new("size_t *")
        return bytes_at(lib.zks_event_bytes(event, field, out_length), out_length[0]) or None

    status, sentence = lib.zks_event_status(event), text(EventField.SENTENCE)
    digits = kind in (EventKind.PAIR_DIGITS, EventKind.PAIR_ASK)
    return Event(
        kind=kind,
        error=make_error(status, sentence or "") if status else None,
        sentence=sentence,
        last_seq=number(EventField.LAST_SEQ),
        state=State(number(EventField.STATE) or 0) if kind == EventKind.STATE else None,
        retry_after_ms=number(EventField.RETRY_AFTER_MS),
        # The last wrong try leaves none, and that is what matters about it.
        count=lib.zks_event_number(event, EventField.COUNT)
        if kind == EventKind.PAIR_WRONG_TRY
        else number(EventField.COUNT),
        first=number(EventField.FIRST),
        last=number(EventField.LAST),
        number=number(EventField.NUMBER),
        digits=f"{lib.zks_event_number(event, EventField.DIGITS):06d}" if digits else None,
        relay=text(EventField.RELAY),
        code=text(EventField.CODE),
        name=text(EventField.NAME),
        device=blob(EventField.DEVICE),
        blob_id=blob(EventField.BLOB_ID),
        chain=blob(EventField.CHAIN),
        relay_key=blob(EventField.RELAY_KEY),
    )


class Listener(Protocol):
    """Takes events on the thread that dispatches, and returns soon."""

    def put(self, event: Event) -> None: ...


class Hub:
    """The events of one client. They go to every listener, watchers too; what comes while nobody
    but watchers is there waits for the first listener. All are held weakly: one that nobody keeps
    is gone."""

    def __init__(self) -> None:
        self.user: _CData | None = ffi.new_handle(self)
        self.closed = False  # the last event came
        self.home: set[Hub] = set()  # of the dispatcher that keeps it until then
        self._lock = threading.Lock()  # the blocking facade dispatches on a thread of its own
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._watchers: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._backlog: deque[Event] = deque(maxlen=BACKLOG)

    def publish(self, event: Event) -> None:
        if event.kind == EventKind.CLOSED:
            self.closed = True
            self.home.discard(self)
        with self._lock:
            listeners = list(self._listeners)
            if not listeners and event.kind != EventKind.PAIR_CODE:  # a secret does not lie about
                self._backlog.append(event)
            listeners += self._watchers
        for listener in listeners:
            listener.put(event)

    def listen(self, listener: Listener) -> None:
        """From now on, and what came while nobody listened."""
        with self._lock:
            while self._backlog:
                listener.put(self._backlog.popleft())
            self._listeners.add(listener)

    def watch(self, watcher: Listener) -> None:
        """From now on, for the package's own needs."""
        with self._lock:
            self._watchers.add(watcher)

    def forget(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)
            self._watchers.discard(listener)
