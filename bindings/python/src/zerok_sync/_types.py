# SPDX-License-Identifier: MIT OR Apache-2.0
"""What comes out of the engine, as plain values of Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ._constants import (
    SIZE_BLOB_ID,
    SIZE_DEVICE_ID,
    DeviceField,
    GroupKind,
    InviteField,
    ItemFlag,
    OpField,
    RelayField,
    Render,
    ReportField,
    Right,
    State,
    Suite,
)
from ._errors import ZksError, check, make_error
from ._native import ffi, lib

if TYPE_CHECKING:
    from ._native import _CData

_OWN, _LATE, _FORK = int(ItemFlag.OWN), int(ItemFlag.LATE), int(ItemFlag.FORK)
_FIRST_NUMBER, _INBOX_SEQ = int(OpField.FIRST_NUMBER), int(OpField.INBOX_SEQ)
_BLOB_IDS = int(OpField.BLOB_IDS)


def text_or_none(text: _CData) -> str | None:
    return ffi.string(text).decode() if text else None


def text_of(text: _CData) -> str:
    return ffi.string(text).decode() if text else ""


def bytes_at(data: _CData, length: int) -> bytes:
    return ffi.buffer(data, length)[:] if data else b""  # type: ignore[return-value]


class Pushed(NamedTuple):
    """What became of a push.

    number    this device's own number of the first entry; the others follow without gaps
    blob_ids  the id of each entry, 16 bytes
    seq       with acked=True the place of the last entry in this device's own history, else 0
    """

    number: int
    blob_ids: list[bytes]
    seq: int

    @property
    def blob_id(self) -> bytes:
        """The id of the first entry."""
        return self.blob_ids[0]


def pushed(op: _CData) -> Pushed:
    out_length = ffi.new("size_t *")
    ids = bytes_at(lib.zks_op_bytes(op, _BLOB_IDS, out_length), out_length[0])
    return Pushed(
        lib.zks_op_number(op, _FIRST_NUMBER),
        [ids[i : i + SIZE_BLOB_ID] for i in range(0, len(ids), SIZE_BLOB_ID)],
        lib.zks_op_number(op, _INBOX_SEQ),
    )


class Entry(NamedTuple):
    """One entry of the group's history.

    seq      its place in this device's inbox, strictly increasing: what ack() takes
    data     the payload
    time_ms  the sender's clock, Unix time in milliseconds
    blob_id  16 bytes
    sender   the sending device's id, 32 bytes
    number   the sender's own number, without gaps
    flags    of ItemFlag; see own, late and fork
    """

    seq: int
    data: bytes
    time_ms: int
    blob_id: bytes
    sender: bytes
    number: int
    flags: int

    @property
    def own(self) -> bool:
        """Pushed by this device."""
        return bool(self.flags & _OWN)

    @property
    def late(self) -> bool:
        """Was reported missing before: its place is before entries already delivered."""
        return bool(self.flags & _LATE)

    @property
    def fork(self) -> bool:
        """Its author wrote two entries with this number; both are delivered."""
        return bool(self.flags & _FORK)


def _pieces(data: _CData, count: int, size: int) -> list[bytes]:
    joined = bytes_at(data, count * size)
    return [joined[i : i + size] for i in range(0, count * size, size)]


def entries(op: _CData) -> list[Entry]:
    """The entries that a read operation gave, copied once out of its batch."""
    out = ffi.new("zks_batch **")
    check(lib.zks_op_take_batch(op, out))
    batch = out[0]
    try:
        count = lib.zks_batch_count(batch)
        if not count:
            return []
        out_length = ffi.new("size_t *")
        data = lib.zks_batch_data(batch, out_length)
        view = memoryview(ffi.buffer(data, out_length[0]) if data else b"")
        ends: list[int] = ffi.unpack(lib.zks_batch_offsets(batch), count + 1)
        return [
            Entry(*row)
            for row in zip(
                ffi.unpack(lib.zks_batch_seqs(batch), count),
                [bytes(view[a:b]) for a, b in zip(ends, ends[1:])],
                ffi.unpack(lib.zks_batch_times_ms(batch), count),
                _pieces(lib.zks_batch_ids(batch), count, SIZE_BLOB_ID),
                _pieces(lib.zks_batch_senders(batch), count, SIZE_DEVICE_ID),
                ffi.unpack(lib.zks_batch_numbers(batch), count),
                ffi.unpack(lib.zks_batch_flags(batch), count),
            )
        ]
    finally:
        lib.zks_batch_free(batch)


@dataclass(frozen=True)
class Device:
    """A member of the group, as this device knows it.

    id           32 bytes
    name         what it calls itself; empty: nothing
    inviter      id of the device that let it in; None: the first device, or a shared group
    this         whether it is this device
    rights       what it may do
    seen_ms      Unix time at which an entry of it was last received; 0: none since the opening
    not_after_s  Unix time at which its membership ends; 0: never
    last_number  highest of its entries that was delivered here
    quiet        it has said nothing for long, though this client was connected
    """

    id: bytes
    name: str
    inviter: bytes | None
    this: bool
    rights: Right
    seen_ms: int
    not_after_s: int
    last_number: int
    quiet: bool


def devices(client: _CData) -> list[Device]:
    out = ffi.new("zks_devices **")
    check(lib.zks_devices_get(client, out))
    try:
        return [_device(out[0], i) for i in range(lib.zks_devices_count(out[0]))]
    finally:
        lib.zks_devices_free(out[0])


def _device(table: _CData, i: int) -> Device:
    def number(field: DeviceField) -> int:
        return lib.zks_devices_number(table, i, field)

    return Device(
        id=bytes_at(lib.zks_devices_id(table, i), SIZE_DEVICE_ID),
        name=text_of(lib.zks_devices_name(table, i)),
        inviter=bytes_at(lib.zks_devices_inviter(table, i), SIZE_DEVICE_ID) or None,
        this=bool(number(DeviceField.SELF)),
        rights=Right(number(DeviceField.RIGHTS)),
        seen_ms=number(DeviceField.SEEN_MS),
        not_after_s=number(DeviceField.NOT_AFTER_S),
        last_number=number(DeviceField.LAST_NUMBER),
        quiet=bool(number(DeviceField.QUIET)),
    )


@dataclass(frozen=True)
class RelayReport:
    """One relay of a client; error: the last failure, None since it was last connected."""

    address: str
    state: State
    cursor: int
    rtt_us: int
    pending: int
    acked: int
    retry_after_ms: int
    error: ZksError | None


@dataclass(frozen=True)
class Report:
    """A client's figures, all of one moment. Bytes are those of sealed entries."""

    state: State
    pending_count: int
    pending_bytes: int
    inbox_last_seq: int
    inbox_acked_seq: int
    unread_count: int
    unread_bytes: int
    devices: int
    held: int
    last_number: int
    sent: int
    sent_bytes: int
    received: int
    received_bytes: int
    duplicates: int
    rejected: int
    connects: int
    suite: Suite | None
    group_kind: GroupKind | None
    epoch: int
    rights: Right
    history_gaps: int
    history_expired: int
    history_withheld: int
    history_late: int
    history_forks: int
    history_unverified: int
    history_rejected: int
    history_new_chains: int
    device_name: str
    store_path: str
    active_relay: str | None
    group_id: bytes
    device_id: bytes
    relays: list[RelayReport]


