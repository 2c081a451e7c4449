"""The life of a recording, step by step, and as it replays from the log of its meeting."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.composition import Composition, Files, Progress, advanced
from chalicelib.domain.decisions import end
from chalicelib.domain.events import Change, Event, replay
from chalicelib.domain.identifiers import NodeId, RecordingId, new_id, new_token
from chalicelib.domain.meeting import Meeting, Placement
from chalicelib.domain.plain import plain_of, value_of
from chalicelib.domain.recording import (
    PATIENCE,
    START_PATIENCE,
    STOP_PATIENCE,
    Recording,
    Seen,
    ask,
    attend,
    current_layout,
    is_active,
    layout_as_recorded,
    observe,
    open_takes,
    prefixes_best_first,
    rearrange,
)
from chalicelib.domain.recording_access import StorageAges, storage_class_of
from chalicelib.domain.recording_changes import (
    attended,
    begin,
    compose,
    delete,
    due_of,
    hear,
    hindrance_of,
    keep,
    note,
    sent,
)
from chalicelib.domain.recording_objects import job_of
from chalicelib.domain.recording_reasons import (
    NO_COMPOSER,
    NOBODY_BEGAN,
    NOT_COMPOSED,
    NOTHING_RECORDED,
    RECORDER_LOST,
)
from tests.support.builders import NOW, a_meeting

NODES = [NodeId(new_id("node", os.urandom)) for _ in range(3)]
PLACED = Placement(NODES[0], "http://node", "local", 5)


class Story:
    """A meeting that is recorded, kept as the state and as the log through JSON."""

    def __init__(self, **changes: Any) -> None:
        self.log: list[Event] = []
        self.now = NOW
        self.recording: Any = self.a_recording()
        self.prefixes: dict[NodeId, str] = {}
        self.meeting: Any = a_meeting(
            recording="allowed", state="live", present=2, live_since=NOW, placement=PLACED, **changes
        )
        self.write(Change.creation(self.meeting))
        self.write(begin(Change.of(self.meeting), self.recording, self.now))

    def a_recording(self) -> Recording:
        name = RecordingId(new_id("rec", os.urandom))
        meeting = a_meeting()
        return Recording(name, meeting.id, meeting.tenant, "local", NOW, "key_x", keep_for=timedelta(days=30))

    @property
    def state(self) -> str:
        return self.recording.state

    def write(self, change: Change | None) -> list[str]:
        if change is None:
            return []
        self.meeting = change.after
        self.recording = change.recording_by_id.get(self.recording.id, self.recording)
        for event in change.events:
            self.log.append(dataclasses.replace(event, data=json.loads(json.dumps(event.data))))
        return [event.type for event in change.events]

    def pass_time(self, span: timedelta) -> None:
        self.now += span

    def wants(self, wanted: Any) -> list[str]:
        return self.write(note(Change.of(self.meeting), ask(self.recording, wanted, self.now), self.now))

    def says(self, state: str | None, node: NodeId = NODES[0], **changes: Any) -> list[str]:
        """A node's report of its recorder, of none where the state is None."""
        prefix = self.prefixes.setdefault(node, f"nodes/{node}/{self.recording.id}-{new_token(os.urandom)}/")
        seen: Any = Seen(self.recording.id, prefix, state, NOW, segments=3) if state is not None else None  # type: ignore[arg-type]
        named = [dataclasses.replace(seen, **changes)] if seen is not None else []
        anybody = self.meeting.present > 0
        steps = observe(self.recording, node, named, self.now, anybody=anybody)
        return self.write(note(Change.of(self.meeting), steps, self.now))

    def clock(self) -> list[str]:
        return self.write(attended(self.meeting, self.recording, self.now))

    def arranges(self, layout: Any) -> list[str]:
        return self.write(
            note(Change.of(self.meeting), rearrange(self.recording, layout, self.now), self.now)
        )

    def composes(self, layout: Any = "speaker") -> list[str]:
        token = new_token(os.urandom)
        return self.write(compose(self.meeting, self.recording, layout, token, "key_x", self.now))

    def hears(self, state: Any, progress: float = 0.0, reason: str | None = None) -> list[str]:
        files = Files("compositions/film.mp4") if state == "done" else None
        detail = f"words of {reason}" if reason is not None else None
        told = Progress(self.recording.compositions[-1].job, state, progress, reason, files, detail)
        return self.write(hear(self.meeting, self.recording, told, self.now))


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_recording_from_its_request_to_the_film(story: Story):
    assert (story.state, story.recording.unsettled_since) == ("starting", NOW)
    assert story.meeting.active_recording is not None
    assert story.says("recording") == ["recording.started"]
    assert (story.state, story.recording.started_at) == ("recording", NOW)
    assert story.meeting.active_recording.state == "recording"
    assert story.wants("stopped") == ["recording.stopping"]
    ended = NOW + timedelta(minutes=5)
    assert story.says("stopped", ended_at=ended) == ["recording.stopped"]
    assert (story.state, story.recording.ended_at) == ("processing", ended)
    assert story.meeting.active_recording is None
    assert story.recording.retain_until == ended + timedelta(days=30)
    assert story.composes() == ["recording.composition_requested"]
    job = story.recording.compositions[0].job
    assert story.write(sent(story.meeting, story.recording, job, story.now)) == ["recording.processing"]
    assert story.hears("running", 0.4) == ["recording.processing"]
    assert story.recording.progress == 0.4
    assert story.hears("done") == ["recording.ready"]
    assert (story.state, story.recording.progress) == ("ready", 1.0)


