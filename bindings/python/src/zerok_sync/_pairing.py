# SPDX-License-Identifier: MIT OR Apache-2.0
"""The events of a pairing, as both facades need them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ._constants import SIZE_PAIR_CODE, EventKind
from ._errors import check
from ._events import Event, Hub
from ._native import ffi, lib
from ._types import bytes_at


def new_pair_code() -> str:
    """A pairing code that is good before there is a connection, for pair(code=...): to be shown or
    printed at once. XXXX-XXXX-XXXX-XXXX of 2 to 7 and A to Z without I, L, O and U; a secret."""
    out = ffi.new("uint8_t[]", SIZE_PAIR_CODE)
    check(lib.zks_pair_code_new(out))
    return bytes_at(out, SIZE_PAIR_CODE - 1).decode()


class PairRequest(NamedTuple):
    """May this device join? name: as it calls itself; digits: what it must show too."""

    name: str
    digits: str


class PairingWatch:
    """Listens to the events of one pairing."""

    def __init__(self, hub: Hub) -> None:
        self.code: str | None = None
        self.tries_left: int | None = None
        self.on_change: Callable[[], object] = lambda: None
        self._requests: deque[PairRequest] = deque()
        hub.watch(self)

    def put(self, event: Event) -> None:
        if event.kind == EventKind.PAIR_CODE:
            self.code = event.code
        elif event.kind == EventKind.PAIR_WRONG_TRY:
            self.tries_left = event.count
        elif event.kind == EventKind.PAIR_ASK:
            self._requests.append(PairRequest(event.name or "", event.digits or ""))
        else:
            return
        self.on_change()

    def next_request(self) -> PairRequest | None:
        return self._requests.popleft() if self._requests else None
