"""A meeting and the rules of its life: created, live while somebody is there, ended for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.identifiers import MeetingCode, MeetingId, NodeId, Tenant, UserId
from chalicelib.domain.plain import SECRET

MeetingState = Literal["created", "live", "ended"]
EndReason = Literal["requested", "empty", "overdue"]

# A link is often made a day before; one that nobody used for a month is forgotten.
UNUSED_LIFETIME = timedelta(days=30)
# A meeting that never empties is a forgotten device.
LONGEST_LIFE = timedelta(days=7)
DEFAULT_AUTO_ADMIT: frozenset[str] = frozenset({"organisation", "returning"})


@dataclass(frozen=True)
class Placement:
    """Where a meeting is carried, and how much of the node is set aside for it."""

    node: NodeId
    url: str
    region: str
    units: int


@dataclass(frozen=True)
class Meeting:
    id: MeetingId
    code: MeetingCode
    tenant: Tenant
    home_region: str
    created_at: datetime
    title: str | None = None
    guests: bool = True
    max_participants: int = 100
    end_after_empty: timedelta = timedelta(minutes=10)
    metadata: Mapping[str, str] = field(default_factory=dict)
    waiting_room: bool = False
    # Nobody new comes in.
    locked: bool = False
    # The user who made it; none where a server did.
    organiser: UserId | None = None
    passcode_hash: str | None = field(default=None, metadata=SECRET)
    # Who does not wait: "organisation" is whoever the tenant sends, "returning" who was let in before.
    auto_admit: frozenset[str] = DEFAULT_AUTO_ADMIT
    auto_admit_external_ids: frozenset[str] = frozenset()
    # Marks of those who were put out (domain/entrance.py).
    barred: frozenset[str] = field(default=frozenset(), metadata=SECRET)
    state: MeetingState = "created"
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    # Fencing number of the placement: who acts on an older one acts on the past.
    epoch: int = 0
    placement: Placement | None = None
    present: int = 0
    live_since: datetime | None = None
    empty_since: datetime | None = None
    # The number of the last event in its log; whoever writes says which one it has seen.
    events: int = 0


def end_reason_at(meeting: Meeting, now: datetime) -> EndReason | None:
    """Why a live meeting should end now; None while it may go on."""
    if meeting.state == "ended":
        return None
    if meeting.state == "created":
        return "overdue" if now - meeting.created_at >= UNUSED_LIFETIME else None
    if meeting.present == 0 and meeting.empty_since is not None:
        return "empty" if now - meeting.empty_since >= meeting.end_after_empty else None
    started = meeting.live_since or meeting.created_at
    return "overdue" if now - started >= LONGEST_LIFE else None
