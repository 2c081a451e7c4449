"""Recordings, where each is found and when it is due, and the log of who opened it, as items."""

from __future__ import annotations

import zlib

from pynamodb.attributes import JSONAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.models import Model

from chalicelib.domain.plain import plain_of, value_of
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_changes import DueKind, due_of
from chalicelib.stores.control_items import ByDueTime, ByOrganiser, ByTenant, MeetingItem
from chalicelib.stores.meeting_items import due_text

# A partition of an index takes 1,000 writes a second: a region's recordings are spread over so many.
DUE_SHARDS = 4


class RecordingItem(Model):
    """pk MTG#<meeting>, sk REC#<id>: a recording, all of it as in the log."""

    class Meta(MeetingItem.Meta):
        pass

    by_tenant = ByTenant()
    by_organiser = ByOrganiser()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    value = JSONAttribute()
    list_key = UnicodeAttribute(attr_name="listKey")
    list_sort = UnicodeAttribute(attr_name="listSort")
    organiser = UnicodeAttribute(null=True)


class RecordingPointerItem(Model):
    """pk REC#<id>, sk META: which meeting a recording is of, and when something is due for it."""

    class Meta(MeetingItem.Meta):
        pass

    due = ByDueTime()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="META")
    meeting = UnicodeAttribute()
    due_key = UnicodeAttribute(attr_name="liveKey", null=True)
    due_at = UnicodeAttribute(attr_name="listSort", null=True)


class AccessLogItem(Model):
    """pk REC#<id>, sk LOG#<time>#<random>: a link that was given out. Never changes."""

    class Meta(MeetingItem.Meta):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    at = UTCDateTimeAttribute()
    by = UnicodeAttribute()
    kinds = JSONAttribute()
    expires_at = UTCDateTimeAttribute(attr_name="expiresAt")
    request_id = UnicodeAttribute(attr_name="requestId")
    source = UnicodeAttribute(null=True)


def recording_item(recording: Recording) -> RecordingItem:
    return RecordingItem(
        f"MTG#{recording.meeting}",
        f"REC#{recording.id}",
        state=recording.state,
        value=plain_of(recording),
        list_key=tenant_key(recording.tenant),
        list_sort=list_mark(recording),
        organiser=organiser_key(recording.organiser) if recording.organiser is not None else None,
    )


def recording_of(item: RecordingItem) -> Recording:
    return value_of(Recording, item.value)


def pointer_item(recording: Recording) -> RecordingPointerItem:
    due = due_of(recording)
    return RecordingPointerItem(
        f"REC#{recording.id}",
        meeting=recording.meeting,
        due_key=due_key(due[0], recording.region, shard_of(recording)) if due is not None else None,
        due_at=due_text(due[1]) if due is not None else None,
    )


def list_mark(recording: Recording) -> str:
    """Sorts as the times do when they were asked for; ends with the meeting, as all marks of lists."""
    return f"{due_text(recording.requested_at)}#{recording.id}#{recording.meeting}"


def tenant_key(tenant: str) -> str:
    return f"RECORDINGS#{tenant}"


def organiser_key(user: str) -> str:
    # Meetings have the user's id alone as their key in this index.
    return f"RECORDINGS#{user}"


def due_key(kind: DueKind, region: str, shard: int) -> str:
    return f"RECORDING#{kind}#{region}#{shard}"


def shard_of(recording: Recording) -> int:
    return zlib.crc32(recording.id.encode()) % DUE_SHARDS
