"""People who have a token and whom no node has seen yet: how many a meeting waits for, and until when.

A token is good for five minutes. Who has not been seen by a node when it has run out, and the node's reports
have had their time, does not come with it: it has left, and what its coming held is given back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.events import Change
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant, ParticipantState, gone

TOKEN_LIFETIME = timedelta(minutes=5)
# A node is lost after ten seconds without a report: whoever connected is known long before.
LAPSES_AFTER = TOKEN_LIFETIME + timedelta(minutes=1)
# A transaction of DynamoDB has 100 items: the meeting, its time, and two for each who left.
MOST_AT_ONCE = 45


def awaited(
    meeting: Meeting, was: ParticipantState | None, becomes: ParticipantState, asked_at: datetime
) -> dict[str, Any]:
    """The fields of a meeting that change with the state of one of its people.

    Args:
        was: None for somebody new.
        asked_at: When the token was given.
    """
    joining = max(0, meeting.joining + (becomes == "joining") - (was == "joining"))
    if joining == 0:
        return {"joining": 0, "lapses_at": None}
    # The earliest counts: then it is looked who is left to wait for.
    return {"joining": joining, "lapses_at": meeting.lapses_at or asked_at + LAPSES_AFTER}


def lapse(meeting: Meeting, people: Iterable[Participant], now: datetime) -> tuple[Change, bool]:
    """Those whose tokens have run out unused have left; a place that nobody came to is given back.

    The node stays named, with nothing set aside: a report that comes late all the same still counts.

    Args:
        people: Everybody who was ever in the meeting.

    Returns:
        The change, and whether it is the whole of it: a crowd goes in several.
    """
    change = Change.of(meeting)
    if meeting.state == "ended":
        return change, True
    joining = [one for one in people if one.state == "joining"]
    late = [one for one in joining if one.asked_at + LAPSES_AFTER <= now]
    for one in late[:MOST_AT_ONCE]:
        change = change.then("participant.left", now, gone(one, "left", now))
    if len(late) > MOST_AT_ONCE:
        return change, False
    on_time = [one.asked_at + LAPSES_AFTER for one in joining if one not in late]
    fields: dict[str, Any] = {"joining": len(on_time), "lapses_at": min(on_time, default=None)}
    if change.events:
        change = change.also(**fields)
    elif any(getattr(meeting, name) != value for name, value in fields.items()):
        change = change.then("meeting.awaiting", now, **fields)
    return _without_place(change, now) if not on_time else change, True


def _without_place(change: Change, now: datetime) -> Change:
    meeting = change.after
    if meeting.state != "created" or meeting.placement is None or not meeting.placement.units:
        return change
    placement = dataclasses.replace(meeting.placement, units=0)
    return change.then("meeting.released", now, placement=placement, counted_live=False)
