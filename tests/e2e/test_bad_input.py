#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The table bad_input.json: each bad input gives its own exit code and sentence, and afterwards
nothing is lost. What needs more than one call stands below."""
import json
import random
import re
import shutil
import socket
import sqlite3
import threading
from pathlib import Path

import e2e
from e2e import Device

TABLE = json.loads((Path(__file__).parent / "bad_input.json").read_text())["cases"]
ONE_SENTENCE = re.compile(r"zks: \S.*[.`)\w]\Z", re.S)


def flip_middle(text):
    at = len(text) // 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


class Table(e2e.Case):

    def setUp(self):
        super().setUp()
        self.server = self.relay()
        self.device = Device(self, "store")
        self.invite = self.device.create(self.server.address)["invite"]
        self.device.run("push", "first", "second")

    def make_stores(self):
        """Stores that something is wrong with."""
        folder, source = self.folder, random.Random(5)
        names = {"empty": folder / "empty.zks", "lonely": folder / "lonely.zks"}
        self.assertEqual(e2e.zks("-s", names["empty"], "init").returncode, 0)
        self.assertEqual(e2e.zks("-s", names["lonely"], "group", "create").returncode, 0)
        for name, content in (("garbage", source.randbytes(40000)), ("nothing", b"")):
            names[name] = folder / f"{name}.zks"
            names[name].write_bytes(content)
        names["foreign"] = folder / "foreign.zks"
        with sqlite3.connect(names["foreign"]) as db:
            db.execute("CREATE TABLE notes (text)")
        for name in ("truncated", "newer", "bad_settings", "odd_settings"):
            names[name] = folder / f"{name}.zks"
            shutil.copy(self.device.store, names[name])
        content = names["truncated"].read_bytes()
        names["truncated"].write_bytes(content[:len(content) // 2 // 4096 * 4096])
        patched = bytearray(names["newer"].read_bytes())
        patched[60:64] = (2**31 - 1).to_bytes(4, "big")  # SQLite's user_version
        names["newer"].write_bytes(patched)
        Path(f"{names['bad_settings']}.conf").write_text("relays = x")
        Path(f"{names['odd_settings']}.conf").write_text('{"relays": [1]}')
        return names

    def make_relays(self):
        """Addresses where no relay is, or another one."""
        key, rest = self.server.address.removeprefix("zks://").split("@")
        silent, babbling = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in "ab")
        for s in (silent, babbling):
            s.bind(("127.0.0.1", 0))
            self.addCleanup(s.close)
        threading.Thread(target=self.babble, args=(babbling,), daemon=True).start()
        wrong = ("b" if key[0] != "b" else "c") + key[1:]
        return {"relay": self.server.address, "relay_listen": self.server.listen,
                "relay_data": self.server.folder, "key": key, "wrong_key": f"zks://{wrong}@{rest}",
                "free": f"127.0.0.1:{e2e.free_port()}",
                "silent": f"127.0.0.1:{silent.getsockname()[1]}",
                "babble": f"127.0.0.1:{babbling.getsockname()[1]}"}

    @staticmethod
    def babble(sock):
        """Answers each datagram with random ones and with what it got, turned around."""
        source = random.Random(9)
        try:
            while True:
                data, peer = sock.recvfrom(65536)
                sock.sendto(source.randbytes(source.randrange(1, 1400)), peer)
                sock.sendto(data[::-1], peer)
                sock.sendto(data, peer)
        except OSError:
            pass

    def make_names(self):
        invite, source = self.invite, random.Random(3)
        scheme, body = invite.split(":")
        long_passphrase, long_line = self.folder / "long-passphrase", self.folder / "long-line"
        long_passphrase.write_bytes(b"p" * 1500)
        long_line.write_bytes(b"short\n" + b"x" * (e2e.PUSH_MAX + 1) + b"\nmore\n")
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return {"store": self.device.store, "new": self.folder / "new.zks",
                "lonely_new": self.folder / "lonely-new.zks", "dir": self.folder,
                "long_passphrase": long_passphrase, "long_line": long_line,
                "too_long": "x" * (e2e.PUSH_MAX + 1), "invite": invite,
                "invite_truncated": invite[:-9], "invite_flipped": flip_middle(invite),
                "invite_version": f"{scheme}:{'Q' + body[1:]}", "invite_long": invite + "A" * 14000,
                "invite_random": f"{scheme}:{''.join(source.choices(letters, k=90))}",
                **self.make_stores(), **self.make_relays()}

    def test_each_bad_input_has_its_error(self):
        names = self.make_names()
        before = self.device.everything()
        for case in TABLE:
            with self.subTest(case["name"]):
                self.check(case, names)
        self.assertFalse(names["new"].exists(), "a refused command left a store behind")
        after = self.device.everything()
        for sender, entries in before.items():
            self.assertEqual(after[sender][:len(entries)], entries, "entries were lost")

    def check(self, case, names):
        fill = lambda text: re.sub(r"{(\w+)}", lambda m: str(names[m[1]]), text)
        data = fill(case["data"]).encode() if "data" in case else None
        done = e2e.zks(*map(fill, case["args"]), data=data)
        errors = done.stderr.decode(errors="replace").strip()
        codes = [int(code) for code in str(case["exit"]).split("|")]
        self.assertIn(done.returncode, codes, f"exit code; it said: {errors}")
        self.assertRegex(errors, case["text"])
        self.assertRegex(errors, ONE_SENTENCE)
        self.assertEqual(done.stdout, b"")


class RelayKey(e2e.Case):

    def changed(self):
        """A device that has pinned a relay's key, and the relay with another one."""
        relay = self.relay("one")
        a = Device(self, "A")
        where = relay.listen
        a.create(where)
        a.run("push", "before")
        relay.stop()
        other = self.relay("two", listen=where)
        return a, where, other

    def test_changed_key_is_refused_until_it_is_trusted(self):
        a, where, other = self.changed()
        items, errors = a.run("push", "during", code=6)
        self.assertIn("key", errors)
        cure = re.search(r"zks trust (\S+) (\w{52})", errors)
        self.assertTrue(cure, errors)
        self.assertEqual(cure[2], other.address.removeprefix("zks://").split("@")[0])
        self.assertEqual(items[0]["status"], "ZKS_E_RELAY_KEY_CHANGED")
        self.assertEqual(a.one("status")["pending"], 1, "it stays in the store")
        a.run("pull", code=6)
        a.run("trust", where, cure[2])
        a.run("flush")
        b = Device(self, "B")
        b.join(a.one("group", "invite")["invite"])
        self.assertIn(b"during", b.payloads())

    def test_watch_ends_at_a_changed_key(self):
        a, _, _ = self.changed()
        watch = self.watch(a)
        code, errors = watch.end(0)
        self.assertEqual(code, 6, errors)
        self.assertIn("zks trust", errors)


class StoreBusy(e2e.Case):

    def test_second_process_is_told_the_first_ones_pid(self):
        relay = self.relay()
        a = Device(self, "A")
        a.create(relay.address)
        watch = self.watch(a)
        watch.wait_connected()
        for command in (["push", "x"], ["pull"], ["status"], ["group", "invite"], ["flush"],
                        ["group", "create"]):
            items, errors = a.run(*command, code=4)
            self.assertIn(str(watch.process.pid), errors, command)
            self.assertEqual(items[-1]["status"], "ZKS_E_STORE_BUSY")
            self.assertRegex(errors, "close|stop|another", "no cure")
        watch.end()
        a.run("push", "x")


if __name__ == "__main__":
    e2e.main()
