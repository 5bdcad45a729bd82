#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a user meets on the command line: help, completion, JSON, exit codes, secrets, Ctrl-C."""
import array
import fcntl
import os
import re
import signal
import stat
import subprocess
import termios
import time
import unittest

import e2e
from e2e import Device

COMMANDS = ["init", "group", "pair", "join", "push", "pull", "watch", "status", "devices", "relay",
            "store", "trust", "flush"]
PARTS = {"group": ["create", "join", "invite", "relays", "restore", "rotate", "leave"],
         "devices": ["revoke"], "store": ["passphrase"]}
EXIT_CODES = (0, 1, 2, 3, 4, 5, 6, 7, 130)
COMPLETIONS = e2e.SOURCE / "completions"

# The promised fields of each kind of object; more may be added, none may go or change.
SCHEMA = {
    "error": {"exit": int, "text": str},
    "init": {"store": str},
    "group": {"group_kind": str, "group_id": str, "device_id": str, "device_name": str,
              "store": str, "relays": list},
    "relays": {"relays": list},
    "pushed": {"entries": int, "bytes": int, "first_number": int, "last_number": int,
               "acked": bool, "pending": int, "refused": int, "seconds": float},
    "entry": {"seq": int, "sender": str, "number": int, "time_ms": int, "id": str, "own": bool,
              "late": bool, "fork": bool, "length": int},
    "file": {"seq": int, "file": str, "length": int},
    "status": {"store": str, "group_id": str, "group_kind": str, "epoch": int, "rights": list,
               "device_id": str, "device_name": str, "state": str,
               "relays": list, "pending": int, "pending_bytes": int, "unread": int,
               "unread_bytes": int, "last_seq": int, "acked_seq": int, "last_number": int,
               "devices": int, "held": int, "alarms": dict},
    "device": {"device_id": str, "name": str, "self": bool, "rights": list, "seen_ms": int,
               "not_after_s": int, "last_number": int},
    "pair_code": {"code": str, "relay": str, "expires_s": int},
    "pair_wrong_try": {"tries_left": int},
    "pair_digits": {"digits": str},
    "pair_ask": {"name": str},
    "paired": {"device_id": str, "name": str},
    "revoked": {"device_id": str, "name": str, "epoch": int, "let_in": list},
    "epoch": {"epoch": int},
    "left": {"store": str},
    "event": {"event": str},
    "trusted": {"relay": str},
    "store": {"store": str, "passphrase": bool},
    "flushed": {"pending": int},
    "version": {"version": str, "library": str},
}


def text_of(*args):
    done = e2e.zks(*args)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


class Help(e2e.Case):

    def test_help_names_every_command_and_exit_code(self):
        for args in (["--help"], ["-h"], ["help"]):
            code, out, _ = text_of(*args)
            self.assertEqual(code, 0)
            for command in COMMANDS:
                self.assertRegex(out, rf"(?m)^  {command} ")
            for number in EXIT_CODES:
                self.assertRegex(out, rf"(?m)^  {number}[ ,]")

    def test_each_command_has_text_options_and_examples(self):
        for command in COMMANDS:
            for args in ([command, "--help"], ["help", command]):
                code, out, _ = text_of(*args)
                self.assertEqual(code, 0, command)
                self.assertTrue(out.startswith(f"Usage: zks {command}"), out)
                examples = re.findall(r"(?m)^  .*\bzks .*", out.split("Examples:")[1])
                self.assertTrue(examples, command)
                self.assertLessEqual(max(map(len, out.split("\n"))), 100, out)

    def test_options_that_examples_use_exist(self):
        for command in COMMANDS:
            if command == "relay":
                continue
            _, out, _ = text_of(command, "--help")
            known = options_in(out.split("Examples:")[0])
            for part in PARTS.get(command, []):
                known |= options_in(text_of(command, part, "--help")[1].split("Examples:")[0])
            examples = out.split("Examples:")[1].split("Exit codes")[0]
            self.assertLessEqual(options_in(examples), known)

    def test_version_on_one_line(self):
        self.assertRegex(text_of("--version")[1],
                         r"\Azks \d+\.\d+\.\d+ \(library \d+\.\d+\.\d+\)\n\Z")

    def test_docs_have_the_same_exit_codes_and_commands(self):
        text = (e2e.SOURCE / "docs" / "CLI.md").read_text()
        for command in COMMANDS:
            self.assertIn(f"`zks {command}", text)
        for number in EXIT_CODES:
            self.assertRegex(text, rf"(?m)^\| {number} ")


