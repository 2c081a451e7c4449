"""A participant: a person or a process in a meeting, with a role that says what it may do there."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib.domain.identifiers import MeetingId, ParticipantId
from chalicelib.domain.meeting import Meeting

Role = Literal["host", "cohost", "participant", "viewer", "recorder", "relay"]
ParticipantState = Literal["joining", "joined", "left"]

ALL_SOURCES = ("microphone", "camera", "screen", "screen_audio")


@dataclass(frozen=True)
class Participant:
    meeting: MeetingId
    id: ParticipantId
    display_name: str
    role: Role
    # When the token was given; the node tells when the participant really was there.
    asked_at: datetime
    external_id: str | None = None
    state: ParticipantState = "joining"
    joined_at: datetime | None = None
    left_at: datetime | None = None


def grants_of(role: Role) -> dict[str, object]:
    """What the join token lets its bearer do on the node."""
    publishes = role in ("host", "cohost", "participant", "relay")
    return {
        "publish": list(ALL_SOURCES) if publishes else [],
        "subscribe": True,
        "moderate": role in ("host", "cohost"),
    }


def as_seen(participant: Participant, meeting: Meeting) -> Participant:
    """With the end of a meeting everybody has left: one event says so for all of them."""
    if meeting.state != "ended" or participant.state == "left":
        return participant
    return dataclasses.replace(participant, state="left", left_at=meeting.ended_at)
