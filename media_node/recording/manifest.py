"""The manifest of a take: what one recorder wrote of one recording, segment by segment, chained by hashes.

Pure: bytes in, values out. A page lists entries in the order in which they were written; each entry names the
SHA-256 of the entry before it and each page that of the page before it, so that a changed, missing or added
segment shows. Written down in docs/recording.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from media_node.errors import ManifestError

VERSION = 1

Codec = Literal["opus", "vp8", "vp9", "h264", "h265", "av1"]
SourceName = Literal["microphone", "camera", "screen", "screen_audio"]
Role = Literal["primary", "backup"]
HealthState = Literal["recording", "paused", "degraded", "stopped", "failed"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A stretch of time in microseconds since the Unix epoch, `end_us` not included."""

    start_us: int
    end_us: int


@dataclass(frozen=True)
class Entry:
    """One segment: a whole Matroska file of one track, whose media time 0 is `start_us`."""

    track: str
    participant: str
    source: SourceName
    codec: Codec
    # Per track, from 0 without gaps.
    sequence: int
    key: str
    start_us: int
    end_us: int
    # Pixels; None of audio, and where the codec does not tell.
    width: int | None
    height: int | None
    bytes: int
    sha256: str
    # SHA-256 of the canonical JSON of the take's entry before this one.
    previous: str | None
    # What is missing inside the segment.
    lost: tuple[Span, ...] = ()
    key_id: str | None = None

    @property
    def digest(self) -> str:
        """What the next entry names as `previous`."""
        return hashlib.sha256(canonical(entry_to_json(self))).hexdigest()


@dataclass(frozen=True)
class Gap:
    """A stretch of a track that no segment holds, and why."""

    track: str
    start_us: int
    end_us: int
    reason: str


@dataclass(frozen=True)
class Health:
    """How the recording did from `at_us` on."""

    state: HealthState
    reason: str | None
    at_us: int


@dataclass(frozen=True)
class Message:
    """What a participant wrote to everybody."""

    id: str
    participant: str
    text: str
    at_us: int


@dataclass(frozen=True)
class Page:
    """A part of a manifest; `digest` is the SHA-256 of its bytes, which the next page names."""

    recording: str
    meeting: str
    node: str
    role: Role
    number: int
    previous_page: str | None
    entries: tuple[Entry, ...]
    gaps: tuple[Gap, ...]
    health: tuple[Health, ...]
    is_final: bool
    digest: str = ""
    messages: tuple[Message, ...] = ()

    @staticmethod
    def digest_of(data: bytes) -> str:
        """What the page after the one with these bytes names as `previousPage`."""
        return hashlib.sha256(data).hexdigest()


def canonical(value: Json) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: the bytes that are hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# Writing.


def entry_to_json(entry: Entry) -> Json:
    return {
        "track": entry.track,
        "participant": entry.participant,
        "source": entry.source,
        "codec": entry.codec,
        "sequence": entry.sequence,
        "key": entry.key,
        "startUs": entry.start_us,
        "endUs": entry.end_us,
        "width": entry.width,
        "height": entry.height,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "previous": entry.previous,
        "lost": [{"startUs": span.start_us, "endUs": span.end_us} for span in entry.lost],
        "keyId": entry.key_id,
    }


def format_entry(entry: Entry) -> str:
    """The compact JSON that an object carries as its metadata `parley-entry`, ASCII as metadata has to be."""
    return json.dumps(entry_to_json(entry), sort_keys=True, separators=(",", ":"))


def message_to_json(message: Message) -> Json:
    return {
        "id": message.id,
        "participant": message.participant,
        "text": message.text,
        "atUs": message.at_us,
    }


def format_page(page: Page) -> bytes:
    """The bytes of a page, canonical JSON; `page.digest` is not part of them."""
    # Of most pages there are none.
    written = {"messages": [message_to_json(one) for one in page.messages]} if page.messages else {}
    return canonical(
        {
            **written,
            "version": VERSION,
            "recording": page.recording,
            "meeting": page.meeting,
            "node": page.node,
            "role": page.role,
            "page": page.number,
            "previousPage": page.previous_page,
            "entries": [entry_to_json(entry) for entry in page.entries],
            "gaps": [
                {"track": gap.track, "startUs": gap.start_us, "endUs": gap.end_us, "reason": gap.reason}
                for gap in page.gaps
            ],
            "health": [{"state": one.state, "reason": one.reason, "atUs": one.at_us} for one in page.health],
            "final": page.is_final,
        }
    )


# Reading.


