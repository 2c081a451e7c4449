"""Which video tracks fill a participant's places, and in which place each stays.

Screens come first, then cameras of those who spoke last, then the rest in order of joining. A track that is
shown already keeps its place: tiles do not jump about.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T", bound=Hashable)
# Later speakers first, then in order of publication; the track makes it unique.
Key = tuple[int, int, str]


@dataclass(frozen=True)
class Candidate:
    """A video track that could be shown. `spoke` rises with each new speaker, 0 for never."""

    track: str
    spoke: int
    order: int

    @property
    def key(self) -> Key:
        return (-self.spoke, self.order, self.track)


class Ranking:
    """Candidates of one kind, most wanted first, kept in order as they change."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._key_by_track: dict[str, Key] = {}
        # Counts changes of the order.
        self.version = 0

    def put(self, candidate: Candidate) -> None:
        """Add a candidate, or move it to where it belongs now."""
        if self._key_by_track.get(candidate.track) == candidate.key:
            return
        self.remove(candidate.track)
        self.version += 1
        insort(self._keys, candidate.key)
        self._key_by_track[candidate.track] = candidate.key

    def remove(self, track: str) -> None:
        key = self._key_by_track.pop(track, None)
        if key is not None:
            self.version += 1
            del self._keys[bisect_left(self._keys, key)]

    def first(self, count: int) -> list[str]:
        return [track for _, _, track in self._keys[:count]]

    def latest(self, count: int) -> list[str]:
        """The latest published first, whoever spoke."""
        return [track for _, _, track in sorted(self._keys, key=lambda key: -key[1])[:count]]


def fill_places(current: Sequence[T | None], wanted: Sequence[T]) -> list[T | None]:
    """Put the first of `wanted` into the places; what stays wanted keeps its place.

    Args:
        current: What each place holds, shape (n,).
        wanted: Most wanted first; only the first n count.

    Returns:
        What each place holds from now on, shape (n,).
    """
    chosen = list(wanted[: len(current)])
    places = [held if held in chosen else None for held in current]
    waiting = iter([one for one in chosen if one not in places])
    return [held if held is not None else next(waiting, None) for held in places]
