# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ports for relays that tests start."""
import random
import socket


def free_port():
    """A free UDP port that the system gives to nobody who asks for any port: what is killed and
    started again finds it free, whatever runs beside."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", random.randrange(10000, 32768)))
                return s.getsockname()[1]
            except OSError:
                pass
