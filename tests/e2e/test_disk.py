#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A full disk and a read-only store: their own errors, and nothing that was stored is lost. Needs
root for the small tmpfs; skipped otherwise."""
import os
import shutil
import subprocess
import unittest

import e2e
from e2e import Device

MIB = 1024 * 1024


def mounted(folder, *options):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)],
                          capture_output=True, check=False).returncode == 0


class Disk(e2e.Case):

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        if os.geteuid() != 0 or not mounted(self.disk, "size=4m", "mode=0700"):
            self.skipTest("a small tmpfs cannot be mounted here (needs root)")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=False)

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.disk)], check=True)

    def device(self, name):
        device = Device(self, name)
        device.store = self.disk / f"{name}.zks"
        return device

    def fill(self, device):
        """Pushes until the disk is full; (what was stored, the error)."""
        stored = []
        for i in range(200):
            text = f"{i:06} ".encode() + os.urandom(20000).hex().encode()
            done = e2e.zks("--store", device.store, "push", "--stored", "-", data=text)
            if done.returncode:
                return stored, done
            stored.append(text)
        self.fail("the disk of 4 MiB took 8 MB")

    def test_full_disk_is_told_and_loses_nothing(self):
        relay = self.relay()
        a, b = self.device("A"), Device(self, "B")
        b.join(a.create(relay.address)["invite"])
        stored, done = self.fill(a)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr.decode(), "space")
        self.assertGreater(len(stored), 20)
        self.remount("size=32m")
        self.assertEqual(a.one("flush")["pending"], 0)
        self.assertEqual(b.payloads(), stored)
        a.run("push", "and on")
        self.assertEqual(b.payloads(), [b"and on"])

    def test_full_disk_of_the_receiver_loses_nothing(self):
        relay = self.relay()
        a, b = Device(self, "A"), self.device("B")
        b.join(a.create(relay.address)["invite"])
        texts = [f"{i:06} ".encode() + os.urandom(20000).hex().encode() for i in range(200)]
        a.run("push", "--lines", "-", data=b"\n".join(texts))
        done = e2e.zks("--store", b.store, "pull", "--timeout", "3", "--json")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr.decode(), "space")
        printed = [e2e.payload(e) for e in e2e.objects(done.stdout) if e["kind"] == "entry"]
        self.assertEqual(printed, texts[:len(printed)])
        self.remount("size=64m")
        again = b.payloads()
        self.assertEqual(again, texts[-len(again):], "in order, to the last one")
        self.assertGreaterEqual(len(printed) + len(again), len(texts))
        self.assertEqual([p for _, p in next(iter(b.everything().values()))], texts)

    def test_new_store_on_a_full_disk(self):
        (self.disk / "ballast").write_bytes(b"\0" * (4 * MIB - 8192))
        done = e2e.zks("--store", self.disk / "new.zks", "group", "create")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr.decode(), "space")

    def test_read_only_store_is_told_and_loses_nothing(self):
        a = self.device("A")
        a.create("127.0.0.1:1", "--timeout", "1")
        a.run("push", "--stored", "kept")
        self.remount("ro")
        for command in (["push", "--stored", "x"], ["pull", "--offline"], ["status"]):
            items, errors = a.run(*command, code=4)
            self.assertEqual(items[-1]["status"], "ZKS_E_STORE_READONLY", errors)
            self.assertRegex(errors, "permission|written|read-only")
        self.remount("rw")
        self.assertEqual(a.one("status")["pending"], 1)
        self.assertEqual(a.one("push", "--stored", "more")["first_number"], 2)


class Permissions(e2e.Case):

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user, which needs root")
    def test_store_of_another_user(self):
        a = Device(self, "A")
        a.create("127.0.0.1:1", "--timeout", "1")
        # The build may stand in a home that others cannot enter.
        for file in (e2e.BIN / "zks", *(e2e.BIN.parent / "lib").glob("libzks.so*")):
            shutil.copy(file, self.folder)
        os.chmod(self.folder, 0o755)
        done = subprocess.run([str(self.folder / "zks"), *a.command("status")[1:]],
                              capture_output=True, check=False, user=65534, group=65534,
                              extra_groups=[], cwd="/",
                              env=e2e.environment(HOME="/", LD_LIBRARY_PATH=str(self.folder),
                                                  TSAN_OPTIONS=""))  # names a file there
        self.assertIn(done.returncode, (3, 4), done.stderr)
        self.assertRegex(done.stderr.decode(), "permission")


if __name__ == "__main__":
    e2e.main()
