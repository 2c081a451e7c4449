"""The quality that each participant has, in points of ten seconds: pure, from counters that only grow.

A point says what came from the participant, what reached it, which pictures it was given and why not better
ones, and which side that speaks against. Points leave in messages for the control plane, which keeps them for
a day.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from media_node.quantities import MeetingId, ParticipantId, format_time

Key = tuple[MeetingId, ParticipantId]
Reason = Literal["wish", "bandwidth", "sender", "node"]
Verdict = Literal["good", "uplink", "downlink", "sender", "node"]

POINT_SECONDS = 10
# Points of a participant that go into one entry: what the control plane keeps as one.
POINTS_PER_ENTRY = 3
# Shown pictures that a point names: a page of a grid.
MAX_SHOWN = 25
# Characters of entries that wait while the control plane cannot be reached, some 20,000; the oldest go first.
MAX_WAITING_CHARS = 16_000_000
NOTICEABLE_LOSS = 0.03
NOTICEABLE_JITTER_MS = 60.0
NOTICEABLE_QUEUE_MS = 200.0


@dataclass(frozen=True)
class Shown:
    """A picture in one of a participant's slots."""

    participant: str
    source: str
    height: int
    fps: float
    is_paused: bool
    reason: Reason


class Counts(NamedTuple):
    """What has been counted of a participant's connection since it began."""

    packets_received: int = 0
    bytes_received: int = 0
    packets_lost: int = 0
    nacks_sent: int = 0
    keyframes_requested: int = 0
    bytes_sent: int = 0
    frames_sent: int = 0
    freezes: int = 0
    frozen_ms: int = 0
    retransmissions_sent: int = 0
    nacks_received: int = 0
    plis_received: int = 0

    def since(self, before: Counts) -> Counts:
        """What has been added; a connection that began anew counts from its beginning."""
        if any(now < then for now, then in zip(self, before, strict=True)):
            return self
        return Counts(*(now - then for now, then in zip(self, before, strict=True)))

    def plus(self, other: Counts) -> Counts:
        return Counts(*(here + there for here, there in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Reading:
    """One participant at one moment.

    Times are in ms, rates in bits per second, losses from 0 to 1; None: not known yet.
    """

    counts: Counts
    jitter_ms: float = 0.0
    downlink_loss: float = 0.0
    round_trip_ms: float | None = None
    estimate_bps: int | None = None
    queue_ms: float = 0.0
    shown: tuple[Shown, ...] = ()


@dataclass
class _Window:
    """A participant's readings since the last whole ten seconds."""

    start: int
    # Everything up to here is in points before this one.
    before: Counts
    latest: Reading = field(default_factory=lambda: Reading(Counts()))
    added: Counts = field(default_factory=Counts)
    worst_jitter_ms: float = 0.0
    worst_loss: float = 0.0
    worst_queue_ms: float = 0.0
    worst_round_trip_ms: float | None = None
    is_node_short: bool = False

    def add(self, reading: Reading, is_node_short: bool) -> Counts:
        """Take a reading; returns what has been added since the last."""
        added = reading.counts.since(self.before)
        self.added = self.added.plus(added)
        self.before, self.latest = reading.counts, reading
        self.worst_jitter_ms = max(self.worst_jitter_ms, reading.jitter_ms)
        self.worst_loss = max(self.worst_loss, reading.downlink_loss)
        self.worst_queue_ms = max(self.worst_queue_ms, reading.queue_ms)
        if reading.round_trip_ms is not None:
            self.worst_round_trip_ms = max(self.worst_round_trip_ms or 0.0, reading.round_trip_ms)
        self.is_node_short |= is_node_short
        return added

    def point(self, end: float) -> dict[str, Any]:
        """What it was like, as the API shows it."""
        seconds = max(1.0, end - self.start)
        added = self.added
        total = added.packets_lost + added.packets_received
        uplink_loss = added.packets_lost / total if total else 0.0
        return {
            "at": format_time(datetime.fromtimestamp(self.start, UTC)),
            "seconds": round(seconds),
            "verdict": self._verdict(added, uplink_loss),
            "uplink": {
                "bps": round(added.bytes_received * 8 / seconds),
                "lossPercent": round(uplink_loss * 100, 2),
                "jitterMs": round(self.worst_jitter_ms, 1),
                "nacks": added.nacks_sent,
                "keyframeRequests": added.keyframes_requested,
            },
            "downlink": {
                "bps": round(added.bytes_sent * 8 / seconds),
                "lossPercent": round(self.worst_loss * 100, 2),
                "rttMs": None if self.worst_round_trip_ms is None else round(self.worst_round_trip_ms, 1),
                "estimateBps": self.latest.estimate_bps,
                "queueMs": round(self.worst_queue_ms, 1),
                "fps": round(added.frames_sent / seconds, 1),
                "freezes": added.freezes,
                "frozenMs": added.frozen_ms,
                "retransmissions": added.retransmissions_sent,
                "nacks": added.nacks_received,
                "keyframeRequests": added.plis_received,
            },
            "shown": [_format_shown(one) for one in self.latest.shown[:MAX_SHOWN]],
        }

    def _verdict(self, added: Counts, uplink_loss: float) -> Verdict:
        """The side that what is worst speaks against, the participant's own first."""
        reasons = {one.reason for one in self.latest.shown}
        is_node_short = self.is_node_short or "node" in reasons
        # A node without time for its packets finds them late by itself: only loss speaks against a link.
        is_uneven = self.worst_jitter_ms > NOTICEABLE_JITTER_MS and not is_node_short
        is_queued = self.worst_queue_ms > NOTICEABLE_QUEUE_MS and not is_node_short
        if uplink_loss > NOTICEABLE_LOSS or is_uneven:
            return "uplink"
        if self.worst_loss > NOTICEABLE_LOSS or is_queued or "bandwidth" in reasons:
            return "downlink"
        if is_node_short:
            return "node"
        return "sender" if added.freezes or "sender" in reasons else "good"


def _format_shown(one: Shown) -> dict[str, Any]:
    return {
        "participant": one.participant,
        "source": one.source,
        "height": one.height,
        "fps": round(one.fps),
        "paused": one.is_paused,
        "reason": one.reason,
    }


@dataclass
class QualityLog:
    """The points of everybody on one node, what has not left yet, and everything that was ever counted.

    Entries wait as JSON: a tenth of what they take as objects, and written only once.
    """

    # Characters of entries that may wait; 0 where nobody takes them.
    max_waiting_chars: int = MAX_WAITING_CHARS
    totals: Counts = field(default_factory=Counts)
    _windows: dict[Key, _Window] = field(default_factory=dict)
    _points: dict[Key, list[dict[str, Any]]] = field(default_factory=dict)
    _waiting: deque[str] = field(default_factory=deque)
    _waiting_chars: int = 0

    def handle_readings(self, wallclock: float, readings: Mapping[Key, Reading], is_node_short: bool) -> None:
        """Take everybody's readings, about once a second; who is not among them has gone.

        Args:
            wallclock: Seconds since 1970; points begin at whole tens of them.
        """
        for key in [key for key in self._windows if key not in readings]:
            self._close(key, wallclock)
            self._put_aside(key)
        for key, reading in readings.items():
            self._take(key, wallclock, reading, is_node_short)

    def _take(self, key: Key, wallclock: float, reading: Reading, is_node_short: bool) -> None:
        start = int(wallclock) // POINT_SECONDS * POINT_SECONDS
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(int(wallclock), Counts())
        elif start > window.start and window.start // POINT_SECONDS * POINT_SECONDS != start:
            self._close(key, float(start))
            window = self._windows[key] = _Window(start, window.before)
        self.totals = self.totals.plus(window.add(reading, is_node_short))

    def _close(self, key: Key, end: float) -> None:
        window = self._windows.pop(key)
        points = self._points.setdefault(key, [])
        points.append(window.point(end))
        if len(points) >= POINTS_PER_ENTRY:
            self._put_aside(key)

    def _put_aside(self, key: Key) -> None:
        points = self._points.pop(key, [])
        if points:
            entry = {"meeting": key[0], "participant": key[1], "points": points}
            self._waiting.append(json.dumps(entry, separators=(",", ":")))
            self._waiting_chars += len(self._waiting[-1])
        while self._waiting_chars > self.max_waiting_chars:
            self._waiting_chars -= len(self._waiting.popleft())

    def take_entries(self, max_chars: int) -> list[str]:
        """The oldest entries that are ready and fit together, each as JSON; the first in any case."""
        taken: list[str] = []
        used = 0
        while self._waiting and (not taken or used + len(self._waiting[0]) <= max_chars):
            used += len(self._waiting[0])
            taken.append(self._waiting.popleft())
        self._waiting_chars -= used
        return taken

    def close(self, wallclock: float) -> None:
        """Everybody is about to leave: what has been seen of them is put aside."""
        self.handle_readings(wallclock, {}, False)
