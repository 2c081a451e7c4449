"""Who is where, as nodes report it, and what changed since the last report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.identifiers import MeetingId, ParticipantId

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

    def marks(self) -> tuple[int, tuple[ParticipantId, ...], int, int]:
        """What has to differ for a report to be a change."""
        return self.epoch, tuple(sorted(self.participants)), self.session, self.egress_bytes // EGRESS_STEP


Presence = Mapping[MeetingId, MeetingPresence]
NOBODY = MeetingPresence(epoch=0, participants=frozenset())


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


def changes_between(before: Presence, after: Presence) -> list[PresenceChange]:
    changes = []
    for meeting in sorted({*before, *after}):
        old, new = before.get(meeting, NOBODY), after.get(meeting, NOBODY)
        is_forgotten = meeting not in after and not old.participants
        if old.marks() == new.marks() or is_forgotten:
            continue
        came, went = new.participants - old.participants, old.participants - new.participants
        sent = (new.session, new.egress_bytes)
        epoch = new.epoch or old.epoch
        changes.append(PresenceChange(meeting, epoch, len(new.participants), came, went, *sent))
    return changes


def digest(presence: Presence) -> str:
    """The same for the same presence in any order."""
    plain = {meeting: entry.marks() for meeting, entry in presence.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:32]
