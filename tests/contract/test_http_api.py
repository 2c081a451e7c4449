"""The HTTP API through the gateway adapter, over the DynamoDB stand-in: answers, problems, bad input."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import random
import time
from datetime import timedelta
from typing import Any

import pytest
from openapi_spec_validator import validate
from pynamodb.connection import Connection

from chalicelib import bootstrap, errors
from chalicelib.config import read_config
from chalicelib.domain.identifiers import new_id
from chalicelib.domain.limits import Quota
from chalicelib.routes.handlers.events import take_reports
from chalicelib.routes.openapi import document
from chalicelib.routes.registry import ROUTES
from chalicelib.services.limits import Limits
from chalicelib.stores.api_keys import DynamoApiKeys
from chalicelib.stores.archive import S3Archive
from chalicelib.stores.attempts import DynamoAttempts
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.meetings import DynamoMeetings
from chalicelib.stores.node_group import FixedNodes
from chalicelib.stores.presence import DynamoPresence
from chalicelib.stores.profiles import DynamoProfiles
from chalicelib.stores.quality import DynamoQuality
from chalicelib.stores.recordings import DynamoRecordings
from chalicelib.stores.signing_keys import SecretKeys
from chalicelib.stores.tenants import DynamoTenants
from chalicelib.stores.usage import DynamoUsage
from chalicelib.stores.webhooks import DynamoWebhooks
from localcloud.control_plane import ControlPlane, load_control_plane
from localcloud.gateway.event import HttpRequest
from localcloud.gateway.gateway import Gateway
from tests.support.builders import a_node
from tests.support.memory_recordings import KeptJobs, MemoryObjects, NumberedKeys, PlainLinks
from tests.support.memory_stores import KnownPeople, OneKeySigner, RecordingCommands
from tests.support.memory_webhooks import KeptWakeUps, ToldReceiver


class Api:
    """Sends requests as a client would; what comes back is status, headers and parsed body."""

    def __init__(self, gateway: Gateway, authorization: str) -> None:
        self._gateway = gateway
        self.authorization = authorization

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        guest: bool = False,
        raw: bytes | None = None,
        **headers: str,
    ) -> tuple[int, dict[str, str], Any]:
        pairs = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if not guest:
            pairs.setdefault("authorization", self.authorization)
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        path, _, query = path.partition("?")
        request = HttpRequest(method, f"/v1{path}", query, list(pairs.items()), data, "127.0.0.1")
        response = await self._gateway.handle_request(request)
        return (
            response.status,
            {k.lower(): v for k, v in response.headers},
            json.loads(response.body or b"null"),
        )


@pytest.fixture(scope="module")
def control_plane() -> ControlPlane:
    return load_control_plane("app")


@pytest.fixture
def limits() -> Limits:
    return Limits(500, lambda: 0.0)


@pytest.fixture
def people() -> KnownPeople:
    return KnownPeople()


@pytest.fixture
def receiver() -> ToldReceiver:
    return ToldReceiver()


@pytest.fixture
def api(
    control_plane: ControlPlane,
    dynamodb: Connection,
    receiver: ToldReceiver,
    limits: Limits,
    people: KnownPeople,
    objects: MemoryObjects,
    jobs: KeptJobs,
    commands: RecordingCommands,
    monkeypatch: pytest.MonkeyPatch,
) -> Api:
    stores = bootstrap.Stores(
        DynamoMeetings(dynamodb),
        DynamoFleet(),
        DynamoPresence(dynamodb),
        DynamoApiKeys(),
        DynamoQuality(),
        commands,
        OneKeySigner(),
        DynamoWebhooks(),
        receiver,
        KeptWakeUps(),
        DynamoAttempts(),
        people,
        FixedNodes(),
        SecretKeys("unused"),
        DynamoUsage(dynamodb),
        DynamoTenants(),
        S3Archive("unused"),
        DynamoProfiles(),
        DynamoRecordings(),
        objects,
        jobs,
        PlainLinks(),
        NumberedKeys(),
    )
    built = bootstrap.build(read_config({"PARLEY_REGION": os.urandom(4).hex()}), stores)
    built = dataclasses.replace(built, limits=limits)
    monkeypatch.setattr("chalicelib.routes.http.services", lambda: built)
    monkeypatch.setattr("chalicelib.routes.handlers.events.services", lambda: built)
    monkeypatch.setattr("chalicelib.routes.handlers.recordings.services", lambda: built)
    key = built.accounts.provision(bootstrap.Tenant(os.urandom(8).hex()), "test", bootstrap.utc_now())
    # It counts as lost ten seconds after its report, and machines are slow.
    reported_at = bootstrap.utc_now() + timedelta(minutes=2)
    built.fleet._store.record(a_node(region=built.config.region, reported_at=reported_at))
    credentials = base64.b64encode(f"{key.id}:{key.secret}".encode()).decode()
    people.tenant = key.tenant
    return Api(Gateway(control_plane), f"Basic {credentials}")


async def create(api: Api, **wishes: Any) -> Any:
    status, _, meeting = await api("POST", "/meetings", wishes)
    assert status == 201
    return meeting


async def test_a_meeting_from_create_to_end(api: Api):
    meeting = await create(api, title="Team", metadata={"a": "b"}, maxParticipants=5)
    assert meeting["state"] == "created"
    assert meeting["link"].endswith(f"/m/{meeting['code']}")
    status, _, seen = await api("GET", f"/meetings/{meeting['code']}", guest=True)
    assert status == 200
    assert set(seen) == {"id", "code", "title", "state", "link", "guests", "hasPasscode"} | {
        *("homeRegion", "startsAt", "endsAt", "createdAt", "recording", "activeRecording"),
    }
    assert (await api("GET", f"/meetings/{meeting['id']}"))[2] == meeting
    status, headers, joined = await api(
        "POST", f"/meetings/{meeting['code']}/join", {"displayName": "Zoë"}, guest=True
    )
    assert status == 201
    assert headers["cache-control"] == "no-store"
    assert joined["participant"]["displayName"] == "Zoë"
    assert joined["meeting"] == {"id": meeting["id"], "code": meeting["code"], "title": "Team"}
    assert (joined["standby"], joined["iceServers"]) == (None, [])
    _, _, people = await api("GET", f"/meetings/{meeting['id']}/participants")
    assert [person["id"] for person in people["items"]] == [joined["participant"]["id"]]
    status, _, ended = await api("POST", f"/meetings/{meeting['id']}/end")
    assert (status, ended["state"], ended["endReason"]) == (200, "ended", "requested")
    status, _, problem = await api(
        "POST", f"/meetings/{meeting['id']}/join", {"displayName": "Bob"}, guest=True
    )
    assert (status, problem["code"]) == (410, "meeting_ended")


async def test_every_step_of_a_meeting_is_in_its_log(api: Api):
    meeting = await create(api, title="Team")
    path = f"/meetings/{meeting['id']}"
    _, _, joined = await api("POST", f"{path}/join", {"displayName": "Zoë"}, guest=True)
    await api("POST", f"{path}/end")
    status, _, page = await api("GET", f"{path}/events")
    assert status == 200
    types = ["meeting.created", "participant.admitted", "meeting.placed", "meeting.ended"]
    assert [(event["number"], event["type"]) for event in page["items"]] == list(enumerate(types, 1))
    assert page["items"][0]["data"]["meeting"]["title"] == "Team"
    assert page["items"][1]["data"]["participant"]["id"] == joined["participant"]["id"]
    assert page["items"][3]["data"]["meeting"]["endReason"] == "requested"
    _, _, first = await api("GET", f"{path}/events?limit=3")
    _, _, rest = await api("GET", f"{path}/events?cursor={first['nextCursor']}&waitSeconds=20")
    assert first["items"] + rest["items"] == page["items"]
    assert rest["nextCursor"] is None
    for query in ("after=-1", "after=x", "limit=0", "waitSeconds=21", "after=10000000000", "unknown=1"):
        assert (await api("GET", f"{path}/events?{query}"))[0] == 422
    assert (await api("GET", f"{path}/events", guest=True))[0] == 401


async def test_a_deleted_meeting_is_not_there_any_more(api: Api):
    meeting = await create(api, title="Secret")
    path = f"/meetings/{meeting['id']}"
    assert (await api("DELETE", path, guest=True))[0] == 401
    assert (await api("DELETE", path, if_match='"other"'))[0] == 412
    _, headers, _ = await api("GET", path)
    assert (await api("DELETE", path, if_match=headers["etag"]))[::2] == (204, None)
    for method in ("GET", "DELETE"):
        assert (await api(method, path))[0] == 404
    join = f"/meetings/{meeting['code']}/join"
    assert (await api("POST", join, {"displayName": "Zoë"}, guest=True))[0] == 404
    _, _, page = await api("GET", "/meetings")
    assert meeting["id"] not in [one["id"] for one in page["items"]]


async def test_a_webhook_endpoint_from_create_to_delete(api: Api, receiver: ToldReceiver):
    wishes = {"url": "https://hooks.example.com/", "events": ["meeting.*"]}
    status, headers, made = await api("POST", "/webhook-endpoints", wishes, idempotency_key="k")
    assert status == 201
    assert made["secret"].startswith("whsec_")
    assert headers["location"].endswith(f"/webhook-endpoints/{made['id']}")
    path = f"/webhook-endpoints/{made['id']}"
    assert (await api("POST", "/webhook-endpoints", wishes, idempotency_key="k"))[2] == made
    shown = {key: value for key, value in made.items() if key != "secret"}
    assert (await api("GET", path))[2] == shown
    assert (await api("GET", "/webhook-endpoints"))[2]["items"] == [shown]
    status, _, changed = await api("PATCH", path, {"description": "mine"})
    assert (status, changed["description"], changed["events"]) == (200, "mine", ["meeting.*"])
    _, _, rotated = await api("POST", f"{path}/rotate-secret")
    assert rotated["secret"] != made["secret"]
    assert rotated["previousSecretExpiresAt"]
    assert (await api("POST", f"{path}/test"))[2] == {"delivered": True, "status": 200, "error": None}
    assert json.loads(receiver.requests[0][2])["type"] == "webhook.test"
    assert (await api("DELETE", path))[0] == 204
    assert (await api("GET", path))[0] == 404
    assert (await api("DELETE", path))[0] == 404


def stream_records(meeting: str, log: list[Any], region: str, tenant: str) -> list[dict[str, Any]]:
    return [
        {
            "eventID": str(event["number"]),
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "SequenceNumber": str(event["number"]),
                "NewImage": {
                    "pk": {"S": f"MTG#{meeting}"},
                    "sk": {"S": f"EVT#{event['number']:010}"},
                    "type": {"S": event["type"]},
                    "at": {"S": "2026-11-23T12:00:00.000000+0000"},
                    "data": {"S": json.dumps(event["data"])},
                    "region": {"S": region},
                    "tenant": {"S": tenant},
                },
            },
        }
        for event in log
    ]


async def test_events_go_from_the_stream_to_the_receiver(
    api: Api, control_plane: ControlPlane, receiver: ToldReceiver
):
    wishes = {"url": "https://hooks.example.com/"}
    _, _, endpoint = await api("POST", "/webhook-endpoints", wishes)
    meeting = await create(api)
    _, _, log = await api("GET", f"/meetings/{meeting['id']}/events")
    tenant = log["items"][0]["data"]["meeting"]["tenant"]
    records = stream_records(meeting["id"], log["items"], meeting["homeRegion"], tenant)
    elsewhere = stream_records(meeting["id"], log["items"], "elsewhere", tenant)
    hear = control_plane.handler("handle_events")
    assert await control_plane.invoke(hear, {"Records": [*elsewhere, *records]}) == {"batchItemFailures": []}
    wake_up = {"tenant": tenant, "endpoint": endpoint["id"], "meeting": meeting["id"]}
    message = {
        "messageId": "one",
        "receiptHandle": "one",
        "body": json.dumps(wake_up),
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn",
        "awsRegion": "x",
    }
    broken = {**message, "messageId": "two", "body": "{"}
    deliver = control_plane.handler("handle_webhooks")
    answer = await control_plane.invoke(deliver, {"Records": [message, broken]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "two"}]}
    assert [json.loads(body)["type"] for _, _, body in receiver.requests] == ["meeting.created"]
    path = f"/webhook-endpoints/{endpoint['id']}/deliveries"
    _, _, page = await api("GET", path)
    (delivery,) = page["items"]
    assert (delivery["state"], delivery["status"], delivery["number"]) == ("delivered", 200, 1)
    status, _, again = await api("POST", f"{path}/{delivery['id']}/retry")
    assert (status, again["attempts"]) == (200, 2)
    for name in ("dlv_", "dlv_!", "dlv_" + base64.b64encode(b"mtg_x#1").decode(), "x" * 500):
        assert (await api("POST", f"{path}/{name}/retry"))[0] == 404
    assert (await api("GET", f"{path}?cursor=YWJj"))[0] == 422


async def test_what_was_used_is_counted_from_the_stream_and_shown_by_day(
    api: Api, control_plane: ControlPlane
):
    meeting = await create(api)
    status, _, joined = await api("POST", f"/meetings/{meeting['id']}/join", {"displayName": "Ann"})
    assert status == 201
    stay = {"id": meeting["id"], "epoch": 1, "session": 1, "egressBytes": 700}
    there = {**stay, "participants": [joined["participant"]["id"]]}
    node = await api("GET", f"/nodes/{joined['node']['id']}")
    await tell(control_plane, node[2], 2, meetings=[there])
    await api("POST", f"/meetings/{meeting['id']}/end")
    await tell(control_plane, node[2], 3, over=[{**stay, "egressBytes": 900}])
    _, _, log = await api("GET", f"/meetings/{meeting['id']}/events")
    assert [event["type"] for event in log["items"]][-2:] == ["meeting.ended", "meeting.counted"]
    assert log["items"][-1]["data"] == {"meeting": {"egressBytes": 900}}
    tenant = log["items"][0]["data"]["meeting"]["tenant"]
    records = stream_records(meeting["id"], log["items"], meeting["homeRegion"], tenant)
    for _ in range(2):
        answer = await control_plane.invoke(control_plane.handler("handle_events"), {"Records": records})
        assert answer == {"batchItemFailures": []}
    status, _, usage = await api("GET", "/usage")
    assert (status, len(usage["days"])) == (200, 30)
    assert (usage["total"]["meetings"], usage["total"]["egressBytes"]) == (1, 900)
    assert usage["days"][-1] == {"day": usage["to"], **usage["total"]}
    assert (await api("GET", "/usage?from=2026-01-01&to=2026-01-31"))[2]["total"]["meetings"] == 0
    for asked, pointer in (
        ("from=x", "/from"),
        ("to=2026-02-30", "/to"),
        ("from=2999-01-02&to=2999-01-01", "/to"),
    ):
        status, _, problem = await api("GET", f"/usage?{asked}")
        assert (status, problem["errors"][0]["pointer"]) == (422, pointer)
    assert (await api("GET", "/usage", guest=True))[0] == 401


LIMITS_THAT_CANNOT_BE: tuple[Any, ...] = (
    None, [], {"liveMeetings": -1}, {"participantsPerMeeting": 1}, {"x": 1}, {"liveMeetings": True},
)  # fmt: skip


async def test_an_operator_limits_a_tenant(api: Api, control_plane: ControlPlane):
    meeting = await create(api)
    _, _, log = await api("GET", f"/meetings/{meeting['id']}/events")
    tenant = log["items"][0]["data"]["meeting"]["tenant"]
    limits = {"liveMeetings": 1, "participantsPerMeeting": 9}
    provision = control_plane.handler("provision")
    answer = await control_plane.invoke(provision, {"tenant": tenant, "limits": limits})
    assert answer == {"tenant": tenant, "limits": limits}
    assert (await create(api))["maxParticipants"] == 9
    status, _, problem = await api("POST", "/meetings", {"maxParticipants": 10})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/maxParticipants")
    for expected in (201, 409):
        path = f"/meetings/{(await create(api))['id']}/join"
        status, _, answer = await api("POST", path, {"displayName": "A"}, guest=True)
        assert status == expected
    assert answer["code"] == "limit_reached"
    _, _, usage = await api("GET", "/usage")
    assert (usage["limits"], usage["liveMeetings"]) == (limits, 1)
    for wrong in LIMITS_THAT_CANNOT_BE:
        with pytest.raises(errors.ValidationFailedError):
            await control_plane.invoke(provision, {"tenant": tenant, "limits": wrong})


async def tell(control_plane: ControlPlane, node: dict[str, Any], sequence: int, **lists: Any) -> None:
    """A report of a node, as the queue hands it over."""
    report = {
        "type": "nodeReport",
        "version": 1,
        "node": node["id"],
        "bootId": node["bootId"],
        "sequence": sequence,
        "commandQueueUrl": "http://q",
        "cpuBusy": 0,
        "meetings": [],
        **{
            name: node[name]
            for name in ("region", "url", "metricsUrl", "state", "capacityUnits", "usedUnits")
        },
        **lists,
    }
    sent = str(int(bootstrap.utc_now().timestamp() * 1000))
    record = {"messageId": "m", "receiptHandle": "r", "body": json.dumps(report),
              "attributes": {"SentTimestamp": sent}, "messageAttributes": {}, "md5OfBody": "",
              "eventSource": "aws:sqs", "eventSourceARN": "arn", "awsRegion": "x"}  # fmt: skip
    take = control_plane.handler("handle_node_reports")
    assert await control_plane.invoke(take, {"Records": [record]}) == {"batchItemFailures": []}


async def test_a_batch_of_events_that_cannot_be_noted_comes_again_as_a_whole(
    api: Api, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
):
    meeting = await create(api)
    _, _, log = await api("GET", f"/meetings/{meeting['id']}/events")
    records = stream_records(meeting["id"], log["items"] * 3, meeting["homeRegion"], "x")

    def fail(*_: object) -> None:
        raise errors.StoreUnavailableError

    monkeypatch.setattr("chalicelib.services.usage.Usage.note", fail)
    answer = await control_plane.invoke(control_plane.handler("handle_events"), {"Records": records})
    first = records[0]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": first}]}


@pytest.mark.parametrize(
    ("wishes", "pointer"),
    [
        ({}, "/url"),
        ({"url": "http://example.com/"}, "/url"),
        ({"url": "https://10.0.0.1/"}, "/url"),
        ({"url": "https://example.com/", "events": []}, "/events"),
        ({"url": "https://example.com/", "events": ["no"]}, "/events/0"),
        ({"url": "https://example.com/", "events": ["*"] * 31}, "/events"),
        ({"url": "https://example.com/", "disabled": 1}, "/disabled"),
        ({"url": "https://example.com/", "secret": "x"}, "/secret"),
    ],
)
async def test_an_endpoint_that_cannot_be_is_named(api: Api, wishes: dict[str, Any], pointer: str):
    status, _, problem = await api("POST", "/webhook-endpoints", wishes)
    assert status == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_who_has_a_representation_gets_no_second_one(api: Api):
    meeting = await create(api, title="A")
    path = f"/meetings/{meeting['id']}"
    status, headers, _ = await api("GET", path)
    assert status == 200
    tag = headers["etag"]
    assert headers["vary"] == "Authorization, Origin"
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        status, headers, body = await api("GET", path, if_none_match=asked)
        assert (status, body, headers["etag"]) == (304, None, tag)
    assert (await api("GET", path, if_none_match='"other"'))[0] == 200
    await api("POST", f"{path}/end")
    status, headers, _ = await api("GET", path, if_none_match=tag)
    assert (status, headers["etag"] == tag) == (200, False)


async def test_a_change_of_a_meeting_can_name_the_state_it_was_read_in(api: Api):
    path = f"/meetings/{(await create(api))['id']}"
    _, headers, _ = await api("GET", path)
    first = headers["etag"]
    assert (await api("PATCH", path, {"title": "Mine"}, if_match=first))[0] == 200
    status, _, problem = await api("PATCH", path, {"title": "Theirs"}, if_match=first)
    assert (status, problem["code"]) == (412, "precondition_failed")
    _, headers, seen = await api("GET", path)
    assert seen["title"] == "Mine"
    assert (await api("PATCH", path, {"title": "Ours"}, if_match=headers["etag"]))[0] == 200


async def test_a_change_of_what_was_read_in_another_state_is_refused(api: Api):
    _, _, made = await api("POST", "/webhook-endpoints", {"url": "https://hooks.example.com/"})
    path = f"/webhook-endpoints/{made['id']}"
    _, headers, _ = await api("GET", path)
    first = headers["etag"]
    status, _, _ = await api("PATCH", path, {"description": "mine"}, if_match=first)
    assert status == 200
    status, _, problem = await api("PATCH", path, {"description": "theirs"}, if_match=first)
    assert (status, problem["code"]) == (412, "precondition_failed")
    assert (await api("DELETE", path, if_match=first))[0] == 412
    _, headers, seen = await api("GET", path)
    assert seen["description"] == "mine"
    assert (await api("DELETE", path, if_match=headers["etag"]))[0] == 204


async def test_every_answer_names_its_request_and_what_is_left(api: Api):
    for path, expected in (("/health", 200), ("/meetings/abc-defg-hij", 404)):
        status, headers, body = await api("GET", path)
        assert status == expected
        assert headers["x-request-id"]
        assert body.get("requestId", headers["x-request-id"]) == headers["x-request-id"]
        assert int(headers["ratelimit-remaining"]) < int(headers["ratelimit-limit"])
        assert int(headers["ratelimit-reset"]) >= 0


async def test_who_asks_too_often_is_told_when_to_come_again(api: Api, limits: Limits):
    limits._caller = Quota(0.5, 2)
    guest = [await api("GET", "/health", guest=True) for _ in range(3)]
    assert [status for status, _, _ in guest] == [200, 200, 429]
    _, headers, problem = guest[2]
    assert (problem["code"], headers["retry-after"], headers["ratelimit-remaining"]) == (
        "too_many_requests",
        "2",
        "0",
    )
    assert (await api("GET", "/health"))[0] == 200, "another caller has requests of its own"


async def test_the_document_is_a_page_that_names_every_route(api: Api, control_plane: ControlPlane):
    request = HttpRequest("GET", "/v1/docs", "", [], b"", "127.0.0.1")
    response = await Gateway(control_plane).handle_request(request)
    headers = dict(response.headers)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script" not in headers["Content-Security-Policy"]
    text = response.body.decode()
    for _, path, view in ROUTES:
        assert f'id="{view.__name__}"' in text
        assert path.removeprefix("/v1") in text
    assert "<script" not in text


def report_of(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A batch of the report queue with one message about quality."""
    body = {"type": "qualityReport", "version": 1, "node": "node_x", "entries": list(entries), **changes}
    attributes = {"SentTimestamp": str(int(time.time() * 1000)), "ApproximateReceiveCount": "1"}
    record = {
        "messageId": "m1",
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": attributes,
        "eventSource": "aws:sqs",
    }
    return {"Records": [record]}


