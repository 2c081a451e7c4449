"""What a recorded meeting asks of the plane, of senders and of people, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from media_node.recorded_meetings import RecordedMeetings
from media_node.recording.standing import Standing
from packet_plane import CloseTap, TapTrack, UntapTrack
from tests.support.stage import Stage, grid

TAP = 7


@pytest.fixture
def stage() -> Stage:
    """Anna's camera sends three encodings, and nobody looks."""
    made = Stage()
    made.join("anna", "microphone", "camera")
    made.layers("anna", grid())
    made.wait(2)
    made.heard("anna", "layers")
    return made


@pytest.fixture
def opened() -> list[tuple[int, int, int]]:
    return []


@pytest.fixture
def recorded(stage: Stage, opened: list[tuple[int, int, int]]) -> RecordedMeetings:
    return RecordedMeetings(
        stage.forwarding, stage.hosting.live, lambda *one: opened.append(one), lambda: stage.now
    )


def commands(stage: Stage, *kinds: type) -> list[str]:
    """The kinds of recording's commands since the last time."""
    found = [
        type(one).__name__ for batch in stage.forwarding.batches for one in batch if isinstance(one, kinds)
    ]
    stage.forwarding.batches.clear()
    return found


def wanted(stage: Stage) -> list[Any]:
    return [message["wanted"] for message in stage.heard("anna", "layers")]


def test_every_track_of_a_recorded_meeting_is_tapped_those_that_come_later_too(
    stage: Stage, recorded: RecordedMeetings, opened: list[tuple[int, int, int]]
):
    recorded.open_tap(stage.meeting, TAP, 99)
    assert opened == [(0, TAP, 99)]
    commands(stage)
    recorded.record(stage.meeting, TAP)
    assert commands(stage, TapTrack) == ["TapTrack"] * 2
    stage.join("ben", "microphone")
    assert commands(stage, TapTrack) == ["TapTrack"]
    recorded.pause(stage.meeting)
    assert commands(stage, UntapTrack) == ["UntapTrack"] * 3
    stage.join("cleo", "microphone")
    assert commands(stage, TapTrack) == []
    recorded.record(stage.meeting, TAP)
    assert commands(stage, TapTrack) == ["TapTrack"] * 4
    recorded.close_tap(stage.meeting, TAP)
    recorded.close_tap(stage.meeting, TAP)
    assert commands(stage, CloseTap) == ["CloseTap"]


def test_the_best_layer_is_wanted_as_long_as_it_is_recorded_though_nobody_looks(
    stage: Stage, recorded: RecordedMeetings
):
    recorded.open_tap(stage.meeting, TAP, 99)
    recorded.record(stage.meeting, TAP)
    assert wanted(stage) == [["f"]]
    recorded.pause(stage.meeting)
    stage.wait(1.25)
    assert wanted(stage) == [False]
    recorded.record(stage.meeting, TAP)
    assert wanted(stage) == [["f"]]
    stage.wait(5)
    assert wanted(stage) == []
    recorded.close_tap(stage.meeting, TAP)
    stage.wait(1.25)
    assert wanted(stage) == [False]


def test_a_camera_that_comes_to_a_recorded_meeting_is_wanted_at_its_best(
    stage: Stage, recorded: RecordedMeetings
):
    recorded.open_tap(stage.meeting, TAP, 99)
    recorded.record(stage.meeting, TAP)
    stage.join("ben", "camera", "screen")
    stage.wait(2)
    told = {message["track"]: message["wanted"] for message in stage.heard("ben", "layers")}
    assert told.get(stage.track("ben")) == ["f"]
    assert told.get(stage.track("ben", "screen"), True) is True


def test_people_are_told_of_each_change_once_and_late_ones_when_they_come(
    stage: Stage, recorded: RecordedMeetings
):
    def tell(state: Any, reason: str | None = None, recording: str = "rec_a") -> None:
        recorded.tell(Standing(recording, stage.meeting, state, reason, 1_700_000_000_000_000))

    tell("recording")
    tell("recording")
    tell("degraded", "spool_full")
    heard = [(one["state"], one.get("reason")) for one in stage.heard("anna", "recording")]
    assert heard == [("recording", None), ("degraded", "spool_full")]
    stage.join("ben")
    assert stage.told["ben"][0]["recording"] == {
        "recordingId": "rec_a",
        "state": "degraded",
        "reason": "spool_full",
        "startedAt": "2023-11-14T22:13:20.000Z",
    }
    tell("stopped", recording="rec_of_before")
    tell("failed")
    tell("stopped")
    assert [one["state"] for one in stage.heard("anna", "recording")] == ["stopped"]
    stage.join("cleo")
    assert stage.told["cleo"][0]["recording"] is None
