"""Values for tests: sound by default, with the one thing that matters said."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.identifiers import KeyId, MeetingId, NodeId, ParticipantId, Tenant, new_code, new_id
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.placement import Node

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def a_meeting(**changes: Any) -> Meeting:
    meeting = Meeting(
        id=MeetingId(new_id("mtg", os.urandom)),
        code=new_code(os.urandom),
        tenant=Tenant("acme"),
        home_region="local",
        created_at=NOW,
    )
    return dataclasses.replace(meeting, **changes)


def an_api_key(**changes: Any) -> ApiKey:
    key = ApiKey(
        id=KeyId(new_id("key", os.urandom)),
        tenant=Tenant("acme"),
        name="server",
        secret_digest="digest",
        scopes=frozenset({"webhooks"}),
        created_at=NOW,
    )
    return dataclasses.replace(key, **changes)


def a_node(**changes: Any) -> Node:
    name = NodeId(new_id("node", os.urandom))
    node = Node(
        id=name,
        region="local",
        url=f"http://127.0.0.1/{name}",
        metrics_url="http://127.0.0.1/metrics",
        command_queue_url=f"http://queue/{name}",
        boot_id="boot-1",
        sequence=1,
        reported_state="ready",
        capacity_units=100,
        used_units=0,
        reserved_units=0,
        cpu_busy=0.1,
        meetings=0,
        reported_at=NOW,
    )
    return dataclasses.replace(node, **changes)


def a_recorder(
    node: Node, meeting: str, recording: str, now: datetime, state: str = "recording", **changes: Any
) -> dict[str, Any]:
    """What a node's report says of one recorder."""
    started = int(now.timestamp() * 1_000_000)
    return {
        "recording": recording,
        "meeting": meeting,
        "state": state,
        "reason": None,
        "prefix": f"nodes/{node.id}/{recording}-{'a' * 26}/",
        "segments": 3,
        "bytes": 1000,
        "tracks": 2,
        "startedUs": started,
        "endedUs": started if state == "stopped" else None,
        **changes,
    }


def a_participant(meeting: Meeting, **changes: Any) -> Participant:
    participant = Participant(
        meeting=meeting.id,
        id=ParticipantId(new_id("par", os.urandom)),
        display_name="Ann",
        role="participant",
        asked_at=NOW,
    )
    return dataclasses.replace(participant, **changes)