async def test_who_had_which_quality_is_read_by_whose_meeting_it_is(api: Api):
    meeting = await create(api)
    people = [await a_guest_of(api, meeting) for _ in range(2)]
    (anna, my_token), (ben, _) = people
    points = [quality_point(second) for second in (0, 10, 20)]
    for participant in (anna, ben):
        entry = {"meeting": meeting["id"], "participant": participant, "points": points}
        assert take_reports(report_of(entry), None) == {"batchItemFailures": []}
    path = f"/meetings/{meeting['code']}"
    _, _, timeline = await api("GET", f"{path}/participants/{anna}/quality")
    assert timeline == {"items": points, "nextCursor": None}
    _, _, first = await api("GET", f"{path}/participants/{anna}/quality?limit=2")
    _, _, rest = await api("GET", f"{path}/participants/{anna}/quality?cursor={first['nextCursor']}")
    assert first["items"] + rest["items"] == points
    _, _, overview = await api("GET", f"{path}/quality")
    assert [(one["participant"], one["at"]) for one in overview["items"]] == [
        (participant, points[-1]["at"]) for participant in sorted((anna, ben))
    ]
    _, _, page = await api("GET", f"{path}/quality?limit=1")
    _, _, other = await api("GET", f"{path}/quality?cursor={page['nextCursor']}")
    assert page["items"] + other["items"] == overview["items"]
    stranger = new_id("par", os.urandom)
    status, _, problem = await api("GET", f"{path}/participants/{stranger}/quality")
    assert (status, problem["code"]) == (404, "participant_not_found")
    for query in ("after=yesterday", "after=2026-13-40T00:00:00.000Z", "limit=0", "unknown=1"):
        assert (await api("GET", f"{path}/participants/{anna}/quality?{query}"))[0] == 422
    assert (await api("GET", f"{path}/quality", guest=True))[0] == 401
    assert (await api("GET", f"/meetings/{new_id('mtg', os.urandom)}/quality"))[0] == 404
    mine = f"Bearer {my_token}"
    assert (await api("GET", f"{path}/participants/{anna}/quality", authorization=mine))[0] == 200
    assert (await api("GET", f"{path}/participants/{ben}/quality", authorization=mine))[0] == 403


async def a_guest_of(api: Api, meeting: Any) -> tuple[str, str]:
    _, _, joined = await api("POST", f"/meetings/{meeting['id']}/join", {"displayName": "Zoë"}, guest=True)
    return joined["participant"]["id"], joined["resumeToken"]


def quality_point(second: int) -> dict[str, Any]:
    return {
        "at": f"2026-11-23T10:00:{second:02}.000Z",
        "seconds": 10,
        "verdict": "good",
        "uplink": {"bps": 1},
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"version": 2},
        {"entries": None},
        {"entries": [{"meeting": "mtg_x", "participant": "par_x", "points": []}]},
        {"entries": [7]},
        {"entries": [{}] * 2_001},
    ],
)
def test_a_message_about_quality_that_cannot_be_read_goes_to_the_dead_letters(
    api: Api, broken: dict[str, Any]
):
    assert take_reports(report_of(**broken), None)["batchItemFailures"] == [{"itemIdentifier": "m1"}]


async def test_a_repeated_create_is_the_same_meeting(api: Api):
    first = await api("POST", "/meetings", {"title": "A"}, idempotency_key="k")
    again = await api("POST", "/meetings", {"title": "A"}, idempotency_key="k")
    assert (first[0], again[0]) == (201, 201)
    assert first[2] == again[2]
    status, _, problem = await api("POST", "/meetings", {"title": "B"}, idempotency_key="k")
    assert (status, problem["code"]) == (422, "idempotency_conflict")


