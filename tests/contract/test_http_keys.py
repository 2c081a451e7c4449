"""API keys and access tokens over HTTP."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver

__all__ = ["api", "control_plane", "limits", "people", "receiver"]

FORM = "application/x-www-form-urlencoded"


def basic(made: Any) -> str:
    return "Basic " + base64.b64encode(f"{made['id']}:{made['secret']}".encode()).decode()


async def token(api: Api, form: str, **headers: Any) -> tuple[int, dict[str, str], Any]:
    sent: dict[str, Any] = {"content_type": FORM, **headers}
    return await api("POST", "/oauth/token", raw=form.encode(), **sent)


async def test_a_key_from_create_to_revoke(api: Api):
    wishes = {"name": "booking", "scopes": ["meetings:write"]}
    status, headers, made = await api("POST", "/api-keys", wishes, idempotency_key="k1")
    assert status == 201
    assert headers["location"].endswith(f"/api-keys/{made['id']}")
    assert (made["name"], made["scopes"], made["lastUsedAt"]) == ("booking", ["meetings:write"], None)
    assert len(made["secret"]) >= 43
    _, _, again = await api("POST", "/api-keys", wishes, idempotency_key="k1")
    assert again == {**made, "secret": None}
    assert (await api("POST", "/meetings", {}, authorization=basic(made)))[0] == 201
    status, _, problem = await api("GET", "/meetings", authorization=basic(made))
    assert (status, problem["code"]) == (403, "insufficient_scope")
    _, _, shown = await api("GET", f"/api-keys/{made['id']}")
    assert shown["lastUsedAt"] is not None
    assert "secret" not in shown
    _, _, listed = await api("GET", "/api-keys")
    assert [key["name"] for key in listed["items"]] == ["booking", "test"]
    assert (await api("DELETE", f"/api-keys/{made['id']}"))[0] == 204
    assert (await api("DELETE", f"/api-keys/{made['id']}"))[0] == 404
    assert (await api("POST", "/meetings", {}, authorization=basic(made)))[0] == 401


async def test_a_key_with_some_scopes_does_no_more(api: Api):
    _, _, reader = await api("POST", "/api-keys", {"name": "reader", "scopes": ["meetings:read"]})
    meeting = await create(api, title="Secret plans", metadata={"a": "b"})
    path = f"/meetings/{meeting['id']}"
    assert (await api("GET", path, authorization=basic(reader)))[2]["metadata"] == {"a": "b"}
    refused = [
        ("POST", "/meetings", {}),
        ("PATCH", path, {"locked": True}),
        ("POST", f"{path}/end", None),
        ("POST", f"{path}/join", {"displayName": "Bob", "role": "host"}),
        ("GET", "/nodes", None),
        ("GET", "/webhook-endpoints", None),
        ("POST", "/api-keys", {"name": "more"}),
    ]
    for method, place, body in refused:
        status, _, problem = await api(method, place, body, authorization=basic(reader))
        assert (status, problem["code"]) == (403, "insufficient_scope"), (method, place)
    _, _, joiner = await api("POST", "/api-keys", {"name": "joiner", "scopes": ["meetings:join"]})
    _, _, public = await api("GET", path, authorization=basic(joiner))
    assert "metadata" not in public, "what anybody with the link sees, and no more"


async def test_another_tenants_key_is_a_404(api: Api):
    status, _, problem = await api("GET", "/api-keys/key_" + "a" * 26)
    assert (status, problem["code"]) == (404, "not_found")


async def test_a_token_stands_for_its_key(api: Api):
    status, headers, granted = await token(api, "grant_type=client_credentials")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 3600)
    assert set(granted["scope"].split()) >= {"meetings:read", "api-keys"}
    bearer = f"Bearer {granted['access_token']}"
    status, _, meeting = await api("POST", "/meetings", {}, authorization=bearer)
    assert status == 201
    assert (await api("GET", f"/meetings/{meeting['id']}"))[2] == meeting, "the same tenant's"
    status, _, problem = await token(api, "grant_type=client_credentials", authorization=bearer)
    assert (status, problem["error"]) == (401, "invalid_client")


async def test_a_token_ends_with_its_key(api: Api):
    _, _, made = await api("POST", "/api-keys", {"name": "short"})
    _, _, granted = await token(api, "grant_type=client_credentials", authorization=basic(made))
    bearer = f"Bearer {granted['access_token']}"
    assert (await api("GET", "/meetings", authorization=bearer))[0] == 200
    await api("DELETE", f"/api-keys/{made['id']}")
    assert (await api("GET", "/meetings", authorization=bearer))[0] == 401


async def test_a_token_has_the_scopes_that_were_asked_for(api: Api):
    _, _, granted = await token(api, "grant_type=client_credentials&scope=nodes:read+webhooks")
    assert granted["scope"] == "nodes:read webhooks"
    bearer = f"Bearer {granted['access_token']}"
    assert (await api("GET", "/nodes", authorization=bearer))[0] == 200
    assert (await api("GET", "/meetings", authorization=bearer))[0] == 403


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ("grant_type=client_credentials&scope=root", {}, 400, "invalid_scope"),
        ("grant_type=password", {}, 422, "invalid_request"),
        ("", {}, 422, "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", {}, 400, "invalid_request"),
        ("grant_type=%ff", {}, 400, "invalid_request"),
        ("&".join(f"f{n}=1" for n in range(100)), {}, 400, "invalid_request"),
        ("grant_type=client_credentials", {"content_type": "application/json"}, 415, "invalid_request"),
        ("grant_type=client_credentials", {"authorization": "Basic bm86bm8="}, 401, "invalid_client"),
    ],
)
async def test_what_is_wrong_with_a_token_request_is_said_as_oauth_says_it(
    api: Api, form: str, headers: dict[str, str], status: int, error: str
):
    answer, told, problem = await token(api, form, **headers)
    assert (answer, problem["error"]) == (status, error)
    assert told["content-type"] == "application/json"
    assert problem["error_description"] == problem["detail"]
    assert ("www-authenticate" in told) is (status == 401)


async def test_a_token_needs_a_key(api: Api):
    request = await api(
        "POST", "/oauth/token", raw=b"grant_type=client_credentials", guest=True, content_type=FORM
    )
    assert (request[0], request[2]["error"]) == (401, "invalid_client")
