"""Whose pages may read answers: the origins that the operator names, and no others. Pure.

Nothing here lets anybody in. A page of another origin may send what it likes, as any program may; its browser
keeps the answer from it. There are no cookies, so that a page can call only with what it was given.

Source: the Fetch standard, 3.2 (CORS protocol); docs/decisions/0012.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ANY = "*"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
# What clients send beyond what browsers let every page send.
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
EXPOSED_HEADERS = (
    "ETag, Location, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "WWW-Authenticate, X-Request-Id"
)
# A browser asks again after ten minutes: so long takes an origin that was taken away.
MAX_AGE_SECONDS = 600


@dataclass(frozen=True)
class Cors:
    """Origins as `https://app.example`; `*` among them is any page, also one of an opaque origin."""

    origins: frozenset[str]

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """What goes with every answer.

        Args:
            origin: The `Origin` of the request; None where it has none.
        """
        if ANY in self.origins:
            return {ALLOW_ORIGIN: ANY, "Access-Control-Expose-Headers": EXPOSED_HEADERS}
        # A cache must not show one page what another was answered.
        varies = {"Vary": "Origin"}
        if origin is None or origin not in self.origins:
            return varies
        return {**varies, ALLOW_ORIGIN: origin, "Access-Control-Expose-Headers": EXPOSED_HEADERS}

    def preflight(self, origin: str | None, methods: Iterable[str]) -> Mapping[str, str]:
        """What goes with the answer to OPTIONS of a resource that has these methods."""
        allowed = ", ".join(sorted({*methods, "OPTIONS"}))
        headers = {**self.headers(origin), "Allow": allowed}
        if ALLOW_ORIGIN in headers:
            headers["Access-Control-Allow-Methods"] = allowed
            headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            headers["Access-Control-Max-Age"] = str(MAX_AGE_SECONDS)
        return headers
