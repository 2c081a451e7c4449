"""Who gets which bits within one budget."""

from __future__ import annotations

from itertools import pairwise, product
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_node.bandwidth.allocate import MARGIN, PAUSED, Wish, allocate, ceiling
from media_node.bandwidth.budget import Budget
from media_node.errors import LayerOrderError
from media_node.quantities import Instant

SCREEN, SPEAKER, REST = (0, 0), (1, 0), (2, 0)
COSTS = (100, 300, 1000)

costs = st.lists(st.integers(1, 400), max_size=4).map(
    lambda steps: tuple(sum(steps[: index + 1]) for index in range(len(steps)))
)
ranks = st.tuples(st.integers(0, 2), st.integers(-2, 2))
wishes_of = st.builds(Wish, rank=ranks, costs_bps=costs, held=st.none() | st.integers(-1, 3))
fresh = st.builds(Wish, rank=ranks, costs_bps=costs, held=st.none())


def cost(wishes: list[Wish], chosen: list[int]) -> int:
    return sum(wish.costs_bps[rung] for wish, rung in zip(wishes, chosen, strict=True) if rung != PAUSED)


def settled(budget: float, wishes: list[Wish], reserved: int = 0) -> list[int]:
    """What comes out once everything has been steady for long."""
    chosen = allocate(budget, budget, wishes, reserved)
    held = [Wish(wish.rank, wish.costs_bps, rung) for wish, rung in zip(wishes, chosen, strict=True)]
    return allocate(budget, budget, held, reserved)


def test_everybody_is_shown_before_anybody_is_shown_sharp():
    wishes = [Wish(REST, COSTS), Wish(SCREEN, COSTS), Wish(SPEAKER, COSTS)]
    assert settled(300 * MARGIN, wishes) == [0, 0, 0]
    assert settled(500 * MARGIN, wishes) == [0, 1, 0]
    assert settled(1200 * MARGIN, wishes) == [0, 2, 0]
    assert settled(1400 * MARGIN, wishes) == [0, 2, 1]
    assert settled(3000 * MARGIN, wishes) == [2, 2, 2]


def test_a_link_too_narrow_for_all_shows_the_most_important():
    wishes = [Wish(REST, COSTS), Wish(REST, COSTS), Wish(SPEAKER, COSTS)]
    assert allocate(250, 250, wishes) == [0, PAUSED, 0]
    assert allocate(99, 99, wishes) == [PAUSED, PAUSED, PAUSED]


def test_a_bound_keeps_steps_up_away_and_takes_nothing():
    wishes = [Wish(SPEAKER, COSTS, 1), Wish(REST, COSTS, 1), Wish(REST, COSTS, 0)]
    assert allocate(9000, 9000, wishes, 0, inf) == [2, 2, 2]
    assert allocate(9000, 9000, wishes, 0, 600) == [1, 1, 0]
    assert allocate(9000, 9000, wishes, 0, 1500) == [2, 1, 0]
    assert allocate(9000, 9000, wishes, 0, 1350) == [2, 0, 0], "the more important comes first within it, too"


def test_a_bound_is_none_for_lowest_rungs_and_for_who_has_just_come():
    assert allocate(9000, 9000, [Wish(REST, COSTS, PAUSED), Wish(REST, COSTS)], 0, 50) == [0, 2]


@given(st.lists(wishes_of, max_size=6), st.integers(0, 4000), st.integers(0, 4000))
def test_what_is_newly_taken_never_brings_the_sum_above_a_bound(wishes, budget, bound):
    held = [wish for wish in wishes if wish.held is not None and wish.held < len(wish.costs_bps)]
    chosen = allocate(budget, budget, held, 0, bound)
    has_raised = any(rung > max(wish.held or 0, 0) for wish, rung in zip(held, chosen, strict=True))
    lowest = sum(wish.costs_bps[0] for wish in held if wish.costs_bps)
    assert not has_raised or cost(held, chosen) <= max(bound, lowest)


