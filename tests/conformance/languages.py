# SPDX-License-Identifier: MIT OR Apache-2.0
"""How the driver of each language is called, and what must be installed for it."""
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BUILD = Path(os.environ.get("ZKS_BUILD_DIR", SOURCE / "build" / "dev"))
sys.path.insert(0, str(SOURCE / "scripts"))
from deps import DEPS  # noqa: E402

TOOLS = DEPS / "tools"


class Missing(Exception):
    """Something that the language needs is not on this machine; the text says what and the cure."""


@dataclass
class Command:
    argv: list
    environment: dict = field(default_factory=dict)
    folder: Path = SOURCE


def there(path, cure):
    """The path, if it is there."""
    if not Path(path).exists():
        raise Missing(f"{path} is missing: {cure}")
    return str(path)


def tool(name, *places):
    """A program of the tools that scripts/bootstrap --test installs, or of the machine."""
    for place in places:
        if os.access(TOOLS / place, os.X_OK):
            return str(TOOLS / place)
    found = shutil.which(name)
    if not found:
        raise Missing(f"there is no {name}: scripts/bootstrap --test")
    return found


def c():
    return Command([there(BUILD / "tests" / "conformance_driver", "make build")])


# --- Python: the package of the build folder ---

def with_python(*argv):
    there(BUILD / "python" / "zerok_sync", "make build, with the tools of scripts/bootstrap --test")
    return Command([tool("python3", "python/bin/python"), *argv],
                   {"PYTHONPATH": str(BUILD / "python"), "PYTHONDONTWRITEBYTECODE": "1"})


def python():
    return with_python(there(HERE / "driver.py", "the driver in Python"))


# --- JavaScript: the package of the checkout, one driver for three runtimes ---

NODE_MODULES = TOOLS / "node" / "node_modules"


def addon():
    """What makes the package load the addon of this build."""
    return {"ZKS_NODE_ADDON": there(BUILD / "npm/zks.node", "scripts/package addon build/dev/npm")}


def with_node(*argv):
    return Command([tool("node", "node/bin/node"), *argv], addon())


def javascript(runtime, *options):
    return Command([tool(runtime, f"node/bin/{runtime}"), *options,
                    there(HERE / "driver.mjs", "the driver in JavaScript")], addon())


def node():
    return javascript("node")


def bun():
    return javascript("bun", "run")


def deno():
    return javascript("deno", "run", "--allow-all", "--quiet")


# --- Go: programs that the build makes where it finds Go ---

def with_go(name):
    return Command([there(BUILD / "go" / name, "make build, with Go >= 1.23")])


def go():
    return with_go("conformance")


LANGUAGES = {"c": c, "python": python, "node": node, "bun": bun, "deno": deno, "go": go}


# --- what a package binds: (command, its unbound.txt) ---

def python_dump():
    return with_python("-m", "zerok_sync._dump"), SOURCE / "bindings/python/unbound.txt"


def node_dump():
    return (with_node(there(SOURCE / "bindings/node/dump.mjs", "the package for Node")),
            SOURCE / "bindings/node/unbound.txt")


def go_dump():
    return with_go("dump"), SOURCE / "bindings/go/unbound.txt"


DUMPS = {"python": python_dump, "node": node_dump, "go": go_dump}
