# SPDX-License-Identifier: MIT OR Apache-2.0
"""The dispatcher of all blocking clients: a daemon thread that brings their events."""

from __future__ import annotations

import atexit
import logging
import os
import select
import threading

from ._dispatch import Dispatcher
from ._runtime import at_fork

_log = logging.getLogger("zerok_sync")
_lock = threading.Lock()
_one: _Background | None = None


class _Background:
    def __init__(self) -> None:
        self.dispatcher = Dispatcher()
        self._awake, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="zerok_sync", daemon=True)
        self._thread.start()
        atexit.register(self._stop)

    def _run(self) -> None:
        poller = select.poll()
        poller.register(self.dispatcher.fd, select.POLLIN)
        poller.register(self._awake, select.POLLIN)
        while not any(ready == self._awake for ready, _ in poller.poll()):
            try:
                self.dispatcher.dispatch()
            except Exception:
                _log.exception("an event could not be handed over")

    def _stop(self) -> None:
        """Before the interpreter goes: a thread must not be in it then."""
        os.close(self._wake)
        self._thread.join(timeout=1)


def dispatcher() -> Dispatcher:
    global _one
    with _lock:
        if _one is None:
            _one = _Background()
        return _one.dispatcher


def _forget() -> None:
    global _one, _lock
    if _one is not None:
        atexit.unregister(_one._stop)
    _one, _lock = None, threading.Lock()


at_fork(_forget)
