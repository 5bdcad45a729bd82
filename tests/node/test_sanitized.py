#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The addon's own C under AddressSanitizer and UndefinedBehaviorSanitizer, in Node: the suite's
files that end clients, workers and processes in every way."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import SOURCE, TOOLS, command, run

SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
FILES = ("api", "life", "store", "streams")
PATIENCE_S = 500


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def build(addon):
    """The addon's files compiled anew and linked with the package's library as it is."""
    native = SOURCE / "bindings/node/native"
    parts = Path(output(SOURCE / "scripts/bootstrap", "--package-dir")) / "lib"
    subprocess.run(
        ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fno-omit-frame-pointer", "-fPIC",
         "-shared", *SANITIZE, f"-I{SOURCE / 'abi/include'}",
         "-isystem", TOOLS / "node_modules/node-api-headers/include", *sorted(native.glob("*.c")),
         SOURCE / "build/package/lib/libzks.a", parts / "libgnutls.so", "-lnettle", "-lhogweed",
         "-lgmp", f"-Wl,-rpath,{parts}", "-Wl,-z,nodelete", "-o", addon], check=True)


def main():
    with tempfile.TemporaryDirectory() as name:
        addon = Path(name) / "zks.node"
        build(addon)
        preload = " ".join(output("gcc", f"-print-file-name={library}")
                           for library in ("libasan.so", "libubsan.so"))
        failures = 0
        for file in FILES:
            test = SOURCE / f"tests/node/suite/{file}.test.mjs"
            # Leaks: a runtime frees nothing at its end. Programs that a test starts have it too.
            done = run(command("node", "--test", test), test.parent, PATIENCE_S,
                       LD_PRELOAD=preload, ZKS_NODE_ADDON=str(addon),
                       ASAN_OPTIONS="detect_leaks=0:abort_on_error=1")
            if done.returncode:
                failures += 1
                print(f"{file}: {done.stdout[-6000:]}{done.stderr[-2000:]}")
    return 1 if failures else 0


if __name__ == "__main__":
    if os.environ.get("ZKS_NODE_ADDON") is None:
        sys.exit("run it by ctest, which builds the package first")
    sys.exit(main())
