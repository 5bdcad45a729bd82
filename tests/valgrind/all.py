#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs tests of the plain build under valgrind, one after the other; takes hours (scripts/soak).

usage: tests/valgrind/all.py [REGEX]     tests whose names match; all but EXCEPT by default

Every suite that runs our C code: unit, abi, relay, vectors, fuzz, e2e and python.
Exit codes: 0 nothing was found and all passed, 1 otherwise.
"""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import memcheck

SUITES = "^(unit|abi|relay|vectors|fuzz|e2e|python)$"
# What says nothing there, and why.
EXCEPT = {}
FORKS = ["unit_crypto_arena"]  # signals are expected, so Check needs its forks


def tests(pattern):
    """(name, command, environment) of each test that is wanted."""
    listed = subprocess.run(["ctest", "--test-dir", memcheck.BUILD, "-L", SUITES,
                             "--show-only=json-v1"], capture_output=True, check=True).stdout
    for test in json.loads(listed)["tests"]:
        given = next((p["value"] for p in test["properties"] if p["name"] == "ENVIRONMENT"), [])
        excepted = any(re.search(name, test["name"]) for name in EXCEPT)
        if re.search(pattern, test["name"]) and not excepted:
            yield test["name"], test["command"], dict(one.split("=", 1) for one in given)


def run_one(name, command, given):
    """True where the test passed and nothing was found."""
    start = time.monotonic()
    fork = {"CK_FORK": "yes"} if name in FORKS else {}
    log = memcheck.BUILD / "valgrind" / f"{name}.txt"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        status = subprocess.run(
            [sys.executable, memcheck.__file__, "--name", name, *command], stdout=out,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
            env={**os.environ, **given, **fork}).returncode
    last = log.read_text(errors="replace").rstrip().split("\n")[-1]
    verdict = {0: "passed", 77: "skipped"}.get(status, f"FAILED ({log})")
    print(f"{name}: {verdict}, {last}, {time.monotonic() - start:.0f} s", flush=True)
    return status in (0, 77)


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    results = [run_one(*test) for test in tests(pattern)]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
