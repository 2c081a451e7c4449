"""One receiver's slots as its link and its wishes change."""

from __future__ import annotations

from media_node.bandwidth.allocate import MARGIN
from media_node.bandwidth.layers import Ladder, Limit, Rung
from media_node.bandwidth.receiver import VOICE_BPS, Receiver
from media_node.quantities import Instant, SlotId, TrackId

RUNGS = (Rung(0, 0, 100_000), Rung(1, 0, 400_000), Rung(2, 0, 1_200_000))
ANNA, BEN = TrackId("trk_anna"), TrackId("trk_ben")
LEFT, RIGHT = SlotId("1"), SlotId("2")
SCREEN, REST = (0, 0), (2, 0)


def ladder_of(track: TrackId, limit: Limit) -> Ladder:
    return Ladder(RUNGS[: limit.max_height] if limit.max_height else RUNGS)


def receiver(estimate: float | None, *tracks: TrackId) -> Receiver:
    found = Receiver()
    if estimate is not None:
        found.handle_estimate(Instant(0.0), estimate)
    for slot, track in zip((LEFT, RIGHT), tracks, strict=False):
        found.show(slot, track, Limit(), REST)
    return found


def choose(found: Receiver, now: float = 0.0) -> list[SlotId]:
    return list(found.choose(Instant(now), ladder_of))


def spatial(found: Receiver, slot: SlotId = LEFT) -> int | None:
    rung = found.shown_by_slot[slot].rung
    return rung.spatial if rung is not None else None


def test_without_an_estimate_all_that_is_shown_is_sent():
    found = receiver(None, ANNA, BEN)
    assert choose(found) == [LEFT, RIGHT]
    assert (spatial(found), spatial(found, RIGHT)) == (2, 2)


def test_choosing_again_changes_nothing():
    found = receiver(900_000, ANNA, BEN)
    assert choose(found) == [LEFT, RIGHT]
    assert choose(found) == []


def test_a_broken_link_pauses_video_at_once_and_relief_brings_it_back():
    found = receiver(2_000_000, ANNA)
    choose(found)
    assert found.handle_estimate(Instant(1.0), 30_000)
    assert choose(found, 1.0) == [LEFT]
    assert spatial(found) is None
    assert found.shown_by_slot[LEFT].reason == "bandwidth"
    found.handle_estimate(Instant(2.0), 2_000_000)
    assert choose(found, 2.0) == []
    found.handle_estimate(Instant(3.1), 2_000_000)
    assert choose(found, 3.1) == [LEFT]
    assert spatial(found) == 2


def test_a_step_up_that_had_to_be_given_back_waits_though_it_seems_to_fit():
    found = receiver(450_000, ANNA)
    choose(found)
    assert spatial(found) == 0
    estimates = [
        (2.0, 600_000, 0),
        (3.1, 600_000, 1),
        (3.6, 380_000, 0),
        (4.0, 600_000, 0),
        (5.1, 600_000, 0),
    ]
    for at, estimate, expected in estimates:
        found.handle_estimate(Instant(at), estimate)
        choose(found, at)
        assert spatial(found) == expected, at
    assert found.restraint.until is not None
    choose(found, found.restraint.until)
    assert spatial(found) == 1


def test_what_makes_place_for_something_more_important_comes_back_at_once():
    found, share = receiver(2_000_000, ANNA), TrackId("trk_share")
    choose(found)
    for at in range(10, 60, 10):
        assert spatial(found) == 2, at
        found.show(RIGHT, share, Limit(), SCREEN)
        choose(found, at)
        assert spatial(found) == 1
        found.show(RIGHT, None, Limit(), SCREEN)
        choose(found, at + 3)


def test_a_picture_that_costs_more_than_is_known_to_be_carried_stays_until_probes_can_have_found_out():
    found = receiver(None, ANNA)
    cost = 2_000_000

    def costly(_track: TrackId, _limit: Limit) -> Ladder:
        return Ladder((Rung(0, 0, cost),))

    list(found.choose(Instant(0.0), costly))
    found.handle_estimate(Instant(1.0), 500_000)
    assert list(found.choose(Instant(1.0), costly)) == []
    assert found.is_overdrawn
    found.handle_estimate(Instant(1.2), 1_900_000)
    assert list(found.choose(Instant(1.9), costly)) == []
    assert list(found.choose(Instant(2.0), costly)) == [LEFT]
    assert spatial(found) is None


def test_a_picture_that_came_to_cost_what_its_link_turns_out_to_carry_never_goes():
    found = receiver(500_000, ANNA)
    cost = 100_000

    def growing(_track: TrackId, _limit: Limit) -> Ladder:
        return Ladder((Rung(0, 0, cost),))

    list(found.choose(Instant(0.0), growing))
    cost = 700_000
    assert list(found.choose(Instant(2.0), growing)) == []
    assert found.is_overdrawn
    found.handle_estimate(Instant(2.3), 900_000)
    assert list(found.choose(Instant(2.3), growing)) == []
    # The next time begins anew.
    cost = 1_000_000
    assert list(found.choose(Instant(4.0), growing)) == []


def test_voices_are_set_aside_before_pictures():
    found = receiver(100_000 + VOICE_BPS - 1, ANNA)
    found.has_voices = True
    choose(found)
    assert spatial(found) is None


def test_who_has_all_it_shows_is_not_looked_at_again_while_it_fits():
    found = receiver(5_000_000, ANNA)
    choose(found)
    assert not found.handle_estimate(Instant(1.0), 4_000_000)
    assert found.handle_estimate(Instant(2.0), 1_000_000)


def test_a_smaller_tile_and_another_track_are_looked_at_in_the_same_pass():
    found = receiver(5_000_000, ANNA)
    choose(found)
    found.show(LEFT, ANNA, Limit(max_height=1), REST)
    assert choose(found) == [LEFT]
    assert spatial(found) == 0
    found.show(LEFT, BEN, Limit(), REST)
    assert choose(found) == [LEFT]
    assert spatial(found) == 2
    found.show(LEFT, None, Limit(), REST)
    assert choose(found) == []
    assert found.next_ceiling() is None


def test_the_prober_is_told_what_all_slots_could_use_and_only_when_it_changes():
    found = receiver(300_000, ANNA)
    choose(found)
    assert found.next_ceiling() == 1_575_000
    choose(found)
    assert found.next_ceiling() is None
    found.show(RIGHT, BEN, Limit(), REST)
    choose(found)
    assert found.next_ceiling() == 3_150_000


def test_what_the_prober_looks_for_is_never_less_than_what_is_wanted():
    found = receiver(300_000, ANNA)
    told = 0
    for cost in range(1_000_000, 2_000_000, 10_000):

        def grown(track: TrackId, limit: Limit, cost: int = cost) -> Ladder:
            return Ladder((Rung(0, 0, 100_000), Rung(2, 0, cost)))

        found.choose(Instant(0.0), grown)
        told = found.next_ceiling() or told
        assert cost * MARGIN <= told <= cost * MARGIN * 1.15


def test_a_ladder_that_loses_its_top_keeps_the_slot_as_high_as_it_can():
    found = receiver(1_300_000, ANNA)
    choose(found)
    found.handle_estimate(Instant(5.0), 1_300_000)
    short = Ladder(RUNGS[:2], above=2)
    assert list(found.choose(Instant(5.0), lambda track, limit: short)) == [LEFT]
    assert spatial(found) == 1
    assert (found.shown_by_slot[LEFT].above, found.shown_by_slot[LEFT].reason) == (2, "sender")
