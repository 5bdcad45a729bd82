#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the C source of the extension module zerok_sync._native, with cffi.

usage: make_source.py OUT.c
"""
import sys
from pathlib import Path

try:
    import cffi
except ImportError:
    sys.exit(f"{sys.executable} has no cffi: pip install cffi, or run scripts/bootstrap --test")

HERE = Path(__file__).parent


def main():
    builder = cffi.FFI()
    for name in ("zks.cdef", "glue.cdef"):
        builder.cdef((HERE / name).read_text(encoding="utf-8"))
    builder.set_source("zerok_sync._native", (HERE / "glue.c").read_text(encoding="utf-8"),
                       py_limited_api=True)
    builder.emit_c_code(sys.argv[1])


if __name__ == "__main__":
    main()
