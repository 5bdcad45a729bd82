# SPDX-License-Identifier: MIT OR Apache-2.0
"""Verbs that open, connect and close clients, and those about relays and secrets."""
import asyncio

import zerok_sync
from zerok_sync import Config, Invite, Relay

from .devices import Device
from .values import fnv1a

PLAIN = ("ttl_s", "rotate_s", "inbox_max_bytes", "keep_bytes", "queue_max_bytes",
         "connect_timeout_ms")
SUITES = {zerok_sync.Suite.DEFAULT: "default", zerok_sync.Suite.APPROVED: "approved"}


class Opening:
    def address(self, value):
        """The address that `@`, `@R` or `@R/bare` means."""
        if isinstance(value, dict) or not value.startswith("@"):
            return self.variables.text(value)
        name, _, bare = value[1:].partition("/")
        address = self.relays[name].address if name else self.fixture
        return address.partition("@")[2] if bare else address

    def config(self, given):
        bytes_of, text = self.variables.bytes, self.variables.text
        made = {key: given[key] for key in PLAIN if key in given}
        if "invite" in given:
            invite = Invite.parse(text(given["invite"]))
            made.update(secret=invite.secret, relays=invite.relays, suite=SUITES[invite.suite])
        else:
            made.update(suite=given.get("suite", self.suite), relays=[self.fixture])
        if "relays" in given:
            made["relays"] = [self.address(relay) for relay in given["relays"]]
        for key, size in (("secret", 32), ("store_key", 32)):
            if key in given:
                made[key] = bytes_of(given[key], size)
        for key in ("passphrase", "store_passphrase", "device_name"):
            if key in given:
                made[key] = text(given[key])
        if "passphrase" in given:
            made["salt"] = bytes_of(given.get("salt", 0), 16)
        if "store" in given:
            made["store"] = self.folder / given["store"] if given["store"] else ""
        return Config(**made)

    async def _bind(self, step, client):
        before = self.devices.get(step.who)
        if before:
            await before.end()
        self.devices[step.who] = Device(step.who, client)
        return self.names.bind(client.report().device_id, step.who)

    async def do_open(self, step):
        again = await self._bind(step, await zerok_sync.open(self.config(step.argument(2))))
        step.say(" again" if again else "")

    async def do_create(self, step):
        given = dict(step.argument(2))
        recovery = given.pop("recovery", True)
        client, words = await zerok_sync.create_group(self.config(given), recovery=recovery)
        if words:
            self.variables.known[f"words:{step.who}"] = words
        await self._bind(step, client)
        step.say()

    async def do_join(self, step):
        code = self.variables.text(step.argument(3))
        await self._bind(step, await zerok_sync.join(self.config(step.argument(2)), code))
        step.say()

    async def do_restore(self, step):
        words = self.variables.text(step.argument(3))
        await self._bind(step, await zerok_sync.restore(self.config(step.argument(2)), words))
        step.say()

    async def do_connect(self, step):
        await self.client(step).connect()
        step.say()

    async def do_disconnect(self, step):
        await self.client(step).disconnect()
        step.say()

    async def do_network_changed(self, step):
        self.client(step).network_changed()
        step.say()

    async def do_close(self, step):
        await self.client(step).close()
        step.say()

    async def do_trust(self, step):
        device = self.device(step)
        device.client.trust_relay(self.address(step.argument(2)), device.log.relay_key())
        step.say()

    async def do_change_store_key(self, step):
        key, passphrase = step.options.get("key"), step.options.get("passphrase")
        key = None if key is None else self.variables.bytes(key, 32)
        passphrase = None if passphrase is None else self.variables.text(passphrase)
        await self.client(step).change_store_key(key, passphrase=passphrase)
        step.say()

    # --- relays and secrets ---

    async def do_relay(self, step):
        before = self.relays.get(step.who)
        listen = before.address.partition("@")[2] if before else "127.0.0.1:0"
        lines = {"listen": listen, "data": self.folder / step.argument(2), **step.options}
        relay = Relay("".join(f"{name} = {value}\n" for name, value in lines.items()))
        await relay.start_async()
        self.relays[step.who] = relay
        step.say()

    async def do_relay_stop(self, step):
        await self.relays[step.who].stop_async()
        step.say()

    async def do_invite(self, step):
        invite = self.client(step).invite_shared()
        self.variables.known[step.argument(2)] = invite.link
        step.say(f" version 4 suite {SUITES[invite.suite]} relays {len(invite.relays)}")

    async def do_derive(self, step):
        passphrase = self.variables.text(step.argument(1))
        salt = self.variables.bytes(step.argument(2), 16)
        made = await asyncio.to_thread(zerok_sync.derive_secret, passphrase, salt)
        step.say(f" secret {fnv1a(made.secret_bytes)} group {fnv1a(made.group_id)}", who=False)
