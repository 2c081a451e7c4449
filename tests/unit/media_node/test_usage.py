"""What the node tells of the bytes that it sent."""

from __future__ import annotations

from media_node.quality import Counts, Key, Reading
from media_node.quantities import Instant, MeetingId, ParticipantId
from media_node.report import format_over
from media_node.usage import TOLD_SECONDS, EgressMeter

HERE, OTHER = MeetingId("mtg_here"), MeetingId("mtg_other")
NOW = Instant(1000.0)


def readings(**bytes_sent: int) -> dict[Key, Reading]:
    return {
        (HERE, ParticipantId(name)): Reading(Counts(bytes_sent=count)) for name, count in bytes_sent.items()
    }


def test_everybodys_bytes_are_the_meetings_also_of_those_who_left_or_came_anew():
    meter = EgressMeter()
    meter.handle_readings(readings(ann=100))
    meter.handle_readings(readings(ann=150, bob=30))
    meter.handle_readings(readings(bob=40))
    # A new connection of the same two: counted from its beginning.
    meter.handle_readings(readings(ann=20, bob=5))
    assert meter.session_by_meeting[HERE].bytes_sent == 150 + 40 + 20 + 5


def test_a_meeting_that_is_over_is_told_of_for_a_while():
    meter = EgressMeter()
    meter.handle_readings(readings(ann=100))
    meter.handle_meetings(NOW, {HERE: 4})
    assert format_over({}, meter) == [{"id": HERE, "epoch": 4, "session": 1, "egressBytes": 100}]
    meter.handle_meetings(NOW, {OTHER: 1})
    meter.handle_meetings(Instant(NOW + TOLD_SECONDS), {OTHER: 1})
    assert [entry["id"] for entry in format_over({}, meter)] == [HERE, OTHER]
    meter.handle_meetings(Instant(NOW + TOLD_SECONDS + 1), {OTHER: 1})
    assert list(meter.session_by_meeting) == [OTHER]


def test_a_meeting_that_comes_back_goes_on_or_begins_with_a_greater_number():
    meter = EgressMeter()
    meter.handle_readings(readings(ann=100))
    meter.handle_meetings(NOW, {})
    meter.handle_meetings(Instant(NOW + 1), {HERE: 1})
    meter.handle_readings(readings(ann=130))
    assert (meter.session_by_meeting[HERE].number, meter.session_by_meeting[HERE].bytes_sent) == (1, 130)
    meter.handle_readings({})
    meter.handle_meetings(Instant(NOW + 2), {})
    meter.handle_meetings(Instant(NOW + 3 + TOLD_SECONDS), {})
    meter.handle_readings(readings(ann=7))
    assert (meter.session_by_meeting[HERE].number, meter.session_by_meeting[HERE].bytes_sent) == (2, 7)
