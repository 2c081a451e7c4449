"""Request bodies and queries about recordings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from chalicelib.routes.bodies import Body, Moment, Query, Whose

Layout = Literal["grid", "speaker", "share"]
MediaKind = Literal["mp4", "hls", "thumbnails", "trackFiles", "tracks", "manifest"]
EVERY_KIND: tuple[MediaKind, ...] = ("mp4", "hls", "thumbnails", "trackFiles", "tracks", "manifest")
State = Literal[
    "starting", "recording", "paused", "degraded", "stopping", "processing", "ready", "failed", "deleting",
    "deleted",
]  # fmt: skip
UserName = Annotated[str, Field(pattern=r"^usr_[a-z2-7]{26}$")]


def _words(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class StartRecordingBody(Body):
    # Of the film that is made of it.
    layout: Layout = "speaker"


class AccessBody(Body):
    """Who may open it besides hosts."""

    participants: bool = False
    users: Annotated[list[UserName], Field(max_length=200)] = Field(default_factory=list)


class ChangeRecordingBody(Body):
    """What is left out stays as it is; `retainUntil` null keeps it until somebody deletes it."""

    retain_until: Moment | None = None
    legal_hold: bool = False
    access: AccessBody = Field(default_factory=AccessBody)
    # Of the film from now on, while it is recorded.
    layout: Layout = "speaker"


class ComposeBody(Body):
    # Another film, or each track joined to one file.
    kind: Literal["film", "tracks"] = "film"
    # Of the whole film; null: as hosts had it while it was recorded.
    layout: Layout | None = None


class MakeLinkBody(Body):
    """A day, an hour, a week: whatever is between a minute and seven days."""

    expires_in_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)] = 86_400


class ListRecordingsQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = None
    state: State | None = None


class ListAllRecordingsQuery(ListRecordingsQuery):
    of: Whose = "caller"


class OpenRecordingQuery(Query):
    kinds: Annotated[
        list[MediaKind], Field(min_length=1, max_length=len(EVERY_KIND)), BeforeValidator(_words)
    ] = Field(default_factory=lambda: list(EVERY_KIND))
    layout: Layout | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: Annotated[str, Field(max_length=600)] | None = None


class AccessLogQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None
