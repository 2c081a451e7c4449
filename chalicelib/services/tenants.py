"""What tenants may have, as it was at most a minute ago: looked up at each create, so kept."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.tenant import TenantLimits
from chalicelib.errors import BrokenRule, ValidationFailedError
from chalicelib.services.protocols import TenantKeys, TenantStore

# A changed limit holds everywhere after this long.
KEPT_SECONDS = 60.0
MOST_KEPT = 10_000
DEFAULT_PARTICIPANTS = 100


class Tenants:
    def __init__(self, store: TenantStore, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._kept: OrderedDict[Tenant, tuple[float, TenantLimits]] = OrderedDict()

    def limits_of(self, tenant: Tenant) -> TenantLimits:
        kept = self._kept.get(tenant)
        if kept is not None and self._monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        return self._keep(tenant, self._store.limits(tenant))

    def set_limits(self, tenant: Tenant, limits: TenantLimits) -> None:
        """Meetings that are live already stay so, whatever the new limit is."""
        self._store.set_limits(tenant, limits)
        self._keep(tenant, limits)

    def recording_key(self, tenant: Tenant, region: str) -> str | None:
        """The KMS key of the tenant's recordings in a region; None: the bucket's own."""
        return self._store.recording_key(tenant, region)

    def make_recording_key(self, tenant: Tenant, region: str, keys: TenantKeys) -> str:
        """Give the tenant a key of its own for what is recorded from now on; one that it has stays."""
        known = self.recording_key(tenant, region)
        return known or self._store.set_recording_key(tenant, region, keys.make(tenant))

    def size_of(self, tenant: Tenant, wanted: int | None) -> int:
        """How many a meeting may hold: what is wanted, or a hundred if the tenant may have that many.

        Raises:
            ValidationFailedError: More are wanted than the tenant may have.
        """
        most = self.limits_of(tenant).participants_per_meeting
        if wanted is None:
            return DEFAULT_PARTICIPANTS if most is None else min(DEFAULT_PARTICIPANTS, most)
        if most is not None and wanted > most:
            rule = f"Meetings of this tenant have at most {most} participants."
            raise ValidationFailedError([BrokenRule("/maxParticipants", rule)])
        return wanted

    def _keep(self, tenant: Tenant, limits: TenantLimits) -> TenantLimits:
        self._kept[tenant] = (self._monotonic(), limits)
        self._kept.move_to_end(tenant)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return limits
