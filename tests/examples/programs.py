# SPDX-License-Identifier: MIT OR Apache-2.0
"""The example programs in each language, and how they are run."""
import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "conformance"))
from languages import (  # noqa: E402
    BUILD, NODE_MODULES, Command, Missing, there, tool, with_go, with_node,
    with_python)

EXAMPLES = Path(os.environ.get("ZKS_EXAMPLE_DIR", BUILD / "examples"))
COMPILE_S = 120 * int(os.environ.get("ZKS_SLOWER", "1") or 1)


@functools.cache
def node_project():
    """A project as a user has it: the package and what the examples need in its node_modules."""
    folder = Path(tempfile.mkdtemp(prefix="zks-project-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, target in (("@0k-sync/native", SOURCE), ("yjs", NODE_MODULES / "yjs"),
                         ("@types/node", NODE_MODULES / "@types/node")):
        place = folder / "node_modules" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(there(target, "scripts/bootstrap --test"))
    (folder / "package.json").write_text('{"type": "module"}\n')
    for file in (SOURCE / "examples/node").iterdir():
        shutil.copy(file, folder)
    return folder


@functools.cache
def notes_compiled():
    """notes.ts as JavaScript; its types are checked on the way."""
    folder = node_project()
    compiler = with_node(there(NODE_MODULES / "typescript/bin/tsc", "scripts/bootstrap --test"))
    done = subprocess.run(
        [*compiler.argv, "--strict", "--module", "nodenext", "--target", "es2022", "notes.ts"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=COMPILE_S)
    if done.returncode:
        raise SystemExit(f"notes.ts does not compile: {done.stdout}{done.stderr}")
    return folder / "notes.js"


def go_project(parent):
    """A module as a user has it, with the package of the checkout; argv is Go itself."""
    go = tool("go", "go/bin/go")
    folder = parent / "go"
    folder.mkdir()
    name = "github.com/0k-sync/0k-sync/bindings/go"
    (folder / "go.mod").write_text(
        f"module example\n\ngo 1.23\n\nrequire {name} v0.0.0\n\n"
        f"replace {name} => {SOURCE}/bindings/go\n")
    there(BUILD / "go" / "zks.pc", "make build")
    return Command([go], {"PKG_CONFIG_PATH": str(BUILD / "go"),
                          "CGO_LDFLAGS": f"-Wl,-rpath,{BUILD}/lib",
                          "GOPROXY": "off", "GOWORK": "off",
                          "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false -mod=mod"}, folder)


def notes_c():
    return Command([there(EXAMPLES / "notes", "make build")])


def notes_python():
    return with_python(there(SOURCE / "examples/python/notes.py", "the example"))


def notes_typescript():
    with_node()
    return with_node(str(notes_compiled()))


def notes_go():
    return with_go("notes")


def editor_python():
    return with_python(there(SOURCE / "examples/python/crdt.py", "the example"))


def editor_node():
    with_node()
    return with_node(str(node_project() / "crdt.mjs"))


NOTES = {"c": notes_c, "python": notes_python, "typescript": notes_typescript, "go": notes_go}
EDITORS = {"python": editor_python, "node": editor_node}
