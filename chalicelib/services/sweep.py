"""The minute's housekeeping: end what the clock has missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.meeting import end_reason_at
from chalicelib.services.fleet import Fleet
from chalicelib.services.meetings import Meetings
from chalicelib.services.protocols import MeetingStore


@dataclass(frozen=True)
class Swept:
    ended: int
    nodes_lost: int


class Sweep:
    def __init__(self, meetings: Meetings, store: MeetingStore, fleet: Fleet, region: str) -> None:
        self._meetings = meetings
        self._store = store
        self._fleet = fleet
        self._region = region

    def run(self, request_id: str, now: datetime) -> Swept:
        """Look at every meeting that goes on: the timekeeper looks only at what is noted as due."""
        nodes = self._fleet.snapshot(self._region, fresh=True)
        lost = [node for node in nodes if node.state(now) == "lost"]
        ended = 0
        for meeting in list(self._store.live(self._region)):
            reason = end_reason_at(meeting, now)
            if reason is not None and self._meetings.finish(meeting, reason, request_id, now):
                ended += 1
        return Swept(ended, len(lost))
