"""Recorders of other nodes in a meeting: each is sent every track, through a slot of the track's own.

They are nobody in the meeting: no roster names them, no limit counts them, and with only them a meeting is
empty.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from media_node.meetings.model import Participant, Track
from media_node.quantities import MediaKind, ParticipantId, SlotId, TrackId

Changes = dict[ParticipantId, dict[SlotId, TrackId | None]]


@dataclass
class _Member:
    participant: Participant
    # The slot that was free for longest is taken first: late packets of its last track are gone by then.
    free: dict[MediaKind, deque[SlotId]]
    # Tracks that found no slot, until it offers more.
    waiting: dict[TrackId, None] = field(default_factory=dict)
    # How it says that its recording does; None until it has said so.
    state: str | None = None


class Recorders:
    """The recorders of one meeting, and what their slots carry."""

    def __init__(self) -> None:
        self._members: dict[ParticipantId, _Member] = {}
        self._tracks: dict[TrackId, Track] = {}
        self._changes: Changes = {}

    def __contains__(self, participant: ParticipantId) -> bool:
        return participant in self._members

    def get(self, participant: ParticipantId) -> Participant | None:
        member = self._members.get(participant)
        return member.participant if member is not None else None

    @property
    def trouble(self) -> Literal["no_backup", "backup_degraded"] | None:
        """Why the meeting has no second recorder that does well; None if it has one."""
        states = [one.state for one in self._members.values() if one.state is not None]
        if any(state in ("recording", "paused") for state in states):
            return None
        return "backup_degraded" if states else "no_backup"

    def note_state(self, participant: ParticipantId, state: str) -> None:
        member = self._members.get(participant)
        if member is not None:
            member.state = state

    def all(self) -> list[Participant]:
        return [one.participant for one in self._members.values()]

    def add(self, participant: Participant) -> None:
        """Take in a recorder, or the slots that it has now; what its slots carry stays there."""
        carried = {track for track in participant.carried.values() if track is not None}
        free: dict[MediaKind, deque[SlotId]] = {
            "audio": deque(_empty(participant, participant.audio_slots)),
            "video": deque(_empty(participant, participant.video_slots)),
        }
        known = self._members.get(participant.id)
        member = _Member(participant, free, state=known.state if known is not None else None)
        self._members[participant.id] = member
        for track in self._tracks.values():
            if track.id not in carried:
                self._place(member, track)

    def remove(self, participant: ParticipantId) -> Participant | None:
        member = self._members.pop(participant, None)
        self._changes.pop(participant, None)
        return member.participant if member is not None else None

    def put_track(self, track: Track) -> None:
        """A track is published."""
        if track.id in self._tracks:
            return
        self._tracks[track.id] = track
        for member in self._members.values():
            self._place(member, track)

    def remove_track(self, track_id: TrackId) -> None:
        track = self._tracks.pop(track_id, None)
        if track is None:
            return
        for member in self._members.values():
            member.waiting.pop(track_id, None)
            for slot, carried in member.participant.carried.items():
                if carried == track_id:
                    self._carry(member, slot, None)
                    member.free[track.kind].append(slot)
            self._place_waiting(member)

    def places_of(self, track: TrackId) -> list[tuple[ParticipantId, SlotId]]:
        return [
            (participant, slot)
            for participant, member in self._members.items()
            for slot, carried in member.participant.carried.items()
            if carried == track
        ]

    def settle(self) -> Changes:
        """What slots carry from now on, where that is something else than before."""
        changes, self._changes = self._changes, {}
        return changes

    def _place(self, member: _Member, track: Track) -> None:
        free = member.free[track.kind]
        if free:
            self._carry(member, free.popleft(), track.id)
        else:
            member.waiting[track.id] = None

    def _place_waiting(self, member: _Member) -> None:
        waiting, member.waiting = member.waiting, {}
        for track in waiting:
            self._place(member, self._tracks[track])

    def _carry(self, member: _Member, slot: SlotId, track: TrackId | None) -> None:
        member.participant.carried[slot] = track
        self._changes.setdefault(member.participant.id, {})[slot] = track


def _empty(participant: Participant, slots: Iterable[SlotId]) -> list[SlotId]:
    return [slot for slot in slots if participant.carried.get(slot) is None]
