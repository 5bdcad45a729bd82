#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Who may include, call and be what: the architecture's table, enforced twice.

usage: include_rules.py --build DIR [--root DIR]

Once by reading the #include lines of src/, relay/, abi/ and the examples, and once by
reading the symbols of each module's library (DIR/modules/libzks_<module>.a), since a
declaration can be written without an include. Each violation names file and line, or
library and symbol, and the rule. Before that the test proves on two small trees of its
own that it fails where it must.
"""
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Module -> the modules it may use. Everybody may use base.
ALLOWED = {
    "base": [],
    "crypto": [],
    "wire": [],
    "noise": ["crypto"],
    # crypto for the relay's signature over its statics, and the statics themselves
    "session": ["wire", "crypto", "noise"],
    "record": ["wire", "crypto"],
    "group": ["wire", "crypto", "record"],
    "pairing": ["wire", "crypto", "record"],
    "sync": ["wire", "group", "record"],
    "store": ["wire"],
    "transport": [],
    "client": ["crypto", "wire", "noise", "session", "record", "group", "pairing", "sync",
               "store", "transport"],
    "relay_core": ["crypto", "wire", "noise", "session", "record", "transport"],
    "relay_daemon": ["relay_core"],
    "abi": ["client", "relay_core"],
    "cli": [],
    "examples": [],
}
FOLDERS = {"relay_core": "relay/core", "relay_daemon": "relay/daemon", "abi": "abi",
           "examples": "examples"}
# These know the public header and nothing else of ours.
PUBLIC_ONLY = ["cli", "examples"]
# zks.h has one reader inside: base, for the status codes. client is behind it, abi makes it.
PUBLIC_HEADER = ["base", "abi", "client", "relay_daemon"] + PUBLIC_ONLY

# Third-party headers and their homes.
HOMES = [
    (r"sodium(/.*)?\.h|sodium\.h", ["crypto"]),
    (r"gnutls/.*", ["transport", "crypto"]),
    (r"nettle/.*", ["crypto"]),
    (r"gmp\.h", ["crypto"]),
    (r"ngtcp2/.*", ["transport"]),
    (r"sqlite3\.h", ["store", "relay_core"]),
    (r"uv\.h|uv/.*", ["transport", "client", "relay_core", "relay_daemon"]),
    (r"qrencode\.h", ["abi"]),
    (r"ini\.h", ["relay_core", "relay_daemon"]),
    (r"popt\.h", ["relay_daemon", "cli"]),
    (r"jansson\.h", ["cli"]),
]
# The same by symbol: what the libraries' names begin with.
SYMBOL_HOMES = [
    (r"sodium_|crypto_|randombytes_", ["crypto"]),
    (r"gnutls_", ["transport", "crypto"]),
    (r"nettle_|__gmp", ["crypto"]),
    (r"ngtcp2_", ["transport"]),
    (r"sqlite3_", ["store", "relay_core"]),
    (r"uv_", ["transport", "client", "relay_core"]),
    (r"QR(code|input)_", ["abi"]),
    (r"ini_parse", ["relay_core"]),
]

# Pure: no clock, no randomness, no sockets, no threads, no globals.
PURE = ["wire", "noise", "session", "record", "group", "pairing", "sync"]
PURE_HEADERS = ["assert.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h",
                "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
                "string.h"]
IMPURE_CALL = re.compile(
    r"(time|clock|clock_gettime|gettimeofday|timespec_get|localtime.*|gmtime.*|s?rand(om)?(_r)?|"
    r"getrandom|getentropy|arc4random.*|socket|bind|connect|accept4?|send(to|msg|mmsg)?|"
    r"recv(from|msg|mmsg)?|poll|select|epoll_.*|open(at)?(64)?|fopen(64)?|read|write|p?thread_.*|"
    r"thrd_.*|mtx_.*|cnd_.*|(u|nano)?sleep|(secure_)?getenv|signal|sigaction|fork)")
# A library allocates through base, never prints and never ends the process.
MEMORY_CALL = re.compile(r"(malloc|calloc|realloc|reallocarray|strn?dup|v?asprintf|"
                         r"__v?asprintf_chk)")
LOUD_CALL = re.compile(r"(abort|_?exit|_Exit|quick_exit|v?printf|v?fprintf|puts|putchar|fputs|"
                       r"__v?f?printf_chk|perror|stdout|stderr)")
LIBRARY = [m for m in ALLOWED if m not in ("relay_daemon", "cli", "examples")]
# Mutable globals, each with its reason.
GLOBALS = {
    "crypto": {"started": "whether the known-answer tests ran, and what came of them"},
    "base": {"registered": "the handlers of pthread_atfork are, once",
             "generation": "the count of forks",
             "gate|changed|inside|forking|here": "where a fork waits for the storage threads"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def folder_of(module):
    return FOLDERS.get(module, f"src/{module}")


def module_of(path):
    """The module that a path below the root belongs to, or None."""
    matches = [m for m in ALLOWED if path.startswith(folder_of(m) + "/")]
    return max(matches, key=lambda m: len(folder_of(m)), default=None)


def project_target(root, source, name):
    """The project's file that an include names, relative to the root, or None."""
    for base in (source.parent, root / "src", root):
        target = (base / name).resolve()
        if target.is_file() and target.is_relative_to(root):
            return str(target.relative_to(root))
    return None


