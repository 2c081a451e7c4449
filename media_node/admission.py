"""Who may come in: what the state of the meeting and of the node says about the bearer of a sound token."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from media_node.errors import ConflictError, MeetingEndedError, NodeFullError, NotGrantedError
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Participant, Standing
from media_node.quantities import Instant, MeetingId, ParticipantId, SlotId
from media_node.tokens import Claims

# Ended meetings and removed participants are remembered longer than a join token lives.
MEMORY_SECONDS = 600.0

# In what a node is filled by: Mbit/s that it sends. Three voices are the least that somebody receives.
UNIT_BPS = 1_000_000
LEAST_BPS = 125_000

State = Literal["ready", "draining", "drained"]
Key = tuple[MeetingId, ParticipantId]


@dataclass
class Admission:
    """The rules of admission of one node, and what it remembers for them."""

    # In units.
    capacity: int
    # Closing: nobody comes in any more.
    is_closing: bool = False
    # Draining: the meetings that are here go on, and end or leave by then; None for as long as they like.
    is_draining: bool = False
    drained_by: Instant | None = None
    # Short of CPU: those who are here keep what there is.
    is_refusing: bool = False
    # What the node has sent in the last second.
    egress_bps: float = 0.0
    refused: int = 0
    _ended: dict[MeetingId, float] = field(default_factory=dict)
    _removed: dict[Key, float] = field(default_factory=dict)
    # What hosts made of people: stronger than tokens that were made before.
    _changed: dict[Key, tuple[float, Standing]] = field(default_factory=dict)

    def check(self, claims: Claims, meeting: Meeting | None, *, is_new: bool, participants: int) -> None:
        """Refuse whoever may not come in.

        Args:
            claims: Of the token.
            meeting: As it is here, None when this would be its first participant.
            is_new: Not the same participant once more, whose seat it would take over.
            participants: On this node, in all meetings.

        Raises:
            MeetingEndedError, NotGrantedError, ConflictError, NodeFullError: As the state says.
        """
        key = (MeetingId(claims.meeting), ParticipantId(claims.participant))
        if key[0] in self._ended:
            raise MeetingEndedError("the meeting has ended")
        if key in self._removed:
            raise NotGrantedError("this participant was removed from the meeting")
        if self.is_closing or (self.is_draining and meeting is None):
            raise NodeFullError("this node is closing")
        if meeting is not None and claims.epoch < meeting.epoch:
            raise ConflictError("the meeting has moved since this token was made: join again")
        # A second recorder costs what one more viewer does, and is worth more.
        if is_new and not claims.takes_all:
            self._check_room(claims, meeting, participants)

    def used_units(self, participants: int) -> int:
        """Units in use: what is sent, or at least what people who have just come will be sent."""
        return math.ceil(max(self.egress_bps, participants * LEAST_BPS) / UNIT_BPS)

    def _check_room(self, claims: Claims, meeting: Meeting | None, participants: int) -> None:
        limit = claims.max_participants
        if limit is not None and meeting is not None and len(meeting.participant_by_id) >= limit:
            raise ConflictError("the meeting is full")
        if self.is_refusing or self.used_units(participants) >= self.capacity:
            self.refused += 1
            raise NodeFullError("this node is full")

    def drain(self, deadline: Instant | None) -> None:
        self.is_draining, self.drained_by = True, deadline

    def undrain(self) -> None:
        self.is_draining, self.is_closing, self.drained_by = False, False, None

    def is_overdue(self, now: Instant) -> bool:
        """Whether the meetings that are still here have to go."""
        return self.is_draining and self.drained_by is not None and now >= self.drained_by

    def drain_seconds(self, now: Instant) -> float | None:
        """How long meetings may still go on here; None where nothing ends them."""
        if not self.is_draining or self.drained_by is None:
            return None
        return max(0.0, self.drained_by - now)

    def state(self, meetings: int) -> State:
        """What the node tells of itself."""
        if self.is_closing or (self.is_draining and meetings == 0):
            return "drained"
        return "draining" if self.is_draining else "ready"

    def note_ended(self, now: Instant, meeting: MeetingId) -> None:
        self._ended[meeting] = now + MEMORY_SECONDS

    def note_removed(self, now: Instant, key: Key) -> None:
        self._removed[key] = now + MEMORY_SECONDS

    def note_admitted(self, key: Key) -> None:
        """Who was removed may come back."""
        self._removed.pop(key, None)

    def note_changed(self, now: Instant, key: Key, standing: Standing) -> None:
        self._changed[key] = (now + MEMORY_SECONDS, standing)

    def current(self, claims: Claims) -> Claims:
        """The claims of a token with what has changed since it may have been made."""
        known = self._changed.get((MeetingId(claims.meeting), ParticipantId(claims.participant)))
        if known is None:
            return claims
        now_is = known[1]
        return replace(
            claims,
            role=now_is.role,
            display_name=now_is.display_name,
            publish=now_is.publish_grants,
            may_moderate=now_is.may_moderate,
        )

    def handle_timeout(self, now: Instant) -> None:
        """Forget what no token can ask for any more."""
        self._ended = {meeting: until for meeting, until in self._ended.items() if until > now}
        self._removed = {key: until for key, until in self._removed.items() if until > now}
        self._changed = {key: kept for key, kept in self._changed.items() if kept[0] > now}


def participant_of(
    claims: Claims, audio: list[SlotId], video: list[SlotId], decodes: Mapping[str, bool] | None
) -> Participant:
    """The bearer of a token as a member of its meeting."""
    return Participant(
        id=ParticipantId(claims.participant),
        display_name=claims.display_name,
        role=claims.role,
        joined_at=datetime.now(UTC),
        publish_grants=claims.publish,
        may_subscribe=claims.may_subscribe,
        may_moderate=claims.may_moderate,
        audio_slots=audio,
        video_slots=video,
        decodes=decodes if claims.may_subscribe else None,
    )
