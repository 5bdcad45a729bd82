#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Keeps what follows from abi/include/zks/zks.h and abi/symbols.txt.

    abi.py            writes abi/constants.h (from the header) and abi/zks.map (from symbols.txt)
    abi.py --check    writes nothing; fails when one of them differs, or when header, symbols.txt
                      and guard_table.h do not name the same functions

symbols.txt is written by hand and only ever grows: a line for each function, with the release that
it came with.
"""

import argparse
import pathlib
import re
import sys

ABI = pathlib.Path(__file__).resolve().parent.parent
HEADER = ABI / "include" / "zks" / "zks.h"
LICENCE = "SPDX-License-Identifier: MIT OR Apache-2.0"


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def functions(text):
    """Names of the functions that the header declares, in its order."""
    bare = re.sub(r"typedef[^;]*;", "", without_comments(text))
    return re.findall(r"\b(zks_\w+)\s*\([^()]*\)\s*;", bare)


def constants(text):
    """(name, value) of every enumerator, in the header's order. Each must have a written value."""
    found = []
    for body in re.findall(r"\benum\s*\{(.*?)\}", without_comments(text), flags=re.S):
        for item in filter(None, (part.strip() for part in body.split(","))):
            match = re.fullmatch(r"(ZKS_\w+)\s*=\s*(-?(?:0x[0-9a-f]+|\d+))", item)
            if not match:
                raise SystemExit(f"zks.h: the enumerator '{item}' has no plain number")
            found.append((match[1], int(match[2], 0)))
    return found


def symbols():
    """(symbol, since, deprecated) of symbols.txt."""
    rows = []
    for number, line in enumerate((ABI / "symbols.txt").read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 3 or not re.fullmatch(r"zks_\w+", fields[0]):
            raise SystemExit(f"symbols.txt:{number}: not of the form 'symbol | since | deprecated'")
        rows.append(tuple(fields))
    return rows


def table_names():
    return re.findall(r"^\s*X\((\w+),", (ABI / "guard_table.h").read_text(), flags=re.M)


def render_constants(pairs):
    lines = ["#define ZKS_CONSTANT_TABLE(X)"] + [f"    X({name})" for name, _ in pairs]
    width = max(len(line) for line in lines[:-1]) + 1
    body = "\n".join(line.ljust(width) + "\\" for line in lines[:-1]) + "\n" + lines[-1] + "\n"
    return (
        f"/* {LICENCE} */\n"
        "/* Every constant of zks.h. Made by abi/gen/abi.py: do not edit. */\n"
        "#ifndef ZKS_ABI_CONSTANTS_H\n#define ZKS_ABI_CONSTANTS_H\n\n" + body + "\n#endif\n"
    )


def render_map(rows):
    nodes = {}
    for name, since, _ in rows:
        nodes.setdefault(since, []).append(name)
    out = [f"/* {LICENCE} */", "/* Made from symbols.txt by abi/gen/abi.py: do not edit. */"]
    before = ""
    for since in sorted(nodes, key=lambda s: [int(part) for part in s.split(".")]):
        out.append(f"ZKS_{since} {{")
        out.append("global:")
        out += [f"    {name};" for name in nodes[since]]
        if not before:
            out += ["local:", "    *;"]
        out.append(f"}}{before};")
        before = f" ZKS_{since}"
    return "\n".join(out) + "\n"


def compare(what, left, right):
    """Differences between two lists of names, as sentences."""
    first, second = what
    problems = [f"{name} is in {first}, not in {second}" for name in left if name not in right]
    problems += [f"{name} is in {second}, not in {first}" for name in right if name not in left]
    problems += [f"{name} is twice in {second}" for name in set(right) if right.count(name) > 1]
    return problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check

    header = HEADER.read_text()
    declared = functions(header)
    rows = symbols()
    problems = compare(("zks.h", "symbols.txt"), declared, [row[0] for row in rows])
    guarded = ["zks_" + name for name in table_names()]
    problems += compare(("zks.h", "guard_table.h"), declared, guarded)
    for path, text in (
        (ABI / "constants.h", render_constants(constants(header))),
        (ABI / "zks.map", render_map(rows)),
    ):
        if path.exists() and path.read_text() == text:
            continue
        if check:
            problems.append(f"{path.name} is out of date: run abi/gen/abi.py, commit the result")
        else:
            path.write_text(text)
            print(f"wrote {path.name}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
