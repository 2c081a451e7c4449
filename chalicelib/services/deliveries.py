"""Delivers logs to webhook endpoints: at least once, in order per meeting, for about a day.

The log itself is the queue. One item per endpoint and meeting says how far it got; a stream of new events
says that there is more, and a message wakes whoever delivers. A lost, late or repeated wake-up costs time at
most: the minute's look at what is due finds it. An event that fails holds back those after it in its meeting,
and nothing else.
"""

from __future__ import annotations

import dataclasses
import logging
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from chalicelib.domain.events import Entry, Event
from chalicelib.domain.identifiers import MeetingId, Tenant, WebhookEndpointId
from chalicelib.domain.permissions import Keeper
from chalicelib.domain.webhooks import (
    Delivery,
    Endpoint,
    Progress,
    Sent,
    headers,
    is_wanted,
    pause_after,
    payload,
)
from chalicelib.errors import NotFoundError
from chalicelib.services.protocols import MeetingStore, WebhookSender, WebhookStore, WebhookWaker
from chalicelib.services.webhooks import Webhooks

# Longer than one run can take, so that two never deliver the same log at once.
LEASE = timedelta(seconds=60)
# One run ends well before its function does; what is left is taken up by the next.
LONGEST_RUN = timedelta(seconds=20)
EVENTS_AT_ONCE = 20
MOST_DUE = 500
# A receiver that says that it is gone for good is believed (Standard Webhooks, "410").
GONE = 410

log = logging.getLogger(__name__)


class Deliveries:
    def __init__(
        self,
        webhooks: Webhooks,
        store: WebhookStore,
        meetings: MeetingStore,
        sender: WebhookSender,
        waker: WebhookWaker,
        clock: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._webhooks = webhooks
        self._store = store
        self._meetings = meetings
        self._sender = sender
        self._waker = waker
        self._clock = clock
        self._chance = chance

    def note(self, region: str, entries: Iterable[Entry]) -> int:
        """Logs have new entries: whoever wants them gets them. Returns how many wake-ups. Safe to repeat."""
        endpoints: dict[Tenant, list[Endpoint]] = {}
        wanted: dict[tuple[Tenant, WebhookEndpointId, MeetingId], int] = {}
        for entry in entries:
            tenant, event = entry.tenant, entry.event
            if tenant not in endpoints:
                endpoints[tenant] = [one for one in self._store.endpoints(tenant) if not one.disabled]
            for endpoint in endpoints[tenant]:
                if is_wanted(endpoint, event.type):
                    key = (tenant, endpoint.id, event.meeting)
                    wanted[key] = max(event.number, wanted.get(key, 0))
        woken = 0
        for (tenant, endpoint_id, meeting), number in wanted.items():
            progress = Progress(endpoint_id, meeting, tenant, 0, number, 0)
            if self._store.want(progress, region, self._clock()):
                self._waker.wake(tenant, endpoint_id, meeting)
                woken += 1
        return woken

    def wake_due(self, region: str, now: datetime) -> int:
        """Wake up what waits for another attempt, or what nobody was told of."""
        due = self._store.due(region, now, MOST_DUE)
        for one in due:
            self._waker.wake(one.tenant, one.endpoint, one.meeting)
        return len(due)

    def run(self, tenant: Tenant, endpoint_id: WebhookEndpointId, meeting: MeetingId) -> int:
        """Deliver what is due of one meeting to one endpoint; returns how many events got through."""
        endpoint = self._store.endpoint(tenant, endpoint_id)
        if endpoint is None or endpoint.disabled:
            self._store.forget(endpoint_id, meeting)
            return 0
        started = self._clock()
        progress = self._store.lease(endpoint_id, meeting, started, started + LEASE)
        if progress is None:
            return 0  # Somebody else is at it, or it is not time yet.
        return self._deliver(endpoint, progress, started + LONGEST_RUN)

    def _deliver(self, endpoint: Endpoint, progress: Progress, until: datetime) -> int:
        succeeded = 0
        while events := self._meetings.events(progress.meeting, progress.delivered, EVENTS_AT_ONCE):
            for event in events:
                # What was before the endpoint is not its business.
                if event.at >= endpoint.created_at and is_wanted(endpoint, event.type):
                    delivery = self._attempt(endpoint, event, progress.attempts + 1)
                    self._store.put_delivery(delivery)
                    if delivery.status == GONE:
                        self._store.put_endpoint(dataclasses.replace(endpoint, disabled=True))
                    if delivery.next_attempt_at is not None:
                        failed = dataclasses.replace(progress, attempts=delivery.attempts)
                        self._store.settle(failed, delivery.next_attempt_at)
                        return succeeded
                    succeeded += delivery.state == "delivered"
                progress = dataclasses.replace(progress, delivered=event.number, attempts=0)
            if self._clock() >= until:
                break
        if not self._store.settle(progress, None):
            # More came while this was delivered.
            self._waker.wake(progress.tenant, endpoint.id, progress.meeting)
        return succeeded

    def _attempt(self, endpoint: Endpoint, event: Event, attempts: int) -> Delivery:
        now = self._clock()
        sent = self._send(endpoint, event, now)
        delivery = Delivery(
            endpoint=endpoint.id,
            meeting=event.meeting,
            number=event.number,
            type=event.type,
            at=event.at,
            state="delivered" if sent.succeeded else "failed",
            attempts=attempts,
            attempted_at=now,
            status=sent.status,
            error=sent.error,
        )
        pause = None if sent.succeeded or sent.status == GONE else pause_after(attempts, self._chance())
        if pause is not None:
            return dataclasses.replace(delivery, state="retrying", next_attempt_at=now + pause)
        if not sent.succeeded:
            log.warning("event %s was given up for %s: %s", event.id, endpoint.id, sent.error)
        return delivery

    def _send(self, endpoint: Endpoint, event: Event, now: datetime) -> Sent:
        body = payload(event, event.shown())
        named = {"Content-Type": "application/json", **headers(endpoint, event.id, body, now)}
        return self._sender.send(endpoint.url, named, body)

    def test(self, caller: Keeper, name: str, meeting: MeetingId) -> Sent:
        """Send a `webhook.test` now, once, outside of any log."""
        endpoint = self._webhooks.find(caller, name)
        now = self._clock()
        return self._send(endpoint, Event(meeting, 0, "webhook.test", now, {}), now)

    def page(
        self, caller: Keeper, name: str, limit: int, before: str | None
    ) -> tuple[list[Delivery], str | None]:
        """What became of the latest events, newest first."""
        return self._store.deliveries(self._webhooks.find(caller, name).id, limit, before)

    def retry(self, caller: Keeper, name: str, meeting: MeetingId, number: int) -> Delivery:
        """Send an event once more, now, whatever became of it before.

        Raises:
            NotFoundError: This endpoint never was to get such an event.
        """
        endpoint = self._webhooks.find(caller, name)
        events = self._meetings.events(meeting, number - 1, 1) if number > 0 else []
        known = self._store.delivery(endpoint.id, events[0]) if events else None
        if known is None:
            raise NotFoundError("This endpoint has no such delivery.")
        tried = self._attempt(endpoint, events[0], known.attempts + 1)
        if tried.state == "retrying":
            # Its own turn is not changed by a try out of turn.
            tried = dataclasses.replace(tried, state=known.state, next_attempt_at=known.next_attempt_at)
        self._store.put_delivery(tried)
        return tried