def test_a_pause_is_what_the_node_says_and_ends_with_the_recording(story: Story):
    story.says("recording")
    assert story.wants("paused") == ["recording.pause_requested"]
    assert (story.state, story.recording.unsettled_since) == ("recording", NOW)
    story.pass_time(timedelta(seconds=1))
    assert story.says("paused") == ["recording.paused"]
    assert (story.state, story.recording.unsettled_since) == ("paused", None)
    assert story.wants("running") == ["recording.resume_requested"]
    story.pass_time(timedelta(seconds=9))
    assert story.says("recording") == ["recording.resumed"]
    pause = story.recording.pauses[0]
    assert (pause.since, pause.until) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=10))
    story.wants("paused")
    story.says("paused")
    story.wants("stopped")
    story.says("stopped")
    assert all(one.until is not None for one in story.recording.pauses)


def test_trouble_is_told_with_its_reason_and_when_it_is_over(story: Story):
    story.says("recording")
    assert story.says("degraded", reason="S3 is away") == ["recording.degraded"]
    assert (story.state, story.recording.reason) == ("degraded", "S3 is away")
    assert story.says("degraded", reason="S3 is away") == []
    assert story.says("degraded", reason="The disk is full") == ["recording.degraded"]
    assert story.says("recording") == ["recording.recovered"]
    assert (story.state, story.recording.reason) == ("recording", None)


def test_a_recorder_that_is_lost_is_told_of_when_it_does_not_come_back_in_time(story: Story):
    story.says("recording")
    assert story.says(None) == ["recording.counted"]
    assert (story.state, story.recording.unsettled_since) == ("recording", NOW)
    story.pass_time(PATIENCE)
    assert story.clock() == []
    story.pass_time(timedelta(seconds=1))
    assert story.clock() == ["recording.degraded"]
    assert story.recording.reason == RECORDER_LOST
    assert story.clock() == []
    assert story.says("recording", NODES[1]) == ["recording.recovered"]
    assert len(story.recording.takes) == 2
    assert story.recording.unsettled_since is None


def test_a_recorder_that_comes_back_in_time_is_no_news_to_people(story: Story):
    story.says("recording")
    story.says(None)
    story.pass_time(timedelta(seconds=3))
    assert story.says("recording", NODES[1]) == ["recording.counted"]
    story.pass_time(timedelta(hours=1))
    assert story.clock() == []
    assert story.state == "recording"


def test_an_empty_meeting_lacks_no_recorder(story: Story):
    story.says("recording")
    story.meeting = dataclasses.replace(story.meeting, present=0)
    story.says("stopped")
    assert (story.state, story.recording.unsettled_since) == ("recording", None)
    story.meeting = dataclasses.replace(story.meeting, present=1)
    assert story.says("stopped") == ["recording.counted"]
    assert story.recording.unsettled_since == NOW


def test_a_recording_that_no_node_begins_fails(story: Story):
    story.pass_time(START_PATIENCE)
    assert story.clock() == []
    story.pass_time(timedelta(seconds=1))
    assert story.clock() == ["recording.failed"]
    assert story.recording.reason == NOBODY_BEGAN
    assert story.meeting.active_recording is None
    assert due_of(story.recording) == ("sweep", story.now + timedelta(days=30))


