"""A composition job as the queue brings it, and where its files lie.

Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from media_node.errors import JobError
from media_node.recording.composition.layout import LAYOUTS, LayoutName
from media_node.recording.composition.timeline import time_us

# A take for each node that carried the meeting, and each backup; a meeting moves a few times a day at most.
MOST_TAKES = 200


@dataclass(frozen=True)
class Job:
    id: str
    recording: str
    meeting: str
    bucket: str
    # Of takes, the best first.
    prefixes: tuple[str, ...]
    timeline_key: str
    output: str
    layout: LayoutName
    # From when on, by the wall clock in microseconds, the film has another layout; ascending.
    rearrangements: tuple[tuple[int, LayoutName], ...] = ()
    # A film, or each track joined to one file.
    kind: Literal["film", "tracks"] = "film"

    @property
    def state_key(self) -> str:
        return f"{self.output}state.json"

    @property
    def mp4_key(self) -> str:
        return f"{self.output}recording.mp4"

    @property
    def master_key(self) -> str:
        return f"{self.output}hls/master.m3u8"

    @property
    def playlist_key(self) -> str:
        return f"{self.output}hls/media.m3u8"

    @property
    def initialization_key(self) -> str:
        return f"{self.output}hls/init.mp4"

    def media_key(self, minute: int) -> str:
        return f"{self.output}hls/{minute:05d}.m4s"

    def minute_key(self, minute: int) -> str:
        return f"{self.output}minutes/{minute:05d}.json"

    def side_key(self, name: str) -> str:
        return f"{self.output}{name}"


def parse_job(body: str) -> Job:
    """A job from the body of its message.

    Raises:
        JobError: Not JSON, or a field is missing or not as it has to be.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise JobError(f"a composition job is JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise JobError(f"a composition job is an object, not {type(value).__name__}")
    texts = {}
    for name in ("job", "recording", "meeting", "bucket", "timelineKey", "output", "layout"):
        text = value.get(name)
        if not isinstance(text, str) or not text:
            raise JobError(f"{name} of a composition job is text, not {str(text)[:80]!r}")
        texts[name] = text
    layout = _layout(texts["layout"])
    prefixes = value.get("prefixes")
    if not isinstance(prefixes, list) or not all(
        isinstance(one, str) and one.endswith("/") for one in prefixes
    ):
        raise JobError("prefixes of a composition job is a list of prefixes that end in a slash")
    if len(prefixes) > MOST_TAKES:
        raise JobError(f"a composition job names {MOST_TAKES} takes at most, not {len(prefixes)}")
    if not texts["output"].endswith("/"):
        raise JobError("output of a composition job ends in a slash")
    return Job(
        texts["job"],
        texts["recording"],
        texts["meeting"],
        texts["bucket"],
        tuple(dict.fromkeys(prefixes)),
        texts["timelineKey"],
        texts["output"],
        layout,
        _rearrangements(value.get("rearrangements", [])),
        _kind(value.get("kind", "film")),
    )


def _kind(value: object) -> Literal["film", "tracks"]:
    if value == "film":
        return "film"
    if value == "tracks":
        return "tracks"
    raise JobError(f"a composition job is of the kind film or tracks, not {str(value)[:80]!r}")


def _layout(name: object) -> LayoutName:
    layout = next((one for one in LAYOUTS if one == name), None)
    if layout is None:
        raise JobError(f"layout is one of {', '.join(LAYOUTS)}, not {str(name)[:80]!r}")
    return layout


def _rearrangements(value: object) -> tuple[tuple[int, LayoutName], ...]:
    rule = 'rearrangements of a composition job are a list of {"at", "layout"}'
    if not isinstance(value, list):
        raise JobError(rule)
    try:
        found = [(time_us(one["at"]), _layout(one["layout"])) for one in value]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as exc:
        raise JobError(rule) from exc
    return tuple(sorted(found))
