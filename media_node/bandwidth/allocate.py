"""Which rung of its ladder each video slot of one receiver gets, within what its link carries.

Bits are given away in steps: everybody's lowest rung first, then rank by rank. What is held costs its price;
what is new must leave a margin. Source: docs/bandwidth.md, sections 2 and 4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from math import ceil, inf

from media_node.errors import LayerOrderError

# Just above 1.1 / 0.9: what is taken at the crest of a trembling estimate still fits in its trough.
MARGIN = 1.25
PAUSED = -1


@dataclass(frozen=True)
class Wish:
    """One visible track: what its rungs cost and what it has now.

    Attributes:
        rank: Smaller is more important; wishes of equal rank climb in turn.
        costs_bps: What each rung costs to receive, ascending, shape (rungs,); empty: nothing can be had.
        held: The rung it has now, PAUSED for none, None for a track that has just come.
        is_kept: Whether the lowest rung stays although it may not fit.
    """

    rank: tuple[int, int]
    costs_bps: tuple[int, ...]
    held: int | None = None
    is_kept: bool = False


def allocate(
    spendable_bps: float,
    steady_bps: float,
    wishes: Sequence[Wish],
    reserved_bps: int = 0,
    bound_bps: float = inf,
) -> list[int]:
    """Choose a rung for each wish.

    Every wish gets its lowest rung before any wish gets a second one: a narrow link shows everybody before it
    shows one of them sharp.

    Args:
        spendable_bps: What may be in use, bits per second, >= 0; infinity where no limit is known.
        steady_bps: What may be newly promised.
        wishes: In order of slots, shape (n,), 0 <= n <= 200.
        reserved_bps: What audio takes beforehand.
        bound_bps: What the sum must not exceed from the first step up on, lowest rungs aside; before it,
            tracks that have just come are not bound.

    Returns:
        The rung of each wish, PAUSED for none, shape (n,). Their costs and `reserved_bps` sum to at most
        `spendable_bps`, or all but those kept are PAUSED.

    Raises:
        LayerOrderError: Costs of a wish do not ascend.

    Source:
        docs/bandwidth.md, sections 2 and 4. Cost: O(n x rungs).
    """
    for wish in wishes:
        if not _ascend(wish.costs_bps):
            raise LayerOrderError(f"costs ascend from rung to rung, unlike {wish.costs_bps}")
    chosen = [PAUSED] * len(wishes)
    used: float = reserved_bps
    has_raised = False
    for index, rung in _steps(wishes):
        wish = wishes[index]
        if chosen[index] != rung - 1:
            continue
        extra = wish.costs_bps[rung] - (wish.costs_bps[rung - 1] if rung else 0)
        is_raise = wish.held is not None and rung > max(wish.held, 0)
        if (has_raised or is_raise) and rung and used + extra > bound_bps:
            continue
        if _needed(wish, rung, used + extra, steady_bps) <= spendable_bps:
            chosen[index], used, has_raised = rung, used + extra, has_raised or is_raise
    return chosen


@lru_cache(1024)
def _ascend(costs_bps: tuple[int, ...]) -> bool:
    return all(lower < higher for lower, higher in pairwise(costs_bps))


def _needed(wish: Wish, rung: int, total_bps: float, steady_bps: float) -> float:
    """What must be spendable for a step that makes the sum `total_bps`; infinity when it has to wait."""
    if wish.is_kept and rung == 0:
        return 0
    if wish.held is None:
        return total_bps if rung == 0 else total_bps * MARGIN
    if rung <= wish.held:
        return total_bps
    with_margin = total_bps * MARGIN
    return with_margin if with_margin <= steady_bps else float("inf")


def _steps(wishes: Sequence[Wish]) -> Iterator[tuple[int, int]]:
    """All steps as (wish, rung), in the order in which bits are given away."""
    order = sorted(range(len(wishes)), key=lambda index: wishes[index].rank)
    for index in order:
        if wishes[index].costs_bps:
            yield index, 0
    for _, group in groupby(order, key=lambda index: wishes[index].rank):
        equals = list(group)
        for rung in range(1, max(len(wishes[index].costs_bps) for index in equals)):
            yield from ((index, rung) for index in equals if rung < len(wishes[index].costs_bps))


def ceiling(wanted_bps: int) -> int:
    """What a prober need not look beyond where all that could be used costs so much: the margin included."""
    return ceil(MARGIN * wanted_bps)
