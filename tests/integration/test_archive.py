"""The archive over real HTTP: objects in a stand-in of S3, heads in a stand-in of DynamoDB."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest

from chalicelib.domain.archive import LANES, lane_of, named
from chalicelib.domain.events import Entry, Event
from chalicelib.domain.identifiers import MeetingId, Tenant
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.archive import Archive
from chalicelib.stores.archive import S3Archive
from chalicelib.stores.tables import CONTROL_TABLE, FLEET_TABLE, create_tables, use_tables
from localcloud.process import ChildProcess
from tests.integration.test_local_engines import ministack  # noqa: F401 - a fixture
from tests.support.builders import NOW
from tests.support.dynamodb import running_dynamodb

TODAY = NOW.date()
BUCKET = "parley-events"


@pytest.fixture
def store(ministack: ChildProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Archive]:  # noqa: F811
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    archive = S3Archive(BUCKET)
    archive._client = s3
    with running_dynamodb(tmp_path_factory.mktemp("dynamodb")):
        use_tables(CONTROL_TABLE, FLEET_TABLE)
        create_tables()
        yield archive


def an_entry(number: int) -> Entry:
    event = Event(MeetingId("mtg_x"), number, "meeting.updated", NOW, {"meeting": {"title": "Zoë"}})
    return Entry(Tenant("acme"), event)


def test_what_many_write_at_once_is_whole_and_an_edit_in_the_bucket_shows(store: S3Archive):
    archive = Archive(store, "local")
    batches = [str(number) for number in range(24)]

    def keep(batch: str) -> bool:
        day = TODAY - timedelta(days=int(batch) % 2)
        return archive.keep(batch, [an_entry(int(batch) + 1)], day)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(keep, batches))
        assert not any(pool.map(keep, batches)), "delivered again, kept once"
    verdict = archive.verify(TODAY - timedelta(days=1), TODAY)
    assert (verdict.objects, verdict.broken) == (24, ())
    assert sum(store.head("local", lane).sequence for lane in range(LANES)) == 24
    keys = [key for days in (1, 0) for key in store.keys("local", TODAY - timedelta(days=days))]
    wanted = lane_of(batches[0])
    key = next(one for one in keys if (place := named(one)) is not None and place.lane == wanted)
    kept = store.read(key)
    store.put(key, gzip.compress(gzip.decompress(kept).replace("Zoë".encode(), b"Eve"), mtime=0))
    assert archive.verify(TODAY - timedelta(days=1), TODAY).broken == (f"{key} is not what was written.",)
    store._client.delete_object(Bucket=BUCKET, Key=key)
    assert store.read(key) == b""
    assert archive.verify(TODAY - timedelta(days=1), TODAY).broken
    store.put(key, kept)
    assert archive.verify(TODAY - timedelta(days=1), TODAY).broken == ()


def test_without_its_bucket_nothing_is_said_to_be_kept(store: S3Archive):
    nowhere = S3Archive("no-such-bucket")
    nowhere._client = store._client
    with pytest.raises(StoreUnavailableError):
        Archive(nowhere, "local").keep("1", [an_entry(1)], TODAY)
    assert store.head("local", lane_of("1")).sequence == 0
