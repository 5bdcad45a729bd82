# SPDX-License-Identifier: MIT OR Apache-2.0
"""End-to-end encrypted sync for local-first apps.

    import asyncio, zerok_sync
    from zerok_sync import Config

    async def main():
        config = Config(store="notes.zks", relays=["relay.example.org"], secret=secret)
        async with zerok_sync.open(config) as client:
            await client.connect()
            await client.push(b"hello")
            async for entry in client.entries():
                print(entry.data)

    asyncio.run(main())

Without asyncio: zerok_sync.blocking. docs/PYTHON.md is the introduction.
"""

from __future__ import annotations

from . import _interpreter

_interpreter.refuse_others()

from ._config import Config  # noqa: E402
from ._constants import (  # noqa: E402
    SIZE_PUSH_MAX,
    EventKind,
    GroupKind,
    ItemFlag,
    RevokeReason,
    Right,
    State,
    Status,
    Suite,
)
from ._errors import (  # noqa: E402
    CallError,
    ClosedError,
    ConfigError,
    ForkedError,
    NetworkError,
    NotConnectedError,
    OperationCancelledError,
    RelayError,
    StoreError,
    VerifyError,
    ZksError,
    ZksTimeoutError,
)
from ._events import Event  # noqa: E402
from ._logging import enable_logging  # noqa: E402
from ._native import lib as _lib  # noqa: E402
from ._pairing import PairRequest, new_pair_code  # noqa: E402
from ._types import (  # noqa: E402
    Device,
    Entry,
    Invite,
    Pushed,
    RelayReport,
    Report,
    render_qr,
)
from .client import (  # noqa: E402
    Client,
    Created,
    Entries,
    Events,
    Opening,
    Pairing,
    create_group,
    join,
    open,
    restore,
)
from .compat import (  # noqa: E402
    DeriveResult,
    PushResult,
    SyncBlob,
    SyncClient,
    SyncConfig,
    SyncInvite,
    derive_secret,
    invite_from_qr,
)
from .relay import Relay  # noqa: E402

__all__ = [
    "SIZE_PUSH_MAX",
    "CallError",
    "Client",
    "ClosedError",
    "Config",
    "ConfigError",
    "Created",
    "DeriveResult",
    "Device",
    "Entries",
    "Entry",
    "Event",
    "EventKind",
    "Events",
    "ForkedError",
    "GroupKind",
    "Invite",
    "ItemFlag",
    "NetworkError",
    "NotConnectedError",
    "Opening",
    "OperationCancelledError",
    "PairRequest",
    "Pairing",
    "PushResult",
    "Pushed",
    "Relay",
    "RelayError",
    "RelayReport",
    "Report",
    "RevokeReason",
    "Right",
    "State",
    "Status",
    "StoreError",
    "Suite",
    "SyncBlob",
    "SyncClient",
    "SyncConfig",
    "SyncInvite",
    "VerifyError",
    "ZksError",
    "ZksTimeoutError",
    "create_group",
    "derive_secret",
    "enable_logging",
    "invite_from_qr",
    "join",
    "new_pair_code",
    "open",
    "render_qr",
    "restore",
]


def _version() -> str:
    number = _lib.zks_abi_version()
    return f"{number >> 16}.{number >> 8 & 255}.{number & 255}"


__version__ = _version()
