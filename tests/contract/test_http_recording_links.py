"""Links for watching: made by hosts, opened by anybody who has one, ended and taken back, over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.recording_links import WatchLink, link_id, opens, with_link
from tests.contract.test_http_api import api, control_plane, limits, people, receiver
from tests.contract.test_http_recordings import Stage, ready, stage
from tests.support.builders import NOW
from tests.support.memory_recordings import KeptJobs

__all__ = ["api", "control_plane", "limits", "people", "receiver", "stage"]


async def test_a_link_opens_the_film_for_somebody_without_an_account(stage: Stage, jobs: KeptJobs):
    api = stage.api
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    status, _, made = await api("POST", f"{path}/links", {"expiresInSeconds": 3600}, authorization=stage.host)
    assert status == 201
    assert made["url"].endswith(f"/recordings/{recording['id']}#{made['token']}")
    bearer = f"Bearer {made['token']}"
    status, _, shown = await api("GET", path, authorization=bearer)
    assert (status, shown["state"]) == (200, "ready")
    status, _, media = await api("GET", f"{path}/media", authorization=bearer)
    assert status == 200
    assert media["mp4"]["url"]
    assert "tracks" not in media
    ends = datetime.fromisoformat(media["expiresAt"]) - datetime.now(UTC)
    assert ends <= timedelta(minutes=5), "the link lasts longer than what it opens"
    _, _, log = await api("GET", f"{path}/access-log")
    assert [(one["by"], one["kinds"]) for one in log["items"]] == [(made["id"], ["hls", "mp4", "thumbnails"])]
    _, _, listed = await api("GET", f"{path}/links")
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    _, _, events = await api("GET", f"{stage.path}/events?limit=100")
    assert "recording.linked" in [event["type"] for event in events["items"]]
    assert made["token"] not in json.dumps([listed, log, events])


async def test_a_link_is_for_watching_one_recording_and_for_nothing_else(stage: Stage, jobs: KeptJobs):
    api = stage.api
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    await api("PATCH", path, {"access": {"participants": True, "users": [f"usr_{'a' * 26}"]}})
    _, _, made = await api("POST", f"{path}/links", {})
    bearer = f"Bearer {made['token']}"
    assert (await api("GET", path, authorization=bearer))[2]["access"] == {"participants": False, "users": []}
    for method, where, body in (
        ("GET", f"{path}/media?kinds=tracks,manifest", None),
        ("GET", f"{path}/links", None),
        ("POST", f"{path}/links", {}),
        ("PATCH", path, {"retainUntil": None}),
        ("DELETE", path, None),
        ("POST", f"{path}/compositions", {}),
        ("GET", f"{path}/access-log", None),
        ("GET", f"{stage.path}/events", None),
        ("GET", "/recordings", None),
    ):
        status, _, _ = await api(method, where, body, authorization=bearer)
        assert status in (401, 403), where
    other = await api("GET", f"/recordings/rec_{'a' * 26}", authorization=bearer)
    assert other[0] == 404


async def test_a_link_that_was_taken_back_opens_nothing(stage: Stage, jobs: KeptJobs):
    api = stage.api
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    _, _, made = await api("POST", f"{path}/links", {}, idempotency_key="one")
    _, _, again = await api("POST", f"{path}/links", {}, idempotency_key="one")
    assert (await api("GET", path, authorization=f"Bearer {made['token']}"))[0] == 401, "one key, one link"
    assert (await api("GET", path, authorization=f"Bearer {again['token']}"))[0] == 200
    assert (await api("DELETE", f"{path}/links/{again['id']}"))[0] == 204
    assert (await api("DELETE", f"{path}/links/{again['id']}"))[0] == 204
    status, _, problem = await api("GET", f"{path}/media", authorization=f"Bearer {again['token']}")
    assert (status, problem["code"]) == (401, "unauthorized")
    assert "ended" in problem["detail"]
    assert (await api("GET", f"{path}/links"))[2]["items"] == []


@pytest.mark.parametrize("seconds", [0, 59, 604_801, "3600", 1.5, None])
async def test_a_link_lasts_between_a_minute_and_a_week(stage: Stage, jobs: KeptJobs, seconds: object):
    path = f"/recordings/{(await ready(stage, jobs))['id']}"
    assert (await stage.api("POST", f"{path}/links", {"expiresInSeconds": seconds}))[0] == 422


def test_a_link_ends_by_itself_and_ended_ones_make_room():
    secret = "watch_" + "a" * 52
    link = WatchLink(link_id(secret), "par_x", NOW, NOW + timedelta(hours=1))
    assert opens([link], link.id, NOW + timedelta(minutes=59))
    assert not opens([link], link.id, NOW + timedelta(hours=1))
    assert not opens([link], link_id("watch_" + "b" * 52), NOW)
    later = WatchLink(link_id("watch_c"), "par_x", NOW + timedelta(hours=2), NOW + timedelta(hours=3))
    assert with_link([link], later) == (later,)
