"""The bytes that each meeting was sent, for the control plane's account: pure, from counters that only grow.

A meeting that comes back after it was over is another session of it here. What a session was sent is told
from its beginning on, again and again, and for a while after its end: a lost or repeated report changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from media_node.quality import Key, Reading
from media_node.quantities import Instant, MeetingId

# Longer than reports may fail to be sent without the node being taken for lost, and then some.
TOLD_SECONDS = 120.0


@dataclass
class Session:
    """One stay of a meeting on this node."""

    # Counts the stays of all meetings, so that a later one has the greater number.
    number: int
    epoch: int
    bytes_sent: int = 0
    ended_at: Instant | None = None


@dataclass
class EgressMeter:
    session_by_meeting: dict[MeetingId, Session] = field(default_factory=dict)
    _seen: dict[Key, int] = field(default_factory=dict)
    _sessions: int = 0

    def handle_readings(self, readings: Mapping[Key, Reading]) -> None:
        """Take everybody's readings, about once a second; what comes after a connection's last is lost."""
        for key, reading in readings.items():
            sent, before = reading.counts.bytes_sent, self._seen.get(key, 0)
            # A connection that began anew counts from zero.
            added = sent - before if sent >= before else sent
            if added:
                self._session(key[0]).bytes_sent += added
        self._seen = {key: reading.counts.bytes_sent for key, reading in readings.items()}

    def handle_meetings(self, now: Instant, epoch_by_meeting: Mapping[MeetingId, int]) -> None:
        """Learn which meetings are here; those that are over are told of for a while, then forgotten."""
        for meeting, epoch in epoch_by_meeting.items():
            self._session(meeting).epoch = epoch
        for meeting, session in list(self.session_by_meeting.items()):
            if meeting in epoch_by_meeting:
                continue
            session.ended_at = session.ended_at if session.ended_at is not None else now
            if now - session.ended_at > TOLD_SECONDS:
                del self.session_by_meeting[meeting]

    def _session(self, meeting: MeetingId) -> Session:
        session = self.session_by_meeting.get(meeting)
        if session is None:
            self._sessions += 1
            session = self.session_by_meeting[meeting] = Session(self._sessions, 0)
        session.ended_at = None
        return session
