# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the end-to-end tests share: the real programs, a relay, devices, a temporary folder."""
import base64
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "tests" / "support"))
from ports import free_port  # noqa: E402
BIN = Path(os.environ.get("ZKS_BIN_DIR", SOURCE / "build" / "dev" / "bin"))
SLOW = 5 if os.environ.get("ZKS_SANITIZER") else 1
PATIENCE = 60 * SLOW
PUSH_MAX = 1047552
# The suite of the groups that devices make: "approved" runs the same tests over suite 2.
SUITE = os.environ.get("ZKS_TEST_SUITE", "default")


def environment(**more):
    """The environment without what would change a program's behaviour, and with more."""
    kept = {k: v for k, v in os.environ.items()
            if k not in ("ZKS_STORE", "ZKS_PASSPHRASE", "ZKS_STORE_PASSPHRASE")}
    return {**kept, **more}


def zks(*args, data=None, env=None, timeout=PATIENCE):
    """Runs zks to its end, without a terminal that it could ask on."""
    return subprocess.run([str(BIN / "zks"), *map(str, args)], input=data, capture_output=True,
                          check=False, timeout=timeout, env=environment(**(env or {})),
                          start_new_session=True,
                          **({} if data is not None else {"stdin": subprocess.DEVNULL}))


def objects(output):
    return [json.loads(line) for line in output.splitlines()]


def payload(entry):
    return entry["text"].encode() if "text" in entry else base64.b64decode(entry["base64"])


def wait_for(what, done):
    """Waits for a condition; PATIENCE seconds at most."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {PATIENCE} s: {what}")
        time.sleep(0.02)


class Relay:
    """zks-relay on a folder, at the same port whenever it starts."""

    def __init__(self, folder, listen=None):
        self.folder, self.listen = Path(folder), listen or f"127.0.0.1:{free_port()}"
        self.process, self.address = None, None
        self.log = self.folder.with_suffix(".log")
        self.start()

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(BIN / "zks-relay"), "--listen", self.listen, "--data", str(self.folder)],
                stdout=subprocess.PIPE, stderr=log, env=environment())
        line = self.process.stdout.readline().decode()
        match = re.search(r"address=(zks://\S+@(\S+:\d+))", line)
        if not match:
            raise AssertionError(f"no ready line but {line!r}; {self.log.read_text()[-800:]}")
        self.address, self.listen = match[1], match[2]

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        return self.end(signal.SIGTERM)


class Watch:
    """zks watch --json in the background."""

    def __init__(self, device, *args, env=None):
        self.entries, self.events = [], []
        self.process = subprocess.Popen(
            device.command("--json", "watch", *args), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment(**(env or {})))
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            item = json.loads(line)
            (self.entries if item["kind"] == "entry" else self.events).append(item)

    def wait_connected(self):
        wait_for("watch is connected",
                 lambda: any(e.get("state") == "connected" for e in self.events))

    def wait_count(self, count):
        wait_for(f"watch prints {count} entries", lambda: len(self.entries) >= count)

    def payloads(self):
        return [payload(e) for e in self.entries]

    def end(self, number=signal.SIGINT):
        """(exit code, stderr) after a signal; 0 waits for the program's own end."""
        if number:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.thread.join(PATIENCE)
        errors = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return code, errors


class Running:
    """zks --json in the background, and its objects as they come."""

    def __init__(self, device, *args):
        self.items, self.said = [], ""
        self.process = subprocess.Popen(
            device.command("--json", *args), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(), start_new_session=True)
        self.threads = [threading.Thread(target=read, daemon=True)
                        for read in (self.read_objects, self.read_errors)]
        for thread in self.threads:
            thread.start()

    def read_objects(self):
        for line in self.process.stdout:
            self.items.append(json.loads(line))

    def read_errors(self):
        self.said = self.process.stderr.read().decode(errors="replace")

    def find(self, kind, count=1):
        found = [item for item in self.items if item["kind"] == kind]
        return found[count - 1] if len(found) >= count else None

    def wait(self, kind, count=1):
        """The count-th object of a kind; fails at the end of the process."""
        wait_for(f"{kind} (so far: {self.items}, {self.said})",
                 lambda: self.find(kind, count) or self.process.poll() is not None)
        if not self.find(kind, count):
            self.end()
        if not self.find(kind, count):
            raise AssertionError(f"ended without {kind}: {self.items}, {self.said}")
        return self.find(kind, count)

    def write(self, text):
        """All of standard input."""
        self.process.stdin.write(text.encode())
        self.process.stdin.close()

    def end(self, number=0):
        """(exit code, stderr), after a signal or (0) by itself."""
        if number:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
        return code, self.said


