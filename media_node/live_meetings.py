"""The meetings of this node as they stand, and what follows from their events.

Events become commands to the plane and messages to sessions, once per input; a seat is closed here when its
participant has left, and a meeting forgotten when nobody is in it, but for what was said there, which
stays for a moment. It decides nothing: meetings do, and the distribution of bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from media_node.connections import Connections
from media_node.distribution import Distribution
from media_node.errors import NotFoundError
from media_node.forwarding import Forwarding
from media_node.isolation import Isolation
from media_node.meetings.events import (
    ChatSent,
    Event,
    ParticipantJoined,
    ParticipantLeft,
    RecorderLeft,
    SlotsChanged,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import ChatMessage, Track
from media_node.meetings.remains import LeftMeetings
from media_node.quantities import Instant, MeetingId, ParticipantId, new_identifier
from media_node.signaling import format as outgoing
from media_node.signaling.announce import announce
from media_node.signaling.session import Seat

log = structlog.get_logger()


class LiveMeetings:
    """Meetings, and the seats of those who are in them."""

    def __init__(
        self,
        forwarding: Forwarding,
        connections: Connections,
        *,
        isolation: Isolation,
        monotonic: Callable[[], float],
    ) -> None:
        self.meeting_by_id: dict[MeetingId, Meeting] = {}
        self.seats_by_meeting: dict[MeetingId, dict[ParticipantId, Seat]] = {}
        self.participants = 0
        self.left = LeftMeetings()
        self.distribution = Distribution(forwarding, isolation)
        self._isolation = isolation
        # What people write to everybody is told there, too.
        self.hear: Callable[[MeetingId, ChatMessage], None] = lambda meeting, message: None
        self._forwarding = forwarding
        self._connections = connections
        self._monotonic = monotonic

    def seat(self, key: tuple[MeetingId, ParticipantId]) -> Seat | None:
        return self.seats_by_meeting.get(key[0], {}).get(key[1])

    def add_seat(self, seat: Seat) -> None:
        self.seats_by_meeting.setdefault(seat.meeting, {})[seat.participant] = seat
        self.participants += 1

    def begin(self, meeting_id: MeetingId, epoch: int) -> Meeting:
        """A meeting with nobody in it yet; what was said goes on where all have come back in a moment."""
        meeting = self.meeting_by_id[meeting_id] = Meeting(meeting_id, epoch, new_identifier)
        remains = self.left.take(self._now(), meeting_id, epoch)
        if remains is not None:
            meeting.chat, meeting.captions = remains.chat, remains.captions
        return meeting

    def meeting_of(self, seat: Seat) -> Meeting:
        """The meeting of a seat.

        Raises:
            NotFoundError: It is over.
        """
        meeting = self.meeting_by_id.get(seat.meeting)
        if meeting is None:
            raise NotFoundError("the meeting is over")
        return meeting

    def apply(self, meeting: Meeting, events: Sequence[Event], newcomer: ParticipantId | None = None) -> None:
        """Let happen what a meeting has decided; `newcomer` learns of it by its welcome."""
        for event in events:
            self._forward(meeting, event)
        self.distribution.handle_events(self._now(), meeting, events)
        self.settle(meeting, events, newcomer)
        for event in events:
            self._conclude(meeting, event)
        if not meeting.participant_by_id:
            if self.meeting_by_id.pop(meeting.id, None) is meeting:
                self.left.keep(self._now(), meeting)
            self.seats_by_meeting.pop(meeting.id, None)
            self._forwarding.forget_meeting(meeting.id)

    def settle(
        self,
        meeting: Meeting | None = None,
        events: Sequence[Event] = (),
        newcomer: ParticipantId | None = None,
    ) -> None:
        """Command the plane, then tell participants, also of what follows for their layers."""
        told = self.distribution.settle(self._now())
        self._forwarding.flush()
        own = told.pop(meeting.id, []) if meeting is not None else []
        for meeting_id, following in told.items():
            other = self.meeting_by_id.get(meeting_id)
            if other is not None:
                self._isolation.guard(meeting_id, announce, other, self._seats(meeting_id), following)
        # Last: what fails over this one is its caller's.
        if meeting is not None:
            announce(meeting, self._seats(meeting.id), [*events, *own], newcomer)

    def _seats(self, meeting: MeetingId) -> dict[ParticipantId, Seat]:
        return self.seats_by_meeting.get(meeting, {})

    def abandon(self, meeting_id: MeetingId) -> None:
        """End a meeting whose state, or whose media, is lost: its clients rejoin. Again does nothing.

        Nothing is asked of the meeting itself, and what fails over one participant keeps no other from going.
        """
        meeting = self.meeting_by_id.pop(meeting_id, None)
        seats = self.seats_by_meeting.pop(meeting_id, {})
        self.participants -= len(seats)
        for seat in seats.values():
            self._isolation.attempt("goodbye", self._send_away, seat)
        for participant in meeting.participant_by_id.values() if meeting is not None else ():
            for track in list(participant.track_by_id):
                self._forwarding.remove_track(meeting_id, participant.id, track)
        for key in [key for key in self._forwarding.transport_by_participant if key[0] == meeting_id]:
            self._isolation.attempt("goodbye", self._connections.close, key)
            self._forwarding.remove_transport(*key)
        self.distribution.forget_meeting(meeting_id)
        self._forwarding.forget_meeting(meeting_id)
        self._forwarding.flush()
        log.error("meeting_abandoned", meeting=meeting_id, participants=len(seats))

    def _send_away(self, seat: Seat) -> None:
        seat.session.tell(outgoing.format_removed("moved"))
        seat.close()

    def _forward(self, meeting: Meeting, event: Event) -> None:
        match event:
            case TrackPublished(track):
                self.add_track(meeting, track)
            case TrackUnpublished(participant, track_id):
                self._forwarding.remove_track(meeting.id, participant, track_id)
            case TrackMuted(participant, track_id):
                self._forwarding.set_muted(meeting.id, meeting.member(participant).track_by_id[track_id])
            case SlotsChanged(participant, track_by_slot):
                member = meeting.receiver(participant)
                # What audio slots of people carry is the plane's choice.
                takes_all = participant in meeting.recorders
                for slot in track_by_slot if member is not None else ():
                    if member is not None and (takes_all or slot in member.video_slots):
                        self._forwarding.assign(meeting.id, participant, slot, member.carried[slot])
            case ParticipantLeft(participant, _) | RecorderLeft(participant):
                self._connections.close((meeting.id, participant))
            case _:
                pass

    def add_track(self, meeting: Meeting, track: Track) -> None:
        """Publish a track in the plane, and send it where it was shown before it had a connection."""
        self._forwarding.add_track(meeting.id, track)
        self.distribution.handle_published(self._now(), meeting.id, track)
        for participant, slot in meeting.places_of(track.id):
            if track.kind == "video" or participant in meeting.recorders:
                self._forwarding.assign(meeting.id, participant, slot, track.id)

    def _conclude(self, meeting: Meeting, event: Event) -> None:
        """What comes last: whoever it concerns has been told."""
        match event:
            case ParticipantLeft(participant, reason):
                log.info("participant_left", meeting=meeting.id, participant=participant, reason=reason)
                self._take_seat(meeting, participant)
            case RecorderLeft(recorder):
                log.info("recorder_left", meeting=meeting.id, recorder=recorder)
                self._take_seat(meeting, recorder)
            case ParticipantJoined():
                log.debug("roster", meeting=meeting.id, participants=len(meeting.participant_by_id))
            case ChatSent(message) if message.to is None:
                self.hear(meeting.id, message)
            case _:
                pass

    def _take_seat(self, meeting: Meeting, participant: ParticipantId) -> None:
        seat = self.seats_by_meeting.get(meeting.id, {}).pop(participant, None)
        if seat is not None:
            self.participants -= 1
            seat.close()

    def _now(self) -> Instant:
        return Instant(self._monotonic())
