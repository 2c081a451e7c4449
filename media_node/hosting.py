"""The live meetings of this node: sessions, connections and forwarding held together.

An input (a join, a client's message, a plane event, a command, time) goes to the meeting's state machine; the
events that come back are told to sessions and turned into plane commands, in this order, once per input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from media_node.connections import Connections
from media_node.errors import (
    ConflictError,
    MeetingEndedError,
    NodeFullError,
    NotFoundError,
    NotGrantedError,
    ResumeError,
)
from media_node.forwarding import Forwarding
from media_node.meetings.events import (
    Event,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantRemoved,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Participant, Wish
from media_node.quantities import (
    Instant,
    MeetingId,
    Mid,
    ParticipantId,
    SlotId,
    Source,
    TrackId,
    new_identifier,
)
from media_node.signaling import format as outgoing
from media_node.signaling.session import Seat, Session
from media_node.tokens import Claims
from media_node.transport.offer import parse_offer

log = structlog.get_logger()

# A participant without a socket keeps its place this long.
RESUME_SECONDS = 20.0
# Ended meetings and removed participants are remembered longer than a join token lives.
MEMORY_SECONDS = 600.0


@dataclass(frozen=True)
class InitialTrack:
    mid: str
    source: Source
    is_muted: bool


class Hosting:
    """All meetings of one node."""

    def __init__(
        self,
        forwarding: Forwarding,
        connections: Connections,
        *,
        capacity: int,
        monotonic: Callable[[], float],
    ) -> None:
        self.meeting_by_id: dict[MeetingId, Meeting] = {}
        self.seat_by_key: dict[tuple[MeetingId, ParticipantId], Seat] = {}
        self.joins = 0
        self.is_draining = False
        self._forwarding = forwarding
        self._connections = connections
        self._capacity = capacity
        self._monotonic = monotonic
        self._ended: dict[MeetingId, float] = {}
        self._removed: dict[tuple[MeetingId, ParticipantId], float] = {}

    @property
    def participants(self) -> int:
        return len(self.seat_by_key)

    # Joining.

    def join(
        self, claims: Claims, offer: str | None, tracks: Sequence[InitialTrack], *, has_socket: bool
    ) -> tuple[Seat, str | None]:
        """Let the bearer of a sound token in; returns its seat and the answer to its offer.

        Raises:
            MeetingEndedError, NotGrantedError, ConflictError, NodeFullError: As the state says.
            SdpError, TooLargeError: The offer cannot be answered; nothing has changed then.
        """
        key = (MeetingId(claims.meeting), ParticipantId(claims.participant))
        self._check_admission(claims, key)
        parsed = parse_offer(offer) if offer is not None else None
        self._replace(key)
        meeting = self._meeting(claims)
        answer = None
        audio: list[SlotId] = []
        video: list[SlotId] = []
        if parsed is not None:
            answer, audio, video = self._connections.connect(key, parsed)
        seat = Seat(*key, Session(), has_socket)
        self.seat_by_key[key] = seat
        self.joins += 1
        events = meeting.handle_join(_participant(claims, audio, video))
        for track in tracks:
            if track.source in claims.publish:
                events += meeting.handle_publish(key[1], Mid(track.mid), track.source, track.is_muted)
        self._apply(meeting, events, newcomer=key[1])
        self._connections.bring_positions(meeting, key)
        log.info("participant_joined", meeting=key[0], participant=key[1], role=claims.role)
        return seat, answer

    def welcome(self, seat: Seat, *, resumed: bool, answer: str | None) -> None:
        """Tell a session where it stands; then the events that follow reach it too."""
        meeting = self.meeting_by_id[seat.meeting]
        member = meeting.member(seat.participant)
        message = outgoing.format_joined(meeting, member, seat.session.secret, resumed=resumed, answer=answer)
        seat.session.tell(message)

    def resume(self, claims: Claims, last_message: int, secret: str) -> tuple[Seat, list[str]]:
        """The session of a client that comes back, and what it missed.

        Raises:
            ResumeError: It is gone, or the secret does not fit.
        """
        seat = self.seat_by_key.get((MeetingId(claims.meeting), ParticipantId(claims.participant)))
        if seat is None:
            raise ResumeError("the session is gone: join again")
        return seat, seat.session.missed_since(last_message, secret)

    def reoffer(self, seat: Seat, offer: str) -> str:
        """Answer a further offer: renegotiation, ICE restart, or a new connection of the same participant."""
        parsed = parse_offer(offer)
        key = (seat.meeting, seat.participant)
        meeting = self._meeting_of(seat)
        member = meeting.member(seat.participant)
        if not self._connections.continues(key, parsed):
            for track in member.track_by_id.values():
                self._forwarding.remove_track(seat.meeting, seat.participant, track.id)
        answer, audio, video = self._connections.reconnect(key, parsed)
        meeting.set_slots(seat.participant, audio, video)
        for track in member.track_by_id.values():
            self._forwarding.add_track(seat.meeting, track)
        self._connections.bring_positions(meeting, key)
        self._apply(meeting, meeting.handle_slots_changed())
        return answer

    def _check_admission(self, claims: Claims, key: tuple[MeetingId, ParticipantId]) -> None:
        if key[0] in self._ended:
            raise MeetingEndedError("the meeting has ended")
        if key in self._removed:
            raise NotGrantedError("this participant was removed from the meeting")
        if self.is_draining:
            raise NodeFullError("this node is closing")
        meeting = self.meeting_by_id.get(key[0])
        if meeting is not None and claims.epoch < meeting.epoch:
            raise ConflictError("the meeting has moved since this token was made: join again")
        is_new = key not in self.seat_by_key
        limit = claims.max_participants
        if is_new and limit is not None and meeting is not None and len(meeting.participant_by_id) >= limit:
            raise ConflictError("the meeting is full")
        if is_new and self.participants >= self._capacity:
            raise NodeFullError("this node is full")

    def _replace(self, key: tuple[MeetingId, ParticipantId]) -> None:
        seat = self.seat_by_key.get(key)
        if seat is None:
            return
        seat.session.tell(outgoing.format_removed("replaced"))
        seat.close()
        self.leave(seat, "replaced")

    def _meeting(self, claims: Claims) -> Meeting:
        meeting_id = MeetingId(claims.meeting)
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is None:
            meeting = self.meeting_by_id[meeting_id] = Meeting(meeting_id, claims.epoch, new_identifier)
        meeting.epoch = max(meeting.epoch, claims.epoch)
        return meeting

    # Leaving.

    def leave(self, seat: Seat, reason: str) -> None:
        """Take a participant out, its connection and its tracks with it; again does nothing."""
        meeting = self.meeting_by_id.get(seat.meeting)
        if meeting is None or self.seat_by_key.get((seat.meeting, seat.participant)) is not seat:
            return
        self._apply(meeting, meeting.handle_leave(seat.participant, reason))

    def end_meeting(self, meeting_id: MeetingId) -> None:
        """End a meeting for everybody; who comes late is told so."""
        self._ended[meeting_id] = self._monotonic() + MEMORY_SECONDS
        self._remove_all(meeting_id, "ended")

    def remove_participant(self, meeting_id: MeetingId, participant: ParticipantId, reason: str) -> None:
        """Remove somebody for good: its token is of no use here any more."""
        self._removed[meeting_id, participant] = self._monotonic() + MEMORY_SECONDS
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self._apply(meeting, meeting.handle_remove(participant, reason))

    def close_all(self) -> None:
        """Tell everybody that this node closes."""
        self.is_draining = True
        for meeting_id in list(self.meeting_by_id):
            self._remove_all(meeting_id, "nodeClosing")

    def _remove_all(self, meeting_id: MeetingId, reason: str) -> None:
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is None:
            return
        for participant in list(meeting.participant_by_id):
            self._apply(meeting, meeting.handle_remove(participant, reason))

    def is_seated(self, seat: Seat) -> bool:
        return self.seat_by_key.get((seat.meeting, seat.participant)) is seat

    def handle_socket_closed(self, seat: Seat) -> None:
        seat.alone_since = Instant(self._monotonic())

    def handle_socket_opened(self, seat: Seat) -> None:
        seat.alone_since = None

    def handle_transport_timed_out(self, number: int) -> None:
        """No sign of life on the media path: whoever has no socket either is gone."""
        key = self._forwarding.participant_by_number.get(number)
        seat = self.seat_by_key.get(key) if key is not None else None
        if seat is not None and not seat.session.is_connected:
            self.leave(seat, "timeout")

    def handle_worker_restarted(self, worker: int) -> None:
        """A worker has lost its meetings' media: their clients rejoin."""
        lost = [
            key
            for key, transport in self._forwarding.transport_by_participant.items()
            if transport.worker == worker
        ]
        for key in lost:
            seat = self.seat_by_key.get(key)
            if seat is not None:
                seat.session.tell(outgoing.format_removed("moved"))
                seat.close()
                self.leave(seat, "moved")

    def handle_timeout(self) -> None:
        """Give up those who did not come back; forget what no token can ask for any more."""
        now = self._monotonic()
        for seat in list(self.seat_by_key.values()):
            if seat.has_socket and seat.alone_since is not None and now - seat.alone_since >= RESUME_SECONDS:
                self.leave(seat, "timeout")
        self._ended = {key: until for key, until in self._ended.items() if until > now}
        self._removed = {key: until for key, until in self._removed.items() if until > now}

    # What participants do.

    def publish(self, seat: Seat, mid: str, source: Source, is_muted: bool) -> None:
        meeting = self._meeting_of(seat)
        self._apply(meeting, meeting.handle_publish(seat.participant, Mid(mid), source, is_muted))

    def unpublish(self, seat: Seat, track: str) -> None:
        meeting = self._meeting_of(seat)
        self._apply(meeting, meeting.handle_unpublish(seat.participant, TrackId(track)))

    def mute(self, seat: Seat, track: str, is_muted: bool) -> None:
        meeting = self._meeting_of(seat)
        self._apply(meeting, meeting.handle_mute(seat.participant, TrackId(track), is_muted))

    def assign(self, seat: Seat, slot: str, wish: Wish) -> None:
        meeting = self._meeting_of(seat)
        self._apply(meeting, meeting.handle_assign(seat.participant, SlotId(slot), wish))

    def chat(self, seat: Seat, text: str, to: str | None) -> None:
        meeting = self._meeting_of(seat)
        recipient = ParticipantId(to) if to is not None else None
        self._apply(meeting, meeting.handle_chat(seat.participant, text, datetime.now(UTC), recipient))

    def hand(self, seat: Seat, is_raised: bool) -> None:
        meeting = self._meeting_of(seat)
        self._apply(meeting, meeting.handle_hand(seat.participant, is_raised))

    def react(self, seat: Seat, reaction: str) -> None:
        meeting = self._meeting_of(seat)
        self._apply(meeting, meeting.handle_reaction(seat.participant, reaction))

    def moderate_mute(self, seat: Seat, participant: str, track: str | None) -> None:
        meeting = self._meeting_of(seat)
        named = TrackId(track) if track is not None else None
        events = meeting.handle_moderate_mute(seat.participant, ParticipantId(participant), named)
        self._apply(meeting, events)

    def moderate_remove(self, seat: Seat, participant: str) -> None:
        meeting = self._meeting_of(seat)
        events = meeting.handle_moderate_remove(seat.participant, ParticipantId(participant))
        self._removed[seat.meeting, ParticipantId(participant)] = self._monotonic() + MEMORY_SECONDS
        self._apply(meeting, events)

    def handle_speakers(
        self, number: int, positions: Sequence[int | None], speakers: Sequence[tuple[int, int]]
    ) -> None:
        """Take the plane's word for a meeting's audio."""
        meeting_id = self._forwarding.meeting_of(number)
        meeting = self.meeting_by_id.get(meeting_id) if meeting_id is not None else None
        if meeting is None:
            return
        held = [self._forwarding.track_of(track) if track is not None else None for track in positions]
        known = [(self._forwarding.track_of(track), level) for track, level in speakers]
        self._connections.note_positions(meeting.id, held)
        talking = [(track, level) for track, level in known if track is not None]
        self._apply(meeting, meeting.handle_speakers(held, talking))

    def quality(self, seat: Seat) -> tuple[int, int, float | None, str]:
        """Uplink loss and packets, round trip and verdict of a participant, as last counted."""
        return self._connections.quality((seat.meeting, seat.participant))

    # Events into messages and commands.

    def _apply(
        self, meeting: Meeting, events: Sequence[Event], newcomer: ParticipantId | None = None
    ) -> None:
        for event in events:
            self._forward(meeting, event)
        for member in meeting.participant_by_id.values():
            self._forwarding.reconcile(meeting.id, member)
        self._forwarding.flush()
        for key in [key for key in self.seat_by_key if key[0] == meeting.id and key[1] != newcomer]:
            self._tell(self.seat_by_key[key], meeting, events)
        for event in events:
            self._close_seat(meeting, event)
        if not meeting.participant_by_id:
            self.meeting_by_id.pop(meeting.id, None)
            self._connections.forget_meeting(meeting.id)
            self._forwarding.forget_meeting(meeting.id)

    def _forward(self, meeting: Meeting, event: Event) -> None:
        match event:
            case TrackPublished(track):
                self._forwarding.add_track(meeting.id, track)
            case TrackUnpublished(participant, track_id):
                self._forwarding.remove_track(meeting.id, participant, track_id)
            case TrackMuted(participant, track_id, _, _):
                self._forwarding.set_muted(meeting.id, meeting.member(participant).track_by_id[track_id])
            case ParticipantLeft(participant, _):
                self._connections.close((meeting.id, participant))
            case _:
                pass

    def _tell(self, seat: Seat, meeting: Meeting, events: Sequence[Event]) -> None:
        changes = [outgoing.format_change(event, seat.participant) for event in events]
        shown = [change for change in changes if change is not None]
        # Who leaves is not told of its own leaving, nor of anything after.
        is_here = seat.participant in meeting.participant_by_id
        if shown and is_here:
            seat.session.tell(outgoing.format_roster(meeting.version, shown))
        for event in events:
            message = outgoing.format_event(event, seat.participant)
            if message is not None and (is_here or isinstance(event, ParticipantRemoved)):
                seat.session.tell(message)

    def _close_seat(self, meeting: Meeting, event: Event) -> None:
        if isinstance(event, ParticipantLeft):
            seat = self.seat_by_key.pop((meeting.id, event.participant), None)
            log.info(
                "participant_left", meeting=meeting.id, participant=event.participant, reason=event.reason
            )
            if seat is not None:
                seat.close()
        elif isinstance(event, ParticipantJoined):
            log.debug("roster", meeting=meeting.id, participants=len(meeting.participant_by_id))

    def _meeting_of(self, seat: Seat) -> Meeting:
        meeting = self.meeting_by_id.get(seat.meeting)
        if meeting is None:
            raise NotFoundError("the meeting is over")
        return meeting


def _participant(claims: Claims, audio: list[SlotId], video: list[SlotId]) -> Participant:
    return Participant(
        id=ParticipantId(claims.participant),
        display_name=claims.display_name,
        role=claims.role,
        joined_at=datetime.now(UTC),
        publish_grants=claims.publish,
        may_subscribe=claims.may_subscribe,
        may_moderate=claims.may_moderate,
        audio_slots=audio,
        video_slots=video,
    )