def test_one_that_is_stopped_before_anything_was_recorded_fails_with_the_reason(story: Story):
    assert story.wants("stopped") == ["recording.stopping"]
    story.pass_time(START_PATIENCE + timedelta(seconds=1))
    assert story.clock() == ["recording.failed"]
    assert story.recording.reason == NOBODY_BEGAN
    other = Story()
    other.says("recording", segments=0)
    other.wants("stopped")
    assert other.says("stopped", segments=0) == ["recording.failed"]
    assert other.recording.reason == NOTHING_RECORDED


def test_one_that_is_stopped_before_its_node_was_heard_is_stopped_once_it_is(story: Story):
    story.wants("stopped")
    assert due_of(story.recording) == ("upkeep", NOW), "its node is told until it has said so"
    assert story.says(None) == []
    story.says("recording")
    assert (story.state, due_of(story.recording)) == ("stopping", ("upkeep", NOW))
    assert story.says("stopped") == ["recording.stopped"]
    assert (story.state, story.recording.started_at) == ("processing", NOW)


def test_what_a_lost_node_recorded_is_looked_for_although_it_never_counted_it(story: Story):
    story.says("recording", segments=0)
    story.says(None)
    assert story.wants("stopped") == ["recording.stopping", "recording.stopped"]
    assert story.state == "processing"


def test_a_recorder_that_never_stops_is_given_up_at_last(story: Story):
    story.says("recording")
    story.wants("stopped")
    story.pass_time(STOP_PATIENCE)
    assert story.clock() == []
    assert due_of(story.recording) == ("upkeep", NOW)
    story.pass_time(timedelta(seconds=1))
    assert story.clock() == ["recording.stopped"]
    assert open_takes(story.recording) == []


def test_a_meeting_that_ends_stops_its_recording(story: Story):
    story.says("recording")
    change = end(story.meeting, "requested", story.now, [story.recording])
    assert story.write(change) == ["meeting.ended", "recording.stopping"]
    assert story.says("stopped") == ["recording.stopped"]


def test_what_is_stopped_is_never_begun_again(story: Story):
    story.says("recording")
    story.wants("stopped")
    assert story.wants("running") == []
    assert story.wants("paused") == []
    story.says("stopped")
    assert story.wants("running") == []


def test_a_take_that_turns_up_late_is_remembered(story: Story):
    story.says("recording")
    story.wants("stopped")
    story.says("stopped")
    assert story.says("recording", NODES[1]) == ["recording.counted"]
    assert story.state == "processing"
    assert len(story.recording.takes) == 2


def test_the_best_take_comes_first(story: Story):
    story.says("recording", NODES[0], segments=100)
    story.says("recording", NODES[1], segments=5)
    story.says("recording", NODES[2], segments=9)
    story.says(None, NODES[0])
    story.wants("stopped")
    story.says("stopped", NODES[1], segments=5)
    story.says("stopped", NODES[2], segments=9)
    prefixes = [story.prefixes[NODES[number]] for number in (2, 1, 0)]
    assert prefixes_best_first(story.recording) == prefixes


@pytest.mark.parametrize(
    ("changes", "hindrance"),
    [
        ({}, None),
        ({"state": "ended"}, "ended"),
        ({"recording": "off"}, "off"),
        ({"encryption": "endToEnd"}, "encrypted"),
        ({"placement": None}, "empty"),
    ],
)
def test_a_meeting_is_recorded_only_if_nothing_stands_in_the_way(changes: Any, hindrance: str | None):
    meeting = dataclasses.replace(a_meeting(recording="allowed", placement=PLACED), **changes)
    assert hindrance_of(meeting) == hindrance


def test_two_recordings_of_a_meeting_do_not_go_on_at_once(story: Story):
    assert hindrance_of(story.meeting) == "running"
    story.says("recording")
    story.wants("stopped")
    story.says("stopped")
    assert hindrance_of(story.meeting) is None


# Films.


def stopped() -> Story:
    story = Story()
    story.says("recording")
    story.wants("stopped")
    story.says("stopped")
    return story


def test_a_film_is_due_at_once_and_its_silence_later():
    story = stopped()
    assert due_of(story.recording) == ("upkeep", story.recording.ended_at)
    story.composes()
    assert due_of(story.recording) == ("upkeep", story.now)
    story.write(sent(story.meeting, story.recording, story.recording.compositions[0].job, story.now))
    assert due_of(story.recording) == ("upkeep", story.now + timedelta(hours=2))
    story.pass_time(timedelta(hours=2, seconds=1))
    assert story.clock() == ["recording.failed"]
    assert story.recording.reason == NO_COMPOSER


