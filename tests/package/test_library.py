#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The library of the package preset: what it shows and needs, that it keeps to itself in a process
with other versions of what is inside, and that all of it works: the programs of tests/abi and the
unit tests of what GnuTLS does for us run with it instead of the one that they were built with."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import elf  # noqa: E402

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
BUILT = SOURCE / "build" / "package" / "lib"
DEV = Path(os.environ.get("ZKS_BUILD_DIR", SOURCE / "build" / "dev"))
SYMBOLS = re.findall(r"^(zks_\w+)", (SOURCE / "abi/symbols.txt").read_text(), re.M)
PATIENCE_S = 300


def run(*command, **variables):
    """Its output; fails with it where the command does."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, env={**os.environ, **variables},
                          timeout=PATIENCE_S, check=False)
    if done.returncode:
        raise AssertionError(f"{command} {variables} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def parts():
    return Path(run(SOURCE / "scripts/bootstrap", "--package-dir").strip())


class Package(unittest.TestCase):
    """A folder as a package has it: the library, and beside it the shared files."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.library = cls.folder / "libzks.so.0"
        shutil.copy(BUILT / "libzks.so.0", cls.library)
        run(SOURCE / "scripts/package", "libs", cls.folder / "shared", cls.library)
        cls.shared = sorted((cls.folder / "shared").glob("*.so.*"))


class Files(Package):
    def test_library_keeps_the_rules(self):
        problems = elf.problems(self.library, r"zks_\w+")
        for path in self.shared:
            problems += elf.shared_problems(path)
        problems += elf.size_problems([self.library, *self.shared])
        self.assertEqual(problems, [])
        self.assertEqual(sorted(elf.defined(self.library)), sorted(SYMBOLS))
        self.assertEqual(len(self.shared), 4)
        for path in [self.library, *self.shared]:
            newest = ".".join(map(str, elf.glibc(path)))
            print(f"{path.name}: {path.stat().st_size:,} bytes, glibc {newest}")

    def test_rules_find_what_the_build_from_source_does(self):
        """That one takes the system's libraries, which no package may."""
        problems = "\n".join(elf.problems(DEV / "lib/libzks.so", r"zks_(?!client)\w+"))
        for word in (r"wants \d+ symbols that must be inside", "needs libuv.so.1,",
                     "needs libsqlite3.so.0,", "shows .* 'zks_client_close'"):
            self.assertRegex(problems, word)

    def test_archive_shows_the_functions_only(self):
        lines = elf.read("nm", "--defined-only", "--extern-only", BUILT / "libzks.a").splitlines()
        shown = [line.split()[-1] for line in lines if len(line.split()) == 3]
        self.assertEqual(sorted(shown), sorted(SYMBOLS))

    def test_nothing_tells_where_it_was_built(self):
        for path in [self.library, BUILT / "libzks.a", *self.shared]:
            data = path.read_bytes()
            for place in (SOURCE, Path.home(), parts().parent):
                self.assertNotIn(f"{place}/".encode(), data, path.name)

    def test_licences_are_there(self):
        """Of the LGPL and of each library, and where the sources are."""
        names = {path.name for path in (self.folder / "shared/licenses").iterdir()}
        inside = {line.split()[0] for line in (parts() / "VERSIONS").read_text().splitlines()}
        self.assertLessEqual(inside | {"nettle", "gmp", "LGPL-2.1", "LGPL-3"}, names)
        sources = (self.folder / "shared/licenses/SOURCES").read_text()
        for source in ("gnutls28", "nettle", "gmp", "qrencode"):
            self.assertRegex(sources, rf"(?m)^{source} (\d+:)?\d+\.")


class Behaviour(Package):
    def hello(self, *link):
        """examples/hello.c in a process that has a libuv, SQLite, ... of its own."""
        program = self.folder / "hello"
        run("cc", "-rdynamic", f"-I{SOURCE}/abi/include", SOURCE / "examples/hello.c",
            SOURCE / "tests/package/traps.c", "-o", program, *link)
        with tempfile.TemporaryDirectory() as data:
            return run(program, data)

    def test_shared_library_ignores_the_hosts(self):
        said = self.hello(self.library, f"-Wl,-rpath,{self.folder}", "-Wl,--allow-shlib-undefined")
        self.assertEqual(said, "received: hello, ben\n")

    def test_archive_ignores_the_hosts(self):
        lib = parts() / "lib"
        said = self.hello(BUILT / "libzks.a", lib / "libgnutls.so", f"-Wl,-rpath,{lib}",
                          "-lhogweed", "-lnettle", "-lgmp")
        self.assertEqual(said, "received: hello, ben\n")

    def test_traps_catch_the_build_from_source(self):
        with self.assertRaisesRegex(AssertionError, "the engine called the host's uv_"):
            self.hello(DEV / "lib/libzks.so", f"-Wl,-rpath,{DEV}/lib")

    def run_with(self, folder, library, pattern, at_least):
        """Test programs of the build from source, with a library of the package."""
        programs = [path for path in sorted((DEV / "tests").glob(pattern))
                    if "_prog_" not in path.name and library in "".join(elf.needed(path))]
        self.assertGreaterEqual(len(programs), at_least, pattern)
        for program in programs:
            loaded = run(program, LD_LIBRARY_PATH=str(folder), LD_TRACE_LOADED_OBJECTS="1")
            self.assertIn(f"{library} => {folder}/{library} ", loaded)
            run(program, LD_LIBRARY_PATH=str(folder))
        print(f"{len(programs)} programs {pattern} with {library}")

    def test_abi_programs(self):
        self.run_with(self.folder, "libzks.so.0", "abi_*", 9)

    def test_suite_2_and_tls_with_the_smaller_gnutls(self):
        self.run_with(parts() / "lib", "libgnutls.so.30", "unit_crypto_*", 5)
        self.run_with(parts() / "lib", "libgnutls.so.30", "unit_transport_*", 3)

    def test_command_line_with_a_relay_of_the_other_build(self):
        """Both suites, against the relay that has the system's ngtcp2 and GnuTLS."""
        for suite in ("default", "approved"):
            run("python3", SOURCE / "tests/e2e/test_cli.py", ZKS_TEST_SUITE=suite,
                LD_LIBRARY_PATH=str(self.folder))


if __name__ == "__main__":
    unittest.main(verbosity=2)