async def test_a_list_is_read_page_by_page(api: Api):
    made = {(await create(api))["id"] for _ in range(5)}
    seen, cursor = [], None
    while True:
        _, _, page = await api("GET", f"/meetings?limit=2{f'&cursor={cursor}' if cursor else ''}")
        seen += [meeting["id"] for meeting in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert set(seen) == made


async def test_create_and_join_cost_at_most_two_round_trips(api: Api, dynamodb: Connection):
    requests: list[str] = []
    count: Any = lambda request, **_: requests.append(request.headers["X-Amz-Target"].decode())  # noqa: E731
    events = dynamodb.client.meta.events
    meeting = await create(api)
    events.register("before-send.dynamodb", count)
    try:
        await create(api)
        assert [name.split(".")[1] for name in requests] == ["TransactWriteItems"]
        for caller in ("who places the meeting", "who comes after"):
            requests.clear()
            path = f"/meetings/{meeting['id']}/join"
            assert (await api("POST", path, {"displayName": caller}, guest=True))[0] == 201
            # The fleet is read once in two seconds, for all meetings together.
            own = [name.split(".")[1] for name in requests if not name.endswith(".Query")]
            assert len(own) == 2, own
            assert own[0] == "GetItem"
    finally:
        events.unregister("before-send.dynamodb", count)


@pytest.mark.parametrize(
    ("wishes", "pointer"),
    [
        ({"passcode": "123"}, "/passcode"),
        ({"waitingRoom": 1}, "/waitingRoom"),
        ({"autoAdmit": ["everybody"]}, "/autoAdmit/0"),
        ({"encryption": "endToEnd"}, "/encryption"),
        ({"recording": "always"}, "/recording"),
        ({"title": 5}, "/title"),
        ({"title": "x" * 201}, "/title"),
        ({"title": "a\x00b"}, "/title"),
        ({"title": "\ud800"}, "/title"),
        ({"guests": "yes"}, "/guests"),
        ({"maxParticipants": 1}, "/maxParticipants"),
        ({"maxParticipants": 10**30}, "/maxParticipants"),
        ({"maxParticipants": 5.5}, "/maxParticipants"),
        ({"maxParticipants": True}, "/maxParticipants"),
        ({"endAfterEmptySeconds": -1}, "/endAfterEmptySeconds"),
        ({"region": "nowhere"}, "/region"),
        ({"metadata": {"a": 1}}, "/metadata/a"),
        ({"metadata": []}, "/metadata"),
        ({"unknown": 1}, "/unknown"),
    ],
)
async def test_a_wish_that_cannot_be_granted_is_named(api: Api, wishes: dict[str, Any], pointer: str):
    status, headers, problem = await api("POST", "/meetings", wishes)
    assert (status, problem["code"]) == (422, "validation_failed")
    assert headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert problem["errors"][0]["detail"]


async def test_what_is_not_asked_for_may_be_said(api: Api):
    await create(api, passcode=None, waitingRoom=False, encryption="transport", recording="off", title=None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b'{"title": NaN}', 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b"null", 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b'"x"', 422, "validation_failed"),
    ],
)
async def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes, status: int, code: str):
    for path in ("/meetings", "/meetings/abc-defg-hij/join"):
        answer = await api("POST", path, raw=body)
        assert (answer[0], answer[2]["code"]) == (status, code)


