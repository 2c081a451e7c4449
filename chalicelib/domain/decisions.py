"""What happens to a meeting, as changes with their events: created, placed, entered, left, ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import NodeId, ParticipantId
from chalicelib.domain.meeting import EndReason, Meeting, Placement
from chalicelib.domain.participant import Participant, ParticipantState
from chalicelib.domain.presence import PresenceChange

# A transaction of DynamoDB has 100 items: the meeting, and two for each who came or went.
MOST_IN_ONE_CHANGE = 45
# Whom a node may bring in or take out: it cannot bring back who was removed, nor let in who waits.
COMING: tuple[ParticipantState, ...] = ("joining", "left")
GOING: tuple[ParticipantState, ...] = ("joining", "joined")


def end(meeting: Meeting, reason: EndReason, now: datetime) -> Change | None:
    """None if it has ended before."""
    if meeting.state == "ended":
        return None
    return Change.of(meeting).then(
        "meeting.ended", now, state="ended", ended_at=now, end_reason=reason, present=0
    )


def admit(meeting: Meeting, participant: Participant, earlier: Participant | None) -> Change:
    """Let somebody in. Who comes again keeps what is known, and is there if the node still says so."""
    if earlier is not None:
        participant = dataclasses.replace(
            participant,
            state="joined" if earlier.state == "joined" else "joining",
            joined_at=earlier.joined_at,
            left_at=earlier.left_at,
        )
    return Change.of(meeting).then("participant.admitted", participant.asked_at, participant)


def place(change: Change, placement: Placement, now: datetime) -> Change:
    """Give the meeting its node, or more of it; another node is the next epoch."""
    meeting = change.after
    stays = meeting.placement is not None and meeting.placement.node == placement.node
    if meeting.placement == placement:
        return change
    kind = "meeting.grown" if stays else "meeting.placed"
    epoch = meeting.epoch if stays else meeting.epoch + 1
    return change.then(kind, now, placement=placement, epoch=epoch)


def is_current(meeting: Meeting, change: PresenceChange, node: NodeId) -> bool:
    """Whether what a node says of a meeting still counts."""
    if meeting.state == "ended" or meeting.placement is None:
        return False
    return meeting.placement.node == node and meeting.epoch <= change.epoch


def note_presence(
    meeting: Meeting,
    known: Mapping[ParticipantId, Participant],
    seen: PresenceChange,
    now: datetime,
) -> tuple[Change, bool]:
    """What a node's report changes; nothing at all if it was applied before.

    Returns:
        The change, and whether it is the whole of it: a crowd comes in several.
    """
    came = [known[one] for one in sorted(seen.came) if one in known and known[one].state in COMING]
    went = [known[one] for one in sorted(seen.went) if one in known and known[one].state in GOING]
    moves = [*((one, True) for one in came), *((one, False) for one in went)]
    change = Change.of(meeting)
    for participant, is_there in moves[:MOST_IN_ONE_CHANGE]:
        change = _moved(change, participant, now) if is_there else _left(change, participant, now)
    complete = len(moves) <= MOST_IN_ONE_CHANGE
    return (_counted(change, seen.present, now) if complete else change), complete


def _moved(change: Change, participant: Participant, now: datetime) -> Change:
    joined = dataclasses.replace(
        participant, state="joined", joined_at=participant.joined_at or now, left_at=None
    )
    return change.then("participant.joined", now, joined, present=change.after.present + 1)


def _left(change: Change, participant: Participant, now: datetime) -> Change:
    gone = dataclasses.replace(participant, state="left", left_at=now)
    return change.then("participant.left", now, gone, present=max(0, change.after.present - 1))


def _counted(change: Change, present: int, now: datetime) -> Change:
    """Live with the first who comes, empty with the last who goes; the node's own count is what counts."""
    meeting = change.after
    if present == 0:
        if meeting.empty_since is None:
            return change.then("meeting.emptied", now, present=0, empty_since=now)
    elif meeting.state == "created":
        return change.then(
            "meeting.started", now, present=present, state="live", live_since=now, empty_since=None
        )
    elif meeting.empty_since is not None:
        return change.then("meeting.resumed", now, present=present, empty_since=None)
    if meeting.present != present:
        return change.then("meeting.counted", now, present=present)
    return change
