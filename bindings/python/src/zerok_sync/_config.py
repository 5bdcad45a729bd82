# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a client is opened with."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Union

from ._calls import Buffer, buffer, c_path, c_text, utf8
from ._constants import Option, Suite
from ._dispatch import EVENT
from ._errors import check
from ._events import Hub
from ._native import ffi, lib

if TYPE_CHECKING:
    from ._native import _CData

StoreKey = Union[bytes, Callable[[], bytes], Callable[[], Awaitable[bytes]]]
_SECRETS = ("secret", "passphrase", "store_key", "store_passphrase")
_SUITES = {"default": Suite.DEFAULT, "approved": Suite.APPROVED}


@dataclass(frozen=True, repr=False)
class Config:
    """What a client is opened with. All but `store` and `relays` is optional; 0 means the default.

    store               the file that holds everything, made where absent; None: in memory
    relays              addresses, "zks://<key>@host:port" or "host[:port]"; the first is preferred
    device_name         shown to the group's members only
    secret              32 bytes of a shared group: who has them is a member
    passphrase, salt    the same from a passphrase. salt: at least 8 bytes, or the text of a
                        descriptor; None begins a new group, whose invites carry the descriptor
    store_key           32 bytes that open the store, best from the system's keychain; or a
                        function that gives them, called once for each opening (asyncio: it may be
                        a coroutine function)
    store_passphrase    a passphrase that opens the store
    suite               "default" or "approved", of a group that is made or joined; "": either
    ttl_s               how long relays keep what is pushed
    rotate_s            age of a paired group's keys at which fresh ones are made
    inbox_max_bytes     unread bytes at which the relay is asked to wait
    keep_bytes          read and settled payloads that the store keeps
    queue_max_bytes     bytes on their way into the store at which push raises LIMIT
    connect_timeout_ms  one attempt to reach a relay
    """

    store: str | os.PathLike[str] | None = None
    relays: Sequence[str] = ()
    device_name: str | None = None
    secret: Buffer | None = None
    passphrase: str | None = None
    salt: Buffer | str | None = None
    store_key: StoreKey | None = None
    store_passphrase: str | None = None
    suite: str = ""
    ttl_s: int = 0
    rotate_s: int = 0
    inbox_max_bytes: int = 0
    keep_bytes: int = 0
    queue_max_bytes: int = 0
    connect_timeout_ms: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.relays, str):
            raise TypeError("relays is one str; give a list of addresses")
        if self.suite not in ("", *_SUITES):
            raise ValueError(f"suite is {self.suite!r}; it may be 'default' or 'approved'")
        if self.salt is not None and self.passphrase is None:
            raise ValueError("a salt is of no use without a passphrase: give both")

    def __repr__(self) -> str:
        shown = [
            f"{f.name}={'...' if f.name in _SECRETS else repr(getattr(self, f.name))}"
            for f in fields(self)
            if getattr(self, f.name) != f.default
        ]
        return f"Config({', '.join(shown)})"


_NUMBERS = {
    "ttl_s": Option.TTL_S,
    "rotate_s": Option.ROTATE_S,
    "inbox_max_bytes": Option.INBOX_MAX_BYTES,
    "keep_bytes": Option.KEEP_BYTES,
    "queue_max_bytes": Option.QUEUE_MAX_BYTES,
    "connect_timeout_ms": Option.CONNECT_TIMEOUT_MS,
}


class NativeConfig:
    """A zks_config made of a Config, with the queue and the hub of the client to come."""

    def __init__(self, config: Config, store_key: Buffer | None, queue: _CData, hub: Hub):
        out = ffi.new("zks_config **")
        check(lib.zks_config_new(out))
        self.pointer = out[0]
        try:
            self._fill(config, store_key)
            self._set(lib.zks_config_set_queue, queue)
            self._set(lib.zks_config_set_events, EVENT, hub.user, ffi.NULL)
        except BaseException:
            self.free()
            raise

    def _set(self, setter: Callable[..., int], *arguments: Any) -> None:
        status = setter(self.pointer, *arguments)
        if status:
            check(status, ffi.string(lib.zks_config_problem(self.pointer)).decode())

    def _fill(self, config: Config, store_key: Buffer | None) -> None:
        if config.suite:
            self._set(lib.zks_config_set_int, Option.SUITE, _SUITES[config.suite])
        if config.secret is not None:
            self._set(lib.zks_config_set_secret, *buffer(config.secret))
        if config.passphrase is not None:
            salt = config.salt
            given = utf8(salt) if salt is None or isinstance(salt, str) else buffer(salt)
            self._set(lib.zks_config_set_passphrase, *utf8(config.passphrase), *given)
        if store_key is not None:
            self._set(lib.zks_config_set_store_key, *buffer(store_key))
        if config.store_passphrase is not None:
            self._set(lib.zks_config_set_store_passphrase, *utf8(config.store_passphrase))
        if config.store is not None:
            self._set(lib.zks_config_set_text, Option.STORE_PATH, c_path(config.store))
        if config.device_name is not None:
            self._set(lib.zks_config_set_text, Option.DEVICE_NAME, c_text(config.device_name))
        for name, option in _NUMBERS.items():
            self._set(lib.zks_config_set_int, option, getattr(config, name))
        for relay in config.relays:
            self._set(lib.zks_config_add_relay, c_text(relay))

    def free(self) -> None:
        pointer, self.pointer = self.pointer, ffi.NULL
        lib.zks_config_free(pointer)
