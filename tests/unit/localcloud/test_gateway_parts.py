"""The pure parts of the gateway: routes, policies and results."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from localcloud.gateway.authorizer import TokenAuthorizer, is_allowed
from localcloud.gateway.event import HttpRequest
from localcloud.gateway.problem import GatewayProblem
from localcloud.gateway.result import http_response
from localcloud.gateway.routes import Match, RouteTable

ARN = "arn:aws:execute-api:local:000000000000:local/api/GET/v1/meetings"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect: str, resource: str | list[str], action: str = "execute-api:Invoke") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


def test_matches_a_greedy_variable_last():
    table = RouteTable(["/{rest+}", "/a/{b}", "/a/c"])
    assert table.match("/a/c") == Match("/a/c", {})
    assert table.match("/a/x") == Match("/a/{b}", {"b": "x"})
    assert table.match("/a/x/y") == Match("/{rest+}", {"rest": "a/x/y"})


def test_allows_what_a_wildcard_covers():
    assert is_allowed(policy(statement("Allow", "arn:aws:execute-api:local:*/GET/v1/*")), ARN)
    assert is_allowed(policy(statement("Allow", ["nothing", ARN], "*")), ARN)


def test_denies_what_nothing_allows():
    assert not is_allowed(policy(), ARN)
    assert not is_allowed(policy(statement("Allow", ARN.replace("GET", "POST"))), ARN)
    assert not is_allowed(policy(statement("Allow", ARN, "s3:GetObject")), ARN)


def test_an_explicit_deny_wins_in_any_order():
    allow, deny = statement("Allow", "*"), statement("Deny", ARN)
    assert not is_allowed(policy(allow, deny), ARN)
    assert not is_allowed(policy(deny, allow), ARN)


async def test_forgets_a_policy_after_its_time():
    asked = []

    async def invoke(event: dict[str, Any]) -> dict[str, Any]:
        asked.append(event["authorizationToken"])
        return {"principalId": "p", "policyDocument": policy(statement("Allow", "*"))}

    authorizer = TokenAuthorizer(invoke, ttl_seconds=10)
    for now in (0.0, 9.9, 10.1):
        await authorizer.authorize("t", ARN, now=now)
    assert asked == ["t", "t"]


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
