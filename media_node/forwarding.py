"""From a meeting's state to the packet plane: what exists there, and which slot carries which track.

The only path from subscriptions to forwarding commands. Everything is keyed by numbers that are given out
here; commands are collected and handed over in one batch.
"""

import itertools
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

import packet_plane
from media_node.meetings.model import Participant, Track
from media_node.meetings.placement import Placement
from media_node.quantities import MediaKind, MeetingId, ParticipantId, SlotId, TrackId
from packet_plane import Codec, Extension, WorkerSnapshot

__all__ = [
    "Codec",
    "Extension",
    "Forwarding",
    "PlaneMedia",
    "PlaneTransport",
    "WorkerSnapshot",
    "plane_codec",
    "plane_extension",
]

log = structlog.get_logger()

Key = tuple[MeetingId, ParticipantId]
Submit = Callable[[int, Sequence[packet_plane.Command]], None]


@dataclass(frozen=True)
class PlaneMedia:
    """One m-line for the plane; `ssrcs` are the client's for a track, the node's own for a slot.

    Codecs and extensions are the plane's own, made once for all m-lines that say the same.
    `rids` are a track's simulcast layers, lowest quality first.
    """

    mid: str
    kind: MediaKind
    codecs: tuple[Codec, ...]
    extensions: tuple[Extension, ...]
    ssrcs: tuple[int, ...]
    rids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlaneSlot:
    """A slot by the number of its transport and its own name."""

    transport: int
    slot: SlotId
    kind: MediaKind


@dataclass
class PlaneTransport:
    """One client's connection in the plane."""

    number: int
    worker: int
    sending_by_mid: dict[str, PlaneMedia] = field(default_factory=dict)
    slot_numbers: dict[SlotId, int] = field(default_factory=dict)
    assigned: dict[SlotId, TrackId | None] = field(default_factory=dict)


