#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recomputes crypto.txt: primitives in plain Python, and what the standard library has not
(ML-KEM-768, Argon2id) with the package "cryptography" where it is there."""
import hashlib
import sys
from pathlib import Path

import reference as ref

try:
    from cryptography.hazmat.primitives.asymmetric import mlkem
except ImportError:
    mlkem = None
try:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
except ImportError:
    Argon2id = None

FILE = Path(__file__).resolve().parent / "crypto.txt"


def argon2id(v):
    """Argon2id by OpenSSL; None: not here."""
    if Argon2id is None:
        return None
    kdf = Argon2id(salt=v["salt"], length=32, iterations=int.from_bytes(v["passes"], "big"),
                   lanes=1, memory_cost=int.from_bytes(v["memory_kib"], "big"))
    return {"key": kdf.derive(v["passphrase"])}


def mlkem768(v):
    """ML-KEM-768 by OpenSSL; None: not here."""
    if mlkem is None:
        return None
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(v["seed"])
    return {"public": key.public_key().public_bytes_raw()}


def mlkem768_dec(v):
    """Decapsulation by OpenSSL; None: not here."""
    if mlkem is None:
        return None
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(v["seed"])
    return {"public": key.public_key().public_bytes_raw(), "shared": key.decapsulate(v["ct"])}


def xwing(v):
    """draft-connolly-cfrg-xwing-kem, GenerateKeyPairDerand: all but ML-KEM's own part."""
    seeds = hashlib.shake_256(v["seed"]).digest(96)
    return {"public": v["public"][:1184] + ref.x25519_public(seeds[64:])}


KINDS = {
    "sha256": lambda v: {"digest": hashlib.sha256(v["message"]).digest()},
    "blake2b-256": lambda v: {"digest": ref.blake2b(v["message"])},
    "hkdf-extract": lambda v: {"prk": ref.hkdf_extract(v["secret"])},
    "hkdf-expand": lambda v: {"okm": ref.hkdf_expand(v["prk"], v["info"], len(v["okm"]))},
    "ed25519": lambda v: {"public": ref.ed25519_public(v["seed"]),
                          "signature": ref.ed25519_sign(v["seed"], v["message"])},
    "x25519": lambda v: {"public": ref.x25519_public(v["secret"])},
    "xchacha20-poly1305": lambda v: {
        "sealed": ref.xchacha_seal(v["key"], v["nonce"], v["ad"], v["text"])},
    "xwing": xwing,
    "mlkem768": mlkem768,
    "mlkem768-dec": mlkem768_dec,
    # OpenSSL draws its own randomness
    "mlkem768-enc": lambda v: None,
    "mlkem768-bad": lambda v: None,
    "argon2id": argon2id,
}


def main():
    """Exit code 1: a vector is wrong."""
    skipped = wrong = 0
    blocks = ref.read_blocks(FILE)
    for name, texts in blocks:
        values = {key: bytes.fromhex(text) for key, text in texts.items() if key != "source"}
        result = KINDS[name.split(":")[0]](values)
        if result is None:
            skipped += 1
            print(f"not recomputed here: {name}")
            continue
        for key, value in result.items():
            if value != values[key]:
                wrong += 1
                print(f"{name}: {key} is not {value.hex()[:64]}")
    print(f"{len(blocks)} vectors, {skipped} not checked, {wrong} wrong")
    return 1 if wrong or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())
