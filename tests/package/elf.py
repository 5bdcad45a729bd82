# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a library says about itself (ELF), and the rules for those that a package brings.

    problems = elf.problems(path, exports=r"PyInit_\\w+")    # [] where it keeps all rules

docs/PACKAGING.md has the reasons. Needs binutils.
"""
import re
import subprocess
from pathlib import Path

# Names of other libraries that the host process may have in a version of its own (Node: all of
# the first line): they must be inside and invisible.
FOREIGN = re.compile(r"(uv|ares|SSL|CRYPTO|EVP|nghttp2|nghttp3|"
                     r"sqlite3|sodium|crypto|randombytes|ngtcp2|QRcode|ini)_")
# The shared files, by Debian's name, by that of scripts/package libs, by that of auditwheel.
SHARED = re.compile(r"lib(gnutls|nettle|hogweed|gmp)(-\w+)?\.so\.\d+(\.\d+)*")
SYSTEM = re.compile(r"lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux[-\w]*\.so\.\d")
GLIBC_MAX = (2, 34)  # of 2021: Debian 12, Ubuntu 22.04, RHEL 9 and later
SIZE_MAX = 6_000_000  # bytes, of a library with the shared files that it needs


def read(tool, *arguments):
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=True)
    return done.stdout


def dynamic(path, tag):
    """Values of the dynamic section: NEEDED, SONAME, RUNPATH, FLAGS_1, ..."""
    lines = re.findall(rf"\({tag}\)\s+(.*)", read("readelf", "-dW", path))
    return [re.sub(r".*\[(.*)\].*", r"\1", line) for line in lines]


def needed(path):
    return dynamic(path, "NEEDED")


def defined(path):
    """Names that it shows others; the version nodes are none."""
    lines = read("nm", "-D", "--defined-only", "--without-symbol-versions", path).splitlines()
    return [line.split()[-1] for line in lines if line.split()[-2] != "A"]


def undefined(path):
    """Names that it wants from others."""
    lines = read("nm", "-D", "--undefined-only", "--without-symbol-versions", path).splitlines()
    return [line.split()[-1] for line in lines]


def glibc(path):
    """The newest version of the C library that it asks for, as (2, 34)."""
    found = re.findall(r"\bGLIBC_(\d+)\.(\d+)", read("readelf", "-VW", path))
    return max((int(a), int(b)) for a, b in found)


def problems(path, exports):
    """Sentences about a library with our engine inside; exports: all that it may show."""
    name, found = Path(path).name, []
    shown = [symbol for symbol in defined(path) if not re.fullmatch(exports, symbol)]
    if shown:
        found.append(f"{name} shows {len(shown)} symbols beside {exports}: {shown[:5]}")
    wanted = [symbol for symbol in undefined(path) if FOREIGN.match(symbol)]
    if wanted:
        found.append(f"{name} wants {len(wanted)} symbols that must be inside: {wanted[:5]}")
    if "NODELETE" not in " ".join(dynamic(path, "FLAGS_1")):
        found.append(f"{name} may be unloaded under its threads: link with -z nodelete")
    for size in dynamic(path, "FINI_ARRAYSZ"):
        if int(size.split()[0]) > 8:  # the compiler's own entry
            found.append(f"{name} runs code at process exit, when its threads may still run")
    return found + shared_problems(path)


def shared_problems(path):
    """Sentences about any library of a package, those of others too."""
    name, found = Path(path).name, []
    for other in needed(path):
        if not SHARED.fullmatch(other) and not SYSTEM.fullmatch(other):
            found.append(f"{name} needs {other}, which a package does not bring")
    if glibc(path) > GLIBC_MAX:
        found.append(f"{name} needs glibc {glibc(path)}; at most {GLIBC_MAX}")
    if dynamic(path, "TEXTREL"):
        found.append(f"{name} has relocations in its code")
    stack = re.search(r"GNU_STACK.*", read("readelf", "-lW", path))
    if stack is None or "RWE" in stack.group():
        found.append(f"{name} wants an executable stack")
    for folder in ":".join(dynamic(path, "RUNPATH") + dynamic(path, "RPATH")).split(":"):
        if folder and not folder.startswith("$ORIGIN"):
            found.append(f"{name} looks for libraries in {folder}")
    return found


def size_problems(paths):
    """A sentence where files of one package are too large together."""
    total = sum(Path(path).stat().st_size for path in paths)
    return [f"{total:,} bytes; at most {SIZE_MAX:,}"] if total >= SIZE_MAX else []
