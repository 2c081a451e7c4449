"""A node's life as its process shows it: commands over SQS, resume over sockets, and its end."""

from __future__ import annotations

import asyncio
import functools
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest

from localcloud.engines import answers_http, cloud_environment, ministack_command, ministack_environment
from localcloud.ports import Ports
from localcloud.process import ChildProcess, ProcessRegister
from media_node.quantities import new_identifier
from tests.support.media_node_process import NodeProcess, running_node

EXAMPLES = Path(__file__).parents[3] / "protocol/examples"


@pytest.fixture
async def queues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    port = Ports(tmp_path / "ports.json").port("ministack")
    for name, value in cloud_environment(port, port).items():
        monkeypatch.setenv(name, value)
    child = ChildProcess(
        "ministack",
        ministack_command(),
        ministack_environment(os.environ, port, tmp_path),
        log_folder=tmp_path,
        register=ProcessRegister(tmp_path / "processes.json"),
        is_healthy=functools.partial(answers_http, f"http://127.0.0.1:{port}/_ministack/health"),
        stop_seconds=1,
    )
    await child.start(within_seconds=20)
    yield boto3.client("sqs")
    await child.stop()


@pytest.fixture
def own_node(tmp_path: Path) -> Iterator[NodeProcess]:
    with running_node(tmp_path) as process:
        yield process


async def join(
    http: aiohttp.ClientSession, node: NodeProcess, **message: Any
) -> aiohttp.ClientWebSocketResponse:
    connection = await http.ws_connect(node.socket_url, protocols=["parley.v1"])
    await connection.send_json({"type": "join", **message})
    return connection


