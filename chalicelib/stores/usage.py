"""What tenants used, by day: sums that each ended meeting is added to once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import date, timedelta

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.identifiers import MeetingId, Tenant
from chalicelib.domain.usage import DayUse, MeetingUse, Used
from chalicelib.stores.failures import translate_failures
from chalicelib.stores.tenant_items import DayUseItem, MeetingUseItem

# An item takes 500 transactions a second: the meetings that a tenant ends in a day are spread over so many.
SHARDS = 8
_MICROSECOND = timedelta(microseconds=1)
_Item = MeetingUseItem | DayUseItem


@translate_failures
class DynamoUsage:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, use: MeetingUse, region: str) -> bool:
        """Add a meeting to its tenant's day, or what has changed of it since; False if others just did.

        One transaction, on the condition that the meeting is still counted as it was read: what is delivered
        twice, or to two at once, is counted once.
        """
        item = MeetingUseItem(f"MTG#{use.meeting}")
        try:
            item.refresh(consistent_read=True)
        except DoesNotExist:
            before = Used()
            counted: Condition = MeetingUseItem.number.does_not_exist()
        else:
            if item.number >= use.number:
                return True
            counted, before = MeetingUseItem.number == item.number, _used_of(item)
        day = DayUseItem(_key(use.tenant, region, shard_of(use.meeting)), f"DAY#{use.day.isoformat()}")
        kept: list[Action] = [MeetingUseItem.number.set(use.number), *_set(use.used)]
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.update(item, actions=kept, condition=counted)
                transaction.update(day, actions=_add(use.used - before))
        except TransactWriteError as error:
            if not all(reason is None or reason.code in _RACES for reason in error.cancellation_reasons):
                raise
            return False
        return True

    def days(self, tenant: Tenant, regions: Iterable[str], first: date, last: date) -> list[DayUse]:
        """The days of a tenant from the first to the last on which something ended, one after another."""
        used: dict[date, Used] = {}
        for region in regions:
            for shard in range(SHARDS):
                between = DayUseItem.sk.between(f"DAY#{first.isoformat()}", f"DAY#{last.isoformat()}")
                for item in DayUseItem.query(_key(tenant, region, shard), between):
                    day = date.fromisoformat(item.sk.removeprefix("DAY#"))
                    used[day] = used.get(day, Used()) + _used_of(item)
        return [DayUse(day, used[day]) for day in sorted(used)]


_RACES = ("None", "ConditionalCheckFailed", "TransactionConflict")


def shard_of(meeting: MeetingId) -> int:
    return zlib.crc32(meeting.encode()) % SHARDS


def _key(tenant: Tenant, region: str, shard: int) -> str:
    # Each region has sums of its own: two that write one item of a global table would lose what one added.
    return f"USAGE#{tenant}#{region}#{shard}"


def _used_of(item: _Item) -> Used:
    return Used(
        int(item.meetings),
        int(item.meeting_us) * _MICROSECOND,
        int(item.participant_us) * _MICROSECOND,
        int(item.egress_bytes),
    )


def _set(used: Used) -> list[Action]:
    return [
        MeetingUseItem.meetings.set(used.meetings),
        MeetingUseItem.meeting_us.set(used.meeting_time // _MICROSECOND),
        MeetingUseItem.participant_us.set(used.participant_time // _MICROSECOND),
        MeetingUseItem.egress_bytes.set(used.egress_bytes),
    ]


def _add(used: Used) -> list[Action]:
    return [
        DayUseItem.meetings.add(used.meetings),
        DayUseItem.meeting_us.add(used.meeting_time // _MICROSECOND),
        DayUseItem.participant_us.add(used.participant_time // _MICROSECOND),
        DayUseItem.egress_bytes.add(used.egress_bytes),
    ]
