# SPDX-License-Identifier: MIT OR Apache-2.0
"""The programs in docs/PYTHON.md run as they stand there, and say what they promise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/PYTHON.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)
SAID = [
    "received: b'hello, ben'\n",
    "entry 1 is on disk, 1 to be sent\n",
    "UNREACHABLE retry True\nit tries again by itself: True\n",
    "18 words to write down\nlaptop is in: True\n",
]


def test_each_program_has_its_words():
    assert len(BLOCKS) == len(SAID)


@pytest.mark.parametrize("number", range(len(SAID)))
def test_program_runs(tmp_path, number):
    done = subprocess.run([sys.executable, "-X", "dev", "-c", BLOCKS[number]], cwd=tmp_path,
                          text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, SAID[number]), done.stderr
    assert "Warning" not in done.stderr
