"""Items of the fleet table, which is regional: nodes as they reported themselves, and who is on them."""

from __future__ import annotations

from pynamodb.attributes import (
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.constants import PAY_PER_REQUEST_BILLING_MODE
from pynamodb.models import Model

FLEET_TABLE = "parley-fleet"


class NodeItem(Model):
    """pk REGION#<region>, sk NODE#<id>: one query reads a region's fleet."""

    class Meta:
        table_name = FLEET_TABLE
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    url = UnicodeAttribute()
    metrics_url = UnicodeAttribute(attr_name="metricsUrl")
    command_queue_url = UnicodeAttribute(attr_name="commandQueueUrl")
    boot_id = UnicodeAttribute(attr_name="bootId")
    sequence = NumberAttribute()
    state = UnicodeAttribute()
    capacity_units = NumberAttribute(attr_name="capacityUnits")
    used_units = NumberAttribute(attr_name="usedUnits")
    reserved_units = NumberAttribute(attr_name="reservedUnits", default=0)
    cpu_busy = NumberAttribute(attr_name="cpuBusy")
    meetings = NumberAttribute()
    reported_at = UTCDateTimeAttribute(attr_name="reportedAt")
    zone = UnicodeAttribute(null=True)
    instance = UnicodeAttribute(null=True)
    presence_digest = UnicodeAttribute(attr_name="presenceDigest", null=True)
    # What the last checks found set aside beyond what its meetings hold.
    surplus = JSONAttribute(null=True)
    expires = NumberAttribute()


class PresenceItem(Model):
    """pk PRESENCE#<node>, sk META: who was on the node when that was last applied to the meetings."""

    class Meta(NodeItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    presence = JSONAttribute()
    expires = NumberAttribute()


class BegunItem(Model):
    """pk PRESENCE#<node>, sk BEGUN: the last report whose changes were begun, and whom they are about."""

    class Meta(NodeItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="BEGUN")
    mark = UnicodeAttribute()
    boot_id = UnicodeAttribute(attr_name="bootId")
    sequence = NumberAttribute()
    reported_at = UTCDateTimeAttribute(attr_name="reportedAt")
    presence = JSONAttribute()
    expires = NumberAttribute()
