"""Meetings, their participants and their logs in the control table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.events import Change, Event, Obstacle, without_gap
from chalicelib.domain.identifiers import MeetingCode, MeetingId, NodeId, ParticipantId, Tenant, UserId
from chalicelib.domain.meeting import Coded, Meeting, due_of
from chalicelib.domain.participant import Participant
from chalicelib.domain.placement import Reservation
from chalicelib.domain.presence import Fence
from chalicelib.domain.recording import Recording
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.control_items import (
    CodeItem,
    DueItem,
    EventItem,
    IdempotencyItem,
    MeetingItem,
    ParticipantItem,
)
from chalicelib.stores.failures import met_another, translate_failures, was_refused
from chalicelib.stores.fleet_items import NodeItem
from chalicelib.stores.meeting_items import (
    SHARDS,
    differences,
    due_item,
    due_key,
    due_text,
    event_item,
    event_key,
    event_of,
    live_key,
    meeting_item,
    meeting_of,
    node_key,
    participant_item,
    participant_of,
)
from chalicelib.stores.pages import page_of
from chalicelib.stores.presence import require
from chalicelib.stores.recording_items import (
    RecordingItem,
    RecordingPointerItem,
    pointer_item,
    recording_item,
    recording_of,
)
from chalicelib.stores.tenants import count_live

# As long as clients of other APIs expect to be able to repeat a request.
IDEMPOTENCY_LIFETIME = timedelta(hours=24)

# What holds of somebody who was never in the meeting.
IS_NEW = ParticipantItem.pk.does_not_exist()


@dataclass(frozen=True)
class EarlierRequest:
    """What an idempotency key was used for before."""

    meeting: MeetingId
    request_digest: str
    # Where the meeting is made; "" where nobody wrote it down.
    home: str = ""


@translate_failures
class DynamoMeetings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(
        self, meeting: Meeting, key: str, request_digest: str, instead_of: MeetingId | None
    ) -> EarlierRequest | None:
        """Keep which meeting a key is for before it is made, or tell what the key is claimed for already.

        Args:
            instead_of: A meeting whose claim gives way.
        """
        claim, free = _claim(meeting, key, request_digest), _is_free(meeting)
        if instead_of is not None:
            free = free | (IdempotencyItem.meeting == instead_of)
        try:
            claim.save(condition=free)
        except PutError as error:
            if not was_refused(error):
                raise
            return self._earlier(claim)
        return None

    def create(self, created: Change, key: str | None, request_digest: str) -> EarlierRequest | None:
        """Keep a new meeting in one write, or tell which request used the idempotency key before."""
        meeting = created.after
        claim = _claim(meeting, key, request_digest) if key is not None else None
        try:
            with TransactWrite(connection=self._connection) as transaction:
                code = CodeItem(f"CODE#{meeting.code}", meeting=meeting.id, home_region=meeting.home_region)
                transaction.save(code, condition=CodeItem.pk.does_not_exist())
                transaction.save(meeting_item(meeting), condition=MeetingItem.pk.does_not_exist())
                transaction.save(due_item(meeting))
                for event in created.events:
                    transaction.save(event_item(event, meeting))
                if claim is not None:
                    transaction.save(claim, condition=_is_free(meeting))
        except TransactWriteError:
            earlier = self._earlier(claim) if claim is not None else None
            if earlier is None:
                raise
            return earlier
        return None

    def _earlier(self, wanted: IdempotencyItem) -> EarlierRequest | None:
        try:
            found = IdempotencyItem.get(wanted.pk, "META", consistent_read=True)
        except DoesNotExist:
            return None
        return EarlierRequest(MeetingId(found.meeting), found.request_digest, found.home_region or "")

    def commit(
        self,
        change: Change,
        reservation: Reservation | None = None,
        most_live: int | None = None,
        fence: Fence | None = None,
    ) -> Obstacle | None:
        """Write a change with its events, and what it needs of a node and its tenant, all or nothing.

        Nothing is written if somebody else changed the meeting since it was read, if a newcomer is known
        already, if the node has no room any more, if the tenant has `most_live` counted meetings and this
        would be one more, or if a newer report than the fence's has begun.
        botocore gives each call a token of its own: a repetition after a lost answer is the same call.

        Returns:
            None if written, else what stood in the way.
        """
        before, after = change.before, change.after
        if not change.events:
            return None
        seen = MeetingItem.events == before.events
        if before.events == 0:
            # Kept before meetings had a log.
            seen = seen | MeetingItem.events.does_not_exist()
        items: list[tuple[Model, Condition | None]] = [
            (participant_item(one), IS_NEW if one.id in change.newcomers else None)
            for one in change.participant_by_id.values()
        ]
        items += [(event_item(event, after), None) for event in change.events]
        items += [(recording_item(one), None) for one in change.recording_by_id.values()]
        items += [(pointer_item(one), None) for one in change.recording_by_id.values()]
        if due_of(before) != due_of(after):
            items.append((due_item(after), None))
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.update(
                    MeetingItem(f"MTG#{after.id}", "META"),
                    actions=differences(meeting_item(before), meeting_item(after)),
                    condition=MeetingItem.code.exists() & seen,
                )
                if reservation is not None:
                    node = reservation.node
                    transaction.update(
                        NodeItem(f"REGION#{node.region}", f"NODE#{node.id}"),
                        actions=[NodeItem.reserved_units.add(reservation.units)],
                        condition=_has_room(reservation),
                    )
                counts = count_live(transaction, before, after, most_live)
                if fence is not None:
                    require(transaction, fence)
                for item, condition in items:
                    transaction.save(item, condition=condition)
        except TransactWriteError as error:
            return _obstacle(error, len(items), reservation, counts=counts, fenced=fence is not None)
        return None

    def by_id(self, meeting: MeetingId) -> Meeting | None:
        try:
            return meeting_of(MeetingItem.get(f"MTG#{meeting}", "META", consistent_read=True))
        except DoesNotExist:
            return None

    def coded(self, code: MeetingCode) -> Coded | None:
        try:
            item = CodeItem.get(f"CODE#{code}", "META", consistent_read=True)
        except DoesNotExist:
            return None
        return Coded(MeetingId(item.meeting), item.home_region)

    def page(
        self, tenant: Tenant, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Meeting], str | None]:
        """Newest first. `after` is the mark that the page before ended with."""
        return _page(MeetingItem.by_tenant, f"TENANT#{tenant}", state, limit, after)

    def page_of(
        self, organiser: UserId, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Meeting], str | None]:
        """The meetings that a person made; otherwise as `page`."""
        return _page(MeetingItem.by_organiser, organiser, state, limit, after)

    def live(self, region: str, first: int, most_reads: int) -> list[Meeting]:
        """Meetings of a home region that have not ended, as many as so many reads bring.

        A read is of a megabyte at most: 128 units of capacity.

        Args:
            first: The shard to begin with; the others follow as long as there are reads.
        """
        shards = (MeetingItem.live.query(live_key(region, (first + n) % SHARDS)) for n in range(SHARDS))
        pages = (page for shard in shards for page in shard.page_iter)
        return [
            meeting_of(MeetingItem.from_raw_data(item))
            for page in islice(pages, most_reads)
            for item in page["Items"]
        ]

    def due(self, region: str, now: datetime, limit: int) -> list[MeetingId]:
        """Meetings of a home region whose end has come, up to `limit` of each shard."""
        found: list[MeetingId] = []
        for shard in range(SHARDS):
            query = DueItem.due.query(due_key(region, shard), DueItem.due_at <= due_text(now), limit=limit)
            found += [MeetingId(item.pk.removeprefix("MTG#")) for item in islice(query, limit)]
        return found

    def held_units(self, node: NodeId) -> int:
        """What all meetings that go on hold of a node; a moment behind, as indexes are."""
        return sum(int(item.units) for item in MeetingItem.by_node.query(node_key(node)))

    def erase(self, meeting: Meeting) -> None:
        """Take away all that is kept of it, itself last, so that what is broken off is begun again."""
        pk = f"MTG#{meeting.id}"
        for recording in self.recordings(meeting.id):
            with RecordingPointerItem.batch_write() as pointers:
                found = RecordingPointerItem.query(f"REC#{recording.id}", attributes_to_get=["pk", "sk"])
                for pointer in found:
                    pointers.delete(pointer)
        for kind, prefix in ((EventItem, "EVT#"), (ParticipantItem, "PAR#"), (RecordingItem, "REC#")):
            with kind.batch_write() as batch:
                for item in kind.query(pk, kind.sk.startswith(prefix), consistent_read=True):
                    batch.delete(item)
        rest: tuple[Model, ...] = (CodeItem(f"CODE#{meeting.code}"), MeetingItem(pk), DueItem(pk))
        with TransactWrite(connection=self._connection) as transaction:
            for one in rest:
                transaction.delete(one)

    def participants(self, meeting: MeetingId) -> list[Participant]:
        query = ParticipantItem.query(
            f"MTG#{meeting}", ParticipantItem.sk.startswith("PAR#"), consistent_read=True
        )
        return [participant_of(meeting, item) for item in query]

    def participants_by_id(
        self, meeting: MeetingId, wanted: Collection[ParticipantId]
    ) -> Mapping[ParticipantId, Participant]:
        """Those of the wanted that are known."""
        keys = [(f"MTG#{meeting}", f"PAR#{one}") for one in sorted(wanted)]
        found = (
            participant_of(meeting, item) for item in ParticipantItem.batch_get(keys, consistent_read=True)
        )
        return {participant.id: participant for participant in found}

    def with_participants(
        self, meeting: MeetingId, wanted: Collection[ParticipantId]
    ) -> tuple[Meeting | None, Mapping[ParticipantId, Participant]]:
        """A meeting and those of the wanted that are known in it, in one round trip."""
        pk, table = f"MTG#{meeting}", MeetingItem.Meta.table_name
        keys: list[Any] = [{"pk": pk, "sk": sk} for sk in ("META", *(f"PAR#{one}" for one in sorted(wanted)))]
        answer = self._connection.batch_get_item(table, keys, consistent_read=True)
        if answer["UnprocessedKeys"]:
            raise StoreUnavailableError("The state cannot be read now.")
        items = {item["sk"]["S"]: item for item in answer["Responses"].get(table, ())}
        found = items.pop("META", None)
        known = (participant_of(meeting, ParticipantItem.from_raw_data(item)) for item in items.values())
        return (
            meeting_of(MeetingItem.from_raw_data(found)) if found is not None else None,
            {participant.id: participant for participant in known},
        )

    def note_polled(self, participant: Participant, now: datetime) -> None:
        """Somebody who waits has asked again: no event. Who waits no longer stays so."""
        item = ParticipantItem(f"MTG#{participant.meeting}", f"PAR#{participant.id}")
        try:
            item.update(
                actions=[ParticipantItem.polled_at.set(now)], condition=ParticipantItem.state == "waiting"
            )
        except UpdateError as error:
            # Met by a transaction, that is a host's word: the next question notes it.
            if not (was_refused(error) or met_another(error)):
                raise

    def recordings(self, meeting: MeetingId) -> list[Recording]:
        query = RecordingItem.query(
            f"MTG#{meeting}", RecordingItem.sk.startswith("REC#"), consistent_read=True
        )
        return [recording_of(item) for item in query]

    def events(self, meeting: MeetingId, after: int, limit: int) -> list[Event]:
        """The log from the event after `after` on, without a gap."""
        query = EventItem.query(
            f"MTG#{meeting}",
            range_key_condition=EventItem.sk.between(event_key(after + 1), event_key(after + limit)),
            consistent_read=True,
        )
        return without_gap((event_of(item) for item in query), after)


def _claim(meeting: Meeting, key: str, request_digest: str) -> IdempotencyItem:
    return IdempotencyItem(
        f"IDEMPOTENCY#{meeting.tenant}#{key}",
        meeting=meeting.id,
        request_digest=request_digest,
        home_region=meeting.home_region,
        expires=int((meeting.created_at + IDEMPOTENCY_LIFETIME).timestamp()),
    )


def _is_free(meeting: Meeting) -> Any:
    """A key that was never used, or longer ago than it is kept (DynamoDB forgets late), or for this one."""
    is_mine = IdempotencyItem.meeting == meeting.id
    has_expired = IdempotencyItem.expires <= int(meeting.created_at.timestamp())
    return is_mine | has_expired | IdempotencyItem.pk.does_not_exist()


def _page(
    index: Any, key: str, state: str | None, limit: int, after: str | None
) -> tuple[list[Meeting], str | None]:
    found, mark = page_of(MeetingItem, index, key, state, limit, after)
    return [meeting_of(item) for item in found], mark


def _has_room(reservation: Reservation) -> Any:
    """What must hold of the node's item as it is now, however old the snapshot was."""
    node = reservation.node
    room = NodeItem.reserved_units <= reservation.most_reserved
    if not reservation.is_new:
        return room
    return room & (NodeItem.state == "ready") & (NodeItem.boot_id == node.boot_id)


def _obstacle(
    error: TransactWriteError, saved: int, reservation: Reservation | None, *, counts: bool, fenced: bool
) -> Obstacle:
    """What a refused change failed on. pynamodb sends what is checked, then what is saved, then updated."""
    reasons = error.cancellation_reasons
    if len(reasons) != fenced + saved + 1 + (reservation is not None) + counts:
        raise error
    checked, reasons = reasons[:fenced], reasons[fenced:]
    if any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in checked):
        return "superseded"
    if any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in reasons[:saved]):
        return "participant"
    meeting, *rest = reasons[saved:]
    tenant = rest.pop() if counts else None
    node = rest.pop() if reservation is not None else None
    if meeting is None and tenant is not None and tenant.code == "ConditionalCheckFailed":
        return "tenant"
    if reservation is not None and meeting is None and tenant is None and node is not None:
        if node.code == "ConditionalCheckFailed":
            return "node"
        if reservation.is_new:
            # Others reserve there at this moment: the next node is as good.
            return "busy"
    # The meeting changed, or another transaction held one of the items: both are cured by reading anew.
    return "meeting"
