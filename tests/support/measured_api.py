"""The whole API over a DynamoDB stand-in, each call counted: CPU of the handler, calls to DynamoDB, units.

Handlers are called as Lambda calls them, in this thread; the stand-in is another process, so that the CPU
time of this one is the handler's, botocore's included.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pynamodb.connection import Connection

from chalicelib import bootstrap
from chalicelib.config import read_config
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
from chalicelib.stores.tables import CONTROL_TABLE, FLEET_TABLE, create_tables, use_tables
from chalicelib.stores.tenants import DynamoTenants
from chalicelib.stores.usage import DynamoUsage
from chalicelib.stores.webhooks import DynamoWebhooks
from localcloud.control_plane import LambdaContext, load_control_plane
from localcloud.gateway.event import HttpRequest, proxy_event
from tests.support.builders import a_node
from tests.support.dynamodb import running_dynamodb
from tests.support.memory_recordings import KeptJobs, MemoryObjects, NumberedKeys, PlainLinks
from tests.support.memory_stores import KnownPeople, OneKeySigner, RecordingCommands
from tests.support.memory_webhooks import KeptWakeUps, ToldReceiver


@dataclass(frozen=True)
class Measured:
    """One call: what came back, and what it took."""

    status: int
    body: Any
    cpu_ms: float
    # Names of DynamoDB's operations, in order.
    trips: tuple[str, ...]
    units: float
    headers: Mapping[str, str]


class MeasuredApi:
    def __init__(self, connection: Connection, credentials: str) -> None:
        self._credentials = credentials
        self._control_plane = load_control_plane("app")
        self._trips: list[str] = []
        self._units = 0.0
        self._events = connection.client.meta.events
        self._events.register("provide-client-params.dynamodb.*", _ask_for_units)
        self._events.register("after-call.dynamodb.*", self._note_trip)

    def close(self) -> None:
        """Count no more: others use the connection too."""
        self._events.unregister("provide-client-params.dynamodb.*", _ask_for_units)
        self._events.unregister("after-call.dynamodb.*", self._note_trip)

    def _note_trip(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self._trips.append(model.name)
        told = parsed.get("ConsumedCapacity", [])
        for one in told if isinstance(told, list) else [told]:
            self._units += one.get("CapacityUnits", 0.0)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        guest: bool = False,
        token: str | None = None,
        key: str | None = None,
    ) -> Measured:
        pairs = [("content-type", "application/json")]
        if key is not None:
            pairs.append(("idempotency-key", key))
        if not guest:
            pairs.append(("authorization", self._credentials if token is None else f"Bearer {token}"))
        data = b"" if body is None else json.dumps(body).encode()
        request = HttpRequest(method, f"/v1{path}", "", pairs, data, "127.0.0.1")
        event = proxy_event(request, request_id="r", now=datetime.now(UTC), binary_types=[])
        context = LambdaContext("app", "r", time.monotonic() + 30)
        self._trips.clear()
        self._units = 0.0
        # Metrics go to the standard output, as Lambda wants them.
        with redirect_stdout(io.StringIO()):
            started = time.thread_time()
            answer = self._control_plane.api(event, context)
            spent = time.thread_time() - started
        parsed = json.loads(answer["body"] or "null")
        told = {**answer["headers"], **{name: one[0] for name, one in answer["multiValueHeaders"].items()}}
        return Measured(answer["statusCode"], parsed, spent * 1000, tuple(self._trips), self._units, told)


def _ask_for_units(params: dict[str, Any], **_: Any) -> None:
    params.setdefault("ReturnConsumedCapacity", "TOTAL")


@contextmanager
def own_tables(folder: Path) -> Iterator[Connection]:
    """Tables in a stand-in of their own, for a process that has none yet."""
    with running_dynamodb(folder):
        connection = use_tables(CONTROL_TABLE, FLEET_TABLE)
        create_tables()
        yield connection


@contextmanager
def measured_api(connection: Connection, settings: Mapping[str, str] | None = None) -> Iterator[MeasuredApi]:
    """A region with one node of endless room and one tenant; `settings` are the functions' environment."""
    stores = bootstrap.Stores(
        DynamoMeetings(connection),
        DynamoFleet(),
        DynamoPresence(connection),
        DynamoApiKeys(),
        DynamoQuality(),
        RecordingCommands(),
        OneKeySigner(),
        DynamoWebhooks(),
        ToldReceiver(),
        KeptWakeUps(),
        DynamoAttempts(),
        KnownPeople(),
        FixedNodes(),
        SecretKeys("unused"),
        DynamoUsage(connection),
        DynamoTenants(),
        S3Archive("unused"),
        DynamoProfiles(),
        DynamoRecordings(),
        MemoryObjects(),
        KeptJobs(),
        PlainLinks(),
        NumberedKeys(),
    )
    config = read_config(settings or {"PARLEY_REGION": os.urandom(4).hex()})
    built = bootstrap.build(config, stores)
    built = dataclasses.replace(built, limits=Limits(1e9))
    now = bootstrap.utc_now()
    key = built.accounts.provision(bootstrap.Tenant(os.urandom(8).hex()), "measured", now)
    # Its next report is a year away: nothing in between is the handlers' work.
    later = now.replace(year=now.year + 1)
    stores.fleet.record(a_node(region=config.region, capacity_units=10**9, reported_at=later))
    credentials = base64.b64encode(f"{key.id}:{key.secret}".encode()).decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.routes.http.services", lambda: built)
        api = MeasuredApi(connection, f"Basic {credentials}")
        try:
            yield api
        finally:
            api.close()
