# SPDX-License-Identifier: MIT OR Apache-2.0
"""The one runtime of this process, made when it is first needed, and what a fork does to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ._errors import check
from ._native import ffi, lib

if TYPE_CHECKING:
    from ._native import _CData


class _Process:
    """What belongs to this process: a forked child begins anew."""

    def __init__(self, generation: int):
        self.generation = generation
        self.lock = threading.Lock()
        self.runtime: _CData | None = None


_process = _Process(0)
_forget: list[Callable[[], None]] = []


def runtime() -> _CData:
    """The zks_runtime that all clients share. Never freed: a process may exit at any time."""
    process = _process
    with process.lock:
        if process.runtime is None:
            out = ffi.new("zks_runtime **")
            check(lib.zks_runtime_new(out))
            process.runtime = out[0]
        return process.runtime


def generation() -> int:
    """How many forks lie between the first process and this one: an object that remembers another
    number belongs to the parent."""
    return _process.generation


def at_fork(forget: Callable[[], None]) -> None:
    """Has a function called in each forked child, where the parent's objects are of no use."""
    _forget.append(forget)


def _in_child() -> None:
    global _process
    _process = _Process(_process.generation + 1)
    for forget in _forget:
        forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
