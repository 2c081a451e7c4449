"""What tenants may have, and how many live meetings those with a limit have now."""

from __future__ import annotations

from collections.abc import Iterable

from pynamodb.exceptions import DoesNotExist, PutError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.tenant import NO_LIMITS, TenantLimits
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.tenant_items import LiveCountItem, RecordingKeyItem, TenantItem


@translate_failures
class DynamoTenants:
    def limits(self, tenant: Tenant) -> TenantLimits:
        try:
            item = TenantItem.get(_pk(tenant), "LIMITS", consistent_read=True)
        except DoesNotExist:
            return NO_LIMITS
        return TenantLimits(_whole(item.live_meetings), _whole(item.participants_per_meeting))

    def set_limits(self, tenant: Tenant, limits: TenantLimits) -> None:
        TenantItem(
            _pk(tenant),
            live_meetings=limits.live_meetings,
            participants_per_meeting=limits.participants_per_meeting,
        ).save()

    def recording_key(self, tenant: Tenant, region: str) -> str | None:
        try:
            return RecordingKeyItem.get(_pk(tenant), _key_sk(region), consistent_read=True).key
        except DoesNotExist:
            return None

    def set_recording_key(self, tenant: Tenant, region: str, key: str) -> str:
        """The key that the tenant has from now on: this one, or the one that it got before."""
        try:
            RecordingKeyItem(_pk(tenant), _key_sk(region), key=key).save(RecordingKeyItem.pk.does_not_exist())
        except PutError as error:
            if not was_refused(error):
                raise
            return RecordingKeyItem.get(_pk(tenant), _key_sk(region), consistent_read=True).key
        return key

    def live_meetings(self, tenant: Tenant, regions: Iterable[str]) -> int:
        """How many were counted: those that began while the tenant had a limit, and go on."""
        keys = [(_pk(tenant), f"LIVE#{region}") for region in regions]
        return sum(int(item.live) for item in LiveCountItem.batch_get(keys, consistent_read=True))


def count_live(transaction: TransactWrite, before: Meeting, after: Meeting, most_live: int | None) -> bool:
    """Put into a meeting's change what it does to its tenant's count; returns whether that is anything.

    Args:
        most_live: What the count may become at most, for a meeting that begins to be counted.
    """
    # Each region has a count of its own: two that write one item of a global table would lose one's writes.
    item = LiveCountItem(_pk(after.tenant), f"LIVE#{after.home_region}")
    if after.counted_live and not before.counted_live:
        below: Condition = LiveCountItem.live < (most_live or 0)
        if most_live:
            below = below | LiveCountItem.live.does_not_exist()
        transaction.update(item, actions=[LiveCountItem.live.add(1)], condition=below)
        return True
    has_ended = after.state == "ended" and before.state != "ended"
    if before.counted_live and (has_ended or not after.counted_live):
        transaction.update(item, actions=[LiveCountItem.live.add(-1)])
        return True
    return False


def _pk(tenant: Tenant) -> str:
    return f"TENANT#{tenant}"


def _key_sk(region: str) -> str:
    return f"RECORDINGKEY#{region}"


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
