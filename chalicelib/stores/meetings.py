"""Meetings and their participants in the control table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.identifiers import MeetingCode, MeetingId, NodeId, ParticipantId, Tenant
from chalicelib.domain.meeting import EndReason, Meeting, MeetingState, Placement
from chalicelib.domain.participant import Participant, ParticipantState, Role
from chalicelib.domain.placement import Node
from chalicelib.domain.presence import PresenceChange
from chalicelib.stores.failures import translate_failures
from chalicelib.stores.tables import CodeItem, IdempotencyItem, MeetingItem, NodeItem, ParticipantItem

# As long as clients of other APIs expect to be able to repeat a request.
IDEMPOTENCY_LIFETIME = timedelta(hours=24)


Obstacle = Literal["meeting", "node"]


@dataclass(frozen=True)
class EarlierRequest:
    """What an idempotency key was used for before."""

    meeting: MeetingId
    request_digest: str


@translate_failures
class DynamoMeetings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, meeting: Meeting, key: str | None, request_digest: str) -> EarlierRequest | None:
        """Keep a new meeting in one write, or tell which request used the idempotency key before."""
        idempotency = None
        if key is not None:
            idempotency = IdempotencyItem(
                f"IDEMPOTENCY#{meeting.tenant}#{key}",
                meeting=meeting.id,
                request_digest=request_digest,
                expires=int((meeting.created_at + IDEMPOTENCY_LIFETIME).timestamp()),
            )
        try:
            with TransactWrite(connection=self._connection) as transaction:
                code = CodeItem(f"CODE#{meeting.code}", meeting=meeting.id)
                transaction.save(code, condition=CodeItem.pk.does_not_exist())
                transaction.save(_item_of(meeting), condition=MeetingItem.pk.does_not_exist())
                if idempotency is not None:
                    transaction.save(idempotency, condition=IdempotencyItem.pk.does_not_exist())
        except TransactWriteError:
            earlier = self._earlier(idempotency)
            if earlier is None:
                raise
            return earlier
        return None

    def _earlier(self, wanted: IdempotencyItem | None) -> EarlierRequest | None:
        if wanted is None:
            return None
        try:
            found = IdempotencyItem.get(wanted.pk, "META", consistent_read=True)
        except DoesNotExist:
            return None
        return EarlierRequest(MeetingId(found.meeting), found.request_digest)

    def by_id(self, meeting: MeetingId) -> Meeting | None:
        try:
            return _meeting_of(MeetingItem.get(f"MTG#{meeting}", "META", consistent_read=True))
        except DoesNotExist:
            return None

    def id_of_code(self, code: MeetingCode) -> MeetingId | None:
        try:
            return MeetingId(CodeItem.get(f"CODE#{code}", "META", consistent_read=True).meeting)
        except DoesNotExist:
            return None

    def page(
        self, tenant: Tenant, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Meeting], str | None]:
        """Newest first. `after` is the mark that the page before ended with."""
        key = f"TENANT#{tenant}"
        query = MeetingItem.by_tenant.query(
            key,
            # A mark is a sort key: what lies before it is older, as the order is descending.
            range_key_condition=MeetingItem.list_sort < after if after is not None else None,
            filter_condition=MeetingItem.state == state if state is not None else None,
            scan_index_forward=False,
            page_size=limit + 1,
        )
        found: list[MeetingItem] = []
        for item in query:
            found.append(item)
            if len(found) > limit:
                break
        more = len(found) > limit
        kept = found[:limit]
        return [_meeting_of(item) for item in kept], kept[-1].list_sort if more else None

    def live(self, region: str) -> list[Meeting]:
        """Every meeting of a home region that has not ended."""
        return [_meeting_of(item) for item in MeetingItem.live.query(f"LIVE#{region}")]

    def end(self, meeting: MeetingId, reason: EndReason, now: datetime) -> bool:
        """Whether this call ended it; False if it had ended before."""
        actions: list[Action] = [
            MeetingItem.state.set("ended"),
            MeetingItem.ended_at.set(now),
            MeetingItem.end_reason.set(reason),
            MeetingItem.present.set(0),
            MeetingItem.live_key.remove(),
        ]
        return _updated(meeting, actions, MeetingItem.state != "ended")

    def place(self, meeting: Meeting, node: Node, units: int, participant: Participant) -> Obstacle | None:
        """Set units of the node aside for the meeting and let the participant in, all in one write.

        A meeting that comes from another node gets its next epoch. Nothing is written if somebody else
        changed the meeting since it was read, or if the node has no room any more.

        Returns:
            None if written, else what stood in the way.
        """
        before = meeting.placement
        stays = before is not None and before.node == node.id
        held = before.units if before is not None else 0
        added = units - held if stays else units
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.update(
                    MeetingItem(f"MTG#{meeting.id}", "META"),
                    actions=[
                        MeetingItem.node.set(node.id),
                        MeetingItem.node_url.set(node.url),
                        MeetingItem.node_region.set(node.region),
                        MeetingItem.units.set(units),
                        MeetingItem.epoch.set(meeting.epoch if stays else meeting.epoch + 1),
                    ],
                    condition=(MeetingItem.state != "ended")
                    & (MeetingItem.epoch == meeting.epoch)
                    & (MeetingItem.units == held),
                )
                transaction.update(
                    NodeItem(f"REGION#{node.region}", f"NODE#{node.id}"),
                    actions=[NodeItem.reserved_units.add(added)],
                    condition=NodeItem.reserved_units <= node.capacity_units - added,
                )
                transaction.save(_participant_item(participant))
        except TransactWriteError as error:
            return _obstacle(error)
        return None

    def put_participant(self, participant: Participant) -> None:
        _participant_item(participant).save()

    def participants(self, meeting: MeetingId) -> list[Participant]:
        query = ParticipantItem.query(
            f"MTG#{meeting}", ParticipantItem.sk.startswith("PAR#"), consistent_read=True
        )
        return [_participant_of(meeting, item) for item in query]

    def note_presence(self, change: PresenceChange, node: NodeId, now: datetime) -> bool:
        """Write what a node says about a meeting; False if the meeting is not, or no longer, the node's."""
        actions: list[Action] = [MeetingItem.present.set(change.present)]
        if change.present > 0:
            actions += [
                MeetingItem.state.set("live"),
                MeetingItem.live_since.set(MeetingItem.live_since | now),
                MeetingItem.empty_since.remove(),
            ]
        else:
            actions.append(MeetingItem.empty_since.set(MeetingItem.empty_since | now))
        condition = (MeetingItem.state != "ended") & (MeetingItem.node == node)
        if not _updated(change.meeting, actions, condition & (MeetingItem.epoch <= change.epoch)):
            return False
        for participant in sorted(change.came):
            self._mark(change.meeting, participant, "joined", now)
        for participant in sorted(change.went):
            self._mark(change.meeting, participant, "left", now)
        return True

    def _mark(self, meeting: MeetingId, participant: ParticipantId, state: str, now: datetime) -> None:
        item = ParticipantItem(f"MTG#{meeting}", f"PAR#{participant}")
        actions: list[Action] = [ParticipantItem.state.set(state)]
        if state == "joined":
            actions += [
                ParticipantItem.joined_at.set(ParticipantItem.joined_at | now),
                ParticipantItem.left_at.remove(),
            ]
        else:
            actions.append(ParticipantItem.left_at.set(now))
        try:
            item.update(actions=actions, condition=ParticipantItem.role.exists())
        except UpdateError as error:
            # A node may know a participant whose item is gone; it must not come back without a name.
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise


