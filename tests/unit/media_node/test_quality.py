"""Points of quality: what they say, when they leave, and that nothing is counted twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from media_node.quality import Counts, QualityLog, Reading, Reason, Shown
from media_node.quantities import MeetingId, ParticipantId

ANNA = (MeetingId("mtg_one"), ParticipantId("par_anna"))
START = 1_700_000_000.0


def taken(log: QualityLog) -> list[dict]:
    return [json.loads(entry) for entry in log.take_entries(10**9)]


def steady(second: int, **changes: Any) -> Reading:
    """A camera of 1 Mbit/s, fifty packets a second, and as much back."""
    counts = Counts(
        packets_received=second * 50, bytes_received=second * 125_000, bytes_sent=second * 125_000
    )
    return replace(Reading(counts, round_trip_ms=20.0), **changes)


def points_of(readings: list[Reading], is_node_short: bool = False) -> list[dict]:
    log = QualityLog()
    for second, reading in enumerate(readings):
        log.handle_readings(START + second, {ANNA: reading}, is_node_short)
    log.close(START + len(readings))
    return [point for entry in taken(log) for point in entry["points"]]


def test_a_point_every_ten_seconds_with_rates_and_a_verdict():
    points = points_of([steady(second) for second in range(25)])
    assert [(point["at"], point["seconds"]) for point in points] == [
        ("2023-11-14T22:13:20.000Z", 10),
        ("2023-11-14T22:13:30.000Z", 10),
        ("2023-11-14T22:13:40.000Z", 5),
    ]
    assert points[1]["uplink"]["bps"] == 1_000_000
    assert points[1]["downlink"]["rttMs"] == 20.0
    assert {point["verdict"] for point in points} == {"good"}


def test_the_verdict_names_the_side():
    shown = Shown("par_ben", "camera", 180, 30.0, False, "wish")
    lossy = [
        steady(second, counts=steady(second).counts._replace(packets_lost=second * 5)) for second in range(10)
    ]
    assert points_of(lossy)[0]["verdict"] == "uplink"
    assert points_of([steady(second, downlink_loss=0.1) for second in range(10)])[0]["verdict"] == "downlink"
    verdicts: dict[Reason, str] = {
        "bandwidth": "downlink",
        "sender": "sender",
        "node": "node",
        "wish": "good",
    }
    for reason, verdict in verdicts.items():
        limited = [steady(second, shown=(replace(shown, reason=reason),)) for second in range(10)]
        assert points_of(limited)[0]["verdict"] == verdict
    assert points_of([steady(second) for second in range(10)], is_node_short=True)[0]["verdict"] == "node"


def test_what_a_node_short_of_cpu_delays_speaks_against_no_link():
    paused = Shown("par_ben", "camera", 0, 0.0, True, "node")
    late = [steady(second, jitter_ms=90.0, queue_ms=400.0, shown=(paused,)) for second in range(10)]
    assert points_of(late)[0]["verdict"] == "node"
    assert points_of([replace(one, shown=()) for one in late], is_node_short=True)[0]["verdict"] == "node"
    lossy = [replace(one, downlink_loss=0.1) for one in late]
    assert points_of(lossy, is_node_short=True)[0]["verdict"] == "downlink"
    narrow = [replace(one, shown=(replace(paused, reason="bandwidth"),)) for one in late]
    assert points_of(narrow, is_node_short=True)[0]["verdict"] == "downlink"


def test_three_points_leave_together_and_the_rest_when_somebody_leaves():
    log = QualityLog()
    for second in range(31):
        log.handle_readings(START + second, {ANNA: steady(second)}, False)
    assert [len(entry["points"]) for entry in taken(log)] == [3]
    log.handle_readings(START + 31, {}, False)
    entry = taken(log)[0]
    assert (entry["meeting"], entry["participant"]) == ANNA
    assert [point["seconds"] for point in entry["points"]] == [1]
    assert taken(log) == []


def test_a_connection_that_began_anew_is_not_counted_backwards():
    readings = [steady(second) for second in range(10)] + [steady(second) for second in range(10)]
    points = points_of(readings)
    assert all(point["uplink"]["bps"] >= 0 for point in points)
    assert points[1]["uplink"]["bps"] == 900_000


def test_entries_leave_in_messages_of_a_bounded_length():
    log = QualityLog()
    people = [(MeetingId("mtg_one"), ParticipantId(f"par_{number}")) for number in range(50)]
    for second in range(31):
        log.handle_readings(START + second, dict.fromkeys(people, steady(second)), False)
    messages = []
    while entries := log.take_entries(5_000):
        assert len(entries) == 1 or sum(map(len, entries)) <= 5_000
        messages.append(entries)
    named = [json.loads(entry)["participant"] for entries in messages for entry in entries]
    assert named == [key[1] for key in people]
    assert 1 < len(messages) < 50


def come_and_go(log: QualityLog, crowd: int) -> None:
    for number in range(crowd):
        key = (MeetingId("mtg_one"), ParticipantId(f"par_{number}"))
        log.handle_readings(START, {key: steady(0)}, False)
    log.close(START + 1)


def test_of_too_many_entries_that_wait_the_oldest_are_given_up():
    log = QualityLog(max_waiting_chars=5_000)
    come_and_go(log, 100)
    waiting = log.take_entries(10**9)
    assert 4_000 < sum(map(len, waiting)) <= 5_000
    assert json.loads(waiting[-1])["participant"] == "par_99"


def test_nothing_waits_where_nobody_takes_it():
    log = QualityLog(max_waiting_chars=0)
    come_and_go(log, 10)
    assert log.take_entries(10**9) == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 100), st.integers(0, 20)), max_size=60))
def test_whatever_the_clock_does_each_packet_is_in_one_point(steps):
    """Steps of the wall clock (0: it stands still), packets that came and that were lost."""
    log = QualityLog()
    wallclock, received, lost = START, 0, 0
    for step, more, less in steps:
        wallclock, received, lost = wallclock + step, received + more, lost + less
        counts = Counts(packets_received=received, packets_lost=lost, nacks_sent=lost)
        log.handle_readings(wallclock, {ANNA: Reading(counts)}, False)
    log.close(wallclock + 1)
    points = [point for entry in taken(log) for point in entry["points"]]
    assert sum(point["uplink"]["nacks"] for point in points) == lost
    starts = [point["at"] for point in points]
    assert starts == sorted(set(starts))
