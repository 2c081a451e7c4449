"""One Idempotency-Key, many requests at once: one thing is made, and everybody is told of that one."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver

__all__ = ["api", "control_plane", "limits", "people", "receiver"]

AT_ONCE = 8
MAKING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "/meetings": ({"title": "A"}, {"title": "B"}),
    "/api-keys": ({"name": "A"}, {"name": "B"}),
    "/webhook-endpoints": ({"url": "https://a.example/"}, {"url": "https://b.example/"}),
    "join": ({"displayName": "A"}, {"displayName": "B"}),
}


async def place(api: Api, where: str) -> str:
    return f"/meetings/{(await create(api))['id']}/join" if where == "join" else where


def id_of(body: Any) -> str:
    found: str = body["participant"]["id"] if "participant" in body else body["id"]
    return found


async def sent(api: Api, path: str, body: Any) -> tuple[int, Any]:
    """As clients send it: while the store does not answer in time, once more under the same key."""
    for _ in range(20):
        status, _, answer = await api("POST", path, body, idempotency_key="same")
        if status != 503:
            break
    return status, answer


async def count(api: Api, path: str) -> int:
    listed = path.replace("/join", "/participants")
    return len((await api("GET", listed))[2]["items"])


@pytest.mark.parametrize("where", MAKING)
async def test_the_same_request_at_once_makes_one_thing_and_all_are_told_of_it(api: Api, where: str):
    path = await place(api, where)
    before = await count(api, path)
    body, _ = MAKING[where]
    answers = await asyncio.gather(*(sent(api, path, body) for _ in range(AT_ONCE)))
    assert [status for status, _ in answers] == [201] * AT_ONCE, answers
    assert len({id_of(made) for _, made in answers}) == 1
    assert await count(api, path) == before + 1


@pytest.mark.parametrize("where", MAKING)
async def test_two_requests_of_one_key_at_once_make_one_of_them_and_the_other_is_a_conflict(
    api: Api, where: str
):
    path = await place(api, where)
    before = await count(api, path)
    answers = await asyncio.gather(*(sent(api, path, MAKING[where][n % 2]) for n in range(AT_ONCE)))
    assert Counter(status for status, _ in answers) == {201: AT_ONCE // 2, 422: AT_ONCE // 2}
    assert {problem["code"] for status, problem in answers if status == 422} == {"idempotency_conflict"}
    assert len({id_of(made) for status, made in answers if status == 201}) == 1
    assert await count(api, path) == before + 1
