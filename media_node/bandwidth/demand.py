"""Which layers of a track somebody receives, and so what its sender is asked for.

A layer is asked for at once and stopped after a while. Source: docs/bandwidth.md, section 6.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from media_node.quantities import Instant

Place = TypeVar("Place", bound=Hashable)

# Senders shall have stopped within 2 s of the last receiver's turning away.
STOP_SECONDS = 1.0


@dataclass
class Demand(Generic[Place]):
    """The receivers of one track, and what its sender was told last: at the start it sends everything."""

    layers: int
    since: Instant
    asked: frozenset[int] = field(init=False)
    _needed_by_place: dict[Place, frozenset[int]] = field(default_factory=dict)
    # Places that need each layer.
    _count: dict[int, int] = field(default_factory=dict)
    # When each layer was last let go of.
    _released: dict[int, Instant] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = frozenset(range(self.layers))
        self._released = dict.fromkeys(self.asked, self.since)

    @property
    def places(self) -> list[Place]:
        return list(self._needed_by_place)

    def put(self, now: Instant, place: Place, needed: frozenset[int]) -> None:
        """Let a place need these layers; none at all: it no longer shows the track."""
        before = self._needed_by_place.pop(place, frozenset())
        if needed:
            self._needed_by_place[place] = needed
        for layer in needed - before:
            self._count[layer] = self._count.get(layer, 0) + 1
        for layer in before - needed:
            self._count[layer] -= 1
            if self._count[layer] == 0:
                self._released[layer] = now

    def begin_again(self, now: Instant) -> None:
        """The sender's connection is new: it sends everything."""
        self.asked = frozenset(range(self.layers))
        self._released |= dict.fromkeys(self.asked, now)

    def is_needed(self, layer: int) -> bool:
        """Whether a place needs this layer."""
        return bool(self._count.get(layer))

    def settle(self, now: Instant) -> bool:
        """Bring what the sender is asked for up to date; returns whether that has changed."""
        kept = {layer for layer in self.asked if now - self._released.get(layer, now) < STOP_SECONDS}
        needed = {layer for layer, count in self._count.items() if count}
        asked = frozenset(needed | kept) & frozenset(range(self.layers))
        is_changed = asked != self.asked
        self.asked = asked
        return is_changed

    @property
    def is_settled(self) -> bool:
        """Whether time alone will change nothing."""
        return all(self._count.get(layer) for layer in self.asked)
