"""Who asks to share a screen in the place of somebody who shares now.

Owns the open questions of one meeting. Whoever shares answers, or a host; that a yes ends the share that is
there is the meeting's doing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from media_node.errors import ConflictError, NotFoundError, NotGrantedError, TooOftenError
from media_node.meetings.allowance import Allowance
from media_node.meetings.model import Participant
from media_node.quantities import Instant, ParticipantId

# A question disturbs whoever presents: three at once, then one in twenty seconds.
ASK_BURST = 3
ASKS_PER_SECOND = 0.05


@dataclass
class ShareRequests:
    """The open questions; the same person asking again asks the same question."""

    _open: set[ParticipantId] = field(default_factory=set)
    _allowance_by_participant: dict[ParticipantId, Allowance] = field(default_factory=dict)

    def handle_leave(self, participant: ParticipantId) -> None:
        self._open.discard(participant)
        self._allowance_by_participant.pop(participant, None)

    def handle_question(self, member: Participant, is_somebody_sharing: bool, now: Instant) -> None:
        """Take a question.

        Raises:
            NotGrantedError: The member may share nothing at all.
            ConflictError: Nobody else shares, so that there is nobody to ask.
            TooOftenError: It asks and asks.
        """
        if "screen" not in member.publish_grants:
            raise NotGrantedError("this participant may not share a screen")
        if not is_somebody_sharing:
            raise ConflictError("nobody else shares a screen")
        fresh = Allowance(ASK_BURST, ASKS_PER_SECOND)
        if not self._allowance_by_participant.setdefault(member.id, fresh).take(now):
            raise TooOftenError("this participant has asked a moment ago")
        self._open.add(member.id)

    def handle_answer(
        self, asker: ParticipantId, by: ParticipantId, answerers: Sequence[ParticipantId]
    ) -> None:
        """Close a question.

        Raises:
            NotGrantedError: Neither a host nor whoever shares.
            NotFoundError: It is answered already, or was never asked.
        """
        if by not in answerers:
            raise NotGrantedError("hosts and whoever shares answer this")
        if asker not in self._open:
            raise NotFoundError("this participant does not ask to share")
        self._open.discard(asker)
