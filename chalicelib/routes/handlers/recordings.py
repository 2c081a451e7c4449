"""Handlers of the clock for recordings: what is due within seconds, and what is deleted."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.bootstrap import services, utc_now

logger = Logger(service="parley", child=True)


def keep(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Tell recorders again, send jobs: once, or each few seconds for `repeatForSeconds`."""
    seconds = event.get("repeatForSeconds")
    kept = services().recording_upkeep.run_for(
        seconds if isinstance(seconds, (int, float)) else 0.0, str(context.aws_request_id), utc_now
    )
    if kept.looked_at:
        logger.info("recordings kept", extra={"looked_at": kept.looked_at, "jobs_sent": kept.jobs_sent})
    return {"lookedAt": kept.looked_at, "jobsSent": kept.jobs_sent}


def sweep(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Delete what is kept no longer, and what somebody has deleted."""
    kept = services().recording_upkeep.sweep(utc_now())
    if kept.looked_at:
        logger.info("recordings swept", extra={"looked_at": kept.looked_at, "deleted": kept.deleted})
    return {"lookedAt": kept.looked_at, "deleted": kept.deleted}
