# SPDX-License-Identifier: MIT OR Apache-2.0
"""What anybody on the path can read of a QUIC connection's first packets: Initial packets are
sealed with keys that follow from a connection id in them (RFC 9001, section 5.2; RFC 9000, section
17.2). Needs the Python package cryptography."""
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001, section 5.2


def expand(secret, label, length):
    """HKDF-Expand-Label (RFC 8446, section 7.1) with an empty context, of at most 32 bytes."""
    name = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0" + b"\1"
    return hmac.new(secret, info, hashlib.sha256).digest()[:length]


def keys_of(connection_id):
    """(key, iv, header key) of client and server."""
    initial = hmac.new(SALT, connection_id, hashlib.sha256).digest()
    for side in (b"client in", b"server in"):
        secret = expand(initial, side, 32)
        yield expand(secret, b"quic key", 16), expand(secret, b"quic iv", 12), \
            expand(secret, b"quic hp", 16)


def number(data, at):
    """A variable-length integer (RFC 9000, section 16) and the place behind it."""
    length = 1 << (data[at] >> 6)
    value = int.from_bytes(data[at:at + length], "big") & ((1 << (8 * length - 2)) - 1)
    return value, at + length


def initials(datagram):
    """(destination id, packet, place of the packet number) of each Initial at its front."""
    while len(datagram) > 7 and datagram[0] & 0xf0 == 0xc0 and datagram[1:5] == b"\0\0\0\1":
        at = 5
        destination = datagram[at + 1:at + 1 + datagram[at]]
        at += 1 + datagram[at]
        at += 1 + datagram[at]
        token, at = number(datagram, at)
        length, at = number(datagram, at + token)
        yield destination, datagram[:at + length], at
        datagram = datagram[at + length:]


def open_packet(packet, at, keys):
    key, iv, header = keys
    mask = Cipher(algorithms.AES(header), modes.ECB()).encryptor().update(packet[at + 4:at + 20])
    first = packet[0] ^ mask[0] & 0x0f
    size = (first & 3) + 1
    packed = bytes(b ^ m for b, m in zip(packet[at:at + size], mask[1:]))
    front = bytes([first]) + packet[1:at] + packed
    nonce = (int.from_bytes(iv, "big") ^ int.from_bytes(packed, "big")).to_bytes(12, "big")
    return AESGCM(key).decrypt(nonce, packet[at + size:], front)


def readable(datagrams):
    """The plaintext of every Initial packet that opens with the keys of an id that was seen."""
    packets = [found for d in datagrams for found in initials(d)]
    keys = [k for i in {destination for destination, _, _ in packets} for k in keys_of(i)]
    texts = []
    for _, packet, at in packets:
        for one in keys:
            try:
                texts.append(open_packet(packet, at, one))
                break
            except InvalidTag:
                pass
    return texts
