"""The packet plane: sockets, SRTP and RTP forwarding on threads of their own, outside the interpreter lock."""

from packet_plane._packet_plane import (
    AddSlot,
    AddTrack,
    AddTransport,
    AssignSlot,
    Codec,
    DtlsReceived,
    EstimateChanged,
    Extension,
    Layer,
    LayersChanged,
    MeetingLost,
    PacketPlane,
    QueueFullError,
    RemoveSlot,
    RemoveTrack,
    RemoveTransport,
    RestartIce,
    SelectLayer,
    SendDtls,
    SetAudioSlots,
    SetSendCeiling,
    SetSrtpKeys,
    SetTrackMuted,
    SlotSnapshot,
    SpeakersChanged,
    TrackSnapshot,
    TrackStarted,
    TransportConnected,
    TransportSnapshot,
    TransportTimedOut,
    WorkerRestarted,
    WorkerSnapshot,
)

Command = (
    AddTransport
    | RestartIce
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
    "Codec",
    "Command",
    "DtlsReceived",
    "EstimateChanged",
    "Event",
    "Extension",
    "Layer",
    "LayersChanged",
    "MeetingLost",
    "PacketPlane",
    "QueueFullError",
    "RemoveSlot",
    "RemoveTrack",
    "RemoveTransport",
    "RestartIce",
    "SelectLayer",
    "SendDtls",
    "SetAudioSlots",
    "SetSendCeiling",
    "SetSrtpKeys",
    "SetTrackMuted",
    "SlotSnapshot",
    "SpeakersChanged",
    "TrackSnapshot",
    "TrackStarted",
    "TransportConnected",
    "TransportSnapshot",
    "TransportTimedOut",
    "WorkerRestarted",
    "WorkerSnapshot",
]