class Forwarding:
    """The plane's side of all meetings on this node."""

    def __init__(self, submit: Submit, workers: int) -> None:
        self._submit = submit
        self.placement = Placement(workers)
        self._numbers = itertools.count(1)
        self._meeting_numbers: dict[MeetingId, int] = {}
        self._meeting_by_number: dict[int, MeetingId] = {}
        self._track_numbers: dict[TrackId, int] = {}
        self._track_by_number: dict[int, TrackId] = {}
        self._transport_by_track: dict[int, int] = {}
        self._muted: dict[TrackId, bool] = {}
        self._batches: dict[int, list[packet_plane.Command]] = {}
        # The slots that carry a track in the plane.
        self._places: dict[TrackId, dict[tuple[int, SlotId], PlaneTransport]] = {}
        self._slot_by_number: dict[int, PlaneSlot] = {}
        # Meetings that are recorded now, and the workers of all taps.
        self._tap_by_meeting: dict[MeetingId, int] = {}
        self._worker_by_tap: dict[int, int] = {}
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
        transport = PlaneTransport(next(self._numbers), self.placement.worker_of(meeting))
        self.placement.note_joined(meeting)
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
        self.placement.note_left(meeting)
        del self.participant_by_number[transport.number]
        for slot in transport.slot_numbers:
            self._note(transport, slot, None)
            del self._slot_by_number[transport.slot_numbers[slot]]
        self._add(transport, packet_plane.RemoveTransport(transport=transport.number))

    def forget_meeting(self, meeting: MeetingId) -> None:
        self.placement.forget(meeting)
        number = self._meeting_numbers.pop(meeting, None)
        if number is not None:
            del self._meeting_by_number[number]

    def add_media(
        self,
        transport: PlaneTransport,
        sending: Sequence[PlaneMedia],
        slots: Sequence[PlaneMedia],
        *,
        hears_speakers: bool = True,
    ) -> None:
        """Note the client's m-lines and make the slots that are new.

        Args:
            hears_speakers: Its audio slots carry the loudest, as the plane hears them.
        """
        transport.sending_by_mid = {media.mid: media for media in sending}
        for media in slots:
            slot = SlotId(media.mid)
            if slot not in transport.slot_numbers:
                number = transport.slot_numbers[slot] = next(self._numbers)
                self._slot_by_number[number] = PlaneSlot(transport.number, slot, media.kind)
                self._add(transport, _add_slot(transport, number, media))
        if hears_speakers:
            audio = [transport.slot_numbers[SlotId(media.mid)] for media in slots if media.kind == "audio"]
            self._add(transport, packet_plane.SetAudioSlots(transport=transport.number, slots=audio))

    def send_dtls(self, transport: PlaneTransport, datagram: bytes) -> None:
        self._add(transport, packet_plane.SendDtls(transport=transport.number, datagram=datagram))

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
        self._add(transport, command)

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
        self._add(transport, add_track_command(transport.number, number, media))
        self.set_muted(meeting, track)
        self._tap(meeting, track)

    def remove_track(self, meeting: MeetingId, participant: ParticipantId, track: TrackId) -> None:
        number = self._track_numbers.pop(track, None)
        self._muted.pop(track, None)
        if number is None:
            return
        del self._track_by_number[number], self._transport_by_track[number]
        transport = self.transport_by_participant.get((meeting, participant))
        if transport is not None:
            self._add(transport, packet_plane.RemoveTrack(track=number))
        # The plane has let go of it: its slots are free.
        for (_, slot), receiver in self._places.pop(track, {}).items():
            receiver.assigned[slot] = None

    def set_muted(self, meeting: MeetingId, track: Track) -> None:
        transport = self.transport_by_participant.get((meeting, track.participant))
        number = self._track_numbers.get(track.id)
        if transport is None or number is None or self._muted.get(track.id, False) == track.is_muted:
            return
        self._muted[track.id] = track.is_muted
        self._add(transport, packet_plane.SetTrackMuted(track=number, muted=track.is_muted))

    def reconcile(self, meeting: MeetingId, participant: Participant, *, takes_all: bool = False) -> None:
        """Let all video slots of one participant carry what the meeting says; the difference is sent.

        Args:
            takes_all: It is sent every track: also its audio slots carry what the meeting says.
        """
        for slot in [*participant.video_slots, *(participant.audio_slots if takes_all else ())]:
            self.assign(meeting, participant.id, slot, participant.carried.get(slot))

    def assign(
        self, meeting: MeetingId, participant: ParticipantId, slot: SlotId, wanted: TrackId | None
    ) -> None:
        """Let one video slot carry a track, unless it does."""
        transport = self.transport_by_participant.get((meeting, participant))
        number = transport.slot_numbers.get(slot) if transport is not None else None
        if transport is None or number is None or transport.assigned.get(slot) == wanted:
            return
        track = self._track_numbers.get(wanted) if wanted is not None else None
        # A track without a connection yet is assigned when it has one.
        self._note(transport, slot, wanted if track is not None else None)
        self._add(transport, packet_plane.AssignSlot(slot=number, track=track))

    def _note(self, transport: PlaneTransport, slot: SlotId, track: TrackId | None) -> None:
        before = transport.assigned.get(slot)
        if before is not None:
            self._places.get(before, {}).pop((transport.number, slot), None)
        transport.assigned[slot] = track
        if track is not None:
            self._places.setdefault(track, {})[transport.number, slot] = transport

    # Layers and rates.

    def select_layer(self, key: Key, slot: SlotId, layer: tuple[int, int] | None) -> None:
        """Let a video slot send at most this spatial and temporal layer; None pauses it."""
        transport = self.transport_by_participant.get(key)
        number = transport.slot_numbers.get(slot) if transport is not None else None
        if transport is None or number is None:
            return
        spatial, temporal = layer if layer is not None else (None, None)
        self._add(transport, packet_plane.SelectLayer(slot=number, spatial=spatial, temporal=temporal))

    def set_send_ceiling(self, key: Key, wanted_bps: int) -> None:
        """Tell the prober what a participant's slots could use in all."""
        transport = self.transport_by_participant.get(key)
        if transport is not None:
            command = packet_plane.SetSendCeiling(transport=transport.number, wanted_bps=wanted_bps)
            self._add(transport, command)

    def rids_of(self, meeting: MeetingId, track: Track) -> tuple[str, ...]:
        """The simulcast encodings of a track, lowest quality first; none without simulcast."""
        transport = self.transport_by_participant.get((meeting, track.participant))
        media = transport.sending_by_mid.get(track.mid) if transport is not None else None
        return media.rids if media is not None else ()

    # Recording.

    def note_tap(self, meeting: MeetingId, tap: int) -> int:
        """A tap will be opened for a meeting; returns the worker that has it."""
        worker = self._worker_by_tap[tap] = self.placement.worker_of(meeting)
        return worker

    def record(self, meeting: MeetingId, tap: int, tracks: Iterable[Track]) -> None:
        """Hand over these tracks of a meeting, and all that come, until it is paused or closed."""
        self._tap_by_meeting[meeting] = tap
        for track in tracks:
            self._tap(meeting, track)

    def pause_recording(self, meeting: MeetingId, tracks: Iterable[Track]) -> None:
        """Hand a meeting's tracks over no more; they go on when it is recorded again."""
        self._tap_by_meeting.pop(meeting, None)
        for track in tracks:
            transport = self.transport_by_participant.get((meeting, track.participant))
            number = self._track_numbers.get(track.id)
            if transport is not None and number is not None:
                self._add(transport, packet_plane.UntapTrack(track=number, reason="paused"))

    def close_tap(self, meeting: MeetingId, tap: int) -> None:
        if self._tap_by_meeting.get(meeting) == tap:
            del self._tap_by_meeting[meeting]
        worker = self._worker_by_tap.pop(tap, None)
        if worker is not None:
            self._batches.setdefault(worker, []).append(packet_plane.CloseTap(tap=tap))

    def _tap(self, meeting: MeetingId, track: Track) -> None:
        tap = self._tap_by_meeting.get(meeting)
        transport = self.transport_by_participant.get((meeting, track.participant))
        number = self._track_numbers.get(track.id)
        if tap is None or transport is None or number is None:
            return
        label = {"track": track.id, "participant": track.participant, "source": track.source}
        command = packet_plane.TapTrack(tap=tap, track=number, label=json.dumps(label).encode())
        self._add(transport, command)

    # Numbers back into names.

    def meeting_of(self, number: int) -> MeetingId | None:
        return self._meeting_by_number.get(number)

    def track_of(self, number: int) -> TrackId | None:
        return self._track_by_number.get(number)

    def slot_of(self, number: int) -> PlaneSlot | None:
        return self._slot_by_number.get(number)

    def transport_of_track(self, number: int) -> int | None:
        return self._transport_by_track.get(number)

    # Batches.

    def _add(self, transport: PlaneTransport, command: packet_plane.Command) -> None:
        self._batches.setdefault(transport.worker, []).append(command)

    def flush(self) -> None:
        """Hand over what was collected, one batch per worker."""
        batches, self._batches = self._batches, {}
        for worker, commands in batches.items():
            try:
                self._submit(worker, commands)
            except packet_plane.QueueFullError as exc:
                # None of them was taken: they go with the next batch.
                self._batches[worker] = commands
                log.warning("commands_wait", worker=worker, commands=len(commands), error=str(exc))


