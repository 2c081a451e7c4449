"""Join: authorise, place, let in, hand out the token that the node verifies by itself.

At most two round trips to DynamoDB: one reads the meeting, one writes the participant together with the
placement or the units that it needs. The fleet's snapshot and codes are kept between calls.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.awaited import TOKEN_LIFETIME
from chalicelib.domain.decisions import admit
from chalicelib.domain.entrance import Entrance, Newcomer, entrance_of, mark_of
from chalicelib.domain.identifiers import NodeId, ParticipantId, RandomBytes, derived_id, is_id, new_id
from chalicelib.domain.meeting import Meeting, opens_at
from chalicelib.domain.moderation import give_up, marks_of, passcode_guessed, wait
from chalicelib.domain.participant import AT_DOOR, Participant, Role, grants_of, is_noted, is_silent
from chalicelib.domain.permissions import (
    DEFAULT_ROLE,
    GUEST_ROLE,
    ApiKeyCaller,
    Caller,
    Standing,
    UserCaller,
    standing_of,
)
from chalicelib.domain.placement import Node
from chalicelib.domain.regions import RegionWish
from chalicelib.domain.scopes import has_scope
from chalicelib.errors import (
    BarredError,
    ForbiddenError,
    GuestsNotAllowedError,
    IdempotencyConflictError,
    MeetingEndedError,
    MeetingFullError,
    MeetingLockedError,
    MeetingNotOpenError,
    NoCapacityError,
    PasscodeRequiredError,
    StoreUnavailableError,
    UnauthorizedError,
)
from chalicelib.services.changes import tries, write
from chalicelib.services.meetings import Meetings
from chalicelib.services.passcodes import Passcodes
from chalicelib.services.placing import Entered, Placing
from chalicelib.services.protocols import MeetingStore, Signer
from chalicelib.services.recorders import MEDIA_AUDIENCE
from chalicelib.services.tokens import RESUME_AUDIENCE, WAITING_AUDIENCE

RESUME_LIFETIME = timedelta(hours=24)
# Longer than anybody waits.
WAITING_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True)
class JoinWishes:
    """A join request that has passed validation."""

    display_name: str
    role: Role | None
    external_id: str | None
    resume_token: str | None
    region: RegionWish = field(default_factory=RegionWish)
    # A node that has refused the token it was given, being full.
    refused_by: NodeId | None = None
    passcode: str | None = None
    # The address that the request came from.
    source: str | None = None
    # The client's name for this request, and what it asks for: a repetition finds whom the first one let in.
    key: str | None = None
    request: str | None = None


@dataclass(frozen=True)
class Admission:
    """All that a client needs to connect."""

    meeting: Meeting
    participant: Participant
    node: Node
    standby: Node | None
    token: str
    token_expires_at: datetime
    resume_token: str


@dataclass(frozen=True)
class Waiting:
    """Somebody who may not come in yet: no node, no name of anybody, only a token to ask again with."""

    participant: Participant
    token: str


class Join:
    def __init__(
        self,
        meetings: Meetings,
        store: MeetingStore,
        placing: Placing,
        signer: Signer,
        passcodes: Passcodes,
        issuer: str,
        random_bytes: RandomBytes,
        clock: Callable[[], datetime],
    ) -> None:
        self._meetings = meetings
        self._store = store
        self._placing = placing
        self._signer = signer
        self._passcodes = passcodes
        self._issuer = issuer
        self._random_bytes = random_bytes
        self._clock = clock

    def join(self, caller: Caller, name: str, wishes: JoinWishes) -> Admission | Waiting:
        """Let somebody in, or let them wait for a host to do so.

        Raises:
            MeetingNotFoundError, MeetingEndedError, MeetingFullError, GuestsNotAllowedError, ForbiddenError,
            BarredError, MeetingNotOpenError, MeetingLockedError, PasscodeRequiredError, PasscodeWrongError,
            TooManyAttemptsError, LimitReachedError, NoCapacityError: see there.
        """
        passcode_given = False
        for attempt in tries():
            meeting = self._meetings.find(caller, name, "join_meeting")
            now = self._clock()
            if meeting.state == "ended":
                raise MeetingEndedError("This meeting has ended.")
            # Only where a first try has met somebody: that costs nothing where there is none.
            known = self._repeated(caller, meeting, wishes) if attempt > 0 else None
            who, participant = self._newcomer(caller, meeting, wishes, known, now)
            entrance = entrance_of(meeting, who, now, passcode_given=passcode_given)
            if entrance == "passcode":
                self._check_passcode(meeting, wishes, participant.source, now)
                passcode_given = True
                entrance = entrance_of(meeting, who, now, passcode_given=True)
            _refuse(entrance, meeting, now)
            if entrance == "wait":
                answer: Admission | Waiting | None = self._wait(meeting, participant, who.earlier, now)
            else:
                answer = self._admit(meeting, participant, who.earlier, wishes, now, attempt)
            if answer is not None:
                return answer
        raise NoCapacityError("Too many joins of this meeting came at once.")

    def ask_again(self, caller: Caller, name: str) -> Admission | Waiting:
        """What has become of somebody who waits.

        Raises:
            BarredError: Refused, or removed.
            UnauthorizedError: The caller has no token of a participant.
        """
        for attempt in tries():
            found = self._meetings.authorise(caller, name, "await_admission")
            meeting, me, now = found.meeting, found.me, self._clock()
            if me is None:
                raise UnauthorizedError("This call needs the token of somebody who waits.")
            if meeting.state == "ended":
                raise MeetingEndedError("This meeting has ended.")
            if me.state in ("removed", "denied"):
                _refuse("barred", meeting, now)
            if me.state in AT_DOOR:
                waiting = self._wait(meeting, me, me, now)
                if waiting is not None:
                    return waiting
                continue
            again = dataclasses.replace(me, asked_at=now)
            wishes = JoinWishes(me.display_name, None, None, None)
            admission = self._admit(meeting, again, me, wishes, now, attempt)
            if admission is not None:
                return admission
        raise NoCapacityError("Too many joins of this meeting came at once.")

    def give_up(self, caller: Caller, name: str) -> None:
        """Somebody waits no longer. The same again, and of whoever does not wait, changes nothing.

        Raises:
            UnauthorizedError: The caller has no token of a participant.
        """
        for _ in tries():
            found = self._meetings.authorise(caller, name, "await_admission")
            if found.me is None:
                raise UnauthorizedError("This call needs the token of somebody who waits.")
            if found.meeting.state == "ended":
                return
            if self._store.commit(give_up(found.meeting, found.me, self._clock())) is None:
                return
        raise StoreUnavailableError("Too many changes of this meeting came at once.")

    def _repeated(self, caller: Caller, meeting: Meeting, wishes: JoinWishes) -> Participant | None:
        """Whom an earlier request of the same key let in.

        Raises:
            IdempotencyConflictError: It asked for something else.
        """
        if wishes.key is None:
            return None
        name = keyed_id(caller, meeting, wishes.key)
        known = self._store.participants_by_id(meeting.id, {name}).get(name)
        if known is not None and known.request != wishes.request:
            raise IdempotencyConflictError("This Idempotency-Key came with another request before.")
        return known

    def _newcomer(
        self,
        caller: Caller,
        meeting: Meeting,
        wishes: JoinWishes,
        repeated: Participant | None,
        now: datetime,
    ) -> tuple[Newcomer, Participant]:
        earlier = repeated or self._resumed(meeting, wishes)
        standing = standing_of(caller, meeting, None)
        # Who signed in at the tenant is who it says; a server vouches for whom it names.
        vouched = standing in ("tenant", "organiser", "operator", "member")
        external_id = caller.user if isinstance(caller, UserCaller) and vouched else wishes.external_id
        source = None
        if wishes.source is not None and standing != "tenant":
            # A server speaks for many people: its address is none of theirs.
            source = mark_of(meeting.id, "source", wishes.source)
        participant = Participant(
            meeting=meeting.id,
            id=earlier.id if earlier else self._new_id(caller, meeting, wishes),
            display_name=wishes.display_name,
            role=role_of(caller, standing, wishes.role, earlier),
            asked_at=now,
            external_id=earlier.external_id if earlier and not vouched else external_id,
            source=source,
            request=earlier.request if earlier else (wishes.request if wishes.key is not None else None),
        )
        newcomer = Newcomer(participant.role, vouched, external_id, marks_of(participant), earlier)
        return newcomer, participant

    def _check_passcode(
        self, meeting: Meeting, wishes: JoinWishes, source: str | None, now: datetime
    ) -> None:
        if wishes.passcode is None:
            raise PasscodeRequiredError("This meeting has a passcode.")
        self._passcodes.check(
            meeting.id,
            meeting.passcode_hash or "",
            wishes.passcode,
            source,
            now,
            lambda: write(self._store, meeting.id, lambda current: passcode_guessed(current, now)),
        )

    def _wait(
        self, meeting: Meeting, participant: Participant, earlier: Participant | None, now: datetime
    ) -> Waiting | None:
        """None if the meeting must be read anew."""
        if earlier is not None and _stands_there(earlier, participant, now):
            if not is_noted(earlier, now):
                self._store.note_polled(earlier, now)
            return self._waiting(earlier, now)
        change = wait(meeting, participant, earlier, now)
        return self._waiting(participant, now) if self._store.commit(change) is None else None

    def _waiting(self, participant: Participant, now: datetime) -> Waiting:
        claims = self._claims(participant, now)
        expires = int((now + WAITING_LIFETIME).timestamp())
        token = self._signer.sign({**claims, "aud": WAITING_AUDIENCE, "exp": expires})
        return Waiting(participant, token)

    def _admit(
        self,
        meeting: Meeting,
        participant: Participant,
        earlier: Participant | None,
        wishes: JoinWishes,
        now: datetime,
        attempt: int,
    ) -> Admission | None:
        """None if the meeting must be read anew."""
        if earlier is None and meeting.present >= meeting.max_participants:
            raise MeetingFullError(f"This meeting has its {meeting.max_participants} participants.")
        change = admit(meeting, participant, earlier)
        entered = self._placing.enter(change, wishes.region, wishes.refused_by, now, fresh=attempt > 0)
        return self._admission(entered, participant.id, now) if entered is not None else None

    def _new_id(self, caller: Caller, meeting: Meeting, wishes: JoinWishes) -> ParticipantId:
        if wishes.key is not None:
            return keyed_id(caller, meeting, wishes.key)
        return ParticipantId(new_id("par", self._random_bytes))

    def _resumed(self, meeting: Meeting, wishes: JoinWishes) -> Participant | None:
        """Who a resume token names; an invalid one makes a new participant, as if there were none."""
        if wishes.resume_token is None:
            return None
        for audience in (RESUME_AUDIENCE, WAITING_AUDIENCE):
            claims = self._signer.verify(wishes.resume_token, audience, self._issuer)
            if claims is not None:
                break
        if claims is None or claims.get("mtg") != meeting.id or not is_id(str(claims["sub"]), "par"):
            return None
        known = ParticipantId(str(claims["sub"]))
        return self._store.participants_by_id(meeting.id, {known}).get(known)

    def _claims(self, participant: Participant, now: datetime) -> dict[str, Any]:
        issued = int(now.timestamp())
        about = {"sub": participant.id, "mtg": participant.meeting}
        return {"iss": self._issuer, **about, "iat": issued, "nbf": issued}

    def _admission(self, entered: Entered, admitted: ParticipantId, now: datetime) -> Admission:
        """The token says what was written: a move to another node is the next epoch."""
        node, change = entered.node, entered.change
        meeting, participant = change.after, change.participant_by_id[admitted]
        expires = now + TOKEN_LIFETIME
        common = self._claims(participant, now)
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
        return Admission(meeting, participant, node, entered.standby, token, expires, resume)


def _stands_there(earlier: Participant, participant: Participant, now: datetime) -> bool:
    """Whether hosts see this very person at the door already."""
    is_named_so = earlier.display_name == participant.display_name
    return earlier.state == "waiting" and is_named_so and not is_silent(earlier, now)


def keyed_id(caller: Caller, meeting: Meeting, key: str) -> ParticipantId:
    """Each caller has keys of its own; those of guests are everybody's, and so must not be guessed."""
    whose = "guest"
    if isinstance(caller, ApiKeyCaller):
        whose = f"tenant {caller.tenant}"
    elif isinstance(caller, UserCaller):
        whose = f"user {caller.user}"
    return ParticipantId(derived_id("par", meeting.id, whose, key))


