"""Recorders of other nodes in a meeting: nobody, and sent everything."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.errors import ConflictError
from media_node.meetings.events import (
    Event,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantRemoved,
    RecorderJoined,
    RecorderLeft,
    SlotsChanged,
    TrackPublished,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Participant, RecordingNotice
from media_node.quantities import MeetingId, Mid, ParticipantId, SlotId, Source, TrackId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES: tuple[Source, ...] = ("microphone", "camera", "screen")
RECORDER = ParticipantId("par_recorder")


def member(name: str, role: str = "participant", audio: int = 4, video: int = 4) -> Participant:
    return Participant(
        id=ParticipantId(name),
        display_name=name,
        role=role,
        joined_at=NOW,
        publish_grants=frozenset(SOURCES),
        may_subscribe=True,
        may_moderate=False,
        audio_slots=[SlotId(f"a{index}") for index in range(audio)],
        video_slots=[SlotId(f"v{index}") for index in range(video)],
    )


def recorder(audio: int = 3, video: int = 3) -> Participant:
    return member(RECORDER, "recorder", audio, video)


def meeting_of(*names: str) -> Meeting:
    numbers = count(1)
    meeting = Meeting(MeetingId("mtg_1"), 1, lambda prefix: f"{prefix}{next(numbers)}")
    for name in names:
        meeting.handle_join(member(name))
    return meeting


def publish(meeting: Meeting, name: str, source: Source) -> TrackId:
    events = meeting.handle_publish(ParticipantId(name), Mid(source), source, False)
    return next(event.track.id for event in events if isinstance(event, TrackPublished))


def told(events: list[Event]) -> dict[SlotId, TrackId | None]:
    changes = [
        event.track_by_slot for event in events if isinstance(event, SlotsChanged) and event.to == RECORDER
    ]
    return {slot: track for change in changes for slot, track in change.items()}


def test_it_gets_a_slot_of_its_own_for_every_track_those_that_come_later_too():
    meeting = meeting_of("ada", "bob")
    voice, face = publish(meeting, "ada", "microphone"), publish(meeting, "ada", "camera")
    assert told(meeting.handle_recorder(recorder())) == {"a0": voice, "v0": face}
    other = meeting.handle_publish(ParticipantId("bob"), Mid("m"), "microphone", True)
    assert list(told(other)) == ["a1"]
    assert told(meeting.handle_unpublish(ParticipantId("ada"), face)) == {"v0": None}


def test_nobody_is_told_of_it_and_no_roster_names_it():
    meeting = meeting_of("ada")
    version = meeting.version
    events = meeting.handle_recorder(recorder())
    assert [type(event) for event in events] == [RecorderJoined]
    assert (meeting.version, list(meeting.participant_by_id)) == (version, ["ada"])
    left = meeting.handle_leave(RECORDER, "left")
    assert left == [RecorderLeft(RECORDER)]
    assert meeting.handle_leave(RECORDER, "left") == []
    with pytest.raises(ConflictError):
        [meeting.handle_recorder(recorder()) for _ in range(2)]
    assert not any(isinstance(event, ParticipantJoined) for event in events)


def test_a_track_without_a_slot_gets_the_first_that_is_free_or_offered():
    meeting = meeting_of("ada", "bob")
    meeting.handle_recorder(recorder(audio=1, video=1))
    first = publish(meeting, "ada", "camera")
    second, third = publish(meeting, "bob", "camera"), publish(meeting, "bob", "screen")
    assert told(meeting.handle_unpublish(ParticipantId("ada"), first)) == {"v0": second}
    more = meeting.handle_slots(RECORDER, [SlotId("a0")], [SlotId("v0"), SlotId("v1")])
    assert told(more) == {"v1": third}


def test_the_last_one_to_leave_takes_the_recorders_along():
    meeting = meeting_of("ada")
    meeting.handle_recorder(recorder())
    events = meeting.handle_leave(ParticipantId("ada"), "left")
    assert events == [
        ParticipantLeft(ParticipantId("ada"), "left"),
        ParticipantRemoved(RECORDER, "ended"),
        RecorderLeft(RECORDER),
    ]


def test_when_the_recording_stops_they_go():
    meeting = meeting_of("ada")
    meeting.handle_recording(RecordingNotice("rec_a", "recording", None, NOW))
    meeting.handle_recorder(recorder())
    events = meeting.handle_recording(RecordingNotice("rec_a", "stopped", None, NOW))
    assert events[1:] == [ParticipantRemoved(RECORDER, "ended"), RecorderLeft(RECORDER)]


def test_a_recorder_counts_when_it_says_that_it_does_well():
    meeting = meeting_of("ada")
    troubles = [meeting.recorders.trouble]
    meeting.handle_recorder(recorder())
    troubles.append(meeting.recorders.trouble)
    meeting.recorders.note_state(RECORDER, "recording")
    # A further offer is no other recorder.
    meeting.handle_slots(RECORDER, [SlotId("a0")], [SlotId("v0")])
    troubles.append(meeting.recorders.trouble)
    meeting.recorders.note_state(RECORDER, "degraded")
    meeting.recorders.note_state(ParticipantId("ada"), "recording")
    troubles.append(meeting.recorders.trouble)
    assert troubles == ["no_backup", "no_backup", None, "backup_degraded"]


@given(st.lists(st.tuples(st.sampled_from(["ada", "bob", "cy"]), st.sampled_from(SOURCES)), max_size=40))
def test_whatever_comes_and_goes_each_track_has_one_slot_or_none_is_free(steps: list[tuple[str, Source]]):
    meeting = meeting_of("ada", "bob", "cy")
    mirror = recorder(audio=2, video=3)
    meeting.handle_recorder(mirror)
    published: dict[tuple[str, Source], TrackId] = {}
    seen: dict[SlotId, TrackId | None] = dict(mirror.carried)
    for name, source in steps:
        if (name, source) in published:
            events = meeting.handle_unpublish(ParticipantId(name), published.pop((name, source)))
        elif source == "screen" and any(one == "screen" for _, one in published):
            # One at a time.
            continue
        else:
            events = meeting.handle_publish(ParticipantId(name), Mid(source), source, False)
            new = next(event.track.id for event in events if isinstance(event, TrackPublished))
            published[name, source] = new
        seen |= told(events)
        assert seen == mirror.carried
        for kind, slots in (("audio", mirror.audio_slots), ("video", mirror.video_slots)):
            wanted = {
                track for (_, one), track in published.items() if (one == "microphone") == (kind == "audio")
            }
            carried = [seen[slot] for slot in slots if seen[slot] is not None]
            assert set(carried) <= wanted
            assert len(carried) == len(set(carried)) == min(len(slots), len(wanted))
