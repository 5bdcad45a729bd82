#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Our transport and a stranger's: iroh, another QUIC and TLS implementation with raw public keys.

Both roles both ways, over the loopback: each side knows the other's key, and refuses any other
one and any other ALPN name. The npm package comes through npm on first use, with the hashes of
package-lock.json, into the build folder. Where that is not possible the test is skipped (exit
code 77) and its last line says why.
"""
import fcntl
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
TESTS = Path(os.environ.get("ZKS_TEST_DIR", SOURCE / "build" / "dev" / "tests"))
PROGRAM = TESTS / "interop_prog_iroh_peer"
SLOW = 5 if os.environ.get("ZKS_SANITIZER") else 1
PATIENCE = 20 * SLOW
INSTALL_SECONDS = 120
NODE_MIN = (20, 3)  # what the package asks for
ALPN = "zks-interop/1"
BYTES = 300_000


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def check_tools():
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed; it needs Node.js {NODE_MIN[0]}.{NODE_MIN[1]} with npm")
    text = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False,
                          timeout=PATIENCE).stdout
    match = re.match(r"v(\d+)\.(\d+)", text)
    if not match or (int(match[1]), int(match[2])) < NODE_MIN:
        skip(f"Node.js {text.strip() or '?'} is older than {NODE_MIN[0]}.{NODE_MIN[1]}")


def npm_install(folder):
    """Installs what package.json names; the reason why not, or None."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
               "--no-save"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"npm did not install it within {INSTALL_SECONDS} s"
    print(done.stdout, done.stderr, sep="")
    if done.returncode:
        return f"npm could not install it (exit code {done.returncode}, output above)"
    load = subprocess.run(["node", "-e", "require('@number0/iroh')"], cwd=folder, check=False,
                          capture_output=True, timeout=PATIENCE)
    if load.returncode:
        return f"the package has no binary for {platform.machine()} {platform.system()} here"
    return None


def install():
    """The folder with the package. It gets its name only when it is complete."""
    check_tools()
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = TESTS / f"interop-npm-{lock}"
    if not folder.is_dir():
        work = Path(tempfile.mkdtemp(prefix="interop-npm-", dir=TESTS))
        reason = npm_install(work)
        if reason:
            shutil.rmtree(work)
            skip(reason)
        try:
            work.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(work)
    return folder


def isolate():
    """Goes on in a network of its own with nothing but the loopback, where the system allows it:
    iroh looks for routers (UPnP), which this test neither needs nor wants."""
    alone = ["unshare", "--map-root-user", "--net"]
    if "ZKS_ISOLATED" in os.environ:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            up = struct.pack("16sh", b"lo", 1)  # struct ifreq with IFF_UP
            fcntl.ioctl(s, 0x8914, up)  # SIOCSIFFLAGS
    elif shutil.which("unshare") and subprocess.run(alone + ["true"], check=False,
                                                    capture_output=True).returncode == 0:
        os.environ["ZKS_ISOLATED"] = "1"
        os.execvp("unshare", [*alone, sys.executable, *sys.argv])


