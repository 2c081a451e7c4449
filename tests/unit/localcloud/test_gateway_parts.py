"""What the gateway makes of a function's result."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from localcloud.gateway.event import HttpRequest
from localcloud.gateway.problem import GatewayProblem
from localcloud.gateway.result import http_response

GET = HttpRequest("GET", "/", "", [("Accept", "application/json")], b"", "127.0.0.1")


@pytest.mark.parametrize(
    "result",
    [None, "text", {}, {"statusCode": "abc"}, {"statusCode": 99}, {"statusCode": 200, "body": {"a": 1}},
     {"statusCode": 200, "headers": []}, {"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}}],
)  # fmt: skip
def test_answers_502_to_a_malformed_result(result: Any):
    with pytest.raises(GatewayProblem) as caught:
        http_response(result, GET, [])
    assert caught.value.status == 502


def test_several_values_of_a_header_replace_the_single_one():
    result = {
        "statusCode": 200,
        "headers": {"set-cookie": "c"},
        "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
    }
    response = http_response(result, GET, [])
    assert [value for name, value in response.headers if name == "Set-Cookie"] == ["a", "b"]
    assert ("set-cookie", "c") not in response.headers


def test_leaves_base64_to_a_client_that_accepts_no_binary():
    body = base64.b64encode(b"\x00\x01").decode()
    result = {"statusCode": 200, "body": body, "isBase64Encoded": True}
    assert http_response(result, GET, ["image/*"]).body == body.encode()
