#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Devices of one group, and of another: what one pushes the others get."""
import random
import signal
import subprocess
import time

import e2e
from e2e import Device


class Devices(e2e.Case):

    def test_push_reaches_other_device_once(self):
        a, b = self.pair(self.relay())
        done = a.one("push", "one", "two", "", "drei ä")
        self.assertEqual((done["entries"], done["acked"], done["first_number"]), (4, True, 1))
        self.assertEqual(b.payloads(), [b"one", b"two", b"", "drei ä".encode()])
        self.assertEqual(b.payloads(), [], "the watermark moved")
        self.assertEqual(b.payloads("--after", "2"), [b"", "drei ä".encode()])

    def test_watch_prints_live_and_moves_the_watermark(self):
        a, b = self.pair(self.relay())
        watch = self.watch(b)
        watch.wait_connected()
        for i in range(5):
            a.run("push", f"live {i}")
            watch.wait_count(i + 1)
        code, errors = watch.end(signal.SIGINT)
        self.assertEqual(code, 130, errors)
        self.assertEqual(watch.payloads(), [b"live %d" % i for i in range(5)])
        self.assertEqual(b.payloads("--offline"), [])

    def test_watch_ends_by_count_idleness_and_term(self):
        a, b = self.pair(self.relay())
        a.run("push", "1", "2", "3")
        watch = self.watch(b, "--count", "2")
        self.assertEqual(watch.end(0)[0], 0)
        self.assertEqual(watch.payloads(), [b"1", b"2"])
        watch = self.watch(b, "--until-idle", "1")
        self.assertEqual(watch.end(0)[0], 0)
        self.assertEqual(watch.payloads(), [b"3"])
        watch = self.watch(b)
        watch.wait_connected()
        self.assertEqual(watch.end(signal.SIGTERM)[0], 143)

    def test_offline_pushes_wait_and_go_out_with_flush(self):
        relay = self.relay()
        a, b = self.pair(relay)
        relay.kill()
        self.assertFalse(a.one("push", "--stored", "in a tunnel")["acked"])
        items, errors = a.run("push", "--timeout", "1", "another", code=5)
        self.assertEqual([i["kind"] for i in items], ["error", "pushed"])
        self.assertIn("2 entries wait in the store", errors)
        self.assertEqual(a.one("status")["pending"], 2)
        relay.start()
        self.assertEqual(a.one("flush")["pending"], 0)
        self.assertEqual(a.one("status")["pending"], 0)
        self.assertEqual(b.payloads(), [b"in a tunnel", b"another"])

    def test_relay_killed_and_restarted_under_both(self):
        relay = self.relay()
        a, b = self.pair(relay)
        watch = self.watch(b)
        watch.wait_connected()
        push = subprocess.Popen(a.command("--json", "push", "--lines", "-", "--timeout", "60"),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        sent = []
        for part in range(3):
            lines = [f"part {part} line {i}".encode() for i in range(300)]
            push.stdin.write(b"".join(line + b"\n" for line in lines))
            push.stdin.flush()
            sent += lines
            if part < 2:
                e2e.wait_for("something arrives", lambda: len(watch.entries) > part * 300)
                relay.kill()
                time.sleep(0.05 * part)
                relay.start()
        out, _ = push.communicate(timeout=e2e.PATIENCE)
        self.assertEqual(push.returncode, 0)
        self.assertTrue(e2e.objects(out)[-1]["acked"])
        watch.wait_count(len(sent))
        watch.end()
        self.assertEqual(watch.payloads(), sent)
        self.assertEqual([e["number"] for e in watch.entries], list(range(1, len(sent) + 1)))
        self.assertEqual(a.everything(), b.everything())

    def test_both_push_at_once(self):
        a, b = self.pair(self.relay())
        first = subprocess.Popen(a.command("push", "--lines", "-"), stdin=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        second = subprocess.Popen(b.command("push", "--lines", "-"), stdin=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        for i in range(20):
            for process, name in ((first, "a"), (second, "b")):
                process.stdin.write("".join(f"{name} {i} {j}\n" for j in range(50)).encode())
                process.stdin.flush()
        for process in (first, second):
            process.stdin.close()
            self.assertEqual(process.wait(e2e.PATIENCE), 0)
        a.run("pull")
        b.run("pull")
        held = a.everything()
        self.assertEqual(held, b.everything())
        self.assertEqual(sorted(len(v) for v in held.values()), [1000, 1000])

    def test_whole_files_and_binary_survive(self):
        a, b = self.pair(self.relay())
        source = random.Random(20)
        files = [b"", b"\0", bytes(range(256)), source.randbytes(e2e.PUSH_MAX), b"no newline",
                 "umlaut ä\n".encode()]
        names = []
        for i, content in enumerate(files):
            names.append(self.folder / f"file{i}")
            names[-1].write_bytes(content)
        a.run("push", "--file", *names)
        raw = e2e.zks("--store", b.store, "pull", "--peek", "--raw")
        self.assertEqual(raw.stdout, b"".join(files))
        b.run("pull", "--out", self.folder / "out", "--peek")
        written = sorted((self.folder / "out").iterdir())
        self.assertEqual([p.read_bytes() for p in written], files)
        self.assertEqual(b.payloads(), files)

    def test_lines_are_cut_at_newlines_only(self):
        a, b = self.pair(self.relay())
        longest = b"x" * e2e.PUSH_MAX
        lines = [b"", b"a", b"", b"carriage\r", longest, b"\0\xff", b"last without end"]
        a.run("push", "--lines", "-", data=b"\n".join(lines))
        self.assertEqual(b.payloads(), lines)

    def test_ten_thousand_lines_in_several_batches(self):
        a, b = self.pair(self.relay())
        source = random.Random(7)
        lines = [source.randbytes(source.randrange(400)).hex().encode() for _ in range(10000)]
        done = a.one("push", "--lines", "-", data=b"".join(line + b"\n" for line in lines))
        self.assertEqual((done["entries"], done["bytes"]), (10000, sum(map(len, lines))))
        self.assertEqual(b.payloads(), lines)


class Groups(e2e.Case):

    def test_passphrase_gives_the_same_group(self):
        relay = self.relay()
        (self.folder / "pass").write_text("correct horse battery\n")
        a, b, c = (Device(self, name) for name in "ABC")
        made = a.create(relay.address, "--passphrase-file", self.folder / "pass")
        start = {"default": "$argon2id$", "approved": "$pbkdf2-sha256$"}[e2e.SUITE]
        self.assertTrue(made["descriptor"].startswith(start))
        joined = b.one("group", "join", "--passphrase-file", "-", "--descriptor",
                       made["descriptor"], "--relay", relay.address, data=b"correct horse battery")
        self.assertEqual(joined["group_id"], made["group_id"])
        self.assertNotEqual(joined["device_id"], made["device_id"])
        by_env = c.one("group", "join", "--passphrase", "--descriptor", made["descriptor"],
                       "--relay", relay.address, env={"ZKS_PASSPHRASE": "correct horse battery"})
        self.assertEqual(by_env["group_id"], made["group_id"])
        a.run("push", "hello")
        self.assertEqual(b.payloads(), [b"hello"])
        self.assertEqual(c.payloads(), [b"hello"])

    def test_another_passphrase_is_another_group(self):
        relay = self.relay()
        (self.folder / "pass").write_text("one")
        a, b = Device(self, "A"), Device(self, "B")
        made = a.create(relay.address, "--passphrase-file", self.folder / "pass")
        joined = b.one("group", "join", "--passphrase-file", "-", "--descriptor",
                       made["descriptor"], "--relay", relay.address, data=b"two")
        self.assertNotEqual(joined["group_id"], made["group_id"])
        a.run("push", "not for B")
        self.assertEqual(b.payloads(), [])

    def test_secret_file_raw_and_hexadecimal_are_the_same(self):
        relay = self.relay()
        secret = bytes(range(32))
        (self.folder / "raw").write_bytes(secret)
        (self.folder / "hex").write_text(secret.hex() + "\n")
        a, b = Device(self, "A"), Device(self, "B")
        made = a.create(relay.address, "--secret-file", self.folder / "raw")
        joined = b.one("group", "join", "--suite", e2e.SUITE,
                       "--secret-file", self.folder / "hex", "--relay",
                       relay.address)
        self.assertEqual(joined["group_id"], made["group_id"])
        a.run("push", "x")
        self.assertEqual(b.payloads(), [b"x"])

    def test_stranger_with_another_secret_sees_nothing(self):
        relay = self.relay()
        a, b = self.pair(relay)
        stranger = Device(self, "stranger")
        stranger.create(relay.address)
        a.run("push", "secret talk")
        self.assertEqual(stranger.payloads(), [])
        self.assertEqual(len(stranger.run("devices", "--online")[0]), 1)
        self.assertEqual(b.payloads(), [b"secret talk"])

    def test_devices_know_each_other_by_name(self):
        a, b = self.pair(self.relay())
        devices = {d["name"]: d for d in a.run("devices", "--online")[0]}
        self.assertEqual(set(devices), {"A", "B"})
        self.assertTrue(devices["A"]["self"])
        self.assertEqual(devices["B"]["device_id"], b.group["device_id"])
        self.assertEqual(a.one("status")["devices"], 2)

    def test_invite_again_and_relays_changed(self):
        relay = self.relay()
        a = Device(self, "A")
        made = a.create("127.0.0.1:1", "--timeout", "1")
        self.assertEqual(a.one("group", "relays")["relays"], ["127.0.0.1:1"])
        a.run("group", "relays", relay.address)
        invite = a.one("group", "invite")
        self.assertEqual(invite["relays"], [relay.address])
        self.assertEqual(invite["group_id"], made["group_id"])
        b = Device(self, "B")
        self.assertEqual(b.join(invite["invite"])["relays"], [relay.address])
        a.run("push", "x")
        self.assertEqual(b.payloads(), [b"x"])


class EmbeddedRelay(e2e.Case):

    def test_zks_relay_serves_and_ends_with_its_signal(self):
        process = subprocess.Popen([str(e2e.BIN / "zks"), "--json", "relay", "--listen",
                                    "127.0.0.1:0", f"--data={self.folder / 'r'}"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            address = e2e.objects(process.stdout.readline())[0]["address"]
            a, b = Device(self, "A"), Device(self, "B")
            b.join(a.create(address)["invite"])
            a.run("push", "through an embedded relay")
            self.assertEqual(b.payloads(), [b"through an embedded relay"])
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(e2e.PATIENCE), 0)
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    e2e.main()
