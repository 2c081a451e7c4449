"""What a tenant used: people's minutes, and the bytes that nodes sent for it.

A node counts the bytes of each stay of a meeting from the stay's beginning. So what is known is merged, never
added: a report that comes twice, late or not at all changes nothing that a later one does not make good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain.identifiers import MeetingId, Tenant


@dataclass(frozen=True)
class Carried:
    """What one start of a node sent for a meeting."""

    boot_id: str
    # The meeting's latest stay there, counted over all meetings of that start; what it was sent so far.
    session: int
    bytes_sent: int
    # All its earlier stays there.
    earlier_bytes: int = 0


@dataclass(frozen=True)
class Used:
    """What something used: a meeting, a day, a month."""

    meetings: int = 0
    # From when the first came until the end, of all meetings together.
    meeting_time: timedelta = timedelta(0)
    # Everybody's, all together.
    participant_time: timedelta = timedelta(0)
    egress_bytes: int = 0

    def __add__(self, other: Used) -> Used:
        return Used(
            self.meetings + other.meetings,
            self.meeting_time + other.meeting_time,
            self.participant_time + other.participant_time,
            self.egress_bytes + other.egress_bytes,
        )

    def __sub__(self, other: Used) -> Used:
        return Used(
            self.meetings - other.meetings,
            self.meeting_time - other.meeting_time,
            self.participant_time - other.participant_time,
            self.egress_bytes - other.egress_bytes,
        )


@dataclass(frozen=True)
class MeetingUse:
    """What a meeting that has ended used, as of one number of its log; it counts for the day of its end."""

    meeting: MeetingId
    tenant: Tenant
    day: date
    number: int
    used: Used


@dataclass(frozen=True)
class DayUse:
    day: date
    used: Used


def merged(known: tuple[Carried, ...], seen: Carried) -> tuple[Carried, ...]:
    """What is known after another report; the same in any order of reports of the same stay."""
    before = next((one for one in known if one.boot_id == seen.boot_id), None)
    if before is None:
        return (*known, seen)
    if seen.session < before.session:
        return known
    if seen.session > before.session:
        after = Carried(seen.boot_id, seen.session, seen.bytes_sent, before.earlier_bytes + before.bytes_sent)
    else:
        most = max(before.bytes_sent, seen.bytes_sent)
        after = Carried(seen.boot_id, seen.session, most, before.earlier_bytes)
    return tuple(after if one.boot_id == seen.boot_id else one for one in known)


def bytes_of(carried: Iterable[Carried]) -> int:
    return sum(one.earlier_bytes + one.bytes_sent for one in carried)


def use_of(
    live_since: datetime | None, ended_at: datetime, participant_time: timedelta, egress_bytes: int
) -> Used:
    """What a meeting used; one to which nobody came used nothing."""
    if live_since is None:
        return Used()
    return Used(1, max(ended_at - live_since, timedelta(0)), participant_time, egress_bytes)