_COUNTS = [
    field
    for field in ReportField
    if field < ReportField.DEVICE_NAME
    and field.name not in ("STATE", "RELAYS", "SUITE", "GROUP_KIND", "RIGHTS")
]


def report(client: _CData) -> Report:
    out = ffi.new("zks_report **")
    check(lib.zks_report_get(client, out))
    try:
        return _report(out[0])
    finally:
        lib.zks_report_free(out[0])


def _report(r: _CData) -> Report:
    def number(field: ReportField) -> int:
        return lib.zks_report_number(r, field)

    def blob(field: ReportField) -> bytes:
        out_length = ffi.new("size_t *")
        return bytes_at(lib.zks_report_bytes(r, field, out_length), out_length[0])

    suite, kind = number(ReportField.SUITE), number(ReportField.GROUP_KIND)
    return Report(
        **{field.name.lower(): number(field) for field in _COUNTS},
        state=State(number(ReportField.STATE)),
        suite=Suite(suite) if suite else None,
        group_kind=GroupKind(kind) if kind else None,
        rights=Right(number(ReportField.RIGHTS)),
        device_name=text_of(lib.zks_report_text(r, ReportField.DEVICE_NAME)),
        store_path=text_of(lib.zks_report_text(r, ReportField.STORE_PATH)),
        active_relay=text_or_none(lib.zks_report_text(r, ReportField.ACTIVE_RELAY)),
        group_id=blob(ReportField.GROUP_ID),
        device_id=blob(ReportField.DEVICE_ID),
        relays=[_relay_report(r, i) for i in range(number(ReportField.RELAYS))],
    )


