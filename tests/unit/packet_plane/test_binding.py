"""What the binding refuses, and with which error."""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address

import pytest

from packet_plane import (
    AddTrack,
    AddTransport,
    AssignSlot,
    Codec,
    Extension,
    PacketPlane,
    QueueFullError,
    RemoveTransport,
    SetSrtpKeys,
)

NOTHING = RemoveTransport(transport=404)


@pytest.fixture
def plane() -> Iterator[PacketPlane]:
    plane = PacketPlane(host="127.0.0.1", workers=2)
    yield plane
    plane.close()


def test_each_worker_has_a_port_of_its_own(plane):
    assert len(set(plane.local_ports)) == 2
    assert len(plane.snapshot()) == 2


def test_a_taken_port_and_a_host_that_is_no_address_are_refused():
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 0))
    with taken, pytest.raises(OSError, match="in use"):
        PacketPlane(host="127.0.0.1", port=taken.getsockname()[1])
    with pytest.raises(ValueError, match="localhost"):
        PacketPlane(host="localhost")


def test_a_plane_hears_its_sources_alone():
    plane = PacketPlane(host="0.0.0.0", sources=[IPv4Address("127.0.0.1")])
    to = ("127.0.0.1", plane.local_ports[0])
    with ExitStack() as sockets:
        sockets.callback(plane.close)

        def opened(source: str, kind: int) -> socket.socket:
            one = sockets.enter_context(socket.socket(socket.AF_INET, kind))
            one.bind((source, 0))
            return one

        stranger = opened("127.0.0.2", socket.SOCK_STREAM)
        stranger.setblocking(False)
        assert stranger.connect_ex(to) == errno.EINPROGRESS
        opened("127.0.0.1", socket.SOCK_STREAM).connect(to)
        # What loopback has taken is there: the first one would have been let in before the second.
        assert select.select([], [stranger], [], 0)[1] == []
        opened("127.0.0.2", socket.SOCK_DGRAM).sendto(b"?" * 20, to)
        opened("127.0.0.1", socket.SOCK_DGRAM).sendto(b"?" * 20, to)
        while (received := plane.snapshot()[0].packets_received) == 0:
            pass
        assert received == 1


def test_sources_that_are_too_many_or_no_ipv4_addresses_are_refused():
    with pytest.raises(OSError, match="invalid"):
        PacketPlane(host="127.0.0.1", sources=[IPv4Address(number) for number in range(201)])
    with pytest.raises(ValueError, match="IPv4"):
        PacketPlane(host="127.0.0.1", sources=[IPv6Address("::1")])


def test_closing_frees_the_port_and_may_be_repeated(plane):
    port = plane.local_ports[0]
    plane.close()
    plane.close()
    PacketPlane(host="127.0.0.1", port=port).close()
    assert plane.snapshot() == []
    with pytest.raises(IndexError):
        plane.submit(0, [NOTHING])


def test_submitting_refuses_what_is_no_command_and_unknown_workers(plane):
    with pytest.raises(TypeError, match="str"):
        plane.submit(0, ["join"])
    with pytest.raises(IndexError):
        plane.submit(2, [NOTHING])


def test_a_batch_too_large_to_wait_is_refused_whole(plane):
    with pytest.raises(QueueFullError, match="65536"):
        plane.submit(0, [NOTHING] * 65_537)
    plane.submit(0, [NOTHING] * 1_000)


def test_commands_for_what_does_not_exist_do_nothing(plane):
    plane.submit(0, [NOTHING, AssignSlot(slot=1, track=2), AssignSlot(slot=1, track=None)])
    add = AddTransport(transport=1, meeting=1, local_ufrag="u", local_password="p")
    plane.submit(0, [add, add])
    (worker, other) = plane.snapshot()
    assert worker is not None
    assert other is not None
    assert [transport.transport for transport in worker.transports] == [1]
    assert other.transports == []


def test_parameters_that_make_no_sense_are_refused_when_the_command_is_made():
    with pytest.raises(ValueError, match="PCMU"):
        Codec(payload_type=0, name="PCMU", clock_rate=8_000)
    with pytest.raises(ValueError, match="text"):
        AddTrack(track=1, transport=1, kind="text", codecs=[])
    with pytest.raises(OverflowError):
        RemoveTransport(transport=-1)
    with pytest.raises(OverflowError):
        Extension(id=256, uri="urn:x")


@pytest.mark.parametrize(
    ("profile", "key_length", "salt_length", "complaint"),
    [
        ("AEAD_AES_128_GCM", 16, 14, "salt"),
        ("AEAD_AES_256_GCM", 16, 12, "key"),
        ("AES128_CM_SHA1_80", 16, 12, "salt"),
        ("AES128_CM_SHA1_32", 16, 14, "profile"),
    ],
)
def test_keys_that_do_not_fit_the_profile_are_refused(profile, key_length, salt_length, complaint):
    with pytest.raises(ValueError, match=complaint):
        SetSrtpKeys(
            transport=1,
            profile=profile,
            local_key=bytes(key_length),
            local_salt=bytes(salt_length),
            remote_key=bytes(key_length),
            remote_salt=bytes(salt_length),
        )
