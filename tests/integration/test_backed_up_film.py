"""A machine dies while it records: the film has what the second node wrote, counted picture by picture."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import io
import itertools
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import av
import httpx
import numpy as np

from tests.support.composing import counter
from tests.support.local_run import LocalRun, client, until
from tests.support.recorded_meeting import CAMERA_RATE, read_counter
from tests.support.webrtc_client import CounterTrack, ToneTrack, publish

PATIENCE_SECONDS = 120
# Of sound and picture together, on each node.
SEGMENTS = 6
# Until the first reports of a publisher its pictures are placed by when they came.
STEADY_PICTURES = 6 * CAMERA_RATE
FILM_RATE = 25


@contextmanager
def publishing(joined: dict[str, Any], camera: CounterTrack) -> Iterator[None]:
    """A tone and a counting picture go to the node meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> tuple[aiohttp.ClientSession, Any]:
        session = aiohttp.ClientSession()
        tracks = [ToneTrack(), camera]
        try:
            return session, await publish(session, joined["node"]["url"], joined["token"], tracks)
        except BaseException:
            await session.close()
            raise

    async def end(session: aiohttp.ClientSession, publisher: Any) -> None:
        await publisher.connection.close()
        await session.close()

    try:
        session, publisher = asyncio.run_coroutine_threadsafe(begin(), loop).result(PATIENCE_SECONDS)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(end(session, publisher), loop).result(PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def pictures_of(local: LocalRun, node: str) -> list[Path]:
    """A node's segments that hold pictures, the oldest first."""
    found = [path for path in local.data.rglob("*.mkv") if node in path.parts]
    with_pictures = []
    for path in found:
        with contextlib.suppress(av.error.InvalidDataError, FileNotFoundError), av.open(str(path)) as file:
            if file.streams.video:
                with_pictures.append(path)
    return sorted(with_pictures)


def last_counter(segment: bytes) -> int:
    with av.open(io.BytesIO(segment), "r") as container:
        lumas = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    value = read_counter(lumas[-1])
    assert value is not None
    return value


def segments(local: LocalRun, node: str) -> int:
    return sum(node in path.parts for path in local.data.rglob("*.mkv"))


def kill_machine(pid: int) -> None:
    """The node and its recorders at once, as when a machine loses power."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in (pid, *map(int, children)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def counters_of(film: bytes) -> list[int]:
    """The counters of the pictures that have one, in order."""
    found = []
    with av.open(io.BytesIO(film), "r") as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            value = counter(rows[:, : plane.width], ("par_a",), 0)
            found += [value] if value is not None else []
    return found


def check_shown(shown: list[int], sent: list[int]) -> None:
    """Each picture that was sent is in the film, as long as it lasted: none comes twice, none is left out.

    A film has fewer pictures a second than a camera, so that one of a camera's may be left out alone.
    """
    settled = [one for one in sent if shown[0] + STEADY_PICTURES <= one < shown[-1]]
    times = collections.Counter(shown)
    was_shown = True
    for picture, following in itertools.pairwise(settled):
        frames = Fraction((following - picture) * FILM_RATE, CAMERA_RATE)
        assert times[picture] <= math.floor(frames) + 1, picture
        assert times[picture] or (was_shown and frames < 1), picture
        was_shown = times[picture] > 0


def test_a_machine_that_dies_takes_nothing_out_of_the_film_that_had_been_seen(local: LocalRun):
    local.start(PARLEY_NODES="2", PARLEY_RECORDING_SPOOL=str(local.data / "spool"))
    run = local.shown()
    pids = {one["id"]: one["pid"] for one in run["nodes"]}
    with client(run) as api:
        meeting = api.post("/meetings", json={"recording": "allowed"}).json()
        wishes = {"displayName": "Ann", "role": "host"}
        joined = api.post(f"/meetings/{meeting['id']}/join", json=wishes).json()
        first = joined["node"]["id"]
        assert joined["standby"]["id"] in pids
        began = time.monotonic()
        camera = CounterTrack(began)
        with contextlib.suppress(TimeoutError), publishing(joined, camera):
            started = api.post(f"/meetings/{meeting['id']}/recordings", json={"layout": "grid"}).json()
            path = f"/recordings/{started['id']}"
            until(lambda: all(segments(local, node) >= SEGMENTS for node in pids), PATIENCE_SECONDS)
            assert api.get(path).json()["state"] == "recording"
            # In the middle of a segment, which dies with its recorder.
            whole = len(pictures_of(local, first))
            until(lambda: len(pictures_of(local, first)) > whole, PATIENCE_SECONDS)
            middle = camera.counter + CAMERA_RATE
            until(lambda: camera.counter >= middle, PATIENCE_SECONDS)
            killed_at = camera.counter
            kill_machine(pids[first])
            kept_by_first = last_counter(pictures_of(local, first)[-1].read_bytes())

        again: list[dict[str, Any]] = []

        def is_back() -> bool:
            resumed = {**wishes, "resumeToken": joined["resumeToken"]}
            answer = api.post(f"/meetings/{meeting['id']}/join", json=resumed)
            with contextlib.suppress(httpx.HTTPError):
                found = answer.json() if answer.status_code == 201 else None
                if found and httpx.get(f"{found['node']['url']}/readyz").status_code == 200:
                    again.append(found)
            return bool(again)

        until(is_back, PATIENCE_SECONDS)
        before = {node: segments(local, node) for node in pids}
        returned = CounterTrack(began)
        with publishing(again[0], returned):
            until(lambda: api.get(path).json()["state"] == "recording", PATIENCE_SECONDS)
            until(
                lambda: all(segments(local, node) >= count + SEGMENTS for node, count in before.items()),
                PATIENCE_SECONDS,
            )
            assert api.post(f"{path}/stop").status_code == 202
            stopped_at = returned.counter
        until(lambda: api.get(path).json()["state"] in ("ready", "failed"), PATIENCE_SECONDS)
        ended = api.get(path).json()
        assert ended["state"] == "ready", ended
        film = httpx.get(api.get(f"{path}/media").json()["mp4"]["url"]).raise_for_status().content
    seen = counters_of(film)
    assert seen == sorted(seen)
    last_before = max(one for one in seen if one <= killed_at + CAMERA_RATE)
    # The first node lost its open segment; the second one has all but what was on its way in that moment.
    assert killed_at - kept_by_first >= CAMERA_RATE
    assert killed_at - last_before < CAMERA_RATE / 2
    after = [one for one in seen if one > killed_at + CAMERA_RATE]
    assert stopped_at - after[-1] < 2 * CAMERA_RATE
    # Where the film changes from one node's take to the other's no picture comes twice, and none is left out.
    check_shown(seen[: seen.index(last_before) + 1], camera.sent)
    check_shown(after, returned.sent)
