#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""First inputs of the fuzz targets that read text: invites, addresses, recovery codes,
relay configurations.

usage: make_text_corpus.py [--check]
"""
import base64
import hashlib
import sys
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
KEY = "a" * 52


def lp(data):
    low, high = len(data) & 127, len(data) >> 7
    return bytes([low | 128, high] if high else [low]) + data


HASHES = {1: lambda data: hashlib.blake2b(data, digest_size=32), 2: hashlib.sha256}


def invite(descriptor, relays, suite=1):
    """As abi/invite.c describes it."""
    payload = bytes([4, 1, suite]) + bytes(range(32)) + lp(descriptor) + bytes([len(relays)])
    payload += b"".join(lp(r.encode()) for r in relays)
    check = HASHES[suite](lp(b"0k-invite-v4") + payload).digest()[:4]
    return b"zks-invite:" + base64.urlsafe_b64encode(payload + check).rstrip(b"=")


ARGON2 = b"$argon2id$v=19$m=65536,t=3,p=1$AAECAwQFBgcICQoLDA0ODw"
PBKDF2 = b"$pbkdf2-sha256$i=600000$AAECAwQFBgcICQoLDA0ODw"
CODE = ("bahar gadij lopiz sigon bumug jodut paral vubid ginir mafoj soroz dibun jupag pogat zamil "
        "gudod minad gozub")
FILES = {
    "abi_invite": {
        "plain": invite(b"", []),
        "relays": invite(b"", [f"zks://{KEY}@127.0.0.1:4433", "relay.example.org"]),
        "descriptor": invite(ARGON2, ["relay.example.org:1"]),
        "cut": invite(b"", ["relay.example.org"])[:-3],
        "approved": invite(PBKDF2, ["relay.example.org:1"], 2),
        "empty": b"zks-invite:",
    },
    "client_address": {
        "key": f"zks://{KEY}@127.0.0.1:4433".encode(),
        "many": f"zks://{KEY}@a:1,b:2,[::1]:3".encode(),
        "bare": b"relay.example.org",
        "six": b"[2001:db8::1]:65535",
        "broken": b"zks://aaa@:0",
    },
    "group_recovery": {
        "good": CODE.encode(),
        "typed": b"\n" + CODE.upper().replace(" ", "-").encode(),
        "check": CODE.replace("bahar", "bahab").encode(),
        "letter": CODE.replace("gadij", "gedij").encode(),
        "short": CODE[:-6].encode(),
        "long": CODE.encode() + b" babab",
    },
    "relay_config": {
        "good": b"# a relay\nlisten = 127.0.0.1:0\nmax_ttl_s = 3600\ndisk_bytes = 10G\n",
        "unknown": b"colour = red\n",
        "range": b"max_blob_bytes = 0\n",
        "section": b"[relay]\nlisten = x\n",
        "broken": b"listen\n=\n\x00\xff = 1\n",
    },
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
