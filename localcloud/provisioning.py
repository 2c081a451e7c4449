"""What a deployment makes once: queues, bucket, signing keys, a tenant with its API key, a demo meeting.

Each step may be repeated and then changes nothing. Secrets are kept in the data folder, mode 0600.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from localcloud.api_client import ApiClient, ApiKey
from localcloud.control_plane import ControlPlane
from localcloud.errors import StartError
from localcloud.gateway.gateway import Gateway
from localcloud.run_file import read_run, write_private

REPORT_QUEUE = "parley-node-reports"
DEAD_LETTER_QUEUE = "parley-node-reports-dead"
# As the control plane names it where nothing else is configured.
CONTROL_TABLE = "parley-control"
WEBHOOK_QUEUE = "parley-webhooks"
RECORDINGS_BUCKET = "parley-recordings"
COMPOSITION_QUEUE = "parley-composition"
ARCHIVE_BUCKET = "parley-events"
LINK_SECRET = "parley/recording-links"
# A composer says each half minute that it is still at it.
COMPOSITION_VISIBILITY_SECONDS = 120
SIGNING_SECRET = "parley/signing-keys"
# Reports come every 2 s: one that failed three times says nothing any more.
MOST_RECEIVES = 3
# Longer than the handler's own limit, so that a slow batch is not handed out twice.
VISIBILITY_SECONDS = 35
TENANT = "local"
# Its link is printed and bookmarked: it outlives a month without anybody in it.
DEMO_MEETING: dict[str, Any] = {"title": "Demo meeting", "guests": True, "endAfterEmptySeconds": 2_592_000}
# While it starts, a run waits for its database for so long; it asks again after each pause.
STORE_PATIENCE_SECONDS, STORE_PAUSE_SECONDS = 30.0, 0.25

_T = TypeVar("_T")


@dataclass(frozen=True)
class Queue:
    url: str
    arn: str


def make_queues() -> Queue:
    """The queue of node reports and its dead-letter queue."""
    sqs = boto3.client("sqs")
    dead = _queue(sqs, DEAD_LETTER_QUEUE, {"MessageRetentionPeriod": "1209600"})
    redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": MOST_RECEIVES}
    attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": json.dumps(redrive)}
    return _queue(sqs, REPORT_QUEUE, attributes)


def make_webhook_queue() -> Queue:
    """The queue that wakes up whoever delivers webhooks, and its dead-letter queue."""
    sqs = boto3.client("sqs")
    dead = _queue(sqs, f"{WEBHOOK_QUEUE}-dead", {"MessageRetentionPeriod": "1209600"})
    redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": MOST_RECEIVES}
    attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": json.dumps(redrive)}
    return _queue(sqs, WEBHOOK_QUEUE, attributes)


def make_composition_queue() -> Queue:
    """The queue of films to be made, and its dead-letter queue."""
    sqs = boto3.client("sqs")
    dead = _queue(sqs, f"{COMPOSITION_QUEUE}-dead", {"MessageRetentionPeriod": "1209600"})
    redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": MOST_RECEIVES}
    attributes = {
        "VisibilityTimeout": str(COMPOSITION_VISIBILITY_SECONDS),
        "RedrivePolicy": json.dumps(redrive),
        "MessageRetentionPeriod": "1209600",
    }
    return _queue(sqs, COMPOSITION_QUEUE, attributes)


def _queue(sqs: Any, name: str, attributes: dict[str, str]) -> Queue:
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return Queue(url, answer["Attributes"]["QueueArn"])


def make_tables() -> None:
    """The control plane's own definition of its tables, applied as CDK would."""
    # Imported late: a model reads the environment, which is complete only now.
    from chalicelib.stores.tables import create_tables

    create_tables()


def make_buckets() -> None:
    s3 = boto3.client("s3")
    for bucket in (RECORDINGS_BUCKET, ARCHIVE_BUCKET):
        try:
            s3.create_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise


def make_signing_secret(data: Path) -> None:
    """Put the keys that sign join tokens into Secrets Manager; made once, kept with the data."""
    path = data / "signing-keys.json"
    if not path.exists():
        write_private(path, json.dumps({"keys": [new_signing_key(datetime.now(UTC))]}))
    _put_secret(SIGNING_SECRET, path.read_text())