class Device:
    """A store and zks on it."""

    def __init__(self, test, name):
        self.test, self.name = test, name
        self.store = test.folder / f"{name}.zks"

    def command(self, *args):
        return [str(BIN / "zks"), "--store", str(self.store), *map(str, args)]

    def run(self, *args, data=None, env=None, code=0):
        """Runs zks and checks its exit code; (JSON objects, stderr)."""
        done = zks("--store", self.store, "--json", *args, data=data, env=env)
        errors = done.stderr.decode(errors="replace")
        self.test.assertEqual(done.returncode, code, f"zks {args}: {errors}")
        return objects(done.stdout), errors

    def one(self, *args, **more):
        return self.run(*args, **more)[0][0]

    def create(self, relay, *args, **more):
        """A shared group: its object has an invite, unless args say where the secret is from."""
        return self.one("group", "create", "--shared", "--relay", relay, "--name", self.name,
                        "--suite", SUITE, *args, **more)

    def create_paired(self, relay, *args, **more):
        return self.one("group", "create", "--relay", relay, "--name", self.name, "--suite", SUITE,
                        *args, **more)

    def join(self, invite):
        return self.one("join", "-", "--name", self.name, data=invite.encode())

    def entries(self, *args):
        return [e for e in self.run("pull", *args)[0] if e["kind"] == "entry"]

    def payloads(self, *args):
        return [payload(e) for e in self.entries(*args)]

    def everything(self):
        """sender -> [(number, payload)] of all that this device holds."""
        found = {}
        for e in self.entries("--own", "--after", "0", "--offline"):
            found.setdefault(e["sender"], []).append((e["number"], payload(e)))
        return found


class Case(unittest.TestCase):
    """A test with a folder of its own; relays and watches it starts are ended behind it."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="zks-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def end_process(self, owner):
        if owner.process.poll() is None:
            owner.process.kill()
            owner.process.wait()
        for pipe in (owner.process.stdin, owner.process.stdout, owner.process.stderr):
            if pipe:
                pipe.close()

    def relay(self, name="relay", **more):
        relay = Relay(self.folder / name, **more)
        self.addCleanup(self.end_process, relay)
        return relay

    def watch(self, device, *args, **more):
        watch = Watch(device, *args, **more)
        self.addCleanup(self.end_process, watch)
        return watch

    def running(self, device, *args):
        running = Running(device, *args)
        self.addCleanup(self.end_process, running)
        return running

    def invite(self, device, *args):
        """zks pair with a code to type, or a link: (the running program, what it shows)."""
        link = ["--link"] if SUITE == "approved" else []
        pairing = self.running(device, "pair", *link, *args)
        return pairing, pairing.wait("pair_code")["code"]

    def let_in(self, inviter, joiner, relay, *args):
        """Pairs; what zks join says at its end."""
        pairing, code = self.invite(inviter, "--yes", *args)
        joined = joiner.run("join", "-", "--relay", relay.listen, "--name", joiner.name,
                            data=code.encode())[0][-1]
        self.assertEqual(pairing.end()[0], 0, pairing.said)
        self.assertEqual(pairing.items[-1]["device_id"], joined["device_id"])
        return joined

    def paired(self, relay, names):
        """Devices of one paired group, and what its creation said."""
        first, *others = (Device(self, name) for name in names)
        made = first.create_paired(relay.address)
        for other in others:
            other.group = self.let_in(first, other, relay)
        return [first, *others], made

    def pair(self, relay):
        """Two devices of one shared group."""
        a, b = Device(self, "A"), Device(self, "B")
        b.group = b.join(a.create(relay.address)["invite"])
        return a, b


class Terminal(Case):
    """A test with a terminal of its own for zks on device A, and what is typed into it."""

    def setUp(self):
        super().setUp()
        self.a = Device(self, "A")
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)
        self.before = termios.tcgetattr(self.slave)[3]
        self.shown = b""

    def start(self, *args):
        return self.start_command(*self.a.command(*args))

    def start_command(self, *args, **more):
        pipes = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave, **more}
        process = subprocess.Popen(["setsid", "--ctty", *args], env=environment(), **pipes)
        self.asking = process
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_shown(self, pattern):
        """The match of a regular expression in what stands on the terminal, when it is there."""
        end = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.shown)):
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern} within {PATIENCE} s: {self.shown}")
            self.shown += os.read(self.master, 1000)
        return match

    def wait_question(self, question):
        end = time.monotonic() + PATIENCE
        while question not in self.shown:
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {question} within {PATIENCE} s: {self.shown}")
            self.shown += os.read(self.master, 1000)
        self.shown = self.shown.split(question, 1)[1]
        if os.environ.get("ZKS_SANITIZER") == "thread":
            self.wait_asleep(end)

    def wait_asleep(self, end):
        """ThreadSanitizer loses a signal now and then that comes just before a call that waits."""
        looks = 0
        while looks < 3 and time.monotonic() < end:
            state = Path(f"/proc/{self.asking.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            looks = looks + 1 if state == "S" else 0
            time.sleep(0.02)

    def answer(self, question, text):
        """Types as soon as the question appears; zks has switched off the echo then."""
        self.wait_question(question)
        os.write(self.master, text)

    def end(self, process, code):
        """The exit code, and the terminal as it was; self.shown has all that was printed."""
        self.assertEqual(process.wait(PATIENCE), code)
        self.assertEqual(termios.tcgetattr(self.slave)[3], self.before)
        os.set_blocking(self.master, False)
        try:
            self.shown += os.read(self.master, 65536)
        except BlockingIOError:
            pass
        os.set_blocking(self.master, True)


def main():
    if not (BIN / "zks").is_file() or not (BIN / "zks-relay").is_file():
        print(f"{BIN} has no zks and zks-relay")
        sys.exit(1)
    unittest.main(verbosity=2)
