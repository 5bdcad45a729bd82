# SPDX-License-Identifier: MIT OR Apache-2.0
"""Exceptions, configurations that are refused, events, the log."""

import asyncio
import logging
import os
import pickle

import pytest

import zerok_sync
from zerok_sync import Config, EventKind, State, Status, ZksError
from zerok_sync._errors import make_error

PATIENCE_S = 60


def test_each_status_has_its_area():
    areas = {
        0: zerok_sync.CallError, 1: zerok_sync.ConfigError, 2: zerok_sync.StoreError,
        3: zerok_sync.NetworkError, 4: zerok_sync.RelayError, 5: zerok_sync.VerifyError,
    }
    for status in Status:
        if status != Status.OK:
            error = make_error(status)
            assert isinstance(error, areas[-status // 100]) and isinstance(error, RuntimeError)
            assert error.name == status.name and error.code == status and error.cure
            assert error.retry_class in ("retry", "call", "config", "security", "none")
            assert str(error) == error.cure


def test_errors_survive_pickling():
    error = make_error(Status.TIMEOUT, "too late", pending=3)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.pending) == (type(error), "too late", 3)
    assert isinstance(again, TimeoutError)


async def refused(config, kind, *words):
    with pytest.raises(kind) as caught:
        await zerok_sync.open(config)
    for word in words:
        assert word in str(caught.value)
    return caught.value


async def test_configurations_are_refused_with_the_cure():
    await refused(Config(secret=b"short"), zerok_sync.ConfigError, "32")
    await refused(Config(secret=bytes(32), passphrase="x"), zerok_sync.ConfigError)
    await refused(Config(passphrase="x", salt=b"short"), zerok_sync.ConfigError, "8")
    await refused(Config(secret=bytes(32), ttl_s=10**9), zerok_sync.ConfigError)
    await refused(Config(), zerok_sync.StoreError)
    await refused(Config(secret=bytes(32), store="/nowhere/x.zks"), zerok_sync.StoreError)
    await refused(Config(secret=bytes(32), device_name="a\0b"), ValueError, "NUL")
    await refused(Config(secret=bytes(32), store="a\0b"), ValueError, "path", "NUL")
    for bad in ({"suite": "best"}, {"salt": b"x" * 16}):
        with pytest.raises(ValueError):
            Config(**bad)
    with pytest.raises(TypeError, match="list"):
        Config(relays="relay.example.org")


async def test_failed_opening_leaves_the_loop_clean():
    for _ in range(3):
        await refused(Config(), zerok_sync.StoreError)
    async with zerok_sync.open(Config(secret=bytes(32))) as client:
        bridge = client._bridge
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while len(bridge.hubs) > 1:  # those of the clients that never opened end, too
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)


def test_secrets_do_not_show():
    config = Config(secret=b"s" * 32, passphrase="pass", store_key=b"k" * 32, store="x.zks")
    assert "ssss" not in repr(config) and "pass'" not in repr(config) and "x.zks" in repr(config)
    event = zerok_sync.Event(EventKind.PAIR_CODE, code="AAAA-BBBB", sentence="show it")
    assert "AAAA" not in repr(event) and "show it" in repr(event)


async def test_store_in_use_is_named(group, tmp_path, program):
    store = tmp_path / "busy.zks"
    async with zerok_sync.open(group(store=store)):
        done = program(f"""
import zerok_sync
from zerok_sync import Config, blocking
try:
    blocking.open(Config(store={str(store)!r}))
except zerok_sync.StoreError as error:
    print(error.name, error.retry_class, error)
""")
        assert done.stdout.startswith("STORE_BUSY") and str(os.getpid()) in done.stdout


async def test_events_tell_the_connection_and_its_loss(group, relay_process):
    client = await zerok_sync.open(group(relays=[relay_process.address]))
    events = client.events()

    async def until(state):
        async for event in events:
            if event.kind == EventKind.STATE and event.state == state:
                return event

    await client.connect()
    await asyncio.wait_for(until(State.CONNECTED), PATIENCE_S)
    relay_process.stop()
    lost = await asyncio.wait_for(until(State.WAITING), PATIENCE_S)
    assert isinstance(lost.error, ZksError) and lost.sentence and lost.retry_after_ms
    await client.push(b"while it was away")
    relay_process.start()
    client.network_changed()
    await asyncio.wait_for(until(State.CONNECTED), PATIENCE_S)
    await client.flush(PATIENCE_S)
    await client.close()
    rest = [event.kind async for event in events]
    assert rest[-1] == EventKind.CLOSED


async def test_unreachable_relay_fails_and_is_tried_again(group):
    async with zerok_sync.open(group(relays=["127.0.0.1:9"], connect_timeout_ms=500)) as client:
        with pytest.raises(zerok_sync.NetworkError) as caught:
            await asyncio.wait_for(client.connect(), PATIENCE_S)
        assert caught.value.retry_class == "retry" and caught.value.retry_after_ms > 0


async def test_events_before_the_first_listener_wait_for_it(group):
    async with zerok_sync.open(group()) as client:
        await client.connect()
        kinds = []
        async for event in client.events():
            kinds.append(event.kind)
            if event.state == State.CONNECTED:
                break
        assert EventKind.STATE in kinds


async def test_every_listener_gets_every_event(group):
    async with zerok_sync.open(group()) as client:
        both = client.events(), client.events()
        await client.connect()
    for events in both:
        assert [event.kind async for event in events][-1] == EventKind.CLOSED


async def test_two_tasks_wait_for_one_listener(group):
    async with zerok_sync.open(group()) as client:
        events, seen = client.events(), []

        async def listen():
            async for event in events:
                seen.append(event.kind)

        tasks = [asyncio.create_task(listen()) for _ in range(2)]
        await client.connect()
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_S)
    assert seen.count(EventKind.CLOSED) == 1 and EventKind.STATE in seen


async def test_listener_that_closed_hears_no_more(group):
    async with zerok_sync.open(group()) as client:
        events = client.events()
        await events.aclose()
        await client.connect()
        assert not events._seen


def test_log_goes_to_the_logging_module(program):
    done = program("""
import logging, os, sys, time, zerok_sync
from zerok_sync import Config, blocking
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout,
                    format="%(name)s %(levelname)s %(message)s")
zerok_sync.enable_logging(logging.DEBUG)
with blocking.open(Config(relays=[os.environ["RELAY"]], secret=bytes(32))) as client:
    client.connect()
time.sleep(0.3)
zerok_sync.enable_logging(logging.CRITICAL)
""")
    assert done.returncode == 0, done.stderr
    assert "zerok_sync " in done.stdout and "INFO" in done.stdout


def test_the_logger_is_silent_by_itself(caplog):
    assert any(isinstance(h, logging.NullHandler)
               for h in logging.getLogger("zerok_sync").handlers)
