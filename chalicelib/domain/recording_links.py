"""Links to a recording that are handed to people without an account: each ends, and can be taken back.

Who bears a link's secret may watch the film. The secret is told once and kept nowhere: the link's id is its
digest. Pure.
"""

from __future__ import annotations

import dataclasses
import hashlib
from base64 import b32encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.identifiers import LinkId
from chalicelib.domain.plain import SECRET

LONGEST = timedelta(days=7)
SHORTEST = timedelta(minutes=1)
# At once, of one recording: more is a public place, for which this is not.
MOST_LINKS = 50
# What a secret begins with, so that it is told from other tokens.
SECRET_PREFIX = "watch_"


@dataclass(frozen=True)
class WatchLink:
    id: LinkId
    made_by: str
    made_at: datetime
    expires_at: datetime
    # Of the idempotency key that it was asked for with.
    request: str | None = dataclasses.field(default=None, metadata=SECRET)


def link_id(secret: str) -> LinkId:
    """The same for the same secret; nobody finds the secret by it."""
    digest = hashlib.sha256(secret.encode()).digest()[:16]
    return LinkId(f"lnk_{b32encode(digest).decode().rstrip('=').lower()}")


def opens(links: Collection[WatchLink], link: LinkId, now: datetime) -> bool:
    return any(one.id == link and now < one.expires_at for one in links)


def with_link(links: Collection[WatchLink], link: WatchLink) -> tuple[WatchLink, ...]:
    """The same and one more; without those that have ended, and the one that the same request made before."""
    kept = (one for one in links if link.made_at < one.expires_at)
    others = (one for one in kept if link.request is None or one.request != link.request)
    return (*others, link)


def without_link(links: Collection[WatchLink], link: LinkId) -> tuple[WatchLink, ...]:
    return tuple(one for one in links if one.id != link)