def plane_codec(
    payload_type: int,
    name: str,
    clock_rate: int,
    fmtp: str,
    rtx_payload_type: int | None,
    feedback: Collection[str],
) -> Codec:
    """A payload type as negotiated; `feedback` as in a=rtcp-fb."""
    return Codec(
        payload_type=payload_type,
        name=name,
        clock_rate=clock_rate,
        fmtp=fmtp,
        rtx_payload_type=rtx_payload_type,
        nack="nack" in feedback,
        pli="nack pli" in feedback,
        transport_cc="transport-cc" in feedback,
    )


def plane_extension(number: int, uri: str) -> Extension:
    return Extension(id=number, uri=uri)


def _add_slot(transport: PlaneTransport, number: int, media: PlaneMedia) -> packet_plane.AddSlot:
    return packet_plane.AddSlot(
        slot=number,
        transport=transport.number,
        kind=media.kind,
        mid=media.mid,
        ssrc=media.ssrcs[0],
        rtx_ssrc=media.ssrcs[1] if len(media.ssrcs) > 1 else None,
        codecs=media.codecs,
        extensions=media.extensions,
        cname="parley",
    )


def add_track_command(transport: int, number: int, media: PlaneMedia) -> packet_plane.AddTrack:
    return packet_plane.AddTrack(
        track=number,
        transport=transport,
        kind=media.kind,
        mid=media.mid,
        rids=media.rids,
        ssrcs=media.ssrcs,
        codecs=media.codecs,
        extensions=media.extensions,
    )
