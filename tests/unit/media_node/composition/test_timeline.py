"""The meeting's log as a film sees it."""

import json

import pytest

from media_node.errors import JobError
from media_node.recording.composition.timeline import NEVER_US, parse_timeline
from tests.support.recorded_meeting import event, moment, person, timeline, us

ANA = person("par_a", "Ana")


def test_people_are_there_from_their_coming_to_their_going():
    log = [
        event(1, "participant.joined", 0, participant=ANA),
        event(2, "participant.left", 5, participant=ANA),
        event(3, "participant.joined", 7, participant=ANA),
    ]
    someone = parse_timeline(timeline(10, [ANA], log)).people["par_a"]
    assert [someone.is_here(us(second)) for second in (-1, 0, 4, 5, 6, 7, 9)] == [
        False,
        True,
        True,
        False,
        False,
        True,
        True,
    ]


def test_the_end_of_the_meeting_is_everybodys_going():
    log = [event(1, "participant.joined", 0, participant=ANA), event(2, "meeting.ended", 5)]
    assert not parse_timeline(timeline(10, [ANA], log)).people["par_a"].is_here(us(6))


def test_a_name_counts_from_when_it_was_changed():
    renamed = person("par_a", "Dr. Ana")
    log = [
        event(1, "participant.joined", 0, participant=ANA),
        event(2, "participant.renamed", 5, participant=renamed),
    ]
    parsed = parse_timeline(timeline(10, [renamed], log))
    assert parsed.name("par_a", us(1)) == "Ana"
    assert parsed.name("par_a", us(6)) == "Dr. Ana"
    assert parsed.name("par_unknown", us(6)) == "Guest"


def test_a_name_is_one_line_that_can_be_drawn():
    odd = person("par_a", "  A\n\tn\x00a \u202e" + "x" * 500)
    name = parse_timeline(timeline(10, [odd])).name("par_a", us(1))
    assert name.isprintable()
    assert len(name) <= 60


def test_a_pause_without_an_end_lasts():
    value = json.loads(timeline(None, [ANA]))
    value["recording"]["pauses"] = [{"from": moment(3), "to": None}]
    assert parse_timeline(json.dumps(value).encode()).pauses[0].end_us == NEVER_US


@pytest.mark.parametrize("field", ["meeting", "recording"])
@pytest.mark.parametrize("value", [None, 1, "x", [], {}])
def test_what_is_not_of_the_contract_is_told(field, value):
    broken = json.loads(timeline(10, [ANA]))
    broken[field] = value
    with pytest.raises(JobError):
        parse_timeline(json.dumps(broken).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"[" * 9999, b"\xff", b'{"recording": {"startedAt": "yesterday"}}']
)
def test_what_cannot_be_read_is_told(data):
    with pytest.raises(JobError):
        parse_timeline(data)


def test_events_of_kinds_unknown_are_left_out():
    log = [event(1, "something.new", 0, participant={"id": "par_x"}, more=[1])]
    parse_timeline(timeline(10, [ANA], log))
