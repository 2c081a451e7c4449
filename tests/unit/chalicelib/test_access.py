"""Passcode, lock, waiting room, moderation: who comes in, who is put out, and what nodes are told."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.events import replay
from chalicelib.domain.identifiers import ParticipantId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import GONE_AFTER, NOTED_EVERY
from chalicelib.domain.permissions import Guest, ParticipantCaller
from chalicelib.errors import (
    BarredError,
    ForbiddenError,
    GuestsNotAllowedError,
    MeetingEndedError,
    MeetingLockedError,
    ParticipantNotFoundError,
    PasscodeRequiredError,
    PasscodeWrongError,
    TooManyAttemptsError,
    UnauthorizedError,
)
from chalicelib.services.accounts import Accounts
from chalicelib.services.join import Admission, Waiting
from chalicelib.services.moderation import Moderation, Moderator
from chalicelib.services.passcodes import MOST_IN_TOTAL, MOST_PER_SOURCE, SOURCE_WINDOW, Passcodes
from chalicelib.services.tokens import Callers
from tests.support.builders import NOW
from tests.support.memory_stores import MemoryApiKeys, MemoryAttempts, Nobody
from tests.unit.chalicelib.test_services import ACME, ISSUER, World

QUICK = Passcodes(MemoryAttempts(), time_cost=1, memory=8)
CODE = QUICK.hash("open sesame")


class House(World):
    """A control plane with one node, in the time of the machine: tokens have to be valid."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW.now(NOW.tzinfo)
        self.node = self.add_node()
        self.moderation = Moderation(self.meetings, self.store, self.fleet)
        self.callers = Callers(
            Accounts(MemoryApiKeys(), lambda n: b"x" * n), self.signer, ISSUER, Nobody(), lambda: NOW
        )

    def by(self, meeting: Meeting, caller: Any = ACME) -> Moderator:
        return Moderator(caller, meeting.id, "request", self.now)

    def bearer(self, token: str) -> Any:
        return self.callers.caller_of(f"Bearer {token}")

    def wait(self, meeting: Meeting, **changes: Any) -> Waiting:
        answer = self.ask(meeting, **changes)
        assert isinstance(answer, Waiting)
        return answer

    def host(self, meeting: Meeting, role: str = "host") -> Any:
        return self.bearer(self.join(meeting, ACME, role=role).resume_token)

    def state(self, meeting: Meeting, one: Admission | Waiting) -> str:
        return self.moderation.show(ACME, meeting.id, one.participant.id, self.now).state

    def queue(self, meeting: Meeting, caller: Any = ACME) -> list[ParticipantId]:
        """Who waits, as hosts see it."""
        return [one.id for one in self.moderation.people(caller, meeting.id, "waiting", self.now)]

    def types(self, meeting: Meeting) -> list[str]:
        return [event.type for event in self.store.events(meeting.id, 0, 1000)]

    def check_log(self, meeting: Meeting) -> None:
        replayed = replay(self.store.events(meeting.id, 0, 1000))
        assert replayed.meeting == self.read(meeting)
        assert sorted(replayed.participant_by_id.values(), key=lambda one: one.id) == self.store.participants(
            meeting.id
        )


@pytest.fixture
def house() -> House:
    return House()


# Passcode.


def test_a_passcode_is_asked_for_and_the_right_one_lets_in(house: House):
    meeting = house.create(passcode_hash=CODE)
    with pytest.raises(PasscodeRequiredError):
        house.join(meeting)
    with pytest.raises(PasscodeWrongError):
        house.join(meeting, passcode="open barley")
    assert house.join(meeting, passcode="open sesame")
    assert house.join(meeting, ACME)


def test_who_was_let_in_needs_no_passcode_to_come_back(house: House):
    meeting = house.create(passcode_hash=CODE)
    first = house.join(meeting, passcode="open sesame")
    assert house.join(meeting, resume_token=first.resume_token).participant.id == first.participant.id


def test_guessing_from_one_source_is_stopped_and_others_come_in(house: House):
    meeting = house.create(passcode_hash=CODE)
    for n in range(MOST_PER_SOURCE):
        with pytest.raises(PasscodeWrongError):
            house.join(meeting, passcode=f"guess {n}", source="192.0.2.1")
    with pytest.raises(TooManyAttemptsError) as stopped:
        house.join(meeting, passcode="open sesame", source="192.0.2.1")
    assert 1 <= stopped.value.retry_after_seconds <= SOURCE_WINDOW.total_seconds() + 1
    assert house.join(meeting, passcode="open sesame", source="192.0.2.2")
    assert house.types(meeting).count("meeting.passcode_guessed") == 1
    house.pass_time(SOURCE_WINDOW.total_seconds())
    house.fleet_store.record(dataclasses.replace(house.node, sequence=9, reported_at=house.now))
    assert house.join(meeting, passcode="open sesame", source="192.0.2.1")


