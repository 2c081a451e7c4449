"""What recorders wrote, wherever it lies: in the recordings bucket, or in the one that took its place.

A recorder copies back what it wrote elsewhere; one that died before it did leaves it there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

ABSENT = frozenset({"NoSuchKey", "404"})


class Buckets:
    """Reads objects of takes. Used by several threads."""

    def __init__(self, s3: Any, bucket: str, backup_bucket: str | None) -> None:
        self._s3 = s3
        self._names = [bucket, backup_bucket] if backup_bucket not in (None, bucket) else [bucket]

    def keys(self, prefix: str, ending: str) -> Iterator[str]:
        """Each key once, in their order.

        Raises:
            botocore's errors: S3 does not answer, or refuses.
        """
        listed = (self._listed(bucket, prefix, ending) for bucket in self._names)
        return (key for key, _ in groupby(heapq.merge(*listed)))

    def read(self, key: str, most_bytes: int | None = None) -> bytes | None:
        """An object, or as much of it as is asked for; None where no bucket has it.

        Raises:
            botocore's errors: S3 does not answer, or refuses.
        """
        answer = self._ask("get_object", key)
        if answer is None:
            return None
        data: bytes = answer["Body"].read(most_bytes)
        return data

    def metadata(self, key: str) -> Mapping[str, str] | None:
        """What an object carries; None where no bucket has it."""
        answer = self._ask("head_object", key)
        return answer["Metadata"] if answer is not None else None

    def _ask(self, operation: str, key: str) -> Any:
        for bucket in self._names:
            try:
                return getattr(self._s3, operation)(Bucket=bucket, Key=key)
            except ClientError as exc:
                if exc.response["Error"]["Code"] not in ABSENT:
                    raise
        return None

    def _listed(self, bucket: str | None, prefix: str, ending: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                if item["Key"].endswith(ending):
                    yield item["Key"]
