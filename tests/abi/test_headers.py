#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""zks.h is read by everybody who must read it: C99, C11 and C++11 with all warnings, alone, twice,
with both compilers; pycparser (which cffi uses) and SWIG where they are installed. And it documents
what it declares."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
INCLUDE = SOURCE / "abi" / "include"
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "abi" / "gen"))
import abi  # noqa: E402
import model  # noqa: E402

problems = []
WARNINGS = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


def run(command, text=""):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def compile_all():
    source = "#include <zks/zks.h>\n#include <zks/zks.h>\nint main(void) { return ZKS_OK; }\n"
    languages = [("c", "c99", ["gcc", "clang"]), ("c", "c11", ["gcc", "clang"]),
                 ("c++", "c++11", ["g++", "clang++"]), ("c++", "c++20", ["g++"])]
    tried = 0
    for language, standard, compilers in languages:
        for compiler in filter(shutil.which, compilers):
            tried += 1
            extra = ["-Wstrict-prototypes"] if language == "c" else ["-Wold-style-cast"]
            done = run([compiler, f"-std={standard}", *WARNINGS, *extra, f"-I{INCLUDE}",
                        "-x", language, "-fsyntax-only", "-"], source)
            if done.returncode:
                problems.append(f"{compiler} -std={standard}:\n{done.stderr}")
    if tried < 3:
        problems.append(f"only {tried} compilers were found")


def read_with_pycparser():
    try:
        import pycparser
    except ImportError:
        print("pycparser is not installed: skipped")
        return
    with tempfile.TemporaryDirectory() as fake:
        Path(fake, "stddef.h").write_text("typedef unsigned long size_t;\n")
        Path(fake, "stdint.h").write_text("".join(
            f"typedef {kind} {name};\n" for kind, name in [
                ("int", "int32_t"), ("long", "int64_t"), ("unsigned char", "uint8_t"),
                ("unsigned int", "uint32_t"), ("unsigned long", "uint64_t")]))
        text = run(["gcc", "-E", "-P", "-nostdinc", f"-I{fake}", f"-I{INCLUDE}", "-DZKS_API=",
                    "-DZKS_MUST_USE=", "-"], "#include <zks/zks.h>\n").stdout
    try:
        tree = pycparser.CParser().parse(text)
    except Exception as error:  # its ParseError moved between versions
        problems.append(f"pycparser: {error}")
        return
    ast = pycparser.c_ast
    read = [node.name for node in tree.ext
            if isinstance(node, ast.Decl) and isinstance(node.type, ast.FuncDecl)]
    problems.extend(abi.compare(("zks.h", "pycparser's reading"), declared, read))


def read_with_swig():
    if not shutil.which("swig"):
        print("swig is not installed: skipped")
        return
    with tempfile.TemporaryDirectory() as out:
        interface = Path(out, "zks.i")
        interface.write_text('%module zks\n%include <stdint.i>\n%include "zks/zks.h"\n')
        done = run(["swig", "-go", "-cgo", "-intgosize", "64", "-DZKS_API=", "-DZKS_MUST_USE=",
                    f"-I{INCLUDE}", "-outdir", out, str(interface)])
        if done.returncode or "rror" in done.stderr:
            problems.append(f"swig:\n{done.stderr}")


def read_subset():
    """What a foreign-function interface cannot read is not there."""
    bare = model.without_comments(header)
    loose = r"\b(long|bool|_Bool|time_t|off_t|unsigned|wchar_t)\b"
    for pattern, what in [(r"\.\.\.", "variable arguments"),
                          (r"\binline\b", "an inline function"),
                          (r"#\s*define\s+\w+\(", "a function-like macro"),
                          (r"\w\s*:\s*\d+\s*;", "a bit-field"),
                          (loose, "a type of no fixed width"),
                          (r"\bstruct\s+\w+\s*\{", "a public structure")]:
        for match in re.finditer(pattern, bare):
            problems.append(f"zks.h has {what}: {match[0]}")


def check_manual():
    """Each function: all arguments, thread, callbacks as in guard_table.h, since, statuses."""
    table = (SOURCE / "abi/guard_table.h").read_text()
    reentrant = {"zks_" + name for name in re.findall(r"X\((\w+), .*, REENTRANT,", table)}
    known = {name for name, _ in model.constants(header)}
    found = re.findall(r"/\*((?:(?!\*/).)*)\*/\s*ZKS_API ([^;]*);", header, flags=re.S)
    if len(found) != len(declared):
        problems.append(f"{len(declared)} functions, but {len(found)} with a comment right before")
    for comment, declaration in found:
        name = re.search(r"\b(zks_\w+)\(", declaration)[1]
        text = " ".join(line.strip().lstrip("*").strip() for line in comment.split("\n"))
        arguments = re.findall(r"(\w+)(?=\s*[,)])", declaration[declaration.index("("):])
        several = len(arguments) > 1
        for argument in arguments if several else []:
            if argument not in ("void", "done", "user") and not re.search(rf"\b{argument}\b", text):
                problems.append(f"{name}: says nothing about {argument}")
        if "done" in arguments and "done, user  see OPERATIONS" not in comment:
            problems.append(f"{name}: says nothing about done and user")
        if not re.search(r"Since \d+\.\d+\.", text):
            problems.append(f"{name}: no Since")
        where = re.search(r"(Any thread|One thread at a time), (also|not) in callbacks"
                          r"|In its callback only", text)
        if not where:
            problems.append(f"{name}: no thread")
        elif (where[2] == "not") != (name in reentrant):
            problems.append(f"{name}: the manual and guard_table.h differ about callbacks")
        for status in re.findall(r"\bZKS_E_\w+", text):
            if status not in known and status != "ZKS_E_UNKNOWN":
                problems.append(f"{name}: there is no {status}")


header = model.HEADER.read_text()
declared = model.functions(header)
compile_all()
read_with_pycparser()
read_with_swig()
read_subset()
check_manual()
for problem in problems:
    print(problem, file=sys.stderr)
print(f"{len(declared)} functions read")
sys.exit(1 if problems else 0)
