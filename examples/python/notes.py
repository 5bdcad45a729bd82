# SPDX-License-Identifier: MIT OR Apache-2.0
"""Notes that a group of devices shares; examples/README.md says what it does.

    python notes.py anna create zks://KEY@relay.example.org:4433 Anna
    python notes.py anna add 'buy milk'
"""

import asyncio
import os
import sys
from pathlib import Path

import zerok_sync
from zerok_sync import Config, ZksError

USAGE = (
    "usage: notes FOLDER create RELAY NAME | invite | join RELAY NAME CODE | add TEXT | "
    "sync | list"
)
BLANKS = {code: " " for code in range(32)}


class Notes:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.relay = self.folder / "relay"
        self.notes = self.folder / "notes.txt"

    def config(self, name=None):
        relays = self.relay.read_text().splitlines() if self.relay.exists() else []
        return Config(store=self.folder / "store.zks", relays=relays, device_name=name)

    def begin(self, relay):
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.relay.write_text(relay + "\n")

    async def create(self, relay, name):
        self.begin(relay)
        async with zerok_sync.create_group(self.config(name)) as (_, recovery_code):
            print(f"a group of one, {name}\nrecovery code: {recovery_code}")

    async def invite(self):
        async with zerok_sync.open(self.config()) as client:
            await client.connect()
            pairing = client.pair()
            print("code:", await pairing.code(), flush=True)
            guest = await pairing.asked()
            pairing.answer(True)  # whoever knows the code may come in
            await pairing
            print(guest.name, "is in")

    async def join(self, relay, name, code):
        self.begin(relay)
        async with zerok_sync.join(self.config(name), code) as client:
            self.relay.write_text("\n".join(client.joined_relays) + "\n")  # with their keys
            print("joined as", name)

    async def add(self, text):
        async with zerok_sync.open(self.config()) as client:
            await client.push(text.encode())  # on this device's disk
            print("kept")

    async def sync(self):
        async with zerok_sync.open(self.config()) as client:
            await client.connect()
            await client.wait_synced()
            names = {device.id: device.name for device in client.devices()}
            count = 0
            while entries := await client.read(own=True):
                count += self.keep(entries, names)
                await client.ack(entries[-1].seq)  # they are in notes.txt
            print(count, "new")

    def lines(self):
        return self.notes.read_text().split("\n")[:-1] if self.notes.exists() else []

    def keep(self, entries, names):
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

    async def list(self):
        for line in self.lines():
            _, name, text = line.split("\t")
            print(f"{name}: {text}")


COMMANDS = {"create": 2, "invite": 0, "join": 3, "add": 1, "sync": 0, "list": 0}


def main():
    folder, command, *args = [*sys.argv[1:3], "", ""][:2] + sys.argv[3:]
    if COMMANDS.get(command) != len(args):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        asyncio.run(getattr(Notes(folder), command)(*args))
    except (ZksError, OSError) as error:
        print(f"notes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
