# SPDX-License-Identifier: MIT OR Apache-2.0
"""Memory stays flat over many operations. ZKS_PYTHON_OPERATIONS: how many (100,000 by hand)."""

import os

import pytest

OPERATIONS = int(os.environ.get("ZKS_PYTHON_OPERATIONS", "10000"))
GROWTH_KIB = 3000

MEASURE = """
import asyncio, gc, os, sys
from dataclasses import replace
import zerok_sync
from zerok_sync import Config, blocking
config = Config(relays=[os.environ["RELAY"]], secret=os.urandom(32), keep_bytes=1 << 20)
count = int(sys.argv[1])

def rss_kib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
"""
PUSH_AND_READ = MEASURE + """
async def turn(anna, ben, count):
    for _ in range(count // 200):
        await asyncio.gather(*[anna.push(b"x" * 100) for _ in range(100)])
        await anna.push_many([b"y" * 100] * 99, acked=True)
        got = 0
        while got < 199:
            entries = await ben.read(wait=True)
            got += len(entries)
            await ben.ack(entries[-1].seq)

async def main():
    # Files: a store in memory is in memory, with the history that it keeps.
    a, b = (replace(config, store=os.environ["TMP"] + name) for name in ("/a.zks", "/b.zks"))
    async with zerok_sync.open(a) as anna, zerok_sync.open(b) as ben:
        await asyncio.gather(anna.connect(), ben.connect())
        await turn(anna, ben, count)  # buffers and caches find their size
        gc.collect()
        before = rss_kib()
        await turn(anna, ben, count)
        gc.collect()
        print(rss_kib() - before)
asyncio.run(main())
"""
CANCEL = MEASURE + """
async def turn(client, count):
    for _ in range(count // 10):
        for future in [client.read(wait=True) for _ in range(10)]:
            future.cancel()
        await asyncio.sleep(0)
        while len(client._bridge.pending) > 100:  # a busy machine's engine comes later
            await asyncio.sleep(0.001)

async def main():
    async with zerok_sync.open(config) as client:
        await turn(client, count)
        before = rss_kib()
        await turn(client, count)
        print(rss_kib() - before)
asyncio.run(main())
"""
CLIENTS = MEASURE + """
def turn(count):
    for _ in range(count):
        with blocking.open(config) as client:
            list(client.events(timeout=0))
            client.report(), client.devices(), client.invite_shared()
turn(count // 20)
before = rss_kib()
turn(count // 20)
gc.collect()
print(rss_kib() - before)
"""


@pytest.mark.parametrize("text", [PUSH_AND_READ, CANCEL, CLIENTS],
                         ids=["push_and_read", "cancel", "clients"])
def test_memory_stays_flat(program, text):
    process = program(text, str(OPERATIONS), popen=True)
    out, errors = process.communicate(timeout=550)
    assert process.returncode == 0, errors
    assert int(out) < GROWTH_KIB, f"{out} KiB more after {OPERATIONS} operations"
