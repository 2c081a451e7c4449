"""Requests that no client means, on every route: refused with 4xx, and never an error of ours."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.routes.registry import ROUTES
from chalicelib.services.limits import Limits
from tests.contract.test_http_api import Api, api, control_plane, create, people, receiver

__all__ = ["api", "control_plane", "people", "receiver"]

BIG = 10 * 1024 * 1024
# None of them is a body of JSON, or of the fields that any route knows.
BODIES: dict[str, bytes] = {
    "bad UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-8 cut short": b'{"title": "\xf0\x9f\x91"}',
    "a surrogate in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"title": "\xc0\xaf"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"title": "x"}',
    "a NUL": b"\0",
    "an end that is missing": b'{"title": "x"',
    "a quote that is missing": b'{"title": "x}',
    "two values": b'{"a": 1} {"a": 2}',
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a comment": b'{"a": 1} // x',
    "no quotes": b"{a: 1}",
    "a control character": b'{"title": "a\x01b"}',
    "a bad escape": b'{"title": "\\x41"}',
    "half an escape": b'{"title": "\\u12"}',
    "NaN": b'{"maxParticipants": NaN}',
    "Infinity": b'{"maxParticipants": Infinity}',
    "minus Infinity": b'{"maxParticipants": -Infinity}',
    "an integer of 5,000 digits": b'{"maxParticipants": ' + b"9" * 5000 + b"}",
    "an integer of 400 digits": b'{"maxParticipants": ' + b"9" * 400 + b"}",
    "a number beyond floats": b'{"maxParticipants": 1e999}',
    "a number with a leading zero": b'{"maxParticipants": 007}',
    "hexadecimal": b'{"maxParticipants": 0x10}',
    "arrays, 10,000 deep": b"[" * 10_000 + b"]" * 10_000,
    "objects, 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a value, 10,000 deep": b'{"metadata": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "the same key twice": b'{"title": "a", "title": "b"}',
    "the same key twice, spelled otherwise": b'{"title": "a", "\\u0074itle": "b"}',
    "the same key twice inside": b'{"metadata": {"a": "1", "a": "2"}}',
    "null": b"null",
    "true": b"true",
    "a number": b"5",
    "text": b'"x"',
    "an array": b"[{}]",
    "a field that nobody knows": b'{"__proto__": {"admin": true}}',
    "an empty key": b'{"": 1}',
    "a long key": b'{"' + b"k" * 100_000 + b'": 1}',
    "10,000 fields": json.dumps({f"f{n}": n for n in range(10_000)}).encode(),
    "more than 10 MiB": b'{"title": "' + b"x" * BIG + b'"}',
}
TYPES: list[Any] = [None, True, -1, 1.5, "", "\0", "x" * 70_000, "\ud83d", [], [[]], {}, {"a": {"b": 1}}]
FIELDS = {
    *("title", "region", "guests", "maxParticipants", "endAfterEmptySeconds", "metadata", "passcode"),
    *("waitingRoom", "autoAdmit", "autoAdmitExternalIds", "encryption", "recording", "displayName", "role"),
    *("externalId", "resumeToken", "url", "events", "description", "disabled", "locked", "name", "scopes"),
}
QUERIES = [
    *(
        "limit=%ff",
        "limit=" + "9" * 400,
        "limit=-1",
        "limit=1e3",
        "limit=NaN",
        "limit=1&limit=2",
        "cursor=%00",
    ),
    *("cursor=" + "x" * 5000, "cursor=%F0%9F", "state=%00", "after=-1", "after=" + "9" * 30, "waitSeconds=x"),
    *("a[]=1&a[]=2", "%", "%%%", "&&&===", "=", "x=" + "%00" * 1000, "ban=maybe", "__proto__=1"),
]
NAMES = [
    "x",
    "%00",
    "%ff",
    "..",
    "%2e%2e%2f",
    "a%2Fb",
    "%F0%9F%91%8D",
    "x" * 3000,
    "mtg_" + "a" * 26,
    "' OR 1=1",
]
# The page of the contract is no JSON, and takes nothing from its request.
READABLE = [(method, path) for method, path, _ in ROUTES if path != "/v1/docs"]
WRITING = [(method, path) for method, path, _ in ROUTES if method in ("POST", "PATCH", "PUT")]


@pytest.fixture
def limits() -> Limits:
    """So many that none of these is refused for being too many."""
    return Limits(1e9, lambda: 0.0)


def filled(path: str, name: str) -> str:
    parts = [name if part.startswith("{") else part for part in path.removeprefix("/v1").split("/")]
    return "/".join(parts)


def mutations(chance: random.Random, count: int) -> Iterator[bytes]:
    """Bodies with one field of a wrong type, and bodies that were damaged on their way."""
    for number in range(count):
        fields = {chance.choice(sorted(FIELDS)): chance.choice(TYPES) for _ in range(chance.randint(1, 3))}
        body = bytearray(json.dumps(fields).encode())
        for _ in range(number % 4):
            place = chance.randrange(len(body))
            body[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        yield bytes(body)


@pytest.mark.parametrize("kind", BODIES)
async def test_a_malformed_body_is_refused_on_every_route_that_takes_one(api: Api, kind: str):
    meeting = await create(api)
    for method, path in WRITING:
        for name in (meeting["id"], "x"):
            status, _, problem = await api(method, filled(path, name), raw=BODIES[kind])
            assert 400 <= status < 500, (method, path, name, problem)
            assert problem["status"] == status


async def each_route_refuses(api: Api, count: int, seed: int) -> None:
    chance = random.Random(seed)
    meeting = await create(api)
    names = [meeting["id"], meeting["code"], *NAMES]
    for method, path in READABLE:
        for body in mutations(chance, count):
            place = filled(path, chance.choice(names)) + "?" + chance.choice(QUERIES)
            headers: dict[str, Any] = {}
            if chance.random() < 0.3:
                headers["authorization"] = chance.choice(["Bearer x", "Basic =", ""])
            if chance.random() < 0.3:
                headers["content_type"] = chance.choice(
                    ["text/xml", "application/json; charset=\xff", "/", ""]
                )
            status, _, _ = await api(method, place, raw=body, **headers)
            assert status < 500, (method, place, body, headers)


async def test_no_damaged_request_is_an_error_of_ours(api: Api):
    await each_route_refuses(api, 25, seed=5)


@pytest.mark.slow
async def test_no_one_of_a_thousand_damaged_requests_to_each_route_is_an_error_of_ours(api: Api):
    await each_route_refuses(api, 1000, seed=7)
