"""Sharing in the place of another: who is asked, who may answer, and what a yes does."""

import pytest

from media_node.errors import (
    ConflictError,
    NotFoundError,
    NotGrantedError,
    ScreenTakenError,
    TooOftenError,
)
from media_node.meetings import moderation
from media_node.meetings.events import ShareAnswered, ShareAsked, TrackMuted, TrackPublished
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import InitialTrack
from media_node.meetings.share_requests import ASK_BURST, ASKS_PER_SECOND
from media_node.quantities import Instant, Mid, ParticipantId
from tests.unit.media_node.test_meeting import join, new_meeting, participant, publish

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


@pytest.mark.parametrize("name", ["asker", "host"])
def test_nobody_takes_the_place_of_a_share_by_publishing(meeting, name):
    with pytest.raises(ScreenTakenError):
        publish(meeting, name, "screen")
    screens = [one for one in meeting.member(ParticipantId(name)).track_by_id.values()]
    assert screens == []


def test_the_place_of_a_share_is_free_once_it_is_given(meeting):
    meeting.handle_share_question(ASKER, START)
    meeting.handle_share_answer(SHARER, ASKER, True)
    publish(meeting, "asker", "screen")
    with pytest.raises(ScreenTakenError):
        publish(meeting, "other", "screen")


def test_a_host_takes_the_place_by_ending_the_share(meeting):
    [screen] = meeting.member(SHARER).track_by_id
    moderation.handle_mute(meeting, HOST, SHARER, screen)
    publish(meeting, "host", "screen")
    with pytest.raises(ScreenTakenError):
        meeting.handle_mute(SHARER, screen, False)


def test_a_screen_that_is_not_seen_takes_no_place(meeting):
    hidden = publish(meeting, "asker", "screen", muted=True)
    with pytest.raises(ScreenTakenError):
        meeting.handle_mute(ASKER, hidden, False)
    with pytest.raises(ScreenTakenError):
        meeting.handle_publish(ASKER, Mid("screen"), "screen", False)
    meeting.handle_leave(SHARER, "left")
    assert meeting.handle_mute(ASKER, hidden, False)


def test_who_comes_back_while_somebody_else_shares_comes_without_its_screen(meeting):
    tracks = [InitialTrack(source, source, False) for source in ("camera", "screen")]
    events = meeting.handle_join(participant("back"), tracks)
    assert [one.track.source for one in events if isinstance(one, TrackPublished)] == ["camera"]


def test_who_shares_says_so_again_and_mutes_as_before(meeting):
    [screen] = meeting.member(SHARER).track_by_id
    assert meeting.handle_publish(SHARER, Mid("screen"), "screen", False) == []
    meeting.handle_mute(SHARER, screen, True)
    assert meeting.handle_mute(SHARER, screen, False)
