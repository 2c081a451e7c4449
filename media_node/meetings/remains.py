"""What was said in meetings that everybody has left, for those who come back in a moment.

Everybody may reload at once. A meeting ends on its node with the last who leaves, and only this stays: what
late joiners would have read, which messages came already, and who may write captions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from media_node.meetings.captions import Captions
from media_node.meetings.chat import Chat
from media_node.meetings.meeting import Meeting
from media_node.quantities import Instant, MeetingId

KEPT_SECONDS = 20.0
# Of all meetings together, in letters; a line costs some 500 beside its text, as a right does.
MOST_LETTERS = 8_000_000
LETTERS_BESIDE = 500


@dataclass(frozen=True)
class Remains:
    """What is left of one meeting."""

    epoch: int
    chat: Chat
    captions: Captions
    until: Instant
    letters: int


@dataclass
class LeftMeetings:
    """The meetings of one node that everybody has left a moment ago; oldest first."""

    _remains_by_meeting: dict[MeetingId, Remains] = field(default_factory=dict)
    _letters: int = 0

    @property
    def remains_by_meeting(self) -> Mapping[MeetingId, Remains]:
        return self._remains_by_meeting

    def keep(self, now: Instant, meeting: Meeting) -> None:
        """Keep what was said, if anything was; where that is too much, the oldest go."""
        before = self._remains_by_meeting.get(meeting.id)
        if before is not None and meeting.epoch < before.epoch:
            return
        self.drop(meeting.id)
        letters = _letters_of(meeting)
        if letters == 0:
            return
        until = Instant(now + KEPT_SECONDS)
        remains = Remains(meeting.epoch, meeting.chat, meeting.captions, until, letters)
        self._remains_by_meeting[meeting.id] = remains
        self._letters += remains.letters
        while self._letters > MOST_LETTERS:
            self.drop(next(iter(self._remains_by_meeting)))

    def take(self, now: Instant, meeting: MeetingId, epoch: int) -> Remains | None:
        """What is kept of a meeting that begins again; nothing when it was on another node meanwhile."""
        remains = self._remains_by_meeting.get(meeting)
        if remains is None or epoch < remains.epoch:
            # Who comes with a token of before the meeting moved takes nothing from those who do not.
            return None
        self.drop(meeting)
        return remains if remains.epoch == epoch and now < remains.until else None

    def drop(self, meeting: MeetingId) -> None:
        gone = self._remains_by_meeting.pop(meeting, None)
        if gone is not None:
            self._letters -= gone.letters

    def drop_all(self) -> None:
        for meeting in list(self._remains_by_meeting):
            self.drop(meeting)

    def handle_timeout(self, now: Instant) -> None:
        for meeting in [one for one, remains in self._remains_by_meeting.items() if now >= remains.until]:
            self.drop(meeting)


def _letters_of(meeting: Meeting) -> int:
    texts = [one.text for one in meeting.chat.all()] + [one.text for one in meeting.captions.history]
    return sum(len(text) for text in texts) + LETTERS_BESIDE * (len(texts) + meeting.captions.rights)