def check_project_include(module, target):
    """The rule that this include of a file of ours breaks, or None."""
    other = module_of(target)
    if other == module:
        return None
    if module in PUBLIC_ONLY:
        return f"{module} includes only <zks/zks.h> of ours"
    if other is None:
        return f"{target} belongs to no module"
    if other == "base" or other in ALLOWED[module]:
        return None
    return f"{module} may include only {', '.join(['base'] + ALLOWED[module])}; not {other}"


def check_system_include(module, name):
    """The rule that <name> breaks, or None."""
    if name.startswith("zks/"):
        return None if module in PUBLIC_HEADER else f"{module} must not know the public header"
    for pattern, homes in HOMES:
        if re.fullmatch(pattern, name):
            return None if module in homes else f"<{name}> has its home in {', '.join(homes)}"
    if module in PURE and name not in PURE_HEADERS:
        return f"{module} is pure: <{name}> is not among the headers it may use"
    if not re.fullmatch(r"(sys/|netinet/|arpa/|net/|linux/|asm/)?[a-z0-9_]+\.h", name):
        return f"<{name}> has no home yet: give it one in tests/rules/include_rules.py"
    return None


def check_file(root, path):
    """Violations in one source file."""
    relative = str(path.relative_to(root))
    module = module_of(relative)
    found = []
    for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, name = match.groups()
        if kind == "<":
            rule = check_system_include(module, name)
        elif name.startswith("zks/"):
            rule = "the public header is included as <zks/zks.h>"
        else:
            target = project_target(root, path, name)
            rule = check_project_include(module, target) if target else f'"{name}" does not exist'
        if rule:
            found.append(f"{relative}:{number}: {line.strip()}: {rule}")
    return found


def check_includes(root):
    """(number of files read, violations)"""
    found, count = [], 0
    for top in ("src", "relay", "abi", "examples"):
        for path in sorted((root / top).rglob("*.[ch]")):
            relative = str(path.relative_to(root))
            if relative.startswith("abi/gen/"):
                continue
            if module_of(relative) is None:
                found.append(f"{relative}:1: lies in no module's folder")
                continue
            count += 1
            found += check_file(root, path)
    return count, found


