# SPDX-License-Identifier: MIT OR Apache-2.0
"""Interpreters that end, fork, are interrupted or are not the main one, each in a process of its
own. A program that hangs fails by its deadline."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

OPEN = """
import asyncio, gc, os, signal, sys, threading, time, warnings
import zerok_sync
from zerok_sync import Config, blocking
warnings.simplefilter("ignore", ResourceWarning)
config = Config(relays=[os.environ["RELAY"]], secret=os.urandom(32))
"""


def passed(done, *said):
    assert done.returncode == 0, done.stderr
    for word in said:
        assert word in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "Fatal" not in done.stderr, done.stderr


# --- exit -----------------------------------------------------------------------------------------


def test_exit_in_a_running_loop_with_open_clients(program):
    passed(program(OPEN + """
async def main():
    clients = [await zerok_sync.open(config) for _ in range(4)]
    await clients[0].connect()
    clients[0].push(b"x", acked=True)
    clients[1].read(wait=True)
    sys.exit(0)
asyncio.run(main())
"""))


def test_exit_after_the_loop_with_open_clients(program):
    passed(program(OPEN + """
kept = []
async def main():
    kept.append(await zerok_sync.open(config))
    await kept[0].connect()
    kept.append(kept[0].read(wait=True))
    kept.append(asyncio.ensure_future(anext(kept[0].events())))
asyncio.run(main())
print("over")
"""), "over")


def test_exit_with_open_blocking_clients_and_a_waiting_thread(program):
    passed(program(OPEN + """
clients = [blocking.open(config) for _ in range(4)]
clients[0].connect()
clients[0].push(b"x")
threading.Thread(target=lambda: clients[0].read(wait=True), daemon=True).start()
threading.Thread(target=lambda: next(clients[1].events()), daemon=True).start()
time.sleep(0.1)
"""))


def test_exit_right_after_import_and_with_a_running_relay(program):
    passed(program(OPEN))
    passed(program(OPEN + """
relay = zerok_sync.Relay("listen = 127.0.0.1:0\\ndata = " + os.environ["TMP"] + "/other\\n")
relay.start()
zerok_sync.enable_logging()
"""))


# --- many loops -----------------------------------------------------------------------------------


def test_clients_left_open_in_many_loops_are_collected(program):
    passed(program(OPEN + """
from zerok_sync._calls import Handle

async def leave_open(events):
    client = await zerok_sync.open(config)
    client.push(b"x")
    client.read(wait=True)
    events.append(asyncio.ensure_future(anext(client.events())))

for i in range(60):
    asyncio.run(leave_open([]))
    if i % 20 == 0:
        gc.collect()
        descriptors = len(os.listdir("/proc/self/fd"))
        threads = threading.active_count()
gc.collect()
left = [o for o in gc.get_objects() if isinstance(o, Handle)]
print("left", len(left), "grown", len(os.listdir("/proc/self/fd")) - descriptors > 5,
      threading.active_count() - threads)
"""), "left 0 grown False 0")


def test_loop_that_is_closed_with_open_clients_while_another_dispatches(program):
    passed(program(OPEN + """
async def leave_open():
    client = await zerok_sync.open(config)
    for _ in range(50):
        client.push(b"x")

def churn():
    for _ in range(10):
        asyncio.run(leave_open())
        gc.collect()

async def work():
    async with zerok_sync.open(config) as client:
        while thread.is_alive():
            await client.push(b"y")
        return "worked"

thread = threading.Thread(target=churn)
thread.start()
print(asyncio.run(work()))
"""), "worked")


def test_loop_without_add_reader(program):
    passed(program(OPEN + """
class Bare(asyncio.SelectorEventLoop):
    def add_reader(self, fd, callback, *args):
        raise NotImplementedError
    def remove_reader(self, fd):
        raise NotImplementedError
async def main():
    async with zerok_sync.open(config) as a, zerok_sync.open(config) as b:
        await asyncio.gather(a.connect(), b.connect())
        for i in range(100):
            await a.push(b"%d" % i)
        async for entry in b.entries():
            if entry.data == b"99":
                break
    print("done")