def test_guessing_from_many_sources_is_stopped_in_total(house: House):
    meeting, other = house.create(passcode_hash=CODE), house.create(passcode_hash=CODE)
    for n in range(MOST_IN_TOTAL):
        with pytest.raises(PasscodeWrongError):
            house.join(meeting, passcode="guess", source=f"192.0.2.{n}")
    with pytest.raises(TooManyAttemptsError):
        house.join(meeting, passcode="open sesame", source="198.51.100.1")
    assert house.join(other, passcode="open sesame", source="198.51.100.1")


def test_right_passcodes_are_no_attempts(house: House):
    meeting = house.create(passcode_hash=CODE)
    for _ in range(MOST_PER_SOURCE + 3):
        assert house.join(meeting, passcode="open sesame", source="192.0.2.1")


def test_the_hash_of_a_passcode_is_in_no_event_that_is_shown(house: House):
    meeting = house.create(passcode_hash=CODE)
    assert "argon2" not in str([event.shown() for event in house.store.events(meeting.id, 0, 10)])


# Waiting room.


def test_a_guest_waits_until_a_host_says_yes(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting)
    asked = house.bearer(waiting.token)
    again = house.joins.ask_again(asked, meeting.id)
    assert isinstance(again, Waiting)
    assert again.participant.id == waiting.participant.id
    host = house.host(meeting)
    assert house.queue(meeting, host) == [waiting.participant.id]
    house.moderation.admit(house.by(meeting, host), waiting.participant.id)
    admitted = house.joins.ask_again(asked, meeting.id)
    assert isinstance(admitted, Admission)
    assert admitted.participant.id == waiting.participant.id
    assert "participant.let_in" in house.types(meeting)
    house.check_log(meeting)


def test_who_waits_may_do_nothing_else(house: House):
    meeting = house.create(waiting_room=True)
    host = house.join(meeting, ACME, role="host")
    asked = house.bearer(house.wait(meeting).token)
    for attempt in (
        lambda: house.moderation.people(asked, meeting.id, None, house.now),
        lambda: house.moderation.show(asked, meeting.id, host.participant.id, house.now),
        lambda: house.moderation.admit(house.by(meeting, asked), asked.participant),
        lambda: house.meetings.end(asked, meeting.id, "r", house.now),
    ):
        with pytest.raises(ForbiddenError):
            attempt()


def test_asking_twice_is_waiting_once(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting)
    again = house.wait(meeting, resume_token=waiting.token)
    assert again.participant.id == waiting.participant.id
    assert house.types(meeting).count("participant.waiting") == 1


def test_who_is_not_heard_of_at_the_door_is_gone_and_comes_back_with_the_next_question(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting)
    asked, (name,) = house.bearer(waiting.token), house.queue(meeting)
    for _ in range(10):
        house.pass_time(60)
        house.joins.ask_again(asked, meeting.id)
        assert house.queue(meeting) == [name], "a page in the background asks once a minute"
    house.pass_time(GONE_AFTER.total_seconds() + 1)
    assert house.queue(meeting) == []
    assert house.state(meeting, waiting) == "gone"
    assert house.moderation.admit_all(house.by(meeting)) == []
    assert house.moderation.admit(house.by(meeting), name).state == "gone"
    assert isinstance(house.joins.ask_again(asked, meeting.id), Waiting), "nobody let it in meanwhile"
    assert house.queue(meeting) == [name]
    assert house.types(meeting).count("participant.waiting") == 2, "silence is no event, its end is"
    house.moderation.admit_all(house.by(meeting))
    house.fleet_store.record(dataclasses.replace(house.node, sequence=9, reported_at=house.now))
    assert isinstance(house.joins.ask_again(asked, meeting.id), Admission)
    house.check_log(meeting)


def test_questions_of_who_waits_are_written_down_four_times_a_minute_at_most(house: House):
    meeting = house.create(waiting_room=True)
    asked = house.bearer(house.wait(meeting).token)
    noted: list[datetime | None] = []
    for _ in range(100):
        house.pass_time(0.7)
        house.joins.ask_again(asked, meeting.id)
        (one,) = house.store.participants(meeting.id)
        if one.polled_at not in noted:
            noted.append(one.polled_at)
    assert len(noted) == 1 + 70 // (NOTED_EVERY.total_seconds() + 0.7), "the first is that it came"


