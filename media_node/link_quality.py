"""How a participant's link does now, in one word that everybody is told: pure, from readings once a second.

`quality.py` keeps timelines for later; this answers for the moment. A word changes only when the link has
been so for a few seconds, so that a burst of loss does not make bars flicker on everybody's screen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from media_node.quality import (
    NOTICEABLE_JITTER_MS,
    NOTICEABLE_LOSS,
    NOTICEABLE_QUEUE_MS,
    Counts,
    Key,
    Reading,
)

# The last: pictures pause for them.
LinkWord = Literal["good", "uplink", "downlink", "downlinkPaused"]

# Loss is of so many seconds: below that, one lost packet of a quiet microphone would be much.
WINDOW_SECONDS = 5
LEAST_PACKETS = 50
# A link is weak once it has been so for as long, and good again after longer: people look twice.
SECONDS_TO_WEAK = 3
SECONDS_TO_GOOD = 6
# An estimate begins low and finds its way in these.
FIRST_SECONDS = 10


@dataclass
class _Link:
    word: LinkWord = "good"
    # What it would be called if only this second counted, and for how many seconds that has been so.
    seen: LinkWord = "good"
    seen_seconds: int = 0
    # The same for its side, whether pictures pause or not.
    seconds: int = 0
    age: int = 0
    unread_seconds: int = 0
    recent: deque[Counts] = field(default_factory=lambda: deque(maxlen=WINDOW_SECONDS + 1))

    def take(self, reading: Reading, is_node_short: bool) -> bool:
        """Take the reading of a second; returns whether the word has changed."""
        self.age += 1
        self.unread_seconds = 0
        self.recent.append(reading.counts)
        seen = self._word_of(reading, is_node_short)
        self.seconds = self.seconds + 1 if _side(seen) == _side(self.seen) else 1
        self.seen_seconds = self.seen_seconds + 1 if seen == self.seen else 1
        self.seen = seen
        needed = SECONDS_TO_GOOD if seen == "good" else SECONDS_TO_WEAK
        if self.seconds < needed:
            return False
        if _side(seen) == "downlink" and self.seen_seconds < SECONDS_TO_WEAK:
            # Pictures that come and go speak of the same side as those that are smaller.
            seen = self.word if _side(self.word) == "downlink" else "downlink"
        if seen == self.word:
            return False
        self.word = seen
        return True

    def _word_of(self, reading: Reading, is_node_short: bool) -> LinkWord:
        """The side that what is worst speaks against: first pictures that pause, then the own side.

        A node without time for its packets finds them late by itself: only what is missing counts then.
        """
        held_back = [one for one in reading.shown if one.reason == "bandwidth" and self.age > FIRST_SECONDS]
        if any(one.is_paused for one in held_back):
            return "downlinkPaused"
        added = reading.counts.since(self.recent[0])
        total = added.packets_lost + added.packets_received
        is_lossy = total >= LEAST_PACKETS and added.packets_lost / total > NOTICEABLE_LOSS
        is_uneven = reading.jitter_ms > NOTICEABLE_JITTER_MS and not is_node_short
        is_queued = reading.queue_ms > NOTICEABLE_QUEUE_MS and not is_node_short
        if is_lossy or is_uneven:
            return "uplink"
        if reading.downlink_loss > NOTICEABLE_LOSS or is_queued:
            return "downlink"
        return "downlink" if held_back else "good"


def _side(word: LinkWord) -> str:
    return "downlink" if word == "downlinkPaused" else word


@dataclass
class LinkQuality:
    """The links of everybody on one node."""

    _links: dict[Key, _Link] = field(default_factory=dict)

    def handle_readings(self, readings: Mapping[Key, Reading], is_node_short: bool) -> dict[Key, LinkWord]:
        """Take everybody's readings, about once a second; returns the words that have changed.

        Of whom nothing was read for some seconds nothing is known any more: no link stays weak that nobody
        looks at, while a look that comes late, as in an overload, says nothing.
        """
        changed: dict[Key, LinkWord] = {}
        for key in [key for key in self._links if key not in readings]:
            link = self._links[key]
            link.unread_seconds += 1
            if link.unread_seconds < SECONDS_TO_GOOD:
                continue
            del self._links[key]
            if link.word != "good":
                changed[key] = "good"
        for key, reading in readings.items():
            link = self._links.setdefault(key, _Link())
            if link.take(reading, is_node_short):
                changed[key] = link.word
        return changed

    def word(self, key: Key) -> LinkWord:
        link = self._links.get(key)
        return link.word if link is not None else "good"
