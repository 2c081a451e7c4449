"""Identifiers are numbers of the caller's choice, 0 to 2**64 - 1. Times are microseconds, rates ticks per second."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import final

class QueueFullError(RuntimeError):
    """More commands wait for a worker than it can have fallen behind for a good reason."""

@final
class Codec:
    """A payload type of a session; `name` is "opus", "VP8", "VP9", "AV1", "H264", "H265" or "red", in any case."""

    def __init__(
        self,
        *,
        payload_type: int,
        name: str,
        clock_rate: int,
        fmtp: str = "",
        rtx_payload_type: int | None = None,
        nack: bool = False,
        pli: bool = False,
        transport_cc: bool = False,
    ) -> None: ...

@final
class Extension:
    """A header extension of a session (RFC 8285); URIs that the plane does not know are ignored."""

    def __init__(self, *, id: int, uri: str) -> None: ...

# Commands. Doing one twice changes nothing; one that names something unknown does nothing.

@final
class AddTransport:
    def __init__(self, *, transport: int, meeting: int, local_ufrag: str, local_password: str) -> None: ...

@final
class RestartIce:
    def __init__(self, *, transport: int, local_ufrag: str, local_password: str) -> None: ...

@final
class ConnectTransport:
    """Be the client of the server at `address`, "ip:port": check it until it answers, and keep its consent.

    Raises ValueError for an address that is none or a source that is not IPv4.
    """

    def __init__(
        self, *, transport: int, address: str, remote_ufrag: str, remote_password: str
    ) -> None: ...

@final
class RemoveTransport:
    def __init__(self, *, transport: int) -> None: ...

@final
class SendDtls:
    def __init__(self, *, transport: int, datagram: bytes) -> None: ...

@final
class SetSrtpKeys:
    """Raises ValueError for an unknown profile, or keys and salts of another length than it asks for."""

    def __init__(
        self,
        *,
        transport: int,
        profile: str,
        local_key: bytes,
        local_salt: bytes,
        remote_key: bytes,
        remote_salt: bytes,
    ) -> None: ...

@final
class AddTrack:
    """A published track.

    `ssrcs` as signalled, media first, then its retransmission; may be empty. `rids` name its simulcast layers
    (RFC 8851), lowest quality first, at most four.
    """

    def __init__(
        self,
        *,
        track: int,
        transport: int,
        kind: str,
        codecs: Sequence[Codec],
        extensions: Sequence[Extension] = (),
        mid: str | None = None,
        rids: Sequence[str] = (),
        ssrcs: Sequence[int] = (),
    ) -> None: ...

@final
class RemoveTrack:
    def __init__(self, *, track: int) -> None: ...

@final
class SetTrackMuted:
    def __init__(self, *, track: int, muted: bool) -> None: ...

@final
class AddSlot:
    def __init__(
        self,
        *,
        slot: int,
        transport: int,
        kind: str,
        mid: str,
        ssrc: int,
        codecs: Sequence[Codec],
        extensions: Sequence[Extension] = (),
        rtx_ssrc: int | None = None,
        cname: str = "",
    ) -> None: ...

@final
class RemoveSlot:
    def __init__(self, *, slot: int) -> None: ...

@final
class AssignSlot:
    def __init__(self, *, slot: int, track: int | None) -> None: ...

@final
class SelectLayer:
    """Send no higher layer through a slot; None for one is no limit, None for both pauses the slot.

    `spatial` counts the RIDs of a simulcast track, or the spatial layers of a scalable one, from 0.
    """

    def __init__(self, *, slot: int, spatial: int | None, temporal: int | None) -> None: ...

@final
class SetSendCeiling:
    """What a receiver could use in all; its path is probed up to that."""

    def __init__(self, *, transport: int, wanted_bps: int) -> None: ...

@final
class SetAudioSlots:
    """These slots carry the meeting's loudest: slot i what is in position i, where there are four or more."""

    def __init__(self, *, transport: int, slots: Sequence[int]) -> None: ...

@final
class TapTrack:
    """Hand a track's packets over to the reader of a tap; `label` comes back with what is made of them."""

    def __init__(self, *, tap: int, track: int, label: bytes) -> None: ...

@final
class UntapTrack:
    """Hand them over no more; the reason "paused" lets the track go on where it stopped."""

    def __init__(self, *, track: int, reason: str) -> None: ...

@final
class CloseTap:
    """End a tap once its reader has what waits for it."""

    def __init__(self, *, tap: int) -> None: ...

_Command = (
    AddTransport
    | RestartIce
    | ConnectTransport
    | RemoveTransport
    | SendDtls
    | SetSrtpKeys
    | AddTrack
    | RemoveTrack
    | SetTrackMuted
    | AddSlot
    | RemoveSlot
    | AssignSlot
    | SelectLayer
    | SetSendCeiling
    | SetAudioSlots
    | TapTrack
    | UntapTrack
    | CloseTap
)

# Events.

@final
class DtlsReceived:
    transport: int
    datagram: bytes

@final
class TransportConnected:
    """`address` is "ip:port", IPv6 in brackets."""

    transport: int
    address: str

@final
class TransportTimedOut:
    transport: int

@final
class TrackStarted:
    track: int
    ssrc: int
    payload_type: int