class Process:
    """A program that is read line by line, with a deadline for each."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1, env={**os.environ, "SLOW": str(SLOW)})

    def line(self):
        """The next line; where none comes in time the program is ended and that is "" too."""
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        text = self.process.stdout.readline()
        timer.cancel()
        return text.strip()

    def say(self, text):
        self.process.stdin.write(text + "\n")

    def end(self):
        """(exit code, what was not read); closes its input first."""
        try:
            rest, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            rest, _ = self.process.communicate()
        return self.process.returncode, rest


class Iroh(Process):
    def ask(self, action, **more):
        self.say(json.dumps({"do": action, **more}))
        answer = self.line()
        if not answer:
            raise AssertionError(f"iroh's end gave no answer to {action}")
        return json.loads(answer)

    def start(self, action, **more):
        self.say(json.dumps({"do": action, **more}))

    def answer(self):
        return json.loads(self.line())


def field(line, name):
    match = re.search(rf"\b{name}=(\S+)", line)
    if not match:
        raise AssertionError(f"no {name} in {line!r}")
    return match[1]


def server(seed, peer, alpn=ALPN):
    """Our server: (process, key, address)."""
    process = Process(PROGRAM, "server", PATIENCE, alpn, seed, peer)
    ready = process.line()
    return process, field(ready, "key"), field(ready, "address")


def client(seed, peer, address, alpn=ALPN):
    """Our client, to its end: (exit code, output)."""
    return Process(PROGRAM, "client", PATIENCE, alpn, seed, peer, address, BYTES).end()


def key_of(seed):
    """The public key of a seed, as our transport shows it."""
    process, key, _ = server(seed, "00" * 32)
    process.end()
    return key


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.iroh = Iroh("node", "--no-deprecation", HERE / "iroh_peer.mjs", FOLDER)
        cls.seed, cls.iroh_seed = secrets.token_hex(32), secrets.token_hex(32)
        cls.key, cls.iroh_key = key_of(cls.seed), key_of(cls.iroh_seed)
        cls.stranger = secrets.token_hex(32)

    @classmethod
    def tearDownClass(cls):
        code, rest = cls.iroh.end()
        assert (code, rest) == (0, ""), (code, rest)

    def serve(self, peer):
        """iroh's server, which expects that key: its address."""
        served = self.iroh.ask("serve", alpn=ALPN, seed=self.iroh_seed, peer=peer)
        self.assertEqual(self.iroh_key, served.get("key"), served)  # two ways from seed to key
        self.iroh.start("served")
        return served["address"]

    def dial(self, address, peer, seed=None, alpn=ALPN):
        return self.iroh.ask("dial", alpn=alpn, seed=seed or self.iroh_seed, peer=peer,
                             address=address, bytes=BYTES)

    def failed(self, answer, why):
        self.assertRegex(answer.get("failed", f"not at all: {answer}"), why)

    # --- our client, iroh's server ---

    def test_client_pinned_both_ways_gets_its_echo(self):
        code, output = client(self.seed, self.iroh_key, self.serve(self.key))
        self.assertEqual({"echoed": BYTES}, self.iroh.answer())
        self.assertEqual(0, code, output)
        self.assertIn(f"opened key={self.iroh_key}\n", output)
        self.assertIn(f"echoed bytes={BYTES} right=1\n", output)
        self.assertIn("closed status=ZKS_OK ", output)

    def test_client_shown_another_key_refuses_it(self):
        code, output = client(self.seed, key_of(self.stranger), self.serve(self.key))
        self.failed(self.iroh.answer(), "aborted by peer: .*handshake failed")
        self.assertEqual(1, code, output)
        self.assertNotIn("opened", output)
        self.assertIn("closed status=ZKS_E_RELAY_KEY_CHANGED ", output)

    def test_client_unknown_to_iroh_is_refused(self):
        code, output = client(self.stranger, self.iroh_key, self.serve(self.key))
        self.assertEqual({"refused": key_of(self.stranger)}, self.iroh.answer())
        self.assertEqual(1, code, output)
        self.assertNotIn("echoed", output)
        self.assertIn("closed status=ZKS_OK code=7 text=unknown key\n", output)

    def test_client_with_another_alpn_is_a_version_error(self):
        code, output = client(self.seed, self.iroh_key, self.serve(self.key), alpn="zks-interop/2")
        self.failed(self.iroh.answer(), "NoApplicationProtocol")
        self.assertEqual(1, code, output)
        self.assertIn("closed status=ZKS_E_PROTOCOL_VERSION ", output)

    # --- iroh's client, our server ---

    def test_server_pinned_both_ways_echoes(self):
        process, key, address = server(self.seed, self.iroh_key)
        self.assertEqual({"echoed": BYTES}, self.dial(address, key))
        code, output = process.end()
        self.assertEqual(0, code, output)
        self.assertIn(f"accepted key={self.iroh_key}\n", output)
        self.assertIn("closed status=ZKS_OK ", output)

    def test_server_with_another_key_is_refused_by_iroh(self):
        process, key, address = server(self.seed, self.iroh_key)
        self.failed(self.dial(address, key_of(self.stranger)), "invalid peer certificate")
        self.assertEqual({"echoed": BYTES}, self.dial(address, key))  # it was the key alone
        code, output = process.end()
        self.assertEqual(0, code, output)
        self.assertEqual(1, output.count("accepted"), output)

    def test_server_refuses_an_unknown_client(self):
        process, key, address = server(self.seed, self.iroh_key)
        self.failed(self.dial(address, key, seed=self.stranger), "\\b400\\b")  # unauthorized
        code, output = process.end()
        self.assertEqual((0, f"refused key={key_of(self.stranger)}\n"), (code, output))

    def test_server_with_another_alpn_is_refused(self):
        process, key, address = server(self.seed, self.iroh_key, alpn="zks-interop/2")
        self.failed(self.dial(address, key), "handshake failed: error 120")  # no such protocol
        self.assertEqual((0, ""), process.end())


if __name__ == "__main__":
    FOLDER = install()
    isolate()
    unittest.main(verbosity=2)
