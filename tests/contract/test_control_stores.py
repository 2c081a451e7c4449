"""Every store of the control plane keeps the same promises, in memory and over DynamoDB."""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from pynamodb.connection import Connection

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.decisions import admit, delete, end, note_presence, place
from chalicelib.domain.events import Change, replay
from chalicelib.domain.identifiers import KeyId, MeetingId, ParticipantId, Tenant, UserId, new_id
from chalicelib.domain.meeting import ERASED_AFTER, Coded, EndReason, Meeting, Placement
from chalicelib.domain.moderation import deny, wait
from chalicelib.domain.participant import Participant
from chalicelib.domain.person import Profile
from chalicelib.domain.placement import LANES, Kept, Node, Reservation
from chalicelib.domain.presence import (
    Beginning,
    Fence,
    KnownPresence,
    MeetingPresence,
    Presence,
    PresenceChange,
    digest,
    lane_of,
)
from chalicelib.domain.tenant import NO_LIMITS, TenantLimits
from chalicelib.domain.usage import Carried, DayUse, MeetingUse, Used
from chalicelib.services.changes import tries, write
from chalicelib.services.protocols import (
    ApiKeyStore,
    AttemptStore,
    FleetStore,
    MeetingStore,
    PresenceStore,
    ProfileStore,
    TenantStore,
    UsageStore,
)
from chalicelib.stores.api_keys import DynamoApiKeys
from chalicelib.stores.attempts import DynamoAttempts
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.meetings import DynamoMeetings
from chalicelib.stores.presence import DynamoPresence
from chalicelib.stores.profiles import DynamoProfiles
from chalicelib.stores.tenants import DynamoTenants
from chalicelib.stores.usage import DynamoUsage
from tests.support.builders import NOW, a_meeting, a_node, a_participant, an_api_key
from tests.support.memory_stores import (
    MemoryApiKeys,
    MemoryAttempts,
    MemoryFleet,
    MemoryMeetings,
    MemoryPresence,
    MemoryProfiles,
    MemoryUsage,
)

NOBODY: Presence = {}


@dataclass(frozen=True)
class Stores:
    meetings: MeetingStore
    fleet: FleetStore
    presence: PresenceStore
    api_keys: ApiKeyStore
    attempts: AttemptStore
    usage: UsageStore
    tenants: TenantStore
    profiles: ProfileStore


@pytest.fixture
def stores(dynamodb: Connection | None) -> Stores:
    if dynamodb is None:
        fleet = MemoryFleet()
        meetings = MemoryMeetings(fleet)
        return Stores(
            meetings,
            fleet,
            MemoryPresence(fleet),
            MemoryApiKeys(),
            MemoryAttempts(),
            MemoryUsage(),
            meetings.tenants,
            MemoryProfiles(),
        )
    return Stores(
        DynamoMeetings(dynamodb),
        DynamoFleet(),
        DynamoPresence(dynamodb),
        DynamoApiKeys(),
        DynamoAttempts(),
        DynamoUsage(dynamodb),
        DynamoTenants(),
        DynamoProfiles(),
    )


def kept(stores: Stores, **changes: object) -> Meeting:
    created = a_creation(tenant=Tenant(os.urandom(8).hex()), **changes)
    assert stores.meetings.create(created, None, "digest") is None
    return created.after


def a_creation(**changes: object) -> Change:
    return Change.creation(a_meeting(**changes))


def finish(stores: Stores, meeting: Meeting, reason: EndReason = "requested") -> bool:
    return write(stores.meetings, meeting.id, lambda current: end(current, reason, NOW)) is not None


def enter(stores: Stores, meeting: Meeting, node: Node, units: int, participant: Participant) -> str | None:
    """Place a meeting for one who joins, from the reading that is handed in."""
    before = meeting.placement
    held = before.units if before is not None and before.node == node.id else 0
    change = place(admit(meeting, participant, None), Placement(node.id, node.url, node.region, units), NOW)
    return stores.meetings.commit(change, Reservation(node, units - held))


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
        waiting_room=True,
        locked=True,
        passcode_hash="$argon2id$x",
        auto_admit=frozenset(),
        auto_admit_external_ids=frozenset({"u1", "u2"}),
        barred=frozenset({"a" * 32}),
        starts_at=NOW + timedelta(microseconds=1),
        ends_at=NOW + timedelta(days=400),
        max_duration=timedelta(minutes=40),
        attended=timedelta(days=3, microseconds=7),
        counted_at=NOW,
        carried=(Carried("boot-1", 3, 70, 1), Carried("boot-2", 1, 7)),
        egress_bytes=78,
    )
    assert stores.meetings.by_id(meeting.id) == meeting
    assert stores.meetings.coded(meeting.code) == Coded(meeting.id, meeting.home_region)


def test_what_was_never_kept_is_not_found(stores: Stores):
    stranger = a_meeting()
    assert stores.meetings.by_id(stranger.id) is None
    assert stores.meetings.coded(stranger.code) is None
    assert stores.meetings.participants(stranger.id) == []
    assert finish(stores, stranger) is False
    assert stores.fleet.node("local", a_node().id) is None
    assert stores.presence.known(a_node().id, LANE) == KnownPresence()
    assert stores.api_keys.by_id(KeyId("key_none")) is None


