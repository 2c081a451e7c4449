"""Handlers of the archive: what the stream brings into it, and the daily look at it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import errors
from chalicelib.bootstrap import read_entry, services, utc_now
from chalicelib.routes.handlers.stream import own_entry

logger = Logger(service="parley", child=True)

MOST_DAYS = 36_500


def take(event: dict[str, Any], context: Any) -> dict[str, int]:
    """New entries of logs: a batch is one object. A batch that fails comes again as it was."""
    records = event["Records"]
    found = [own_entry(record, services().config.region) for record in records]
    entries = [read_entry(image) for image in found if image is not None]
    if not entries:
        return {"events": 0}
    first, last = (record["dynamodb"]["SequenceNumber"] for record in (records[0], records[-1]))
    kept = services().archive.keep(f"{first}-{last}", entries, utc_now().date())
    return {"events": len(entries) if kept else 0}


def verify(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Whether the archive is what was written: since yesterday, or for so many `days`.

    Raises:
        BrokenArchiveError: It is not; an alarm tells of it.
    """
    days, today = event.get("days"), utc_now().date()
    asked = days if isinstance(days, int) and 0 <= days <= MOST_DAYS else 1
    verdict = services().archive.verify(today - timedelta(days=asked), today)
    told = {"objects": verdict.objects, "broken": list(verdict.broken), "strays": list(verdict.strays)}
    logger.info("archive verified", extra=told)
    if verdict.broken:
        raise errors.BrokenArchiveError(" ".join(verdict.broken[:10]))
    return told
