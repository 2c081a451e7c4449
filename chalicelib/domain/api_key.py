"""An API key: whose it is, and what it may be used for. Its secret is known as a digest only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.permissions import Scope


@dataclass(frozen=True)
class ApiKey:
    id: KeyId
    tenant: Tenant
    name: str
    # SHA-256 of 256 random bits: no dictionary holds them, so that a slow hash would protect nothing.
    secret_digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    # To within some minutes: a write for each request would cost more than the request.
    last_used_at: datetime | None = None
