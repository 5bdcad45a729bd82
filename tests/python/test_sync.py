# SPDX-License-Identifier: MIT OR Apache-2.0
"""Pushing and reading with asyncio."""

import array
import asyncio
import gc
import io
import warnings

import pytest

import zerok_sync
from zerok_sync import SIZE_PUSH_MAX, Config, ItemFlag, Relay, State, ZksError

PATIENCE_S = 30


async def read_all(client, count):
    """The next entries behind the watermark, however many reads that takes."""
    found, after = [], client.acked
    while len(found) < count:
        more = await asyncio.wait_for(client.read(after, wait=True), PATIENCE_S)
        found += more
        after = more[-1].seq
    return found


@pytest.fixture
async def two(group):
    """Two connected devices of one group."""
    async with (
        zerok_sync.open(group(device_name="anna")) as anna,
        zerok_sync.open(group(device_name="bèn ☃")) as ben,
    ):
        await asyncio.gather(anna.connect(), ben.connect())
        yield anna, ben


async def test_pushed_entry_reaches_other_device(two):
    anna, ben = two
    pushed = await anna.push(b"hello", acked=True)
    (entry,) = await read_all(ben, 1)
    assert (entry.data, entry.number, entry.sender) == (b"hello", 1, anna.report().device_id)
    assert not (entry.own or entry.late or entry.fork)
    assert pushed.number == 1 and len(pushed.blob_id) == 16


async def test_any_bytes_like_object_is_pushed(two):
    anna, ben = two
    numbers = array.array("I", [1, 2, 3])
    for data in (b"", bytearray(b"abc"), memoryview(b"xyz")[1:], numbers):
        await anna.push(data)
    found = [entry.data for entry in await read_all(ben, 4)]
    assert found == [b"", b"abc", b"yz", numbers.tobytes()]


async def test_text_is_refused_with_the_cure(two):
    with pytest.raises(TypeError, match="encode it"):
        await two[0].push("text")
    with pytest.raises(TypeError):
        await two[0].push_many(["text"])


async def test_batch_is_pushed_as_one(two):
    anna, ben = two
    data = [bytes([i]) * i for i in range(64)]
    pushed = await anna.push_many(data, acked=True)
    assert (pushed.number, len(pushed.blob_ids)) == (1, 64)
    assert [entry.data for entry in await read_all(ben, 64)] == data


async def test_batch_of_mixed_buffers_from_an_iterator(two):
    anna, ben = two
    await anna.push_many(iter([array.array("H", [1, 2]), b"x", memoryview(b"yy")]))
    assert [len(entry.data) for entry in await read_all(ben, 3)] == [4, 1, 2]


class Liar(bytes):
    """Says that it is longer than it is."""

    def __len__(self):
        return 5000


async def test_only_what_a_buffer_has_is_pushed(two):
    anna, ben = two
    await anna.push(Liar(b"one"))
    await anna.push_many([Liar(b"two"), b"three"])
    assert [bytes(entry.data) for entry in await read_all(ben, 3)] == [b"one", b"two", b"three"]
    with pytest.raises(ValueError, match="32 bytes"):
        anna.trust_relay("127.0.0.1:9", type("Key", (bytes,), {"__len__": lambda self: 32})(b"k"))


async def test_batch_that_is_resized_meanwhile_stays_whole(two):
    anna, ben = two
    resized = bytearray(b"x" * 100)

    class Resizes(bytes):  # at the moment that another thread might choose
        def __len__(self):
            resized.clear()
            return 3

    await anna.push_many([resized, Resizes(b"abc")])
    assert [entry.data for entry in await read_all(ben, 2)] == [b"x" * 100, b"abc"]


async def test_largest_entry_arrives_and_a_larger_one_is_refused(two):
    anna, ben = two
    await anna.push(b"m" * SIZE_PUSH_MAX)
    assert (await read_all(ben, 1))[0].data == b"m" * SIZE_PUSH_MAX
    with pytest.raises(zerok_sync.VerifyError) as caught:
        anna.push(b"m" * (SIZE_PUSH_MAX + 1))
    assert caught.value.name == "TOO_LARGE"


async def test_offline_entries_go_out_when_connected(group):
    async with zerok_sync.open(group()) as anna, zerok_sync.open(group()) as ben:
        for i in range(10):
            await anna.push(b"%d" % i)
        assert anna.report().pending_count == 10
        with pytest.raises(zerok_sync.NotConnectedError) as caught:
            await anna.push(b"now", need_connection=True)
        assert caught.value.retry_class == "retry"
        with pytest.raises(TimeoutError) as late:
            await anna.flush(timeout=0.01)
        assert late.value.pending == 10
        await asyncio.gather(anna.connect(), ben.connect())
        await anna.flush(timeout=PATIENCE_S)
        await asyncio.wait_for(ben.wait_synced(), PATIENCE_S)
        assert len(await ben.read()) == 10


