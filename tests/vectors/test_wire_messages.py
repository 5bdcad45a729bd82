#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads wire_messages.txt as a stranger would: an encoder of its own, from the protocol's page.

Nothing here comes from src/wire: where both agree, the page is enough to write a client.
"""
import sys
from pathlib import Path

U8, U16, U32, U64, BYTES = "u8", "u16", "u32", "u64", "bytes"
WIDTH = {U8: 1, U16: 2, U32: 4, U64: 8}

# Type byte and fields in the order of the wire. A number is a fixed byte string of that
# width, a list of (name, kind) is a list of such items.
RECORDS = [("record", BYTES)]
BLOB_IDS = [("id", 16)]
MESSAGES = {
    "HELLO": (0x01, [
        ("version", U16), ("group_id", 32), ("member", 32), ("signature", 64),
        ("records", RECORDS), ("known", 32), ("incarnation", 16), ("resume", U64),
        ("mode", U8), ("features", U32)]),
    "WELCOME": (0x02, [
        ("version", U16), ("name", BYTES), ("incarnation", 16), ("head", U64),
        ("own_last", 16), ("pending_count", U64), ("pending_bytes", U64),
        ("max_blob_bytes", U32), ("max_ttl_s", U32), ("pushes_per_minute", U32),
        ("window_bytes", U32), ("records", RECORDS), ("time_ms", U64),
        ("records_follow", U32)]),
    "RECORDS": (0x03, [
        ("action", U8), ("records", RECORDS), ("hashes", [("hash", 32)])]),
    "PUSH": (0x10, [("blobs", [("blob_id", 16), ("ttl_s", U32), ("blob", BYTES)])]),
    "PUSH_ACK": (0x11, [("results", [
        ("blob_id", 16), ("code", U32), ("cursor", U64), ("ttl_s", U32),
        ("retry_after_ms", U32)])]),
    "PULL": (0x20, [
        ("after", U64), ("max_bytes", U32), ("max_count", U32), ("flags", U8)]),
    "BLOBS": (0x21, [
        ("flags", U8), ("from", U64), ("contiguous", U64), ("blobs", [
            ("cursor", U64), ("sender", 32), ("blob_id", 16), ("time_ms", U64),
            ("blob", BYTES)])]),
    "ACK": (0x22, [("cursor", U64), ("consumed", U64), ("also", BLOB_IDS)]),
    "NOTIFY": (0x31, [("head", U64), ("pending_count", U64)]),
    "DELETE": (0x40, [("ids", BLOB_IDS)]),
    "MAILBOX_OPEN": (0x80, [("nameplate", 4), ("life_ms", U32), ("attempt", U32)]),
    "MAILBOX_PUT": (0x81, [
        ("nameplate", 4), ("attempt", U32), ("flags", U8), ("data", BYTES)]),
    "MAILBOX_GET": (0x82, [("nameplate", 4)]),
    "MAILBOX_CLOSE": (0x83, [("nameplate", 4), ("attempt", U32), ("code", U32)]),
    "BYE": (0xF0, [("code", U32), ("retry_after_ms", U32), ("text", BYTES)]),
    "ERROR": (0xFF, [
        ("code", U32), ("retry_after_ms", U32), ("about", U8), ("text", BYTES)]),
}


def leb(number):
    """Unsigned LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def encode_fields(fields, lines):
    """Takes the lines of these fields off `lines` and returns their bytes."""
    out = b""
    for name, kind in fields:
        key, value = lines.pop(0)
        if key != name:
            raise ValueError(f"field {key}, expected {name}")
        if isinstance(kind, list):
            out += leb(int(value))
            for _ in range(int(value)):
                out += encode_fields(kind, lines)
        elif kind == BYTES:
            content = bytes.fromhex(value)
            out += leb(len(content)) + content
        elif kind in WIDTH:
            out += int(value).to_bytes(WIDTH[kind], "little")
        else:
            content = bytes.fromhex(value)
            if len(content) != kind:
                raise ValueError(f"{name}: {len(content)} bytes, expected {kind}")
            out += content
    return out


def main():
    """Exit code 0 when each block's fields give its bytes."""
    path = Path(__file__).with_name("wire_messages.txt")
    text = "\n".join(line for line in path.read_text(encoding="ascii").split("\n")
                     if not line.startswith("#"))
    seen = set()
    failures = 0
    for block in text.strip().split("\n\n"):
        title, *rest = block.split("\n")
        name = title.split(":")[0]
        lines = [tuple(part.strip() for part in line.split("=", 1)) for line in rest]
        code, fields = MESSAGES[name]
        seen.add(name)
        body = bytes([code]) + encode_fields(fields, lines)
        (key, encoded), = lines
        if key != "encoded" or leb(len(body)) + body != bytes.fromhex(encoded):
            print(f"{title}: the bytes differ")
            failures += 1
    for name in MESSAGES.keys() - seen:
        print(f"no vector for {name}")
        failures += 1
    print(f"{len(seen)} types, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
