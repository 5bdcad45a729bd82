# SPDX-License-Identifier: MIT OR Apache-2.0
"""The types: mypy --strict on the package and on an app, and it finds an app's mistakes."""

import os
import subprocess
import sys
from pathlib import Path

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


MISTAKES = [
    'await client.push("text")',
    "await client.push(b'x', ack=True)",
    "number: str = (await client.push(b'x')).number",
    "client.entries().seq",
    "for entry in client.entries(): pass",
    "zerok_sync.Config(5)",
    "zerok_sync.Config(relays=5)",
    "await client.ack('1')",
    "async with zerok_sync.create_group(zerok_sync.Config()) as c: c.push(b'')",
    "blocking.open(zerok_sync.Config()).push(b'').blob_ids[0].hex().number",
]


def test_mistakes_are_found(tmp_path):
    app = tmp_path / "app.py"
    app.write_text("import zerok_sync\nfrom zerok_sync import blocking\n\n"
                   "async def work(client: zerok_sync.Client) -> None:\n"
                   + "".join(f"    {line}\n" for line in MISTAKES))
    done = mypy(app, cwd=tmp_path)
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == set(range(5, 5 + len(MISTAKES))), done.stdout


def test_lint_is_clean():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache",
                           "bindings/python", "tests/python", "abi/gen/python.py",
                           "tests/conformance/driver.py", "tests/conformance/python",
                           "tests/bench/local.py"],
                          cwd=SOURCE, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout
