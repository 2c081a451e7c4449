"""Webhooks: signatures, addresses, order, retries, dead letters, replay, and what a tenant may."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.addresses import is_permitted, parse_networks, url_problem
from chalicelib.domain.events import Change, Entry
from chalicelib.domain.identifiers import KeyId, Tenant, WebhookEndpointId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import ApiKeyCaller
from chalicelib.domain.webhooks import (
    RETRY_SECONDS,
    SECRET_OVERLAP,
    Endpoint,
    Sent,
    headers,
    is_wanted,
    new_secret,
    pause_after,
    signature,
)
from chalicelib.errors import (
    IdempotencyConflictError,
    LimitReachedError,
    NotFoundError,
    ValidationFailedError,
)
from chalicelib.services.deliveries import Deliveries
from chalicelib.services.webhooks import MOST_ENDPOINTS, EndpointWishes, Webhooks
from tests.support.builders import NOW, a_meeting
from tests.support.memory_stores import MemoryFleet, MemoryMeetings
from tests.support.memory_webhooks import KeptWakeUps, MemoryWebhooks, ToldReceiver

ACME = ApiKeyCaller(Tenant("acme"), KeyId("key_1"))
OTHER = ApiKeyCaller(Tenant("other"), KeyId("key_2"))
URL = "https://hooks.example.com/parley"
DOWN = Sent(503, "HTTP 503")


class Desk:
    """A tenant, a log, a receiver, and time that passes when told."""

    def __init__(self) -> None:
        self.now: datetime = NOW
        self.store = MemoryWebhooks()
        self.meetings = MemoryMeetings(MemoryFleet())
        self.receiver = ToldReceiver()
        self.waker = KeptWakeUps()
        self.webhooks = Webhooks(self.store, random.Random(3).randbytes)
        self.deliveries = Deliveries(
            self.webhooks,
            self.store,
            self.meetings,
            self.receiver,
            self.waker,
            lambda: self.now,
            lambda: 0.5,
        )

    def endpoint(self, *events: str, key: str | None = None, **wishes: Any) -> Endpoint:
        wished = EndpointWishes(URL, events or ("*",), **wishes)
        return self.webhooks.create(ACME, wished, key, self.now)

    def meeting(self) -> Meeting:
        created = Change.creation(a_meeting(created_at=self.now))
        self.meetings.create(created, None, "d")
        self.hear(created)
        return created.after

    def happen(self, meeting: Meeting, kind: str = "meeting.x") -> None:
        known = self.meetings.meeting_by_id[meeting.id]
        change = Change.of(known).then(kind, self.now, present=known.present + 1)
        assert self.meetings.commit(change) is None
        self.hear(change)

    def hear(self, change: Change) -> None:
        self.deliveries.note("local", [Entry(Tenant("acme"), event) for event in change.events])

    def work(self) -> None:
        while self.waker.waiting:
            self.deliveries.run(*self.waker.waiting.pop(0))

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.deliveries.wake_due("local", self.now)
        self.work()

    def numbers(self) -> list[int]:
        return [json.loads(body)["data"]["number"] for _, _, body in self.receiver.requests]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_signature_is_what_the_standards_example_says():
    # The example of the specification of Standard Webhooks.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    told = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_events_arrive_signed_and_in_order(desk: Desk):
    endpoint = desk.endpoint()
    meeting = desk.meeting()
    desk.happen(meeting)
    desk.happen(meeting)
    desk.work()
    assert desk.numbers() == [1, 2, 3]
    url, told, body = desk.receiver.requests[0]
    assert (url, json.loads(body)["type"]) == (URL, "meeting.created")
    signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert told["webhook-signature"] == f"v1,{expected}"
    assert told["webhook-id"] == json.loads(body)["data"]["id"]


def test_wake_ups_that_repeat_or_come_late_deliver_nothing_twice(desk: Desk):
    desk.endpoint()
    meeting = desk.meeting()
    desk.waker.waiting *= 3
    desk.work()
    (created,) = desk.meetings.events(meeting.id, 0, 1)
    assert desk.deliveries.note("local", [Entry(Tenant("acme"), created)]) == 0
    desk.work()
    assert desk.numbers() == [1]


def test_a_batch_of_events_wakes_up_once_for_each_endpoint_and_meeting(desk: Desk):
    desk.endpoint()
    desk.endpoint("meeting.y")
    meeting = desk.meeting()
    desk.work()
    known = desk.meetings.meeting_by_id[meeting.id]
    change = Change.of(known).then("meeting.x", desk.now, present=1).then("meeting.y", desk.now, present=2)
    change = change.then("meeting.x", desk.now, present=3)
    assert desk.meetings.commit(change) is None
    entries = [Entry(Tenant("acme"), event) for event in change.events]
    strangers = [Entry(Tenant("other"), event) for event in change.events]
    assert desk.deliveries.note("local", [*entries, *strangers]) == 2
    assert len(desk.waker.waiting) == 2
    desk.work()
    assert sorted(desk.numbers()) == [1, 2, 3, 3, 4]


def test_a_lost_wake_up_is_found_by_the_clock(desk: Desk):
    desk.endpoint()
    desk.meeting()
    desk.waker.waiting.clear()
    desk.pass_time(1)
    assert desk.numbers() == [1]


def test_a_failure_holds_back_its_meeting_and_no_other(desk: Desk):
    desk.endpoint()
    desk.receiver.answers = [DOWN]
    first = desk.meeting()
    desk.work()
    desk.happen(first)
    second = desk.meeting()
    desk.work()
    assert [json.loads(body)["data"]["meetingId"] for _, _, body in desk.receiver.requests] == [
        first.id,
        second.id,
    ]
    desk.pass_time(RETRY_SECONDS[0] - 1)
    assert len(desk.receiver.requests) == 2
    desk.pass_time(2)
    assert desk.numbers() == [1, 1, 1, 2]
    page, _ = desk.deliveries.page(ACME, desk.webhooks.list(ACME)[0].id, 10, None)
    assert {one.state for one in page} == {"delivered"}


def test_after_a_day_of_failures_an_event_is_given_up_and_the_next_has_its_turn(desk: Desk):
    endpoint = desk.endpoint()
    desk.receiver.answers = [DOWN] * (len(RETRY_SECONDS) + 1)
    meeting = desk.meeting()
    desk.work()
    for seconds in RETRY_SECONDS:
        desk.pass_time(seconds + 1)
    assert desk.now - NOW > timedelta(hours=22)
    desk.happen(meeting)
    desk.work()
    assert desk.numbers() == [1] * (len(RETRY_SECONDS) + 1) + [2]
    page, _ = desk.deliveries.page(ACME, endpoint.id, 10, None)
    assert [(one.number, one.state) for one in page] == [(2, "delivered"), (1, "failed")]
    again = desk.deliveries.retry(ACME, endpoint.id, meeting.id, 1)
    assert again.state == "delivered"
    assert desk.numbers()[-1] == 1


def test_a_retry_out_of_turn_that_fails_changes_no_turn(desk: Desk):
    endpoint = desk.endpoint()
    desk.receiver.answers = [DOWN, DOWN]
    meeting = desk.meeting()
    desk.work()
    before = desk.deliveries.page(ACME, endpoint.id, 1, None)[0][0]
    tried = desk.deliveries.retry(ACME, endpoint.id, meeting.id, 1)
    assert (tried.state, tried.next_attempt_at) == ("retrying", before.next_attempt_at)
    desk.pass_time(RETRY_SECONDS[0])
    assert desk.numbers() == [1, 1, 1]


def test_what_was_never_to_be_delivered_cannot_be_retried(desk: Desk):
    endpoint = desk.endpoint("participant.*")
    meeting = desk.meeting()
    for number in (0, 1, 99):
        with pytest.raises(NotFoundError):
            desk.deliveries.retry(ACME, endpoint.id, meeting.id, number)


def test_only_wanted_events_come_and_none_from_before_the_endpoint(desk: Desk):
    meeting = desk.meeting()
    desk.now += timedelta(seconds=1)
    desk.endpoint("participant.*", "meeting.ended")
    for kind in ("meeting.x", "participant.joined", "meeting.ended"):
        desk.happen(meeting, kind)
    desk.work()
    assert desk.numbers() == [3, 4]


def test_a_disabled_or_deleted_endpoint_gets_nothing_more(desk: Desk):
    endpoint, other = desk.endpoint(), desk.endpoint()
    desk.meeting()
    desk.webhooks.change(ACME, endpoint.id, EndpointWishes(disabled=True))
    desk.webhooks.delete(ACME, other.id)
    desk.pass_time(1)
    assert desk.receiver.requests == []
    assert desk.store.due("local", desk.now, 10) == []


def test_a_receiver_that_is_gone_for_good_is_believed(desk: Desk):
    endpoint = desk.endpoint()
    desk.receiver.answers = [Sent(410, "HTTP 410")]
    meeting = desk.meeting()
    desk.work()
    desk.happen(meeting)
    desk.pass_time(1e6)
    assert desk.numbers() == [1]
    assert desk.webhooks.find(ACME, endpoint.id).disabled


def test_both_secrets_sign_until_the_old_one_runs_out(desk: Desk):
    old = desk.endpoint()
    rotated = desk.webhooks.rotate_secret(ACME, old.id, NOW)
    assert rotated.secret != old.secret
    soon = headers(rotated, "m", b"x", NOW + SECRET_OVERLAP - timedelta(seconds=1))
    signatures = [
        signature(one, "m", int(soon["webhook-timestamp"]), b"x") for one in (rotated.secret, old.secret)
    ]
    assert soon["webhook-signature"].split(" ") == signatures
    assert " " not in headers(rotated, "m", b"x", NOW + SECRET_OVERLAP)["webhook-signature"]


def test_an_endpoint_of_another_tenant_does_not_exist(desk: Desk):
    endpoint = desk.endpoint()
    for act in (
        lambda: desk.webhooks.find(OTHER, endpoint.id),
        lambda: desk.webhooks.delete(OTHER, endpoint.id),
        lambda: desk.webhooks.rotate_secret(OTHER, endpoint.id, NOW),
        lambda: desk.deliveries.test(OTHER, endpoint.id, a_meeting().id),
        lambda: desk.deliveries.page(OTHER, endpoint.id, 1, None),
        lambda: desk.deliveries.retry(OTHER, endpoint.id, a_meeting().id, 1),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert desk.webhooks.list(OTHER) == []


def test_one_idempotency_key_is_one_endpoint(desk: Desk):
    first = desk.endpoint(key="k")
    assert desk.endpoint(key="k") == first
    with pytest.raises(IdempotencyConflictError):
        desk.endpoint("meeting.*", key="k")
    assert desk.endpoint(key="other").id != first.id
    theirs = desk.webhooks.create(OTHER, EndpointWishes(URL, ("*",)), "k", NOW)
    assert theirs.id != first.id


def test_a_tenant_has_so_many_endpoints_and_no_more(desk: Desk):
    for _ in range(MOST_ENDPOINTS - 1):
        desk.endpoint()
    last = desk.endpoint(key="k")
    with pytest.raises(LimitReachedError):
        desk.endpoint()
    assert desk.endpoint(key="k") == last


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://exa mple.com/",
        "https://^K<e",
        "https://example.com/<a>",
        "https://example.com/%zz",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com/" + "x" * 2048,
        "javascript:alert(1)",
        "",
    ],
)
def test_a_url_that_leads_nowhere_good_is_refused(desk: Desk, url: str):
    with pytest.raises(ValidationFailedError):
        desk.webhooks.create(ACME, EndpointWishes(url, ("*",)), None, NOW)


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        *(
            (one, False)
            for one in (
                "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1",
                "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
                "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "::7f00:1",
                "2001:0:7f00:1::", "2001:db8::1", "example.com", "", "1.2.3",
            )
        ),
    ],
)  # fmt: skip
def test_only_public_addresses_are_connected_to(address: str, permitted: bool):
    assert is_permitted(address) is permitted


@given(st.ip_addresses())
def test_an_address_is_permitted_in_every_spelling_or_in_none(address: Any):
    if address.version == 4:
        mapped = f"::ffff:{address}"
        assert is_permitted(mapped) is (is_permitted(str(address)) and is_permitted(mapped))
    assert is_permitted(str(address)) is is_permitted(address.exploded)


def test_networks_that_the_operator_allows_are_allowed():
    allowed = parse_networks("127.0.0.0/8, ::1/128")
    assert is_permitted("127.3.2.1", allowed)
    assert is_permitted("::1", allowed)
    assert not is_permitted("10.0.0.1", allowed)
    assert url_problem("http://127.0.0.1:9000/", allowed) is None
    assert url_problem("http://10.0.0.1/", allowed) is not None


@given(st.floats(0, 1, exclude_max=True), st.integers(1, len(RETRY_SECONDS)))
def test_pauses_grow_and_spread(chance: float, attempts: int):
    pause = pause_after(attempts, chance)
    assert pause is not None
    assert abs(pause.total_seconds() / RETRY_SECONDS[attempts - 1] - 1) <= 0.2001
    assert pause_after(len(RETRY_SECONDS) + 1, chance) is None


def test_patterns_name_all_a_family_or_one():
    endpoint = Endpoint(WebhookEndpointId("whe_x"), Tenant("t"), URL, ("meeting.*",), new_secret(bytes), NOW)
    assert is_wanted(endpoint, "meeting.ended")
    assert not is_wanted(endpoint, "participant.joined")
    assert is_wanted(dataclasses.replace(endpoint, events=("*",)), "participant.joined")
    assert is_wanted(dataclasses.replace(endpoint, events=("a.b",)), "a.b")
    assert not is_wanted(dataclasses.replace(endpoint, events=("a.b",)), "a.c")
