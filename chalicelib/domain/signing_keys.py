"""When keys that sign tokens come, sign and go: every token is verified by everybody for its whole life.

A new key is published for an hour before it signs: by then instances, caches and nodes know it. The old one
stays published for as long as the longest token that it may have signed lives. Pure: keys are what is kept of
them, the current one first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# How long one key signs.
PERIOD = timedelta(days=30)
# Instances read keys each five minutes, answers of the JWKS may be cached for five, nodes ask each five.
PUBLISHED_BEFORE = timedelta(hours=1)
# Resume tokens live for a day; the rest is for clocks.
PUBLISHED_AFTER = timedelta(hours=25)


@dataclass(frozen=True)
class KeptKey:
    kid: str
    private_key_pem: str
    created_at: datetime
    # When another one took its place; None for the current one and the next.
    retired_at: datetime | None = None


def rotated(
    keys: Sequence[KeptKey], now: datetime, make_key: Callable[[], KeptKey], *, at_once: bool = False
) -> list[KeptKey]:
    """The keys as they should be now; equal to what was given if nothing is due.

    Args:
        make_key: A new one, created now.
        at_once: Do not wait for the current key's period: one step further each hour from now on.
    """
    kept = [key for key in keys if key.retired_at is None or now - key.retired_at < PUBLISHED_AFTER]
    if not kept:
        return [make_key()]
    current, *others = kept
    following = next((key for key in others if key.retired_at is None), None)
    if following is not None and now - following.created_at >= PUBLISHED_BEFORE:
        retired = [dataclasses.replace(current, retired_at=now), *(one for one in others if one != following)]
        return [following, *retired]
    if following is None and (at_once or now - current.created_at >= PERIOD):
        return [*kept, make_key()]
    return kept
