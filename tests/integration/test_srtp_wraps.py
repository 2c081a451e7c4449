"""The plane's SRTP against libsrtp over many packets: wraps, losses, other orders and repetitions."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from packet_plane import PacketPlane
from tests.support.plane_meeting import camera, meet
from tests.support.srtp_peer import PROFILES, Profile, SrtpPeer

# Within the replay window of libsrtp, 128 packets.
CHUNK = 32
# Shortly before a wrap.
FIRST = 64_000
# A path is given up after half a minute without a sign.
CHUNKS_BETWEEN_SIGNS = 500


@pytest.fixture
def plane() -> Iterator[PacketPlane]:
    plane = PacketPlane(host="127.0.0.1")
    yield plane
    plane.close()


def send_chunk(publisher: SrtpPeer, first: int, choice: random.Random) -> set[int]:
    """Send numbers from `first` on, some never, some twice, in another order; returns which."""
    numbers = [number for number in range(first, first + CHUNK) if choice.random() > 0.01]
    choice.shuffle(numbers)
    sent = [publisher.send_rtp(camera(number, content=number.to_bytes(4, "big"))) for number in numbers]
    for datagram in choice.sample(sent, 2):
        publisher.send_raw(datagram)
    return set(numbers)


def pass_on(publisher: SrtpPeer, viewer: SrtpPeer, packets: int, choice: random.Random) -> None:
    """Every packet comes out once, as it went in."""
    publisher.send_rtp(camera(FIRST, keyframe=True))
    shift = viewer.receive_rtp().sequence_number - FIRST
    for chunk in range(packets // CHUNK):
        first = FIRST + 1 + chunk * CHUNK
        sent = send_chunk(publisher, first, choice)
        received = [viewer.receive_rtp() for _ in sent]
        numbers = [int.from_bytes(packet.payload[-4:], "big") for packet in received]
        assert sorted(numbers) == sorted(sent)
        assert all(
            packet.sequence_number == (number + shift) & 0xFFFF
            for packet, number in zip(received, numbers, strict=True)
        )
        viewer.rtp.clear()
        if chunk % CHUNKS_BETWEEN_SIGNS == 0:
            publisher.stay()
            viewer.stay()
    publisher.send_rtp(camera(FIRST + 1 + packets, content=b"last"))
    assert viewer.receive_rtp().payload.endswith(b"last"), "no repetition came through"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_ten_thousand_packets_pass_both_ways_over_a_wrap(plane: PacketPlane, profile: Profile):
    pass_on(*meet(plane, profile, profile), 10_000, random.Random(1))


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_million_packets_pass_both_ways_over_fifteen_wraps(plane: PacketPlane, profile: Profile):
    pass_on(*meet(plane, profile, profile), 1_000_000, random.Random(2))
