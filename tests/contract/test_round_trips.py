"""What calls cost at DynamoDB: a create one round trip, a join two, whatever else they do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pynamodb.connection import Connection

from tests.support.measured_api import MeasuredApi, measured_api


@pytest.fixture
def api(dynamodb: Connection) -> Iterator[MeasuredApi]:
    with measured_api(dynamodb) as api:
        # The key, and the fleet, are known from the call before.
        code = api("POST", "/meetings", {}).body["code"]
        api("POST", f"/meetings/{code}/join", {"displayName": "Ann"}, guest=True)
        yield api


def test_a_create_is_one_round_trip(api: MeasuredApi):
    created = api("POST", "/meetings", {"title": "Tea", "waitingRoom": True})
    assert (created.status, created.trips) == (201, ("TransactWriteItems",))


def test_the_first_join_by_id_is_two_round_trips_and_so_are_the_others(api: MeasuredApi):
    meeting = api("POST", "/meetings", {}).body
    for _ in range(5):
        joined = api("POST", f"/meetings/{meeting['id']}/join", {"displayName": "Ann"}, guest=True)
        assert (joined.status, joined.trips) == (201, ("GetItem", "TransactWriteItems"))


def test_a_code_that_a_process_has_not_met_costs_a_third_round_trip_once(api: MeasuredApi):
    code = api("POST", "/meetings", {}).body["code"]
    trips = [
        api("POST", f"/meetings/{code}/join", {"displayName": "Ann"}, guest=True).trips for _ in range(3)
    ]
    assert [len(one) for one in trips] == [3, 2, 2]


def test_somebody_who_waits_costs_two_round_trips(api: MeasuredApi):
    meeting = api("POST", "/meetings", {"waitingRoom": True}).body
    waiting = api("POST", f"/meetings/{meeting['id']}/join", {"displayName": "Ann"}, guest=True)
    assert (waiting.status, len(waiting.trips)) == (202, 2)


def test_somebody_who_asks_again_costs_two_round_trips_at_most(
    api: MeasuredApi, monkeypatch: pytest.MonkeyPatch
):
    meeting = api("POST", "/meetings", {"waitingRoom": True}).body
    path = f"/meetings/{meeting['id']}/join"
    token = api("POST", path, {"displayName": "Ann"}, guest=True).body["waitingToken"]
    asked = api("GET", path, token=token)
    assert (asked.status, asked.trips) == (202, ("BatchGetItem",))
    monkeypatch.setattr("chalicelib.domain.participant.NOTED_EVERY", timedelta(0))
    noted = api("GET", path, token=token)
    assert (noted.status, noted.trips) == (202, ("BatchGetItem", "UpdateItem"))
    api("POST", f"/meetings/{meeting['id']}/participants/admit-all")
    admitted = api("GET", path, token=token)
    # The fleet is read every two seconds, whoever asks.
    trips = [trip for trip in admitted.trips if trip != "Query"]
    assert (admitted.status, trips) == (201, ["BatchGetItem", "TransactWriteItems"])
