"""What a tenant may have at most. None: as much as it likes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TenantLimits:
    # Meetings with a place on a node, in each home region.
    live_meetings: int | None = None
    participants_per_meeting: int | None = None


NO_LIMITS = TenantLimits()
