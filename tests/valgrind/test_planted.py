#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Memcheck finds what prog_planted does wrong, and nothing in what it does right."""
import os
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import memcheck  # noqa: E402

PROGRAM = memcheck.BUILD / "tests" / "valgrind_prog_planted"
PLANTED = {
    "nothing": None,
    "uninitialised": "Conditional jump or move depends on uninitialised value",
    "behind": "Invalid read of size 1",
    "freed": "Invalid read of size 1",
    "lost": "40 bytes in 1 blocks are definitely lost",
    "open": "Open file descriptor",
    "child-uninitialised": "Conditional jump or move depends on uninitialised value",
    "child-lost": None,
}


class Planted(unittest.TestCase):
    def test_each_is_found(self):
        for what, expected in PLANTED.items():
            with self.subTest(what):
                status, count, found = memcheck.run(f"planted-{what}", [str(PROGRAM), what],
                                                    dict(os.environ))
                self.assertEqual(status, 0)
                self.assertEqual(count, 2 if what.startswith("child") else 1)
                self.assertEqual([block.split("\n")[0][:len(expected or "")]
                                  for _, block in found], [expected] if expected else [])


if __name__ == "__main__":
    if not shutil.which("valgrind"):
        print("valgrind is not there: run scripts/bootstrap --test")
        sys.exit(77)
    unittest.main()
