#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the addon needs from the process that loads it, and what it shows to it: a runtime has libuv,
c-ares, OpenSSL and SQLite of its own, and an addon that bound those would mix two versions."""
import os
import re
import subprocess
import sys
from pathlib import Path

ADDON = Path(os.environ["ZKS_NODE_ADDON"])
FOREIGN = re.compile(r"^(uv_|ares_|sqlite3_|SSL_|CRYPTO_|EVP_|nghttp2_|nghttp3_|ngtcp2_|sodium_|"
                     r"crypto_|QRcode_|ini_)")
SHOWN = {"napi_register_module_v1", "node_api_module_get_api_version_v1"}
NEEDED = re.compile(r"^(lib(gnutls|nettle|hogweed|gmp)-zks\.so\.\d+|libc\.so\.6|libm\.so\.6|"
                    r"ld-linux-[\w-]+\.so\.\d)$")


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def names(option):
    return {line.split()[-1].split("@")[0] for line in lines("nm", "-D", option, str(ADDON))}


def dynamic(tag):
    found = lines("readelf", "-d", str(ADDON))
    return [re.search(r"\[(.*)\]", line)[1] for line in found if f"({tag})" in line]


def main():
    wanted, shown = names("--undefined-only"), names("--defined-only")
    problems = [f"undefined: {name}" for name in sorted(wanted) if FOREIGN.match(name)]
    problems += [f"shown: {name}" for name in sorted(shown - SHOWN)]
    problems += [f"not shown: {name}" for name in sorted(SHOWN - shown)]
    problems += [f"needs {name}" for name in dynamic("NEEDED") if not NEEDED.match(name)]
    problems += [f"looks for libraries in {path}" for path in dynamic("RUNPATH") + dynamic("RPATH")
                 if path not in ("$ORIGIN", "$ORIGIN/.")]
    if not any("NODELETE" in line for line in lines("readelf", "-d", str(ADDON))):
        problems.append("not linked with -z nodelete: unloading it would pull the code away from "
                        "under the engine's threads")
    if not any(name.startswith("napi_") for name in wanted):
        problems.append("it wants no napi_ function: is this the addon?")
    unresolved = [line for line in lines("ldd", "-r", str(ADDON))
                  if "undefined symbol" in line and "napi_" not in line]
    for problem in problems + unresolved:
        print(problem)
    return 1 if problems or unresolved else 0


if __name__ == "__main__":
    sys.exit(main())
