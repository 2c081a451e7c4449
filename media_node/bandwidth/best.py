"""In which size the best layer of a camera is asked for: whole, or smaller where nobody's link carries that.

Source: docs/bandwidth.md, section 6.
"""

from dataclasses import dataclass

from media_node.quantities import Instant

# 480p of 720p, between it and the 360p of the layer below.
REDUCED_SCALE = 1.5
# What is left of its bits: 800 of 1,500 kbit/s.
REDUCED_SHARE = 0.55
# A best layer that is no larger has nothing between it and the next.
LEAST_WHOLE_HEIGHT = 600
# The other size has to be right for so long, and ever longer where it soon is not after all.
WAIT_SECONDS, MAX_WAIT_SECONDS = 2.0, 32.0
# A size that was right for so long was no mistake.
PROVEN_SECONDS = 30.0
# A sender has followed by then, its encoder included.
FOLLOWED_SECONDS = 3.0
# One that has not sends more than this share of the whole height.
UNCHANGED = 0.9


@dataclass
class BestLayer:
    """The size of one camera's best layer.

    Attributes:
        whole_height: Pixels of its whole size, 0 while nothing is known of it.
        whole_bps: What that takes.
    """

    is_reduced: bool = False
    whole_height: int = 0
    whole_bps: int = 0
    # Its sender went on as before when it was asked for less.
    is_refused: bool = False
    # When its sender was asked last for the size of now.
    _turned_at: Instant | None = None
    # Since when the other size has been right.
    _other_since: Instant | None = None
    _wait_seconds: float = WAIT_SECONDS

    @property
    def is_reducible(self) -> bool:
        return self.whole_height >= LEAST_WHOLE_HEIGHT and not self.is_refused

    @property
    def height(self) -> int:
        return int(self.whole_height / REDUCED_SCALE) if self.is_reduced else self.whole_height

    @property
    def bps(self) -> int:
        return self.reduced_bps if self.is_reduced else self.whole_bps

    @property
    def reduced_bps(self) -> int:
        return int(self.whole_bps * REDUCED_SHARE)

    @property
    def is_open(self) -> bool:
        """Whether time alone may change it."""
        return self.is_reduced or self._other_since is not None

    def handle_reconnected(self, now: Instant) -> None:
        """Its sender begins whole, and has time to follow as at first."""
        if self.is_reduced:
            self._turned_at = now

    def handle_seen(self, now: Instant, height: int) -> bool:
        """Take the height that comes; returns whether it is whole again, as its sender does not follow."""
        has_had_time = self._turned_at is not None and now - self._turned_at >= FOLLOWED_SECONDS
        if not (self.is_reduced and has_had_time and height > UNCHANGED * self.whole_height):
            return False
        self.is_reduced, self.is_refused = False, True
        return True

    def settle(self, now: Instant, *, is_received: bool, fits_whole: bool, fits_reduced: bool) -> bool:
        """Look which size is right; returns whether it is another one from now on.

        Args:
            is_received: Whether somebody receives this layer now.
            fits_whole: Whether it would fit into somebody's link in its whole size, with a margin.
            fits_reduced: The same of its smaller size.
        """
        is_other_right = fits_whole if self.is_reduced else fits_reduced and not is_received
        if not is_other_right:
            self._other_since = None
            return False
        if self._other_since is None:
            self._other_since = now
        if now - self._other_since < (self._wait_seconds if self.is_reduced else WAIT_SECONDS):
            return False
        self._turn(now)
        return True

    def _turn(self, now: Instant) -> None:
        """To the other size. A whole one that was too much after all is tried again later and later."""
        if not self.is_reduced and self._turned_at is not None:
            was_proven = now - self._turned_at >= PROVEN_SECONDS
            longer = min(self._wait_seconds * 2, MAX_WAIT_SECONDS)
            self._wait_seconds = WAIT_SECONDS if was_proven else longer
        self.is_reduced = not self.is_reduced
        self._turned_at, self._other_since = now, None