@dataclass(frozen=True)
class LinkKeys:
    """How links to recordings are checked."""

    key_id: str
    key: RSAPublicKey
    path_key: str = field(repr=False)


def make_link_secret(data: Path) -> LinkKeys:
    """Put the keys that sign links to recordings into Secrets Manager."""
    path = data / "recording-links.json"
    if not path.exists():
        made = rsa.generate_private_key(65537, 2048)
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        write_private(path, json.dumps({"keyId": "local", "privateKeyPem": pem}))
    kept = json.loads(path.read_text())
    if "pathKey" not in kept:
        kept["pathKey"] = secrets.token_hex(32)
        write_private(path, json.dumps(kept))
    _put_secret(LINK_SECRET, json.dumps(kept))
    key = load_pem_private_key(kept["privateKeyPem"].encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise StartError(f"{path} holds another kind of key: delete it, a new one is made.")
    return LinkKeys(str(kept["keyId"]), key.public_key(), str(kept["pathKey"]))


def _put_secret(name: str, value: str) -> None:
    manager = boto3.client("secretsmanager")
    try:
        manager.create_secret(Name=name, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        manager.put_secret_value(SecretId=name, SecretString=value)


def new_signing_key(now: datetime) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "kid": base64.b32encode(os.urandom(10)).decode().lower(),
        "alg": "ES256",
        "privateKeyPem": pem.decode(),
        "createdAt": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def api_key(control_plane: ControlPlane, gateway: Gateway, data: Path) -> ApiKey:
    """The local tenant's key: the one of the last run if the tables still know it, else a new one."""
    path = data / "api-key.json"
    kept = read_run(path)
    if kept is not None:
        key = ApiKey(kept["id"], kept["secret"])
        status, _ = await _call(ApiClient(gateway, key), "GET", "/v1/meetings")
        if status == 200:
            return key
    made = await _while_unavailable(functools.partial(_new_key, control_plane))
    write_private(path, json.dumps(made))
    return ApiKey(made["id"], made["secret"])


async def _new_key(control_plane: ControlPlane) -> dict[str, str] | None:
    event = {"tenant": TENANT, "apiKeyName": "make run"}
    try:
        made = await control_plane.invoke(control_plane.handler("provision"), event)
    except Exception as error:
        # What Lambda tells a client of a function that failed: the name of the error.
        if type(error).__name__ != "StoreUnavailableError":
            raise
        return None
    key: dict[str, str] = made["apiKey"]
    return key


async def _call(
    client: ApiClient, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    async def attempt() -> tuple[int, dict[str, Any]] | None:
        status, answer = await client.call(method, path, body)
        return (status, answer) if status != 503 else None

    return await _while_unavailable(attempt)


async def _while_unavailable(attempt: Callable[[], Awaitable[_T | None]]) -> _T:
    """The first answer that is one: a disk may stall for seconds just while everything starts.

    Raises:
        StartError: None came in STORE_PATIENCE_SECONDS.
    """
    try:
        async with asyncio.timeout(STORE_PATIENCE_SECONDS):
            while True:
                if (answer := await attempt()) is not None:
                    return answer
                await asyncio.sleep(STORE_PAUSE_SECONDS)
    except TimeoutError as error:
        raise StartError(f"The database does not answer within {STORE_PATIENCE_SECONDS:.0f} s.") from error


async def demo_meeting(client: ApiClient, data: Path) -> dict[str, str]:
    """The meeting behind the printed link: the one of the last run until somebody ends it."""
    path = data / "demo-meeting.json"
    kept = read_run(path)
    if kept is not None:
        status, meeting = await _call(client, "GET", f"/v1/meetings/{kept['id']}")
        if status == 200 and meeting.get("state") != "ended":
            return _link_of(meeting)
    status, meeting = await _call(client, "POST", "/v1/meetings", DEMO_MEETING)
    if status != 201:
        raise StartError(f"The demo meeting was not made: {status} {meeting.get('detail', '')}")
    write_private(path, json.dumps({"id": meeting["id"]}))
    return _link_of(meeting)


def _link_of(meeting: dict[str, Any]) -> dict[str, str]:
    return {"id": meeting["id"], "code": meeting["code"], "link": meeting["link"]}
