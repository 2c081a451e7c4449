"""The built plane on real UDP: an independent SRTP stack publishes, receives and is refused."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator

import pytest

import packet_plane
from packet_plane import (
    AddTransport,
    DtlsReceived,
    Event,
    PacketPlane,
    RemoveTransport,
    SendDtls,
    SetTrackMuted,
    TransportConnected,
    WorkerSnapshot,
)
from tests.support.plane_meeting import (
    AUDIO_SSRC,
    CAMERA,
    MEETING,
    MICROPHONE,
    PUBLISHER,
    SLOT_RTX_SSRC,
    SLOT_SSRC,
    VIDEO_SLOT,
    VIEWER,
    camera,
    counters,
    meet,
)
from tests.support.srtp_peer import (
    LEVEL_EXTENSION,
    MID_EXTENSION,
    PASSWORD,
    PROFILES,
    RtpPacket,
    SrtpPeer,
    stun_request,
)
from tests.support.virtual_plane import rehearsal

CLIENT_HELLO = bytes.fromhex("16feff0000000000000000002b0100001f0000000000000000feff") + bytes(32)


@pytest.fixture
def plane() -> Iterator[PacketPlane]:
    plane = PacketPlane(host="127.0.0.1")
    yield plane
    plane.close()


@pytest.mark.parametrize("publishes", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("receives", PROFILES, ids=lambda profile: profile.name)
def test_media_passes_between_any_two_profiles(plane, publishes, receives):
    publisher, viewer = meet(plane, publishes, receives)
    for number in range(65_530, 65_540):
        publisher.send_rtp(camera(number % 65_536, keyframe=number == 65_530, content=bytes([number % 251])))
    received = [viewer.receive_rtp() for _ in range(10)]
    assert [packet.payload[-1] for packet in received] == [number % 251 for number in range(65_530, 65_540)]
    first = received[0].sequence_number
    assert [packet.sequence_number for packet in received] == [first + offset for offset in range(10)]
    assert {(packet.ssrc, packet.extensions[MID_EXTENSION]) for packet in received} == {(SLOT_SSRC, b"v")}


def test_a_lost_packet_comes_again_on_both_sides(plane):
    publisher, viewer = meet(plane, PROFILES[0], PROFILES[2])
    publisher.send_rtp(camera(1, keyframe=True))
    publisher.send_rtp(camera(2, content=b"wanted"))
    publisher.send_rtp(camera(4))
    sent = [viewer.receive_rtp() for _ in range(3)]

    nack = struct.pack("!BBHIIHH", 0x81, 205, 3, 1, SLOT_SSRC, sent[1].sequence_number, 0)
    viewer.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 1) + nack)
    again = viewer.receive_rtp()
    assert (again.ssrc, again.payload_type) == (SLOT_RTX_SSRC, 97)
    assert struct.unpack("!H", again.payload[:2])[0] == sent[1].sequence_number
    assert again.payload[2:] == sent[1].payload

    asked = publisher.receive_rtcp(205, 1)
    assert struct.unpack("!IHH", asked.body[4:12]) == (100, 3, 0)
    retransmission = camera(3, content=b"late")
    publisher.send_rtp(
        retransmission._replace(
            payload_type=97, ssrc=101, sequence_number=7, payload=b"\x00\x03" + retransmission.payload
        )
    )
    late = viewer.receive_rtp()
    assert late.sequence_number == sent[1].sequence_number + 1
    assert late.payload.endswith(b"late")


def test_a_publisher_is_asked_for_a_keyframe_and_a_viewer_starts_with_it(plane):
    publisher, viewer = meet(plane, PROFILES[0], PROFILES[0])
    publisher.send_rtp(camera(5))
    asked = publisher.receive_rtcp(206, 1)
    assert struct.unpack("!I", asked.body[4:8]) == (100,)
    publisher.send_rtp(camera(6, keyframe=True, content=b"first"))
    assert viewer.receive_rtp().payload.endswith(b"first")


def test_sound_reaches_the_listener_with_its_level_and_a_muted_track_does_not(plane):
    publisher, viewer = meet(plane, PROFILES[1], PROFILES[0])

    def speak(number: int) -> None:
        extensions = {MID_EXTENSION: b"1", LEVEL_EXTENSION: bytes([0x80 | 20])}
        publisher.send_rtp(RtpPacket(111, False, number, number * 960, 200, extensions, b"opus"))

    speak(1)
    heard = viewer.receive_rtp()
    assert (heard.ssrc, heard.payload) == (AUDIO_SSRC, b"opus")
    assert heard.extensions == {MID_EXTENSION: b"a", LEVEL_EXTENSION: bytes([0x80 | 20])}

    plane.submit(0, [SetTrackMuted(track=MICROPHONE, muted=True)])
    counters(plane)
    speak(2)
    plane_saw(plane, lambda worker: worker.drops.get("muted", 0) == 1)
    plane.submit(0, [SetTrackMuted(track=MICROPHONE, muted=False)])
    counters(plane)
    speak(3)
    assert viewer.receive_rtp().sequence_number == heard.sequence_number + 1


def plane_saw(plane: PacketPlane, condition) -> WorkerSnapshot:
    """Look at the counters until they say so; each look waits for the worker's answer."""
    for _ in range(2_000):
        worker = counters(plane)
        if condition(worker):
            return worker
    raise AssertionError(f"never seen: {counters(plane).drops}")


