#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Secrets in memory: what a core dump of an app with an open client would hold, and what is left in
its memory after closing. A dump leaves out what is marked so (VmFlags "dd" of /proc/PID/smaps), and
so does the scan of the open app; the closed one is looked at whole. Also what the log says."""
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("ZKS_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
import e2e  # noqa: E402  (the relay and its folder)

PROGRAMS = pathlib.Path(os.environ.get("ZKS_TEST_DIR", SOURCE / "build" / "dev" / "tests"))
SANITIZED = os.environ.get("ZKS_SANITIZER")


def regions(pid):
    """(start, end, name, left out of dumps) of what can be read."""
    start = end = name = None
    readable = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)", line)
        if head:
            start, end, name = int(head[1], 16), int(head[2], 16), head[4]
            readable = head[3].startswith("r")
        elif line.startswith("VmFlags:") and readable and not name.startswith("[v"):
            yield start, end, name, "dd" in line.split()


def memory(pid, whole):
    """[(start, name, bytes)]; whole: also what a dump leaves out."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for start, end, name, hidden in regions(pid):
            if hidden and not whole:
                continue
            try:
                mem.seek(start)
                found.append((start, name, mem.read(end - start)))
            except OSError:
                pass  # gone, or not to be read (guard pages)
    return found


def places(parts, needles):
    """Where each needle stands, as sentences."""
    found = []
    for name, needle in needles.items():
        for start, region, data in parts:
            at = data.find(needle)
            if at >= 0:
                found.append(f"{name} at {start + at:#x} in {region or 'anonymous memory'}")
    return found


class Scan(e2e.Case):

    def setUp(self):
        super().setUp()
        self.store = self.folder / "store.zks"
        self.passphrase = "passphrase-" + secrets.token_hex(16)
        self.secret = secrets.token_bytes(32)
        self.process = None

    def start(self, address):
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [str(PROGRAMS / "fault_prog_hold"), str(self.store), address], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.log)
        self.addCleanup(self.end)
        self.process.stdin.write(self.passphrase.encode() + b"\n" + self.secret)
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.log):
            pipe.close()

    def until(self, word):
        line = self.process.stdout.readline().decode().strip()
        self.assertEqual(line, word, (self.folder / "log").read_text()[-600:])

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def stored_secrets(self):
        """What the store holds, in clear; read from a copy, since the app has it open."""
        copy = self.folder / "copy.zks"
        shutil.copy(self.store, copy)
        if pathlib.Path(f"{self.store}-wal").exists():
            shutil.copy(f"{self.store}-wal", f"{copy}-wal")
        done = subprocess.run([str(PROGRAMS / "fault_prog_secrets"), str(copy), self.passphrase],
                              capture_output=True, text=True, check=True)
        return {name: bytes.fromhex(value) for name, value in
                (line.split() for line in done.stdout.splitlines())}

    def test_no_dump_log_or_closed_process_holds_a_secret(self):
        relay = self.relay()
        self.start(relay.address)
        self.until("configured")
        given = {"passphrase": self.passphrase.encode(), "group secret": self.secret}
        self.assertEqual(places(memory(self.process.pid, False), given), [], "configured")
        self.assertNotEqual(places(memory(self.process.pid, True), given), [])  # the scan finds
        self.go_on()
        self.until("open")
        stored = self.stored_secrets()
        ids = {name: stored.pop(name) for name in ("group_id", "device_id")}
        self.assertEqual(stored["group_seed"], self.secret)
        needles = {**given, **stored}
        open_all = places(memory(self.process.pid, True), needles)
        for name in ("epoch0", "sign_seed", "noise_dh_secret"):
            self.assertTrue([p for p in open_all if p.startswith(name + " ")], f"no {name} at all")
        self.assertEqual([p for p in open_all if p.startswith("passphrase ")], [])
        self.assertEqual(places(memory(self.process.pid, False), needles), [], "open")
        self.go_on()
        self.until("closed")
        self.assertEqual(places(memory(self.process.pid, True), needles), [], "closed")
        self.go_on()
        self.assertEqual(self.process.wait(e2e.PATIENCE), 0)
        logs = (self.folder / "log").read_bytes() + relay.log.read_bytes()
        self.assertGreater(len(logs), 100)
        for name, value in {**needles, **ids}.items():
            self.assertNotIn(value, logs, name)
            self.assertNotIn(value.hex().encode(), logs.lower(), name)
        for path in self.folder.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                for name, value in needles.items():
                    self.assertNotIn(value, data, f"{name} in {path.name}")
                    self.assertNotIn(value.hex().encode(), data, f"{name} in {path.name}")

    def test_no_dump_of_the_command_line_or_the_relay_holds_a_secret(self):
        relay = self.relay()
        a = e2e.Device(self, "A")
        phrase = self.folder / "phrase"
        phrase.write_text(self.passphrase + "\n")
        made = a.one("--store-passphrase-file", phrase, "group", "create", "--relay",
                     relay.address)
        watch = self.watch(a, "--store-passphrase-file", phrase)
        watch.wait_connected()
        self.store = a.store
        stored = self.stored_secrets()
        for name in ("group_id", "device_id"):
            stored.pop(name)
        self.assertIn("epoch0", stored)
        needles = {"passphrase": self.passphrase.encode(), **stored,
                   "recovery code": made["recovery_code"].encode()}
        self.assertTrue(places(memory(watch.process.pid, True), needles))
        self.assertEqual(places(memory(watch.process.pid, False), needles), [], "watch")
        keys = [bytes.fromhex(p.read_text().strip()) for p in relay.folder.iterdir()
                if re.fullmatch(r"[0-9a-f]{64}\s*", p.read_bytes()[:80].decode("latin-1"))]
        self.assertEqual(len(keys), 1)
        seed = {"relay key": keys[0], "relay key in text": keys[0].hex().encode()}
        self.assertTrue(places(memory(relay.process.pid, True), seed))
        self.assertEqual(places(memory(relay.process.pid, False), seed), [], "relay")
        self.assertEqual(places(memory(relay.process.pid, True), needles), [])
        self.assertEqual(watch.end()[0], 130)


if __name__ == "__main__":
    if not os.access("/proc/self/smaps", os.R_OK):
        print("there is no /proc here: skipped")
        sys.exit(77)
    if SANITIZED:
        print("a sanitizer keeps what was freed and reserves terabytes: skipped")
        sys.exit(77)
    unittest.main(verbosity=1)