def read_symbols(archive):
    """(defined, undefined, mutable) names of a library."""
    defined, undefined, mutable = set(), set(), set()
    listing = subprocess.run(["nm", "--format=posix", archive], capture_output=True, text=True,
                             check=True).stdout
    for line in listing.split("\n"):
        words = line.split()
        if len(words) >= 2 and words[1] == "U":
            undefined.add(words[0].split("@")[0])
        elif len(words) >= 2 and words[1].isupper():
            defined.add(words[0])
    table = subprocess.run(["objdump", "-t", archive], capture_output=True, text=True,
                           check=True).stdout
    for line in table.split("\n"):
        match = re.match(r"[0-9a-f]+ .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if match and re.match(r"(\.t?data|\.t?bss|\*COM\*)", match[1]) \
                and not match[1].startswith(".data.rel.ro") and match[1] != match[2]:
            mutable.add(match[2])
    return defined, undefined - defined, mutable


def check_symbol(module, name, owner):
    """The rule that this undefined symbol breaks, or None. owner: the module that defines it."""
    if owner is not None:
        if owner == "base" or owner in ALLOWED[module]:
            return None
        return f"{module} may call only {', '.join(['base'] + ALLOWED[module])}; not {owner}"
    for pattern, homes in SYMBOL_HOMES:
        if re.match(pattern, name):
            return None if module in homes else f"its home is {', '.join(homes)}"
    if module in PURE and IMPURE_CALL.fullmatch(name):
        return f"{module} is pure: no clock, randomness, socket, file, thread"
    if module in LIBRARY and module != "base" and MEMORY_CALL.fullmatch(name):
        return "memory comes from base/alloc.h"
    if module in LIBRARY and LOUD_CALL.fullmatch(name):
        return "a library never prints and never ends the process"
    return None


def check_libraries(root, modules_dir):
    """(number of libraries read, violations)"""
    symbols, found = {}, []
    for module in LIBRARY:
        archive = modules_dir / f"libzks_{module}.a"
        if archive.is_file():
            symbols[module] = read_symbols(archive)
        elif any((root / folder_of(module)).glob("*.c")):
            found.append(f"{archive.name}: not built, but {folder_of(module)} has code")
    owners = {name: module for module, (defined, _, _) in symbols.items() for name in defined}
    for module, (_, undefined, mutable) in symbols.items():
        for name in sorted(undefined):
            rule = check_symbol(module, name, owners.get(name))
            if rule:
                found.append(f"libzks_{module}.a: uses {name}: {rule}")
        for name in sorted(mutable):
            if not any(re.fullmatch(p, name) for p in GLOBALS.get(module, {})):
                found.append(f"libzks_{module}.a: mutable global {name}: there are none "
                             "but those in GLOBALS of tests/rules/include_rules.py")
    return len(symbols), found


BAD_FILES = {  # path -> (text, what the report must say of it)
    "src/wire/a.c": ('#include "store/s.h"\n', "src/wire/a.c:1: .*not store"),
    "src/store/s.h": ("\n#include <ngtcp2/ngtcp2.h>\n", "src/store/s.h:2: .*home in transport"),
    "src/sync/b.c": ("#include <time.h>\n", "src/sync/b.c:1: .*pure"),
    "src/cli/c.c": ('#include "base/x.h"\n', "src/cli/c.c:1: .*only <zks/zks.h>"),
    "src/base/x.h": ('#include "wire/a.c"\n', "src/base/x.h:1: .*not wire"),
    "src/group/d.c": ("#include <zks/zks.h>\n", "src/group/d.c:1: .*public header"),
    "src/newcomer/e.c": ("\n", "src/newcomer/e.c:1: .*no module"),
    "relay/core/f.c": ('#include "nowhere.h"\n', "relay/core/f.c:1: .*does not exist"),
    "relay/core/g.c": ("#include <curl/curl.h>\n", "relay/core/g.c:1: .*no home yet"),
}
GOOD_FILES = {
    "src/base/x.h": "#include <zks/zks.h>\n#include <time.h>\n",
    "src/wire/a.h": '#include "base/x.h"\n#include <string.h>\n',
    "src/store/s.c": '#include "wire/a.h"\n#include <sqlite3.h>\n#include "s_internal.h"\n',
    "src/store/s_internal.h": "\n",
    "src/cli/c.c": "#include <zks/zks.h>\n#include <popt.h>\n",
}
BAD_CODE = {  # module -> (code, what the report must say of it)
    "wire": ("int zks__store_get(void); int time(void *);\n"
             "int zks__wire_x(void) { static int n; return n++ + zks__store_get() + time(0); }\n",
             ["wire.*zks__store_get.*not store", "wire.*uses time.*pure",
              "wire.*mutable global n"]),
    "store": ("void *malloc(unsigned long); int gnutls_x(void); int zks__store_get(void);\n"
              "int zks__store_get(void) { return malloc(1) != 0 && gnutls_x(); }\n",
              ["store.*malloc.*base/alloc", "store.*gnutls_x.*home is transport"]),
}


def write_tree(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def self_test():
    """What this test fails to see or sees wrongly, as a list."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write_tree(root / "good", GOOD_FILES)
        wrong += [f"a good file was refused: {v}" for v in check_includes(root / "good")[1]]
        write_tree(root / "bad", {name: text for name, (text, _) in BAD_FILES.items()})
        report = check_includes(root / "bad")[1]
        expected = [pattern for _, pattern in BAD_FILES.values()]
        for module, (code, patterns) in BAD_CODE.items():
            write_tree(root, {f"{module}.c": code})
            subprocess.run(["cc", "-c", f"{module}.c", "-o", f"{module}.o"], cwd=root, check=True)
            subprocess.run(["ar", "qc", f"libzks_{module}.a", f"{module}.o"], cwd=root, check=True)
            expected += patterns
        report += check_libraries(root, root)[1]
        for pattern in expected:
            if not any(re.match(f".*{pattern}", line) for line in report):
                wrong.append(f"not reported: {pattern}")
        if len(report) != len(expected):
            wrong.append(f"{len(report)} reports instead of {len(expected)}: {report}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description="the architecture's include rules")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    args = parser.parse_args()
    wrong = self_test()
    if wrong:
        print("the test itself is defective:", *wrong, sep="\n  ")
        return 1
    files, found = check_includes(args.root.resolve())
    libraries, more = check_libraries(args.root.resolve(), args.build / "modules")
    for violation in found + more:
        print(violation)
    print(f"{files} files and {libraries} libraries read, {len(found + more)} violations")
    return 1 if found or more or files == 0 or libraries == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
