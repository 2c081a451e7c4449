"""What happens to a meeting, as changes with their events: created, placed, entered, left, ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.awaited import awaited
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import NodeId, ParticipantId
from chalicelib.domain.meeting import EndReason, Meeting, Placement, attended_by
from chalicelib.domain.participant import Participant, ParticipantState, gone
from chalicelib.domain.presence import PresenceChange
from chalicelib.domain.recording import Recording, ask
from chalicelib.domain.recording_changes import note
from chalicelib.domain.usage import Carried, bytes_of, merged

# A transaction of DynamoDB has 100 items: the meeting, and two for each who came or went.
MOST_IN_ONE_CHANGE = 45
# Whom a node may bring in or take out: it cannot bring back who was removed, nor let in who waits.
COMING: tuple[ParticipantState, ...] = ("joining", "left")
GOING: tuple[ParticipantState, ...] = ("joining", "joined")


def end(
    meeting: Meeting, reason: EndReason, now: datetime, recordings: Iterable[Recording] = ()
) -> Change | None:
    """None if it has ended before. A recording that goes on stops with it."""
    if meeting.state == "ended":
        return None
    counted = _count(meeting, 0, now)
    change = Change.of(meeting).then(
        "meeting.ended", now, state="ended", ended_at=now, end_reason=reason, **counted
    )
    for recording in recordings:
        change = note(change, ask(recording, "stopped", now), now)
    return change


def delete(meeting: Meeting, now: datetime) -> Change | None:
    """End it if it goes on, and take from it what says what it was about; None if that was done before."""
    if meeting.deleted_at is not None:
        return None
    change = end(meeting, "requested", now) or Change.of(meeting)
    return change.then("meeting.deleted", now, deleted_at=now, title=None, metadata={}, passcode_hash=None)


def admit(meeting: Meeting, participant: Participant, earlier: Participant | None) -> Change:
    """Let somebody in. Who comes again keeps what is known, and is there if the node still says so."""
    if earlier is not None:
        participant = dataclasses.replace(
            participant,
            state="joined" if earlier.state == "joined" else "joining",
            joined_at=earlier.joined_at,
            left_at=earlier.left_at,
            seen_epoch=earlier.seen_epoch,
            here_since=earlier.here_since,
            attended=earlier.attended,
        )
    if meeting.active_recording is not None:
        participant = dataclasses.replace(participant, told_of_recording=meeting.active_recording.id)
    was = earlier.state if earlier is not None else None
    awaits = awaited(meeting, was, participant.state, participant.asked_at)
    change = Change.of(meeting).then("participant.admitted", participant.asked_at, participant, **awaits)
    return change if earlier is not None else change.with_newcomer(participant.id)


def place(change: Change, placement: Placement, now: datetime) -> Change:
    """Give the meeting its node, or more of it; another node is the next epoch, and nobody is there yet."""
    meeting = change.after
    stays = meeting.placement is not None and meeting.placement.node == placement.node
    if meeting.placement == placement:
        return change
    if stays:
        # Another standby alone is no growth.
        grows = meeting.placement is not None and meeting.placement.units != placement.units
        return change.then("meeting.grown" if grows else "meeting.standby_named", now, placement=placement)
    empty_since = meeting.empty_since or (now if meeting.state == "live" else None)
    counted = _count(meeting, 0, now) if meeting.present else {}
    return change.then(
        "meeting.placed",
        now,
        placement=placement,
        epoch=meeting.epoch + 1,
        empty_since=empty_since,
        **counted,
    )


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
    here = [known[one] for one in sorted(seen.came) if one in known]
    came = [one for one in here if one.state in COMING or _is_seen_anew(one, seen)]
    went = [known[one] for one in sorted(seen.went) if one in known and known[one].state in GOING]
    moves = [*((one, True) for one in came), *((one, False) for one in went)]
    change = Change.of(meeting)
    for participant, is_there in moves[:MOST_IN_ONE_CHANGE]:
        change = _came(change, participant, seen, now) if is_there else _left(change, participant, now, now)
    complete = len(moves) <= MOST_IN_ONE_CHANGE
    return (_counted(change, seen.present, now, now) if complete else change), complete


def note_egress(change: Change, seen: PresenceChange, boot_id: str, now: datetime) -> Change:
    """What a node has sent for a meeting, also for one that has ended or moved on."""
    meeting = change.after
    if not seen.session:
        return change
    carried = merged(meeting.carried, Carried(boot_id, seen.session, seen.egress_bytes))
    if carried == meeting.carried:
        return change
    if change.events:
        return change.also(carried=carried, egress_bytes=bytes_of(carried))
    return change.then("meeting.counted", now, carried=carried, egress_bytes=bytes_of(carried))


def note_loss(
    meeting: Meeting,
    people: Iterable[Participant],
    node: NodeId,
    epoch: int,
    last_seen: datetime,
    now: datetime,
) -> tuple[Change, bool]:
    """What the loss of a node changes: whom no other node has seen since left when it last reported.

    Args:
        people: Everybody who was ever in the meeting.
        epoch: The one in which the node carried it.

    Returns:
        The change, and whether it is the whole of it.
    """
    ghosts = [one for one in people if one.state == "joined" and one.seen_epoch <= epoch]
    carried = meeting.placement is not None and meeting.placement.node == node
    change = Change.of(meeting)
    if meeting.state == "ended":
        return change, True
    for ghost in ghosts[:MOST_IN_ONE_CHANGE]:
        if carried:
            change = _left(change, ghost, last_seen, now)
        else:
            # Another node counts who is there now.
            change = change.then("participant.left", now, gone(ghost, "left", last_seen))
    complete = len(ghosts) <= MOST_IN_ONE_CHANGE
    if complete and carried and meeting.state == "live":
        change = _counted(change, 0, last_seen, now)
    return change, complete


def _is_seen_anew(participant: Participant, seen: PresenceChange) -> bool:
    return participant.state == "joined" and participant.seen_epoch < seen.epoch


def _came(change: Change, participant: Participant, seen: PresenceChange, now: datetime) -> Change:
    if participant.state == "joined":
        moved = dataclasses.replace(participant, seen_epoch=seen.epoch)
        return change.then("participant.moved", now, moved)
    joined = dataclasses.replace(
        participant,
        state="joined",
        joined_at=participant.joined_at or now,
        left_at=None,
        seen_epoch=seen.epoch,
        here_since=now,
    )
    counted = _count(change.after, change.after.present + 1, now)
    awaits = awaited(change.after, participant.state, "joined", participant.asked_at)
    return change.then("participant.joined", now, joined, **counted, **awaits)


def _left(change: Change, participant: Participant, last_seen: datetime, now: datetime) -> Change:
    counted = _count(change.after, max(0, change.after.present - 1), last_seen)
    awaits = awaited(change.after, participant.state, "left", participant.asked_at)
    return change.then("participant.left", now, gone(participant, "left", last_seen), **counted, **awaits)


def _counted(change: Change, present: int, since: datetime, now: datetime) -> Change:
    """Live with the first who comes, empty with the last who goes; the node's own count is what counts."""
    meeting = change.after
    counted = _count(meeting, present, since)
    if present == 0:
        if meeting.empty_since is None:
            return change.then("meeting.emptied", now, empty_since=since, **counted)
    elif meeting.state == "created":
        return change.then(
            "meeting.started", now, state="live", live_since=since, empty_since=None, **counted
        )
    elif meeting.empty_since is not None:
        return change.then("meeting.resumed", now, empty_since=None, **counted)
    if meeting.present != present:
        return change.then("meeting.counted", now, **counted)
    return change


def _count(meeting: Meeting, present: int, since: datetime) -> dict[str, Any]:
    """Another number of people from a moment on, and the time that they have spent there before."""
    if meeting.present == present == 0:
        return {"present": 0}
    # Reports and requests are timed by different clocks: what was counted is not counted again.
    counted_at = max(since, meeting.counted_at or since)
    return {"present": present, "attended": attended_by(meeting, since), "counted_at": counted_at}
