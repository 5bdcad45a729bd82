#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""completions/_zks in a real, interactive zsh: what Tab offers, compared with what --help says."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import e2e

ZSH = shutil.which("zsh")
COMPLETIONS = e2e.SOURCE / "completions"
KILL_LINE, DONE = "\x15", "\x07"
# Matches go to a file as well as to the shell. Calls that only fill an array offer nothing.
SETUP = r"""
PS1= ; unsetopt auto_list auto_menu beep; LISTMAX=10000
fpath=({completions} $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {{
  if (( ! ${{argv[(I)-[A-Za-z0-9]#[OAD]]}} )); then
    local -a offered
    builtin compadd -A offered "$@"
    (( $#offered )) && print -rl -- "$offered[@]" >>{out}
  fi
  builtin compadd "$@"
}}
done_here() {{ print -r -- "LINE $BUFFER" >>{out}; BUFFER= }}
zle -N done_here
bindkey -e; bindkey '^I' complete-word; bindkey '^G' done_here
print READY >>{out}
"""
COMMANDS = ["init", "group", "pair", "join", "push", "pull", "watch", "status", "devices", "relay",
            "store", "trust", "flush"]
GROUP = ["create", "join", "invite", "relays", "restore", "rotate", "leave"]
DEVICES = ["revoke"]


class Shell:
    """zsh on a terminal of its own."""

    def __init__(self, folder):
        self.out = folder / "offered"
        setup = folder / "setup.zsh"
        setup.write_text("setopt extended_glob\n" +
                         SETUP.format(completions=COMPLETIONS, out=self.out))
        self.out.write_text("")
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([ZSH, "-f", "-i"], stdin=slave, stdout=slave, stderr=slave,
                                        cwd=folder, start_new_session=True,
                                        env=e2e.environment(TERM="dumb", HOME=str(folder)))
        os.close(slave)
        self.screen = b""
        self.say(f"source {setup}\n")
        self.wait("READY")

    def say(self, text):
        os.write(self.master, text.encode())

    def wait(self, word):
        """What was written into the file up to a line that begins with word."""
        end = time.monotonic() + e2e.PATIENCE
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.02)[0]:
                self.screen += os.read(self.master, 65536)
            text = self.out.read_text()
            match = re.search(rf"(?m)^{word}(.*)\n", text)
            if match:
                self.out.write_text("")
                return text[:match.start()].split("\n")[:-1], match[1].lstrip(" ")
        raise AssertionError(f"zsh did not answer; it shows {self.screen[-800:]!r}")

    def tab(self, line):
        """(what is offered, the line after it) for Tab behind a line."""
        self.say(f"{KILL_LINE}{line}\t{DONE}")
        return self.wait("LINE")

    def end(self):
        os.close(self.master)
        try:
            self.process.wait(e2e.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


class Zsh(e2e.Case):

    def setUp(self):
        super().setUp()
        self.shell = Shell(self.folder)
        self.addCleanup(self.shell.end)

    def test_commands_and_parts_are_offered(self):
        offered, _ = self.shell.tab("zks ")
        self.assertEqual(sorted(COMMANDS + ["help"]), sorted(o for o in offered if o[0] != "-"))
        self.assertEqual(["pull", "push"], sorted(set(self.shell.tab("zks pu")[0])))
        offered, _ = self.shell.tab("zks group ")
        self.assertEqual(sorted(GROUP), sorted(offered))
        offered, _ = self.shell.tab("zks devices ")
        self.assertEqual(sorted(DEVICES), sorted(o for o in offered if o[0] != "-"))

    def test_a_single_candidate_is_typed(self):
        for line, end in (("zks sta", "tus"), ("zks watch --until", "-idle"),
                          ("zks --log-level w", "arn"), ("zks group in", "vite"),
                          ("zks group invite --qr-p", "ng"), ("zks group invite --qr li", "ght"),
                          ("zks -s x group create --secret-f", "ile")):
            self.assertEqual(line + end, self.shell.tab(line)[1].rstrip())

    def test_files_are_offered_where_files_are_taken(self):
        (self.folder / "only-one.txt").write_text("")
        for line in ("zks push --file only", "zks -s only", "zks group create --secret-file only",
                     "zks group invite --qr-svg only"):
            self.assertIn("only-one.txt", self.shell.tab(line)[1], line)

    def test_options_are_those_of_the_help(self):
        for words in [[c] for c in COMMANDS if c not in ("group", "relay", "store")] + \
                     [["group", part] for part in GROUP] + \
                     [["devices", part] for part in DEVICES] + \
                     [["store", "passphrase"]]:
            text = e2e.zks(*words, "--help").stdout.decode().split("Examples:")[0]
            offered, _ = self.shell.tab(f"zks {' '.join(words)} --")
            text = text[text.index("Options of this command"):]
            self.assertEqual(sorted(options_in(text)),
                             sorted({o for o in offered if o.startswith("--")}), words)


if __name__ == "__main__":
    if not ZSH:
        print("skipped: zsh is not installed")
        sys.exit(77)
    e2e.main()
