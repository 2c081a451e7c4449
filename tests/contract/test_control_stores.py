"""Every store of the control plane keeps the same promises, in memory and over DynamoDB."""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from chalicelib.domain.identifiers import KeyId, ParticipantId, Tenant, new_id
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.presence import MeetingPresence, PresenceChange, digest
from chalicelib.services.protocols import ApiKeyStore, FleetStore, MeetingStore
from chalicelib.stores.api_keys import DynamoApiKeys
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.meetings import DynamoMeetings
from tests.support.builders import NOW, a_meeting, a_node, a_participant
from tests.support.memory_stores import MemoryApiKeys, MemoryFleet, MemoryMeetings


@dataclass(frozen=True)
class Stores:
    meetings: MeetingStore
    fleet: FleetStore
    api_keys: ApiKeyStore


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        fleet = MemoryFleet()
        return Stores(MemoryMeetings(fleet), fleet, MemoryApiKeys())
    return Stores(DynamoMeetings(request.getfixturevalue("dynamodb")), DynamoFleet(), DynamoApiKeys())


def kept(stores: Stores, **changes: object) -> Meeting:
    meeting = a_meeting(tenant=Tenant(os.urandom(8).hex()), **changes)
    assert stores.meetings.create(meeting, None, "digest") is None
    return meeting


def read(stores: Stores, meeting: Meeting) -> Meeting:
    found = stores.meetings.by_id(meeting.id)
    assert found is not None
    return found


def test_a_meeting_comes_back_as_it_was_kept(stores: Stores):
    meeting = kept(
        stores,
        title="Zoë's 👍",
        guests=False,
        max_participants=7,
        end_after_empty=timedelta(seconds=90),
        metadata={"order": "17", "": "x"},
    )
    assert stores.meetings.by_id(meeting.id) == meeting
    assert stores.meetings.id_of_code(meeting.code) == meeting.id


def test_what_was_never_kept_is_not_found(stores: Stores):
    stranger = a_meeting()
    assert stores.meetings.by_id(stranger.id) is None
    assert stores.meetings.id_of_code(stranger.code) is None
    assert stores.meetings.participants(stranger.id) == []
    assert stores.meetings.end(stranger.id, "requested", NOW) is False
    assert stores.fleet.node("local", a_node().id) is None
    assert stores.fleet.presence(a_node().id) == {}
    assert stores.api_keys.by_id(KeyId("key_none")) is None


def test_one_idempotency_key_makes_one_meeting(stores: Stores):
    tenant, key = Tenant(os.urandom(8).hex()), os.urandom(8).hex()
    meetings = [a_meeting(tenant=tenant) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda meeting: stores.meetings.create(meeting, key, "d1"), meetings))
    (winner,) = [meeting for meeting, earlier in zip(meetings, answers, strict=True) if earlier is None]
    assert {earlier.meeting for earlier in answers if earlier is not None} == {winner.id}
    assert {earlier.request_digest for earlier in answers if earlier is not None} == {"d1"}
    assert [meeting for meeting in meetings if stores.meetings.by_id(meeting.id)] == [winner]


def test_a_key_of_another_tenant_is_another_key(stores: Stores):
    assert stores.meetings.create(a_meeting(tenant=Tenant(os.urandom(8).hex())), "same", "d") is None
    assert stores.meetings.create(a_meeting(tenant=Tenant(os.urandom(8).hex())), "same", "d") is None


