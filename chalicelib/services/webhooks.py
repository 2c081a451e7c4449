"""A tenant's webhook endpoints: make, list, change, delete, new secrets."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.addresses import Network, url_problem
from chalicelib.domain.identifiers import RandomBytes, WebhookEndpointId, derived_id, is_id, new_id
from chalicelib.domain.permissions import Keeper
from chalicelib.domain.webhooks import SECRET_OVERLAP, Endpoint, new_secret
from chalicelib.errors import (
    BrokenRule,
    IdempotencyConflictError,
    LimitReachedError,
    NotFoundError,
    ValidationFailedError,
)
from chalicelib.services.protocols import WebhookStore

# Each event costs a delivery per endpoint.
MOST_ENDPOINTS = 16


@dataclass(frozen=True)
class EndpointWishes:
    """What may be said of an endpoint; None leaves it as it is."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    disabled: bool | None = None


class Webhooks:
    def __init__(
        self, store: WebhookStore, random_bytes: RandomBytes, allowed: Sequence[Network] = ()
    ) -> None:
        self._store = store
        self._random_bytes = random_bytes
        self._allowed = allowed

    def create(self, caller: Keeper, wishes: EndpointWishes, key: str | None, now: datetime) -> Endpoint:
        """Make an endpoint; the same key with the same wishes gives the same one again.

        Raises:
            ValidationFailedError, LimitReachedError, IdempotencyConflictError: see there.
        """
        self._check(wishes)
        endpoint = Endpoint(
            id=self._new_id(caller, key),
            tenant=caller.tenant,
            url=wishes.url or "",
            events=wishes.events or ("*",),
            secret=new_secret(self._random_bytes),
            created_at=now,
            description=wishes.description or "",
            disabled=wishes.disabled or False,
        )
        known = self._store.endpoints(caller.tenant)
        if len(known) >= MOST_ENDPOINTS and endpoint.id not in {one.id for one in known}:
            raise LimitReachedError(f"A tenant has at most {MOST_ENDPOINTS} webhook endpoints.")
        wanted = _digest(wishes)
        earlier = self._store.create_endpoint(endpoint, wanted)
        if earlier is None:
            return endpoint
        if earlier != wanted:
            raise IdempotencyConflictError("This Idempotency-Key came with another request before.")
        return self.find(caller, endpoint.id)

    def list(self, caller: Keeper) -> list[Endpoint]:
        return self._store.endpoints(caller.tenant)

    def find(self, caller: Keeper, name: str) -> Endpoint:
        found = None
        if is_id(name, "whe"):
            found = self._store.endpoint(caller.tenant, WebhookEndpointId(name))
        if found is None:
            raise NotFoundError(f"There is no webhook endpoint {name[:64]}.")
        return found

    def change(self, caller: Keeper, name: str, wishes: EndpointWishes) -> Endpoint:
        self._check(wishes)
        said = {key: value for key, value in vars(wishes).items() if value is not None}
        changed = dataclasses.replace(self.find(caller, name), **said)
        return self._kept(changed)

    def rotate_secret(self, caller: Keeper, name: str, now: datetime) -> Endpoint:
        """A new secret; the old one goes on signing beside it for a day."""
        known = self.find(caller, name)
        rotated = dataclasses.replace(
            known,
            secret=new_secret(self._random_bytes),
            previous_secret=known.secret,
            previous_secret_expires_at=now + SECRET_OVERLAP,
        )
        return self._kept(rotated)

    def delete(self, caller: Keeper, name: str) -> None:
        self._store.delete_endpoint(caller.tenant, self.find(caller, name).id)

    def _kept(self, endpoint: Endpoint) -> Endpoint:
        if not self._store.put_endpoint(endpoint):
            raise NotFoundError(f"There is no webhook endpoint {endpoint.id}.")
        return endpoint

    def _check(self, wishes: EndpointWishes) -> None:
        problem = url_problem(wishes.url, self._allowed) if wishes.url is not None else None
        if problem is not None:
            raise ValidationFailedError([BrokenRule("/url", problem)])

    def _new_id(self, caller: Keeper, key: str | None) -> WebhookEndpointId:
        """Of a key, so that a repeated request finds what the first one made."""
        if key is None:
            return WebhookEndpointId(new_id("whe", self._random_bytes))
        return WebhookEndpointId(derived_id("whe", caller.tenant, key))


def _digest(wishes: EndpointWishes) -> str:
    return hashlib.sha256(json.dumps(vars(wishes), sort_keys=True).encode()).hexdigest()
