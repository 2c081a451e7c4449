"""Recordings, their films and the links to them as the JSON of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.bootstrap import (
    Composition,
    JoinedTrack,
    Media,
    NewLink,
    Opened,
    Recording,
    StorageAges,
    WatchLink,
    awaits_recorders,
    current_layout,
    detail_of,
    storage_class_of,
)
from chalicelib.routes.views import cursor_of, timestamp

# What was asked of recorders and is not so yet.
PENDING = {"running": "resume", "paused": "pause", "stopped": "stop"}


def recording(value: Recording, ages: StorageAges, now: datetime) -> dict[str, Any]:
    """Without addresses of what was recorded: those are given out, and noted, by `/media`."""
    films = [one for one in value.compositions if one.files is not None and one.files.mp4 is not None]
    files = films[-1].files if films else None
    tomb = value.tombstone
    return {
        "id": value.id,
        "meeting": value.meeting,
        "title": value.title,
        "state": value.state,
        "pending": _pending(value),
        "reason": value.reason,
        "detail": detail_of(value.reason, value.detail),
        "progress": round(value.progress, 3),
        "layout": current_layout(value),
        "rearrangements": [{"at": timestamp(one.at), "layout": one.layout} for one in value.rearrangements],
        "requestedAt": timestamp(value.requested_at),
        "requestedBy": value.requested_by,
        "startedAt": timestamp(value.started_at),
        "endedAt": timestamp(value.ended_at),
        "pauses": [{"from": timestamp(one.since), "to": timestamp(one.until)} for one in value.pauses],
        "durationSeconds": files.duration_seconds if files is not None else None,
        "bytes": files.size_bytes if files is not None else None,
        "recordedBytes": sum(one.size_bytes for one in value.takes),
        "tracks": max((one.tracks for one in value.takes), default=0),
        "compositions": [composition(one) for one in value.compositions],
        "storageClass": storage_class_of(value, ages, now),
        "retainUntil": timestamp(value.retain_until),
        "legalHold": value.legal_hold,
        "access": {"participants": value.access.participants, "users": sorted(value.access.users)},
        "deletion": None
        if value.deleting_since is None
        else {
            "requestedAt": timestamp(value.deleting_since),
            "by": value.deleted_by,
            "deletedAt": timestamp(tomb.deleted_at) if tomb is not None else None,
            "objects": tomb.objects if tomb is not None else None,
            "bytes": tomb.size_bytes if tomb is not None else None,
            "digest": tomb.digest if tomb is not None else None,
        },
    }


def composition(value: Composition) -> dict[str, Any]:
    return {
        "id": value.job,
        "kind": value.kind,
        "layout": value.layout,
        "revision": value.revision,
        "state": value.state,
        "progress": round(value.progress, 3),
        "reason": value.reason,
        "detail": detail_of(value.reason, value.detail),
        "requestedAt": timestamp(value.requested_at),
        "requestedBy": value.requested_by,
        "finishedAt": timestamp(value.finished_at),
        "durationSeconds": value.files.duration_seconds if value.files is not None else None,
        "bytes": value.files.size_bytes if value.files is not None else None,
    }


def media(value: Media) -> dict[str, Any]:
    """What was asked for; null where there is nothing of it yet."""
    kinds, expires = value.kinds, timestamp(value.expires_at)
    urls = {name: link.url for name, link in value.link_by_name.items()}
    answer: dict[str, Any] = {
        "recording": value.recording.id,
        "layout": value.film.layout if value.film is not None else None,
        "expiresAt": expires,
        "nextCursor": cursor_of(value.mark),
    }
    if "mp4" in kinds:
        answer["mp4"] = {"url": urls["mp4"]} if "mp4" in urls else None
        for name in ("chapters", "chat", "waveform"):
            answer[name] = {"url": urls[name]} if name in urls else None
    if "hls" in kinds:
        answer["hls"] = {"url": urls["hls"]} if "hls" in urls else None
    if "thumbnails" in kinds:
        sprite = urls.get("sprite")
        answer["thumbnails"] = {"url": urls["thumbnails"], "sprite": sprite} if "thumbnails" in urls else None
    if "trackFiles" in kinds:
        files = value.track_files
        answer["trackFiles"] = [_track_file(one) for one in files] if files is not None else None
    if "tracks" in kinds:
        answer["tracks"] = [
            {"track": one.track, "url": one.link.url, "bytes": one.size_bytes} for one in value.tracks
        ]
    if "manifest" in kinds:
        answer["manifest"] = [{"url": one.url} for one in value.manifest]
    return answer


def _track_file(value: JoinedTrack) -> dict[str, Any]:
    return {
        "track": value.about.track,
        "participant": value.about.participant,
        "source": value.about.source,
        "startedAt": timestamp(value.about.started_at),
        "durationSeconds": value.about.duration.total_seconds(),
        "bytes": value.size_bytes,
        "url": value.link.url,
    }


def watch_link(value: WatchLink) -> dict[str, Any]:
    return {
        "id": value.id,
        "madeBy": value.made_by,
        "madeAt": timestamp(value.made_at),
        "expiresAt": timestamp(value.expires_at),
    }


def new_link(value: NewLink) -> dict[str, Any]:
    """With what is told this once."""
    return {**watch_link(value.link), "url": value.url, "token": value.secret}


def opened(value: Opened) -> dict[str, Any]:
    return {
        "at": timestamp(value.at),
        "by": value.by,
        "kinds": list(value.kinds),
        "expiresAt": timestamp(value.expires_at),
        "requestId": value.request_id,
        "source": value.source,
    }


def _pending(value: Recording) -> str | None:
    if not awaits_recorders(value):
        return None
    return "start" if value.state == "starting" and value.wanted == "running" else PENDING[value.wanted]
