"""The minute's housekeeping: end what the clock has missed, at a cost that does not grow with the region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.meeting import end_reason_at
from chalicelib.services.fleet import Fleet
from chalicelib.services.meetings import Meetings
from chalicelib.services.protocols import MeetingStore

# Of a megabyte each, some 800 meetings: 4,096 units of capacity a minute at most, 68 a second.
MOST_READS = 32


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
        """Look at meetings that go on, each minute at others: the timekeeper looks at what is noted as due.

        Some 27,000 are all looked at each minute, 400,000 in a quarter of an hour.
        """
        nodes = self._fleet.snapshot(self._region, fresh=True)
        lost = [node for node in nodes if node.state(now) == "lost"]
        ended = 0
        for meeting in self._store.live(self._region, int(now.timestamp() // 60), MOST_READS):
            reason = end_reason_at(meeting, now)
            if reason is not None and self._meetings.finish(meeting, reason, request_id, now):
                ended += 1
        return Swept(ended, len(lost))
