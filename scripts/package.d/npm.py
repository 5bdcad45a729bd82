#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes the folders of the npm packages, as scripts/package npm calls it.

usage: npm.py ADDON DIR

ADDON         the folder with zks.node and its shared files
DIR/main      @0k-sync/native: JavaScript and types; a package without scripts, so that
              installing it runs nothing
DIR/platform  @0k-sync/native-<platform>: the addon, the shared files, the licences; npm installs it
              where os, cpu and libc fit
"""
import json
import platform
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MAIN = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
CPUS = {"x86_64": "x64", "aarch64": "arm64"}
LIMIT_BYTES = 6_000_000
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")


def write(folder, manifest):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / "package.json").write_text(text, encoding="utf-8")
    for name in LICENCES:
        shutil.copy(ROOT / name, folder / name)


def make_main(folder):
    for name in ("bindings/node/lib",):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "docs/NODE.md", folder / "README.md")
    write(folder, {key: value for key, value in MAIN.items() if key != "scripts"})


def make_platform(addon, folder):
    cpu = CPUS[platform.machine()]
    shutil.copytree(addon, folder)
    name = f"{MAIN['name']}-linux-{cpu}-gnu"
    files = sorted(path.name for path in folder.iterdir())
    write(folder, {
        "name": name, "version": MAIN["version"],
        "description": f"The addon of {MAIN['name']} for Linux on {cpu} with glibc >= 2.34",
        "license": "(MIT OR Apache-2.0) AND LGPL-2.1-or-later AND (LGPL-3.0-or-later OR "
                   "GPL-2.0-or-later)",
        "main": "zks.node", "files": files + list(LICENCES),
        "os": ["linux"], "cpu": [cpu], "libc": ["glibc"], "engines": MAIN["engines"],
    })


def installed_bytes(*folders):
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*")
               if path.is_file())


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    addon, out = Path(sys.argv[1]), Path(sys.argv[2])
    make_main(out / "main")
    make_platform(addon, out / "platform")
    size = installed_bytes(out / "main", out / "platform")
    print(f"package: {MAIN['name']} {MAIN['version']}, {size / 1e6:.2f} MB installed")
    if size >= LIMIT_BYTES:
        sys.exit(f"npm.py: {size} bytes are installed; the limit is {LIMIT_BYTES}")


if __name__ == "__main__":
    main()
