#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Groups of both cipher suites at one relay: they do not mix; what makes one of them says so."""
import e2e
from e2e import Device

PASSPHRASE = b"correct horse battery staple"


class Suites(e2e.Case):

    def setUp(self):
        super().setUp()
        self.address = self.relay().address

    def device(self, name):
        return Device(self, name)

    def check_pair(self, a, b, suite):
        """Both hear each other, and both say which algorithms they use."""
        for sender, reader, text in ((a, b, "to b"), (b, a, "to a")):
            sender.run("push", text)
            self.assertEqual(reader.payloads(), [text.encode()])
        for device in (a, b):
            self.assertEqual(device.one("status")["suite"], suite)

    def test_both_suites_at_one_relay(self):
        groups = {}
        for suite in ("default", "approved"):
            a, b = self.device(f"{suite}-a"), self.device(f"{suite}-b")
            made = a.one("group", "create", "--shared", "--relay", self.address, "--suite", suite)
            self.assertEqual(made["suite"], suite)
            self.assertEqual(b.join(made["invite"])["group_id"], made["group_id"])
            self.check_pair(a, b, suite)
            groups[suite] = made["group_id"]
        self.assertEqual(len(set(groups.values())), 2)

    def test_one_secret_is_another_group_in_another_suite(self):
        secret = self.folder / "secret"
        secret.write_bytes(bytes(range(32)))
        ids = set()
        for suite in ("default", "approved"):
            made = self.device(suite).one("group", "create", "--relay", self.address,
                                          "--suite", suite, "--secret-file", secret)
            ids.add(made["group_id"])
            again = self.device(f"{suite}-again").one(
                "group", "join", "--relay", self.address, "--suite", suite,
                "--secret-file", secret)
            self.assertEqual(again["group_id"], made["group_id"])
        self.assertEqual(len(ids), 2)

    def test_passphrase_goes_through_pbkdf2(self):
        a, b, c = (self.device(name) for name in "abc")
        words = self.folder / "words"
        words.write_bytes(PASSPHRASE)
        made = a.one("group", "create", "--relay", self.address, "--suite", "approved",
                     "--passphrase-file", words)
        self.assertRegex(made["descriptor"], r"^\$pbkdf2-sha256\$i=600000\$")
        # The descriptor says the suite.
        joined = b.one("group", "join", "--relay", self.address, "--passphrase-file", words,
                       "--descriptor", made["descriptor"])
        self.assertEqual(joined["group_id"], made["group_id"])
        self.check_pair(a, b, "approved")
        # One of the other suite does not fit.
        c.run("group", "join", "--relay", self.address, "--passphrase-file", words,
              "--descriptor", made["descriptor"], "--suite", "default", code=3)

    def test_unknown_suite_is_a_usage_error(self):
        self.device("x").run("group", "create", "--suite", "best", code=2)


if __name__ == "__main__":
    e2e.main()
