"""Who calls with an API key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.identifiers import KeyId, RandomBytes, Tenant, is_id, new_id
from chalicelib.domain.permissions import ApiKeyCaller, Caller, Guest
from chalicelib.domain.scopes import ALL_SCOPES
from chalicelib.errors import StoreUnavailableError, UnauthorizedError
from chalicelib.services.protocols import ApiKeyStore

# A deleted key, and a token that was got with it, works at most this long on a warm instance.
KEPT_SECONDS = 60.0
MOST_KEPT = 10_000
# When a key was last used is known to within this time: one write for all of its requests in it.
USE_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class NewKey:
    tenant: Tenant
    id: KeyId
    secret: str


def utc_now() -> datetime:
    return datetime.now(UTC)


class Accounts:
    def __init__(
        self,
        store: ApiKeyStore,
        random_bytes: RandomBytes,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._random_bytes = random_bytes
        self._monotonic = monotonic
        self._now = now
        self._kept: dict[KeyId, tuple[float, ApiKey]] = {}

    def provision(self, tenant: Tenant, name: str, now: datetime) -> NewKey:
        """Make an API key for everything; its secret is told once and kept as a digest only."""
        secret = new_secret(self._random_bytes)
        key = KeyId(new_id("key", self._random_bytes))
        self._store.create(ApiKey(key, tenant, name, secret_digest(secret), ALL_SCOPES, now), "")
        return NewKey(tenant, key, secret)

    def caller_of(self, authorization: str | None) -> Caller:
        """Who an Authorization header names; nobody's header is a guest's.

        Raises:
            UnauthorizedError: Credentials came that are not valid. They are never taken for a guest's.
        """
        if authorization is None:
            return Guest()
        name, secret = basic_credentials(authorization)
        found = self.find(name)
        # Compared even where there is no key, so that the time does not tell.
        expected = found.secret_digest if found is not None else secret_digest("")
        if not hmac.compare_digest(expected, secret_digest(secret)) or found is None:
            raise UnauthorizedError("This API key does not exist, or its secret is another.")
        return ApiKeyCaller(found.tenant, found.id, found.scopes)

    def find(self, name: str) -> ApiKey | None:
        """The key of an id, as it was at most KEPT_SECONDS ago; its use is noted."""
        if not is_id(name, "key"):
            return None
        key = KeyId(name)
        kept = self._kept.get(key)
        if kept is not None and self._monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = self._store.by_id(key)
        if found is None:
            self._kept.pop(key, None)
            return None
        if key in self._kept or len(self._kept) < MOST_KEPT:
            self._kept[key] = (self._monotonic(), found)
        self._note_use(found)
        return found

    def forget(self, key: KeyId) -> None:
        """A key that was revoked here stops working here at once."""
        self._kept.pop(key, None)

    def _note_use(self, key: ApiKey) -> None:
        now = self._now()
        if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY:
            # Nobody is refused because this could not be written down; the next request tries again.
            with suppress(StoreUnavailableError):
                self._store.note_use(key.id, now)


def new_secret(random_bytes: RandomBytes) -> str:
    return base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()


def secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def basic_credentials(authorization: str) -> tuple[str, str]:
    """Key and secret of a Basic header (RFC 7617).

    Raises:
        UnauthorizedError: Another scheme, or not base64 of `key:secret`.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise UnauthorizedError("Credentials are `Basic` with an API key and its secret, or `Bearer`.")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        raise UnauthorizedError("Basic credentials are the base64 of `key:secret`.") from None
    key, colon, secret = decoded.partition(":")
    if not colon:
        raise UnauthorizedError("Basic credentials are the base64 of `key:secret`.")
    return key, secret
