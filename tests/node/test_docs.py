#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The programs in docs/NODE.md, as they stand there: each runs under Node, Bun and Deno and prints
what the page says behind it."""
import re
import sys
import tempfile
from pathlib import Path

from tools import RUNTIMES, SOURCE, command, run

PROGRAM = re.compile(r"^```js\n(.*?)^```\n\n```text\n(.*?)^```$", re.M | re.S)


def main():
    page = (SOURCE / "docs/NODE.md").read_text(encoding="utf-8")
    programs = PROGRAM.findall(page)
    if len(programs) != page.count("```js") or len(programs) < 3:
        print(f"docs/NODE.md: {page.count('```js')} programs, {len(programs)} with their output")
        return 1
    failures = 0
    for number, (text, wanted) in enumerate(programs, 1):
        for runtime in RUNTIMES:
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder) / "node_modules/@0k-sync"
                place.mkdir(parents=True)
                (place / "native").symlink_to(SOURCE)
                (Path(folder) / "package.json").write_text(
                    '{"dependencies": {"@0k-sync/native": "0.2.0"}}', encoding="utf-8")
                (Path(folder) / "program.mjs").write_text(text, encoding="utf-8")
                done = run(command(runtime, "program.mjs"), folder)
            if (done.returncode, done.stdout, done.stderr) == (0, wanted, ""):
                continue
            failures += 1
            print(f"program {number} under {runtime}: exit code {done.returncode}\n"
                  f"--- wanted\n{wanted}--- got\n{done.stdout}--- errors\n{done.stderr}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
