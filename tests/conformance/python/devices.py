# SPDX-License-Identifier: MIT OR Apache-2.0
"""Devices of a case, and the logs of their events."""
import asyncio
import os

from zerok_sync import EventKind, Status

PATIENCE_S = 60 * int(os.environ.get("ZKS_SLOWER", "1") or 1)
MOMENT_S = 0.005


class Log:
    """The events of a client in order; steps take them."""

    def __init__(self, client):
        self.events, self.taken, self._changed = [], set(), asyncio.Event()
        self._task = asyncio.create_task(self._follow(client.events()))

    async def _follow(self, events):
        async for event in events:
            self.events.append(event)
            self._changed.set()

    async def take(self, kind, fits=lambda event: True):
        """The oldest event of a kind that fits; older ones of its kind are taken with it."""
        while True:
            for place, event in enumerate(self.events):
                if place not in self.taken and event.kind == kind and fits(event):
                    self.taken |= {i for i in range(place + 1) if self.events[i].kind == kind}
                    return event
            self._changed.clear()
            await self._changed.wait()

    async def count(self, kind):
        for _ in range(3):  # what was dispatched is in the log after that
            await asyncio.sleep(0)
        return sum(event.kind == kind for event in self.events)

    def relay_key(self):
        return next(e.relay_key for e in reversed(self.events) if e.relay_key)

    async def end(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Device:
    """What a capital letter stands for."""

    def __init__(self, name, client):
        self.name, self.client = name, client
        self.log = Log(client)
        self.position = client.acked
        self.pairing = None

    async def end(self):
        if self.pairing:
            self.pairing.cancel()
        await self.client.close()
        await self.log.end()


def error_name(error):
    return "OK" if error is None else Status(error.code).name


def event_words(event, names, device, x, y):
    """What `await` prints behind the kind."""
    kind = event.kind
    if kind == EventKind.STATE:
        return f" {x}" + (f" {y}" if y else "")
    if kind in (EventKind.DEVICE, EventKind.DEVICE_REMOVED):
        return f" {names.name(event.device)}"
    if kind == EventKind.PUSH_REFUSED:
        return f" {device.name}#{event.number} {error_name(event.error)}"
    if kind == EventKind.PAIR_WRONG_TRY:
        return f" {event.count}"
    if kind == EventKind.PAIR_ASK:
        return f' "{event.name}"'
    return f" {error_name(event.error)}" if kind == EventKind.CLOSED else ""