def test_equals_climb_in_turn():
    wishes = [Wish(REST, COSTS), Wish(REST, COSTS), Wish(REST, COSTS)]
    assert settled(500 * MARGIN, wishes) == [1, 0, 0]
    assert settled(900 * MARGIN, wishes) == [1, 1, 1]
    assert settled(1600 * MARGIN, wishes) == [2, 1, 1]


def test_what_is_too_large_for_the_screen_goes_to_others():
    wishes = [Wish(SCREEN, (100, 5000)), Wish(REST, COSTS)]
    assert settled(2000, wishes) == [0, 2]


def test_audio_comes_first():
    assert allocate(150, 150, [Wish(SCREEN, COSTS)], reserved_bps=60) == [PAUSED]
    assert allocate(20, 20, [Wish(SCREEN, COSTS)], reserved_bps=60) == [PAUSED]


def test_without_a_known_limit_everything_is_received():
    assert allocate(float("inf"), float("inf"), [Wish(REST, COSTS), Wish(REST, ())]) == [2, PAUSED]


def test_a_new_step_waits_until_the_estimate_is_steady_and_has_a_margin():
    held = [Wish(REST, COSTS, held=0)]
    assert allocate(1000, 100, held) == [0]
    assert allocate(1000, 1000, held) == [1]
    assert allocate(300 * MARGIN - 1, 2000, held) == [0]


def test_what_is_held_is_kept_to_the_last_bit_and_no_further():
    held = [Wish(REST, COSTS, held=2)]
    assert allocate(1000, 1000, held) == [2]
    assert allocate(999, 999, held) == [1]


def test_a_track_that_has_just_come_need_not_wait():
    assert allocate(300 * MARGIN, 0, [Wish(REST, COSTS)]) == [1]
    assert allocate(100, 0, [Wish(REST, COSTS)]) == [0]


def test_a_more_important_newcomer_displaces_others():
    wishes = [Wish(REST, COSTS, held=2), Wish(SCREEN, COSTS)]
    assert allocate(1500, 1500, wishes) == [1, 2]


def test_the_ceiling_lets_the_last_step_be_taken():
    wishes = [Wish(REST, COSTS), Wish(SCREEN, COSTS, held=0), Wish(REST, ())]
    assert settled(ceiling(50 + 2 * COSTS[-1]), wishes, 50) == [2, 2, PAUSED]


@given(st.lists(wishes_of, max_size=8))
def test_an_unknown_link_is_a_very_wide_one(wishes):
    assert allocate(inf, inf, wishes) == allocate(1e12, 1e12, wishes)


def test_costs_that_do_not_ascend_are_a_broken_invariant():
    with pytest.raises(LayerOrderError):
        allocate(1000, 1000, [Wish(REST, (100, 100))])


@given(st.lists(wishes_of, max_size=8), st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 200))
def test_the_budget_is_never_exceeded(wishes, spendable, steady, reserved):
    chosen = allocate(spendable, steady, wishes, reserved)
    total = cost(wishes, chosen)
    assert total == 0 or total + reserved <= spendable
    assert all(PAUSED <= rung < len(wish.costs_bps) for wish, rung in zip(wishes, chosen, strict=True))


@given(st.lists(wishes_of, max_size=8), st.integers(0, 3000), st.integers(0, 3000))
def test_nobody_gets_a_second_rung_while_a_held_lowest_one_would_fit(wishes, spendable, steady):
    chosen = allocate(spendable, steady, wishes)
    if any(rung > 0 for rung in chosen):
        lowest = [w for w, rung in zip(wishes, chosen, strict=True) if rung == PAUSED and w.costs_bps]
        others = sum(w.costs_bps[0] for w, rung in zip(wishes, chosen, strict=True) if rung != PAUSED)
        assert all(w.costs_bps[0] + others > spendable or w.held == PAUSED for w in lowest)


def _by_importance(wishes: list[Wish], chosen: list[int]) -> tuple[bool, ...]:
    """Which steps were taken, in the order in which bits are given away."""
    order = sorted(range(len(wishes)), key=lambda index: wishes[index].rank)
    steps = [(index, 0) for index in order]
    for rank in sorted({wish.rank for wish in wishes}):
        group = [index for index in order if wishes[index].rank == rank]
        steps += [(index, rung) for rung in range(1, 5) for index in group]
    return tuple(chosen[index] >= rung for index, rung in steps)


