# SPDX-License-Identifier: MIT OR Apache-2.0
"""Signals whose handlers raise: what the engine has taken on is neither lost nor freed too early,
wherever the exception comes. A profile function takes the handler's place where the moment counts:
it raises at one exact call."""

import pytest
from test_lifecycle import OPEN, passed

HELP = OPEN + """
class Cut(Exception):
    pass

def cut_at(name, when, place=None):
    # Raises Cut once, when the named function is called ("c_call"), or has returned ("c_return").
    def profile(frame, event, argument):
        called = getattr(argument, "__name__", None)
        if event == when and called == name and place in (None, frame.f_code.co_name):
            sys.setprofile(None)
            raise Cut
    sys.setprofile(profile)
"""


def test_handler_that_raises_while_operations_begin(program):
    passed(program(HELP + """
def cut(*ignored):
    raise Cut
signal.signal(signal.SIGALRM, cut)

async def main():
    cuts = 0
    async with zerok_sync.open(config) as client:
        for i in range(4000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.00001 + i % 50 * 0.000002)
                try:
                    client.push(b"x")
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Cut:
                cuts += 1
            if i % 100 == 0:
                gc.collect()
                await asyncio.sleep(0.001)
        last = await asyncio.wait_for(client.push(b"y"), 30)
        assert 0 < cuts < last.number, (cuts, last.number)
        assert not client._bridge.pending
    print("survived")
asyncio.run(main())
"""), "survived")


def test_operation_cut_behind_its_call_is_cancelled(program):
    passed(program(HELP + """
async def main():
    async with zerok_sync.open(config) as client:
        for when in ("c_call", "c_return"):
            cut_at("zks_inbox_read", when)
            try:
                client.read(wait=True)
                print("was not cut")
            except Cut:
                pass
            gc.collect()
            until = time.monotonic() + 30
            while client._bridge.pending and time.monotonic() < until:
                await asyncio.sleep(0.01)
            print(when, len(client._bridge.pending))
asyncio.run(main())
"""), "c_call 0\nc_return 0\n")


def test_completions_cut_before_they_are_taken_come_later(program):
    passed(program(HELP + """
async def main():
    loop = asyncio.get_running_loop()
    seen = []
    loop.set_exception_handler(lambda loop, context: seen.append(context["exception"]))
    async with zerok_sync.open(config) as client:
        for name in ("zkspy_dispatch", "unpack", "extend", "zks_op_status", "set_result",
                     "zks_op_free"):
            pushing = [client.push(b"x") for _ in range(20)]
            cut_at(name, "c_return")
            await asyncio.wait_for(asyncio.wait(pushing), 30)
            print(name, len(seen), sum(one.exception() is not None for one in pushing),
                  len(client._bridge.pending))
            seen.clear()
asyncio.run(main())
"""), *[f"{name} 1 0 0\n" for name in ("zkspy_dispatch", "unpack", "extend", "zks_op_status",
                                      "set_result", "zks_op_free")])


@pytest.mark.parametrize("when", ["c_call", "c_return"])
def test_cut_opening_leaves_the_store_free(program, when):
    passed(program(HELP + f"""
config = Config(secret=bytes(32), store=os.environ["TMP"] + "/cut.zks")

async def opened():
    async with zerok_sync.open(config) as client:
        await client.push(b"x")

def opened_without_loop():
    with blocking.open(config) as client:
        client.push(b"x")

for again in (lambda: asyncio.run(opened()), opened_without_loop):
    cut_at("zks_client_open", {when!r})
    try:
        again()
        print("was not cut")
    except Cut:
        print("cut")
    until = time.monotonic() + 30
    while True:
        try:
            again()
            break
        except zerok_sync.StoreError as error:  # it is closed in the background
            if time.monotonic() > until:
                raise
        time.sleep(0.01)
"""), "cut\ncut\n")