def test_pages_are_newest_first_without_gap_or_repeat(stores: Stores):
    tenant = Tenant(os.urandom(8).hex())
    meetings = [a_meeting(tenant=tenant, created_at=NOW + timedelta(seconds=n // 2)) for n in range(7)]
    for meeting in meetings:
        stores.meetings.create(meeting, None, "d")
    kept(stores)
    stores.meetings.end(meetings[0].id, "requested", NOW)
    seen, mark = [], None
    while True:
        page, mark = stores.meetings.page(tenant, None, 3, mark)
        assert len(page) <= 3
        seen += page
        if mark is None:
            break
    assert sorted(meeting.id for meeting in seen) == sorted(meeting.id for meeting in meetings)
    assert [meeting.created_at for meeting in seen] == sorted((m.created_at for m in meetings), reverse=True)
    ended, mark = stores.meetings.page(tenant, "ended", 3, None)
    assert ([meeting.id for meeting in ended], mark) == ([meetings[0].id], None)


def test_a_full_page_that_is_the_last_has_no_mark(stores: Stores):
    meeting = kept(stores)
    assert stores.meetings.page(meeting.tenant, None, 1, None) == ([meeting], None)


def test_a_meeting_ends_once_and_is_no_longer_live(stores: Stores):
    meeting = kept(stores, home_region=os.urandom(8).hex())
    assert [live.id for live in stores.meetings.live(meeting.home_region)] == [meeting.id]
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: stores.meetings.end(meeting.id, "empty", NOW), range(4)))
    assert sorted(ended) == [False, False, False, True]
    found = read(stores, meeting)
    assert (found.state, found.ended_at, found.end_reason) == ("ended", NOW, "empty")
    assert list(stores.meetings.live(meeting.home_region)) == []


def test_placing_writes_meeting_node_and_participant_together(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    participant = a_participant(meeting, external_id="u1")
    assert stores.meetings.place(meeting, node, 8, participant) is None
    placed = read(stores, meeting)
    assert placed.placement is not None
    assert (placed.placement.node, placed.placement.url, placed.placement.units) == (node.id, node.url, 8)
    assert placed.epoch == 1
    assert stores.meetings.participants(meeting.id) == [participant]
    assert [seen.reserved_units for seen in stores.fleet.nodes("local") if seen.id == node.id] == [8]


def test_growing_on_the_same_node_reserves_the_difference_and_keeps_the_epoch(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    stores.meetings.place(meeting, node, 8, a_participant(meeting))
    assert stores.meetings.place(read(stores, meeting), node, 16, a_participant(meeting)) is None
    found = stores.fleet.node("local", node.id)
    assert found is not None
    assert found.reserved_units == 16
    assert read(stores, meeting).epoch == 1


def test_a_placement_from_an_old_reading_is_refused(stores: Stores):
    meeting, first, second = kept(stores), a_node(), a_node()
    stores.fleet.record(first)
    stores.fleet.record(second)
    assert stores.meetings.place(meeting, first, 8, a_participant(meeting)) is None
    assert stores.meetings.place(meeting, second, 8, a_participant(meeting)) == "meeting"
    found = stores.fleet.node("local", second.id)
    assert found is not None
    assert found.reserved_units == 0
    assert len(stores.meetings.participants(meeting.id)) == 1


def test_an_ended_meeting_is_not_placed(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    stores.meetings.end(meeting.id, "requested", NOW)
    assert stores.meetings.place(meeting, node, 8, a_participant(meeting)) == "meeting"


def test_a_node_is_never_filled_beyond_its_capacity(stores: Stores):
    node = a_node(capacity_units=40)
    stores.fleet.record(node)
    meetings = [kept(stores) for _ in range(12)]

    def place(meeting: Meeting) -> str | None:
        for _ in range(20):
            obstacle = stores.meetings.place(meeting, node, 8, a_participant(meeting))
            if obstacle != "meeting":  # Transactions that meet are refused by DynamoDB; the join tries again.
                return obstacle
        return "meeting"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(place, meetings))
    assert answers.count(None) == 5
    found = stores.fleet.node("local", node.id)
    assert found is not None
    assert found.reserved_units == 40


def test_a_report_that_is_late_or_repeated_changes_nothing(stores: Stores):
    node = a_node(sequence=5)
    assert stores.fleet.record(node) == ""
    assert stores.fleet.record(node) is None
    assert stores.fleet.record(dataclasses.replace(node, sequence=4, used_units=9)) is None
    assert stores.fleet.node("local", node.id) == node
    newer = dataclasses.replace(node, sequence=6, used_units=3)
    assert stores.fleet.record(newer) == ""
    assert stores.fleet.node("local", node.id) == newer


def test_a_restarted_node_starts_counting_anew(stores: Stores):
    node = a_node(sequence=50)
    stores.fleet.record(node)
    later = NOW + timedelta(seconds=3)
    again = dataclasses.replace(node, boot_id="boot-2", sequence=1, reported_at=later)
    assert stores.fleet.record(again) == ""
    assert stores.fleet.record(dataclasses.replace(node, sequence=51)) is None
    assert stores.fleet.node("local", node.id) == again


def test_units_are_given_back_at_most_once_to_a_node_that_is_there(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    stores.meetings.place(meeting, node, 8, a_participant(meeting))
    stores.fleet.release("local", node.id, 8)
    stores.fleet.release("local", node.id, 8)
    stores.fleet.release("local", a_node().id, 8)
    found = stores.fleet.node("local", node.id)
    assert found is not None
    assert found.reserved_units == 0


def test_a_correction_yields_to_a_reservation_made_meanwhile(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    stores.meetings.place(meeting, node, 8, a_participant(meeting))
    stores.fleet.correct_reserved(node, 99)
    found = stores.fleet.node("local", node.id)
    assert found is not None
    assert found.reserved_units == 8
    stores.fleet.correct_reserved(found, 3)
    corrected = stores.fleet.node("local", node.id)
    assert corrected is not None
    assert corrected.reserved_units == 3


def test_presence_is_kept_with_its_digest(stores: Stores):
    meeting, node = a_meeting(), a_node()
    stores.fleet.record(node)
    presence = {meeting.id: MeetingPresence(2, frozenset({ParticipantId("par_a"), ParticipantId("par_b")}))}
    stores.fleet.keep_presence("local", node.id, presence, digest(presence), NOW)
    assert stores.fleet.presence(node.id) == presence
    assert stores.fleet.record(dataclasses.replace(node, sequence=2)) == digest(presence)


def placed(stores: Stores) -> tuple[Meeting, PresenceChange]:
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    participant = a_participant(meeting)
    stores.meetings.place(meeting, node, 8, participant)
    return read(stores, meeting), PresenceChange(meeting.id, 1, 1, frozenset({participant.id}), frozenset())


def test_presence_makes_a_meeting_active_and_its_end_leaves_it_empty(stores: Stores):
    meeting, came = placed(stores)
    assert meeting.placement is not None
    node = meeting.placement.node
    assert stores.meetings.note_presence(came, node, NOW)
    live = read(stores, meeting)
    assert (live.state, live.present, live.live_since, live.empty_since) == ("live", 1, NOW, None)
    (joined,) = stores.meetings.participants(meeting.id)
    assert (joined.state, joined.joined_at, joined.display_name) == ("joined", NOW, "Ann")
    later = NOW + timedelta(minutes=1)
    went = PresenceChange(meeting.id, 1, 0, frozenset(), came.came)
    assert stores.meetings.note_presence(went, node, later)
    empty = read(stores, meeting)
    assert (empty.state, empty.present, empty.live_since, empty.empty_since) == ("live", 0, NOW, later)
    (left,) = stores.meetings.participants(meeting.id)
    assert (left.state, left.joined_at, left.left_at) == ("left", NOW, later)


def test_presence_from_a_node_that_no_longer_has_the_meeting_is_refused(stores: Stores):
    meeting, came = placed(stores)
    assert meeting.placement is not None
    assert not stores.meetings.note_presence(came, a_node().id, NOW)
    past = dataclasses.replace(came, epoch=0)
    assert not stores.meetings.note_presence(past, meeting.placement.node, NOW)
    stores.meetings.end(meeting.id, "requested", NOW)
    assert not stores.meetings.note_presence(came, meeting.placement.node, NOW)
    assert read(stores, meeting).state == "ended"


def test_a_participant_that_only_the_node_knows_is_not_made_up(stores: Stores):
    meeting, came = placed(stores)
    assert meeting.placement is not None
    strangers = frozenset({ParticipantId(new_id("par", os.urandom))})
    change = dataclasses.replace(came, came=came.came | strangers, present=2)
    assert stores.meetings.note_presence(change, meeting.placement.node, NOW)
    assert [entry.id for entry in stores.meetings.participants(meeting.id)] == sorted(came.came)


def test_an_api_key_is_found_with_its_tenant(stores: Stores):
    key = KeyId(new_id("key", os.urandom))
    stores.api_keys.put(key, Tenant("acme"), "server", "digest", NOW)
    assert stores.api_keys.by_id(key) == ("acme", "digest")
