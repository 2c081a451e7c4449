"""Commands as the queue brings them."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from media_node.control import (
    AdmitParticipant,
    ChangeParticipant,
    ChangeRecording,
    ControlLink,
    EndMeeting,
    Mute,
    RemoveParticipant,
    StartRecording,
    parse_command,
)
from media_node.isolation import Isolation


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
    pictures = {"type": "mute", **about, "sources": ["camera", "screen"]}
    assert parse_command(json.dumps(pictures)) == Mute(
        "mtg_1", "par_1", None, frozenset({"camera", "screen"})
    )
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
        '{"type":"mute","meeting":"mtg_1","sources":7}',
        '{"type":"changeParticipant","meeting":"mtg_1","participant":"par_1","role":"host"}',
    ],
)
def test_passes_over_what_it_does_not_know(body):
    assert parse_command(body) is None


async def test_a_report_of_several_messages_is_sent_whole_under_one_number(monkeypatch: pytest.MonkeyPatch):
    sent: list[Any] = []

    class Queue:
        def send_message(self, QueueUrl: str, MessageBody: str) -> None:
            sent.append((QueueUrl, json.loads(MessageBody)))

    monkeypatch.setattr("media_node.control.boto3.client", lambda *_, **__: Queue())

    def in_two(report: dict[str, Any]) -> list[str]:
        return [json.dumps({**report, "half": half}) for half in (1, 2)]

    link = ControlLink(
        "node_1",
        "http://reports",
        "p-",
        lambda: {"a": 1},
        in_two,
        lambda: "",
        lambda _: None,
        Isolation().run,
    )
    for _ in range(2):
        await asyncio.to_thread(link._send_report)
    assert [where for where, _ in sent] == ["http://reports"] * 4
    assert [(one["sequence"], one["half"]) for _, one in sent] == [(1, 1), (1, 2), (2, 1), (2, 2)]


async def test_a_report_that_cannot_be_made_is_told_and_the_next_ones_follow(monkeypatch: pytest.MonkeyPatch):
    sent: list[str] = []
    isolation = Isolation()
    made: Iterator[Any] = iter([KeyError("no such meeting"), {"a": 1}])

    class Queue:
        def create_queue(self, **_: Any) -> dict[str, str]:
            return {"QueueUrl": "http://commands"}

        def send_message(self, QueueUrl: str, MessageBody: str) -> None:
            sent.append(MessageBody)
            link.stop()

    def report() -> dict[str, Any]:
        one = next(made)
        if isinstance(one, Exception):
            raise one
        return dict(one)

    monkeypatch.setattr("media_node.control.boto3.client", lambda *_, **__: Queue())
    monkeypatch.setattr("media_node.control._pause", lambda failures: 0)
    link = ControlLink(
        "node_1", "q", "p-", report, lambda one: [json.dumps(one)], lambda: "", lambda _: None, isolation.run
    )
    await asyncio.to_thread(link._run_reports)
    assert len(sent) == 1
    assert isolation.failures_by_part == {"reports": 1}


def test_recordings_are_started_stopped_paused_and_resumed():
    about = {"meeting": "mtg_1", "recording": "rec_1"}
    start = {"type": "startRecording", **about, "bucket": "b", "backupBucket": None, "kmsKeyId": "key"}
    assert parse_command(json.dumps(start)) == StartRecording("mtg_1", "rec_1", "b", None, "key")
    for kind, change in (("stop", "stop"), ("pause", "pause"), ("resume", "resume")):
        command = parse_command(json.dumps({"type": f"{kind}Recording", **about}))
        assert isinstance(command, ChangeRecording)
        assert (command.change, command.recording) == (change, "rec_1")


@pytest.mark.parametrize(
    "change", [{"recording": "../x"}, {"meeting": "a/b"}, {"bucket": ""}, {"kmsKeyId": 1}]
)
def test_a_recording_whose_names_could_lead_elsewhere_is_not_started(change):
    start = {"type": "startRecording", "meeting": "mtg_1", "recording": "rec_1", "bucket": "b", **change}
    assert parse_command(json.dumps(start)) is None
