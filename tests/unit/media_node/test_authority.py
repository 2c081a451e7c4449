"""What the node lets people do to each other, cell by cell beside the API's policy."""

from dataclasses import dataclass, replace
from itertools import product
from typing import get_args

import pytest

from chalicelib.domain.participant import Role, grants_of
from chalicelib.domain.permissions import Operation, is_allowed
from media_node.errors import NotGrantedError
from media_node.meetings import moderation
from media_node.meetings.authority import REACH_BY_ACTION, Action, may, require
from media_node.meetings.events import ParticipantRemoved, ShareAsked, TrackMuted
from media_node.meetings.meeting import Meeting
from media_node.quantities import Instant, ParticipantId
from tests.unit.media_node.test_meeting import join, new_meeting, participant, publish

ROLES: tuple[Role, ...] = get_args(Role)
# What the API calls them; it has no word for the others.
OPERATION_BY_ACTION: dict[Action, Operation] = {"mute": "mute_participant", "remove": "remove_participant"}
HOST, COHOST, GUEST = (ParticipantId(name) for name in ("host", "cohost", "guest"))


@dataclass(frozen=True)
class Member:
    role: str
    may_moderate: bool


def member(role: Role) -> Member:
    return Member(role, bool(grants_of(role)["moderate"]))


@pytest.mark.parametrize(("role", "target"), product(ROLES, ROLES))
@pytest.mark.parametrize("action", OPERATION_BY_ACTION)
def test_each_cell_is_the_apis(action, role, target):
    expected = is_allowed(role, OPERATION_BY_ACTION[action], target=target)
    assert may(member(role), action, member(target)) == expected
    if expected:
        require(member(role), action, member(target))
    else:
        with pytest.raises(NotGrantedError):
            require(member(role), action, member(target))


@pytest.mark.parametrize(("role", "target"), product(ROLES, ROLES))
@pytest.mark.parametrize("action", sorted(set(get_args(Action)) - OPERATION_BY_ACTION.keys()))
def test_what_the_api_has_no_word_for_is_for_all_who_moderate(action, role, target):
    assert may(member(role), action, member(target)) == (role in ("host", "cohost"))


def test_every_action_has_a_line():
    assert set(REACH_BY_ACTION) == set(get_args(Action))


@pytest.fixture
def meeting() -> Meeting:
    found = new_meeting()
    for role in ("host", "cohost"):
        found.handle_join(replace(participant(role, moderates=True), role=role))
    join(found, "guest")
    for name in ("host", "cohost", "guest"):
        publish(found, name, "microphone")
    return found


def muted(events: list) -> list[ParticipantId]:
    return [event.participant for event in events if isinstance(event, TrackMuted)]


def test_a_cohost_neither_mutes_nor_removes_a_host(meeting):
    for refused in (
        lambda: moderation.handle_mute(meeting, COHOST, HOST, None),
        lambda: moderation.handle_remove(meeting, COHOST, HOST),
    ):
        with pytest.raises(NotGrantedError, match="a host"):
            refused()
    assert not any(track.is_muted for track in meeting.member(HOST).track_by_id.values())
    assert muted(moderation.handle_mute(meeting, COHOST, GUEST, None)) == [GUEST]
    assert muted(moderation.handle_mute(meeting, HOST, COHOST, None)) == [COHOST]
    assert ParticipantRemoved(COHOST, "removed") in moderation.handle_remove(meeting, HOST, COHOST)


def test_a_cohost_who_mutes_everybody_leaves_hosts_as_they_are(meeting):
    assert muted(moderation.handle_mute_sources(meeting, None, COHOST, {"microphone"})) == [GUEST]
    assert muted(moderation.handle_mute_sources(meeting, None, None, {"microphone"})) == [HOST, COHOST]


def test_whoever_mutes_everybody_and_is_not_here_mutes_no_host(meeting: Meeting):
    elsewhere = ParticipantId("elsewhere")
    assert muted(moderation.handle_mute_sources(meeting, None, elsewhere, {"microphone"})) == [COHOST, GUEST]


def test_a_mute_from_outside_says_so(meeting):
    (event,) = (
        one
        for one in moderation.handle_mute_sources(meeting, GUEST, None, {"microphone"})
        if isinstance(one, TrackMuted)
    )
    assert (event.by, event.is_from_outside) == (None, True)


def test_a_cohost_does_not_end_the_share_of_a_host(meeting):
    publish(meeting, "host", "screen")
    asked = meeting.handle_share_question(GUEST, Instant(0.0))
    assert asked == [ShareAsked((HOST,), GUEST)]
    with pytest.raises(NotGrantedError):
        meeting.handle_share_answer(COHOST, GUEST, True)
    meeting.handle_share_answer(HOST, GUEST, False)


def test_a_cohost_is_asked_about_the_share_of_others(meeting):
    publish(meeting, "guest", "screen")
    join(meeting, "asker")
    assert meeting.handle_share_question(ParticipantId("asker"), Instant(0.0)) == [
        ShareAsked((HOST, COHOST, GUEST), ParticipantId("asker"))
    ]
