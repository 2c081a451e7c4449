"""Commands as the queue brings them."""

import json

import pytest

from media_node.control import (
    AdmitParticipant,
    ChangeParticipant,
    EndMeeting,
    Mute,
    RemoveParticipant,
    parse_command,
)


def test_reads_the_commands_it_knows():
    assert parse_command('{"type":"endMeeting","meeting":"mtg_1","requestId":"r"}') == EndMeeting("mtg_1")
    removal = {"type": "removeParticipant", "meeting": "mtg_1", "participant": "par_1", "reason": "banned"}
    assert parse_command(json.dumps(removal)) == RemoveParticipant("mtg_1", "par_1", "banned")


def test_reads_what_hosts_do():
    about = {"meeting": "mtg_1", "participant": "par_1", "requestId": "r"}
    assert parse_command(json.dumps({"type": "admitParticipant", **about})) == AdmitParticipant(
        "mtg_1", "par_1"
    )
    assert parse_command(json.dumps({"type": "mute", **about})) == Mute("mtg_1", "par_1", None)
    everybody = {"type": "mute", "meeting": "mtg_1", "participant": None, "by": "par_2"}
    assert parse_command(json.dumps(everybody)) == Mute("mtg_1", None, "par_2")
    grants = {"publish": ["microphone"], "subscribe": True, "moderate": False}
    named = {"role": "viewer", "displayName": "Ann", "grants": grants}
    change = parse_command(json.dumps({"type": "changeParticipant", **about, **named}))
    assert change == ChangeParticipant("mtg_1", "par_1", "viewer", "Ann", frozenset({"microphone"}), False)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"dance"}',
        '{"type":"endMeeting","meeting":4}',
        '{"type":"mute","meeting":"mtg_1","participant":7}',
        '{"type":"changeParticipant","meeting":"mtg_1","participant":"par_1","role":"host"}',
    ],
)
def test_passes_over_what_it_does_not_know(body):
    assert parse_command(body) is None
