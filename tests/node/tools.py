# SPDX-License-Identifier: MIT OR Apache-2.0
"""Where the tests in Python find runtimes and the package."""
import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "0k-sync"
TOOLS = Path(os.environ.get("ZKS_DEPS") or CACHE) / "tools/node"
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
