"""Items of the control table about tenants: their webhooks, their API keys, what they used."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.constants import PAY_PER_REQUEST_BILLING_MODE
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.stores.control_items import ByDueTime, MeetingItem


class TenantItem(Model):
    """pk TENANT#<tenant>, sk LIMITS: what it may have at most."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="LIMITS")
    live_meetings = NumberAttribute(attr_name="liveMeetings", null=True)
    participants_per_meeting = NumberAttribute(attr_name="participantsPerMeeting", null=True)


class RecordingKeyItem(Model):
    """pk TENANT#<tenant>, sk RECORDINGKEY#<region>: the KMS key of its recordings there."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    key = UnicodeAttribute()


class ProfileItem(Model):
    """pk USER#<id>, sk PROFILE: what somebody who signs in has chosen."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="PROFILE")
    name = UnicodeAttribute(null=True)
    preferences = JSONAttribute()
    version = NumberAttribute()


class LiveCountItem(Model):
    """pk TENANT#<tenant>, sk LIVE#<region>: how many live meetings it has, of those that are counted."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    live = NumberAttribute(default=0)


class WebhookEndpointItem(Model):
    """pk WHT#<tenant>, sk the endpoint's id: one query reads a tenant's endpoints."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    url = UnicodeAttribute()
    events = JSONAttribute()
    description = UnicodeAttribute(null=True)
    disabled = BooleanAttribute()
    secret = UnicodeAttribute()
    previous_secret = UnicodeAttribute(attr_name="previousSecret", null=True)
    previous_expires_at = UTCDateTimeAttribute(attr_name="previousExpiresAt", null=True)
    created_at = UTCDateTimeAttribute(attr_name="createdAt")
    request_digest = UnicodeAttribute(attr_name="requestDigest", null=True)


class WebhookProgressItem(Model):
    """pk WHP#<endpoint>, sk the meeting's id: how far its log has been delivered there."""

    class Meta(MeetingItem.Meta):
        pass

    due = ByDueTime()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    tenant = UnicodeAttribute()
    region = UnicodeAttribute()
    wanted = NumberAttribute()
    delivered = NumberAttribute()
    attempts = NumberAttribute()
    due_key = UnicodeAttribute(attr_name="liveKey", null=True)
    due_at = UnicodeAttribute(attr_name="listSort", null=True)
    lease_until = UnicodeAttribute(attr_name="leaseUntil", null=True)
    expires = NumberAttribute()


class DeliveryItem(Model):
    """pk WHD#<endpoint>, sk <time of the event>#<meeting>#<number>: what became of one event."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    state = UnicodeAttribute()
    attempts = NumberAttribute()
    attempted_at = UTCDateTimeAttribute(attr_name="attemptedAt")
    status = NumberAttribute(null=True)
    error = UnicodeAttribute(null=True)
    next_attempt_at = UTCDateTimeAttribute(attr_name="nextAttemptAt", null=True)
    expires = NumberAttribute()


class _UseItem(Model):
    """What something used: times in microseconds."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    meetings = NumberAttribute(default=0)
    meeting_us = NumberAttribute(attr_name="meetingUs", default=0)
    participant_us = NumberAttribute(attr_name="participantUs", default=0)
    egress_bytes = NumberAttribute(attr_name="egressBytes", default=0)


class MeetingUseItem(_UseItem):
    """pk MTG#<id>, sk USED: what of an ended meeting is in its tenant's sums, as of one number of its log."""

    sk = UnicodeAttribute(range_key=True, default="USED")
    number = NumberAttribute()


class DayUseItem(_UseItem):
    """pk USAGE#<tenant>#<region>#<shard>, sk DAY#<day>: a share of what a tenant used on a day."""

    sk = UnicodeAttribute(range_key=True)


class _KeysByTenant(GlobalSecondaryIndex[Any]):
    """The index of lists, for another kind of item: newest first."""

    class Meta:
        index_name = "byTenant"
        projection = AllProjection()
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    list_key = UnicodeAttribute(hash_key=True, attr_name="listKey")
    list_sort = UnicodeAttribute(range_key=True, attr_name="listSort")


class ApiKeyItem(Model):
    """pk KEY#<id>, sk META."""

    class Meta(MeetingItem.Meta):
        pass

    by_tenant = _KeysByTenant()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    tenant = UnicodeAttribute()
    name = UnicodeAttribute()
    secret_digest = UnicodeAttribute(attr_name="secretDigest")
    scopes = JSONAttribute(null=True)
    created_at = UTCDateTimeAttribute(attr_name="createdAt")
    last_used_at = UTCDateTimeAttribute(attr_name="lastUsedAt", null=True)
    request_digest = UnicodeAttribute(attr_name="requestDigest", null=True)
    list_key = UnicodeAttribute(attr_name="listKey", null=True)
    list_sort = UnicodeAttribute(attr_name="listSort", null=True)
