"""Two regions with tables of their own: a meeting is read and written in its home, from everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.bootstrap import utc_now
from chalicelib.domain.identifiers import MeetingId
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.meetings import DynamoMeetings
from chalicelib.stores.regions import in_region
from chalicelib.stores.tables import (
    CONTROL_MODELS,
    CONTROL_TABLE,
    FLEET_MODELS,
    FLEET_TABLE,
    create_tables,
    use_tables,
)
from tests.contract.conftest import PATIENT_SECONDS
from tests.support.builders import a_node
from tests.support.dynamodb import running_dynamodb
from tests.support.measured_api import MeasuredApi, measured_api

HERE, THERE = "eu-central-1", "us-east-1"


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
    }
    later = utc_now() + timedelta(days=365)
    with in_region(THERE):
        DynamoFleet().record(a_node(region=THERE, capacity_units=10**9, reported_at=later))
    with measured_api(connection, settings) as made:
        yield made


@pytest.fixture
def meetings(connection: Any) -> DynamoMeetings:
    return DynamoMeetings(connection)


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
