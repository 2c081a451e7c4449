"""The quality that participants had, as their node tells it: points of ten seconds, kept for a day."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.domain.identifiers import MeetingId, ParticipantId, is_id

KEPT = timedelta(hours=24)
VERDICTS = ("good", "uplink", "downlink", "sender", "node")
MAX_POINTS = 60
MAX_POINT_CHARS = 8_192
# RFC 3339 in UTC with milliseconds, as nodes write it: it sorts as the time does.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True)
class QualityEntry:
    """Some points of one participant, oldest first; each has `at` and `verdict`."""

    meeting: MeetingId
    participant: ParticipantId
    points: tuple[Mapping[str, Any], ...]

    @property
    def starts_at(self) -> str:
        return str(self.points[0]["at"])


def read_entry(value: Any) -> QualityEntry | None:
    """An entry of a node's message, None where it is none."""
    if not isinstance(value, dict):
        return None
    meeting, participant, points = (value.get(name) for name in ("meeting", "participant", "points"))
    if not (isinstance(meeting, str) and is_id(meeting, "mtg")):
        return None
    if not (isinstance(participant, str) and is_id(participant, "par")):
        return None
    if not isinstance(points, list) or not 0 < len(points) <= MAX_POINTS or not all(map(_is_point, points)):
        return None
    ordered = sorted(points, key=lambda point: str(point["at"]))
    return QualityEntry(MeetingId(meeting), ParticipantId(participant), tuple(ordered))


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("at"), str)
        and _TIME.fullmatch(value["at"]) is not None
        and value.get("verdict") in VERDICTS
        and len(json.dumps(value)) <= MAX_POINT_CHARS
    )
