"""What the OpenAPI document says besides forms: examples, links, headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.routes.openapi import document

DOCUMENT = document("https://meet.example/v1")


def operations() -> Iterator[dict[str, Any]]:
    for item in DOCUMENT["paths"].values():
        yield from (one for verb, one in item.items() if verb != "parameters")


def test_every_body_has_examples_and_each_of_them_keeps_its_rules():
    shown = 0
    for operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            whole = {**content["schema"], "components": DOCUMENT["components"]}
            validator = Draft202012Validator(whole)
            for example in content["examples"].values():
                validator.validate(example["value"])
                shown += 1
            assert content["examples"], operation["operationId"]
    assert shown >= 25


def test_links_lead_to_operations_with_the_parameters_that_those_take():
    parameters = {
        one["operationId"]: {
            parameter["name"] for parameter in [*item.get("parameters", []), *one.get("parameters", [])]
        }
        for item in DOCUMENT["paths"].values()
        for verb, one in item.items()
        if verb != "parameters"
    }
    reached = set()
    for operation in operations():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                assert set(link["parameters"]) <= parameters[link["operationId"]]
                reached.add(link["operationId"])
    # From a POST that makes something to all that can be done to it.
    assert reached >= {
        *("show_meeting", "change_meeting", "end_meeting", "join_meeting", "list_participants"),
        *("list_events", "show_participant", "change_participant", "remove_participant"),
        *("admit_participant", "test_webhook_endpoint", "list_webhook_deliveries", "delete_api_key"),
        *("delete_meeting", "start_recording", "stop_recording", "open_recording", "compose_recording"),
    }


def test_every_answer_names_its_request_and_refusals_that_pass_say_when():
    for operation in operations():
        for status, answer in operation["responses"].items():
            assert "X-Request-Id" in answer["headers"]
            assert ("Retry-After" in answer["headers"]) == (status in ("429", "503"))


def test_a_body_that_has_to_hold_something_has_to_come():
    required = {one["operationId"] for one in operations() if one.get("requestBody", {}).get("required")}
    assert required == {
        *("join_meeting", "create_api_key", "create_webhook_endpoint", "issue_token"),
    }