class Completion(e2e.Case):

    def all_options(self):
        found = set()
        for command in COMMANDS:
            for args in [[command]] + [[command, part] for part in PARTS.get(command, [])]:
                if command != "relay":
                    found |= options_in(text_of(*args, "--help")[1].split("Examples:")[0])
        return found

    def test_both_scripts_know_every_command_and_option(self):
        for name in ("zks.bash", "_zks"):
            text = (COMPLETIONS / name).read_text()
            self.assertEqual(self.all_options() - options_in(text), set(), name)
            for command in COMMANDS:
                self.assertRegex(text, rf"\b{command}\b")

    def complete(self, line):
        words = line.split(" ")
        script = (f"source {COMPLETIONS / 'zks.bash'}; COMP_WORDS=({' '.join(map(repr, words))}); "
                  f"COMP_CWORD={len(words) - 1}; _zks; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_bash_completes_commands_parts_and_options(self):
        subprocess.run(["bash", "-n", str(COMPLETIONS / "zks.bash")], check=True)
        self.assertEqual(self.complete("zks pu"), ["push", "pull"])
        self.assertEqual(self.complete("zks group "), PARTS["group"])
        self.assertEqual(self.complete("zks devices re"), ["revoke"])
        self.assertEqual(self.complete("zks devices --on"), ["--online"])
        self.assertEqual(self.complete("zks devices revoke --rec"),
                         ["--recovery", "--recovery-file"])
        self.assertEqual(self.complete("zks --store x watch --un"), ["--until-idle"])
        self.assertEqual(self.complete("zks --log-level d"), ["debug"])


class Json(e2e.Case):

    def check(self, items):
        for item in items:
            fields = SCHEMA[item["kind"]]
            for name, kind in fields.items():
                self.assertIs(type(item.get(name)), kind, f"{name} of {item}")
        return {item["kind"] for item in items}

    def paired_objects(self, relay):
        """What the commands of paired groups print."""
        a, b = Device(self, "laptop"), Device(self, "phone")
        made = a.create_paired(relay.address)
        self.assertEqual(len(made["recovery_code"].split()), 18)
        pairing, code = self.invite(a, "--yes")
        wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
        join = ["join", "-", "--relay", relay.listen, "--name", "phone"]
        # a damaged link is not even tried
        refused = 7 if e2e.SUITE == "default" else 3
        seen = (b.run(*join, data=wrong.encode(), code=refused)[0] +
                b.run(*join, data=code.encode())[0])
        self.assertEqual(pairing.end()[0], 0)
        seen += b.run("group", "rotate")[0]
        seen += a.run("devices", "revoke", "phone", "--yes")[0]
        return [made, *seen, *pairing.items, *a.run("group", "leave", "--yes")[0]]

    def test_every_object_has_its_promised_fields(self):
        relay = self.relay()
        a, b = Device(self, "A"), Device(self, "B")
        seen = self.check(e2e.objects(e2e.zks("--json", "--version").stdout))
        seen |= self.check(a.run("init")[0])
        made = a.create(relay.address)
        self.assertTrue(made["invite"].startswith("zks-invite:"))
        seen |= self.check([made, b.join(made["invite"])])
        watch = self.watch(b)
        watch.wait_connected()
        seen |= self.check(a.run("push", "text", "ä")[0])
        watch.wait_count(2)
        watch.end()
        seen |= self.check(watch.entries + watch.events)
        a.run("push", "more")
        seen |= self.check(b.run("pull", "--out", self.folder / "out")[0])
        for args in (["group", "relays"], ["status", "--online"], ["devices"], ["flush"],
                     ["store", "passphrase", "--remove"]):
            seen |= self.check(a.run(*args)[0])
        where = f"127.0.0.1:{e2e.free_port()}"
        a.run("group", "relays", where)
        seen |= self.check(a.run("trust", where, "ab" * 32)[0])
        seen |= self.check(a.run("pull", "--timeout", "1", code=5)[0])
        seen |= self.check(self.paired_objects(relay))
        never = {"pair_wrong_try"} if e2e.SUITE == "approved" else set()
        self.assertEqual(seen, set(SCHEMA) - never)

    def test_payload_is_text_or_base64(self):
        a, b = self.pair(self.relay())
        (self.folder / "binary").write_bytes(b"\xff\xfe\0")
        a.run("push", "plain \u00e4 \"quoted\" \x07")
        a.run("push", "--file", self.folder / "binary")
        first, second = b.entries()
        self.assertEqual(first["text"], "plain \u00e4 \"quoted\" \x07")
        self.assertEqual(second["base64"], "//4A")
        self.assertEqual((first["length"], second["length"]), (19, 3))

    def test_errors_are_sentences_and_objects(self):
        items, errors = Device(self, "none").run("status", code=4)
        self.assertEqual(items[0]["exit"], 4)
        self.assertEqual(errors, f"zks: {items[0]['text']}\n")


class Output(e2e.Case):

    def test_terminal_escapes_of_others_do_not_reach_the_terminal(self):
        a, b = self.pair(self.relay())
        a.run("push", "--file", "-", data=b"red \x1b[31m\ttab \xc2\x9b31m \xe2\x80\xae\\ end\n")
        out = e2e.zks("--store", b.store, "pull").stdout
        self.assertEqual(out.count(b"\n"), 1)
        self.assertEqual(out.split(b"\t")[3],
                         rb"red \x1b[31m\ttab \xc2\x9b31m \xe2\x80\xae\\ end\n" + b"\n")

    def test_reader_that_ends_early_loses_nothing(self):
        a, b = self.pair(self.relay())
        lines = [b"%06d" % i for i in range(5000)]
        a.run("push", "--lines", "-", data=b"\n".join(lines))
        with subprocess.Popen(b.command("pull", "--json"), stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(e2e.PATIENCE), 1)
        left = b.payloads()
        self.assertEqual(left, lines[-len(left):])
        self.assertEqual(left[-1], lines[-1])
        self.assertGreater(len(left), 2000, "what was not printed comes again")

    def test_full_output_device_is_an_error_and_loses_nothing(self):
        a, b = self.pair(self.relay())
        a.run("push", "kept")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(b.command("pull"), stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot be written", done.stderr)
        self.assertEqual(b.payloads(), [b"kept"])

    def test_progress_goes_to_stderr_only_when_asked(self):
        a, _ = self.pair(self.relay())
        data = b"line\n" * 20000
        quiet = e2e.zks("--store", a.store, "-q", "push", "--lines", "-", data=data)
        self.assertEqual((quiet.returncode, quiet.stdout, quiet.stderr), (0, b"", b""))
        told = e2e.zks("--store", a.store, "push", "--progress", "--lines", "-", data=data)
        self.assertEqual(told.stdout, b"")
        self.assertRegex(told.stderr, rb"entries (stored|wait)")


class Secrets(e2e.Case):

    def test_files_are_for_their_owner_only(self):
        a = Device(self, "A")
        a.create("127.0.0.1:1", "--timeout", "1")
        a.run("push", "--stored", "x")
        files = [p for p in self.folder.iterdir() if p.is_file()]
        self.assertGreaterEqual(len(files), 3)
        for path in files:
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)

    def test_default_place_follows_xdg(self):
        home = self.folder / "home"
        home.mkdir()
        env = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
        self.assertEqual(e2e.zks("group", "create", env=env).returncode, 0)
        self.assertTrue((home / "data" / "0k-sync" / "store.zks").is_file())
        env["ZKS_STORE"] = str(self.folder / "chosen.zks")
        self.assertEqual(e2e.zks("group", "create", env=env).returncode, 0)
        self.assertTrue((self.folder / "chosen.zks").is_file())

    def test_nothing_secret_is_logged(self):
        relay = self.relay()
        (self.folder / "pass").write_text("hunter2-hunter2")
        a, b = Device(self, "A"), Device(self, "B")
        done = e2e.zks("-s", a.store, "-vv", "--json", "group", "create", "--relay", relay.address,
                       "--passphrase-file", self.folder / "pass")
        made = e2e.objects(done.stdout)[0]
        b.join(made["invite"])
        log = done.stderr + e2e.zks("-s", a.store, "-vv", "push", "plain text of mine").stderr
        log += e2e.zks("-s", b.store, "-vv", "pull").stderr + relay.log.read_bytes()
        self.assertGreater(len(log), 200)
        secrets = [b"hunter2", b"plain text of mine", made["invite"][11:40].encode(),
                   made["group_id"].encode(), made["device_id"].encode()]
        for secret in secrets:
            self.assertNotIn(secret, log)


def unread(pipe):
    """Bytes that its reader has not taken yet."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


class Interrupt(e2e.Case):

    def test_ctrl_c_while_pushing_keeps_what_was_read(self):
        relay = self.relay()
        a, b = self.pair(relay)
        relay.kill()
        process = subprocess.Popen(a.command("push", "--lines", "-"), stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdin.write(b"one\ntwo\n")
        process.stdin.flush()
        e2e.wait_for("both lines are read", lambda: not unread(process.stdin))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(e2e.PATIENCE), 130)
        process.stdin.close()
        process.stderr.close()
        relay.start()
        a.run("flush")
        self.assertEqual(b.payloads(), [b"one", b"two"])

    def test_ctrl_c_while_waiting_for_the_relay(self):
        a = Device(self, "A")
        a.create("127.0.0.1:1", "--timeout", "1")
        process = subprocess.Popen(a.command("push", "--timeout", "600", "x"),
                                   stderr=subprocess.PIPE)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(e2e.PATIENCE), 130)
        process.stderr.close()
        self.assertEqual(a.one("status")["pending"], 1)


if __name__ == "__main__":
    e2e.main()
