"""Node messages, formatted: events of a meeting as the JSON objects of protocol/signaling.schema.json.

The number is added by the session that sends them.
"""

from collections.abc import Sequence
from typing import Any

from media_node.errors import ClientError
from media_node.meetings.codecs import SharedCodecs
from media_node.meetings.events import (
    CaptionerChanged,
    CaptionWritten,
    ChatRepeated,
    ChatSent,
    CodecsChanged,
    Event,
    HandChanged,
    LayersWanted,
    LinksChanged,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantRemoved,
    ReactionSent,
    RecordingChanged,
    ShareAnswered,
    ShareAsked,
    SlotLimit,
    SlotsChanged,
    SlotsLimited,
    SpeakersChanged,
    TrackMuted,
    TrackPublished,
    TrackUnpublished,
    UnmuteAsked,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Caption, ChatMessage, Participant, RecordingNotice, Track
from media_node.quantities import ParticipantId, SlotId, format_time
from media_node.signaling.messages import AnyClientMessage, Moderate

Json = dict[str, Any]


def format_joined(
    meeting: Meeting, recipient: Participant, secret: str, *, resumed: bool, answer: str | None
) -> Json:
    """Everything a client has to know when it comes, or comes back."""
    slots = [
        *(
            {"slot": slot, "kind": "audio", "track": recipient.carried[slot]}
            for slot in recipient.audio_slots
        ),
        *(
            {"slot": slot, "kind": "video", "track": recipient.carried[slot]}
            for slot in recipient.video_slots
        ),
    ]
    members = [format_participant(one, recipient.id) for one in meeting.participant_by_id.values()]
    message: Json = {
        "type": "joined",
        "participant": {
            "id": recipient.id,
            "displayName": recipient.display_name,
            "role": recipient.role,
        },
        "meeting": {"id": meeting.id},
        "resumeSecret": secret,
        "resumed": resumed,
        "roster": {"version": meeting.version, "participants": members},
        "slots": slots,
        "messages": [_chat_line(one) for one in meeting.chat.history],
        "captions": [_caption(one) for one in meeting.captions.history],
        "codecs": _codecs(meeting.shared_codecs),
        "recording": _recording(meeting.recording) if meeting.recording is not None else None,
    }
    return message if answer is None else {**message, "answer": answer}


def format_participant(participant: Participant, recipient: ParticipantId | None) -> Json:
    tracks = [format_track(track, recipient) for track in participant.track_by_id.values()]
    return {
        "id": participant.id,
        "displayName": participant.display_name,
        "role": participant.role,
        **_hand(participant.hand_number),
        "joinedAt": format_time(participant.joined_at),
        "tracks": tracks,
        **({"captioner": True} if participant.is_captioner else {}),
    }


def _hand(number: int | None) -> Json:
    return {"hand": False} if number is None else {"hand": True, "handNumber": number}


def format_track(track: Track, recipient: ParticipantId | None) -> Json:
    """A track; its m-line is its publisher's business alone."""
    shown: Json = {"id": track.id, "source": track.source, "kind": track.kind, "muted": track.is_muted}
    if track.is_paused:
        shown["paused"] = True
    return {**shown, "mid": track.mid} if track.participant == recipient else shown


def format_roster(version: int, changes: Sequence[Json]) -> Json:
    return {"type": "roster", "version": version, "changes": list(changes)}


def format_change(event: Event, recipient: ParticipantId | None) -> Json | None:
    """The roster change of an event as `recipient` sees it, None for anybody it is not about.

    Events that are not about the roster have no change.
    """
    match event:
        case ParticipantJoined(participant):
            return {"op": "participantJoined", "participant": format_participant(participant, recipient)}
        case ParticipantLeft(participant, reason):
            return {"op": "participantLeft", "participant": participant, "reason": reason}
        case HandChanged(participant, number):
            return {"op": "participantChanged", "participant": participant, **_hand(number)}
        case CaptionerChanged(participant, is_captioner):
            return {"op": "participantChanged", "participant": participant, "captioner": is_captioner}
        case ParticipantChanged(participant, role, name):
            named = {"role": role, "displayName": name}
            return {"op": "participantChanged", "participant": participant, **named}
        case TrackPublished(track):
            shown = format_track(track, recipient)
            return {"op": "trackPublished", "participant": track.participant, "track": shown}
        case TrackUnpublished(participant, track):
            return {"op": "trackUnpublished", "participant": participant, "track": track}
        case TrackMuted():
            return _track_muted(event)
        case _:
            return None


def _track_muted(event: TrackMuted) -> Json:
    change: Json = {
        "op": "trackMuted",
        "participant": event.participant,
        "track": event.track,
        "muted": event.is_muted,
    }
    paused = {"paused": True} if event.is_paused else {}
    outside = {"fromOutside": True} if event.is_from_outside else {}
    return {**change, **paused, **outside, **({} if event.by is None else {"by": event.by})}


def format_event(event: Event) -> Json | None:
    """The message of an event, None for those of the roster."""
    match event:
        case SlotsChanged(_, track_by_slot):
            slots = [{"slot": slot, "track": track} for slot, track in track_by_slot.items()]
            return {"type": "slots", "slots": slots}
        case SlotsLimited(_, limit_by_slot):
            limits = [_slot_limit(slot, limit) for slot, limit in limit_by_slot.items()]
            return {"type": "slots", "slots": limits}
        case LayersWanted(_, track, wanted, best_scale):
            smaller = {} if best_scale == 1.0 else {"bestScaleDownBy": best_scale}
            return {"type": "layers", "track": track, "wanted": wanted, **smaller}
        case CodecsChanged(codecs):
            return {"type": "codecs", **_codecs(codecs)}
        case SpeakersChanged(speakers):
            loudest = [{"participant": who, "track": track, "level": level} for who, track, level in speakers]
            return {"type": "speakers", "speakers": loudest}
        case LinksChanged(words, is_all):
            links = [{"participant": who, **_link(word)} for who, word in words]
            return {"type": "links", "links": links, **({"complete": True} if is_all else {})}
        case ChatSent(message) | ChatRepeated(message):
            return {"type": "message", **_chat_line(message)}
        case ReactionSent(sender, reaction):
            return {"type": "reaction", "from": sender, "reaction": reaction}
        case CaptionWritten(caption):
            return {"type": "caption", **_caption(caption)}
        case UnmuteAsked(_, by):
            return {"type": "unmuteAsked", "by": by}
        case ShareAsked(_, asker):
            return {"type": "shareAsked", "participant": asker}
        case ShareAnswered(_, asker, is_allowed, by):
            return {"type": "shareAnswered", "participant": asker, "allowed": is_allowed, "by": by}
        case RecordingChanged(recording):
            return {"type": "recording", **_recording(recording)}
        case ParticipantRemoved(_, reason):
            return format_removed(reason)
        case _:
            return None


def _link(word: str) -> Json:
    return {"quality": "downlink", "paused": True} if word == "downlinkPaused" else {"quality": word}


def _slot_limit(slot: SlotId, limit: SlotLimit) -> Json:
    shown: Json = {"slot": slot, "track": limit.track, "paused": limit.is_paused}
    return shown if limit.limitation is None else {**shown, "reason": limit.limitation}


def format_removed(reason: str) -> Json:
    return {"type": "removed", "reason": reason}


def format_answer(correlation_id: int, sdp: str) -> Json:
    return {"type": "answer", "id": correlation_id, "sdp": sdp}


def format_quality(packets_lost: int, packets_received: int, rtt_ms: float | None, verdict: str) -> Json:
    uplink = {"packetsLost": packets_lost, "packetsReceived": packets_received}
    message: Json = {"type": "quality", "uplink": uplink, "verdict": _link(verdict)["quality"]}
    return message if rtt_ms is None else {**message, "rttMs": rtt_ms}


def format_error(error: ClientError, request: AnyClientMessage | None = None) -> Json:
    """What was wrong, and with which message; None where that could not be read."""
    message: Json = {"type": "error", "code": error.code, "message": str(error)}
    if request is None:
        return message
    named = {"action": request.action} if isinstance(request, Moderate) else {}
    message["request"] = {"type": request.type, **named}
    return message if request.id is None else {**message, "id": request.id}


def _recording(recording: RecordingNotice) -> Json:
    notice: Json = {
        "recordingId": recording.id,
        "state": recording.state,
        "startedAt": format_time(recording.started_at),
    }
    return notice if recording.reason is None else {**notice, "reason": recording.reason}


def _codecs(codecs: SharedCodecs) -> Json:
    return {"decodable": list(codecs.decodable), "efficient": list(codecs.efficient)}


def _caption(caption: Caption) -> Json:
    return {
        "from": caption.speaker,
        "displayName": caption.display_name,
        "line": caption.line,
        "text": caption.text,
        "final": caption.is_final,
        "at": format_time(caption.said_at),
    }


def _chat_line(message: ChatMessage) -> Json:
    line: Json = {
        "id": message.id,
        "from": message.sender,
        "displayName": message.display_name,
        "text": message.text,
        "at": format_time(message.sent_at),
    }
    to = {} if message.to is None else {"to": message.to}
    return {**line, **to, **({} if message.key is None else {"key": message.key})}
