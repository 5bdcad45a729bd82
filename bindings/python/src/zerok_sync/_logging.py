# SPDX-License-Identifier: MIT OR Apache-2.0
"""The engine's log in the logging module. The engine writes lines into a pipe and never waits; a
thread reads them from there."""

from __future__ import annotations

import fcntl
import logging
import os
import threading

from ._constants import LogLevel
from ._errors import check
from ._native import ffi, lib
from ._runtime import at_fork, runtime

logger = logging.getLogger("zerok_sync")
logger.addHandler(logging.NullHandler())

_LEVELS = {
    LogLevel.ERROR: logging.ERROR,
    LogLevel.WARN: logging.WARNING,
    LogLevel.INFO: logging.INFO,
    LogLevel.DEBUG: logging.DEBUG,
}
_lock = threading.Lock()
_pipe: tuple[int, int] | None = None


def enable_logging(level: int = logging.INFO) -> None:
    """Passes the engine's log on to the logger "zerok_sync".

    level  of the logging module; what is below it the engine does not even make. logging.CRITICAL
           turns it off again

    A line is `event key=value ...`, without secrets, payloads or identifiers in clear. A process
    that logs faster than its handlers take it loses lines rather than time.
    """
    wanted = [ours for ours, theirs in _LEVELS.items() if theirs >= level]
    sink, user = ffi.addressof(lib, "zkspy_log"), ffi.cast("void *", _writer())
    check(
        lib.zks_runtime_set_log(
            runtime(), max(wanted, default=LogLevel.OFF), sink, user, ffi.NULL
        )
    )


def _writer() -> int:
    """The end of the pipe that the engine writes to."""
    global _pipe
    with _lock:
        if _pipe is None:
            _pipe = os.pipe()
            fcntl.fcntl(_pipe[1], fcntl.F_SETFL, os.O_NONBLOCK)
            threading.Thread(
                target=_read, args=(_pipe[0],), name="zerok_sync log", daemon=True
            ).start()
        return _pipe[1]


def _read(fd: int) -> None:
    rest = b""
    while chunk := os.read(fd, 65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number, _, text = line.decode("utf-8", "replace").partition(" ")
            logger.log(_LEVELS[LogLevel(int(number))], "%s", text)


def _forget() -> None:
    global _pipe, _lock
    _pipe, _lock = None, threading.Lock()


at_fork(_forget)
