"""Loopback ports for parts that nobody types: free ones, the same again at the next start if still free.

A part that comes back at the port it had is found by everyone who remembers its address.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path

from localcloud.errors import PortTakenError

STREAMS = (socket.SOCK_STREAM,)
# Media goes over UDP and, where no UDP passes, over TCP on the same number.
MEDIA = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


class Ports:
    """Ports by name, kept in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._port_by_name: dict[str, int] = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            self._port_by_name = {}

    def port(self, name: str, host: str = "127.0.0.1", kinds: Sequence[int] = STREAMS) -> int:
        """The port of a part, free for each of these kinds of sockets."""
        remembered = self._port_by_name.get(name)
        if remembered is None or not is_free(host, remembered, kinds):
            self._port_by_name[name] = self._fresh(host, kinds)
            self._path.write_text(json.dumps(self._port_by_name, indent=1))
        return self._port_by_name[name]

    def _fresh(self, host: str, kinds: Sequence[int]) -> int:
        while True:
            with socket.socket(family(host), kinds[0]) as probe:
                probe.bind((host, 0))
                port = int(probe.getsockname()[1])
            if port not in self._port_by_name.values() and is_free(host, port, kinds):
                return port


def is_free(host: str, port: int, kinds: Sequence[int] = STREAMS) -> bool:
    return all(_is_free(host, port, kind) for kind in kinds)


def _is_free(host: str, port: int, kind: int) -> bool:
    with socket.socket(family(host), kind) as probe:
        # As the servers do: a port that only waits for its last packets is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def require_free(host: str, port: int) -> None:
    """Check the port that people type.

    Raises:
        PortTakenError: Another program listens there, or we may not.
    """
    with socket.socket(family(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(
                f"Parley cannot listen on {host}:{port} ({error.strerror}); choose another port, "
                f"as in `PARLEY_PORT={port + 1 if port < 65535 else 8080} make run`."
            ) from error


def family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
