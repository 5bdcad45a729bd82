#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Invites as QR codes on the command line, read back with zbarimg; a device joins with what a
camera would have read."""
import fcntl
import os
import pty
import re
import stat
import struct
import subprocess
import sys
import termios

import e2e
from e2e import Device

sys.path.insert(0, str(e2e.SOURCE / "tests" / "support"))
import qr  # noqa: E402

CODE = re.compile("(?m)^[ \u2580\u2584\u2588]{29,}$")
NO_RELAY = "127.0.0.1:1"


def code_in(text):
    """The lines of the QR code in what was printed."""
    return "\n".join(CODE.findall(text))


class Qr(e2e.Case):

    def setUp(self):
        super().setUp()
        self.a = Device(self, "A")

    def zks(self, *args):
        done = e2e.zks("--store", self.a.store, *args)
        self.assertEqual(0, done.returncode, done.stderr.decode())
        return done.stdout.decode()

    def read(self, text, dark):
        return qr.read([qr.paint_terminal(code_in(text), dark, self.folder / "code.pgm")])[0]

    def test_code_of_create_lets_a_device_join(self):
        relay = self.relay()
        out = self.zks("group", "create", "--shared", "--relay", relay.address, "--name", "A",
                       "--qr")
        link = re.search(r"(?m)^zks-invite:\S+$", out)[0]
        self.assertEqual(link, self.read(out, dark=True))
        b = Device(self, "B")
        b.join(self.read(out, dark=True))
        self.a.run("push", "through the lens")
        self.assertEqual([b"through the lens"], b.payloads())

    def test_each_form_of_invite_shows_the_same_link(self):
        link = self.a.create(NO_RELAY, "--timeout", "1")["invite"]
        for args, dark in ((["--qr"], True), (["--qr", "dark"], True), (["--qr=light"], False),
                           (["--qr", "light"], False), (["--qr", "--quiet"], True)):
            self.assertEqual(link, self.read(self.zks("group", "invite", *args), dark), args)
        self.assertEqual("", code_in(self.zks("group", "invite")))
        made = self.a.one("group", "invite", "--qr", "light")
        self.assertEqual((link, link), (made["invite"], self.read(made["qr"], dark=False)))
        self.assertNotIn("qr", self.a.one("group", "invite"))

    def test_files_hold_the_link_and_are_the_owners_only(self):
        png, svg = self.folder / "code.png", self.folder / "code.svg"
        link = self.a.create(NO_RELAY, "--timeout", "1", "--qr-png", png)["invite"]
        self.zks("group", "invite", "--qr-svg", svg)
        self.assertEqual([link], qr.read([png]))
        self.assertEqual([link], qr.read([qr.paint_svg(svg.read_bytes(), self.folder / "s.pgm")]))
        for path in (png, svg):
            self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode), path)
        _, errors = self.a.run("group", "invite", "--qr-png", self.folder / "no" / "folder", code=4)
        self.assertRegex(errors, "cannot be written")

    def test_too_long_an_invite_is_a_sentence(self):
        relays = [word for i in range(16) for word in ("--relay", f"relay-{i}-{'x' * 150}")]
        self.zks("init")
        self.a.create(NO_RELAY, "--timeout", "1")
        self.a.run("group", "relays", *relays[1::2])
        for args in (["--qr"], ["--qr-png", self.folder / "code.png"]):
            _, errors = self.a.run("group", "invite", *args, code=3)
            self.assertRegex(errors, r"too long for a QR code \(\d+ characters\).*--relay ADDR")
        self.assertFalse((self.folder / "code.png").exists())
        made = self.a.one("group", "invite", "--qr", *relays[:2])  # the cure works
        self.assertEqual(made["invite"], self.read(made["qr"], dark=True))

    def test_another_word_is_a_usage_error(self):
        self.a.create(NO_RELAY, "--timeout", "1")
        for word in ("Dark", "blue", "darker"):
            _, errors = self.a.run("group", "invite", "--qr", word, code=2)
            self.assertIn("dark or light", errors)

    def test_narrow_terminal_is_told(self):
        self.a.create(NO_RELAY, "--timeout", "1")
        for columns, told in ((40, True), (80, False)):
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            with subprocess.Popen(self.a.command("group", "invite", "--qr"), stdout=slave,
                                  stderr=subprocess.PIPE, env=e2e.environment()) as process:
                os.close(slave)
                try:
                    while os.read(master, 1 << 16):
                        pass
                except OSError:  # the end of a terminal
                    pass
                errors = process.stderr.read().decode()
            os.close(master)
            self.assertEqual((0, told), (process.returncode, "columns" in errors), errors)


if __name__ == "__main__":
    if not qr.ZBARIMG:
        print("skipped: zbarimg is not installed")
        sys.exit(77)
    e2e.main()
