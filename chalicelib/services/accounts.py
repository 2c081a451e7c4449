"""Who calls: API keys and tenants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.identifiers import KeyId, RandomBytes, Tenant, is_id, new_id
from chalicelib.domain.permissions import ApiKeyCaller, Caller, Guest
from chalicelib.errors import UnauthorizedError
from chalicelib.services.protocols import ApiKeyStore

# A deleted key works at most this long on a warm instance.
KEPT_SECONDS = 60.0
MOST_KEPT = 10_000


@dataclass(frozen=True)
class NewKey:
    tenant: Tenant
    id: KeyId
    secret: str


class Accounts:
    def __init__(
        self, store: ApiKeyStore, random_bytes: RandomBytes, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._random_bytes = random_bytes
        self._monotonic = monotonic
        self._kept: dict[KeyId, tuple[float, Tenant, str]] = {}

    def provision(self, tenant: Tenant, name: str, now: datetime) -> NewKey:
        """Make an API key; its secret is told once and kept as a digest only."""
        key = KeyId(new_id("key", self._random_bytes))
        secret = base64.urlsafe_b64encode(self._random_bytes(32)).rstrip(b"=").decode()
        self._store.put(key, tenant, name, secret_digest(secret), now)
        return NewKey(tenant, key, secret)

    def caller_of(self, authorization: str | None) -> Caller:
        """Who an Authorization header names; nobody's header is a guest's.

        Raises:
            UnauthorizedError: Credentials came that are not valid. They are never taken for a guest's.
        """
        if authorization is None:
            return Guest()
        key, secret = basic_credentials(authorization)
        if not is_id(key, "key"):
            raise UnauthorizedError("This API key does not exist, or its secret is another.")
        found = self._find(KeyId(key))
        # Compared even where there is no key, so that the time does not tell.
        expected = found[1] if found is not None else secret_digest("")
        if not hmac.compare_digest(expected, secret_digest(secret)) or found is None:
            raise UnauthorizedError("This API key does not exist, or its secret is another.")
        return ApiKeyCaller(found[0], KeyId(key))

    def _find(self, key: KeyId) -> tuple[Tenant, str] | None:
        kept = self._kept.get(key)
        if kept is not None and self._monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1:]
        found = self._store.by_id(key)
        if found is not None and len(self._kept) < MOST_KEPT:
            self._kept[key] = (self._monotonic(), *found)
        return found


def secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def basic_credentials(authorization: str) -> tuple[str, str]:
    """Key and secret of a Basic header (RFC 7617).

    Raises:
        UnauthorizedError: Another scheme, or not base64 of `key:secret`.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise UnauthorizedError("Credentials are `Basic` with an API key and its secret.")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        raise UnauthorizedError("Basic credentials are the base64 of `key:secret`.") from None
    key, colon, secret = decoded.partition(":")
    if not colon:
        raise UnauthorizedError("Basic credentials are the base64 of `key:secret`.")
    return key, secret
