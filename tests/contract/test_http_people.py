"""People who signed in, over HTTP: their own meetings, and everybody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver

__all__ = ["api", "control_plane", "limits", "people", "receiver"]

ADA = "Bearer ada"
BOB = "Bearer bob"


async def made_by_ada(api: Api, **wishes: Any) -> Any:
    status, _, meeting = await api("POST", "/meetings", wishes, authorization=ADA)
    assert status == 201
    return meeting


async def test_who_signed_in_makes_a_meeting_hosts_it_and_ends_it(api: Api):
    meeting = await made_by_ada(api, passcode="1234", waitingRoom=True)
    path = f"/meetings/{meeting['id']}"
    assert (await api("GET", path, authorization=ADA))[2] == meeting
    assert (await api("GET", path))[2] == meeting, "the tenant's servers see it, too"
    status, _, joined = await api("POST", f"{path}/join", {"displayName": "Ada"}, authorization=ADA)
    assert (status, joined["participant"]["role"]) == (201, "host")
    assert (await api("PATCH", path, {"locked": True}, authorization=ADA))[0] == 200
    assert (await api("GET", f"{path}/participants", authorization=ADA))[0] == 200
    assert (await api("POST", f"{path}/end", authorization=ADA))[2]["state"] == "ended"


async def test_a_colleague_comes_in_and_decides_nothing(api: Api):
    meeting = await made_by_ada(api, passcode="1234", waitingRoom=True, guests=False)
    path = f"/meetings/{meeting['id']}"
    status, _, joined = await api("POST", f"{path}/join", {"displayName": "Bob"}, authorization=BOB)
    assert (status, joined["participant"]["role"]) == (201, "participant")
    assert (await api("POST", f"{path}/join", {"displayName": "B", "role": "host"}, authorization=BOB))[
        0
    ] == 403
    assert "metadata" not in (await api("GET", path, authorization=BOB))[2]
    for method, place in [("PATCH", path), ("POST", f"{path}/end"), ("GET", f"{path}/participants")]:
        body = {"locked": True} if method == "PATCH" else None
        assert (await api(method, place, body, authorization=BOB))[0] == 403
    assert (await api("POST", f"{path}/join", {"displayName": "Eve"}, guest=True))[0] == 403


async def test_people_of_another_tenant_are_guests_by_the_link_and_see_no_more(api: Api, people: Any):
    meeting = await create(api)
    people.tenant = "another"
    path = f"/meetings/{meeting['id']}"
    assert (await api("GET", path, authorization=ADA))[0] == 200
    assert (await api("POST", f"{path}/join", {"displayName": "Ada"}, authorization=ADA))[0] == 201
    for method, place in [
        ("POST", f"{path}/end"),
        ("GET", f"{path}/participants"),
        ("GET", f"{path}/events"),
    ]:
        assert (await api(method, place, authorization=ADA))[0] == 404


async def test_one_key_of_two_people_makes_two_meetings(api: Api):
    made = [
        (await api("POST", "/meetings", {}, authorization=who, idempotency_key="k"))[2]["id"]
        for who in (ADA, ADA, BOB, api.authorization)
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 3


async def test_who_signed_in_is_told_who_that_is(api: Api):
    status, _, me = await api("GET", "/users/me", authorization=ADA)
    assert (status, me["name"]) == (200, "Ada")
    assert me["id"].startswith("usr_")
    assert (await api("GET", "/users/me"))[0] == 401
    _, _, told = await api("GET", "/sign-in", guest=True)
    assert told["items"][0]["tokenEndpoint"] == "https://issuer.example/token"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/meetings"), ("GET", "/nodes"), ("GET", "/api-keys"), ("GET", "/webhook-endpoints")],
)
async def test_what_is_for_servers_is_not_for_people(api: Api, method: str, path: str):
    assert (await api(method, path, authorization=ADA))[0] in (401, 403)