async def test_own_entries_are_read_when_asked_for(two):
    anna, _ = two
    pushed = await anna.push(b"mine", acked=True)
    (entry,) = await anna.read(own=True)
    assert entry.own and entry.flags == ItemFlag.OWN and entry.seq == pushed.seq
    assert await anna.read() == []


async def test_watermark_moves_forward_only(two):
    anna, ben = two
    await anna.push_many([b"1", b"2", b"3"])
    entries = await read_all(ben, 3)
    assert await ben.ack(entries[1].seq) == entries[1].seq == ben.acked
    assert await ben.ack(entries[0].seq) == entries[1].seq
    assert [entry.data for entry in await ben.read()] == [b"3"]


async def test_iterator_acknowledges_when_the_next_is_asked_for(group, tmp_path):
    store = tmp_path / "ben.zks"
    async with zerok_sync.open(group()) as anna:
        await anna.connect()
        async with zerok_sync.open(group(store=store)) as ben:
            await ben.connect()
            await anna.push_many([b"1", b"2", b"3"])
            async for entry in ben.entries():
                if entry.data == b"2":
                    break  # its handling was cut short
        async with zerok_sync.open(group(store=store)) as ben:
            assert [entry.data for entry in await read_all(ben, 2)] == [b"2", b"3"]


async def test_what_a_kept_iterator_is_done_with_is_acknowledged_by_close(group, tmp_path):
    config = group(store=tmp_path / "ben.zks")
    async with zerok_sync.open(group()) as anna, zerok_sync.open(config) as ben:
        await asyncio.gather(anna.connect(), ben.connect())
        await anna.push_many([b"%d" % i for i in range(50)])
        await read_all(ben, 50)
    for i in range(10):
        async with zerok_sync.open(config) as ben:
            entries = ben.entries()
            seen = [int((await anext(entries)).data) for _ in range(5)]
            assert seen == list(range(4 * i, 4 * i + 5))  # the fifth was cut short


async def test_acknowledgement_that_fails_is_raised(group, tmp_path, program):
    config = group(store=tmp_path / "ben.zks")
    async with zerok_sync.open(group()) as anna, zerok_sync.open(config) as ben:
        await asyncio.gather(anna.connect(), ben.connect())
        await anna.push_many([b"%d" % i for i in range(200)])
        await read_all(ben, 200)
    done = program("""
import asyncio, os, resource, time, zerok_sync
from zerok_sync import Config, blocking
config = Config(store=os.environ["TMP"] + "/ben.zks")

def full(yes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096 if yes else resource.RLIM_INFINITY,
                                               resource.RLIM_INFINITY))

async def main():
    async with zerok_sync.open(config) as ben:
        entries, seen = ben.entries(), []
        full(True)
        try:
            async for entry in entries:
                seen.append(entry.data)
                await asyncio.sleep(0.01)
        except zerok_sync.StoreError as error:
            print("raised", ben.acked)
        full(False)
        assert await anext(entries) and len(seen) < 200  # it goes on

def without_loop():
    with blocking.open(config) as ben:
        begun = ben.acked
        full(True)
        try:
            for entry in ben.entries():
                time.sleep(0.01)
        except zerok_sync.StoreError as error:
            print("raised", ben.acked - begun)
        full(False)

asyncio.run(main())
without_loop()
""")
    assert done.stdout == "raised 0\nraised 0\n", done.stderr


async def test_iterator_without_acknowledging_starts_anywhere(two):
    anna, ben = two
    await anna.push_many([b"1", b"2", b"3"])
    first = (await read_all(ben, 3))[0]
    seen = []
    async for entry in ben.entries(after=first.seq, ack=False):
        seen.append(entry.data)
        if len(seen) == 2:
            break
    assert seen == [b"2", b"3"] and ben.acked == 0


async def test_one_iterator_serves_one_task(two):
    anna, ben = two
    entries = ben.entries()
    first = asyncio.ensure_future(anext(entries))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="entries\\(\\) for each"):
        await asyncio.wait_for(anext(entries), PATIENCE_S)
    first.cancel()
    await asyncio.wait([first])
    await anna.push(b"1")
    assert (await asyncio.wait_for(anext(entries), PATIENCE_S)).data == b"1"


async def test_iterator_ends_when_the_client_closes(group):
    client = await zerok_sync.open(group())
    reading = asyncio.create_task(anext(aiter(client.entries()), "end"))
    await asyncio.sleep(0)
    await client.close()
    assert await asyncio.wait_for(reading, PATIENCE_S) == "end"


# --- cancelling -----------------------------------------------------------------------------------


async def test_cancelled_task_cancels_its_operation(two):
    ben = two[1]
    task = asyncio.create_task(read_all(ben, 1))
    await asyncio.sleep(0.01)
    assert len(ben._bridge.pending) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while ben._bridge.pending:  # ends in the engine, too
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_time_limit_cancels_and_the_client_goes_on(two):
    anna, ben = two
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(ben.read(wait=True), 0.05)
    await anna.push(b"later")
    assert (await read_all(ben, 1))[0].data == b"later"