def test_who_gives_up_is_gone_at_once_and_may_wait_again_in_the_same_place(house: House):
    meeting = house.create(waiting_room=True)
    first = house.wait(meeting)
    house.pass_time(1)
    second = house.wait(meeting)
    asked = house.bearer(first.token)
    house.joins.give_up(asked, meeting.id)
    house.joins.give_up(asked, meeting.id)
    assert house.queue(meeting) == [second.participant.id]
    assert house.state(meeting, first) == "gone"
    assert house.types(meeting).count("participant.gone") == 1
    assert house.moderation.admit(house.by(meeting), first.participant.id).state == "gone"
    assert isinstance(house.joins.ask_again(asked, meeting.id), Waiting)
    (asked_first, _) = sorted(house.store.participants(meeting.id), key=lambda one: one.asked_at)
    assert asked_first.id == first.participant.id
    house.joins.give_up(asked, meeting.id)
    again = house.wait(meeting, resume_token=first.token)
    assert again.participant.id == first.participant.id, "no second entry of the same person"
    house.check_log(meeting)


def test_giving_up_is_no_way_past_the_host(house: House):
    meeting = house.create(waiting_room=True, auto_admit=frozenset({"returning"}))
    waiting = house.wait(meeting)
    house.joins.give_up(house.bearer(waiting.token), meeting.id)
    assert house.wait(meeting, resume_token=waiting.token)
    house.moderation.deny(house.by(meeting), waiting.participant.id)
    house.joins.give_up(house.bearer(waiting.token), meeting.id)
    with pytest.raises(BarredError):
        house.joins.ask_again(house.bearer(waiting.token), meeting.id)
    with pytest.raises(UnauthorizedError):
        house.joins.give_up(Guest(), meeting.id)


def test_who_is_let_in_and_gives_up_has_left(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting)
    house.moderation.admit(house.by(meeting), waiting.participant.id)
    house.joins.give_up(house.bearer(waiting.token), meeting.id)
    assert house.state(meeting, waiting) == "left"
    inside = house.join(meeting, ACME)
    house.joins.give_up(house.bearer(inside.resume_token), meeting.id)
    assert house.state(meeting, inside) == "joining", "who is in leaves as everybody does"


def test_who_waits_under_another_name_is_still_one_person(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting)
    again = house.wait(meeting, resume_token=waiting.token, display_name="Ann K.")
    assert (again.participant.id, again.participant.display_name) == (waiting.participant.id, "Ann K.")
    assert house.queue(meeting) == [waiting.participant.id]


def test_a_denied_person_stays_out(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting, external_id="u1")
    house.moderation.deny(house.by(meeting), waiting.participant.id)
    with pytest.raises(BarredError):
        house.joins.ask_again(house.bearer(waiting.token), meeting.id)
    with pytest.raises(BarredError):
        house.join(meeting, resume_token=waiting.token)
    with pytest.raises(BarredError):
        house.join(meeting, external_id="u1")
    house.check_log(meeting)


def test_a_host_may_change_its_mind_about_a_denied_person(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting, external_id="u1")
    house.moderation.deny(house.by(meeting), waiting.participant.id)
    house.moderation.admit(house.by(meeting), waiting.participant.id)
    assert isinstance(house.joins.ask_again(house.bearer(waiting.token), meeting.id), Admission)


def test_everybody_who_waits_is_let_in_at_once(house: House):
    meeting = house.create(waiting_room=True, max_participants=200)
    waiting = [house.wait(meeting) for _ in range(60)]
    assert len(house.moderation.admit_all(house.by(meeting))) == 60
    assert {house.state(meeting, one) for one in waiting} == {"admitted"}
    assert house.moderation.admit_all(house.by(meeting)) == []
    house.check_log(meeting)


@pytest.mark.parametrize(
    ("rules", "names", "role", "waits"),
    [
        (frozenset({"organisation"}), frozenset(), "participant", False),
        (frozenset(), frozenset(), "participant", True),
        (frozenset(), frozenset({"u1"}), "participant", False),
        (frozenset(), frozenset(), "host", False),
    ],
)
def test_whom_the_tenant_sends_waits_only_where_the_rules_say_so(
    house: House, rules: Any, names: Any, role: Any, waits: bool
):
    meeting = house.create(waiting_room=True, auto_admit=rules, auto_admit_external_ids=names)
    answer = house.ask(meeting, ACME, external_id="u1", role=role)
    assert isinstance(answer, Waiting) is waits


