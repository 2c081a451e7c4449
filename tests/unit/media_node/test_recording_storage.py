"""Which bucket takes what, when one fails, refuses, or comes back."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from media_node.errors import StorageError
from media_node.recording.storage import AWAY_SECONDS, PATIENCE_SECONDS, Storage


@dataclass
class MemoryBuckets:
    """Buckets in memory; one that is named in `errors` fails with that."""

    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)

    def put_object(self, *, Bucket: str, Key: str, **rest: Any) -> None:
        if Bucket in self.errors:
            raise self.errors[Bucket]
        self.objects[Bucket, Key] = rest

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        kept = self.objects[Bucket, Key]
        return {**kept, "Body": io.BytesIO(kept["Body"])}


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def buckets() -> MemoryBuckets:
    return MemoryBuckets()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(buckets: MemoryBuckets, clock: Clock) -> Storage:
    return Storage(buckets, "first", "second", None, clock)


AWAY = EndpointConnectionError(endpoint_url="http://nowhere")
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")


def put(storage: Storage, key: str) -> None:
    storage.put(key, b"data", "video/x-matroska", {"parley-entry": "{}"})


def test_objects_go_to_the_first_bucket_with_their_digest(storage: Storage, buckets: MemoryBuckets):
    put(storage, "a")
    kept = buckets.objects["first", "a"]
    assert kept["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"data").digest()).decode()
    assert kept["Metadata"] == {"parley-entry": "{}"}
    assert not storage.is_away


def test_a_key_of_the_tenant_encrypts_each_object(buckets: MemoryBuckets, clock: Clock):
    put(Storage(buckets, "first", None, "key-1", clock), "a")
    kept = buckets.objects["first", "a"]
    assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", "key-1")


def test_a_bucket_that_is_away_for_a_moment_is_waited_for(storage: Storage, buckets: MemoryBuckets):
    buckets.errors["first"] = AWAY
    with pytest.raises(StorageError, match="first"):
        put(storage, "a")
    assert ("second", "a") not in buckets.objects
    del buckets.errors["first"]
    put(storage, "a")
    assert not storage.is_away


def test_one_that_stays_away_gives_way_to_the_backup_and_is_tried_again(
    storage: Storage, buckets: MemoryBuckets, clock: Clock
):
    buckets.errors["first"] = AWAY
    with pytest.raises(StorageError):
        put(storage, "a")
    clock.now += PATIENCE_SECONDS
    put(storage, "a")
    assert ("second", "a") in buckets.objects
    assert storage.is_away
    del buckets.errors["first"]
    put(storage, "b")
    assert ("second", "b") in buckets.objects, "not asked again at once"
    clock.now += AWAY_SECONDS
    put(storage, "c")
    assert ("first", "c") in buckets.objects
    assert storage.bring_back()
    assert storage.bring_back()
    assert not storage.bring_back()
    assert buckets.objects["first", "a"]["Metadata"] == {"parley-entry": "{}"}
    assert not storage.is_away


def test_one_that_refuses_is_left_at_once(storage: Storage, buckets: MemoryBuckets):
    buckets.errors["first"] = DENIED
    put(storage, "a")
    assert ("second", "a") in buckets.objects


def test_where_both_refuse_or_there_is_no_backup_it_is_an_error(
    storage: Storage, buckets: MemoryBuckets, clock: Clock
):
    buckets.errors = {"first": DENIED, "second": DENIED}
    with pytest.raises(StorageError, match="first and second"):
        put(storage, "a")
    with pytest.raises(StorageError, match="first"):
        put(Storage(buckets, "first", None, None, clock), "a")


def test_what_cannot_be_brought_back_stays(storage: Storage, buckets: MemoryBuckets, clock: Clock):
    buckets.errors["first"] = DENIED
    put(storage, "a")
    clock.now += AWAY_SECONDS
    with pytest.raises(StorageError, match="a stays in second"):
        storage.bring_back()
    assert storage.moved == ["a"]


def test_what_the_second_took_is_brought_back_by_the_next_recorder_too(
    buckets: MemoryBuckets, clock: Clock, tmp_path: Path
):
    kept = tmp_path / "take.moved"
    buckets.errors["first"] = DENIED
    dying = Storage(buckets, "first", "second", None, clock, kept)
    for key in ("a/1.mkv", "a/2.mkv"):
        dying.put(key, b"data", "video/x-matroska", {})
    del buckets.errors["first"]
    clock.now += AWAY_SECONDS
    assert dying.bring_back()
    following = Storage(buckets, "first", "second", None, clock, kept)
    assert following.moved == ["a/2.mkv"]
    assert following.is_away
    assert following.bring_back()
    assert ("first", "a/2.mkv") in buckets.objects
    assert Storage(buckets, "first", "second", None, clock, kept).moved == []


def test_threads_that_bring_back_at_once_take_an_object_each(clock: Clock):
    both = threading.Barrier(2)

    class SlowBuckets(MemoryBuckets):
        def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
            both.wait(10)
            return super().get_object(Bucket=Bucket, Key=Key)

    buckets = SlowBuckets(errors={"first": DENIED})
    storage = Storage(buckets, "first", "second", None, clock)
    for key in ("a/1.mkv", "a/2.mkv"):
        storage.put(key, b"data", "video/x-matroska", {})
    buckets.errors.clear()
    clock.now += AWAY_SECONDS
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(storage.bring_back) for _ in range(2)]
        assert [one.result(20) for one in done] == [True, True]
    assert storage.moved == []
    assert {key for bucket, key in buckets.objects if bucket == "first"} == {"a/1.mkv", "a/2.mkv"}
