#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The editors of examples/: two of them edit one text through a relay, online and offline.

Two of one language each, and one of each language: Yjs and pycrdt speak the same updates.
"""
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(HERE))
from programs import EDITORS, Missing  # noqa: E402
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
from e2e import Relay, wait_for  # noqa: E402


class Editor:
    """An editor that runs, and the texts that it has shown."""

    def __init__(self, program, folder, relay, secret):
        self.shown = []
        self.process = subprocess.Popen(
            [*program.argv, str(folder), relay, secret], stdin=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=program.folder,
            env={**os.environ, **program.environment})
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.shown.append(line.rstrip("\n"))

    @property
    def text(self):
        return self.shown[-1] if self.shown else None

    def type(self, *commands):
        for command in commands:
            self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait(self, text):
        wait_for(f"the text {text!r}", lambda: self.text == text or self.process.poll() is not None)
        if self.text != text:
            raise AssertionError(f"{self.shown} instead of {text}: {self.process.stderr.read()}")

    def end(self):
        """Its end of input; (exit code, what it complained of)."""
        if self.process.stdin.closed:
            return self.process.returncode, ""
        self.process.stdin.close()
        code = self.process.wait(60)
        self.thread.join()
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return code, errors


class Crdt(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="zks-crdt-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.relay = Relay(self.folder / "relay")
        self.addCleanup(self.relay.process.stdout.close)
        self.addCleanup(self.relay.stop)
        self.secret = secrets.token_hex(32)

    def editor(self, language, name):
        try:
            program = EDITORS[language]()
        except Missing as why:
            self.skipTest(f"{language}: {why}")
        editor = Editor(program, self.folder / name, self.relay.address, self.secret)
        self.addCleanup(editor.end)
        return editor

    def close(self, editor):
        self.assertEqual(editor.end(), (0, ""))

    def converge(self, first, second):
        anna, ben = self.editor(first, "anna"), self.editor(second, "ben")
        anna.type("online", "insert 0 Hello")
        ben.type("online")
        ben.wait("Hello")
        ben.type("insert 5 !")
        anna.wait("Hello!")
        # Apart, at different places and at the same one; neither has anything of the other's.
        for editor in (anna, ben):
            editor.type("offline")
        anna.type("insert 5  world", "delete 0 1", "insert 0 h")
        ben.type("insert 6 ?", "insert 0 Oh: ")
        anna.wait("hello world!")
        ben.wait("Oh: Hello!?")
        self.close(ben)  # and its edits survive the end of the program
        ben = self.editor(second, "ben")
        ben.wait("Oh: Hello!?")
        anna.type("online")
        ben.type("online")
        wait_for("both have one text", lambda: anna.text == ben.text)
        self.assertIn(anna.text, ("Oh: hello world!?", "hOh: ello world!?"))
        self.close(anna)
        self.close(ben)
        again = self.editor(first, "anna")
        again.wait(ben.text)
        again.type("insert 0 ä", "insert 1 ö", "delete 0 1")
        again.wait("ö" + ben.text)
        self.close(again)


def test_of(first, second):
    def test(self):
        self.converge(first, second)
    return test


for one in EDITORS:
    for other in EDITORS:
        setattr(Crdt, f"test_{one}_and_{other}", test_of(one, other))


if __name__ == "__main__":
    unittest.main(verbosity=2)
