"""Recordings as hosts, nodes, composers and the clock deal with them, over stores in memory."""

from __future__ import annotations

import dataclasses
import json
import os
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.identifiers import JobId, KeyId, Tenant, new_token
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import ApiKeyCaller, Guest, ParticipantCaller
from chalicelib.domain.placement import Node
from chalicelib.domain.recording import Access, Recording
from chalicelib.domain.recording_access import LINK_LIFETIME, MediaKind
from chalicelib.errors import (
    AlreadyRecordingError,
    ForbiddenError,
    IdempotencyConflictError,
    MeetingEmptyError,
    MeetingEncryptedError,
    MeetingEndedError,
    RecordingBusyError,
    RecordingGoneError,
    RecordingHeldError,
    RecordingNotFoundError,
    RecordingNotRunningError,
    RecordingOffError,
    StoreUnavailableError,
    UnauthorizedError,
    ValidationFailedError,
)
from chalicelib.services.join import Admission
from chalicelib.services.recorder_reports import read_composition_report
from chalicelib.services.recording_media import RecordingMedia
from chalicelib.services.recording_upkeep import RecordingUpkeep
from chalicelib.services.recordings import Recordings, Requester
from tests.support.builders import a_recorder
from tests.support.memory_recordings import (
    KeptJobs,
    MemoryObjects,
    MemoryRecordings,
    NumberedKeys,
    PlainLinks,
)
from tests.unit.chalicelib.test_services import ACME, OTHER, World, a_report

MP4: tuple[MediaKind, ...] = ("mp4",)
KINDS: tuple[MediaKind, ...] = ("mp4", "hls", "thumbnails", "tracks", "manifest")


class Studio:
    """A control plane whose meetings are recorded by nodes that say what a test lets them say."""

    def __init__(self) -> None:
        self.world = World()
        self.chance = random.Random(5)
        self.store = MemoryRecordings(self.world.store)
        self.objects, self.jobs = MemoryObjects(), KeptJobs()
        self.recordings = Recordings(
            self.world.meetings, self.world.store, self.store, self.world.recorders, self.chance.randbytes
        )
        self.media = RecordingMedia(self.recordings, self.store, self.objects, PlainLinks())
        self.upkeep = RecordingUpkeep(
            self.world.store, self.store, self.world.recorders, self.objects, self.jobs, "bucket", "local",
            self.chance.randbytes,
        )  # fmt: skip
        self.sequence = 1

    def by(self, caller: Any = ACME) -> Requester:
        return Requester(caller, "request", self.world.now, "192.0.2.1")

    def meeting(self, setting: Any = "allowed", **changes: Any) -> tuple[Node, Meeting, Admission]:
        node = self.world.add_node()
        meeting = self.world.create(recording=setting, **changes)
        return node, meeting, self.world.join(meeting)

    def report(self, node: Node, *present: Admission, recorders: Any = (), epoch: int = 1) -> None:
        self.sequence += 1
        by_meeting: dict[str, list[str]] = {}
        for admission in present:
            by_meeting.setdefault(admission.meeting.id, []).append(admission.participant.id)
        entries = [{"id": one, "epoch": epoch, "participants": people} for one, people in by_meeting.items()]
        body = a_report(node, sequence=self.sequence, meetings=entries, recordings=list(recorders))
        self.world.reports.take(json.dumps(body), int(self.world.now.timestamp() * 1000), "request")

    def recorder(self, node: Node, recording: Recording, state: str = "recording", **changes: Any) -> Any:
        changes = {"state": state, **changes}
        return a_recorder(node, recording.meeting, recording.id, self.world.now, **changes)

    def read(self, recording: Recording) -> Recording:
        return self.world.store.recording_by_id[recording.id]

    def clock(self, seconds: float = 4.0) -> Any:
        self.world.pass_time(seconds)
        return self.upkeep.run("clock", self.world.now)

    def hear(self, recording: Recording, state: str = "done", **changes: Any) -> bool:
        job = self.read(recording).compositions[-1]
        files = {"mp4": f"{job.output}film.mp4", "durationSeconds": 9.5, "bytes": 100}
        about = {"kind": "composition", "recording": recording.id, "job": job.job, "state": state}
        told = {"progress": 1.0, "reason": None, "files": files if state == "done" else None}
        body = {**about, **told, **changes}
        report = read_composition_report(json.dumps(body))
        assert report is not None
        return self.upkeep.hear(report, self.world.now)

    def stopped(self) -> Recording:
        """A recording that has come to its end."""
        node, meeting, ann = self.meeting()
        recording = self.recordings.start(self.by(), meeting.id, "speaker", None)
        self.report(node, ann, recorders=[self.recorder(node, recording)])
        self.recordings.direct(self.by(), recording.id, "stopped")
        self.report(node, ann, recorders=[self.recorder(node, recording, "stopped")])
        return self.read(recording)

    def ready(self) -> Recording:
        recording = self.stopped()
        self.clock()
        self.clock()
        self.hear(recording)
        return self.read(recording)


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_the_node_is_told_at_once_to_start_and_says_that_it_records(studio: Studio):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "grid", None)
    assert studio.world.commands.sent == [("startRecording", node.command_queue_url, recording.id)]
    assert studio.world.commands.places[0].bucket == "parley-recordings"
    assert recording.state == "starting"
    studio.report(node, ann, recorders=[studio.recorder(node, recording)])
    assert studio.read(recording).state == "recording"
    admission = studio.world.join(meeting)
    assert admission.meeting.active_recording is not None
    assert admission.participant.told_of_recording == recording.id, "the notice is in the log"
    told = studio.recordings.direct(studio.by(), recording.id, "stopped")
    assert told.state == "stopping"
    assert studio.world.commands.sent[-1] == ("stopRecording", node.command_queue_url, recording.id)


