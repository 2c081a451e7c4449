"""What strangers send a node costs it no memory, however much it is and wherever it comes from."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Iterator

import pytest

from tests.integration.media_node.test_bad_input import binding_request, hello
from tests.support.media_node_process import NodeProcess

RECEIVED = 'parley_packets_received_total{worker="0"}'
SOURCES = 200
# Allocators give little back, and a node's own work makes some noise.
NOISE_BYTES = 8 << 20


@contextlib.contextmanager
def strangers(port: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as opened:
        sockets = [
            opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(SOURCES)
        ]
        for one in sockets:
            one.connect(("127.0.0.1", port))
        yield sockets


def junk(chance: random.Random) -> list[bytes]:
    """Something that looks like each of the protocols, and something that looks like none."""
    return [
        *(hello() for _ in range(8)),
        *(binding_request(chance.randbytes(4 * number)) for number in range(8)),
        *(bytes([first]) + chance.randbytes(chance.randrange(1_400)) for first in range(0, 256, 8)),
    ]


@pytest.mark.parametrize("count", [150_000, pytest.param(10_000_000, marks=pytest.mark.slow)])
def test_junk_and_half_open_handshakes_cost_no_memory(node: NodeProcess, count: int):
    chance = random.Random(7)
    with strangers(node.media_port) as sockets:
        # What a node sets aside at the first stranger is there before it is looked at.
        _send(sockets, junk(chance), 20_000)
        _rest(node)
        before, received = node.resident_bytes(), node.metrics()[RECEIVED]
        _send(sockets, junk(chance), count)
        _rest(node)
        grown = node.resident_bytes() - before
        taken = node.metrics()[RECEIVED] - received
        print(f"{count} datagrams, {taken:.0f} of them taken in: {grown / 1024:.0f} KiB more")
        assert taken > count / 10, "a socket that is full loses datagrams, but not almost all"
        assert grown < NOISE_BYTES


def _send(sockets: list[socket.socket], datagrams: list[bytes], count: int) -> None:
    for number in range(count):
        # A queue that is full is the kernel's business, and so is a refusal of what went before.
        with contextlib.suppress(OSError):
            sockets[number % SOURCES].send(datagrams[number % len(datagrams)])


def _rest(node: NodeProcess) -> None:
    """Wait until the node has read whatever has come."""
    deadline = time.monotonic() + 30
    before = -1.0
    while before != (before := node.metrics()[RECEIVED]):
        assert time.monotonic() < deadline, "the node goes on reading"
        time.sleep(0.1)
