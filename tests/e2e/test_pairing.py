#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Devices come into a paired group: `zks pair` on one, `zks join` on the other, as real processes;
what each side says when it goes well and when it does not."""
import os
import re
import signal
import stat
import subprocess
import sys
import time
import unittest

import e2e
from e2e import Device

sys.path.insert(0, str(e2e.SOURCE / "tests" / "support"))
import qr  # noqa: E402

TYPED = unittest.skipIf(e2e.SUITE == "approved", "this suite pairs by link only")
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")
ALL = ["invite", "admin"]


def another(character):
    return "7" if character != "7" else "8"


def wrong(code):
    """A code for the same mailbox with another secret."""
    return code[:-1] + another(code[-1])


class Pairing(e2e.Case):

    def setUp(self):
        super().setUp()
        self.server = self.relay()
        self.a, self.b = Device(self, "A"), Device(self, "B")
        self.made = self.a.create_paired(self.server.address)

    def join(self, device, text, *args, code=0, relay=None):
        """(objects, stderr) of zks join."""
        return device.run("join", "-", "--relay", relay or self.server.listen, "--name",
                          device.name, *args, data=text.encode(), code=code)

    def refused(self, text, status, sentence, code=7, device=None):
        items, errors = self.join(device or self.b, text, code=code)
        self.assertEqual(items[-1]["status"], status, errors)
        self.assertRegex(errors, sentence)

    # --- it goes well ---

    def test_device_is_in_within_two_seconds(self):
        pairing, code = self.invite(self.a, "--yes")
        if e2e.SUITE == "default":
            self.assertRegex(code, CODE)
        joining = self.running(self.b, "join", "-", "--relay", self.server.listen, "--name", "B")
        start = time.monotonic()
        joining.write(code)
        self.assertEqual(joining.end()[0], 0, joining.said)
        self.assertEqual(pairing.end()[0], 0, pairing.said)
        self.assertLess(time.monotonic() - start, 2 * e2e.SLOW)
        joined = joining.items[-1]
        self.assertEqual(joined["group_id"], self.made["group_id"])
        self.assertEqual(joined["relays"], [self.server.address], "with its key from now on")
        self.assertEqual(pairing.find("pair_digits")["digits"],
                         joining.find("pair_digits")["digits"])
        self.assertEqual(pairing.find("pair_ask")["name"], "B")
        self.assertEqual(pairing.items[-1], {"kind": "paired", "name": "B",
                                             "device_id": joined["device_id"]})
        for sender, reader, text in ((self.a, self.b, "to B"), (self.b, self.a, "to A")):
            sender.run("push", text)
            self.assertEqual(reader.payloads(), [text.encode()])

    def test_both_know_each_other_and_what_they_may(self):
        self.let_in(self.a, self.b, self.server)
        for device in (self.a, self.b):
            members = {d["name"]: d for d in device.run("devices", "--online")[0]}
            self.assertEqual(set(members), {"A", "B"})
            self.assertTrue(members[device.name]["self"])
            self.assertEqual([members[name]["rights"] for name in "AB"], [ALL, ALL])
            status = device.one("status")
            self.assertEqual((status["group_kind"], status["rights"], status["suite"]),
                             ("paired", ALL, e2e.SUITE))

    def test_what_was_said_before_can_be_read(self):
        self.a.run("push", "old", "older")
        self.let_in(self.a, self.b, self.server)
        self.assertEqual(self.b.payloads(), [b"old", b"older"])

    def test_rights_are_those_given(self):
        self.let_in(self.a, self.b, self.server, "--rights", "invite")
        self.assertEqual(self.b.one("status")["rights"], ["invite"])
        c = Device(self, "C")
        self.let_in(self.b, c, self.server)
        self.assertEqual(c.one("status")["rights"], ["invite"])
        self.b.run("devices", "revoke", "C", "--yes", code=3)
        self.assertEqual(len(self.a.run("devices", "--online")[0]), 3)

    def test_names_are_what_the_other_device_says_in_any_script(self):
        name = "Zoë's 電話 🦊"
        pairing, code = self.invite(self.a, "--yes")
        self.b.run("join", "-", "--relay", self.server.listen, "--name", name, data=code.encode())
        self.assertEqual(pairing.wait("pair_ask")["name"], name)
        self.assertEqual(pairing.end()[0], 0)
        self.assertIn(name, [d["name"] for d in self.a.run("devices")[0]])

    def test_names_that_could_mislead_are_refused_before_anything_is_sent(self):
        for name in ("a\nb", "a\u202eb", "a\u200f", "\ufeffa", " ", "\u3164", ""):
            errors = self.b.run("join", "-", "--relay", self.server.listen, "--name", name,
                                data=b"2222-2222-2222-2222", code=3)[1]
            self.assertIn("A device's name has 1 to 128 bytes", errors, ascii(name))

    def test_machine_has_a_name_without_one(self):
        pairing, code = self.invite(self.a, "--yes")
        self.b.run("join", "-", "--relay", self.server.listen, data=code.encode())
        self.assertTrue(pairing.wait("pair_ask")["name"])
        self.assertEqual(pairing.end()[0], 0)

    @TYPED
    def test_code_may_be_typed_carelessly(self):
        pairing, code = self.invite(self.a, "--yes")
        typed = code.lower().split("-")
        self.b.run("join", *typed, "--relay", self.server.listen, "--name", "B")
        self.assertEqual(pairing.end()[0], 0, pairing.said)

    def test_connection_lost_while_the_code_waits(self):
        pairing, code = self.invite(self.a, "--yes")
        second = Device(self, "second")
        pairing.process.send_signal(signal.SIGSTOP)  # as a laptop that sleeps for a moment
        joining = self.running(second, "join", "-", "--relay", self.server.listen)
        joining.write(code)
        pairing.process.send_signal(signal.SIGCONT)
        self.assertEqual(joining.end()[0], 0, joining.said)
        self.assertEqual(pairing.end()[0], 0, pairing.said)

    # --- links ---

    def test_link_brings_the_relays(self):
        pairing = self.running(self.a, "pair", "--link", "--yes")
        link = pairing.wait("pair_code")["code"]
        self.assertTrue(link.startswith("ZKS-PAIR:"))
        joined = self.b.run("join", "-", "--name", "B", data=link.encode())[0][-1]
        self.assertEqual(joined["relays"], [self.server.address])
        self.assertEqual(pairing.end()[0], 0, pairing.said)
        self.b.run("push", "hello")
        self.assertEqual(self.a.payloads(), [b"hello"])

    @unittest.skipUnless(qr.ZBARIMG, "zbarimg is not installed")
    def test_qr_code_holds_the_link(self):
        png, svg = self.folder / "code.png", self.folder / "code.svg"
        pairing = self.running(self.a, "pair", "--qr", "light", "--qr-png", png, "--qr-svg", svg,
                               "--yes")
        shown = pairing.wait("pair_code")
        painted = qr.paint_terminal(shown["qr"].strip("\n"), False, self.folder / "t.pgm")
        e2e.wait_for("the files", svg.exists)
        e2e.wait_for("the files", png.exists)
        self.assertEqual(qr.read([painted]), [shown["code"]])
        self.assertEqual(qr.read([qr.paint_svg(svg.read_bytes(), self.folder / "s.pgm")]),
                         [shown["code"]])
        self.assertEqual(stat.S_IMODE(png.stat().st_mode), 0o600)
        self.b.run("join", "-", data=qr.read([png])[0].encode())
        self.assertEqual(pairing.end()[0], 0, pairing.said)

    # --- it goes wrong ---

    @TYPED
    def test_wrong_code_is_told_on_both_sides_and_the_right_one_still_works(self):
        pairing, code = self.invite(self.a, "--yes")
        self.refused(wrong(code), "ZKS_E_WRONG_CODE", "code is wrong: check it")
        self.assertEqual(pairing.wait("pair_wrong_try")["tries_left"], 2)
        self.join(self.b, code)
        self.assertEqual(pairing.end()[0], 0, pairing.said)

    @TYPED
    def test_third_wrong_code_burns_it(self):
        pairing, code = self.invite(self.a, "--yes")
        for _ in range(3):
            self.refused(wrong(code), "ZKS_E_WRONG_CODE", "code is wrong")
        exit_code, errors = pairing.end()
        self.assertEqual((exit_code, pairing.items[-1]["status"]), (7, "ZKS_E_WRONG_CODE"))
        self.assertRegex(errors, "Three wrong codes.*burnt: make a new one")
        self.refused(code, "ZKS_E_WRONG_CODE", "Three wrong codes.*burnt: ask for a new one")

    def test_expired_code(self):
        pairing, code = self.invite(self.a, "--yes", "--expires", "1")
        self.assertEqual(pairing.find("pair_code")["expires_s"], 1)
        exit_code, errors = pairing.end()
        self.assertEqual((exit_code, pairing.items[-1]["status"]), (7, "ZKS_E_CODE_EXPIRED"))
        self.assertRegex(errors, "time is over: make a new one")
        self.refused(code, "ZKS_E_CODE_EXPIRED", "time is over: ask for a new one")

    def test_used_code_lets_no_second_device_in(self):
        pairing, code = self.invite(self.a, "--yes")
        self.join(self.b, code)
        self.assertEqual(pairing.end()[0], 0)
        self.refused(code, "ZKS_E_CODE_USED", "used this pairing code already",
                     device=Device(self, "C"))

    def test_ctrl_c_takes_the_code_back(self):
        pairing, code = self.invite(self.a, "--yes")
        self.assertEqual(pairing.end(signal.SIGINT)[0], 130)
        self.assertIn("taken back", pairing.said)
        self.refused(code, "ZKS_E_CODE_CANCELLED", "cancelled or declined.*ask for a new code")

    @TYPED
    def test_unknown_code(self):
        self.refused("2222-2222-2222-2222", "ZKS_E_CODE_UNKNOWN", "first four characters")

    @TYPED
    def test_what_is_no_code_says_what_is_wrong_with_it(self):
        for text, sentence in (("hello", "5"), ("ABCD-EFGH-JKMN-PQR*", "Character 16"),
                               ("ABCD-EFGH-JKMN-PQRS-TVWX", "20"), ("", "code")):
            _, errors = self.join(self.b, text, code=3)
            self.assertIn(sentence, errors, text)

    @TYPED
    def test_code_needs_a_relay(self):
        _, errors = self.b.run("join", "2222-2222-2222-2222", code=3)
        self.assertIn("--relay", errors)

    def test_relay_that_is_not_there(self):
        _, code = self.invite(self.a, "--yes")
        if e2e.SUITE == "default":
            _, errors = self.join(self.b, code, "--timeout", "1", code=5,
                                  relay=f"127.0.0.1:{e2e.free_port()}")
            self.assertIn("does not answer", errors)

    def test_store_with_a_group_joins_no_other(self):
        other = Device(self, "other")
        other.create_paired(self.server.address)
        pairing, code = self.invite(self.a, "--yes")
        _, errors = self.join(other, code, code=3)
        self.assertIn("belongs to a group already", errors)
        self.join(self.b, code)
        self.assertEqual(pairing.end()[0], 0)

    def test_without_a_terminal_somebody_must_have_said_yes(self):
        pairing = self.running(self.a, "pair")
        exit_code, errors = pairing.end()
        self.assertEqual(exit_code, 2)
        self.assertIn("--yes", errors)
        self.assertIsNone(pairing.find("pair_code"))

    @unittest.skipUnless(e2e.SUITE == "approved", "of that suite")
    def test_typed_code_in_a_group_without_pake(self):
        _, errors = self.a.run("pair", "--yes", code=3)
        self.assertIn("--link", errors)

    def test_options_that_are_none(self):
        for args, sentence in ((["--rights", "all"], "invite,admin"),
                               (["--expires", "0"], "600"), (["--expires", "601"], "600"),
                               (["--qr", "blue"], "dark or light"), (["x"], "zks join")):
            _, errors = self.a.run("pair", "--yes", *args, code=2)
            self.assertIn(sentence, errors)


class Recovery(e2e.Case):

    def words(self, *args):
        made = Device(self, f"made{len(args)}").one("group", "create", *args)
        return made.get("recovery_code", "").split()

    def test_code_is_shown_once_and_can_be_declined(self):
        words = self.words()
        self.assertEqual(len(words), 18)
        self.assertTrue(all(re.fullmatch("[a-z]{5}", word) for word in words))
        self.assertEqual(self.words("--no-recovery"), [])
        store = (self.folder / "made0.zks").read_bytes()
        self.assertNotIn(" ".join(words[:3]).encode(), store)
        done = e2e.zks("--store", self.folder / "text.zks", "group", "create").stdout.decode()
        self.assertRegex(done, r"(?m)^    ([a-z]{5} ){5}[a-z]{5}$")
        self.assertRegex(done, "(?s)on paper.*Whoever else has it")

    def test_code_that_cannot_be_shown_is_told(self):
        store = self.folder / "full.zks"
        with open("/dev/full", "wb") as full:
            done = subprocess.run([str(e2e.BIN / "zks"), "--store", str(store), "group", "create"],
                                  stdout=full, stderr=subprocess.PIPE, check=False,
                                  env=e2e.environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"could not be shown", done.stderr)


class Shared(e2e.Case):
    """Shared groups beside paired ones."""

    def setUp(self):
        super().setUp()
        self.server = self.relay()

    def test_invite_through_zks_join(self):
        a, b, c = (Device(self, name) for name in "ABC")
        made = a.create(self.server.address)
        self.assertEqual((made["group_kind"], "recovery_code" in made), ("shared", False))
        for device, args, data in ((b, [made["invite"]], None),
                                   (c, ["-"], f"  {made['invite']}\n".encode())):
            joined = device.one("join", *args, "--name", device.name, data=data)
            self.assertEqual((joined["kind"], joined["group_id"]), ("group", made["group_id"]))
        a.run("push", "x")
        self.assertEqual((b.payloads(), c.payloads()), ([b"x"], [b"x"]))

    def test_each_kind_names_the_way_of_the_other(self):
        paired, shared = Device(self, "paired"), Device(self, "shared")
        paired.create_paired(self.server.address)
        shared.create(self.server.address)
        self.assertIn("`zks pair`", paired.run("group", "invite", code=3)[1])
        for args in (["devices", "revoke", "x"], ["group", "rotate"]):
            self.assertIn("make a new group", shared.run(*args, code=3)[1])
        self.assertIn("leave --rights out",
                      shared.run("pair", "--yes", "--rights", "admin", code=3)[1])
        self.assertEqual(shared.one("status")["group_kind"], "shared")

    def test_shared_group_is_joined_by_pairing(self):
        a, b, c = (Device(self, name) for name in "ABC")
        made = a.create(self.server.address)
        for member, device, args in ((a, b, []), (b, c, ["--link"])):
            if e2e.SUITE == "approved":
                args = ["--link"]
            pairing, code = self.invite(member, "--yes", *args)
            items, _ = device.run("join", "-", "--relay", self.server.listen, "--name",
                                  device.name, data=code.encode())
            self.assertEqual(pairing.end()[0], 0, pairing.said)
            joined = items[-1]
            self.assertEqual((joined["group_id"], joined["group_kind"]),
                             (made["group_id"], "shared"))
            self.assertEqual(pairing.items[-1]["device_id"], joined["device_id"])
        a.run("push", "x")
        self.assertEqual((b.payloads(), c.payloads()), ([b"x"], [b"x"]))
        self.assertEqual({d["name"] for d in a.run("devices", "--online")[0]}, {"A", "B", "C"})

    @TYPED
    def test_code_that_was_made_before(self):
        a, b = Device(self, "A"), Device(self, "B")
        code = a.one("pair", "--new-code")["code"]
        self.assertRegex(code, CODE)
        self.assertNotEqual(a.one("pair", "--new-code")["code"], code)
        a.create(self.server.address)
        pairing = self.running(a, "pair", "--yes", "--code", code)
        self.assertEqual(pairing.wait("pair_code")["code"], code)
        b.run("join", "-", "--relay", self.server.listen, "--name", "B", data=code.encode())
        self.assertEqual(pairing.end()[0], 0, pairing.said)
        errors = a.run("pair", "--yes", "--code", code, code=7)[1]
        self.assertIn("used", errors)
        for bad in ("ABCD", code + "2", "zks-invite:AAAA"):
            self.assertIn("zks pair --new-code", a.run("pair", "--yes", "--code", bad, code=3)[1])
        for args in (["--link", "--code", code], ["--new-code", "--qr"],
                     ["--new-code", "--code", code]):
            a.run("pair", "--yes", *args, code=2)

    def test_options_of_one_kind_are_refused_for_the_other(self):
        for args, cure in ((["--qr"], "zks pair --qr"), (["--qr-png", "x"], "zks pair --qr"),
                           (["--shared", "--no-recovery"], "paired group")):
            _, errors = Device(self, "new").run("group", "create", *args, code=2)
            self.assertIn(cure, errors)


class Asked(e2e.Terminal):
    """The question on the terminal of the device that lets others in."""

    def setUp(self):
        super().setUp()
        self.server = self.relay()
        self.a.create_paired(self.server.address)
        self.b = Device(self, "B")

    def pair(self):
        """(the running program, the code on the terminal)"""
        link = ["--link"] if e2e.SUITE == "approved" else []
        process = self.start("pair", *link)
        pattern = rb"ZKS-PAIR:\w+\r" if link else CODE.pattern.encode()
        return process, self.wait_shown(pattern)[0].decode().strip()

    def join(self, device, code):
        joining = self.running(device, "join", "-", "--relay", self.server.listen, "--name",
                               device.name)
        joining.write(code)
        return joining

    def digits(self, joining):
        digits = joining.wait("pair_digits")["digits"]
        return f"{digits[:3]} {digits[3:]}".encode()

    def test_yes_lets_the_device_in(self):
        process, code = self.pair()
        self.assertIn(b"10 minutes", self.shown)
        joining = self.join(self.b, code)
        question = self.wait_shown(rb"Let \"B\" in\? Do both devices show (\d{3} \d{3})\? ")
        self.assertEqual(question[1], self.digits(joining))
        self.answer(b"[y/N] ", b"y\n")
        self.end(process, 0)
        self.assertIn(b"\"B\" is in the group", self.shown)
        self.assertEqual(joining.end()[0], 0, joining.said)

    def test_anything_else_does_not(self):
        for text in (b"n\n", b"\n", b"maybe\n", b"\x04"):
            process, code = self.pair()
            joining = self.join(self.b, code)
            self.answer(b"[y/N] ", text)
            self.end(process, 7)
            self.assertEqual(joining.end()[0], 7, joining.said)
            self.assertEqual(joining.items[-1]["status"], "ZKS_E_CODE_CANCELLED")
            self.assertRegex(joining.said, "cancelled or declined")
            self.shown = b""

    def test_ctrl_c_at_the_question(self):
        process, code = self.pair()
        joining = self.join(self.b, code)
        self.answer(b"[y/N] ", b"\x03")
        self.end(process, 130)
        self.assertEqual(joining.end()[0], 7, joining.said)

    def test_question_ends_with_the_other_device(self):
        process, code = self.pair()
        joining = self.join(self.b, code)
        self.wait_question(b"[y/N] ")
        self.assertEqual(joining.end(signal.SIGINT)[0], 130)
        self.end(process, 7)
        self.assertRegex(self.shown, b"other device cancelled")

    def test_second_joiner_waits_its_turn(self):
        process, code = self.pair()
        joining = self.join(self.b, code)
        self.wait_question(b"[y/N] ")
        c = Device(self, "C")
        items, errors = c.run("join", "-", "--relay", self.server.listen, data=code.encode(),
                              code=5)
        self.assertEqual(items[-1]["status"], "ZKS_E_BUSY", errors)
        self.assertIn("Another device is pairing", errors)
        os.write(self.master, b"y\n")
        self.end(process, 0)
        self.assertEqual(joining.end()[0], 0, joining.said)
        self.assertEqual(len(self.a.run("devices", "--online")[0]), 2)

    def test_join_asks_for_the_code(self):
        pairing, code = self.invite(self.a, "--yes")
        process = self.start_command(*self.b.command("join", "--relay", self.server.listen))
        self.answer(b"Pairing code, link or invite: ", code.encode() + b"\n")
        self.end(process, 0)
        self.assertRegex(self.shown, rb"if it shows\s+\d{3} \d{3}\s")
        self.assertRegex(self.shown, b"Joined the group. This device is")
        self.assertEqual(pairing.end()[0], 0, pairing.said)


if __name__ == "__main__":
    e2e.main()