def test_a_tenants_key_goes_with_the_command(studio: Studio):
    keys = NumberedKeys()
    made = studio.world.tenants.make_recording_key(Tenant("acme"), "local", keys)
    assert studio.world.tenants.make_recording_key(Tenant("acme"), "local", keys) == made
    assert keys.made == [Tenant("acme")]
    _, meeting, _ = studio.meeting()
    studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    assert studio.world.commands.places[0].kms_key == made


def test_commands_that_are_lost_are_sent_again_until_the_node_says_so(studio: Studio):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    studio.report(node, ann)
    for wanted, command, state in [
        (None, "startRecording", "recording"),
        ("paused", "pauseRecording", "paused"),
        ("running", "resumeRecording", "recording"),
        ("stopped", "stopRecording", "stopped"),
    ]:
        if wanted is not None:
            studio.recordings.direct(studio.by(), recording.id, wanted)  # type: ignore[arg-type]
        studio.world.commands.sent.clear()
        for _ in range(2):
            studio.clock(2)
        again = [(command, node.command_queue_url, recording.id)] * 2
        assert studio.world.commands.sent == again
        studio.report(node, ann, recorders=[studio.recorder(node, recording, state)])
        studio.world.commands.sent.clear()
        studio.clock(2)
        assert studio.world.commands.sent == []


def test_a_start_whose_command_cannot_be_sent_is_answered_and_sent_by_the_clock(studio: Studio):
    class Away:
        def start_recording(self, *_: Any) -> None:
            raise StoreUnavailableError("SQS is away")

    _, meeting, _ = studio.meeting()
    commands = studio.world.fleet._commands
    studio.world.fleet._commands = Away()  # type: ignore[assignment]
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    studio.world.fleet._commands = commands
    studio.clock()
    assert [one[0] for one in studio.world.commands.sent] == ["startRecording"]
    assert recording.state == "starting"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"recording": "off"}, RecordingOffError),
        ({"encryption": "endToEnd"}, MeetingEncryptedError),
        ({"placement": None}, MeetingEmptyError),
        ({"state": "ended"}, MeetingEndedError),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_the_reason(studio: Studio, changes: Any, error: Any):
    _, meeting, _ = studio.meeting()
    known = studio.world.store.meeting_by_id
    known[meeting.id] = dataclasses.replace(known[meeting.id], **changes)
    with pytest.raises(error):
        studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    assert studio.world.commands.sent == []


