"""How many handshakes run at a time: in all, and for one place in the network.

A handshake that its client leaves open holds some 75 kB for as long as a handshake may take. Whoever has
tokens could begin one for each and fill all places; so one address, or one network of IPv6 that a household
has, gets a part of them. Who finds none free begins again a moment later, as after a lost datagram.
"""

import ipaddress
from collections import Counter

# Some 40 MB at most. A handshake takes a few round trips, so that this is hundreds of joins a second even
# where all are far away.
MAX_AT_ONCE = 512
# A school behind one address that joins at once is through in a second or two.
MAX_PER_SOURCE = 128
# What one customer of a provider has (RFC 6177).
CUSTOMER_PREFIX = 64


def source_of(address: str) -> str:
    """The place in the network of "ip:port", an IPv6 address in brackets."""
    ip = address.rpartition(":")[0]
    if not ip.startswith("["):
        return ip
    return str(ipaddress.ip_network((ip.strip("[]"), CUSTOMER_PREFIX), strict=False))


class HandshakeLimit:
    """The handshakes under way, by the number of their connection."""

    def __init__(self) -> None:
        self._source_by_number: dict[int, str] = {}
        self._under_way: Counter[str] = Counter()

    def begin(self, number: int, source: str) -> bool:
        """Take a place; False where none is free."""
        if number in self._source_by_number:
            return True
        if len(self._source_by_number) >= MAX_AT_ONCE or self._under_way[source] >= MAX_PER_SOURCE:
            return False
        self._source_by_number[number] = source
        self._under_way[source] += 1
        return True

    def end(self, number: int) -> None:
        """Give a place back; again does nothing."""
        source = self._source_by_number.pop(number, None)
        if source is None:
            return
        self._under_way[source] -= 1
        if not self._under_way[source]:
            del self._under_way[source]
