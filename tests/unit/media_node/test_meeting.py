"""A live meeting's state machine."""

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from media_node.errors import ConflictError, NotFoundError, NotGrantedError
from media_node.meetings.events import (
    ChatSent,
    DemandChanged,
    ParticipantLeft,
    ParticipantRemoved,
    SlotsChanged,
    SpeakersChanged,
    TrackMuted,
    TrackPublished,
)
from media_node.meetings.meeting import CHAT_HISTORY, Meeting
from media_node.meetings.model import Participant, Wish
from media_node.quantities import MeetingId, Mid, ParticipantId, SlotId, TrackId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = frozenset({"microphone", "camera", "screen"})


def new_meeting() -> Meeting:
    numbers = count(1)
    return Meeting(MeetingId("mtg_1"), 1, lambda prefix: f"{prefix}{next(numbers)}")


def participant(name: str, slots: int = 2, *, moderates: bool = False, grants=SOURCES) -> Participant:
    return Participant(
        id=ParticipantId(name),
        display_name=name.title(),
        role="participant",
        joined_at=NOW,
        publish_grants=grants,
        may_subscribe=True,
        may_moderate=moderates,
        audio_slots=[SlotId(f"a{index}") for index in range(4)],
        video_slots=[SlotId(f"v{index}") for index in range(slots)],
    )


def join(meeting: Meeting, name: str, **options) -> list:
    return meeting.handle_join(participant(name, **options))


def publish(meeting: Meeting, name: str, source="camera", *, muted=False) -> TrackId:
    events = meeting.handle_publish(ParticipantId(name), Mid(source), source, muted)
    return next(event.track.id for event in events if isinstance(event, TrackPublished))


def carried(meeting: Meeting, name: str) -> list:
    member = meeting.member(ParticipantId(name))
    return [member.carried[slot] for slot in member.video_slots]


def test_a_newcomer_receives_the_cameras_that_are_there():
    meeting = new_meeting()
    join(meeting, "anna")
    camera = publish(meeting, "anna")
    events = join(meeting, "ben")
    assert SlotsChanged(ParticipantId("ben"), {SlotId("v0"): camera}) in events
    assert carried(meeting, "anna") == [None, None]


def test_a_screen_comes_before_cameras_and_shown_tiles_stay_in_place():
    meeting = new_meeting()
    for name in ("anna", "ben", "cleo", "viewer"):
        join(meeting, name)
    anna, ben = publish(meeting, "anna"), publish(meeting, "ben")
    assert carried(meeting, "viewer") == [anna, ben]
    screen = publish(meeting, "cleo", "screen")
    assert carried(meeting, "viewer") == [anna, screen]


def test_who_spoke_last_takes_the_place_of_who_did_not():
    meeting = new_meeting()
    for name in ("anna", "ben", "cleo", "viewer"):
        join(meeting, name)
    cameras = {name: publish(meeting, name) for name in ("anna", "ben", "cleo")}
    voice = publish(meeting, "cleo", "microphone")
    meeting.handle_speakers([voice], [(voice, 20)])
    assert carried(meeting, "viewer") == [cameras["anna"], cameras["cleo"]]


def test_after_the_first_assign_the_client_decides():
    meeting = new_meeting()
    for name in ("anna", "ben", "viewer"):
        join(meeting, name)
    anna, ben = publish(meeting, "anna"), publish(meeting, "ben")
    meeting.handle_assign(ParticipantId("viewer"), SlotId("v0"), Wish(ben))
    assert carried(meeting, "viewer") == [ben, ben]
    meeting.handle_assign(ParticipantId("viewer"), SlotId("v1"), Wish(None))
    publish(meeting, "anna", "screen")
    assert carried(meeting, "viewer") == [ben, None]
    meeting.handle_assign(ParticipantId("viewer"), SlotId("v1"), Wish("screen"))
    assert carried(meeting, "viewer")[1] is not None
    assert anna not in carried(meeting, "viewer")


