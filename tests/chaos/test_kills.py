#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Seeded SIGKILLs over relay, senders and receiver; then nothing may be lost, doubled or
out of order.

ZKS_KILLS: how many kills (default 200; 0 skips), a tenth for the approved suite. ZKS_TEST_SEED:
which. Fails too when fewer than half of the kills hit pending work, since such a test would prove
nothing.
"""

import mmap
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402

BIN = os.environ["ZKS_BIN_DIR"]
APP = os.path.join(os.environ["ZKS_TEST_DIR"], "chaos_prog_app")
KILLS = int(os.environ.get("ZKS_KILLS", "200"))
if os.environ.get("ZKS_TEST_SUITE") == "approved":
    KILLS = -(-KILLS // 10)
SEED = int(os.environ.get("ZKS_TEST_SEED", str(time.time_ns() % 1000000007)))
DEADLINE_S = 120
SHARED = struct.Struct("<6Q")  # chaos_shared
SENDERS = 2


class Shared:
    """The file that a program maps, see shared.h."""

    def __init__(self, path):
        with open(path, "wb") as f:
            f.write(bytes(SHARED.size))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), SHARED.size)
        self.path = path

    def read(self):
        stop, issued, stored, acked, table, starts = SHARED.unpack(self.map[: SHARED.size])
        return {"issued": issued, "stored": stored, "acked": acked, "table": table,
                "starts": starts, "stop": stop}

    def stop(self):
        self.map[:8] = struct.pack("<Q", 1)


class Part:
    """One process that is killed and started again."""

    def __init__(self, name, command, log):
        self.name, self.command, self.log = name, command, log
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log)

    def kill(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} ended by itself with {self.process.returncode}:\n"
                             f"{tail(self.log)}")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        out, _ = self.process.communicate(timeout=DEADLINE_S)
        if self.process.returncode != 0:
            raise SystemExit(f"{self.name} failed with {self.process.returncode}:\n"
                             f"{tail(self.log)}")
        return out


def tail(path):
    with open(path, "rb") as f:
        return f.read()[-4000:].decode(errors="replace")


class World:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.address = None
        self.relay = Part("relay", self.relay_command, self.path("relay.log"))
        self.start_relay()
        self.shared = [Shared(self.path(f"shared{i}")) for i in range(SENDERS + 1)]
        self.parts = [self.relay]
        for i in range(SENDERS):
            self.parts.append(Part(f"sender {i}", lambda i=i: self.sender_command(i),
                                   self.path(f"sender{i}.log")))
        self.receiver = Part("receiver", self.receiver_command, self.path("receiver.log"))
        self.parts.append(self.receiver)
        for part in self.parts[1:]:
            part.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def relay_command(self):
        return [os.path.join(BIN, "zks-relay"), "--listen", f"127.0.0.1:{self.port}",
                "--data", self.path("relay"), "--pushes-per-minute", "1000000000"]

    def start_relay(self):
        self.relay.start()
        line = self.relay.process.stdout.readline().decode()
        found = re.search(r"address=(\S+)", line)
        if not found:
            raise SystemExit(f"the relay did not start: {line!r}\n{tail(self.relay.log)}")
        self.address = found.group(1)

    def sender_command(self, i):
        return [APP, "send", self.path(f"sender{i}.zks"), self.address, self.shared[i].path,
                self.path(f"journal{i}"), str(SEED + i)]

    def receiver_command(self):
        return [APP, "receive", self.path("receiver.zks"), self.address, self.shared[SENDERS].path,
                self.path("table.sqlite")]

    def pending(self, part):
        """Whether this part has work under way that a kill would interrupt."""
        counts = [s.read() for s in self.shared]
        unacked = sum(max(0, c["issued"] - c["acked"]) for c in counts[:SENDERS])
        undelivered = sum(c["acked"] for c in counts[:SENDERS]) - counts[SENDERS]["table"]
        if part is self.receiver:
            return undelivered > 0
        if part is self.relay:
            return unacked > 0 or undelivered > 0
        own = counts[self.parts.index(part) - 1]
        return own["issued"] > own["acked"]

    def kill_once(self, rng):
        part = rng.choice(self.parts)
        time.sleep(rng.uniform(0, 0.25))
        until = time.monotonic() + 0.5
        hit = self.pending(part)
        while not hit and time.monotonic() < until:
            time.sleep(0.001)
            hit = self.pending(part)
        part.kill()
        if part is self.relay:
            self.start_relay()
        else:
            part.start()
        return hit

    def drain(self):
        for i in range(SENDERS):
            self.shared[i].stop()
        for part in self.parts[1:-1]:
            part.end()
        total = sum(s.read()["acked"] for s in self.shared[:SENDERS])
        until = time.monotonic() + DEADLINE_S
        while self.shared[SENDERS].read()["table"] < total:
            if self.receiver.process.poll() is not None or time.monotonic() > until:
                have = self.shared[SENDERS].read()["table"]
                raise SystemExit(f"the receiver has {have} of {total} entries\n"
                                 f"{tail(self.receiver.log)}")
            time.sleep(0.02)
        self.shared[SENDERS].stop()
        self.receiver.end()
        self.relay.process.send_signal(signal.SIGTERM)
        self.relay.end()
        return total

    def verify(self):
        pairs = [self.path(f"{kind}{i}{end}") for i in range(SENDERS)
                 for kind, end in (("sender", ".zks"), ("journal", ""))]
        return subprocess.run([APP, "verify", self.path("table.sqlite"), *pairs],
                              timeout=DEADLINE_S, check=False).returncode

    def kill_all(self):
        for part in self.parts:
            if part.process and part.process.poll() is None:
                part.process.kill()
                part.process.wait()


def main():
    if KILLS == 0:
        print("skipped: ZKS_KILLS=0")
        return 77
    rng = random.Random(SEED)
    folder = tempfile.mkdtemp(prefix="zks-kills-", dir="/var/tmp")  # on a disk
    print(f"ZKS_TEST_SEED={SEED} kills={KILLS}", flush=True)
    world = None
    try:
        world = World(folder)
        started = time.monotonic()
        hits = sum(world.kill_once(rng) for _ in range(KILLS))
        total = world.drain()
        seconds = time.monotonic() - started
        print(f"kills={KILLS} hit_pending={hits} entries={total} seconds={seconds:.1f}", flush=True)
        failed = world.verify()
        if hits * 2 < KILLS:
            print("fewer than half of the kills hit pending work: this run proves nothing")
            failed = 1
        if not failed:
            shutil.rmtree(folder)
        else:
            print(f"kept for inspection: {folder}")
        return failed
    finally:
        if world:
            world.kill_all()


if __name__ == "__main__":
    sys.exit(main())
