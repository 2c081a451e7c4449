"""How often somebody may do something: a few times at once, then at a steady pace (a token bucket)."""

from media_node.quantities import Instant


class Allowance:
    """`burst` times at once, and `per_second` more each second up to that."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._left = float(burst)
        self._counted_at: Instant | None = None

    def take(self, now: Instant) -> bool:
        """Whether it may happen now; it then counts."""
        passed = 0.0 if self._counted_at is None else max(0.0, now - self._counted_at)
        self._left = min(self._burst, self._left + passed * self._per_second)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
