"""Quality in the control table: an item for each entry, and the latest one of each participant once more."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pynamodb.exceptions import PutError

from chalicelib.domain.identifiers import MeetingId, ParticipantId
from chalicelib.domain.quality import QualityEntry
from chalicelib.stores.control_items import QualityItem
from chalicelib.stores.failures import translate_failures, was_refused

# An entry spans less than this: a point of it may be after a time that its beginning is not.
SPAN = timedelta(minutes=15)
# Sorts behind every time.
END = "~"


@translate_failures
class DynamoQuality:
    def keep(self, entries: Sequence[QualityEntry], expires: int) -> None:
        items = {(entry.meeting, _point_key(entry)): entry for entry in entries}
        with QualityItem.batch_write() as batch:
            for (_, key), entry in items.items():
                batch.save(_item(entry, key, expires))
        for entry in _latest_of(entries):
            # A message that comes late does not take a later one's place.
            item = _item(entry, f"LATEST#{entry.participant}", expires)
            is_newer = QualityItem.starts_at.does_not_exist() | (QualityItem.starts_at < entry.starts_at)
            try:
                item.save(condition=is_newer)
            except PutError as error:
                if not was_refused(error):
                    raise

    def points(
        self, meeting: MeetingId, participant: ParticipantId, after: str | None, limit: int
    ) -> list[Mapping[str, Any]]:
        prefix = f"POINT#{participant}#"
        begin = prefix + (_earlier(after) if after is not None else "")
        items = QualityItem.query(
            f"QUALITY#{meeting}", range_key_condition=QualityItem.sk.between(begin, prefix + END)
        )
        found: list[Mapping[str, Any]] = []
        for item in items:
            if _has_expired(item):
                continue
            found += [point for point in item.points if after is None or point["at"] > after]
            if len(found) >= limit:
                break
        return found[:limit]

    def latest(self, meeting: MeetingId, after: str | None, limit: int) -> list[QualityEntry]:
        prefix = "LATEST#"
        # The least that sorts behind a participant.
        begin = f"{prefix}{after}!" if after is not None else prefix
        items = QualityItem.query(
            f"QUALITY#{meeting}",
            range_key_condition=QualityItem.sk.between(begin, prefix + END),
            limit=limit,
        )
        return [
            QualityEntry(meeting, ParticipantId(item.sk.removeprefix(prefix)), tuple(item.points))
            for item in items
            if not _has_expired(item)
        ]


def _item(entry: QualityEntry, key: str, expires: int) -> QualityItem:
    return QualityItem(
        f"QUALITY#{entry.meeting}",
        key,
        starts_at=entry.starts_at,
        points=list(entry.points),
        expires=expires,
    )


def _point_key(entry: QualityEntry) -> str:
    return f"POINT#{entry.participant}#{entry.starts_at}"


def _latest_of(entries: Iterable[QualityEntry]) -> list[QualityEntry]:
    """Of each participant the entry that begins last."""
    ordered = sorted(entries, key=lambda entry: entry.starts_at)
    return list({(entry.meeting, entry.participant): entry for entry in ordered}.values())


def _has_expired(item: QualityItem) -> bool:
    """DynamoDB deletes what has expired within days, not at once."""
    return bool(item.expires < time.time())


def _earlier(at: str) -> str:
    when = datetime.fromisoformat(at.replace("Z", "+00:00")) - SPAN
    return when.strftime("%Y-%m-%dT%H:%M:%S")
