# SPDX-License-Identifier: MIT OR Apache-2.0
"""The cases with each device in a process of another language (README.md, "Peers").

A case's devices are dealt out in the order of their names, and again shifted by one language until
every language has had every place. What a verb keeps (codes, words, invites) and the ids of devices
go to the other processes; the transcript must be that of a single driver.
"""
import contextlib
import json
import os
import re
import secrets
import subprocess
import threading

from languages import LANGUAGES, Missing

OPENING = ("create", "open", "join", "restore")
KEEPING = ("invite", "pair", "digits")  # the variable is their third element
ONE_PROCESS = ("relay", "derive")  # cases with these verbs say nothing about several
BLOB = re.compile(r" ([A-Z]#\d+)\b")
RANDOM_BYTES = {"secret": 32, "salt": 16, "store_key": 32}


def plain(steps):
    """The steps, with those that are begun in the background in place of their start."""
    return [step[2] if step[0] == "start" else step for step in steps]


def devices(steps):
    """Names of one capital letter."""
    names = {step[1] for step in plain(steps) if isinstance(step[1], str)}
    return sorted(name for name in names if len(name) == 1 and name.isupper())


def is_for_several(case):
    return case.get("mixed", True) and len(devices(case["steps"])) > 1 and \
        not any(step[0] in ONE_PROCESS for step in plain(case["steps"]))


class Peer:
    """A driver that reads its steps from us."""

    def __init__(self, language, relay, folder, patience_s):
        command = LANGUAGES[language]()
        self.language = language
        self.process = subprocess.Popen(
            [*command.argv, "--relay", relay, "--dir", str(folder), "--peer"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", bufsize=1,
            env={**os.environ, **command.environment}, cwd=command.folder)
        self.watchdog = threading.Timer(patience_s, self.process.kill)
        self.watchdog.daemon = True
        self.watchdog.start()

    def do(self, *step):
        """The lines that a step prints."""
        self.process.stdin.write(json.dumps(step) + "\n")
        lines = []
        while (line := self.process.stdout.readline()) != ".\n":
            if not line:
                raise RuntimeError(f"{self.language}: the driver ended in {step}")
            lines.append(line)
        return lines

    def end(self):
        """The exit code."""
        with contextlib.suppress(BrokenPipeError):  # it is gone already
            self.process.stdin.close()
        code = self.process.wait()
        self.process.stdout.close()
        self.watchdog.cancel()
        return code


class Stage:
    """One run of a case: who plays which device."""

    def __init__(self, peers, shift):
        self.peers, self.shift = peers, shift
        self.parts = {}  # device or background step -> peer
        self.inner = {}  # background step -> its step
        self.blobs = set()  # names whose ids all peers know

    def peer_of(self, step):
        verb, name = step[0], step[1]
        if verb == "start":
            self.inner[name] = step[2]
            self.parts[name] = self.peer_of(step[2])
        return self.parts[name]

    def deal(self, steps):
        """Devices to peers, in the order of their names."""
        for i, name in enumerate(devices(steps)):
            self.parts[name] = self.peers[(i + self.shift) % len(self.peers)]

    def share(self, owner, name):
        """Tells the others what one has."""
        value = owner.do("get", name)[0].removeprefix("= ").rstrip("\n")
        for peer in self.peers:
            if value and peer is not owner:
                peer.do("set", name, value)

    def after(self, step):
        """What the others have to know of a step that is done."""
        if step[0] == "finish":
            step = self.inner[step[1]]
        verb, name, *rest = step
        if verb in OPENING:
            self.share(self.parts[name], name)
        if verb == "create":
            self.share(self.parts[name], f"words:{name}")
        if verb in KEEPING:
            self.share(self.parts[name], rest[0])

    def share_blobs(self, owner, lines):
        """The ids of blobs that a step was the first to name: the others must see the same."""
        for name in sorted(set(BLOB.findall("".join(lines))) - self.blobs):
            self.blobs.add(name)
            self.share(owner, name)

    def randoms(self, value):
        """(variable, value) for what a step leaves to chance: all must have the same."""
        if isinstance(value, dict):
            for key, size in RANDOM_BYTES.items():
                if str(value.get(key, "")).startswith("$"):
                    yield value[key][1:], secrets.token_hex(size)
        if isinstance(value, (dict, list)):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from self.randoms(inner)

    def run(self, name, suite, steps):
        values = dict(self.randoms(steps))
        for peer in self.peers:
            peer.do("case", f"{name}-{self.shift}", suite)
            for variable, value in values.items():
                peer.do("set", variable, value)
        self.deal(steps)
        lines = [f"case {name} {suite}\n"]
        for step in steps:
            owner = self.peer_of(step)
            said = owner.do(*step)
            lines += said
            self.share_blobs(owner, said)
            if step[0] != "start":
                self.after(step)
        return "".join(lines)


def runs(cases, peers, only):
    """Every case in each of its suites and with each deal, as (expected line, transcript)."""
    for case in cases:
        if is_for_several(case) and only in (None, case["name"]):
            for suite in case.get("suites", ["default"]):
                for shift in range(len(peers)):
                    yield (f"case {case['name']} {suite}",
                           Stage(peers, shift).run(case["name"], suite, case["steps"]))


def start(languages, relay, folder, patience_s):
    """(peers, why others are missing)"""
    peers, missing = [], []
    for language in languages:
        try:
            peers.append(Peer(language, relay, folder, patience_s))
        except Missing as why:
            missing.append(f"{language}: skipped: {why}")
    return peers, missing


def compare(cases, peers, only, expected, differ):
    """(how many transcripts, how many differ)"""
    count = wrong = 0
    for title, got in runs(cases, peers, only):
        count += 1
        wrong += differ(f"{title}, {' and '.join(p.language for p in peers)}", expected(title), got)
    return count, wrong


def run(args, relay, folder, expected, differ):
    """The exit code. expected: the transcript that begins with a line; differ: prints and tells."""
    cases = json.loads(args.cases.read_text(encoding="utf-8"))
    peers, missing = start(args.languages, relay, folder, args.patience_s)
    print("\n".join(missing), end="\n" if missing else "")
    if len(peers) < 2:
        print("a mixed group needs two languages")
        return 77 if missing else 2
    try:
        count, wrong = compare(cases, peers, args.case, expected, differ)
    finally:
        codes = [peer.end() for peer in peers]
    names = ", ".join(peer.language for peer in peers)
    print(f"{names} in mixed groups: {count - wrong} of {count} transcripts as expected")
    return 1 if wrong or any(codes) or not count else 0
