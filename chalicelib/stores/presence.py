"""Who is on which node, as it was last written to the meetings, and which report may write now."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.identifiers import MeetingId, NodeId, ParticipantId
from chalicelib.domain.placement import Node
from chalicelib.domain.plain import plain_of, value_of
from chalicelib.domain.presence import Beginning, Fence, KnownPresence, MeetingPresence, Presence
from chalicelib.domain.recording import Seen
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.fleet import change_node, digest_attribute, expiry_of
from chalicelib.stores.fleet_items import BegunItem, NodeItem, PresenceItem

_Item = TypeVar("_Item", bound=Model)


@translate_failures
class DynamoPresence:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, node: NodeId, lane: int) -> KnownPresence:
        # In this order: who ends between the two readings makes only more seem unsure than is.
        begun = _found(BegunItem, node, f"BEGUN#{lane}")
        written = _found(PresenceItem, node, f"META#{lane}")
        presence = _presence_of(written.presence) if written is not None else {}
        if begun is None:
            return KnownPresence(presence)
        last = Beginning(begun.mark, begun.boot_id, int(begun.sequence), begun.reported_at)
        return KnownPresence(presence, _presence_of(begun.presence), last)

    def lanes_in_use(self, node: NodeId) -> list[int]:
        """Those in which somebody is, or may be; of a node that is empty this reads a few small items."""
        lanes = set()
        for kind, prefix in ((BegunItem, "BEGUN#"), (PresenceItem, "META#")):
            found = kind.query(_pk(node), kind.sk.startswith(prefix), consistent_read=True)
            lanes |= {int(item.sk.removeprefix(prefix)) for item in found if item.presence}
        return sorted(lanes)

    def begin(self, node: Node, lane: int, known: KnownPresence, begun: Presence) -> Fence | None:
        """Take the right to write what a report of the node changes in a lane.

        Args:
            known: What the changes were made out from.
            begun: What is about to be written.

        Returns:
            None if somebody else has begun since that was read.
        """
        # No report counts as written from here on: who fails now leaves all of it to the next.
        change_node(node.region, node.id, [digest_attribute(lane).set("")])
        last = known.last
        is_unchanged = BegunItem.mark.does_not_exist() if last is None else BegunItem.mark == last.mark
        item = BegunItem(
            _pk(node.id),
            f"BEGUN#{lane}",
            mark=f"{node.boot_id}#{node.sequence}#{secrets.token_hex(8)}",
            boot_id=node.boot_id,
            sequence=node.sequence,
            reported_at=node.reported_at,
            presence=_plain(begun),
            expires=expiry_of(node.reported_at),
        )
        try:
            item.save(condition=is_unchanged)
        except PutError as error:
            if not was_refused(error):
                raise
            return None
        return Fence(node.id, lane, item.mark)

    def finish(self, fence: Fence, node: Node, presence: Presence, digest: str) -> bool:
        """Remember what was written, the digest last; False if a newer report has begun since."""
        written = PresenceItem(
            _pk(node.id),
            f"META#{fence.lane}",
            presence=_plain(presence),
            expires=expiry_of(node.reported_at),
        )
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.save(written)
                begun = BegunItem(_pk(node.id), f"BEGUN#{fence.lane}")
                is_mine = BegunItem.mark == fence.mark
                transaction.update(begun, actions=[BegunItem.presence.set({})], condition=is_mine)
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            if not any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in reasons):
                raise
            return False
        is_last = (NodeItem.boot_id == node.boot_id) & (NodeItem.sequence == node.sequence)
        change_node(node.region, node.id, [digest_attribute(fence.lane).set(digest)], is_last)
        return True


def require(transaction: TransactWrite, fence: Fence) -> None:
    """Let a transaction fail once a newer report of the node has begun."""
    sk = f"BEGUN#{fence.lane}"
    transaction.condition_check(BegunItem, _pk(fence.node), sk, BegunItem.mark == fence.mark)


def _pk(node: NodeId) -> str:
    return f"PRESENCE#{node}"


def _found(kind: type[_Item], node: NodeId, sk: str) -> _Item | None:
    try:
        return kind.get(_pk(node), sk, consistent_read=True)
    except DoesNotExist:
        return None


def _plain(presence: Presence) -> dict[str, Any]:
    return {meeting: _entry(one) for meeting, one in presence.items()}


def _entry(one: MeetingPresence) -> list[Any]:
    recorders = [[plain_of(recorder) for recorder in one.recorders]] if one.recorders else []
    return [one.epoch, sorted(one.participants), one.session, one.egress_bytes, *recorders]


def _presence_of(plain: Mapping[str, Any]) -> Presence:
    return {MeetingId(meeting): _meeting_of(*entry) for meeting, entry in plain.items()}


def _meeting_of(
    epoch: int,
    participants: list[str],
    session: int = 0,
    egress_bytes: int = 0,
    recorders: Sequence[Mapping[str, Any]] = (),
) -> MeetingPresence:
    people = frozenset(map(ParticipantId, participants))
    seen = tuple(value_of(Seen, one) for one in recorders)
    return MeetingPresence(epoch, people, session, egress_bytes, seen)
