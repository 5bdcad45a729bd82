#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs a test under valgrind's memcheck and reads what it found.

usage: tests/valgrind/memcheck.py [--name NAME] COMMAND [ARGUMENT...]

A program of the build runs under valgrind itself, tests/python/run lets Python run there
(ZKS_SANITIZER=memcheck tells it), and every other test gets a ZKS_BIN_DIR whose programs do. What
they start is followed. Each process writes a log into build/<configuration>/valgrind/NAME.

Findings are wrong accesses, uses of uninitialised values, memory that is lost (also "possibly") and
descriptors that are left open. What is lost or open says nothing where a process did not end in
order: a forked child (the parent's threads are gone), a process that a signal ended, one that is
meant to leave everything (LEAVES). Of Python, which loses memory itself, only what our code took
counts, and no descriptors: the package's engine lives until the process ends.

valgrind's own exit code is not used: it would change what a test sees of the programs it starts.
VALGRIND_OPTS adds options, --track-origins=yes above all. valgrind itself needs libc6-dbg.
Exit codes: the command's; 1 where something was found; 77 where valgrind is not there.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("ZKS_BUILD_DIR", SOURCE / "build" / "dev"))
LEAVES = ["abi_prog_exit"]
# A pipe that signal handlers write to until the process is gone.
KEPT = re.compile(r": cli_signals ")
OURS = re.compile(r": _?(zks|cffi_[df]_)|\(in .*(_native\.abi3\.so|libzks)")
PYTHON = re.compile(r"\(in .*/(python3|libpython|_cffi_backend)[^/]*\)")
LOST = " lost in loss record "
SKIPPED = "*/sh,*/bash,*/dash,*/env,*/gcc*,*/cc,*/under-valgrind/*"
SLOWER = "10"


def options(logs):
    """What valgrind is told, for VALGRIND_OPTS: no option of ours has a space in it."""
    return ["--leak-check=full", "--show-leak-kinds=definite,possible", "--track-fds=yes",
            "--num-callers=30", "--error-limit=no", "--fair-sched=try", "--trace-children=yes",
            f"--trace-children-skip={SKIPPED}", f"--suppressions={SOURCE}/tests/valgrind.supp",
            f"--log-file={logs}/%p.log"]


class Process:
    """One process's log: its command, its parent, and the blocks of lines that have a stack."""

    def __init__(self, path):
        text = path.read_text(errors="replace")
        self.path = path
        self.pid = int(path.stem)
        self.command = self.header(text, "Command")
        self.parent = int(self.header(text, "Parent PID") or 0)
        self.signalled = "Process terminating with default action of signal" in text
        self.complete = "ERROR SUMMARY" in text
        lines = re.sub(r"(?m)^==\d+== ?", "", text)
        lines = re.sub(r"(?m)^FILE DESCRIPTORS: .*\n", "", lines)
        blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", lines)]
        self.blocks = [block for block in blocks if "   at 0x" in block and
                       not block.startswith("Process terminating")]

    @staticmethod
    def header(text, name):
        match = re.search(rf"(?m)^==\d+== {name}: (.*)$", text)
        return match[1] if match else ""

    def is_python(self):
        return Path(self.command.split(" ")[0]).name.startswith("python")

    def ended_in_order(self, processes):
        parent = processes.get(self.parent)
        forked = parent is not None and parent.command == self.command
        leaves = any(name in self.command for name in LEAVES)
        return self.complete and not (forked or self.signalled or leaves)

    def findings(self, processes):
        in_order = self.ended_in_order(processes)
        for block in self.blocks:
            lost, left_open = LOST in block, block.startswith("Open ")
            if (lost or left_open) and not in_order or left_open and KEPT.search(block):
                continue
            if self.is_python() and (left_open or lost and not self.counts_in_python(block)):
                continue
            yield block

    @staticmethod
    def counts_in_python(block):
        """Whether our code took it, itself or by a library, and not Python that our code called."""
        first, *stack = block.split("\n")
        if " possibly lost " in first:
            return False  # as Python's own objects are, which begin before their address
        for line in stack:
            if PYTHON.search(line):
                return False
            if OURS.search(line):
                return True
        return False


def read_logs(logs):
    """(number of processes, [(process, finding)])"""
    processes = {p.pid: p for p in map(Process, sorted(logs.glob("*.log")))}
    return len(processes), [(p, block) for p in processes.values()
                            for block in p.findings(processes)]


def wrap_programs(folder):
    """A folder with the build's programs, each under valgrind."""
    folder.mkdir()
    for name in ("zks", "zks-relay"):
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\nexec valgrind "{BUILD}/bin/{name}" "$@"\n')
        wrapper.chmod(0o755)
    return folder


def run(name, command, environment):
    """(the command's status, number of processes under valgrind, findings)"""
    logs = BUILD / "valgrind" / name
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    settings = {"VALGRIND_OPTS": " ".join([*options(logs), environment.get("VALGRIND_OPTS", "")]),
                "ZKS_BIN_DIR": str(wrap_programs(logs / "under-valgrind")),
                "ZKS_SANITIZER": "memcheck", "ZKS_SLOWER": SLOWER,
                "CK_FORK": environment.get("CK_FORK", "no"), "CK_TIMEOUT_MULTIPLIER": SLOWER}
    program = Path(shutil.which(command[0]) or command[0])
    if program.is_relative_to(BUILD):
        command = ["valgrind", *command]
    status = subprocess.run(command, env={**environment, **settings}, check=False).returncode
    return status, *read_logs(logs)


def show(count, found):
    for process, block in found:
        print(f"--- {process.command} ({process.path})\n{block}\n")
    print(f"memcheck: {count} processes, {len(found)} findings")


def main(arguments):
    name = None
    if arguments[:1] == ["--name"]:
        name, arguments = arguments[1], arguments[2:]
    if not arguments:
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("valgrind is not there: run scripts/bootstrap --test")
        return 77
    status, count, found = run(name or Path(arguments[0]).stem, arguments, dict(os.environ))
    show(count, found)
    if count == 0:
        print("memcheck: nothing ran under valgrind")
    return 1 if found or count == 0 or status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
