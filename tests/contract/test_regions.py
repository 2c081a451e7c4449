"""Two regions with tables of their own: a meeting is read and written in its home, from everywhere."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

import chalicelib.routes.http
from chalicelib.bootstrap import utc_now
from chalicelib.domain.identifiers import KeyId, MeetingId, RecordingId, Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import ApiKeyCaller
from chalicelib.domain.placement import Node
from chalicelib.domain.recording_objects import RecordingPlace
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.creating import Creating, MeetingWishes
from chalicelib.services.fleet import Fleet
from chalicelib.services.tenants import Tenants
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.meetings import DynamoMeetings
from chalicelib.stores.recordings import DynamoRecordings
from chalicelib.stores.regions import in_region
from chalicelib.stores.tables import (
    CONTROL_MODELS,
    CONTROL_TABLE,
    FLEET_MODELS,
    FLEET_TABLE,
    create_tables,
    use_tables,
)
from chalicelib.stores.tenants import DynamoTenants
from tests.contract.conftest import PATIENT_SECONDS
from tests.contract.test_faulty_store import FaultyWire
from tests.support.builders import a_node, a_recorder
from tests.support.dynamodb import running_dynamodb
from tests.support.measured_api import MeasuredApi, measured_api
from tests.support.memory_recordings import NumberedKeys
from tests.support.memory_stores import RecordingCommands
from tests.unit.chalicelib.test_services import a_report

HERE, THERE = "eu-central-1", "us-east-1"
WISHES = MeetingWishes(None, True, 100, timedelta(minutes=10), None, {})


@pytest.fixture(scope="module", params=["moto", "amazon"])
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Fresh tables in both regions; afterwards the models are as they were."""
    models = (*CONTROL_MODELS, *FLEET_MODELS)
    before = [(model, model._connection, model.Meta.table_name) for model in models]
    folder = tmp_path_factory.mktemp("regions")
    with (
        running_dynamodb(folder, request.param, is_shared=False),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_DEFAULT_REGION", HERE)
        patch.setenv("AWS_REGION", HERE)
        made = use_tables(CONTROL_TABLE, FLEET_TABLE, PATIENT_SECONDS, others=(THERE,))
        create_tables()
        with in_region(THERE):
            create_tables()
        yield made
    for model, kept, name in before:
        model._connection, model.Meta.table_name = kept, name


@pytest.fixture
def api(connection: Any) -> Iterator[MeasuredApi]:
    """The API of one region, with a node there and one in the other."""
    settings = {
        "PARLEY_REGION": HERE,
        "PARLEY_REGIONS": f"{HERE},{THERE}",
        "PARLEY_TABLES_PER_REGION": "true",
        "PARLEY_RECORDINGS_BUCKET": "recordings-{region}",
        "PARLEY_RECORDINGS_BACKUP_BUCKET": "backup-{region}",
    }
    later = utc_now() + timedelta(days=365)
    with in_region(THERE):
        DynamoFleet().record(a_node(region=THERE, capacity_units=10**9, reported_at=later))
    with measured_api(connection, settings) as made:
        yield made


@pytest.fixture
def meetings(connection: Any) -> DynamoMeetings:
    return DynamoMeetings(connection)


@pytest.fixture
def trips(connection: Any) -> Iterator[list[tuple[str, str]]]:
    """Regions that are asked, with the operation; those of looking at nodes are in the snapshots' price."""
    made: list[tuple[str, str]] = []
    kept = []
    for region in (HERE, THERE):

        def note(model: Any, region: str = region, **_: Any) -> None:
            made.append((region, model.name))

        with in_region(region):
            events = connection.client.meta.events
        events.register("after-call.dynamodb.*", note)
        kept.append((events, note))
    yield made
    for events, note in kept:
        events.unregister("after-call.dynamodb.*", note)


def created(api: MeasuredApi, **wishes: Any) -> dict[str, Any]:
    answer = api("POST", "/meetings", {"guests": True, **wishes})
    assert answer.status == 201, answer.body
    return dict(answer.body)


def regions_of(meetings: DynamoMeetings, name: str) -> list[str]:
    """Where a meeting's item is; no region copies to the other here, as a replica does."""
    found = []
    for region in (HERE, THERE):
        with in_region(region):
            if meetings.by_id(MeetingId(name)) is not None:
                found.append(region)
    return found


@pytest.mark.parametrize("region", [HERE, THERE])
def test_a_meeting_is_made_in_the_region_that_is_wished_for(api, meetings, region):
    meeting = created(api, region=region)
    assert meeting["homeRegion"] == region
    assert regions_of(meetings, meeting["id"]) == [region]


@pytest.fixture
def full(connection: Any, api: MeasuredApi) -> Iterator[Callable[[str], None]]:
    """Lets the nodes of a region take nothing more, as the API sees it from now on."""
    built: Any = vars(chalicelib.routes.http)["services"]()
    taken: list[Node] = []

    def fill(region: str) -> None:
        for node in DynamoFleet().nodes(region):
            if node.used_units == 0:
                busy = dataclasses.replace(node, used_units=node.capacity_units, sequence=node.sequence + 1)
                with in_region(region):
                    DynamoFleet().record(busy)
                taken.append(busy)
        built.fleet.snapshot(region, fresh=True)

    yield fill
    for node in taken:
        with in_region(node.region):
            DynamoFleet().record(dataclasses.replace(node, used_units=0, sequence=node.sequence + 1))


def test_a_full_region_makes_its_meetings_in_the_next_and_people_join_there(api, meetings, full):
    full(HERE)
    meeting = created(api)
    assert meeting["homeRegion"] == THERE
    assert regions_of(meetings, meeting["id"]) == [THERE]
    joined = api("POST", f"/meetings/{meeting['code']}/join", {"displayName": "Ada"}, guest=True)
    assert (joined.status, joined.body["node"]["region"]) == (201, THERE)


def test_meetings_that_are_made_elsewhere_are_counted_unless_somebody_named_the_place(api, full, monkeypatch):
    counted: list[str] = []
    monkeypatch.setattr("chalicelib.routes.meetings.count_made_elsewhere", lambda: counted.append("one"))
    created(api)
    created(api, region=THERE)
    assert not counted
    full(HERE)
    created(api)
    assert counted == ["one"]


def test_where_all_regions_are_full_the_join_says_when_to_come_back(api, meetings, full):
    full(HERE)
    full(THERE)
    meeting = created(api)
    assert regions_of(meetings, meeting["id"]) == [HERE]
    refused = api("POST", f"/meetings/{meeting['code']}/join", {"displayName": "Ada"}, guest=True)
    assert (refused.status, refused.body["code"]) == (503, "no_capacity")
    assert int(refused.headers["Retry-After"]) >= 1
    assert "room" in refused.body["detail"]


def test_a_create_takes_one_round_trip_here_and_with_a_key_one_in_each_of_two_regions(api, full, trips):
    created(api)
    for key in (None, "k1"):
        trips.clear()
        assert api("POST", "/meetings", {}, key=key).status == 201
        assert trips == [(HERE, "TransactWriteItems")]
    full(HERE)
    created(api)
    for key, expected in (
        (None, [(THERE, "TransactWriteItems")]),
        ("k2", [(HERE, "PutItem"), (THERE, "TransactWriteItems")]),
    ):
        trips.clear()
        assert api("POST", "/meetings", {}, key=key).status == 201
        assert trips == expected


def test_a_join_is_two_round_trips_in_its_home_also_where_a_process_has_not_met_the_meeting(api, trips):
    created(api)
    known = created(api)
    api("POST", f"/meetings/{known['id']}/join", {"displayName": "Ada"}, guest=True)
    for name, more in (("id", []), ("code", [(HERE, "GetItem")])):
        meeting = created(api)
        for first in (more, []):
            trips.clear()
            path = f"/meetings/{meeting[name]}/join"
            assert api("POST", path, {"displayName": "Ada"}, guest=True).status == 201
            assert trips == [*first, (HERE, "GetItem"), (HERE, "TransactWriteItems")]


def test_one_key_is_one_meeting_though_its_region_has_room_again_or_another_is_named(api, meetings, full):
    full(HERE)
    first = api("POST", "/meetings", {"title": "Tea"}, key="k3").body
    built: Any = vars(chalicelib.routes.http)["services"]()
    later = utc_now() + timedelta(days=365)
    DynamoFleet().record(a_node(region=HERE, capacity_units=10**9, reported_at=later))
    built.fleet.snapshot(HERE, fresh=True)
    assert created(api)["homeRegion"] == HERE
    again = api("POST", "/meetings", {"title": "Tea"}, key="k3")
    assert (again.status, again.body["id"]) == (201, first["id"])
    for region in (HERE, THERE):
        other = api("POST", "/meetings", {"title": "Tea", "region": region}, key="k3")
        assert (other.status, other.body["code"]) == (422, "idempotency_conflict")
    assert regions_of(meetings, first["id"]) == [THERE]


def test_the_same_key_in_the_home_itself_finds_the_meeting_that_came_from_elsewhere(
    api, connection, meetings, full
):
    full(HERE)
    caller = ApiKeyCaller(Tenant(os.urandom(8).hex()), KeyId("key_1"))
    first = creating_in(HERE, meetings).create(caller, WISHES, "k", utc_now())
    with in_region(THERE):
        assert creating_in(THERE, meetings).create(caller, WISHES, "k", utc_now()) == first
    assert first.home_region == THERE


def test_lost_answers_and_requests_between_regions_leave_one_meeting_for_a_key(
    api, connection, meetings, full, monkeypatch
):
    full(HERE)
    wires = {}
    for seed, region in enumerate((HERE, THERE)):
        with in_region(region):
            endpoint = connection.client._endpoint
        wires[region] = FaultyWire(endpoint.http_session, seed)
        monkeypatch.setattr(endpoint, "http_session", wires[region])
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    tenant = Tenant(os.urandom(8).hex())
    caller = ApiKeyCaller(tenant, KeyId("key_1"))
    answered: set[str] = set()
    for number in range(25):
        names = {made_at_last(meetings, caller, f"k{number}") for _ in range(2)}
        assert len(names) == 1
        answered |= names
    monkeypatch.undo()
    found = set()
    for region in (HERE, THERE):
        with in_region(region):
            found |= {meeting.id for meeting in meetings.page(tenant, None, 100, None)[0]}
    assert found == answered
    assert min(sum(wire.faults.values()) for wire in wires.values()) > 3


def made_at_last(meetings: DynamoMeetings, caller: ApiKeyCaller, key: str) -> str:
    """As a client that repeats its request until it is answered."""
    for _ in range(20):
        with suppress(StoreUnavailableError):
            return creating_in(HERE, meetings).create(caller, WISHES, key, utc_now()).id
    raise AssertionError("never answered")


def creating_in(region: str, meetings: DynamoMeetings) -> Creating:
    """As a process of a region that has seen nothing yet."""
    fleet = Fleet(DynamoFleet(), meetings, RecordingCommands(), (HERE, THERE), is_split=True)
    return Creating(meetings, fleet, Tenants(DynamoTenants()), in_region, region, os.urandom)


def test_people_who_come_to_another_region_join_in_the_home_on_a_node_of_it(api, meetings):
    meeting = created(api, region=THERE)
    for _ in range(2):
        joined = api("POST", f"/meetings/{meeting['code']}/join", {"displayName": "Ada"}, guest=True)
        assert joined.status == 201, joined.body
        assert joined.body["node"]["region"] == THERE
    with in_region(THERE):
        log = meetings.events(MeetingId(meeting["id"]), 0, 100)
        assert len(meetings.participants(MeetingId(meeting["id"]))) == 2
    assert [event.number for event in log] == list(range(1, len(log) + 1))
    assert regions_of(meetings, meeting["id"]) == [THERE]


def test_all_that_is_asked_of_a_meeting_is_asked_of_its_home(api, meetings):
    meeting = created(api, region=THERE)
    name = meeting["id"]
    assert api("GET", f"/meetings/{name}").status == 200
    assert api("PATCH", f"/meetings/{name}", {"locked": True}).status == 200
    assert api("GET", f"/meetings/{name}/participants").body["items"] == []
    assert api("GET", f"/meetings/{name}/events").body["items"]
    assert api("POST", f"/meetings/{name}/end").status == 200
    with in_region(THERE):
        found = meetings.by_id(MeetingId(name))
    assert found is not None
    assert (found.state, found.locked) == ("ended", True)


def test_a_process_that_made_it_not_finds_the_home_by_code_and_looks_for_it_once(api, connection):
    meeting = created(api, region=THERE)
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    events = connection.client.meta.events
    events.register("after-call.dynamodb.*", note)
    try:
        first = api("GET", f"/meetings/{meeting['code']}")
        looked, asked[:] = len(asked), []
        second = api("GET", f"/meetings/{meeting['code']}")
    finally:
        events.unregister("after-call.dynamodb.*", note)
    assert (first.status, second.status) == (200, 200)
    # What is left in this region is about the caller, not about the meeting.
    assert len(asked) < looked


def test_who_is_put_out_by_way_of_another_region_is_out_at_the_node_before_the_answer(api):
    commands = commands_of_api()
    meeting = created(api, region=THERE)
    joined = api("POST", f"/meetings/{meeting['id']}/join", {"displayName": "Ada"}, guest=True).body
    with in_region(THERE):
        node = DynamoFleet().node(THERE, joined["node"]["id"])
    assert node is not None
    name = joined["participant"]["id"]
    assert api("DELETE", f"/meetings/{meeting['id']}/participants/{name}").status == 204
    assert commands.sent == [("remove", node.command_queue_url, name, "removed")]
    again = {"displayName": "Ada", "resumeToken": joined["resumeToken"]}
    refused = api("POST", f"/meetings/{meeting['id']}/join", again, guest=True)
    assert (refused.status, refused.body["code"]) == (403, "removed")


def commands_of_api() -> RecordingCommands:
    """What the API has told nodes."""
    built: Any = vars(chalicelib.routes.http)["services"]()
    commands: RecordingCommands = built.fleet._commands
    return commands


def take_report(
    built: Any, node: Node, meeting: Meeting, present: list[str], number: int, **changes: Any
) -> None:
    """A report of the node, as the function of its region takes it."""
    here = [{"id": meeting.id, "epoch": 1, "participants": present}]
    sequence = node.sequence + number
    report = a_report(node, sequence=sequence, region=node.region, meetings=here, **changes)
    built.reports.take(json.dumps(report), int(node.reported_at.timestamp() * 1000), "request")


def test_a_recording_asked_for_elsewhere_is_made_kept_and_stopped_at_home_with_its_key(api, meetings):
    built: Any = vars(chalicelib.routes.http)["services"]()
    commands = commands_of_api()
    meeting = created(api, region=THERE, recording="allowed")
    joined = api("POST", f"/meetings/{meeting['id']}/join", {"displayName": "Ada"}, guest=True)
    with in_region(THERE):
        held = meetings.by_id(MeetingId(meeting["id"]))
        assert held is not None
        built.tenants.make_recording_key(held.tenant, THERE, NumberedKeys())
        node = DynamoFleet().node(THERE, joined.body["node"]["id"])
        assert node is not None
        present = [joined.body["participant"]["id"]]
        take_report(built, node, held, present, 1)
    queue = node.command_queue_url
    started = api("POST", f"/meetings/{meeting['id']}/recordings", {}, key="k")
    assert started.status == 201, started.body
    name = started.body["id"]
    assert commands.sent[-1] == ("startRecording", queue, name)
    assert commands.places == [RecordingPlace(f"recordings-{THERE}", f"backup-{THERE}", "arn:key/1")]
    with in_region(THERE):
        assert DynamoRecordings().by_id(RecordingId(name)) is not None
    assert DynamoRecordings().by_id(RecordingId(name)) is None, "nothing of it is written here"
    assert api("GET", f"/recordings/{name}/media").status == 200
    with in_region(THERE):
        take_report(built, node, held, present, 2, recordings=[a_recorder(node, held.id, name, utc_now())])
    stopped = api("POST", f"/recordings/{name}/stop", {})
    assert stopped.status == 202, stopped.body
    assert commands.sent[-1] == ("stopRecording", queue, name)
    with in_region(THERE):
        [opened], _ = DynamoRecordings().opened(RecordingId(name), 10, None)
    assert opened.recording == name


def test_what_is_in_no_region_is_not_found(api):
    assert api("GET", f"/meetings/mtg_{'a' * 26}").status == 404
    assert api("GET", "/meetings/abc-defg-hij").status == 404


def test_nodes_of_all_regions_are_shown_each_from_its_own_table(api):
    shown = {node["region"] for node in api("GET", "/nodes").body["items"]}
    assert shown == {HERE, THERE}


def test_a_region_is_used_no_longer_than_it_is_asked_for(api, meetings):
    created(api, region=THERE)
    here = created(api)
    assert here["homeRegion"] == HERE
    assert regions_of(meetings, here["id"]) == [HERE]
    joined = api("POST", f"/meetings/{here['id']}/join", {"displayName": "Ada"}, guest=True)
    assert joined.body["node"]["region"] == HERE