async def message_of(connection: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next message of a type."""
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = await connection.receive_json()
            if message["type"] == kind:
                return message


async def test_a_lost_socket_is_resumed_with_what_was_missed(
    http: aiohttp.ClientSession, own_node: NodeProcess, meeting: str
):
    ada_token, bob_token = own_node.issuer.token(meeting), own_node.issuer.token(meeting)
    ada = await join(http, own_node, token=ada_token)
    joined = await message_of(ada, "joined")
    bob = await join(http, own_node, token=bob_token)
    await message_of(bob, "joined")
    seen = (await message_of(ada, "roster"))["number"]
    await ada.close(code=4900)
    await bob.send_json({"type": "message", "text": "while you were away"})
    await message_of(bob, "message")
    resume = {"lastMessage": seen, "secret": joined["resumeSecret"]}
    ada = await join(http, own_node, token=ada_token, resume=resume)
    first = await ada.receive_json(timeout=5)
    assert (first["type"], first["text"], first["number"]) == ("message", "while you were away", seen + 1)
    again = await ada.receive_json(timeout=5)
    assert (again["type"], again["resumed"]) == ("joined", True)
    assert len(again["roster"]["participants"]) == 2
    await ada.close()
    await bob.close()


async def test_a_wrong_secret_does_not_resume(
    http: aiohttp.ClientSession, own_node: NodeProcess, meeting: str
):
    token = own_node.issuer.token(meeting)
    ada = await join(http, own_node, token=token)
    await message_of(ada, "joined")
    thief = await join(http, own_node, token=token, resume={"lastMessage": 0, "secret": "guessed"})
    assert (await thief.receive_json(timeout=5))["code"] == "resume_failed"
    await ada.send_json({"type": "stats", "report": {}})
    await message_of(ada, "quality")
    await ada.close()
    await thief.close()


async def test_a_second_join_of_the_same_participant_replaces_the_first(
    http: aiohttp.ClientSession, own_node: NodeProcess, meeting: str
):
    participant = new_identifier("par_")
    first = await join(http, own_node, token=own_node.issuer.token(meeting, participant))
    await message_of(first, "joined")
    second = await join(http, own_node, token=own_node.issuer.token(meeting, participant))
    assert len((await message_of(second, "joined"))["roster"]["participants"]) == 1
    assert (await message_of(first, "removed"))["reason"] == "replaced"
    await first.close()
    await second.close()


async def test_reports_come_and_commands_are_obeyed(
    http: aiohttp.ClientSession, queues: Any, tmp_path: Path, meeting: str
):
    report_url = queues.create_queue(QueueName="reports")["QueueUrl"]
    with running_node(tmp_path, {"PARLEY_REPORT_QUEUE_URL": report_url}) as node:
        ada_id = new_identifier("par_")
        # Quality is told of those who have media.
        offer = json.loads((EXAMPLES / "client/join.json").read_text())["offer"]
        ada = await join(http, node, token=node.issuer.token(meeting, ada_id), offer=offer)
        await message_of(ada, "joined")
        bob_id = new_identifier("par_")
        bob = await join(http, node, token=node.issuer.token(meeting, bob_id))
        await message_of(bob, "joined")
        report = await report_of(queues, report_url, has_two)
        # Two seconds later: long enough that the node has looked at everybody's quality.
        report = await report_of(queues, report_url, has_two)
        assert (report["node"], report["usedUnits"]) == (node.issuer.node, 1)
        assert [(one["id"], len(one["participants"])) for one in report["meetings"]] == [(meeting, 2)]
        send = functools.partial(queues.send_message, QueueUrl=report["commandQueueUrl"])
        send(MessageBody="not JSON")
        send(MessageBody=json.dumps({"type": "dance", "requestId": "1"}))
        about_bob = {"meeting": meeting, "participant": bob_id, "requestId": "1"}
        moderator = {"publish": ["microphone"], "subscribe": True, "moderate": True}
        made = {"role": "cohost", "displayName": "Dr. Bob", "grants": moderator}
        send(MessageBody=json.dumps({"type": "changeParticipant", **about_bob, **made}))
        (change,) = (await message_of(bob, "roster"))["changes"]
        assert (change["op"], change["role"], change["displayName"]) == (
            "participantChanged",
            "cohost",
            "Dr. Bob",
        )
        await bob.send_json({"type": "moderate", "action": "mute", "participant": ada_id})
        send(
            MessageBody=json.dumps(
                {
                    "type": "removeParticipant",
                    "meeting": meeting,
                    "participant": ada_id,
                    "reason": "removed",
                    "requestId": "2",
                }
            )
        )
        assert (await message_of(ada, "removed"))["reason"] == "removed"
        late = await join(http, node, token=node.issuer.token(meeting, ada_id))
        assert (await message_of(late, "error"))["code"] == "not_granted"
        again = {"type": "admitParticipant", "meeting": meeting, "participant": ada_id, "requestId": "2"}
        send(MessageBody=json.dumps(again))
        # Seen once the command before it was obeyed.
        renamed = {**made, "displayName": "Robert"}
        send(MessageBody=json.dumps({"type": "changeParticipant", **about_bob, **renamed}))
        while "Robert" not in str((await message_of(bob, "roster"))["changes"]):
            pass
        back = await join(http, node, token=node.issuer.token(meeting, ada_id))
        await message_of(back, "joined")
        await back.close()
        await late.close()
        send(MessageBody=json.dumps({"type": "endMeeting", "meeting": meeting, "requestId": "3"}))
        assert (await message_of(bob, "removed"))["reason"] == "ended"
        quality = await report_of(queues, report_url, lambda one: one["type"] == "qualityReport")
        entry = next(one for one in quality["entries"] if one["participant"] == ada_id)
        assert entry["meeting"] == meeting
        assert {point["verdict"] for point in entry["points"]} == {"good"}
        send(MessageBody=json.dumps({"type": "drain", "deadlineSeconds": 600, "requestId": "4"}))
        drained = await report_of(queues, report_url, lambda one: one.get("state") == "drained")
        assert 0 < drained["drainSeconds"] <= 600
        send(MessageBody=json.dumps({"type": "undrain", "requestId": "5"}))
        ready = await report_of(queues, report_url, lambda one: one.get("state") == "ready")
        assert "drainSeconds" not in ready
        await ada.close()
        await bob.close()


def has_two(report: dict[str, Any]) -> bool:
    return sum(len(one["participants"]) for one in report.get("meetings", [])) == 2


async def report_of(queues: Any, url: str, is_right: Any) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while True:
            answer = await asyncio.to_thread(queues.receive_message, QueueUrl=url, WaitTimeSeconds=2)
            for message in answer.get("Messages", []):
                queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                report: dict[str, Any] = json.loads(message["Body"])
                if is_right(report):
                    return report


async def test_a_node_that_is_told_to_stop_says_so_and_ends_in_time(
    http: aiohttp.ClientSession, own_node: NodeProcess, meeting: str
):
    ada = await join(http, own_node, token=own_node.issuer.token(meeting))
    await message_of(ada, "joined")
    ending = asyncio.create_task(asyncio.to_thread(own_node.stop))
    assert (await message_of(ada, "removed"))["reason"] == "nodeClosing"
    await ada.close()
    assert await ending == 0
