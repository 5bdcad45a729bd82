# SPDX-License-Identifier: MIT OR Apache-2.0
"""Notes that a group of devices shares; examples/README.md says what it does.

    python notes.py anna create zks://KEY@relay.example.org:4433 Anna
    python notes.py anna add 'buy milk'
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import zerok_sync
from zerok_sync import Config, Entry, ZksError

USAGE = (
    "usage: notes FOLDER create RELAY NAME | invite | join RELAY NAME CODE | add TEXT | "
    "sync | list"
)
BLANKS = {code: " " for code in range(32)}


class Notes:
    def __init__(self, folder: Path):
        self.folder = folder
        self.relay = self.folder / "relay"
        self.notes = self.folder / "notes.txt"

    def config(self, name: str | None = None) -> Config:
        relays = self.relay.read_text().splitlines() if self.relay.exists() else []
        return Config(store=self.folder / "store.zks", relays=relays, device_name=name)

    def begin(self, relay: str) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.relay.write_text(relay + "\n")

    async def create(self, relay: str, name: str) -> None:
        self.begin(relay)
        async with zerok_sync.create_group(self.config(name)) as (_, recovery_code):
            print(f"a group of one, {name}\nrecovery code: {recovery_code}")

    async def invite(self) -> None:
        async with zerok_sync.open(self.config()) as client:
            await client.connect()
            pairing = client.pair()
            print("code:", await pairing.code(), flush=True)
            guest = await pairing.asked()
            pairing.answer(True)  # whoever knows the code may come in
            await pairing
            print(guest.name, "is in")

    async def join(self, relay: str, name: str, code: str) -> None:
        self.begin(relay)
        async with zerok_sync.join(self.config(name), code) as client:
            self.relay.write_text("\n".join(client.joined_relays) + "\n")  # with their keys
            print("joined as", name)

    async def add(self, text: str) -> None:
        async with zerok_sync.open(self.config()) as client:
            await client.push(text.encode())  # on this device's disk
            print("kept")

    async def sync(self) -> None:
        async with zerok_sync.open(self.config()) as client:
            await client.connect()
            await client.wait_synced()
            names = {device.id: device.name for device in client.devices()}
            count = 0
            while entries := await client.read(own=True):
                count += self.keep(entries, names)
                await client.ack(entries[-1].seq)  # they are in notes.txt
            print(count, "new")

    def lines(self) -> list[str]:
        return self.notes.read_text().split("\n")[:-1] if self.notes.exists() else []

    def keep(self, entries: list[Entry], names: dict[bytes, str]) -> int:
        """Puts the entries that notes.txt does not have there, and shows them; how many."""
        lines = self.lines()
        have = int(lines[-1].split("\t")[0]) if lines else 0
        fresh = [entry for entry in entries if entry.seq > have]
        for entry in fresh:
            name = names.get(entry.sender, "somebody")  # who has gone since
            text = entry.data.decode(errors="replace").translate(BLANKS)
            lines.append(f"{entry.seq}\t{name}\t{text}")
            print(f"{name}: {text}")
        new = self.folder / "notes.new"
        new.write_text("".join(line + "\n" for line in lines))
        os.replace(new, self.notes)  # all at once
        return len(fresh)

    async def show(self) -> None:
        for line in self.lines():
            _, name, text = line.split("\t")
            print(f"{name}: {text}")


# name -> (how many arguments, what it does)
COMMANDS: dict[str, tuple[int, Callable[..., Awaitable[None]]]] = {
    "create": (2, Notes.create),
    "invite": (0, Notes.invite),
    "join": (3, Notes.join),
    "add": (1, Notes.add),
    "sync": (0, Notes.sync),
    "list": (0, Notes.show),
}


async def run(folder: Path, command: str, arguments: list[str]) -> None:
    await COMMANDS[command][1](Notes(folder), *arguments)


def main() -> int:
    folder, command, *arguments = [*sys.argv[1:], "", ""] if len(sys.argv) < 3 else sys.argv[1:]
    if command not in COMMANDS or COMMANDS[command][0] != len(arguments):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        asyncio.run(run(Path(folder), command, arguments))
    except (ZksError, OSError) as error:
        print(f"notes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
