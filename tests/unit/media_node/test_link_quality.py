"""The word for a participant's link: what it says, and how calmly."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.link_quality import (
    FIRST_SECONDS,
    SECONDS_TO_GOOD,
    SECONDS_TO_WEAK,
    WINDOW_SECONDS,
    LinkQuality,
)
from media_node.quality import Counts, Reading, Shown
from media_node.quantities import MeetingId, ParticipantId

ANN = (MeetingId("mtg_one"), ParticipantId("par_ann"))
FINE = Reading(Counts())
SHORT = Shown("par_bob", "camera", 180, 15.0, is_paused=False, reason="bandwidth")


class Ann:
    """Her link second by second: a hundred packets each, of which some are lost."""

    def __init__(self):
        self.links = LinkQuality()
        self.counts = Counts()

    def second(self, lost=0, is_node_short=False, **reading):
        self.counts = self.counts.plus(Counts(packets_received=100 - lost, packets_lost=lost))
        readings = {ANN: replace(FINE, counts=self.counts, **reading)}
        return self.links.handle_readings(readings, is_node_short).get(ANN)

    def seconds(self, count, **reading):
        """What she was told in all of them."""
        return [word for word in (self.second(**reading) for _ in range(count)) if word is not None]


@pytest.fixture
def ann():
    return Ann()


def test_says_nothing_of_a_link_that_is_well(ann):
    assert ann.seconds(60) == []
    assert ann.links.word(ANN) == "good"


@pytest.mark.parametrize(
    ("reading", "word"),
    [
        ({"lost": 10}, "uplink"),
        ({"jitter_ms": 90.0}, "uplink"),
        ({"downlink_loss": 0.1}, "downlink"),
        ({"queue_ms": 400.0}, "downlink"),
        ({"lost": 10, "downlink_loss": 0.1}, "uplink"),
    ],
)
def test_names_the_side_that_is_weak_and_then_that_it_is_well_again(ann, reading, word):
    ann.seconds(5)
    assert ann.seconds(SECONDS_TO_WEAK + WINDOW_SECONDS, **reading) == [word]
    assert ann.seconds(20, **reading) == []
    assert ann.seconds(SECONDS_TO_GOOD + WINDOW_SECONDS) == ["good"]


def test_pictures_that_do_not_fit_count_once_the_estimate_has_found_its_way(ann):
    assert ann.seconds(FIRST_SECONDS, shown=(SHORT,)) == []
    assert ann.seconds(SECONDS_TO_WEAK, shown=(SHORT,)) == ["downlink"]


def test_pictures_that_pause_are_worse_than_small_ones_and_than_a_weak_upload(ann):
    ann.seconds(FIRST_SECONDS)
    paused = replace(SHORT, height=0, is_paused=True)
    assert ann.seconds(SECONDS_TO_WEAK + WINDOW_SECONDS, shown=(SHORT, paused), lost=10) == ["downlinkPaused"]
    assert ann.seconds(30, shown=(SHORT,)) == ["uplink", "downlink"]
    assert ann.seconds(SECONDS_TO_GOOD, shown=(replace(paused, reason="node"),)) == ["good"]


def test_pictures_that_come_and_go_speak_of_the_download(ann):
    ann.seconds(FIRST_SECONDS)
    paused = replace(SHORT, height=0, is_paused=True)
    words = [word for _ in range(10) for one in (SHORT, paused) for word in ann.seconds(2, shown=(one,))]
    assert words == ["downlink"]


def test_what_a_node_short_of_cpu_does_is_no_weak_link(ann):
    small = replace(SHORT, reason="node")
    late = {"jitter_ms": 90.0, "queue_ms": 400.0, "shown": (small,)}
    assert ann.seconds(30, is_node_short=True, **late) == []
    assert ann.seconds(10, is_node_short=True, lost=10) == ["uplink"]


def test_a_lost_packet_of_a_quiet_microphone_is_not_much(ann):
    for second in range(20):
        ann.counts = Counts(packets_received=second, packets_lost=second // 4)
        assert ann.links.handle_readings({ANN: replace(FINE, counts=ann.counts)}, False) == {}


def test_a_link_that_nothing_is_read_of_is_weak_no_longer(ann):
    ann.seconds(SECONDS_TO_WEAK + WINDOW_SECONDS, lost=10)
    assert ann.links.word(ANN) == "uplink"
    late = [ann.links.handle_readings({}, is_node_short=False) for _ in range(SECONDS_TO_GOOD - 1)]
    assert not any(late)
    assert ann.links.word(ANN) == "uplink"
    assert ann.links.handle_readings({}, is_node_short=False) == {ANN: "good"}
    assert ann.links.handle_readings({}, is_node_short=False) == {}
    assert ann.links.word(ANN) == "good"


def test_who_comes_back_begins_anew(ann):
    ann.seconds(10, downlink_loss=0.2)
    for _ in range(SECONDS_TO_GOOD):
        ann.links.handle_readings({}, False)
    assert ann.links.word(ANN) == "good"
    ann.counts = Counts()
    assert ann.seconds(20) == []


SECONDS = st.sampled_from([{}, {"lost": 50}, {"jitter_ms": 99.0}, {"downlink_loss": 0.5}])


@given(st.lists(SECONDS, max_size=80))
def test_words_change_no_faster_than_one_can_read_them(course):
    ann = Ann()
    at = [second for second, reading in enumerate(course) if ann.second(**reading) is not None]
    gaps = [later - sooner for sooner, later in itertools.pairwise(at)]
    assert all(gap >= SECONDS_TO_WEAK for gap in gaps)
