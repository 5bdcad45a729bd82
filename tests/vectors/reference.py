# SPDX-License-Identifier: MIT OR Apache-2.0
"""Primitives in plain Python, from their specifications, to recompute vectors with.

Slow and not constant in time: for tests only. Standard library alone, so that nothing here
shares code with what the engine uses.
"""
import hashlib
import hmac
import struct


# --- encodings of docs/SECURITY.md ---------------------------------------------------

def leb(number):
    """Unsigned LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def lp(data):
    """Length and bytes."""
    if isinstance(data, str):
        data = data.encode()
    return leb(len(data)) + data


def blake2b(*parts):
    """H of suite 1."""
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def hkdf_extract(secret, salt=b"0k-sync/2"):
    """RFC 5869, section 2.2, SHA-256."""
    return hmac.new(salt, secret, hashlib.sha256).digest()


def hkdf_expand(prk, info, length):
    """RFC 5869, section 2.3, SHA-256."""
    out, block, number = b"", b"", 0
    while len(out) < length:
        number += 1
        block = hmac.new(prk, block + info + bytes([number]), hashlib.sha256).digest()
        out += block
    return out[:length]


def derive(secret, label, parts=(), length=32):
    """A key of the key tree."""
    return hkdf_expand(hkdf_extract(secret), lp(label) + b"".join(map(lp, parts)), length)


# --- curve 25519 ---------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def x_of(y, sign):
    """The x of a point of edwards25519 (RFC 8032, section 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return P - x if x & 1 != sign else x


def add(a, b):
    """Addition in extended coordinates (RFC 8032, section 5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    """Double and add."""
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point = add(point, point)
        scalar >>= 1
    return out


def compress(point):
    """32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def base_point():
    """B of RFC 8032."""
    x = x_of(BASE_Y, 0)
    return x, BASE_Y, 1, x * BASE_Y % P


def clamp(data):
    """A scalar of X25519 and Ed25519."""
    number = int.from_bytes(data, "little")
    return number & ((1 << 254) - 8) | 1 << 254


def ed25519_public(seed):
    """RFC 8032, section 5.1.5."""
    return compress(times(clamp(hashlib.sha512(seed).digest()[:32]), base_point()))


def ed25519_sign(seed, message):
    """RFC 8032, section 5.1.6."""
    digest = hashlib.sha512(seed).digest()
    scalar, public = clamp(digest[:32]), ed25519_public(seed)
    r = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % L
    point = compress(times(r, base_point()))
    k = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little") % L
    return point + ((r + k * scalar) % L).to_bytes(32, "little")


def x25519_public(secret):
    """RFC 7748: u = (1 + y) / (1 - y) of the same multiple of the base point."""
    y = int.from_bytes(compress(times(clamp(secret), base_point())), "little") & ((1 << 255) - 1)
    return ((1 + y) * pow(1 - y, P - 2, P) % P).to_bytes(32, "little")


# --- P-256 ----------------------------------------------------------------------------

P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P256_BASE = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
             0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def p256_add(a, b):
    """Addition in affine coordinates; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P256_P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P256_P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P256_P)
    x = (slope * slope - a[0] - b[0]) % P256_P
    return x, (slope * (a[0] - x) - a[1]) % P256_P


def p256_times(scalar, point):
    """Double and add."""
    out = None
    while scalar:
        if scalar & 1:
            out = p256_add(out, point)
        point = p256_add(point, point)
        scalar >>= 1
    return out


def p256_encode(point):
    """SEC 1, uncompressed."""
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def p256_decode(data):
    """SEC 1, uncompressed; of the curve."""
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    assert data[0] == 4 and (y * y - x * x * x + 3 * x - P256_B) % P256_P == 0
    return x, y


def p256_candidate(data):
    """The first 32 bytes of data that are a scalar."""
    for i in range(0, len(data), 32):
        number = int.from_bytes(data[i:i + 32], "big")
        if 0 < number < P256_N:
            return number
    raise ValueError("no scalar in it")


def p256_scalar(secret):
    """A scalar from any 32 bytes: src/crypto/private.h."""
    more = [hmac.new(secret, lp("0k-p256-v1") + bytes([i]), hashlib.sha256).digest()
            for i in range(1, 251)]
    return p256_candidate(secret + b"".join(more))


# --- ML-KEM-768 (FIPS 203) ------------------------------------------------------------

Q, K = 3329, 3
ZETAS = [pow(17, int(f"{i:07b}"[::-1], 2), Q) for i in range(128)]


def ntt(f):
    """Algorithm 9."""
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            for j in range(start, start + length):
                t = ZETAS[i] * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
            i += 1
        length //= 2
    return f


def ntt_back(f):
    """Algorithm 10."""
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % Q
                f[j + length] = ZETAS[i] * (f[j + length] - t) % Q
            i -= 1
        length *= 2
    return [x * 3303 % Q for x in f]


def ntt_times(f, g):
    """Algorithm 11."""
    out = []
    for i in range(128):
        a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        zeta = ZETAS[64 + i // 2] * (-1 if i & 1 else 1)
        out += [(a * c + b * d * zeta) % Q, (a * d + b * c) % Q]
    return out


def poly_sum(*polys):
    return [sum(c) % Q for c in zip(*polys)]


def sample_ntt(seed):
    """Algorithm 7."""
    stream, out = hashlib.shake_128(seed).digest(3 * 1000), []
    for i in range(0, len(stream), 3):
        a = stream[i] + 256 * (stream[i + 1] % 16)
        b = stream[i + 1] // 16 + 16 * stream[i + 2]
        out += [x for x in (a, b) if x < Q]
    assert len(out) >= 256
    return out[:256]


def sample_small(seed, number):
    """Algorithm 8 with eta = 2."""
    bits = bits_of(hashlib.shake_256(seed + bytes([number])).digest(128))
    return [(bits[i] + bits[i + 1] - bits[i + 2] - bits[i + 3]) % Q for i in range(0, 1024, 4)]


def bits_of(data):
    return [byte >> i & 1 for byte in data for i in range(8)]


def byte_encode(poly, width):
    """Algorithm 5."""
    number = sum(c << (i * width) for i, c in enumerate(poly))
    return number.to_bytes(32 * width, "little")


def byte_decode(data, width):
    """Algorithm 6."""
    number = int.from_bytes(data, "little")
    return [number >> (i * width) & ((1 << width) - 1) for i in range(256)]


def compress_poly(poly, width):
    return [((c << width) + Q // 2) // Q & ((1 << width) - 1) for c in poly]


def matrix(rho):
    return [[sample_ntt(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def mlkem768_public(seed):
    """ML-KEM.KeyGen_internal(d, z): the encapsulation key."""
    digest = hashlib.sha3_512(seed[:32] + bytes([K])).digest()
    rho, sigma = digest[:32], digest[32:]
    s = [ntt(sample_small(sigma, i)) for i in range(K)]
    e = [ntt(sample_small(sigma, K + i)) for i in range(K)]
    t = [poly_sum(e[i], *(ntt_times(row[j], s[j]) for j in range(K)))
         for i, row in enumerate(matrix(rho))]
    return b"".join(byte_encode(poly, 12) for poly in t) + rho


def mlkem768_encaps(public, m):
    """ML-KEM.Encaps_internal(ek, m): (ciphertext, shared secret)."""
    digest = hashlib.sha3_512(m + hashlib.sha3_256(public).digest()).digest()
    shared, r = digest[:32], digest[32:]
    t = [byte_decode(public[384 * i:384 * i + 384], 12) for i in range(K)]
    a = matrix(public[384 * K:])
    y = [ntt(sample_small(r, i)) for i in range(K)]
    u = [poly_sum(sample_small(r, K + i),
                  ntt_back(poly_sum(*(ntt_times(a[j][i], y[j]) for j in range(K)))))
         for i in range(K)]
    message = [(Q + 1) // 2 * bit for bit in bits_of(m)]
    v = poly_sum(sample_small(r, 2 * K), message,
                 ntt_back(poly_sum(*(ntt_times(t[i], y[i]) for i in range(K)))))
    ct = b"".join(byte_encode(compress_poly(poly, 10), 10) for poly in u)
    return ct + byte_encode(compress_poly(v, 4), 4), shared


# --- XChaCha20-Poly1305 --------------------------------------------------------------

def chacha_rounds(state):
    """Twenty rounds (RFC 8439, section 2.3), without the final addition."""
    s = list(state)
    quarters = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in quarters:
            for to, by, turned, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[to] = s[to] + s[by] & 0xFFFFFFFF
                value = s[turned] ^ s[to]
                s[turned] = (value << bits | value >> 32 - bits) & 0xFFFFFFFF
    return s


def chacha_state(key, rest):
    """Constants, key and 16 bytes of counter and nonce."""
    return struct.unpack("<16I", b"expand 32-byte k" + key + rest)


def chacha_stream(key, nonce, counter, length):
    """Key stream from a block on."""
    out = b""
    while len(out) < length:
        state = chacha_state(key, struct.pack("<I", counter) + nonce)
        words = zip(chacha_rounds(state), state)
        out += struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in words))
        counter += 1
    return out[:length]


def poly1305(key, message):
    """RFC 8439, section 2.5."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b"\1", "little")) * r
        total %= (1 << 130) - 5
    return (total + int.from_bytes(key[16:], "little") & (1 << 128) - 1).to_bytes(16, "little")


def xchacha_seal(key, nonce, ad, text):
    """draft-irtf-cfrg-xchacha-03, section 2.1: ciphertext and tag."""
    words = chacha_rounds(chacha_state(key, nonce[:16]))
    key = struct.pack("<8I", *words[:4], *words[12:])
    nonce = bytes(4) + nonce[16:]
    stream = chacha_stream(key, nonce, 1, len(text))
    cipher = bytes(a ^ b for a, b in zip(text, stream))
    one_time = chacha_stream(key, nonce, 0, 32)
    padded = ad + bytes(-len(ad) % 16) + cipher + bytes(-len(cipher) % 16)
    return cipher + poly1305(one_time, padded + struct.pack("<QQ", len(ad), len(cipher)))


# --- files of vectors ----------------------------------------------------------------

def read_blocks(path):
    """[(name, {key: text})] of a file of vectors."""
    blocks = []
    for line in path.read_text(encoding="ascii").split("\n"):
        if line.startswith("  "):
            key, _, value = line.partition("=")
            blocks[-1][1][key.strip()] = value.strip()
        elif line and not line.startswith("#"):
            blocks.append((line, {}))
    return blocks