def test_a_slot_for_the_speaker_follows_the_speaker():
    meeting = new_meeting()
    for name in ("anna", "ben", "viewer"):
        join(meeting, name)
    cameras = {name: publish(meeting, name) for name in ("anna", "ben")}
    voices = {name: publish(meeting, name, "microphone") for name in ("anna", "ben")}
    meeting.handle_assign(ParticipantId("viewer"), SlotId("v0"), Wish("speaker"))
    for name in ("ben", "anna"):
        meeting.handle_speakers([], [(voices[name], 20)])
        assert carried(meeting, "viewer")[0] == cameras[name]


def test_assigning_what_does_not_exist():
    meeting = new_meeting()
    join(meeting, "anna")
    with pytest.raises(NotFoundError):
        meeting.handle_assign(ParticipantId("anna"), SlotId("a0"), Wish(None))
    assert meeting.handle_assign(ParticipantId("anna"), SlotId("v0"), Wish("trk_gone")) == []


def test_a_publisher_is_told_when_nobody_watches_and_when_somebody_does():
    meeting = new_meeting()
    join(meeting, "anna")
    events = meeting.handle_publish(ParticipantId("anna"), Mid("1"), "camera", False)
    track = next(event.track.id for event in events if isinstance(event, TrackPublished))
    assert DemandChanged(ParticipantId("anna"), track, False) in events
    assert DemandChanged(ParticipantId("anna"), track, True) in join(meeting, "ben")
    assert DemandChanged(ParticipantId("anna"), track, False) in meeting.handle_leave(
        ParticipantId("ben"), "left"
    )


def test_audio_positions_reach_everybody_but_their_speaker():
    meeting = new_meeting()
    join(meeting, "anna")
    join(meeting, "ben")
    voice = publish(meeting, "anna", "microphone")
    events = meeting.handle_speakers([voice, None, None, None], [(voice, 30)])
    assert SpeakersChanged(((ParticipantId("anna"), voice, 30),)) in events
    assert SlotsChanged(ParticipantId("ben"), {SlotId("a0"): voice}) in events
    assert meeting.member(ParticipantId("anna")).carried[SlotId("a0")] is None


def test_a_source_is_published_once_and_only_when_granted():
    meeting = new_meeting()
    join(meeting, "anna", grants=frozenset({"camera"}))
    publish(meeting, "anna")
    assert meeting.handle_publish(ParticipantId("anna"), Mid("camera"), "camera", False) == []
    with pytest.raises(ConflictError):
        meeting.handle_publish(ParticipantId("anna"), Mid("other"), "camera", False)
    with pytest.raises(NotGrantedError):
        meeting.handle_publish(ParticipantId("anna"), Mid("2"), "screen", False)


def test_leaving_takes_tracks_out_of_everybodys_slots():
    meeting = new_meeting()
    join(meeting, "anna")
    join(meeting, "ben")
    publish(meeting, "anna")
    events = meeting.handle_leave(ParticipantId("anna"), "left")
    assert events[0] == ParticipantLeft(ParticipantId("anna"), "left")
    assert carried(meeting, "ben") == [None, None]
    assert meeting.handle_leave(ParticipantId("anna"), "left") == []


def test_only_moderators_mute_and_remove_others():
    meeting = new_meeting()
    join(meeting, "anna", moderates=True)
    join(meeting, "ben")
    voice = publish(meeting, "ben", "microphone")
    anna, ben = ParticipantId("anna"), ParticipantId("ben")
    with pytest.raises(NotGrantedError):
        meeting.handle_moderate_mute(ben, anna, None)
    assert TrackMuted(ben, voice, True, anna) in meeting.handle_moderate_mute(anna, ben, None)
    with pytest.raises(NotGrantedError):
        meeting.handle_moderate_remove(ben, anna)
    assert ParticipantRemoved(ben, "removed") in meeting.handle_moderate_remove(anna, ben)


