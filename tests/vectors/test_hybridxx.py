#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The session handshake of suite 2, Noise_hybridXX_P256+MLKEM768_AESGCM_SHA256, in Python: nobody
publishes transcripts of it, so hybridxx_p256.json is our own, made and recomputed here (tokens in
clatter 2.2's order, as in hybridxx_sha256_*.json, where the inputs come from).
--write makes it."""
import hashlib
import hmac
import json
import sys
from pathlib import Path

import reference as ref

try:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    print("the package cryptography is missing: no AES here")
    sys.exit(77)

FOLDER = Path(__file__).resolve().parent
FILE = FOLDER / "hybridxx_p256.json"
NAME = "Noise_hybridXX_P256+MLKEM768_AESGCM_SHA256"
PATTERN = [["e"], ["ekem", "e", "ee", "s", "es"], ["skem", "s", "se"], ["skem"]]
PLAIN = ["Scream without a sound", "Flying off the handle", "Eugene gene the dance machine"]


def aesgcm(key, n, ad, text):
    """Noise, section 12.4."""
    return AESGCM(key).encrypt(bytes(4) + n.to_bytes(8, "big"), text, ad)


def dh(secret, public):
    point = ref.p256_times(ref.p256_scalar(secret), ref.p256_decode(public))
    return point[0].to_bytes(32, "big")


def dh_public(secret):
    return ref.p256_encode(ref.p256_times(ref.p256_scalar(secret), ref.P256_BASE))


class Symmetric:
    """SymmetricState of the Noise specification, section 5.2; both ends have the same."""

    def __init__(self, prologue):
        self.h = self.ck = hashlib.sha256(NAME.encode()).digest()  # longer than HASHLEN
        self.key, self.n = None, 0
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def hkdf(self, data, count):
        temporary, out = hmac.new(self.ck, data, "sha256").digest(), []
        for i in range(count):
            last = out[-1] if out else b""
            out.append(hmac.new(temporary, last + bytes([i + 1]), "sha256").digest())
        return out

    def mix_key(self, data):
        self.ck, self.key = self.hkdf(data, 2)
        self.n = 0

    def mix_key_and_hash(self, data):
        self.ck, mixed, self.key = self.hkdf(data, 3)
        self.mix_hash(mixed)
        self.n = 0

    def encrypt_and_hash(self, text):
        if self.key:
            text = aesgcm(self.key, self.n, self.h, text)
            self.n += 1
        self.mix_hash(text)
        return text


class End:
    """One side's keys."""

    def __init__(self, inputs, side):
        own = inputs[side]
        self.static, self.static_seed = (bytes.fromhex(inputs[f"{side}_static{s}"])
                                         for s in ("", "_kem_seed"))
        self.ephemeral, self.ephemeral_seed = (bytes.fromhex(own[n])
                                               for n in ("e_dh_sk", "e_kem_seed"))
        self.draws = {n: bytes.fromhex(own[n]) for n in ("ekem_m", "skem_m") if n in own}


def write_message(state, tokens, me, peer, initiator, payload):
    """The bytes of one message."""
    out = b""
    first, second = (me, peer) if initiator else (peer, me)
    for token in tokens:
        if token == "e":
            for part in (dh_public(me.ephemeral), ref.mlkem768_public(me.ephemeral_seed)):
                state.mix_hash(part)
                out += part
        elif token == "s":
            out += state.encrypt_and_hash(dh_public(me.static))
            out += state.encrypt_and_hash(ref.mlkem768_public(me.static_seed))
        elif token == "ekem":
            ct, shared = ref.mlkem768_encaps(ref.mlkem768_public(peer.ephemeral_seed),
                                             me.draws["ekem_m"])
            state.mix_hash(ct)
            out += ct
            state.mix_key(shared)
        elif token == "skem":
            ct, shared = ref.mlkem768_encaps(ref.mlkem768_public(peer.static_seed),
                                             me.draws["skem_m"])
            out += state.encrypt_and_hash(ct)
            state.mix_key_and_hash(shared)
        else:  # the initiator's key by the first letter, the responder's by the second
            ours = first.ephemeral if token[0] == "e" else first.static
            theirs = second.ephemeral if token[1] == "e" else second.static
            state.mix_key(dh(ours, dh_public(theirs)))
    return out + state.encrypt_and_hash(payload)


def transcript():
    """What the file says."""
    source = json.loads((FOLDER / "hybridxx_sha256_payload.json").read_text())
    ends = [End(source["inputs"], side) for side in ("init", "resp")]
    state = Symmetric(bytes.fromhex(source["prologue"]))
    messages, hashes = [], []
    for i, tokens in enumerate(PATTERN):
        messages.append(write_message(state, tokens, ends[i % 2], ends[1 - i % 2], i % 2 == 0,
                                      bytes.fromhex(source["payloads"][i])).hex())
        hashes.append(state.h.hex())
    keys = state.hkdf(b"", 2)
    counters, transport = [0, 0], []
    for i, text in enumerate(PLAIN):
        transport.append(aesgcm(keys[i % 2], counters[i % 2], b"", text.encode()).hex())
        counters[i % 2] += 1
    return {"protocol_name": NAME, "prologue": source["prologue"], "inputs": source["inputs"],
            "payloads": source["payloads"], "messages": messages, "h_after": hashes,
            "handshake_hash": state.h.hex(), "k_i2r": keys[0].hex(), "k_r2i": keys[1].hex(),
            "transport": transport, "transport_plain": PLAIN,
            "note": "made by tests/vectors/test_hybridxx.py"}


def main():
    """Exit code 1: the file is not what comes out here."""
    text = json.dumps(transcript(), indent=1) + "\n"
    if "--write" in sys.argv:
        FILE.write_text(text)
    same = FILE.read_text() == text
    print(f"{FILE.name} is {'' if same else 'not '}what comes out here")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
