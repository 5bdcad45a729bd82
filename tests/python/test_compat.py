# SPDX-License-Identifier: MIT OR Apache-2.0
"""The API of the earlier package: names, shapes, words and reprs as its users know them."""

import asyncio
import inspect
import re
import secrets
import time

import pytest

import zerok_sync
from zerok_sync import (
    DeriveResult,
    PushResult,
    SyncBlob,
    SyncClient,
    SyncConfig,
    SyncInvite,
    derive_secret,
    invite_from_qr,
)

PATIENCE_S = 60
SALT = b"salt-00000000000!"


@pytest.fixture
async def make():
    """make(**config) -> a SyncClient, shut down at the end."""
    clients = []

    async def create(**config):
        config = {"secret_bytes": bytes(32), "relay_addresses": ["any-relay"], **config}
        clients.append(await SyncClient.create(SyncConfig(**config)))
        return clients[-1]

    yield create
    for client in clients:
        await client.shutdown()


def test_config_takes_keywords_only_and_raises_type_errors():
    config = SyncConfig(secret_bytes=bytes(32), relay_addresses=["relay"])
    assert (config.passphrase, config.salt, config.device_name, config.ttl) == (None,) * 4
    assert config.secret_bytes == bytes(32) and config.relay_addresses == ["relay"]
    for call in (
        lambda: SyncConfig("pass", SALT, None, ["relay"]),
        lambda: SyncConfig(secret_bytes=bytes(32)),
        lambda: SyncConfig(secret_bytes="text", relay_addresses=["relay"]),
        lambda: SyncConfig(secret_bytes=bytes(32), relay_addresses="relay"),
        lambda: SyncConfig(secret_bytes=bytes(32), relay_addresses=["relay"], ttl="long"),
    ):
        with pytest.raises(TypeError):
            call()
    assert SyncConfig(relay_addresses=[], ttl=5).ttl == 5  # all else is for create()


@pytest.mark.parametrize("word, config", [
    ("salt", {"passphrase": "x", "secret_bytes": None}),
    ("salt", {"passphrase": "x", "salt": b"short", "secret_bytes": None}),
    ("both", {"passphrase": "x", "salt": SALT}),
    ("empty", {"relay_addresses": []}),
    ("empty", {"passphrase": "", "salt": SALT, "secret_bytes": None}),
    ("32", {"secret_bytes": bytes(16)}),
    ("32", {"secret_bytes": bytes(33)}),
    ("secret", {"secret_bytes": None}),
])
async def test_create_names_the_problem(make, word, config):
    with pytest.raises(RuntimeError, match=f"(?i){word}"):
        await make(**config)


async def test_any_relay_address_is_accepted_and_fails_when_connecting(make):
    for address in ("fake", "", "zks://x", "a b c", "x" * 600):
        client = await make(relay_addresses=[address])
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(client.connect(), PATIENCE_S)


async def test_state_before_connecting(make):
    client = await make(device_name="Test", ttl=0)
    assert await client.is_connected() is False
    assert await client.current_cursor() == 0
    assert await client.active_relay() is None
    for call in (client.push(b"x"), client.pull(), client.pull_after(0)):
        with pytest.raises(RuntimeError, match="(?i)not connected"):
            await call


async def test_push_and_pull(make, relay):
    secret = bytes(reversed(range(32)))
    a = await make(secret_bytes=secret, relay_addresses=[relay])
    b = await make(secret_bytes=secret, relay_addresses=[relay])
    for client in (a, b):
        await client.connect()
    assert await a.is_connected() and await a.active_relay() == relay
    pushed = await a.push(b"one")
    assert isinstance(pushed, PushResult) and pushed.cursor > 0
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", pushed.blob_id)
    assert repr(pushed) == f"PushResult(blob_id='{pushed.blob_id}', cursor={pushed.cursor})"
    await b.push(b"own entries do not come back")
    (blob,) = await b.pull()
    assert isinstance(blob, SyncBlob) and blob.data == b"one"
    assert abs(blob.timestamp - time.time()) < 300
    assert "len=3" in repr(blob) and "one" not in repr(blob)
    assert await b.pull() == []
    await a.push(b"two")
    assert [x.data for x in await b.pull()] == [b"two"]
    assert [x.data for x in await b.pull_after(0)] == [b"one", b"two"]
    assert await b.current_cursor() >= blob.cursor
    await a.disconnect()
    with pytest.raises(RuntimeError, match="(?i)not connected"):
        await a.push(b"x")


async def test_pulled_blob_has_the_id_that_push_gave(make, relay):
    secret = bytes(range(32))
    a = await make(secret_bytes=secret, relay_addresses=[relay])
    b = await make(secret_bytes=secret, relay_addresses=[relay])
    await asyncio.gather(a.connect(), b.connect())
    pushed = await a.push(b"x")
    assert (await b.pull())[0].blob_id == pushed.blob_id


async def test_unread_pull_comes_again(make, relay):
    secret = bytes([7]) * 32
    a = await make(secret_bytes=secret, relay_addresses=[relay])
    b = await make(secret_bytes=secret, relay_addresses=[relay])
    await asyncio.gather(a.connect(), b.connect())
    await a.push(b"1")
    (blob,) = await b.pull()
    assert b._client.acked < blob.cursor  # only the next pull acknowledges it
    await b.pull()
    assert b._client.acked == blob.cursor