@pytest.mark.exact
def test_one_idempotency_key_makes_one_meeting(stores: Stores):
    tenant, key = Tenant(os.urandom(8).hex()), os.urandom(8).hex()
    changes = [a_creation(tenant=tenant) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda change: stores.meetings.create(change, key, "d1"), changes))
    meetings = [change.after for change in changes]
    (winner,) = [meeting for meeting, earlier in zip(meetings, answers, strict=True) if earlier is None]
    assert {earlier.meeting for earlier in answers if earlier is not None} == {winner.id}
    assert {earlier.request_digest for earlier in answers if earlier is not None} == {"d1"}
    assert [meeting for meeting in meetings if stores.meetings.by_id(meeting.id)] == [winner]


def a_claimed(stores: Stores) -> tuple[Change, str]:
    """A meeting to be made in another region, whose key is claimed already."""
    made = a_creation(tenant=Tenant(os.urandom(8).hex()), home_region="there")
    assert stores.meetings.claim(made.after, "key", "d1", None) is None
    return made, "key"


def test_a_claimed_key_leads_to_its_meeting_before_it_is_made_and_afterwards(stores: Stores):
    made, key = a_claimed(stores)
    other = a_creation(tenant=made.after.tenant)
    for _ in range(2):
        for earlier in (
            stores.meetings.claim(other.after, key, "d2", None),
            stores.meetings.create(other, key, "d2"),
        ):
            assert earlier is not None
            assert (earlier.meeting, earlier.request_digest, earlier.home) == (made.after.id, "d1", "there")
        assert stores.meetings.by_id(other.after.id) is None
        # Whoever claims or makes the same meeting again is told that it is there.
        assert stores.meetings.claim(made.after, key, "d1", None) is None
        again = stores.meetings.create(made, key, "d1")
        assert again is None or again.meeting == made.after.id
    assert stores.meetings.by_id(made.after.id) == made.after


def test_a_claim_gives_way_to_the_meeting_that_was_found_in_its_place_alone(stores: Stores):
    made, key = a_claimed(stores)
    found = a_meeting(tenant=made.after.tenant, home_region="home")
    earlier = stores.meetings.claim(found, key, "d1", found.id)
    assert earlier is not None
    assert earlier.meeting == made.after.id
    assert stores.meetings.claim(found, key, "d1", made.after.id) is None
    now = stores.meetings.claim(made.after, key, "d1", None)
    assert now is not None
    assert (now.meeting, now.home) == (found.id, "home")


def test_a_key_is_free_a_day_after_it_was_claimed(stores: Stores):
    made, key = a_claimed(stores)
    day = NOW + timedelta(hours=24)
    early = a_creation(tenant=made.after.tenant, created_at=day - timedelta(seconds=1))
    late = a_creation(tenant=made.after.tenant, created_at=day)
    assert stores.meetings.create(early, key, "d2") is not None
    assert stores.meetings.create(late, key, "d2") is None
    assert stores.meetings.by_id(late.after.id) == late.after


def test_a_key_of_another_tenant_is_another_key(stores: Stores):
    assert stores.meetings.create(a_creation(tenant=Tenant(os.urandom(8).hex())), "same", "d") is None
    assert stores.meetings.create(a_creation(tenant=Tenant(os.urandom(8).hex())), "same", "d") is None