def test_a_guest_that_claims_a_known_name_waits_all_the_same(house: House):
    meeting = house.create(waiting_room=True, auto_admit_external_ids=frozenset({"u1"}))
    assert house.wait(meeting, external_id="u1")


@pytest.mark.parametrize(("rules", "waits"), [({"returning"}, False), (set(), True)])
def test_who_left_comes_back_as_the_rules_say(house: House, rules: set[str], waits: bool):
    meeting = house.create()
    first = house.join(meeting)
    fields = {"waiting_room": True, "auto_admit": frozenset(rules)}
    house.moderation.configure(house.by(meeting), fields)
    house.moderation.remove(
        house.by(meeting, house.bearer(first.resume_token)), first.participant.id, ban=False
    )
    answer = house.ask(meeting, resume_token=first.resume_token)
    assert isinstance(answer, Waiting) is waits


def test_nobody_waits_for_an_ended_meeting(house: House):
    meeting = house.create(waiting_room=True)
    waiting = house.wait(meeting)
    house.meetings.end(ACME, meeting.id, "r", house.now)
    with pytest.raises(MeetingEndedError):
        house.joins.ask_again(house.bearer(waiting.token), meeting.id)
    with pytest.raises(UnauthorizedError):
        house.joins.ask_again(Guest(), house.create().id)


# Lock.


def test_nobody_new_comes_into_a_locked_meeting(house: House):
    meeting = house.create()
    first = house.join(meeting)
    assert house.moderation.configure(house.by(meeting), {"locked": True}).locked
    with pytest.raises(MeetingLockedError):
        house.join(meeting)
    assert house.join(meeting, resume_token=first.resume_token)
    assert house.join(meeting, ACME, role="host")
    house.moderation.configure(house.by(meeting), {"locked": True})
    assert house.types(meeting).count("meeting.updated") == 1
    house.moderation.configure(house.by(meeting), {"locked": False})
    assert house.join(meeting)


def test_guests_are_refused_from_the_moment_on_that_says_so(house: House):
    meeting = house.create()
    first = house.join(meeting)
    house.moderation.configure(house.by(meeting), {"guests": False})
    with pytest.raises(GuestsNotAllowedError):
        house.join(meeting)
    assert house.join(meeting, resume_token=first.resume_token)


# Moderation.


def test_a_removed_person_is_put_out_of_the_node_and_stays_out(house: House):
    meeting = house.create()
    guest, host = house.join(meeting, external_id="u1"), house.host(meeting)
    house.moderation.remove(house.by(meeting, host), guest.participant.id, ban=False)
    queue = house.node.command_queue_url
    assert house.commands.sent == [("remove", queue, guest.participant.id, "removed")]
    for wishes in ({"resume_token": guest.resume_token}, {"external_id": "u1"}):
        with pytest.raises(BarredError):
            house.join(meeting, **wishes)
    with pytest.raises(ForbiddenError):
        house.moderation.show(house.bearer(guest.resume_token), meeting.id, guest.participant.id, house.now)
    house.check_log(meeting)


def test_removing_twice_is_one_event_and_tells_the_node_twice(house: House):
    meeting = house.create()
    guest = house.join(meeting)
    for _ in range(2):
        house.moderation.remove(house.by(meeting), guest.participant.id, ban=False)
    assert house.types(meeting).count("participant.removed") == 1
    assert len(house.commands.sent) == 2


def test_a_ban_keeps_out_who_comes_from_the_same_address(house: House):
    meeting, other = house.create(), house.create()
    guest = house.join(meeting, source="192.0.2.9")
    house.moderation.remove(house.by(meeting), guest.participant.id, ban=False)
    again = house.join(meeting, source="192.0.2.9")
    house.moderation.remove(house.by(meeting), again.participant.id, ban=True)
    with pytest.raises(BarredError):
        house.join(meeting, source="192.0.2.9")
    assert house.join(meeting, source="192.0.2.10")
    assert house.join(other, source="192.0.2.9")
    house.moderation.admit(house.by(meeting), again.participant.id)
    assert house.join(meeting, source="192.0.2.9")
    assert house.commands.sent[-1] == ("admit", house.node.command_queue_url, again.participant.id)
    assert "192.0.2.9" not in str(house.store.events(meeting.id, 0, 100))
    house.check_log(meeting)


