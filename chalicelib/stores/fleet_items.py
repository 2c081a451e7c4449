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
    drain_until = UTCDateTimeAttribute(attr_name="drainUntil", null=True)
    # One for each lane, so that each is set without a look at the others.
    presence_digest_0 = UnicodeAttribute(attr_name="presenceDigest0", null=True)
    presence_digest_1 = UnicodeAttribute(attr_name="presenceDigest1", null=True)
    presence_digest_2 = UnicodeAttribute(attr_name="presenceDigest2", null=True)
    presence_digest_3 = UnicodeAttribute(attr_name="presenceDigest3", null=True)
    presence_digest_4 = UnicodeAttribute(attr_name="presenceDigest4", null=True)
    presence_digest_5 = UnicodeAttribute(attr_name="presenceDigest5", null=True)
    presence_digest_6 = UnicodeAttribute(attr_name="presenceDigest6", null=True)
    presence_digest_7 = UnicodeAttribute(attr_name="presenceDigest7", null=True)
    # What the last checks found set aside beyond what its meetings hold.
    surplus = JSONAttribute(null=True)
    expires = NumberAttribute()


class PresenceItem(Model):
    """pk PRESENCE#<node>, sk META#<lane>: who was on the node when that was last applied to the meetings."""

    class Meta(NodeItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    presence = JSONAttribute()
    expires = NumberAttribute()


class BegunItem(Model):
    """pk PRESENCE#<node>, sk BEGUN#<lane>: the last report whose changes were begun, and who came or went."""

    class Meta(NodeItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    mark = UnicodeAttribute()
    boot_id = UnicodeAttribute(attr_name="bootId")
    sequence = NumberAttribute()
    reported_at = UTCDateTimeAttribute(attr_name="reportedAt")
    presence = JSONAttribute()
    expires = NumberAttribute()
