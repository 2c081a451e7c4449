"""Commands as the queue brings them."""

import json

import pytest

from media_node.control import EndMeeting, RemoveParticipant, parse_command


def test_reads_the_commands_it_knows():
    assert parse_command('{"type":"endMeeting","meeting":"mtg_1","requestId":"r"}') == EndMeeting("mtg_1")
    removal = {"type": "removeParticipant", "meeting": "mtg_1", "participant": "par_1", "reason": "banned"}
    assert parse_command(json.dumps(removal)) == RemoveParticipant("mtg_1", "par_1", "banned")


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"type":"dance"}', '{"type":"endMeeting","meeting":4}']
)
def test_passes_over_what_it_does_not_know(body):
    assert parse_command(body) is None
