#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recomputes crypto.txt: primitives in plain Python, and what the standard library has not
(ML-KEM-768, Argon2id, AES) with the package "cryptography" where it is there."""
import hashlib
import hmac
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

try:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    AESGCM = None

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


def aes_block(key, block):
    """AES-256 of one block."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # one block only


def xaes_seal(key, nonce, ad, text):
    """XAES-256-GCM by the page's detailed algorithm, without CMAC."""
    doubled = int.from_bytes(aes_block(key, bytes(16)), "big") << 1
    if doubled >> 128:
        doubled = doubled & (1 << 128) - 1 ^ 0x87
    once = b""
    for number in (1, 2):
        message = bytes([0, number, 0x58, 0]) + nonce[:12]
        once += aes_block(key, (int.from_bytes(message, "big") ^ doubled).to_bytes(16, "big"))
    return AESGCM(once).encrypt(nonce[12:], text, ad)


def xaes(v):
    """One vector of XAES-256-GCM; None: no AES here."""
    return AESGCM and {"sealed": xaes_seal(v["key"], v["nonce"], v["ad"], v["text"])}


def xaes_accumulated(v):
    """The page's accumulated test; None: no AES here."""
    if AESGCM is None:
        return None
    draws, at = hashlib.shake_128().digest(8 << 20), 0  # more than all rounds take
    results = hashlib.shake_128()

    def draw(length):
        nonlocal at
        at += length
        return draws[at - length:at]

    for _ in range(int.from_bytes(v["rounds"], "big")):
        key, nonce = draw(32), draw(24)
        text = draw(draw(1)[0])
        ad = draw(draw(1)[0])
        results.update(xaes_seal(key, nonce, ad, text))
    assert at <= len(draws)
    return {"hash": results.digest(32)}


def noise_aesgcm(v):
    """Noise, section 12.4; None: no AES here."""
    return AESGCM and {"sealed": AESGCM(v["key"]).encrypt(bytes(4) + v["counter"].rjust(8, b"\0"),
                                                          v["text"], v["ad"])}


def p256(v):
    """Key agreement with the scalar rule of suite 2."""
    scalar = ref.p256_scalar(v["secret"])
    shared = ref.p256_times(scalar, ref.p256_decode(v["peer"]))
    return {"public": ref.p256_encode(ref.p256_times(scalar, ref.P256_BASE)),
            "shared": shared[0].to_bytes(32, "big")}


def mlkem768_p256(v):
    """draft-irtf-cfrg-concrete-hybrid-kems-04; all but ML-KEM's ciphertext. None: no ML-KEM."""
    if mlkem is None:
        return None
    seeds = hashlib.shake_256(v["seed"]).digest(64 + 128)
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(seeds[:64])
    scalar, drawn = ref.p256_candidate(seeds[64:]), ref.p256_candidate(v["random"][32:])
    public = ref.p256_encode(ref.p256_times(scalar, ref.P256_BASE))
    ct = ref.p256_encode(ref.p256_times(drawn, ref.P256_BASE))
    point = ref.p256_times(drawn, ref.p256_decode(public))
    text = key.decapsulate(v["ct"][:1088]) + point[0].to_bytes(32, "big") + ct + public
    return {"public": key.public_key().public_bytes_raw() + public, "ct": v["ct"][:1088] + ct,
            "shared": hashlib.sha3_256(text + b"MLKEM768-P256").digest()}


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
    "mlkem768-enc": lambda v: dict(zip(("ct", "shared"),
                                       ref.mlkem768_encaps(v["public"], v["random"]))),
    "mlkem768-bad": lambda v: None,
    "argon2id": argon2id,
    "hmac-sha256": lambda v: {"mac": hmac.new(v["key"], v["message"], "sha256").digest()},
    "xaes-256-gcm": xaes,
    "xaes-256-gcm-accumulated": xaes_accumulated,
    "noise-aesgcm": noise_aesgcm,
    "p256": p256,
    "pbkdf2": lambda v: {"key": hashlib.pbkdf2_hmac(
        "sha256", v["passphrase"], v["salt"], int.from_bytes(v["iterations"], "big"), 32)},
    "mlkem768-p256": mlkem768_p256,
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
