"""The part of the OpenAPI document that tells of recordings."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from chalicelib.bootstrap import RecordingAction
from chalicelib.routes.openapi_words import (
    COUNT,
    IF_MATCH,
    MAKER,
    MODERATOR,
    OF,
    TEXT,
    TIME,
    Schema,
    listing,
    nullable,
    operation,
    parameter,
    record,
    reference,
)
from chalicelib.routes.recording_bodies import (
    EVERY_KIND,
    ChangeRecordingBody,
    ComposeBody,
    Layout,
    MakeLinkBody,
    StartRecordingBody,
    State,
)

RECORDING_BODIES: dict[str, type[BaseModel]] = {
    "StartRecording": StartRecordingBody,
    "ChangeRecording": ChangeRecordingBody,
    "Compose": ComposeBody,
    "MakeLink": MakeLinkBody,
}
_ID: Schema = {"type": "string", "pattern": "^rec_[a-z2-7]{26}$"}
_STATE: Schema = {"type": "string", "enum": list(get_args(State))}
_LAYOUT: Schema = {"type": "string", "enum": list(get_args(Layout))}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SECONDS = nullable({"type": "number", "minimum": 0})
_LINK: Schema = {"type": "string", "format": "uri"}
ACTIVE_RECORDING: Schema = {
    **nullable(record(id=_ID, state=_STATE, startedAt=nullable(TIME))),
    "description": "The recording that goes on: people are told before they come in.",
}
_COMPOSITION: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^job_[a-z2-7]{26}$"},
    "kind": {"enum": ["film", "tracks"]},
    "layout": {**nullable(_LAYOUT), "description": "Null: as hosts had it while it was recorded."},
    "revision": COUNT,
    "state": {"type": "string", "enum": ["queued", "sent", "running", "done", "failed"]},
    "progress": _SHARE,
    "reason": nullable(TEXT),
    "detail": nullable(TEXT),
    "requestedAt": TIME,
    "requestedBy": TEXT,
    "finishedAt": nullable(TIME),
    "durationSeconds": _SECONDS,
    "bytes": nullable(COUNT),
}
_EXAMPLE: Schema = {
    "id": "rec_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "meeting": "mtg_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "title": "Weekly design review",
    "state": "ready",
    "pending": None,
    "reason": None,
    "detail": None,
    "progress": 1,
    "layout": "speaker",
    "rearrangements": [],
    "requestedAt": "2026-11-23T12:00:00.000Z",
    "requestedBy": "par_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "startedAt": "2026-11-23T12:00:00.600Z",
    "endedAt": "2026-11-23T13:00:00.000Z",
    "pauses": [],
    "durationSeconds": 3599.4,
    "bytes": 310_000_000,
    "recordedBytes": 900_000_000,
    "tracks": 8,
    "compositions": [],
    "storageClass": "standard",
    "retainUntil": "2027-11-23T13:00:00.000Z",
    "legalHold": False,
    "access": {"participants": True, "users": []},
    "deletion": None,
    "actions": ["open", "compose", "keep", "share", "link", "delete", "log"],
}
_URL = "https://media.example.com/compositions/rec_…/…/{}?Policy=…&Signature=…&Key-Pair-Id=…"
_MEDIA_EXAMPLE = {
    "recording": _EXAMPLE["id"],
    "layout": "speaker",
    "expiresAt": "2026-11-24T09:05:00.000Z",
    "nextCursor": None,
    "mp4": {"url": _URL.format("film.mp4")},
    "chapters": {"url": _URL.format("chapters.vtt")},
    "chat": None,
    "waveform": None,
    "hls": {"url": "https://media.example.com/p/1790000000.…/compositions/rec_…/…/hls/master.m3u8"},
    "thumbnails": {"url": _URL.format("thumbnails.vtt"), "sprite": _URL.format("sprite.jpg")},
    "trackFiles": None,
    "tracks": [{"track": "trk_…", "url": "https://media.example.com/nodes/…/000000.mkv?…", "bytes": 250_000}],
    "manifest": [{"url": "https://media.example.com/nodes/…/pages/000000.json?…"}],
}
_FILE = nullable(record(url=_LINK))
_WATCH_LINK: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^lnk_[a-z2-7]{26}$"},
    "madeBy": TEXT,
    "madeAt": TIME,
    "expiresAt": TIME,
}
_MEDIA = record(recording=_ID, layout=nullable(_LAYOUT), expiresAt=TIME, nextCursor=nullable(TEXT))
_MEDIA["properties"] |= {
    "mp4": _FILE,
    "chapters": _FILE,
    "chat": _FILE,
    "waveform": _FILE,
    "hls": {**_FILE, "description": "Opens the playlist and all that it names, in any player."},
    "thumbnails": nullable(record(url=_LINK, sprite=nullable(_LINK))),
    "trackFiles": {
        **nullable(
            {
                "type": "array",
                "items": record(
                    track=TEXT,
                    participant=TEXT,
                    source={"enum": ["microphone", "camera", "screen", "screen_audio"]},
                    startedAt=TIME,
                    durationSeconds={"type": "number", "minimum": 0},
                    bytes=COUNT,
                    url=_LINK,
                ),
            }
        ),
        "description": "Whole tracks; null until a composition of the kind `tracks` is done.",
    },
    "tracks": {"type": "array", "items": record(track=TEXT, url=_LINK, bytes=COUNT)},
    "manifest": {"type": "array", "items": record(url=_LINK)},
}
RECORDING_SCHEMAS: dict[str, Schema] = {
    "Recording": {
        **record(
            id=_ID,
            meeting=TEXT,
            title={**nullable(TEXT), "description": "Of the meeting, as it was when this began."},
            state=_STATE,
            pending={"enum": ["start", "pause", "resume", "stop", None]},
            reason={**nullable(TEXT), "description": "Why it is degraded, or has failed: a code."},
            detail={**nullable(TEXT), "description": "The same in words of English."},
            progress={**_SHARE, "description": "Of the film that is being made."},
            layout={**_LAYOUT, "description": "Of the film, as it was chosen last."},
            rearrangements={
                "type": "array",
                "items": record(at=TIME, layout=_LAYOUT),
                "description": "From when on which layout was chosen while it was recorded.",
            },
            requestedAt=TIME,
            requestedBy=TEXT,
            startedAt=nullable(TIME),
            endedAt=nullable(TIME),
            pauses={"type": "array", "items": record(**{"from": TIME, "to": nullable(TIME)})},
            durationSeconds=_SECONDS,
            bytes=nullable(COUNT),
            recordedBytes=COUNT,
            tracks=COUNT,
            compositions={"type": "array", "items": reference("Composition")},
            storageClass={"enum": ["standard", "infrequent", "archive", None]},
            retainUntil=nullable(TIME),
            legalHold={"type": "boolean"},
            access=record(participants={"type": "boolean"}, users={"type": "array", "items": TEXT}),
            deletion=nullable(
                record(
                    requestedAt=TIME,
                    by=TEXT,
                    deletedAt=nullable(TIME),
                    objects=nullable(COUNT),
                    bytes=nullable(COUNT),
                    digest=nullable(TEXT),
                )
            ),
        ),
        "examples": [_EXAMPLE],
    },
    "Composition": record(**_COMPOSITION),
    "RecordingMedia": {**_MEDIA, "examples": [_MEDIA_EXAMPLE]},
    "WatchLink": record(**_WATCH_LINK),
    "NewWatchLink": record(
        **_WATCH_LINK,
        url={**_LINK, "description": "Opens the page of the film without an account."},
        token={**TEXT, "description": "What the page sends as Bearer; told this once."},
    ),
    "RecordingAccess": record(
        at=TIME,
        by=TEXT,
        kinds={"type": "array", "items": {"enum": list(EVERY_KIND)}},
        expiresAt=TIME,
        requestId=TEXT,
        source=nullable(TEXT),
    ),
}
RECORDING_SCHEMAS["Recording"]["properties"]["actions"] = {
    "type": "array",
    "items": {"enum": list(get_args(RecordingAction))},
    "description": "What the caller may do to it now; all else is refused. Lists leave it out.",
}

# As many names as there are, with commas.
_KINDS = {
    "type": "string",
    "pattern": f"^({'|'.join(EVERY_KIND)})(,({'|'.join(EVERY_KIND)})){{0,{len(EVERY_KIND) - 1}}}$",
}


def recording_paths(meeting: Schema, idempotency_key: Schema) -> dict[str, Any]:
    shown, one = reference("Recording"), "/recordings/{recording}"
    start = operation("start_recording", "Record a meeting that goes on", 201, shown, MODERATOR,
                      "400 401 403 404 409 410 413 415 422", "StartRecording")  # fmt: skip
    compose = operation("compose_recording", "Make another film of it", 202, reference("Composition"),
                        MODERATOR, "400 401 403 404 409 410 413 415 422", "Compose")  # fmt: skip
    start["parameters"] = compose["parameters"] = [idempotency_key]
    of_meeting = operation("list_meeting_recordings", "The recordings of a meeting, newest first", 200,
                           listing("Recording"), MODERATOR, "401 403 404 422")  # fmt: skip
    listed = operation("list_recordings", "The tenant's recordings, or those of a person's meetings", 200,
                       listing("Recording"), MAKER, "401 403 422")  # fmt: skip
    state = parameter("state", "query", _STATE, "Only recordings in this state.")
    of_meeting["parameters"] = [*_paging(20, 100), state]
    listed["parameters"] = [*of_meeting["parameters"], OF]
    changed = operation("change_recording", "How long it is kept, who opens it, how its film goes on", 200,
                        shown, MODERATOR, "400 401 403 404 409 410 412 413 415 422",
                        "ChangeRecording")  # fmt: skip
    deleted = operation("delete_recording", "Delete it for good; its objects follow", 202, shown,
                        MODERATOR, "401 403 404 409 412")  # fmt: skip
    changed["parameters"] = deleted["parameters"] = [IF_MATCH]
    log = operation("list_recording_access", "Who was given links to it, newest first", 200,
                    listing("RecordingAccess"), MODERATOR, "401 403 404 422")  # fmt: skip
    log["parameters"] = _paging(50, 100)
    return {
        "/meetings/{meeting}/recordings": {"parameters": [meeting], "post": start, "get": of_meeting},
        "/recordings": {"get": listed},
        one: {
            "parameters": [parameter("recording", "path", TEXT, "An id (`rec_…`).")],
            "get": operation("show_recording", "Show one", 200, shown, MODERATOR, "401 403 404"),
            "patch": changed,
            "delete": deleted,
        },
        **{f"{one}/{verb}": _directed(verb, shown) for verb in ("stop", "pause", "resume")},
        f"{one}/media": {
            "parameters": [parameter("recording", "path", TEXT, "An id (`rec_…`).")],
            "get": _opened(),
        },
        f"{one}/access-log": {
            "parameters": [parameter("recording", "path", TEXT, "An id (`rec_…`).")],
            "get": log,
        },
        f"{one}/compositions": {
            "parameters": [parameter("recording", "path", TEXT, "An id (`rec_…`).")],
            "post": compose,
        },
        **_links(one, idempotency_key),
    }


def _links(one: str, idempotency_key: Schema) -> dict[str, Any]:
    named = parameter("recording", "path", TEXT, "An id (`rec_…`).")
    made = operation("make_recording_link", "A link for people without an account, which ends", 201,
                     reference("NewWatchLink"), MODERATOR, "400 401 403 404 409 410 413 415 422",
                     "MakeLink")  # fmt: skip
    made["parameters"] = [idempotency_key]
    listed = operation("list_recording_links", "Its links", 200, listing("WatchLink"), MODERATOR,
                       "401 403 404")  # fmt: skip
    gone = operation("delete_recording_link", "Take a link back", 204, {}, MODERATOR,
                     "401 403 404")  # fmt: skip
    link = parameter("link", "path", TEXT, "An id (`lnk_…`).")
    return {
        f"{one}/links": {"parameters": [named], "post": made, "get": listed},
        f"{one}/links/{{link}}": {"parameters": [named, link], "delete": gone},
    }


def _directed(verb: str, shown: Schema) -> Schema:
    summaries = {"stop": "Stop it for good", "pause": "Let it pause", "resume": "Let it go on"}
    return {
        "parameters": [parameter("recording", "path", TEXT, "An id (`rec_…`).")],
        "post": operation(f"{verb}_recording", f"{summaries[verb]}; `pending` until that is so", 202,
                          shown, MODERATOR, "400 401 403 404 409 413 415 422", "Empty"),
    }  # fmt: skip


def _opened() -> Schema:
    opened = operation("open_recording", "Links to what was recorded, good for five minutes; each is noted",
                       200, reference("RecordingMedia"), MODERATOR, "401 403 404 410 422")  # fmt: skip
    opened["parameters"] = [
        parameter(
            "kinds", "query", _KINDS, f"Which of {', '.join(EVERY_KIND)}, with commas; all without it."
        ),
        parameter("layout", "query", _LAYOUT, "Of the film; without it the newest one."),
        *_paging(100, 1000),
    ]
    return opened


def _paging(usual: int, most: int) -> list[Schema]:
    size: Schema = {"type": "integer", "minimum": 1, "maximum": most, "default": usual}
    return [
        parameter("limit", "query", size, "Page size."),
        parameter(
            "cursor", "query", {"type": "string", "maxLength": 200}, "`nextCursor` of the page before."
        ),
    ]
