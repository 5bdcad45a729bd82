#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recomputes pairing.txt and cpace.txt from the protocol's pages, RFC 9496 and the CPace draft.

Nothing here shares code with src/pairing: where both agree, the pages are enough.
"""
import hashlib
import hmac
import sys
from pathlib import Path

import reference as ref
from reference import D, P, lp

HERE = Path(__file__).resolve().parent
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
wrong = 0

# --- ristretto255 (RFC 9496) ----------------------------------------------------------

SQRT_M1 = pow(2, (P - 1) // 4, P)
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578
assert (SQRT_AD_MINUS_ONE ** 2 + D + 1) % P == 0
assert (INVSQRT_A_MINUS_D ** 2 * (-1 - D) - 1) % P == 0


def magnitude(x):
    """The non-negative one of x and -x."""
    x %= P
    return P - x if x & 1 else x


def sqrt_ratio(u, v):
    """SQRT_RATIO_M1, section 4.2."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped = check == u % P, check == -u % P
    flipped_i = check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, magnitude(r)


def encode(point):
    """Section 4.3.2."""
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    root = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
    den1, den2 = root * u1 % P, root * u2 % P
    z_inv = den1 * den2 * t0 % P
    x, y, den = x0, y0, den2
    if t0 * z_inv % P & 1:
        x, y, den = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if x * z_inv % P & 1:
        y = -y
    return magnitude(den * (z0 - y)).to_bytes(32, "little")


def decode(data):
    """Section 4.3.1; None: not an element."""
    s = int.from_bytes(data, "little")
    if s >= P or s & 1:
        return None
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-(D * u1 * u1) - u2 * u2) % P
    square, root = sqrt_ratio(1, v * u2 * u2 % P)
    den_x = root * u2 % P
    x, y = magnitude(2 * s * den_x), u1 * root * den_x * v % P
    if not square or x * y % P & 1 or y == 0:
        return None
    return x, y, 1, x * y % P


