# SPDX-License-Identifier: MIT OR Apache-2.0
"""Exceptions: one class, subclasses by area, the cure in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ._constants import OpField, Status, StatusClass
from ._native import ffi, lib

if TYPE_CHECKING:
    from ._native import _CData


class ZksError(RuntimeError):
    """Something failed. The text says what and how to cure it.

    code            the status of zks.h, a negative number; one of Status
    name            its name, "NOT_CONNECTED"
    retry_class     "retry" (later, unchanged), "call" (mend the program or the input), "config"
                    (somebody has to change the configuration or the machine), "security"
                    (something is not what it claims to be), or "none"
    cure            one general sentence: what such a status means and the cure
    retry_after_ms  until the client tries again by itself, or the relay wants to hear again; 0
    pending         entries that are still to be sent, of a flush that ran out of time; 0
    """

    code: int
    retry_after_ms: int
    pending: int

    def __init__(self, code: int, text: str = "", retry_after_ms: int = 0, pending: int = 0):
        self.code = code
        self.retry_after_ms = retry_after_ms
        self.pending = pending
        super().__init__(text or self.cure)

    def __reduce__(self) -> tuple[type[ZksError], tuple[object, ...]]:
        return type(self), (self.code, str(self), self.retry_after_ms, self.pending)

    @property
    def name(self) -> str:
        return _ascii(lib.zks_status_name(self.code)).removeprefix("ZKS_E_").removeprefix("ZKS_")

    @property
    def retry_class(self) -> str:
        return StatusClass(lib.zks_status_class(self.code)).name.lower()

    @property
    def cure(self) -> str:
        return _ascii(lib.zks_status_text(self.code))


class CallError(ZksError):
    """The call is wrong, or came at the wrong time."""


class ClosedError(CallError):
    """The client is closed."""


class OperationCancelledError(CallError):
    """The operation was cancelled, or its client closed. Awaiting a future that was cancelled
    raises asyncio.CancelledError instead."""


class ZksTimeoutError(CallError, TimeoutError):
    """The deadline passed first; the work may still go on."""


class ForkedError(CallError):
    """This process is a fork of the one that opened the client."""


class ConfigError(ZksError):
    """The configuration is incomplete or contradicts itself."""


class StoreError(ZksError):
    """The store on this device."""


class NetworkError(ZksError):
    """The way to the relay."""


class NotConnectedError(NetworkError):
    """No relay is connected."""


class RelayError(ZksError):
    """A relay refused."""


class VerifyError(ZksError):
    """Data that does not verify: cut, altered, or made by somebody else."""


_SPECIAL: dict[int, type[ZksError]] = {
    Status.CLOSED: ClosedError,
    Status.CANCELLED: OperationCancelledError,
    Status.TIMEOUT: ZksTimeoutError,
    Status.FORKED: ForkedError,
    Status.NOT_CONNECTED: NotConnectedError,
}
_AREAS = (CallError, ConfigError, StoreError, NetworkError, RelayError, VerifyError)


def _ascii(text: _CData) -> str:
    return ffi.string(text).decode()


def make_error(code: int, text: str = "", retry_after_ms: int = 0, pending: int = 0) -> ZksError:
    """The exception for a status."""
    area = -code // 100
    kind = _SPECIAL.get(code) or (_AREAS[area] if 0 <= area < len(_AREAS) else ZksError)
    return kind(code, text, retry_after_ms, pending)


def op_error(op: _CData, code: int) -> ZksError:
    """The exception for a failed operation, in its own words."""
    return make_error(
        code,
        ffi.string(lib.zks_op_text(op)).decode(),
        lib.zks_op_number(op, OpField.RETRY_AFTER_MS),
        lib.zks_op_number(op, OpField.PENDING),
    )


def check(status: int, text: str = "") -> None:
    """Raises unless a status is 0."""
    if status:
        raise make_error(status, text)


def raise_closed() -> NoReturn:
    raise make_error(Status.CLOSED, "the client is closed: open it again")


def raise_forked() -> NoReturn:
    raise make_error(
        Status.FORKED,
        "this process is a fork of the one that opened the client: open another one here",
    )
