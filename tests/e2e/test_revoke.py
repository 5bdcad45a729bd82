#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Devices leave a paired group: removed by another one, by themselves, or lost, and what the
recovery code can do then. Real processes at a real relay."""
import signal
import subprocess

import e2e
from e2e import Device

REFUSED = 6  # exit code of a device that is no member any more


class Revoke(e2e.Case):

    def setUp(self):
        super().setUp()
        self.server = self.relay()

    def group(self, names):
        devices, self.made = self.paired(self.server, names)
        return devices

    def names(self, device):
        return {d["name"] for d in device.run("devices", "--online")[0]}

    def epoch(self, device):
        return device.one("status", "--online")["epoch"]

    def check_hear(self, *devices):
        """Each device hears what each other one says now."""
        for sender in devices:
            text = f"from {sender.name}, {e2e.time.monotonic_ns()}"
            sender.run("push", text)
            for reader in devices:
                if reader is not sender:
                    self.assertEqual(reader.payloads(), [text.encode()], reader.name)

    def check_out(self, device, code=REFUSED):
        """The device is refused, told why, and keeps what it had."""
        before = device.everything()
        for args in (["pull"], ["push", "let me in"], ["devices", "--online"]):
            _, errors = device.run(*args, code=code)
            self.assertRegex(errors, "removed from the group|not a member")
        self.assertEqual(device.everything(), before)

    def words(self):
        path = self.folder / "words"
        path.write_text(self.made["recovery_code"].upper() + "\n")
        return ["--recovery-file", path]

    def forget(self, *devices):
        """The device with its store fell into a river."""
        for device in devices:
            for path in self.folder.glob(f"{device.name}.zks*"):
                path.unlink()

    # --- removed by another one ---

    def test_removed_device_hears_nothing_of_what_follows(self):
        a, b, c = self.group("ABC")
        a.run("push", "for all")
        b.run("pull")
        watch = self.watch(c)
        watch.wait_count(1)
        epoch = self.epoch(a)
        done = a.one("devices", "revoke", "C", "--reason", "lost", "--yes")
        self.assertEqual((done["device_id"], done["name"]), (c.group["device_id"], "C"))
        self.assertGreater(done["epoch"], epoch)
        code, errors = watch.end(0)
        self.assertEqual(code, REFUSED, errors)
        self.assertRegex(errors, "removed from the group")
        self.check_out(c)
        self.check_hear(a, b)
        self.assertEqual(list(c.everything().values()), [[(1, b"for all")]])
        self.assertEqual((self.names(a), self.names(b)), ({"A", "B"}, {"A", "B"}))
        self.assertEqual(self.epoch(b), done["epoch"])

    def test_device_that_was_away_learns_it_later(self):
        a, b, c = self.group("ABC")
        b.run("devices", "revoke", c.group["device_id"][:8], "--reason", "replaced", "--yes")
        self.check_out(c)
        self.check_hear(a, b)
        self.assertEqual(a.one("devices", "revoke", c.group["device_id"], "--yes")["name"], "",
                         "once more is no failure")

    def test_whom_a_removed_device_had_let_in_is_named(self):
        a, b = self.group("AB")
        thief = Device(self, "T")
        thief.group = self.let_in(b, thief, self.server)
        by = {d["name"]: d.get("let_in_by") for d in a.run("devices", "--online")[0]}
        self.assertEqual(by, {"A": None, "B": a.one("status")["device_id"],
                              "T": b.group["device_id"]})
        done = a.one("devices", "revoke", "B", "--reason", "lost", "--yes")
        self.assertEqual(done["let_in"], [thief.group["device_id"]])
        a.run("push", "T still hears this")
        thief.run("pull")
        self.assertEqual(a.one("devices", "revoke", "T", "--yes")["let_in"], [])
        self.check_out(thief)

    def test_removed_device_may_be_let_in_again_as_a_new_one(self):
        a, b = self.group("AB")
        a.run("push", "while B was in")
        a.run("devices", "revoke", "B", "--yes")
        a.run("push", "while B was out")
        self.forget(b)
        again = self.let_in(a, b, self.server)
        self.assertNotEqual(again["device_id"], b.group["device_id"])
        b.run("pull")
        self.check_hear(a, b)

    def test_two_devices_remove_at_once_and_agree(self):
        a, b, c, d = self.group("ABCD")
        removals = [self.running(who, "devices", "revoke", whom, "--yes")
                    for who, whom in ((a, "C"), (b, "D"))]
        for running in removals:
            self.assertEqual(running.end()[0], 0, running.said)
        for device in (c, d):
            self.check_out(device)
        self.check_hear(a, b)
        self.assertEqual((self.names(a), self.names(b)), ({"A", "B"}, {"A", "B"}))
        self.assertEqual(self.epoch(a), self.epoch(b))

    def test_who_is_meant_must_be_clear(self):
        a, b = self.group("AB")
        twin = Device(self, "twin")
        twin.name = "B"
        twin.group = self.let_in(a, twin, self.server)
        _, errors = a.run("devices", "revoke", "B", "--yes", code=3)
        self.assertRegex(errors, "(?s)Several.*" + b.group["device_id"][:16])
        self.assertIn(twin.group["device_id"][:16], errors)
        _, errors = a.run("devices", "revoke", "X", "--yes", code=3)
        self.assertRegex(errors, 'No device is called "X".*A .*B ')
        _, errors = a.run("devices", "revoke", "A", "--yes", code=3)
        self.assertIn("zks group leave", errors)
        _, errors = a.run("devices", "revoke", b.group["device_id"][:8], code=2)
        self.assertIn("--yes", errors, "nobody was asked")
        self.assertEqual(len(a.run("devices", "--online")[0]), 3)

    def test_device_without_the_right_removes_nobody(self):
        a, = self.group("A")
        b, c = Device(self, "B"), Device(self, "C")
        self.let_in(a, b, self.server, "--rights", "invite")
        self.let_in(a, c, self.server)
        _, errors = b.run("devices", "revoke", "C", "--yes", code=3)
        self.assertIn("ADMIN", errors)
        self.check_hear(a, b, c)

    def test_pushes_on_their_way_arrive_although_the_keys_change(self):
        a, b, c = self.group("ABC")
        push = subprocess.Popen(b.command("--json", "push", "--lines", "-"), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, env=e2e.environment())
        lines = [f"line {i}".encode() for i in range(3000)]
        push.stdin.write(b"\n".join(lines[:1500]) + b"\n")
        push.stdin.flush()
        a.run("devices", "revoke", "C", "--yes")
        out, _ = push.communicate(b"\n".join(lines[1500:]), timeout=e2e.PATIENCE)
        self.assertEqual((push.returncode, e2e.objects(out)[-1]["acked"]), (0, True))
        self.assertEqual(a.payloads(), lines)
        self.check_out(c)

    # --- keys, names, leaving ---

    def test_rotate_gives_fresh_keys(self):
        a, b = self.group("AB")
        before = self.epoch(a)
        self.assertEqual(a.one("group", "rotate")["epoch"], before + 1)
        self.check_hear(a, b)
        self.assertEqual(self.epoch(b), before + 1)

    def test_device_leaves(self):
        a, b = self.group("AB")
        b.run("push", "--stored", "to be sent still")
        a.run("push", "to be kept")
        b.run("pull")
        self.assertEqual(b.one("group", "leave", "--yes")["kind"], "left")
        self.assertEqual(a.payloads(), [b"to be sent still"])
        self.check_out(b, code=3)
        self.assertEqual(b.payloads("--after", "0", "--offline"), [b"to be kept"])
        self.assertEqual(self.names(a), {"A"})

    # --- the recovery code ---

    def test_lost_group_comes_back(self):
        a, b = self.group("AB")
        a.run("push", *[f"page {i} of A" for i in range(50)])
        b.run("push", *[f"page {i} of B" for i in range(50)])
        a.run("group", "rotate")
        a.run("push", "under fresh keys")
        expected = a.everything()
        a.run("pull")
        expected = a.everything()
        self.forget(a, b)
        r = Device(self, "R")
        restored = r.one("group", "restore", *self.words(), "--relay", self.server.address,
                         "--name", "R")
        self.assertEqual(restored["group_id"], self.made["group_id"])
        r.run("pull")
        self.assertEqual(r.everything(), expected)
        self.assertEqual(self.names(r), {"A", "B", "R"})
        for name in "AB":
            r.run("devices", "revoke", name, "--reason", "lost", "--yes")
        s = Device(self, "S")
        self.let_in(r, s, self.server)
        s.run("pull")
        self.check_hear(r, s)

    def test_restored_device_beside_the_others(self):
        a, b = self.group("AB")
        r = Device(self, "R")
        r.run("group", "restore", *self.words(), "--relay", self.server.address, "--name", "R")
        r.run("pull")
        self.check_hear(a, b, r)

    def check_recovers(self, removed, remover, third):
        """A device that was removed removes the one that did it, by the recovery code."""
        removed.run("pull")  # knows of the third
        remover.run("devices", "revoke", removed.name, "--yes")
        removed.run("devices", "revoke", remover.name, "--yes", code=REFUSED)
        done = removed.one("devices", "revoke", remover.name, "--yes", *self.words())
        self.assertEqual(done["name"], remover.name)
        self.check_out(remover)
        self.check_hear(removed, third)

    def test_recovery_code_brings_back_the_device_that_made_the_group(self):
        a, b, c = self.group("ABC")
        self.check_recovers(a, b, c)

    def test_recovery_code_brings_back_a_device_that_was_let_in(self):
        a, b, c = self.group("ABC")
        self.check_recovers(b, a, c)

    def test_words_that_are_wrong(self):
        a, b = self.group("AB")
        words = self.folder / "wrong"
        right = self.made["recovery_code"].split()
        for text, sentence in ((right[:17], "18"), (["zzzzz", *right[1:]], "[Ww]ord 1"),
                               ([right[1], right[0], *right[2:]], "typing error|words")):
            words.write_text(" ".join(text))
            _, errors = a.run("devices", "revoke", "B", "--yes", "--recovery-file", words, code=3)
            self.assertRegex(errors, sentence)
        self.check_hear(a, b)


class Asked(e2e.Terminal):

    def test_removal_and_leaving_are_asked_for(self):
        server = self.relay()
        self.a.create_paired(server.address)
        b = Device(self, "B")
        self.let_in(self.a, b, server)
        for text, code in ((b"n\n", 1), (b"\x03", 130), (b"yes\n", 0)):
            process = self.start("devices", "revoke", "B")
            self.answer(b"from the group? [y/N] ", text)
            self.end(process, code)
        process = self.start("group", "leave")
        self.answer(b"[y/N] ", b"\n")
        self.end(process, 1)
        self.assertEqual(len(self.a.run("devices", "--online")[0]), 1)

    def test_words_are_asked_for_without_echo(self):
        server = self.relay()
        words = self.a.create_paired(server.address)["recovery_code"]
        self.a = Device(self, "R")
        process = self.start("group", "restore", "--relay", server.address)
        self.answer(b"Recovery code (18 words): ", words.encode() + b"\n")
        self.end(process, 0)
        self.assertNotIn(words[:11].encode(), self.shown)


if __name__ == "__main__":
    e2e.main()
