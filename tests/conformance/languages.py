# SPDX-License-Identifier: MIT OR Apache-2.0
"""How the driver of each language is called, and what must be installed for it."""
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BUILD = Path(os.environ.get("ZKS_BUILD_DIR", SOURCE / "build" / "dev"))
DEPS = Path(os.environ.get("ZKS_DEPS", Path.home() / ".cache" / "0k-sync"))
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


def python():
    return Command([tool("python3", "python/bin/python"),
                    there(HERE / "driver.py", "the driver in Python")],
                   {"PYTHONPATH": there(BUILD / "python", "make build"),
                    "PYTHONDONTWRITEBYTECODE": "1"})


def node():
    return Command([tool("node", "node/bin/node"), there(HERE / "driver.mjs", "the driver in JS")])


def bun():
    return Command([tool("bun", "node/bin/bun"), there(HERE / "driver.mjs", "the driver in JS")])


def deno():
    return Command([tool("deno", "node/bin/deno"), "run", "--allow-all",
                    there(HERE / "driver.mjs", "the driver in JS")])


def go():
    return Command([there(BUILD / "tests" / "conformance_go", "make build")])


LANGUAGES = {"c": c, "python": python, "node": node, "bun": bun, "deno": deno, "go": go}
