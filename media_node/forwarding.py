"""From a meeting's state to the packet plane: what exists there, and which slot carries which track.

The only path from subscriptions to forwarding commands. Everything is keyed by numbers that are given out
here; commands are collected and handed over in one batch.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import packet_plane
from media_node.meetings.model import Participant, Track
from media_node.quantities import MediaKind, MeetingId, ParticipantId, SlotId, TrackId
from packet_plane import Codec, Extension, WorkerSnapshot

__all__ = ["Forwarding", "PlaneCodec", "PlaneMedia", "PlaneTransport", "WorkerSnapshot"]

Submit = Callable[[int, Sequence[packet_plane.Command]], None]


@dataclass(frozen=True)
class PlaneCodec:
    """A payload type as negotiated; `feedback` as in a=rtcp-fb."""

    payload_type: int
    name: str
    clock_rate: int
    fmtp: str
    rtx_payload_type: int | None
    feedback: frozenset[str]

    def to_plane(self) -> Codec:
        return Codec(
            payload_type=self.payload_type,
            name=self.name,
            clock_rate=self.clock_rate,
            fmtp=self.fmtp,
            rtx_payload_type=self.rtx_payload_type,
            nack="nack" in self.feedback,
            pli="nack pli" in self.feedback,
            transport_cc="transport-cc" in self.feedback,
        )


@dataclass(frozen=True)
class PlaneMedia:
    """One m-line for the plane; `ssrcs` are the client's for a track, the node's own for a slot."""

    mid: str
    kind: MediaKind
    codecs: tuple[PlaneCodec, ...]
    extensions: tuple[tuple[int, str], ...]
    ssrcs: tuple[int, ...]


@dataclass
class PlaneTransport:
    """One client's connection in the plane."""

    number: int
    worker: int
    sending_by_mid: dict[str, PlaneMedia] = field(default_factory=dict)
    slot_numbers: dict[SlotId, int] = field(default_factory=dict)
    assigned: dict[SlotId, TrackId | None] = field(default_factory=dict)

    def forget(self, track: TrackId) -> None:
        """The plane has let go of a track: its slots are free."""
        for slot, assigned in self.assigned.items():
            if assigned == track:
                self.assigned[slot] = None


