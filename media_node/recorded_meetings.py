"""Where recordings and meetings meet: what is recorded of whom, and who is told.

Recordings ask for taps and say how they do; meetings know their tracks and people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from media_node.forwarding import Forwarding
from media_node.live_meetings import LiveMeetings
from media_node.meetings.model import ChatMessage, RecordingNotice, Track
from media_node.quantities import Instant, MeetingId
from media_node.recording.manifest import Message
from media_node.recording.standing import Standing

OpenTap = Callable[[int, int, int], None]


class RecordedMeetings:
    """Taps of the plane for the recordings of a node's meetings; `open_tap` is the plane's."""

    def __init__(
        self,
        forwarding: Forwarding,
        live: LiveMeetings,
        open_tap: OpenTap,
        monotonic: Callable[[], float],
    ) -> None:
        self._forwarding = forwarding
        self._live = live
        self._open_tap = open_tap
        self._monotonic = monotonic

    # What recordings ask for.

    def open_tap(self, meeting: MeetingId, tap: int, descriptor: int) -> None:
        self._open_tap(self._forwarding.note_tap(meeting, tap), tap, descriptor)

    def record(self, meeting: MeetingId, tap: int) -> None:
        self._forwarding.record(meeting, tap, self._tracks(meeting))
        self._want(meeting, True)

    def pause(self, meeting: MeetingId) -> None:
        self._forwarding.pause_recording(meeting, self._tracks(meeting))
        self._want(meeting, False)

    def close_tap(self, meeting: MeetingId, tap: int) -> None:
        self._forwarding.close_tap(meeting, tap)
        self._want(meeting, False)

    def _want(self, meeting: MeetingId, is_recorded: bool) -> None:
        """Senders send their best layer as long as it is recorded."""
        self._live.distribution.handle_recording(Instant(self._monotonic()), meeting, is_recorded)
        self._live.settle()

    def _tracks(self, meeting_id: MeetingId) -> Iterable[Track]:
        meeting = self._live.meeting_by_id.get(meeting_id)
        members = meeting.participant_by_id.values() if meeting is not None else ()
        return [track for member in members for track in member.track_by_id.values()]

    # What people are told.

    def tell(self, standing: Standing) -> None:
        """Tell everybody in the meeting how its recording does; a second recorder has nobody to tell."""
        if standing.role == "backup":
            return
        meeting = self._live.meeting_by_id.get(standing.meeting)
        if meeting is None:
            return
        state = "stopped" if standing.state == "failed" else standing.state
        started_at = datetime.fromtimestamp(standing.started_us / 1_000_000, UTC)
        notice = RecordingNotice(standing.recording, state, standing.reason, started_at)
        self._live.apply(meeting, meeting.handle_recording(notice))


def message_of(written: ChatMessage) -> Message:
    """What somebody wrote, as recordings keep it."""
    at_us = round(written.sent_at.timestamp() * 1_000_000)
    return Message(written.id, written.sender, written.text, at_us)
