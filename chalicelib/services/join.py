"""Join: authorise, place, let in, hand out the token that the node verifies by itself.

At most two round trips to DynamoDB: one reads the meeting, one writes the participant together with the
placement or the units that it needs. The fleet's snapshot and codes are kept between calls.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.decisions import admit, place
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import ParticipantId, RandomBytes, is_id, new_id
from chalicelib.domain.meeting import Meeting, Placement
from chalicelib.domain.participant import Participant, Role, grants_of
from chalicelib.domain.permissions import DEFAULT_ROLE, GUEST_ROLE, Caller, is_allowed
from chalicelib.domain.placement import ChooseIndex, Node, Reservation, choose_node, units_wanted
from chalicelib.errors import ForbiddenError, MeetingEndedError, MeetingFullError, NoCapacityError
from chalicelib.services.changes import tries
from chalicelib.services.fleet import Fleet
from chalicelib.services.meetings import Meetings
from chalicelib.services.protocols import MeetingStore, Signer

TOKEN_LIFETIME = timedelta(minutes=5)
RESUME_LIFETIME = timedelta(hours=24)
MEDIA_AUDIENCE = "parley-media"
RESUME_AUDIENCE = "parley-resume"


@dataclass(frozen=True)
class JoinWishes:
    """A join request that has passed validation."""

    display_name: str
    role: Role | None
    external_id: str | None
    resume_token: str | None
    region: str | None


@dataclass(frozen=True)
class Admission:
    """All that a client needs to connect."""

    meeting: Meeting
    participant: Participant
    node: Node
    token: str
    token_expires_at: datetime
    resume_token: str


class Join:
    def __init__(
        self,
        meetings: Meetings,
        store: MeetingStore,
        fleet: Fleet,
        signer: Signer,
        issuer: str,
        random_bytes: RandomBytes,
        choose_index: ChooseIndex,
        clock: Callable[[], datetime],
    ) -> None:
        self._meetings = meetings
        self._store = store
        self._fleet = fleet
        self._signer = signer
        self._issuer = issuer
        self._random_bytes = random_bytes
        self._choose_index = choose_index
        self._clock = clock

    def join(self, caller: Caller, name: str, wishes: JoinWishes) -> Admission:
        """Let somebody in.

        Raises:
            MeetingNotFoundError, MeetingEndedError, MeetingFullError, GuestsNotAllowedError, ForbiddenError,
            NoCapacityError: see there.
        """
        for attempt in tries():
            meeting = self._meetings.find(caller, name, "join_meeting")
            admission = self._try(caller, meeting, wishes, fresh=attempt > 0)
            if admission is not None:
                return admission
        raise NoCapacityError("Too many joins of this meeting came at once.")

    def _try(self, caller: Caller, meeting: Meeting, wishes: JoinWishes, *, fresh: bool) -> Admission | None:
        now = self._clock()
        if meeting.state == "ended":
            raise MeetingEndedError("This meeting has ended.")
        earlier = self._resumed(meeting, wishes)
        if earlier is None and meeting.present >= meeting.max_participants:
            raise MeetingFullError(f"This meeting has its {meeting.max_participants} participants.")
        participant = Participant(
            meeting=meeting.id,
            id=earlier.id if earlier else ParticipantId(new_id("par", self._random_bytes)),
            display_name=wishes.display_name,
            role=role_of(caller, wishes.role),
            asked_at=now,
            external_id=wishes.external_id,
        )
        entered = self._enter(admit(meeting, participant, earlier), wishes.region, now, fresh=fresh)
        return self._admission(*entered, participant.id, now) if entered is not None else None

    def _enter(
        self, change: Change, region: str | None, now: datetime, *, fresh: bool
    ) -> tuple[Change, Node] | None:
        """Write who comes in, on the meeting's node or a new one; None if the meeting must be read anew."""
        meeting = change.before
        node = self._current_node(meeting, now, fresh=fresh)
        if node is None:
            return self._place(change, region or meeting.home_region, now, fresh=fresh)
        entered, obstacle = self._commit(change, node, units_wanted(meeting), now)
        if obstacle == "node":
            raise NoCapacityError("The media node of this meeting has no room for more.")
        return (entered, node) if obstacle is None else None

    def _current_node(self, meeting: Meeting, now: datetime, *, fresh: bool) -> Node | None:
        """The meeting's node while it is there to be joined. One that drains keeps the meetings it has."""
        if meeting.placement is None:
            return None
        for node in self._fleet.snapshot(meeting.placement.region, fresh=fresh):
            if node.id == meeting.placement.node and node.state(now) != "lost":
                return node
        return None

    def _place(
        self, change: Change, region: str, now: datetime, *, fresh: bool
    ) -> tuple[Change, Node] | None:
        units = units_wanted(dataclasses.replace(change.before, placement=None))
        candidates = list(self._fleet.snapshot(region, fresh=fresh))
        while True:
            node = choose_node(candidates, units, now, self._choose_index)
            if node is None:
                raise NoCapacityError("No media node has room for this meeting now.")
            entered, obstacle = self._commit(change, node, units, now)
            if obstacle != "node":
                return (entered, node) if obstacle is None else None
            candidates.remove(node)

    def _commit(
        self, change: Change, node: Node, units: int, now: datetime
    ) -> tuple[Change, Literal["meeting", "node"] | None]:
        """Set the units aside that the meeting does not hold on this node yet, with the change."""
        before = change.before.placement
        held = before.units if before is not None and before.node == node.id else 0
        if held == units:
            return change, self._store.commit(change)
        placed = place(change, Placement(node.id, node.url, node.region, units), now)
        return placed, self._store.commit(placed, Reservation(node, units - held))

    def _resumed(self, meeting: Meeting, wishes: JoinWishes) -> Participant | None:
        """Who a resume token names; an invalid one makes a new participant, as if there were none."""
        if wishes.resume_token is None:
            return None
        claims = self._signer.verify(wishes.resume_token, RESUME_AUDIENCE, self._issuer)
        if claims is None or claims.get("mtg") != meeting.id or not is_id(str(claims["sub"]), "par"):
            return None
        known = ParticipantId(str(claims["sub"]))
        return self._store.participants_by_id(meeting.id, {known}).get(known)

    def _admission(self, change: Change, node: Node, admitted: ParticipantId, now: datetime) -> Admission:
        """The token says what was written: a move to another node is the next epoch."""
        meeting, participant = change.after, change.participant_by_id[admitted]
        issued = int(now.timestamp())
        expires = now + TOKEN_LIFETIME
        common = {"iss": self._issuer, "sub": participant.id, "mtg": meeting.id, "iat": issued, "nbf": issued}
        token = self._signer.sign(
            {
                **common,
                "aud": MEDIA_AUDIENCE,
                "node": node.id,
                "role": participant.role,
                "name": participant.display_name,
                "grants": grants_of(participant.role),
                "epoch": meeting.epoch,
                "mxp": meeting.max_participants,
                "exp": int(expires.timestamp()),
                "jti": self._random_bytes(16).hex(),
            }
        )
        resume_expires = int((now + RESUME_LIFETIME).timestamp())
        resume = self._signer.sign({**common, "aud": RESUME_AUDIENCE, "exp": resume_expires})
        return Admission(meeting, participant, node, token, expires, resume)


def role_of(caller: Caller, asked: Role | None) -> Role:
    """A server chooses a role; a guest is a participant and may say so.

    Raises:
        ForbiddenError: A guest asks for another role.
    """
    if is_allowed(caller, "choose_role"):
        return asked or DEFAULT_ROLE
    if asked not in (None, GUEST_ROLE):
        raise ForbiddenError(f"A guest cannot have the role {asked}.")
    return GUEST_ROLE
