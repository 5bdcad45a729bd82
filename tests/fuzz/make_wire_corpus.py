#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the first inputs of fuzz_wire_message, fuzz_wire_frame, fuzz_session_stream and
fuzz_session_receive.

usage: make_wire_corpus.py [--check]

They are the vectors of tests/vectors/wire_messages.txt and broken forms of them. --check
writes nothing and fails when a file is missing or differs. Inputs that the fuzzer found
stand beside them under other names and are left alone.
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def vectors():
    """Name and bytes of each vector."""
    text = (HERE.parent / "vectors" / "wire_messages.txt").read_text(encoding="ascii")
    name = ""
    for line in text.split("\n"):
        if line.startswith("  encoded = "):
            yield name, bytes.fromhex(line.split("=")[1].strip())
        elif line and not line.startswith((" ", "#")):
            name = line.split(":")[0].lower()


def record(contents):
    """Contents as one record."""
    return len(contents).to_bytes(2, "big") + contents


def records(contents, size):
    """Contents divided into records of one size."""
    return b"".join(record(contents[at:at + size]) for at in range(0, len(contents), size))


def messages():
    """Whole messages, and each cut in its middle and with a high bit in its list."""
    seen = {}
    for name, encoded in vectors():
        number = seen[name] = seen.get(name, 0) + 1
        yield f"{name}-{number}", encoded
        yield f"{name}-{number}-cut", encoded[:len(encoded) // 2]
        flipped = bytearray(encoded)
        flipped[len(flipped) // 3] ^= 0x80
        yield f"{name}-{number}-flipped", bytes(flipped)
    yield "unknown-type", b"\x03\x77\x01\x02"
    yield "empty", b""
    yield "count-lies", b"\x03\x10\x80\x08"
    yield "count-64-bits", b"\x0b\x10" + b"\xff" * 9 + b"\x01"


def frames():
    """Length prefixes around each border."""
    for number, prefix in enumerate([
            b"\x00", b"\x01", b"\x7f", b"\x80\x01", b"\x80\x00", b"\x80\x80\x44",
            b"\x81\x80\x44", b"\x80\x80\x80\x01", b"\xff" * 9 + b"\x01", b"\xff" * 12]):
        yield f"prefix-{number}", prefix


def streams():
    """All vectors as one stream, in several divisions; the first two bytes steer the target."""
    everything = b"".join(encoded for _, encoded in vectors())
    for name, steer, size in [("one-record", b"\x00\x00", 65535), ("small-records", b"\x06\x01", 7),
                              ("byte-records", b"\xff\x02", 1), ("pieces", b"\x10\x03", 200)]:
        yield name, steer + records(everything, size)
    yield "empty-record", b"\x00\x00\x00\x00"
    yield "length-zero", b"\x00\x00" + record(b"\x00")
    yield "too-long", b"\x00\x00" + record(b"\x81\x80\x44")
    yield "unknown-types", b"\x02\x01" + record(b"\x02\x99\x00" * 18)
    yield "cut", b"\x00\x00" + record(everything)[:100]


def received():
    """The streams again; and with a record of a handshake in front."""
    for name, stream in streams():
        yield name, stream[:1] + b"\x00" + stream[2:]
    for name, limit, length in (("handshake", 3, 40), ("handshake-long", 2, 40)):
        yield name, bytes([6, limit]) + record(bytes(length)) + record(b"\x02\x99\x00")


def main():
    """Exit code 0 when all is written, or, with --check, as it should be."""
    check = sys.argv[1:] == ["--check"]
    wrong = []
    for target, inputs in (("wire_message", messages()), ("wire_frame", frames()),
                           ("session_stream", streams()), ("session_receive", received())):
        folder = HERE / "corpus" / target
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
        for name, content in inputs:
            path = folder / name
            if not check:
                path.write_bytes(content)
            elif not path.is_file() or path.read_bytes() != content:
                wrong.append(path.relative_to(HERE))
    for path in wrong:
        print(f"{path}: missing or not what make_wire_corpus.py writes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
