"""What somebody who signs in has chosen; the rest is their issuer's to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Profile:
    # What to be called, where it is not what the issuer says.
    name: str | None = None
    # Anything that an app wants to find again on another device.
    preferences: Mapping[str, str] = field(default_factory=dict)
    # Counts the changes, so that none is made of what is out of date.
    version: int = 0
