"""A meeting of another node as that node tells it: its tracks, and the slot that each comes through.

Pure: the node's messages (docs/signaling.md) in, tracks out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from media_node.errors import MalformedError
from media_node.quantities import KIND_BY_SOURCE, MediaKind, Mid, ParticipantId, Source, TrackId


@dataclass(frozen=True)
class RemoteTrack:
    id: TrackId
    participant: ParticipantId
    source: Source
    is_muted: bool

    @property
    def kind(self) -> MediaKind:
        return KIND_BY_SOURCE[self.source]


class RemoteMeeting:
    """What is known of the meeting since the last `joined`."""

    def __init__(self) -> None:
        self.track_by_id: dict[TrackId, RemoteTrack] = {}
        self.track_by_slot: dict[Mid, TrackId] = {}

    def handle_message(self, message: Mapping[str, Any]) -> None:
        """Take a message; those that say nothing of tracks or slots change nothing.

        Raises:
            MalformedError: It is not of the contract.
        """
        try:
            match message["type"]:
                case "joined":
                    self.track_by_id, self.track_by_slot = {}, {}
                    for participant in message["roster"]["participants"]:
                        self._take_participant(participant)
                    self._take_slots(message["slots"])
                case "roster":
                    for change in message["changes"]:
                        self._take_change(change)
                case "slots":
                    self._take_slots(message["slots"])
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise MalformedError(f"a message of the node cannot be read: {exc!r}") from exc

    def missing(self, kind: MediaKind) -> int:
        """How many tracks of a kind have no slot."""
        carried = set(self.track_by_slot.values())
        return sum(one.kind == kind and one.id not in carried for one in self.track_by_id.values())

    def carried(self) -> dict[Mid, RemoteTrack]:
        """The tracks that come through slots."""
        return {
            slot: self.track_by_id[track]
            for slot, track in self.track_by_slot.items()
            if track in self.track_by_id
        }

    def _take_participant(self, participant: Mapping[str, Any]) -> None:
        for track in participant["tracks"]:
            self._take_track(ParticipantId(participant["id"]), track)

    def _take_track(self, participant: ParticipantId, track: Mapping[str, Any]) -> None:
        if track["source"] not in KIND_BY_SOURCE:
            raise ValueError(f"there is no source {track['source']!r}")
        name = TrackId(str(track["id"]))
        self.track_by_id[name] = RemoteTrack(name, participant, track["source"], bool(track["muted"]))

    def _take_change(self, change: Mapping[str, Any]) -> None:
        match change["op"]:
            case "participantJoined":
                self._take_participant(change["participant"])
            case "participantLeft":
                left = change["participant"]
                kept = {name: one for name, one in self.track_by_id.items() if one.participant != left}
                self.track_by_id = kept
            case "trackPublished":
                self._take_track(ParticipantId(change["participant"]), change["track"])
            case "trackUnpublished":
                self.track_by_id.pop(TrackId(change["track"]), None)
            case "trackMuted":
                known = self.track_by_id.get(TrackId(change["track"]))
                if known is not None:
                    self.track_by_id[known.id] = replace(known, is_muted=bool(change["muted"]))

    def _take_slots(self, slots: Any) -> None:
        for one in slots:
            if one["track"] is None:
                self.track_by_slot.pop(Mid(one["slot"]), None)
            else:
                self.track_by_slot[Mid(one["slot"])] = TrackId(one["track"])
