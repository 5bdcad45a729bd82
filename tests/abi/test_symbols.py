#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""zks.h, symbols.txt, zks.map, constants.h, guard_table.h and what libzks.so exports say the same;
and the library's own lists (constants, statuses) are those of the header."""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
LIBRARY = Path(os.environ.get("ZKS_LIB_DIR", SOURCE / "build" / "dev" / "lib")) / "libzks.so"
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "abi" / "gen"))
import abi  # noqa: E402
import model  # noqa: E402

problems = []
header = model.HEADER.read_text()
declared = model.functions(header)


def check_generated():
    done = subprocess.run([sys.executable, "-B", str(SOURCE / "abi/gen/abi.py"), "--check"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        problems.append(done.stderr)


def check_exports():
    """Exactly the functions, each with the version node of its release, and nothing of others."""
    out = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", str(LIBRARY)],
                         capture_output=True, text=True, check=True).stdout
    since = {name: release for name, release, _ in model.symbols()}
    exported = []
    for line in out.splitlines():
        kind, symbol = line.split()[-2:]
        name, _, version = symbol.partition("@@")
        if kind == "A":
            continue  # the version nodes themselves
        exported.append(name)
        if name in since and version != f"ZKS_{since[name]}":
            problems.append(f"{name} is exported as '{version}', symbols.txt says {since[name]}")
    problems.extend(abi.compare(("symbols.txt", "libzks.so"), list(since), exported))


def check_dynamic():
    """What the library says about itself: its name, no unloading, no run path."""
    out = subprocess.run(["readelf", "-d", str(LIBRARY)],
                         capture_output=True, text=True, check=True).stdout
    if "[libzks.so.0]" not in out:
        problems.append("the SONAME is not libzks.so.0")
    if "NODELETE" not in out:
        problems.append("not linked with -z nodelete: threads would lose their code at dlclose")
    if re.search(r"R(UN)?PATH", out):
        problems.append("the library has a run path")


def check_lists():
    """zks_constant_at and the status texts, through the library itself."""
    library = ctypes.CDLL(str(LIBRARY))
    for function in ("zks_status_name", "zks_status_text"):
        getattr(library, function).restype = ctypes.c_char_p
        getattr(library, function).argtypes = [ctypes.c_int32]
    name, value, listed = ctypes.c_char_p(), ctypes.c_int64(), []
    while library.zks_constant_at(len(listed), ctypes.byref(name), ctypes.byref(value)) == 0:
        listed.append((name.value.decode(), value.value))
    if listed != model.constants(header):
        problems.append("zks_constant_at does not list the header's constants")
    classes = {number for constant, number in listed if constant.startswith("ZKS_CLASS_")}
    for constant, number in listed:
        if not (constant == "ZKS_OK" or constant.startswith("ZKS_E_")):
            continue
        if library.zks_status_name(number).decode() != constant:
            problems.append(f"zks_status_name({number}) is not {constant}")
        text = library.zks_status_text(number).decode()
        if not re.fullmatch(r"[A-Z0-9].*\.", text) or "newer than" in text:
            problems.append(f"{constant} has no sentence: '{text}'")
        if library.zks_status_class(number) not in classes:
            problems.append(f"{constant} has no class")
    if library.zks_status_name(-99999) != b"ZKS_E_UNKNOWN" or not library.zks_status_text(7):
        problems.append("a number that is no status has no answer")
    if library.zks_abi_version() != dict(listed)["ZKS_ABI_VERSION"]:
        problems.append("zks_abi_version is not the header's")


check_generated()
check_exports()
check_dynamic()
if os.environ.get("ZKS_SANITIZER"):
    print("a sanitizer's library cannot be loaded here: lists skipped")
else:
    check_lists()
for problem in problems:
    print(problem, file=sys.stderr)
print(f"{len(declared)} functions, {len(model.constants(header))} constants")
sys.exit(1 if problems else 0)