def _updated(meeting: MeetingId, actions: list[Action], condition: Any) -> bool:
    try:
        MeetingItem(f"MTG#{meeting}", "META").update(
            actions=actions, condition=MeetingItem.code.exists() & condition
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _obstacle(error: TransactWriteError) -> Obstacle:
    """What a refused placement failed on. pynamodb sends what is saved first, then what is updated."""
    reasons = error.cancellation_reasons
    if len(reasons) != 3:
        raise error
    _, meeting, node = reasons
    if meeting is None and node is not None and node.code == "ConditionalCheckFailed":
        return "node"
    # The meeting changed, or another transaction held one of the items: both are cured by reading anew.
    return "meeting"


def _item_of(meeting: Meeting) -> MeetingItem:
    created = meeting.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f")
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
        epoch=meeting.epoch,
        units=0,
        present=meeting.present,
        list_key=f"TENANT#{meeting.tenant}",
        list_sort=f"{created}#{meeting.id}",
        live_key=f"LIVE#{meeting.home_region}",
    )


def _meeting_of(item: MeetingItem) -> Meeting:
    placement = None
    if item.node is not None:
        placement = Placement(NodeId(item.node), item.node_url or "", item.node_region or "", int(item.units))
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
        state=cast(MeetingState, item.state),
        ended_at=item.ended_at,
        end_reason=cast("EndReason | None", item.end_reason),
        epoch=int(item.epoch),
        placement=placement,
        present=int(item.present),
        live_since=item.live_since,
        empty_since=item.empty_since,
    )


def _participant_item(participant: Participant) -> ParticipantItem:
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
    )


def _participant_of(meeting: MeetingId, item: ParticipantItem) -> Participant:
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
    )
