"""What was said in a meeting goes on when everybody comes back in a moment, and for no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from media_node.errors import ConflictError, MeetingEndedError
from media_node.meetings import remains
from media_node.meetings.chat import CHAT_HISTORY
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import ChatMessage
from media_node.meetings.remains import KEPT_SECONDS, LeftMeetings
from media_node.quantities import Instant, MeetingId, ParticipantId, new_identifier
from tests.support.stage import MIDS, Stage

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Talk(Stage):
    """Anna and Ben have talked, and both have gone."""

    def __init__(self) -> None:
        super().__init__()
        self.anna, self.ben = (self._enter(name) for name in ("anna", "ben"))
        self.hosting.chat(self.seats["anna"], "hello", None, "k1")
        self.hosting.chat(self.seats["anna"], "for Ben alone", self.ben, "k2")

    def _enter(self, name: str) -> ParticipantId:
        self.join(name)
        return self.seats[name].participant

    def leave_all(self) -> None:
        for name in list(self.seats):
            self.leave(name)
        assert not self.hosting.live.meeting_by_id

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.hosting.handle_timeout()

    def welcome(self, name: str, **how: Any) -> dict[str, Any]:
        """What somebody is told who comes."""
        self.join(name, **how)
        (joined,) = self.heard(name, "joined")
        return joined

    def read(self, name: str, **how: Any) -> list[str]:
        return [line["text"] for line in self.welcome(name, **how)["messages"]]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_who_comes_back_when_all_have_gone_reads_what_was_said_to_everybody(talk: Talk):
    talk.leave_all()
    talk.pass_by(KEPT_SECONDS - 1)
    assert talk.read("anna", again=talk.anna) == ["hello"]
    assert talk.read("ben", again=talk.ben) == ["hello"], "nothing private, to nobody"
    talk.hosting.chat(talk.seats["ben"], "back", None)
    assert talk.read("cleo") == ["hello", "back"]


def test_who_is_alone_and_reloads_reads_it_too(talk: Talk):
    talk.leave("ben")
    assert talk.read("anna", again=talk.anna) == ["hello"]


def test_what_is_said_again_is_known(talk: Talk):
    talk.leave_all()
    talk.join("anna", again=talk.anna)
    for key in ("k1", "k2"):
        talk.hosting.chat(talk.seats["anna"], "said again", talk.ben if key == "k2" else None, key)
    assert [one["text"] for one in talk.heard("anna", "message")] == ["hello", "for Ben alone"]
    assert talk.read("cleo") == ["hello"]


def test_captions_and_the_right_to_write_them_stay(talk: Talk):
    meeting = talk.hosting.live.meeting_by_id[talk.meeting]
    meeting.captions.handle_right(meeting.member(talk.ben), True)
    talk.hosting.caption(talk.seats["ben"], 1, "good morning", True)
    talk.leave_all()
    told = talk.welcome("ben", again=talk.ben)
    assert [one["text"] for one in told["captions"]] == ["good morning"]
    assert [one.get("captioner") for one in told["roster"]["participants"]] == [True]
    assert not talk.welcome("anna", again=talk.anna)["roster"]["participants"][1].get("captioner")


def test_it_is_gone_after_a_moment(talk: Talk):
    talk.leave_all()
    talk.pass_by(KEPT_SECONDS)
    assert not talk.hosting.live.left.remains_by_meeting
    assert talk.read("anna", again=talk.anna) == []


def test_the_moment_is_not_as_long_as_it_takes_the_timer(talk: Talk):
    talk.leave_all()
    talk.now += KEPT_SECONDS
    assert talk.read("anna", again=talk.anna) == []


def test_it_is_gone_when_the_meeting_is_ended_or_the_node_closes(talk: Talk):
    talk.hosting.end_meeting(talk.meeting)
    assert not talk.hosting.live.left.remains_by_meeting
    with pytest.raises(MeetingEndedError):
        talk.join("anna", again=talk.anna)
    empty, closing = Talk(), Talk()
    empty.leave_all()
    empty.hosting.end_meeting(empty.meeting)
    closing.hosting.close_all()
    assert not empty.hosting.live.left.remains_by_meeting
    assert not closing.hosting.live.left.remains_by_meeting


def test_nothing_stays_of_a_meeting_whose_state_is_lost(talk: Talk):
    talk.hosting.live.abandon(talk.meeting)
    assert talk.read("anna", again=talk.anna) == []


def test_it_is_not_told_when_the_meeting_was_on_another_node_meanwhile(talk: Talk):
    talk.leave_all()
    assert talk.read("anna", again=talk.anna, epoch=2) == []


def test_who_comes_with_a_token_of_before_the_meeting_moved_takes_it_from_nobody(talk: Talk):
    moved = talk.hosting.live.meeting_by_id[talk.meeting]
    moved.epoch = 2
    talk.leave_all()
    assert talk.read("cleo") == []
    talk.leave("cleo")
    assert talk.read("anna", again=talk.anna, epoch=2) == ["hello"]


def test_a_join_that_fails_leaves_it_for_the_next_one(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    talk.leave_all()
    monkeypatch.setitem(MIDS, "screen", MIDS["camera"])
    with pytest.raises(ConflictError):
        talk.join("anna", "camera", "screen", again=talk.anna)
    assert not talk.hosting.live.meeting_by_id, "nobody is in it"
    assert talk.read("ben", again=talk.ben) == ["hello"]


def test_each_meeting_has_its_own(talk: Talk):
    other = Stage(beside=talk)
    talk.leave_all()
    other.join("dora")
    assert other.heard("dora", "joined")[0]["messages"] == []
    assert talk.read("anna", again=talk.anna) == ["hello"]


def said(text: str, messages: int = 1) -> Meeting:
    meeting = Meeting(MeetingId(new_identifier("mtg_")), 1, new_identifier)
    line = ChatMessage("", ParticipantId("par_a"), "Anna", text, NOW)
    for number in range(messages):
        meeting.chat.keep(replace(line, id=f"msg_{number}"))
    return meeting


def test_nothing_is_kept_of_a_meeting_in_which_nothing_was_said():
    left = LeftMeetings()
    left.keep(Instant(0), Meeting(MeetingId("mtg_a"), 1, new_identifier))
    assert not left.remains_by_meeting


def test_what_is_kept_is_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch):
    most = 100_000
    monkeypatch.setattr(remains, "MOST_LETTERS", most)
    left = LeftMeetings()
    meetings = [said("x" * 1_000, 20) for _ in range(5)]
    for meeting in meetings:
        left.keep(Instant(0), meeting)
    kept = list(left.remains_by_meeting)
    assert kept == [one.id for one in meetings[-len(kept) :]]
    assert most / 2 < sum(one.letters for one in left.remains_by_meeting.values()) <= most
    small = [said("a") for _ in range(most // 500)]
    for meeting in small:
        left.keep(Instant(0), meeting)
    assert len(left.remains_by_meeting) < len(small), "a small one costs something, too"


def test_what_is_taken_or_dropped_makes_room():
    left = LeftMeetings()
    for _ in range(100):
        meeting = said("x" * 16_000, CHAT_HISTORY)
        left.keep(Instant(0), meeting)
        left.keep(Instant(0), meeting)
        assert left.take(Instant(0), meeting.id, 1) is not None
    first = said("a")
    left.keep(Instant(0), first)
    left.keep(Instant(0), said("x" * 16_000, CHAT_HISTORY))
    assert first.id in left.remains_by_meeting
