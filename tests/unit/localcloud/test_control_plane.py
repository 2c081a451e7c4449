"""Handlers in threads, and what becomes of who waits for them."""

from __future__ import annotations

import asyncio
from threading import Event
from types import ModuleType
from typing import Any

import pytest

from localcloud.control_plane import ControlPlane, HandlerTimeoutError


class App:
    pass


@pytest.fixture
def control_plane(monkeypatch):
    # One thread: what it is given next begins when what it does has ended.
    monkeypatch.setattr("localcloud.control_plane.WORKERS", 1)
    module = ModuleType("small")
    vars(module)["app"] = App()
    made = ControlPlane(module)
    yield made
    made.close()


@pytest.mark.parametrize("turns", range(6))
async def test_who_is_told_to_stop_as_a_handler_ends_stops(control_plane, turns):
    asked, answered = asyncio.Event(), Event()
    loop = asyncio.get_running_loop()

    def handle(event: Any, context: Any) -> None:
        loop.call_soon_threadsafe(asked.set)
        answered.wait(5)

    async def pump() -> None:
        for _ in range(3):
            await control_plane.invoke(handle, {})

    task = asyncio.create_task(pump())
    await asked.wait()
    answered.set()
    # Its answer is on the way to the loop, and takes some turns of it.
    control_plane._pool.submit(lambda: None).result(5)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()


async def test_a_handler_that_takes_too_long_is_waited_for_no_longer(control_plane):
    control_plane.timeout_seconds = 0.001
    ended = Event()
    with pytest.raises(HandlerTimeoutError):
        await control_plane.invoke(lambda event, context: ended.wait(5), {})
    ended.set()
