"""A live meeting's state machine."""

from contextlib import suppress
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from media_node.errors import ConflictError, NotFoundError, NotGrantedError, ScreenTakenError
from media_node.meetings import moderation
from media_node.meetings.chat import CHAT_HISTORY
from media_node.meetings.events import (
    ChatRepeated,
    ChatSent,
    HandChanged,
    ParticipantChanged,
    ParticipantLeft,
    ParticipantRemoved,
    SlotsChanged,
    SpeakersChanged,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import InitialTrack, Participant, Standing, Wish
from media_node.quantities import MeetingId, Mid, ParticipantId, SlotId, TrackId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = frozenset({"microphone", "camera", "screen"})
HEARD = frozenset({"microphone", "screen_audio"})


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


def test_who_comes_with_a_camera_and_a_screen_changes_each_ones_slots_once():
    meeting = new_meeting()
    join(meeting, "anna")
    tracks = [InitialTrack(source, source, False) for source in ("camera", "screen")]
    events = meeting.handle_join(participant("ben"), tracks)
    camera, screen = [event.track.id for event in events if isinstance(event, TrackPublished)]
    assert [event.track_by_slot for event in events if isinstance(event, SlotsChanged)] == [
        {SlotId("v0"): screen, SlotId("v1"): camera}
    ]


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


def test_everybody_but_the_moderator_is_muted_once():
    meeting = new_meeting()
    voices = {}
    for name in ("anna", "ben", "cleo"):
        join(meeting, name)
        voices[name] = publish(meeting, name, "microphone")
        publish(meeting, name, "camera")
    cleo = ParticipantId("cleo")
    muted = moderation.handle_mute_sources(meeting, None, cleo, HEARD)
    told = [event for event in muted if isinstance(event, TrackMuted)]
    assert told == [TrackMuted(ParticipantId(name), voices[name], True, cleo) for name in ("anna", "ben")]
    assert moderation.handle_mute_sources(meeting, None, cleo, HEARD) == []
    assert moderation.handle_mute_sources(meeting, ParticipantId("nobody"), None, HEARD) == []
    assert any(
        isinstance(event, TrackMuted) for event in moderation.handle_mute_sources(meeting, cleo, None, HEARD)
    )


def test_a_host_stops_a_camera_or_a_share_which_its_owner_may_start_again():
    meeting = new_meeting()
    join(meeting, "host", moderates=True)
    join(meeting, "anna")
    host, anna = ParticipantId("host"), ParticipantId("anna")
    voice, camera, screen = (publish(meeting, "anna", one) for one in ("microphone", "camera", "screen"))
    told = [
        one
        for one in moderation.handle_mute_sources(meeting, anna, host, {"camera"})
        if isinstance(one, TrackMuted)
    ]
    assert told == [TrackMuted(anna, camera, True, host)]
    assert TrackMuted(anna, screen, True, host) in moderation.handle_mute(meeting, host, anna, screen)
    assert not meeting.member(anna).track_by_id[voice].is_muted
    assert TrackMuted(anna, camera, False, None) in meeting.handle_mute(anna, camera, False)


def test_a_picture_that_its_publishers_link_does_not_carry_is_told_once_and_keeps_its_place():
    meeting = new_meeting()
    for name in ("anna", "viewer"):
        join(meeting, name)
    anna, camera = ParticipantId("anna"), publish(meeting, "anna")
    before = meeting.version
    assert meeting.handle_mute(anna, camera, False, is_paused=True) == [
        TrackMuted(anna, camera, False, None, is_paused=True)
    ]
    assert meeting.handle_mute(anna, camera, False) == []
    assert carried(meeting, "viewer") == [camera, None]
    muted = meeting.handle_mute(anna, camera, True)
    assert TrackMuted(anna, camera, True, None, is_paused=True) in muted
    on = meeting.handle_mute(anna, camera, False, is_paused=False)
    assert TrackMuted(anna, camera, False, None) in on
    assert meeting.version == before + 3


def test_a_new_role_ends_what_it_does_not_grant():
    meeting = new_meeting()
    for name in ("anna", "ben"):
        join(meeting, name, moderates=True)
    anna = ParticipantId("anna")
    camera = publish(meeting, "anna")
    viewer = Standing("viewer", "Anna", frozenset(), False)
    events = moderation.handle_standing(meeting, anna, viewer)
    assert ParticipantChanged(anna, "viewer", "Anna") in events
    assert TrackUnpublished(anna, camera) in events
    assert moderation.handle_standing(meeting, anna, viewer) == []
    assert moderation.handle_standing(meeting, ParticipantId("nobody"), viewer) == []
    with pytest.raises(NotGrantedError):
        publish(meeting, "anna")
    with pytest.raises(NotGrantedError):
        moderation.handle_mute(meeting, anna, ParticipantId("ben"), None)


def test_who_is_renamed_said_what_was_said_under_the_name_of_before():
    meeting = new_meeting()
    join(meeting, "anna")
    anna = ParticipantId("anna")
    meeting.handle_chat(anna, "before", NOW)
    named = Standing("participant", "Anna K.", SOURCES, may_moderate=False)
    assert moderation.handle_standing(meeting, anna, named) == [
        ParticipantChanged(anna, "participant", "Anna K.")
    ]
    meeting.handle_chat(anna, "after", NOW)
    assert [(one.display_name, one.text) for one in meeting.chat.history] == [
        ("Anna", "before"),
        ("Anna K.", "after"),
    ]


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


def test_of_those_who_talk_at_once_the_one_told_first_has_the_speakers_slot_however_loud():
    meeting = new_meeting()
    for name in ("anna", "ben", "viewer"):
        join(meeting, name)
    cameras = {name: publish(meeting, name) for name in ("anna", "ben")}
    anna, ben = (publish(meeting, name, "microphone") for name in ("anna", "ben"))
    meeting.handle_assign(ParticipantId("viewer"), SlotId("v0"), Wish("speaker"))
    for speakers, expected in (
        ([(anna, 30)], "anna"),
        ([(anna, 30), (ben, 20)], "anna"),
        ([(ben, 22), (anna, 30)], "ben"),
        ([(ben, 28), (anna, 25)], "ben"),
        ([], "ben"),
        ([(anna, 40)], "anna"),
    ):
        meeting.handle_speakers([], speakers)
        assert carried(meeting, "viewer")[0] == cameras[expected]


def test_where_a_track_is_carried_is_known():
    meeting = new_meeting()
    for name in ("anna", "ben", "cleo"):
        join(meeting, name)
    camera = publish(meeting, "anna")
    places = {(ParticipantId("ben"), SlotId("v0")), (ParticipantId("cleo"), SlotId("v0"))}
    assert set(meeting.places_of(camera)) == places
    meeting.handle_leave(ParticipantId("cleo"), "left")
    meeting.handle_assign(ParticipantId("ben"), SlotId("v0"), Wish(None))
    assert meeting.places_of(camera) == []


def test_slots_of_another_offer_keep_what_they_can():
    meeting = new_meeting()
    for name in ("anna", "ben", "viewer"):
        join(meeting, name)
    anna, ben = publish(meeting, "anna"), publish(meeting, "ben")
    viewer = ParticipantId("viewer")
    meeting.handle_assign(viewer, SlotId("v1"), Wish("speaker"))
    slots = [SlotId("v1"), SlotId("v2")]
    assert meeting.handle_slots(viewer, [], slots) == []
    assert carried(meeting, "viewer") == [anna, None]
    voice = publish(meeting, "ben", "microphone")
    meeting.handle_speakers([], [(voice, 20)])
    assert carried(meeting, "viewer") == [ben, None]


def test_audio_positions_reach_everybody_but_their_speaker():
    meeting = new_meeting()
    join(meeting, "anna")
    join(meeting, "ben")
    voice = publish(meeting, "anna", "microphone")
    events = meeting.handle_speakers([voice, None, None, None], [(voice, 30)])
    assert SpeakersChanged(((ParticipantId("anna"), voice, 30),)) in events
    assert SlotsChanged(ParticipantId("ben"), {SlotId("a0"): voice}) in events
    assert meeting.member(ParticipantId("anna")).carried[SlotId("a0")] is None


def test_silence_is_told_once_however_often_positions_change():
    meeting = new_meeting()
    join(meeting, "anna")
    voice = publish(meeting, "anna", "microphone")
    assert meeting.handle_speakers([voice, None, None, None], []) == []
    assert meeting.handle_speakers([None, voice, None, None], [(voice, 30)]) != []
    assert SpeakersChanged(()) in meeting.handle_speakers([None, voice, None, None], [])
    assert meeting.handle_speakers([voice, None, None, None], []) == []


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
        moderation.handle_mute(meeting, ben, anna, None)
    assert TrackMuted(ben, voice, True, anna) in moderation.handle_mute(meeting, anna, ben, None)
    with pytest.raises(NotGrantedError):
        moderation.handle_remove(meeting, ben, anna)
    assert ParticipantRemoved(ben, "removed") in moderation.handle_remove(meeting, anna, ben)


def test_chat_keeps_what_late_joiners_see_but_nothing_private():
    meeting = new_meeting()
    join(meeting, "anna")
    join(meeting, "ben")
    for number in range(CHAT_HISTORY + 5):
        meeting.handle_chat(ParticipantId("anna"), str(number), NOW)
    private = meeting.handle_chat(ParticipantId("anna"), "psst", NOW, ParticipantId("ben"))
    assert isinstance(private[0], ChatSent)
    assert [message.text for message in meeting.chat.history] == [str(n) for n in range(5, CHAT_HISTORY + 5)]
    with pytest.raises(NotFoundError):
        meeting.handle_chat(ParticipantId("anna"), "x", NOW, ParticipantId("nobody"))


def test_hands_stand_in_the_order_in_which_they_were_raised():
    meeting = new_meeting()
    for name in ("anna", "ben"):
        join(meeting, name)
    anna, ben = ParticipantId("anna"), ParticipantId("ben")
    members = meeting.participant_by_id
    assert len(meeting.handle_hand(ben, True)) == 1
    meeting.handle_hand(anna, True)
    assert meeting.handle_hand(ben, True) == []
    assert [members[one].hand_number for one in (ben, anna)] == [1, 2]
    meeting.handle_hand(ben, False)
    meeting.handle_hand(ben, True)
    assert [members[one].hand_number for one in (anna, ben)] == [2, 3]


def test_a_moderator_lowers_one_hand_or_all_and_nobody_else_does():
    meeting = new_meeting()
    join(meeting, "host", moderates=True)
    for name in ("anna", "ben", "cleo"):
        join(meeting, name)
        meeting.handle_hand(ParticipantId(name), True)
    host, anna, ben = (ParticipantId(name) for name in ("host", "anna", "ben"))
    for one in (ben, None):
        with pytest.raises(NotGrantedError):
            moderation.handle_lower_hand(meeting, anna, one)
    assert moderation.handle_lower_hand(meeting, host, ben) == [HandChanged(ben, None)]
    assert moderation.handle_lower_hand(meeting, host, ben) == []
    lowered = moderation.handle_lower_hand(meeting, host, None)
    assert lowered == [HandChanged(one, None) for one in (anna, ParticipantId("cleo"))]
    with pytest.raises(NotFoundError):
        moderation.handle_lower_hand(meeting, host, ParticipantId("nobody"))


def test_a_message_that_comes_again_is_sent_once():
    meeting = new_meeting()
    for name in ("anna", "ben"):
        join(meeting, name)
    anna, ben = ParticipantId("anna"), ParticipantId("ben")
    for to in (None, ben):
        [sent] = meeting.handle_chat(anna, "hello", NOW, to, f"k-{to}")
        assert isinstance(sent, ChatSent)
        assert meeting.handle_chat(anna, "hello", NOW, to, f"k-{to}") == [ChatRepeated(sent.message)]
    assert len(meeting.chat.history) == 1
    # Keys are each sender's own, and without one the same words are another message.
    others = [meeting.handle_chat(ben, "hello", NOW, None, "k-None"), meeting.handle_chat(anna, "hello", NOW)]
    assert all(isinstance(event, ChatSent) for [event] in others)


class MeetingMachine(RuleBasedStateMachine):
    """Any order of inputs keeps the state whole."""

    people = Bundle("people")
    tracks = Bundle("tracks")

    def __init__(self):
        super().__init__()
        self.meeting = new_meeting()
        self.numbers = count(1)
        self.shown: dict[tuple[str, str], str | None] = {}

    def note(self, events):
        for event in events:
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
        try:
            self.note(self.meeting.handle_publish(ParticipantId(name), Mid(source), source, muted))
        except ScreenTakenError:
            return multiple()
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
            with suppress(ScreenTakenError):
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

    @rule(name=people, video=st.lists(st.integers(0, 4), max_size=4, unique=True))
    def offer_again(self, name, video):
        slots = [SlotId(f"v{number}") for number in video]
        member = self.meeting.member(ParticipantId(name))
        self.note(self.meeting.handle_slots(member.id, member.audio_slots, slots))
        here = {(member.id, slot) for slot in [*member.audio_slots, *slots]}
        self.shown = {key: track for key, track in self.shown.items() if key[0] != name or key in here}

    def tracks_here(self) -> list:
        members = self.meeting.participant_by_id.values()
        return sorted((t for member in members for t in member.track_by_id.values()), key=lambda t: t.order)

    @invariant()
    def one_screen_is_shared_at_a_time(self):
        assert len([t for t in self.tracks_here() if t.source == "screen" and not t.is_muted]) <= 1

    @invariant()
    def slots_carry_others_tracks_that_exist(self):
        owner = {track.id: track.participant for track in self.tracks_here()}
        for member in self.meeting.participant_by_id.values():
            for slot, track in member.carried.items():
                assert track is None or owner[track] != member.id
                assert self.shown.get((member.id, slot)) == track

    @invariant()
    def slots_carry_what_looking_at_everything_would_choose(self):
        for member in self.meeting.participant_by_id.values():
            others = [t for t in self.tracks_here() if t.kind == "video" and t.participant != member.id]
            spoke = {one.id: one.spoke for one in self.meeting.participant_by_id.values()}
            shown = sorted((t for t in others if not t.is_muted), key=lambda t: -spoke[t.participant])
            screens = [t for t in shown if t.source == "screen"]
            cameras = [t for t in shown if t.source == "camera"]
            if member.wish_by_slot is None:
                wanted = [t.id for t in [*screens, *cameras]][: len(member.video_slots)]
                carried_now = [member.carried[slot] for slot in member.video_slots]
                assert sorted(one for one in carried_now if one) == sorted(wanted)
                continue
            latest = sorted(screens, key=lambda t: -t.order)
            by_word = {"speaker": cameras[:1], "screen": latest[:1]}
            for slot in member.video_slots:
                target = (member.wish_by_slot.get(slot) or Wish(None)).target
                named = by_word.get(target or "", [t for t in others if t.id == target])
                assert member.carried[slot] == (named[0].id if named else None)

    @invariant()
    def it_is_known_where_each_track_is_carried(self):
        members = self.meeting.participant_by_id.values()
        for track in self.tracks_here():
            places = {(m.id, slot) for m in members for slot, held in m.carried.items() if held == track.id}
            assert set(self.meeting.places_of(track.id)) == places


TestMeetingMachine = MeetingMachine.TestCase
TestMeetingMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
