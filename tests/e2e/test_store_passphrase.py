#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The store's passphrase on the command line: given, asked for, changed, removed, wrong."""
import os
import stat

import e2e
from e2e import Device

FIRST, SECOND = "first-phrase-of-mine", "second-phrase-of-mine"


class Passphrase(e2e.Case):

    def setUp(self):
        super().setUp()
        self.a = Device(self, "A")
        self.first, self.second = self.folder / "first", self.folder / "second"
        self.first.write_text(FIRST + "\n")
        self.second.write_text(SECOND)

    def given(self, file, *args, **more):
        return self.a.run("--store-passphrase-file", file, *args, **more)

    def refused(self, *args, env=None):
        items, errors = self.a.run(*args, env=env, code=4)
        self.assertEqual(items[0]["status"], "ZKS_E_STORE_KEY")
        for phrase in (FIRST, SECOND):
            self.assertNotIn(phrase, errors)
            self.assertNotIn(phrase, str(items))
        return errors

    def test_store_made_with_one_needs_it(self):
        device = self.given(self.first, "group", "create")[0][0]["device_id"]
        self.assertIn("passphrase", self.refused("status"))
        self.assertIn("wrong", self.refused("--store-passphrase-file", self.second, "status"))
        self.assertIn("wrong", self.refused("status", env={"ZKS_STORE_PASSPHRASE": SECOND}))
        for source in ({"env": {"ZKS_STORE_PASSPHRASE": FIRST}}, {}):
            args = ["status"] if source else ["--store-passphrase-file", "-", "status"]
            data = None if source else (FIRST + "\n").encode()
            self.assertEqual(self.a.one(*args, data=data, **source)["device_id"], device)

    def test_set_change_and_remove_keep_everything(self):
        device = self.a.one("group", "create")["device_id"]
        self.a.run("push", "--stored", "kept")
        made = self.a.one("store", "passphrase", "--new-passphrase-file", self.first)
        self.assertEqual((made["kind"], made["passphrase"]), ("store", True))
        self.refused("status")
        self.given(self.first, "store", "passphrase", "--new-passphrase-file", self.second)
        self.refused("--store-passphrase-file", self.first, "status")
        status = self.given(self.second, "status")[0][0]
        self.assertEqual((status["device_id"], status["pending"]), (device, 1))
        gone = self.given(self.second, "store", "passphrase", "--remove")[0][0]
        self.assertFalse(gone["passphrase"])
        self.assertEqual(self.a.one("status")["device_id"], device)
        self.assertIn("no key or passphrase",
                      self.refused("--store-passphrase-file", self.first, "status"))

    def test_init_takes_it_too(self):
        self.given(self.first, "init")
        self.refused("group", "create")
        self.given(self.first, "group", "create")

    def test_misuse_is_told(self):
        self.a.create("127.0.0.1:1", "--timeout", "1")
        for args in (["store"], ["store", "nothing"], ["store", "passphrase", "x"],
                     ["store", "passphrase", "--remove", "--new-passphrase-file", self.first],
                     ["--store-passphrase-file", "-", "store", "passphrase",
                      "--new-passphrase-file", "-"]):
            self.a.run(*args, code=2)
        self.a.run("store", "passphrase", code=2)  # no terminal to ask on
        (self.folder / "empty").write_text("")
        self.a.run("store", "passphrase", "--new-passphrase-file", self.folder / "empty", code=3)
        self.a.run("--store-passphrase-file", self.folder / "none", "status", code=3)
        self.a.run("status")  # none of that did anything

    def test_modes_are_the_owners_alone(self):
        old = os.umask(0)
        try:
            self.given(self.first, "group", "create")
        finally:
            os.umask(old)
        files = [p for p in self.folder.iterdir() if p.name.startswith("A.zks")]
        self.assertGreaterEqual(len(files), 3)
        for path in files:
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)


class Asked(e2e.Terminal):

    def test_asked_for_until_it_is_right(self):
        process = self.start("group", "create")
        self.end(process, 0)
        process = self.start("store", "passphrase")
        self.answer(b"new passphrase: ", FIRST.encode() + b"\n")
        self.answer(b"same again: ", FIRST.encode() + b"\n")
        self.end(process, 0)
        process = self.start("status")
        self.answer(b"passphrase: ", b"not it\n")
        self.answer(b"Wrong. The store's passphrase: ", FIRST.encode() + b"\n")
        self.end(process, 0)
        self.assertIn(b"watermark", self.shown)
        process = self.start("status")
        for _ in range(3):
            self.answer(b"passphrase: ", b"not it\n")
        self.end(process, 4)
        self.assertNotIn(FIRST.encode(), self.shown)
        self.assertNotIn(b"not it", self.shown)

    def test_new_ones_that_differ_change_nothing(self):
        self.end(self.start("group", "create"), 0)
        process = self.start("store", "passphrase")
        self.answer(b"new passphrase: ", FIRST.encode() + b"\n")
        self.answer(b"same again: ", SECOND.encode() + b"\n")
        self.end(process, 1)
        self.a.run("status")


if __name__ == "__main__":
    e2e.main()
