"""One live meeting: who is there, what they publish, and what each of them receives.

Every `handle_…` returns the events that follow, in order; doing the same again returns none. Errors are the
client's and leave the state as it was.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from media_node.errors import ConflictError, NotFoundError, NotGrantedError
from media_node.meetings.events import (
    ChatSent,
    DemandChanged,
    Event,
    HandChanged,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantRemoved,
    ReactionSent,
    SlotsChanged,
    SpeakersChanged,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
)
from media_node.meetings.model import ChatMessage, Participant, Track, Wish
from media_node.meetings.slots import select_video
from media_node.quantities import MeetingId, Mid, ParticipantId, SlotId, Source, TrackId

# What late joiners are told of the chat.
CHAT_HISTORY = 200


@dataclass
class Meeting:
    """The state of one meeting on this node."""

    id: MeetingId
    epoch: int
    new_identifier: Callable[[str], str]
    participant_by_id: dict[ParticipantId, Participant] = field(default_factory=dict)
    # Counts changes of the roster.
    version: int = 0
    chat: deque[ChatMessage] = field(default_factory=lambda: deque(maxlen=CHAT_HISTORY))
    _published: int = 0
    _spoken: int = 0
    _wanted: set[TrackId] = field(default_factory=set)

    # Coming and going.

    def handle_join(self, participant: Participant) -> list[Event]:
        """Let somebody in; tracks are published after.

        Raises:
            ConflictError: The participant is here already.
        """
        if participant.id in self.participant_by_id:
            raise ConflictError("this participant is in the meeting already")
        self.participant_by_id[participant.id] = participant
        self.set_slots(participant.id, participant.audio_slots, participant.video_slots)
        return [self._roster(ParticipantJoined(participant)), *self._reconcile()]

    def handle_leave(self, participant: ParticipantId, reason: str) -> list[Event]:
        """Take somebody and its tracks out; unknown participants have left already."""
        gone = self.participant_by_id.pop(participant, None)
        if gone is None:
            return []
        self._wanted -= set(gone.track_by_id)
        return [self._roster(ParticipantLeft(participant, reason)), *self._reconcile()]

    def set_slots(self, participant: ParticipantId, audio: Sequence[SlotId], video: Sequence[SlotId]) -> None:
        """Take the receiving m-lines of an offer; what known slots carry stays."""
        member = self.member(participant)
        member.audio_slots, member.video_slots = list(audio), list(video)
        member.carried = {slot: member.carried.get(slot) for slot in [*audio, *video]}

    def handle_slots_changed(self) -> list[Event]:
        """Fill slots that `set_slots` has brought."""
        return self._reconcile()

    # Tracks.

    def handle_publish(
        self, participant: ParticipantId, mid: Mid, source: Source, is_muted: bool
    ) -> list[Event]:
        """Publish an m-line as a track, or do nothing when it is that track already.

        Raises:
            NotGrantedError: The token does not grant this source.
            ConflictError: The m-line or the source is in use.
        """
        member = self.member(participant)
        if source not in member.publish_grants:
            raise NotGrantedError(f"this participant may not publish {source}")
        for track in member.track_by_id.values():
            if track.mid == mid and track.source == source:
                return self.handle_mute(participant, track.id, is_muted)
            if track.mid == mid or track.source == source:
                raise ConflictError(f"{track.source} is published through m-line {track.mid} already")
        self._published += 1
        track_id = TrackId(self.new_identifier("trk_"))
        track = Track(track_id, participant, source, mid, is_muted, self._published)
        member.track_by_id[track_id] = track
        # Senders begin sending by themselves: the first thing to tell them may be that nobody watches.
        self._wanted.add(track_id)
        return [self._roster(TrackPublished(track)), *self._reconcile()]

    def handle_unpublish(self, participant: ParticipantId, track: TrackId) -> list[Event]:
        self._own_track(participant, track)
        del self.member(participant).track_by_id[track]
        self._wanted.discard(track)
        return [self._roster(TrackUnpublished(participant, track)), *self._reconcile()]

    def handle_mute(
        self,
        participant: ParticipantId,
        track: TrackId,
        is_muted: bool,
        by: ParticipantId | None = None,
    ) -> list[Event]:
        muted = self._own_track(participant, track)
        if muted.is_muted == is_muted:
            return []
        muted.is_muted = is_muted
        return [self._roster(TrackMuted(participant, track, is_muted, by)), *self._reconcile()]

    def handle_assign(self, participant: ParticipantId, slot: SlotId, wish: Wish) -> list[Event]:
        """Let a client decide what one of its video slots carries.

        Raises:
            NotFoundError: No such video slot. A track that does not exist (any more) leaves the slot empty.
        """
        member = self.member(participant)
        if slot not in member.video_slots:
            raise NotFoundError(f"no video slot {slot!r} was offered")
        if member.wish_by_slot is None:
            kept = {slot: Wish(track) for slot, track in member.carried.items() if track is not None}
            member.wish_by_slot = kept
        member.wish_by_slot[slot] = wish
        return self._reconcile()

    # Talk.

    def handle_speakers(
        self, positions: Sequence[TrackId | None], speakers: Sequence[tuple[TrackId, int]]
    ) -> list[Event]:
        """Take the plane's word for who holds the audio positions and who speaks, loudest first."""
        owner = {track.id: track.participant for track in self.tracks()}
        known = [(owner[track], track, level) for track, level in speakers if track in owner]
        for participant, _, _ in reversed(known):
            self._spoken += 1
            self.member(participant).spoke = self._spoken
        events: list[Event] = [SpeakersChanged(tuple(known))]
        for member in self.participant_by_id.values():
            held = [
                track if track is not None and owner.get(track) != member.id else None for track in positions
            ]
            desired = dict(zip(member.audio_slots, held, strict=False))
            events += self._carry(member, desired)
        return [*events, *self._reconcile()]

    def handle_chat(
        self, sender: ParticipantId, text: str, now: datetime, to: ParticipantId | None = None
    ) -> list[Event]:
        member = self.member(sender)
        if to is not None:
            self.member(to)
        message = ChatMessage(self.new_identifier("msg_"), sender, member.display_name, text, now, to)
        if to is None:
            self.chat.append(message)
        return [ChatSent(message)]

    def handle_hand(self, participant: ParticipantId, is_raised: bool) -> list[Event]:
        member = self.member(participant)
        if member.hand_is_raised == is_raised:
            return []
        member.hand_is_raised = is_raised
        return [self._roster(HandChanged(participant, is_raised))]

    def handle_reaction(self, participant: ParticipantId, reaction: str) -> list[Event]:
        self.member(participant)
        return [ReactionSent(participant, reaction)]

    # Moderation.

    def handle_moderate_mute(
        self, moderator: ParticipantId, participant: ParticipantId, track: TrackId | None
    ) -> list[Event]:
        """Mute one track, or all that can be heard of a participant."""
        self._require_moderator(moderator)
        tracks = self.member(participant).track_by_id
        if track is not None and track not in tracks:
            raise NotFoundError("this participant has no such track")
        named = [track] if track is not None else [one.id for one in tracks.values() if one.kind == "audio"]
        return [event for one in named for event in self.handle_mute(participant, one, True, moderator)]

    def handle_moderate_remove(self, moderator: ParticipantId, participant: ParticipantId) -> list[Event]:
        self._require_moderator(moderator)
        self.member(participant)
        return self.handle_remove(participant, "removed")

    def handle_remove(self, participant: ParticipantId, reason: str) -> list[Event]:
        if participant not in self.participant_by_id:
            return []
        return [ParticipantRemoved(participant, reason), *self.handle_leave(participant, reason)]

    # Looking.

    def member(self, participant: ParticipantId) -> Participant:
        """Raises NotFoundError when nobody of this id is here."""
        try:
            return self.participant_by_id[participant]
        except KeyError:
            raise NotFoundError("no such participant is in the meeting") from None

    def tracks(self) -> list[Track]:
        """All tracks in order of publication."""
        found = [track for member in self.participant_by_id.values() for track in member.track_by_id.values()]
        return sorted(found, key=lambda track: track.order)

    def _own_track(self, participant: ParticipantId, track: TrackId) -> Track:
        try:
            return self.member(participant).track_by_id[track]
        except KeyError:
            raise NotFoundError("this participant has no such track") from None

    def _require_moderator(self, participant: ParticipantId) -> None:
        if not self.member(participant).may_moderate:
            raise NotGrantedError("this participant may not moderate")

    # What follows from the state.

    def _roster(self, event: Event) -> Event:
        self.version += 1
        return event

    def _reconcile(self) -> list[Event]:
        """Let the video slots and the publishers follow the state; nothing when they do already."""
        tracks = [track for track in self.tracks() if track.kind == "video"]
        spoke = {str(member.id): member.spoke for member in self.participant_by_id.values()}
        events: list[Event] = []
        for member in self.participant_by_id.values():
            events += self._carry(member, select_video(member, tracks, spoke))
        known = {track.id for track in self.tracks()}
        for member in self.participant_by_id.values():
            gone = [slot for slot, held in member.carried.items() if held is not None and held not in known]
            events += self._carry(member, dict.fromkeys(gone))
        return [*events, *self._tell_demand(tracks)]

    def _carry(self, member: Participant, desired: dict[SlotId, TrackId | None]) -> list[Event]:
        changed = {slot: track for slot, track in desired.items() if member.carried.get(slot) != track}
        if not changed:
            return []
        member.carried.update(changed)
        return [SlotsChanged(member.id, changed)]

    def _tell_demand(self, tracks: Sequence[Track]) -> list[Event]:
        members = self.participant_by_id.values()
        carried = {held for member in members for held in member.carried.values() if held is not None}
        events: list[Event] = []
        for track in tracks:
            is_wanted = track.id in carried
            if is_wanted != (track.id in self._wanted):
                events.append(DemandChanged(track.participant, track.id, is_wanted))
                (self._wanted.add if is_wanted else self._wanted.discard)(track.id)
        return events
