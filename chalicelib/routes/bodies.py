"""Request bodies and queries: every field that may come, and the rule that it has to keep.

Unknown fields are refused: a wish that is not understood must not look granted.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

NOT_YET = {
    "encryption": "End-to-end encryption is not available yet; leave it out or send \"transport\".",
}  # fmt: skip


# The same for readers of the document: control characters, and letters that are no space.
_CONTROL = r"\u0000-\u001f\u007f-\u009f"
CLEAN = {"pattern": f"^[^{_CONTROL}]*$"}
VISIBLE = {"pattern": rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"}


def _clean(text: str) -> str:
    """Text that can be stored and shown: no control characters, no half of a surrogate pair."""
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("Text must not hold control characters or lone surrogates.")
    return text


def _trimmed(text: str) -> str:
    text = _clean(text).strip()
    if not text:
        raise ValueError("Text must not be empty.")
    return text


def _existing_time(text: str) -> str:
    """As the pattern says, and on the calendar."""
    datetime.fromisoformat(text.replace("Z", "+00:00"))
    return text


def _only(field: str, *allowed: Any) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not any(value is kept or (isinstance(kept, str) and value == kept) for kept in allowed):
            raise ValueError(NOT_YET[field])
        return value

    return BeforeValidator(check)


_RFC3339 = re.compile(r"[2-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: Any) -> Any:
    if value is None:
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("A time is RFC 3339 with its offset, as 2026-11-23T09:30:00Z.")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("A time is in the years 2000 to 9998.") from error


def _day(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"[2-8]\d{3}-\d\d-\d\d", value, re.ASCII):
        raise ValueError("A day is written as 2026-11-24.")
    return date.fromisoformat(value)


# Up to the year 9998, so that what is added to it is still a time.
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    Field(lt=datetime(9999, 1, 1, tzinfo=UTC)),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_RFC3339.pattern}$"}),
]
Day = Annotated[date, BeforeValidator(_day)]
Clean = Annotated[str, AfterValidator(_clean), Field(json_schema_extra=CLEAN)]
Metadata = Annotated[
    dict[
        Annotated[Clean, Field(min_length=1, max_length=40)],
        Annotated[Clean, Field(max_length=500)],
    ],
    Field(
        max_length=50,
        json_schema_extra={"additionalProperties": False, "propertyNames": {"minLength": 1, "maxLength": 40}},
    ),
]
Text = Annotated[str, AfterValidator(_trimmed), Field(json_schema_extra={**VISIBLE, "minLength": 1})]
SourceName = Literal["microphone", "camera", "screen", "screen_audio"]
PersonState = Literal["waiting", "gone", "admitted", "joining", "joined", "left", "removed", "denied"]


# Four characters at least: fewer are guessed within the attempts that are allowed.
Passcode = Annotated[Clean, Field(min_length=4, max_length=64)]
AutoAdmitRule = Literal["organisation", "returning"]
AutoAdmit = Annotated[list[AutoAdmitRule], Field(max_length=2)]
EVERY_RULE: list[AutoAdmitRule] = ["organisation", "returning"]
ExternalIds = Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=200)]


class Query(BaseModel):
    # Built at its first use: a cold start does not wait for what the calls that it does not answer may hold.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Body(Query):
    model_config = ConfigDict(strict=True, alias_generator=to_camel)


# Up to a week, as a meeting that never empties is a forgotten device.
MaxDuration = Annotated[int, Field(ge=60, le=604_800)]
EndAfterEmpty = Annotated[int, Field(ge=10, le=2_592_000)]


RecordingSetting = Literal["off", "allowed", "automatic"]
RegionName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
# Milliseconds there and back, as the client has measured them.
RoundTrips = Annotated[
    dict[RegionName, Annotated[float, Field(ge=0, le=60_000)]],
    Field(max_length=40, json_schema_extra={"additionalProperties": False}),
]


class CreateMeetingBody(Body):
    title: Annotated[Text, Field(max_length=200)] | None = None
    region: RegionName | None = None
    # Without a region: the nearest with room is taken.
    region_round_trips: RoundTrips = Field(default_factory=dict)
    guests: bool = True
    # A hundred, or as many as the tenant's meetings may have.
    max_participants: Annotated[int, Field(ge=2, le=1000)] | None = None
    expected_participants: Annotated[int, Field(ge=1, le=1000)] | None = None
    media: Literal["video", "audio"] = "video"
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_duration_seconds: MaxDuration = 604_800
    end_after_empty_seconds: EndAfterEmpty = 600
    metadata: Metadata = Field(default_factory=dict)
    passcode: Passcode | None = None
    waiting_room: bool = False
    auto_admit: AutoAdmit = Field(default_factory=EVERY_RULE.copy)
    auto_admit_external_ids: ExternalIds = Field(default_factory=list)
    encryption: Annotated[Literal["transport"], _only("encryption", "transport")] = "transport"
    recording: RecordingSetting = "off"


class JoinBody(Body):
    display_name: Annotated[Text, Field(max_length=100)]
    role: Literal["host", "cohost", "participant", "viewer"] | None = None
    external_id: Annotated[Text, Field(max_length=200)] | None = None
    resume_token: Annotated[str, Field(max_length=4096)] | None = None
    region: RegionName | None = None
    region_round_trips: RoundTrips = Field(default_factory=dict)
    # The node that refused the last token, being full.
    refused_by: Annotated[str, Field(pattern=r"^node_[a-z2-7]{26}$")] | None = None
    passcode: Annotated[str, Field(max_length=64)] | None = None


class EndBody(Body):
    pass


class MuteBody(Body):
    sources: Annotated[list[SourceName], Field(min_length=1, max_length=4)] = ["microphone", "screen_audio"]


class DrainBody(Body):
    # How long meetings may go on there; without it as long as they like.
    deadline_seconds: Annotated[int, Field(ge=0, le=604_800)] | None = None


EventPattern = Annotated[str, Field(pattern=r"^(\*|[a-z]+\.(\*|[a-z_]+))$", max_length=60)]
EventPatterns = Annotated[list[EventPattern], Field(min_length=1, max_length=30)]
# What may stand in a URL; whether the place may be called at all is another question.
URL_PATTERN = (
    r"^https?://([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"([/?]([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$"
)
Url = Annotated[str, Field(min_length=1, max_length=2048, json_schema_extra={"pattern": URL_PATTERN})]


class CreateEndpointBody(Body):
    url: Url
    events: EventPatterns = Field(default_factory=lambda: ["*"])
    description: Annotated[Clean, Field(max_length=200)] = ""
    disabled: bool = False


class PatchEndpointBody(Body):
    url: Url | None = None
    events: EventPatterns | None = None
    description: Annotated[Clean, Field(max_length=200)] | None = None
    disabled: bool | None = None


ScopeName = Literal[
    "meetings:read", "meetings:write", "meetings:join", "nodes:read", "nodes:write", "webhooks", "api-keys",
    "recordings:read", "recordings:write",
]  # fmt: skip


class CreateApiKeyBody(Body):
    name: Annotated[Text, Field(max_length=100)]
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=20)] | None = None


class TokenForm(Query):
    # Other fields are left alone (RFC 6749, 3.2).
    model_config = ConfigDict(extra="ignore")

    grant_type: Literal["client_credentials"]
    scope: Annotated[str, Field(max_length=500)] | None = None


class EmptyBody(Body):
    pass


class ListDeliveriesQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = None


class ChangeMeetingBody(Body):
    """What is left out stays as it is; title, times and passcode may be taken away with null."""

    title: Annotated[Text, Field(max_length=200)] | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_duration_seconds: MaxDuration = 604_800
    end_after_empty_seconds: EndAfterEmpty = 600
    locked: bool = False
    guests: bool = True
    waiting_room: bool = False
    passcode: Passcode | None = None
    auto_admit: AutoAdmit = Field(default_factory=list)
    auto_admit_external_ids: ExternalIds = Field(default_factory=list)
    max_participants: Annotated[int, Field(ge=2, le=1000)] = 100
    metadata: Metadata = Field(default_factory=dict)
    recording: RecordingSetting = "off"


class ChangeParticipantBody(Body):
    role: Literal["host", "cohost", "participant", "viewer"] | None = None
    display_name: Annotated[Text, Field(max_length=100)] | None = None


class RemoveQuery(Query):
    ban: Literal["true", "false"] = "false"


class ListParticipantsQuery(Query):
    state: PersonState | None = None


class ListEventsQuery(Query):
    model_config = ConfigDict(alias_generator=to_camel)

    # `cursor` says the same, so that all lists turn their pages alike.
    after: Annotated[int, Field(ge=0, lt=10**9, validation_alias=AliasChoices("after", "cursor"))] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    wait_seconds: Annotated[int, Field(ge=0, le=20)] = 0


class QualityTimelineQuery(Query):
    # `cursor` says the same, so that all lists turn their pages alike.
    after: Annotated[
        Annotated[
            str,
            Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"),
            AfterValidator(_existing_time),
        ]
        | None,
        Field(validation_alias=AliasChoices("after", "cursor")),
    ] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 360


class QualityOverviewQuery(Query):
    cursor: Annotated[str, Field(pattern=r"^par_[a-z2-7]{26}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ChangeMeBody(Body):
    """What is left out stays as it is; with null the name is the issuer's again."""

    name: Annotated[Text, Field(max_length=100)] | None = None
    preferences: Metadata = Field(default_factory=dict)


class UsageQuery(Query):
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


# What the caller made, or all of the tenant: a key has nothing that is not its tenant's.
Whose = Literal["caller", "tenant"]


class ListMeetingsQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = None
    state: Literal["created", "live", "ended"] | None = None
    of: Whose = "caller"
