"""A bad link (packet_plane/crates/tunlink) to a network namespace that takes sockets of this process."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLANE = Path(__file__).resolve().parents[2] / "packet_plane"
CLONE_NEWNET = 0x4000_0000


def why_no_link() -> str | None:
    """Why there can be no such link here; nothing when there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    return None


class BadLink:
    """Everything between a namespace and this machine: `host` is where the namespace finds the machine."""

    def __init__(self, process: subprocess.Popen[str], network: str, namespace: str) -> None:
        self.host = f"{network}.1"
        self._process = process
        self._namespace = Path("/run/netns", namespace)

    @contextmanager
    def far_side(self) -> Iterator[None]:
        """Let sockets that this thread makes be in the namespace, where they stay."""
        with Path("/proc/self/ns/net").open() as here, self._namespace.open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def set(self, **conditions: float) -> None:
        """What the link does from now on, both ways alike; the names are those of tunlink."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"up": conditions, "down": conditions}) + "\n")
        self._process.stdin.flush()
        _expect(self._process, "set")


@contextmanager
def bad_link(seed: int = 1) -> Iterator[BadLink]:
    """A link that does nothing to packets yet, gone with the context."""
    number = os.getpid() % 250
    network, namespace = f"10.198.{number}", f"parley-py-{number}"
    near, far = f"pynear{number}", f"pyfar{number}"
    build = ["cargo", "build", "--quiet", "--locked", "-p", "packet-plane-tunlink"]
    subprocess.run(build, cwd=PLANE, check=True)
    program = [str(PLANE / "target/debug/packet-plane-tunlink"), near, far, str(seed)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True)
    try:
        _expect(process, "ready")
        _ip("netns", "add", namespace)
        try:
            _ip("link", "set", far, "netns", namespace)
            _ip("address", "add", f"{network}.1/24", "dev", near)
            _ip("link", "set", near, "up")
            _ip("-n", namespace, "address", "add", f"{network}.2/24", "dev", far)
            _ip("-n", namespace, "link", "set", far, "up")
            yield BadLink(process, network, namespace)
        finally:
            _ip("netns", "delete", namespace)
    finally:
        # It ends with its input.
        process.communicate()


def _expect(process: subprocess.Popen[str], expected: str) -> None:
    assert process.stdout is not None
    answer = process.stdout.readline().strip()
    assert answer == expected, f"the link said: {answer}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
