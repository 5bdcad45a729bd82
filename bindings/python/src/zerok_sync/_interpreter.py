# SPDX-License-Identifier: MIT OR Apache-2.0
"""One interpreter of a process can use this package: the main one."""

import importlib


def refuse_others() -> None:
    """Raises ImportError in a sub-interpreter."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # CPython from 3.13 on, and before
        try:
            interpreters = importlib.import_module(name)
        except ImportError:
            continue
        if interpreters.get_current() != interpreters.get_main():
            raise ImportError(
                "zerok_sync works in the main interpreter only, not in a sub-interpreter: "
                "import it there, and pass data between the two"
            )
        return
