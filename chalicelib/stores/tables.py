"""The two DynamoDB tables and the items in them.

control (global): meetings, their codes, participants, API keys, idempotency keys.
fleet (regional): nodes as they reported themselves, and who is on them.
Every item has `pk` and `sk`; `expires` is the tables' TTL attribute, in seconds since 1970.
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
from pynamodb.connection import Connection
from pynamodb.constants import PAY_PER_REQUEST_BILLING_MODE
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from chalicelib.stores.patience import ATTEMPT_SECONDS, open_connection

CONTROL_TABLE = "parley-control"
FLEET_TABLE = "parley-fleet"


class _MeetingsByTenant(GlobalSecondaryIndex[Any]):
    """Newest first; the sort key ends with the id, so that no two are equal."""

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


class MeetingItem(Model):
    """pk MTG#<id>, sk META."""

    class Meta:
        table_name = CONTROL_TABLE
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    by_tenant = _MeetingsByTenant()
    live = _LiveMeetings()
    by_node = _MeetingsByNode()
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
    # The number of the last event: who writes says which one it has seen.
    events = NumberAttribute(default=0)
    carried = JSONAttribute(null=True)
    egress_bytes = NumberAttribute(attr_name="egressBytes", default=0)
    waiting_room = BooleanAttribute(attr_name="waitingRoom", null=True)
    locked = BooleanAttribute(null=True)
    organiser = UnicodeAttribute(null=True)
    passcode_hash = UnicodeAttribute(attr_name="passcodeHash", null=True)
    auto_admit = JSONAttribute(attr_name="autoAdmit", null=True)
    auto_admit_external_ids = JSONAttribute(attr_name="autoAdmitExternalIds", null=True)
    barred = JSONAttribute(null=True)
    list_key = UnicodeAttribute(attr_name="listKey")
    list_sort = UnicodeAttribute(attr_name="listSort")
    live_key = UnicodeAttribute(attr_name="liveKey", null=True)
    node_key = UnicodeAttribute(attr_name="nodeKey", null=True)


class CodeItem(Model):
    """pk CODE#<code>, sk META: which meeting a code names. Never changes."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    meeting = UnicodeAttribute()


class IdempotencyItem(Model):
    """pk IDEMPOTENCY#<tenant>#<key>, sk META: the meeting that a repeated create answers with."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    meeting = UnicodeAttribute()
    request_digest = UnicodeAttribute(attr_name="requestDigest")
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


class _ByDueTime(GlobalSecondaryIndex[Any]):
    """The index of what goes on, for other kinds of items: sparse, by the time when something is due."""

    class Meta:
        index_name = "live"
        projection = AllProjection()
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    due_key = UnicodeAttribute(hash_key=True, attr_name="liveKey")
    due_at = UnicodeAttribute(range_key=True, attr_name="listSort")


class DueItem(Model):
    """pk MTG#<id>, sk DUE: when the meeting ends if nothing changes. Written with what changes that."""

    class Meta(MeetingItem.Meta):
        pass

    due = _ByDueTime()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="DUE")
    due_key = UnicodeAttribute(attr_name="liveKey", null=True)
    due_at = UnicodeAttribute(attr_name="listSort", null=True)
    # Of one that has ended.
    expires = NumberAttribute(null=True)


class WebhookProgressItem(Model):
    """pk WHP#<endpoint>, sk the meeting's id: how far its log has been delivered there."""

    class Meta(MeetingItem.Meta):
        pass

    due = _ByDueTime()
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


class AttemptItem(Model):
    """pk ATT#<meeting>#<whose>#<window>, sk META: how often somebody tried a passcode."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    tried = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)


class QualityItem(Model):
    """pk QUALITY#<meeting>, sk POINT#<participant>#<time>, and LATEST#<participant> once more."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    starts_at = UnicodeAttribute(attr_name="startsAt")
    points = JSONAttribute()
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


CONTROL_MODELS: tuple[type[Model], ...] = (
    MeetingItem,
    CodeItem,
    IdempotencyItem,
    ParticipantItem,
    EventItem,
    DueItem,
    AttemptItem,
    WebhookEndpointItem,
    WebhookProgressItem,
    DeliveryItem,
    ApiKeyItem,
    QualityItem,
    MeetingUseItem,
    DayUseItem,
)
FLEET_MODELS: tuple[type[Model], ...] = (NodeItem, PresenceItem)


def use_tables(control: str, fleet: str, attempt_seconds: float = ATTEMPT_SECONDS) -> Connection:
    """Name the tables and give all models one connection; before the first request.

    pynamodb makes a botocore client for each model, at 50 to 100 ms of CPU. One serves them all, and is
    made here, by one thread: making it is not thread safe.
    """
    shared = open_connection(attempt_seconds)
    for models, name in ((CONTROL_MODELS, control), (FLEET_MODELS, fleet)):
        for model in models:
            model.Meta.table_name = name
            model._connection = None
        # The first model of each table is the one that knows its indexes.
        shared.add_meta_table(models[0]._get_connection().get_meta_table())
        for model in models:
            model._get_connection().connection = shared
    return shared


def create_tables() -> None:
    """Make what is missing. In AWS the tables are CDK's; this is for a stand-in."""
    for model in (MeetingItem, NodeItem):
        if not model.exists():
            model.create_table(wait=True)
    _make_stream()
    _make_indexes()


def _make_indexes() -> None:
    """Indexes that tables of before do not have yet, one after another as DynamoDB wants it."""
    connection = MeetingItem._get_connection()
    client: Any = connection.connection.client
    name = MeetingItem.Meta.table_name
    there = client.describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes", [])
    known = {index["IndexName"] for index in there}
    for index in (MeetingItem.by_node,):
        schema = index._get_schema()
        if schema["index_name"] in known:
            continue
        keys = schema["key_schema"]
        client.update_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys
            ],
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": schema["index_name"],
                        "KeySchema": keys,
                        "Projection": schema["projection"],
                    }
                }
            ],
        )


def _make_stream() -> None:
    """The stream of the control table, by which new events are heard of; tables of before had none."""
    connection = MeetingItem._get_connection()
    client: Any = connection.connection.client
    name = MeetingItem.Meta.table_name
    if "LatestStreamArn" not in client.describe_table(TableName=name)["Table"]:
        specification = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        client.update_table(TableName=name, StreamSpecification=specification)
