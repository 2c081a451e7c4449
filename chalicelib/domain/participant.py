"""A participant: a person or a process in a meeting, with a role that says what it may do there."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from chalicelib.domain.identifiers import MeetingId, ParticipantId, RecordingId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.plain import FLEETING, SECRET

Role = Literal["host", "cohost", "participant", "viewer", "recorder", "relay"]
# waiting: asks to come in; gone: asked, and gave up or is not heard of; admitted: a host said yes, its client
# has not asked again yet; joining: has a token; joined: a node sees it; removed, denied: out for good.
ParticipantState = Literal["waiting", "gone", "admitted", "joining", "joined", "left", "removed", "denied"]
# Who has these was never let in.
AT_DOOR: frozenset[ParticipantState] = frozenset({"waiting", "gone"})

# A browser lets a page that is hidden for long ask once a minute; its questions are noted once in so long.
NOTED_EVERY = timedelta(seconds=15)
GONE_AFTER = timedelta(minutes=1) + NOTED_EVERY

Source = Literal["microphone", "camera", "screen", "screen_audio"]
ALL_SOURCES: tuple[Source, ...] = get_args(Source)
HEARD: tuple[Source, ...] = ("microphone", "screen_audio")


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
    # The epoch in which a node saw it last: what an earlier node says of it is the past.
    seen_epoch: int = 0
    # Since when it is there without a break, and the time that it was there before.
    here_since: datetime | None = None
    attended: timedelta = timedelta(0)
    # The recording that it was told of before it came in: who stays consents.
    told_of_recording: RecordingId | None = None
    # What was asked for with the idempotency key that its id is made of.
    request: str | None = field(default=None, metadata=SECRET)
    # A mark of the address it came from (domain/entrance.py), for bans.
    source: str | None = field(default=None, metadata=SECRET)
    # When somebody who waits was last known to ask.
    polled_at: datetime | None = field(default=None, compare=False, metadata=FLEETING)


def grants_of(role: Role) -> dict[str, object]:
    """What the join token lets its bearer do on the node."""
    publishes = role in ("host", "cohost", "participant", "relay")
    return {
        "publish": list(ALL_SOURCES) if publishes else [],
        "subscribe": True,
        "moderate": role in ("host", "cohost"),
    }


def gone(participant: Participant, state: ParticipantState, at: datetime) -> Participant:
    """Not there any more since a moment."""
    attended = attended_by(participant, at)
    return dataclasses.replace(participant, state=state, left_at=at, here_since=None, attended=attended)


def attended_by(participant: Participant, now: datetime) -> timedelta:
    """How long it has been there until now, in all."""
    if participant.here_since is None:
        return participant.attended
    return participant.attended + max(now - participant.here_since, timedelta(0))


def is_noted(participant: Participant, now: datetime) -> bool:
    """Whether that somebody who waits still asks was written down a moment ago."""
    return now - (participant.polled_at or participant.asked_at) < NOTED_EVERY


def is_silent(participant: Participant, now: datetime) -> bool:
    """Whether somebody who waits has not asked for so long that nobody is there."""
    silence = now - (participant.polled_at or participant.asked_at)
    return participant.state == "waiting" and silence > GONE_AFTER


def as_seen(participant: Participant, meeting: Meeting, now: datetime) -> Participant:
    """With what no event says: with the end of a meeting all have left, who is silent at the door is gone."""
    if meeting.state == "ended" and participant.state not in ("left", "removed", "denied"):
        return gone(participant, "left", meeting.ended_at or participant.asked_at)
    if is_silent(participant, now):
        return dataclasses.replace(participant, state="gone")
    return participant
