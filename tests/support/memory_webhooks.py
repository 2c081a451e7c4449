"""Webhooks in memory: the store's twin, a receiver that answers as told, and wake-ups that are kept."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import MeetingId, Tenant, WebhookEndpointId
from chalicelib.domain.webhooks import Delivery, Endpoint, Progress, Sent

Key = tuple[WebhookEndpointId, MeetingId]


@dataclasses.dataclass
class _Kept:
    progress: Progress
    region: str
    due_at: datetime | None
    lease_until: datetime | None = None


class MemoryWebhooks:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoints: dict[tuple[Tenant, WebhookEndpointId], tuple[Endpoint, str]] = {}
        self._kept: dict[Key, _Kept] = {}
        self._deliveries: dict[WebhookEndpointId, dict[str, Delivery]] = {}

    def create_endpoint(self, endpoint: Endpoint, request_digest: str) -> str | None:
        with self._lock:
            known = self._endpoints.setdefault((endpoint.tenant, endpoint.id), (endpoint, request_digest))
            return None if known[0] is endpoint else known[1]

    def put_endpoint(self, endpoint: Endpoint) -> bool:
        key = (endpoint.tenant, endpoint.id)
        if key not in self._endpoints:
            return False
        self._endpoints[key] = (endpoint, self._endpoints[key][1])
        return True

    def endpoint(self, tenant: Tenant, endpoint: WebhookEndpointId) -> Endpoint | None:
        known = self._endpoints.get((tenant, endpoint))
        return known[0] if known is not None else None

    def endpoints(self, tenant: Tenant) -> list[Endpoint]:
        return [one for (whose, _), (one, _) in sorted(self._endpoints.items()) if whose == tenant]

    def delete_endpoint(self, tenant: Tenant, endpoint: WebhookEndpointId) -> None:
        self._endpoints.pop((tenant, endpoint), None)

    def want(self, progress: Progress, region: str, now: datetime) -> bool:
        with self._lock:
            known = self._kept.get((progress.endpoint, progress.meeting))
            if known is None:
                self._kept[progress.endpoint, progress.meeting] = _Kept(progress, region, now)
                return True
            if known.progress.wanted >= progress.wanted:
                return False
            known.progress = dataclasses.replace(known.progress, wanted=progress.wanted)
            known.due_at = known.due_at or now
            return True

    def due(self, region: str, now: datetime, limit: int) -> list[Progress]:
        found = [
            (one.due_at, one.progress)
            for one in self._kept.values()
            if one.region == region and one.due_at is not None and one.due_at <= now
        ]
        return [progress for _, progress in sorted(found, key=lambda pair: pair[0])][:limit]

    def lease(
        self, endpoint: WebhookEndpointId, meeting: MeetingId, now: datetime, until: datetime
    ) -> Progress | None:
        with self._lock:
            known = self._kept.get((endpoint, meeting))
            if known is None or known.due_at is None or known.due_at > now:
                return None
            if known.lease_until is not None and known.lease_until >= now:
                return None
            known.lease_until = until
            return known.progress

    def settle(self, progress: Progress, again_at: datetime | None) -> bool:
        with self._lock:
            known = self._kept[progress.endpoint, progress.meeting]
            known.progress = dataclasses.replace(
                known.progress, delivered=progress.delivered, attempts=progress.attempts
            )
            known.lease_until = None
            if again_at is not None:
                known.due_at = again_at
                return True
            if known.progress.wanted <= progress.delivered:
                known.due_at = None
                return True
            return False

    def forget(self, endpoint: WebhookEndpointId, meeting: MeetingId) -> None:
        known = self._kept.get((endpoint, meeting))
        if known is not None:
            known.due_at = None

    def put_delivery(self, delivery: Delivery) -> None:
        self._deliveries.setdefault(delivery.endpoint, {})[_mark(delivery)] = delivery

    def delivery(self, endpoint: WebhookEndpointId, event: Event) -> Delivery | None:
        known = self._deliveries.get(endpoint, {}).values()
        return next(
            (one for one in known if (one.meeting, one.number) == (event.meeting, event.number)), None
        )

    def deliveries(
        self, endpoint: WebhookEndpointId, limit: int, before: str | None
    ) -> tuple[list[Delivery], str | None]:
        found = sorted(self._deliveries.get(endpoint, {}).items(), reverse=True)
        rest = [(mark, one) for mark, one in found if before is None or mark < before]
        return [one for _, one in rest[:limit]], rest[limit - 1][0] if len(rest) > limit else None


def _mark(delivery: Delivery) -> str:
    return f"{delivery.at.strftime('%Y-%m-%dT%H:%M:%S.%f')}#{delivery.meeting}#{delivery.number:010}"


class ToldReceiver:
    """Answers with what it is told, in turn; then with 200."""

    def __init__(self) -> None:
        self.answers: list[Sent] = []
        self.requests: list[tuple[str, Mapping[str, str], bytes]] = []

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        self.requests.append((url, headers, body))
        return self.answers.pop(0) if self.answers else Sent(200)


class KeptWakeUps:
    def __init__(self) -> None:
        self.waiting: list[tuple[Tenant, WebhookEndpointId, MeetingId]] = []

    def wake(self, tenant: Tenant, endpoint: WebhookEndpointId, meeting: MeetingId) -> None:
        self.waiting.append((tenant, endpoint, meeting))
