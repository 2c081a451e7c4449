"""What happens to the meetings of this node, input by input.

An input (a join, a client's message, a plane event, a command, time) goes to the meeting's state machine;
what follows from the events that come back is in `live_meetings.py`. What an input costs grows with what it
changes, not with the meeting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime

import structlog

from media_node.admission import Admission, Key, participant_of
from media_node.bandwidth.layers import Layer
from media_node.connections import Connections, received_codecs
from media_node.errors import NotFoundError, ResumeError
from media_node.forwarding import Forwarding
from media_node.isolation import Isolation
from media_node.link_news import LinkNews
from media_node.live_meetings import LiveMeetings
from media_node.meetings import moderation
from media_node.meetings.codecs import decodes_of
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import InitialTrack, Standing, Wish, require_distinct
from media_node.quantities import (
    Instant,
    MeetingId,
    Mid,
    ParticipantId,
    SlotId,
    Source,
    TrackId,
)
from media_node.signaling import format as outgoing
from media_node.signaling.announce import announce
from media_node.signaling.session import Seat, Session
from media_node.tokens import Claims
from media_node.transport.offer import MAX_LINES, MAX_RECORDER_LINES, parse_offer

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
        isolation: Isolation | None = None,
    ) -> None:
        self._isolation = isolation if isolation is not None else Isolation()
        self.live = LiveMeetings(forwarding, connections, isolation=self._isolation, monotonic=monotonic)
        self.joins = 0
        self._forwarding = forwarding
        self._connections = connections
        self._admission = admission
        self._monotonic = monotonic
        self._links = LinkNews()

    def seat(self, key: Key) -> Seat | None:
        return self.live.seat(key)

    # Joining.

    def join(
        self,
        claims: Claims,
        offer: str | None,
        tracks: Sequence[InitialTrack],
        *,
        has_socket: bool,
        decodes: Mapping[str, bool] | None = None,
    ) -> tuple[Seat, str | None]:
        """Let the bearer of a sound token in; returns its seat and the answer to its offer.

        Raises:
            MeetingEndedError, NotGrantedError, ConflictError, NodeFullError: As the state says.
            SdpError, TooLargeError: The offer cannot be answered; nothing has changed then.
        """
        key = (MeetingId(claims.meeting), ParticipantId(claims.participant))
        claims = self._admission.current(claims)
        self._admission.check(
            claims,
            self.live.meeting_by_id.get(key[0]),
            is_new=self.seat(key) is None,
            participants=self.live.participants,
        )
        max_lines = MAX_RECORDER_LINES if claims.takes_all else MAX_LINES
        parsed = parse_offer(offer, max_lines) if offer is not None else None
        granted = [track for track in tracks if track.source in claims.publish]
        require_distinct(granted)
        if claims.takes_all:
            self._require_recorded(key[0])
        self._replace(key)
        meeting = self._meeting(claims)
        answer = None
        audio: list[SlotId] = []
        video: list[SlotId] = []
        if parsed is not None:
            hears_speakers = not claims.takes_all
            answer, audio, video = self._connections.connect(key, parsed, hears_speakers=hears_speakers)
        seat = Seat(*key, Session(), has_socket)
        self.live.add_seat(seat)
        self.joins += 1
        received = received_codecs(parsed) if parsed is not None else None
        newcomer = participant_of(claims, audio, video, decodes_of(received, decodes))
        if claims.takes_all:
            events = meeting.handle_recorder(newcomer)
        else:
            events = meeting.handle_join(newcomer, granted)
        self._links.note_size(meeting.id, len(meeting.participant_by_id))
        self.live.apply(meeting, events, newcomer=key[1])
        log.info("participant_joined", meeting=key[0], participant=key[1], role=claims.role)
        return seat, answer

    def welcome(self, seat: Seat, *, resumed: bool, answer: str | None) -> None:
        """Tell a session where it stands; then the events that follow reach it too."""
        meeting = self.live.meeting_by_id[seat.meeting]
        member = meeting.receiver(seat.participant)
        if member is None:
            raise NotFoundError("this participant has left")
        message = outgoing.format_joined(meeting, member, seat.session.secret, resumed=resumed, answer=answer)
        seat.session.tell(message)
        announce(meeting, self.live.seats_by_meeting[seat.meeting], self.live.distribution.limited(seat.key))
        links = None if resumed else self._links.for_newcomer(seat.meeting, len(meeting.participant_by_id))
        if links is not None:
            seat.session.tell(outgoing.format_event(links) or {})

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
        key = seat.key
        meeting = self.live.meeting_of(seat)
        parsed = parse_offer(offer, MAX_RECORDER_LINES if key[1] in meeting.recorders else MAX_LINES)
        member = meeting.receiver(seat.participant)
        if member is None:
            raise NotFoundError("this participant has left")
        if not self._connections.continues(key, parsed):
            for track in member.track_by_id.values():
                self._forwarding.remove_track(seat.meeting, seat.participant, track.id)
        answer, audio, video = self._connections.reconnect(key, parsed)
        events = meeting.handle_slots(seat.participant, audio, video)
        for track in member.track_by_id.values():
            self.live.add_track(meeting, track)
        self._forwarding.reconcile(seat.meeting, member, takes_all=seat.participant in meeting.recorders)
        self.live.distribution.handle_reconnected(self._now(), key)
        self.live.apply(meeting, events)
        return answer

    def _require_recorded(self, meeting_id: MeetingId) -> None:
        """With nobody but a recorder there is no meeting, and a second recorder is beside a first."""
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is None or meeting.recording is None:
            raise NotFoundError("the meeting is not recorded here")

    def _replace(self, key: tuple[MeetingId, ParticipantId]) -> None:
        seat = self.seat(key)
        if seat is None:
            return
        seat.session.tell(outgoing.format_removed("replaced"))
        seat.close()
        self.leave(seat, "replaced")

    def _meeting(self, claims: Claims) -> Meeting:
        meeting_id = MeetingId(claims.meeting)
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is None:
            meeting = self.live.begin(meeting_id, claims.epoch)
        meeting.epoch = max(meeting.epoch, claims.epoch)
        return meeting

    # Leaving.

    def leave(self, seat: Seat, reason: str) -> None:
        """Take a participant out, its connection and its tracks with it; again does nothing."""
        meeting = self.live.meeting_by_id.get(seat.meeting)
        if meeting is None or not self.is_seated(seat):
            return
        self.live.apply(meeting, meeting.handle_leave(seat.participant, reason))

    def end_meeting(self, meeting_id: MeetingId) -> None:
        """End a meeting for everybody; who comes late is told so."""
        self._admission.note_ended(self._now(), meeting_id)
        self._remove_all(meeting_id, "ended")
        self.live.left.drop(meeting_id)

    def remove_participant(self, meeting_id: MeetingId, participant: ParticipantId, reason: str) -> None:
        """Remove somebody for good: its token is of no use here any more."""
        self._admission.note_removed(self._now(), (meeting_id, participant))
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self.live.apply(meeting, meeting.handle_remove(participant, reason))

    def put_out(self, meeting_id: MeetingId, participant: ParticipantId) -> None:
        """Let somebody leave who said so elsewhere; its token is good still."""
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self.live.apply(meeting, meeting.handle_remove(participant, "removed", "left"))

    def admit_again(self, meeting_id: MeetingId, participant: ParticipantId) -> None:
        self._admission.note_admitted((meeting_id, participant))

    def mute_sources(
        self,
        meeting_id: MeetingId,
        participant: ParticipantId | None,
        by: ParticipantId | None,
        sources: Set[str],
    ) -> None:
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self.live.apply(meeting, moderation.handle_mute_sources(meeting, participant, by, sources))

    def change_standing(self, meeting_id: MeetingId, participant: ParticipantId, standing: Standing) -> None:
        """Give somebody another role or name, also if it comes back with a token from before."""
        self._admission.note_changed(self._now(), (meeting_id, participant), standing)
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is not None:
            self.live.apply(meeting, moderation.handle_standing(meeting, participant, standing))

    def close_all(self) -> None:
        """Tell everybody that this node closes."""
        self._admission.is_closing = True
        for meeting_id in list(self.live.meeting_by_id):
            self._remove_all(meeting_id, "nodeClosing")
        self.live.left.drop_all()

    def _remove_all(self, meeting_id: MeetingId, reason: str) -> None:
        meeting = self.live.meeting_by_id.get(meeting_id)
        if meeting is None:
            return
        for participant in list(meeting.participant_by_id):
            self.live.apply(meeting, meeting.handle_remove(participant, reason))

    def is_seated(self, seat: Seat) -> bool:
        return self.seat(seat.key) is seat

    def handle_socket_closed(self, seat: Seat) -> None:
        """Who has lost its socket may come back; a recorder does so as another one, and is missed at once."""
        seat.alone_since = Instant(self._monotonic())
        meeting = self.live.meeting_by_id.get(seat.meeting)
        if meeting is not None and seat.participant in meeting.recorders:
            self.leave(seat, "left")

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
        lost = dict.fromkeys(key[0] for key, transport in by_key.items() if transport.worker == worker)
        for meeting in lost:
            self._isolation.guard(meeting, self.live.abandon, meeting)

    def handle_meeting_lost(self, number: int) -> None:
        """A broken invariant has ended one meeting's media: its clients rejoin."""
        meeting_id = self._forwarding.meeting_of(number)
        if meeting_id is not None:
            self.live.abandon(meeting_id)

    def end_broken(self) -> None:
        """End the meetings over which a turn has failed, as the plane's broken ones are."""
        for meeting_id in self._isolation.take_broken():
            self._isolation.attempt("goodbye", self.live.abandon, meeting_id)

    def handle_timeout(self) -> None:
        """Give up those who did not come back; forget what no token can ask for any more."""
        now = self._now()
        everybody = [seat for seats in self.live.seats_by_meeting.values() for seat in seats.values()]
        for seat in everybody:
            if seat.has_socket and seat.alone_since is not None and now - seat.alone_since >= RESUME_SECONDS:
                self._isolation.guard(seat.meeting, self.leave, seat, "timeout")
        self.live.left.handle_timeout(now)
        self._admission.handle_timeout(now)

    # What participants do.

    def publish(self, seat: Seat, mid: str, source: Source, is_muted: bool) -> None:
        meeting = self.live.meeting_of(seat)
        self.live.apply(meeting, meeting.handle_publish(seat.participant, Mid(mid), source, is_muted))

    def unpublish(self, seat: Seat, track: str) -> None:
        meeting = self.live.meeting_of(seat)
        self.live.apply(meeting, meeting.handle_unpublish(seat.participant, TrackId(track)))

    def mute(self, seat: Seat, track: str, is_muted: bool, is_paused: bool | None = None) -> None:
        meeting = self.live.meeting_of(seat)
        events = meeting.handle_mute(seat.participant, TrackId(track), is_muted, is_paused=is_paused)
        self.live.apply(meeting, events)

    def assign(self, seat: Seat, slot: str, wish: Wish) -> None:
        """Let a slot show what a client asks for: from here to the plane's commands in one pass."""
        meeting = self.live.meeting_of(seat)
        events = meeting.handle_assign(seat.participant, SlotId(slot), wish)
        self.live.distribution.handle_wish(self._now(), meeting, seat.participant, SlotId(slot))
        self.live.apply(meeting, events)

    def chat(self, seat: Seat, text: str, to: str | None, key: str | None = None) -> None:
        meeting = self.live.meeting_of(seat)
        recipient = ParticipantId(to) if to is not None else None
        events = meeting.handle_chat(seat.participant, text, datetime.now(UTC), recipient, key)
        self.live.apply(meeting, events)

    def hand(self, seat: Seat, is_raised: bool) -> None:
        meeting = self.live.meeting_of(seat)
        self.live.apply(meeting, meeting.handle_hand(seat.participant, is_raised))

    def react(self, seat: Seat, reaction: str) -> None:
        meeting = self.live.meeting_of(seat)
        self.live.apply(meeting, meeting.handle_reaction(seat.participant, reaction))

    def caption(self, seat: Seat, line: int, text: str, is_final: bool) -> None:
        meeting = self.live.meeting_of(seat)
        said_at = datetime.now(UTC)
        events = meeting.handle_caption(seat.participant, line, text, is_final, said_at, self._now())
        self.live.apply(meeting, events)

    def ask_to_share(self, seat: Seat) -> None:
        meeting = self.live.meeting_of(seat)
        self.live.apply(meeting, meeting.handle_share_question(seat.participant, self._now()))

    def answer_share(self, seat: Seat, participant: str, is_allowed: bool) -> None:
        meeting = self.live.meeting_of(seat)
        events = meeting.handle_share_answer(seat.participant, ParticipantId(participant), is_allowed)
        self.live.apply(meeting, events)

    def moderate_captions(self, seat: Seat, participant: str, is_captioner: bool) -> None:
        meeting = self.live.meeting_of(seat)
        events = moderation.handle_captions(
            meeting, seat.participant, ParticipantId(participant), is_captioner
        )
        self.live.apply(meeting, events)

    def moderate_mute(self, seat: Seat, participant: str, track: str | None) -> None:
        meeting = self.live.meeting_of(seat)
        named = TrackId(track) if track is not None else None
        events = moderation.handle_mute(meeting, seat.participant, ParticipantId(participant), named)
        self.live.apply(meeting, events)

    def ask_to_unmute(self, seat: Seat, participant: str) -> None:
        meeting = self.live.meeting_of(seat)
        named = ParticipantId(participant)
        self.live.apply(
            meeting, moderation.handle_unmute_question(meeting, seat.participant, named, self._now())
        )

    def lower_hand(self, seat: Seat, participant: str | None) -> None:
        meeting = self.live.meeting_of(seat)
        named = ParticipantId(participant) if participant is not None else None
        self.live.apply(meeting, moderation.handle_lower_hand(meeting, seat.participant, named))

    def moderate_remove(self, seat: Seat, participant: str) -> None:
        meeting = self.live.meeting_of(seat)
        events = moderation.handle_remove(meeting, seat.participant, ParticipantId(participant))
        self._admission.note_removed(self._now(), (seat.meeting, ParticipantId(participant)))
        self.live.apply(meeting, events)

    def handle_speakers(
        self, number: int, positions: Sequence[int | None], speakers: Sequence[tuple[int, int]]
    ) -> None:
        """Take the plane's word for a meeting's audio."""
        meeting_id = self._forwarding.meeting_of(number)
        meeting = self.live.meeting_by_id.get(meeting_id) if meeting_id is not None else None
        if meeting is None:
            return
        held = [self._forwarding.track_of(track) if track is not None else None for track in positions]
        known = [(self._forwarding.track_of(track), level) for track, level in speakers]
        talking = [(track, level) for track, level in known if track is not None]
        self.live.apply(meeting, meeting.handle_speakers(held, talking))

    def note_stats(self, seat: Seat, report: Mapping[str, object]) -> None:
        """What a client says of itself; of a recorder of another node, how its recording does."""
        meeting = self.live.meeting_of(seat)
        told = report.get("recorder")
        if isinstance(told, Mapping) and seat.participant in meeting.recorders:
            meeting.recorders.note_state(seat.participant, str(told.get("state")))

    def backup_trouble(self, meeting_id: MeetingId) -> str | None:
        """What is wrong with the second recorder of a meeting that is here; None while nothing is."""
        meeting = self.live.meeting_by_id.get(meeting_id)
        return meeting.recorders.trouble if meeting is not None else None

    def quality(self, seat: Seat) -> tuple[int, int, float | None, str]:
        """Uplink loss and packets, round trip and verdict of a participant, as last counted."""
        return (*self._connections.quality(seat.key), self._links.word(seat.key))

    def handle_links(self, changed: Mapping[Key, str]) -> None:
        """Tell meetings whose link is weak now, or no longer."""
        live = self.live
        told = self._links.handle_links(
            changed,
            is_here=lambda key: live.seat(key) is not None,
            people_in=lambda meeting: (
                len(live.meeting_by_id[meeting].participant_by_id) if meeting in live.meeting_by_id else 0
            ),
        )
        for meeting_id, links in told.items():
            self._isolation.guard(meeting_id, live.apply, live.meeting_by_id[meeting_id], [links])

    def handle_estimate(self, transport: int, estimate_bps: float) -> None:
        """What a participant's downlink carries, as the plane estimates it."""
        self.live.distribution.handle_estimate(self._now(), transport, estimate_bps)
        self.live.settle()

    def handle_layers(self, track: int, layers: Sequence[Layer]) -> None:
        """The layers of a track have changed, or what they cost."""
        self.live.distribution.handle_layers(self._now(), track, layers)
        self.live.settle()

    def handle_pressure(self, shed: int) -> None:
        """Take so many rungs off everybody's video: the node is short of CPU, or no longer."""
        self.live.distribution.handle_shed(self._now(), shed)
        self.live.settle()

    def handle_policy_timeout(self) -> None:
        """Stop layers that nobody has needed for a while."""
        self.live.distribution.handle_timeout(self._now())
        self.live.settle()

    def _now(self) -> Instant:
        return Instant(self._monotonic())
