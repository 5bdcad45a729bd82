# SPDX-License-Identifier: MIT OR Apache-2.0
"""The folder that scripts/bootstrap fills, for programs in Python: tools, and caches that each copy
of the tree shares. The same rule as in scripts/bootstrap."""
import os
from pathlib import Path

DEPS = Path(os.environ.get("ZKS_DEPS") or
            Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "0k-sync")
