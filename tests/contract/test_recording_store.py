"""Recordings are kept alike in memory and over DynamoDB."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pynamodb.connection import Connection

from chalicelib.domain.composition import Composition, Files
from chalicelib.domain.events import Change, replay
from chalicelib.domain.identifiers import JobId, NodeId, RecordingId, Tenant, UserId, new_id, new_token
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.presence import MeetingPresence, lane_of
from chalicelib.domain.recording import Access, Pause, Recording, Seen, Take, Tombstone
from chalicelib.domain.recording_access import Opened
from chalicelib.domain.recording_changes import begin
from chalicelib.services.protocols import MeetingStore, PresenceStore, RecordingStore, TenantStore
from chalicelib.stores.meetings import DynamoMeetings
from chalicelib.stores.presence import DynamoPresence
from chalicelib.stores.recordings import DynamoRecordings
from chalicelib.stores.tenants import DynamoTenants
from tests.support.builders import NOW, a_meeting, a_node
from tests.support.memory_recordings import MemoryRecordings
from tests.support.memory_stores import MemoryFleet, MemoryMeetings, MemoryPresence


@dataclass(frozen=True)
class Stores:
    meetings: MeetingStore
    recordings: RecordingStore
    presence: PresenceStore
    tenants: TenantStore


@pytest.fixture
def stores(dynamodb: Connection | None) -> Stores:
    if dynamodb is None:
        fleet = MemoryFleet()
        meetings = MemoryMeetings(fleet)
        return Stores(meetings, MemoryRecordings(meetings), MemoryPresence(fleet), meetings.tenants)
    return Stores(DynamoMeetings(dynamodb), DynamoRecordings(), DynamoPresence(dynamodb), DynamoTenants())


def a_recording(meeting: Meeting, **changes: Any) -> Recording:
    recording = Recording(
        RecordingId(new_id("rec", os.urandom)), meeting.id, meeting.tenant, meeting.home_region, NOW, "key_x"
    )
    return dataclasses.replace(recording, **changes)


def kept(stores: Stores, **changes: Any) -> Meeting:
    region = changes.pop("home_region", os.urandom(4).hex())
    created = Change.creation(
        a_meeting(tenant=Tenant(os.urandom(8).hex()), home_region=region, recording="allowed", **changes)
    )
    assert stores.meetings.create(created, None, "digest") is None
    return created.after


def recorded(stores: Stores, meeting: Meeting, **changes: Any) -> Recording:
    """A recording of the meeting as it is, however many there are."""
    current = stores.meetings.by_id(meeting.id)
    assert current is not None
    recording = a_recording(meeting, **changes)
    change = Change.of(current).then("recording.requested", NOW, recorded=recording)
    assert stores.meetings.commit(change) is None
    return recording


def test_a_recording_comes_back_as_it_was_written_and_replays(stores: Stores):
    meeting = kept(stores)
    node = NodeId(new_id("node", os.urandom))
    whole = a_recording(
        meeting,
        organiser=UserId(new_id("usr", os.urandom)),
        request="digest",
        layout="grid",
        state="deleted",
        wanted="stopped",
        reason="Zoë said so",
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=1.5),
        pauses=(Pause(NOW, NOW + timedelta(microseconds=1)), Pause(NOW)),
        takes=(Take(node, "nodes/x/", "stopped", NOW, None, NOW, 3, 4, 5),),
        progress=0.25,
        compositions=(
            Composition(
                JobId(f"job_{new_token(os.urandom)}"),
                "share",
                2,
                "compositions/x/",
                NOW,
                "usr_x",
                NOW,
                "done",
                1.0,
                files=Files("a.mp4", duration_seconds=1.5, size_bytes=2),
                finished_at=NOW,
            ),
        ),
        keep_for=timedelta(days=3),
        retain_until=NOW,
        legal_hold=True,
        access=Access(True, frozenset({UserId("usr_b"), UserId("usr_a")})),
        deleting_since=NOW,
        deleted_by="retention",
        tombstone=Tombstone(NOW, "retention", 1, 2, "digest", "deleted/x"),
    )
    change = begin(Change.of(meeting), whole, NOW)
    assert stores.meetings.commit(change) is None
    written = change.recording_by_id[whole.id]
    assert stores.recordings.by_id(whole.id) == written
    assert stores.meetings.recordings(meeting.id) == [written]
    replayed = replay(stores.meetings.events(meeting.id, 0, 10))
    assert replayed.recording_by_id == {whole.id: written}
    assert replayed.meeting == stores.meetings.by_id(meeting.id)


def test_a_meeting_knows_the_recording_that_goes_on(stores: Stores):
    meeting = kept(stores)
    recording = a_recording(meeting)
    assert stores.meetings.commit(begin(Change.of(meeting), recording, NOW)) is None
    found = stores.meetings.by_id(meeting.id)
    assert found is not None
    assert found.active_recording is not None
    assert (found.active_recording.id, found.recording) == (recording.id, "allowed")


def test_of_two_starts_from_one_reading_one_is_written(stores: Stores):
    meeting = kept(stores)
    first, second = a_recording(meeting), a_recording(meeting)
    assert stores.meetings.commit(begin(Change.of(meeting), first, NOW)) is None
    assert stores.meetings.commit(begin(Change.of(meeting), second, NOW)) == "meeting"
    assert stores.recordings.by_id(second.id) is None


def test_what_was_never_recorded_is_not_found(stores: Stores):
    assert stores.recordings.by_id(RecordingId(new_id("rec", os.urandom))) is None
    assert stores.recordings.page(Tenant("nobody"), None, 5, None) == ([], None)
    assert stores.recordings.page_of(UserId("usr_nobody"), None, 5, None) == ([], None)


def test_lists_are_newest_first_without_gap_or_repeat_and_by_state(stores: Stores):
    meeting, ada = kept(stores), UserId(new_id("usr", os.urandom))
    made = [
        recorded(
            stores,
            meeting,
            requested_at=NOW + timedelta(seconds=number),
            organiser=ada if number % 2 else None,
            state="ready" if number % 3 else "failed",
        )
        for number in range(7)
    ]
    newest = [one.id for one in reversed(made)]

    def read(page: Any) -> list[str]:
        seen, mark = [], None
        while True:
            items, mark = page(mark)
            seen += [one.id for one in items]
            if mark is None:
                return seen

    assert read(lambda mark: stores.recordings.page(meeting.tenant, None, 3, mark)) == newest
    own = [one.id for one in reversed(made) if one.organiser == ada]
    assert read(lambda mark: stores.recordings.page_of(ada, None, 2, mark)) == own
    failed = [one.id for one in reversed(made) if one.state == "failed"]
    assert read(lambda mark: stores.recordings.page(meeting.tenant, "failed", 1, mark)) == failed
    assert stores.meetings.page(meeting.tenant, None, 50, None)[0][0].id == meeting.id
    assert stores.meetings.page_of(ada, None, 50, None) == ([], None), "meetings and recordings do not mix"


def test_a_recording_is_due_for_what_there_is_to_do_and_no_more_when_it_is_done(stores: Stores):
    meeting = kept(stores)
    region = meeting.home_region
    recording = recorded(stores, meeting, unsettled_since=NOW)
    early = NOW - timedelta(seconds=1)
    assert stores.recordings.due("upkeep", region, early, 10) == []
    assert stores.recordings.due("upkeep", region, NOW, 10) == [recording.id]
    assert stores.recordings.due("sweep", region, NOW, 10) == []
    assert stores.recordings.due("upkeep", "elsewhere", NOW, 10) == []
    current = stores.meetings.by_id(meeting.id)
    assert current is not None
    settled = dataclasses.replace(
        recording, state="ready", unsettled_since=None, retain_until=NOW + timedelta(days=1)
    )
    change = Change.of(current).then("recording.ready", NOW, recorded=settled)
    assert stores.meetings.commit(change) is None
    assert stores.recordings.due("upkeep", region, NOW, 10) == []
    assert stores.recordings.due("sweep", region, NOW, 10) == []
    assert stores.recordings.due("sweep", region, NOW + timedelta(days=1), 10) == [recording.id]
    assert stores.meetings.due(region, NOW + timedelta(days=1), 10) == [], "a meeting's end is another matter"


def test_a_meeting_that_is_erased_takes_its_recordings_and_their_logs_with_it(stores: Stores):
    meeting, other = kept(stores), kept(stores)
    gone, stays = recorded(stores, meeting), recorded(stores, other)
    for one in (gone, stays):
        stores.recordings.note_opened(Opened(one.id, NOW, "usr_a", ("mp4",), NOW, "request"))
    found = stores.meetings.by_id(meeting.id)
    assert found is not None
    stores.meetings.erase(found)
    assert stores.recordings.by_id(gone.id) is None
    assert stores.recordings.page(meeting.tenant, None, 5, None) == ([], None)
    assert stores.recordings.by_id(stays.id) == stays
    assert len(stores.recordings.opened(stays.id, 5, None)[0]) == 1


def test_links_that_were_given_out_are_listed_newest_first_page_by_page(stores: Stores):
    recording, other = (recorded(stores, kept(stores)).id for _ in range(2))
    given = [
        Opened(
            recording, NOW + timedelta(seconds=number), "usr_a", ("mp4", "hls"), NOW, "request", "192.0.2.1"
        )
        for number in range(5)
    ]
    for one in given:
        stores.recordings.note_opened(one)
    stores.recordings.note_opened(dataclasses.replace(given[0], source=None))
    stores.recordings.note_opened(dataclasses.replace(given[0], recording=other))
    seen, mark = [], None
    while True:
        page, mark = stores.recordings.opened(recording, 2, mark)
        seen += page
        if mark is None:
            break
    assert [one.at for one in seen] == sorted((one.at for one in [*given, given[0]]), reverse=True)
    assert len(seen) == 6
    assert seen[0] == given[-1]
    assert stores.recordings.by_id(recording) is not None, "the log is beside the recording, not over it"


def test_recorders_are_kept_with_who_is_on_a_node(stores: Stores):
    node, meeting = a_node(), kept(stores)
    seen = Seen(
        RecordingId(new_id("rec", os.urandom)), "nodes/x/", "degraded", NOW, "S3 is away", None, 3, 4, 5
    )
    presence = {meeting.id: MeetingPresence(1, frozenset(), 7, 2**40, (seen,))}
    lane = lane_of(meeting.id)
    fence = stores.presence.begin(node, lane, stores.presence.known(node.id, lane), presence)
    assert fence is not None
    assert stores.presence.known(node.id, lane).begun == presence
    assert stores.presence.finish(fence, node, presence, "digest")
    assert stores.presence.known(node.id, lane).written == presence


def test_the_first_key_of_a_tenant_in_a_region_stays(stores: Stores):
    tenant = Tenant(os.urandom(8).hex())
    assert stores.tenants.recording_key(tenant, "here") is None
    assert stores.tenants.set_recording_key(tenant, "here", "one") == "one"
    assert stores.tenants.set_recording_key(tenant, "here", "two") == "one"
    assert stores.tenants.recording_key(tenant, "here") == "one"
    assert stores.tenants.recording_key(tenant, "there") is None
