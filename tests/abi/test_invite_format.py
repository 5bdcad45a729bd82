#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The invite's link, encoded a second time from its description in abi/invite.c: the vectors in
test_config.c are what it says, and the library reads any such link."""

import base64
import ctypes
import hashlib
import os
import random
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
LIBRARY = Path(os.environ.get("ZKS_LIB_DIR", SOURCE / "build" / "dev" / "lib")) / "libzks.so"
SUITE, LINK, RELAYS, DESCRIPTOR, SECRET = 1, 101, 102, 103, 201
HASHES = {1: lambda data: hashlib.blake2b(data, digest_size=32), 2: hashlib.sha256}


def lp(data):
    assert len(data) < 1 << 14
    low, high = len(data) & 127, len(data) >> 7
    return bytes([low | 128, high] if high else [low]) + data


def encode(suite, secret, descriptor, relays):
    payload = bytes([4, 1, suite]) + secret + lp(descriptor.encode()) + bytes([len(relays)])
    payload += b"".join(lp(relay.encode()) for relay in relays)
    check = HASHES[suite](lp(b"0k-invite-v4") + payload).digest()[:4]
    text = base64.urlsafe_b64encode(payload + check).rstrip(b"=")
    return "zks-invite:" + text.decode()


def vectors():
    secret = bytes(range(1, 33))
    descriptor = "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg"
    return [encode(1, secret, "", []), encode(2, secret, "", []),
            encode(1, secret, descriptor, ["relay.example.org", "127.0.0.1:4433"])]


def read(library, link):
    """The fields as the library reads them, or the status."""
    invite, length = ctypes.c_void_p(), ctypes.c_size_t()
    status = library.zks_invite_parse(link.encode(), len(link), ctypes.byref(invite))
    if status:
        return status
    texts = [library.zks_invite_text(invite, f).decode() for f in (LINK, RELAYS, DESCRIPTOR)]
    at = library.zks_invite_bytes(invite, SECRET, ctypes.byref(length))
    secret = ctypes.string_at(at, length.value)
    suite = library.zks_invite_number(invite, SUITE)
    library.zks_invite_free(invite)
    return [suite, *texts, secret]


def check_library(problems):
    library = ctypes.CDLL(str(LIBRARY))
    handle, size = ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)
    library.zks_invite_parse.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(handle)]
    library.zks_invite_text.argtypes = [handle, ctypes.c_int32]
    library.zks_invite_text.restype = ctypes.c_char_p
    library.zks_invite_number.argtypes = [handle, ctypes.c_int32]
    library.zks_invite_number.restype = ctypes.c_int64
    library.zks_invite_bytes.argtypes = [handle, ctypes.c_int32, size]
    library.zks_invite_bytes.restype = handle
    library.zks_invite_free.argtypes = [handle]
    seed = int(os.environ.get("ZKS_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"ZKS_TEST_SEED={seed}")
    draw = random.Random(seed)
    for _ in range(500):
        secret = draw.randbytes(32)
        salt = base64.b64encode(draw.randbytes(draw.randint(16, 64))).decode().rstrip("=")
        suite = draw.choice([1, 2])
        start = ["$argon2id$v=19$m=65536,t=3,p=1$", "$pbkdf2-sha256$i=600000$"][suite - 1]
        descriptor = draw.choice(["", start + salt])
        relays = ["r\u00e9lais-" + "x" * draw.randint(0, 500) for _ in range(draw.randint(0, 16))]
        link = encode(suite, secret, descriptor, relays)
        found = read(library, link)
        if found != [suite, link, "\n".join(relays), descriptor, secret]:
            problems.append(f"read otherwise: {link[:80]}...: {str(found)[:80]}")
    for bad in (["two\nlines"], [""], ["x\0y"], ["\x1b"], ["x" * 513], ["x"] * 17):
        if read(library, encode(1, bytes(32), "", bad)) != -501:
            problems.append(f"accepted: {bad}")
    argon2 = "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg"
    if read(library, encode(2, bytes(32), argon2, [])) != -501:
        problems.append("accepted: a descriptor of another suite")


def main():
    problems = []
    test = (SOURCE / "tests/abi/test_config.c").read_text().replace('"\n    "', "")
    problems += [f"not in test_config.c: {link}" for link in vectors() if f'"{link}"' not in test]
    if os.environ.get("ZKS_SANITIZER"):
        print("a sanitizer's library cannot be loaded here: only the vectors were checked")
    else:
        check_library(problems)
    for problem in problems[:10]:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
