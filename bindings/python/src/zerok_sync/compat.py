# SPDX-License-Identifier: MIT OR Apache-2.0
"""The API of the earlier zerok_sync package: names, shapes and error words as they were there, on
top of this one. docs/PYTHON.md says what takes the place of each in new programs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType

from ._calls import buffer, utf8
from ._config import Config
from ._constants import SIZE_GROUP_ID, SIZE_SALT_MIN, SIZE_SECRET, State, Status
from ._errors import ConfigError, NotConnectedError, ZksError, check
from ._logging import logger
from ._native import ffi, lib
from ._pairing import new_pair_code
from ._types import Entry, Invite, bytes_at
from .client import Client, Pairing, open

VERSION = 3  # of the invites of this API
PULL_PATIENCE_S = 10.0  # how long pull() waits for what the relay has


class SyncConfig:
    """What a SyncClient is created with. Give secret_bytes, or passphrase and salt.

    relay_addresses  any strings; one that cannot be used fails when connecting
    ttl              seconds that relays keep what is pushed; None or 0: as long as they allow
    """

    def __init__(
        self,
        *,
        passphrase: str | None = None,
        salt: bytes | None = None,
        secret_bytes: bytes | None = None,
        relay_addresses: Sequence[str],
        device_name: str | None = None,
        ttl: int | None = None,
    ) -> None:
        _expect("passphrase", passphrase, str)
        _expect("salt", salt, bytes)
        _expect("secret_bytes", secret_bytes, bytes)
        _expect("device_name", device_name, str)
        _expect("ttl", ttl, int)
        if isinstance(relay_addresses, str) or not all(
            isinstance(a, str) for a in relay_addresses
        ):
            raise TypeError("relay_addresses must be a list of str")
        self.passphrase = passphrase
        self.salt = salt
        self.secret_bytes = secret_bytes
        self.relay_addresses = list(relay_addresses)
        self.device_name = device_name
        self.ttl = ttl

    def __repr__(self) -> str:
        return f"SyncConfig(relays={len(self.relay_addresses)})"


def _expect(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__} or None, not {type(value).__name__}")


class PushResult:
    """What push() returned. blob_id: a UUID as text."""

    def __init__(self, blob_id: str, cursor: int):
        self.blob_id = blob_id
        self.cursor = cursor

    def __repr__(self) -> str:
        return f"PushResult(blob_id='{self.blob_id}', cursor={self.cursor})"


class SyncBlob:
    """An entry that was pulled. timestamp: Unix time in seconds."""

    def __init__(self, blob_id: str, data: bytes, cursor: int, timestamp: int):
        self.blob_id = blob_id
        self.data = data
        self.cursor = cursor
        self.timestamp = timestamp

    def __repr__(self) -> str:
        return f"SyncBlob(blob_id='{self.blob_id}', cursor={self.cursor}, len={len(self.data)})"


class SyncInvite:
    """What another device needs to come into the group. As secret as the group itself.

    short_code  fresh random characters, from which nothing can be derived. Of an invite that
                create_invite() made: lets one device in, see there. Of another one: serves nobody
    """

    def __init__(self, invite: Invite, short_code: str):
        self.version = VERSION
        self.relay_addresses = invite.relays
        self.group_secret = invite.secret
        self.salt = invite.salt
        self.qr_payload = invite.link
        self.short_code = short_code

    def __repr__(self) -> str:
        return f"SyncInvite(version={self.version}, relays={len(self.relay_addresses)})"


class DeriveResult:
    """A group's secret and id, 32 bytes each."""

    def __init__(self, secret_bytes: bytes, group_id: bytes):
        self.secret_bytes = secret_bytes
        self.group_id = group_id

    def __repr__(self) -> str:
        return (
            f"DeriveResult(secret_len={len(self.secret_bytes)}, group_id_len={len(self.group_id)})"
        )


