"""Webhook stores keep the same promises in memory and over DynamoDB."""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pynamodb.connection import Connection

from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import MeetingId, Tenant, WebhookEndpointId, new_id
from chalicelib.domain.webhooks import Delivery, Endpoint, Progress, new_secret
from chalicelib.services.protocols import WebhookStore
from chalicelib.stores.webhooks import DynamoWebhooks
from tests.support.builders import NOW, a_meeting
from tests.support.memory_webhooks import MemoryWebhooks

SECOND = timedelta(seconds=1)


@pytest.fixture
def store(dynamodb: Connection | None) -> WebhookStore:
    return MemoryWebhooks() if dynamodb is None else DynamoWebhooks()


def an_endpoint() -> Endpoint:
    return Endpoint(
        WebhookEndpointId(new_id("whe", os.urandom)),
        Tenant(os.urandom(8).hex()),
        "https://example.com/hook",
        ("meeting.*", "participant.joined"),
        new_secret(os.urandom),
        NOW,
    )


def a_progress(wanted: int = 3) -> Progress:
    endpoint, meeting = WebhookEndpointId(new_id("whe", os.urandom)), a_meeting().id
    return Progress(endpoint, meeting, Tenant("acme"), 0, wanted, 0)


def test_an_endpoint_is_made_once_changed_and_deleted(store: WebhookStore):
    endpoint = an_endpoint()
    assert store.create_endpoint(endpoint, "d1") is None
    again = dataclasses.replace(endpoint, secret=new_secret(os.urandom))
    assert store.create_endpoint(again, "d2") == "d1"
    assert store.endpoint(endpoint.tenant, endpoint.id) == endpoint
    assert store.endpoints(endpoint.tenant) == [endpoint]
    assert store.endpoint(Tenant("other"), endpoint.id) is None
    changed = dataclasses.replace(
        endpoint,
        disabled=True,
        description="x",
        secret=new_secret(os.urandom),
        previous_secret=endpoint.secret,
        previous_secret_expires_at=NOW + SECOND,
    )
    assert store.put_endpoint(changed)
    assert store.endpoint(endpoint.tenant, endpoint.id) == changed
    store.delete_endpoint(endpoint.tenant, endpoint.id)
    store.delete_endpoint(endpoint.tenant, endpoint.id)
    assert store.endpoints(endpoint.tenant) == []
    assert not store.put_endpoint(changed)
    assert store.endpoint(endpoint.tenant, endpoint.id) is None


def test_what_is_wanted_is_due_until_it_is_delivered(store: WebhookStore):
    progress, region = a_progress(), os.urandom(4).hex()
    assert store.want(progress, region, NOW)
    assert not store.want(progress, region, NOW)
    assert not store.want(dataclasses.replace(progress, wanted=2), region, NOW)
    assert store.due(region, NOW - SECOND, 10) == []
    assert store.due(region, NOW, 10) == [progress]
    assert store.due(os.urandom(4).hex(), NOW, 10) == []
    leased = store.lease(progress.endpoint, progress.meeting, NOW, NOW + SECOND)
    assert leased == progress
    assert store.settle(dataclasses.replace(progress, delivered=3), None)
    assert store.due(region, NOW + SECOND, 10) == []
    assert store.lease(progress.endpoint, progress.meeting, NOW + 5 * SECOND, NOW + 6 * SECOND) is None
    assert store.want(dataclasses.replace(progress, wanted=4), region, NOW)
    (again,) = store.due(region, NOW, 10)
    assert (again.delivered, again.wanted) == (3, 4)


@pytest.mark.exact
def test_one_of_many_gets_the_lease_and_it_runs_out(store: WebhookStore):
    progress = a_progress()
    store.want(progress, "r", NOW)

    def lease(_: int) -> Progress | None:
        return store.lease(progress.endpoint, progress.meeting, NOW, NOW + SECOND)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lease, range(6)))
    assert sorted(answer is None for answer in answers) == [False] + [True] * 5
    later = NOW + 2 * SECOND
    assert store.lease(progress.endpoint, progress.meeting, later, later + SECOND) == progress


def test_a_failed_one_is_due_again_at_its_time_and_news_do_not_hurry_it(store: WebhookStore):
    progress, region = a_progress(), os.urandom(4).hex()
    store.want(progress, region, NOW)
    store.lease(progress.endpoint, progress.meeting, NOW, NOW + SECOND)
    failed = dataclasses.replace(progress, delivered=1, attempts=1)
    assert store.settle(failed, NOW + 5 * SECOND)
    assert store.want(dataclasses.replace(progress, wanted=9), region, NOW + SECOND)
    assert store.due(region, NOW + 4 * SECOND, 10) == []
    assert store.lease(progress.endpoint, progress.meeting, NOW + 4 * SECOND, NOW + 9 * SECOND) is None
    assert store.due(region, NOW + 5 * SECOND, 10) == [dataclasses.replace(failed, wanted=9)]


def test_more_that_came_meanwhile_stays_due(store: WebhookStore):
    progress, region = a_progress(), os.urandom(4).hex()
    store.want(progress, region, NOW)
    store.lease(progress.endpoint, progress.meeting, NOW, NOW + SECOND)
    store.want(dataclasses.replace(progress, wanted=5), region, NOW)
    assert not store.settle(dataclasses.replace(progress, delivered=3), None)
    assert [(one.delivered, one.wanted) for one in store.due(region, NOW, 10)] == [(3, 5)]
    assert store.lease(progress.endpoint, progress.meeting, NOW, NOW + SECOND) is not None
    store.forget(progress.endpoint, progress.meeting)
    assert store.due(region, NOW, 10) == []
    store.forget(a_progress().endpoint, progress.meeting)


def test_deliveries_are_listed_newest_first_and_replaced(store: WebhookStore):
    endpoint, meeting = WebhookEndpointId(new_id("whe", os.urandom)), MeetingId(a_meeting().id)
    made = [
        Delivery(
            endpoint, meeting, n, "x", NOW + n // 2 * SECOND, "retrying", 1, NOW, None, "no", NOW + SECOND
        )
        for n in range(1, 6)
    ]
    for one in made:
        store.put_delivery(one)
    last = dataclasses.replace(made[4], state="delivered", status=200, error=None, next_attempt_at=None)
    store.put_delivery(last)
    first, mark = store.deliveries(endpoint, 3, None)
    rest, end = store.deliveries(endpoint, 3, mark)
    assert [*first, *rest] == [last, *reversed(made[:4])]
    assert end is None
    event = Event(meeting, 5, "x", made[4].at, {})
    assert store.delivery(endpoint, event) == last
    assert store.delivery(endpoint, dataclasses.replace(event, number=6)) is None