async def test_another_content_type_is_refused(api: Api):
    status, _, problem = await api("POST", "/meetings", raw=b"a=b", content_type="text/plain")
    assert (status, problem["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/meetings"),
        ("GET", "/meetings"),
        ("POST", "/meetings/{id}/end"),
        ("GET", "/nodes"),
        ("GET", "/meetings/{id}/participants"),
        ("GET", "/nodes/node_x"),
        ("POST", "/webhook-endpoints"),
        ("GET", "/webhook-endpoints"),
        ("PATCH", "/webhook-endpoints/whe_x"),
        ("DELETE", "/webhook-endpoints/whe_x"),
        ("GET", "/webhook-endpoints/whe_x/deliveries"),
    ],
)
async def test_a_guest_is_asked_for_credentials(api: Api, method: str, path: str):
    meeting = await create(api)
    status, headers, problem = await api(method, path.replace("{id}", meeting["id"]), guest=True)
    assert (status, problem["code"]) == (401, "unauthorized")
    assert headers["www-authenticate"].startswith("Basic")


async def test_bad_credentials_are_refused_where_none_are_needed(api: Api):
    meeting = await create(api)
    status, _, problem = await api("GET", f"/meetings/{meeting['id']}", authorization="Basic bm86bm8=")
    assert (status, problem["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("name", ["abc-defg-hij", "mtg_" + "a" * 26, "x", "%00", "%F0%9F%91%8D", "x" * 3000])
async def test_a_meeting_that_is_not_there_is_not_found(api: Api, name: str):
    status, _, problem = await api("GET", f"/meetings/{name}", guest=True)
    assert (status, problem["code"]) == (404, "meeting_not_found")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "state=gone", "cursor=!", "cursor=YWJj", "x=1"]
)
async def test_a_query_that_makes_no_sense_is_named(api: Api, query: str):
    status, _, problem = await api("GET", f"/meetings?{query}")
    assert (status, problem["code"]) == (422, "validation_failed")


async def test_no_random_request_is_a_server_error(api: Api):
    chance = random.Random(17)
    meeting = await create(api)
    values: list[Any] = [
        None,
        True,
        -1,
        1e308,
        "",
        "x" * 5000,
        [],
        {},
        {"a": {}},
        "\ud83d",
        "👍",
        [[]],
        2**70,
    ]
    names = [
        "displayName",
        "role",
        "title",
        "resumeToken",
        "externalId",
        "region",
        "metadata",
        "guests",
        "code",
    ]
    for _ in range(300):
        body = {chance.choice(names): chance.choice(values) for _ in range(chance.randrange(4))}
        path = chance.choice(
            ["/meetings", f"/meetings/{meeting['id']}/join", "/meetings/%ff/join", "/meetings/x/end"]
        )
        method = chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
        status, _, _ = await api(method, path, body, guest=chance.random() < 0.5)
        assert status < 500


def test_the_document_is_valid_and_names_every_route():
    described = document("http://api/v1")
    validate(described)
    told = {
        (method.upper(), f"/v1{path}", operation["operationId"])
        for path, item in described["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert told == {(method, path, view.__name__) for method, path, view in ROUTES}


def test_every_post_that_makes_something_takes_an_idempotency_key():
    making = {
        path: [parameter["name"] for parameter in item["post"].get("parameters", [])]
        for path, item in document("http://api/v1")["paths"].items()
        if "201" in item.get("post", {}).get("responses", {})
    }
    assert set(making) >= {"/meetings", "/api-keys", "/webhook-endpoints", "/meetings/{meeting}/join"}
    assert all("Idempotency-Key" in names for names in making.values()), making


async def test_a_join_that_is_repeated_is_answered_with_the_same_participant(api: Api):
    path = f"/meetings/{(await create(api))['id']}/join"
    named = {"displayName": "Ann"}
    answers = [await api("POST", path, named, guest=True, idempotency_key="a-b-c") for _ in range(2)]
    assert [status for status, _, _ in answers] == [201, 201]
    assert answers[0][2]["participant"] == answers[1][2]["participant"]
    status, _, problem = await api("POST", path, {"displayName": "Bob"}, guest=True, idempotency_key="a-b-c")
    assert (status, problem["code"]) == (422, "idempotency_conflict")


async def test_a_batch_of_reports_fails_one_by_one(api: Api, control_plane: ControlPlane):
    node = a_node(region="elsewhere")
    sound = {
        "type": "nodeReport",
        "version": 1,
        "node": node.id,
        "bootId": "b",
        "sequence": 1,
        "region": "elsewhere",
        "url": "http://n",
        "metricsUrl": "http://n/metrics",
        "commandQueueUrl": "http://q",
        "state": "ready",
        "capacityUnits": 10,
        "usedUnits": 0,
        "cpuBusy": 0,
        "counters": {},
        "meetings": [],
    }
    bodies = {"one": json.dumps(sound), "two": "{", "three": json.dumps(sound)}
    records = [
        {
            "messageId": name,
            "receiptHandle": name,
            "body": body,
            "attributes": {"SentTimestamp": "1795440614665"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn",
            "awsRegion": "x",
        }
        for name, body in bodies.items()
    ]
    result = await control_plane.invoke(control_plane.handler("handle_node_reports"), {"Records": records})
    assert result == {"batchItemFailures": [{"itemIdentifier": "two"}]}
    assert DynamoFleet().node("elsewhere", node.id) is not None


async def test_a_join_says_where_the_client_is_and_who_refused_it(api: Api):
    meeting = await create(api, expectedParticipants=40, media="audio")
    assert (meeting["expectedParticipants"], meeting["media"]) == (40, "audio")
    path = f"/meetings/{meeting['id']}/join"
    wishes = {"displayName": "Ann", "regionRoundTrips": {"mars": 3.5}, "refusedBy": a_node().id}
    assert (await api("POST", path, wishes, guest=True))[0] == 201
    for broken in ({"refusedBy": "node_1"}, {"regionRoundTrips": {"x": -1}}, {"regionRoundTrips": 7}):
        status, _, problem = await api("POST", path, {"displayName": "Ann", **broken}, guest=True)
        assert (status, problem["errors"][0]["pointer"].split("/")[1]) == (422, next(iter(broken)))


async def test_a_node_is_drained_by_who_may_and_exists(api: Api):
    _, _, nodes = await api("GET", "/nodes")
    path = f"/nodes/{nodes['items'][0]['id']}"
    status, _, node = await api("POST", f"{path}/drain", {"deadlineSeconds": 30})
    assert (status, node["id"]) == (202, nodes["items"][0]["id"])
    assert (await api("POST", f"{path}/undrain"))[0] == 202
    assert (await api("POST", f"{path}/drain", {"deadlineSeconds": -1}))[0] == 422
    assert (await api("POST", f"/nodes/{a_node().id}/drain"))[0] == 404
    assert (await api("POST", f"{path}/drain", guest=True))[0] == 401


async def test_a_meeting_for_later_opens_and_ends_at_its_times(api: Api):
    starts, ends = "2999-01-01T10:00:00+01:00", "2999-01-01T10:30:00.5Z"
    meeting = await create(api, startsAt=starts, endsAt=ends, maxDurationSeconds=1800)
    assert (meeting["startsAt"], meeting["endsAt"]) == (
        "2999-01-01T09:00:00.000Z",
        "2999-01-01T10:30:00.500Z",
    )
    assert meeting["maxDurationSeconds"] == 1800
    path = f"/meetings/{meeting['id']}"
    status, headers, refused = await api("POST", f"{path}/join", {"displayName": "Ann"}, guest=True)
    assert (status, refused["code"]) == (409, "meeting_not_open")
    assert int(headers["retry-after"]) > 86_400
    status, _, changed = await api("PATCH", path, {"startsAt": None, "endAfterEmptySeconds": 77})
    assert (status, changed["startsAt"], changed["endAfterEmptySeconds"]) == (200, None, 77)


@pytest.mark.parametrize(
    "wrong",
    [
        {"startsAt": "2999-01-01"},
        {"startsAt": "2999-01-01T10:00:00"},
        {"startsAt": "2999-13-01T10:00:00Z"},
        {"endsAt": 32503680000},
        {"endsAt": "9999-12-31T23:59:59-23:59"},
        {"endsAt": "2001-01-01T00:00:00Z"},
        {"startsAt": "2999-01-01T10:00:00Z", "endsAt": "2999-01-01T10:00:00Z"},
        {"maxDurationSeconds": 59},
        {"maxDurationSeconds": 604_801},
    ],
)
async def test_times_that_make_no_sense_are_refused(api: Api, wrong: dict[str, Any]):
    status, _, body = await api("POST", "/meetings", wrong)
    assert (status, body["code"]) == (422, "validation_failed")