def test_a_repeated_start_finds_what_the_first_one_began(studio: Studio):
    _, meeting, _ = studio.meeting()
    first = studio.recordings.start(studio.by(), meeting.id, "speaker", "k")
    assert studio.recordings.start(studio.by(), meeting.id, "speaker", "k").id == first.id
    with pytest.raises(IdempotencyConflictError):
        studio.recordings.start(studio.by(), meeting.id, "grid", "k")
    with pytest.raises(AlreadyRecordingError):
        studio.recordings.start(studio.by(), meeting.id, "speaker", "other")


def test_an_automatic_recording_begins_with_the_meeting_and_once(studio: Studio):
    node, _, ann = studio.meeting("automatic")
    assert studio.world.commands.sent == []
    studio.report(node, ann)
    studio.report(node, ann)
    [recording] = studio.world.store.recordings(ann.meeting.id)
    assert (recording.requested_by, recording.state) == ("automatic", "starting")
    assert [one[0] for one in studio.world.commands.sent] == ["startRecording"]
    studio.report(node, ann, recorders=[studio.recorder(node, recording)])
    studio.recordings.direct(studio.by(), recording.id, "stopped")
    studio.report(node, ann, recorders=[studio.recorder(node, recording, "stopped")])
    studio.report(node)
    studio.report(node, ann)
    assert len(studio.world.store.recordings(ann.meeting.id)) == 1, "who stopped it meant it"


def test_a_recording_goes_on_where_the_meeting_goes_when_its_node_dies(studio: Studio):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    studio.report(node, ann, recorders=[studio.recorder(node, recording)])
    studio.world.pass_time(12)
    other = studio.world.add_node()
    again = studio.world.join(meeting, resume_token=ann.resume_token)
    assert again.node.id == other.id
    studio.world.timekeeper.run("clock", studio.world.now)
    studio.world.commands.sent.clear()
    studio.report(other, again, epoch=2)
    assert studio.world.commands.sent == [("startRecording", other.command_queue_url, recording.id)]
    studio.report(other, again, recorders=[studio.recorder(other, recording)], epoch=2)
    after = studio.read(recording)
    assert after.state == "recording"
    assert [(take.node, take.state) for take in after.takes] == [
        (node.id, "failed"),
        (other.id, "recording"),
    ]
    assert after.unsettled_since is None


def test_a_node_that_restarts_is_told_to_record_again(studio: Studio):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    studio.report(node, ann, recorders=[studio.recorder(node, recording)])
    studio.world.commands.sent.clear()
    studio.report(node, ann)
    assert [one[0] for one in studio.world.commands.sent] == ["startRecording"]
    assert studio.read(recording).state == "recording", "people hear of it only if it takes long"
    studio.clock(9)
    assert studio.read(recording).state == "degraded"


def test_a_meeting_that_ends_stops_its_recording_and_a_film_is_made(studio: Studio):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    studio.report(node, ann, recorders=[studio.recorder(node, recording)])
    studio.world.meetings.end(ACME, meeting.id, "request", studio.world.now)
    assert studio.read(recording).state == "stopping"
    assert studio.world.read(meeting).active_recording is not None
    studio.report(node, recorders=[studio.recorder(node, recording, "stopped")])
    assert studio.read(recording).state == "processing"
    studio.clock()
    studio.clock()
    assert [job["recording"] for job in studio.jobs.jobs] == [recording.id]


def test_a_lost_node_does_not_keep_an_ended_meeting_from_its_film(studio: Studio):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    studio.report(node, ann, recorders=[studio.recorder(node, recording)])
    studio.world.meetings.end(ACME, meeting.id, "request", studio.world.now)
    studio.world.pass_time(20)
    studio.world.timekeeper.run("clock", studio.world.now)
    assert studio.read(recording).state == "processing"


# Jobs.


