"""Who is where, as nodes report it, and what changed since the last report.

What a report changes is written meeting by meeting, so that it may stop half-way, or meet a newer report's
changes. Therefore it is said first what is begun; whoever comes next goes over that again, and what is older
than the last that began is refused by its fence.

All of that is so for each lane of a node alone: a meeting is in one lane for good, and lanes share nothing.
So the parts of a report may come in any order, or some of them not at all.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.identifiers import MeetingId, NodeId, ParticipantId
from chalicelib.domain.placement import LANES, Node
from chalicelib.domain.recording import Seen

# How much more a node may have sent before it counts as a change of its own. What is sent beyond the last
# change is not known of a node that dies.
EGRESS_STEP = 2**30


@dataclass(frozen=True)
class MeetingPresence:
    epoch: int
    participants: frozenset[ParticipantId]
    # The meeting's stay on the node, 0 where that is not told; the bytes that it was sent in it.
    session: int = 0
    egress_bytes: int = 0
    # Recorders of the meeting that run there, and for a minute those that have ended.
    recorders: tuple[Seen, ...] = ()

    def marks(self) -> tuple[object, ...]:
        """What has to differ for a report to be a change."""
        sent = self.egress_bytes // EGRESS_STEP
        people = tuple(sorted(self.participants))
        marks = (self.epoch, people, self.session, sent)
        return (*marks, tuple(one.marks() for one in self.recorders)) if self.recorders else marks


Presence = Mapping[MeetingId, MeetingPresence]


def lane_of(meeting: MeetingId) -> int:
    """Nodes say the same (media_node/report.py)."""
    return zlib.crc32(meeting.encode()) % LANES


@dataclass(frozen=True)
class ReportPart:
    """Some lanes of a report, or all of them; each part tells of the node itself, too."""

    presence_by_lane: Mapping[int, Presence]

    @property
    def is_whole(self) -> bool:
        return len(self.presence_by_lane) == LANES


NOBODY = MeetingPresence(epoch=0, participants=frozenset())


@dataclass(frozen=True)
class Beginning:
    """By which report somebody last began to write."""

    mark: str
    boot_id: str
    sequence: int
    reported_at: datetime


@dataclass(frozen=True)
class KnownPresence:
    """Who was on a node when that was last written to the meetings."""

    written: Presence = field(default_factory=dict)
    # Of changes that were begun and perhaps not ended: the meetings, and those who came or went.
    begun: Presence = field(default_factory=dict)
    last: Beginning | None = None

    def is_beyond(self, node: Node) -> bool:
        """Whether somebody has begun to write a newer report than this."""
        if self.last is None:
            return False
        if self.last.boot_id == node.boot_id:
            return self.last.sequence > node.sequence
        return self.last.reported_at > node.reported_at


@dataclass(frozen=True)
class Fence:
    """The right to write what one report says of a lane; the next one that begins takes it away."""

    node: NodeId
    lane: int
    mark: str


@dataclass(frozen=True)
class PresenceChange:
    """What one meeting looks like now, and who came and went."""

    meeting: MeetingId
    epoch: int
    present: int
    came: frozenset[ParticipantId]
    went: frozenset[ParticipantId]
    session: int = 0
    egress_bytes: int = 0
    recorders: tuple[Seen, ...] = ()
    # Whether the node named, or named before, a recorder of it.
    is_recorded: bool = False


def changes_between(before: KnownPresence, after: Presence) -> list[PresenceChange]:
    """What has to be written, by meeting; what was begun before is written again, as it is now."""
    changes = []
    for meeting in sorted({*before.written, *before.begun, *after}):
        old, new = before.written.get(meeting, NOBODY), after.get(meeting, NOBODY)
        is_forgotten = meeting not in after and not (old.participants or old.recorders)
        if meeting not in before.begun and (old.marks() == new.marks() or is_forgotten):
            continue
        begun = before.begun.get(meeting, NOBODY)
        came = new.participants - (old.participants - begun.participants)
        went = (old.participants | begun.participants) - new.participants
        sent = (new.session, new.egress_bytes, new.recorders)
        epoch = new.epoch or max(old.epoch, begun.epoch)
        is_recorded = bool(old.recorders or new.recorders or begun.recorders)
        changes.append(
            PresenceChange(meeting, epoch, len(new.participants), came, went, *sent, is_recorded=is_recorded)
        )
    return changes


def begun_with(changes: Iterable[PresenceChange]) -> Presence:
    """What to keep as begun before the first of the changes is written."""
    return {
        one.meeting: MeetingPresence(one.epoch, one.came | one.went, recorders=one.recorders)
        for one in changes
    }


def digest(presence: Presence) -> str:
    """The same for the same presence in any order."""
    plain = {meeting: entry.marks() for meeting, entry in presence.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:32]
