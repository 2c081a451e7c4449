"""The minute's housekeeping: end what is over, and make the nodes' reservations true."""

from __future__ import annotations

import dataclasses
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
        """End meetings that are empty or overdue; one on a lost node counts as empty from its last report."""
        nodes = self._fleet.nodes()
        last_report = {node.id: node.reported_at for node in nodes if node.state(now) == "lost"}
        going_on = []
        ended = 0
        for meeting in list(self._store.live(self._region)):
            seen = meeting
            lost_at = last_report.get(meeting.placement.node) if meeting.placement is not None else None
            if lost_at is not None and meeting.present > 0:
                seen = dataclasses.replace(meeting, present=0, empty_since=lost_at)
            reason = end_reason_at(seen, now)
            if reason is None:
                going_on.append(meeting)
            elif self._meetings.finish(meeting, reason, request_id, now):
                ended += 1
        self._fleet.correct_reservations(going_on)
        return Swept(ended, len(last_report))
