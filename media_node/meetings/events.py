"""What a meeting tells, in the past tense; an event with `to` concerns that participant alone."""

from dataclasses import dataclass
from typing import NamedTuple

from media_node.bandwidth.receiver import Limitation
from media_node.meetings.codecs import SharedCodecs
from media_node.meetings.model import Caption, ChatMessage, Participant, RecordingNotice, Track
from media_node.quantities import ParticipantId, SlotId, TrackId


@dataclass(frozen=True)
class ParticipantJoined:
    participant: Participant


@dataclass(frozen=True)
class ParticipantLeft:
    participant: ParticipantId
    reason: str


@dataclass(frozen=True)
class RecorderJoined:
    """A recorder of another node, whom nobody is told of."""

    recorder: Participant


@dataclass(frozen=True)
class RecorderLeft:
    recorder: ParticipantId


@dataclass(frozen=True)
class HandChanged:
    participant: ParticipantId
    # As Participant.hand_number.
    number: int | None


@dataclass(frozen=True)
class ParticipantChanged:
    """A host gave somebody another role or name."""

    participant: ParticipantId
    role: str
    display_name: str


@dataclass(frozen=True)
class CaptionerChanged:
    """A host gave the right to write captions, or took it."""

    participant: ParticipantId
    is_captioner: bool


@dataclass(frozen=True)
class TrackPublished:
    track: Track


@dataclass(frozen=True)
class TrackUnpublished:
    participant: ParticipantId
    track: TrackId


@dataclass(frozen=True)
class TrackMuted:
    """A track was muted or unmuted, or pauses for its publisher's link, or goes on."""

    participant: ParticipantId
    track: TrackId
    is_muted: bool
    # The moderator who did it, None for the participant itself.
    by: ParticipantId | None
    is_paused: bool = False
    # Done by somebody who is not in the meeting, such as a server: then there is no `by`.
    is_from_outside: bool = False


RosterEvent = (
    ParticipantJoined
    | ParticipantLeft
    | ParticipantChanged
    | HandChanged
    | CaptionerChanged
    | TrackPublished
    | TrackUnpublished
    | TrackMuted
)


@dataclass(frozen=True)
class SlotsChanged:
    """What some slots of one participant carry from now on."""

    to: ParticipantId
    track_by_slot: dict[SlotId, TrackId | None]


class SlotLimit(NamedTuple):
    """How a video slot's picture stands: it pauses, or is smaller than wished, for `limitation`."""

    track: TrackId
    is_paused: bool
    limitation: Limitation | None = None


@dataclass(frozen=True)
class SlotsLimited:
    """Video slots of one participant pause, go on, or have become smaller or larger for another reason."""

    to: ParticipantId
    limit_by_slot: dict[SlotId, SlotLimit]


@dataclass(frozen=True)
class LayersWanted:
    """Which layers of a track somebody receives, as RIDs, or all or none; told to its publisher.

    Attributes:
        best_scale: How many times smaller than whole the best layer is to be sent.
    """

    to: ParticipantId
    track: TrackId
    wanted: bool | tuple[str, ...]
    best_scale: float = 1.0


@dataclass(frozen=True)
class CodecsChanged:
    """What everybody here decodes has changed."""

    codecs: SharedCodecs


@dataclass(frozen=True)
class SpeakersChanged:
    """Who speaks, the speaker first, then loudest first, with the level in -dBov."""

    speakers: tuple[tuple[ParticipantId, TrackId, int], ...]


@dataclass(frozen=True)
class LinksChanged:
    """Whose link has become weak, or well again: "good", or the side that is weak."""

    words: tuple[tuple[ParticipantId, str], ...]
    # Whether it names everybody whose link is weak now.
    is_all: bool = False


@dataclass(frozen=True)
class ChatSent:
    message: ChatMessage


@dataclass(frozen=True)
class ChatRepeated:
    """Its sender did not hear that it was sent, and said it again."""

    message: ChatMessage


@dataclass(frozen=True)
class ReactionSent:
    sender: ParticipantId
    reaction: str


@dataclass(frozen=True)
class CaptionWritten:
    caption: Caption


@dataclass(frozen=True)
class UnmuteAsked:
    """A moderator would like to hear somebody, who is muted."""

    to: ParticipantId
    by: ParticipantId


@dataclass(frozen=True)
class ShareAsked:
    """Somebody wants to share in the place of whoever does."""

    to: tuple[ParticipantId, ...]
    participant: ParticipantId


@dataclass(frozen=True)
class ShareAnswered:
    """The answer to that, told to the one who asked and to those who could have answered."""

    to: tuple[ParticipantId, ...]
    participant: ParticipantId
    is_allowed: bool
    by: ParticipantId


@dataclass(frozen=True)
class RecordingChanged:
    """The meeting is recorded, or how that does has changed."""

    recording: RecordingNotice


@dataclass(frozen=True)
class ParticipantRemoved:
    """The participant's session is over; `reason` is told to it."""

    to: ParticipantId
    reason: str


Event = (
    RosterEvent
    | RecorderJoined
    | RecorderLeft
    | SlotsChanged
    | SlotsLimited
    | LayersWanted
    | CodecsChanged
    | SpeakersChanged
    | LinksChanged
    | ChatSent
    | ChatRepeated
    | ReactionSent
    | CaptionWritten
    | UnmuteAsked
    | ShareAsked
    | ShareAnswered
    | RecordingChanged
    | ParticipantRemoved
)
