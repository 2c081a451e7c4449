"""Who may send how many requests: each caller, each tenant, each guest's address.

Counted in each process by itself: no trip to a store for each request. A fleet of functions lets through as
many times more as it has instances; what must never be exceeded is what API Gateway and WAF count.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from chalicelib.domain.limits import Allowance, Buckets, Quota
from chalicelib.domain.permissions import ApiKeyCaller, Caller, UserCaller

# A burst of two seconds' worth: pages that load much at once are not an attack.
BURST_SECONDS = 2
# A tenant has several servers.
TENANT_SHARE = 2


class Limits:
    def __init__(self, per_second: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._caller = _quota(per_second)
        self._tenant = _quota(per_second * TENANT_SHARE)
        self._monotonic = monotonic
        self._buckets = Buckets()

    def take(self, caller: Caller, address: str) -> Allowance:
        if isinstance(caller, ApiKeyCaller):
            wanted = [(f"key {caller.key}", self._caller), (f"tenant {caller.tenant}", self._tenant)]
        elif isinstance(caller, UserCaller):
            wanted = [(f"user {caller.user}", self._caller), (f"tenant {caller.tenant}", self._tenant)]
        else:
            wanted = [(f"address {address}", self._caller)]
        return self._buckets.take(wanted, self._monotonic())


def _quota(per_second: float) -> Quota:
    return Quota(per_second, max(1, int(per_second * BURST_SECONDS)))
