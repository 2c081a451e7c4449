"""A node's report as it came through the queue, checked before it is believed.

The clock is the queue's (SentTimestamp), never the node's: all reports are compared with one another.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.identifiers import MeetingId, NodeId, ParticipantId, is_id
from chalicelib.domain.placement import LANES, Node
from chalicelib.domain.presence import NOBODY, MeetingPresence, Presence, ReportPart, digest, lane_of
from chalicelib.errors import BrokenRule, ValidationFailedError
from chalicelib.services.fleet import Fleet
from chalicelib.services.presence import PresenceWriter
from chalicelib.services.recorder_reports import read_recorders


class Reports:
    def __init__(self, fleet: Fleet, presence: PresenceWriter) -> None:
        self._fleet = fleet
        self._presence = presence

    def take(self, body: str, sent_timestamp_ms: int, request_id: str) -> bool:
        """Keep a report and what it changes; False for one that is older than what is known. Safe to repeat.

        Raises:
            ValidationFailedError: It is no report that this version understands.
        """
        node, part = parse_report(body, datetime.fromtimestamp(sent_timestamp_ms / 1000, UTC))
        kept = self._fleet.note_report(node)
        if kept is None and not part.is_whole:
            # Another part of the same report may have come first.
            kept = self._fleet.note_part(node)
        if kept is None:
            return False
        for lane, presence in part.presence_by_lane.items():
            if kept.presence_digests[lane] != digest(presence):
                self._presence.write(node, lane, presence, request_id)
        return True


def parse_report(body: str, reported_at: datetime) -> tuple[Node, ReportPart]:
    try:
        report = json.loads(body)
    except ValueError as error:
        raise _broken("", "A report is JSON.") from error
    if not isinstance(report, dict) or report.get("type") != "nodeReport" or report.get("version") != 1:
        raise _broken("", "A report is an object of type nodeReport, version 1.")
    node = NodeId(_text(report, "node"))
    if not is_id(node, "node"):
        raise _broken("/node", "A node's id is node_ and 26 characters.")
    if report.get("state") not in ("ready", "draining", "drained"):
        raise _broken("/state", "A node's state is ready, draining or drained.")
    part = _part(report, _presence(report))
    return (
        Node(
            id=node,
            region=_text(report, "region"),
            url=_text(report, "url"),
            metrics_url=_text(report, "metricsUrl"),
            command_queue_url=_text(report, "commandQueueUrl"),
            boot_id=_text(report, "bootId"),
            sequence=_count(report, "sequence"),
            reported_state=report["state"],
            capacity_units=_count(report, "capacityUnits"),
            used_units=_count(report, "usedUnits"),
            reserved_units=0,
            cpu_busy=_share(report, "cpuBusy"),
            meetings=_count(report, "meetingCount") if "meetingCount" in report else len(report["meetings"]),
            reported_at=reported_at,
            zone=_text(report, "zone") if "zone" in report else "",
            instance=_text(report, "instance") if "instance" in report else "",
            drain_until=_drain_until(report, reported_at),
        ),
        part,
    )


def _drain_until(report: Mapping[str, Any], reported_at: datetime) -> datetime | None:
    """To the second: a report travels a moment, and the same deadline should read the same each time."""
    if "drainSeconds" not in report:
        return None
    until = reported_at + timedelta(seconds=_share(report, "drainSeconds"))
    return (until + timedelta(milliseconds=500)).replace(microsecond=0)


def _part(report: Mapping[str, Any], presence: Presence) -> ReportPart:
    """Without more a report is whole."""
    lanes = report.get("lanes", list(range(LANES)))
    is_sound = isinstance(lanes, list) and lanes and all(type(lane) is int for lane in lanes)
    if not is_sound or not set(lanes) <= set(range(LANES)) or len(set(lanes)) != len(lanes):
        raise _broken("/lanes", f"The lanes of a report are different numbers from 0 to {LANES - 1}.")
    parts: dict[int, dict[MeetingId, MeetingPresence]] = {lane: {} for lane in lanes}
    for meeting, entry in presence.items():
        if lane_of(meeting) not in parts:
            raise _broken("/meetings", "A meeting of a report is in a lane that the report is about.")
        parts[lane_of(meeting)][meeting] = entry
    return ReportPart(parts)


def _presence(report: Mapping[str, Any]) -> Presence:
    meetings = report.get("meetings")
    if not isinstance(meetings, list):
        raise _broken("/meetings", "The meetings of a report are a list.")
    presence = _over(report)
    for entry in meetings:
        participants = entry.get("participants") if isinstance(entry, dict) else None
        if not isinstance(participants, list) or not all(isinstance(name, str) for name in participants):
            raise _broken(
                "/meetings", "A meeting of a report has an id, an epoch and a list of participants."
            )
        known = frozenset(ParticipantId(name) for name in participants)
        presence[MeetingId(_text(entry, "id"))] = MeetingPresence(
            _count(entry, "epoch"), known, *_egress(entry)
        )
    for name, recorders in read_recorders(report).items():
        presence[name] = dataclasses.replace(presence.get(name, NOBODY), recorders=recorders)
    return presence


def _over(report: Mapping[str, Any]) -> dict[MeetingId, MeetingPresence]:
    """Meetings that were on the node until a moment ago; nodes of before tell of none."""
    entries = report.get("over", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _broken("/over", "The meetings that are over are a list of objects.")
    return {
        MeetingId(_text(entry, "id")): MeetingPresence(_count(entry, "epoch"), frozenset(), *_egress(entry))
        for entry in entries
    }


def _egress(entry: Mapping[str, Any]) -> tuple[int, int]:
    if "session" not in entry:
        return 0, 0
    return _count(entry, "session"), _count(entry, "egressBytes")


def _text(report: Mapping[str, Any], name: str) -> str:
    value = report.get(name)
    if not isinstance(value, str) or not value or len(value) > 2048:
        raise _broken(f"/{name}", f"{name} is a text of 1 to 2,048 characters.")
    return value


def _count(report: Mapping[str, Any], name: str) -> int:
    value = report.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise _broken(f"/{name}", f"{name} is a whole number, 0 or more.")
    return value


def _share(report: Mapping[str, Any], name: str) -> float:
    value = report.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1e6:
        raise _broken(f"/{name}", f"{name} is a number, 0 or more.")
    return float(value)


def _broken(pointer: str, rule: str) -> ValidationFailedError:
    return ValidationFailedError([BrokenRule(pointer, rule)])
