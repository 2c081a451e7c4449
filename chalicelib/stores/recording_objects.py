"""Objects of recordings in S3, the queue of jobs for composers, and the KMS keys of tenants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.recording_objects import StoredObject, place_of
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client
from chalicelib.stores.regions import used_region

_CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
# As many as S3 tells of at once.
_PAGE = 1000


class S3RecordingObjects:
    """The bucket of the region that is used now, and the one that nodes write to while that refuses."""

    def __init__(self, bucket: str, backup_bucket: str | None = None, region: str = "") -> None:
        """
        Args:
            bucket: With "{region}" in its name where each region has one; so the backup's.
        """
        self._names = (bucket, backup_bucket)
        self._region = region
        self._client_by_region: dict[str, Any] = {}

    @property
    def _bucket(self) -> str:
        return place_of(used_region(self._region), *self._names).bucket

    @property
    def _backup_bucket(self) -> str | None:
        return place_of(used_region(self._region), *self._names).backup_bucket

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self._call("put_object", self._bucket, Key=key, Body=body, ContentType=content_type)

    def read(self, key: str) -> bytes | None:
        """The bytes of an object; None for one that is not there."""
        try:
            return bytes(self._s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise StoreUnavailableError("An object of a recording cannot be read.") from error
            return None
        except BotoCoreError as error:
            raise StoreUnavailableError("An object of a recording cannot be read.") from error

    def page(self, prefix: str, after: str | None, limit: int) -> list[StoredObject]:
        """Of the region's bucket, in the order of their keys, after a key."""
        found: list[StoredObject] = []
        for one in self._listed(self._bucket, prefix, after, min(limit, _PAGE)):
            found.append(one)
            if len(found) == limit:
                break
        return found

    def everything(self, prefix: str) -> Iterator[StoredObject]:
        """Of both buckets."""
        for bucket in (self._bucket, self._backup_bucket):
            if bucket is not None:
                yield from self._listed(bucket, prefix, None, _PAGE)

    def delete(self, objects: Sequence[StoredObject]) -> None:
        """A thousand at most. What is not there is deleted already."""
        for bucket in sorted({one.bucket for one in objects}):
            keys = [{"Key": one.key} for one in objects if one.bucket == bucket]
            answer = self._call("delete_objects", bucket, Delete={"Objects": keys, "Quiet": True})
            if answer.get("Errors"):
                raise StoreUnavailableError(f"{len(answer['Errors'])} objects were not deleted")

    def _listed(self, bucket: str, prefix: str, after: str | None, size: int) -> Iterator[StoredObject]:
        more: dict[str, str] = {"StartAfter": after} if after is not None else {}
        while True:
            page = self._call("list_objects_v2", bucket, Prefix=prefix, MaxKeys=size, **more)
            for entry in page.get("Contents", []):
                yield StoredObject(bucket, entry["Key"], entry["Size"], entry["ETag"].strip('"'))
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _call(self, operation: str, bucket: str, **parameters: Any) -> Any:
        try:
            return getattr(self._s3(), operation)(Bucket=bucket, **parameters)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"{operation} failed") from error

    def _s3(self) -> Any:
        region = used_region(self._region)
        if region not in self._client_by_region:
            named = region if region != self._region else None
            self._client_by_region[region] = open_client("s3", _CONFIG, named)
        return self._client_by_region[region]


class SqsCompositionQueue:
    def __init__(self, queue_name: str) -> None:
        self._queue_name = queue_name
        self._client: Any = None
        self._url = ""

    def send(self, job: Mapping[str, Any]) -> None:
        try:
            self._sqs().send_message(QueueUrl=self._url, MessageBody=json.dumps(job))
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"the job {job['job']} was not sent") from error

    def count(self) -> int:
        """About how many jobs wait or are under way."""
        names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        try:
            told = self._sqs().get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError("the queue of jobs did not answer") from error
        return sum(int(value) for value in told["Attributes"].values())

    def _sqs(self) -> Any:
        self._client = self._client or open_client("sqs", _CONFIG)
        self._url = self._url or self._client.get_queue_url(QueueName=self._queue_name)["QueueUrl"]
        return self._client


class KmsKeys:
    """A key for each tenant: its recordings can be made unreadable, all at once, by ending it."""

    def __init__(self, account: str, reader: str | None) -> None:
        """
        Args:
            account: Of this installation, whose own policies say who uses the key.
            reader: The ARN of the CloudFront distribution that serves recordings; None without one.
        """
        self._account = account
        self._reader = reader

    def make(self, tenant: Tenant) -> str:
        """The ARN of the tenant's key; the one of before if it has one already."""
        client: Any = open_client("kms", _CONFIG)
        # A tenant's name may have letters that an alias must not.
        alias = f"alias/parley-recordings-{hashlib.sha256(tenant.encode()).hexdigest()[:32]}"
        try:
            try:
                return str(client.describe_key(KeyId=alias)["KeyMetadata"]["Arn"])
            except client.exceptions.NotFoundException:
                made = client.create_key(
                    Description=f"Recordings of {tenant[:100]}",
                    Policy=json.dumps(key_policy(self._account, self._reader)),
                    Tags=[{"TagKey": "parley:tenant-key", "TagValue": "recordings"}],
                )["KeyMetadata"]
                client.enable_key_rotation(KeyId=made["KeyId"])
                client.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
                return str(made["Arn"])
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError("the key was not made") from error


def key_policy(account: str, reader: str | None) -> dict[str, Any]:
    """The account's roles use it as their policies say; CloudFront decrypts for one distribution alone."""
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]
    if reader is not None:
        statements.append(
            {
                "Sid": "Media",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceArn": reader}},
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
