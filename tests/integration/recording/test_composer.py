"""The composer and its queue: jobs that come twice, that cannot be done, that are interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from localcloud.engines import cloud_environment
from media_node.recording.composer import WAIT_SECONDS, stop
from media_node.recording.composition.composing import remove_leftovers
from media_node.recording.composition.lease import LEASE_SECONDS
from media_node.recording.composition.publishing import Publisher
from tests.support.composing import OUTPUT, Studio
from tests.support.recorded_meeting import Take, person, timeline

ANA = person("par_a", "Ana")


class Killed(BaseException):
    """As `kill -9` is to the process: nothing is tidied up."""


@pytest.fixture
def prefix(studio: Studio) -> str:
    """A take of a meeting of three minutes in which nobody has a camera."""
    studio.rate = 5
    take = Take(studio.s3)
    take.write([])
    studio.put_timeline(timeline(150, [ANA]))
    studio.send([take.prefix])
    return take.prefix


def show_at_once(studio: Studio) -> None:
    """Let the time pass after which a message comes again."""
    backend_queue = studio.jobs
    attributes = {"VisibilityTimeout": "0"}
    studio.sqs.set_queue_attributes(QueueUrl=backend_queue, Attributes=attributes)


def states(studio: Studio) -> list[str]:
    return [report["state"] for report in studio.told()]


def waiting(studio: Studio, queue: str | None = None) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = studio.sqs.get_queue_attributes(QueueUrl=queue or studio.jobs, AttributeNames=names)
    return sum(int(count) for count in answer["Attributes"].values())


def test_a_job_tells_how_far_it_is_and_leaves_the_queue_when_it_is_done(studio: Studio, prefix: str):
    assert studio.composer().take_one(0)
    reports = studio.told()
    assert [report["state"] for report in reports] == ["running"] * 3 + ["done"]
    assert [report["progress"] for report in reports] == sorted(report["progress"] for report in reports)
    assert all(report["kind"] == "composition" and report["job"] == "job_a" for report in reports)
    assert ["files" in report for report in reports] == [False, False, False, True]
    assert waiting(studio) == 0


def test_who_ends_idle_machines_sees_that_a_job_is_under_way(studio: Studio, prefix: str):
    studio.activity_file = studio.folder / "activity"
    composer = studio.composer()
    assert composer.take_one(0)
    assert studio.activity_file.exists()
    studio.activity_file.unlink()
    assert not composer.take_one(0)
    assert not studio.activity_file.exists(), "nothing was to be done"


def test_a_job_that_comes_again_when_it_is_done_is_told_as_done_and_not_done_again(
    studio: Studio, prefix: str
):
    studio.composer().take_one(0)
    before, first = studio.keys(), studio.told()[-1]
    studio.send([prefix])
    assert studio.composer().take_one(0)
    assert studio.told() == [first]
    assert studio.keys() == before
    assert waiting(studio) == 0


def test_of_two_composers_with_one_job_the_second_leaves_it_to_the_first(studio: Studio, prefix: str):
    outcomes: list[Any] = []
    publish = Publisher.publish_minute

    def publish_while_another_tries(self: Publisher, *given: Any) -> None:
        publish(self, *given)
        if not outcomes:
            studio.send([prefix])
            outcomes.append(studio.composer().take_one(0))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Publisher, "publish_minute", publish_while_another_tries)
        assert studio.composer().take_one(0)
    assert outcomes == [True]
    assert states(studio) == ["running"] * 3 + ["done"]
    # The second message waits until the lease would have ended.
    assert waiting(studio) == 1


def test_after_a_kill_the_next_composer_goes_on_with_the_minute_that_was_not_done(
    studio: Studio, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    publish = Publisher.publish_playlist

    def kill_after_two_minutes(self: Publisher, lines: list[str], is_whole: bool) -> None:
        if len(lines) == 2:
            raise Killed
        publish(self, lines, is_whole)

    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "publish_playlist", kill_after_two_minutes)
        with pytest.raises(Killed):
            studio.composer().take_one(0)
    made = studio.keys(f"{OUTPUT}hls/000")
    # Its lease is still good: another one has to wait.
    studio.send([prefix])
    assert studio.composer().take_one(0)
    assert states(studio) == ["running"]
    written: list[int] = []
    publish_minute = Publisher.publish_minute

    def note(self: Publisher, minute: Any, path: Any) -> None:
        written.append(minute.number)
        publish_minute(self, minute, path)

    monkeypatch.setattr(Publisher, "publish_minute", note)
    studio.send([prefix])
    assert studio.composer(lambda: time.time() + LEASE_SECONDS + 1).take_one(0)
    assert written == [1, 2]
    assert states(studio) == ["running", "running", "done"]
    assert studio.keys(f"{OUTPUT}hls/00000.m4s").items() <= made.items()


def test_a_composer_that_is_told_to_stop_finishes_the_minute_and_gives_the_job_back(
    studio: Studio, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    composer = studio.composer()
    publish = Publisher.publish_minute

    def stop_then_publish(self: Publisher, minute: Any, path: Any) -> None:
        stop(composer)
        publish(self, minute, path)

    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "publish_minute", stop_then_publish)
        assert composer.take_one(0)
    assert states(studio) == ["running"]
    assert json.loads(studio.read(f"{OUTPUT}state.json"))["minutes"] == 1
    # Another one takes it at once, and goes on.
    assert studio.composer().take_one(0)
    assert states(studio) == ["running", "running", "done"]


def test_a_composer_that_waits_for_a_job_ends_at_once_when_it_is_told_to_stop():
    is_asked, is_over = threading.Event(), threading.Event()

    class EmptyQueue(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            is_asked.set()
            is_over.wait()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyQueue) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        queues = {
            f"PARLEY_{name}_QUEUE_URL": f"http://127.0.0.1:{port}/{name}"
            for name in ("COMPOSITION", "REPORT")
        }
        environment = {**os.environ, **cloud_environment(port, port), **queues}
        command = [sys.executable, "-m", "media_node.recording.composer"]
        with subprocess.Popen(command, env=environment) as process:
            try:
                assert is_asked.wait(60)
                process.send_signal(signal.SIGTERM)
                assert process.wait(WAIT_SECONDS / 2) == 0
            finally:
                process.kill()
                is_over.set()
                server.shutdown()


def test_a_job_whose_lease_was_taken_over_is_left_alone(
    studio: Studio, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    publish = Publisher.publish_minute
    taken: list[bool] = []

    def lose_the_lease(self: Publisher, minute: Any, path: Any) -> None:
        if not taken:
            taken.append(True)
            state = json.loads(studio.read(f"{OUTPUT}state.json"))
            state["holder"] = "composer_other"
            body = json.dumps(state).encode()
            studio.s3.put_object(Bucket="parley-recordings", Key=f"{OUTPUT}state.json", Body=body)
        publish(self, minute, path)

    monkeypatch.setattr(Publisher, "publish_minute", lose_the_lease)
    assert studio.composer().take_one(0)
    assert states(studio) == []
    assert json.loads(studio.read(f"{OUTPUT}state.json"))["holder"] == "composer_other"


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        (b"no json", "not of the contract", "no_timeline"),
        (b"{}", "not of the contract", "no_timeline"),
        (timeline(0, [ANA]), "no length", "no_length"),
        (timeline(400 * 3600, [ANA]), "48 is the most", "too_long"),
    ],
)
def test_a_job_that_cannot_be_done_fails_with_its_reason_and_goes_to_the_dead_letters(
    studio: Studio, body: bytes, words: str, code: str
):
    studio.put_timeline(body)
    studio.send([])
    show_at_once(studio)
    composer = studio.composer()
    while composer.take_one(0):
        pass
    reports = studio.told()
    assert [report["state"] for report in reports] == ["failed"] * 3
    assert all(words in report["detail"] for report in reports)
    assert {report["reason"] for report in reports} == {code}
    assert waiting(studio) == 0
    assert waiting(studio, studio.jobs.replace("jobs", "jobs-dead")) == 1


@pytest.mark.parametrize(
    "body",
    ["", "no json", "[]", "{}", '{"job": "job_a", "recording": "rec_a", "layout": "circle"}', "[" * 9999],
)
def test_a_malformed_job_goes_to_the_dead_letters(studio: Studio, body: str):
    studio.sqs.send_message(QueueUrl=studio.jobs, MessageBody=body or " ")
    composer = studio.composer()
    while composer.take_one(0):
        pass
    assert waiting(studio) == 0
    assert waiting(studio, studio.jobs.replace("jobs", "jobs-dead")) == 1
    if "rec_a" in body:
        assert {(report["state"], report["reason"]) for report in studio.told()} == {("failed", "bad_job")}


@pytest.mark.parametrize("changes", [7, [7], [{"at": "today", "layout": "grid"}], [{"layout": "grid"}]])
def test_layouts_that_cannot_be_read_are_told_of(studio: Studio, changes: Any):
    studio.send([], rearrangements=changes)
    assert studio.composer().take_one(0)
    (report,) = studio.told()
    assert (report["state"], report["reason"]) == ("failed", "bad_job")
    assert "rearrangements" in report["detail"]


def test_a_job_that_is_interrupted_comes_again_and_is_given_up_after_some_tries(
    studio: Studio, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Publisher, "publish_minute", fail)
    monkeypatch.setattr("media_node.recording.composer.RETRY_SECONDS", 0)
    composer = studio.composer()
    while composer.take_one(0):
        pass
    (report,) = studio.told()
    assert report["state"] == "failed"
    assert "given up after 3 tries: no space left on device" in report["detail"]
    assert report["reason"] == "given_up"


def test_folders_of_composers_that_were_killed_are_removed(tmp_path: Path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"parley-composer-{ended.pid}-x", f"parley-composer-{os.getpid()}-x", "another-1-x"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