def _relay_report(r: _CData, i: int) -> RelayReport:
    def number(field: RelayField) -> int:
        return lib.zks_report_relay_number(r, i, field)

    status = number(RelayField.STATUS)
    words = text_of(lib.zks_report_relay_text(r, i, RelayField.ERROR))
    return RelayReport(
        address=text_of(lib.zks_report_relay_text(r, i, RelayField.ADDRESS)),
        state=State(number(RelayField.STATE)),
        cursor=number(RelayField.CURSOR),
        rtt_us=number(RelayField.RTT_US),
        pending=number(RelayField.PENDING),
        acked=number(RelayField.ACKED),
        retry_after_ms=number(RelayField.RETRY_AFTER_MS),
        error=make_error(status, words) if status else None,
    )


@dataclass(frozen=True, repr=False)
class Invite:
    """What another device needs to come into a shared group. As secret as the group itself.

    link        "zks-invite:...", the whole of it, for a link, a QR code or paste
    relays      addresses of relays
    secret      32 bytes: for Config(secret=...)
    salt        of a group made by a passphrase; empty: none
    descriptor  the same with the cost of the derivation: for Config(salt=...); empty: none
    group_id    32 bytes
    suite       algorithms: for Config(suite=...)
    """

    link: str
    relays: list[str]
    secret: bytes
    salt: bytes
    descriptor: str
    group_id: bytes
    suite: Suite

    @classmethod
    def parse(cls, link: str) -> Invite:
        """Reads a link. Raises VerifyError: cut, mistyped, no invite, or of another version."""
        out = ffi.new("zks_invite **")
        raw = link.encode()
        check(lib.zks_invite_parse(raw, len(raw), out))
        return take_invite(out[0])

    def render(self, format: str = "dark", scale: int = 8) -> bytes:
        """Draws the link as a QR code: see render_qr."""
        return render_qr(self.link, format, scale)

    def __repr__(self) -> str:
        return f"Invite(group_id={self.group_id.hex()[:8]}..., relays={len(self.relays)})"


def take_invite(invite: _CData) -> Invite:
    """Reads a zks_invite and frees it."""

    def text(field: InviteField) -> str:
        return text_of(lib.zks_invite_text(invite, field))

    def blob(field: InviteField) -> bytes:
        out_length = ffi.new("size_t *")
        return bytes_at(lib.zks_invite_bytes(invite, field, out_length), out_length[0])

    try:
        return Invite(
            link=text(InviteField.LINK),
            relays=text(InviteField.RELAYS).splitlines(),
            secret=blob(InviteField.SECRET),
            salt=blob(InviteField.SALT),
            descriptor=text(InviteField.DESCRIPTOR),
            group_id=blob(InviteField.GROUP_ID),
            suite=Suite(lib.zks_invite_number(invite, InviteField.SUITE)),
        )
    finally:
        lib.zks_invite_free(invite)


_FORMATS = {
    "dark": Render.TEXT_DARK,
    "light": Render.TEXT_LIGHT,
    "svg": Render.SVG,
    "png": Render.PNG,
}


def render_qr(text: str, format: str = "dark", scale: int = 8) -> bytes:
    """Draws a text, such as an invite's or a pairing's link, as a QR code. The picture is as
    secret as the text.

    format  "dark" (UTF-8 for a terminal with light text on dark), "light", "svg" or "png"
    scale   pixels for each module, 1 to 32, of svg and png

    Raises ValueError: no such format; ZksError with TOO_LARGE: no QR code holds so long a text.
    """
    if format not in _FORMATS:
        raise ValueError(f"format is {format!r}; it may be {', '.join(_FORMATS)}")
    raw, out_length = text.encode(), ffi.new("size_t *")
    kind = _FORMATS[format]
    check(lib.zks_qr_render(raw, len(raw), kind, scale, 0, ffi.NULL, out_length))
    out = ffi.new("uint8_t[]", out_length[0])
    check(lib.zks_qr_render(raw, len(raw), kind, scale, out_length[0], out, out_length))
    return bytes_at(out, out_length[0])
