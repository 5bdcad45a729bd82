#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The fuzz targets' first inputs are what their generators make of the formats today."""
import os
import subprocess
import sys
from pathlib import Path

FUZZ = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2])) / "tests/fuzz"


def main():
    generators = sorted(FUZZ.glob("make_*_corpus.py"))
    failed = [g.name for g in generators
              if subprocess.run([sys.executable, g, "--check"], check=False).returncode]
    print(f"{len(generators)} generators, out of date: {', '.join(failed) or 'none'}")
    return bool(failed) or not generators


if __name__ == "__main__":
    sys.exit(main())
