"""The part of the OpenAPI document about connection tests."""

from __future__ import annotations

from chalicelib.routes.openapi_words import (
    ANYBODY,
    TEXT,
    TIME,
    Schema,
    nullable,
    operation,
    record,
    reference,
)

CONNECTION_TEST_SCHEMAS: dict[str, Schema] = {
    "ConnectionTest": record(
        regions={
            "type": "array",
            "items": record(
                region=TEXT,
                home={"type": "boolean"},
                node={
                    **nullable(record(id=TEXT, url=TEXT)),
                    "description": "Null where no node of the region takes a test now.",
                },
                token={
                    **nullable(TEXT),
                    "description": "Opens `{node.url}/test` once, within three minutes, and nothing else.",
                },
                tokenExpiresAt=TIME,
            ),
        }
    ),
}


def connection_test_paths() -> dict[str, Schema]:
    begin = operation(
        "begin_connection_test",
        "Get a media node of each region to test the connection with",
        200,
        reference("ConnectionTest"),
        ANYBODY,
        "400 401 413 415 422 429",
        "Empty",
    )
    begin["description"] = (
        "Open to everybody; an address may begin twelve at once, and one more every six seconds. "
        "What follows on the node is in docs/signaling.md."
    )
    return {"/connection-tests": {"post": begin}}
