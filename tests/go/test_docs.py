#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compiles the Go code of docs/GO.md, and runs its first program against a relay.

A block with `package main` is a program. Another is the inside of a function that has ctx and
client and may return an error; what it imports is found by the names it uses.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ["ZKS_SOURCE_DIR"])
BIN = Path(os.environ["ZKS_BIN_DIR"])
MODULE = "github.com/0k-sync/0k-sync/bindings/go"
PACKAGES = {"zks": f"{MODULE}/zks", "fmt": "fmt", "json": "encoding/json", "errors": "errors",
            "slog": "log/slog", "os": "os", "log": "log"}
DEADLINE_S = 300


def environment():
    """That of env.sh, with the library of this build."""
    script = 'source "$0"; env -0'
    out = subprocess.run(["bash", "-c", script, str(ROOT / "tests/go/env.sh")], check=True,
                         stdout=subprocess.PIPE, timeout=DEADLINE_S)
    return dict(item.split("=", 1) for item in out.stdout.decode().split("\0") if item)


def fragment(block, number):
    """A file of the package `fragments` with the block in a function."""
    used = {"zks", *re.findall(r"\b([a-z]+)\.[A-Z]", block)}
    imports = [f'\t"{PACKAGES[name]}"' for name in sorted(used & PACKAGES.keys())]
    # An error that the text looks at no more is fine in a text.
    forgets = re.search(r"^(?!for |if )[^\t\n]*\berr :?=", block, re.M)
    body = block + ("\n_ = err" if forgets else "")
    return "\n".join(["package fragments", "import (", '\t"context"', *imports, ")",
                      "var _ = zks.Version",
                      f"func fragment{number}(ctx context.Context, client *zks.Client) error {{",
                      body, "return nil", "}", ""])


def write_project(place, blocks):
    (place / "go.mod").write_text(
        f"module docs\ngo 1.23\nrequire {MODULE} v0.0.0\n"
        f"replace {MODULE} => {ROOT / 'bindings/go'}\n")
    for number, block in enumerate(blocks):
        folder = place / (f"program{number}" if "package main" in block else "fragments")
        folder.mkdir(exist_ok=True)
        text = block if "package main" in block else fragment(block, number)
        (folder / f"block{number}.go").write_text(text)


def start_relay(place):
    command = [BIN / "zks-relay", "--listen", "127.0.0.1:0", "--data", place / "relay"]
    relay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return relay, re.search(r"zks://\S+", relay.stdout.readline())[0]


def run_program(place, env, program):
    """The first program sees its own entry come back from the relay."""
    relay, address = start_relay(place)
    try:
        done = subprocess.run([place / program, address], cwd=place, env=env, check=False,
                              timeout=DEADLINE_S, capture_output=True, text=True)
    finally:
        relay.kill()
        relay.wait()
    if done.returncode or done.stdout != "1: hello\n":
        sys.exit(f"the first program of GO.md: {done.returncode}, {done.stdout}{done.stderr}")


def main():
    blocks = re.findall(r"^```go\n(.*?)^```", (ROOT / "docs/GO.md").read_text(), re.M | re.S)
    programs = [n for n, block in enumerate(blocks) if "package main" in block]
    if not programs or len(blocks) < 5:
        sys.exit(f"only {len(blocks)} blocks of Go were found in docs/GO.md")
    env = environment()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_project(place, blocks)
        for command in (["go", "vet", "./..."],
                        ["go", "build", "-o", str(place / "first"), f"./program{programs[0]}"]):
            done = subprocess.run(command, cwd=place, env=env, check=False, timeout=DEADLINE_S)
            if done.returncode:
                sys.exit(f"{' '.join(command)} failed")
        run_program(place, env, "first")
    print(f"{len(blocks)} blocks of docs/GO.md compile, the first program runs")


if __name__ == "__main__":
    main()