def test_a_job_is_sent_once_with_the_timeline_that_it_needs(studio: Studio):
    recording = studio.stopped()
    for _ in range(4):
        studio.clock()
    [job] = studio.jobs.jobs
    composition = studio.read(recording).compositions[0]
    assert job == {
        "job": composition.job,
        "recording": recording.id,
        "meeting": recording.meeting,
        "bucket": "bucket",
        "prefixes": [take.prefix for take in recording.takes],
        "timelineKey": f"{composition.output}timeline.json",
        "output": composition.output,
        "kind": "film",
        "layout": "speaker",
        "rearrangements": [],
    }
    timeline = json.loads(studio.objects.body_by_key["main", job["timelineKey"]])
    assert timeline["meeting"]["id"] == recording.meeting
    assert [one["displayName"] for one in timeline["participants"]] == ["Ann"]
    assert timeline["recording"]["id"] == recording.id
    numbers = [event["number"] for event in timeline["events"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert composition.state == "sent"


def test_a_job_goes_out_when_s3_is_back(studio: Studio):
    recording = studio.stopped()
    studio.objects.refuses = True
    studio.clock()
    assert studio.jobs.jobs == []
    studio.objects.refuses = False
    studio.clock()
    assert [job["recording"] for job in studio.jobs.jobs] == [recording.id]


def test_a_crash_between_sending_a_job_and_noting_it_sends_it_again_and_no_other(studio: Studio):
    studio.stopped()
    sound, crashes = studio.jobs.send, [True]

    def send(job: Any) -> None:
        sound(job)
        if crashes.pop() if crashes else False:
            raise StoreUnavailableError("the process ended")

    studio.jobs.send = send  # type: ignore[method-assign]
    for _ in range(4):
        studio.clock()
    assert len(studio.jobs.jobs) == 2
    assert len({json.dumps(job) for job in studio.jobs.jobs}) == 1


def test_a_composers_reports_bring_the_film_and_repeat_without_harm(studio: Studio):
    recording = studio.stopped()
    studio.clock()
    studio.clock()
    assert studio.hear(recording, "running", progress=0.5)
    assert studio.read(recording).progress == 0.5
    assert not studio.hear(recording, "running", progress=0.51)
    assert studio.hear(recording)
    assert not studio.hear(recording)
    assert not studio.hear(recording, "failed", reason="late")
    assert studio.read(recording).state == "ready"


def test_reports_of_jobs_and_recordings_that_are_not_known_change_nothing(studio: Studio):
    recording = studio.ready()
    assert not studio.hear(recording, job=JobId(f"job_{new_token(os.urandom)}"), files=None, state="running")
    body = {
        "kind": "composition",
        "recording": f"rec_{'a' * 26}",
        "job": f"job_{'a' * 26}",
        "state": "running",
    }
    report = read_composition_report(json.dumps(body))
    assert report is not None
    assert not studio.upkeep.hear(report, studio.world.now)


def test_another_layout_is_made_on_demand_and_once_for_one_key(studio: Studio):
    recording = studio.ready()
    first = studio.recordings.compose(studio.by(), recording.id, "grid", "k")
    assert studio.recordings.compose(studio.by(), recording.id, "grid", "k") == first
    with pytest.raises(IdempotencyConflictError):
        studio.recordings.compose(studio.by(), recording.id, "share", "k")
    studio.clock()
    assert studio.jobs.jobs[-1]["layout"] == "grid"
    assert studio.read(recording).state == "ready"
    studio.hear(recording)
    assert studio.recordings.compose(studio.by(), recording.id, "grid", "k").state == "done"


# Who may.


def test_strangers_do_not_learn_that_a_recording_exists(studio: Studio):
    recording = studio.ready()
    with pytest.raises(RecordingNotFoundError, match=recording.id):
        studio.recordings.show(OTHER, recording.id)
    with pytest.raises(UnauthorizedError):
        studio.recordings.show(Guest(), recording.id)
    for name in ("rec_x", f"rec_{'a' * 26}", recording.meeting, "x" * 5000):
        with pytest.raises(RecordingNotFoundError):
            studio.recordings.show(ACME, name)


def test_those_who_were_there_open_it_only_if_it_names_them(studio: Studio):
    recording = studio.ready()
    [ann] = studio.world.store.participants(recording.meeting)
    caller = ParticipantCaller(recording.meeting, ann.id)
    with pytest.raises(ForbiddenError):
        studio.media.open(studio.by(caller), recording.id, KINDS, None, 10, None)
    access = Access(participants=True)
    studio.recordings.change(studio.by(), recording.id, {"access": access}, lambda _: None)
    media = studio.media.open(studio.by(caller), recording.id, KINDS, None, 10, None)
    assert media.link_by_name["mp4"].url.startswith("https://media.example/compositions/")
    with pytest.raises(ForbiddenError):
        studio.recordings.direct(studio.by(caller), recording.id, "stopped")


def test_every_link_is_in_the_log_before_it_is_given_and_ends_in_five_minutes(studio: Studio):
    recording = studio.ready()
    media = studio.media.open(studio.by(), recording.id, MP4, None, 10, None)
    assert media.expires_at == studio.world.now + LINK_LIFETIME
    assert f"until={int(media.expires_at.timestamp())}" in media.link_by_name["mp4"].url
    assert set(media.link_by_name) == {"mp4"}
    [entry], mark = studio.media.log(ACME, recording.id, 10, None)
    assert (entry.by, entry.kinds, entry.source, mark) == ("key_1", ("mp4",), "192.0.2.1", None)
    studio.store.note_opened = lambda _: (_ for _ in ()).throw(StoreUnavailableError("x"))  # type: ignore[method-assign,assignment]
    with pytest.raises(StoreUnavailableError):
        studio.media.open(studio.by(), recording.id, MP4, None, 10, None)


def test_what_is_made_of_a_film_can_be_watched_while_the_rest_is_made(studio: Studio):
    recording = studio.stopped()
    studio.clock()
    studio.clock()
    kinds: tuple[MediaKind, ...] = ("mp4", "hls", "thumbnails")
    assert studio.media.open(studio.by(), recording.id, kinds, None, 10, None).link_by_name == {}
    studio.hear(recording, "running", progress=0.2)
    media = studio.media.open(studio.by(), recording.id, kinds, None, 10, None)
    output = studio.read(recording).compositions[-1].output
    assert set(media.link_by_name) == {"hls"}
    assert media.link_by_name["hls"].url.startswith("https://media.example/p/")
    assert media.link_by_name["hls"].url.endswith(f".{output}/{output}hls/master.m3u8")
    assert studio.media.open(studio.by(), recording.id, kinds, "share", 10, None).link_by_name == {}
    studio.hear(recording)
    assert "mp4" in studio.media.open(studio.by(), recording.id, kinds, None, 10, None).link_by_name


def test_the_pieces_of_tracks_come_page_by_page_over_all_takes(studio: Studio):
    recording = studio.ready()
    other = dataclasses.replace(recording.takes[0], prefix=f"nodes/node_{'z' * 26}/x/")
    studio.world.store.recording_by_id[recording.id] = dataclasses.replace(
        recording, takes=(*recording.takes, other)
    )
    for take in (recording.takes[0], other):
        studio.objects.put(f"{take.prefix}pages/000000.json", b"{}", "application/json")
        for number in range(3):
            studio.objects.put(f"{take.prefix}trk_a/{number:06}.mkv", b"x", "video/x-matroska")
    seen: list[str] = []
    mark = None
    while True:
        media = studio.media.open(studio.by(), recording.id, ("tracks", "manifest"), None, 2, mark)
        assert len(media.manifest) == 2
        seen += [one.link.url.partition("?")[0] for one in media.tracks]
        mark = media.mark
        if mark is None:
            break
    assert len(seen) == len(set(seen)) == 6
    assert seen == sorted(seen)


# Keeping and deleting.


def test_a_recording_is_deleted_with_proof_when_its_time_is_over(studio: Studio):
    recording = studio.ready()
    prefix = recording.takes[0].prefix
    for number in range(5):
        studio.objects.put(f"{prefix}trk_a/{number:06}.mkv", b"x" * number, "video/x-matroska")
    studio.objects.put_backup(f"{prefix}trk_a/000005.mkv", b"yy")
    studio.objects.put("nodes/another/x.mkv", b"z", "video/x-matroska")
    soon = studio.world.now + timedelta(hours=1)
    studio.recordings.change(studio.by(), recording.id, {"retain_until": soon}, lambda _: None)
    assert studio.upkeep.sweep(studio.world.now).deleted == 0
    studio.world.pass_time(3601)
    assert studio.upkeep.sweep(studio.world.now).deleted == 1
    tomb = studio.read(recording).tombstone
    assert tomb is not None
    assert (tomb.deleted_by, tomb.objects, tomb.size_bytes) == ("retention", 7, 12 + _timeline(studio))
    left = {key for _, key in studio.objects.body_by_key}
    assert left == {"nodes/another/x.mkv", tomb.list_key}
    assert studio.upkeep.sweep(studio.world.now).looked_at == 0
    with pytest.raises(RecordingGoneError):
        studio.media.open(studio.by(), recording.id, KINDS, None, 10, None)


def _timeline(studio: Studio) -> int:
    """The length of the one timeline, as the list of what was deleted tells."""
    lists = [body for (_, key), body in studio.objects.body_by_key.items() if key.startswith("deleted/")]
    entries = [json.loads(line) for line in lists[0].splitlines()]
    return int(next(one["bytes"] for one in entries if one["key"].endswith("timeline.json")))


def test_a_deletion_that_breaks_off_is_gone_on_with(studio: Studio):
    recording = studio.ready()
    prefix = recording.takes[0].prefix
    for number in range(5):
        studio.objects.put(f"{prefix}trk_a/{number:06}.mkv", b"x", "video/x-matroska")
    assert studio.recordings.delete(studio.by(), recording.id, lambda _: None).state == "deleting"
    sound, studio.objects.delete = studio.objects.delete, lambda _: _broken()  # type: ignore[method-assign,assignment]
    assert studio.upkeep.sweep(studio.world.now).deleted == 0
    studio.objects.body_by_key.pop(("main", f"{prefix}trk_a/000000.mkv"))
    studio.objects.delete = sound  # type: ignore[method-assign]
    assert studio.upkeep.sweep(studio.world.now).deleted == 1
    tomb = studio.read(recording).tombstone
    assert tomb is not None
    assert tomb.objects == 6, "what went before it broke off is in the list, too"
    assert tomb.deleted_by == "key_1"


def _broken() -> Any:
    raise StoreUnavailableError("S3 is away")


def test_a_legal_hold_is_the_tenants_and_stops_every_deletion(studio: Studio):
    recording = studio.ready()
    held = studio.recordings.change(studio.by(), recording.id, {"legal_hold": True}, lambda _: None)
    assert held.legal_hold
    with pytest.raises(RecordingHeldError):
        studio.recordings.delete(studio.by(), recording.id, lambda _: None)
    studio.world.pass_time(400 * 24 * 3600)
    assert studio.upkeep.sweep(studio.world.now).looked_at == 0


def test_what_goes_on_is_not_deleted_and_what_has_stopped_does_not_go_on(studio: Studio):
    recording = studio.stopped()
    with pytest.raises(RecordingNotRunningError):
        studio.recordings.direct(studio.by(), recording.id, "paused")
    assert studio.recordings.direct(studio.by(), recording.id, "stopped").state == "processing"
    studio.clock()
    with pytest.raises(RecordingBusyError):
        studio.recordings.delete(studio.by(), recording.id, lambda _: None)
    past = {"retain_until": studio.world.now}
    with pytest.raises(ValidationFailedError):
        studio.recordings.change(studio.by(), recording.id, past, lambda _: None)


# Reports.


@pytest.mark.parametrize(
    "changes",
    [
        {"recording": "rec_x"},
        {"meeting": 5},
        {"prefix": "nodes/other/x/"},
        {"prefix": f"nodes/node_{'a' * 26}/rec_{'a' * 26}-{'a' * 26}/"},
        {"state": "dancing"},
        {"startedUs": 0},
        {"startedUs": 10**30},
        {"startedUs": "now"},
        {"segments": -1},
        {"bytes": True},
        {"reason": 7},
    ],
)
def test_a_report_of_a_recorder_that_breaks_a_rule_is_refused_by_name(studio: Studio, changes: Any):
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    with pytest.raises(ValidationFailedError, match=r".") as caught:
        studio.report(node, ann, recorders=[{**studio.recorder(node, recording), **changes}])
    assert caught.value.broken[0].pointer.startswith("/recordings/0/")
    with pytest.raises(ValidationFailedError):
        studio.report(node, ann, recorders=[5])


@pytest.mark.parametrize(
    "changes",
    [
        {"recording": "x"},
        {"job": "x"},
        {"state": "x"},
        {"progress": 2},
        {"progress": float("nan")},
        {"files": None},
        {"files": {"mp4": "nodes/secret.mp4"}},
        {"files": {"mp4": f"compositions/rec_{'b' * 26}/x/film.mp4"}},
        {"files": {"mp4": f"compositions/rec_{'a' * 26}/../x.mp4"}},
        {"files": {"mp4": f"compositions/rec_{'a' * 26}/x.mp4", "bytes": -1}},
    ],
)
def test_a_report_of_a_composer_that_breaks_a_rule_is_refused(changes: Any):
    film = {"mp4": f"compositions/rec_{'a' * 26}/x/film.mp4"}
    body = {"kind": "composition", "recording": f"rec_{'a' * 26}", "job": f"job_{'a' * 26}", "state": "done",
            "progress": 1, "files": film}  # fmt: skip
    assert read_composition_report(json.dumps(body)) is not None
    with pytest.raises(ValidationFailedError):
        read_composition_report(json.dumps({**body, **changes}))
    assert read_composition_report("{") is None
    assert read_composition_report('{"type": "nodeReport"}') is None


DELIVERIES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=14)


@given(DELIVERIES)
@settings(max_examples=60, deadline=None)
def test_reports_lost_repeated_and_disordered_leave_what_the_last_one_says(deliveries: list[Any]):
    studio = Studio()
    node, meeting, ann = studio.meeting()
    recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
    states = ["recording", "degraded", "recording", "paused", "recording", "degraded"]
    entries = [{"id": meeting.id, "epoch": 1, "participants": [ann.participant.id]}]
    bodies = [
        json.dumps(
            a_report(
                node,
                sequence=number + 2,
                meetings=entries,
                recordings=[studio.recorder(node, recording, state, reason=state)],
            )
        )
        for number, state in enumerate(states)
    ]
    for number, repeats in deliveries:
        for _ in range(repeats):
            studio.world.reports.take(bodies[number], int(studio.world.now.timestamp() * 1000), "r")
    studio.world.reports.take(bodies[-1], int(studio.world.now.timestamp() * 1000), "r")
    assert studio.read(recording).state == "degraded"
    assert len(studio.read(recording).takes) == 1


def test_a_recordings_list_is_read_page_by_page_newest_first(studio: Studio):
    node, meeting, ann = studio.meeting()
    made: list[str] = []
    for _ in range(5):
        recording = studio.recordings.start(studio.by(), meeting.id, "speaker", None)
        made.insert(0, recording.id)
        take = f"nodes/{node.id}/{recording.id}-{'a' * 26}/"
        studio.report(node, ann, recorders=[studio.recorder(node, recording, prefix=take)])
        studio.recordings.direct(studio.by(), recording.id, "stopped")
        studio.report(node, ann, recorders=[studio.recorder(node, recording, "stopped", prefix=take)])
        studio.world.pass_time(1)
    for read in (
        lambda mark: studio.recordings.of_meeting(ACME, meeting.id, None, 2, mark),
        lambda mark: studio.recordings.page(ACME, None, 2, mark),
    ):
        seen, mark = [], None
        while True:
            page, mark = read(mark)
            seen += [one.id for one in page]
            if mark is None:
                break
        assert seen == made
    assert studio.recordings.page(ApiKeyCaller(Tenant("none"), KeyId("k")), None, 5, None) == ([], None)
    assert studio.recordings.of_meeting(ACME, meeting.id, "ready", 5, None) == ([], None)
