"""Who comes into a meeting: at once, after a host has said so, or not at all.

The order is: barred people never; people who were in already always; then the time, the lock, the passcode,
and the waiting room. Never sees a passcode: the caller says whether it was right.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib.domain.identifiers import MeetingId
from chalicelib.domain.meeting import Meeting, opens_at
from chalicelib.domain.participant import AT_DOOR, Participant, Role

Entrance = Literal["enter", "wait", "barred", "early", "locked", "passcode", "guests"]


@dataclass(frozen=True)
class Newcomer:
    """Who asks to come in.

    `vouched` is somebody the tenant itself sends; only then its external id is more than a claim.
    """

    role: Role
    vouched: bool
    external_id: str | None
    # Of whom the meeting would bar, none of it readable.
    marks: frozenset[str]
    earlier: Participant | None


def entrance_of(meeting: Meeting, who: Newcomer, now: datetime, *, passcode_given: bool) -> Entrance:
    """How somebody comes in; "passcode" asks for the right one first."""
    earlier = who.earlier
    if who.marks & meeting.barred or (earlier is not None and earlier.state in ("removed", "denied")):
        return "barred"
    if earlier is not None and earlier.state not in AT_DOOR:
        # A host admitted this very person, or the meeting did.
        return "enter" if earlier.state != "left" or comes_back(meeting) else "wait"
    if earlier is not None:
        return "wait"
    if not (meeting.guests or who.vouched):
        return "guests"
    if who.vouched and who.role in ("host", "cohost", "recorder", "relay"):
        return "enter"
    opens = opens_at(meeting)
    if opens is not None and now < opens:
        return "early"
    if meeting.locked:
        return "locked"
    if meeting.passcode_hash is not None and not who.vouched and not passcode_given:
        return "passcode"
    return "wait" if meeting.waiting_room and not _is_expected(meeting, who) else "enter"


def comes_back(meeting: Meeting) -> bool:
    return not meeting.waiting_room or "returning" in meeting.auto_admit


def _is_expected(meeting: Meeting, who: Newcomer) -> bool:
    if not who.vouched:
        return False
    return "organisation" in meeting.auto_admit or who.external_id in meeting.auto_admit_external_ids


def mark_of(meeting: MeetingId, kind: Literal["externalId", "source"], value: str) -> str:
    """How a barred person is remembered: recognisable in this meeting, readable nowhere."""
    return hashlib.sha256(f"{meeting}\n{kind}\n{value}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
