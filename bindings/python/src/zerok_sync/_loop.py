# SPDX-License-Identifier: MIT OR Apache-2.0
"""The engine in an asyncio event loop: one queue for each loop, dispatched when its descriptor is
readable, and operations as futures of that loop.

Who keeps whom: the loop its bridge (by the reader), the bridge its operations and the hubs of open
clients, an operation its client. Nothing global keeps any of them, so a loop that is closed goes
with everything that was still open in it.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._calls import Call
from ._constants import Status
from ._dispatch import DONE, Dispatcher
from ._errors import check, op_error
from ._native import ffi, lib
from ._runtime import at_fork

if TYPE_CHECKING:
    from ._native import _CData

T = TypeVar("T")
_CANCELLED = int(Status.CANCELLED)


class OpFuture(asyncio.Future[T], Generic[T]):
    """An operation under way. Awaiting it gives the result; cancelling it, as by cancelling the
    task that awaits it, asks the engine to end the operation. A stored push stays stored."""

    def __init__(self, bridge: Bridge, call: Call[T]):
        super().__init__(loop=bridge.loop)
        self._user: _CData | None = ffi.new_handle(self)
        self._bridge: Bridge | None = bridge
        self._owner = call.owner  # a client lives as long as its operations
        self._finish: Callable[[_CData], T] | None = call.finish
        self._op: _CData | None = None
        status = call.function(*call.arguments, DONE, self._user, bridge.out_op, *call.more)
        if status:
            self._user = self._bridge = self._owner = None
            check(status)
        self._op = bridge.out_op[0]
        bridge.pending.add(self)

    def cancel(self, msg: Any | None = None) -> bool:
        if self._op is not None:
            lib.zks_op_cancel(self._op)
        return super().cancel(msg)

    def complete(self) -> None:
        """The engine is done with it."""
        op, bridge, finish = self._op, self._bridge, self._finish
        self._op = self._owner = self._user = self._bridge = self._finish = None
        assert op is not None and bridge is not None and finish is not None
        bridge.pending.discard(self)
        try:
            if not self.done():
                self._settle(op, finish)
        finally:
            lib.zks_op_free(op)

    def _settle(self, op: _CData, finish: Callable[[_CData], T]) -> None:
        status = lib.zks_op_status(op)
        if status:
            self.set_exception(op_error(op, status))
            if status == _CANCELLED:
                self.exception()  # the client was closed: nothing that nobody looked at is amiss
            return
        try:
            result = finish(op)
        except Exception as error:
            self.set_exception(error)
        else:
            self.set_result(result)

    def drop(self) -> None:
        """The loop is gone: nobody will ever ask."""
        op, self._op = self._op, None
        self._user = self._owner = self._bridge = self._finish = None
        if op is not None:
            lib.zks_op_free(op)


class Bridge(Dispatcher):
    """One event loop's queue."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        super().__init__()
        self.loop = loop
        self.out_op = ffi.new("zks_op **")
        self._watch: _Watch | None = None
        try:
            loop.add_reader(self.fd, self._on_readable)
        except NotImplementedError:
            self._watch = _Watch(self)

    def _on_readable(self) -> None:
        try:
            self.dispatch()
        finally:
            if self._completed:  # an exception came in between
                self.loop.call_soon(self._on_readable)
            elif not self.pending and not self.hubs:
                self._leave()

    def _leave(self) -> None:
        """Nothing is open any more: the loop is as it was before."""
        if self._watch is not None:
            self._watch.stop()
        elif self.queue is not None and not self.loop.is_closed():
            self.loop.remove_reader(self.fd)
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_watch", None) is not None:
            self._watch.stop()  # type: ignore[union-attr]
        super().__del__()


class _Watch:
    """For loops without add_reader: a thread that waits on the descriptor and calls into the loop.
    It keeps the bridge weakly, as a closed loop would not tell it to end."""

    def __init__(self, bridge: Bridge):
        self._bridge = weakref.ref(bridge)
        self._awake, self._wake = os.pipe()
        self._again = threading.Event()
        threading.Thread(
            target=self._run, args=(bridge.fd,), name="zerok_sync", daemon=True
        ).start()

    def _run(self, fd: int) -> None:
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        poller.register(self._awake, select.POLLIN)
        while not any(ready == self._awake for ready, _ in poller.poll()):
            if not self._call():
                break
        os.close(self._awake)

    def _call(self) -> bool:
        bridge = self._bridge()
        if bridge is None:
            return False
        self._again.clear()
        try:
            bridge.loop.call_soon_threadsafe(self._dispatch)
        except RuntimeError:  # the loop is closed
            return False
        del bridge
        return self._again.wait()

    def _dispatch(self) -> None:
        bridge = self._bridge()
        try:
            if bridge is not None:
                bridge._on_readable()
        finally:
            self._again.set()

    def stop(self) -> None:
        wake, self._wake = self._wake, -1
        if wake >= 0:
            os.close(wake)  # the other end becomes readable
            self._again.set()


_bridges: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Bridge]]
_bridges = weakref.WeakKeyDictionary()


def bridge_here() -> Bridge:
    """The bridge of the running loop, made where there is none."""
    loop = asyncio.get_running_loop()
    found = _bridges.get(loop)
    bridge = found() if found is not None else None
    if bridge is None or bridge.queue is None:
        bridge = Bridge(loop)
        _bridges[loop] = weakref.ref(bridge)
    return bridge


at_fork(_bridges.clear)
