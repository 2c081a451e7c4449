"""Messages of connection tests, both ways, against their schema; TypeScript reads the same examples."""

import contextlib
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.connection_tests import LIMITS
from media_node.errors import ClientError, MalformedError, TooLargeError
from media_node.signaling.connection_test import (
    Measured,
    format_measured,
    format_ready,
    parse_test_message,
)
from media_node.signaling.messages import MAX_MESSAGE_CHARS, MAX_OFFER_CHARS

PROTOCOL = Path(__file__).parents[3] / "protocol"
SCHEMA = json.loads((PROTOCOL / "connection-test.schema.json").read_text())
EXAMPLES = PROTOCOL / "connection-test-examples"


def check(message: dict, union: str) -> None:
    jsonschema.validate(message, {**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{union}"}]})


@pytest.mark.parametrize("path", sorted((EXAMPLES / "client").glob("*.json")), ids=lambda path: path.stem)
def test_takes_every_example_of_the_contract(path):
    text = path.read_text()
    check(json.loads(text), "fromClient")
    assert parse_test_message(text).type == json.loads(text)["type"]


@pytest.mark.parametrize("path", sorted((EXAMPLES / "node").glob("*.json")), ids=lambda path: path.stem)
def test_the_nodes_examples_are_of_the_contract(path):
    check(json.loads(path.read_text()), "fromNode")


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid").glob("*.json")), ids=lambda path: path.stem)
def test_what_breaks_the_contract_is_refused(path):
    union = "fromClient" if path.stem.startswith("client") else "fromNode"
    with pytest.raises(jsonschema.ValidationError):
        check(json.loads(path.read_text()), union)
    if union == "fromClient":
        with pytest.raises(MalformedError):
            parse_test_message(path.read_text())


@given(
    st.builds(
        Measured,
        bytes_received=st.integers(0, 2**60),
        packets_lost=st.integers(0, 2**40),
        jitter_ms=st.floats(0, 1e6),
        round_trip_ms=st.none() | st.floats(0, 1e6),
        estimate_bps=st.none() | st.integers(0, 2**40),
    )
)
def test_whatever_was_measured_is_told_by_the_contract(measured):
    check(format_measured(measured), "fromNode")


def test_says_at_once_what_a_test_may_use():
    check(format_ready(LIMITS), "fromNode")


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_a_message_or_an_error_with_a_name(text):
    with contextlib.suppress(ClientError):
        assert parse_test_message(text).type


def test_refuses_what_is_too_long():
    with pytest.raises(TooLargeError):
        parse_test_message('{"type":"path","sdp":"' + "x" * (MAX_OFFER_CHARS + MAX_MESSAGE_CHARS) + '"}')