def test_a_film_that_is_being_made_is_not_asked_for_twice():
    story = stopped()
    story.composes()
    assert story.composes() == []
    assert story.composes("grid") == ["recording.composition_requested"]
    assert [(one.layout, one.revision) for one in story.recording.compositions] == [
        ("speaker", 1),
        ("grid", 1),
    ]
    story.hears("done")
    assert story.composes("grid") == ["recording.composition_requested"]
    assert story.recording.compositions[-1].revision == 2


def test_a_recording_with_one_film_does_not_fail_with_the_next():
    story = stopped()
    story.composes()
    story.hears("done")
    story.composes("grid")
    assert story.state == "ready"
    assert story.hears("failed", reason="no room") == ["recording.composition_failed"]
    assert story.state == "ready"


def test_what_failed_is_made_again():
    story = stopped()
    story.composes()
    assert story.hears("failed", reason="given_up") == ["recording.failed"]
    assert (story.recording.reason, story.recording.detail) == ("given_up", "words of given_up")
    assert story.composes("grid") == ["recording.composition_requested"]
    assert (story.state, story.recording.reason, story.recording.detail) == ("processing", None, None)
    assert story.hears("failed") == ["recording.failed"]
    assert (story.recording.reason, story.recording.detail) == (NOT_COMPOSED, None)
    assert story.composes("grid") == ["recording.composition_requested"]
    assert story.hears("done") == ["recording.ready"]


REPORTS = st.lists(
    st.tuples(st.sampled_from(["running", "done", "failed"]), st.floats(0, 1)), min_size=1, max_size=12
)


@given(REPORTS)
@settings(max_examples=100, deadline=None)
def test_reports_of_a_film_in_any_order_never_take_anything_back(reports: list[tuple[Any, float]]):
    film = Composition(
        job=stopped_job(), layout="grid", revision=1, output="o/", requested_at=NOW, requested_by="x",
        heard_at=NOW, state="sent",
    )  # fmt: skip
    progress, done = 0.0, False
    for state, share in reports:
        files = Files("film.mp4") if state == "done" else None
        film = advanced(film, Progress(film.job, state, share, None, files), NOW) or film
        assert film.progress >= progress
        assert not done or film.state == "done"
        progress, done = film.progress, film.state == "done"
    if any(state == "done" for state, _ in reports):
        assert film.state == "done"
        assert film.files is not None


def stopped_job() -> Any:
    return new_id("job", os.urandom)


def test_another_layout_while_it_is_recorded_is_an_event_and_the_films_that_follow_it():
    story = Story()
    assert current_layout(story.recording) == "speaker"
    assert story.arranges("grid") == ["recording.rearranged"]
    assert story.arranges("grid") == [], "it has that layout"
    story.says("recording")
    story.pass_time(timedelta(seconds=5))
    assert story.arranges("share") == ["recording.rearranged"]
    since = story.now
    assert current_layout(story.recording) == "share"
    assert [one.layout for one in story.recording.rearrangements] == ["grid", "share"]
    assert story.recording.rearrangements[-1].at == since
    story.wants("stopped")
    assert story.arranges("grid") == [], "what has stopped goes on with nothing"
    story.says("stopped")
    story.composes(layout_as_recorded(story.recording))
    story.composes("grid")
    jobs = [job_of(story.recording, one, "bucket") for one in story.recording.compositions]
    assert [(job["layout"], len(job["rearrangements"])) for job in jobs] == [("speaker", 2), ("grid", 0)]
    assert jobs[0]["rearrangements"][1]["layout"] == "share"
    assert datetime.fromisoformat(jobs[0]["rearrangements"][1]["at"]) == since


def test_a_film_of_one_layout_has_that_layout():
    story = stopped()
    assert layout_as_recorded(story.recording) == "speaker"


# Keeping and deleting.


def ready() -> Story:
    story = stopped()
    story.composes()
    story.hears("done")
    return story


def test_a_legal_hold_keeps_a_recording_from_being_deleted_or_due():
    story = ready()
    until = story.recording.retain_until
    assert due_of(story.recording) == ("sweep", until)
    held = keep(Change.of(story.meeting), story.recording, story.now, {"legal_hold": True})
    assert story.write(held) == ["recording.updated"]
    assert due_of(story.recording) is None
    assert story.write(delete(story.meeting, story.recording, "key_x", story.now)) == []
    story.write(keep(Change.of(story.meeting), story.recording, story.now, {"legal_hold": False}))
    assert story.write(delete(story.meeting, story.recording, "key_x", story.now)) == ["recording.deleting"]
    assert due_of(story.recording) == ("sweep", story.now)