def test_a_stranger_gets_no_byte_back_whatever_it_sends(plane):
    publisher, viewer = meet(plane, PROFILES[0], PROFILES[0])
    while plane.drain_events():
        pass
    stranger = SrtpPeer(plane, PUBLISHER)
    before = counters(plane)
    junk = [
        b"",
        b"\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        CLIENT_HELLO,
        stun_request(f"{publisher.ufrag}:x", "a wrong password"),
        stun_request("nobody:x", PASSWORD),
        stun_request(f"{publisher.ufrag}:x", PASSWORD)[:-1],
        bytes(20),
        struct.pack("!HHI12x", 1, 0, 0x2112A442),
        bytes([0x80, 96]) + bytes(40),
        bytes([0x80, 200]) + bytes(40),
    ]
    for datagram in junk:
        stranger.send_raw(datagram)
    expected = before.packets_received + len(junk)
    after = plane_saw(plane, lambda worker: worker.packets_received >= expected)
    assert stranger.has_nothing()
    # Nothing but the reports that the two participants get anyway.
    assert sum(after.drops.values()) == sum(before.drops.values()) + len(junk)
    assert not [event for event in plane.drain_events() if isinstance(event, DtlsReceived)]
    publisher.send_rtp(camera(1, keyframe=True))
    assert viewer.receive_rtp().ssrc == SLOT_SSRC


def test_damaged_packets_of_a_participant_are_counted_and_harm_nothing(plane):
    publisher, viewer = meet(plane, PROFILES[0], PROFILES[0])
    publisher.send_rtp(camera(1, keyframe=True))
    viewer.receive_rtp()
    before = counters(plane)
    for datagram in [
        b"\x80\x60",
        bytes([0x9F, 96]) + bytes(12),
        bytes([0x80, 96]) + bytes(30),
        b"\x81\xc8\x00",
    ]:
        publisher.send_raw(datagram)
    after = plane_saw(plane, lambda worker: worker.packets_received >= before.packets_received + 4)
    assert sum(after.drops.values()) == sum(before.drops.values()) + 4
    publisher.send_rtp(camera(2))
    assert viewer.receive_rtp().payload.endswith(b"picture")


async def test_dtls_travels_both_ways_and_events_wake_an_event_loop(plane):
    peer = SrtpPeer(plane, PUBLISHER)
    add = AddTransport(transport=PUBLISHER, meeting=MEETING, local_ufrag=peer.ufrag, local_password=PASSWORD)
    plane.submit(0, [add])
    counters(plane)
    woken = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(plane.event_fd(), woken.set)
    try:
        peer.prove()
        peer.send_raw(CLIENT_HELLO)
        events: list[Event] = []
        while len(events) < 2:
            await asyncio.wait_for(woken.wait(), 5)
            woken.clear()
            events.extend(plane.drain_events())
    finally:
        loop.remove_reader(plane.event_fd())
    connected, received = events
    assert isinstance(connected, TransportConnected)
    assert connected.address == "{}:{}".format(*peer.socket.getsockname())
    assert isinstance(received, DtlsReceived)
    assert (received.transport, received.datagram) == (PUBLISHER, CLIENT_HELLO)
    plane.submit(0, [SendDtls(transport=PUBLISHER, datagram=b"\x16answer")])
    assert peer.socket.recv(100) == b"\x16answer"


def test_a_removed_participant_becomes_a_stranger(plane):
    publisher, viewer = meet(plane, PROFILES[0], PROFILES[0])
    plane.submit(0, [RemoveTransport(transport=PUBLISHER)])
    worker = counters(plane)
    assert [transport.transport for transport in worker.transports] == [VIEWER]
    assert [slot.track for slot in worker.slots] == [None, None]
    publisher.send_rtp(camera(1, keyframe=True))
    publisher.send_raw(stun_request(f"{publisher.ufrag}:peer", PASSWORD))
    plane_saw(plane, lambda now: now.drops["stranger"] and now.drops["stun_unknown_user"])
    assert publisher.has_nothing()
    assert viewer.has_nothing()


def test_the_snapshot_tells_what_passed(plane):
    publisher, viewer = meet(plane, PROFILES[0], PROFILES[0])
    publisher.send_rtp(camera(1, keyframe=True))
    viewer.receive_rtp()
    worker = counters(plane)
    by_transport = {transport.transport: transport for transport in worker.transports}
    assert by_transport[PUBLISHER].packets_received >= 1
    assert by_transport[VIEWER].packets_sent == 1
    (track,) = [track for track in worker.tracks if track.track == CAMERA]
    assert (track.packets_received, track.packets_lost, track.subscribers) == (1, 0, 1)
    (slot,) = [slot for slot in worker.slots if slot.slot == VIDEO_SLOT]
    assert (slot.track, slot.packets_sent) == (CAMERA, 1)
    assert worker.cpu_ns > 0
    assert worker.restarts == 0
    # Counted once the call that sent it has returned, which may be later than the viewer has it.
    plane_saw(plane, lambda now: sum(count for _, count in now.latency) == 1)
    *bounds, last = [bound for bound, _ in worker.latency]
    assert last is None
    assert bounds == sorted(bound for bound in bounds if bound is not None)


def test_what_is_shipped_has_nothing_of_what_tests_alone_need():
    rehearsed = vars(rehearsal()).keys()
    assert {"Break", "VirtualPlane"} <= rehearsed
    assert rehearsed - vars(packet_plane).keys() == {"Break", "VirtualPlane"}
