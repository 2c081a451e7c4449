"""What may be in use and what may be promised, from estimates over time."""

from media_node.bandwidth.budget import Budget
from media_node.quantities import Instant


def budget_of(*estimates: tuple[float, float]) -> Budget:
    budget = Budget()
    for at, estimate in estimates:
        budget.handle_estimate(Instant(at), estimate)
    return budget


def test_without_an_estimate_there_is_no_limit():
    assert Budget().spendable(Instant(5.0)) == Budget().steady(Instant(5.0)) == float("inf")


def test_a_small_dip_is_waited_out_for_half_a_second():
    budget = budget_of((0.0, 1000), (1.0, 950))
    assert budget.spendable(Instant(1.2)) == 1000
    assert budget.spendable(Instant(1.6)) == 950


def test_a_drop_counts_at_once():
    assert budget_of((0.0, 1000), (1.0, 700)).spendable(Instant(1.0)) == 700


def test_many_small_dips_do_not_add_up():
    budget = budget_of((0.0, 1000), (0.1, 950), (0.2, 905), (0.3, 860))
    assert budget.spendable(Instant(0.3)) == 860


def test_what_the_first_probes_find_is_steady_at_once():
    budget = budget_of((0.0, 500), (0.1, 1900), (0.2, 2300))
    assert budget.steady(Instant(0.2)) == 2300


def test_a_new_link_that_fell_has_to_be_steady_as_any_other():
    budget = budget_of((0.0, 500), (0.1, 1900), (0.2, 700), (0.3, 1900))
    assert budget.steady(Instant(0.3)) == 500


def test_a_rise_is_steady_after_a_second():
    budget = budget_of((0.0, 300), (1.0, 1000))
    assert budget.spendable(Instant(1.0)) == 1000
    assert budget.steady(Instant(1.9)) == 300
    assert budget.steady(Instant(2.1)) == 1000


def test_old_estimates_are_forgotten():
    budget = budget_of(*((number * 0.05, 1000.0) for number in range(10_000)))
    assert len(budget._estimates) < 30
