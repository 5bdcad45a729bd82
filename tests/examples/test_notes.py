#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The notes program (examples/README.md) in every language: driven in the same way, the same words.

Two devices of one language each, and a group in which every device is of another one.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(HERE))
from programs import Missing, NOTES  # noqa: E402
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
from e2e import PATIENCE, Relay  # noqa: E402


class Device:
    """A folder of notes, and the program of one language on it."""

    def __init__(self, program, folder, name):
        self.program, self.folder, self.name = program, folder, name

    def start(self, *args):
        return subprocess.Popen(
            [*self.program.argv, str(self.folder), *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.program.folder,
            env={**os.environ, **self.program.environment})

    def run(self, *args):
        """(exit code, standard output, standard error)"""
        process = self.start(*args)
        try:
            out, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = process.communicate()
            raise AssertionError(f"notes {args} does not end: {out!r} {errors!r}") from None
        return process.returncode, out, errors


class Notes(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="zks-notes-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.relay = Relay(self.folder / "relay")
        self.addCleanup(self.end_relay)

    def end_relay(self):
        if self.relay.process.poll() is None:
            self.relay.stop()

    def program(self, language):
        try:
            return NOTES[language]()
        except Missing as why:
            self.skipTest(f"{language}: {why}")

    def device(self, language, name):
        return Device(self.program(language), self.folder / name, name)

    def says(self, device, command, expected, *args):
        code, out, errors = device.run(command, *args)
        self.assertEqual((code, out), (0, expected), f"{device.name} {command}: {errors}")

    def create(self, device):
        code, out, errors = device.run("create", self.relay.address, device.name)
        self.assertEqual(code, 0, errors)
        words = r"( [a-z]+){18}"
        self.assertRegex(out, rf"\Aa group of one, {device.name}\nrecovery code:{words}\n\Z")

    def let_in(self, host, guest):
        inviting = host.start("invite")
        code = re.fullmatch(r"code: (\S+)\n", inviting.stdout.readline())
        self.assertTrue(code, "invite shows no code")
        self.says(guest, "join", f"joined as {guest.name}\n",
                  self.relay.listen, guest.name, code[1])
        out, errors = inviting.communicate(timeout=PATIENCE)
        self.assertEqual((inviting.returncode, out), (0, f"{guest.name} is in\n"), errors)

    def fails(self, device, sentence, *args):
        code, out, errors = device.run(*args)
        self.assertEqual((code, out), (1, ""), errors)
        self.assertRegex(errors, rf"\Anotes: .*{sentence}.*\n\Z")

    def check_language(self, language):
        anna, ben = self.device(language, "Anna"), self.device(language, "Ben")
        self.create(anna)
        self.says(anna, "add", "kept\n", "buy milk")
        self.let_in(anna, ben)
        self.says(anna, "add", "kept\n", "and bread")
        for device in (anna, ben):
            self.says(device, "sync", "Anna: buy milk\nAnna: and bread\n2 new\n")
        self.relay.stop()
        self.says(ben, "add", "kept\n", "Käse, 日本語 and\ttwo\nlines")
        self.says(ben, "add", "kept\n", "")
        self.fails(ben, "relay", "sync")
        self.relay.start()
        self.says(ben, "sync", "Ben: Käse, 日本語 and two lines\nBen: \n2 new\n")
        self.says(anna, "sync", "Ben: Käse, 日本語 and two lines\nBen: \n2 new\n")
        self.says(anna, "sync", "0 new\n")
        everything = "Anna: buy milk\nAnna: and bread\nBen: Käse, 日本語 and two lines\nBen: \n"
        self.says(anna, "list", everything)
        self.says(ben, "list", everything)
        self.check_crash(anna, everything)
        self.check_misuse(anna)

    def check_crash(self, device, everything):
        """Killed between keeping and acknowledging is as if the notes were there already."""
        notes = device.folder / "notes.txt"
        before = notes.read_bytes()
        self.says(device, "add", "kept\n", "last")
        self.says(device, "sync", f"{device.name}: last\n1 new\n")
        added = notes.read_bytes()[len(before):]
        seq = int(added.split(b"\t")[0])
        notes.write_bytes(notes.read_bytes() + b"%d\tSomebody\tfrom before\n" % (seq + 1))
        self.says(device, "add", "kept\n", "known already")
        self.says(device, "sync", "0 new\n")
        self.says(device, "list",
                  everything + f"{device.name}: last\nSomebody: from before\n")

    def check_misuse(self, device):
        for args in ((), ("add",), ("fly",), ("join", "a", "b"), ("sync", "now")):
            code, out, errors = device.run(*args)
            self.assertEqual((code, out), (2, ""), args)
            self.assertTrue(errors.startswith("usage: notes FOLDER create RELAY NAME"), errors)
        self.fails(device, "group", "create", self.relay.address, "again")
        self.fails(Device(device.program, self.folder / "none", "none"), "", "sync")


def test_of(language):
    def test(self):
        self.check_language(language)
    return test


for one in NOTES:
    setattr(Notes, f"test_{one}", test_of(one))


class Mixed(Notes):
    def test_every_language_in_one_group(self):
        devices = []
        for language in NOTES:
            try:
                devices.append(Device(NOTES[language](), self.folder / language, language))
            except Missing as why:
                print(f"{language}: {why}", file=sys.stderr)
        if len(devices) < 2:
            self.skipTest("it takes two languages")
        self.create(devices[0])
        for guest in devices[1:]:
            self.let_in(devices[0], guest)
        for device in devices:
            self.says(device, "add", "kept\n", f"from {device.name}")
            self.assertEqual(device.run("sync")[0], 0)
        for device in devices:
            self.assertEqual(device.run("sync")[0], 0)
            code, out, errors = device.run("list")
            self.assertEqual(code, 0, errors)
            self.assertEqual(sorted(out.splitlines()),
                             sorted(f"{d.name}: from {d.name}" for d in devices))


for one in NOTES:
    setattr(Mixed, f"test_{one}", None)


if __name__ == "__main__":
    unittest.main(verbosity=2)
