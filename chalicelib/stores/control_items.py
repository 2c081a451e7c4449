"""Items of the control table about meetings: themselves, their codes, people, logs, ends, quality.

The table is global. Every item has `pk` and `sk`; `expires` is its TTL attribute, in seconds since 1970.
"""

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
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

CONTROL_TABLE = "parley-control"


class ByTenant(GlobalSecondaryIndex[Any]):
    """Lists of a tenant: newest first; the sort key ends with an id, so that no two are equal."""

    class Meta:
        index_name = "byTenant"
        projection = AllProjection()
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    list_key = UnicodeAttribute(hash_key=True, attr_name="listKey")
    list_sort = UnicodeAttribute(range_key=True, attr_name="listSort")


class _LiveMeetings(GlobalSecondaryIndex[Any]):
    """Sparse: only meetings that have not ended carry the key."""

    class Meta:
        index_name = "live"
        projection = AllProjection()
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    live_key = UnicodeAttribute(hash_key=True, attr_name="liveKey")
    list_sort = UnicodeAttribute(range_key=True, attr_name="listSort")


class _MeetingsByNode(GlobalSecondaryIndex[Any]):
    """Sparse: what each node's meetings hold of it. Only meetings that go on carry the key."""

    class Meta:
        index_name = "byNode"
        projection = IncludeProjection(["units"])
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    node_key = UnicodeAttribute(hash_key=True, attr_name="nodeKey")
    pk = UnicodeAttribute(range_key=True)


class ByOrganiser(GlobalSecondaryIndex[Any]):
    """Sparse: only what is of meetings that a person made. Newest first."""

    class Meta:
        index_name = "byOrganiser"
        projection = AllProjection()
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    organiser = UnicodeAttribute(hash_key=True)
    list_sort = UnicodeAttribute(range_key=True, attr_name="listSort")


class MeetingItem(Model):
    """pk MTG#<id>, sk META."""

    class Meta:
        table_name = CONTROL_TABLE
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    by_tenant = ByTenant()
    live = _LiveMeetings()
    by_node = _MeetingsByNode()
    by_organiser = ByOrganiser()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    id = UnicodeAttribute()
    code = UnicodeAttribute()
    tenant = UnicodeAttribute()
    title = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    home_region = UnicodeAttribute(attr_name="homeRegion")
    guests = BooleanAttribute()
    max_participants = NumberAttribute(attr_name="maxParticipants")
    end_after_empty_seconds = NumberAttribute(attr_name="endAfterEmptySeconds")
    metadata = JSONAttribute()
    created_at = UTCDateTimeAttribute(attr_name="createdAt")
    starts_at = UTCDateTimeAttribute(attr_name="startsAt", null=True)
    ends_at = UTCDateTimeAttribute(attr_name="endsAt", null=True)
    max_duration_seconds = NumberAttribute(attr_name="maxDurationSeconds", null=True)
    attended_us = NumberAttribute(attr_name="attendedUs", default=0)
    counted_at = UTCDateTimeAttribute(attr_name="countedAt", null=True)
    live_since = UTCDateTimeAttribute(attr_name="liveSince", null=True)
    empty_since = UTCDateTimeAttribute(attr_name="emptySince", null=True)
    ended_at = UTCDateTimeAttribute(attr_name="endedAt", null=True)
    deleted_at = UTCDateTimeAttribute(attr_name="deletedAt", null=True)
    end_reason = UnicodeAttribute(attr_name="endReason", null=True)
    epoch = NumberAttribute()
    node = UnicodeAttribute(null=True)
    node_url = UnicodeAttribute(attr_name="nodeUrl", null=True)
    node_region = UnicodeAttribute(attr_name="nodeRegion", null=True)
    units = NumberAttribute()
    standby = UnicodeAttribute(null=True)
    standby_url = UnicodeAttribute(attr_name="standbyUrl", null=True)
    expected_participants = NumberAttribute(attr_name="expectedParticipants", null=True)
    media = UnicodeAttribute(null=True)
    present = NumberAttribute()
    joining = NumberAttribute(null=True)
    lapses_at = UTCDateTimeAttribute(attr_name="lapsesAt", null=True)
    # The number of the last event: who writes says which one it has seen.
    events = NumberAttribute(default=0)
    counted_live = BooleanAttribute(attr_name="countedLive", null=True)
    carried = JSONAttribute(null=True)
    egress_bytes = NumberAttribute(attr_name="egressBytes", default=0)
    waiting_room = BooleanAttribute(attr_name="waitingRoom", null=True)
    locked = BooleanAttribute(null=True)
    organiser = UnicodeAttribute(null=True)
    passcode_hash = UnicodeAttribute(attr_name="passcodeHash", null=True)
    auto_admit = JSONAttribute(attr_name="autoAdmit", null=True)
    auto_admit_external_ids = JSONAttribute(attr_name="autoAdmitExternalIds", null=True)
    barred = JSONAttribute(null=True)
    encryption = UnicodeAttribute(null=True)
    recording = UnicodeAttribute(null=True)
    active_recording = JSONAttribute(attr_name="activeRecording", null=True)
    list_key = UnicodeAttribute(attr_name="listKey")
    # None once it was deleted: no list has it any more.
    list_sort = UnicodeAttribute(attr_name="listSort", null=True)
    live_key = UnicodeAttribute(attr_name="liveKey", null=True)
    node_key = UnicodeAttribute(attr_name="nodeKey", null=True)