def test_chat_keeps_what_late_joiners_see_but_nothing_private():
    meeting = new_meeting()
    join(meeting, "anna")
    join(meeting, "ben")
    for number in range(CHAT_HISTORY + 5):
        meeting.handle_chat(ParticipantId("anna"), str(number), NOW)
    private = meeting.handle_chat(ParticipantId("anna"), "psst", NOW, ParticipantId("ben"))
    assert isinstance(private[0], ChatSent)
    assert [message.text for message in meeting.chat] == [str(n) for n in range(5, CHAT_HISTORY + 5)]
    with pytest.raises(NotFoundError):
        meeting.handle_chat(ParticipantId("anna"), "x", NOW, ParticipantId("nobody"))


class MeetingMachine(RuleBasedStateMachine):
    """Any order of inputs keeps the state whole."""

    people = Bundle("people")
    tracks = Bundle("tracks")

    def __init__(self):
        super().__init__()
        self.meeting = new_meeting()
        self.numbers = count(1)
        self.wanted: dict[str, bool] = {}
        self.shown: dict[tuple[str, str], str | None] = {}

    def note(self, events):
        for event in events:
            if isinstance(event, DemandChanged):
                assert self.wanted.get(event.track, True) != event.is_wanted
                self.wanted[event.track] = event.is_wanted
            if isinstance(event, SlotsChanged):
                for slot, track in event.track_by_slot.items():
                    assert self.shown.get((event.to, slot)) != track, "only what changed is told"
                    self.shown[event.to, slot] = track

    @rule(target=people, slots=st.integers(0, 3))
    def come(self, slots):
        name = f"p{next(self.numbers)}"
        self.note(join(self.meeting, name, slots=slots, moderates=True))
        return name

    @rule(name=consumes(people))
    def go(self, name):
        self.note(self.meeting.handle_leave(ParticipantId(name), "left"))
        self.shown = {key: track for key, track in self.shown.items() if key[0] != name}

    @rule(target=tracks, name=people, source=st.sampled_from(sorted(SOURCES)), muted=st.booleans())
    def publish(self, name, source, muted):
        self.note(self.meeting.handle_publish(ParticipantId(name), Mid(source), source, muted))
        tracks = self.meeting.member(ParticipantId(name)).track_by_id.values()
        return name, next(track.id for track in tracks if track.source == source)

    @rule(owned=consumes(tracks))
    def unpublish(self, owned):
        name, track = owned
        if name in self.meeting.participant_by_id and track in self.meeting.member(name).track_by_id:
            self.note(self.meeting.handle_unpublish(name, track))

    @rule(owned=tracks, muted=st.booleans())
    def mute(self, owned, muted):
        name, track = owned
        if name in self.meeting.participant_by_id and track in self.meeting.member(name).track_by_id:
            self.note(self.meeting.handle_mute(name, track, muted))

    @rule(name=people, owned=tracks, target_word=st.sampled_from(["speaker", "screen", None, "track"]))
    def assign(self, name, owned, target_word):
        member = self.meeting.member(ParticipantId(name))
        if member.video_slots:
            target = owned[1] if target_word == "track" else target_word
            self.note(self.meeting.handle_assign(member.id, member.video_slots[0], Wish(target)))

    @rule(owned=st.lists(tracks, max_size=4, unique=True))
    def speak(self, owned):
        found = [track for _, track in owned]
        self.note(self.meeting.handle_speakers(found, [(track, 30) for track in found]))

    @invariant()
    def slots_carry_others_tracks_that_exist(self):
        owner = {track.id: track.participant for track in self.meeting.tracks()}
        for member in self.meeting.participant_by_id.values():
            for slot, track in member.carried.items():
                assert track is None or owner[track] != member.id
                assert self.shown.get((member.id, slot)) == track

    @invariant()
    def publishers_know_whether_they_are_watched(self):
        members = self.meeting.participant_by_id.values()
        carried = {track for member in members for track in member.carried.values()}
        for track in self.meeting.tracks():
            if track.kind == "video":
                assert self.wanted.get(track.id, True) == (track.id in carried)


TestMeetingMachine = MeetingMachine.TestCase
TestMeetingMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
