"""The two DynamoDB tables in this process: one connection for all models, and what a stand-in has to make."""

from __future__ import annotations

from typing import Any

from pynamodb.connection import Connection
from pynamodb.models import Model

from chalicelib.stores.control_items import (
    CONTROL_TABLE,
    ArchiveHeadItem,
    AttemptItem,
    CodeItem,
    DueItem,
    EventItem,
    IdempotencyItem,
    MeetingItem,
    ParticipantItem,
    QualityItem,
)
from chalicelib.stores.fleet_items import FLEET_TABLE, BegunItem, NodeItem, PresenceItem
from chalicelib.stores.patience import ATTEMPT_SECONDS, open_connection
from chalicelib.stores.recording_items import AccessLogItem, RecordingItem, RecordingPointerItem
from chalicelib.stores.tenant_items import (
    ApiKeyItem,
    DayUseItem,
    DeliveryItem,
    LiveCountItem,
    MeetingUseItem,
    ProfileItem,
    RecordingKeyItem,
    TenantItem,
    WebhookEndpointItem,
    WebhookProgressItem,
)

__all__ = ["CONTROL_TABLE", "FLEET_TABLE", "create_tables", "use_tables"]

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
    TenantItem,
    LiveCountItem,
    ArchiveHeadItem,
    ProfileItem,
    RecordingKeyItem,
    RecordingItem,
    RecordingPointerItem,
    AccessLogItem,
)
FLEET_MODELS: tuple[type[Model], ...] = (NodeItem, PresenceItem, BegunItem)


def use_tables(
    control: str, fleet: str, attempt_seconds: float = ATTEMPT_SECONDS, others: tuple[str, ...] = ()
) -> Connection:
    """Name the tables and give all models one connection; before the first request.

    pynamodb makes a botocore client for each model, at 50 to 100 ms of CPU. One serves them all, and is
    made here, by one thread: making it is not thread safe. `others` are regions with tables of their own.
    """
    shared = open_connection(attempt_seconds, others=others)
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
    for index in (MeetingItem.by_node, MeetingItem.by_organiser):
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
