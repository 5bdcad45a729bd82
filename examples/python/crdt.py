# SPDX-License-Identifier: MIT OR Apache-2.0
"""A text that several people edit, offline too: a CRDT (pycrdt) whose updates are the entries.

    pip install pycrdt
    python crdt.py FOLDER RELAY SECRET       # 64 hexadecimal digits, the same for all

Reads commands from standard input (`insert AT TEXT`, `delete AT COUNT`, `offline`, `online`) and
prints the text whenever it changes. examples/node/crdt.mjs does the same with Yjs, and both may
edit one text.

A CRDT takes updates in any order and as often as they come: an entry that is delivered again after
a crash changes nothing, so there are no sequences to keep.
"""

import asyncio
import os
import sys
from pathlib import Path

from pycrdt import Doc, Text

import zerok_sync
from zerok_sync import Client, Config


class Editor:
    def __init__(self, client: Client, folder: Path):
        self.client = client
        self.file = folder / "document"
        self.doc: Doc[Text] = Doc()
        self.text = self.doc.get("text", type=Text)
        if self.file.exists():
            self.doc.apply_update(self.file.read_bytes())

    def changed(self) -> None:
        """Keeps the document, all at once, and shows it."""
        new = self.file.with_suffix(".new")
        new.write_bytes(self.doc.get_update())
        os.replace(new, self.file)
        print(self.text, flush=True)

    def place(self, at: int) -> int:
        """Where a character is: pycrdt counts bytes."""
        return len(str(self.text)[:at].encode())

    async def edit(self, command: str, at: int, rest: str) -> None:
        before = self.doc.get_state()
        if command == "insert":
            self.text.insert(self.place(at), rest)
        else:
            del self.text[self.place(at) : self.place(at + int(rest))]
        await self.client.push(self.doc.get_update(before))  # on disk here, out when online
        self.changed()

    async def follow(self) -> None:
        """Applies what arrives; own entries too, which a crash may have left out of the file."""
        async for entry in self.client.entries(own=True):
            before = self.doc.get_update()
            self.doc.apply_update(entry.data)
            if self.doc.get_update() != before:
                self.changed()

    async def command(self, line: str) -> None:
        command, *arguments = line.rstrip("\n").split(" ", 2)
        if command == "offline":
            await self.client.disconnect()
        elif command == "online":
            await self.client.connect()
        elif command in ("insert", "delete") and len(arguments) == 2:
            await self.edit(command, int(arguments[0]), arguments[1])
        else:
            print("insert AT TEXT, delete AT COUNT, offline or online", file=sys.stderr)


async def main(folder: Path, relay: str, secret: bytes) -> None:
    config = Config(store=folder / "store.zks", relays=[relay], secret=secret)
    async with zerok_sync.open(config) as client:
        editor = Editor(client, folder)
        following = asyncio.create_task(editor.follow())
        print(editor.text, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            await editor.command(line)
        following.cancel()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], bytes.fromhex(sys.argv[3])))
