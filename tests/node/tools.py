# SPDX-License-Identifier: MIT OR Apache-2.0
"""Where the tests in Python find runtimes and the package."""
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))
from deps import DEPS  # noqa: E402

TOOLS = DEPS / "tools/node"
PATIENCE_S = 120
RUNTIMES = {"node": [], "bun": [], "deno": ["run", "--allow-all", "--quiet"]}


def command(runtime, *arguments):
    """A runtime's command line; the file and its arguments follow."""
    program = TOOLS / "bin" / runtime
    if not program.exists():
        raise SystemExit(f"{program} is missing: run scripts/bootstrap --test")
    return [str(program), *RUNTIMES[runtime], *map(str, arguments)]


def run(words, cwd, patience=PATIENCE_S, **env):
    """A finished process with its output as text."""
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=patience,
                          env={**os.environ, "NO_COLOR": "1", **env}, check=False)