def from_half(data):
    """MAP, section 4.3.4."""
    t = int.from_bytes(data, "little") & ((1 << 255) - 1)
    r = SQRT_M1 * t * t % P
    u, v = (r + 1) * (1 - D * D) % P, (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    if not square:
        s = -magnitude(s * t) % P
    c = -1 if square else r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def derive_element(digest):
    return ref.add(from_half(digest[:32]), from_half(digest[32:]))


# --- CPace ---------------------------------------------------------------------------


def scalar_mult_vfy(scalar, element):
    """Encoded; the identity where the element is none."""
    point = decode(element)
    number = int.from_bytes(scalar, "little")
    return encode(ref.times(number, point)) if point else bytes(32)


def generator(prs, ci, sid):
    dsi = b"CPaceRistretto255"
    pad = max(0, 128 - len(lp(prs)) - len(lp(dsi)) - 1)
    text = lp(dsi) + lp(prs) + lp(bytes(pad)) + lp(ci) + lp(sid)
    return derive_element(hashlib.sha512(text).digest())


def share(g, scalar):
    return encode(ref.times(int.from_bytes(scalar, "little"), g))


def isk_of(sid, k, a, b):
    """a and b: (Y, AD)."""
    text = lp(b"CPaceRistretto255_ISK") + lp(sid) + lp(k)
    return hashlib.sha512(text + b"".join(map(lp, a + b))).digest()


def tag_of(sid, isk, side):
    key = hashlib.sha512(b"CPaceMac" + sid + isk).digest()
    return hmac.new(key, lp(side[0]) + lp(side[1]), hashlib.sha512).digest()


# --- the files -----------------------------------------------------------------------


def same(what, computed, given):
    global wrong
    if computed != given:
        print(f"{what}: computed {computed.hex()[:64]}, the file has {given.hex()[:64]}")
        wrong += 1


def check_cpace(blocks):
    for name, v in blocks.items():
        v = {key: bytes.fromhex(text) for key, text in v.items() if key != "source"}
        if name.startswith("cpace:"):
            g = generator(v["prs"], v["ci"], v["sid"])
            same("g", encode(g), v["g"])
            same("Ya", share(g, v["ya"]), v["Ya"])
            same("Yb", share(g, v["yb"]), v["Yb"])
            k = scalar_mult_vfy(v["ya"], v["Yb"])
            same("K", k, v["K"])
            same("isk", isk_of(v["sid"], k, (v["Ya"], v["ada"]), (v["Yb"], v["adb"])), v["isk"])
        else:
            same(name, scalar_mult_vfy(v["s"], v["x"]), v.get("product", bytes(32)))


def scalar_of(random):
    return random[:31] + bytes([random[31] & 15])


def check_attempt(name, v):
    sid = bytes(range(0x40, 0x50))
    ci = lp(v["relay_key"]) + lp(v["nameplate"]) + lp("joiner") + lp("inviter")
    g = generator(lp("0k-pair-v1") + lp(v["secret"]), ci, sid)
    y_j, y_i = (share(g, scalar_of(v["random_" + who])) for who in ("joiner", "inviter"))
    pk = bytes((1 + i) & 255 for i in range(1216))
    m0 = b"\1\0" + sid + ref.blake2b(lp("0k-pair-commit-v1"), lp(sid), lp(y_i))
    m1, m2 = b"\1\1" + y_j + pk, b"\1\2" + y_i
    joiner, inviter = (y_j, b"\1" + pk), (y_i, b"\1")
    isk = isk_of(sid, scalar_mult_vfy(scalar_of(v["random_joiner"]), y_i), joiner, inviter)
    m3 = b"\1\3" + tag_of(sid, isk, joiner)
    transcript = b""
    for key, message in (("m0", m0), ("m1", m1), ("m2", m2), ("m3", m3)):
        same(f"{name}: {key}", message, v[key])
        if key == "m3":
            digits = int.from_bytes(ref.derive(isk, "pair-digits", [transcript], 8), "little")
            same(f"{name}: digits", (digits % 1000000).to_bytes(4, "little"), v["digits"])
        transcript = ref.blake2b(lp("0k-pair-transcript-v1"), lp(transcript), lp(message))
    same(f"{name}: isk", isk, v["isk"])
    same(f"{name}: tag_inviter", tag_of(sid, isk, inviter), v["tag_inviter"])
    same(f"{name}: transcript", transcript, v["transcript"])
    prk = hmac.new(isk, v["ss"], hashlib.sha256).digest()
    keys = ref.hkdf_expand(prk, lp("pair-keys") + lp(transcript) + lp(v["ct"]), 64)
    same(f"{name}: key_to_joiner", keys[:32], v["key_to_joiner"])
    same(f"{name}: key_to_inviter", keys[32:], v["key_to_inviter"])
    sealed = ref.xchacha_seal(keys[32:], bytes([7]) + bytes(23),
                              lp("0k-pair-sealed-v1") + b"\7", b"\0")
    same(f"{name}: m7", b"\1\7" + sealed, v["m7"])


def check_link(v):
    payload = b"\1\1" + v["nameplate"] + v["secret"] + v["group_id"]
    payload += b"\1" + v["relay_key"] + lp(v["address"])
    payload += hashlib.sha256(lp("0k-pair-link-v1") + payload).digest()[:4]
    bits = "".join(f"{byte:08b}" for byte in payload)
    bits += "0" * (-len(bits) % 5)
    text = "".join(ALPHABET[int(bits[at:at + 5], 2)] for at in range(0, len(bits), 5))
    same("link", b"ZKS-PAIR:" + text.encode(), v["text"])


def main():
    """Exit code 1: a vector is wrong."""
    check_cpace(dict(ref.read_blocks(HERE / "cpace.txt")))
    blocks = {name: {key: bytes.fromhex(text) for key, text in texts.items()}
              for name, texts in ref.read_blocks(HERE / "pairing.txt")}
    attempts = [name for name in blocks if name.startswith("attempt:")]
    for name in attempts:
        check_attempt(name, blocks[name])
    check_link(blocks["link: one relay"])
    print(f"{len(blocks)} blocks, {len(attempts)} of them attempts, {wrong} differences")
    return 1 if wrong or len(attempts) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
