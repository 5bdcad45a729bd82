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
        self._out = ffi.new("zks_op **")  # its address is also the user pointer
        self._owner = call.owner  # a client lives as long as its operations
        self._finish: Callable[[_CData], T] | None = call.finish
        try:
            # First of all: a signal's handler may raise as soon as the engine has the pointer.
            bridge.pending[self._out] = self
            status = call.function(*call.arguments, DONE, self._out, self._out, *call.more)
            if status:
                check(status)
        except BaseException:
            if self._out[0]:
                self.cancel()
            else:
                bridge.pending.pop(self._out, None)
                self.drop()
            raise

    def cancel(self, msg: Any | None = None) -> bool:
        if op := self._out[0]:
            lib.zks_op_cancel(op)
        return super().cancel(msg)

    def complete(self) -> None:
        if not self.done():
            assert self._finish is not None
            self._settle(self._out[0], self._finish)
        self.drop()

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
        except BaseException as error:
            self.set_exception(error)  # the result may be gone
            raise
        else:
            self.set_result(result)

    def drop(self) -> None:
        op, self._out[0] = self._out[0], ffi.NULL
        self._owner = self._finish = None
        lib.zks_op_free(op)


class Bridge(Dispatcher):
    """One event loop's queue."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        super().__init__()
        self.loop = loop
        self._watch: _Watch | None = None
        try:
            loop.add_reader(self.fd, self._on_readable)
        except NotImplementedError:
            self._watch = _Watch(self)

    def _on_readable(self) -> None:
        try:
            self.dispatch()
        finally:
            if self.behind:  # an exception came in between
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
