# SPDX-License-Identifier: MIT OR Apache-2.0
"""A root folder with nothing in it but a few programs and the libraries that they need: no
compiler, no shell, no network but the loopback. What runs there is what a user without tools
has."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

# In namespaces of their own: switches the loopback device on (SIOCSIFFLAGS, IFF_UP), binds /dev and
# /proc (MS_BIND | MS_REC) into the folder, goes on.
PREPARE = """
import ctypes, fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
for name in ("dev", "proc"):
    target = os.path.join(sys.argv[1], name).encode()
    if ctypes.CDLL(None, use_errno=True).mount(b"/" + name.encode(), target, None, 0x5000, None):
        sys.exit(f"{name}: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[2], sys.argv[2:])
"""


def libraries(program):
    """The shared libraries of a program, the loader among them."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(?:=> |^\s+)(/\S+) \(", listed, re.M)


def isolation():
    """How a process gets a root of its own here, without a network; None: not at all."""
    for words in (["unshare", "--net", "--mount"],
                  ["unshare", "--map-root-user", "--net", "--mount"]):
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    return None


class BareRoot:
    """Use it with `with`; needs isolation()."""

    def __init__(self, folder, programs):
        self.folder = Path(folder)
        self.words = isolation()
        for program in programs:
            self.copy(Path(program).resolve(), Path("bin") / Path(program).name)
            for library in libraries(program):
                self.copy(Path(library), Path(library).relative_to("/"))
        for name in ("tmp", "root", "dev", "proc", "etc"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "etc/passwd").write_text("root:x:0:0::/root:/bin/false\n", encoding="utf-8")

    def copy(self, source, target):
        place = self.folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        elif not place.exists():
            shutil.copy(source, place)

    def run(self, words, cwd="/root", patience=120, **env):
        """Runs a program inside; its output as text."""
        chroot = [*self.words, sys.executable, "-c", PREPARE, str(self.folder),
                  shutil.which("chroot") or "/usr/sbin/chroot", str(self.folder),
                  "/bin/env", f"--chdir={cwd}", "-i", "PATH=/bin", "HOME=/root", "NO_COLOR=1",
                  *(f"{name}={value}" for name, value in env.items()), *words]
        return subprocess.run(chroot, capture_output=True, text=True, timeout=patience, check=False)
