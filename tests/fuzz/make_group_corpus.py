#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the first inputs of fuzz_group_blob, fuzz_record_read, fuzz_crypto_descriptor and
fuzz_group_history.

usage: make_group_corpus.py [--check]

--check writes nothing and fails when a file is missing or differs. Inputs that the fuzzer
found stand beside them under other names and are left alone.
"""
import base64
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vectors"))
import reference as ref  # noqa: E402

ZEROS = bytes(32)


def entry(seq=1, prev=ZEROS, body=b"", signature=b"", **change):
    """ENTRY and signature of the group of fuzz_group_blob.c."""
    head = bytes([change.get("version", 1), change.get("suite", 1)])
    head += change.get("group", ZEROS) + ZEROS + bytes(16)
    fields = struct.pack("<QQIB", 1, 1234, 60, 1)
    return head + struct.pack("<Q", seq) + prev + fields + ref.lp(body) + ref.lp(signature)


def size_of(body_length):
    """Bytes of a blob: PADME of the whole, with the place of a signature."""
    whole = 42 + 143 + len(ref.leb(body_length)) + body_length + 65 + 16
    e = whole.bit_length() - 1
    z = max(e - e.bit_length(), 0)
    return (whole + (1 << z) - 1) >> z << z


def padded(text, body_length=0, more=0):
    """Zeros up to the size of the blob around it."""
    return text + bytes(size_of(body_length) + more - 42 - 16 - len(text))


def blobs():
    """Inputs of fuzz_group_blob."""
    other = b"\x05" * 32
    texts = {
        "empty": padded(entry()),
        "signed": padded(entry(signature=b"\7" * 64)),
        "second": padded(entry(2, other, b"body"), 4),
        "long": padded(entry(9, other, bytes(range(200)) * 2, b"\7" * 64), 400),
        "seq-0": padded(entry(0)),
        "no-prev": padded(entry(2)),
        "version": padded(entry(version=2)),
        "suite": padded(entry(suite=2)),
        "group": padded(entry(group=other)),
        "signature-short": padded(entry(signature=b"1234")),
        "padding": padded(entry())[:-1] + b"\1",
        "cut": entry()[:100],
        "size": padded(entry(), 0, 16),
    }
    for name, text in texts.items():
        yield f"text-{name}", b"\1" + text
    key = ref.derive(ZEROS, "blob", (ZEROS, bytes(16), ZEROS))
    ad = ref.lp("0k-blob-v1") + b"\1\1" + ZEROS + bytes(16) + ZEROS
    sealed = ref.xchacha_seal(key, bytes(24), ad, padded(entry()))
    blob = b"\1\1" + bytes(16 + 24) + sealed
    yield "blob", b"\0" + blob
    yield "blob-cut", b"\0" + blob[:-1]
    yield "blob-altered", b"\0" + blob[:-1] + bytes([blob[-1] ^ 1])
    yield "nothing", b"\0"


def records():
    """Inputs of fuzz_record_read."""
    for name, values in ref.read_blocks(HERE.parent / "vectors" / "group.txt"):
        if name.startswith("record:"):
            record = bytes.fromhex(values["record"])
            kind = name.split()[1].lower()
            yield kind, b"\0" + record
            yield f"{kind}-cut", b"\0" + record[:-1]
            yield f"{kind}-longer", b"\0" + record + b"\0"
            yield f"{kind}-altered", b"\0" + record[:60] + bytes([record[60] ^ 1]) + record[61:]
    bare = bytes(4 + 32)
    yield "signed-epoch", b"\1" + bare + bytes(2 + 32 + 3)
    yield "signed-epoch-1", b"\1\1" + bare[1:] + bytes(2 + 32 + 3)
    yield "signed-epoch-listed", b"\1" + bare + b"\1" + bytes(32 + 1 + 32 + 3)
    yield "signed-epoch-huge", b"\1" + bare + b"\xff\xff\xff\xff\x0f" + bytes(40)
    yield "signed-epoch-keys", b"\1" + bare + bytes(2 + 32) + b"\2ab" + bytes(2)


def descriptors():
    """Inputs of fuzz_crypto_descriptor."""
    def text(memory, passes, salt):
        salt = base64.b64encode(salt).decode().rstrip("=")
        return f"$argon2id$v=19$m={memory},t={passes},p=1${salt}".encode()

    yield "small", text(19456, 2, bytes(16))
    yield "middle", text(47104, 1, bytes(range(17)))
    yield "large", text(65536, 3, bytes(range(32)))
    yield "largest", text(1048576, 10, bytes(range(64)))
    yield "weak", text(19456, 1, bytes(16))
    yield "zeros", text("065536", 3, bytes(16))
    yield "padded", text(65536, 3, bytes(16)) + b"=="
    yield "short-salt", text(65536, 3, bytes(15))
    yield "nothing", b""
    yield "pbkdf2", b"$pbkdf2-sha256$i=600000$" + base64.b64encode(bytes(16)).rstrip(b"=")
    yield "pbkdf2-long", b"$pbkdf2-sha256$i=10000000$" + base64.b64encode(bytes(64)).rstrip(b"=")
    yield "pbkdf2-weak", b"$pbkdf2-sha256$i=599999$" + base64.b64encode(bytes(16)).rstrip(b"=")


NEXT, ANYWHERE, OFFER, STRIPPED, WAIT, TICK, RESTART, CHECK = range(8)
BEGIN = 255  # no entry has this number: a chain begins


def histories():
    """Inputs of fuzz_group_history: scripts of (code, a, b)."""
    def run(count, signed_every=1):
        yield NEXT, BEGIN, 1 if signed_every == 1 else 0
        for i in range(1, count):
            yield NEXT, i - 1, 1 if (i + 1) % signed_every == 0 else 0

    ten = [(WAIT, 80, 0), (TICK, 0, 0)]
    scripts = {
        "signed-run": list(run(6)),
        "unsigned-run": list(run(9, 4)) + ten,
        "restarts": [x for step in run(9, 4) for x in (step, (RESTART, 0, 0))],
        "gap": [*run(2), (ANYWHERE, 8, 1), *ten, (NEXT, 1, 0), (CHECK, 0, 0)],
        "gap-expired": [*run(2), (ANYWHERE, 8, 3), (CHECK, 0, 0), (RESTART, 0, 0)],
        "late": [(ANYWHERE, 8, 1), *ten, (RESTART, 0, 0), *run(6, 3), (CHECK, 0, 0)],
        "fork": [*run(3), (NEXT, 0, 1), (NEXT, 0, 0), (NEXT, 4, 1), (CHECK, 0, 0)],
        "many-branches": [(NEXT, BEGIN, 1), *[(NEXT, 0, 1)] * 10, (CHECK, 0, 0)],
        "stripped": [(NEXT, BEGIN, 4), (NEXT, 0, 5), (OFFER, 1, 0), (STRIPPED, 1, 0)],
        "two-chains": [(NEXT, BEGIN, 1), (NEXT, BEGIN - 1, 0), (NEXT, 1, 1), (NEXT, 0, 1), *ten],
        "unverified": [(ANYWHERE, 0, 0), *ten, (RESTART, 0, 0), *ten],
    }
    for name, script in scripts.items():
        yield name, bytes(byte for operation in script for byte in operation)


CORPORA = {"group_blob": blobs, "record_read": records, "crypto_descriptor": descriptors,
           "group_history": histories}


def main():
    """Exit code 1: --check found a difference."""
    check = sys.argv[1:] == ["--check"]
    differences = 0
    for folder, inputs in CORPORA.items():
        path = HERE / "corpus" / folder
        path.mkdir(parents=True, exist_ok=True)
        for name, data in inputs():
            file = path / name
            if not check:
                file.write_bytes(data)
            elif not file.is_file() or file.read_bytes() != data:
                differences += 1
                print(f"{file.relative_to(HERE)} differs")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