@final
class Layer:
    """One layer of a video track as it arrives: what it costs with the layers below that it needs.

    `width` and `height` in pixels are 0 where the codec does not tell them.
    """

    spatial: int
    temporal: int
    is_active: bool
    bitrate_bps: int
    width: int
    height: int
    fps: int

@final
class MeetingLost:
    """A broken invariant has ended this meeting's media; its clients have to come again."""

    meeting: int

@final
class EstimateChanged:
    """What a receiver's path carries, bits per second."""

    transport: int
    estimate_bps: int

@final
class LayersChanged:
    """A layer of a video track has come, gone, or changed its rate by more than a fifth."""

    track: int
    layers: list[Layer]

@final
class SpeakersChanged:
    """`speakers` are (track, level in -dBov): the speaker first, then loudest first."""

    meeting: int
    positions: list[int | None]
    speakers: list[tuple[int, int]]

@final
class WorkerRestarted:
    """All meetings of this worker have lost their media."""

    worker: int

_Event = (
    DtlsReceived
    | TransportConnected
    | TransportTimedOut
    | TrackStarted
    | MeetingLost
    | EstimateChanged
    | LayersChanged
    | SpeakersChanged
    | WorkerRestarted
)

# Counters, cumulative.

@final
class TransportSnapshot:
    transport: int
    meeting: int
    packets_received: int
    bytes_received: int
    packets_sent: int
    bytes_sent: int
    fraction_lost: float
    round_trip_us: int | None
    estimate_bps: int | None
    acknowledged_bps: int | None
    loss: float
    is_application_limited: bool
    queue_us: int

@final
class TrackSnapshot:
    track: int
    packets_received: int
    bytes_received: int
    packets_lost: int
    jitter_us: int
    nacks_sent: int
    keyframes_requested: int
    subscribers: int
    layers: list[Layer]

@final
class SlotSnapshot:
    """`current` and `target` are (spatial, temporal); `current` is None before the first keyframe."""

    slot: int
    track: int | None
    current: tuple[int, int] | None
    target: tuple[int, int] | None
    packets_sent: int
    bytes_sent: int
    retransmissions_sent: int
    nacks_received: int
    plis_received: int
    frames_sent: int
    freezes: int
    frozen_us: int

@final
class WorkerSnapshot:
    packets_received: int
    bytes_received: int
    packets_sent: int
    bytes_sent: int
    cpu_ns: int
    restarts: int
    meetings_lost: int
    records_lost: int
    drops: dict[str, int]
    latency: list[tuple[int | None, int]]
    latency_sum_us: int
    transports: list[TransportSnapshot]
    tracks: list[TrackSnapshot]
    slots: list[SlotSnapshot]

@final
class PacketPlane:
    """One thread and one UDP socket per worker; a meeting lives on one worker.

    With sources, which are for an IPv4 host, nothing is heard that others send: 200 addresses at most.

    Raises OSError when a port cannot be bound or for too many sources, ValueError for an address that is none and a
    source that is no IPv4 address.
    """

    def __init__(
        self, *, host: str, port: int = 0, workers: int = 1, sources: Sequence[IPv4Address | IPv6Address] | None = None
    ) -> None: ...
    @property
    def local_ports(self) -> list[int]: ...
    def event_fd(self) -> int:
        """A descriptor that is readable while events wait."""

    def submit(self, worker: int, commands: Sequence[_Command]) -> None:
        """Hand a batch to a worker without waiting for it.

        Raises IndexError for an unknown worker, QueueFullError (nothing is then taken), TypeError.
        """

    def open_tap(self, worker: int, tap: int, descriptor: int) -> None:
        """Let a tap be read at the other end of a stream socket; one that is open goes on with this reader.

        Commands that are submitted later find it open. Raises IndexError for an unknown worker, OSError for a
        descriptor that is none.
        """

    def drain_events(self) -> list[_Event]:
        """At most 4,096 events, oldest first."""

    def snapshot(self) -> list[WorkerSnapshot | None]:
        """Counters of each worker; None for one that does not answer within two seconds."""

    def close(self) -> None:
        """End the threads and free the ports; again does nothing."""

# Recording: what a tap hands over, made into segments.

@final
class Segment:
    """A whole Matroska file of one track; times are microseconds since the Unix epoch, media time 0 is `start_us`.

    `codec` is "opus", "vp8", "vp9", "h264", "h265" or "av1"; `lost` are (start, end) of what is missing in it.
    """

    label: bytes
    codec: str
    start_us: int
    end_us: int
    width: int | None
    height: int | None
    data: bytes
    lost: list[tuple[int, int]]

@final
class Gap:
    """A stretch of a track that no segment holds."""

    label: bytes
    start_us: int
    end_us: int
    reason: str

@final
class Segmenter:
    """Turns the bytes of a tap into segments; used by one thread."""

    def __init__(self) -> None: ...
    def push(self, data: bytes) -> list[Segment | Gap]:
        """Take bytes, cut anywhere; returns what has become known.

        Raises ValueError where they cannot be read, and nothing behind them can.
        """

    def handle_timeout(self, now_us: int) -> list[Segment | Gap]:
        """Give up what has been waited for, and end segments that nothing follows."""

    def finish(self) -> list[Segment | Gap]:
        """Nothing more comes: end all segments."""

    @property
    def tracks(self) -> int: ...
    @property
    def records_lost(self) -> int:
        """Records that the plane had no room for."""

    @property
    def packets_malformed(self) -> int: ...
