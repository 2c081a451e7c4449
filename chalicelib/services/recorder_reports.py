"""What a node says of its recorders, and a composer of its job, checked before it is believed."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from chalicelib.domain.composition import Files, Progress
from chalicelib.domain.identifiers import JobId, MeetingId, RecordingId, is_id
from chalicelib.domain.recording import OVER, Seen, TakeRole, TakeState
from chalicelib.errors import BrokenRule, ValidationFailedError

# More than a node has meetings.
MOST_RECORDERS = 10_000
LONGEST_REASON = 500
# The years 2000 to 2999, in microseconds.
EARLIEST_US, LATEST_US = 946_684_800_000_000, 32_503_680_000_000_000
# Where a node's rights end at a name of its own, that name comes first (infra/constructs/recordings.py).
_PREFIX = re.compile(r"nodes/(?:[A-Za-z0-9_:-]{1,128}/)?(node_[a-z2-7]{26})/(rec_[a-z2-7]{26})-[a-z2-7]{26}/")
_FILES = {
    "mp4": "mp4", "hls": "hls", "thumbnails": "thumbnails", "sprite": "sprite", "chapters": "chapters",
    "chat": "chat", "waveform": "waveform",
}  # fmt: skip


@dataclass(frozen=True)
class CompositionReport:
    recording: RecordingId
    told: Progress


def read_recorders(report: Mapping[str, Any]) -> dict[MeetingId, tuple[Seen, ...]]:
    """The recorders of a node's report by meeting; nodes of before tell of none.

    Raises:
        ValidationFailedError: They are not what docs/recording.md says.
    """
    entries = report.get("recordings", [])
    if not isinstance(entries, list) or len(entries) > MOST_RECORDERS:
        raise _broken("/recordings", "The recordings of a report are a list.")
    found: dict[MeetingId, list[Seen]] = {}
    for number, entry in enumerate(entries):
        meeting, seen = _recorder(entry, f"/recordings/{number}", str(report.get("node")))
        if seen.role == "backup" and report.get("state") != "ready" and seen.state not in OVER:
            # Its node goes away: another one is to be there before that.
            seen = dataclasses.replace(seen, state="degraded", reason=seen.reason or "draining")
        found.setdefault(meeting, []).append(seen)
    return {name: tuple(sorted(seen, key=lambda one: one.prefix)) for name, seen in found.items()}


def read_composition_report(body: str) -> CompositionReport | None:
    """A composer's report; None for a message of another kind.

    Raises:
        ValidationFailedError: It is one, and breaks a rule.
    """
    try:
        report = json.loads(body)
    except ValueError:
        return None
    if not isinstance(report, dict) or report.get("kind") != "composition":
        return None
    recording, job = report.get("recording"), report.get("job")
    if not isinstance(recording, str) or not is_id(recording, "rec"):
        raise _broken("/recording", "A recording's id is rec_ and 26 characters.")
    if not isinstance(job, str) or not is_id(job, "job"):
        raise _broken("/job", "A job's id is job_ and 26 characters.")
    state, progress = report.get("state"), report.get("progress", 0)
    if state not in ("running", "done", "failed"):
        raise _broken("/state", "A composition is running, done or failed.")
    if isinstance(progress, bool) or not isinstance(progress, (int, float)) or not 0 <= progress <= 1:
        raise _broken("/progress", "Progress is a number from 0 to 1.")
    files = _files(report.get("files"), f"compositions/{recording}/") if state == "done" else None
    told = cast(Literal["running", "done", "failed"], state)
    reason, detail = _text(report, "reason", ""), _text(report, "detail", "")
    return CompositionReport(
        RecordingId(recording), Progress(JobId(job), told, float(progress), reason, files, detail)
    )


def _recorder(entry: Any, pointer: str, node: str) -> tuple[MeetingId, Seen]:
    if not isinstance(entry, dict):
        raise _broken(pointer, "A recording of a report is an object.")
    recording, meeting, prefix = (entry.get(name) for name in ("recording", "meeting", "prefix"))
    if not isinstance(recording, str) or not is_id(recording, "rec"):
        raise _broken(f"{pointer}/recording", "A recording's id is rec_ and 26 characters.")
    if not isinstance(meeting, str) or not is_id(meeting, "mtg"):
        raise _broken(f"{pointer}/meeting", "A meeting's id is mtg_ and 26 characters.")
    found = _PREFIX.fullmatch(prefix) if isinstance(prefix, str) else None
    if not isinstance(prefix, str) or found is None or found.groups() != (node, recording):
        raise _broken(f"{pointer}/prefix", "A recorder writes under its node's prefix and its recording's.")
    if entry.get("state") not in get_args(TakeState):
        raise _broken(f"{pointer}/state", "A recorder records, is paused, degraded, stopped or failed.")
    role = entry.get("role", "primary")
    if role not in get_args(TakeRole):
        raise _broken(f"{pointer}/role", "A recorder is primary or backup.")
    ended = entry.get("endedUs")
    seen = Seen(
        recording=RecordingId(recording),
        prefix=prefix,
        state=entry["state"],
        started_at=_moment(entry, "startedUs", pointer),
        reason=_text(entry, "reason", pointer),
        ended_at=_moment(entry, "endedUs", pointer) if ended is not None else None,
        segments=_count(entry, "segments", pointer),
        size_bytes=_count(entry, "bytes", pointer),
        tracks=_count(entry, "tracks", pointer),
        role=role,
    )
    return MeetingId(meeting), seen


def _files(files: Any, prefix: str) -> Files:
    if not isinstance(files, dict):
        raise _broken("/files", "What a composition made is an object.")
    has_film, has_tracks = (isinstance(files.get(name), str) for name in ("mp4", "tracks"))
    if not has_film and not has_tracks:
        raise _broken("/files", "A composition made an mp4, or joined tracks.")
    keys: dict[str, Any] = {"mp4": None}
    for name, field in _FILES.items():
        key = files.get(name)
        if key is None:
            continue
        # What a link is given out for lies where this recording's films lie, and nowhere else.
        if not isinstance(key, str) or not key.startswith(prefix) or ".." in key or len(key) > 500:
            raise _broken(f"/files/{name}", f"A file of a composition lies under {prefix}.")
        keys[field] = key
    duration, size = files.get("durationSeconds", 0), files.get("bytes", 0)
    for name, value in (("durationSeconds", duration), ("bytes", size)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
            raise _broken(f"/files/{name}", f"{name} is a number, 0 or more.")
    return Files(**keys, duration_seconds=float(duration), size_bytes=int(size))


def _text(entry: Mapping[str, Any], name: str, pointer: str) -> str | None:
    """Why something is as it is: a code (`reason`), or words (`detail`)."""
    text = entry.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise _broken(f"{pointer}/{name}", f"A {name} is text.")
    return text[:LONGEST_REASON]


def _moment(entry: Mapping[str, Any], name: str, pointer: str) -> datetime:
    value = entry.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not EARLIEST_US <= value < LATEST_US:
        raise _broken(f"{pointer}/{name}", f"{name} is microseconds since 1970, after the year 1999.")
    seconds, microseconds = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


def _count(entry: Mapping[str, Any], name: str, pointer: str) -> int:
    value = entry.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise _broken(f"{pointer}/{name}", f"{name} is a whole number, 0 or more.")
    return value


def _broken(pointer: str, rule: str) -> ValidationFailedError:
    return ValidationFailedError([BrokenRule(pointer, rule)])
