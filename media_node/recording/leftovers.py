"""What recorders left in the spool when they or their node died: stored by recorders that read no tap."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import structlog

from media_node.errors import ManifestError
from media_node.recording.processes import (
    BROKEN_STATUS,
    BUSY_STATUS,
    UNFINISHED_STATUS,
    start_recorder,
    status_lines,
)
from media_node.recording.settings import RecorderSettings, parse_settings

log = structlog.get_logger()

# Between attempts at a take of an earlier node: its recorder may be at it still, or the bucket away.
LEFT_SECONDS = 30.0


class Leftovers:
    """The takes in one spool that nobody writes any more."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._tasks: set[asyncio.Task[None]] = set()

    def finish_all(self) -> None:
        """Store what takes of a node that died have in the spool."""
        for path in self._spool.glob("*.settings") if self._spool.is_dir() else ():
            try:
                take = parse_settings(path.read_text())
            except (ManifestError, OSError) as exc:
                log.warning("leftover_unreadable", path=str(path), error=str(exc))
                continue
            task = asyncio.ensure_future(finish_leftover(take))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def finish_leftover(take: RecorderSettings) -> None:
    """Store what a take has, however often that is tried."""
    status = await store_rest(take)
    while status in (BUSY_STATUS, UNFINISHED_STATUS):
        await asyncio.sleep(LEFT_SECONDS)
        status = await store_rest(take)
    log.info("leftover_finished", recording=take.recording, prefix=take.prefix, status=status)


async def store_rest(take: RecorderSettings) -> int:
    """Try once; the exit status of the recorder that did."""
    try:
        process = await start_recorder(replace(take, descriptor=None), None)
    except OSError as exc:
        log.error("recorder_not_started", recording=take.recording, error=str(exc))
        return BROKEN_STATUS
    async for _ in status_lines(process):
        pass
    return await process.wait()
