# SPDX-License-Identifier: MIT OR Apache-2.0
"""A dispatch queue of the engine: its callbacks run where dispatch() is called, a batch at a time.

Callbacks only note what completed; what Python does about it happens when the engine's call is
over, where an exception or a Ctrl-C is like everywhere else in Python.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol

from ._errors import check
from ._events import Hub, read_event
from ._native import ffi, lib
from ._runtime import runtime

if TYPE_CHECKING:
    from ._native import _CData

CAPACITY = 512  # callbacks in one call
DONE = ffi.addressof(lib, "zkspy_done")
EVENT = ffi.addressof(lib, "zkspy_event")

_raised = threading.local()  # what callbacks raised in the call under way


def _keep(kind: Any, error: BaseException, trace: Any) -> None:
    vars(_raised).setdefault("errors", []).append(error)


@ffi.def_extern(name="zkspy_on_event", onerror=_keep)
def _on_event(event: _CData, user: _CData) -> None:
    hub: Hub = ffi.from_handle(user)
    if (seen := read_event(event)) is not None:
        hub.publish(seen)


class Completes(Protocol):
    """An operation that is under way."""

    def complete(self) -> None:
        """The engine is done with it. Called again where an exception cut it short."""

    def drop(self) -> None:
        """The loop is gone: nobody will ever ask."""


class Dispatcher:
    """Owns a zks_queue, and keeps alive what the engine has pointers to: the operations under way
    and the hubs of open clients.

    A signal's handler may raise between any two steps: what the engine reported is first in _users,
    then in _completed, and leaves each only when it is safe in the next place.
    """

    def __init__(self) -> None:
        out = ffi.new("zks_queue **")
        check(lib.zks_queue_new(runtime(), ffi.NULL, ffi.NULL, ffi.NULL, out))
        self.queue: _CData | None = out[0]
        self.fd = lib.zks_queue_fd(out[0])
        self.pending: dict[_CData, Completes] = {}  # by the user pointers of their done functions
        self.hubs: set[Hub] = set()
        self._users = ffi.new("void *[]", CAPACITY)
        self._count = ffi.new("uint32_t *")
        self._completed: deque[Completes] = deque()

    def dispatch(self) -> None:
        """Runs what waits in the queue, at most CAPACITY callbacks; never waits for more."""
        if self.queue is None:
            return
        self._take()
        check(lib.zkspy_dispatch(self.queue, CAPACITY, self._users, self._count))
        self._take()
        while self._completed:
            self._completed[0].complete()
            self._completed.popleft()
        if errors := vars(_raised).pop("errors", None):
            raise errors[0]

    def _take(self) -> None:
        """Takes what the engine noted as complete; twice is fine."""
        users = ffi.unpack(self._users, self._count[0])
        self._completed.extend(filter(None, map(self.pending.pop, users, repeat(None))))
        self._count[0] = 0

    @property
    def behind(self) -> bool:
        """Whether an exception kept dispatch() from all that the engine had reported."""
        return bool(self._completed or self._count[0])

    def adopt(self, hub: Hub) -> None:
        """Keeps the hub of a client that is being opened until its last event came."""
        hub.home = self.hubs
        self.hubs.add(hub)

    def close(self) -> None:
        """Frees the queue; what the engine reports later is dropped. Closed twice is fine."""
        queue, self.queue = self.queue, None
        if queue is not None:
            lib.zkspy_queue_free(queue)
            for one in (*self._completed, *self.pending.values()):
                one.drop()
            self.pending.clear()
            self.hubs.clear()

    def __del__(self) -> None:
        if getattr(self, "queue", None) is not None:
            self.close()