class CodeItem(Model):
    """pk CODE#<code>, sk META: which meeting a code names, and its home. Never changes."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    meeting = UnicodeAttribute()
    # None: kept before codes told it.
    home_region = UnicodeAttribute(attr_name="homeRegion", null=True)


class IdempotencyItem(Model):
    """pk IDEMPOTENCY#<tenant>#<key>, sk META: the meeting that a repeated create answers with.

    Written where the request came to, before the meeting, and in the meeting's home, with it.
    """

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    meeting = UnicodeAttribute()
    request_digest = UnicodeAttribute(attr_name="requestDigest")
    # None: kept before meetings were made in other regions than the asking one.
    home_region = UnicodeAttribute(attr_name="homeRegion", null=True)
    expires = NumberAttribute()


class ParticipantItem(Model):
    """pk MTG#<meeting>, sk PAR#<id>."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    display_name = UnicodeAttribute(attr_name="displayName")
    role = UnicodeAttribute()
    external_id = UnicodeAttribute(attr_name="externalId", null=True)
    state = UnicodeAttribute()
    asked_at = UTCDateTimeAttribute(attr_name="askedAt")
    joined_at = UTCDateTimeAttribute(attr_name="joinedAt", null=True)
    left_at = UTCDateTimeAttribute(attr_name="leftAt", null=True)
    seen_epoch = NumberAttribute(attr_name="seenEpoch", default=0)
    here_since = UTCDateTimeAttribute(attr_name="hereSince", null=True)
    attended_us = NumberAttribute(attr_name="attendedUs", default=0)
    source = UnicodeAttribute(null=True)
    told_of_recording = UnicodeAttribute(attr_name="toldOfRecording", null=True)
    request = UnicodeAttribute(null=True)
    polled_at = UTCDateTimeAttribute(attr_name="polledAt", null=True)


class EventItem(Model):
    """pk MTG#<meeting>, sk EVT#<number, ten digits>: one entry of a meeting's log. Never changes."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    tenant = UnicodeAttribute()
    # Each region hears the whole log of a global table; the home region acts on it.
    region = UnicodeAttribute()
    data = JSONAttribute()


class ByDueTime(GlobalSecondaryIndex[Any]):
    """The index of what goes on, for other kinds of items: sparse, by the time when something is due."""

    class Meta:
        index_name = "live"
        projection = AllProjection()
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    due_key = UnicodeAttribute(hash_key=True, attr_name="liveKey")
    due_at = UnicodeAttribute(range_key=True, attr_name="listSort")


class DueItem(Model):
    """pk MTG#<id>, sk DUE: when the meeting ends, or is erased. Written with what changes that."""

    class Meta(MeetingItem.Meta):
        pass

    due = ByDueTime()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="DUE")
    due_key = UnicodeAttribute(attr_name="liveKey", null=True)
    due_at = UnicodeAttribute(attr_name="listSort", null=True)
    # Of one that has ended.
    expires = NumberAttribute(null=True)


class AttemptItem(Model):
    """pk ATT#<meeting>#<whose>#<window>, sk META: how often somebody tried a passcode."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    tried = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)


class ArchiveHeadItem(Model):
    """pk ARCHIVE#<region>, sk LANE#<number>: the end of one of the archive's chains."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    sequence = NumberAttribute()
    digest = UnicodeAttribute()
    day = UnicodeAttribute()
    batches = JSONAttribute()


class QualityItem(Model):
    """pk QUALITY#<meeting>, sk POINT#<participant>#<time>, and LATEST#<participant> once more."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    starts_at = UnicodeAttribute(attr_name="startsAt")
    points = JSONAttribute()
    expires = NumberAttribute()
