# SPDX-License-Identifier: MIT OR Apache-2.0
"""The example programs in each language, and how they are run."""
import os
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "conformance"))
from languages import (  # noqa: E402
    BUILD, Command, Missing, there, tool, with_go, with_node, with_python)

EXAMPLES = Path(os.environ.get("ZKS_EXAMPLE_DIR", BUILD / "examples"))


def notes_c():
    return Command([there(EXAMPLES / "notes", "make build")])


def notes_python():
    return with_python(there(SOURCE / "examples/python/notes.py", "the example"))


def notes_typescript():
    """TypeScript is compiled to JavaScript first, which also checks its types."""
    source = there(SOURCE / "examples/node/notes.ts", "the example")
    return with_node(source)


def notes_go():
    return with_go("notes")


NOTES = {"c": notes_c, "python": notes_python, "typescript": notes_typescript, "go": notes_go}
