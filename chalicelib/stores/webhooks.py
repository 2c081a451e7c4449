"""Webhook endpoints, how far each got with each meeting, and what became of each event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, UpdateError
from pynamodb.expressions.update import Action

from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import MeetingId, Tenant, WebhookEndpointId
from chalicelib.domain.webhooks import Delivery, DeliveryState, Endpoint, Progress
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.tenant_items import DeliveryItem, WebhookEndpointItem, WebhookProgressItem

# What became of an event can be looked up for a week.
DELIVERY_LIFETIME = timedelta(days=7)
# A log that nobody added to for this long is delivered or given up.
PROGRESS_LIFETIME = timedelta(days=40)


@translate_failures
class DynamoWebhooks:
    def create_endpoint(self, endpoint: Endpoint, request_digest: str) -> str | None:
        """None if it was made, else the digest of the request that made it before."""
        item = _endpoint_item(endpoint, request_digest)
        try:
            item.save(condition=WebhookEndpointItem.pk.does_not_exist())
        except PutError as error:
            if not was_refused(error):
                raise
            return WebhookEndpointItem.get(item.pk, item.sk, consistent_read=True).request_digest
        return None

    def put_endpoint(self, endpoint: Endpoint) -> bool:
        """Change one that is there; False if it was deleted meanwhile."""
        item = _endpoint_item(endpoint, "")
        actions: list[Action] = [
            WebhookEndpointItem.url.set(item.url),
            WebhookEndpointItem.events.set(item.events),
            WebhookEndpointItem.description.set(item.description),
            WebhookEndpointItem.disabled.set(item.disabled),
            WebhookEndpointItem.secret.set(item.secret),
        ]
        if item.previous_secret is not None:
            actions.append(WebhookEndpointItem.previous_secret.set(item.previous_secret))
            actions.append(WebhookEndpointItem.previous_expires_at.set(item.previous_expires_at))
        return _updated(item, actions, WebhookEndpointItem.pk.exists())

    def endpoint(self, tenant: Tenant, endpoint: WebhookEndpointId) -> Endpoint | None:
        try:
            return _endpoint_of(WebhookEndpointItem.get(f"WHT#{tenant}", endpoint, consistent_read=True))
        except DoesNotExist:
            return None

    def endpoints(self, tenant: Tenant) -> list[Endpoint]:
        return [
            _endpoint_of(item) for item in WebhookEndpointItem.query(f"WHT#{tenant}", consistent_read=True)
        ]

    def delete_endpoint(self, tenant: Tenant, endpoint: WebhookEndpointId) -> None:
        try:
            WebhookEndpointItem(f"WHT#{tenant}", endpoint).delete(WebhookEndpointItem.pk.exists())
        except DeleteError as error:
            if not was_refused(error):
                raise

    def want(self, progress: Progress, region: str, now: datetime) -> bool:
        """There is an event to deliver; False if a later one is known to be wanted already."""
        kind = WebhookProgressItem
        actions: list[Action] = [
            kind.tenant.set(progress.tenant),
            kind.wanted.set(progress.wanted),
            kind.delivered.set(kind.delivered | progress.delivered),
            kind.attempts.set(kind.attempts | 0),
            kind.region.set(region),
            kind.due_key.set(f"DUE#{region}"),
            # One that waits for its next attempt goes on waiting.
            kind.due_at.set(kind.due_at | _text(now)),
            kind.expires.set(int((now + PROGRESS_LIFETIME).timestamp())),
        ]
        is_news = kind.wanted.does_not_exist() | (kind.wanted < progress.wanted)
        return _updated(_progress_item(progress.endpoint, progress.meeting), actions, is_news)

    def due(self, region: str, now: datetime, limit: int) -> list[Progress]:
        found = WebhookProgressItem.due.query(
            f"DUE#{region}", WebhookProgressItem.due_at <= _text(now), limit=limit
        )
        return [_progress_of(item) for item in found]

    def lease(
        self, endpoint: WebhookEndpointId, meeting: MeetingId, now: datetime, until: datetime
    ) -> Progress | None:
        """Take what is due for oneself; None if it is not due or another has it."""
        kind = WebhookProgressItem
        item = _progress_item(endpoint, meeting)
        free = kind.lease_until.does_not_exist() | (kind.lease_until < _text(now))
        if not _updated(item, [kind.lease_until.set(_text(until))], (kind.due_at <= _text(now)) & free):
            return None
        return _progress_of(item)

    def settle(self, progress: Progress, again_at: datetime | None) -> bool:
        """Say how far it got and let go of it; False if more is wanted by now, which stays due."""
        kind = WebhookProgressItem
        item = _progress_item(progress.endpoint, progress.meeting)
        done: list[Action] = [
            kind.delivered.set(progress.delivered),
            kind.attempts.set(progress.attempts),
            kind.lease_until.remove(),
        ]
        if again_at is not None:
            return _updated(item, [*done, kind.due_at.set(_text(again_at))], kind.pk.exists())
        nothing_left = kind.wanted <= progress.delivered
        if _updated(item, [*done, kind.due_key.remove(), kind.due_at.remove()], nothing_left):
            return True
        _updated(item, done, kind.pk.exists())
        return False

    def forget(self, endpoint: WebhookEndpointId, meeting: MeetingId) -> None:
        kind = WebhookProgressItem
        _updated(
            _progress_item(endpoint, meeting), [kind.due_key.remove(), kind.due_at.remove()], kind.pk.exists()
        )

    def put_delivery(self, delivery: Delivery) -> None:
        DeliveryItem(
            f"WHD#{delivery.endpoint}",
            _delivery_key(delivery.at, delivery.meeting, delivery.number),
            type=delivery.type,
            at=delivery.at,
            state=delivery.state,
            attempts=delivery.attempts,
            attempted_at=delivery.attempted_at,
            status=delivery.status,
            error=delivery.error,
            next_attempt_at=delivery.next_attempt_at,
            expires=int((delivery.attempted_at + DELIVERY_LIFETIME).timestamp()),
        ).save()

    def delivery(self, endpoint: WebhookEndpointId, event: Event) -> Delivery | None:
        key = _delivery_key(event.at, event.meeting, event.number)
        try:
            return _delivery_of(DeliveryItem.get(f"WHD#{endpoint}", key, consistent_read=True))
        except DoesNotExist:
            return None

    def deliveries(
        self, endpoint: WebhookEndpointId, limit: int, before: str | None
    ) -> tuple[list[Delivery], str | None]:
        query = DeliveryItem.query(
            f"WHD#{endpoint}",
            range_key_condition=DeliveryItem.sk < before if before is not None else None,
            scan_index_forward=False,
            limit=limit + 1,
        )
        found = list(query)
        kept = found[:limit]
        return [_delivery_of(item) for item in kept], kept[-1].sk if len(found) > limit else None


def _updated(item: Any, actions: list[Action], condition: Any) -> bool:
    try:
        item.update(actions=actions, condition=condition)
    except UpdateError as error:
        if not was_refused(error):
            raise
        return False
    return True


def _text(moment: datetime) -> str:
    """Sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _delivery_key(at: datetime, meeting: MeetingId, number: int) -> str:
    return f"{_text(at)}#{meeting}#{number:010}"


