"""Recorder processes: how one is started, and what it says."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator

from media_node.recording.settings import RecorderSettings

# Exit statuses: the take's state cannot be used; something could not be stored; another recorder is at it.
BROKEN_STATUS, UNFINISHED_STATUS, BUSY_STATUS = 3, 4, 5
STATUS_LINE_BYTES = 1 << 16


async def start_recorder(take: RecorderSettings, end: socket.socket | None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media_node.recording.recorder",
        take.format(),
        # What people write comes there, and the end of the node.
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=[end.fileno()] if end is not None else [],
        # A signal to the node's group is not the recorder's: it ends when its socket does.
        start_new_session=True,
        env=dict(os.environ),
        limit=STATUS_LINE_BYTES,
    )


async def status_lines(process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    """What a recorder says, line by line, until it ends."""
    assert process.stdout is not None
    while True:
        try:
            line = await process.stdout.readline()
        except ValueError:
            # Longer than any status: a recorder gone wrong, which is told by its end.
            continue
        if not line:
            return
        yield line
