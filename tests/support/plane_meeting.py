"""A publisher and a viewer of one meeting on a plane of its own, without the node around it."""

from __future__ import annotations

from packet_plane import (
    AddSlot,
    AddTrack,
    AddTransport,
    AssignSlot,
    PacketPlane,
    SetAudioSlots,
    WorkerSnapshot,
)
from tests.support.srtp_peer import (
    EXTENSIONS,
    MID_EXTENSION,
    OPUS,
    PASSWORD,
    PROFILES,
    VP8,
    Profile,
    RtpPacket,
    SrtpPeer,
    vp8_payload,
)

PUBLISHER, VIEWER, MEETING = 1, 2, 9
CAMERA, MICROPHONE = 11, 12
VIDEO_SLOT, AUDIO_SLOT = 21, 22
SLOT_SSRC, SLOT_RTX_SSRC, AUDIO_SSRC = 0x5001, 0x9001, 0x5002


def join(
    plane: PacketPlane,
    transport: int,
    profile: Profile = PROFILES[0],
    host: str = "127.0.0.1",
    over_tcp: bool = False,
) -> SrtpPeer:
    peer = SrtpPeer(plane, transport, profile, host, over_tcp)
    add = AddTransport(transport=transport, meeting=MEETING, local_ufrag=peer.ufrag, local_password=PASSWORD)
    plane.submit(0, [add, peer.keys()])
    counters(plane)
    peer.prove()
    return peer


def counters(plane: PacketPlane) -> WorkerSnapshot:
    """Counters after everything that was submitted before."""
    (worker,) = plane.snapshot()
    assert worker is not None
    return worker


def meet(plane: PacketPlane, publishes: Profile, receives: Profile) -> tuple[SrtpPeer, SrtpPeer]:
    """A publisher of a camera and a microphone, and a viewer with a slot for each."""
    publisher, viewer = join(plane, PUBLISHER, publishes), join(plane, VIEWER, receives)
    set_up(plane)
    return publisher, viewer


def set_up(plane: PacketPlane) -> None:
    """The tracks of the publisher and the slots of the viewer."""
    tracks = [
        AddTrack(track=track, transport=PUBLISHER, kind=kind, mid=mid, codecs=[codec], extensions=EXTENSIONS)
        for track, kind, mid, codec in [(CAMERA, "video", "0", VP8), (MICROPHONE, "audio", "1", OPUS)]
    ]
    video = AddSlot(
        slot=VIDEO_SLOT,
        transport=VIEWER,
        kind="video",
        mid="v",
        ssrc=SLOT_SSRC,
        rtx_ssrc=SLOT_RTX_SSRC,
        codecs=[VP8],
        extensions=EXTENSIONS,
    )
    audio = AddSlot(
        slot=AUDIO_SLOT,
        transport=VIEWER,
        kind="audio",
        mid="a",
        ssrc=AUDIO_SSRC,
        codecs=[OPUS],
        extensions=EXTENSIONS,
    )
    plane.submit(0, [*tracks, video, audio, AssignSlot(slot=VIDEO_SLOT, track=CAMERA)])
    plane.submit(0, [SetAudioSlots(transport=VIEWER, slots=[AUDIO_SLOT])])
    counters(plane)


def camera(number: int, *, keyframe: bool = False, content: bytes = b"picture") -> RtpPacket:
    payload = vp8_payload(number & 0x7FFF, keyframe=keyframe, content=content)
    return RtpPacket(96, True, number, number * 3_000, 100, {MID_EXTENSION: b"0"}, payload)
