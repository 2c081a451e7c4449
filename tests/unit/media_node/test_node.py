"""The node's timer: its parts go on whatever one of them does, and /readyz tells of one that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from media_node.config import Settings
from media_node.node import Node
from media_node.quantities import MeetingId, ParticipantId


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Node]:
    monkeypatch.setattr("media_node.node.TICK_SECONDS", 0.004)
    settings = Settings(recording_spool=str(tmp_path), jwks_url="http://127.0.0.1:9/jwks.json")
    made = Node(settings)
    with capture_logs():
        yield made
    made._plane.close()


async def readiness(node: Node) -> tuple[int, str]:
    answer = await node._readyz(cast(Any, None))
    return answer.status, json.loads(cast(bytes, answer.body))["state"]


async def run_for(node: Node, observations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the timer run until it has looked back so many times more."""
    left = observations
    enough = asyncio.Event()

    async def observe() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            enough.set()

    monkeypatch.setattr(node, "_observe", observe)
    timer = asyncio.ensure_future(node._run_timer())
    async with asyncio.timeout(10):
        await enough.wait()
    timer.cancel()
    await asyncio.wait([timer])


@pytest.mark.parametrize(
    "fails", ["hosting.handle_policy_timeout", "_keep_recordings", "hosting.handle_timeout"]
)
async def test_a_part_that_fails_stops_no_other_and_makes_the_node_unready_while_it_does(
    node: Node, monkeypatch: pytest.MonkeyPatch, fails: str
):
    keys: list[int] = []

    async def refresh() -> None:
        keys.append(1)

    monkeypatch.setattr(node._entrance, "refresh_keys", refresh)
    assert await readiness(node) == (200, "ready")
    owner: Any = node
    *path, name = fails.split(".")
    for part in path:
        owner = getattr(owner, part)
    with monkeypatch.context() as broken:
        broken.setattr(owner, name, lambda: 1 / 0)
        await run_for(node, 4, monkeypatch)
    assert await readiness(node) == (503, "failing")
    assert node._report()["capacityUnits"] == 0
    assert len(keys) >= 3
    assert sum(node._node_counts().failures_by_part.values()) >= 3
    await run_for(node, 2, monkeypatch)
    assert await readiness(node) == (200, "ready")


async def test_keys_that_do_not_come_keep_nothing_waiting(node: Node, monkeypatch: pytest.MonkeyPatch):
    async def hang() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(node._entrance, "refresh_keys", hang)
    await run_for(node, 4, monkeypatch)
    assert node._fetching is not None
    assert not node._fetching.done()
    node._fetching.cancel()


async def test_the_real_look_back_ends_in_nothing_that_fails(node: Node):
    for _ in range(2):
        await node._observe()
    assert node._node_counts().failures_by_part == {}
    assert b"parley_worker_busy_ratio" in await node._metrics()


async def test_who_reads_the_metrics_does_not_change_where_meetings_go(
    node: Node, monkeypatch: pytest.MonkeyPatch
):
    noted: list[list[float]] = []
    monkeypatch.setattr(
        node._forwarding.placement, "note_cpu", lambda now, cpu_seconds: noted.append(cpu_seconds)
    )
    await node._observe()
    await node._metrics()
    assert len(noted) == 1


def seen(number: int) -> Any:
    """A receiver of whose pictures a fifth is lost, and whose voice, reported last, arrives."""
    return SimpleNamespace(
        transport=number,
        loss=0.2,
        fraction_lost=0.0,
        acknowledged_bps=900_000,
        round_trip_us=None,
        estimate_bps=900_000,
        queue_us=0,
        bytes_sent=0,
    )


async def test_loss_of_pictures_is_told_though_a_voice_arrives(node: Node):
    key = (MeetingId("mtg_a"), ParticipantId("par_a"))
    transport = node._forwarding.add_transport(*key, "ufrag", "password")
    snapshot: Any = SimpleNamespace(transports=[seen(transport.number)], tracks=[], slots=[])
    node._observation.handle_quality(0.0, [snapshot])
    assert node._observation.readings([snapshot])[key].downlink_loss == 0.2
    changed: dict[Any, str] = {}
    for second in range(1, 6):
        node._observation.handle_quality(float(second), [snapshot])
        changed |= node._observation.links_changed
    assert changed == {key: "downlink"}


async def test_pressure_is_borne_though_quality_fails(node: Node, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(node._observation.quality, "handle_readings", lambda *_: 1 / 0)
    node._observation.pressure.is_refusing = True
    await node._observe()
    assert node._admission.is_refusing
    assert node._node_counts().failures_by_part == {"quality": 1}
