"""What tenants used: counted when a meeting has ended, and when more is known of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.domain.events import Entry
from chalicelib.domain.identifiers import MeetingId
from chalicelib.domain.permissions import Keeper
from chalicelib.domain.tenant import TenantLimits
from chalicelib.domain.usage import DayUse, MeetingUse, Used, use_of
from chalicelib.errors import BrokenRule, StoreUnavailableError, ValidationFailedError
from chalicelib.services.changes import tries
from chalicelib.services.protocols import MeetingStore, TenantStore, UsageStore

# The events after which an ended meeting may have used more than was counted.
COUNTED_EVENTS = frozenset({"meeting.ended", "meeting.counted"})
# A year and the day that it may have more; and what is shown of itself.
MOST_DAYS, DAYS_SHOWN = 366, 30


@dataclass(frozen=True)
class Period:
    """Days of a tenant, each in UTC, those without use as well."""

    days: Sequence[DayUse]
    total: Used
    limits: TenantLimits
    # Those that count towards a limit, None without one.
    live_meetings: int | None


class Usage:
    def __init__(
        self,
        store: UsageStore,
        tenants: TenantStore,
        meetings: MeetingStore,
        region: str,
        regions: Sequence[str],
    ) -> None:
        self._store = store
        self._tenants = tenants
        self._meetings = meetings
        self._region = region
        self._regions = regions

    def note(self, entries: Iterable[Entry]) -> int:
        """Logs have new entries; returns how many meetings were counted by them. Safe to repeat.

        Raises:
            StoreUnavailableError: Others counted the same meeting at each try.
        """
        meetings = {entry.event.meeting for entry in entries if entry.event.type in COUNTED_EVENTS}
        return sum(self._count(meeting) for meeting in sorted(meetings))

    def _count(self, meeting_id: MeetingId) -> bool:
        meeting = self._meetings.by_id(meeting_id)
        if meeting is None or meeting.ended_at is None:
            return False
        used = use_of(meeting.live_since, meeting.ended_at, meeting.attended, meeting.egress_bytes)
        use = MeetingUse(meeting.id, meeting.tenant, meeting.ended_at.date(), meeting.events, used)
        for _ in tries():
            if self._store.count(use, self._region):
                return True
        raise StoreUnavailableError("Too many counted this meeting at once.")

    def read(self, caller: Keeper, first: date | None, last: date | None, today: date) -> Period:
        """What the caller's tenant used from the first day to the last one; the latest thirty by default.

        Raises:
            ValidationFailedError: The last comes before the first, or more than a year after it.
        """
        last = last if last is not None else max(today, first or today)
        first = first if first is not None else last - timedelta(days=DAYS_SHOWN - 1)
        if not first <= last < first + timedelta(days=MOST_DAYS):
            rule = f"to is a day from the first on, and less than {MOST_DAYS} days after it."
            raise ValidationFailedError([BrokenRule("/to", rule)])
        known = {one.day: one.used for one in self._store.days(caller.tenant, self._regions, first, last)}
        every_day = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        days = [DayUse(day, known.get(day, Used())) for day in every_day]
        limits, live = self._tenants.limits(caller.tenant), None
        if limits.live_meetings is not None:
            live = self._tenants.live_meetings(caller.tenant, self._regions)
        return Period(days, sum(known.values(), Used()), limits, live)
