#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The types of the npm package: tsd's expectations, strict programs in both module systems,
publint's opinion of the tarball's package.json; and that the types and the code name the same
things."""
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts/package.d"))
from npm import make_main  # noqa: E402
from tools import SOURCE, TOOLS, command, run  # noqa: E402

HERE = Path(__file__).resolve().parent
MODULES = TOOLS / "node_modules"
STRICT = {"strict": True, "module": "node16", "target": "es2022",
          "lib": ["es2022", "esnext.disposable"], "types": ["node"], "noEmit": True,
          "skipLibCheck": False, "exactOptionalPropertyTypes": True,
          "noUncheckedIndexedAccess": True}


def tool(name, *arguments, cwd):
    """A program of the tools' node_modules, under the pinned Node: its words where it fails."""
    done = run(command("node", (MODULES / ".bin" / name).resolve(), *arguments), cwd)
    return [] if done.returncode == 0 else [f"{name}: {done.stdout}{done.stderr}"]


def tsd(package):
    """tsd overlooks packages in a node_modules; so this one is none. It must find the wrong line at
    the end, and that alone."""
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    manifest["tsd"] = {"compilerOptions": {"module": "node16", "lib": STRICT["lib"]}}
    (package / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (package / "node_modules").symlink_to(MODULES)
    (package / "tests").mkdir()
    text = (HERE / "types/api.test-d.ts").read_text(encoding="utf-8")
    wrong = "expectType<string>(client.acked);\n"
    (package / "tests/api.test-d.ts").write_text(text + wrong, encoding="utf-8")
    found = "".join(tool("tsd", "--typings", "bindings/node/lib/index.d.ts", "--files",
                         "tests/*.test-d.ts", cwd=package))
    places = re.findall(r"✖\s+(\d+):", found)
    expected = [str(text.count("\n") + 1)]
    return [] if places == expected else [f"tsd finds {places}, not {expected}:\n{found}"]


def tsc(work):
    for name in ("consumer.mts", "consumer.cts"):
        shutil.copy(HERE / "types" / name, work)
    config = {"compilerOptions": STRICT, "files": ["consumer.mts", "consumer.cts"]}
    (work / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    return tool("tsc", "--project", "tsconfig.json", cwd=work)


def same_names():
    """Every value that the types export is exported, and the other way round."""
    types = (SOURCE / "bindings/node/lib/index.d.cts").read_text(encoding="utf-8")
    declared = set(re.findall(r"^export (?:class|function|const) (\w+)", types, re.M))
    declared.add("constants")
    code = "import('" + str(SOURCE / "bindings/node/lib/index.js") + "')" \
        ".then((zks) => console.log(Object.keys(zks).join(' ')))"
    exported = set(run(command("node", "-e", code), SOURCE).stdout.split())
    return [f"declared, not exported: {name}" for name in sorted(declared - exported)] + \
        [f"exported, not declared: {name}" for name in sorted(exported - declared)]


def main():
    problems = same_names()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        package = work / "node_modules/@0k-sync/native"
        make_main(package)
        (work / "node_modules/@types").symlink_to(MODULES / "@types")
        (work / "node_modules/undici-types").symlink_to(MODULES / "undici-types")
        problems += tsc(work) + tool("publint", "run", "--strict", "--pack", "false", cwd=package)
        shutil.move(package, work / "package")
        problems += tsd(work / "package")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
