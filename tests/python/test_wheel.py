# SPDX-License-Identifier: MIT OR Apache-2.0
"""The wheel: one for every CPython from 3.10 on, with its libraries inside. It is installed into an
empty environment, and into a system that has nothing but Python. Needs scripts/bootstrap --package.
"""

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "package"))
import elf  # noqa: E402

LARGEST = 6_000_000  # bytes of what is installed
CLEAN = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "LD_LIBRARY_PATH")}
PROGRAM = """
import asyncio, sys, tempfile, zerok_sync
from zerok_sync import Config, Relay
async def main():
    with tempfile.TemporaryDirectory() as folder:
        async with Relay(f"listen = 127.0.0.1:0\\ndata = {folder}/relay\\n") as relay:
            for suite in ("default", "approved"):
                config = Config(relays=[relay.address], secret=bytes(32), suite=suite)
                async with zerok_sync.open(config) as anna, zerok_sync.open(config) as ben:
                    await asyncio.gather(anna.connect(), ben.connect())
                    await anna.push(b"hello")
                    async for entry in ben.entries():
                        print(suite, entry.data.decode())
                        break
asyncio.run(main())
"""
SAID = "default hello\napproved hello\n"


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], text=True, capture_output=True, env=CLEAN,
                          **{"timeout": 300, **more})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    parts = Path(run(SOURCE / "scripts/bootstrap", "--package-dir").strip())
    if not (parts / "VERSIONS").exists():
        pytest.skip("what packages link is not there: run scripts/bootstrap --package")
    folder = tmp_path_factory.mktemp("wheel")
    run(SOURCE / "scripts/package", "wheel", folder, timeout=900)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """site-packages of an environment with the wheel and this one's cffi in it."""
    venv = tmp_path_factory.mktemp("empty") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    site = next(venv.glob("lib/python3.*/site-packages"))
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile",
        "--target", site, wheel)
    import _cffi_backend

    shutil.copy(_cffi_backend.__file__, site)
    return venv, site


def test_wheel_is_for_every_python_and_has_its_files(wheel):
    assert wheel.name.startswith("zerok_sync-") and "-cp310-abi3-manylinux_2_" in wheel.name
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        assert sum(f.file_size for f in files.infolist()) < LARGEST
    for wanted in ("zerok_sync/py.typed", "zerok_sync/_native.abi3.so", "zerok_sync/_native.pyi",
                   "zerok_sync/libs/libgnutls-zks.so.30", "zerok_sync/libs/licenses/LGPL-2.1"):
        assert wanted in names
    assert any(name.endswith("licenses/LICENSE-MIT") for name in names)
    assert not [name for name in names if name.endswith((".c", ".h", ".a", "test"))]


def test_module_needs_only_its_own_libraries(installed):
    _, site = installed
    module = site / "zerok_sync/_native.abi3.so"
    listed = run("ldd", module)
    for line in listed.splitlines():
        assert "not found" not in line
        if "=>" in line and not line.strip().startswith(("libc.", "libm.", "libpthread.")):
            assert str(site / "zerok_sync/libs") in line, line
    assert elf.problems(module, "PyInit__native") == []
    for shared in (site / "zerok_sync/libs").glob("*.so.*"):
        assert elf.shared_problems(shared) == []


def test_wheel_works_in_an_empty_environment(installed):
    venv, _ = installed
    assert run(venv / "bin/python", "-c", PROGRAM, timeout=60) == SAID


def copy_into(root, *paths):
    """Copies files and folders with the libraries that their programs load."""
    for path in map(Path, paths):
        target = root / str(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("dist-packages", "__pycache__", "test"))
        else:
            shutil.copy(path, target)


def libraries_of(*programs):
    for program in programs:
        for line in run("ldd", program).splitlines():
            found = [word for word in line.split() if word.startswith("/")]
            if found:
                yield found[0]


# SIOCSIFFLAGS with IFF_UP: a minimal system has no program for it.
LOOPBACK_UP = ("import fcntl, socket, struct; "
               "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH22x', b'lo', 1))")


def test_wheel_works_where_there_is_only_python(installed, tmp_path):
    """A root folder with Python and the C library, no package of ours, no -dev package."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a root folder of its own needs root and unshare")
    root, (_, site) = tmp_path / "root", installed
    python = Path(sys.executable).resolve()
    standard = Path(os.__file__).parent
    modules = [*(standard / "lib-dynload").glob("*.so"), *site.glob("_cffi_backend*")]
    copy_into(root, python, standard, *set(libraries_of(python, *modules)))
    shutil.copytree(site, root / "app")
    (root / "tmp").mkdir()
    (root / "dev").mkdir()
    # libgnutls and its friends come with no other part of this root.
    assert not [p for p in root.rglob("libgnutls*") if "zerok_sync" not in str(p)]
    # Loopback, processes and mounts of its own; /dev/urandom and /dev/null as everywhere.
    script = ('mount --bind "$0" "$0" && for d in null urandom; do : > "$0/dev/$d" && '
              'mount --bind /dev/$d "$0/dev/$d"; done && '
              f'"$1" -I -c {shlex.quote(LOOPBACK_UP)} && exec chroot "$0" "$@"')
    out = run("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec", script,
              root, python, "-I", "-c",
              "import sys; sys.path.insert(0, '/app')\n" + PROGRAM, timeout=120)
    assert out == SAID


def test_missing_parts_are_named_in_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
         "-w", str(tmp_path), f"--config-settings=build-dir={tmp_path}/build",
         f"--config-settings=cmake.define.ZKS_PACKAGE_DIR={tmp_path}/nowhere", str(SOURCE)],
        text=True, capture_output=True, env=CLEAN, timeout=300)
    assert done.returncode != 0
    assert "scripts/bootstrap --package" in " ".join((done.stdout + done.stderr).split())
