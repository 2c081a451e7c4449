"""What a recording of this node is, and how it stands: people, reports and metrics are told of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from media_node.metrics import RecordingCounts
from media_node.quantities import Instant, MeetingId
from media_node.recording.manifest import Role
from media_node.recording.messages import Messages
from media_node.recording.settings import RecorderSettings

State = Literal["recording", "paused", "degraded", "stopped", "failed"]

BACKUP_TROUBLES = ("no_backup", "backup_degraded")
COUNTED = ("spoolBytes", "segments", "bytes", "segmentsDropped", "recordsLost")


@dataclass(frozen=True)
class Order:
    """What is to be recorded, and where it goes."""

    recording: str
    meeting: MeetingId
    bucket: str
    backup_bucket: str | None
    key_id: str | None
    role: Role = "primary"
    # Of a primary: whether a second recorder, on another node, is to be there too.
    has_backup: bool = False

    @property
    def place(self) -> MeetingId:
        """What is tapped: the meeting on this node, or what comes of it from the node that has it."""
        return self.meeting if self.role == "primary" else MeetingId(self.recording)


@dataclass(frozen=True)
class Standing:
    """How a recording does, as people and reports are told."""

    recording: str
    meeting: MeetingId
    state: State
    reason: str | None
    started_us: int
    role: Role = "primary"


@dataclass
class Recording:
    """One recording that this node has been asked for."""

    order: Order
    asked_at: Instant
    tap: int = 0
    take: RecorderSettings | None = None
    process: asyncio.subprocess.Process | None = None
    is_paused: bool = False
    is_stopping: bool = False
    started_us: int = 0
    ended_us: int | None = None
    ended_at: Instant | None = None
    empty_since: Instant | None = None
    state: State = "recording"
    reason: str | None = None
    # What is wrong around the recorder: no second one, or no connection to the meeting; and since when.
    trouble: str | None = None
    trouble_since: Instant | None = None
    restarts: int = 0
    # Of the take now, as its recorder last said, and of those before.
    status: dict[str, Any] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    # Takes that could not be gone on with: what they have is being stored.
    left: set[asyncio.Task[None]] = field(default_factory=set)
    # What people write to everybody.
    messages: Messages = field(default_factory=Messages)

    @property
    def is_going_on(self) -> bool:
        return self.started_us > 0 and self.ended_at is None

    @property
    def standing(self) -> Standing:
        state, reason = self.state, self.reason
        if state == "recording" and self.trouble is not None:
            state, reason = "degraded", self.trouble
        # Nothing is recorded then, whatever else is wrong: people and the control plane go by that.
        if state in ("recording", "degraded") and self.is_paused:
            state = "paused"
        order = self.order
        return Standing(order.recording, order.meeting, state, reason, self.started_us, order.role)

    def format_report(self) -> dict[str, Any]:
        """What the control plane is told."""
        return {
            "recording": self.order.recording,
            "meeting": self.order.meeting,
            "state": self.standing.state,
            "reason": self.standing.reason,
            "role": self.order.role,
            "prefix": self.take.prefix if self.take is not None else "",
            "segments": int(self.status.get("segments", 0)),
            "bytes": int(self.status.get("bytes", 0)),
            "tracks": int(self.status.get("tracks", 0)),
            "startedUs": self.started_us,
            "endedUs": self.ended_us,
        }

    def counts(self) -> RecordingCounts:
        spool, segments, size, dropped, lost = (int(self.status.get(name, 0)) for name in COUNTED)
        is_degraded = self.state == "degraded" or (self.state == "recording" and self.trouble is not None)
        is_backup, lacks_backup = self.order.role == "backup", self.trouble in BACKUP_TROUBLES
        return RecordingCounts(is_degraded, spool, segments, size, dropped, lost, is_backup, lacks_backup)
