#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""First inputs of fuzz_pairing_code and fuzz_pairing_message.

usage: make_pairing_corpus.py [--check]
"""
import hashlib
import struct
import sys
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def leb(number):
    """Unsigned LEB128."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def lp(data):
    return leb(len(data)) + data


def counting(length, first=0):
    return bytes((first + i) & 255 for i in range(length))


def crockford(data):
    """Base32 without padding."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[at:at + 5], 2)] for at in range(0, len(bits), 5))


def link(suite=1, version=1, relays=(b"relay.example.org:4433",)):
    """As src/pairing/code.h describes it."""
    payload = bytes([version, suite]) + b"7K2M" + counting(32) + counting(32, 64)
    payload += bytes([len(relays)])
    payload += b"".join(counting(32, 9) + lp(address) for address in relays)
    check = hashlib.sha256(lp(b"0k-pair-link-v1") + payload).digest()[:4]
    return ("ZKS-PAIR:" + crockford(payload + check)).encode()


def bundle(records=(), secrets=0, relays=(), pins=0, heads=0):
    out = leb(len(records)) + b"".join(lp(r) for r in records)
    out += leb(secrets) + counting(64 * secrets)
    out += leb(len(relays)) + b"".join(counting(32) + lp(a) for a in relays)
    out += leb(pins) + counting(32 * pins)
    return out + leb(heads) + (counting(48) + struct.pack("<Q", 7) + counting(32)) * heads


def messages():
    """One of each, in the form of fuzz_pairing_message.c."""
    bodies = [counting(48), counting(32 + 1216), counting(32), counting(64),
              counting(64 + 1120 + 40), counting(40), counting(60), counting(17)]
    for number, body in enumerate(bodies):
        whole = bytes([number, 1, number]) + body
        yield f"m{number}", whole
        yield f"m{number}-cut", whole[:-1]
    yield "m3-approved", bytes([11, 1, 3]) + counting(32)
    yield "m1-later-version", bytes([1, 2, 1]) + counting(32 + 1216)
    group = bytes([1, 1, 1]) + struct.pack("<Q", 1900000000) + counting(32) + lp(counting(300))
    yield "group", bytes([16]) + group
    yield "request", bytes([17]) + lp(counting(200)) + lp("Zoë's phone".encode())
    yield "request-line-break", bytes([17]) + lp(counting(20)) + lp(b"two\nlines")
    yield "request-bad-utf8", bytes([17]) + lp(counting(20)) + lp(b"\xed\xa0\x80")
    full = bundle([counting(40), counting(3)], 2, [b"relay.example.org"], 1, 2)
    yield "bundle", bytes([18]) + full
    yield "bundle-empty", bytes([18]) + bundle()
    yield "bundle-cut", bytes([18]) + full[:-1]
    yield "bundle-count-lies", bytes([18]) + leb(4097)
    forever = struct.pack("<Q", 0) + counting(32) + lp(counting(300))
    yield "group-shared", bytes([16, 1, 2, 0]) + forever
    yield "group-shared-rights", bytes([16, 1, 2, 1]) + forever
    descriptor = lp(b"$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA")
    relays = leb(2) + 2 * (counting(32) + lp(b"relay.example.org"))
    yield "shared", bytes([19]) + counting(32) + descriptor + relays
    yield "shared-cut", bytes([19]) + counting(32) + descriptor + relays[:-1]
    yield "shared-longer", bytes([19]) + counting(32) + descriptor + relays + b"\0"
    yield "shared-no-descriptor", bytes([19]) + counting(32) + lp(b"") + leb(0)
    yield "shared-bad-descriptor", bytes([19]) + counting(32) + lp(b"$argon2id$") + leb(0)


FILES = {
    "pairing_code": {
        "code": b"7K2M-0123-4567-89AB",
        "loose": "  7k2m\u20130123 oil1_89ab\r\n".encode(),
        "short": b"7K2M-0123-4567-89A",
        "letter": b"7K2M-0123-4567-89AU",
        "link": link(),
        "link-two": link(relays=(b"a:1", b"[2001:db8::1]:65535")),
        "link-lower": link().lower(),
        "link-cut": link()[:-2],
        "link-later": link(version=2),
        "link-suite": link(suite=9),
        "shared": b"zks-invite:AAAA",
    },
    "pairing_message": dict(messages()),
}


def main():
    wrong = []
    for target, files in FILES.items():
        for name, data in files.items():
            path = CORPUS / target / name
            if "--check" in sys.argv:
                if not path.is_file() or path.read_bytes() != data:
                    wrong.append(str(path))
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for path in wrong:
        print(f"{path}: not what this script makes")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
