# SPDX-License-Identifier: MIT OR Apache-2.0
"""Paired groups: letting devices in, removing them, recovery, keys of the store."""

import asyncio
import os
import re

import pytest

import zerok_sync
from zerok_sync import Config, EventKind, Invite, RevokeReason, Right, ZksError

PATIENCE_S = 60


async def soon(awaitable):
    return await asyncio.wait_for(awaitable, PATIENCE_S)


@pytest.fixture
async def first(relay):
    """The first device of a paired group, connected, and its recovery code."""
    async with zerok_sync.create_group(Config(relays=[relay], device_name="first")) as created:
        await soon(created.client.connect())
        yield created


async def join(first, relay, kind="code", name="second", rights=None):
    """Pairs another device: its client and the id that the first device learned."""
    pairing = first.pair(kind, rights)
    code, digits = await soon(pairing.code()), []
    config = Config(relays=[relay], device_name=name)
    joining = asyncio.ensure_future(zerok_sync.join(config, code, on_digits=digits.append))
    request = await soon(pairing.asked())
    assert request.name == name
    pairing.answer(True)
    client, device = await soon(joining), await soon(pairing)
    assert digits == [request.digits] and len(request.digits) == 6
    return client, device


@pytest.mark.parametrize("kind", ["code", "link"])
async def test_device_is_let_in_and_hears_what_is_pushed(first, relay, kind):
    second, device = await join(first.client, relay, kind)
    async with second:
        assert second.report().device_id == device
        assert second.joined_relays and "zks://" in second.joined_relays[0]
        await soon(second.connect())
        await first.client.push(b"welcome")
        (entry,) = await soon(second.read(wait=True))
        assert entry.data == b"welcome"
        told = {d.id: d for d in first.client.devices()}
        assert told[device].inviter == first.client.report().device_id
        assert told[device].rights == Right.INVITE | Right.ADMIN


async def test_rights_are_given_as_asked(first, relay):
    second, device = await join(first.client, relay, rights=Right.INVITE)
    async with second:
        assert {d.id: d.rights for d in first.client.devices()}[device] == Right.INVITE


async def test_no_rights_are_not_all_rights(first):
    with pytest.raises(ValueError, match="rights is empty"):
        first.client.pair(rights=Right(0))


async def test_declined_device_is_told(first, relay):
    pairing = first.client.pair()
    joining = asyncio.ensure_future(
        zerok_sync.join(Config(relays=[relay]), await soon(pairing.code()))
    )
    await soon(pairing.asked())
    pairing.answer(False)
    with pytest.raises(zerok_sync.RelayError) as caught:
        await soon(joining)
    assert caught.value.name == "CODE_CANCELLED"
    with pytest.raises(ZksError):
        await soon(pairing)


async def test_wrong_code_leaves_fewer_tries(first, relay):
    pairing = first.client.pair()
    code = await soon(pairing.code())
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(ZksError) as caught:
        await soon(zerok_sync.join(Config(relays=[relay]), wrong))
    assert caught.value.name == "WRONG_CODE"
    assert pairing.tries_left == 2
    pairing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pairing


async def test_second_pairing_does_not_get_the_code_of_the_first(first):
    pairing = first.client.pair()
    code = await soon(pairing.code())
    for _ in range(2):
        with pytest.raises(ZksError, match="cancel") as caught:
            first.client.pair("link")
        assert caught.value.name == "BUSY"
    pairing.cancel()
    again = first.client.pair()
    assert await soon(again.code()) != code == await pairing.code()
    again.cancel()


async def test_recovery_code_does_not_show(first):
    assert first.recovery_code.split()[3] not in repr(first) and "Client" in repr(first)


async def test_ended_pairing_ends_those_who_wait(first):
    pairing = first.client.pair()
    asked = asyncio.create_task(pairing.asked())
    await soon(pairing.code())
    await first.client.close()
    with pytest.raises(zerok_sync.OperationCancelledError):
        await soon(asked)


async def test_what_is_no_pairing_is_refused(first):
    with pytest.raises(ValueError, match="'code' or 'link'"):
        first.client.pair("qr")
    with pytest.raises(ValueError, match="link asked for"):
        first.client.pair("link", code=zerok_sync.new_pair_code())
    with pytest.raises(ZksError) as caught:
        first.client.pair(code="7K2M-ABCD")
    assert caught.value.name == "TRUNCATED"


@pytest.mark.parametrize("kind", ["code", "link"])
async def test_shared_group_is_joined_by_pairing(group, relay, kind):
    async with zerok_sync.open(group()) as client:
        await soon(client.connect())
        second, device = await join(client, relay, kind)
        async with second:
            assert second.report().device_id == device
            assert second.invite_shared([]).link == client.invite_shared([]).link
            await soon(second.connect())
            await second.push(b"here I am")
            (entry,) = await soon(client.read(wait=True))
            assert entry.data == b"here I am"


