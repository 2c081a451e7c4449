"""Node reports from SQS, the clock, the minute's sweep, and the operator's provision."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from chalicelib import errors
from chalicelib.bootstrap import (
    Kept,
    MeetingId,
    Tenant,
    TenantLimits,
    WebhookEndpointId,
    read_composition_report,
    read_entry,
    read_quality_report,
    services,
    utc_now,
)
from chalicelib.routes.handlers.stream import own_entry
from chalicelib.routes.measures import tell_load

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = Logger(service="parley", child=True)

LONGEST_NAME = 100


def take_reports(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Each report alone: one that cannot be read goes to the dead letters and takes no other with it."""
    return _each_alone(event, context, _take_report)


def _take_report(record: SQSRecord) -> None:
    sent = int(record.attributes.sent_timestamp or 0)
    quality = read_quality_report(record.body)
    if quality is not None:
        services().quality.take(quality, datetime.fromtimestamp(sent / 1000, UTC))
        return
    composition = read_composition_report(record.body)
    if composition is not None:
        services().recording_upkeep.hear(composition, datetime.fromtimestamp(sent / 1000, UTC))
        return
    if not services().reports.take(record.body, sent, record.message_id):
        logger.debug("late report ignored", extra={"message_id": record.message_id})


def take_events(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """New entries of logs, from the table's stream: who wants them is noted and woken up; use is counted.

    All of a batch is looked at together, as most of it is about a few tenants and meetings. What fails comes
    again from the first record on; everything that is done here may be done twice.
    """
    records = event["Records"]
    region = services().config.region
    entries = [read_entry(image) for record in records if (image := own_entry(record, region)) is not None]
    try:
        services().deliveries.note(region, entries)
        services().usage.note(entries)
    except errors.StoreUnavailableError as error:
        logger.warning("a batch of events comes again", exc_info=error)
        return {"batchItemFailures": [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def deliver(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Wake-ups: deliver what is due of one meeting to one endpoint."""
    return _each_alone(event, context, _deliver)


def _deliver(record: SQSRecord) -> None:
    wake_up = json.loads(record.body)
    services().deliveries.run(
        Tenant(wake_up["tenant"]), WebhookEndpointId(wake_up["endpoint"]), MeetingId(wake_up["meeting"])
    )


def _each_alone(event: dict[str, Any], context: Any, take: Callable[[SQSRecord], None]) -> dict[str, Any]:
    """What Lambda wants to know of a batch: the messages that failed, and no others, come again."""
    # Functions that take no batches, the API first of all, start without it.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    # Made for each batch, as it keeps the state of one.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(
        event=event, record_handler=take, processor=processor, context=context
    )
    return dict(response)


def deliver_due(event: dict[str, Any], context: Any) -> dict[str, int]:
    return {"woken": services().deliveries.wake_due(services().config.region, utc_now())}


def keep_time(event: dict[str, Any], context: Any) -> dict[str, int]:
    """End what is over and clear what is lost: once, or each few seconds for `repeatForSeconds`."""
    timekeeper, request_id = services().timekeeper, str(context.aws_request_id)
    seconds = event.get("repeatForSeconds")
    if isinstance(seconds, (int, float)):
        kept = timekeeper.run_for(seconds, request_id, utc_now)
    else:
        kept = timekeeper.run(request_id, utc_now())
    if kept != Kept():
        logger.info("time kept", extra=vars(kept))
    return {"ended": kept.ended, "nodesCleared": kept.nodes_cleared, "lapsed": kept.lapsed}


def sweep(event: dict[str, Any], context: Any) -> dict[str, int]:
    swept = services().sweep.run(str(event.get("id", context.aws_request_id)), utc_now())
    if swept.ended or swept.nodes_lost:
        logger.info("swept", extra={"ended": swept.ended, "nodes_lost": swept.nodes_lost})
    return {"ended": swept.ended, "nodesLost": swept.nodes_lost}


def scale(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Keep the region's nodes as many as its meetings need, machines as its films do; tell how nodes are."""
    tell_load(services().scaling.load(utc_now()))
    decision = services().scaling.run(context.aws_request_id, utc_now())
    told = {"desired": decision.desired, "drained": len(decision.drain), "ended": len(decision.end)}
    told["composers"] = services().composer_scaling.run()
    logger.info("nodes scaled", extra=told)
    return told


def rotate_keys(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The next step in the life of the keys that sign tokens; `{"atOnce": true}` begins with the next key."""
    return {"keys": services().rotation.run(utc_now(), at_once=event.get("atOnce") is True)}


def provision(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The operator's: an API key for a tenant, its limits, or the key of its recordings.

    `{"tenant", "apiKeyName"}` gives the key's secret, this once; `{"tenant", "limits": {"liveMeetings",
    "participantsPerMeeting"}}` sets what the tenant may have from now on, what is left out without a limit;
    `{"tenant", "recordingKey": true}` makes the KMS key that its recordings are encrypted with from now on.
    """
    tenant, name = event.get("tenant"), event.get("apiKeyName", "")
    if not isinstance(tenant, str) or not tenant or len(tenant) > LONGEST_NAME:
        rule = f"A tenant's name has 1 to {LONGEST_NAME} characters."
        raise errors.ValidationFailedError([errors.BrokenRule("/tenant", rule)])
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        rule = f"A key's name has up to {LONGEST_NAME} characters."
        raise errors.ValidationFailedError([errors.BrokenRule("/apiKeyName", rule)])
    if "limits" in event:
        services().tenants.set_limits(Tenant(tenant), _limits(event["limits"]))
        return {"tenant": tenant, "limits": event["limits"]}
    if event.get("recordingKey") is True:
        built = services()
        made = built.tenants.make_recording_key(Tenant(tenant), built.config.region, built.tenant_keys)
        return {"tenant": tenant, "recordingKey": made}
    key = services().accounts.provision(Tenant(tenant), name, utc_now())
    return {"tenant": key.tenant, "apiKey": {"id": key.id, "secret": key.secret}}


def _limits(wanted: Any) -> TenantLimits:
    known = {"liveMeetings": 0, "participantsPerMeeting": 2}
    sound = isinstance(wanted, dict) and all(
        name in known and type(most) is int and known[name] <= most < 2**53 for name, most in wanted.items()
    )
    if not sound:
        rule = "limits are liveMeetings, from 0, and participantsPerMeeting, from 2: whole numbers."
        raise errors.ValidationFailedError([errors.BrokenRule("/limits", rule)])
    return TenantLimits(wanted.get("liveMeetings"), wanted.get("participantsPerMeeting"))