def role_of(
    caller: Caller, standing: Standing, asked: Role | None, earlier: Participant | None = None
) -> Role:
    """A server chooses a role; the organiser hosts; others have the role they were given, or take part.

    Raises:
        ForbiddenError: A guest asks for another role.
    """
    given = earlier.role if earlier is not None else None
    if isinstance(caller, ApiKeyCaller) and has_scope(caller, "choose_role"):
        return asked or given or DEFAULT_ROLE
    own = "host" if standing == "organiser" else given or GUEST_ROLE
    if asked not in (None, own):
        raise ForbiddenError(f"A guest cannot have the role {asked}.")
    return own


def _refuse(entrance: Entrance, meeting: Meeting, now: datetime) -> None:
    """Raise what keeps somebody out; nothing for who may enter or wait."""
    if entrance == "barred":
        raise BarredError("You cannot come into this meeting any more.")
    if entrance == "early":
        opens = opens_at(meeting) or now
        raise MeetingNotOpenError(
            f"This meeting opens at {opens.isoformat(timespec='seconds')}.",
            math.ceil((opens - now).total_seconds()),
        )
    if entrance == "guests":
        raise GuestsNotAllowedError("This meeting is not open to guests.")
    if entrance == "locked":
        raise MeetingLockedError("This meeting is locked: nobody new comes in.")
