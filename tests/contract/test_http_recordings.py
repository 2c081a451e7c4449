"""Recordings over HTTP: started, directed, listed, opened, kept and deleted, by those who may."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from localcloud.control_plane import ControlPlane
from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver
from tests.support.memory_recordings import KeptJobs, MemoryObjects
from tests.support.memory_stores import RecordingCommands

__all__ = ["api", "control_plane", "limits", "people", "receiver"]

ADA = "Bearer ada"
BOB = "Bearer bob"
STRAY = f"rec_{'a' * 26}"


class Stage:
    """A meeting with a host, and the reports of the node that carries it."""

    def __init__(self, api: Api, control_plane: ControlPlane) -> None:
        self.api = api
        self._control_plane = control_plane
        self.sequence = 1

    async def open(self, **wishes: Any) -> Any:
        self.meeting = await create(self.api, recording="allowed", **wishes)
        self.path = f"/meetings/{self.meeting['id']}"
        _, _, self.joined = await self.api(
            "POST", f"{self.path}/join", {"displayName": "Zoë", "role": "host"}
        )
        self.host = f"Bearer {self.joined['resumeToken']}"
        return self.meeting

    async def says(self, recording: str, state: str, segments: int = 3) -> None:
        """The node reports its recorder."""
        self.sequence += 1
        now = int(time.time() * 1e6)
        node, meeting = self.joined["node"]["id"], self.meeting["id"]
        recorder = {
            "recording": recording,
            "meeting": meeting,
            "state": state,
            "reason": None,
            "prefix": f"nodes/{node}/{recording}-{'a' * 26}/",
            "segments": segments,
            "bytes": 1000,
            "tracks": 2,
            "startedUs": now - 5_000_000,
            "endedUs": now if state == "stopped" else None,
        }
        people = [self.joined["participant"]["id"]]
        report = {
            "type": "nodeReport",
            "version": 1,
            "node": node,
            "bootId": "boot-1",
            "sequence": self.sequence,
            "region": self.meeting["homeRegion"],
            "url": self.joined["node"]["url"],
            "metricsUrl": "http://node/metrics",
            "commandQueueUrl": f"http://queue/{node}",
            "state": "ready",
            "capacityUnits": 100,
            "usedUnits": 0,
            "cpuBusy": 0.5,
            "meetings": [{"id": meeting, "epoch": 1, "participants": people}],
            "recordings": [recorder],
        }
        await self._deliver(report)

    async def composes(self, job: Any, state: str, files: Any = None) -> None:
        files = files or {"mp4": f"{job['output']}film.mp4", "hls": f"{job['output']}master.m3u8",
                 "thumbnails": f"{job['output']}thumbnails.vtt", "sprite": f"{job['output']}sprite.jpg",
                 "durationSeconds": 4.5, "bytes": 123}  # fmt: skip
        await self._deliver(
            {
                "kind": "composition",
                "recording": job["recording"],
                "job": job["job"],
                "state": state,
                "progress": 1,
                "reason": "given_up" if state == "failed" else None,
                "detail": "given up: no room" if state == "failed" else None,
                "files": files if state == "done" else None,
            }
        )

    async def clock(self, name: str = "keep_recordings") -> Any:
        return await self._control_plane.invoke(self._control_plane.handler(name), {})

    async def _deliver(self, body: Any) -> None:
        message = {
            "messageId": "one",
            "receiptHandle": "one",
            "body": json.dumps(body),
            "attributes": {"SentTimestamp": str(int(time.time() * 1000))},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn",
            "awsRegion": "x",
        }
        handler = self._control_plane.handler("handle_node_reports")
        assert await self._control_plane.invoke(handler, {"Records": [message]}) == {"batchItemFailures": []}


@pytest.fixture
async def stage(api: Api, control_plane: ControlPlane) -> Stage:
    stage = Stage(api, control_plane)
    await stage.open()
    return stage


async def start(stage: Stage, **headers: Any) -> Any:
    status, answered, recording = await stage.api("POST", f"{stage.path}/recordings", {}, **headers)
    assert status == 201
    assert answered["location"].endswith(f"/recordings/{recording['id']}")
    return recording


async def ready(stage: Stage, jobs: KeptJobs) -> Any:
    recording = await start(stage)
    path = f"/recordings/{recording['id']}"
    await stage.says(recording["id"], "recording")
    await stage.api("POST", f"{path}/stop")
    await stage.says(recording["id"], "stopped")
    await stage.clock()
    await stage.composes(jobs.jobs[-1], "done")
    _, _, shown = await stage.api("GET", path)
    assert shown["state"] == "ready"
    return shown


async def test_a_recording_from_start_to_film(stage: Stage, jobs: KeptJobs, commands: RecordingCommands):
    api = stage.api
    recording = await start(stage, authorization=stage.host)
    assert (recording["state"], recording["pending"]) == ("starting", "start")
    assert recording["requestedBy"] == stage.joined["participant"]["id"]
    assert commands.sent[-1][0] == "startRecording"
    path = f"/recordings/{recording['id']}"
    await stage.says(recording["id"], "recording")
    _, _, shown = await api("GET", path, authorization=stage.host)
    assert (shown["state"], shown["pending"]) == ("recording", None)
    status, _, paused = await api("POST", f"{path}/pause")
    assert (status, paused["state"], paused["pending"]) == (202, "recording", "pause")
    await stage.says(recording["id"], "paused")
    assert (await api("GET", path))[2]["state"] == "paused"
    assert (await api("POST", f"{path}/resume"))[2]["pending"] == "resume"
    await stage.says(recording["id"], "recording")
    assert len((await api("GET", path))[2]["pauses"]) == 1
    assert (await api("POST", f"{path}/stop"))[2]["state"] == "stopping"
    await stage.says(recording["id"], "stopped")
    assert (await api("GET", path))[2]["state"] == "processing"
    assert await stage.clock() == {"lookedAt": 1, "jobsSent": 1}
    await stage.composes(jobs.jobs[-1], "done")
    _, _, film = await api("GET", path)
    assert (film["state"], film["durationSeconds"], film["bytes"]) == ("ready", 4.5, 123)
    assert (film["storageClass"], film["tracks"]) == ("standard", 2)
    assert film["retainUntil"] > film["endedAt"]
    _, _, log = await api("GET", f"{stage.path}/events?limit=100")
    types = [event["type"] for event in log["items"] if event["type"].startswith("recording.")]
    assert types == [
        f"recording.{one}"
        for one in (
            *("requested", "started", "pause_requested", "paused", "resume_requested", "resumed"),
            *("stopping", "stopped", "composition_requested", "processing", "ready"),
        )
    ]
    assert "nodes/" not in json.dumps(log)


async def test_a_host_arranges_the_film_anew_while_it_is_recorded(stage: Stage, jobs: KeptJobs):
    api = stage.api
    recording = await start(stage)
    path = f"/recordings/{recording['id']}"
    await stage.says(recording["id"], "recording")
    status, _, shown = await api("PATCH", path, {"layout": "grid"}, authorization=stage.host)
    assert (status, shown["layout"]) == (200, "grid")
    (change,) = shown["rearrangements"]
    assert change["layout"] == "grid"
    _, _, same = await api("PATCH", path, {"layout": "grid"}, authorization=stage.host)
    assert same["rearrangements"] == [change]
    assert (await api("PATCH", path, {"layout": "circle"}))[0] == 422
    assert (await api("PATCH", path, {"layout": None}))[0] == 422
    assert (await api("PATCH", path, {"layout": "share"}, guest=True))[0] == 401
    _, _, both = await api("PATCH", path, {"layout": "share", "access": {"participants": True, "users": []}})
    assert (both["layout"], both["access"]["participants"]) == ("share", True)
    await api("POST", f"{path}/stop")
    await stage.says(recording["id"], "stopped")
    status, _, problem = await api("PATCH", path, {"layout": "grid"})
    assert (status, problem["code"]) == (409, "recording_not_running")
    await stage.clock()
    job = jobs.jobs[-1]
    assert (job["layout"], [one["layout"] for one in job["rearrangements"]]) == ("speaker", ["grid", "share"])
    assert job["rearrangements"][0]["at"].startswith(change["at"][:-1])
    await stage.composes(job, "done")
    _, _, film = await api("GET", path)
    assert [one["layout"] for one in film["compositions"]] == [None]
    assert (await api("POST", f"{path}/compositions", {"layout": "share"}))[2]["layout"] == "share"
    await stage.clock()
    assert (jobs.jobs[-1]["layout"], jobs.jobs[-1]["rearrangements"]) == ("share", [])
    status, _, again = await api("POST", f"{path}/compositions", {})
    assert (status, again["layout"], again["revision"]) == (202, None, 2)
    _, _, log = await api("GET", f"{stage.path}/events?limit=100")
    assert [event["type"] for event in log["items"]].count("recording.rearranged") == 2


async def test_who_comes_is_told_of_the_recording_before(stage: Stage):
    api = stage.api
    _, _, public = await api("GET", stage.path, guest=True)
    assert (public["recording"], public["activeRecording"]) == ("allowed", None)
    recording = await start(stage)
    await stage.says(recording["id"], "recording")
    _, _, public = await api("GET", stage.path, guest=True)
    active = public["activeRecording"]
    assert (active["id"], active["state"]) == (recording["id"], "recording")
    assert active["startedAt"]
    status, _, joined = await api("POST", f"{stage.path}/join", {"displayName": "Late"}, guest=True)
    assert (status, joined["recording"]) == (201, active)
    _, _, log = await api("GET", f"{stage.path}/events?limit=100")
    notices = [
        event["data"]["participant"]["toldOfRecording"]
        for event in log["items"]
        if event["type"] == "participant.admitted"
    ]
    assert notices == [None, recording["id"]]


async def test_a_meeting_says_whether_it_is_recorded_and_may_change_its_mind(stage: Stage):
    meeting = await create(stage.api)
    assert meeting["recording"] == "off"
    path = f"/meetings/{meeting['id']}"
    status, _, problem = await stage.api("POST", f"{path}/recordings", {})
    assert (status, problem["code"]) == (409, "recording_off")
    assert "off" in problem["detail"]
    _, _, changed = await stage.api("PATCH", path, {"recording": "automatic"})
    assert changed["recording"] == "automatic"
    status, _, problem = await stage.api("POST", f"{path}/recordings", {})
    assert (status, problem["code"]) == (409, "meeting_empty")
    await stage.api("POST", f"{path}/end")
    status, _, problem = await stage.api("POST", f"{path}/recordings", {})
    assert (status, problem["code"]) == (410, "meeting_ended")


async def test_a_start_is_repeated_under_its_key_and_refused_while_another_goes_on(stage: Stage):
    first = await start(stage, idempotency_key="k")
    assert (await start(stage, idempotency_key="k"))["id"] == first["id"]
    status, _, problem = await stage.api(
        "POST", f"{stage.path}/recordings", {"layout": "grid"}, idempotency_key="k"
    )
    assert (status, problem["code"]) == (422, "idempotency_conflict")
    status, _, problem = await stage.api("POST", f"{stage.path}/recordings", {})
    assert (status, problem["code"]) == (409, "already_recording")


async def test_links_are_given_to_those_who_may_and_each_is_noted(
    stage: Stage, jobs: KeptJobs, objects: MemoryObjects
):
    api = stage.api
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    take = f"nodes/{stage.joined['node']['id']}/{recording['id']}-{'a' * 26}/"
    objects.put(f"{take}trk_x/000000.mkv", b"x", "video/x-matroska")
    objects.put(f"{take}pages/000000.json", b"{}", "application/json")
    status, _, media = await api("GET", f"{path}/media", authorization=stage.host)
    assert status == 200
    assert media["mp4"]["url"].startswith("https://media.example/compositions/")
    assert set(media["hls"]) == {"url"}
    assert media["thumbnails"]["sprite"].split("?")[0].endswith("sprite.jpg")
    assert [one["track"] for one in media["tracks"]] == ["trk_x"]
    assert len(media["manifest"]) == 1
    assert media["chapters"] is None
    _, _, narrow = await api("GET", f"{path}/media?kinds=mp4")
    assert "tracks" not in narrow
    for query in ("kinds=mp3", "kinds=", "limit=0", "layout=circle", "cursor=%00", "x=1"):
        assert (await api("GET", f"{path}/media?{query}"))[0] == 422, query
    assert (await api("GET", f"{path}/media", guest=True))[0] == 401
    assert (await api("GET", f"{path}/media", authorization=BOB))[0] == 403
    _, _, me = await api("GET", "/users/me", authorization=BOB)
    await api("PATCH", path, {"access": {"users": [me["id"]]}})
    assert (await api("GET", f"{path}/media?kinds=mp4", authorization=BOB))[0] == 200
    assert (await api("PATCH", path, {"access": {}}, authorization=BOB))[0] == 403
    _, _, log = await api("GET", f"{path}/access-log")
    key = log["items"][1]["by"]
    assert [one["by"] for one in log["items"]] == [me["id"], key, stage.joined["participant"]["id"]]
    assert key.startswith("key_")
    assert log["items"][0]["kinds"] == ["mp4"]
    _, _, first = await api("GET", f"{path}/access-log?limit=2")
    _, _, rest = await api("GET", f"{path}/access-log?cursor={first['nextCursor']}")
    assert first["items"] + rest["items"] == log["items"]


async def test_one_that_is_stopped_at_once_is_stopped_on_its_node_too(
    stage: Stage, commands: RecordingCommands
):
    recording = await start(stage)
    commands.sent.clear()
    _, _, stopping = await stage.api("POST", f"/recordings/{recording['id']}/stop")
    assert (stopping["state"], stopping["pending"]) == ("stopping", "stop")
    assert [one[0] for one in commands.sent] == ["stopRecording"]
    await stage.says(recording["id"], "recording")
    assert [one[0] for one in commands.sent] == ["stopRecording"] * 2
    await stage.says(recording["id"], "stopped")
    _, _, shown = await stage.api("GET", f"/recordings/{recording['id']}")
    assert (shown["state"], shown["startedAt"] is not None) == ("processing", True)


async def test_a_recorder_that_begins_after_all_is_stopped_although_the_recording_is_over(
    stage: Stage, jobs: KeptJobs, commands: RecordingCommands
):
    recording = await ready(stage, jobs)
    commands.sent.clear()
    await stage.says(recording["id"], "recording", segments=4)
    assert [one[0] for one in commands.sent] == ["stopRecording"]


async def test_a_recording_has_the_title_that_its_meeting_had(api: Api, control_plane: ControlPlane):
    stage = Stage(api, control_plane)
    await stage.open(title="Design review")
    recording = await start(stage)
    assert recording["title"] == "Design review"
    await api("PATCH", stage.path, {"title": "Something else"})
    _, _, shown = await api("GET", f"/recordings/{recording['id']}")
    _, _, listed = await api("GET", "/recordings")
    assert (shown["title"], listed["items"][0]["title"]) == ("Design review", "Design review")


async def test_a_recording_is_kept_changed_and_deleted_as_it_was_read(
    stage: Stage, jobs: KeptJobs, objects: MemoryObjects
):
    api = stage.api
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    _, headers, _ = await api("GET", path)
    kept = {"retainUntil": "2090-01-01T00:00:00Z", "access": {"participants": True}}
    status, _, changed = await api("PATCH", path, kept, if_match=headers["etag"])
    assert (status, changed["retainUntil"]) == (200, "2090-01-01T00:00:00.000Z")
    assert changed["access"] == {"participants": True, "users": []}
    assert (await api("PATCH", path, {"retainUntil": None}, if_match=headers["etag"]))[0] == 412
    assert (await api("DELETE", path, if_match=headers["etag"]))[0] == 412
    assert (await api("PATCH", path, {"legalHold": True}, authorization=stage.host))[0] == 403
    assert (await api("PATCH", path, {"legalHold": True}))[2]["legalHold"] is True
    status, _, problem = await api("DELETE", path)
    assert (status, problem["code"]) == (409, "recording_held")
    status, _, problem = await api("DELETE", stage.path)
    assert (status, problem["code"]) == (409, "recordings_kept")
    await api("PATCH", path, {"legalHold": False})
    status, _, deleting = await api("DELETE", path)
    assert (status, deleting["state"]) == (202, "deleting")
    assert deleting["deletion"]["deletedAt"] is None
    assert (await stage.clock("sweep_recordings"))["deleted"] == 1
    _, _, gone = await api("GET", path)
    assert gone["state"] == "deleted"
    assert gone["deletion"]["by"].startswith("key_")
    assert len(gone["deletion"]["digest"]) == 64
    assert gone["deletion"]["objects"] == 1
    assert [key for _, key in objects.body_by_key] == [f"deleted/{recording['id']}.jsonl"]
    assert (await api("DELETE", path))[0] == 202
    for method, place, body in (
        ("GET", "/media", None),
        ("PATCH", "", {"retainUntil": None}),
        ("POST", "/compositions", {"layout": "grid"}),
    ):
        status, _, problem = await api(method, f"{path}{place}", body)
        assert (status, problem["code"]) == (410, "recording_deleted")
    assert (await api("DELETE", stage.path))[0] == 204
    assert (await api("GET", path))[0] == 404, "its meeting is deleted as well"


async def test_tracks_are_joined_to_files_beside_the_film(
    stage: Stage, jobs: KeptJobs, objects: MemoryObjects
):
    api = stage.api
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    assert (await api("GET", f"{path}/media?kinds=trackFiles"))[2]["trackFiles"] is None
    status, _, made = await api("POST", f"{path}/compositions", {"kind": "tracks", "layout": "grid"})
    assert (status, made["kind"], made["layout"]) == (202, "tracks", None)
    assert (await api("POST", f"{path}/compositions", {"kind": "tracks"}))[2]["id"] == made["id"]
    await stage.clock()
    job = jobs.jobs[-1]
    assert (job["kind"], job["prefixes"]) == ("tracks", jobs.jobs[0]["prefixes"])
    names = [f"{1_767_225_600_000_000 + at}-9000-par_a-camera-trk_{at}.mkv" for at in range(3)]
    for name in [*names, "else.mkv"]:
        objects.put(f"{job['output']}tracks/{name}", b"12345", "video/x-matroska")
    await stage.composes(job, "done", {"tracks": f"{job['output']}tracks/", "durationSeconds": 0, "bytes": 0})
    _, _, shown = await api("GET", path)
    assert (shown["state"], shown["bytes"]) == ("ready", 123), "of the film"
    _, _, media = await api("GET", f"{path}/media")
    assert media["layout"] == "speaker"
    first = media["trackFiles"][0]
    assert (first["track"], first["participant"], first["source"]) == ("trk_0", "par_a", "camera")
    assert (first["startedAt"], first["durationSeconds"]) == ("2026-01-01T00:00:00.000Z", 9.0)
    assert first["bytes"] == 5
    assert f"opens={job['output']}tracks/" in first["url"]
    found: list[str] = []
    query = "kinds=trackFiles,tracks&limit=2"
    while query:
        _, _, page = await api("GET", f"{path}/media?{query}")
        found += [one["track"] for one in page["trackFiles"]]
        after = page["nextCursor"]
        query = f"kinds=trackFiles,tracks&limit=2&cursor={after}" if after else ""
    assert found == ["trk_0", "trk_1", "trk_2"]
    _, _, log = await api("GET", f"{stage.path}/events?limit=100")
    assert log["items"][-1]["type"] == "recording.tracks_ready"
    assert (await api("POST", f"{path}/compositions", {"kind": "film"}))[2]["revision"] == 2


async def test_tracks_that_cannot_be_joined_leave_the_film_as_it_is(stage: Stage, jobs: KeptJobs):
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    await stage.api("POST", f"{path}/compositions", {"kind": "tracks"})
    await stage.clock()
    await stage.composes(jobs.jobs[-1], "failed")
    _, _, shown = await stage.api("GET", path)
    assert (shown["state"], shown["reason"]) == ("ready", None)
    assert [(one["kind"], one["state"]) for one in shown["compositions"]] == [
        ("film", "done"),
        ("tracks", "failed"),
    ]


async def test_another_film_is_made_and_a_failure_says_why(stage: Stage, jobs: KeptJobs):
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}/compositions"
    status, _, made = await stage.api("POST", path, {"layout": "grid"}, idempotency_key="k")
    assert (status, made["state"], made["revision"]) == (202, "queued", 1)
    assert (await stage.api("POST", path, {"layout": "grid"}, idempotency_key="k"))[2]["id"] == made["id"]
    await stage.clock()
    assert jobs.jobs[-1]["layout"] == "grid"
    await stage.composes(jobs.jobs[-1], "failed")
    _, _, shown = await stage.api("GET", f"/recordings/{recording['id']}")
    assert shown["state"] == "ready"
    assert [one["reason"] for one in shown["compositions"]] == [None, "given_up"]
    assert [one["detail"] for one in shown["compositions"]] == [None, "given up: no room"]
    assert (await stage.api("POST", path, {"layout": "circle"}))[0] == 422
    assert (await stage.api("POST", path, {}))[2]["layout"] == "speaker", "as it was recorded"


async def test_lists_are_the_tenants_a_persons_or_a_meetings(stage: Stage, jobs: KeptJobs):
    api = stage.api
    recording = await ready(stage, jobs)
    for path in (f"{stage.path}/recordings", "/recordings"):
        assert [one["id"] for one in (await api("GET", path))[2]["items"]] == [recording["id"]]
        assert (await api("GET", f"{path}?state=failed"))[2]["items"] == []
        for query in ("state=x", "limit=0", "limit=101", "cursor=x", "y=1"):
            assert (await api("GET", f"{path}?{query}"))[0] == 422, query
    assert (await api("GET", "/recordings", authorization=ADA))[2]["items"] == []
    assert (await api("GET", "/recordings", guest=True))[0] == 401
    assert (await api("GET", f"{stage.path}/recordings", authorization=stage.host))[0] == 200
    assert (await api("GET", f"{stage.path}/recordings", guest=True))[0] == 401


@pytest.mark.parametrize("name", [STRAY, "rec_x", "x" * 3000, "mtg_" + "a" * 26])
@pytest.mark.parametrize(
    ("method", "place", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/stop", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("GET", "/media", None),
        ("GET", "/access-log", None),
        ("POST", "/compositions", {"layout": "grid"}),
    ],
)
async def test_what_is_not_there_is_404(api: Api, name: str, method: str, place: str, body: Any):
    status, _, problem = await api(method, f"/recordings/{name}{place}", body)
    assert (status, problem["code"]) == (404, "recording_not_found")


async def test_a_key_needs_the_scope(stage: Stage, jobs: KeptJobs):
    recording = await ready(stage, jobs)
    path = f"/recordings/{recording['id']}"
    _, _, key = await stage.api("POST", "/api-keys", {"name": "reader", "scopes": ["recordings:read"]})
    reader = "Basic " + base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()
    assert (await stage.api("GET", f"{path}/media", authorization=reader))[0] == 200
    for method, place, body in (
        ("POST", f"{stage.path}/recordings", {}),
        ("DELETE", path, None),
        ("PATCH", path, {"retainUntil": None}),
        ("POST", f"{path}/stop", None),
        ("GET", stage.path + "/participants", None),
    ):
        status, _, problem = await stage.api(method, place, body, authorization=reader)
        assert (status, problem["code"]) == (403, "insufficient_scope"), place


async def test_an_operator_gives_a_tenant_a_key_for_its_recordings(
    stage: Stage, control_plane: ControlPlane, commands: RecordingCommands
):
    _, _, log = await stage.api("GET", f"{stage.path}/events")
    tenant = log["items"][0]["data"]["meeting"]["tenant"]
    provision = control_plane.handler("provision")
    made = await control_plane.invoke(provision, {"tenant": tenant, "recordingKey": True})
    assert made == {"tenant": tenant, "recordingKey": "arn:key/1"}
    assert await control_plane.invoke(provision, {"tenant": tenant, "recordingKey": True}) == made
    await start(stage)
    assert commands.places[-1].kms_key == "arn:key/1"
