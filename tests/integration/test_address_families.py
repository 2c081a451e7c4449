"""Meetings over IPv4, IPv6 and both, over UDP and TCP, on the built plane."""

from __future__ import annotations

import socket

import pytest

from packet_plane import PacketPlane
from tests.support.plane_meeting import PUBLISHER, VIEWER, camera, join, set_up

IPV4, IPV6 = "127.0.0.1", "::1"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((IPV6, 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6, not even ::1")


@pytest.mark.parametrize(
    ("bound", "publisher_host", "viewer_host"),
    [
        (IPV4, IPV4, IPV4),
        pytest.param(IPV6, IPV6, IPV6, marks=needs_ipv6),
        pytest.param("::", IPV6, IPV4, marks=needs_ipv6),
        pytest.param("::", IPV4, IPV6, marks=needs_ipv6),
    ],
)
@pytest.mark.parametrize("publishes_over_tcp", [False, True], ids=["udp-in", "tcp-in"])
@pytest.mark.parametrize("watches_over_tcp", [False, True], ids=["udp-out", "tcp-out"])
def test_media_passes_between_any_two_ways_to_the_node(
    bound: str, publisher_host: str, viewer_host: str, publishes_over_tcp: bool, watches_over_tcp: bool
):
    plane = PacketPlane(host=bound)
    try:
        publisher = join(plane, PUBLISHER, host=publisher_host, over_tcp=publishes_over_tcp)
        viewer = join(plane, VIEWER, host=viewer_host, over_tcp=watches_over_tcp)
        set_up(plane)
        for number in range(1, 6):
            publisher.send_rtp(camera(number, keyframe=number == 1, content=bytes([number])))
        assert [viewer.receive_rtp().payload[-1] for _ in range(5)] == [1, 2, 3, 4, 5]
    finally:
        plane.close()
