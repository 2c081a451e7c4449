"""What happens to the recordings of a meeting, as changes of the meeting with their events."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from chalicelib.domain.composition import (
    SILENCE,
    Composition,
    CompositionState,
    Kind,
    Layout,
    Progress,
    advanced,
    films_of,
    is_pending,
)
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import JobId
from chalicelib.domain.meeting import ActiveRecording, Meeting
from chalicelib.domain.recording import (
    SETTLED,
    Recording,
    Step,
    Tombstone,
    attend,
    awaits_recorders,
    is_active,
)
from chalicelib.domain.recording_links import WatchLink
from chalicelib.domain.recording_reasons import NO_COMPOSER

# Why a recording cannot begin.
Hindrance = Literal["ended", "off", "encrypted", "running", "empty"]
# upkeep: within seconds; backup: a second recorder is missing, perhaps for ever where there is no other node;
# sweep: objects are deleted, which takes its time.
DueKind = Literal["upkeep", "backup", "sweep"]


def hindrance_of(meeting: Meeting) -> Hindrance | None:
    """Why a meeting cannot be recorded now; None if it can."""
    if meeting.state == "ended":
        return "ended"
    if meeting.encryption == "endToEnd":
        return "encrypted"
    if meeting.recording == "off":
        return "off"
    if meeting.active_recording is not None:
        return "running"
    return "empty" if meeting.placement is None else None


def begin(change: Change, recording: Recording, now: datetime) -> Change:
    """A recording is asked for. That is the notice as well: whoever is there is told by their node."""
    recording = dataclasses.replace(recording, unsettled_since=now)
    return _with(change, "recording.requested", recording, now)


def note(change: Change, steps: Iterable[Step], now: datetime) -> Change:
    for step in steps:
        change = _with(change, step.kind, step.after, now)
    return change


def compose(
    meeting: Meeting,
    recording: Recording,
    layout: Layout | None,
    token: str,
    by: str,
    now: datetime,
    kind: Kind = "film",
) -> Change:
    """Another file of the same recording; nothing while one of that kind and layout is being made."""
    pending = [one for one in _like(recording, kind, layout) if is_pending(one)]
    if pending or recording.state not in (*SETTLED, "processing"):
        return Change.of(meeting)
    anew = _composing(recording, _job(recording, layout, token, by, now, kind))
    if recording.state == "failed" and kind == "film":
        anew = dataclasses.replace(anew, state="processing", reason=None, detail=None, progress=0.0)
    return _with(Change.of(meeting), "recording.composition_requested", anew, now)


def sent(meeting: Meeting, recording: Recording, job: JobId, now: datetime) -> Change:
    """The queue has a job."""
    queued = [one for one in recording.compositions if one.job == job and one.state == "queued"]
    if not queued:
        return Change.of(meeting)
    kept = _replaced(recording, dataclasses.replace(queued[0], state="sent", heard_at=now))
    return _with(Change.of(meeting), "recording.processing", kept, now)


def hear(meeting: Meeting, recording: Recording, told: Progress, now: datetime) -> Change:
    """A composer's report; nothing where it says nothing new, or of a job that is not known."""
    known = next((one for one in recording.compositions if one.job == told.job), None)
    after = advanced(known, told, now) if known is not None else None
    if after is None or recording.state not in (*SETTLED, "processing"):
        return Change.of(meeting)
    heard = _replaced(recording, after)
    if after.kind == "tracks":
        return _with(Change.of(meeting), _TRACKS_EVENT[after.state], heard, now)
    if after.state == "done":
        ready = dataclasses.replace(heard, state="ready", reason=None, detail=None, progress=1.0)
        return _with(Change.of(meeting), "recording.ready", ready, now)
    if after.state == "failed":
        failed = _composing_failed(heard, after)
        kind = "recording.failed" if failed.state == "failed" else "recording.composition_failed"
        return _with(Change.of(meeting), kind, failed, now)
    if heard.state == "processing":
        heard = dataclasses.replace(heard, progress=after.progress)
    return _with(Change.of(meeting), "recording.processing", heard, now)


def attended(meeting: Meeting, recording: Recording, now: datetime) -> Change:
    """What the clock does to a recording: recorders and composers of which too long nothing was heard."""
    change = note(Change.of(meeting), attend(recording, now), now)
    for one in recording.compositions:
        if is_pending(one) and one.state != "queued" and now - one.heard_at > SILENCE:
            told = Progress(one.job, "failed", one.progress, NO_COMPOSER)
            return hear(meeting, recording, told, now)
    return change


