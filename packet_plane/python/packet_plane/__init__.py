"""The packet plane: sockets, SRTP and RTP forwarding on threads of their own, outside the interpreter lock."""

from packet_plane._packet_plane import (
    AddSlot,
    AddTrack,
    AddTransport,
    AssignSlot,
    CloseTap,
    Codec,
    ConnectTransport,
    DtlsReceived,
    EstimateChanged,
    Extension,
    Gap,
    Layer,
    LayersChanged,
    MeetingLost,
    PacketPlane,
    QueueFullError,
    RemoveSlot,
    RemoveTrack,
    RemoveTransport,
    RestartIce,
    Segment,
    Segmenter,
    SelectLayer,
    SendDtls,
    SetAudioSlots,
    SetSendCeiling,
    SetSrtpKeys,
    SetTrackMuted,
    SlotSnapshot,
    SpeakersChanged,
    TapTrack,
    TrackSnapshot,
    TrackStarted,
    TransportConnected,
    TransportSnapshot,
    TransportTimedOut,
    UntapTrack,
    WorkerRestarted,
    WorkerSnapshot,
)

Command = (
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
Event = (
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

__all__ = [
    "AddSlot",
    "AddTrack",
    "AddTransport",
    "AssignSlot",
    "CloseTap",
    "Codec",
    "Command",
    "ConnectTransport",
    "DtlsReceived",
    "EstimateChanged",
    "Event",
    "Extension",
    "Gap",
    "Layer",
    "LayersChanged",
    "MeetingLost",
    "PacketPlane",
    "QueueFullError",
    "RemoveSlot",
    "RemoveTrack",
    "RemoveTransport",
    "RestartIce",
    "Segment",
    "Segmenter",
    "SelectLayer",
    "SendDtls",
    "SetAudioSlots",
    "SetSendCeiling",
    "SetSrtpKeys",
    "SetTrackMuted",
    "SlotSnapshot",
    "SpeakersChanged",
    "TapTrack",
    "TrackSnapshot",
    "TrackStarted",
    "TransportConnected",
    "TransportSnapshot",
    "TransportTimedOut",
    "UntapTrack",
    "WorkerRestarted",
    "WorkerSnapshot",
]
