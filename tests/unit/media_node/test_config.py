"""A node's settings: what it is told of its own addresses."""

from ipaddress import IPv4Address

import pytest
from pydantic import ValidationError

from media_node.config import Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("PARLEY_JWKS_URL", "http://127.0.0.1:1/jwks.json")
    for name in ("PARLEY_MEDIA_HOST", "PARLEY_MEDIA_ADDRESSES", "PARLEY_MEDIA_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_node_of_one_address_tells_that():
    assert Settings().advertised_addresses() == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_node_of_all_addresses_has_to_be_told_which_to_tell(environment: pytest.MonkeyPatch, host: str):
    environment.setenv("PARLEY_MEDIA_HOST", host)
    with pytest.raises(ValidationError, match="needs to be told its addresses"):
        Settings()
    environment.setenv("PARLEY_MEDIA_ADDRESSES", "192.0.2.1, 2001:db8::1")
    assert Settings().advertised_addresses() == ["192.0.2.1", "2001:db8::1"]


def test_a_node_hears_anybody_or_the_addresses_that_it_is_told(environment: pytest.MonkeyPatch):
    assert Settings().heard_sources() is None
    environment.setenv("PARLEY_MEDIA_SOURCES", "127.0.0.1, 192.0.2.1")
    assert Settings().heard_sources() == [IPv4Address("127.0.0.1"), IPv4Address("192.0.2.1")]


@pytest.mark.parametrize(("host", "sources"), [("::1", "192.0.2.1"), ("127.0.0.1", "localhost")])
def test_sources_are_ipv4_addresses(environment: pytest.MonkeyPatch, host: str, sources: str):
    environment.setenv("PARLEY_MEDIA_HOST", host)
    environment.setenv("PARLEY_MEDIA_SOURCES", sources)
    with pytest.raises(ValidationError, match="media_sources"):
        Settings()
