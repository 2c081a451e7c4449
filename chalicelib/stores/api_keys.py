"""API keys: an id and the SHA-256 of a secret of 256 random bits, which no dictionary can guess."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.stores.failures import translate_failures
from chalicelib.stores.tables import ApiKeyItem


@translate_failures
class DynamoApiKeys:
    def put(self, key: KeyId, tenant: Tenant, name: str, secret_digest: str, now: datetime) -> None:
        ApiKeyItem(f"KEY#{key}", tenant=tenant, name=name, secret_digest=secret_digest, created_at=now).save()

    def by_id(self, key: KeyId) -> tuple[Tenant, str] | None:
        """The key's tenant and the digest of its secret."""
        try:
            item = ApiKeyItem.get(f"KEY#{key}", "META")
        except DoesNotExist:
            return None
        return Tenant(item.tenant), item.secret_digest
