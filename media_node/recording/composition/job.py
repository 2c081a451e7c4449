"""A composition job as the queue brings it, and where its files lie.

Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from media_node.errors import JobError
from media_node.recording.composition.layout import LAYOUTS, LayoutName

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
    layout = next((one for one in LAYOUTS if one == texts["layout"]), None)
    if layout is None:
        raise JobError(f"layout is one of {', '.join(LAYOUTS)}, not {texts['layout'][:80]!r}")
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
    )
