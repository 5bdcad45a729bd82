# SPDX-License-Identifier: MIT OR Apache-2.0
"""The interface of each release, kept as abi/baseline/<release>.json: nothing in it may go or
change, only more may come. Comments may be improved and are not kept."""

import json

from model import ABI, all_constants

FOLDER = ABI / "baseline"


def _signature(function):
    return [function["returns"]] + [f"{param['type']} {param['name']}"
                                    for param in function["params"]]


def essence(model):
    """What callers are compiled against."""
    return {
        "handles": [handle["name"] for handle in model["handles"]],
        "callbacks": {item["name"]: _signature(item) for item in model["callbacks"]},
        "constants": {item["name"]: item["value"] for item in all_constants(model)},
        "functions": {item["name"]: [item["since"], *_signature(item)]
                      for item in model["functions"]},
    }


def _number(path):
    return [int(part) for part in path.stem.split(".")]


def freeze(model, release):
    path = FOLDER / f"{release}.json"
    if path.exists():
        return [f"{path.name} exists: a baseline is never written again"]
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps(essence(model), indent=1) + "\n")
    print(f"wrote abi/baseline/{path.name}")
    return []


def differences(old, new):
    """What `new` lost or changed, as sentences."""
    problems = [f"the handle {name} is gone" for name in old["handles"]
                if name not in new["handles"]]
    for kind in ("callbacks", "constants", "functions"):
        for name, was in old[kind].items():
            if name not in new[kind]:
                problems.append(f"{name} is gone")
            elif new[kind][name] != was and not name.startswith("ZKS_ABI_VERSION"):
                problems.append(f"{name} was {was} and is {new[kind][name]}")
    return problems


def check(model):
    """Against every baseline: each is a promise of its own."""
    now = essence(model)
    return [f"since {path.stem}: {problem}; callers of that release would break"
            for path in sorted(FOLDER.glob("*.json"), key=_number)
            for problem in differences(json.loads(path.read_text()), now)]
