"""Where meetings begin, and that they stay there."""

from media_node.meetings.placement import Placement
from media_node.quantities import Instant, MeetingId


def meetings(*names: str) -> list[MeetingId]:
    return [MeetingId(name) for name in names]


def test_meetings_begin_on_the_worker_with_the_fewest_people():
    placement = Placement(2)
    first, second, third = meetings("a", "b", "c")
    for _ in range(3):
        placement.note_joined(first)
    placement.note_joined(second)
    placement.note_joined(third)
    workers = [placement.worker_of(meeting) for meeting in (first, second, third)]
    assert workers[1] != workers[0]
    assert workers[2] == workers[1]


def test_a_busy_worker_gets_no_new_meeting_however_few_people_it_has():
    placement = Placement(2)
    webinar, crowd, newcomer = meetings("a", "b", "c")
    placement.note_joined(webinar)
    for _ in range(5):
        placement.note_joined(crowd)
    busy = placement.worker_of(webinar)
    placement.note_cpu(Instant(1.0), [0.0, 0.0])
    placement.note_cpu(Instant(2.0), [0.9 if worker == busy else 0.1 for worker in range(2)])
    assert placement.worker_of(newcomer) != busy
    assert placement.worker_of(webinar) == busy


def test_load_is_of_the_time_that_passed_however_long_that_was():
    placement = Placement(2)
    placement.note_joined(MeetingId("a"))
    placement.note_cpu(Instant(1.0), [7.0, 7.0])
    placement.note_cpu(Instant(5.0), [7.05, 7.08])
    assert placement.worker_of(MeetingId("b")) == 1, "both are idle, and one has nobody"


def test_what_leaves_makes_room_and_what_is_over_may_begin_elsewhere():
    placement = Placement(2)
    first, second = meetings("a", "b")
    placement.note_joined(first)
    home = placement.worker_of(first)
    placement.note_left(first)
    placement.forget(first)
    placement.note_joined(second)
    assert placement.worker_of(second) == home
    assert placement.worker_of(first) != home


def test_counts_of_a_worker_that_did_not_answer_change_nothing():
    placement = Placement(2)
    placement.note_cpu(Instant(1.0), [0.5])
    assert placement.worker_of(MeetingId("a")) == 0
