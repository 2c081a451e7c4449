"""Recordings by their ids and in lists, those that are due, and the log of links that were given out."""

from __future__ import annotations

import secrets
from datetime import datetime
from itertools import islice
from typing import Any

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.identifiers import RecordingId, Tenant, UserId
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_access import Opened
from chalicelib.domain.recording_changes import DueKind
from chalicelib.stores.failures import translate_failures
from chalicelib.stores.meeting_items import due_text
from chalicelib.stores.pages import page_of
from chalicelib.stores.recording_items import (
    DUE_SHARDS,
    AccessLogItem,
    RecordingItem,
    RecordingPointerItem,
    due_key,
    organiser_key,
    recording_of,
    tenant_key,
)


@translate_failures
class DynamoRecordings:
    def by_id(self, recording: RecordingId) -> Recording | None:
        try:
            pointer = RecordingPointerItem.get(f"REC#{recording}", "META", consistent_read=True)
            item = RecordingItem.get(f"MTG#{pointer.meeting}", f"REC#{recording}", consistent_read=True)
        except DoesNotExist:
            return None
        return recording_of(item)

    def page(
        self, tenant: Tenant, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Recording], str | None]:
        """Newest first. `after` is the mark that the page before ended with."""
        return _page(RecordingItem.by_tenant, tenant_key(tenant), state, limit, after)

    def page_of(
        self, organiser: UserId, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Recording], str | None]:
        """Of the meetings that a person made; otherwise as `page`."""
        return _page(RecordingItem.by_organiser, organiser_key(organiser), state, limit, after)

    def due(self, kind: DueKind, region: str, now: datetime, limit: int) -> list[RecordingId]:
        """Recordings of a home region for which something is to be done, up to `limit` of each shard."""
        found: list[RecordingId] = []
        for shard in range(DUE_SHARDS):
            key = due_key(kind, region, shard)
            query = RecordingPointerItem.due.query(
                key, RecordingPointerItem.due_at <= due_text(now), limit=limit
            )
            found += [RecordingId(item.pk.removeprefix("REC#")) for item in islice(query, limit)]
        return found

    def note_opened(self, opened: Opened) -> None:
        AccessLogItem(
            f"REC#{opened.recording}",
            f"LOG#{due_text(opened.at)}#{secrets.token_hex(4)}",
            at=opened.at,
            by=opened.by,
            kinds=list(opened.kinds),
            expires_at=opened.expires_at,
            request_id=opened.request_id,
            source=opened.source,
        ).save()

    def opened(
        self, recording: RecordingId, limit: int, before: str | None
    ) -> tuple[list[Opened], str | None]:
        """Newest first; `before` is the mark that the page before ended with."""
        within = AccessLogItem.sk.between("LOG#", f"LOG#{before if before is not None else '~'}")
        query = AccessLogItem.query(
            f"REC#{recording}", within, scan_index_forward=False, consistent_read=True
        )
        # What a page ended with is in the range of the next one, which begins after it.
        items = (one for one in query if before is None or one.sk != f"LOG#{before}")
        found = list(islice(items, limit + 1))
        kept = found[:limit]
        mark = kept[-1].sk.removeprefix("LOG#") if len(found) > limit else None
        return [_opened(recording, item) for item in kept], mark


def _page(
    index: Any, key: str, state: str | None, limit: int, after: str | None
) -> tuple[list[Recording], str | None]:
    found, mark = page_of(RecordingItem, index, key, state, limit, after)
    return [recording_of(item) for item in found], mark


def _opened(recording: RecordingId, item: AccessLogItem) -> Opened:
    return Opened(
        recording=recording,
        at=item.at,
        by=item.by,
        kinds=tuple(item.kinds),
        expires_at=item.expires_at,
        request_id=item.request_id,
        source=item.source,
    )
