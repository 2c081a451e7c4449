"""Who is told what."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

from media_node.meetings import events
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import ChatMessage, Participant
from media_node.quantities import MeetingId, Mid, ParticipantId, SlotId, TrackId
from media_node.signaling.announce import announce
from media_node.signaling.session import Seat, Send, Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANNA, BEN, CLEO = (ParticipantId(name) for name in ("anna", "ben", "cleo"))


class Hall:
    """A meeting of three and what each has been told."""

    def __init__(self) -> None:
        numbers = count(1)
        self.meeting = Meeting(MeetingId("mtg_1"), 1, lambda prefix: f"{prefix}{next(numbers)}")
        self.seats: dict[ParticipantId, Seat] = {}
        self.told: dict[ParticipantId, list[dict]] = {}
        for name in (ANNA, BEN, CLEO):
            slots = [SlotId("1"), SlotId("2")]
            grants = frozenset({"camera"})
            member = Participant(name, name, "participant", NOW, grants, True, True, slots[:1], slots[1:])
            self.meeting.handle_join(member)
            self.seats[name] = Seat(self.meeting.id, name, Session(), True)
            self.told[name] = []
            self.seats[name].session.connect(self._listen(name))

    def _listen(self, name: ParticipantId) -> Send:
        return lambda text: self.told[name].append(json.loads(text))

    def announce(self, *happened: events.Event, newcomer: ParticipantId | None = None) -> None:
        announce(self.meeting, self.seats, happened, newcomer)

    def kinds(self, name: ParticipantId) -> list[str]:
        return [message["type"] for message in self.told[name]]


def test_everybody_is_told_of_a_new_track_and_its_publisher_of_its_m_line():
    hall = Hall()
    hall.announce(*hall.meeting.handle_publish(ANNA, Mid("7"), "camera", False))
    seen = {name: hall.told[name][0]["changes"][0]["track"] for name in hall.told}
    assert seen[ANNA]["mid"] == "7"
    assert "mid" not in seen[BEN]
    assert hall.kinds(BEN) == ["roster", "slots"]


def test_each_numbers_its_own_messages():
    hall = Hall()
    hall.announce(events.SlotsChanged(ANNA, {SlotId("1"): None}))
    hall.announce(events.HandChanged(BEN, 1))
    assert [message["number"] for message in hall.told[ANNA]] == [1, 2]
    assert [message["number"] for message in hall.told[BEN]] == [1]


def test_what_concerns_one_is_told_to_one():
    hall = Hall()
    track = TrackId("trk_1")
    hall.announce(
        events.SlotsChanged(ANNA, {SlotId("2"): track}),
        events.SlotsChanged(BEN, {SlotId("2"): track}),
        events.SlotsLimited(ANNA, {SlotId("2"): events.SlotLimit(track, True, "node")}),
        events.LayersWanted(BEN, track, ("q",)),
        events.ChatSent(ChatMessage("msg_1", ANNA, "Anna", "hi", NOW, BEN)),
        events.ChatSent(ChatMessage("msg_2", ANNA, "Anna", "me", NOW, ANNA)),
    )
    assert hall.kinds(ANNA) == ["slots", "slots", "message", "message"]
    assert hall.kinds(BEN) == ["layers", "slots", "message"]
    assert hall.kinds(CLEO) == []
    assert hall.told[ANNA][1]["slots"] == [{"slot": "2", "track": track, "paused": True, "reason": "node"}]
    assert hall.told[BEN][0]["wanted"] == ["q"]


def test_a_sender_is_told_what_to_send_before_it_has_to_draw_who_has_come():
    hall = Hall()
    track = TrackId("trk_1")
    hall.announce(events.HandChanged(CLEO, 1), events.LayersWanted(ANNA, track, True))
    assert hall.kinds(ANNA) == ["layers", "roster"]


def test_a_sender_knows_a_track_before_it_is_told_its_layers():
    hall = Hall()
    published = hall.meeting.handle_publish(ANNA, Mid("7"), "camera", False)
    (track,) = [one.track.id for one in published if isinstance(one, events.TrackPublished)]
    hall.announce(*published, events.LayersWanted(ANNA, track, False))
    assert hall.kinds(ANNA) == ["roster", "layers"]


def test_who_leaves_is_told_only_why():
    hall = Hall()
    hall.announce(*hall.meeting.handle_remove(ANNA, "removed"))
    assert hall.kinds(ANNA) == ["removed"]
    assert hall.kinds(BEN) == ["roster"]


def test_a_newcomer_waits_for_its_welcome():
    hall = Hall()
    happened = [*hall.meeting.handle_publish(ANNA, Mid("7"), "camera", False)]
    hall.announce(*happened, newcomer=BEN)
    assert hall.kinds(BEN) == []
    assert hall.kinds(CLEO) == ["roster", "slots"]


def test_the_same_change_for_many_is_encoded_once_and_reads_alike():
    hall = Hall()
    changes = {SlotId("1"): TrackId("trk_9")}
    hall.announce(*(events.SlotsChanged(name, dict(changes)) for name in (ANNA, BEN, CLEO)))
    expected = {"type": "slots", "slots": [{"slot": "1", "track": "trk_9"}], "number": 1}
    assert all(hall.told[name] == [expected] for name in hall.told)
    kept = [hall.seats[name].session._kept[0][1] for name in hall.told]
    assert kept[0] is kept[1] is kept[2]


def test_who_wants_the_place_of_a_share_is_told_to_those_who_may_answer_alone():
    hall = Hall()
    hall.announce(events.ShareAsked((BEN,), ANNA))
    hall.announce(events.ShareAnswered((ANNA, BEN), ANNA, True, BEN))
    assert hall.kinds(ANNA) == ["shareAnswered"]
    assert hall.kinds(BEN) == ["shareAsked", "shareAnswered"]
    assert hall.kinds(CLEO) == []


def test_who_is_asked_to_unmute_is_told_alone():
    hall = Hall()
    hall.announce(events.UnmuteAsked(BEN, ANNA))
    assert hall.told[BEN] == [{"type": "unmuteAsked", "number": 1, "by": ANNA}]
    assert hall.kinds(ANNA) == hall.kinds(CLEO) == []


def test_everybody_but_the_newcomer_is_told_what_the_newcomer_cannot_decode():
    hall = Hall()
    newcomer = Participant(
        ParticipantId("dora"), "dora", "viewer", NOW, frozenset(), True, False, decodes={"vp8": False}
    )
    hall.announce(*hall.meeting.handle_join(newcomer), newcomer=newcomer.id)
    assert hall.told[ANNA][-1] == {"type": "codecs", "number": 2, "decodable": ["vp8"], "efficient": []}
    hall.announce(*hall.meeting.handle_leave(newcomer.id, "left"))
    assert hall.told[BEN][-1]["decodable"] == ["vp8", "h264", "vp9", "av1", "h265"]