def test_nothing_is_deleted_while_it_is_recorded_or_a_film_of_it_made():
    story = Story()
    assert story.write(delete(story.meeting, story.recording, "key_x", story.now)) == []
    story = ready()
    story.composes("grid")
    assert story.write(delete(story.meeting, story.recording, "key_x", story.now)) == []
    assert due_of(story.recording) == ("upkeep", story.now)


@pytest.mark.parametrize(("days", "where"), [(0, "standard"), (30, "infrequent"), (90, "archive")])
def test_objects_move_to_cheaper_classes_as_they_age(days: int, where: str):
    story = ready()
    ended = story.recording.ended_at or NOW
    assert storage_class_of(story.recording, StorageAges(), ended + timedelta(days=days)) == where
    assert storage_class_of(Story().recording, StorageAges(), NOW) is None


# The log.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["says", "loses", "wants", "clock", "ends", "composes", "hears", "deletes", "moves"]),
        st.integers(0, 11),
    ),
    max_size=40,
)
STATES = ["recording", "paused", "degraded", "stopped", "failed", "recording"]


def take(story: Story, step: str, n: int) -> None:
    story.pass_time(timedelta(seconds=[1, 5, 30, 70, 1000, 8000][n % 6]))
    node = NODES[n % 3]
    if step == "says":
        story.says(STATES[n % 6], node, segments=n % 4, reason="why" if STATES[n % 6] == "degraded" else None)
    elif step == "loses":
        story.says(None, node)
    elif step == "wants":
        story.wants(["running", "paused", "stopped"][n % 3])
    elif step == "clock":
        story.clock()
    elif step == "moves":
        story.prefixes.pop(node, None)
    elif step == "ends" and n == 11:
        story.write(end(story.meeting, "requested", story.now, [story.recording]))
    elif step == "composes":
        story.composes(["grid", "speaker", "share"][n % 3])
    elif step == "hears" and story.recording.compositions:
        story.hears(["running", "done", "failed"][n % 3], (n % 5) / 5)
    elif step == "deletes":
        story.write(delete(story.meeting, story.recording, "key_x", story.now))


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_the_replayed_log_is_the_recording(steps: list[tuple[str, int]]):
    story = Story()
    for step, n in steps:
        take(story, step, n)
        active = story.meeting.active_recording
        assert (active is not None) == is_active(story.recording)
        assert active is None or active.state == story.state
    replayed = replay(story.log)
    assert replayed.meeting == story.meeting
    assert replayed.recording_by_id == {story.recording.id: story.recording}
    assert value_of(Recording, json.loads(json.dumps(plain_of(story.recording)))) == story.recording


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_a_report_that_comes_again_is_no_event(steps: list[tuple[str, int]]):
    story = Story()
    for step, n in steps:
        take(story, step, n)
        if step in ("says", "loses"):
            before = len(story.log)
            node = NODES[n % 3]
            known = [one for one in story.recording.takes if one.prefix == story.prefixes.get(node)]
            if step == "loses":
                assert story.says(None, node) == []
            elif known:
                again = known[0]
                assert story.says(again.state, node, segments=n % 4, reason=again.reason) == []
            assert len(story.log) == before


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_what_goes_on_comes_to_an_end_whatever_happened(steps: list[tuple[str, int]]):
    """Stopped, and with nodes and composers that say nothing any more, it ends as ready or failed."""
    story = Story()
    for step, n in steps:
        take(story, step, n)
    story.wants("stopped")
    for _ in range(6):
        story.pass_time(timedelta(hours=3))
        if story.state == "processing" and not story.recording.compositions:
            story.composes()
        for one in story.recording.compositions:
            story.write(sent(story.meeting, story.recording, one.job, story.now))
        story.clock()
    assert story.state in ("ready", "failed", "deleting")
    assert not any(step.after for step in attend(story.recording, story.now))


def test_readers_of_the_log_see_no_prefix_and_no_key(story: Story):
    story.says("recording")
    shown = json.dumps([event.shown() for event in story.log])
    assert "nodes/" not in shown
    assert '"state": "recording"' in shown


def moment(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_meeting_tells_who_comes_of_the_recording(story: Story):
    meeting: Meeting = story.meeting
    active = meeting.active_recording
    assert active is not None
    assert (active.id, active.started_at) == (story.recording.id, None)
    story.says("recording", started_at=moment(0.4))
    active = story.meeting.active_recording
    assert active is not None
    assert active.started_at == moment(0.4)
