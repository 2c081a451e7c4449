"""Who is asked to unmute, and how often.

Owns what each participant may still be asked; the answer is the participant's own, and goes to nobody.
"""

from dataclasses import dataclass, field

from media_node.errors import ConflictError, NotGrantedError, TooOftenError
from media_node.meetings.allowance import Allowance
from media_node.meetings.model import Participant
from media_node.quantities import Instant, ParticipantId

# A question stands in the way of whoever is asked, whichever host asks: two at once, then one in twenty
# seconds.
ASK_BURST = 2
ASKS_PER_SECOND = 0.05


@dataclass
class UnmuteRequests:
    """What each participant may still be asked."""

    _allowance_by_asked: dict[ParticipantId, Allowance] = field(default_factory=dict)

    def handle_leave(self, participant: ParticipantId) -> None:
        self._allowance_by_asked.pop(participant, None)

    def handle_question(self, asked: Participant, now: Instant) -> None:
        """Take a question.

        Raises:
            NotGrantedError: Whoever is asked may not be heard at all.
            ConflictError: It is not muted.
            TooOftenError: It is asked and asked.
        """
        if "microphone" not in asked.publish_grants:
            raise NotGrantedError("this participant may not be heard")
        if any(one.source == "microphone" and not one.is_muted for one in asked.track_by_id.values()):
            raise ConflictError("this participant is not muted")
        fresh = Allowance(ASK_BURST, ASKS_PER_SECOND)
        if not self._allowance_by_asked.setdefault(asked.id, fresh).take(now):
            raise TooOftenError("this participant was asked a moment ago")
