#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Keeps what follows from abi/include/zks/zks.h and abi/symbols.txt.

    abi.py                  writes all that is made from them: abi/abi.json, abi/constants.h,
                            abi/zks.map and the lowest layer of each package (the emitters below)
    abi.py --check          writes nothing; fails when one of those differs, when header,
                            symbols.txt and guard_table.h do not name the same functions, or when
                            the interface lost or changed something since the last baseline
    abi.py --freeze 0.1     writes abi/baseline/0.1.json: the interface as it is, for ever

symbols.txt is written by hand and only ever grows: a line for each function, with the release that
it came with. An emitter is a file of this folder with a function render(model) that returns
{path from the project's root: text}; model.py says what the model is.
"""

import argparse
import json
import re
import sys

import baseline
import go
import node
import python
from model import ABI, HEADER, LICENCE, all_constants, functions, read, symbols

ROOT = ABI.parent
EMITTERS = (python, node, go)


def table_names():
    return re.findall(r"^\s*X\((\w+),", (ABI / "guard_table.h").read_text(), flags=re.M)


def render_constants(names):
    lines = ["#define ZKS_CONSTANT_TABLE(X)"] + [f"    X({name})" for name in names]
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


def generated(model):
    """{path from the project's root: text} of every file that is made here."""
    names = [item["name"] for item in all_constants(model)]
    files = {
        "abi/abi.json": json.dumps(model, indent=1, ensure_ascii=False) + "\n",
        "abi/constants.h": render_constants(names),
        "abi/zks.map": render_map(symbols()),
    }
    for emitter in EMITTERS:
        files.update(emitter.render(model))
    return files


def compare(what, left, right):
    """Differences between two lists of names, as sentences."""
    first, second = what
    problems = [f"{name} is in {first}, not in {second}" for name in left if name not in right]
    problems += [f"{name} is in {second}, not in {first}" for name in right if name not in left]
    problems += [f"{name} is twice in {second}" for name in set(right) if right.count(name) > 1]
    return problems


def compare_lists():
    declared = functions(HEADER.read_text())
    guarded = ["zks_" + name for name in table_names()]
    return compare(("zks.h", "symbols.txt"), declared, [row[0] for row in symbols()]) + compare(
        ("zks.h", "guard_table.h"), declared, guarded)


def write(files, check):
    """Writes what differs; with check only says so."""
    problems = []
    for name, text in files.items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            problems.append(f"{name} is out of date: run abi/gen/abi.py, commit the result")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {name}")
    return problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    parser.add_argument("--freeze", metavar="RELEASE", help="write the baseline of a release")
    arguments = parser.parse_args()

    model = read()
    problems = compare_lists() + write(generated(model), arguments.check)
    if arguments.freeze and not problems:
        problems += baseline.freeze(model, arguments.freeze)
    if arguments.check:
        problems += baseline.check(model)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
