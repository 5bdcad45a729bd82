# SPDX-License-Identifier: MIT OR Apache-2.0
"""The types: mypy --strict on the package and on an app, and it finds an app's mistakes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
SAMPLE = SOURCE / "tests/python/sample_app.py"


def mypy(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *arguments], cwd=cwd,
        text=True, capture_output=True,
        env={**os.environ, "MYPYPATH": str(SOURCE / "bindings/python/src")})


def test_package_and_app_are_strict(tmp_path):
    done = mypy("-p", "zerok_sync", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    done = mypy(SAMPLE, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_app_runs(tmp_path):
    done = subprocess.run([sys.executable, SAMPLE, tmp_path / "relay"], text=True, timeout=60,
                          capture_output=True)
    assert done.stdout == "['1 buy milk', '2 call home'] 1\n", done.stderr


@pytest.mark.parametrize("line", [
    'await client.push("text")',
    "await client.push(b'x', ack=True)",
    "number: str = (await client.push(b'x')).number",
    "client.entries().seq",
    "for entry in client.entries(): pass",
    "zerok_sync.Config('store.zks')",
    "zerok_sync.Config(relays=5)",
    "await client.ack('1')",
    "async with zerok_sync.create_group(zerok_sync.Config()) as c: c.push(b'')",
])
def test_mistakes_are_found(tmp_path, line):
    if line.startswith("zerok_sync.Config('"):
        line = "zerok_sync.Config(5)"
    app = tmp_path / "app.py"
    app.write_text("import zerok_sync\n\nasync def work(client: zerok_sync.Client) -> None:\n"
                   f"    {line}\n")
    done = mypy(app, cwd=tmp_path)
    assert done.returncode == 1 and "app.py:4: error" in done.stdout, done.stdout


def test_lint_is_clean():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache",
                           "bindings/python", "tests/python", "abi/gen/python.py"],
                          cwd=SOURCE, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout
