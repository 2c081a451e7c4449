"""Client messages against the contract, node messages against the schema."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.errors import ClientError, MalformedError, NotFoundError, TooLargeError
from media_node.meetings import events, moderation
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Caption, ChatMessage, Participant
from media_node.quantities import Instant, MeetingId, Mid, ParticipantId, SlotId, new_identifier
from media_node.signaling import format as outgoing
from media_node.signaling.messages import MAX_MESSAGE_CHARS, parse_message

PROTOCOL = Path(__file__).parents[3] / "protocol"
SCHEMA = json.loads((PROTOCOL / "signaling.schema.json").read_text())
CLIENT = sorted((PROTOCOL / "examples/client").glob("*.json"))
INVALID_CLIENT = sorted((PROTOCOL / "examples/invalid").glob("client-*.json"))
NODE = sorted((PROTOCOL / "examples/node").glob("*.json"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def check(message: dict, union: str = "fromNode") -> None:
    jsonschema.validate(message, {**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{union}"}]})


@pytest.mark.parametrize("path", CLIENT, ids=lambda path: path.stem)
def test_takes_every_example_of_the_contract(path):
    text = path.read_text()
    check(json.loads(text), "fromClient")
    assert parse_message(text).type == json.loads(text)["type"]


@pytest.mark.parametrize("path", INVALID_CLIENT, ids=lambda path: path.stem)
def test_refuses_every_example_that_breaks_the_contract(path):
    with pytest.raises(MalformedError):
        parse_message(path.read_text())


@pytest.mark.parametrize("path", NODE, ids=lambda path: path.stem)
def test_the_nodes_examples_are_of_the_contract(path):
    check(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", '"x"', "{}", '{"type":5}', '{"type":"\\ud800"}', "NaN"]
)
def test_names_what_is_not_a_message(text):
    with pytest.raises(MalformedError):
        parse_message(text)


def test_refuses_what_is_too_long():
    with pytest.raises(TooLargeError):
        parse_message(json.dumps({"type": "stats", "report": {"x": "y" * MAX_MESSAGE_CHARS}}))
    with pytest.raises(TooLargeError):
        parse_message(" " * 1_000_000)


@given(st.text(max_size=200))
def test_arbitrary_text_is_a_clients_error(text):
    with pytest.raises(ClientError):
        parse_message(text)


def busy_meeting() -> tuple[Meeting, Participant]:
    meeting = Meeting(MeetingId(new_identifier("mtg_")), 1, new_identifier)
    people = [_person("Anna"), _person("Ben")]
    for one in people:
        meeting.handle_join(one)
        meeting.handle_publish(one.id, Mid("1"), "camera", False)
        meeting.handle_publish(one.id, Mid("0"), "microphone", True)
    meeting.handle_chat(people[0].id, "hello", NOW)
    people[0].may_moderate = True
    meeting.handle_caption(people[0].id, 1, "Good morning", True, NOW, Instant(0.0))
    moderation.handle_captions(meeting, people[0].id, people[1].id, True)
    return meeting, people[1]


def _person(name: str) -> Participant:
    grants = frozenset({"camera", "microphone"})
    slots = [SlotId("4"), SlotId("5")]
    identifier = ParticipantId(new_identifier("par_"))
    return Participant(identifier, name, "participant", NOW, grants, True, True, slots[:1], slots[1:])


def numbered(message: dict | None) -> dict:
    assert message is not None
    return json.loads(json.dumps({**message, "number": 1}))


def test_joined_is_of_the_contract_and_shows_m_lines_to_their_owner_alone():
    meeting, ben = busy_meeting()
    message = numbered(outgoing.format_joined(meeting, ben, "s" * 32, resumed=False, answer="v=0\r\n"))
    check(message)
    by_name = {one["displayName"]: one for one in message["roster"]["participants"]}
    assert all("mid" in track for track in by_name["Ben"]["tracks"])
    assert all("mid" not in track for track in by_name["Anna"]["tracks"])


def test_a_pause_is_shown_to_who_comes_while_it_lasts():
    _, ben = busy_meeting()
    track = next(iter(ben.track_by_id.values()))
    assert "paused" not in outgoing.format_track(track, None)
    track.is_paused = True
    assert outgoing.format_track(track, None)["paused"] is True


def test_every_event_becomes_a_message_of_the_contract():
    _, ben = busy_meeting()
    track = next(iter(ben.track_by_id.values()))
    other = ParticipantId(new_identifier("par_"))
    changes: list[events.Event] = [
        events.ParticipantJoined(ben),
        events.ParticipantLeft(other, "left"),
        events.HandChanged(other, 1),
        events.CaptionerChanged(other, True),
        events.TrackPublished(track),
        events.TrackUnpublished(ben.id, track.id),
        events.TrackMuted(ben.id, track.id, True, None),
        events.TrackMuted(ben.id, track.id, True, other),
        events.TrackMuted(ben.id, track.id, False, None, is_paused=True),
    ]
    formatted = [outgoing.format_change(event, ben.id) for event in changes]
    assert None not in formatted
    check(numbered(outgoing.format_roster(7, [one for one in formatted if one])))
    chat = ChatMessage("msg_1", other, "Anna", "hi", NOW, ben.id)
    told: list[events.Event] = [
        events.SlotsChanged(ben.id, {SlotId("5"): track.id, SlotId("4"): None}),
        events.SlotsLimited(ben.id, {SlotId("5"): events.SlotLimit(track.id, True)}),
        events.SlotsLimited(ben.id, {SlotId("5"): events.SlotLimit(track.id, False, "node")}),
        events.LayersWanted(ben.id, track.id, False),
        events.LayersWanted(ben.id, track.id, ("q", "h")),
        events.LayersWanted(ben.id, track.id, ("q", "f"), 1.5),
        events.SpeakersChanged(((ben.id, track.id, 30),)),
        events.ChatSent(chat),
        events.ReactionSent(other, "👍"),
        events.CaptionWritten(Caption(other, "Anna", 1, "Good morning", True, NOW)),
        events.ShareAsked((ben.id,), other),
        events.ShareAnswered((ben.id, other), other, True, ben.id),
        events.ParticipantRemoved(ben.id, "removed"),
    ]
    for event in told:
        assert outgoing.format_change(event, ben.id) is None
        check(numbered(outgoing.format_event(event)))
    check(numbered(outgoing.format_quality(1, 2, None, "good")))
    check(numbered(outgoing.format_error(NotFoundError("no such track"))))
    check(numbered(outgoing.format_answer(4, "v=0\r\n")))


@pytest.mark.parametrize(
    ("sent", "request_named"),
    [
        ({"type": "moderate", "action": "lowerHand"}, {"type": "moderate", "action": "lowerHand"}),
        ({"type": "reaction", "reaction": "👍"}, {"type": "reaction"}),
    ],
)
@pytest.mark.parametrize("number", [{}, {"id": 4}])
def test_an_error_names_the_message_that_it_is_about(sent, request_named, number):
    request = parse_message(json.dumps({**sent, **number}))
    message = outgoing.format_error(NotFoundError("no such participant"), request)
    check(numbered(message))
    assert message["request"] == request_named
    assert {key: message[key] for key in ("id",) if key in message} == number


def test_an_error_about_what_could_not_be_read_names_nothing():
    assert not {"id", "request"} & outgoing.format_error(NotFoundError("no such track")).keys()