for _ in range(3):
    loop = Bare()
    loop.run_until_complete(main())
    loop.close()
deadline = time.monotonic() + 20
while threading.active_count() > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
print("threads", threading.active_count())
"""), "done\ndone\ndone\nthreads 1")


def test_uvloop(program):
    pytest.importorskip("uvloop", reason="uvloop is not installed")
    passed(program(OPEN + """
import uvloop
async def main():
    async with zerok_sync.open(config) as a, zerok_sync.open(config) as b:
        await asyncio.gather(a.connect(), b.connect())
        await a.push_many([b"%d" % i for i in range(100)])
        async for entry in b.entries():
            if entry.data == b"99":
                return "done"
for _ in range(3):
    print(uvloop.run(main()))
async def leave_open():
    await (await zerok_sync.open(config)).push(b"x")
uvloop.run(leave_open())
gc.collect()
"""), "done\ndone\ndone")


# --- fork -----------------------------------------------------------------------------------------

# AddressSanitizer's allocator has locks of its own, which a fork of a busy process leaves held.
child_has_threads = pytest.mark.skipif(
    bool(os.environ.get("ZKS_SANITIZER")), reason="a sanitizer allows no threads in the child")


@child_has_threads
def test_forked_child_is_told_and_may_open_its_own(program):
    passed(program(OPEN + """
client = blocking.open(config)
client.push(b"parent")
client.report()
child = os.fork()
if child == 0:
    try:
        client.push(b"x")
    except zerok_sync.ForkedError as error:
        print("refused:", error, flush=True)
    with blocking.open(config) as own:
        own.connect(timeout=30)
        own.push(b"child", acked=True, timeout=30)
        print("own", len(list(own.events(timeout=0.01))) > 0, flush=True)
    del client
    gc.collect()
    sys.exit(7)
print(os.waitpid(child, 0)[1] >> 8)
client.connect()
print("parent reads", client.read(wait=True)[0].data)
client.close()
"""), "refused:", "own True", "\n7\n", "parent reads b'child'")


@child_has_threads
def test_fork_inside_a_loop(program):
    passed(program(OPEN + """
async def main():
    client = await zerok_sync.open(config)
    child = os.fork()
    if child == 0:
        try:
            await client.push(b"x")
        except zerok_sync.ForkedError:
            os._exit(7)
        os._exit(1)
    print(os.waitpid(child, 0)[1] >> 8)
    print((await client.push(b"x")).number)
    child = os.fork()
    if child == 0:
        async def other():
            try:
                await client.push(b"x")
            except zerok_sync.ForkedError as error:
                async with zerok_sync.open(config) as own:
                    os._exit((await own.push(b"own")).number + 7)
            os._exit(1)
        asyncio._set_running_loop(None)
        asyncio.new_event_loop().run_until_complete(other())
    print(os.waitpid(child, 0)[1] >> 8)
    print((await client.push(b"x")).number)
    await client.close()
asyncio.run(main())
"""), "7\n1\n8\n2\n")


@child_has_threads
def test_fork_while_the_engine_writes(program):
    """The child's own runtime finds nothing locked by a thread that it does not have."""
    passed(program(OPEN + """
with blocking.open(config) as client:
    stop = threading.Event()
    def write():
        while not stop.is_set():
            client.push(b"x" * 100)
    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    codes = set()
    for _ in range(30):
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            with blocking.open(config) as own:
                os._exit(own.push(b"child").number)
        codes.add(os.waitpid(child, 0)[1])
    stop.set()
    for thread in threads:
        thread.join()
print(codes)
"""), "{256}")


@child_has_threads
def test_multiprocessing_by_fork(program):
    passed(program(OPEN + """
import multiprocessing

def work(number):
    with blocking.open(config) as client:
        client.connect(timeout=30)
        return client.push(b"%d" % number, acked=True, timeout=30).number

with blocking.open(config) as client:
    client.connect()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(work, range(4)))
    found = []
    while len(found) < 4:
        found += client.read(found[-1].seq if found else None, wait=True, timeout=30)
    print(sorted(entry.data for entry in found))
"""), "[1, 1, 1, 1]", "[b'0', b'1', b'2', b'3']")


