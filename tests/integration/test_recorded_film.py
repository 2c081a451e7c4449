"""A recording from start to film through a whole local run: publisher, node, recorder, queue, composer."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import av
import httpx
import pytest

from tests.support.local_run import LocalRun, client, until
from tests.support.webrtc_client import ColourTrack, ToneTrack, publish

TEAL = (20, 140, 120)
# Of sound and picture, two seconds each.
SEGMENTS = 6
# Three processes start, and a film is made, on a machine that may do much else.
PATIENCE_SECONDS = 120


@contextmanager
def publishing(joined: dict[str, Any]) -> Iterator[None]:
    """Somebody's tone and picture go to the node meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> tuple[aiohttp.ClientSession, Any]:
        session = aiohttp.ClientSession()
        tracks = [ToneTrack(), ColourTrack(TEAL, 640, 360)]
        return session, await publish(session, joined["node"]["url"], joined["token"], tracks)

    session, publisher = asyncio.run_coroutine_threadsafe(begin(), loop).result(PATIENCE_SECONDS)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(publisher.connection.close(), loop).result(PATIENCE_SECONDS)
        asyncio.run_coroutine_threadsafe(session.close(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def write(joined: dict[str, Any], *messages: dict[str, str]) -> None:
    """Somebody comes, writes, sees it written and goes."""
    url = joined["node"]["url"].replace("http", "ws", 1) + "/signal"
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=["parley.v1"]) as connection,
    ):
        await connection.send_json({"type": "join", "token": joined["token"]})
        for message in messages:
            await connection.send_json({"type": "message", **message})
        seen = 0
        while seen < len(messages):
            seen += (await connection.receive_json())["type"] == "message"
        await connection.send_json({"type": "leave"})


def recorded(local: LocalRun, api: httpx.Client, meeting: str, ann: str) -> dict[str, Any]:
    """What became of a recording of some seconds, in the end; Bob writes before it, in it, in its pause."""

    def bob(*messages: dict[str, str]) -> None:
        joined = api.post(f"/meetings/{meeting}/join", json={"displayName": "Bob"}).json()
        asyncio.run(write(joined, *messages))

    bob({"text": "before"})
    started = api.post(f"/meetings/{meeting}/recordings", json={"layout": "grid"}).json()
    path = f"/recordings/{started['id']}"
    until(lambda: len(list(local.data.rglob("*.mkv"))) >= SEGMENTS, PATIENCE_SECONDS)
    assert api.get(path).json()["state"] == "recording"
    bob({"text": "for all"}, {"text": "for Ann alone", "to": ann})
    api.post(f"{path}/pause")
    until(lambda: api.get(path).json()["state"] == "paused", PATIENCE_SECONDS)
    bob({"text": "in the pause"})
    assert api.post(f"{path}/stop").status_code == 202
    until(lambda: api.get(path).json()["state"] in ("ready", "failed"), PATIENCE_SECONDS)
    ended: dict[str, Any] = api.get(path).json()
    return ended


def whole_film(link: str) -> tuple[list[av.VideoFrame], float, float]:
    """Every picture, the seconds that they are shown, and the seconds of sound."""
    data = httpx.get(link).raise_for_status().content
    with av.open(io.BytesIO(data), "r") as container:
        pictures = list(container.decode(video=0))
    with av.open(io.BytesIO(data), "r") as container:
        # A picture that did not change is shown for longer, not written again.
        shown = sum((packet.duration or 0) * packet.time_base for packet in container.demux(video=0))
    with av.open(io.BytesIO(data), "r") as container:
        rate = container.streams.audio[0].rate
        sound = sum(frame.samples for frame in container.decode(audio=0)) / rate
    return pictures, float(shown), sound


def seconds_of(colour: tuple[int, int, int], pictures: list[av.VideoFrame]) -> float:
    """How long it is in the middle of the film."""
    seconds = 0.0
    for one, following in pairwise(pictures):
        middle = one.to_ndarray(format="rgb24")[one.height // 2, one.width // 2]
        if abs(middle.astype(int) - colour).max() <= 16:
            seconds += following.time - one.time
    return seconds


def test_what_somebody_published_is_in_the_film_that_the_link_opens(local: LocalRun):
    local.start()
    with client(local.shown()) as api:
        meeting = api.post("/meetings", json={"title": "Filmed", "recording": "allowed"}).json()
        wishes = {"displayName": "Ann", "role": "host"}
        joined = api.post(f"/meetings/{meeting['id']}/join", json=wishes).json()
        with publishing(joined):
            ended = recorded(local, api, meeting["id"], joined["participant"]["id"])
        assert ended["state"] == "ready", ended
        media = api.get(f"/recordings/{ended['id']}/media").json()
        pictures, shown, sound = whole_film(media["mp4"]["url"])
        assert shown == pytest.approx(sound, abs=0.05)
        assert sound >= SEGMENTS
        # Ann alone, before Bob came; pictures that did not change are shown for longer.
        assert seconds_of(TEAL, pictures) >= SEGMENTS / 2 - 1
        chat = httpx.get(media["chat"]["url"]).text
        assert [line for line in chat.splitlines() if line.startswith("<v")] == ["<v Bob>for all"]
        with av.open(media["hls"]["url"]) as hls:
            # A player that has the link alone, and follows what playlists name by itself.
            played = sum((packet.duration or 0) * packet.time_base for packet in hls.demux(video=0))
        assert float(played) == pytest.approx(shown, abs=0.05)
        for kind in ("hls", "thumbnails", "chapters"):
            assert httpx.get(media[kind]["url"]).status_code == 200, kind
        types = [event["type"] for event in api.get(f"/meetings/{meeting['id']}/events").json()["items"]]
        for step in ("requested", "started", "stopping", "stopped", "processing", "ready"):
            assert f"recording.{step}" in types