def _endpoint_item(endpoint: Endpoint, request_digest: str) -> WebhookEndpointItem:
    return WebhookEndpointItem(
        f"WHT#{endpoint.tenant}",
        endpoint.id,
        url=endpoint.url,
        events=list(endpoint.events),
        description=endpoint.description,
        disabled=endpoint.disabled,
        secret=endpoint.secret,
        previous_secret=endpoint.previous_secret,
        previous_expires_at=endpoint.previous_secret_expires_at,
        created_at=endpoint.created_at,
        request_digest=request_digest,
    )


def _endpoint_of(item: WebhookEndpointItem) -> Endpoint:
    return Endpoint(
        id=WebhookEndpointId(item.sk),
        tenant=Tenant(item.pk.removeprefix("WHT#")),
        url=item.url,
        events=tuple(item.events),
        secret=item.secret,
        created_at=item.created_at,
        description=item.description,
        disabled=item.disabled,
        previous_secret=item.previous_secret,
        previous_secret_expires_at=item.previous_expires_at,
    )


def _progress_item(endpoint: WebhookEndpointId, meeting: MeetingId) -> WebhookProgressItem:
    return WebhookProgressItem(f"WHP#{endpoint}", meeting)


def _progress_of(item: WebhookProgressItem) -> Progress:
    return Progress(
        endpoint=WebhookEndpointId(item.pk.removeprefix("WHP#")),
        meeting=MeetingId(item.sk),
        tenant=Tenant(item.tenant),
        delivered=int(item.delivered),
        wanted=int(item.wanted),
        attempts=int(item.attempts),
    )


def _delivery_of(item: DeliveryItem) -> Delivery:
    _, meeting, number = item.sk.split("#")
    return Delivery(
        endpoint=WebhookEndpointId(item.pk.removeprefix("WHD#")),
        meeting=MeetingId(meeting),
        number=int(number),
        type=item.type,
        at=item.at,
        state=cast(DeliveryState, item.state),
        attempts=int(item.attempts),
        attempted_at=item.attempted_at,
        status=int(item.status) if item.status is not None else None,
        error=item.error,
        next_attempt_at=item.next_attempt_at,
    )
