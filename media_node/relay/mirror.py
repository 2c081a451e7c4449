"""The tracks of a remote meeting in a packet plane of their own, and the tap of whoever records them.

A socket of its own for each: two links between the same two nodes would otherwise have one pair of addresses,
by which the other node tells connections apart.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import packet_plane
from media_node.forwarding import PlaneMedia, add_track_command
from media_node.quantities import Mid, TrackId
from media_node.relay.remote_meeting import RemoteTrack
from media_node.transport.dtls import SrtpKeys
from media_node.transport.parameters import IceCredentials

# The plane has one worker, and on it there is one meeting.
WORKER, MEETING = 0, 1
OpenPlane = Callable[[], packet_plane.PacketPlane]


class Mirror:
    """What stays while connections come and go: tracks keep their numbers, and go on in the recording."""

    def __init__(self, open_plane: OpenPlane) -> None:
        self.plane = open_plane()
        self._numbers = itertools.count(1)
        self._number_by_track: dict[TrackId, int] = {}
        self._known: dict[Mid, RemoteTrack] = {}
        self._media_by_mid: dict[Mid, PlaneMedia] = {}
        self.transport: int | None = None
        self._tap: int | None = None

    def close(self) -> None:
        self.plane.close()

    # The connection.

    def connect(self, ours: IceCredentials, theirs: IceCredentials, address: tuple[str, int]) -> int:
        """Begin a connection to a node; returns the number of its transport."""
        self.disconnect()
        number = self.transport = next(self._numbers)
        host, port = address
        at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._submit(
            packet_plane.AddTransport(
                transport=number, meeting=MEETING, local_ufrag=ours.ufrag, local_password=ours.password
            ),
            packet_plane.ConnectTransport(
                transport=number, address=at, remote_ufrag=theirs.ufrag, remote_password=theirs.password
            ),
        )
        return number

    def disconnect(self) -> None:
        """Let go of the connection; tracks that come back go on behind a gap that says so."""
        if self.transport is None:
            return
        for track in self._known.values():
            number = self._number_by_track[track.id]
            self._submit(packet_plane.UntapTrack(track=number, reason="disconnected"))
        self._submit(packet_plane.RemoveTransport(transport=self.transport))
        self.transport, self._known, self._media_by_mid = None, {}, {}

    def send_dtls(self, datagram: bytes) -> None:
        if self.transport is not None:
            self._submit(packet_plane.SendDtls(transport=self.transport, datagram=datagram))

    def set_keys(self, keys: SrtpKeys) -> None:
        if self.transport is not None:
            self._submit(
                packet_plane.SetSrtpKeys(
                    transport=self.transport,
                    profile=keys.profile,
                    local_key=keys.local_key,
                    local_salt=keys.local_salt,
                    remote_key=keys.remote_key,
                    remote_salt=keys.remote_salt,
                )
            )

    # Tracks.

    def put_media(self, media: list[PlaneMedia]) -> None:
        """The m-lines of the connection, as they were answered."""
        self._media_by_mid = {Mid(one.mid): one for one in media}

    def reconcile(self, track_by_mid: dict[Mid, RemoteTrack]) -> None:
        """Let the plane have these tracks; the difference is sent. M-lines without an answer wait."""
        if self.transport is None:
            return
        wanted = {mid: one for mid, one in track_by_mid.items() if mid in self._media_by_mid}
        for mid, track in list(self._known.items()):
            if mid not in wanted or wanted[mid].id != track.id:
                self._submit(packet_plane.RemoveTrack(track=self._number_by_track.pop(track.id)))
                del self._known[mid]
        for mid, track in wanted.items():
            before = self._known.get(mid)
            if before is None:
                self._add(mid, track)
            elif before.is_muted != track.is_muted:
                self._mute(track)
            self._known[mid] = track

    def _add(self, mid: Mid, track: RemoteTrack) -> None:
        assert self.transport is not None
        number = self._number_by_track.setdefault(track.id, next(self._numbers))
        self._submit(add_track_command(self.transport, number, self._media_by_mid[mid]))
        if track.is_muted:
            self._mute(track)
        self._tap_track(track)

    def _mute(self, track: RemoteTrack) -> None:
        number = self._number_by_track[track.id]
        self._submit(packet_plane.SetTrackMuted(track=number, muted=track.is_muted))

    # The tap.

    def open_tap(self, tap: int, descriptor: int) -> None:
        self.plane.open_tap(WORKER, tap, descriptor)

    def record(self, tap: int) -> None:
        self._tap = tap
        for track in self._known.values():
            self._tap_track(track)

    def pause(self) -> None:
        self._tap = None
        for track in self._known.values():
            number = self._number_by_track[track.id]
            self._submit(packet_plane.UntapTrack(track=number, reason="paused"))

    def close_tap(self, tap: int) -> None:
        if self._tap == tap:
            self._tap = None
        self._submit(packet_plane.CloseTap(tap=tap))

    def _tap_track(self, track: RemoteTrack) -> None:
        if self._tap is None:
            return
        label = {"track": track.id, "participant": track.participant, "source": track.source}
        number = self._number_by_track[track.id]
        text = json.dumps(label).encode()
        self._submit(packet_plane.TapTrack(tap=self._tap, track=number, label=text))

    def _submit(self, *commands: packet_plane.Command) -> None:
        self.plane.submit(WORKER, list(commands))
