"""A recording through a whole local run: asked for over HTTP, reported by queue, opened by its link."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from localcloud.engines import cloud_environment
from localcloud.provisioning import COMPOSITION_QUEUE, RECORDINGS_BUCKET, REPORT_QUEUE
from tests.support.local_run import LocalRun, client, until

FILM = b"a film" * 1000


class Recorder:
    """A media node and a composer that say over SQS what the real ones would."""

    def __init__(self, run: LocalRun, recording: Any) -> None:
        self._recording = recording
        self.node = f"node_{random_name()}"
        self.take = f"nodes/{self.node}/{recording['id']}-{random_name()}/"
        self._sequence = 0
        self._sqs = boto3.client("sqs")
        self._reports = self._sqs.get_queue_url(QueueName=REPORT_QUEUE)["QueueUrl"]
        self.jobs = self._sqs.get_queue_url(QueueName=COMPOSITION_QUEUE)["QueueUrl"]

    def says(self, state: str) -> None:
        self._sequence += 1
        now = int(time.time() * 1e6)
        recorder = {
            "recording": self._recording["id"],
            "meeting": self._recording["meeting"],
            "state": state,
            "reason": None,
            "prefix": self.take,
            "segments": 2,
            "bytes": 2000,
            "tracks": 1,
            "startedUs": now - 4_000_000,
            "endedUs": now if state == "stopped" else None,
        }
        self._report(
            {
                "type": "nodeReport",
                "version": 1,
                "node": self.node,
                "bootId": "boot",
                "sequence": self._sequence,
                "region": "local",
                "url": "http://127.0.0.1:1",
                "metricsUrl": "http://127.0.0.1:1/metrics",
                "commandQueueUrl": self.jobs + "-nowhere",
                "state": "draining",
                "capacityUnits": 0,
                "usedUnits": 0,
                "cpuBusy": 0,
                "meetings": [],
                "recordings": [recorder],
            }
        )

    def next_job(self) -> Any:
        answer = self._sqs.receive_message(QueueUrl=self.jobs, WaitTimeSeconds=10)
        return json.loads(answer["Messages"][0]["Body"])

    def composes(self, job: Any) -> None:
        files = {"mp4": f"{job['output']}film.mp4", "durationSeconds": 4, "bytes": len(FILM)}
        about = {"recording": job["recording"], "job": job["job"], "reason": None}
        self._report({"kind": "composition", "state": "done", "progress": 1, "files": files, **about})

    def _report(self, body: Any) -> None:
        self._sqs.send_message(QueueUrl=self._reports, MessageBody=json.dumps(body))


def random_name() -> str:
    return base64.b32encode(os.urandom(16)).decode().rstrip("=").lower()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, local: LocalRun) -> LocalRun:
    # Nobody else takes the jobs of this test.
    local.start(PARLEY_COMPOSERS="0")
    ports = json.loads((local.data / "ports.json").read_text())
    for name, value in cloud_environment(ports["ministack"], ports["ministack"]).items():
        monkeypatch.setenv(name, value)
    return local


def test_a_recording_is_made_watched_and_deleted_and_outlives_a_restart(aws: LocalRun, tmp_path: Path):
    run = aws.shown()
    with client(run) as api:
        meeting = api.post("/meetings", json={"recording": "allowed"}).json()
        assert api.post(f"/meetings/{meeting['id']}/join", json={"displayName": "Ann"}).status_code == 201
        recording = api.post(f"/meetings/{meeting['id']}/recordings", json={}).json()
        path = f"/recordings/{recording['id']}"
        recorder = Recorder(aws, recording)
        recorder.says("recording")
        until(lambda: api.get(path).json()["state"] == "recording")
        assert api.post(f"{path}/stop").json()["state"] == "stopping"
        recorder.says("stopped")
        job = recorder.next_job()
        assert (job["recording"], job["bucket"]) == (recording["id"], RECORDINGS_BUCKET)
        s3 = boto3.client("s3")
        timeline = json.loads(s3.get_object(Bucket=job["bucket"], Key=job["timelineKey"])["Body"].read())
        assert timeline["recording"]["id"] == recording["id"]
        s3.put_object(
            Bucket=job["bucket"], Key=f"{job['output']}film.mp4", Body=FILM, ContentType="video/mp4"
        )
        recorder.composes(job)
        until(lambda: api.get(path).json()["state"] == "ready")
        link = api.get(f"{path}/media", params={"kinds": "mp4"}).json()["mp4"]["url"]
        assert httpx.get(link).content == FILM
        part = httpx.get(link, headers={"Range": "bytes=6-11"})
        assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"a film", "video/mp4")
        assert httpx.get(link.partition("?")[0]).status_code == 403
        assert httpx.get(link.replace("film.mp4", "timeline.json")).status_code == 200
        assert httpx.get(link.replace(job["output"], recorder.take)).status_code == 403
    aws.close()
    aws.start(PARLEY_COMPOSERS="0")
    assert httpx.get(link).content == FILM, "objects are on disk, and so is the key of links"
    with client(aws.shown()) as api:
        assert api.delete(path).status_code == 202
        assert httpx.get(link).status_code in (200, 404)
        until(lambda: api.get(path).json()["state"] == "deleted")
        assert httpx.get(link).status_code == 404
        assert api.get(path).json()["deletion"]["objects"] == 2