def test_a_node_that_reports_a_removed_person_is_told_again(house: House):
    meeting = house.create()
    guest = house.join(meeting)
    house.moderation.remove(house.by(meeting), guest.participant.id, ban=False)
    house.commands.sent.clear()
    house.report(house.node, 2, guest)
    assert house.commands.sent == [("remove", house.node.command_queue_url, guest.participant.id, "removed")]
    assert house.state(meeting, guest) == "removed"
    house.check_log(meeting)


def test_leaving_oneself_keeps_the_way_back(house: House):
    meeting = house.create()
    guest = house.join(meeting)
    me = house.bearer(guest.resume_token)
    house.moderation.remove(house.by(meeting, me), guest.participant.id, ban=True)
    assert house.state(meeting, guest) == "left"
    assert house.commands.sent[-1][-1] == "left"
    assert house.join(meeting, resume_token=guest.resume_token).participant.id == guest.participant.id


def test_a_participant_may_not_moderate_and_a_cohost_not_the_host(house: House):
    meeting = house.create()
    guest = house.join(meeting)
    host = house.host(meeting)
    cohost = house.host(meeting, "cohost")
    me = house.bearer(guest.resume_token)
    for caller, subject in ((me, host.participant), (cohost, host.participant)):
        with pytest.raises(ForbiddenError):
            house.moderation.remove(house.by(meeting, caller), subject, ban=False)
    with pytest.raises(ForbiddenError):
        house.moderation.change(house.by(meeting, cohost), guest.participant.id, "host", None)
    with pytest.raises(ForbiddenError):
        house.moderation.change(house.by(meeting, me), guest.participant.id, "host", None)
    house.moderation.remove(house.by(meeting, cohost), guest.participant.id, ban=False)
    assert house.state(meeting, guest) == "removed"


def test_a_role_changes_live_and_lasts(house: House):
    meeting = house.create()
    guest, host = house.join(meeting), house.host(meeting)
    changed = house.moderation.change(house.by(meeting, host), guest.participant.id, "cohost", "Dr. Ann")
    assert (changed.role, changed.display_name) == ("cohost", "Dr. Ann")
    assert house.commands.sent == [
        ("change", house.node.command_queue_url, guest.participant.id, "cohost", True)
    ]
    me = house.bearer(guest.resume_token)
    assert house.moderation.people(me, meeting.id, None, house.now)
    again = house.join(meeting, resume_token=guest.resume_token)
    assert again.participant.role == "cohost"
    house.check_log(meeting)


def test_muting_reaches_the_node(house: House):
    meeting = house.create()
    guest, host = house.join(meeting), house.host(meeting)
    house.moderation.mute(house.by(meeting, host), guest.participant.id)
    house.moderation.mute(house.by(meeting, host), None)
    house.moderation.mute(house.by(meeting, host), guest.participant.id, ["camera", "screen"])
    queue = house.node.command_queue_url
    assert house.commands.sent == [
        ("mute", queue, guest.participant.id, host.participant, "microphone", "screen_audio"),
        ("mute", queue, None, host.participant, "microphone", "screen_audio"),
        ("mute", queue, guest.participant.id, host.participant, "camera", "screen"),
    ]


@pytest.mark.parametrize("name", ["par_" + "a" * 26, "nobody", ""])
def test_who_is_not_there_is_not_found_by_those_who_may_look(house: House, name: str):
    meeting = house.create()
    with pytest.raises(ParticipantNotFoundError):
        house.moderation.show(ACME, meeting.id, name, house.now)
    with pytest.raises(UnauthorizedError):
        house.moderation.show(Guest(), meeting.id, name, house.now)


@pytest.mark.parametrize("kind", ["forged", "join token", "garbage", "expired"])
def test_a_token_that_is_not_ours_is_no_bearer(house: House, kind: str):
    meeting = house.create()
    guest = house.join(meeting)
    old = {
        "iss": ISSUER,
        "aud": "parley-resume",
        "sub": guest.participant.id,
        "mtg": meeting.id,
        "exp": int((house.now - timedelta(minutes=1)).timestamp()),
    }
    token = {
        "forged": World().signer.sign({**old, "exp": 9_999_999_999}),
        "join token": guest.token,
        "garbage": "a.b.c",
        "expired": house.signer.sign(old),
    }[kind]
    with pytest.raises(UnauthorizedError):
        house.bearer(token)


def test_a_bearer_is_its_participant(house: House):
    guest = house.join(house.create())
    caller = house.bearer(guest.resume_token)
    assert caller == ParticipantCaller(guest.meeting.id, ParticipantId(guest.participant.id))
