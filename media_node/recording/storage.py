"""The recordings bucket, and the one that takes its place while it refuses.

A bucket that fails is left for a while and tried again by a later object; what the backup bucket took
meanwhile is copied back when the first one answers.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from media_node.errors import StorageError

log = structlog.get_logger()

# How long a bucket that fails is left alone, where another takes its place.
AWAY_SECONDS = 5.0
# How long it may fail before another takes its place; what it refuses for good is not waited for.
PATIENCE_SECONDS = 3.0
REFUSALS = frozenset(
    {"AccessDenied", "AllAccessDisabled", "NoSuchBucket", "AccountProblem", "InvalidBucketState"}
)
REFUSING_KMS = "KMS."


@dataclass
class Storage:
    """Puts objects into the first bucket that takes them. Used by several threads."""

    # An S3 client of boto3, which has no types.
    client: Any
    bucket: str
    backup_bucket: str | None
    key_id: str | None
    monotonic: Callable[[], float]
    # A file that keeps `moved` for the next recorder of the same take; None: nothing is kept.
    moved_path: Path | None = None
    # Keys that the backup bucket holds and the first one does not.
    moved: list[str] = field(default_factory=list)
    # Those that a thread is copying now.
    _returning: set[str] = field(default_factory=set)
    _failing_since: float | None = None
    _away_until: float = 0.0
    # Guards the fields above; no call is made while it is held.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.moved_path is not None and self.moved_path.exists():
            self.moved = self.moved_path.read_text().split()

    @property
    def is_away(self) -> bool:
        """Whether the backup bucket is in use."""
        with self._lock:
            return self._away_until > 0.0 or bool(self.moved)

    def put(self, key: str, data: bytes, content_type: str, metadata: dict[str, str]) -> None:
        """Store an object.

        Raises:
            StorageError: No bucket takes it now.
        """
        arguments = self._arguments(key, data, content_type, metadata)
        if self._is_due():
            try:
                self.client.put_object(Bucket=self.bucket, **arguments)
            except (BotoCoreError, ClientError) as exc:
                self._note_failure(exc)
                if self._is_due():
                    raise StorageError(f"{self.bucket}: {exc}") from exc
            else:
                self._note_success()
                return
        try:
            self.client.put_object(Bucket=self.backup_bucket, **arguments)
        except (BotoCoreError, ClientError) as exc:
            raise StorageError(f"{self.bucket} and {self.backup_bucket}: {exc}") from exc
        with self._lock:
            self.moved.append(key)
            self._keep_moved()

    def bring_back(self) -> bool:
        """Copy one object that the backup bucket took; returns whether there was one, and a bucket for it.

        Raises:
            StorageError: It could not be copied, and stays where it is.
        """
        with self._lock:
            is_away = self.monotonic() < self._away_until
            # One thread for each: who came second would have nothing to take off the list.
            key = next((one for one in self.moved if one not in self._returning), None)
            if key is None or is_away or self.backup_bucket is None:
                return False
            self._returning.add(key)
        try:
            self._copy_back(key)
        finally:
            with self._lock:
                self._returning.discard(key)
        return True

    def _copy_back(self, key: str) -> None:
        try:
            found = self.client.get_object(Bucket=self.backup_bucket, Key=key)
            data = found["Body"].read()
            metadata = dict(found.get("Metadata") or {})
            arguments = self._arguments(key, data, found.get("ContentType", ""), metadata)
            self.client.put_object(Bucket=self.bucket, **arguments)
        except (BotoCoreError, ClientError) as exc:
            self._note_failure(exc)
            raise StorageError(f"{key} stays in {self.backup_bucket}: {exc}") from exc
        self._note_success()
        with self._lock:
            self.moved.remove(key)
            self._keep_moved()

    def _keep_moved(self) -> None:
        """Called with the lock held. Without it a recorder that dies would leave them where no film looks."""
        if self.moved_path is None:
            return
        try:
            written = self.moved_path.with_suffix(".new")
            written.write_text("\n".join(self.moved))
            written.replace(self.moved_path)
        except OSError as exc:
            log.error("moved_not_kept", error=str(exc))

    def _arguments(
        self, key: str, data: bytes, content_type: str, metadata: dict[str, str]
    ) -> dict[str, Any]:
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        arguments: dict[str, Any] = {
            "Key": key,
            "Body": data,
            "ContentType": content_type or "application/octet-stream",
            "Metadata": metadata,
            "ChecksumSHA256": digest,
        }
        if self.key_id is not None:
            arguments |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key_id}
        return arguments

    def _is_due(self) -> bool:
        """Whether the first bucket is to be tried now."""
        with self._lock:
            return self.monotonic() >= self._away_until

    def _note_failure(self, error: Exception) -> None:
        now = self.monotonic()
        code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""
        is_refusal = code in REFUSALS or code.startswith(REFUSING_KMS)
        with self._lock:
            since = self._failing_since = self._failing_since if self._failing_since is not None else now
            is_over = is_refusal or now - since >= PATIENCE_SECONDS
            if self.backup_bucket is not None and is_over:
                self._away_until = now + AWAY_SECONDS
        log.warning("bucket_failed", bucket=self.bucket, code=code, error=str(error)[:200])

    def _note_success(self) -> None:
        with self._lock:
            self._failing_since, self._away_until = None, 0.0