async def test_invites(make):
    client = await make(secret_bytes=bytes(range(32)))
    invite = client.create_invite(["relay-a", "relay-b"])
    assert isinstance(invite, SyncInvite) and not inspect.isawaitable(invite)
    assert (invite.version, invite.relay_addresses) == (3, ["relay-a", "relay-b"])
    assert invite.group_secret == bytes(range(32)) and invite.salt == b""
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", invite.short_code)
    assert client.create_invite(["relay-a"]).short_code != invite.short_code
    assert repr(invite) == "SyncInvite(version=3, relays=2)"
    restored = invite_from_qr(invite.qr_payload)
    assert (restored.group_secret, restored.version) == (invite.group_secret, 3)
    assert len(restored.relay_addresses) == 2
    with pytest.raises(RuntimeError):
        invite_from_qr("nonsense")


async def test_passphrase_group_has_its_salt_in_the_invite(make):
    client = await make(passphrase="x", salt=b"0123456789abcdef", secret_bytes=None)
    invite = client.create_invite(["relay"])
    assert invite.salt == b"0123456789abcdef"
    assert invite.group_secret == derive_secret("x", b"0123456789abcdef").secret_bytes


def test_derive_secret():
    one, same = derive_secret("pass", SALT), derive_secret("pass", SALT)
    assert isinstance(one, DeriveResult) and repr(one) == (
        "DeriveResult(secret_len=32, group_id_len=32)")
    assert (len(one.secret_bytes), len(one.group_id)) == (32, 32)
    assert (one.secret_bytes, one.group_id) == (same.secret_bytes, same.group_id)
    assert derive_secret("other", SALT).secret_bytes != one.secret_bytes
    assert derive_secret("pass", b"salt-BBBBBBBBBB!!").secret_bytes != one.secret_bytes
    assert issubclass(zerok_sync.ZksError, RuntimeError)
    with pytest.raises(RuntimeError, match="(?i)salt"):
        derive_secret("pass", b"short")


async def test_context_manager_shuts_down():
    config = SyncConfig(secret_bytes=bytes(32), relay_addresses=["relay"])
    async with await SyncClient.create(config) as client:
        assert isinstance(client, SyncClient)
    await client.shutdown()
    with pytest.raises(RuntimeError):
        client.create_invite(["relay"])


async def let_in(relay, code):
    """A device of today's API, which comes by the short code. The relay has the code soon after
    the connection is there."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await zerok_sync.join(
                zerok_sync.Config(relays=[relay], device_name="phone"), code
            )
        except zerok_sync.ZksError as error:
            if error.name != "CODE_UNKNOWN" or time.monotonic() > end:
                raise
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("config", [
    {"secret_bytes": secrets.token_bytes(32)},
    {"secret_bytes": None, "passphrase": secrets.token_hex(), "salt": b"0123456789abcdef"},
], ids=["secret", "passphrase"])
async def test_short_code_made_offline_lets_a_device_in(make, relay, config):
    client = await make(relay_addresses=[relay], **config)
    code = client.create_invite([relay]).short_code
    await asyncio.wait_for(client.connect(), PATIENCE_S)
    async with await asyncio.wait_for(let_in(relay, code), PATIENCE_S) as phone:
        invite = client.create_invite([])
        assert phone.invite_shared([]).secret == invite.group_secret
        assert phone.invite_shared([]).salt == invite.salt
        await asyncio.wait_for(phone.connect(), PATIENCE_S)
        await phone.push(b"from the phone", acked=True)
        assert [blob.data for blob in await client.pull()] == [b"from the phone"]
        await client.push(b"to the phone")
        (entry,) = await asyncio.wait_for(phone.read(wait=True), PATIENCE_S)
        assert entry.data == b"to the phone"
    with pytest.raises(zerok_sync.RelayError) as caught:  # it served once
        await asyncio.wait_for(let_in(relay, code), PATIENCE_S)
    assert caught.value.name in ("CODE_USED", "CODE_CANCELLED")


async def test_short_code_of_the_newest_invite_counts(make, relay):
    client = await make(relay_addresses=[relay])
    first = client.create_invite([relay]).short_code
    await asyncio.wait_for(client.connect(), PATIENCE_S)
    second = client.create_invite([relay]).short_code
    async with await asyncio.wait_for(let_in(relay, second), PATIENCE_S):
        with pytest.raises(zerok_sync.ZksError):
            await asyncio.wait_for(zerok_sync.join(zerok_sync.Config(relays=[relay]), first),
                                   PATIENCE_S)


async def test_short_code_ends_with_its_client(relay):
    config = SyncConfig(secret_bytes=bytes(32), relay_addresses=[relay])
    async with await SyncClient.create(config) as client:
        await asyncio.wait_for(client.connect(), PATIENCE_S)
        code = client.create_invite([relay]).short_code
        wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
        with pytest.raises(zerok_sync.RelayError) as caught:
            await asyncio.wait_for(let_in(relay, wrong), PATIENCE_S)
        assert caught.value.name == "WRONG_CODE"
    with pytest.raises(zerok_sync.ZksError):
        await asyncio.wait_for(zerok_sync.join(zerok_sync.Config(relays=[relay]), code), PATIENCE_S)
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def test_names_and_parameters_are_those_of_the_earlier_package():
    methods = {
        "is_connected": [], "current_cursor": [], "active_relay": [], "connect": [],
        "disconnect": [], "push": ["data"], "pull": [], "pull_after": ["cursor"], "shutdown": [],
    }
    for name, parameters in methods.items():
        method = getattr(SyncClient, name)
        assert inspect.iscoroutinefunction(method)
        assert list(inspect.signature(method).parameters) == ["self", *parameters]
    create_invite = inspect.signature(SyncClient.create_invite)
    assert list(create_invite.parameters) == ["self", "relay_addresses"]
    assert list(inspect.signature(derive_secret).parameters) == ["passphrase", "salt"]
    assert list(inspect.signature(invite_from_qr).parameters) == ["payload"]
