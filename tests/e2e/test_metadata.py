#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Metadata: whatever somebody can see without a key of the group. Two devices work through a proxy
that keeps every datagram, with everything logged; then names, contents, keys and ids are looked for
in what was on the wire, in the logs of both sides, in the sentences of errors, in the relay's file
names and in its files; and every blob that the relay keeps has one of PADME's sizes."""
import base64
import os
import re
import select
import socket
import sqlite3
import subprocess
import threading
from pathlib import Path

import e2e
from e2e import Device

try:
    import quic_initial
except ImportError:
    quic_initial = None
    print("the Python package cryptography is missing: the ClientHello is not read")

TESTS = Path(os.environ.get("ZKS_TEST_DIR", e2e.SOURCE / "build" / "dev" / "tests"))
BLOB_MIN = 256


def padme(length):
    e = length.bit_length() - 1
    z = max(e - e.bit_length(), 0)
    mask = (1 << z) - 1
    return length + mask & ~mask


class Proxy:
    """Passes datagrams between clients and a relay and keeps them."""

    def __init__(self, target):
        self.target, self.seen, self.ended = target, [], False
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.backs = {}  # client -> socket towards the relay
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            ready, _, _ = select.select([self.front, *self.backs.values()], [], [], 0.1)
            for s in ready:
                try:
                    data, sender = s.recvfrom(65536)
                except OSError:
                    continue  # the relay's port is closed
                self.seen.append(data)
                if s is self.front:
                    if sender not in self.backs:
                        self.backs[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        self.backs[sender].connect(self.target)
                    self.backs[sender].send(data)
                else:
                    client = next(c for c, back in self.backs.items() if back is s)
                    self.front.sendto(data, client)

    def end(self):
        self.ended = True
        self.thread.join()
        for s in (self.front, *self.backs.values()):
            s.close()


def forms(value):
    """A value as bytes, and as people and programs write it."""
    lower = value.hex().encode()
    plain = base64.b64encode(value).rstrip(b"=")
    return {value, lower, lower.upper(), plain, plain.replace(b"+", b"-").replace(b"/", b"_"),
            base64.b32encode(value).rstrip(b"="), base64.b32encode(value).rstrip(b"=").lower()}


def pieces(value):
    """The whole, and every quarter of a key or id: half of one would be a leak too."""
    found = forms(value)
    if len(value) >= 32:
        for at in range(0, len(value) - 7, 8):
            found |= {value[at:at + 8], value[at:at + 8].hex().encode()}
    return found


class Metadata(e2e.Case):

    def setUp(self):
        super().setUp()
        self.process = self.relay_process()
        self.proxy = Proxy(("127.0.0.1", self.port))
        self.addCleanup(self.proxy.end)
        self.address = f"zks://{self.key}@127.0.0.1:{self.proxy.port}"
        self.said = b""  # by the devices' programs, but for their results

    def relay_process(self):
        self.data, self.log = self.folder / "relay", self.folder / "relay.log"
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [str(e2e.BIN / "zks-relay"), "--listen", "127.0.0.1:0", "--data", str(self.data),
                 "--log-level", "debug"], stdout=subprocess.PIPE, stderr=log,
                env=e2e.environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline().decode()
        self.key, where = line.split("address=zks://")[1].split()[0].split("@")
        self.port = int(where.rsplit(":", 1)[1])
        return process

    def run_zks(self, device, *args, data=None, code=0):
        """Runs with everything logged; keeps what is logged and told, and errors as JSON."""
        done = e2e.zks("--store", device.store, "--json", "--log-level", "debug", *args, data=data)
        self.assertEqual(done.returncode, code, done.stderr)
        self.said += done.stderr
        results = e2e.objects(done.stdout)
        for item in results:
            if item["kind"] in ("error", "event"):
                self.said += str({k: v for k, v in item.items() if k != "device"}).encode()
        return results

    def secrets_of(self, device):
        done = subprocess.run([str(TESTS / "fault_prog_secrets"), str(device.store)],
                              capture_output=True, text=True, check=True)
        return {f"{device.name} {name}": bytes.fromhex(value) for name, value in
                (line.split() for line in done.stdout.splitlines())}

    def work(self, contents):
        """What devices do, failures included."""
        a, b = Device(self, "Annas-Notebook"), Device(self, "Bertas-Telephone")
        made = self.run_zks(a, "group", "create", "--shared", "--relay", self.address, "--name",
                            a.name)[0]
        self.run_zks(b, "group", "join", "-", "--name", b.name, data=made["invite"].encode())
        for content in contents:
            self.run_zks(a, "push", "-", data=content)
        got = [e2e.payload(e) for e in self.run_zks(b, "pull") if e["kind"] == "entry"]
        self.assertEqual(got, contents)
        self.run_zks(b, "push", "-", data=contents[0] + b" back")
        self.run_zks(a, "pull")
        self.run_zks(a, "status", "--online")
        self.run_zks(b, "devices", "--online")
        # a store of another group; a relay that shows another key; bad invites; no relay
        stranger = Device(self, "Stranger-of-Mine")
        self.run_zks(stranger, "group", "join", "-", data=made["invite"][:-3].encode(), code=3)
        other = self.address.replace(self.key, ("b" if self.key[0] == "a" else "a") + self.key[1:])
        self.run_zks(a, "pull", "--relay", other, "--timeout", "5", code=6)
        self.process.kill()
        self.process.wait()
        self.run_zks(a, "push", "-", "--timeout", "1", data=contents[0], code=5)
        return a, b, made

    def test_nobody_without_a_key_sees_name_content_key_or_id(self):
        contents = [b"dear diary, " + str(i).encode() + b" " + os.urandom(8).hex().encode() * n
                    for i, n in enumerate((1, 3, 40, 500, 3000))]
        a, b, made = self.work(contents)
        keys, ids = self.secrets_and_ids(a, b)
        names = {"name of A": b"Annas-Notebook", "name of B": b"Bertas-Telephone",
                 "name of the stranger": b"Stranger-of-Mine", "content": b"dear diary",
                 "invite": made["invite"][20:60].encode()}
        blob_ids = {f"blob {i}": bytes.fromhex(e["id"].replace("-", "")) for i, e in
                    enumerate(self.run_zks(b, "pull", "--offline", "--after", "0"))
                    if e["kind"] == "entry"}
        stranger = self.folder / "Stranger-of-Mine.zks"
        self.assertGreater(len(self.proxy.seen), 50)
        self.assert_hidden({**names, **keys}, {**ids, **blob_ids}, (a.store, b.store, stranger))

    def test_paired_group_shows_no_more(self):
        """Pairing, a removal and new keys: also no code, no digits and no recovery code."""
        a, b, c = (Device(self, name) for name in ("Annas-Notebook", "Bertas-Phone", "Clara-Pad"))
        made = self.run_zks(a, "group", "create", "--relay", self.address, "--name", a.name,
                            "--suite", e2e.SUITE)[0]
        texts, digits = {"recovery code": made["recovery_code"].encode()}, []
        words = made["recovery_code"].split()
        for i in range(len(words) - 2):
            texts[f"words from {i}"] = " ".join(words[i:i + 3]).encode()
        for joiner in (b, c):
            code, shown = self.let_in_loudly(a, joiner)
            digits += shown
            texts.update(self.parts_of(joiner.name, code))
        for device in (a, b, c):
            self.run_zks(device, "push", "-", data=b"dear diary of " + device.name.encode())
        for device in (a, b, c):
            self.run_zks(device, "pull")
        keys, ids = self.secrets_and_ids(a, b, c)
        self.run_zks(a, "devices", "revoke", c.name, "--yes")
        self.run_zks(b, "group", "rotate")
        self.run_zks(c, "pull", code=6)
        self.run_zks(a, "pull")
        for name, value in self.secrets_and_ids(a, b)[0].items():
            keys.setdefault(name, value)  # of the new epochs
        self.assertIn("Annas-Notebook epoch2", keys)
        names = {d.name: d.name.encode() for d in (a, b, c)}
        self.assert_hidden({**names, **texts, **keys, "content": b"dear diary"}, ids,
                           (a.store, b.store, c.store))
        for shown in digits:
            found = re.compile(rb"(?<!\d)%b ?%b(?!\d)" % (shown[:3].encode(), shown[-3:].encode()))
            self.assertIsNone(found.search(self.said + self.log.read_bytes()), "digits in a log")

    def let_in_loudly(self, inviter, joiner):
        """Pairs, with everything logged; the code, and the digits that each side showed."""
        link = ["--link"] if e2e.SUITE == "approved" else []
        pairing = self.running(inviter, "--log-level", "debug", "pair", *link, "--yes")
        code = pairing.wait("pair_code")["code"]
        joining = self.running(joiner, "--log-level", "debug", "join", "-", "--relay",
                               self.address, "--name", joiner.name)
        joining.write(code)
        shown = []
        for side in (joining, pairing):
            status, said = side.end()
            self.assertEqual(status, 0, said)
            # What the person at the inviting device is asked says name and digits.
            self.said += "\n".join(line for line in said.split("\n")
                                   if not line.startswith("zks: letting ")).encode()
            shown.append(side.find("pair_digits")["digits"])
        self.assertIn(b"pairing_begun", self.said)
        return code, shown

    @staticmethod
    def parts_of(name, code):
        """What of a code is secret: in one typed all but its first four characters."""
        if e2e.SUITE == "approved":
            return {f"link for {name}": code[-40:].encode()}
        secret = code.replace("-", "")[4:]
        parts = [code[5:], code[5:].lower()]
        for i in (0, 4):
            parts += [secret[i:i + 8], secret[i:i + 8].lower()]
        return {f"code for {name}, {i}": part.encode() for i, part in enumerate(parts)}

    def secrets_and_ids(self, *devices):
        keys = {}
        for device in devices:
            keys.update(self.secrets_of(device))
        ids = {name: keys.pop(name) for name in list(keys) if name.endswith("_id")}
        self.assertEqual(len(ids), 2 * len(devices))
        return keys, ids

    def assert_hidden(self, secrets, ids, stores):
        """Secrets are nowhere; ids in the relay's database alone, where the search finds them."""
        wire = b"\0".join(self.proxy.seen)
        if quic_initial:  # what everybody on the path can open
            hellos = quic_initial.readable(self.proxy.seen)
            self.assertTrue(any(b"0k-sync/2" in text for text in hellos))
            wire += b"\0".join(hellos)
        log = self.log.read_bytes()
        self.assertIn(b"session.online", log)
        self.assertIn(b"link_down", self.said)
        files = {str(p.relative_to(self.data)): p.read_bytes()
                 for p in self.data.rglob("*") if p.is_file()}
        # pseudonyms are in its database, which shows that the search finds what is there
        self.assertTrue(any(ids["Annas-Notebook group_id"] in data for data in files.values()))
        # The paths of the test's own stores are in sentences, and their names are the devices'.
        said = self.said
        for store in stores:
            said = said.replace(str(store).encode(), b"")
        for name, value in {**secrets, **ids}.items():
            for piece in pieces(value):
                self.assertNotIn(piece, wire, f"{name} on the wire")
                self.assertNotIn(piece, log, f"{name} in the relay's log")
                self.assertNotIn(piece, said, f"{name} in a log or sentence of a device")
                self.assertNotIn(piece, "\n".join(files).encode(), f"{name} as a file's name")
        for name, value in secrets.items():
            for file, data in files.items():
                for form in forms(value):
                    self.assertNotIn(form, data, f"{name} in {file}")

    def test_every_blob_has_a_size_of_padme_and_files_are_the_relays_alone(self):
        a = Device(self, "A")
        self.run_zks(a, "group", "create", "--relay", self.address)
        sizes = [0, 1, 100, 101, 200, 255, 256, 257, 1000, 1001, 4096, 9999, 65537, 300001,
                 e2e.PUSH_MAX - 1, e2e.PUSH_MAX]
        for size in sizes:
            self.run_zks(a, "push", "-", data=os.urandom(size))
        self.process.terminate()
        self.process.wait()
        for path in [self.data, *self.data.rglob("*")]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        database = next(p for p in self.data.iterdir()
                        if p.read_bytes()[:15] == b"SQLite format 3")
        db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        stored = [n for (n,) in db.execute("SELECT length(blob) FROM blobs ORDER BY seq")]
        db.close()
        self.assertGreaterEqual(len(stored), len(sizes))
        for length in stored:
            self.assertEqual(length, max(padme(length), BLOB_MIN))
        self.assertLessEqual(max(stored), 1 << 20)
        self.assertLess(len(set(stored)), len(sizes))  # near sizes are one size


if __name__ == "__main__":
    e2e.main()