def keep(change: Change, recording: Recording, now: datetime, fields: Mapping[str, Any]) -> Change:
    """How long it is kept and for whom: some of `retain_until`, `legal_hold`, `access`."""
    kept = dataclasses.replace(recording, **fields)
    return change if kept == recording else _with(change, "recording.updated", kept, now)


def linked(meeting: Meeting, recording: Recording, links: tuple[WatchLink, ...], now: datetime) -> Change:
    """Other links for watching it than before."""
    if links == recording.links:
        return Change.of(meeting)
    kind = "recording.linked" if set(links) - set(recording.links) else "recording.unlinked"
    return _with(Change.of(meeting), kind, dataclasses.replace(recording, links=links), now)


def delete(meeting: Meeting, recording: Recording, by: str, now: datetime) -> Change:
    """It is not there any more for anybody; its objects go after it."""
    if recording.state not in SETTLED or recording.legal_hold or is_composing(recording):
        return Change.of(meeting)
    going = dataclasses.replace(recording, state="deleting", deleting_since=now, deleted_by=by)
    return _with(Change.of(meeting), "recording.deleting", going, now)


def deleted(meeting: Meeting, recording: Recording, tombstone: Tombstone) -> Change:
    if recording.state != "deleting":
        return Change.of(meeting)
    gone = dataclasses.replace(recording, state="deleted", tombstone=tombstone)
    return _with(Change.of(meeting), "recording.deleted", gone, tombstone.deleted_at)


def is_composing(recording: Recording) -> bool:
    """Whether a composer may still write files of it."""
    return any(is_pending(one) for one in recording.compositions)


def due_of(recording: Recording) -> tuple[DueKind, datetime] | None:
    """When the clock has something to do for a recording; None until something happens to it."""
    queued = [one.requested_at for one in recording.compositions if one.state == "queued"]
    if recording.state == "processing" and not films_of(recording.compositions):
        queued = [recording.ended_at or recording.requested_at]
    silent = [one.heard_at + SILENCE for one in recording.compositions if one.state in ("sent", "running")]
    if recording.state in (*SETTLED, "processing") and (queued or silent):
        return "upkeep", min([*queued, *silent])
    if is_active(recording):
        kind: DueKind = "upkeep" if awaits_recorders(recording) else "backup"
        return (kind, recording.unsettled_since) if recording.unsettled_since is not None else None
    if recording.state == "deleting":
        return "sweep", recording.deleting_since or recording.requested_at
    if recording.state in SETTLED and recording.retain_until is not None and not recording.legal_hold:
        return "sweep", recording.retain_until
    return None


def _with(change: Change, kind: str, recording: Recording, now: datetime) -> Change:
    active = change.after.active_recording
    if is_active(recording):
        active = ActiveRecording(recording.id, recording.state, recording.requested_at, recording.started_at)
    elif active is not None and active.id == recording.id:
        active = None
    return change.then(kind, now, recorded=recording, active_recording=active)


# What a report of joined tracks is in the log; the recording stays as its films have it.
_TRACKS_EVENT: Mapping[CompositionState, str] = {
    "running": "recording.processing",
    "done": "recording.tracks_ready",
    "failed": "recording.composition_failed",
}


def _like(recording: Recording, kind: Kind, layout: Layout | None) -> list[Composition]:
    return [one for one in recording.compositions if (one.kind, one.layout) == (kind, layout)]


def _job(
    recording: Recording, layout: Layout | None, token: str, by: str, now: datetime, kind: Kind
) -> Composition:
    revision = 1 + len(_like(recording, kind, layout))
    return Composition(
        job=JobId(f"job_{token}"),
        layout=layout,
        revision=revision,
        output=f"compositions/{recording.id}/{token}/",
        requested_at=now,
        requested_by=by,
        heard_at=now,
        kind=kind,
    )


def _composing(recording: Recording, job: Composition) -> Recording:
    return dataclasses.replace(recording, compositions=(*recording.compositions, job))


def _replaced(recording: Recording, job: Composition) -> Recording:
    jobs = tuple(job if one.job == job.job else one for one in recording.compositions)
    return dataclasses.replace(recording, compositions=jobs)


def _composing_failed(recording: Recording, job: Composition) -> Recording:
    """Failed if it has no file at all; one that has is as good as before."""
    films = films_of(recording.compositions)
    if any(one.state == "done" for one in films):
        return dataclasses.replace(recording, state="ready")
    if any(is_pending(one) for one in films):
        return recording
    return dataclasses.replace(recording, state="failed", reason=job.reason, detail=job.detail)
