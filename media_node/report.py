"""What a node tells the control plane, as JSON: who is where, what it was sent, what each has seen and heard.

Everything counts from a beginning that is named, so that reports may be lost, repeated or disordered.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from media_node.meetings.meeting import Meeting
from media_node.metrics import WorkerCounts
from media_node.quantities import MeetingId
from media_node.usage import EgressMeter, Session

# As the control plane keeps them (chalicelib/domain/placement.py): each meeting is in one for good.
LANES = 8
# What is told lane by lane, and by which of its names an entry is in one: the meeting that it is about.
MEETING_NAME = {"meetings": "id", "over": "id", "recordings": "meeting"}
# A message of the queue has at most 256 KiB. A lane is told by one message: 20,000 people fit in pairs.
MOST_MESSAGE_BYTES = 200_000


def format_report(report: Mapping[str, Any]) -> list[str]:
    """A report as messages, each about some lanes whole: one where it is small. They may come in any order.

    Args:
        report: What the node says of itself; `meetings`, those that are `over`, and `recordings` are split.
    """
    head = {name: value for name, value in report.items() if name not in MEETING_NAME}
    head["meetingCount"] = len(report["meetings"])
    lanes = [
        {name: _in_lane(report.get(name, ()), name, lane) for name in MEETING_NAME} for lane in range(LANES)
    ]
    messages = []
    for part in _packed([len(_compact(entries)) for entries in lanes]):
        about = {name: [one for lane in part for one in lanes[lane][name]] for name in MEETING_NAME}
        messages.append(_compact({**head, "lanes": part, **about}))
    return messages


def _packed(sizes: Sequence[int]) -> list[list[int]]:
    """Lanes side by side while they fit into a message together."""
    parts: list[list[int]] = [[]]
    for lane, size in enumerate(sizes):
        if parts[-1] and sum(sizes[one] for one in parts[-1]) + size > MOST_MESSAGE_BYTES:
            parts.append([])
        parts[-1].append(lane)
    return parts


def _in_lane(entries: Iterable[Mapping[str, Any]], name: str, lane: int) -> list[Mapping[str, Any]]:
    return [one for one in entries if zlib.crc32(one[MEETING_NAME[name]].encode()) % LANES == lane]


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


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
