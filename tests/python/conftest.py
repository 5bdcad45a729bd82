# SPDX-License-Identifier: MIT OR Apache-2.0
"""Relays, configurations and programs for the tests of the Python package."""

import os
import re
import secrets
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from zerok_sync import Config, Relay

SOURCE = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("ZKS_BIN_DIR", SOURCE / "build/dev/bin"))
PROGRAM_S = 60  # how long a program of a test may take on a loaded machine


@pytest.fixture(scope="session")
def relay(tmp_path_factory):
    """The address of an embedded relay, without the limits against abuse."""
    folder = tmp_path_factory.mktemp("relay")
    limits = "groups_per_minute = 1000000\nmailbox_gets_per_minute = 1000000\n"
    with Relay(f"listen = 127.0.0.1:0\ndata = {folder}\n{limits}") as one:
        yield one.address


class RelayProcess:
    """A real zks-relay, which can be stopped and started again at its port."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, 0, None
        self.start()

    def start(self):
        command = [BIN / "zks-relay", "--listen", f"127.0.0.1:{self.port}", "--data", self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.address = re.search(r"zks://\S+", line)[0]
        self.port = int(self.address.rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PROGRAM_S)
        self.process.stdout.close()


@pytest.fixture
def relay_process(tmp_path):
    one = RelayProcess(tmp_path / "relay-process")
    yield one
    one.stop()


@pytest.fixture
def group(relay):
    """group(**more) -> a Config of one fresh shared group, in memory."""
    secret = secrets.token_bytes(32)
    return lambda **more: Config(**{"relays": [relay], "secret": secret, **more})


@pytest.fixture
def program(relay, tmp_path):
    """program(text, *arguments) runs a Python program; its result with returncode, stdout, stderr.
    RELAY and TMP are in its environment. With popen=True: the running process."""
    running = []

    def run(text, *arguments, popen=False, python=sys.executable, **environment):
        env = {**os.environ, "RELAY": relay, "TMP": str(tmp_path), **environment}
        command = [python, "-c", textwrap.dedent(text), *arguments]
        if popen:
            process = subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            running.append(process)
            return process
        return subprocess.run(command, env=env, text=True, capture_output=True, timeout=PROGRAM_S)

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
