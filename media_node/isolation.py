"""What fails over one meeting, or in one part of the node, stays there.

A turn that fails is logged with its stack and counted. A meeting over which one failed is ended, as a broken
invariant in the plane ends it: its state is trusted no more. A part of the node that belongs to no meeting is
tried again at its next turn; while it fails again and again the node is not ready.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from media_node.quantities import MeetingId

log = structlog.get_logger()

# One failure may be of what was just heard; as many in a row are of the part itself.
FAILING_IN_A_ROW = 3


class Isolation:
    """The failures of one node."""

    def __init__(self) -> None:
        self.meetings_failed = 0
        self.failures_by_part: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._broken: dict[MeetingId, None] = {}

    @property
    def failing(self) -> list[str]:
        """The parts that do not work now."""
        # Some have their turns in threads of their own.
        return sorted(
            self._ended | {one for one, times in list(self._in_a_row.items()) if times >= FAILING_IN_A_ROW}
        )

    # Meetings.

    def guard(self, meeting: MeetingId, turn: Callable[..., object], *args: Any) -> None:
        """Do what belongs to one meeting."""
        try:
            turn(*args)
        except Exception:
            self.note_meeting(meeting)

    def note_meeting(self, meeting: MeetingId) -> None:
        """Its turn has failed, with the exception that is being handled."""
        log.exception("meeting_failed", meeting=meeting)
        self._broken[meeting] = None

    def take_broken(self) -> list[MeetingId]:
        """The meetings that have to be ended now."""
        broken, self._broken = list(self._broken), {}
        self.meetings_failed += len(broken)
        return broken

    # Parts of the node.

    def run(self, part: str, turn: Callable[..., object], *args: Any) -> None:
        """Let a part have its turn; another follows."""
        if self.attempt(part, turn, *args):
            self._in_a_row.pop(part, None)
        else:
            self._in_a_row[part] += 1

    async def wait_for(self, part: str, turn: Callable[[], Awaitable[object]]) -> None:
        """The same for a turn that waits for something."""
        try:
            await turn()
        except Exception:
            self._note_failure(part)
            self._in_a_row[part] += 1
        else:
            self._in_a_row.pop(part, None)

    def attempt(self, part: str, turn: Callable[..., object], *args: Any) -> bool:
        """Do once what says nothing of the next time; returns whether it went well."""
        try:
            turn(*args)
        except Exception:
            self._note_failure(part)
            return False
        return True

    def _note_failure(self, part: str) -> None:
        self.failures_by_part[part] += 1
        log.exception("part_failed", part=part)

    def watch(self, part: str, task: asyncio.Task[None]) -> None:
        """A task that shall never end: its end makes the node unready for good, unless it was cancelled."""
        task.add_done_callback(lambda done: self._handle_end(part, done))

    def _handle_end(self, part: str, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        self.failures_by_part[part] += 1
        self._ended.add(part)
        log.error("part_ended", part=part, exc_info=task.exception())

    def handle_stray(self, context: dict[str, Any]) -> None:
        """What the event loop has caught of callbacks and tasks that nobody waits for."""
        self.failures_by_part["loop"] += 1
        log.error("callback_failed", message=context.get("message"), exc_info=context.get("exception"))