# --- Ctrl-C ---------------------------------------------------------------------------------------


def until_asleep(process):
    """Waits until the main thread has slept at three looks: Python itself may take a signal that
    comes while it begins to wait for a lock ill (RuntimeError: cannot release un-acquired lock)."""
    stat, looks, end = Path(f"/proc/{process.pid}/stat"), 0, time.monotonic() + 30
    while looks < 3 and time.monotonic() < end:
        looks = looks + 1 if stat.read_text().rsplit(")", 1)[1].split()[0] == "S" else 0
        time.sleep(0.02)
    assert looks == 3


@pytest.mark.parametrize("wait", [
    "client.read(wait=True)", "client.wait_synced()", "next(client.events())",
    "next(client.entries())", "client.pair().asked()",
])
def test_ctrl_c_ends_a_blocking_wait(program, wait):
    how = "create_group(Config(relays=config.relays)).client" if "pair" in wait else "open(config)"
    process = program(OPEN + f"""
with blocking.{how} as client:
    {"client.connect()" if "pair" in wait else "list(client.events(timeout=0.2))"}
    begun = time.monotonic()
    try:
        print("waiting", flush=True)
        {wait}
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - begun < 20)
""", popen=True)
    assert process.stdout.readline() == "waiting\n"
    until_asleep(process)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "interrupted True\n"), errors


def test_ctrl_c_ends_an_asyncio_program(program):
    process = program(OPEN + """
async def main():
    async with zerok_sync.open(config) as client:
        print("waiting", flush=True)
        async for entry in client.entries():
            pass

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
""", popen=True)
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "interrupted\n"), errors


def test_ctrl_c_in_the_middle_of_completions_loses_none(program):
    passed(program(OPEN + """
class Cut(Exception):
    pass

async def main():
    loop = asyncio.get_running_loop()
    seen = []
    loop.set_exception_handler(lambda loop, context: seen.append(context["exception"]))
    async with zerok_sync.open(config) as client:
        pushing = [client.push(b"x") for _ in range(200)]
        complete, calls = type(pushing[0]).complete, []
        def cut(self):
            complete(self)
            calls.append(1)
            if len(calls) % 50 == 1:
                raise Cut
        type(pushing[0]).complete = cut
        await asyncio.wait_for(asyncio.gather(*pushing), 30)
        type(pushing[0]).complete = complete
    print(len(seen) > 0, {type(error) for error in seen} == {Cut})
asyncio.run(main())
"""), "True True")


# --- other interpreters ---------------------------------------------------------------------------


def test_sub_interpreter_gets_one_clear_error(program):
    done = program("""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import zerok_sync
other = interpreters.create()
text = '''
try:
    import zerok_sync
except ImportError as error:
    print("ImportError:", error)
'''
print(interpreters.run_string(other, text))
""")
    assert done.returncode == 0, done.stderr
    assert "ImportError: zerok_sync works in the main interpreter only" in done.stdout


def test_import_in_a_thread_first(program):
    passed(program("""
import threading
def work():
    from zerok_sync import Config, blocking
    with blocking.open(Config(secret=bytes(32))) as client:
        print(client.push(b"x").number)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""), "1")


VERSIONS = [f"3.{minor}" for minor in range(10, 15)]


@pytest.mark.parametrize("version", VERSIONS)
def test_one_module_for_other_versions(program, version):
    """Where another CPython with cffi is at hand, as python3.x: the same file works there."""
    found = shutil.which(f"python{version}")
    mine = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if found is None or version == mine:
        pytest.skip(f"no other python{version} on this machine")
    if subprocess.run([found, "-c", "import cffi"], capture_output=True, check=False).returncode:
        pytest.skip(f"python{version} has no cffi")
    passed(program(OPEN + """
with blocking.open(config) as client:
    client.connect(timeout=30)
    print(client.push(b"x", acked=True, timeout=30).number)
""", python=found, PYTHONPATH=os.environ.get("PYTHONPATH", "")), "1")
