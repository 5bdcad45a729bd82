#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The prompt for a passphrase ends, with the terminal as it was, whenever somebody wants it to."""
import os
import signal
import subprocess

import e2e

TIMES = 100 // e2e.SLOW**2
CREATE = ["group", "create", "--passphrase"]
FIRST, AGAIN = b"Passphrase: ", b"The same again: "
CTRL_C, CTRL_D = b"\x03", b"\x04"


class Prompt(e2e.Terminal):

    def test_ctrl_c_as_soon_as_it_appears(self):
        for _ in range(TIMES):
            process = self.start(*CREATE)
            self.answer(FIRST, CTRL_C)
            self.end(process, 130)

    def test_ctrl_c_at_the_second_question(self):
        for _ in range(TIMES // 2):
            process = self.start(*CREATE)
            self.answer(FIRST, b"phrase\n")
            self.answer(AGAIN, CTRL_C)
            self.end(process, 130)
            self.assertNotIn(b"differ", self.shown)
            self.assertNotIn(b"phrase\r", self.shown)

    def test_ctrl_c_at_the_questions_for_the_stores_passphrase(self):
        self.end(self.start("group", "create"), 0)
        process = self.start("store", "passphrase")
        self.answer(b"new passphrase: ", CTRL_C)
        self.end(process, 130)
        process = self.start("store", "passphrase")
        self.answer(b"new passphrase: ", b"phrase\n")
        self.answer(AGAIN, b"phrase\n")
        self.end(process, 0)
        process = self.start("status")
        self.answer(b"passphrase: ", CTRL_C)
        self.end(process, 130)

    def test_sigterm(self):
        process = self.start(*CREATE)
        self.wait_question(FIRST)
        process.send_signal(signal.SIGTERM)
        self.end(process, 143)

    def test_end_of_input(self):
        process = self.start(*CREATE)
        self.answer(FIRST, CTRL_D)
        self.end(process, 2)
        self.assertIn(b"no terminal", self.shown)

    def test_a_terminal_that_goes_away(self):
        process = self.start_command("sh", "-c", "trap '' HUP; exec \"$@\"", "sh",
                                     *self.a.command(*CREATE), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
        self.wait_question(FIRST)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, self.slave)
        os.dup2(null, self.master)
        os.close(null)
        errors = process.communicate(timeout=e2e.PATIENCE)[1]
        self.assertEqual(process.returncode, 2)
        self.assertIn(b"no terminal", errors)


if __name__ == "__main__":
    e2e.main()
