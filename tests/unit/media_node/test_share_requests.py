"""Sharing in the place of another: who is asked, who may answer, and what a yes does."""

import pytest

from media_node.errors import ConflictError, NotFoundError, NotGrantedError, TooOftenError
from media_node.meetings.events import ShareAnswered, ShareAsked, TrackMuted
from media_node.meetings.meeting import Meeting
from media_node.meetings.share_requests import ASK_BURST, ASKS_PER_SECOND
from media_node.quantities import Instant, ParticipantId
from tests.unit.media_node.test_meeting import join, new_meeting, publish

HOST, SHARER, ASKER = ParticipantId("host"), ParticipantId("sharer"), ParticipantId("asker")
START = Instant(0.0)


@pytest.fixture
def meeting() -> Meeting:
    meeting = new_meeting()
    join(meeting, "host", moderates=True)
    for name in ("sharer", "asker", "other"):
        join(meeting, name)
    publish(meeting, "sharer", "screen")
    return meeting


def test_whoever_shares_and_the_hosts_are_asked(meeting):
    assert meeting.handle_share_question(ASKER, START) == [ShareAsked((HOST, SHARER), ASKER)]


@pytest.mark.parametrize("by", [HOST, SHARER])
def test_a_yes_ends_the_share_and_everybody_concerned_is_told(meeting, by):
    meeting.handle_share_question(ASKER, START)
    events = meeting.handle_share_answer(by, ASKER, True)
    [muted] = [one for one in events if isinstance(one, TrackMuted)]
    assert (muted.participant, muted.is_muted, muted.by) == (SHARER, True, by)
    assert events[-1] == ShareAnswered((ASKER, HOST, SHARER), ASKER, True, by)


def test_a_no_leaves_the_share_as_it_is(meeting):
    meeting.handle_share_question(ASKER, START)
    answer = ShareAnswered((ASKER, HOST, SHARER), ASKER, False, SHARER)
    assert meeting.handle_share_answer(SHARER, ASKER, False) == [answer]


def test_others_may_not_answer_and_a_question_is_answered_once(meeting):
    meeting.handle_share_question(ASKER, START)
    with pytest.raises(NotGrantedError):
        meeting.handle_share_answer(ParticipantId("other"), ASKER, True)
    with pytest.raises(NotGrantedError):
        meeting.handle_share_answer(ASKER, ASKER, True)
    meeting.handle_share_answer(HOST, ASKER, False)
    with pytest.raises(NotFoundError):
        meeting.handle_share_answer(SHARER, ASKER, True)


def test_what_nobody_asked_is_not_answered(meeting):
    with pytest.raises(NotFoundError):
        meeting.handle_share_answer(HOST, ASKER, True)


def test_nobody_is_asked_while_nobody_shares(meeting):
    meeting.handle_leave(SHARER, "left")
    with pytest.raises(ConflictError):
        meeting.handle_share_question(ASKER, START)


def test_who_may_not_share_does_not_ask(meeting):
    join(meeting, "viewer", grants=frozenset())
    with pytest.raises(NotGrantedError):
        meeting.handle_share_question(ParticipantId("viewer"), START)


def test_a_presenter_is_not_asked_over_and_over(meeting):
    for _ in range(ASK_BURST):
        meeting.handle_share_question(ASKER, START)
    with pytest.raises(TooOftenError):
        meeting.handle_share_question(ASKER, START)
    meeting.handle_share_question(ASKER, Instant(1 / ASKS_PER_SECOND))


def test_a_question_goes_with_the_one_who_asked(meeting):
    meeting.handle_share_question(ASKER, START)
    meeting.handle_leave(ASKER, "left")
    join(meeting, "asker")
    with pytest.raises(NotFoundError):
        meeting.handle_share_answer(HOST, ASKER, True)
