#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the first inputs of fuzz_session_handshake.

usage: make_handshake_corpus.py [--check]

Two bytes (which message; from which multiple of 16 on its bytes are replaced) and what replaces
them. --check writes nothing and fails when a file is missing or differs. Inputs that the fuzzer
found stand beside them under other names and are left alone.
"""
import hashlib
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "corpus" / "session_handshake"
SIZES = [1216, 3568 + 64, 2368, 1120]


def noise(name, length):
    """Bytes that follow from a name."""
    return hashlib.shake_256(name.encode()).digest(length)


def inputs():
    """Name and bytes of each."""
    for number, size in enumerate(SIZES):
        for name, at, length in (("all", 0, size), ("tail", size - 16, 16), ("half", 512, 100),
                                 ("short", 0, size - 1), ("long", size - 16, 17),
                                 ("one-byte", 0, 1)):
            step = min(at // 16, 255)
            if name in ("tail", "long"):
                length += at - step * 16
            yield (f"message-{number + 1}-{name}",
                   bytes([number, step]) + noise(f"{number} {name}", length))
        yield f"message-{number + 1}-zeros", bytes([number, 0]) + bytes(size)
        yield f"message-{number + 1}-ones", bytes([number, 0]) + b"\xff" * size


def main():
    """Exit code 1: --check found a difference."""
    check = "--check" in sys.argv[1:]
    wrong = []
    FOLDER.mkdir(exist_ok=True)
    for name, data in inputs():
        path = FOLDER / name
        if not check:
            path.write_bytes(data)
        elif not path.is_file() or path.read_bytes() != data:
            wrong.append(name)
    if wrong:
        print(f"{FOLDER.name}: out of date: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
