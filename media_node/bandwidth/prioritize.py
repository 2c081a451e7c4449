"""Which video tracks fill a participant's places, and in which place each stays.

Screens come first, then cameras of those who spoke last, then the rest in order of joining. A track that is
shown already keeps its place: tiles do not jump about.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Candidate:
    """A video track that could be shown. `spoke` rises with each new speaker, 0 for never."""

    track: str
    is_screen: bool
    spoke: int
    order: int


def prioritize(candidates: Sequence[Candidate]) -> list[str]:
    """Tracks, most wanted first."""
    ranked = sorted(candidates, key=lambda one: (not one.is_screen, -one.spoke, one.order))
    return [candidate.track for candidate in ranked]


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
