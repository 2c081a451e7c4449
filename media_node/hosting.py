"""The live meetings of this node: sessions, connections and forwarding held together.

An input (a join, a client's message, a plane event, a command, time) goes to the meeting's state machine; the
events that come back are turned into plane commands and told to sessions, once per input, and what an input
costs grows with what it changes, not with the meeting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from media_node.admission import Admission, InitialTrack, Key, participant_of
from media_node.bandwidth.layers import Layer
from media_node.connections import Connections
from media_node.distribution import Distribution
from media_node.errors import NotFoundError, ResumeError
from media_node.forwarding import Forwarding
from media_node.meetings.events import (
    Event,
    ParticipantJoined,
    ParticipantLeft,
    SlotsChanged,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Standing, Track, Wish
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
from media_node.signaling.announce import announce
from media_node.signaling.session import Seat, Session
from media_node.tokens import Claims
from media_node.transport.offer import parse_offer

log = structlog.get_logger()

# A participant without a socket keeps its place this long.
RESUME_SECONDS = 20.0


class Hosting:
    """All meetings of one node."""

    def __init__(
        self,
        forwarding: Forwarding,
        connections: Connections,
        *,
        admission: Admission,
        monotonic: Callable[[], float],
    ) -> None:
        self.meeting_by_id: dict[MeetingId, Meeting] = {}
        self.seats_by_meeting: dict[MeetingId, dict[ParticipantId, Seat]] = {}
        self.participants = 0
        self.joins = 0
        self.distribution = Distribution(forwarding)
        self._forwarding = forwarding
        self._connections = connections
        self._admission = admission
        self._monotonic = monotonic

    def seat(self, key: Key) -> Seat | None:
        return self.seats_by_meeting.get(key[0], {}).get(key[1])

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
        claims = self._admission.current(claims)
        self._admission.check(
            claims, self.meeting_by_id.get(key[0]), is_new=self.seat(key) is None, taken=self.participants
        )
        parsed = parse_offer(offer) if offer is not None else None
        self._replace(key)
        meeting = self._meeting(claims)
        answer = None
        audio: list[SlotId] = []
        video: list[SlotId] = []
        if parsed is not None:
            answer, audio, video = self._connections.connect(key, parsed)
        seat = Seat(*key, Session(), has_socket)
        self.seats_by_meeting.setdefault(key[0], {})[key[1]] = seat
        self.participants += 1
        self.joins += 1
        events = meeting.handle_join(participant_of(claims, audio, video))
        for track in tracks:
            if track.source in claims.publish:
                events += meeting.handle_publish(key[1], Mid(track.mid), track.source, track.is_muted)
        self._apply(meeting, events, newcomer=key[1])
        log.info("participant_joined", meeting=key[0], participant=key[1], role=claims.role)
        return seat, answer

    def welcome(self, seat: Seat, *, resumed: bool, answer: str | None) -> None:
        """Tell a session where it stands; then the events that follow reach it too."""
        meeting = self.meeting_by_id[seat.meeting]
        member = meeting.member(seat.participant)
        message = outgoing.format_joined(meeting, member, seat.session.secret, resumed=resumed, answer=answer)
        seat.session.tell(message)
        announce(meeting, self.seats_by_meeting[seat.meeting], self.distribution.paused(seat.key))

    def resume(self, claims: Claims, last_message: int, secret: str) -> tuple[Seat, list[str]]:
        """The session of a client that comes back, and what it missed.

        Raises:
            ResumeError: It is gone, or the secret does not fit.
        """
        seat = self.seat((MeetingId(claims.meeting), ParticipantId(claims.participant)))
        if seat is None:
            raise ResumeError("the session is gone: join again")
        return seat, seat.session.missed_since(last_message, secret)

    def reoffer(self, seat: Seat, offer: str) -> str:
        """Answer a further offer: renegotiation, ICE restart, or a new connection of the same participant."""
        parsed = parse_offer(offer)
        key = seat.key
        meeting = self._meeting_of(seat)
        member = meeting.member(seat.participant)
        if not self._connections.continues(key, parsed):
            for track in member.track_by_id.values():
                self._forwarding.remove_track(seat.meeting, seat.participant, track.id)
        answer, audio, video = self._connections.reconnect(key, parsed)
        events = meeting.handle_slots(seat.participant, audio, video)
        for track in member.track_by_id.values():
            self._add_track(meeting, track)
        self._forwarding.reconcile(seat.meeting, member)
        self.distribution.handle_reconnected(key)
        self._apply(meeting, events)
        return answer

    def _replace(self, key: tuple[MeetingId, ParticipantId]) -> None:
        seat = self.seat(key)
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
        if meeting is None or not self.is_seated(seat):
            return
        self._apply(meeting, meeting.handle_leave(seat.participant, reason))

    def end_meeting(self, meeting_id: MeetingId) -> None:
        """End a meeting for everybody; who comes late is told so."""
        self._admission.note_ended(self._now(), meeting_id)
        self._remove_all(meeting_id, "ended")

    def remove_participant(self, meeting_id: MeetingId, participant: ParticipantId, reason: str) -> None:
        """Remove somebody for good: its token is of no use here any more."""
        self._admission.note_removed(self._now(), (meeting_id, participant))
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self._apply(meeting, meeting.handle_remove(participant, reason))

    def put_out(self, meeting_id: MeetingId, participant: ParticipantId) -> None:
        """Let somebody leave who said so elsewhere; its token is good still."""
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self._apply(meeting, meeting.handle_remove(participant, "removed", "left"))

    def admit_again(self, meeting_id: MeetingId, participant: ParticipantId) -> None:
        self._admission.note_admitted((meeting_id, participant))

    def mute_audio(
        self, meeting_id: MeetingId, participant: ParticipantId | None, by: ParticipantId | None
    ) -> None:
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self._apply(meeting, meeting.handle_mute_audio(participant, by))

    def change_standing(self, meeting_id: MeetingId, participant: ParticipantId, standing: Standing) -> None:
        """Give somebody another role or name, also if it comes back with a token from before."""
        self._admission.note_changed(self._now(), (meeting_id, participant), standing)
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self._apply(meeting, meeting.handle_standing(participant, standing))

    def close_all(self) -> None:
        """Tell everybody that this node closes."""
        self._admission.is_draining = True
        for meeting_id in list(self.meeting_by_id):
            self._remove_all(meeting_id, "nodeClosing")

    def _remove_all(self, meeting_id: MeetingId, reason: str) -> None:
        meeting = self.meeting_by_id.get(meeting_id)
        if meeting is None:
            return
        for participant in list(meeting.participant_by_id):
            self._apply(meeting, meeting.handle_remove(participant, reason))

    def is_seated(self, seat: Seat) -> bool:
        return self.seat(seat.key) is seat

    def handle_socket_closed(self, seat: Seat) -> None:
        seat.alone_since = Instant(self._monotonic())

    def handle_socket_opened(self, seat: Seat) -> None:
        seat.alone_since = None

    def handle_transport_gone(self, number: int) -> None:
        """A goodbye or no sign of life on the media path: whoever has no socket either is gone."""
        key = self._forwarding.participant_by_number.get(number)
        seat = self.seat(key) if key is not None else None
        if seat is not None and not seat.session.is_connected:
            self.leave(seat, "timeout")

    def handle_worker_restarted(self, worker: int) -> None:
        """A worker has lost its meetings' media: their clients rejoin."""
        by_key = self._forwarding.transport_by_participant
        self._send_away([key for key, transport in by_key.items() if transport.worker == worker])

    def handle_meeting_lost(self, number: int) -> None:
        """A broken invariant has ended one meeting's media: its clients rejoin."""
        meeting_id = self._forwarding.meeting_of(number)
        by_key = self._forwarding.transport_by_participant
        self._send_away([key for key in by_key if key[0] == meeting_id])

    def _send_away(self, keys: Sequence[Key]) -> None:
        for key in keys:
            seat = self.seat(key)
            if seat is not None:
                seat.session.tell(outgoing.format_removed("moved"))
                seat.close()
                self.leave(seat, "moved")

    def handle_timeout(self) -> None:
        """Give up those who did not come back; forget what no token can ask for any more."""
        now = self._now()
        everybody = [seat for seats in self.seats_by_meeting.values() for seat in seats.values()]
        for seat in everybody:
            if seat.has_socket and seat.alone_since is not None and now - seat.alone_since >= RESUME_SECONDS:
                self.leave(seat, "timeout")
        self._admission.handle_timeout(now)

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
        """Let a slot show what a client asks for: from here to the plane's commands in one pass."""
        meeting = self._meeting_of(seat)
        events = meeting.handle_assign(seat.participant, SlotId(slot), wish)
        self.distribution.handle_wish(self._now(), meeting, seat.participant, SlotId(slot))
        self._apply(meeting, events)

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
        self._admission.note_removed(self._now(), (seat.meeting, ParticipantId(participant)))
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
        talking = [(track, level) for track, level in known if track is not None]
        self._apply(meeting, meeting.handle_speakers(held, talking))

    def quality(self, seat: Seat) -> tuple[int, int, float | None, str]:
        """Uplink loss and packets, round trip and verdict of a participant, as last counted."""
        return self._connections.quality(seat.key)

    def handle_estimate(self, transport: int, estimate_bps: float) -> None:
        """What a participant's downlink carries, as the plane estimates it."""
        self.distribution.handle_estimate(self._now(), transport, estimate_bps)
        self._settle()

    def handle_layers(self, track: int, layers: Sequence[Layer]) -> None:
        """The layers of a track have changed, or what they cost."""
        self.distribution.handle_layers(self._now(), track, layers)
        self._settle()

    def handle_pressure(self, shed: int) -> None:
        """Take so many rungs off everybody's video: the node is short of CPU, or no longer."""
        self.distribution.handle_shed(self._now(), shed)
        self._settle()

    def handle_policy_timeout(self) -> None:
        """Stop layers that nobody has needed for a while."""
        self.distribution.handle_timeout(self._now())
        self._settle()

    # Events into messages and commands.

    def _apply(
        self, meeting: Meeting, events: Sequence[Event], newcomer: ParticipantId | None = None
    ) -> None:
        for event in events:
            self._forward(meeting, event)
        self.distribution.handle_events(self._now(), meeting, events)
        self._settle(meeting, events, newcomer)
        for event in events:
            self._close_seat(meeting, event)
        if not meeting.participant_by_id:
            self.meeting_by_id.pop(meeting.id, None)
            self.seats_by_meeting.pop(meeting.id, None)
            self._forwarding.forget_meeting(meeting.id)

    def _settle(
        self,
        meeting: Meeting | None = None,
        events: Sequence[Event] = (),
        newcomer: ParticipantId | None = None,
    ) -> None:
        """Command the plane, then tell participants, also of what follows for their layers."""
        told = self.distribution.settle(self._now())
        self._forwarding.flush()
        if meeting is not None:
            following = told.pop(meeting.id, [])
            announce(meeting, self.seats_by_meeting.get(meeting.id, {}), [*events, *following], newcomer)
        for meeting_id, following in told.items():
            other = self.meeting_by_id.get(meeting_id)
            if other is not None:
                announce(other, self.seats_by_meeting.get(meeting_id, {}), following)

    def _forward(self, meeting: Meeting, event: Event) -> None:
        match event:
            case TrackPublished(track):
                self._add_track(meeting, track)
            case TrackUnpublished(participant, track_id):
                self._forwarding.remove_track(meeting.id, participant, track_id)
            case TrackMuted(participant, track_id, _, _):
                self._forwarding.set_muted(meeting.id, meeting.member(participant).track_by_id[track_id])
            case SlotsChanged(participant, track_by_slot):
                member = meeting.participant_by_id.get(participant)
                for slot in track_by_slot if member is not None else ():
                    if member is not None and slot in member.video_slots:
                        self._forwarding.assign(meeting.id, participant, slot, member.carried[slot])
            case ParticipantLeft(participant, _):
                self._connections.close((meeting.id, participant))
            case _:
                pass

    def _add_track(self, meeting: Meeting, track: Track) -> None:
        """Publish a track in the plane, and send it where it was shown before it had a connection."""
        self._forwarding.add_track(meeting.id, track)
        self.distribution.handle_published(self._now(), meeting.id, track)
        if track.kind == "video":
            for participant, slot in meeting.places_of(track.id):
                self._forwarding.assign(meeting.id, participant, slot, track.id)

    def _close_seat(self, meeting: Meeting, event: Event) -> None:
        if isinstance(event, ParticipantLeft):
            seat = self.seats_by_meeting.get(meeting.id, {}).pop(event.participant, None)
            log.info(
                "participant_left", meeting=meeting.id, participant=event.participant, reason=event.reason
            )
            if seat is not None:
                self.participants -= 1
                seat.close()
        elif isinstance(event, ParticipantJoined):
            log.debug("roster", meeting=meeting.id, participants=len(meeting.participant_by_id))

    def _now(self) -> Instant:
        return Instant(self._monotonic())

    def _meeting_of(self, seat: Seat) -> Meeting:
        meeting = self.meeting_by_id.get(seat.meeting)
        if meeting is None:
            raise NotFoundError("the meeting is over")
        return meeting
