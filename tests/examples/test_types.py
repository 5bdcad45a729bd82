#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The examples in Python are as their readers' tools want them: mypy --strict, ruff. (Those in
TypeScript and Go are checked when test_notes.py has them compiled.)"""
import os
import subprocess
import sys
import unittest

from programs import SOURCE, Missing, with_python

CHECK_S = 300
EXAMPLES = [str(file) for file in sorted((SOURCE / "examples/python").glob("*.py"))]


class Types(unittest.TestCase):
    def check(self, *tool):
        try:
            command = with_python("-m", *tool, *EXAMPLES)
        except Missing as why:
            self.skipTest(str(why))
        # The installed package is a stranger's to mypy: it looks at what uses it only.
        environment = {**command.environment, "MYPYPATH": ""}
        done = subprocess.run(command.argv, cwd=SOURCE, env={**os.environ, **environment},
                              capture_output=True, text=True, check=False, timeout=CHECK_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_mypy(self):
        self.check("mypy", "--strict", "--no-incremental", "--follow-imports=silent")

    def test_ruff(self):
        self.check("ruff", "check", "--no-cache")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=2)