def derive_secret(passphrase: str, salt: bytes) -> DeriveResult:
    """Derives a group's secret and id from a passphrase. Blocks for up to seconds.

    salt  at least 8 bytes, or the UTF-8 of a descriptor
    """
    secret, group = ffi.new("uint8_t[]", SIZE_SECRET), ffi.new("uint8_t[]", SIZE_GROUP_ID)
    check(lib.zks_secret_derive(*utf8(passphrase), *buffer(salt), secret, group))
    return DeriveResult(bytes_at(secret, SIZE_SECRET), bytes_at(group, SIZE_GROUP_ID))


def invite_from_qr(payload: str) -> SyncInvite:
    """Reads the qr_payload of an invite."""
    return SyncInvite(Invite.parse(payload), new_pair_code())


def _uuid(blob_id: bytes) -> str:
    h = blob_id.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _blob(entry: Entry) -> SyncBlob:
    return SyncBlob(_uuid(entry.blob_id), entry.data, entry.seq, entry.time_ms // 1000)


def _refuse_unusable(config: SyncConfig) -> None:
    """The words of that API for what it refuses; its other rules are those of Config."""
    if config.passphrase is not None and config.secret_bytes is not None:
        raise ConfigError(Status.BOTH_SECRETS, "give passphrase or secret_bytes, not both")
    if config.passphrase is None and config.secret_bytes is None:
        raise ConfigError(Status.CONFIG, "give a passphrase with a salt, or secret_bytes")
    if config.passphrase is not None:
        if not config.passphrase:
            raise ConfigError(Status.PASSPHRASE, "the passphrase is empty")
        if config.salt is None or len(config.salt) < SIZE_SALT_MIN:
            raise ConfigError(
                Status.SALT, f"a passphrase needs a salt of at least {SIZE_SALT_MIN} bytes"
            )
    if config.secret_bytes is not None and len(config.secret_bytes) != SIZE_SECRET:
        raise ConfigError(Status.SECRET, f"secret_bytes must be exactly {SIZE_SECRET} bytes")
    if not config.relay_addresses:
        raise ConfigError(Status.CONFIG, "relay_addresses is empty: name a relay")
    if config.ttl is not None and config.ttl < 0:
        raise ConfigError(Status.CONFIG, "ttl is negative; 0 is the relay's maximum")


class _Offer:
    """The code of the newest invite: whoever proves to know it is let in."""

    def __init__(self, client: Client):
        self._client = client
        self._code: str | None = None  # not begun yet
        self._pairing: Pairing | None = None
        self._letting_in = False
        self._task: asyncio.Task[None] | None = None

    def renew(self, code: str) -> None:
        """From now on this code; the last one goes, but for a device that is coming in by it."""
        self._code = code
        if not self._letting_in:
            self.begin()

    def begin(self) -> None:
        """Outside of an event loop nothing happens: connect() calls it again."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._code is None or self._client.closed:
            return
        code, self._code = self._code, None
        if self._pairing is not None:
            self._pairing.cancel()
        self._pairing = self._client.pair(code=code)
        self._task = loop.create_task(self._run(self._pairing))

    async def _run(self, pairing: Pairing) -> None:
        try:
            await pairing.asked()
            self._letting_in = True
            pairing.answer(True)
            await pairing
            logger.info("short_code let_in")
        except (ZksError, asyncio.CancelledError) as error:
            # Nobody waits for it, and each code is one of many: a new invite is the cure.
            logger.info("short_code over reason=%s", error)
            pairing.cancel()
        if self._pairing is pairing:
            self._pairing, self._letting_in = None, False
            self.begin()

    async def end(self) -> None:
        self._code = None
        if self._pairing is not None and self._task is not None:
            self._pairing.cancel()
            await asyncio.wait([self._task])


class SyncClient:
    """A client of a shared group, in memory: `await SyncClient.create(config)`."""

    def __init__(self, client: Client, unusable: ZksError | None):
        self._client = client
        self._unusable = unusable
        self._offer = _Offer(client)
        self._pulled = 0  # what the last pull gave, and the next one acknowledges
        self._cursor = 0

    @staticmethod
    async def create(config: SyncConfig) -> SyncClient:
        """Opens a client; connects to nothing yet. Raises RuntimeError."""
        _refuse_unusable(config)
        unusable: ZksError | None = None
        relays = list(config.relay_addresses)
        while True:
            try:
                return SyncClient(await _open(config, relays), unusable)
            except ConfigError as error:
                # Any string is accepted here; an address that cannot even be stored fails later.
                if error.code not in (Status.ADDRESS, Status.LIMIT) or not relays:
                    raise
                unusable, relays = error, []

    async def is_connected(self) -> bool:
        return self._client.report().state == State.CONNECTED

    async def current_cursor(self) -> int:
        """The highest cursor that pull(), pull_after() or push() gave; 0 at first."""
        return self._cursor

    async def active_relay(self) -> str | None:
        """The address of the relay that is connected; None before."""
        return self._client.report().active_relay

    async def connect(self) -> None:
        if self._unusable is not None:
            raise self._unusable
        self._offer.begin()
        await self._client.connect()

    async def disconnect(self) -> None:
        await self._client.disconnect()

    async def push(self, data: bytes) -> PushResult:
        """Pushes one entry; returns when a relay has it."""
        await self._must_be_connected()
        pushed = await self._client.push(data, acked=True, need_connection=True)
        self._cursor = max(self._cursor, pushed.seq)
        return PushResult(_uuid(pushed.blob_id), pushed.seq)

    async def pull(self) -> list[SyncBlob]:
        """What others pushed since the last pull, which this one acknowledges."""
        await self._must_be_connected()
        if self._pulled:
            await self._client.ack(self._pulled)
        blobs = await self._read_all(self._client.acked)
        if blobs:
            self._pulled = blobs[-1].cursor
        return blobs

    async def pull_after(self, cursor: int) -> list[SyncBlob]:
        """What others pushed behind a cursor. Acknowledges nothing."""
        await self._must_be_connected()
        return await self._read_all(cursor)

    def create_invite(self, relay_addresses: Sequence[str]) -> SyncInvite:
        """An invite into the group; works offline. As soon as this client is connected, and for ten
        minutes from then on, its short_code lets one device in, without a question: give it to
        join(), in whatever language, or to `zks join`. A later invite takes its place."""
        invite = SyncInvite(self._client.invite_shared(relay_addresses), new_pair_code())
        self._offer.renew(invite.short_code)
        return invite

    async def shutdown(self) -> None:
        """Closes the client. Twice is fine."""
        await self._offer.end()
        await self._client.close()

    async def __aenter__(self) -> SyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> bool:
        await self.shutdown()
        return False

    async def _must_be_connected(self) -> None:
        if not await self.is_connected():
            raise NotConnectedError(
                Status.NOT_CONNECTED, "not connected: call connect() first, or wait for the relay"
            )

    async def _read_all(self, after: int) -> list[SyncBlob]:
        try:
            await asyncio.wait_for(self._client.wait_synced(), PULL_PATIENCE_S)
        except asyncio.TimeoutError:
            pass  # what is there already
        blobs: list[SyncBlob] = []
        while entries := await self._client.read(after):
            blobs += map(_blob, entries)
            after = entries[-1].seq
        self._cursor = max([self._cursor, *(blob.cursor for blob in blobs[-1:])])
        return blobs


async def _open(config: SyncConfig, relays: Sequence[str]) -> Client:
    return await open(
        Config(
            relays=relays,
            passphrase=config.passphrase,
            salt=config.salt if config.passphrase is not None else None,
            secret=config.secret_bytes,
            device_name=config.device_name,
            ttl_s=config.ttl or 0,
        )
    )
