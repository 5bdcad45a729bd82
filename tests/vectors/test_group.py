#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recomputes group.txt from docs/SECURITY.md and the layouts in the headers of src/record and
src/group, with primitives in plain Python. Public keys of ML-KEM-768 and X-Wing, which the
standard library cannot compute, are taken from the records as they are."""
import hashlib
import struct
import sys
from pathlib import Path

import reference as ref
from reference import derive, lp

FILE = Path(__file__).resolve().parent / "group.txt"
SUITE, SHARED = b"\1", b"\2"

wrong = 0


def same(what, got, wanted):
    """Counts a difference."""
    global wrong
    if got != wanted:
        wrong += 1
        print(f"{what}: {got.hex()[:80]} is not {wanted.hex()[:80]}")


def padme(length):
    """PADME of the whole, at least 256."""
    e = length.bit_length() - 1
    z = max(e - e.bit_length(), 0)
    return max((length + (1 << z) - 1) >> z << z, 256)


def check_keys(v):
    """The key tree."""
    root_seed = derive(v["seed"], "root")
    same("root_public", ref.ed25519_public(root_seed), v["root_public"])
    same("epoch0_secret", derive(v["seed"], "epoch0"), v["epoch0_secret"])
    # The last 32 bytes of an X-Wing key are X25519's, from the last part of the seed.
    xwing = hashlib.shake_256(derive(v["seed"], "seal")).digest(96)
    same("recovery_public", ref.x25519_public(xwing[64:]), v["recovery_public"][1184:])
    group_id = hashlib.sha256(lp("0k-group-v2") + SUITE + SHARED + v["root_public"]).digest()
    same("group_id", group_id, v["group_id"])
    parts = (v["group_id"], v["instance"])
    sign_seed = derive(v["device_seed"], "device-sign", parts)
    same("device_id", ref.ed25519_public(sign_seed), v["device_id"])
    same("noise_dh_secret", derive(v["device_seed"], "device-noise-dh", parts),
         v["noise_dh_secret"])
    same("noise_kem_seed", derive(v["device_seed"], "device-noise-kem", parts, 64),
         v["noise_kem_seed"])
    same("seal_seed", derive(v["device_seed"], "device-seal", parts), v["seal_seed"])
    return root_seed, sign_seed


def check_profile(v, k):
    """A sealed device name."""
    key = derive(k["epoch0_secret"], "profile", (k["group_id"], k["device_id"]))
    text = lp(v["name"])
    text += bytes(-len(text) % 64)
    ad = lp("0k-profile-v1") + SUITE + k["group_id"] + k["device_id"]
    same("profile", v["nonce"] + ref.xchacha_seal(key, v["nonce"], ad, text), v["sealed"])


def sign_part(role, seed, part):
    """The signature behind a part of a record."""
    digest = ref.blake2b(lp("0k-record-part-v1"), part)
    return ref.ed25519_sign(seed, lp("0k-record-sig-v1") + lp(role) + digest)


def check_records(blocks, k, root_seed, sign_seed, profile):
    """GENESIS, EPOCH 0, MEMBER, digest; returns the epoch tag."""
    head = [b"\1" + kind + SUITE + k["group_id"] for kind in (b"\1", b"\2", b"\3")]
    genesis = head[0] + SHARED + k["root_public"] + k["recovery_public"]
    genesis += sign_part("root", root_seed, genesis)
    commit = derive(k["epoch0_secret"], "commit", (k["group_id"], bytes(4), bytes(32)))
    epoch = head[1] + bytes(4 + 32 + 2) + commit + bytes(3) + k["root_public"]
    epoch += sign_part("signer", root_seed, epoch)
    given = blocks["record: MEMBER"]["record"]
    at = len(head[2]) + 32
    seal_key, kem = given[at:at + 1216], given[at + 1216 + 32:at + 1216 + 32 + 1184]
    member = head[2] + k["device_id"] + seal_key + ref.x25519_public(k["noise_dh_secret"]) + kem
    member += b"\0" + struct.pack("<Q", 1900000000)
    member += sign_part("self", sign_seed, member)
    member += lp(profile["sealed"]) + k["root_public"]
    member += sign_part("issuer", root_seed, member)
    hashes = []
    for name, record in (("GENESIS", genesis), ("EPOCH 0", epoch), ("MEMBER", member)):
        v = blocks[f"record: {name}"]
        same(name, record, v["record"])
        hashes.append(ref.blake2b(lp("0k-record-v1"), record))
        same(f"{name}: hash", hashes[-1], v["hash"])
    digest = ref.blake2b(lp("0k-records-v1"), *sorted(hashes))
    same("digest", digest, blocks["records: the digest of these three"]["digest"])
    return hashes[1][:16]


def check_blob(name, v, k, sign_seed, epoch_tag):
    """An entry and its blob."""
    n = {key: int.from_bytes(v[key], "big") for key in ("seq", "floor", "time_ms", "ttl_s", "kind")}
    entry = b"\1" + SUITE + k["group_id"] + k["device_id"] + v["chain"]
    entry += struct.pack("<Q", n["seq"]) + v["prev"]
    entry += struct.pack("<QQIB", n["floor"], n["time_ms"], n["ttl_s"], n["kind"]) + lp(v["body"])
    entry_id = ref.blake2b(lp("0k-entry-v1"), entry)
    same(f"{name}: id", entry_id, v["id"])
    signature = ref.ed25519_sign(sign_seed, lp("0k-sig-v1") + entry_id) if v["signature"] else b""
    same(f"{name}: signature", signature, v["signature"])
    key = derive(k["epoch0_secret"], "blob", (k["group_id"], epoch_tag, k["device_id"]))
    same(f"{name}: blob_key", key, v["blob_key"])
    ad = lp("0k-blob-v1") + b"\1" + SUITE + k["group_id"] + epoch_tag + k["device_id"]
    text = entry + lp(signature)
    # The place of a signature is there in any case.
    size = padme(42 + len(entry) + 1 + 64 + 16)
    text += bytes(size - 42 - 16 - len(text))
    sealed = v["nonce"] + ref.xchacha_seal(key, v["nonce"], ad, text)
    same(f"{name}: blob", b"\1" + SUITE + epoch_tag + sealed, v["blob"])
    blob_id = bytearray(ref.blake2b(ad, sealed)[:16])
    blob_id[6] = blob_id[6] & 0x0F | 0x80
    blob_id[8] = blob_id[8] & 0x3F | 0x80
    same(f"{name}: blob_id", bytes(blob_id), v["blob_id"])


def main():
    """Exit code 1: a vector is wrong."""
    blocks = {name: {key: bytes.fromhex(text) for key, text in texts.items()}
              for name, texts in ref.read_blocks(FILE)}
    keys = blocks["keys: a shared group and a device"]
    profile = blocks["profile: a device's name"]
    root_seed, sign_seed = check_keys(keys)
    check_profile(profile, keys)
    epoch_tag = check_records(blocks, keys, root_seed, sign_seed, profile)
    blobs = [name for name in blocks if name.startswith("blob:")]
    for name in blobs:
        check_blob(name, blocks[name], keys, sign_seed, epoch_tag)
    print(f"{len(blocks)} blocks, {len(blobs)} of them blobs, {wrong} differences")
    return 1 if wrong or len(blobs) < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
