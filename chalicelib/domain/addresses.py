"""Where a webhook may go: the public Internet, never the network that the control plane stands in.

What counts is the address that is connected to, not the name or its spelling: `0x7f.1`, `2130706433`, a
name that resolves to 169.254.169.254 and an IPv6 address that carries 10.0.0.1 inside are what they lead to.
Source: IANA special-purpose registries (RFC 6890) by `ipaddress`; RFC 6052, 3056, 4380 for what IPv6 embeds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
LONGEST_URL = 2048
# RFC 3986, 3.2 and 3.3, as far as a webhook needs it: no other characters, and `%` only before two digits.
_URL = re.compile(
    r"[a-z]+://([a-z0-9._~-]+|\[[0-9a-f:.]+\])(:\d{1,5})?([/?]([a-z0-9._~:/?@!$&'()*+,;=-]|%[0-9a-f]{2})*)?",
    re.IGNORECASE,
)


def parse_networks(text: str) -> tuple[Network, ...]:
    """A comma list of networks, as the configuration names those that are allowed besides."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_permitted(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address, as a resolver gives it, may be connected to."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if any(address in network for network in allowed if network.version == address.version):
        return True
    return all(_is_public(one) for one in (address, *_embedded(address)))


def url_problem(url: str, allowed: Sequence[Network] = ()) -> str | None:
    """Which rule a URL breaks by itself, before any name is resolved."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return f"A URL has up to {LONGEST_URL} printable ASCII characters and no spaces."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is no URL."
    if parts.scheme != "https" and not (parts.scheme == "http" and allowed):
        return "A webhook's URL begins with https://."
    if not parts.hostname or port == 0:
        return "A webhook's URL names a host."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "A webhook's URL has no user, password or fragment."
    if not _URL.fullmatch(url):
        return "A URL has only the characters of RFC 3986; others are percent-encoded."
    if _is_address(parts.hostname) and not is_permitted(parts.hostname, allowed):
        return "A webhook goes to a public address."
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour]
    found += address.teredo or ()
    if any(address in network for network in _NAT64):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if int(address) >> 32 == 0:
        found.append(ipaddress.IPv4Address(int(address)))
    return [one for one in found if one is not None]