class Forwarding:
    """The plane's side of all meetings on this node."""

    def __init__(self, submit: Submit, workers: int) -> None:
        self._submit = submit
        self._workers = workers
        self._numbers = itertools.count(1)
        self._meeting_numbers: dict[MeetingId, int] = {}
        self._meeting_by_number: dict[int, MeetingId] = {}
        self._track_numbers: dict[TrackId, int] = {}
        self._track_by_number: dict[int, TrackId] = {}
        self._transport_by_track: dict[int, int] = {}
        self._muted: dict[TrackId, bool] = {}
        self._batches: dict[int, list[packet_plane.Command]] = {}
        self.transport_by_participant: dict[tuple[MeetingId, ParticipantId], PlaneTransport] = {}
        self.participant_by_number: dict[int, tuple[MeetingId, ParticipantId]] = {}

    # Connections.

    def add_transport(
        self, meeting: MeetingId, participant: ParticipantId, ufrag: str, password: str
    ) -> PlaneTransport:
        """Make room for a participant's connection; a former one is removed first."""
        self.remove_transport(meeting, participant)
        meeting_number = self._meeting_numbers.get(meeting)
        if meeting_number is None:
            meeting_number = self._meeting_numbers[meeting] = next(self._numbers)
            self._meeting_by_number[meeting_number] = meeting
        transport = PlaneTransport(next(self._numbers), meeting_number % self._workers)
        self.transport_by_participant[meeting, participant] = transport
        self.participant_by_number[transport.number] = (meeting, participant)
        command = packet_plane.AddTransport(
            transport=transport.number, meeting=meeting_number, local_ufrag=ufrag, local_password=password
        )
        self._add(transport, command)
        return transport

    def restart_ice(self, transport: PlaneTransport, ufrag: str, password: str) -> None:
        command = packet_plane.RestartIce(
            transport=transport.number, local_ufrag=ufrag, local_password=password
        )
        self._add(transport, command)

    def remove_transport(self, meeting: MeetingId, participant: ParticipantId) -> None:
        """Take a connection away, and its tracks with it."""
        transport = self.transport_by_participant.pop((meeting, participant), None)
        if transport is None:
            return
        del self.participant_by_number[transport.number]
        self._add(transport, packet_plane.RemoveTransport(transport=transport.number))

    def forget_meeting(self, meeting: MeetingId) -> None:
        number = self._meeting_numbers.pop(meeting, None)
        if number is not None:
            del self._meeting_by_number[number]

    def add_media(
        self, transport: PlaneTransport, sending: Sequence[PlaneMedia], slots: Sequence[PlaneMedia]
    ) -> None:
        """Note the client's m-lines and make the slots that are new."""
        transport.sending_by_mid = {media.mid: media for media in sending}
        for media in slots:
            slot = SlotId(media.mid)
            if slot not in transport.slot_numbers:
                transport.slot_numbers[slot] = next(self._numbers)
                self._add(transport, _add_slot(transport, transport.slot_numbers[slot], media))
        audio = [transport.slot_numbers[SlotId(media.mid)] for media in slots if media.kind == "audio"]
        self._add(transport, packet_plane.SetAudioSlots(transport=transport.number, slots=audio))

    def send_dtls(self, transport: PlaneTransport, datagram: bytes) -> None:
        """Sent at once: a handshake waits for it."""
        command = packet_plane.SendDtls(transport=transport.number, datagram=datagram)
        self._submit(transport.worker, [command])

    def set_keys(
        self, transport: PlaneTransport, profile: str, local: tuple[bytes, bytes], remote: tuple[bytes, bytes]
    ) -> None:
        command = packet_plane.SetSrtpKeys(
            transport=transport.number,
            profile=profile,
            local_key=local[0],
            local_salt=local[1],
            remote_key=remote[0],
            remote_salt=remote[1],
        )
        self._submit(transport.worker, [command])

    # Tracks and subscriptions.

    def add_track(self, meeting: MeetingId, track: Track) -> None:
        """Publish a track, if its participant's connection has the m-line."""
        transport = self.transport_by_participant.get((meeting, track.participant))
        media = transport.sending_by_mid.get(track.mid) if transport else None
        if transport is None or media is None:
            return
        number = self._track_numbers.setdefault(track.id, next(self._numbers))
        self._track_by_number[number] = track.id
        self._transport_by_track[number] = transport.number
        self._add(transport, _add_track(transport, number, media))
        self.set_muted(meeting, track)

    def remove_track(self, meeting: MeetingId, participant: ParticipantId, track: TrackId) -> None:
        number = self._track_numbers.pop(track, None)
        self._muted.pop(track, None)
        if number is None:
            return
        del self._track_by_number[number], self._transport_by_track[number]
        transport = self.transport_by_participant.get((meeting, participant))
        if transport is not None:
            self._add(transport, packet_plane.RemoveTrack(track=number))
        for receiver in self.transport_by_participant.values():
            receiver.forget(track)

    def set_muted(self, meeting: MeetingId, track: Track) -> None:
        transport = self.transport_by_participant.get((meeting, track.participant))
        number = self._track_numbers.get(track.id)
        if transport is None or number is None or self._muted.get(track.id, False) == track.is_muted:
            return
        self._muted[track.id] = track.is_muted
        self._add(transport, packet_plane.SetTrackMuted(track=number, muted=track.is_muted))

    def reconcile(self, meeting: MeetingId, participant: Participant) -> None:
        """Let the video slots of one participant carry what the meeting says; the difference is sent."""
        transport = self.transport_by_participant.get((meeting, participant.id))
        if transport is None:
            return
        for slot in participant.video_slots:
            wanted, number = participant.carried.get(slot), transport.slot_numbers.get(slot)
            if number is None or transport.assigned.get(slot) == wanted:
                continue
            track = self._track_numbers.get(wanted) if wanted is not None else None
            # A track without a connection yet is assigned when it has one.
            transport.assigned[slot] = wanted if track is not None else None
            self._add(transport, packet_plane.AssignSlot(slot=number, track=track))

    # Numbers back into names.

    def meeting_of(self, number: int) -> MeetingId | None:
        return self._meeting_by_number.get(number)

    def track_of(self, number: int) -> TrackId | None:
        return self._track_by_number.get(number)

    def transport_of_track(self, number: int) -> int | None:
        return self._transport_by_track.get(number)

    # Batches.

    def _add(self, transport: PlaneTransport, command: packet_plane.Command) -> None:
        self._batches.setdefault(transport.worker, []).append(command)

    def flush(self) -> None:
        """Hand over what was collected, one batch per worker."""
        batches, self._batches = self._batches, {}
        for worker, commands in batches.items():
            self._submit(worker, commands)


def _extensions(media: PlaneMedia) -> list[Extension]:
    return [Extension(id=number, uri=uri) for number, uri in media.extensions]


def _add_slot(transport: PlaneTransport, number: int, media: PlaneMedia) -> packet_plane.AddSlot:
    return packet_plane.AddSlot(
        slot=number,
        transport=transport.number,
        kind=media.kind,
        mid=media.mid,
        ssrc=media.ssrcs[0],
        rtx_ssrc=media.ssrcs[1] if len(media.ssrcs) > 1 else None,
        codecs=[codec.to_plane() for codec in media.codecs],
        extensions=_extensions(media),
        cname="parley",
    )


def _add_track(transport: PlaneTransport, number: int, media: PlaneMedia) -> packet_plane.AddTrack:
    return packet_plane.AddTrack(
        track=number,
        transport=transport.number,
        kind=media.kind,
        mid=media.mid,
        ssrcs=media.ssrcs,
        codecs=[codec.to_plane() for codec in media.codecs],
        extensions=_extensions(media),
    )
