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
    assert (await api("DELETE", path, authorization=BOB))[0] == 403
    assert (await api("DELETE", path, authorization=ADA))[0] == 204


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
    assert (await api("PATCH", "/users/me", {}))[0] == 401


async def test_people_choose_what_they_are_called_and_what_apps_find_again(api: Api):
    wishes = {"name": "Ada B.", "preferences": {"layout": "grid"}}
    status, _, changed = await api("PATCH", "/users/me", wishes, authorization=ADA)
    assert (status, changed["name"], changed["preferences"]) == (200, "Ada B.", {"layout": "grid"})
    status, headers, me = await api("GET", "/users/me", authorization=ADA)
    assert (status, me) == (200, changed)
    _, _, other = await api("GET", "/users/me", authorization=BOB)
    assert (other["name"], other["preferences"]) == ("Bob", {})
    # What is left out stays; null gives the issuer's name back.
    status, _, me = await api("PATCH", "/users/me", {"name": None}, authorization=ADA)
    assert (status, me["name"], me["preferences"]) == (200, "Ada", {"layout": "grid"})
    stale = await api("PATCH", "/users/me", {"name": "X"}, authorization=ADA, if_match=headers["etag"])
    assert stale[0] == 412
    broken: list[dict[str, Any]] = [
        {"name": ""},
        {"name": 5},
        {"preferences": {"": "x"}},
        {"preferences": []},
        {"id": "usr_x"},
    ]
    for wrong in broken:
        assert (await api("PATCH", "/users/me", wrong, authorization=ADA))[0] == 422


async def test_people_list_the_meetings_that_they_made_and_no_others(api: Api):
    made = [(await api("POST", "/meetings", {}, authorization=ADA))[2]["id"] for _ in range(3)]
    await api("POST", "/meetings", {}, authorization=BOB)
    status, _, page = await api("GET", "/meetings?limit=2", authorization=ADA)
    assert status == 200
    _, _, rest = await api("GET", f"/meetings?cursor={page['nextCursor']}", authorization=ADA)
    assert [one["id"] for one in (*page["items"], *rest["items"])][:3] == made[::-1]
    await api("POST", f"/meetings/{made[0]}/end", authorization=ADA)
    _, _, ended = await api("GET", "/meetings?state=ended", authorization=ADA)
    assert made[0] in [one["id"] for one in ended["items"]]
    assert (await api("GET", "/meetings", guest=True))[0] == 401
    _, _, told = await api("GET", "/sign-in", guest=True)
    assert told["items"][0]["tokenEndpoint"] == "https://issuer.example/token"


KEEPING = [
    "/usage",
    "/nodes",
    "/api-keys",
    "/webhook-endpoints",
    "/meetings?of=tenant",
    "/recordings?of=tenant",
]


@pytest.mark.parametrize("path", KEEPING)
async def test_what_keeps_the_installation_is_for_keys_and_operators(api: Api, people: Any, path: str):
    people.operators = {"ada"}
    assert (await api("GET", path, authorization=ADA))[0] == 200
    status, _, problem = await api("GET", path, authorization=BOB)
    assert (status, problem["code"]) == (403, "forbidden")
    assert (await api("GET", path, guest=True))[0] == 401
    assert (await api("GET", path))[0] == 200


async def test_an_operator_ends_what_others_made_and_changes_none_of_it(api: Api, people: Any):
    people.operators = {"ada"}
    assert (await api("GET", "/users/me", authorization=ADA))[2]["operator"] is True
    assert (await api("GET", "/users/me", authorization=BOB))[2]["operator"] is False
    meeting = (await api("POST", "/meetings", {"title": "Bob's"}, authorization=BOB))[2]
    _, _, mine = await api("GET", "/meetings", authorization=ADA)
    assert meeting["id"] not in [one["id"] for one in mine["items"]]
    _, _, all_of_them = await api("GET", "/meetings?of=tenant&limit=100", authorization=ADA)
    assert meeting["id"] in [one["id"] for one in all_of_them["items"]]
    path = f"/meetings/{meeting['id']}"
    assert (await api("PATCH", path, {"title": "Ada's"}, authorization=ADA))[0] == 403
    status, _, joined = await api("POST", f"{path}/join", {"displayName": "Ada"}, authorization=ADA)
    assert (status, joined["participant"]["role"]) == (201, "participant")
    assert (await api("POST", f"{path}/end", authorization=ADA))[2]["state"] == "ended"


async def test_an_operator_makes_keys_and_webhooks_for_the_tenant(api: Api, people: Any):
    people.operators = {"ada"}
    status, _, key = await api("POST", "/api-keys", {"name": "of Ada"}, authorization=ADA)
    assert (status, "nodes:write" in key["scopes"]) == (201, True)
    assert not [scope for scope in key["scopes"] if scope.startswith("recordings")]
    for scope in ("recordings:read", "recordings:write"):
        wish = {"name": "of Ada", "scopes": ["nodes:read", scope]}
        status, _, problem = await api("POST", "/api-keys", wish, authorization=ADA)
        assert (status, problem["code"]) == (403, "insufficient_scope"), "operators let nobody watch"
    assert (await api("POST", "/api-keys", {"name": "of Bob"}, authorization=BOB))[0] == 403
    hook = {"url": "https://example.com/hook"}
    status, _, made = await api("POST", "/webhook-endpoints", hook, authorization=ADA)
    assert (status, made["secret"].startswith("whsec_")) == (201, True)
    _, _, seen = await api("GET", "/webhook-endpoints")
    assert made["id"] in [one["id"] for one in seen["items"]]
