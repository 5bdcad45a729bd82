#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The tarballs of `scripts/package npm`: what is in them; installed offline into an empty project
of a root without compilers, they work under Node, Bun and Deno; what a user sees where they do
not."""
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from bare_root import BareRoot, isolation
from tools import RUNTIMES, SOURCE, TOOLS, command, run

LIMIT_BYTES = 6_000_000
NAME = "@0k-sync/native"
PROGRAM = """
import { createRequire } from 'node:module';
import { open, Relay } from '@0k-sync/native';
const required = createRequire(import.meta.url)('@0k-sync/native');
const relay = await Relay.start({ listen: '127.0.0.1:0', data: '/tmp/relay' });
const config = { secret: new Uint8Array(32).fill(1), relays: [relay.address] };
const opening = [required.open({ ...config, store: '/tmp/anna.zks' }), open(config)];
const [anna, ben] = await Promise.all(opening);
await Promise.all([anna.connect(), ben.connect()]);
await anna.push('it works');
for await (const entry of ben.entries()) { console.log(entry.data.toString()); break; }
await Promise.all([anna.close(), ben.close(), relay.stop()]);
"""


def check(condition, what):
    if not condition:
        raise SystemExit(f"test_package: {what}")


def npm(*arguments, cwd):
    """The pinned npm, with a cache of its own and no registry."""
    cli = TOOLS / "node_modules/npm/bin/npm-cli.js"
    done = run(command("node", cli, *arguments, "--offline", "--no-audit", "--no-fund"), cwd,
               npm_config_cache=str(Path(cwd) / ".npm"))
    check(done.returncode == 0, f"npm {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
    return done


def contents(tarball):
    """(names without the first folder, package.json) of a tarball."""
    with tarfile.open(tarball) as archive:
        names = {member.name.split("/", 1)[1] for member in archive.getmembers()}
        return names, json.load(archive.extractfile("package/package.json"))


def project(folder, *tarballs, options=()):
    """An empty project with what these tarballs hold installed."""
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    npm("install", *options, *tarballs, cwd=folder)
    (folder / "program.mjs").write_text(PROGRAM, encoding="utf-8")
    return folder


def looks_right(main, platform):
    names, manifest = contents(main)
    check("scripts" not in manifest, "the main package has scripts: installing it would run them")
    check("devDependencies" not in manifest, "the main package has devDependencies")
    check(not [name for name in names if name.endswith((".c", ".node", ".so", ".map"))],
          "the main package holds more than JavaScript")
    for kind in manifest["exports"]["."].values():
        for path in kind.values():
            check(path.removeprefix("./") in names, f"{path} is exported and not in the package")
    names, of_platform = contents(platform)
    check(of_platform["name"] in manifest["optionalDependencies"], "the main package lacks it")
    check(manifest["optionalDependencies"][of_platform["name"]] == of_platform["version"],
          "the versions differ")
    check([of_platform[key] for key in ("os", "libc")] == [["linux"], ["glibc"]], "os or libc")
    check("scripts" not in of_platform, "the platform package has scripts")
    check({"zks.node", "libgnutls-zks.so.30", "licenses/gnutls"} <= names, "a file is missing")


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def works_in_bare_root(place, installed):
    """The installed project, as it is, in a root with the three runtimes alone."""
    if not isolation():
        print("skipped: this user gets no root folder of its own (unshare)")
        return
    root = BareRoot(place, ["/usr/bin/env", *(TOOLS / "bin" / name for name in RUNTIMES)])
    root.copy(installed, Path("root/app"))
    for runtime, options in RUNTIMES.items():
        done = root.run([f"/bin/{runtime}", *options, "program.mjs"], cwd="/root/app")
        check((done.returncode, done.stdout) == (0, "it works\n"),
              f"{runtime} in a bare root: {done.returncode} {done.stdout}{done.stderr}")


def says_what_is_missing(folder, main):
    """Without the platform package: found, required, what to type."""
    alone = project(folder, main, options=["--omit=optional"])
    for runtime in RUNTIMES:
        done = run(command(runtime, "program.mjs"), alone, ZKS_NODE_ADDON="")
        check(done.returncode != 0, f"{runtime} works without an addon")
        for words in ("the addon cannot be loaded", "found: linux-", "required: linux-x64-gnu",
                      "what to type: npm install @0k-sync/native-linux-"):
            check(words in done.stderr, f"{runtime} does not say '{words}': {done.stderr}")


def builds_from_checkout(folder):
    """`npm install PATH` runs prepare, which builds."""
    addon = SOURCE / "build/npm/zks.node"
    addon.unlink(missing_ok=True)
    app = project(folder, SOURCE)
    check(addon.exists(), "npm install of a checkout did not build the addon")
    done = run(command("node", "program.mjs"), app, ZKS_NODE_ADDON="")
    check((done.returncode, done.stdout) == (0, "it works\n"), f"from a checkout: {done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        subprocess.run([SOURCE / "scripts/package", "npm", work / "out"], check=True)
        platform, = (work / "out").glob("*-linux-*.tgz")
        package, = set((work / "out").glob("*.tgz")) - {platform}
        looks_right(package, platform)
        app = project(work / "app", package, platform)
        size = size_of(app / "node_modules/@0k-sync")
        check(size < LIMIT_BYTES, f"{size} bytes are installed")
        works_in_bare_root(work / "root", app)
        says_what_is_missing(work / "alone", package)
        builds_from_checkout(work / "checkout")
        print(f"{NAME}: {size / 1e6:.2f} MB installed")


if __name__ == "__main__":
    sys.exit(main())
