"""Two readings of a trembling estimate: what may be in use, and what may be newly promised.

Source: docs/bandwidth.md, section 1.
"""

from collections import deque
from dataclasses import dataclass, field

from media_node.quantities import Instant

# A dip this small is waited out this long: the pacer's queue takes it.
DIP = 0.10
DIP_SECONDS = 0.5
# What is newly promised must have been there this long.
STEADY_SECONDS = 1.0
# A first estimate is a guess, until probes have found out more.
GUESS_SECONDS = 0.3
UNLIMITED = float("inf")


@dataclass
class Budget:
    """The latest estimates of one receiver's link; without any there is no limit."""

    # (since, bits per second), oldest first; each holds until the next.
    _estimates: deque[tuple[Instant, float]] = field(default_factory=deque)
    # When the first came, while none was lower than one before.
    _rising_since: Instant | None = None

    def handle_estimate(self, now: Instant, estimate_bps: float) -> None:
        if self.is_unknown:
            self._rising_since = now
        elif estimate_bps < self.estimate_bps:
            self._rising_since = None
        self._estimates.append((now, estimate_bps))
        while len(self._estimates) > 1 and self._estimates[1][0] <= now - STEADY_SECONDS:
            self._estimates.popleft()

    @property
    def is_unknown(self) -> bool:
        """Whether nothing has been estimated yet."""
        return not self._estimates

    def is_guess(self, now: Instant) -> bool:
        """Whether the estimate is the first of a new link, and may be about to rise."""
        is_first = len(self._estimates) == 1 and self._rising_since is not None
        return is_first and now - self._estimates[0][0] < GUESS_SECONDS

    @property
    def estimate_bps(self) -> float:
        return self._estimates[-1][1] if self._estimates else UNLIMITED

    def spendable(self, now: Instant) -> float:
        """The estimate, or what it dipped from a moment ago."""
        current = self.estimate_bps
        highest = max(self._since(now - DIP_SECONDS), default=current)
        return highest if current >= highest * (1 - DIP) else current

    def steady(self, now: Instant) -> float:
        """The lowest estimate of the last second; of a new link the latest, as first probes are no crests."""
        if self._rising_since is not None and now - self._rising_since < STEADY_SECONDS:
            return self.estimate_bps
        return min(self._since(now - STEADY_SECONDS), default=UNLIMITED)

    def has_fallen(self, now: Instant) -> bool:
        """Whether the link was seen to carry clearly more within the last second."""
        highest = max(self._since(now - STEADY_SECONDS), default=self.estimate_bps)
        return self.estimate_bps < highest * (1 - DIP)

    def is_settled(self, now: Instant) -> bool:
        """Whether time alone changes neither reading."""
        return all(estimate == self.estimate_bps for estimate in self._since(now - STEADY_SECONDS))

    def _since(self, start: float) -> list[float]:
        """All estimates that held at `start` or later."""
        found = []
        for at, estimate_bps in reversed(self._estimates):
            found.append(estimate_bps)
            if at <= start:
                break
        return found
