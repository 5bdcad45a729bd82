#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a device misses is told, says what it is, and is counted for good."""
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys

import e2e
from e2e import Device

# The wall clock of a program, ahead by the milliseconds that a file says.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int result = real(clock, out);
    const char *ahead = getenv("ZKS_TEST_CLOCK_AHEAD_S");
    if (result == 0 && clock == CLOCK_REALTIME && ahead) {
        out->tv_sec += atol(ahead);
    }
    return result;
}
"""
COMPILER = shlex.split(os.environ.get("CC", "cc"))
STEP_S, LOOKS = 11 * 60, 5  # a gap is asked for at one look and given up at a later one


class Alarms(e2e.Case):

    def clock(self):
        library, source = self.folder / "clock.so", self.folder / "clock.c"
        source.write_text(CLOCK)
        subprocess.run([*COMPILER, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"],
                       check=True)
        return library

    def lose(self, relay, nth):
        """The relay, which stands still meanwhile, loses the n-th blob that it was given."""
        relay.stop()
        database = next(p for p in relay.folder.iterdir()
                        if p.read_bytes()[:15] == b"SQLite format 3")
        with sqlite3.connect(database) as db:
            rows = [r for (r,) in db.execute("SELECT seq FROM blobs ORDER BY seq")]
            db.execute("DELETE FROM blobs WHERE seq = ?", (rows[nth - 1],))
        db.close()
        relay.start()

    def look(self, device, clock, ahead_s):
        """What `zks watch` says in a moment of that time."""
        watch = self.watch(device, "--until-idle", "1",
                           env={"LD_PRELOAD": str(clock), "ZKS_TEST_CLOCK_AHEAD_S": str(ahead_s)})
        code, errors = watch.end(0)
        self.assertEqual(code, 0, errors)
        return watch, errors

    def test_gap_names_its_entries_and_is_counted(self):
        relay = self.relay()
        a, b = self.pair(relay)
        sender = a.one("status")["device_id"]
        for text in ("one", "two", "three"):
            a.run("push", text)
        self.lose(relay, 2)
        clock, gaps, said, payloads = self.clock(), [], "", []
        for n in range(LOOKS):
            watch, errors = self.look(b, clock, n * STEP_S)
            payloads += watch.payloads()
            gaps += [e for e in watch.events if e.get("event") == "history_gap"]
            said += errors
        self.assertEqual(len(gaps), 1)
        self.assertEqual((gaps[0]["device"], gaps[0]["first"], gaps[0]["last"]), (sender, 2, 2))
        self.assertRegex(gaps[0]["chain"], "^[0-9a-f]{32}$")
        self.assertIn(f"(device {sender[:8]}, entry 2)", said)
        self.assertEqual(payloads, [b"one", b"three"])
        for _ in range(2):  # not told again, but counted
            alarms = b.one("status")["alarms"]
            self.assertEqual(alarms.pop("gaps"), 1)
            self.assertEqual(set(alarms.values()), {0})
        shown = e2e.zks("--store", b.store, "status").stdout.decode()
        self.assertRegex(shown, "(?m)^alarms +gaps 1$")
        shown = e2e.zks("--store", a.store, "status").stdout.decode()
        self.assertRegex(shown, "(?m)^alarms +none$")


if __name__ == "__main__":
    if os.environ.get("ZKS_SANITIZER") or not shutil.which(COMPILER[0]):
        print("needs a C compiler, and a build without sanitizers")
        sys.exit(77)
    e2e.main()
