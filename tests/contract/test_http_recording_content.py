"""Operators, and people of other tenants, see no content of recordings and let nobody see it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.test_http_api import Api, api, control_plane, limits, people, receiver
from tests.contract.test_http_recordings import ADA, BOB, Stage, ready, stage
from tests.support.memory_recordings import KeptJobs

__all__ = ["api", "control_plane", "limits", "people", "receiver", "stage"]

MEDIA = ("mp4", "hls", "thumbnails", "trackFiles", "tracks", "manifest")


async def id_of(api: Api, person: str) -> str:
    return str((await api("GET", "/users/me", authorization=person))[2]["id"])


@pytest.mark.parametrize("beside", [{}, {"retainUntil": None}, {"legalHold": False}])
async def test_an_operator_lets_nobody_watch(stage: Stage, jobs: KeptJobs, people: Any, beside: Any):
    people.operators = {"ada"}
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    for access in (
        {"participants": False, "users": [await id_of(stage.api, ADA)]},
        {"participants": False, "users": [await id_of(stage.api, BOB)]},
        {"participants": True, "users": []},
    ):
        status, _, problem = await stage.api("PATCH", path, {"access": access, **beside}, authorization=ADA)
        assert (status, problem["code"]) == (403, "forbidden")
    assert (await stage.api("GET", path))[2]["access"] == {"participants": False, "users": []}
    assert (await stage.api("GET", f"{path}/media", authorization=BOB))[0] == 403


async def test_an_operator_takes_nobody_off_either(stage: Stage, jobs: KeptJobs, people: Any):
    people.operators = {"ada"}
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    access = {"participants": True, "users": [await id_of(stage.api, BOB)]}
    status, _, shared = await stage.api("PATCH", path, {"access": access}, authorization=stage.host)
    assert (status, shared["access"]) == (200, access)
    assert (await stage.api("PATCH", path, {"access": {}}, authorization=ADA))[0] == 403
    assert (await stage.api("GET", path))[2]["access"] == access


async def test_an_operator_opens_nothing_and_makes_nothing_of_it(stage: Stage, jobs: KeptJobs, people: Any):
    people.operators = {"ada"}
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    link = (await stage.api("POST", f"{path}/links", {}))[2]["id"]
    asked = [
        *(("GET", f"{path}/media?kinds={kind}", None) for kind in MEDIA),
        ("GET", f"{path}/media", None),
        ("GET", f"{path}/links", None),
        ("POST", f"{path}/links", {}),
        ("DELETE", f"{path}/links/{link}", None),
        ("POST", f"{path}/compositions", {}),
        ("POST", f"{path}/compositions", {"kind": "tracks"}),
        ("PATCH", path, {"layout": "grid"}),
        ("POST", f"{stage.path}/recordings", {}),
        *(("POST", f"{path}/{act}", None) for act in ("pause", "resume", "stop")),
    ]
    for method, where, body in asked:
        status, _, problem = await stage.api(method, where, body, authorization=ADA)
        assert (status, problem["code"]) == (403, "forbidden"), (method, where)
    assert (await stage.api("GET", f"{path}/access-log"))[2]["items"] == []


async def test_an_operator_keeps_holds_and_deletes(stage: Stage, jobs: KeptJobs, people: Any):
    people.operators = {"ada"}
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    both = {"retainUntil": "2037-01-01T00:00:00Z", "legalHold": True}
    status, _, held = await stage.api("PATCH", path, both, authorization=ADA)
    assert (status, held["legalHold"]) == (200, True)
    assert (await stage.api("PATCH", path, {"legalHold": False}, authorization=ADA))[0] == 200
    assert (await stage.api("DELETE", path, authorization=ADA))[0] == 202


async def test_a_change_of_several_things_needs_the_right_to_each(stage: Stage, jobs: KeptJobs):
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    access = {"participants": True, "users": []}
    both = {"access": access, "legalHold": True}
    assert (await stage.api("PATCH", path, both, authorization=stage.host))[0] == 403
    assert (await stage.api("GET", path))[2]["access"] == {"participants": False, "users": []}
    status, _, changed = await stage.api("PATCH", path, both)
    assert (status, changed["access"], changed["legalHold"]) == (200, access, True)


@pytest.mark.parametrize("operates", [False, True])
async def test_of_another_tenants_recording_nothing_is_there(
    stage: Stage, jobs: KeptJobs, people: Any, operates: bool
):
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    link = (await stage.api("POST", f"{path}/links", {}))[2]["id"]
    people.tenant = "another"
    people.operators = {"ada"} if operates else set()
    asked = [
        ("GET", path, None),
        *(("GET", f"{path}/media?kinds={kind}", None) for kind in MEDIA),
        ("PATCH", path, {"access": {"participants": True, "users": []}}),
        ("PATCH", path, {"legalHold": True}),
        ("GET", f"{path}/links", None),
        ("POST", f"{path}/links", {}),
        ("DELETE", f"{path}/links/{link}", None),
        ("POST", f"{path}/compositions", {"kind": "tracks"}),
        ("GET", f"{path}/access-log", None),
        ("DELETE", path, None),
    ]
    for method, where, body in asked:
        status, _, problem = await stage.api(method, where, body, authorization=ADA)
        assert (status, problem["code"]) == (404, "recording_not_found"), (method, where)
    _, _, listed = await stage.api("GET", "/recordings", authorization=ADA)
    assert listed["items"] == []
