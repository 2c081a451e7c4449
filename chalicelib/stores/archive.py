"""The archive's objects in S3, and the heads of its chains in the control table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.archive import Head, prefix_of
from chalicelib.domain.events import Entry
from chalicelib.domain.identifiers import Tenant
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client
from chalicelib.stores.control_items import ArchiveHeadItem, EventItem
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.meeting_items import event_of

_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})


@translate_failures
class S3Archive:
    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client: Any = None

    def head(self, region: str, lane: int) -> Head:
        try:
            item = ArchiveHeadItem.get(_pk(region), _sk(lane), consistent_read=True)
        except DoesNotExist:
            return Head(lane)
        day = date.fromisoformat(item.day)
        return Head(lane, int(item.sequence), item.digest, day, tuple(item.batches))

    def advance(self, region: str, before: Head, after: Head) -> bool:
        """Move a chain's end on; False if somebody else has moved it since it was read."""
        still: Condition = ArchiveHeadItem.digest == before.digest
        if before.sequence == 0:
            still = ArchiveHeadItem.digest.does_not_exist()
        actions: list[Action] = [
            ArchiveHeadItem.sequence.set(after.sequence),
            ArchiveHeadItem.digest.set(after.digest),
            ArchiveHeadItem.day.set(after.day.isoformat() if after.day is not None else ""),
            ArchiveHeadItem.batches.set(list(after.batches)),
        ]
        try:
            ArchiveHeadItem(_pk(region), _sk(after.lane)).update(actions=actions, condition=still)
        except UpdateError as error:
            if not was_refused(error):
                raise
            return False
        return True

    def put(self, key: str, body: bytes) -> None:
        self._call("put_object", Key=key, Body=body, ContentType="application/gzip")

    def read(self, key: str) -> bytes:
        """The bytes of an object; none for one that is gone."""
        try:
            return bytes(self._s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise StoreUnavailableError("An object of the archive cannot be read.") from error
            return b""
        except BotoCoreError as error:
            raise StoreUnavailableError("An object of the archive cannot be read.") from error

    def keys(self, region: str, day: date) -> Iterator[str]:
        """Of every object that a region wrote on a day."""
        more: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=prefix_of(day, region), **more)
            yield from (entry["Key"] for entry in page.get("Contents", []))
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._s3(), operation)(Bucket=self._bucket, **parameters)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"{operation} failed") from error

    def _s3(self) -> Any:
        self._client = self._client or open_client("s3", _CONFIG)
        return self._client


def read_entry(image: Mapping[str, Any]) -> Entry:
    """An event as the table's stream tells of it."""
    item = EventItem()
    item.deserialize(dict(image))
    return Entry(Tenant(item.tenant), event_of(item))


def _pk(region: str) -> str:
    return f"ARCHIVE#{region}"


def _sk(lane: int) -> str:
    return f"LANE#{lane}"
