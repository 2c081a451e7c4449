"""What is said, as text: who may write captions, what late joiners read, and how fast one may write.

A line grows while it is spoken: the same number again takes its place until it is final. Only final lines
are kept.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from media_node.errors import NotGrantedError, TooOftenError
from media_node.meetings.allowance import Allowance
from media_node.meetings.events import CaptionWritten, Event
from media_node.meetings.model import Caption, Participant
from media_node.quantities import Instant, ParticipantId

# Some two minutes of talk.
CAPTION_HISTORY = 20
# Speech that grows word by word changes some three times a second.
CAPTION_BURST = 20
CAPTIONS_PER_SECOND = 5.0


@dataclass
class Captions:
    """The captions of one meeting."""

    history: deque[Caption] = field(default_factory=lambda: deque(maxlen=CAPTION_HISTORY))
    # Whom a host gave the right; it stays with the person through a rejoin.
    _captioners: set[ParticipantId] = field(default_factory=set)
    _allowance_by_participant: dict[ParticipantId, Allowance] = field(default_factory=dict)

    @property
    def rights(self) -> int:
        """How many have the right from a host."""
        return len(self._captioners)

    def handle_join(self, participant: Participant) -> None:
        participant.is_captioner = participant.id in self._captioners

    def handle_leave(self, participant: ParticipantId) -> None:
        self._allowance_by_participant.pop(participant, None)

    def handle_right(self, participant: Participant, is_captioner: bool) -> bool:
        """Give the right, or take it; returns whether that changes anything."""
        if participant.is_captioner == is_captioner:
            return False
        participant.is_captioner = is_captioner
        (self._captioners.add if is_captioner else self._captioners.discard)(participant.id)
        return True

    def handle_line(
        self, member: Participant, line: int, text: str, is_final: bool, said_at: datetime, now: Instant
    ) -> list[Event]:
        """Take one line, or the next state of a line, from hosts and from those whom a host gave the right.

        Raises:
            NotGrantedError: The member has not got the right.
            TooOftenError: Faster than people speak.
        """
        if not (member.may_moderate or member.is_captioner):
            raise NotGrantedError("this participant may not write captions")
        fresh = Allowance(CAPTION_BURST, CAPTIONS_PER_SECOND)
        if not self._allowance_by_participant.setdefault(member.id, fresh).take(now):
            raise TooOftenError("captions come faster than people speak")
        caption = Caption(member.id, member.display_name, line, text, is_final, said_at)
        if is_final:
            self._keep(caption)
        return [CaptionWritten(caption)]

    def _keep(self, caption: Caption) -> None:
        """Keep a final line, in the place of what the same line was before."""
        for index, kept in enumerate(self.history):
            if (kept.speaker, kept.line) == (caption.speaker, caption.line):
                self.history[index] = caption
                return
        self.history.append(caption)
