"""Participants and tracks of a live meeting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from media_node.errors import ConflictError
from media_node.quantities import KIND_BY_SOURCE, MediaKind, Mid, ParticipantId, SlotId, Source, TrackId


@dataclass
class Track:
    """One source of media, published through the m-line `mid` of its participant's connection."""

    id: TrackId
    participant: ParticipantId
    source: Source
    mid: Mid
    is_muted: bool
    # Position in the order in which the meeting's tracks were published.
    order: int
    # Its publisher sends nothing of it, because its link does not carry pictures now.
    is_paused: bool = False

    @property
    def kind(self) -> MediaKind:
        return KIND_BY_SOURCE[self.source]


@dataclass(frozen=True)
class InitialTrack:
    """A track that is published with the join."""

    mid: str
    source: Source
    is_muted: bool


def require_distinct(tracks: Iterable[InitialTrack]) -> None:
    """
    Raises:
        ConflictError: Two of these have one m-line or one source, and are not the same.
    """
    distinct = {(track.mid, track.source) for track in tracks}
    for names in zip(*distinct, strict=True):
        if len(set(names)) < len(distinct):
            raise ConflictError("of the tracks two have one m-line or one source")


@dataclass(frozen=True)
class Wish:
    """What a client asked a video slot to carry: a track, "speaker", "screen", or nothing."""

    target: str | None
    max_height: int | None = None
    max_fps: float | None = None
    priority: int = 0


@dataclass(frozen=True)
class Standing:
    """What hosts can make of a participant."""

    role: str
    display_name: str
    publish_grants: frozenset[str]
    may_moderate: bool


@dataclass
class Participant:
    """Somebody in the meeting."""

    id: ParticipantId
    display_name: str
    role: str
    joined_at: datetime
    publish_grants: frozenset[str]
    may_subscribe: bool
    may_moderate: bool
    audio_slots: list[SlotId] = field(default_factory=list)
    video_slots: list[SlotId] = field(default_factory=list)
    # Its place among the hands that were ever raised here: larger is later, None while it is down.
    hand_number: int | None = None
    track_by_id: dict[TrackId, Track] = field(default_factory=dict)
    # Set by the first assign: from then on the client decides.
    wish_by_slot: dict[SlotId, Wish] | None = None
    # What each slot carries now, audio and video.
    carried: dict[SlotId, TrackId | None] = field(default_factory=dict)
    # The camera's rank among those who spoke: larger is later, 0 for never.
    spoke: int = 0
    # Video codecs that it decodes, each with whether a chip does it; None where it receives no pictures.
    decodes: Mapping[str, bool] | None = None
    # A host gave it the right to write captions.
    is_captioner: bool = False


@dataclass(frozen=True)
class RecordingNotice:
    """How a recording of the meeting does."""

    id: str
    state: Literal["recording", "paused", "degraded", "stopped"]
    reason: str | None
    started_at: datetime


@dataclass(frozen=True)
class ChatMessage:
    id: str
    sender: ParticipantId
    display_name: str
    text: str
    sent_at: datetime
    to: ParticipantId | None = None
    # The sender's own name for it, by which one that comes again is known.
    key: str | None = None


@dataclass(frozen=True)
class Caption:
    """One line of what is said, as far as it is known; `line` counts per speaker."""

    speaker: ParticipantId
    display_name: str
    line: int
    text: str
    is_final: bool
    said_at: datetime
