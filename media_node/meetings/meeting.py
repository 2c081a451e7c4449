"""One live meeting: who is there, what they publish, and what each of them receives.

Every `handle_…` returns the events that follow, in order; doing the same again returns none. Errors are the
client's and leave the state as it was.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from media_node.errors import ConflictError, NotFoundError, NotGrantedError, ScreenTakenError
from media_node.meetings import authority
from media_node.meetings.captions import Captions
from media_node.meetings.chat import Chat
from media_node.meetings.codecs import Codecs, SharedCodecs
from media_node.meetings.events import (
    ChatRepeated,
    ChatSent,
    CodecsChanged,
    Event,
    HandChanged,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantRemoved,
    ReactionSent,
    RecorderJoined,
    RecorderLeft,
    RecordingChanged,
    ShareAnswered,
    ShareAsked,
    SlotsChanged,
    SpeakersChanged,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
)
from media_node.meetings.model import (
    ChatMessage,
    InitialTrack,
    Participant,
    RecordingNotice,
    Track,
    Wish,
)
from media_node.meetings.recorders import Recorders
from media_node.meetings.selection import Place, Selection
from media_node.meetings.share_requests import ShareRequests
from media_node.meetings.unmute_requests import UnmuteRequests
from media_node.quantities import Instant, MeetingId, Mid, ParticipantId, SlotId, Source, TrackId


@dataclass
class Meeting:
    """The state of one meeting on this node."""

    id: MeetingId
    epoch: int
    new_identifier: Callable[[str], str]
    participant_by_id: dict[ParticipantId, Participant] = field(default_factory=dict)
    # Counts changes of the roster.
    version: int = 0
    chat: Chat = field(default_factory=Chat)
    captions: Captions = field(default_factory=Captions)
    # How its recording does, None while there is none.
    recording: RecordingNotice | None = None
    _published: int = 0
    _spoken: int = 0
    _hands: int = 0
    _is_silent: bool = True
    _track_by_id: dict[TrackId, Track] = field(default_factory=dict)
    _selection: Selection = field(default_factory=Selection)
    recorders: Recorders = field(default_factory=Recorders)
    _share_requests: ShareRequests = field(default_factory=ShareRequests)
    unmute_requests: UnmuteRequests = field(default_factory=UnmuteRequests)
    _codecs: Codecs = field(default_factory=Codecs)

    # Coming and going.

    def handle_join(self, participant: Participant, tracks: Iterable[InitialTrack] = ()) -> list[Event]:
        """Let somebody in, with what it publishes from the start: slots follow once, when all that is known.

        Who comes back while somebody else shares comes without its screen.

        Raises:
            NotGrantedError, ConflictError: As for `handle_publish`, or the participant is here already.
        """
        if participant.id in self.participant_by_id:
            raise ConflictError("this participant is in the meeting already")
        self.captions.handle_join(participant)
        self.participant_by_id[participant.id] = participant
        participant.carried = dict.fromkeys([*participant.audio_slots, *participant.video_slots])
        self._selection.add_viewer(participant)
        has_changed = self._codecs.handle_join(participant.decodes)
        joined = [self.note_in_roster(ParticipantJoined(participant)), *self._codecs_changed(has_changed)]
        for track in tracks:
            if track.source == "screen" and not track.is_muted and self._screens(participant.id):
                continue
            joined += self._publish(participant, Mid(track.mid), track.source, track.is_muted)
        return [*joined, *self._settle()]

    def handle_leave(self, participant: ParticipantId, reason: str) -> list[Event]:
        """Take somebody and its tracks out; unknown participants have left already.

        With the last one the recorders go.
        """
        if self.recorders.remove(participant) is not None:
            return [RecorderLeft(participant)]
        gone = self.participant_by_id.pop(participant, None)
        if gone is None:
            return []
        self._selection.remove_viewer(gone)
        self.captions.handle_leave(participant)
        self._share_requests.handle_leave(participant)
        self.unmute_requests.handle_leave(participant)
        for track in gone.track_by_id.values():
            self._forget(track)
        has_changed = self._codecs.handle_leave(gone.decodes)
        left = [
            self.note_in_roster(ParticipantLeft(participant, reason)),
            *self._codecs_changed(has_changed),
            *self._settle(),
        ]
        return left if self.participant_by_id else [*left, *self.put_recorders_out("ended")]

    def handle_recorder(self, recorder: Participant) -> list[Event]:
        """Let a recorder of another node in: it is sent every track, and nobody is told of it.

        Raises:
            ConflictError: It is here already.
        """
        if self.receiver(recorder.id) is not None:
            raise ConflictError("this recorder is in the meeting already")
        recorder.carried = dict.fromkeys([*recorder.audio_slots, *recorder.video_slots])
        self.recorders.add(recorder)
        return [RecorderJoined(recorder), *self._settle()]

    def put_recorders_out(self, reason: str) -> list[Event]:
        """There is nothing for recorders of other nodes any more."""
        return [
            event
            for recorder in self.recorders.all()
            for event in (ParticipantRemoved(recorder.id, reason), *self.handle_leave(recorder.id, reason))
        ]

    def handle_slots(
        self, participant: ParticipantId, audio: Sequence[SlotId], video: Sequence[SlotId]
    ) -> list[Event]:
        """Take the receiving m-lines of an offer; what known slots carry stays."""
        member = self.recorders.get(participant) or self.member(participant)
        if participant not in self.recorders:
            self._selection.remove_viewer(member)
        member.audio_slots, member.video_slots = list(audio), list(video)
        member.carried = {slot: member.carried.get(slot) for slot in [*audio, *video]}
        (self.recorders.add if participant in self.recorders else self._selection.add_viewer)(member)
        return self._settle()

    # Tracks.

    def handle_publish(
        self, participant: ParticipantId, mid: Mid, source: Source, is_muted: bool
    ) -> list[Event]:
        """Publish an m-line as a track, or do nothing when it is that track already.

        Raises:
            NotGrantedError: The token does not grant this source.
            ConflictError: The m-line or the source is in use.
            ScreenTakenError: It is a screen, and somebody else shares one.
        """
        return [*self._publish(self.member(participant), mid, source, is_muted), *self._settle()]

    def _publish(self, member: Participant, mid: Mid, source: Source, is_muted: bool) -> list[Event]:
        if source not in member.publish_grants:
            raise NotGrantedError(f"this participant may not publish {source}")
        for track in member.track_by_id.values():
            if track.mid == mid and track.source == source:
                return self.handle_mute(member.id, track.id, is_muted)
            if track.mid == mid or track.source == source:
                raise ConflictError(f"{track.source} is published through m-line {track.mid} already")
        if source == "screen" and not is_muted:
            self._require_free_place(member.id)
        self._published += 1
        track_id = TrackId(self.new_identifier("trk_"))
        track = Track(track_id, member.id, source, mid, is_muted, self._published)
        member.track_by_id[track_id] = self._track_by_id[track_id] = track
        self._offer(track)
        self.recorders.put_track(track)
        return [self.note_in_roster(TrackPublished(track))]

    def handle_unpublish(self, participant: ParticipantId, track: TrackId) -> list[Event]:
        gone = self._own_track(participant, track)
        del self.member(participant).track_by_id[track]
        self._forget(gone)
        return [self.note_in_roster(TrackUnpublished(participant, track)), *self._settle()]

    def handle_mute(
        self,
        participant: ParticipantId,
        track: TrackId,
        is_muted: bool,
        by: ParticipantId | None = None,
        *,
        is_paused: bool | None = None,
        is_from_outside: bool = False,
    ) -> list[Event]:
        """Take a track's state; `is_paused` as Track.is_paused, None where nothing was said of that.

        Raises:
            ScreenTakenError: A screen is to be seen again, and somebody else shares one meanwhile.
        """
        muted = self._own_track(participant, track)
        paused = muted.is_paused if is_paused is None else is_paused
        if (muted.is_muted, muted.is_paused) == (is_muted, paused):
            return []
        if muted.source == "screen" and muted.is_muted and not is_muted:
            self._require_free_place(participant)
        muted.is_muted, muted.is_paused = is_muted, paused
        self._offer(muted)
        told = TrackMuted(participant, track, is_muted, by, paused, is_from_outside)
        return [self.note_in_roster(told), *self._settle()]

    def handle_assign(self, participant: ParticipantId, slot: SlotId, wish: Wish) -> list[Event]:
        """Let a client decide what one of its video slots carries.

        Raises:
            NotFoundError: No such video slot. A track that does not exist (any more) leaves the slot empty.
        """
        member = self.member(participant)
        if slot not in member.video_slots:
            raise NotFoundError(f"no video slot {slot!r} was offered")
        self._selection.wish(member, slot, wish)
        return self._settle()

    # Talk.

    def handle_speakers(
        self, positions: Sequence[TrackId | None], speakers: Sequence[tuple[TrackId, int]]
    ) -> list[Event]:
        """Take the plane's word of who holds audio positions and who speaks: the speaker, then loudest first.

        Positions change with every microphone that comes or goes, also while nobody speaks; silence is told
        once.
        """
        tracks = [(self._track_by_id.get(track), level) for track, level in speakers]
        known = [(track.participant, track.id, level) for track, level in tracks if track is not None]
        for participant, _, _ in reversed(known):
            self._spoken += 1
            member = self.member(participant)
            member.spoke = self._spoken
            for track in member.track_by_id.values():
                self._offer(track)
        self._selection.put_positions([one if one in self._track_by_id else None for one in positions])
        was_silent, self._is_silent = self._is_silent, not known
        told: list[Event] = [] if was_silent and not known else [SpeakersChanged(tuple(known))]
        return [*told, *self._settle()]

    def handle_chat(
        self,
        sender: ParticipantId,
        text: str,
        now: datetime,
        to: ParticipantId | None = None,
        key: str | None = None,
    ) -> list[Event]:
        """Take a message; one whose key its sender has used already is told to the sender alone."""
        member = self.member(sender)
        said = self.chat.find(sender, key)
        if said is not None:
            return [ChatRepeated(said)]
        if to is not None:
            self.member(to)
        message = ChatMessage(self.new_identifier("msg_"), sender, member.display_name, text, now, to, key)
        self.chat.keep(message)
        return [ChatSent(message)]

    def handle_hand(self, participant: ParticipantId, is_raised: bool) -> list[Event]:
        member = self.member(participant)
        if (member.hand_number is not None) == is_raised:
            return []
        self._hands += is_raised
        member.hand_number = self._hands if is_raised else None
        return [self.note_in_roster(HandChanged(participant, member.hand_number))]

    def handle_reaction(self, participant: ParticipantId, reaction: str) -> list[Event]:
        self.member(participant)
        return [ReactionSent(participant, reaction)]

    def handle_caption(
        self, speaker: ParticipantId, line: int, text: str, is_final: bool, said_at: datetime, now: Instant
    ) -> list[Event]:
        return self.captions.handle_line(self.member(speaker), line, text, is_final, said_at, now)

    # Sharing in the place of another.

    def handle_share_question(self, asker: ParticipantId, now: Instant) -> list[Event]:
        """Ask those who share, and the hosts, to make room."""
        self._share_requests.handle_question(self.member(asker), bool(self._screens(asker)), now)
        return [ShareAsked(self._answerers(asker), asker)]

    def handle_share_answer(self, by: ParticipantId, asker: ParticipantId, is_yes: bool) -> list[Event]:
        """Say no, or yes, which ends the share that is there."""
        answerers = self._answerers(asker)
        self._share_requests.handle_answer(asker, by, answerers)
        events: list[Event] = []
        for screen in self._screens(asker) if is_yes else []:
            events += self.handle_mute(screen.participant, screen.id, True, by)
        return [*events, ShareAnswered((asker, *answerers), asker, is_yes, by)]

    def _require_free_place(self, sharer: ParticipantId) -> None:
        """One at a time: its place is given by who shares, or taken by a host, who ends that share first."""
        if self._screens(sharer):
            raise ScreenTakenError("somebody else shares a screen")

    def _screens(self, but: ParticipantId) -> list[Track]:
        """What others share now."""
        screens = [one for one in self._track_by_id.values() if one.source == "screen" and not one.is_muted]
        return [one for one in screens if one.participant != but]

    def _answerers(self, asker: ParticipantId) -> tuple[ParticipantId, ...]:
        """Who may end all that others share: each their own, and who may mute it."""
        sharers = [self.member(screen.participant) for screen in self._screens(asker)]
        members = [one for one in self.participant_by_id.values() if one.id != asker]
        return tuple(
            one.id
            for one in members
            if (one in sharers or one.may_moderate)
            and all(one == sharer or authority.may(one, "mute", sharer) for sharer in sharers)
        )

    def handle_recording(self, notice: RecordingNotice) -> list[Event]:
        """The meeting's recording has begun, changed or ended."""
        shown = notice if notice.state != "stopped" else None
        if shown == self.recording or (shown is None and self._is_of_another(notice)):
            return []
        self.recording = shown
        return [RecordingChanged(notice), *(self.put_recorders_out("ended") if shown is None else ())]

    def _is_of_another(self, notice: RecordingNotice) -> bool:
        return self.recording is None or self.recording.id != notice.id

    def handle_remove(
        self, participant: ParticipantId, reason: str, told_others: str | None = None
    ) -> list[Event]:
        if self.receiver(participant) is None:
            return []
        return [
            ParticipantRemoved(participant, reason),
            *self.handle_leave(participant, told_others or reason),
        ]

    # Looking.

    def member(self, participant: ParticipantId) -> Participant:
        """Raises NotFoundError when nobody of this id is here."""
        try:
            return self.participant_by_id[participant]
        except KeyError:
            raise NotFoundError("no such participant is in the meeting") from None

    def receiver(self, participant: ParticipantId) -> Participant | None:
        """Somebody who is here, or a recorder of another node."""
        return self.participant_by_id.get(participant) or self.recorders.get(participant)

    def track(self, track: TrackId) -> Track | None:
        return self._track_by_id.get(track)

    def places_of(self, track: TrackId) -> list[Place]:
        """The slots that carry a track, with their participants."""
        return [*self._selection.places_of(track), *self.recorders.places_of(track)]

    def _own_track(self, participant: ParticipantId, track: TrackId) -> Track:
        try:
            return self.member(participant).track_by_id[track]
        except KeyError:
            raise NotFoundError("this participant has no such track") from None

    # What follows from the state.

    def note_in_roster(self, event: Event) -> Event:
        self.version += 1
        return event

    def _offer(self, track: Track) -> None:
        if track.kind == "video":
            self._selection.put_track(track, self.member(track.participant).spoke)

    def _forget(self, track: Track) -> None:
        del self._track_by_id[track.id]
        self._selection.remove_track(track.id)
        self.recorders.remove_track(track.id)

    @property
    def shared_codecs(self) -> SharedCodecs:
        """What everybody here decodes."""
        return self._codecs.shared

    def _codecs_changed(self, has_changed: bool) -> list[Event]:
        return [CodecsChanged(self.shared_codecs)] if has_changed else []

    def _settle(self) -> list[Event]:
        """Let the slots follow the state; nothing when they do already."""
        changes = {**self._selection.settle(), **self.recorders.settle()}
        return [SlotsChanged(participant, slots) for participant, slots in changes.items()]
