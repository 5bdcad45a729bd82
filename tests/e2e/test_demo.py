#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""scripts/demo, with a capture of the loopback where this machine allows one: real records, a
killed relay, a removed device, everything compared and searched for plaintext. Also: it fails where
it must."""
import importlib.machinery
import importlib.util
import subprocess
import sys
import unittest

import e2e

DEMO = e2e.SOURCE / "scripts" / "demo"
LINES = 3000  # make demo pushes more


def load_demo():
    loader = importlib.machinery.SourceFileLoader("demo", str(DEMO))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


class Demo(unittest.TestCase):

    def run_demo(self, *args):
        done = subprocess.run([sys.executable, str(DEMO), "--bin", str(e2e.BIN), "--lines",
                               str(LINES), "--suite", e2e.SUITE, *args],
                              capture_output=True, text=True, check=False,
                              timeout=e2e.PATIENCE * 4)
        print(done.stdout, done.stderr, file=sys.stderr)
        return done

    def test_demo_with_capture_of_the_loopback(self):
        done = self.run_demo("--capture")
        if done.returncode == 77:
            print(f"without a capture: {done.stdout.strip()}", file=sys.stderr)
            done = self.run_demo()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"duplicates 0, lost 0, relay killed at record \d")
        self.assertRegex(done.stdout, r"(?s)C: session over \d+ ms\s+after its removal, refused "
                                      r"since, and\s+0 of 400 later records")
        self.assertRegex(done.stdout, r"Plaintext in the relay's files.*: none")


class Checks(unittest.TestCase):
    """The demo's own checks see what they are for."""

    def compare(self, spoil):
        demo = load_demo()
        sent = {"a": [b"one", b"two", b"three"], "b": [b"four"]}
        stores = [{s: list(enumerate(r, 1)) for s, r in sent.items()} for _ in "AB"]
        live = {"live": ("a", [("a", n, d) for n, d in enumerate(sent["a"], 1)])}
        spoil(stores, live["live"][1])

        class Device:
            def __init__(self, name, held):
                self.name, self.held = name, held

            def everything(self):
                return self.held

        me = demo.Demo.__new__(demo.Demo)
        me.a, me.b = Device("A", stores[0]), Device("B", stores[1])
        try:
            return me.compare(sent, live)
        except demo.Failure as failure:
            return str(failure)

    def test_comparison_accepts_what_is_right(self):
        self.assertEqual(self.compare(lambda stores, live: None), (0, 0))

    def test_comparison_sees_loss_duplicate_order_content_and_strangers(self):
        self.assertIn("lost 1", self.compare(lambda s, live: s[1]["a"].pop(1)))
        self.assertIn("duplicates 1", self.compare(lambda s, live: s[0]["a"].append((3, b"three"))))
        self.assertIn("order", self.compare(lambda s, live: s[0]["a"].reverse()))
        self.assertIn("content", self.compare(lambda s, live: s[0]["a"].insert(0, (1, b"One"))))
        self.assertIn("unknown", self.compare(lambda s, live: s[1].update(c=[(1, b"x")])))
        self.assertIn("lost 1", self.compare(lambda s, live: live.pop()))
        self.assertIn("unknown", self.compare(lambda s, live: live.append(("z", 1, b"x"))))

    def test_search_finds_first_and_middle_pieces(self):
        demo = load_demo()
        records = [b"the quick brown fox jumps", b"------------------------", b"short"]
        needles = demo.make_needles(records)
        self.assertEqual(len(needles), 2)
        for record in records[:1]:
            self.assertTrue(demo.find_needles(b"\0\1" + record[:15] + b"\2", needles))
            self.assertTrue(demo.find_needles(b"\0\1" + record[4:20] + b"\2", needles))
        self.assertFalse(demo.find_needles(b"\0" * 100, needles))


if __name__ == "__main__":
    e2e.main()
