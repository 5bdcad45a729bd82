# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs steps: background ones, deadlines, errors. The verbs are the methods of its bases."""
import asyncio
import sys
import traceback

from zerok_sync import ZksError

from .devices import PATIENCE_S
from .members import Members
from .opening import Opening
from .sending import Sending
from .values import Broken, Names, Variables


class Step:
    """One step on its way: its arguments, and the lines that it says."""

    def __init__(self, words):
        self.verb, *self.arguments = words
        self.who = self.arguments[0] if self.arguments else None
        last = self.arguments[-1] if self.arguments else None
        self.options = last if isinstance(last, dict) else {}
        self.lines = []

    def say(self, text="", who=True):
        head = f"{self.who} {self.verb}" if who else self.verb
        self.lines.append(f"  {head}{text}\n")

    def argument(self, i, default=None):
        """Argument i of the step, the verb being 0."""
        found = self.arguments[i - 1] if len(self.arguments) >= i else None
        return default if found is None else found


class Driver(Opening, Sending, Members):
    """The world of one case."""

    def __init__(self, relay, root):
        self.fixture, self.root = relay, root
        self.begin(root, "default")

    def begin(self, folder, suite):
        self.folder, self.suite = folder, suite
        self.devices, self.relays, self.background = {}, {}, {}
        self.names, self.variables = Names(), Variables()
        folder.mkdir(exist_ok=True)

    async def run(self, words):
        """Does a step; the lines that it says."""
        step = Step(words)
        await self._do(step)
        return "".join(step.lines)

    async def _do(self, step):
        verb = getattr(self, f"do_{step.verb}", None)
        if verb is None:
            raise Broken(f"there is no verb {step.verb}")
        who = step.verb not in ("derive",)
        try:
            # What is finished has a deadline of its own.
            async with asyncio.timeout(None if step.verb == "finish" else PATIENCE_S):
                await verb(step)
        except asyncio.CancelledError:
            step.say(" ! CANCELLED", who)
        except ZksError as error:
            kind = "" if error.retry_class == "none" else f" {error.retry_class}"
            step.say(f" ! {error.name}{kind}", who)
        except TimeoutError:
            step.say(" ! LATE", who)
        except Broken:
            raise
        except Exception:
            step.say(" ! UNEXPECTED", who)
            traceback.print_exc(file=sys.stderr)

    def device(self, step):
        if step.who not in self.devices:
            raise Broken(f"{step.who} was never opened: {step.verb}")
        return self.devices[step.who]

    def client(self, step):
        return self.device(step).client

    async def end(self):
        for task, _ in self.background.values():
            task.cancel()
        await asyncio.gather(*(task for task, _ in self.background.values()))
        for device in self.devices.values():
            await device.end()
        for relay in self.relays.values():
            await relay.stop_async()

    # --- in the background ---

    async def do_start(self, step):
        inner = Step(step.argument(2))
        self.background[step.who] = asyncio.create_task(self._do(inner)), inner
        await asyncio.sleep(0)  # the call into the library has been made

    async def do_cancel(self, step):
        if step.who in self.background:
            self.background[step.who][0].cancel()

    async def do_finish(self, step):
        task, inner = self.background.pop(step.who)
        await task
        step.lines += inner.lines

    # --- peers ---

    async def do_case(self, step):
        await self.end()
        self.begin(self.root / f"{step.who}-{step.argument(2)}", step.argument(2))

    async def do_get(self, step):
        name = step.who
        if len(name) == 1 and name.isupper():
            value = self.names.newest.get(name, b"").hex()
        elif "#" in name:
            value = self.names.blobs.get(name, b"").hex()
        else:
            value = self.variables.known.get(name, "")
        step.lines.append(f"= {value}\n")

    async def do_set(self, step):
        name, value = step.who, step.argument(2)
        if len(name) == 1 and name.isupper():
            self.names.bind(bytes.fromhex(value), name)
        elif "#" in name:
            self.names.blobs[name] = bytes.fromhex(value)
        else:
            self.variables.known[name] = value
