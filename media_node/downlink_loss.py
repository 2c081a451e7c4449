"""What gets lost on the way to each receiver: pure, from a snapshot of the plane about once a second.

Transport-wide feedback tells of every packet, whatever stream it is of, and the plane counts it in intervals
of 0.3 to 1 s. Where a receiver gives none, its reports are all there is: the last block of the latest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

# An interval may be shorter than a second: each reading counts as much as all before it.
LATEST = 0.5


class Transport(Protocol):
    """What is read of a transport's snapshot."""

    @property
    def transport(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def fraction_lost(self) -> float: ...
    @property
    def acknowledged_bps(self) -> int | None: ...


@dataclass
class DownlinkLoss:
    """Shares that are lost, 0 to 1, by the number of the transport."""

    share_by_transport: Mapping[int, float] = field(default_factory=dict)

    def handle_second(self, transports: Iterable[Transport]) -> None:
        """Take everybody's transports; those that are not among them are forgotten."""
        before = self.share_by_transport
        self.share_by_transport = {
            one.transport: before.get(one.transport, told) * (1 - LATEST) + told * LATEST
            for one, told in ((one, _told(one)) for one in transports)
        }


def _told(transport: Transport) -> float:
    # What arrives is measured by transport-wide feedback alone.
    return transport.loss if transport.acknowledged_bps is not None else transport.fraction_lost
