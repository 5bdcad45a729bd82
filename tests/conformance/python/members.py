# SPDX-License-Identifier: MIT OR Apache-2.0
"""Verbs of pairing, membership, events and reports."""
import asyncio

from zerok_sync import EventKind, RevokeReason, Right, State, new_pair_code

from .devices import MOMENT_S, error_name, event_words

RIGHTS = {"invite": Right.INVITE, "admin": Right.ADMIN}
REASONS = {None: RevokeReason.UNSPECIFIED, "lost": RevokeReason.LOST,
           "replaced": RevokeReason.REPLACED}


def rights_words(rights, joint, none):
    return joint.join(name for name, right in RIGHTS.items() if rights & right) or none


class Members:
    async def do_pair(self, step):
        device, kind = self.device(step), step.options.get("kind", "code")
        rights = None
        for name in step.options.get("rights", []):
            rights = (rights or Right(0)) | RIGHTS[name]
        if step.options.get("new"):
            code = new_pair_code()
            device.pairing = device.client.pair(rights=rights, code=code)
            self.variables.known[step.argument(2)] = code
            step.say(" has a code")
            return
        pairing = device.client.pair(kind, rights, step.options.get("life_s", 0))
        self.variables.known[step.argument(2)] = await pairing.code()
        device.pairing = pairing
        step.say(f" shows a {kind}")

    async def do_answer(self, step):
        device, yes = self.device(step), step.argument(2)
        event = await device.log.take(EventKind.PAIR_ASK)
        device.pairing.answer(yes)
        step.say(f' {"yes" if yes else "no"} to "{event.name}"')

    async def do_paired(self, step):
        pairing = self.device(step).pairing
        step.say(f" {self.names.name(await pairing)}")

    async def do_cancel_pair(self, step):
        self.device(step).pairing.cancel()
        step.say()

    async def do_digits(self, step):
        event = await self.device(step).log.take(EventKind.PAIR_DIGITS)
        others = self.variables.known.setdefault(step.argument(2), None)
        self.variables.known[step.argument(2)] = event.digits
        same = " are the same" if others == event.digits else " ! DIFFERENT"
        step.say("" if others is None else same)

    # --- members ---

    async def do_devices(self, step):
        client, count, found = self.client(step), step.argument(2), []
        try:
            while len(found := client.devices()) != count:  # noqa: ASYNC110
                await asyncio.sleep(MOMENT_S)
        finally:
            for device in sorted(found, key=lambda d: self.names.name(d.id)):
                rights = rights_words(device.rights, " ", "no rights")
                words = " self" if device.this else ""
                if device.inviter:
                    words += f" by {self.names.name(device.inviter)}"
                step.say(f' {self.names.name(device.id)} "{device.name}" {rights}{words}')

    async def do_revoke(self, step):
        recovery = step.options.get("recovery")
        recovery = None if recovery is None else self.variables.text(recovery)
        await self.client(step).revoke(
            self.names.device(step.argument(2)), REASONS[step.options.get("reason")], recovery)
        step.say(f" {step.argument(2)}")

    async def do_rotate(self, step):
        await self.client(step).rotate()
        step.say()

    async def do_leave(self, step):
        await self.client(step).leave()
        step.say()

    # --- events and reports ---

    async def do_await(self, step):
        device, kind = self.device(step), EventKind[step.argument(2)]
        x, y = step.argument(3), step.argument(4)

        def fits(event):
            if kind == EventKind.STATE:
                return event.state == State[x] and (y is None or error_name(event.error) == y)
            return x is None or event.device == self.names.device(x)

        event = await device.log.take(kind, fits)
        step.say(f" {kind.name}{event_words(event, self.names, device, x, y)}")

    async def do_count(self, step):
        kind = EventKind[step.argument(2)]
        step.say(f" {kind.name} {await self.device(step).log.count(kind)}")

    def _figure(self, report, name):
        value = getattr(report, name)
        if name == "rights":
            return rights_words(value, "+", "none")
        if name == "device_name":
            return f'"{value}"'
        if name == "active_relay":
            return "yes" if value else "no"
        if name == "relays":
            return str(len(value))
        return value.name.lower() if hasattr(value, "name") else str(value or 0)

    async def do_report(self, step):
        words = ""
        try:
            for wish in step.arguments[1:]:
                name, value = wish if isinstance(wish, list) else (wish, None)
                while True:
                    report = self.client(step).report()
                    if value is None or getattr(report, name) == value:
                        break
                    await asyncio.sleep(MOMENT_S)
                words += f" {name} {self._figure(report, name)}"
        except TimeoutError:
            step.say(words)
            raise
        step.say(words)
