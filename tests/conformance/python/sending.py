# SPDX-License-Identifier: MIT OR Apache-2.0
"""Verbs that send and receive."""
import asyncio

from .values import payload, shown


class Sending:
    def _flags(self, step):
        return {name: True for name in ("acked", "need_connection") if step.options.get(name)}

    async def do_push(self, step):
        pushed = await self.client(step).push(payload(step.argument(2)), **self._flags(step))
        other = self.names.blob(step.who, pushed.number, pushed.blob_id)
        step.say(f" {step.who}#{pushed.number}{other}")

    async def do_push_many(self, step):
        data = [payload(value) for value in step.argument(2)]
        pushed = await self.client(step).push_many(data, **self._flags(step))
        count = len(pushed.blob_ids)
        others = [self.names.blob(step.who, pushed.number + i, blob_id)
                  for i, blob_id in enumerate(pushed.blob_ids)]
        last = pushed.number + count - 1
        ids = 0 if any(others) else count
        step.say(f" {step.who}#{pushed.number}..{step.who}#{last}, {ids} ids")

    async def do_push_series(self, step):
        count, size = step.argument(2), step.argument(3)
        for first in range(1, count + 1, size):
            numbers = range(first, min(first + size, count + 1))
            await self.client(step).push_many([b"%d" % n for n in numbers], **self._flags(step))
        step.say(f" {count}")

    # --- receiving ---

    def _entry(self, device, entry):
        """(sender, line) of an entry; moves the position."""
        sender = self.names.name(entry.sender)
        marks = [mark for mark in ("own", "late", "fork") if getattr(entry, mark)]
        words = "".join(f" {mark}" for mark in marks)
        words += self.names.blob(sender, entry.number, entry.blob_id)
        if entry.seq <= device.position:
            words += " (sequence went back)"
        device.position = entry.seq
        return sender, f" {sender}#{entry.number} {shown(entry.data)}{words}"

    def _say_entries(self, step, found):
        for _, line in sorted(found, key=lambda pair: pair[0]):  # stable
            step.say(line)

    async def do_read(self, step):
        device, count, found = self.device(step), step.argument(2), []
        own = bool(step.options.get("own"))
        try:
            while not found or len(found) < count:
                entries = await device.client.read(
                    device.position, max_count=max(0, count - len(found)), wait=count > 0, own=own)
                found += [self._entry(device, entry) for entry in entries]
                if not count:
                    break
            if not found:
                step.say(" nothing")
        finally:
            self._say_entries(step, found)

    async def do_iterate(self, step):
        device, count, found = self.device(step), step.argument(2), []
        entries = device.client.entries(after=device.position)
        try:
            async for entry in entries:
                found.append(self._entry(device, entry))
                if len(found) == count:
                    return
            raise asyncio.CancelledError  # in Python the iteration ends with its client
        finally:
            await entries.aclose()
            self._say_entries(step, found)

    async def do_read_series(self, step):
        device, count, got, sender = self.device(step), step.argument(2), 0, None
        while got < count:
            for entry in await device.client.read(
                    device.position, max_count=count - got, wait=True):
                sender = sender or entry.sender
                device.position = entry.seq
                if entry.data != b"%d" % (got + 1) or entry.sender != sender:
                    step.say(f" ! ORDER after {got}")
                    return
                got += 1
        step.say(f" {got} of {self.names.name(sender)}")

    async def do_ack(self, step):
        device = self.device(step)
        acked = await device.client.ack(device.position)
        same = acked == device.position == device.client.acked
        step.say("" if same else " ! ORDER")

    async def do_flush(self, step):
        await self.client(step).flush(step.argument(2, 30000) / 1000)
        step.say()

    async def do_sync(self, step):
        await self.client(step).wait_synced()
        step.say()


