#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes the Go module, as scripts/package go calls it.

usage: go_module.py ARCHIVE GOARCH DIR

DIR/module  bindings/go with the archive and the licences: for a replace directive
DIR/proxy   the same as a zip, for GOPROXY=file://DIR/proxy; a web server may serve it too
"""
import datetime
import json
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "bindings/go"
RAW = "internal/raw"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content makes the same zip


def module_path():
    first = (SOURCE / "go.mod").read_text(encoding="utf-8").split("\n", maxsplit=1)[0]
    return first.removeprefix("module ").strip()


def make_folder(archive, arch, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("*.a"))
    shutil.copy(archive, folder / RAW / f"libzks_linux_{arch}.a")
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        shutil.copy(ROOT / name, folder / name)


def make_zip(folder, path, prefix):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{prefix}/{file.relative_to(folder).as_posix()}", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, file.read_bytes())


def escaped(path):
    """A proxy's file names: capitals become '!' and the small letter."""
    return "".join("!" + c.lower() if c.isupper() else c for c in path)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    archive, arch, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    version = "v" + json.loads((ROOT / "abi/abi.json").read_text(encoding="utf-8"))["version"]
    make_folder(archive, arch, out / "module")
    place = out / "proxy" / escaped(module_path()) / "@v"
    shutil.rmtree(out / "proxy", ignore_errors=True)
    place.mkdir(parents=True)
    make_zip(out / "module", place / f"{version}.zip", f"{module_path()}@{version}")
    shutil.copy(SOURCE / "go.mod", place / f"{version}.mod")
    time = datetime.datetime(*EPOCH, tzinfo=datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    info = json.dumps({"Version": version, "Time": time})
    (place / f"{version}.info").write_text(info + "\n", encoding="utf-8")
    (place / "list").write_text(version + "\n", encoding="utf-8")
    size = (place / f"{version}.zip").stat().st_size
    print(f"package: {module_path()} {version}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
