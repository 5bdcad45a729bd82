#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recomputes membership.txt from docs/SECURITY.md and the layouts in src/record/record.h and
src/group/epoch.h, with primitives in plain Python. What X-Wing gives (ciphertexts and shared
secrets), which the standard library cannot compute, is taken as it is."""
import hashlib
import struct
import sys
from pathlib import Path

import reference as ref
from reference import derive, lp

FILE = Path(__file__).resolve().parent / "membership.txt"
SUITE, PAIRED = b"\1", b"\1"
CT_BYTES, KEY_BYTES = 1120, 1120 + 48

wrong = 0


def same(what, got, wanted):
    """Counts a difference."""
    global wrong
    if got != wanted:
        wrong += 1
        print(f"{what}: {got.hex()[:80]} is not {wanted.hex()[:80]}")


def sign_part(role, seed, part):
    """The signature behind a part of a record."""
    digest = ref.blake2b(lp("0k-record-part-v1"), part)
    return ref.ed25519_sign(seed, lp("0k-record-sig-v1") + lp(role) + digest)


def record_hash(record):
    """The hash of a whole record."""
    return ref.blake2b(lp("0k-record-v1"), record)


class Place:
    """Where a secret stands: group, number, parent."""

    def __init__(self, group_id, number, parent):
        self.parts = (group_id, struct.pack("<I", number), parent)
        self.ad = SUITE + group_id + struct.pack("<I", number) + parent

    def seal(self, secret, label, text, nonce=bytes(24), more=()):
        """AEAD under HKDF(secret, label, place, more)."""
        key = derive(secret, label, self.parts + tuple(more))
        return ref.xchacha_seal(key, nonce, lp(label) + self.ad, text)


def check_group(v):
    """The group's keys; returns the root's and the devices' seeds."""
    root_seed = derive(v["seed"], "root")
    root = ref.ed25519_public(root_seed)
    same("group_id", hashlib.sha256(lp("0k-group-v2") + SUITE + PAIRED + root).digest(),
         v["group_id"])
    same("epoch0_secret", derive(v["seed"], "epoch0"), v["epoch0_secret"])
    commit = derive(v["epoch0_secret"], "commit", Place(v["group_id"], 0, bytes(32)).parts)
    epoch = b"\1\2" + SUITE + v["group_id"] + bytes(4 + 32 + 2) + commit + bytes(3) + root
    same("epoch0_hash", record_hash(epoch + sign_part("signer", root_seed, epoch)),
         v["epoch0_hash"])
    seeds = []
    for i in "01":
        seed = derive(v[f"device_seed_{i}"], "device-sign", (v["group_id"], v["instance"]))
        same(f"device_{i}", ref.ed25519_public(seed), v[f"device_{i}"])
        seeds.append(seed)
    return root, seeds


def check_record(name, v, record):
    """A record and its hash."""
    same(name, record, v["record"])
    same(f"{name}: hash", record_hash(record), v["hash"])


def check_grant(v, g, seeds):
    """GRANT: header, epoch, device, key, signer, signature."""
    head = b"\1\4" + SUITE + g["group_id"] + g["epoch0_hash"] + g["device_1"]
    given = v["record"][len(head):len(head) + CT_BYTES]
    place = Place(g["group_id"], 0, bytes(32))
    record = head + given + place.seal(v["shared"], "grant", g["epoch0_secret"],
                                       more=(g["device_1"], g["epoch0_hash"])) + g["device_0"]
    check_record("GRANT", v, record + sign_part("signer", seeds[0], record))


def check_epoch(v, g, root, seeds):
    """EPOCH 1."""
    place = Place(g["group_id"], 1, g["epoch0_hash"])
    head = b"\1\2" + SUITE + g["group_id"] + struct.pack("<I", 1) + g["epoch0_hash"]
    head += b"\1" + g["member_0"] + b"\1" + g["device_1"]
    head += derive(v["secret"], "commit", place.parts)
    at = len(head) + len(ref.leb(2 * KEY_BYTES))
    given = v["record"][at:at + 2 * KEY_BYTES]
    keys = b""
    for i, (shared, device) in enumerate(((v["shared_0"], g["device_0"]),
                                          (v["shared_recovery"], root))):
        keys += given[i * KEY_BYTES:i * KEY_BYTES + CT_BYTES]
        keys += place.seal(shared, "epoch", v["secret"], more=(device,))
    note = lp(b"\1") + b"\1" + g["device_1"] + bytes(16) + struct.pack("<Q", 77) + bytes(32)
    note += bytes(-len(note) % 256)
    sealed = v["note_nonce"] + place.seal(v["secret"], "note", note, v["note_nonce"])
    record = head + lp(keys) + lp(place.seal(v["secret"], "wrap", g["epoch0_secret"]))
    record += lp(sealed) + g["device_0"]
    check_record("EPOCH 1", v, record + sign_part("signer", seeds[0], record))


def main():
    """Exit code 1: a difference."""
    blocks = {name.split(" ")[0] + name.split(" ")[1]: {k: bytes.fromhex(x) for k, x in v.items()}
              for name, v in ref.read_blocks(FILE)}
    group = blocks["group:a"]
    root, seeds = check_group(group)
    check_grant(blocks["record:GRANT"], group, seeds)
    check_epoch(blocks["record:EPOCH"], group, root, seeds)
    leave = b"\1\5" + SUITE + group["group_id"] + group["device_0"]
    check_record("LEAVE", blocks["record:LEAVE"], leave + sign_part("self", seeds[0], leave))
    print(f"{len(blocks)} blocks, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
