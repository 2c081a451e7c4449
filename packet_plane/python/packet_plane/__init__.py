"""The packet plane: sockets, SRTP and RTP forwarding on threads of their own, outside the interpreter lock."""

from packet_plane._packet_plane import (
    AddSlot,
    AddTrack,
    AddTransport,
    AssignSlot,
    Codec,
    DtlsReceived,
    Extension,
    Layer,
    LayersChanged,
    PacketPlane,
    QueueFullError,
    RemoveSlot,
    RemoveTrack,
    RemoveTransport,
    RestartIce,
    SelectLayer,
    SendDtls,
    SetAudioSlots,
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
    | SetAudioSlots
)
Event = (
    DtlsReceived
    | TransportConnected
    | TransportTimedOut
    | TrackStarted
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
    "Event",
    "Extension",
    "Layer",
    "LayersChanged",
    "PacketPlane",
    "QueueFullError",
    "RemoveSlot",
    "RemoveTrack",
    "RemoveTransport",
    "RestartIce",
    "SelectLayer",
    "SendDtls",
    "SetAudioSlots",
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
