#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the first inputs of fuzz_record_state and fuzz_group_epoch, and those of
fuzz_record_read that are of paired groups.

usage: make_record_corpus.py [--check]

--check writes nothing and fails when a file is missing or differs. Inputs that the fuzzer
found stand beside them under other names and are left alone.
"""
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vectors"))
import reference as ref  # noqa: E402

KEY_BYTES = 1120 + 48
MEMBER, EPOCH, EPOCH_BARE, LEAVE, PIN = range(5)
ROOT = 0  # a signer's byte is the device + 1


def records():
    """Inputs of fuzz_record_read."""
    def epoch(listed, removed, keys, parent=b"\5" * 32, wrap=48, sealed=b""):
        return (b"\1" + struct.pack("<I", 1) + parent + ref.leb(len(listed)) + b"".join(listed)
                + ref.leb(len(removed)) + b"".join(removed) + bytes(32)
                + ref.lp(bytes(keys * KEY_BYTES)) + ref.lp(bytes(wrap)) + ref.lp(sealed))

    one, two = b"\1" * 32, b"\2" * 32
    yield "next-epoch", epoch([], [], 1)
    yield "next-epoch-listed", epoch([two, one], [one, two], 3, sealed=bytes(300))
    yield "next-epoch-twice", epoch([one, one], [], 3)
    yield "next-epoch-order", epoch([], [two, one], 1)
    yield "next-epoch-keys", epoch([one], [], 1)
    yield "next-epoch-wrap", epoch([], [], 1, wrap=49)
    yield "next-epoch-orphan", epoch([], [], 1, parent=bytes(32))
    yield "next-epoch-many", epoch([bytes([i]) * 32 for i in range(81)], [], 1)
    yield "grant", b"\2" + one + two + bytes(KEY_BYTES)
    yield "grant-short", b"\2" + one + two + bytes(KEY_BYTES - 1)
    head = b"\1\3\1" + bytes(32)
    yield "half-member", b"\3" + head + bytes(32 + 1216 + 32 + 1184 + 1 + 8 + 1 + 64)
    yield "leave", b"\0" + b"\1\5\1" + bytes(32 + 32 + 64)


def states():
    """Inputs of fuzz_record_state: scripts of (code, a, b, c)."""
    base = [(MEMBER, 0, ROOT, 3), (MEMBER, 1, 1, 3), (MEMBER, 2, 1, 3), (MEMBER, 3, 2, 0),
            (EPOCH, 0, 1, 0)]
    scripts = {
        "chain": base + [(EPOCH, 1, 1, 0), (EPOCH, 2, 2, 8), (LEAVE, 2, 0, 0)],
        "concurrent": base + [(EPOCH, 1, 1, 8), (EPOCH, 1, 2, 4)],
        "mutual": base + [(EPOCH, 1, 2, 4), (EPOCH, 1, 3, 2)],
        "mutual-pinned": base + [(EPOCH, 1, 2, 4), (EPOCH, 1, 3, 2), (PIN, 3, 0, 0)],
        "mutual-settled": base + [(EPOCH, 1, 2, 4), (EPOCH, 1, 3, 2), (EPOCH, 1, ROOT, 2)],
        "ring": base + [(EPOCH, 1, 1, 2), (EPOCH, 1, 2, 4), (EPOCH, 1, 3, 1)],
        "past": base + [(EPOCH, 1, 1, 0), (EPOCH, 2, 2, 4), (EPOCH, 1, 3, 0), (EPOCH, 3, 3, 1),
                        (EPOCH, 4, 3, 0), (EPOCH, 5, 3, 0)],
        "puppet": base + [(EPOCH, 1, 2, 4), (MEMBER, 5, 3, 3), (EPOCH, 1, 6, 2)],
        "first": base + [(EPOCH, 1, 1, 4), (EPOCH_BARE, 0, 3, 3), (EPOCH, 0, 3, 3)],
        "deep": [(MEMBER, i, i, 3) for i in range(8)] + [(EPOCH, 0, 1, 0)],
        "nothing": [],
    }
    for name, script in scripts.items():
        yield name, b"".join(bytes(step) for step in script)


def notes():
    """Inputs of fuzz_group_epoch."""
    def padded(text):
        return text + bytes(-len(text) % 256)

    cutoff = bytes(32 + 16 + 8 + 32)
    yield "empty", b"\0" + padded(b"\0\0")
    yield "reasons", b"\2" + padded(b"\2\1\3\0")
    yield "cutoffs", b"\0" + padded(b"\0\2" + cutoff * 2)
    yield "most", b"\1" + padded(b"\1\1\x40" + cutoff * 64)
    yield "too-many", b"\0" + padded(b"\0\x41" + cutoff * 65)
    yield "other-count", b"\1" + padded(b"\0\0")
    yield "padding", b"\0" + padded(b"\0\0")[:-1] + b"\1"
    yield "longer", b"\0" + padded(b"\0\0") + bytes(256)
    yield "cut", b"\0\0\2" + cutoff


def main():
    check = "--check" in sys.argv[1:]
    wrong = 0
    for target, inputs in (("record_read", records), ("record_state", states),
                           ("group_epoch", notes)):
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in inputs():
            path = folder / name
            if not check:
                path.write_bytes(data)
            elif not path.is_file() or path.read_bytes() != data:
                print(f"{path}: missing or different")
                wrong += 1
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
