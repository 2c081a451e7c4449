"""Who is told what of whose link: pure.

In a large meeting each is told of its own link alone, as a thousand links change all the time. One that has
become small again is told all of it, so that nobody goes by what was true before it grew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from media_node.meetings.events import LinksChanged
from media_node.quantities import MeetingId, ParticipantId

Key = tuple[MeetingId, ParticipantId]

# In larger meetings nobody is told of others.
MOST_TOLD = 100


@dataclass
class LinkNews:
    """The links of everybody on one node that are weak, and what is told of them."""

    _weak: dict[Key, str] = field(default_factory=dict)
    # Meetings that have been too large since they were told last.
    _untold: set[MeetingId] = field(default_factory=set)

    def word(self, key: Key) -> str:
        return self._weak.get(key, "good")

    def note_size(self, meeting: MeetingId, people: int) -> None:
        """So many are in a meeting, now that somebody has come."""
        if people > MOST_TOLD:
            self._untold.add(meeting)

    def for_newcomer(self, meeting: MeetingId, people: int) -> LinksChanged | None:
        """What somebody who comes is told; None where there is nothing to tell."""
        weak = self._weak_in(meeting)
        return LinksChanged(weak, is_all=True) if weak and people <= MOST_TOLD else None

    def handle_links(
        self,
        changed: Mapping[Key, str],
        *,
        is_here: Callable[[Key], bool],
        people_in: Callable[[MeetingId], int],
    ) -> dict[MeetingId, LinksChanged]:
        """What meetings are told of links that have changed, or of all where they knew nothing of them.

        Args:
            people_in: How many are in a meeting; 0 where it is over.
        """
        self._weak = {key: word for key, word in self._weak.items() if is_here(key)}
        news: dict[MeetingId, list[tuple[ParticipantId, str]]] = defaultdict(list)
        for key, word in changed.items():
            if not is_here(key):
                continue
            if word == "good":
                self._weak.pop(key, None)
            else:
                self._weak[key] = word
            news[key[0]].append((key[1], word))
        told = {
            meeting: LinksChanged(tuple(words))
            for meeting, words in news.items()
            if people_in(meeting) <= MOST_TOLD
        }
        for meeting in self._become_small(people_in):
            told[meeting] = LinksChanged(self._weak_in(meeting), is_all=True)
        return told

    def _become_small(self, people_in: Callable[[MeetingId], int]) -> list[MeetingId]:
        """The meetings that are to be told again; those that are over are forgotten."""
        small = {meeting for meeting in self._untold if people_in(meeting) <= MOST_TOLD}
        self._untold -= small
        return [meeting for meeting in small if people_in(meeting) > 0]

    def _weak_in(self, meeting: MeetingId) -> tuple[tuple[ParticipantId, str], ...]:
        return tuple((key[1], word) for key, word in self._weak.items() if key[0] == meeting)