def test_pages_are_newest_first_without_gap_or_repeat(stores: Stores):
    tenant = Tenant(os.urandom(8).hex())
    changes = [a_creation(tenant=tenant, created_at=NOW + timedelta(seconds=n // 2)) for n in range(7)]
    for change in changes:
        stores.meetings.create(change, None, "d")
    meetings = [change.after for change in changes]
    kept(stores)
    assert finish(stores, meetings[0])
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


@pytest.mark.exact
def test_a_meeting_ends_once_and_is_no_longer_live(stores: Stores):
    meeting = kept(stores, home_region=os.urandom(8).hex())
    assert [live.id for live in stores.meetings.live(meeting.home_region, 0, 16)] == [meeting.id]
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: finish(stores, meeting, "empty"), range(4)))
    assert sorted(ended) == [False, False, False, True]
    found = read(stores, meeting)
    assert (found.state, found.ended_at, found.end_reason) == ("ended", NOW, "empty")
    assert list(stores.meetings.live(meeting.home_region, 0, 16)) == []


def test_every_meeting_that_goes_on_in_a_region_is_found_and_none_of_another(stores: Stores):
    here, there = os.urandom(8).hex(), os.urandom(8).hex()
    meetings = [kept(stores, home_region=here) for _ in range(24)]
    kept(stores, home_region=there)
    for first in (0, 7, 12_345):
        found = stores.meetings.live(here, first, 16)
        assert sorted(one.id for one in found) == sorted(one.id for one in meetings)


def test_looking_at_what_goes_on_costs_so_many_reads_and_reaches_all_in_turn(dynamodb: Connection):
    here, store = os.urandom(8).hex(), DynamoMeetings(dynamodb)
    meetings = [a_creation(home_region=here) for _ in range(24)]
    for one in meetings:
        store.create(one, None, "digest")
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    dynamodb.client.meta.events.register("after-call.dynamodb.*", note)
    try:
        found = [[one.id for one in store.live(here, first, 2)] for first in range(0, 16, 2)]
    finally:
        dynamodb.client.meta.events.unregister("after-call.dynamodb.*", note)
    assert asked == ["Query"] * 16
    assert sorted(name for part in found for name in part) == sorted(one.after.id for one in meetings)


def test_placing_writes_meeting_node_and_participant_together(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    participant = a_participant(meeting, external_id="u1")
    assert enter(stores, meeting, node, 8, participant) is None
    placed = read(stores, meeting)
    assert placed.placement is not None
    assert (placed.placement.node, placed.placement.url, placed.placement.units) == (node.id, node.url, 8)
    assert placed.epoch == 1
    assert stores.meetings.participants(meeting.id) == [participant]
    assert [seen.reserved_units for seen in stores.fleet.nodes("local") if seen.id == node.id] == [8]


def test_growing_on_the_same_node_reserves_the_difference_and_keeps_the_epoch(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    enter(stores, meeting, node, 8, a_participant(meeting))
    assert enter(stores, read(stores, meeting), node, 16, a_participant(meeting)) is None
    found = stores.fleet.node("local", node.id)
    assert found is not None
    assert found.reserved_units == 16
    assert read(stores, meeting).epoch == 1


def test_a_placement_from_an_old_reading_is_refused(stores: Stores):
    meeting, first, second = kept(stores), a_node(), a_node()
    stores.fleet.record(first)
    stores.fleet.record(second)
    assert enter(stores, meeting, first, 8, a_participant(meeting)) is None
    assert enter(stores, meeting, second, 8, a_participant(meeting)) == "meeting"
    found = stores.fleet.node("local", second.id)
    assert found is not None
    assert found.reserved_units == 0
    assert len(stores.meetings.participants(meeting.id)) == 1


def test_an_ended_meeting_is_not_placed(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    finish(stores, meeting)
    assert enter(stores, meeting, node, 8, a_participant(meeting)) == "meeting"


@pytest.mark.exact
def test_a_node_is_never_filled_beyond_its_capacity(stores: Stores):
    node = a_node(capacity_units=40)
    stores.fleet.record(node)
    meetings = [kept(stores) for _ in range(12)]

    def place(meeting: Meeting) -> str | None:
        for _ in range(20):
            obstacle = enter(stores, meeting, node, 8, a_participant(meeting))
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
    assert stores.fleet.record(node) == Kept()
    assert stores.fleet.record(node) is None
    assert stores.fleet.record(dataclasses.replace(node, sequence=4, used_units=9)) is None
    assert stores.fleet.node("local", node.id) == node
    newer = dataclasses.replace(node, sequence=6, used_units=3)
    assert stores.fleet.record(newer) == Kept()
    assert stores.fleet.node("local", node.id) == newer


def test_a_node_drains_until_what_its_newest_report_says(stores: Stores):
    node = a_node(sequence=5, reported_state="draining", drain_until=NOW + timedelta(minutes=10))
    stores.fleet.record(node)
    assert stores.fleet.node("local", node.id) == node
    back = dataclasses.replace(node, sequence=6, reported_state="ready", drain_until=None)
    stores.fleet.record(back)
    assert stores.fleet.node("local", node.id) == back


def test_a_part_of_a_report_is_late_only_after_a_newer_report(stores: Stores):
    node = a_node(sequence=5)
    assert stores.fleet.kept(node) == Kept(), "a part may come before the first that tells of the node"
    stores.fleet.record(node)
    assert stores.fleet.kept(node) == Kept()
    assert stores.fleet.kept(dataclasses.replace(node, sequence=6)) == Kept()
    assert stores.fleet.kept(dataclasses.replace(node, sequence=4)) is None
    before = dataclasses.replace(node, boot_id="boot-0", reported_at=NOW - timedelta(seconds=3))
    assert stores.fleet.kept(before) is None


def test_a_node_of_twelve_thousand_people_fits_into_items(stores: Stores):
    node, lanes = a_node(), [dict[MeetingId, MeetingPresence]() for _ in range(LANES)]
    stores.fleet.record(node)
    for _ in range(12):
        people = frozenset(ParticipantId(new_id("par", os.urandom)) for _ in range(1000))
        meeting = a_meeting().id
        lanes[lane_of(meeting)][meeting] = MeetingPresence(1, people, 1, 2**40)
    for lane, presence in enumerate(lanes):
        fence = stores.presence.begin(node, lane, KnownPresence(), presence)
        assert fence is not None
        assert stores.presence.finish(fence, node, presence, digest(presence))
        assert stores.presence.known(node.id, lane).written == presence


def test_lanes_of_a_node_are_written_side_by_side(stores: Stores):
    meeting, node = a_meeting(), a_node()
    stores.fleet.record(node)
    presence = {meeting.id: MeetingPresence(1, frozenset({ParticipantId("par_a")}))}
    fences = [stores.presence.begin(node, lane, KnownPresence(), presence) for lane in (0, 3)]
    for fence in fences:
        assert fence is not None
        assert stores.presence.finish(fence, node, presence, f"digest {fence.lane}")
    assert stores.presence.known(node.id, 1) == KnownPresence()
    assert stores.presence.known(node.id, 3).written == presence
    assert stores.fleet.kept(node) == Kept(with_digests({0: "digest 0", 3: "digest 3"}))
    assert stores.presence.lanes_in_use(node.id) == [0, 3]
    assert begin(stores, next_report(node), presence)
    assert stores.presence.lanes_in_use(node.id) == [0, LANE, 3]
    assert stores.presence.lanes_in_use(a_node().id) == []


def test_a_restarted_node_starts_counting_anew(stores: Stores):
    node = a_node(sequence=50)
    stores.fleet.record(node)
    later = NOW + timedelta(seconds=3)
    again = dataclasses.replace(node, boot_id="boot-2", sequence=1, reported_at=later)
    assert stores.fleet.record(again) == Kept()
    assert stores.fleet.record(dataclasses.replace(node, sequence=51)) is None
    assert stores.fleet.node("local", node.id) == again


def test_a_node_that_drains_or_began_anew_is_given_nothing_new(stores: Stores):
    node = a_node()
    for other in (
        dataclasses.replace(node, sequence=2, reported_state="draining"),
        dataclasses.replace(node, boot_id="boot-2", reported_at=NOW + timedelta(seconds=2)),
    ):
        stores.fleet.record(node)
        stores.fleet.record(other)
        meeting = kept(stores)
        placed = place(
            admit(meeting, a_participant(meeting), None), Placement(node.id, node.url, "local", 8), NOW
        )
        assert stores.meetings.commit(placed, Reservation(node, 8, is_new=True)) == "node"
        assert read(stores, meeting).placement is None


def test_the_last_tenth_of_a_node_is_not_given_to_new_meetings(stores: Stores):
    node = a_node(capacity_units=100)
    stores.fleet.record(node)
    for units, is_new, expected in (
        (91, True, "node"),
        (90, True, None),
        (11, False, "node"),
        (10, False, None),
    ):
        meeting = kept(stores)
        placed = place(
            admit(meeting, a_participant(meeting), None), Placement(node.id, node.url, "local", units), NOW
        )
        assert stores.meetings.commit(placed, Reservation(node, units, is_new=is_new)) == expected


def test_what_meetings_hold_of_a_node_is_known_until_they_end(stores: Stores):
    first, second, node = kept(stores), kept(stores), a_node()
    stores.fleet.record(node)
    enter(stores, first, node, 8, a_participant(first))
    enter(stores, second, node, 5, a_participant(second))
    assert stores.meetings.held_units(node.id) == 13
    finish(stores, read(stores, first))
    assert stores.meetings.held_units(node.id) == 5
    assert stores.meetings.held_units(a_node().id) == 0


def test_what_checks_found_is_kept_and_what_is_set_aside_corrected(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    enter(stores, meeting, node, 8, a_participant(meeting))
    stores.fleet.settle_reserved("local", node.id, (3, 3), 0)
    assert stores.fleet.record(dataclasses.replace(node, sequence=2)) == Kept(
        reserved_units=8, surplus=(3, 3)
    )
    stores.fleet.settle_reserved("local", node.id, (), -3)
    assert stores.fleet.record(dataclasses.replace(node, sequence=3)) == Kept(reserved_units=5)
    stores.fleet.settle_reserved("local", a_node().id, (), -3)


def test_units_are_given_back_at_most_once_to_a_node_that_is_there(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    enter(stores, meeting, node, 8, a_participant(meeting))
    stores.fleet.release("local", node.id, 8)
    stores.fleet.release("local", node.id, 8)
    stores.fleet.release("local", a_node().id, 8)
    found = stores.fleet.node("local", node.id)
    assert found is not None
    assert found.reserved_units == 0


LANE = 1


def with_digests(digest_by_lane: dict[int, str]) -> tuple[str, ...]:
    return tuple(digest_by_lane.get(lane, "") for lane in range(LANES))


def next_report(node: Node) -> Node:
    return dataclasses.replace(
        node, sequence=node.sequence + 1, reported_at=node.reported_at + timedelta(seconds=2)
    )


def begin(stores: Stores, node: Node, begun: Presence = NOBODY) -> Fence:
    fence = stores.presence.begin(node, LANE, stores.presence.known(node.id, LANE), begun)
    assert fence is not None
    return fence


def test_presence_is_kept_with_its_digest(stores: Stores):
    meeting, node = a_meeting(), a_node()
    stores.fleet.record(node)
    presence = {meeting.id: MeetingPresence(2, frozenset({ParticipantId("par_a"), ParticipantId("par_b")}))}
    begun = {meeting.id: MeetingPresence(2, frozenset({ParticipantId("par_a")}))}
    fence = begin(stores, node, begun)
    known = stores.presence.known(node.id, LANE)
    assert (known.written, known.begun) == ({}, begun)
    newer = next_report(node)
    assert stores.fleet.record(newer) == Kept(), "what is begun does not count as written"
    assert stores.presence.finish(fence, newer, presence, digest(presence))
    known = stores.presence.known(node.id, LANE)
    assert (known.written, known.begun) == (presence, {})
    assert stores.fleet.record(next_report(newer)) == Kept(with_digests({LANE: digest(presence)}))


def test_a_digest_is_not_kept_of_a_report_that_is_not_the_last(stores: Stores):
    node = a_node()
    stores.fleet.record(node)
    fence = begin(stores, node)
    newer = next_report(node)
    stores.fleet.record(newer)
    assert stores.presence.finish(fence, node, {}, digest({}))
    assert stores.fleet.record(next_report(newer)) == Kept()


def test_who_begins_takes_the_right_to_write_from_who_began_before(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    before, older = stores.presence.known(node.id, LANE), begin(stores, node)
    newer = begin(stores, next_report(node))
    assert stores.presence.begin(next_report(node), LANE, before, {}) is None, "others have begun since then"
    known = stores.presence.known(node.id, LANE)
    assert known.is_beyond(node)
    assert not known.is_beyond(next_report(node))
    change = Change.of(meeting).then("meeting.counted", NOW, present=1)
    assert stores.meetings.commit(change, fence=older) == "superseded"
    assert stores.presence.finish(older, node, {}, digest({})) is False
    assert read(stores, meeting) == meeting
    assert stores.meetings.commit(change, fence=newer) is None
    assert stores.meetings.commit(change, fence=newer) == "meeting"


def test_a_report_of_another_boot_is_newer_if_it_was_sent_later():
    node = a_node(sequence=7, reported_at=NOW)
    known = KnownPresence({}, {}, Beginning("mark", "boot-1", 7, NOW))
    assert not known.is_beyond(node)
    assert known.is_beyond(dataclasses.replace(node, sequence=6))
    assert not known.is_beyond(dataclasses.replace(node, boot_id="after", sequence=1))
    earlier = NOW - timedelta(seconds=1)
    assert known.is_beyond(dataclasses.replace(node, boot_id="before", sequence=9, reported_at=earlier))


def test_a_change_is_written_with_its_events_and_they_replay_to_it(stores: Stores):
    meeting, node = kept(stores, title="Zoë's", metadata={"a": "b"}), a_node()
    stores.fleet.record(node)
    guests = [a_participant(meeting, external_id=f"u{n}") for n in range(3)]
    for guest in guests:
        assert enter(stores, read(stores, meeting), node, 8, guest) is None
    seen = PresenceChange(meeting.id, 1, 3, frozenset(guest.id for guest in guests), frozenset())
    known = stores.meetings.participants_by_id(meeting.id, seen.came)
    assert known == {guest.id: guest for guest in guests}
    change, complete = note_presence(read(stores, meeting), known, seen, NOW)
    assert complete
    assert stores.meetings.commit(change) is None
    assert finish(stores, meeting)
    log = stores.meetings.events(meeting.id, 0, 100)
    assert [event.type for event in log] == [
        "meeting.created",
        *["participant.admitted", "meeting.placed"],
        *["participant.admitted"] * 2,
        *["participant.joined"] * 3,
        "meeting.started",
        "meeting.ended",
    ]
    replayed = replay(log)
    assert replayed.meeting == read(stores, meeting)
    assert list(replayed.participant_by_id.values()) == guests_of(stores, meeting, guests)


def test_a_meeting_is_read_together_with_those_that_a_call_is_about(stores: Stores):
    meeting, node = kept(stores), a_node()
    stores.fleet.record(node)
    ann, ben = a_participant(meeting), a_participant(meeting)
    for one in (ann, ben):
        assert enter(stores, read(stores, meeting), node, 8, one) is None
    stranger = a_participant(meeting)
    found, known = stores.meetings.with_participants(meeting.id, {ann.id, stranger.id})
    assert (found, known) == (read(stores, meeting), {ann.id: ann})
    assert stores.meetings.with_participants(a_meeting().id, {ann.id}) == (None, {})


def test_that_somebody_still_waits_is_noted_without_an_event_and_never_of_who_waits_no_longer(stores: Stores):
    meeting = kept(stores)
    for _ in range(2):
        change = wait(read(stores, meeting), a_participant(meeting), None, NOW)
        assert stores.meetings.commit(change) is None
    (waiting, ann) = stores.meetings.participants(meeting.id)
    later = NOW + timedelta(seconds=20)
    stores.meetings.note_polled(waiting, later)
    assert stores.meetings.commit(deny(read(stores, meeting), ann, NOW)) is None
    before = stores.meetings.participants_by_id(meeting.id, {ann.id})[ann.id]
    stores.meetings.note_polled(ann, later)
    now_are = stores.meetings.participants_by_id(meeting.id, {waiting.id, ann.id})
    assert now_are[waiting.id].polled_at == later
    assert (now_are[ann.id].state, now_are[ann.id].polled_at) == ("denied", before.polled_at)
    assert read(stores, meeting).events == 4


def guests_of(stores: Stores, meeting: Meeting, order: list[Participant]) -> list[Participant]:
    by_id = {one.id: one for one in stores.meetings.participants(meeting.id)}
    return [by_id[one.id] for one in order]


def test_what_was_deleted_is_in_no_list_and_nothing_of_it_is_left_once_it_is_erased(stores: Stores):
    other, meeting, node = kept(stores), kept(stores), a_node()
    meeting = read(stores, meeting)
    stores.fleet.record(node)
    guests = [a_participant(meeting, external_id=f"u{n}") for n in range(30)]
    for guest in guests:
        assert enter(stores, read(stores, meeting), node, 0, guest) is None
    assert write(stores.meetings, meeting.id, lambda current: delete(current, NOW)) is not None
    assert write(stores.meetings, meeting.id, lambda current: delete(current, NOW)) is None
    deleted = read(stores, meeting)
    assert deleted == replay(stores.meetings.events(meeting.id, 0, 100)).meeting
    assert (deleted.state, deleted.deleted_at) == ("ended", NOW)
    assert stores.meetings.page(meeting.tenant, None, 10, None) == ([], None)
    due = NOW + ERASED_AFTER
    assert meeting.id not in stores.meetings.due(meeting.home_region, due - timedelta(seconds=1), 1000)
    assert meeting.id in stores.meetings.due(meeting.home_region, due, 1000)
    stores.meetings.erase(deleted)
    stores.meetings.erase(deleted)
    assert stores.meetings.by_id(meeting.id) is None
    assert stores.meetings.coded(meeting.code) is None
    assert stores.meetings.participants(meeting.id) == []
    assert stores.meetings.events(meeting.id, 0, 100) == []
    assert meeting.id not in stores.meetings.due(meeting.home_region, due, 1000)
    assert read(stores, other) == other


def test_a_log_is_read_in_parts(stores: Stores):
    meeting = kept(stores)
    for n in range(5):
        assert stores.meetings.commit(Change.of(read(stores, meeting)).then("x", NOW, title=str(n))) is None
    assert [event.number for event in stores.meetings.events(meeting.id, 0, 4)] == [1, 2, 3, 4]
    assert [event.number for event in stores.meetings.events(meeting.id, 4, 4)] == [5, 6]
    assert stores.meetings.events(meeting.id, 6, 4) == []
    assert stores.meetings.events(a_meeting().id, 0, 4) == []


@pytest.mark.exact
def test_of_two_changes_from_one_reading_one_is_written(stores: Stores):
    meeting = kept(stores)
    changes = [Change.of(meeting).then("x", NOW, title=str(n)) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(stores.meetings.commit, changes))
    assert sorted(str(answer) for answer in answers) == ["None", *["meeting"] * 5]
    assert [event.number for event in stores.meetings.events(meeting.id, 0, 10)] == [1, 2]


@pytest.mark.exact
def test_changes_that_meet_are_all_written_one_after_the_other(stores: Stores):
    meeting = kept(stores)

    def add(n: int) -> Change | None:
        return write(
            stores.meetings, meeting.id, lambda now: Change.of(now).then("x", NOW, present=now.present + n)
        )

    with ThreadPoolExecutor(8) as pool:
        assert None not in list(pool.map(add, range(1, 17)))
    assert read(stores, meeting).present == sum(range(1, 17))
    assert [event.number for event in stores.meetings.events(meeting.id, 0, 99)] == list(range(1, 18))


def test_an_api_key_is_found_with_its_tenant(stores: Stores):
    key = KeyId(new_id("key", os.urandom))
    tenant = Tenant(os.urandom(8).hex())
    made = ApiKey(key, tenant, "server", "digest", frozenset({"meetings:read", "webhooks"}), NOW)
    assert stores.api_keys.create(made, "request") is None
    assert stores.api_keys.by_id(key) == made
    assert stores.api_keys.create(dataclasses.replace(made, name="other"), "another") == "request"
    assert stores.api_keys.by_id(key) == made


def test_the_api_keys_of_a_tenant_are_listed_newest_first(stores: Stores):
    tenant, other = Tenant(os.urandom(8).hex()), Tenant(os.urandom(8).hex())
    keys = [
        an_api_key(tenant=owner, created_at=NOW + timedelta(hours=n))
        for n, owner in enumerate([tenant, other, tenant])
    ]
    for key in keys:
        stores.api_keys.create(key, "")
    assert stores.api_keys.of_tenant(tenant) == [keys[2], keys[0]]
    assert stores.api_keys.of_tenant(Tenant("nobody")) == []


def test_the_last_use_of_an_api_key_is_noted_until_it_is_revoked(stores: Stores):
    key = KeyId(new_id("key", os.urandom))
    made = ApiKey(key, Tenant("acme"), "server", "digest", frozenset({"webhooks"}), NOW)
    stores.api_keys.create(made, "")
    stores.api_keys.note_use(key, NOW + timedelta(hours=1))
    assert stores.api_keys.by_id(key) == dataclasses.replace(made, last_used_at=NOW + timedelta(hours=1))
    stores.api_keys.delete(key)
    assert stores.api_keys.by_id(key) is None
    stores.api_keys.note_use(key, NOW)
    assert stores.api_keys.by_id(key) is None, "noting a use brings no key back"
    stores.api_keys.delete(key)


@pytest.mark.exact
def test_attempts_that_meet_are_each_counted_and_none_beyond_the_limit(stores: Stores):
    counter = os.urandom(8).hex()
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: stores.attempts.take(counter, 5, NOW), range(12)))
    assert sorted(count for count in counts if count is not None) == [1, 2, 3, 4, 5]
    assert counts.count(None) == 7
    stores.attempts.give_back(counter)
    assert stores.attempts.take(counter, 5, NOW) == 5
    assert stores.attempts.take(counter, 5, NOW) is None
    assert stores.attempts.take(counter + "x", 5, NOW) == 1


def test_what_hosts_did_to_somebody_comes_back_as_it_was_kept(stores: Stores):
    meeting = kept(stores)
    person = a_participant(meeting, state="removed", source="b" * 32, left_at=NOW)
    change = Change.of(read(stores, meeting)).then(
        "participant.banned", NOW, person, barred=frozenset({"b" * 32})
    )
    assert stores.meetings.commit(change) is None
    assert stores.meetings.participants(meeting.id) == [person]
    assert read(stores, meeting).barred == frozenset({"b" * 32})


def test_a_meeting_is_due_at_its_end_and_no_more_once_it_has_ended(stores: Stores):
    region = os.urandom(8).hex()
    soon = kept(stores, home_region=region, ends_at=NOW + timedelta(seconds=5))
    later = kept(stores, home_region=region, ends_at=NOW + timedelta(seconds=9))
    kept(stores, home_region=region)
    kept(stores, home_region=region + "x", ends_at=NOW)

    def due(seconds: float) -> set[str]:
        return set(stores.meetings.due(region, NOW + timedelta(seconds=seconds), 10))

    assert due(4.999) == set()
    assert due(5) == {soon.id}
    assert due(9) == {soon.id, later.id}
    assert len(stores.meetings.due(region, NOW + timedelta(days=99), 1)) <= 16
    assert finish(stores, soon, "scheduled")
    assert due(9) == {later.id}
    moved = write(
        stores.meetings,
        later.id,
        lambda one: Change.of(one).then("meeting.updated", NOW, ends_at=NOW + timedelta(seconds=20)),
    )
    assert moved is not None
    assert (due(19), due(20)) == (set(), {later.id})
    # Somebody who may not come has to be looked for before the end.
    waits: dict[str, Any] = {"joining": 1, "lapses_at": NOW + timedelta(seconds=12)}
    assert write(
        stores.meetings, later.id, lambda it: Change.of(it).then("participant.admitted", NOW, **waits)
    )
    assert (due(11), due(12), read(stores, later).lapses_at) == (set(), {later.id}, waits["lapses_at"])


TODAY = NOW.date()


def used_by(tenant: str, number: int, egress: int, day: date = TODAY, meeting: str = "m") -> MeetingUse:
    used = Used(1, timedelta(minutes=2), timedelta(minutes=5, microseconds=1), egress)
    return MeetingUse(MeetingId(f"{tenant}-{meeting}"), Tenant(tenant), day, number, used)


def test_what_was_used_is_counted_once_and_what_is_added_later_as_well(stores: Stores):
    tenant, day = os.urandom(8).hex(), TODAY
    for use in (used_by(tenant, 7, 100), used_by(tenant, 7, 100), used_by(tenant, 9, 130)):
        assert stores.usage.count(use, "here")
    # What is older than what was counted says nothing new.
    assert stores.usage.count(used_by(tenant, 8, 110), "here")
    others = [used_by(tenant, 1, 10, meeting=str(number)) for number in range(9)]
    for use in (
        *others,
        used_by(tenant, 1, 1, day + timedelta(days=1), "later"),
        used_by("x" + tenant, 1, 5),
    ):
        assert stores.usage.count(use, "here")
    assert stores.usage.count(used_by(tenant, 1, 1000, meeting="there"), "there")
    whole = stores.usage.days(Tenant(tenant), ["here"], day, day + timedelta(days=1))
    ten = Used(10, 10 * timedelta(minutes=2), 10 * timedelta(minutes=5, microseconds=1), 220)
    assert [(one.day, one.used.egress_bytes) for one in whole] == [(day, 220), (day + timedelta(days=1), 1)]
    assert whole[0] == DayUse(day, ten)
    both = stores.usage.days(Tenant(tenant), ["here", "there"], day, day)
    assert [one.used.egress_bytes for one in both] == [1220]
    assert stores.usage.days(Tenant(tenant), ["here"], day - timedelta(days=9), day - timedelta(days=1)) == []


def test_a_tenants_limits_are_kept_and_may_be_taken_away(stores: Stores):
    tenant = Tenant(os.urandom(8).hex())
    assert stores.tenants.limits(tenant) == NO_LIMITS
    for limits in (TenantLimits(3, 50), TenantLimits(0, None), NO_LIMITS):
        stores.tenants.set_limits(tenant, limits)
        assert stores.tenants.limits(tenant) == limits


def go_live(stores: Stores, meeting: Meeting, most_live: int) -> str | None:
    change = Change.of(meeting).then("meeting.placed", NOW).also(counted_live=True)
    return stores.meetings.commit(change, None, most_live)


def test_live_meetings_are_counted_up_to_the_limit_and_until_they_end(stores: Stores):
    tenant = Tenant(os.urandom(8).hex())
    meetings = [a_creation(tenant=tenant) for _ in range(4)]
    for created in meetings:
        assert stores.meetings.create(created, None, "digest") is None
    one, two, three, other = (created.after for created in meetings)
    assert go_live(stores, one, 2) is None
    assert go_live(stores, two, 2) is None
    assert go_live(stores, three, 2) == "tenant"
    assert read(stores, three) == three, "nothing of a refused change is written"
    # Changes of a meeting that counts already count nothing; only its end does.
    assert write(stores.meetings, one.id, lambda it: Change.of(it).then("meeting.updated", NOW, title="x"))
    assert stores.tenants.live_meetings(tenant, ["local", "elsewhere"]) == 2
    assert finish(stores, one)
    assert not finish(stores, one)
    assert stores.tenants.live_meetings(tenant, ["local"]) == 1
    assert go_live(stores, three, 2) is None
    # One that nobody came to counts no more, and its end takes nothing away a second time.
    given_back = Change.of(read(stores, three)).then("meeting.released", NOW).also(counted_live=False)
    assert stores.meetings.commit(given_back) is None
    assert stores.tenants.live_meetings(tenant, ["local"]) == 1
    assert finish(stores, three)
    assert stores.tenants.live_meetings(tenant, ["local"]) == 1
    # One that began without a limit takes nothing away when it ends.
    assert finish(stores, other)
    assert stores.tenants.live_meetings(tenant, ["local"]) == 1
    assert go_live(stores, kept(stores), 0) == "tenant"


@pytest.mark.exact
def test_of_many_that_begin_at_once_only_as_many_are_live_as_may_be(stores: Stores):
    tenant = Tenant(os.urandom(8).hex())
    meetings = [a_creation(tenant=tenant) for _ in range(12)]
    for created in meetings:
        assert stores.meetings.create(created, None, "digest") is None

    def begin(created: Change) -> str | None:
        for _ in tries():
            obstacle = go_live(stores, created.after, 5)
            if obstacle != "meeting":
                return obstacle
        return "busy"

    with ThreadPoolExecutor(4) as pool:
        obstacles = list(pool.map(begin, meetings))
    assert sorted(map(str, obstacles)) == ["None"] * 5 + ["tenant"] * 7
    assert stores.tenants.live_meetings(tenant, ["local"]) == 5


def test_a_newcomer_who_is_known_changes_nothing(stores: Stores):
    meeting = kept(stores)
    ann = a_participant(meeting)
    assert stores.meetings.commit(admit(meeting, ann, None)) is None
    now = read(stores, meeting)
    again = dataclasses.replace(ann, display_name="Another", request="digest")
    assert stores.meetings.commit(admit(now, again, None)) == "participant"
    assert read(stores, meeting) == now
    assert stores.meetings.participants(meeting.id) == [ann]
    assert stores.meetings.commit(admit(now, again, ann)) is None
    assert stores.meetings.participants(meeting.id) == [again]


def test_the_meetings_that_a_person_made_come_newest_first_page_by_page(stores: Stores):
    ada, bob = (UserId(new_id("usr", os.urandom)) for _ in range(2))
    made = [kept(stores, organiser=ada, created_at=NOW + timedelta(seconds=number)) for number in range(5)]
    kept(stores, organiser=bob)
    kept(stores)
    assert finish(stores, made[1])
    first, mark = stores.meetings.page_of(ada, None, 3, None)
    rest, end_mark = stores.meetings.page_of(ada, None, 3, mark)
    assert [one.id for one in (*first, *rest)] == [one.id for one in reversed(made)]
    assert (len(first), end_mark) == (3, None)
    assert [one.id for one in stores.meetings.page_of(ada, "ended", 3, None)[0]] == [made[1].id]
    assert stores.meetings.page_of(UserId(new_id("usr", os.urandom)), None, 3, None) == ([], None)


def test_of_two_who_change_a_profile_at_once_one_has_to_look_again(stores: Stores):
    user = UserId(new_id("usr", os.urandom))
    assert stores.profiles.profile(user) == Profile()
    first = Profile("Ada", {"theme": "dark", "": "x"}, 1)
    assert stores.profiles.put_profile(user, first)
    assert not stores.profiles.put_profile(user, Profile("Bob", {}, 1))
    assert stores.profiles.profile(user) == first
    assert stores.profiles.put_profile(user, Profile(None, {}, 2))
    assert not stores.profiles.put_profile(user, Profile(None, {}, 2))
    assert stores.profiles.profile(user) == Profile(None, {}, 2)
