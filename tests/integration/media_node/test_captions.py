"""What is said and asked through a node's process, and what it makes of those who flood it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from media_node.meetings.captions import CAPTION_BURST
from media_node.meetings.unmute_requests import ASK_BURST
from tests.support.media_node_process import NodeProcess

HOSTILE = ["<script>alert(1)</script>", "‮ gnp.exe", "​", "\x00", "x" * 500, "🙂" * 500, '"}]'] * 2


class Seat:
    """One participant's socket, and what the node says to it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, joined: dict[str, Any]) -> None:
        self._socket = socket
        self.joined = joined
        self.id: str = joined["participant"]["id"]

    async def say(self, kind: str, **fields: Any) -> None:
        await self._socket.send_json({"type": kind, **fields})

    async def hears(self, kind: str) -> dict[str, Any]:
        """The next message of a type."""
        async with asyncio.timeout(10):
            while True:
                message: dict[str, Any] = await self._socket.receive_json()
                if message["type"] == kind:
                    return message

    async def is_closed(self) -> None:
        async with asyncio.timeout(10):
            while (await self._socket.receive()).type not in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            ):
                pass


@pytest.fixture
async def sit(http: aiohttp.ClientSession, node: NodeProcess, meeting: str):
    async with AsyncExitStack() as sockets:

        async def take(**claims: Any) -> Seat:
            opening = http.ws_connect(node.socket_url, protocols=["parley.v1"])
            socket = await sockets.enter_async_context(opening)
            await socket.send_json({"type": "join", "token": node.issuer.token(meeting, **claims)})
            async with asyncio.timeout(10):
                joined = await socket.receive_json()
            assert joined["type"] == "joined"
            return Seat(socket, joined)

        yield take


MODERATES = {"grants": {"publish": ["microphone", "camera", "screen"], "subscribe": True, "moderate": True}}


async def test_what_a_host_writes_reaches_everybody_and_those_who_come_later(sit):
    host, guest = await sit(role="host", **MODERATES), await sit()
    await host.say("caption", line=1, text="Good", final=False)
    await host.say("caption", line=1, text="Good morning", final=True)
    assert [(await guest.hears("caption"))["text"] for _ in range(2)] == ["Good", "Good morning"]
    late = await sit()
    assert [one["text"] for one in late.joined["captions"]] == ["Good morning"]


async def test_who_comes_back_when_everybody_has_left_reads_what_was_said(sit):
    host, guest = await sit(role="host", **MODERATES), await sit()
    await host.say("message", text="Good morning")
    await host.say("message", text="For you alone", to=guest.id)
    await host.say("caption", line=1, text="Welcome", final=True)
    await guest.hears("caption")
    for seat in (host, guest):
        await seat.say("leave")
        await seat.is_closed()
    again = await sit(participant=guest.id)
    assert again.joined["roster"]["participants"][0]["id"] == guest.id
    assert len(again.joined["roster"]["participants"]) == 1
    assert [one["text"] for one in again.joined["messages"]] == ["Good morning"]
    assert [one["text"] for one in again.joined["captions"]] == ["Welcome"]


async def test_a_guest_writes_with_a_hosts_word_alone(sit):
    host, guest = await sit(role="host", **MODERATES), await sit()
    await guest.say("caption", id=7, line=1, text="Me too", final=True)
    refused = await guest.hears("error")
    assert (refused["id"], refused["code"], refused["request"]) == (7, "not_granted", {"type": "caption"})
    await host.say("moderate", action="allowCaptions", participant=guest.id)
    await guest.hears("roster")
    await guest.say("caption", line=1, text="Me too", final=True)
    assert (await host.hears("caption"))["from"] == guest.id


async def test_hostile_words_pass_as_they_are_and_what_breaks_the_contract_is_named(sit):
    host, guest = await sit(role="host", **MODERATES), await sit()
    for line, text in enumerate(HOSTILE, start=1):
        await host.say("caption", line=line, text=text, final=True)
        assert (await guest.hears("caption"))["text"] == text
    for broken in (
        {"line": 1, "text": "x" * 501, "final": True},
        {"line": 0, "text": "x", "final": True},
        {"line": 2**40, "text": "x", "final": True},
        {"line": "1", "text": "x", "final": True},
        {"line": 1, "text": ["x"], "final": True},
        {"line": 1, "text": "x", "final": "yes"},
        {},
    ):
        await host.say("caption", **broken)
        assert (await host.hears("error"))["code"] == "malformed"


async def test_who_floods_is_told_so_and_stays(sit):
    host = await sit(role="host", **MODERATES)
    for line in range(1, CAPTION_BURST + 20):
        await host.say("caption", line=line, text="again", final=True)
    assert (await host.hears("error"))["code"] == "too_often"
    await host.say("stats", report={})
    await host.hears("quality")


async def test_nobody_is_asked_for_a_place_that_is_free(sit):
    host, guest = await sit(role="host", **MODERATES), await sit()
    await guest.say("askToShare", id=3)
    refused = await guest.hears("error")
    assert (refused["id"], refused["code"]) == (3, "conflict")
    await guest.say("answerShare", id=4, participant=host.id, allowed=True)
    assert (await guest.hears("error"))["code"] in ("not_granted", "not_found")


async def test_a_host_asks_a_guest_to_unmute_until_it_is_too_often(sit):
    host, guest, other = await sit(role="host", **MODERATES), await sit(), await sit()
    await other.say("moderate", id=3, action="askToUnmute", participant=guest.id)
    assert (await other.hears("error"))["code"] == "not_granted"
    for number in range(ASK_BURST + 1):
        await host.say("moderate", id=10 + number, action="askToUnmute", participant=guest.id)
    refused = await host.hears("error")
    assert (refused["id"], refused["code"]) == (10 + ASK_BURST, "too_often")
    assert [(await guest.hears("unmuteAsked"))["by"] for _ in range(ASK_BURST)] == [host.id] * ASK_BURST
