#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What each package really binds, as it tells at run time, against abi/abi.json.

usage: test_parity.py [--language python,node,...]

Functions, constants with their values and kinds of events must be all there, except those of the
package's unbound.txt (`name | reason` a line), and nothing else may be. The report is a table.
Exit codes: 0 parity, 1 differences, 77 no package is installed here.
"""
import argparse
import json
import os
import subprocess
import sys

from languages import DUMPS, Missing, SOURCE

PATIENCE_S = 300 * int(os.environ.get("ZKS_SLOWER", "1") or 1)  # Go compiles its program first
EVENT, FIELD = "ZKS_EVENT_", "ZKS_EVENT_FIELD_"


def interface():
    """(functions, constants, events, version) of abi.json."""
    model = json.loads((SOURCE / "abi" / "abi.json").read_text(encoding="utf-8"))
    functions = {f["name"] for f in model["functions"]}
    constants = {c["name"]: c["value"] for e in model["enums"] for c in e["constants"]}
    events = {name.removeprefix(EVENT): value for name, value in constants.items()
              if name.startswith(EVENT) and not name.startswith(FIELD)}
    return functions, constants, events, model["version"]


def unbound(path):
    """name -> reason of an unbound.txt."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = (part.strip() for part in line.partition("|"))
            found[name] = reason
    return found


def dump(command):
    done = subprocess.run(command.argv, env={**os.environ, **command.environment},
                          cwd=command.folder, capture_output=True, check=False, timeout=PATIENCE_S)
    if done.returncode:
        raise SystemExit(f"{command.argv} ended with {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def compare(bound, model, left_out):
    """The complaints about a package, as sentences."""
    functions, constants, events, version = model
    complaints = []
    if bound["version"] != version:
        complaints.append(f"it is version {bound['version']}, the interface {version}")
    have = set(bound["functions"])
    complaints += [f"{n} is not bound" for n in sorted(functions - have - left_out.keys())]
    complaints += [f"{n} is bound, and no function of zks.h" for n in sorted(have - functions)]
    for what, ours, theirs in (("constant", constants, bound["constants"]),
                               ("event", events, bound["events"])):
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in theirs and name not in left_out:
                complaints.append(f"{what} {name} is not there")
            elif name not in ours:
                complaints.append(f"{what} {name} is none of zks.h")
            elif name in theirs and theirs[name] != ours[name]:
                complaints.append(f"{what} {name} is {theirs[name]}, in zks.h {ours[name]}")
    for name, reason in left_out.items():
        if not reason:
            complaints.append(f"unbound.txt gives no reason for {name}")
        if name not in functions and name not in constants:
            complaints.append(f"unbound.txt has {name}, which zks.h does not")
        if name in have or name in bound["constants"]:
            complaints.append(f"unbound.txt has {name}, which is bound")
    return complaints


def row(language, bound, model, left_out):
    functions, constants, events, _ = model
    counts = ((len(functions & set(bound["functions"])), len(functions)),
              (len(constants.keys() & bound["constants"].keys()), len(constants)),
              (len(events.keys() & bound["events"].keys()), len(events)))
    cells = [f"{have} of {all_}" for have, all_ in counts]
    return f"{language:<10}{cells[0]:<14}{cells[1]:<14}{cells[2]:<12}{len(left_out)}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--language", default=",".join(DUMPS))
    model = interface()
    seen, complaints = 0, []
    lines = [f"{'package':<10}{'functions':<14}{'constants':<14}{'events':<12}left out"]
    for language in parser.parse_args().language.split(","):
        try:
            command, list_of_unbound = DUMPS[language]()
            left_out = unbound(list_of_unbound)
            bound = dump(command)
        except Missing as why:
            lines.append(f"{language:<10}skipped: {why}")
            continue
        seen += 1
        lines.append(row(language, bound, model, left_out))
        lines += [f"  {name}: {reason}" for name, reason in left_out.items()]
        complaints += [f"{language}: {c}" for c in compare(bound, model, left_out)]
    print("\n".join([*lines, *complaints]))
    return 1 if complaints else 0 if seen else 77


if __name__ == "__main__":
    sys.exit(main())