async def test_cancelled_push_is_stored_all_the_same(two):
    anna, ben = two
    anna.push(b"kept", acked=True).cancel()
    assert (await read_all(ben, 1))[0].data == b"kept"


async def test_operations_of_a_closing_client_are_cancelled(group):
    client = await zerok_sync.open(group())
    reading = client.read(wait=True)
    await client.close()
    with pytest.raises(zerok_sync.OperationCancelledError):
        await reading


async def test_cancelled_opening_leaves_nothing(group):
    task = asyncio.ensure_future(zerok_sync.join(Config(relays=group().relays), "AAAA-AAAA"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises((asyncio.CancelledError, ZksError)):
        await task


async def test_cancelled_start_of_a_relay_leaves_none(tmp_path):
    lines = f"listen = 127.0.0.1:0\ndata = {tmp_path}\n"
    relay = Relay(lines)
    starting = asyncio.create_task(relay.start_async())
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not relay._out[0]:  # on its thread
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    while True:
        try:
            async with Relay(lines):  # in the same folder
                break
        except ZksError:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)
    assert not relay._out[0]


# --- the client as an object ----------------------------------------------------------------------


async def test_operation_keeps_its_client_alive(group):
    client = await zerok_sync.open(group())
    pushing = client.push(b"x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del client
        gc.collect()
        assert (await pushing).number == 1
        del pushing
        gc.collect()


async def test_closed_client_says_so(group):
    client = await zerok_sync.open(group())
    await client.close()
    await client.close()
    assert client.closed and "closed" in repr(client)
    for call in (lambda: client.push(b"x"), client.connect, client.report, client.read,
                 client.entries, client.devices, lambda: client.ack(1), lambda: client.acked):
        with pytest.raises(zerok_sync.ClosedError, match="closed"):
            call()


async def test_unclosed_client_warns(group):
    client = await zerok_sync.open(group())
    with pytest.warns(ResourceWarning, match="never closed"):
        del client
        gc.collect()


async def test_loop_is_as_before_when_all_is_closed(group):
    async with zerok_sync.open(group()) as client:
        bridge = client._bridge
        assert asyncio.get_running_loop().remove_reader(bridge.fd)
        asyncio.get_running_loop().add_reader(bridge.fd, bridge._on_readable)
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while bridge.queue is not None:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    async with zerok_sync.open(group()) as client:  # and begins again
        assert (await client.push(b"x")).number == 1


def test_client_of_another_loop_is_refused(group):
    async def make():
        return await zerok_sync.open(group())

    first = asyncio.new_event_loop()
    try:
        client = first.run_until_complete(make())

        async def use():
            await client.push(b"x")

        with pytest.raises(RuntimeError, match="another event loop"):
            asyncio.run(use())
        first.run_until_complete(client.close())
    finally:
        first.close()


async def test_report_and_devices_tell_what_is(two):
    anna, ben = two
    await anna.push(b"x", acked=True)
    await read_all(ben, 1)
    report = anna.report()
    assert report.state == State.CONNECTED and report.sent == 1 and report.device_name == "anna"
    assert report.relays[0].address == report.active_relay and report.relays[0].error is None
    names = {device.name: device for device in ben.devices()}
    assert ben.devices()[0].this and names["anna"].id == report.device_id
    assert names["bèn ☃"].this


# --- streams --------------------------------------------------------------------------------------


async def test_file_is_pushed_in_pieces(two):
    anna, ben = two
    content = bytes(range(256)) * 40
    done = await anna.push_from(io.BytesIO(content), chunk_bytes=1000)
    entries = await read_all(ben, len(done))
    assert len(done) == 11 and b"".join(entry.data for entry in entries) == content
    assert [len(entry.data) for entry in entries][-1] == 240


async def test_stream_waits_for_room_on_its_way_into_the_store(group):
    async with zerok_sync.open(group(queue_max_bytes=1 << 20)) as client:
        pushing = client.push_from(io.BytesIO(bytes(4 << 20)))
        assert len(await asyncio.wait_for(pushing, PATIENCE_S)) == 5


async def test_iterables_are_pushed_in_order(two):
    anna, ben = two

    async def pieces():
        for i in range(30):
            yield b"%d" % i

    await anna.push_from(pieces())
    await anna.push_from([b"a", b"b"], acked=True)
    found = [entry.data for entry in await read_all(ben, 32)]
    assert found == [b"%d" % i for i in range(30)] + [b"a", b"b"]


async def test_piece_size_has_limits(two):
    with pytest.raises(ValueError, match="chunk_bytes"):
        await two[0].push_from(io.BytesIO(b"x"), chunk_bytes=0)


async def test_failing_source_leaves_what_was_pushed(two):
    anna, ben = two

    def source():
        yield b"1"
        yield b"2"
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        await anna.push_from(source())
    assert [entry.data for entry in await read_all(ben, 2)] == [b"1", b"2"]
