#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What an entry costs a Python app where nothing but the package works: a store in memory, no
relay. The same as bench_local (local.c), in Python's words.

usage: local.py single|batch|read BLOBS    CPU and time for each entry
       local.py through BLOBS              entries for each second from one client to another
       local.py start                      import and the first push, ms, each in a new process

single: a future for each entry, 64 of them awaited together; batch: 64 entries in a call; read: 64
received entries in a call, again and again (a relay has brought them before). through: batches go
through a relay on disk, and then are read, as in bench_through (through.c). Prints one line of
JSON, and on standard error the same in words. ZKS_BENCH_LOOP=uvloop: with that event loop.
"""
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

TOGETHER, BYTES, WARM_UP = 64, 100, 2048
RUNS = 15
FLUSH_S = 100


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def single(client, payloads):
    await asyncio.gather(*[client.push(data) for data in payloads])


async def batch(client, payloads):
    await client.push_many(payloads)


async def read(client, payloads):
    assert len(await client.read(0, max_count=TOGETHER)) == TOGETHER


def config(*relays):
    from zerok_sync import Config

    return Config(secret=bytes(range(32)), relays=relays)


async def receive(client, payloads, relay):
    """Lets a relay bring 64 entries, which stay in the inbox."""
    import zerok_sync

    async with zerok_sync.open(config(relay.address)) as other:
        await asyncio.gather(client.connect(), other.connect())
        await other.push_many(payloads, acked=True)
        while len(await client.read(0, wait=True)) < TOGETHER:
            pass
    await client.disconnect()


async def turns(turn, client, payloads, count):
    for _ in range(count):
        await turn(client, payloads)


async def measure(turn, blobs):
    import zerok_sync

    payloads = [os.urandom(BYTES) for _ in range(TOGETHER)]
    with tempfile.TemporaryDirectory() as folder:
        relay = zerok_sync.Relay(f"listen = 127.0.0.1:0\ndata = {folder}\nlog_level = off\n")
        if turn is read:
            await relay.start_async()
        begun = time.perf_counter()
        async with zerok_sync.open(config(relay.address or "127.0.0.1:9")) as client:
            opened = time.perf_counter() - begun
            if turn is read:
                await receive(client, payloads, relay)
                await relay.stop_async()
            await turns(turn, client, payloads, WARM_UP // TOGETHER)
            wall, cpu = time.perf_counter(), cpu_s()
            await turns(turn, client, payloads, blobs // TOGETHER)
            cpu, wall = cpu_s() - cpu, time.perf_counter() - wall
    blobs -= blobs % TOGETHER
    return {"blobs": blobs, "cpu_us": round(cpu / blobs * 1e6, 3),
            "wall_us": round(wall / blobs * 1e6, 3), "first_open_ms": round(opened * 1e3, 2)}


async def drain(client, blobs):
    last = 0
    while blobs > 0:
        entries = await client.read(last, max_count=TOGETHER, wait=True)
        last, blobs = entries[-1].seq, blobs - len(entries)


async def through(blobs):
    import zerok_sync

    payloads = [os.urandom(BYTES) for _ in range(TOGETHER)]
    blobs -= blobs % TOGETHER
    with tempfile.TemporaryDirectory() as folder:
        relay = zerok_sync.Relay(f"listen = 127.0.0.1:0\ndata = {folder}\nlog_level = off\n")
        await relay.start_async()
        async with zerok_sync.open(config(relay.address)) as sender, \
                zerok_sync.open(config(relay.address)) as reader:
            await asyncio.gather(sender.connect(), reader.connect())
            begun = time.perf_counter()
            await turns(batch, sender, payloads, blobs // TOGETHER)
            await sender.flush(FLUSH_S)
            pushed = time.perf_counter() - begun
            await drain(reader, blobs)
            delivered = time.perf_counter() - begun
        await relay.stop_async()
    return {"blobs": blobs, "pushes_per_s": round(blobs / pushed),
            "deliveries_per_s": round(blobs / delivered)}


def run(mode, blobs):
    if mode == "through":
        return in_loop(through(blobs))
    turn = {"single": single, "batch": batch, "read": read}[mode]
    return in_loop(measure(turn, blobs))


def in_loop(work):
    if os.environ.get("ZKS_BENCH_LOOP") == "uvloop":
        import uvloop

        return uvloop.run(work)
    return asyncio.run(work)


PROGRAMS = {
    "interpreter": "pass",
    "import": "import zerok_sync",
    "import_blocking": "from zerok_sync import blocking",
    "first_push": "from zerok_sync import Config, blocking\n"
                  "with blocking.open(Config(secret=bytes(32))) as client: client.push(b'x')",
}


def process_ms(text, env):
    """(time, CPU) of an interpreter that runs a program, ms."""
    begun = time.perf_counter()
    used = os.wait4(subprocess.Popen([sys.executable, "-c", text], env=env).pid, 0)[2]
    return (time.perf_counter() - begun) * 1e3, (used.ru_utime + used.ru_stime) * 1e3


def start():
    """Medians of whole processes; what the interpreter itself takes stands beside."""
    found = {}
    with tempfile.TemporaryDirectory() as compiled:
        env = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, text in PROGRAMS.items():
            runs = [process_ms(text, env) for _ in range(RUNS + 1)][1:]  # the first one compiles
            wall, cpu = (round(statistics.median(column), 1) for column in zip(*runs))
            found[f"{name}_ms"], found[f"{name}_cpu_ms"] = wall, cpu
    return found


def main():
    if sys.argv[1:] == ["start"]:
        found = start()
        cpu = found["import_cpu_ms"] - found["interpreter_cpu_ms"]
        print(f"import {found['import_ms'] - found['interpreter_ms']:.0f} ms, {cpu:.0f} of CPU; "
              f"the first push {found['first_push_ms'] - found['import_blocking_ms']:.0f} ms later",
              file=sys.stderr)
    elif len(sys.argv) == 3 and sys.argv[1] in ("single", "batch", "read"):
        found = run(sys.argv[1], int(sys.argv[2]))
        print(f"{sys.argv[1]}: {found['cpu_us']} us of CPU for each of {found['blobs']} entries",
              file=sys.stderr)
    elif len(sys.argv) == 3 and sys.argv[1] == "through":
        found = run(sys.argv[1], int(sys.argv[2]))
        print(f"through: {found['pushes_per_s']} pushes and {found['deliveries_per_s']} deliveries"
              " for each second", file=sys.stderr)
    else:
        sys.exit(__doc__)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
