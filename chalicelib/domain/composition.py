"""The making of files from a recording: jobs for composer processes, and what they report of them.

A job is sent again until it is known to be sent, and delivered as often as SQS likes; the composer does it
once. Reports come in any order: progress never goes back, and what is done stays done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.identifiers import JobId
from chalicelib.domain.recording_reasons import NOT_COMPOSED

Layout = Literal["grid", "speaker", "share"]
# A film of everybody, or each track joined to one file.
Kind = Literal["film", "tracks"]
# queued: to be sent; sent: the queue has it; running: a composer has said so.
CompositionState = Literal["queued", "sent", "running", "done", "failed"]

# A tenth of a film of twelve hours takes less than this; who is silent for longer will not speak again.
SILENCE = timedelta(hours=2)
# Each is an event of the log.
PROGRESS_STEP = 0.1


@dataclass(frozen=True)
class Files:
    """Keys of what a composition made, and what the film is."""

    # None: it made no film.
    mp4: str | None
    hls: str | None = None
    thumbnails: str | None = None
    sprite: str | None = None
    chapters: str | None = None
    chat: str | None = None
    waveform: str | None = None
    duration_seconds: float = 0.0
    size_bytes: int = 0


@dataclass(frozen=True)
class Composition:
    job: JobId
    # Of the whole film; None: as hosts chose it while it was recorded.
    layout: Layout | None
    # Of the same layout, the one that was asked for last counts.
    revision: int
    # Prefix of all that it writes, with 128 random bits in it.
    output: str
    requested_at: datetime
    requested_by: str
    heard_at: datetime
    state: CompositionState = "queued"
    progress: float = 0.0
    # Of one that failed: a code, and the composer's words.
    reason: str | None = None
    detail: str | None = None
    files: Files | None = None
    finished_at: datetime | None = None
    kind: Kind = "film"


@dataclass(frozen=True)
class Progress:
    """A composer's report of a job."""

    job: JobId
    state: Literal["running", "done", "failed"]
    progress: float
    reason: str | None = None
    files: Files | None = None
    detail: str | None = None


def advanced(composition: Composition, told: Progress, now: datetime) -> Composition | None:
    """A composition after a report; None where that says nothing new."""
    if composition.state == "done" or (composition.state == "failed" and told.state != "done"):
        return None
    if told.state == "running":
        is_news = composition.state != "running" or told.progress >= composition.progress + PROGRESS_STEP
        if not is_news:
            return None
        progress = max(composition.progress, told.progress)
        return dataclasses.replace(composition, state="running", progress=progress, heard_at=now)
    if told.state == "failed":
        return dataclasses.replace(
            composition,
            state="failed",
            reason=told.reason or NOT_COMPOSED,
            detail=told.detail,
            heard_at=now,
            finished_at=now,
        )
    return dataclasses.replace(
        composition,
        state="done",
        progress=1.0,
        reason=None,
        detail=None,
        files=told.files,
        heard_at=now,
        finished_at=now,
    )


def films_of(compositions: Iterable[Composition]) -> list[Composition]:
    return [one for one in compositions if one.kind == "film"]


def is_pending(composition: Composition) -> bool:
    return composition.state in ("queued", "sent", "running")
