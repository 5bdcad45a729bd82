#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs README.md: its programs against a relay, and looks up what it types on the command line."""
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
from programs import Missing, go_project, node_project, with_node, with_python  # noqa: E402
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
from e2e import BIN, PATIENCE, Relay  # noqa: E402

README = (SOURCE / "README.md").read_text(encoding="utf-8")
RELAY = "relay.example.org"
# What README's C takes for granted.
C_BEFORE = """
#include <stdio.h>
#include <zks/zks.h>
int main(void)
{
    static const uint8_t secret[ZKS_SIZE_SECRET], data[] = {'h', 'i'};
    size_t length = sizeof data;
    zks_runtime *runtime;
    zks_config *config;
    zks_client *client;
    zks_op *op;
    if (zks_runtime_new(&runtime) || zks_config_new(&config)) {
        return 1;
    }
"""
C_AFTER = """
    puts(zks_op_status(op) ? zks_op_text(op) : "hello");
    return 0;
}
"""


def block(language):
    """The only block of a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)
    assert len(found) == 1, f"README.md has {len(found)} blocks of {language}"
    return found[0]


class Readme(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="zks-readme-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def finish(self, argv, folder=None, **environment):
        done = subprocess.run(argv, cwd=folder or self.folder, capture_output=True, text=True,
                              check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, f"{argv}: {done.stdout}{done.stderr}")
        return done.stdout

    def program(self, language):
        """A block with a real relay in it."""
        relay = Relay(self.folder / "relay")
        self.addCleanup(relay.process.stdout.close)
        self.addCleanup(relay.stop)
        text = block(language)
        self.assertIn(RELAY, text)
        return text.replace(RELAY, relay.address)

    def says_hello(self, command):
        out = self.finish(command.argv, **command.environment)
        self.assertEqual(out, "hello\n")
        self.assertTrue((self.folder / "notes.zks").exists(), "it has no store")

    def needs(self, make, *args):
        try:
            return make(*args)
        except Missing as why:
            self.skipTest(str(why))

    def test_python(self):
        file = self.folder / "program.py"
        command = self.needs(with_python, str(file))
        file.write_text(self.program("python"))
        self.says_hello(command)

    def test_javascript(self):
        file = self.needs(node_project) / "readme.mjs"
        command = self.needs(with_node, str(file))
        file.write_text(self.program("js"))
        self.says_hello(command)

    def test_go(self):
        project = self.needs(go_project, self.folder)
        (project.folder / "main.go").write_text(self.program("go"))
        self.finish([*project.argv, "build", "-o", "program", "."], project.folder,
                    **project.environment)
        self.assertEqual(self.finish([str(project.folder / "program")]), "hello\n")

    def test_c(self):
        (self.folder / "program.c").write_text(C_BEFORE + self.program("c") + C_AFTER)
        lib = Path(os.environ.get("ZKS_LIB_DIR", BIN.parent / "lib"))
        self.finish(["cc", "-Werror", "-Wno-unused-result", f"-I{SOURCE}/abi/include", "program.c",
                     "-o", "program", f"-L{lib}", "-lzks", f"-Wl,-rpath,{lib}"])
        self.assertEqual(self.finish([str(self.folder / "program")]), "hello\n")

    def test_command_line(self):
        """Each command and option that README types is one that zks has."""
        lines = re.findall(r"^    (zks .*?)(?: {2,}#.*)?$", README, re.M)
        self.assertGreater(len(lines), 5)
        for line in lines:
            words = line.split()
            commands = words[1:3] if words[1] in ("group", "devices") else words[1:2]
            text = self.finish([str(BIN / "zks"), *commands, "--help"])
            for option in (word for word in words if word.startswith("--")):
                self.assertRegex(text, rf"{option}\b", line)

    def test_links(self):
        """What README points to is there."""
        for target in re.findall(r"\]\(([^)#:]+)\)", README):
            self.assertTrue((SOURCE / target).exists(), target)


if __name__ == "__main__":
    unittest.main(verbosity=2)