async def test_shared_group_has_no_rights_to_give(group):
    async with zerok_sync.open(group()) as client:
        await soon(client.connect())
        with pytest.raises(zerok_sync.RelayError) as caught:
            await soon(client.pair(rights=Right.INVITE))
        assert caught.value.name == "UNAUTHORIZED"


async def test_code_made_before_is_good_once_connected(group, relay):
    code = zerok_sync.new_pair_code()
    assert re.fullmatch(r"([2-7A-HJKMNP-TV-Z]{4}-){3}[2-7A-HJKMNP-TV-Z]{4}", code)
    assert zerok_sync.new_pair_code() != code
    async with zerok_sync.open(group()) as client:
        pairing = client.pair(code=code.lower())
        shown = asyncio.ensure_future(pairing.code())
        await soon(client.connect())
        assert await soon(shown) == code
        joining = asyncio.ensure_future(zerok_sync.join(Config(relays=[relay]), code))
        await soon(pairing.asked())
        pairing.answer(True)
        async with await soon(joining) as second:
            assert second.report().device_id == await soon(pairing)
        with pytest.raises(ZksError) as caught:
            await soon(client.pair(code=code))
        assert caught.value.name == "CODE_USED"


async def test_removed_device_is_told_and_keys_change(first, relay):
    second, device = await join(first.client, relay)
    async with second:
        await soon(second.connect())
        events = second.events()
        assert await soon(first.client.revoke(device, RevokeReason.LOST)) == 1
        async for event in events:
            if event.kind == EventKind.DEVICE_REMOVED:
                break
        assert event.device == device
        assert await soon(first.client.rotate()) == 2
        with pytest.raises(ValueError, match="32 bytes"):
            first.client.revoke(b"short")


async def test_device_leaves(first, relay):
    second, _ = await join(first.client, relay)
    async with second:
        await soon(second.connect())
        await soon(second.leave())
        with pytest.raises(zerok_sync.RelayError):
            await soon(second.connect())


async def test_recovery_code_brings_a_device_in(first, relay):
    assert len(first.recovery_code.split()) == 18
    async with zerok_sync.restore(Config(relays=[relay]), first.recovery_code) as restored:
        await soon(restored.connect())
        await soon(restored.wait_synced())
        assert restored.report().group_id == first.client.report().group_id
    with pytest.raises(zerok_sync.VerifyError):
        await zerok_sync.restore(Config(), "zebra " + first.recovery_code)


async def test_group_without_recovery_code():
    async with zerok_sync.create_group(Config(), recovery=False) as (client, code):
        assert code is None and client.report().rights == Right.INVITE | Right.ADMIN


async def test_shared_invite_brings_a_device_in(relay):
    config = Config(relays=[relay], passphrase="correct horse", device_name="a")
    async with zerok_sync.open(config) as first:
        invite = Invite.parse(first.invite_shared().link)
        assert invite.relays == [relay] and invite.secret.hex() not in repr(invite)
        assert invite.render("svg").startswith(b"<?xml") or b"<svg" in invite.render("svg")
        assert invite.render("png")[1:4] == b"PNG" and invite.render("dark").decode().count("\n")
        again = Config(relays=invite.relays, passphrase="correct horse", salt=invite.descriptor)
        async with zerok_sync.open(again) as second:
            assert second.report().group_id == first.report().group_id == invite.group_id
    with pytest.raises(zerok_sync.VerifyError):
        Invite.parse(invite.link[:-3])
    with pytest.raises(ValueError, match="gif"):
        invite.render("gif")


# --- the store's key ------------------------------------------------------------------------------


async def test_store_key_by_bytes_function_and_coroutine(group, tmp_path):
    key, asked = os.urandom(32), []

    def plain():
        asked.append("plain")
        return key

    async def slow():
        await asyncio.sleep(0)
        asked.append("slow")
        return key

    store = tmp_path / "store.zks"
    for given in (key, plain, slow):
        async with zerok_sync.open(group(store=store, store_key=given)) as client:
            await client.push(b"x")
    assert asked == ["plain", "slow"]
    for given in (None, os.urandom(32)):
        with pytest.raises(zerok_sync.StoreError) as caught:
            await zerok_sync.open(group(store=store, store_key=given))
        assert caught.value.name == "STORE_KEY"


async def test_store_key_changes(group, tmp_path):
    store, key = tmp_path / "store.zks", os.urandom(32)
    async with zerok_sync.open(group(store=store)) as client:
        await client.change_store_key(passphrase="sesame")
        with pytest.raises(ValueError, match="not both"):
            client.change_store_key(key, passphrase="sesame")
    async with zerok_sync.open(group(store=store, store_passphrase="sesame")) as client:
        await client.change_store_key(key)
    async with zerok_sync.open(group(store=store, store_key=key)) as client:
        await client.change_store_key()
    async with zerok_sync.open(group(store=store)) as client:
        assert client.report().store_path == str(store)


async def test_failing_key_function_fails_the_opening(group):
    def no_keychain():
        raise OSError("no keychain")

    with pytest.raises(OSError, match="no keychain"):
        await zerok_sync.open(group(store_key=no_keychain))
