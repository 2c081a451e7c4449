"""A take as it grows: the chain of its entries, its pages, what is missing. Pure; recorders may share one.

What happens since the last page is written line by line (`journal`), what was before in one object
(`to_json`), so that a recorder that is started again goes on with the next sequence and the same chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from media_node.errors import ManifestError
from media_node.recording.manifest import (
    Entry,
    Gap,
    Health,
    Json,
    Message,
    Page,
    Role,
    Span,
    entry_from_json,
    entry_to_json,
    format_page,
    message_from_json,
    message_to_json,
)

# Stretches of loss that one entry names; nearer ones become one.
MAX_LOST = 12


@dataclass(frozen=True)
class TakeIdentity:
    """Whose take it is, and where it lies; `prefix` ends with a slash."""

    recording: str
    meeting: str
    node: str
    role: Role
    prefix: str
    key_id: str | None = None


@dataclass(frozen=True)
class Draft:
    """A segment that has no place in the chain yet."""

    track: str
    participant: str
    source: str
    codec: str
    start_us: int
    end_us: int
    width: int | None
    height: int | None
    bytes: int
    sha256: str
    lost: tuple[Span, ...] = ()

    @property
    def is_video(self) -> bool:
        return self.source in ("camera", "screen")


@dataclass
class _Chained:
    entry: Entry
    is_stored: bool = False


@dataclass
class Take:
    """The state of one take."""

    identity: TakeIdentity
    segments: int = 0
    stored_bytes: int = 0
    page: int = 0
    is_over: bool = False
    started_us: int = 0
    # When it ended by itself.
    stopped_us: int | None = None
    _previous_page: str | None = None
    _previous_entry: str | None = None
    _sequence_by_track: dict[str, int] = field(default_factory=dict)
    _end_by_track: dict[str, int] = field(default_factory=dict)
    _chained: list[_Chained] = field(default_factory=list)
    _gaps: list[Gap] = field(default_factory=list)
    _health: list[Health] = field(default_factory=list)
    _messages: list[Message] = field(default_factory=list)

    # What happens.

    def chain(self, draft: Draft) -> Entry:
        """Give a segment its place: nothing takes it out again."""
        sequence = self._sequence_by_track.get(draft.track, 0)
        entry = entry_from_json(
            {
                "track": draft.track,
                "participant": draft.participant,
                "source": draft.source,
                "codec": draft.codec,
                "sequence": sequence,
                "key": f"{self.identity.prefix}{draft.track}/{sequence:06d}.mkv",
                "startUs": draft.start_us,
                "endUs": draft.end_us,
                "width": draft.width,
                "height": draft.height,
                "bytes": draft.bytes,
                "sha256": draft.sha256,
                "previous": self._previous_entry,
                "lost": [{"startUs": one.start_us, "endUs": one.end_us} for one in coalesce(draft.lost)],
                "keyId": self.identity.key_id,
            }
        )
        self._note(entry)
        return entry

    def _note(self, entry: Entry) -> None:
        self._sequence_by_track[entry.track] = entry.sequence + 1
        self._previous_entry = entry.digest
        self._chained.append(_Chained(entry))

    def note_stored(self, entry: Entry) -> None:
        """The entry's object is in the bucket."""
        for chained in self._chained:
            if chained.entry.key == entry.key and not chained.is_stored:
                chained.is_stored = True
                self.segments += 1
                self.stored_bytes += entry.bytes

    def note_gap(self, gap: Gap) -> None:
        self._gaps.append(gap)

    def note_health(self, health: Health) -> None:
        self._health.append(health)
        if health.state == "stopped":
            self.stopped_us = health.at_us

    def note_message(self, message: Message) -> None:
        self._messages.append(message)

    def note_end(self, track: str, end_us: int) -> None:
        """What a track has until now: where a recorder that starts again finds its gap."""
        self._end_by_track[track] = end_us

    def number_from(self, first: int, tracks: Iterable[str]) -> None:
        """Give the next page and each track's next segment this number: those before may be taken."""
        self.page, self.is_over = first, False
        self._sequence_by_track = dict.fromkeys([*self._sequence_by_track, *tracks], first)

    @property
    def known_until_us(self) -> int:
        """The end of the last thing that is known of it."""
        return max(self._end_by_track.values(), default=self.started_us)

    def last_end(self, track: str) -> int | None:
        return self._end_by_track.get(track)

    # Pages.

    @property
    def waiting(self) -> list[Entry]:
        """Entries whose objects are not in the bucket."""
        return [one.entry for one in self._chained if not one.is_stored]

    @property
    def has_news(self) -> bool:
        is_told = self._gaps or self._health or self._messages
        return bool(is_told or (self._chained and self._chained[0].is_stored))

    def close_page(self, *, is_final: bool) -> tuple[str, bytes]:
        """The next page: its key and its bytes. It lists the stored entries before the first that is not."""
        stored: list[Entry] = []
        while self._chained and self._chained[0].is_stored:
            stored.append(self._chained.pop(0).entry)
        page = Page(
            recording=self.identity.recording,
            meeting=self.identity.meeting,
            node=self.identity.node,
            role=self.identity.role,
            number=self.page,
            previous_page=self._previous_page,
            entries=tuple(stored),
            gaps=tuple(self._gaps),
            health=tuple(self._health),
            is_final=is_final,
            messages=tuple(self._messages),
        )
        data = format_page(page)
        key = f"{self.identity.prefix}pages/{self.page:06d}.json"
        self._previous_page = Page.digest_of(data)
        self.page += 1
        self._gaps, self._health, self._messages = [], [], []
        self.is_over = is_final
        return key, data

    # Between two recorders.

    def to_json(self) -> Json:
        return {
            "segments": self.segments,
            "bytes": self.stored_bytes,
            "page": self.page,
            "isOver": self.is_over,
            "startedUs": self.started_us,
            "stoppedUs": self.stopped_us,
            "previousPage": self._previous_page,
            "previousEntry": self._previous_entry,
            "sequenceByTrack": self._sequence_by_track,
            "endByTrack": self._end_by_track,
            "chained": [
                {"entry": entry_to_json(one.entry), "isStored": one.is_stored} for one in self._chained
            ],
            "gaps": [[one.track, one.start_us, one.end_us, one.reason] for one in self._gaps],
            "health": [[one.state, one.reason, one.at_us] for one in self._health],
            "messages": [message_to_json(one) for one in self._messages],
        }

    @classmethod
    def from_json(cls, identity: TakeIdentity, state: Mapping[str, Any]) -> Take:
        """A take as it was kept.

        Raises:
            ManifestError: It was kept by something else.
        """
        try:
            return cls(
                identity,
                segments=int(state["segments"]),
                stored_bytes=int(state["bytes"]),
                page=int(state["page"]),
                is_over=bool(state["isOver"]),
                started_us=int(state["startedUs"]),
                stopped_us=state.get("stoppedUs"),
                _previous_page=state["previousPage"],
                _previous_entry=state["previousEntry"],
                _sequence_by_track={
                    str(track): int(last) for track, last in state["sequenceByTrack"].items()
                },
                _end_by_track={str(track): int(end) for track, end in state["endByTrack"].items()},
                _chained=[
                    _Chained(entry_from_json(one["entry"]), bool(one["isStored"])) for one in state["chained"]
                ],
                _gaps=[Gap(*one) for one in state["gaps"]],
                _health=[Health(*one) for one in state["health"]],
                # A recorder of before wrote none.
                _messages=[message_from_json(one) for one in state.get("messages", [])],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ManifestError(f"the kept state of a take cannot be read: {exc!r}") from exc

    def replay(self, line: Mapping[str, Any]) -> None:
        """Let happen again what a line of the journal says.

        Raises:
            ManifestError: No line of a journal.
        """
        try:
            match line:
                case {"entry": dict(entry)}:
                    self._note(entry_from_json(entry))
                case {"gap": [track, start_us, end_us, reason]}:
                    self.note_gap(Gap(str(track), int(start_us), int(end_us), str(reason)))
                case {"end": [track, end_us]}:
                    self.note_end(str(track), int(end_us))
                case {"health": [state, reason, at_us]}:
                    self.note_health(Health(state, reason, int(at_us)))
                case {"message": dict(message)}:
                    self.note_message(message_from_json(message))
                case _:
                    raise ManifestError("a line of a take's journal says nothing that is known")
        except (TypeError, ValueError) as exc:
            raise ManifestError(f"a line of a take's journal cannot be read: {exc}") from exc


def coalesce(lost: tuple[Span, ...], limit: int = MAX_LOST) -> tuple[Span, ...]:
    """At most `limit` spans that cover all of these: the nearest become one."""
    spans = sorted(lost, key=lambda span: span.start_us)
    while len(spans) > limit:
        apart = [after.start_us - before.end_us for before, after in pairwise(spans)]
        nearest = apart.index(min(apart))
        before, after = spans[nearest : nearest + 2]
        spans[nearest : nearest + 2] = [replace(before, end_us=max(before.end_us, after.end_us))]
    return tuple(spans)
