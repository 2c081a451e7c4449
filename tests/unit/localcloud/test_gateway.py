"""The gateway adapter treats the control plane as API Gateway's REST API would."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from localcloud.control_plane import ControlPlane, load_control_plane
from localcloud.gateway.event import HttpRequest
from localcloud.gateway.gateway import BODY_LIMIT_BYTES, HEADER_LIMIT_BYTES, Gateway
from localcloud.gateway.problem import HttpResponse
from tests.support import small_app


@pytest.fixture(scope="module")
def control_plane() -> ControlPlane:
    return load_control_plane("tests.support.small_app")


@pytest.fixture
async def gateway(control_plane: ControlPlane) -> Gateway:
    return Gateway(control_plane)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> HttpRequest:
    path, _, query = path.partition("?")
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return HttpRequest(method, path, query, pairs, body, "127.0.0.1")


def parsed(response: HttpResponse) -> Any:
    return json.loads(response.body)


def header(response: HttpResponse, name: str) -> str | None:
    return next((value for key, value in response.headers if key.lower() == name.lower()), None)


async def test_hands_path_query_and_headers_to_the_handler(gateway: Gateway) -> None:
    answer = await gateway.handle_request(request("GET", "/v1/things/a%20b?x=1&x=2&y=", X_One="1"))
    assert answer.status == 200
    echoed = parsed(answer)
    assert echoed["thing"] == "a b"
    assert echoed["query"]["x"] == "2"
    assert echoed["query"]["y"] == ""
    assert echoed["headers"]["x-one"] == "1"
    assert echoed["context"]["resourcePath"] == "/v1/things/{thing}"
    assert echoed["context"]["identity"]["sourceIp"] == "127.0.0.1"
    assert echoed["context"]["requestId"] == header(answer, "x-amzn-RequestId")
    assert header(answer, "X-Seen") == "yes"


async def test_prefers_a_fixed_path_to_a_variable(gateway: Gateway) -> None:
    assert parsed(await gateway.handle_request(request("GET", "/v1/things/fixed"))) == {"fixed": True}


async def test_ignores_a_trailing_slash(gateway: Gateway) -> None:
    assert (await gateway.handle_request(request("GET", "/v1/things/fixed/"))).status == 200


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/things", "/v1/things//", "/v1/things/a/b"])
async def test_answers_an_unknown_path_with_a_problem(gateway: Gateway, path: str) -> None:
    answer = await gateway.handle_request(request("GET", path))
    assert answer.status == 404
    assert header(answer, "Content-Type") == "application/problem+json"
    problem = parsed(answer)
    assert problem["code"] == "not_found"
    assert problem["instance"] == path
    assert problem["requestId"] == header(answer, "x-amzn-RequestId")


async def test_names_the_methods_that_a_path_has(gateway: Gateway) -> None:
    answer = await gateway.handle_request(request("DELETE", "/v1/things/a"))
    assert answer.status == 405
    assert header(answer, "Allow") == "GET, POST"
    assert parsed(answer)["code"] == "method_not_allowed"


async def test_does_not_turn_head_into_get(gateway: Gateway) -> None:
    assert (await gateway.handle_request(request("HEAD", "/v1/bad"))).status == 405


async def test_its_own_answers_are_read_by_the_pages_that_may_read_the_functions(gateway: Gateway) -> None:
    for too_much in (
        request("POST", "/v1/things/a", b"x" * (BODY_LIMIT_BYTES + 1), Origin=small_app.PAGE),
        request("GET", "/v1/bad", X_Long="x" * HEADER_LIMIT_BYTES, Origin=small_app.PAGE),
    ):
        answer = await gateway.handle_request(too_much)
        assert answer.status in (413, 414)
        assert header(answer, "Access-Control-Allow-Origin") == small_app.PAGE
        assert header(answer, "Vary") == "Origin"
        assert "Retry-After" in (header(answer, "Access-Control-Expose-Headers") or "")
    others = request("GET", "/v1/bad", X_Long="x" * HEADER_LIMIT_BYTES, Origin="https://other.example")
    answer = await gateway.handle_request(others)
    assert header(answer, "Access-Control-Allow-Origin") is None
    assert header(answer, "Vary") == "Origin"


async def test_carries_text_bodies_as_they_are(gateway: Gateway) -> None:
    body = '{"name": "Zoë 👍"}'.encode()
    answer = await gateway.handle_request(
        request("POST", "/v1/things/a", body, Content_Type="application/json")
    )
    assert base64.b64decode(parsed(answer)["body"]) == body


async def test_carries_bytes_that_are_no_text_unharmed(gateway: Gateway) -> None:
    body = b"{\xff\xfe\x00}"
    answer = await gateway.handle_request(
        request("POST", "/v1/things/a", body, Content_Type="application/json")
    )
    assert base64.b64decode(parsed(answer)["body"]) == body


async def test_decodes_a_binary_answer_for_a_client_that_accepts_it(gateway: Gateway) -> None:
    thing = {"Content_Type": "application/x-thing", "Accept": "application/x-thing"}
    answer = await gateway.handle_request(request("POST", "/v1/binary", bytes(range(256)), **thing))
    assert answer.status == 200
    assert answer.body == bytes(reversed(range(256)))


async def test_refuses_another_content_type(gateway: Gateway) -> None:
    answer = await gateway.handle_request(request("POST", "/v1/binary", b"x", Content_Type="text/plain"))
    assert answer.status == 415


async def test_refuses_a_body_beyond_ten_megabytes(gateway: Gateway) -> None:
    answer = await gateway.handle_request(request("POST", "/v1/things/a", b"x" * (BODY_LIMIT_BYTES + 1)))
    assert answer.status == 413
    assert parsed(answer)["code"] == "payload_too_large"


async def test_refuses_headers_beyond_the_limit(gateway: Gateway) -> None:
    answer = await gateway.handle_request(request("GET", "/v1/bad", X_Long="x" * HEADER_LIMIT_BYTES))
    assert answer.status == 414


async def test_passes_the_apps_own_errors_on(gateway: Gateway) -> None:
    answer = await gateway.handle_request(request("GET", "/v1/bad"))
    assert answer.status == 400


async def test_keeps_requests_of_different_threads_apart(gateway: Gateway) -> None:
    names = [f"n{index}" for index in range(48)]
    answers = await asyncio.gather(
        *(gateway.handle_request(request("GET", f"/v1/slow/{name}")) for name in names)
    )
    assert [parsed(answer) for answer in answers] == [{"name": name, "asked": name} for name in names]


async def test_answers_504_when_the_handler_is_too_slow() -> None:
    gateway = Gateway(ControlPlane(small_app, timeout_seconds=0.001))
    answer = await gateway.handle_request(request("GET", "/v1/slow/x", Origin=small_app.PAGE))
    assert answer.status == 504
    assert header(answer, "Access-Control-Allow-Origin") == small_app.PAGE
    assert header(answer, "Retry-After")


async def test_answers_503_when_too_many_wait_and_recovers() -> None:
    gateway = Gateway(ControlPlane(small_app, most_waiting=2))
    answers = await asyncio.gather(*(gateway.handle_request(request("GET", "/v1/slow/x")) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503, 503, 503]
    assert (await gateway.handle_request(request("GET", "/v1/slow/x"))).status == 200
