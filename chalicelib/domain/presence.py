"""Who is where, as nodes report it, and what changed since the last report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.identifiers import MeetingId, ParticipantId


@dataclass(frozen=True)
class MeetingPresence:
    epoch: int
    participants: frozenset[ParticipantId]


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


def changes_between(before: Presence, after: Presence) -> list[PresenceChange]:
    changes = []
    for meeting in sorted({*before, *after}):
        old, new = before.get(meeting, NOBODY), after.get(meeting, NOBODY)
        if old == new:
            continue
        came, went = new.participants - old.participants, old.participants - new.participants
        changes.append(PresenceChange(meeting, new.epoch or old.epoch, len(new.participants), came, went))
    return changes


def digest(presence: Presence) -> str:
    """The same for the same presence in any order."""
    plain = {meeting: [entry.epoch, sorted(entry.participants)] for meeting, entry in presence.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:32]
