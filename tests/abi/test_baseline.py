#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The interface keeps what abi/baseline promises, and the comparison sees what would break it."""

import copy
import os
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "abi" / "gen"))
import baseline  # noqa: E402
import model  # noqa: E402

now = model.read()
problems = list(baseline.check(now))
if not list(baseline.FOLDER.glob("*.json")):
    problems.append("there is no baseline: run abi/gen/abi.py --freeze RELEASE")


def changed(change):
    """What the comparison says of an interface with a change."""
    new = copy.deepcopy(now)
    change(new)
    return baseline.differences(baseline.essence(now), baseline.essence(new))


def function(of, name):
    return next(item for item in of["functions"] if item["name"] == name)


def constant(of, name):
    return next(item for enum in of["enums"] for item in enum["constants"] if item["name"] == name)


def expect(what, change, count):
    found = changed(change)
    if len(found) != count:
        problems.append(f"{what}: {count} differences expected, found {found}")


expect("nothing", lambda new: None, 0)
expect("a function more", lambda new: new["functions"].append(
    {**function(new, "zks_op_free"), "name": "zks_op_more"}), 0)
expect("a better comment", lambda new: function(new, "zks_op_free").update(doc="better"), 0)
expect("a function gone", lambda new: new["functions"].remove(function(new, "zks_op_free")), 1)
expect("another result", lambda new: function(new, "zks_op_free").update(returns="int32_t"), 1)
expect("another type", lambda new: function(new, "zks_op_wait")["params"][1].update(
    type="uint64_t"), 1)
expect("a parameter more", lambda new: function(new, "zks_op_wait")["params"].append(
    {"type": "uint32_t", "name": "flags"}), 1)
expect("another value", lambda new: constant(new, "ZKS_E_STATE").update(value=-99), 1)
expect("a handle gone", lambda new: new["handles"].pop(), 1)
expect("a callback changed", lambda new: new["callbacks"][0]["params"].pop(), 1)

for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
