# SPDX-License-Identifier: MIT OR Apache-2.0
"""Values of steps, and how the transcript shows them."""
import os


class Broken(Exception):
    """The cases ask for something that is not there: a defect of the cases or of the driver."""


class Variables:
    """What `$name` means within a case. Bytes are kept as hexadecimal text."""

    def __init__(self):
        self.known = {}

    def text(self, value):
        if isinstance(value, dict):
            return value["repeat"] * value["times"]
        if not value.startswith("$"):
            return value
        name, spoil = value[1:].removesuffix("!"), value.endswith("!")
        if name not in self.known:
            raise Broken(f"there is no variable {value}")
        found = self.known[name]
        return found[:-1] + ("1" if found[-1] == "0" else "0") if spoil and found else found

    def bytes(self, value, size):
        if isinstance(value, int):
            return bytes(value)
        if not value.startswith("$"):
            return bytes.fromhex(value)
        return bytes.fromhex(self.known.setdefault(value[1:], os.urandom(size).hex()))


def payload(value):
    if isinstance(value, str):
        return value.encode()
    seed = value.get("seed", 0)
    return bytes((seed + i * 31 + (i >> 8)) & 255 for i in range(value["bytes"]))


def fnv1a(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return f"{value:08x}"


def shown(data):
    """A payload in the transcript."""
    try:
        if len(data) <= 64 and all(byte >= 32 for byte in data):
            return f'"{data.decode()}"'
    except UnicodeDecodeError:
        pass
    return f"{len(data)} bytes {fnv1a(data)}"


class Names:
    """Symbolic names of devices and blobs. The newest id is what a name means."""

    def __init__(self):
        self.of_id = {}  # device id -> name
        self.newest = {"nobody": b"\1" * 32}  # name -> device id
        self.blobs = {}  # "A#1" -> blob id

    def bind(self, device, name):
        """Whether this device had the name before."""
        before = self.of_id.get(device) == name
        self.of_id[device] = name
        self.newest[name] = device
        return before

    def name(self, device):
        return self.of_id.get(device, "?")

    def device(self, name):
        if name not in self.newest:
            raise Broken(f"{name} has no id yet")
        return self.newest[name]

    def blob(self, sender, number, blob_id):
        """What to add to a line about this blob."""
        same = self.blobs.setdefault(f"{sender}#{number}", blob_id) == blob_id
        return "" if same else " (other blob id)"
