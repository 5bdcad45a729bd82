# SPDX-License-Identifier: MIT OR Apache-2.0
"""python -m zerok_sync._dump: what this package really binds, as JSON."""

import json

from . import __version__, _constants
from ._constants import PREFIXES, EventKind
from ._native import lib


def dump() -> dict[str, object]:
    constants = {
        "ZKS_" + name: value for name, value in vars(_constants).items() if isinstance(value, int)
    }
    for prefix, group in PREFIXES.items():
        for name, member in group.__members__.items():
            outside = prefix == "ZKS_E_" and name == "OK"
            constants["ZKS_OK" if outside else prefix + name] = member.value
    return {
        "version": __version__,
        "functions": sorted(name for name in dir(lib) if name.startswith("zks_")),
        "constants": constants,
        "events": {name: kind.value for name, kind in EventKind.__members__.items()},
    }


if __name__ == "__main__":
    print(json.dumps(dump(), indent=1))
