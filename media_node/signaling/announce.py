"""Who is told of an event: everybody, or whom it concerns. What many are told is formatted once."""

from collections.abc import Mapping, Sequence

from media_node.meetings.events import (
    ChatRepeated,
    ChatSent,
    Event,
    LayersWanted,
    ParticipantRemoved,
    ShareAnswered,
    ShareAsked,
    SlotsChanged,
    SlotsLimited,
    TrackPublished,
    UnmuteAsked,
)
from media_node.meetings.meeting import Meeting
from media_node.quantities import ParticipantId
from media_node.signaling.format import format_change, format_event, format_roster
from media_node.signaling.session import Seat, encode


def announce(
    meeting: Meeting,
    seats: Mapping[ParticipantId, Seat],
    events: Sequence[Event],
    newcomer: ParticipantId | None = None,
) -> None:
    """Tell the seats of a meeting what happened: senders what to send, its roster, then the rest in order.

    Who leaves is not told of its own leaving, nor of anything after. A newcomer is told everything when it
    is welcomed.
    """
    if not events:
        return
    audience = [
        seat
        for participant, seat in seats.items()
        if participant != newcomer and meeting.receiver(participant) is not None
    ]
    # An encoder takes as long to begin as a client takes to draw somebody who has come.
    first, rest = _split_first(events)
    _announce_in_order(meeting, seats, audience, first)
    _announce_roster(meeting, audience, events)
    _announce_in_order(meeting, seats, audience, rest)


def _split_first(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """What senders are to send, and the rest: of a track that is new they know by the roster alone."""
    new = {event.track.id for event in events if isinstance(event, TrackPublished)}
    first: list[Event] = []
    rest: list[Event] = []
    for event in events:
        is_first = isinstance(event, LayersWanted) and event.track not in new
        (first if is_first else rest).append(event)
    return first, rest


def _announce_in_order(
    meeting: Meeting, seats: Mapping[ParticipantId, Seat], audience: Sequence[Seat], events: Sequence[Event]
) -> None:
    here = {seat.participant for seat in audience}
    texts: dict[object, str] = {}
    for event in events:
        text = _encode_once(texts, event)
        if text is None:
            continue
        concerned = _concerned(event)
        if concerned is None:
            for seat in audience:
                seat.session.tell_encoded(text)
            continue
        for participant in concerned:
            told = seats.get(participant)
            if told is not None and (participant in here or isinstance(event, ParticipantRemoved)):
                told.session.tell_encoded(text)


def _announce_roster(meeting: Meeting, audience: Sequence[Seat], events: Sequence[Event]) -> None:
    text = _roster_text(meeting, events, None)
    if text is None:
        return
    # Publishers are told the m-lines of their own tracks.
    own = {event.track.participant for event in events if isinstance(event, TrackPublished)}
    for seat in audience:
        seen = _roster_text(meeting, events, seat.participant) if seat.participant in own else text
        seat.session.tell_encoded(seen or text)


def _roster_text(meeting: Meeting, events: Sequence[Event], recipient: ParticipantId | None) -> str | None:
    changes = [change for event in events if (change := format_change(event, recipient)) is not None]
    return encode(format_roster(meeting.version, changes)) if changes else None


def _concerned(event: Event) -> Sequence[ParticipantId] | None:
    """Whom an event concerns, None for everybody."""
    match event:
        case SlotsChanged() | SlotsLimited() | LayersWanted() | UnmuteAsked() | ParticipantRemoved():
            return (event.to,)
        case ShareAsked() | ShareAnswered():
            return event.to
        case ChatRepeated(message):
            return (message.sender,)
        case ChatSent(message) if message.to is not None:
            return tuple(dict.fromkeys((message.sender, message.to)))
        case _:
            return None


def _encode_once(texts: dict[object, str], event: Event) -> str | None:
    """The message of an event: a new speaker, or a node short of CPU, changes the same slots of many."""
    key = _key_of(event)
    if key is not None and key in texts:
        return texts[key]
    message = format_event(event)
    if message is None:
        return None
    text = encode(message)
    if key is not None:
        texts[key] = text
    return text


def _key_of(event: Event) -> object | None:
    """What is the same of events whose messages are; None for those that are alone."""
    match event:
        case SlotsChanged(_, track_by_slot):
            return SlotsChanged, tuple(track_by_slot.items())
        case SlotsLimited(_, limit_by_slot):
            return SlotsLimited, tuple(limit_by_slot.items())
        case _:
            return None
