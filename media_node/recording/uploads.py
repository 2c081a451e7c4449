"""Threads that carry a spool's items into the bucket, each until it is there."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog

from media_node.errors import StorageError
from media_node.recording.manifest import format_entry
from media_node.recording.spool import Item, Spool
from media_node.recording.storage import Storage

log = structlog.get_logger()

THREADS = 8
FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 8.0


class Uploads:
    """Uploads of one take; `lock` guards the spool and everything here."""

    def __init__(
        self, spool: Spool, storage: Storage, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.lock = threading.Lock()
        self._spool = spool
        self._storage = storage
        self._monotonic = monotonic
        self._news = threading.Condition(self.lock)
        self._stopping = threading.Event()
        self._in_flight = 0
        self._failing_since: float | None = None

    def start(self) -> None:
        for number in range(THREADS):
            threading.Thread(target=self._run, name=f"upload-{number}", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        with self.lock:
            self._news.notify_all()

    def note_news(self) -> None:
        """Something waits; called with the lock held."""
        self._news.notify()

    @property
    def is_idle(self) -> bool:
        """Whether everything that was recorded is in a bucket; called with the lock held."""
        return self._in_flight == 0 and self._spool.waiting == 0

    def failing_seconds(self) -> float:
        """For how long no object has been taken; called with the lock held."""
        return 0.0 if self._failing_since is None else self._monotonic() - self._failing_since

    def _run(self) -> None:
        while not self._stopping.is_set():
            item = self._next()
            if item is not None:
                self._carry(item)
            elif not self._stopping.is_set():
                self._bring_back()

    def _next(self) -> Item | None:
        with self.lock:
            item = self._spool.next_item()
            if item is None:
                self._news.wait(0.5)
                item = self._spool.next_item()
            self._in_flight += item is not None
            return item

    def _carry(self, item: Item) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                self._put(item)
                break
            except OSError as exc:
                # The file has gone from the disk: verification tells of the entry without a segment.
                log.error("spooled_file_lost", key=item.key, error=str(exc))
                break
            except StorageError as exc:
                log.warning("upload_failed", key=item.key, error=str(exc)[:200])
                with self.lock:
                    if self._failing_since is None:
                        self._failing_since = self._monotonic()
            self._stopping.wait(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, MAX_PAUSE_SECONDS)
        else:
            return
        with self.lock:
            self._failing_since = None
            self._spool.note_stored(item)
            self._in_flight -= 1

    def _put(self, item: Item) -> None:
        data = item.read()
        if item.entry is None:
            self._storage.put(item.key, data, "application/json", {})
        else:
            metadata = {"parley-entry": format_entry(item.entry)}
            self._storage.put(item.key, data, "video/x-matroska", metadata)

    def _bring_back(self) -> None:
        try:
            self._storage.bring_back()
        except StorageError as exc:
            log.warning("bring_back_failed", error=str(exc)[:200])