def parse_page(data: bytes) -> Page:
    """A page from its bytes.

    Raises:
        ManifestError: Not JSON, of another version, or a field is missing or of another type.
    """
    message = _parse_object(data, "a manifest page")
    version = message.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ManifestError(f"a manifest page of version {version!r}; {VERSION} can be read")
    fields = _Fields(message, "page")
    role = fields.choice("role", get_args(Role))
    return Page(
        recording=fields.text("recording"),
        meeting=fields.text("meeting"),
        node=fields.text("node"),
        role=role,
        number=fields.number("page"),
        previous_page=fields.digest_or_none("previousPage"),
        entries=tuple(entry_from_json(one) for one in fields.objects("entries")),
        gaps=tuple(_parse_gap(one) for one in fields.objects("gaps")),
        health=tuple(_parse_health(one) for one in fields.objects("health")),
        is_final=fields.flag("final"),
        digest=Page.digest_of(data),
        messages=tuple(message_from_json(one) for one in fields.objects("messages", optional=True)),
    )


def parse_entry(text: str | bytes) -> Entry:
    """An entry from an object's metadata `parley-entry`.

    Raises:
        ManifestError: Not JSON, or a field is missing or of another type.
    """
    return entry_from_json(_parse_object(text, "an entry"))


def entry_from_json(value: Mapping[str, Any]) -> Entry:
    """An entry from its JSON object.

    Raises:
        ManifestError: A field is missing or of another type.
    """
    fields = _Fields(value, "entry")
    span = fields.span()
    return Entry(
        track=fields.text("track"),
        participant=fields.text("participant"),
        source=fields.choice("source", get_args(SourceName)),
        codec=fields.choice("codec", get_args(Codec)),
        sequence=fields.number("sequence"),
        key=fields.text("key"),
        start_us=span.start_us,
        end_us=span.end_us,
        width=fields.number_or_none("width"),
        height=fields.number_or_none("height"),
        bytes=fields.number("bytes"),
        sha256=fields.digest("sha256"),
        previous=fields.digest_or_none("previous"),
        lost=tuple(_Fields(one, "lost").span() for one in fields.objects("lost")),
        key_id=fields.text_or_none("keyId"),
    )


def message_from_json(value: Any) -> Message:
    """A message from its JSON object.

    Raises:
        ManifestError: A field is missing or of another type.
    """
    if not isinstance(value, dict):
        raise ManifestError(f"a message is an object, not {type(value).__name__}")
    fields = _Fields(value, "message")
    return Message(fields.text("id"), fields.text("participant"), fields.text("text"), fields.number("atUs"))


def _parse_gap(value: Json) -> Gap:
    fields = _Fields(value, "gap")
    span = fields.span()
    return Gap(fields.text("track"), span.start_us, span.end_us, fields.text("reason"))


def _parse_health(value: Json) -> Health:
    fields = _Fields(value, "health")
    state = fields.choice("state", get_args(HealthState))
    return Health(state, fields.text_or_none("reason"), fields.number("atUs"))


def _parse_object(data: bytes | str, what: str) -> Json:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise ManifestError(f"{what} is no JSON: {exc}") from exc
    if not isinstance(message, dict):
        raise ManifestError(f"{what} is an object, not {type(message).__name__}")
    return message


class _Fields:
    """The fields of one object, each read as what it has to be."""

    def __init__(self, values: Mapping[str, Any], what: str) -> None:
        self._values = values
        self._what = what

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            raise self._wrong(name, "text", value)
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self._values.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(name, "a whole number from 0", value)
        return value

    def number_or_none(self, name: str) -> int | None:
        return None if self._values.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def digest(self, name: str) -> str:
        value = self.text(name)
        if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
            raise self._wrong(name, "a SHA-256 in 64 lower-case hexadecimal digits", value)
        return value

    def digest_or_none(self, name: str) -> str | None:
        return None if self._values.get(name) is None else self.digest(name)

    def choice(self, name: str, among: tuple[str, ...]) -> Any:
        value = self._values.get(name)
        if value not in among or not isinstance(value, str):
            raise self._wrong(name, f"one of {', '.join(among)}", value)
        return value

    def objects(self, name: str, *, optional: bool = False) -> list[Json]:
        value = self._values.get(name, [] if optional else None)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._wrong(name, "a list of objects", value)
        return value

    def span(self) -> Span:
        span = Span(self.number("startUs"), self.number("endUs"))
        if span.end_us < span.start_us:
            raise ManifestError(f"{self._what}: endUs {span.end_us} is before startUs {span.start_us}")
        return span

    def _wrong(self, name: str, wanted: str, value: object) -> ManifestError:
        return ManifestError(f"{self._what}: {name} is {wanted}, not {str(value)[:80]!r}")
