"""API keys, each found by its id, and all of a tenant by the index of lists."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from pynamodb.exceptions import DoesNotExist, PutError, UpdateError

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.permissions import Scope
from chalicelib.domain.scopes import ALL_SCOPES
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.tenant_items import ApiKeyItem


@translate_failures
class DynamoApiKeys:
    def create(self, key: ApiKey, request_digest: str) -> str | None:
        """None if it was made, else the digest of the request that made it before."""
        item = _item(key, request_digest)
        try:
            item.save(condition=ApiKeyItem.pk.does_not_exist())
        except PutError as error:
            if not was_refused(error):
                raise
            return ApiKeyItem.get(item.pk, item.sk, consistent_read=True).request_digest or ""
        return None

    def by_id(self, key: KeyId) -> ApiKey | None:
        try:
            return _key(ApiKeyItem.get(_pk(key), "META", consistent_read=True))
        except DoesNotExist:
            return None

    def of_tenant(self, tenant: Tenant) -> list[ApiKey]:
        """Newest first. A key that was just made or revoked may be missing, or still there, for a moment."""
        found = ApiKeyItem.by_tenant.query(_list_key(tenant), scan_index_forward=False)
        return [_key(item) for item in found]

    def note_use(self, key: KeyId, at: datetime) -> None:
        """A key that was revoked meanwhile stays so."""
        try:
            ApiKeyItem(_pk(key), "META").update(
                actions=[ApiKeyItem.last_used_at.set(at)], condition=ApiKeyItem.pk.exists()
            )
        except UpdateError as error:
            if not was_refused(error):
                raise

    def delete(self, key: KeyId) -> None:
        ApiKeyItem(_pk(key), "META").delete()


def _pk(key: KeyId) -> str:
    return f"KEY#{key}"


def _list_key(tenant: Tenant) -> str:
    return f"KEYS#{tenant}"


def _item(key: ApiKey, request_digest: str) -> ApiKeyItem:
    return ApiKeyItem(
        _pk(key.id),
        "META",
        tenant=key.tenant,
        name=key.name,
        secret_digest=key.secret_digest,
        scopes=sorted(key.scopes),
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        request_digest=request_digest or None,
        list_key=_list_key(key.tenant),
        list_sort=f"{key.created_at.isoformat()}#{key.id}",
    )


def _key(item: ApiKeyItem) -> ApiKey:
    # Keys of before there were scopes have all of them.
    scopes = frozenset(cast("list[Scope]", item.scopes)) if item.scopes is not None else ALL_SCOPES
    return ApiKey(
        id=KeyId(item.pk.removeprefix("KEY#")),
        tenant=Tenant(item.tenant),
        name=item.name,
        secret_digest=item.secret_digest,
        scopes=scopes,
        created_at=item.created_at,
        last_used_at=item.last_used_at,
    )