@given(st.lists(fresh, max_size=6), st.lists(st.integers(0, 4000), min_size=2, max_size=30))
def test_more_budget_never_takes_from_the_more_important(wishes, budgets):
    """Swept upwards, the steps taken ascend in the order of importance."""
    found = [_by_importance(wishes, settled(budget, wishes)) for budget in sorted(budgets)]
    assert found == sorted(found)


@given(costs, st.lists(st.integers(0, 4000), min_size=2, max_size=30))
def test_a_track_alone_gets_better_as_the_budget_grows(ladder, budgets):
    found = [settled(budget, [Wish(REST, ladder)])[0] for budget in sorted(budgets)]
    assert found == sorted(found)


@given(
    st.lists(st.builds(Wish, rank=ranks, costs_bps=costs, held=st.just(9)), max_size=4), st.integers(0, 2000)
)
@settings(max_examples=50)
def test_agrees_with_trying_everything(wishes, budget):
    """Of all choices that fit, the one whose steps come first in the order of importance."""
    every = product(*(range(-1, len(wish.costs_bps)) for wish in wishes))
    fitting = [list(choice) for choice in every if cost(wishes, list(choice)) <= budget]
    assert allocate(budget, 0, wishes) == max(fitting, key=lambda choice: _by_importance(wishes, choice))


def tremble(wishes: list[Wish], middle: int, seed: int, interval: float) -> list[list[int]]:
    """What is chosen while the estimate varies by a tenth either way for two minutes."""
    random, budget, found = Random(seed), Budget(), []
    for turn in range(int(120 / interval)):
        now = Instant(turn * interval)
        budget.handle_estimate(now, middle * random.uniform(0.9, 1.1))
        chosen = allocate(budget.spendable(now), budget.steady(now), wishes)
        wishes = [Wish(wish.rank, wish.costs_bps, rung) for wish, rung in zip(wishes, chosen, strict=True)]
        found.append(chosen)
    return found


@given(costs, st.integers(50, 2000), st.integers(0, 2**32), st.sampled_from([0.2, 0.5, 1.5]))
@settings(max_examples=60, deadline=None)
def test_on_a_trembling_link_what_was_taken_is_kept(ladder, middle, seed, interval):
    found = [chosen[0] for chosen in tremble([Wish(REST, ladder)], middle, seed, interval)]
    turned = [after for before, after in pairwise(found) if before != after]
    # The start may have been at a crest: one way down, then only up.
    assert turned[1:] == sorted(turned[1:])


@given(st.lists(fresh, min_size=2, max_size=6), st.integers(100, 4000), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_on_a_trembling_link_many_pictures_come_to_rest(wishes, middle, seed):
    found = tremble(wishes, middle, seed, 0.5)
    changes = sum(before != after for before, after in pairwise(found))
    assert changes <= 2 * sum(len(wish.costs_bps) for wish in wishes)


def test_a_sweep_down_and_up_again():
    wishes, budget = [Wish(SCREEN, COSTS), Wish(REST, COSTS)], Budget()
    seen: list[list[int]] = []
    sweep = [*range(3000, 0, -100), *range(0, 3000, 100), *[3000] * 12]
    for turn, estimate in enumerate(sweep):
        now = Instant(turn * 0.2)
        budget.handle_estimate(now, estimate)
        chosen = allocate(budget.spendable(now), budget.steady(now), wishes)
        wishes = [Wish(wish.rank, wish.costs_bps, rung) for wish, rung in zip(wishes, chosen, strict=True)]
        if not seen or seen[-1] != chosen:
            seen.append(chosen)
    lowest = seen.index([PAUSED, PAUSED])
    down, up = seen[: lowest + 1], seen[lowest:]
    assert down == [[2, 2], [2, 1], [2, 0], [1, 1], [1, 0], [0, 0], [0, PAUSED], [PAUSED, PAUSED]]
    # On the way up what the speaker holds is kept while the screen climbs.
    assert up == [[PAUSED, PAUSED], [0, PAUSED], [0, 0], [1, 0], [1, 1], [2, 1], [2, 2]]
