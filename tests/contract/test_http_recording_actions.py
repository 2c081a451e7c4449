"""What a recording's answers say that the caller may do is what calls let them do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.test_http_api import api, control_plane, limits, people, receiver
from tests.contract.test_http_recordings import ADA, BOB, Stage, ready, stage, start
from tests.support.memory_recordings import KeptJobs

__all__ = ["api", "control_plane", "limits", "people", "receiver", "stage"]

ALL = ["open", "compose", "keep", "share", "link", "hold", "delete", "log"]
# What each may do is tried with a call that changes nothing where it is allowed, but for the last.
CALLS: dict[str, tuple[str, str, Any]] = {
    "open": ("GET", "/media?kinds=mp4", None),
    "control": ("POST", "/pause", None),
    "log": ("GET", "/access-log", None),
    "link": ("GET", "/links", None),
    "keep": ("PATCH", "", {"retainUntil": None}),
    "share": ("PATCH", "", {"access": {}}),
    "hold": ("PATCH", "", {"legalHold": False}),
    "compose": ("POST", "/compositions", {"kind": "tracks"}),
    "delete": ("DELETE", "", None),
}


def credentials(who: str | None) -> dict[str, Any]:
    """None is the tenant's server."""
    return {"authorization": who} if who is not None else {}


async def told(stage: Stage, path: str, who: str | None) -> list[str]:
    _, _, shown = await stage.api("GET", path, **credentials(who))
    found: list[str] = shown["actions"]
    return found


async def allowed(
    stage: Stage, path: str, who: str | None, calls: dict[str, tuple[str, str, Any]]
) -> set[str]:
    found = set()
    for name, (method, where, body) in calls.items():
        status, _, _ = await stage.api(method, path + where, body, **credentials(who))
        found |= {name} if status < 400 else set()
    return found


@pytest.mark.parametrize("who", ["server", "host", "operator", "named"])
async def test_what_is_told_is_what_is_allowed(stage: Stage, jobs: KeptJobs, people: Any, who: str):
    people.operators = {"ada"}
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    _, _, me = await stage.api("GET", "/users/me", authorization=BOB)
    await stage.api("PATCH", path, {"access": {"users": [me["id"]]}})
    bearer = {"host": stage.host, "operator": ADA, "named": BOB}.get(who)
    expected = {
        "server": ALL,
        "host": [one for one in ALL if one != "hold"],
        "operator": ["keep", "hold", "delete", "log"],
        "named": ["open"],
    }[who]
    assert await told(stage, path, bearer) == expected
    # What is being composed cannot be deleted.
    calls = {name: call for name, call in CALLS.items() if name != "compose"}
    assert await allowed(stage, path, bearer, calls) == set(expected) - {"compose"}


async def test_what_its_state_lets_nobody_do_is_not_told(stage: Stage, jobs: KeptJobs):
    recording = await start(stage)
    path = f"/recordings/{recording['id']}"
    assert recording["actions"] == ["open", "control", "keep", "share", "link", "hold", "log"]
    await stage.says(recording["id"], "recording")
    _, _, stopped = await stage.api("POST", f"{path}/stop")
    assert "control" not in stopped["actions"]
    await stage.says(recording["id"], "stopped")
    await stage.clock()
    assert "delete" not in await told(stage, path, stage.host), "its film is being made"
    await stage.composes(jobs.jobs[-1], "done")
    assert "delete" in await told(stage, path, stage.host)
    _, _, held = await stage.api("PATCH", path, {"legalHold": True})
    assert "delete" not in held["actions"]
    await stage.api("PATCH", path, {"legalHold": False})
    _, _, gone = await stage.api("DELETE", path)
    assert gone["actions"] == ["log"]


async def test_of_nothing_there_is_nothing_to_watch_or_to_make(stage: Stage):
    recording = await start(stage)
    path = f"/recordings/{recording['id']}"
    await stage.says(recording["id"], "recording", segments=0)
    await stage.api("POST", f"{path}/stop")
    await stage.says(recording["id"], "stopped", segments=0)
    _, _, failed = await stage.api("GET", path)
    assert (failed["state"], failed["reason"]) == ("failed", "nothing_recorded")
    assert failed["actions"] == ["keep", "hold", "delete", "log"]
    status, _, problem = await stage.api("POST", f"{path}/compositions", {})
    assert (status, problem["code"]) == (409, "recording_not_running")


async def test_lists_do_not_tell_it_and_a_link_lets_only_watch(stage: Stage, jobs: KeptJobs):
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    _, _, listed = await stage.api("GET", "/recordings")
    assert "actions" not in listed["items"][0]
    _, _, link = await stage.api("POST", f"{path}/links", {}, authorization=stage.host)
    assert await told(stage, path, f"Bearer {link['token']}") == ["open"]


async def test_a_change_is_refused_by_what_its_maker_read(stage: Stage, jobs: KeptJobs):
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    _, headers, _ = await stage.api("GET", path, authorization=stage.host)
    wish = {"access": {"participants": True}}
    for expected in (200, 412):
        status, _, _ = await stage.api(
            "PATCH", path, wish, authorization=stage.host, if_match=headers["etag"]
        )
        assert status == expected
