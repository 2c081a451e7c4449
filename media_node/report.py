"""What a node tells the control plane, as JSON: who is where, what it was sent, what each has seen and heard.

Everything counts from a beginning that is named, so that reports may be lost, repeated or disordered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from media_node.meetings.meeting import Meeting
from media_node.metrics import WorkerCounts
from media_node.quantities import MeetingId
from media_node.usage import EgressMeter, Session


def format_counters(workers: Iterable[WorkerCounts]) -> dict[str, int]:
    """What the workers have counted since the node's start."""
    workers = tuple(workers)
    return {
        "packetsIn": sum(one.packets_received for one in workers),
        "packetsOut": sum(one.packets_sent for one in workers),
        "bytesIn": sum(one.bytes_received for one in workers),
        "bytesOut": sum(one.bytes_sent for one in workers),
        "packetsDropped": sum(sum(one.drops.values()) for one in workers),
    }


def format_meetings(meetings: Mapping[MeetingId, Meeting], egress: EgressMeter) -> list[dict[str, Any]]:
    """The meetings that are here, with who is in them."""
    return [
        {
            "id": one.id,
            "epoch": one.epoch,
            "participants": list(one.participant_by_id),
            **_sent(egress.session_by_meeting[one.id]),
        }
        for one in meetings.values()
    ]


def format_over(meetings: Mapping[MeetingId, Meeting], egress: EgressMeter) -> list[dict[str, Any]]:
    """The meetings that were here until a moment ago."""
    return [
        {"id": meeting, "epoch": session.epoch, **_sent(session)}
        for meeting, session in egress.session_by_meeting.items()
        if meeting not in meetings
    ]


def format_quality(node: str, entries: Sequence[str]) -> str:
    """The message with entries that are JSON already; empty without any."""
    if not entries:
        return ""
    head = json.dumps({"type": "qualityReport", "version": 1, "node": node})
    return f'{head[:-1]}, "entries": [{",".join(entries)}]}}'


def _sent(session: Session) -> dict[str, int]:
    return {"session": session.number, "egressBytes": session.bytes_sent}
