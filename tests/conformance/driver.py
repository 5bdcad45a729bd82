#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The conformance driver in Python, over the asyncio client; README.md says what it must do.

usage: driver.py --relay ADDRESS --dir TMP (--cases FILE [--case NAME] | --peer)
"""
import argparse
import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from python.steps import Driver  # noqa: E402
from python.values import Broken  # noqa: E402


async def run_case(one, relay, folder):
    for suite in one.get("suites", ["default"]):
        print("case", one["name"], suite, flush=True)
        driver = Driver(relay, folder)
        driver.begin(folder / f"{one['name']}-{suite}", suite)
        try:
            for step in one["steps"]:
                print(await driver.run(step), end="", flush=True)
        finally:
            await driver.end()


async def run_cases(file, only, relay, folder):
    cases = json.loads(file.read_text(encoding="utf-8"))
    chosen = [one for one in cases if only in (None, one["name"])]
    if not chosen:
        raise Broken(f"there is no case {only}")
    for one in chosen:
        await run_case(one, relay, folder)


async def run_peer(relay, folder):
    driver = Driver(relay, folder)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(await driver.run(json.loads(line)), end="")
        print(".", flush=True)
    await driver.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--relay", required=True)
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--case")
    parser.add_argument("--peer", action="store_true")
    given = parser.parse_args()
    if given.peer:
        asyncio.run(run_peer(given.relay, given.dir))
    elif given.cases:
        asyncio.run(run_cases(given.cases, given.case, given.relay, given.dir))
    else:
        parser.error("give --cases or --peer")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as what:
        sys.exit(f"driver: {what}")
