# SPDX-License-Identifier: MIT OR Apache-2.0
"""A relay inside this process, for tests and small set-ups: the same code as zks-relay."""

from __future__ import annotations

import asyncio
import time
import warnings
from types import TracebackType
from typing import TYPE_CHECKING

from ._calls import c_text
from ._constants import Status
from ._errors import check, make_error, op_error
from ._native import ffi, lib
from ._runtime import runtime

if TYPE_CHECKING:
    from ._native import _CData

SLICE_MS = 50


class Relay:
    """A relay inside this process.

        async with Relay("listen = 127.0.0.1:0\\ndata = /tmp/relay\\n") as relay:
            config = Config(relays=[relay.address], ...)

    config  lines `name = value` as in zks-relay's configuration file. Port 0 is any free one

    `with` works as well, and start() and stop(), which wait; start_async() and stop_async() do not
    block the event loop.
    """

    def __init__(self, config: str):
        self._config = c_text(config)
        self._out = ffi.new("zks_relay **")  # where the engine puts it
        self.address = ""

    def __del__(self) -> None:
        if hasattr(self, "_out") and self._out[0]:
            warnings.warn("a Relay was never stopped", ResourceWarning, source=self, stacklevel=2)
            self._free()

    def start(self, timeout: float = 30) -> str:
        """Starts it and returns the address for clients. Raises ConfigError, StoreError, or
        NetworkError with PORT_IN_USE."""
        if self._out[0]:
            raise RuntimeError("this relay runs already")
        out_op = ffi.new("zks_op **")
        try:
            check(
                lib.zks_relay_start(runtime(), self._config, ffi.NULL, ffi.NULL, out_op, self._out)
            )
            _finish(out_op[0], timeout)
        except BaseException:
            self._free()
            raise
        self.address = ffi.string(lib.zks_relay_address(self._out[0])).decode()
        return self.address

    def stop(self, timeout: float = 30) -> None:
        """Tells its clients, finishes what is being stored, closes. Stopped twice is fine."""
        if self._out[0]:
            out_op = ffi.new("zks_op **")
            try:
                check(lib.zks_relay_stop(self._out[0], ffi.NULL, ffi.NULL, out_op))
                _finish(out_op[0], timeout)
            finally:
                self._free()

    def _free(self) -> None:
        relay, self._out[0] = self._out[0], ffi.NULL
        lib.zks_relay_free(relay)

    async def start_async(self, timeout: float = 30) -> str:
        """As start(). Cancelled, it stops what has started meanwhile."""
        starting = asyncio.get_running_loop().run_in_executor(None, self.start, timeout)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._undo)  # nothing cancels a thread
            raise

    def _undo(self, starting: asyncio.Future[str]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            self.address = ""
            self._free()

    async def stop_async(self, timeout: float = 30) -> None:
        await asyncio.to_thread(self.stop, timeout)

    def __enter__(self) -> Relay:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Relay:
        await self.start_async()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop_async()


def _finish(op: _CData, timeout: float) -> None:
    """Waits in slices, so that Ctrl-C is noticed, and frees the operation. No done function: a
    relay's callbacks would come on a thread of the engine."""
    end = time.monotonic() + timeout
    try:
        while lib.zks_op_wait(op, SLICE_MS) == Status.TIMEOUT:
            if time.monotonic() >= end:
                raise make_error(Status.TIMEOUT, f"the relay is not done after {timeout} s")
        status = lib.zks_op_status(op)
        if status:
            raise op_error(op, status)
    finally:
        lib.zks_op_free(op)
