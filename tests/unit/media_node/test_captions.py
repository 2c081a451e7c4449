"""Captions of a meeting: who may write them, what is kept, and how fast they may come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.errors import NotGrantedError, TooOftenError
from media_node.meetings import moderation
from media_node.meetings.captions import CAPTION_BURST, CAPTION_HISTORY, CAPTIONS_PER_SECOND
from media_node.meetings.events import CaptionerChanged, CaptionWritten
from media_node.meetings.meeting import Meeting
from media_node.quantities import Instant, ParticipantId
from media_node.signaling.format import format_participant
from tests.unit.media_node.test_meeting import NOW, join, new_meeting

HOST, GUEST = ParticipantId("host"), ParticipantId("guest")


@pytest.fixture
def meeting() -> Meeting:
    meeting = new_meeting()
    join(meeting, "host", moderates=True)
    join(meeting, "guest")
    return meeting


def write(meeting, who, text="hello", *, line=1, final=True, at=0.0):
    return meeting.handle_caption(who, line, text, final, NOW, Instant(at))


def test_a_host_writes_and_everybody_reads(meeting):
    [event] = write(meeting, HOST, "Good morning")
    assert isinstance(event, CaptionWritten)
    assert (event.caption.display_name, event.caption.text) == ("Host", "Good morning")


def test_a_guest_writes_once_a_host_allows_it_and_no_longer_when_it_is_taken(meeting):
    with pytest.raises(NotGrantedError):
        write(meeting, GUEST)
    assert moderation.handle_captions(meeting, HOST, GUEST, True) == [CaptionerChanged(GUEST, True)]
    assert moderation.handle_captions(meeting, HOST, GUEST, True) == []
    write(meeting, GUEST)
    moderation.handle_captions(meeting, HOST, GUEST, False)
    with pytest.raises(NotGrantedError):
        write(meeting, GUEST)


def test_a_guest_gives_no_rights(meeting):
    with pytest.raises(NotGrantedError):
        moderation.handle_captions(meeting, GUEST, GUEST, True)


def test_the_right_stays_through_a_rejoin(meeting):
    moderation.handle_captions(meeting, HOST, GUEST, True)
    meeting.handle_leave(GUEST, "timeout")
    join(meeting, "guest")
    write(meeting, GUEST)
    assert format_participant(meeting.member(GUEST), HOST)["captioner"] is True


def test_late_joiners_read_final_lines_and_the_latest_of_each(meeting):
    write(meeting, HOST, "Good", line=1, final=False)
    write(meeting, HOST, "Good morning", line=1)
    write(meeting, HOST, "Let us begin", line=2)
    write(meeting, HOST, "Good morning, all", line=1)
    assert [one.text for one in meeting.captions.history] == ["Good morning, all", "Let us begin"]


def test_only_the_latest_lines_are_kept(meeting):
    for line in range(1, CAPTION_HISTORY + 6):
        write(meeting, HOST, str(line), line=line, at=line)
    assert [one.line for one in meeting.captions.history] == list(range(6, CAPTION_HISTORY + 6))


def test_who_writes_faster_than_people_speak_is_told_so_and_may_go_on_later(meeting):
    for _ in range(CAPTION_BURST):
        write(meeting, HOST)
    with pytest.raises(TooOftenError):
        write(meeting, HOST)
    write(meeting, HOST, at=1 / CAPTIONS_PER_SECOND)
    with pytest.raises(TooOftenError):
        write(meeting, HOST, at=1 / CAPTIONS_PER_SECOND)


@given(st.lists(st.floats(0, 2), max_size=200))
def test_no_timing_gets_more_through_than_burst_and_pace(pauses):
    meeting = new_meeting()
    join(meeting, "host", moderates=True)
    now, written = 0.0, 0
    for pause in pauses:
        now += pause
        try:
            write(meeting, HOST, at=now)
            written += 1
        except TooOftenError:
            pass
    assert written <= CAPTION_BURST + CAPTIONS_PER_SECOND * now + 1e-6
