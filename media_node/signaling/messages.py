"""Client messages, parsed: the same rules as protocol/signaling.schema.json, held together by a test."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from media_node.errors import MalformedError, TooLargeError

MAX_OFFER_CHARS = 262_144
MAX_MESSAGE_CHARS = 65_536
# Two lines of a subtitle have 84 characters; a sentence that is typed has more.
MAX_CAPTION_CHARS = 500
MAX_CAPTION_LINE = 2_147_483_647

CorrelationId = Annotated[int, Field(ge=1, le=9_007_199_254_740_991, strict=True)]
MidText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!#-'*+\-.0-9A-Z^-~]+$")]
Sdp = Annotated[str, Field(min_length=1, max_length=MAX_OFFER_CHARS)]
Track = Annotated[str, Field(pattern=r"^trk_[a-z2-7]{26}$")]
ParticipantName = Annotated[str, Field(pattern=r"^par_[a-z2-7]{26}$")]
SourceName = Literal["microphone", "camera", "screen", "screen_audio"]
Flag = Annotated[bool, Field(strict=True)]


class Message(BaseModel):
    """Fields that are not named are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    id: CorrelationId | None = None


class InitialTrack(BaseModel):
    mid: MidText
    source: SourceName
    muted: Flag


class Resume(BaseModel):
    last_message: Annotated[int, Field(alias="lastMessage", ge=0, strict=True)]
    secret: Annotated[str, Field(min_length=1, max_length=256)]


class ClientInfo(BaseModel):
    name: Annotated[str, Field(max_length=100)]
    version: Annotated[str, Field(max_length=100)]


class DecodedCodec(BaseModel):
    codec: Annotated[str, Field(pattern=r"^[a-z0-9]{1,16}$")]
    efficient: Flag


class Join(Message):
    type: Literal["join"]
    token: Annotated[str, Field(min_length=1, max_length=8192)]
    offer: Sdp | None = None
    tracks: Annotated[list[InitialTrack], Field(max_length=16)] = []
    resume: Resume | None = None
    client: ClientInfo | None = None
    decodes: Annotated[list[DecodedCodec] | None, Field(max_length=16)] = None


class OfferMessage(Message):
    type: Literal["offer"]
    id: CorrelationId
    sdp: Sdp


class Publish(Message):
    type: Literal["publish"]
    mid: MidText
    source: SourceName
    muted: Flag = False


class Unpublish(Message):
    type: Literal["unpublish"]
    track: Track


class Mute(Message):
    type: Literal["mute"]
    track: Track
    muted: Flag
    paused: Flag | None = None


class Assign(Message):
    type: Literal["assign"]
    slot: MidText
    track: Track | Literal["speaker", "screen"] | None
    max_height: Annotated[int | None, Field(alias="maxHeight", ge=1, le=8640)] = None
    max_fps: Annotated[float | None, Field(alias="maxFps", gt=0, le=240)] = None
    priority: Annotated[int, Field(ge=-100, le=100)] = 0


class ChatMessage(Message):
    type: Literal["message"]
    text: Annotated[str, Field(min_length=1, max_length=16_000)]
    to: ParticipantName | None = None
    key: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None


class Hand(Message):
    type: Literal["hand"]
    raised: Flag


class Reaction(Message):
    type: Literal["reaction"]
    reaction: Annotated[str, Field(min_length=1, max_length=64)]


class CaptionLine(Message):
    type: Literal["caption"]
    line: Annotated[int, Field(ge=1, le=MAX_CAPTION_LINE, strict=True)]
    text: Annotated[str, Field(min_length=1, max_length=MAX_CAPTION_CHARS)]
    final: Flag


class AskToShare(Message):
    type: Literal["askToShare"]


class AnswerShare(Message):
    type: Literal["answerShare"]
    participant: ParticipantName
    allowed: Flag


class Moderate(Message):
    type: Literal["moderate"]
    action: Literal["mute", "remove", "askToUnmute", "allowCaptions", "stopCaptions", "lowerHand"]
    # None means everybody, where the action allows that.
    participant: ParticipantName | None = None
    track: Track | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.participant is None and self.action != "lowerHand":
            raise ValueError(f"{self.action} needs a participant")
        return self


class Stats(Message):
    type: Literal["stats"]
    report: dict[str, Any]


class Leave(Message):
    type: Literal["leave"]


ClientMessage = Annotated[
    Join
    | OfferMessage
    | Publish
    | Unpublish
    | Mute
    | Assign
    | ChatMessage
    | Hand
    | Reaction
    | CaptionLine
    | AskToShare
    | AnswerShare
    | Moderate
    | Stats
    | Leave,
    Field(discriminator="type"),
]
AnyClientMessage = (
    Join
    | OfferMessage
    | Publish
    | Unpublish
    | Mute
    | Assign
    | ChatMessage
    | Hand
    | Reaction
    | CaptionLine
    | AskToShare
    | AnswerShare
    | Moderate
    | Stats
    | Leave
)
_ADAPTER: TypeAdapter[AnyClientMessage] = TypeAdapter(ClientMessage)


def parse_message(text: str) -> AnyClientMessage:
    """Read one text frame.

    Raises:
        TooLargeError: Longer than its kind may be.
        MalformedError: Not JSON, or not a message of the contract.
    """
    if len(text) > MAX_OFFER_CHARS + MAX_MESSAGE_CHARS:
        raise TooLargeError(f"a message has at most {MAX_MESSAGE_CHARS} characters beside its offer")
    try:
        message = _ADAPTER.validate_json(text)
    except ValidationError as exc:
        if len(text) > MAX_OFFER_CHARS:
            raise TooLargeError(f"an offer has at most {MAX_OFFER_CHARS} characters") from exc
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise MalformedError(f"{where or 'message'}: {first['msg']}") from exc
    if len(text) > MAX_MESSAGE_CHARS and not isinstance(message, Join | OfferMessage):
        raise TooLargeError(f"a message without an offer has at most {MAX_MESSAGE_CHARS} characters")
    return message
