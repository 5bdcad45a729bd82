# SPDX-License-Identifier: MIT OR Apache-2.0
"""A program as an app's developer writes it, with types. test_types.py checks it with mypy --strict
and runs it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

import zerok_sync
from zerok_sync import Config, Entry, EventKind, Pushed, State, ZksError, blocking


@dataclass
class Notes:
    """The notes of one device."""

    client: zerok_sync.Client
    lines: list[str] = field(default_factory=list)

    async def write(self, line: str) -> Pushed:
        return await self.client.push(line.encode(), acked=True)

    async def follow(self, count: int) -> None:
        async for entry in self.client.entries():
            self.take(entry)
            if len(self.lines) == count:
                return

    def take(self, entry: Entry) -> None:
        self.lines.append(f"{entry.number} {entry.data.decode()}")

    async def until_connected(self) -> State | None:
        async for event in self.client.events():
            if event.kind == EventKind.STATE and event.state == State.CONNECTED:
                return event.state
        return None


async def both(config: Config) -> list[str]:
    async with zerok_sync.open(config) as anna, zerok_sync.open(config) as ben:
        await asyncio.gather(anna.connect(), ben.connect())
        writer, reader = Notes(anna), Notes(ben)
        assert await reader.until_connected() is State.CONNECTED
        for line in ("buy milk", "call home"):
            pushed: Pushed = await writer.write(line)
            assert pushed.seq > 0
        await asyncio.wait_for(reader.follow(2), 60)
        return reader.lines


def without_asyncio(config: Config) -> int:
    with blocking.open(config) as client:
        try:
            client.read(wait=True, timeout=0.1)
        except ZksError as error:
            name: str = error.name
            assert name == "TIMEOUT"
        number: int = client.push(b"x").number
        return number


def main(folder: Path) -> None:
    with zerok_sync.Relay(f"listen = 127.0.0.1:0\ndata = {folder}\n") as relay:
        config = Config(relays=[relay.address], secret=bytes(32))
        print(asyncio.run(both(config)), without_asyncio(config))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
