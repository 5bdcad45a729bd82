#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the addon needs from the process that loads it, and what it shows to it: a runtime has
libuv, c-ares, OpenSSL and SQLite of its own, and an addon that bound those would mix two
versions."""
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "package"))
import elf  # noqa: E402

ADDON = Path(os.environ["ZKS_NODE_ADDON"])
SHOWN = {"napi_register_module_v1", "node_api_module_get_api_version_v1"}


def main():
    shared = sorted(ADDON.parent.glob("lib*.so.*"))
    problems = elf.problems(ADDON, "|".join(SHOWN)) + elf.size_problems([ADDON, *shared])
    for path in shared:
        problems += elf.shared_problems(path)
    problems += [f"not shown: {name}" for name in sorted(SHOWN - set(elf.defined(ADDON)))]
    if not any(name.startswith("napi_") for name in elf.undefined(ADDON)):
        problems.append("it wants no napi_ function: is this the addon?")
    done = subprocess.run(["ldd", "-r", ADDON], capture_output=True, text=True, check=True)
    problems += [line for line in (done.stdout + done.stderr).splitlines()
                 if "not found" in line or ("undefined symbol" in line and "napi_" not in line)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
