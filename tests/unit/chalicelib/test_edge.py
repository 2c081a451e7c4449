"""The API as API Gateway calls it: one function behind one proxy resource, which finds the route itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice.app import Response

from chalicelib.config import read_config
from chalicelib.routes.cors import Cors
from chalicelib.routes.edge import Edge
from chalicelib.routes.route_table import Match, RouteTable

PAGE = "https://page.example"


def edge() -> Edge:
    made: Any = Edge("test", lambda: Cors(frozenset({PAGE})))

    @made.route("/v1/things/{thing}", methods=["GET"], name="show")
    def show(thing: str) -> Response:
        where = made.current_request.context
        return Response({"thing": thing, "path": where["path"]}, headers={"Vary": "Authorization"})

    @made.route("/v1/things/fixed", methods=["POST"], name="fixed")
    def fixed() -> dict[str, bool]:
        return {"fixed": True}

    return made


def called(method: str, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    """With an event as a stage of API Gateway sends it."""
    event = {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers or None,
        "multiValueHeaders": {name: [value] for name, value in headers.items()} or None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path[1:]},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "httpMethod": method,
            "path": f"/live{path}",
            "requestId": "request-1",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    answer = edge()(event, None)
    text = answer["body"]
    return answer["statusCode"], answer["headers"], json.loads(text) if text else None


def test_it_finds_the_route_of_a_path():
    status, _, body = called("GET", "/v1/things/a")
    assert (status, body) == (200, {"thing": "a", "path": "/v1/things/a"})
    assert called("POST", "/v1/things/fixed")[2] == {"fixed": True}


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/things", "/v1/things//", "/v1/things/a/b", "/V1/things/a"])
def test_a_path_that_no_route_has_is_a_problem(path: str):
    status, headers, problem = called("GET", path)
    assert (status, problem["code"], problem["instance"]) == (404, "not_found", path)
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Request-Id"] == problem["requestId"] == "request-1"


def test_a_method_that_a_path_has_not_is_told_which_it_has():
    status, headers, problem = called("DELETE", "/v1/things/a")
    assert (status, problem["code"], headers["Allow"]) == (405, "method_not_allowed", "GET")


def test_what_an_answer_varies_by_it_still_varies_by():
    assert called("GET", "/v1/things/a", Origin=PAGE)[1]["Vary"] == "Authorization, Origin"
    assert called("GET", "/v1/nothing", origin=PAGE)[1]["Access-Control-Allow-Origin"] == PAGE


def test_options_of_a_path_names_its_methods_to_everybody_and_lets_allowed_pages_use_them():
    status, headers, _ = called("OPTIONS", "/v1/things/fixed")
    assert (status, headers["Allow"]) == (204, "OPTIONS, POST")
    assert "Access-Control-Allow-Methods" not in headers
    assert called("OPTIONS", "/v1/things/a", Origin=PAGE)[1]["Access-Control-Allow-Methods"] == "GET, OPTIONS"


def test_a_greedy_variable_matches_last():
    table = RouteTable(["/{rest+}", "/a/{b}", "/a/c"])
    assert table.match("/a/c") == Match("/a/c", {})
    assert table.match("/a/x") == Match("/a/{b}", {"b": "x"})
    assert table.match("/a/x/y") == Match("/{rest+}", {"rest": "a/x/y"})


def test_origins_are_the_apps_own_and_those_of_the_list():
    config = read_config(
        {
            "PARLEY_APP_URL": "https://meet.example/app/",
            "PARLEY_ALLOWED_ORIGINS": "https://a.example, http://localhost:3000,",
        }
    )
    assert config.allowed_origins == {
        "https://meet.example", "https://a.example", "http://localhost:3000",
    }  # fmt: skip


@pytest.mark.parametrize(
    "origin", ["null", "a.example", "https://a.example/", "https://A.example", "ftp://a.example", "https://*",
               "https://", "https://me@a.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_at_the_start(origin: str):
    with pytest.raises(ValueError, match="PARLEY_ALLOWED_ORIGINS"):
        read_config({"PARLEY_ALLOWED_ORIGINS": origin})
