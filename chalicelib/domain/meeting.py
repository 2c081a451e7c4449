"""A meeting and the rules of its life: created, live while somebody is there, ended for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.egress import Media
from chalicelib.domain.identifiers import MeetingCode, MeetingId, NodeId, RecordingId, Tenant, UserId
from chalicelib.domain.plain import SECRET
from chalicelib.domain.recording import RecordingSetting, RecordingState
from chalicelib.domain.usage import Carried

MeetingState = Literal["created", "live", "ended"]
# requested: somebody ended it; scheduled: its time was up; length: it went on for as long as it may; empty:
# nobody came back; overdue: nobody ever came.
EndReason = Literal["requested", "scheduled", "length", "empty", "overdue"]

# What carries media end to end encrypted cannot be recorded by a node.
Encryption = Literal["transport", "endToEnd"]

# A link is often made a day before; one that nobody used for a month after its time is forgotten.
UNUSED_LIFETIME = timedelta(days=30)
# People come early; hosts may come at any time.
OPENS_EARLY = timedelta(minutes=10)
# A meeting that never empties is a forgotten device.
LONGEST_LIFE = timedelta(days=7)
# Webhooks are tried for a day, and what is counted comes within minutes; then what was deleted is erased.
ERASED_AFTER = timedelta(days=2)
DEFAULT_AUTO_ADMIT: frozenset[str] = frozenset({"organisation", "returning"})


@dataclass(frozen=True)
class Placement:
    """Where a meeting is carried, and how much of the node is set aside for it."""

    node: NodeId
    url: str
    region: str
    units: int
    # Where people go when the node dies.
    standby: NodeId | None = None
    standby_url: str = ""


@dataclass(frozen=True)
class ActiveRecording:
    """The recording that goes on: whoever comes in is told of it before."""

    id: RecordingId
    state: RecordingState
    requested_at: datetime
    started_at: datetime | None = None


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
    # What its place is chosen for: how many will come, and whether they show pictures.
    expected_participants: int | None = None
    media: Media = "video"
    end_after_empty: timedelta = timedelta(minutes=10)
    metadata: Mapping[str, str] = field(default_factory=dict)
    # Before it, only hosts come in; after its end, nobody.
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    # From the moment when the first was there.
    max_duration: timedelta = LONGEST_LIFE
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
    # How many have a token and were not seen yet, and when it is looked whether they still may come.
    joining: int = field(default=0, metadata=SECRET)
    lapses_at: datetime | None = field(default=None, metadata=SECRET)
    # Time that people spent in it, all together, up to `counted_at`.
    attended: timedelta = timedelta(0)
    counted_at: datetime | None = None
    # It counts among its tenant's live meetings until it ends.
    counted_live: bool = field(default=False, metadata=SECRET)
    # What nodes sent for it: by each, which only merging needs, and in all.
    carried: tuple[Carried, ...] = field(default=(), metadata=SECRET)
    egress_bytes: int = 0
    encryption: Encryption = "transport"
    recording: RecordingSetting = "off"
    active_recording: ActiveRecording | None = None
    # Nobody sees it any more.
    deleted_at: datetime | None = None
    # The number of the last event in its log; whoever writes says which one it has seen.
    events: int = 0


@dataclass(frozen=True)
class Coded:
    """What a code stands for."""

    meeting: MeetingId
    # None of meetings whose code says nothing of it.
    home: str | None = None


def end_of(meeting: Meeting) -> tuple[datetime, EndReason] | None:
    """When the meeting ends if nothing changes, and why; None for one that has ended."""
    ends: list[tuple[datetime, EndReason]] = []
    if meeting.state == "ended":
        return None
    if meeting.ends_at is not None:
        ends.append((meeting.ends_at, "scheduled"))
    opened = _latest(meeting.created_at, meeting.starts_at)
    if meeting.state == "created":
        ends.append((opened + UNUSED_LIFETIME, "overdue"))
    else:
        ends.append(((meeting.live_since or opened) + meeting.max_duration, "length"))
        if meeting.present == 0 and meeting.empty_since is not None:
            # A host who looks in early leaves it for those who come in time.
            ends.append((_latest(meeting.empty_since, meeting.starts_at) + meeting.end_after_empty, "empty"))
    return min(ends)


def due_of(meeting: Meeting) -> datetime | None:
    """When the meeting has to be looked at: for who does not come, to end it, to erase it; None for never."""
    end = end_of(meeting)
    if end is not None:
        return end[0] if meeting.lapses_at is None else min(end[0], meeting.lapses_at)
    return meeting.deleted_at + ERASED_AFTER if meeting.deleted_at is not None else None


def is_to_be_erased(meeting: Meeting, now: datetime) -> bool:
    """Whether it was deleted for so long that nobody needs its log any more."""
    return meeting.deleted_at is not None and meeting.deleted_at + ERASED_AFTER <= now


def end_reason_at(meeting: Meeting, now: datetime) -> EndReason | None:
    """Why a meeting should end now; None while it may go on."""
    end = end_of(meeting)
    return end[1] if end is not None and end[0] <= now else None


def opens_at(meeting: Meeting) -> datetime | None:
    """From when on people who are not hosts may come in; None for at once."""
    return meeting.starts_at - OPENS_EARLY if meeting.starts_at is not None else None


def attended_by(meeting: Meeting, now: datetime) -> timedelta:
    """The time that people have spent in it until now, all together."""
    if meeting.counted_at is None:
        return meeting.attended
    return meeting.attended + meeting.present * max(now - meeting.counted_at, timedelta(0))


def _latest(moment: datetime, other: datetime | None) -> datetime:
    return max(moment, other) if other is not None else moment
