"""Meetings, participants and events as items of the control table, and back."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import cast

from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.domain.egress import Media
from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import (
    MeetingCode,
    MeetingId,
    NodeId,
    ParticipantId,
    RecordingId,
    Tenant,
    UserId,
)
from chalicelib.domain.meeting import (
    DEFAULT_AUTO_ADMIT,
    LONGEST_LIFE,
    ActiveRecording,
    Encryption,
    EndReason,
    Meeting,
    MeetingState,
    Placement,
    due_of,
)
from chalicelib.domain.participant import Participant, ParticipantState, Role
from chalicelib.domain.plain import plain_of, value_of
from chalicelib.domain.recording import RecordingSetting
from chalicelib.domain.usage import Carried
from chalicelib.stores.control_items import DueItem, EventItem, MeetingItem, ParticipantItem

# A partition of an index takes 1,000 writes a second: a region's meetings are spread over so many.
SHARDS = 16
# A stream's day and some: then nobody asks any more when an ended meeting would have ended.
DUE_KEPT = timedelta(days=2)
_MICROSECOND = timedelta(microseconds=1)


def differences(before: Model, after: Model) -> list[Action]:
    """The update that makes one item of the other; nothing that is equal is written."""
    actions: list[Action] = []
    for name, attribute in type(after).get_attributes().items():
        old, new = getattr(before, name), getattr(after, name)
        if old == new or name in ("pk", "sk"):
            continue
        actions.append(attribute.set(new) if new is not None else attribute.remove())
    return actions


def event_key(number: int) -> str:
    """Sorts as the number does; ten digits are more events than a meeting can have."""
    return f"EVT#{number:010}"


def event_item(event: Event, meeting: Meeting) -> EventItem:
    return EventItem(
        f"MTG#{event.meeting}",
        event_key(event.number),
        type=event.type,
        at=event.at,
        tenant=meeting.tenant,
        region=meeting.home_region,
        data=event.data,
    )


def event_of(item: EventItem) -> Event:
    return Event(
        meeting=MeetingId(item.pk.removeprefix("MTG#")),
        number=int(item.sk.removeprefix("EVT#")),
        type=item.type,
        at=item.at,
        data=item.data,
    )


def node_key(node: NodeId) -> str:
    """The key under which the index byNode has the meetings of a node."""
    return f"NODE#{node}"


def meeting_item(meeting: Meeting) -> MeetingItem:
    created = meeting.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f")
    placement, active = meeting.placement, meeting.active_recording
    return MeetingItem(
        f"MTG#{meeting.id}",
        id=meeting.id,
        code=meeting.code,
        tenant=meeting.tenant,
        title=meeting.title,
        state=meeting.state,
        home_region=meeting.home_region,
        guests=meeting.guests,
        max_participants=meeting.max_participants,
        end_after_empty_seconds=int(meeting.end_after_empty.total_seconds()),
        metadata=dict(meeting.metadata),
        created_at=meeting.created_at,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        max_duration_seconds=int(meeting.max_duration.total_seconds()),
        attended_us=meeting.attended // _MICROSECOND,
        counted_at=meeting.counted_at,
        live_since=meeting.live_since,
        empty_since=meeting.empty_since,
        ended_at=meeting.ended_at,
        deleted_at=meeting.deleted_at,
        end_reason=meeting.end_reason,
        epoch=meeting.epoch,
        node=placement.node if placement is not None else None,
        node_url=placement.url if placement is not None else None,
        node_region=placement.region if placement is not None else None,
        units=placement.units if placement is not None else 0,
        standby=placement.standby if placement is not None else None,
        standby_url=(placement.standby_url or None) if placement is not None else None,
        expected_participants=meeting.expected_participants,
        media=meeting.media,
        present=meeting.present,
        joining=meeting.joining or None,
        lapses_at=meeting.lapses_at,
        carried=[plain_of(one) for one in meeting.carried] or None,
        egress_bytes=meeting.egress_bytes,
        counted_live=meeting.counted_live or None,
        events=meeting.events,
        waiting_room=meeting.waiting_room,
        locked=meeting.locked,
        organiser=meeting.organiser,
        passcode_hash=meeting.passcode_hash,
        auto_admit=sorted(meeting.auto_admit),
        auto_admit_external_ids=sorted(meeting.auto_admit_external_ids),
        barred=sorted(meeting.barred),
        encryption=meeting.encryption,
        recording=meeting.recording,
        active_recording=plain_of(active) if active is not None else None,
        list_key=f"TENANT#{meeting.tenant}",
        list_sort=f"{created}#{meeting.id}" if meeting.deleted_at is None else None,
        # Without the key the index of live meetings forgets it.
        live_key=live_key(meeting.home_region, shard_of(meeting.id)) if meeting.state != "ended" else None,
        node_key=node_key(placement.node) if placement is not None and meeting.state != "ended" else None,
    )


def meeting_of(item: MeetingItem) -> Meeting:
    placement = None
    if item.node is not None:
        placement = Placement(
            NodeId(item.node),
            item.node_url or "",
            item.node_region or "",
            int(item.units),
            NodeId(item.standby) if item.standby is not None else None,
            item.standby_url or "",
        )
    return Meeting(
        id=MeetingId(item.id),
        code=MeetingCode(item.code),
        tenant=Tenant(item.tenant),
        home_region=item.home_region,
        created_at=item.created_at,
        title=item.title,
        guests=item.guests,
        max_participants=int(item.max_participants),
        end_after_empty=timedelta(seconds=int(item.end_after_empty_seconds)),
        metadata=item.metadata,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        # Kept before meetings had a maximum of their own.
        max_duration=timedelta(seconds=int(item.max_duration_seconds or LONGEST_LIFE.total_seconds())),
        attended=int(item.attended_us) * _MICROSECOND,
        counted_at=item.counted_at,
        state=cast(MeetingState, item.state),
        ended_at=item.ended_at,
        deleted_at=item.deleted_at,
        end_reason=cast("EndReason | None", item.end_reason),
        epoch=int(item.epoch),
        placement=placement,
        expected_participants=None if item.expected_participants is None else int(item.expected_participants),
        media=cast(Media, item.media or "video"),
        present=int(item.present),
        joining=int(item.joining or 0),
        lapses_at=item.lapses_at,
        carried=tuple(value_of(Carried, one) for one in item.carried or ()),
        egress_bytes=int(item.egress_bytes),
        counted_live=bool(item.counted_live),
        live_since=item.live_since,
        empty_since=item.empty_since,
        events=int(item.events),
        waiting_room=bool(item.waiting_room),
        locked=bool(item.locked),
        organiser=UserId(item.organiser) if item.organiser is not None else None,
        passcode_hash=item.passcode_hash,
        # Kept before there were waiting rooms: as if nobody had said otherwise.
        auto_admit=DEFAULT_AUTO_ADMIT if item.auto_admit is None else frozenset(item.auto_admit),
        auto_admit_external_ids=frozenset(item.auto_admit_external_ids or ()),
        barred=frozenset(item.barred or ()),
        # Kept before meetings were recorded.
        encryption=cast(Encryption, item.encryption or "transport"),
        recording=cast(RecordingSetting, item.recording or "off"),
        active_recording=(
            value_of(ActiveRecording, item.active_recording) if item.active_recording is not None else None
        ),
    )


def due_item(meeting: Meeting) -> DueItem:
    due = due_of(meeting)
    if due is None:
        ended = meeting.ended_at or meeting.created_at
        return DueItem(f"MTG#{meeting.id}", expires=int((ended + DUE_KEPT).timestamp()))
    key = due_key(meeting.home_region, shard_of(meeting.id))
    return DueItem(f"MTG#{meeting.id}", due_key=key, due_at=due_text(due))


def shard_of(meeting: MeetingId) -> int:
    return zlib.crc32(meeting.encode()) % SHARDS


def live_key(region: str, shard: int) -> str:
    return f"LIVE#{region}#{shard}"


def due_key(region: str, shard: int) -> str:
    return f"END#{region}#{shard}"


def due_text(moment: datetime) -> str:
    """Sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def participant_item(participant: Participant) -> ParticipantItem:
    return ParticipantItem(
        f"MTG#{participant.meeting}",
        f"PAR#{participant.id}",
        display_name=participant.display_name,
        role=participant.role,
        external_id=participant.external_id,
        state=participant.state,
        asked_at=participant.asked_at,
        joined_at=participant.joined_at,
        left_at=participant.left_at,
        seen_epoch=participant.seen_epoch,
        here_since=participant.here_since,
        attended_us=participant.attended // _MICROSECOND,
        source=participant.source,
        told_of_recording=participant.told_of_recording,
        request=participant.request,
        polled_at=participant.polled_at,
    )


def participant_of(meeting: MeetingId, item: ParticipantItem) -> Participant:
    return Participant(
        meeting=meeting,
        id=ParticipantId(item.sk.removeprefix("PAR#")),
        display_name=item.display_name,
        role=cast(Role, item.role),
        asked_at=item.asked_at,
        external_id=item.external_id,
        state=cast(ParticipantState, item.state),
        joined_at=item.joined_at,
        left_at=item.left_at,
        seen_epoch=int(item.seen_epoch),
        here_since=item.here_since,
        attended=int(item.attended_us) * _MICROSECOND,
        source=item.source,
        told_of_recording=RecordingId(item.told_of_recording) if item.told_of_recording else None,
        request=item.request,
        polled_at=item.polled_at,
    )
