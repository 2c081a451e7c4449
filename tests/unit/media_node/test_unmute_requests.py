"""Asking somebody to unmute: who may ask whom, how often, and that the answer is left to them."""

import pytest

from media_node.errors import ConflictError, NotFoundError, NotGrantedError, TooOftenError
from media_node.meetings import moderation
from media_node.meetings.events import UnmuteAsked
from media_node.meetings.meeting import Meeting
from media_node.meetings.unmute_requests import ASK_BURST, ASKS_PER_SECOND
from media_node.quantities import Instant, ParticipantId
from tests.unit.media_node.test_meeting import join, new_meeting, publish

HOST, COHOST, ANNA = ParticipantId("host"), ParticipantId("cohost"), ParticipantId("anna")
VIEWER = ParticipantId("viewer")
START = Instant(0.0)


@pytest.fixture
def meeting() -> Meeting:
    meeting = new_meeting()
    for moderator in (HOST, COHOST):
        join(meeting, moderator, moderates=True)
    join(meeting, ANNA)
    join(meeting, VIEWER, grants=frozenset())
    return meeting


@pytest.mark.parametrize("by", [HOST, COHOST])
def test_who_is_muted_is_asked_and_stays_muted(meeting, by):
    track = publish(meeting, ANNA, "microphone", muted=True)
    assert moderation.handle_unmute_question(meeting, by, ANNA, START) == [UnmuteAsked(ANNA, by)]
    assert meeting.member(ANNA).track_by_id[track].is_muted


def test_who_has_no_microphone_yet_is_asked_too(meeting):
    assert moderation.handle_unmute_question(meeting, HOST, ANNA, START) == [UnmuteAsked(ANNA, HOST)]


def test_who_is_heard_is_not_asked(meeting):
    publish(meeting, ANNA, "microphone")
    with pytest.raises(ConflictError):
        moderation.handle_unmute_question(meeting, HOST, ANNA, START)


def test_only_hosts_ask_and_only_those_who_may_be_heard(meeting):
    with pytest.raises(NotGrantedError):
        moderation.handle_unmute_question(meeting, ANNA, HOST, START)
    with pytest.raises(NotGrantedError):
        moderation.handle_unmute_question(meeting, HOST, VIEWER, START)
    with pytest.raises(NotFoundError):
        moderation.handle_unmute_question(meeting, HOST, ParticipantId("nobody"), START)


def test_whoever_asks_somebody_is_asked_a_few_times_at_once_and_then_now_and_then(meeting):
    for turn in range(ASK_BURST):
        moderation.handle_unmute_question(meeting, (HOST, COHOST)[turn % 2], ANNA, START)
    for by in (HOST, COHOST):
        with pytest.raises(TooOftenError):
            moderation.handle_unmute_question(meeting, by, ANNA, START)
    join(meeting, "ben")
    assert moderation.handle_unmute_question(meeting, HOST, ParticipantId("ben"), START)
    later = Instant(1 / ASKS_PER_SECOND)
    assert moderation.handle_unmute_question(meeting, HOST, ANNA, later) == [UnmuteAsked(ANNA, HOST)]
    with pytest.raises(TooOftenError):
        moderation.handle_unmute_question(meeting, HOST, ANNA, later)


def test_questions_that_are_refused_cost_nothing(meeting):
    track = publish(meeting, ANNA, "microphone")
    for _ in range(2 * ASK_BURST):
        with pytest.raises(ConflictError):
            moderation.handle_unmute_question(meeting, HOST, ANNA, START)
    meeting.handle_mute(ANNA, track, True)
    assert moderation.handle_unmute_question(meeting, HOST, ANNA, START)
