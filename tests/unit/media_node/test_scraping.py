"""Metrics are for the machine itself, or for whoever reaches the port that they have alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from media_node.scraping import is_from_machine


def asked(peer: Any, own: Any, **headers: str) -> bool:
    names = {"peername": peer, "sockname": own}
    transport = SimpleNamespace(get_extra_info=lambda name, default=None: names.get(name, default))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return is_from_machine(make_mocked_request("GET", "/metrics", named, transport=transport))


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.9.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("192.168.1.9", "192.168.1.9"),
        ("::ffff:192.168.1.9", "::ffff:192.168.1.9"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_the_machine_itself_is_known_by_either_end_of_its_connection(peer: str, own: str):
    assert asked((peer, 5), (own, 443))


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("203.0.113.9", "10.0.1.4"),
        ("192.168.1.8", "192.168.1.9"),
        ("10.0.1.5", "10.0.1.4"),
        ("::ffff:10.0.1.5", "::ffff:10.0.1.4"),
        ("2001:db8::1", "2001:db8::2"),
    ],
)
def test_another_machine_is_refused_a_near_one_too(peer: str, own: str):
    assert not asked((peer, 5), (own, 443))


@pytest.mark.parametrize("header", ["Forwarded", "X_Forwarded_For", "x_forwarded_for"])
def test_what_a_proxy_of_the_machine_hands_on_is_not_from_the_machine(header: str):
    assert not asked(("127.0.0.1", 5), ("127.0.0.1", 443), **{header: "203.0.113.9"})


@pytest.mark.parametrize("own", [None, "", ()])
def test_a_connection_without_addresses_is_nobodys(own: Any):
    assert not asked(own, ("127.0.0.1", 443))
    assert not asked(("127.0.0.1", 443), own)
