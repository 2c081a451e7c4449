"""A tenant's API keys: made, listed, revoked. Whose key a request comes with is accounts.py's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.identifiers import KeyId, RandomBytes, derived_id, is_id, new_id
from chalicelib.domain.permissions import Keeper, Scope
from chalicelib.errors import (
    IdempotencyConflictError,
    InsufficientScopeError,
    LimitReachedError,
    NotFoundError,
)
from chalicelib.services.accounts import new_secret, secret_digest
from chalicelib.services.protocols import ApiKeyStore

# One query reads them all; more are a sign that they are made and never revoked.
MOST_KEYS = 100


@dataclass(frozen=True)
class MadeKey:
    """A new key with its secret; None if an earlier request with the same key made it and was told it."""

    key: ApiKey
    secret: str | None


class ApiKeys:
    def __init__(
        self, store: ApiKeyStore, forget: Callable[[KeyId], None], random_bytes: RandomBytes
    ) -> None:
        self._store = store
        self._forget = forget
        self._random_bytes = random_bytes

    def create(
        self,
        caller: Keeper,
        name: str,
        scopes: frozenset[Scope] | None,
        idempotency_key: str | None,
        now: datetime,
    ) -> MadeKey:
        """Make a key with some of the caller's own scopes; None is all of them.

        A repeated request finds the key that the first one made, but no secret: that is told once.

        Raises:
            InsufficientScopeError, LimitReachedError, IdempotencyConflictError: see there.
        """
        scopes = caller.scopes if scopes is None else scopes
        if not scopes <= caller.scopes:
            raise InsufficientScopeError("A key can only be given scopes that its maker has to give.")
        secret = new_secret(self._random_bytes)
        new = self._new_id(caller, idempotency_key)
        key = ApiKey(new, caller.tenant, name, secret_digest(secret), scopes, now)
        known = self._store.of_tenant(caller.tenant)
        if len(known) >= MOST_KEYS and key.id not in {one.id for one in known}:
            raise LimitReachedError(f"A tenant has at most {MOST_KEYS} API keys.")
        wanted = hashlib.sha256(json.dumps([name, sorted(scopes)]).encode()).hexdigest()
        earlier = self._store.create(key, wanted)
        if earlier is None:
            return MadeKey(key, secret)
        if earlier != wanted:
            raise IdempotencyConflictError("This Idempotency-Key came with another request before.")
        return MadeKey(self.find(caller, key.id), None)

    def list(self, caller: Keeper) -> list[ApiKey]:
        return self._store.of_tenant(caller.tenant)

    def find(self, caller: Keeper, name: str) -> ApiKey:
        """
        Raises:
            NotFoundError: There is none, or it is another tenant's.
        """
        found = self._store.by_id(KeyId(name)) if is_id(name, "key") else None
        if found is None or found.tenant != caller.tenant:
            raise NotFoundError(f"There is no API key {name[:64]}.")
        return found

    def revoke(self, caller: Keeper, name: str) -> None:
        """It stops working here at once, and on every other instance within a minute."""
        key = self.find(caller, name).id
        self._store.delete(key)
        self._forget(key)

    def _new_id(self, caller: Keeper, key: str | None) -> KeyId:
        """Of an idempotency key, so that a repeated request finds what the first one made."""
        if key is None:
            return KeyId(new_id("key", self._random_bytes))
        return KeyId(derived_id("key", caller.tenant, key))
