"""What a link was promised and did not carry: it is promised again later and later.

An estimate runs ahead of what is sent, so that a step up that seems to fit may have to be given back at once,
and would be taken again a moment later. Source: docs/bandwidth.md, section 4.
"""

from dataclasses import dataclass
from math import inf

from media_node.quantities import Instant

# Who keeps a step for so long was not wrong to take it.
PROVEN_SECONDS = 10.0
WAIT_SECONDS, MAX_WAIT_SECONDS = 4.0, 32.0
# A link that seems to carry so much more than it did has become another.
RELIEF = 2.0
# What a layer costs is measured, and trembles.
TREMBLE = 0.95


@dataclass
class Restraint:
    """The steps up of one receiver that had to be given back.

    Attributes:
        until: When what was too much may be tried again; None while nothing was.
    """

    until: Instant | None = None
    _refused_bps: float = inf
    _raised_at: Instant | None = None
    _wait_seconds: float = 0.0

    def handle_raise(self, now: Instant) -> None:
        """A step up was taken."""
        self._raised_at = now

    def handle_fall(self, now: Instant, used_bps: float) -> None:
        """Steps were given back that came to so many bits per second with all the others."""
        raised_at, self._raised_at = self._raised_at, None
        if raised_at is None:
            return
        if now - raised_at >= PROVEN_SECONDS:
            self._wait_seconds = 0.0
            return
        self._wait_seconds = min(max(WAIT_SECONDS, 2 * self._wait_seconds), MAX_WAIT_SECONDS)
        self._refused_bps, self.until = used_bps, Instant(now + self._wait_seconds)

    def handle_time(self, now: Instant) -> None:
        """What was too much may be tried again when its time has come."""
        if self.until is not None and now >= self.until:
            self.until = None

    def bound_bps(self, now: Instant, steady_bps: float) -> float:
        """The sum up to which steps may be taken now on a link that is known to carry so much."""
        is_over = self.until is None or now >= self.until
        return inf if is_over or steady_bps >= RELIEF * self._refused_bps else TREMBLE * self._refused_bps
