# SPDX-License-Identifier: MIT OR Apache-2.0
"""The facade without asyncio."""

import gc
import io
import os
import threading

import pytest

import zerok_sync
from zerok_sync import Config, EventKind, State, blocking

PATIENCE_S = 60


@pytest.fixture
def two(group):
    with blocking.open(group()) as anna, blocking.open(group()) as ben:
        anna.connect(PATIENCE_S)
        ben.connect(PATIENCE_S)
        yield anna, ben


def read_all(client, count):
    found, after = [], client.acked
    while len(found) < count:
        found += client.read(after, wait=True, timeout=PATIENCE_S)
        after = found[-1].seq
    return [entry.data for entry in found]


def test_push_and_read(two):
    anna, ben = two
    assert anna.push(b"1", acked=True).number == 1
    assert anna.push_many([b"2", b"3"]).number == 2
    assert len(anna.push_from(io.BytesIO(b"x" * 25), chunk_bytes=10)) == 3
    assert len(anna.push_from([b"a", b"b"])) == 2
    assert read_all(ben, 8) == [b"1", b"2", b"3", b"x" * 10, b"x" * 10, b"x" * 5, b"a", b"b"]
    anna.flush(PATIENCE_S)
    ben.wait_synced(PATIENCE_S)
    assert anna.report().pending_count == 0


def test_iterator_acknowledges_behind(two):
    anna, ben = two
    anna.push_many([b"1", b"2", b"3"])
    for entry in ben.entries():
        if entry.data == b"3":
            break
    assert [e.data for e in ben.read()] == [b"3"] or ben.acked < entry.seq
    assert ben.ack(entry.seq) == entry.seq
    assert ben.read() == []


def test_close_acknowledges_what_open_iterators_are_done_with(group, tmp_path):
    config = group(store=tmp_path / "ben.zks")
    with blocking.open(group()) as anna, blocking.open(config) as ben:
        anna.connect(PATIENCE_S)
        ben.connect(PATIENCE_S)
        anna.push_many([b"%d" % i for i in range(50)])
        read_all(ben, 50)
    for i in range(10):
        with blocking.open(config) as ben:
            entries = ben.entries()
            assert [int(next(entries).data) for _ in range(5)] == list(range(4 * i, 4 * i + 5))


def test_time_limits(two):
    ben = two[1]
    for call in (lambda: ben.read(wait=True, timeout=0.05), lambda: ben.pair().asked(0.05)):
        with pytest.raises(zerok_sync.ZksError):
            call()
    with pytest.raises(TimeoutError):
        ben.read(wait=True, timeout=0)
    assert list(ben.events(timeout=0.01))[-1].kind != EventKind.CLOSED


def test_failing_listener_does_not_end_the_events_of_all_clients(two, caplog):
    class Failing:
        def put(self, event):
            raise ValueError("not today")

    anna, ben = two
    failing = Failing()
    ben._handle.hub.watch(failing)
    anna.push(b"1", acked=True)
    read_all(ben, 1)
    ben._handle.hub.forget(failing)
    seen = ben.events(PATIENCE_S)
    anna.push(b"2")
    while next(seen).last_seq != 2:
        pass
    assert "not today" in caplog.text


def test_several_threads_use_one_client(two):
    anna, ben = two
    failed = []

    def work(number):
        try:
            for i in range(50):
                anna.push(b"%d-%d" % (number, i))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    assert len(set(read_all(ben, 300))) == 300
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not failed


def test_closing_ends_those_who_wait(group):
    client = blocking.open(group())
    ended = []

    def wait(how):
        try:
            ended.append(how())
        except zerok_sync.ZksError as error:
            ended.append(error)

    waits = [lambda: client.read(wait=True), lambda: list(client.entries()),
             lambda: list(client.events())]
    threads = [threading.Thread(target=wait, args=(how,)) for how in waits]
    for thread in threads:
        thread.start()
    client.close()
    client.close()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert len(ended) == 3
    with pytest.raises(zerok_sync.ClosedError):
        client.push(b"x")


def test_events_come_on_any_thread(group):
    with blocking.open(group()) as client:
        events = client.events(timeout=PATIENCE_S)
        client.connect(PATIENCE_S)
        assert any(event.state == State.CONNECTED for event in events)
        events.close()


def test_pairing(relay):
    with blocking.create_group(Config(relays=[relay], device_name="first")) as (first, words):
        assert len(words.split()) == 18 and words not in repr(blocking.Created(first, words))
        first.connect(PATIENCE_S)
        pairing, digits, joined = first.pair(), [], []
        code = pairing.code(PATIENCE_S)

        def join():
            config = Config(relays=[relay], device_name="second")
            joined.append(
                blocking.join(config, code, on_digits=digits.append, timeout=PATIENCE_S)
            )

        thread = threading.Thread(target=join)
        thread.start()
        request = pairing.asked(PATIENCE_S)
        pairing.answer(True)
        device = pairing.result(PATIENCE_S)
        thread.join(PATIENCE_S)
        with joined[0] as second:
            assert second.report().device_id == device and digits == [request.digits]
            second.connect(PATIENCE_S)
            second.leave(PATIENCE_S)
        cancelled = first.pair("link")
        assert cancelled.code(PATIENCE_S).startswith("ZKS-PAIR:")
        with pytest.raises(zerok_sync.ZksError, match="cancel"):
            first.pair()
        cancelled.cancel()
        again = first.pair()
        assert again.code(PATIENCE_S) != cancelled.code()
        again.cancel()
        with pytest.raises(zerok_sync.OperationCancelledError):
            cancelled.result(PATIENCE_S)
        with blocking.restore(Config(relays=[relay]), words) as restored:
            restored.connect(PATIENCE_S)
            before = first.report().epoch
            revoked = restored.report().device_id
            assert first.revoke(revoked, timeout=PATIENCE_S) == before + 1
            assert first.rotate(PATIENCE_S) == before + 2


def test_store_keys(group, tmp_path):
    key, store = os.urandom(32), tmp_path / "store.zks"
    with blocking.open(group(store=store, store_key=lambda: key)) as client:
        client.change_store_key(passphrase="sesame")
    with blocking.open(group(store=store, store_passphrase="sesame")):
        pass

    async def slow():
        return key

    with pytest.raises(TypeError, match="asyncio"):
        blocking.open(group(store=store, store_key=slow))


def test_unclosed_client_warns(group):
    client = blocking.open(group())
    with pytest.warns(ResourceWarning, match="never closed"):
        del client
        gc.collect()
