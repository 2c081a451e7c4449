"""`python -m tests.support.breaking_node`: a media node that breaks a meeting's invariant on SIGUSR1.

It is the node as it ships but for its plane: started with `virtual_plane.FOLDER` in PYTHONPATH it has the one
that is built for tests, which alone knows the command.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from media_node import __main__, process
from media_node.node import Node
from packet_plane import _packet_plane


class BreakingNode(Node):
    """Breaks the meeting whose connection is the oldest."""

    async def start(self) -> None:
        await super().start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._break)

    def _break(self) -> None:
        transport = next(iter(self._forwarding.transport_by_participant.values()))
        command = _packet_plane.Break(transport=transport.number)  # type: ignore[attr-defined]
        self._plane.submit(transport.worker, [command])


if __name__ == "__main__":
    process.Node = BreakingNode  # type: ignore[attr-defined]
    sys.exit(__main__.main())
