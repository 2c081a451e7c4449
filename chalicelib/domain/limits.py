"""How many requests somebody may send: a bucket that fills steadily and is emptied by requests.

Source: token bucket; headers as in draft-ietf-httpapi-ratelimit-headers-06.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

# Those who asked last are remembered; a forgotten one starts with a full bucket, as a new one does.
MOST_KEPT = 10_000


@dataclass(frozen=True)
class Quota:
    per_second: float
    burst: int


@dataclass(frozen=True)
class Allowance:
    """What is left of the tightest quota after a request, or how long to wait if it is none."""

    allowed: bool
    quota: Quota
    remaining: int
    # Until the bucket is full again; where the request was refused, until one more is allowed.
    reset_seconds: int


class Buckets:
    """Not for threads that need exact counts: a race lets one request more through, never blocks one."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, wanted: Sequence[tuple[str, Quota]], now: float) -> Allowance:
        """One request of somebody who counts in several ways; refused ones cost nothing.

        Args:
            wanted: Names of buckets with their quotas, at least one.
            now: Monotonic seconds.
        """
        levels = [(name, quota, self._level(name, quota, now)) for name, quota in wanted]
        allowed = all(level >= 1 for *_, level in levels)
        if allowed:
            levels = [(name, quota, level - 1) for name, quota, level in levels]
            for name, _, level in levels:
                self._keep(name, level, now)
        _, quota, level = min(levels, key=lambda entry: entry[2])
        missing = quota.burst - level if allowed else 1 - level
        reset = math.ceil(missing / quota.per_second)
        return Allowance(allowed, quota, int(level), max(reset, 0 if allowed else 1))

    def _level(self, name: str, quota: Quota, now: float) -> float:
        level, since = self._kept.get(name, (float(quota.burst), now))
        return min(float(quota.burst), level + (now - since) * quota.per_second)

    def _keep(self, name: str, level: float, now: float) -> None:
        self._kept[name] = (level, now)
        self._kept.move_to_end(name)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
