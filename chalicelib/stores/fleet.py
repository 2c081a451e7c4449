"""The nodes of each region as they reported themselves, in that region's table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.update import Action

from chalicelib.domain.identifiers import NodeId
from chalicelib.domain.placement import LANES, Kept, Node, ReportedState
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.fleet_items import NodeItem
from chalicelib.stores.regions import in_region

# A node that is gone is still shown as lost for a day, then forgotten.
LIFETIME = timedelta(days=1)


@translate_failures
class DynamoFleet:
    def record(self, node: Node) -> Kept | None:
        """Keep a report unless a newer one of the same boot is kept already; None for an old one."""
        actions: list[Action] = [
            NodeItem.url.set(node.url),
            NodeItem.metrics_url.set(node.metrics_url),
            NodeItem.command_queue_url.set(node.command_queue_url),
            NodeItem.boot_id.set(node.boot_id),
            NodeItem.sequence.set(node.sequence),
            NodeItem.state.set(node.reported_state),
            NodeItem.capacity_units.set(node.capacity_units),
            NodeItem.used_units.set(node.used_units),
            NodeItem.reserved_units.set(NodeItem.reserved_units | 0),
            NodeItem.cpu_busy.set(node.cpu_busy),
            NodeItem.zone.set(node.zone) if node.zone else NodeItem.zone.remove(),
            NodeItem.instance.set(node.instance) if node.instance else NodeItem.instance.remove(),
            NodeItem.drain_until.set(node.drain_until) if node.drain_until else NodeItem.drain_until.remove(),
            NodeItem.meetings.set(node.meetings),
            NodeItem.reported_at.set(node.reported_at),
            NodeItem.expires.set(expiry_of(node.reported_at)),
        ]
        item = NodeItem(f"REGION#{node.region}", f"NODE#{node.id}")
        is_newer = (NodeItem.boot_id == node.boot_id) & (NodeItem.sequence < node.sequence)
        # Another boot is newer if its report is: the clock is the queue's, one for all.
        is_another = (NodeItem.boot_id != node.boot_id) & (NodeItem.reported_at <= node.reported_at)
        try:
            item.update(actions=actions, condition=NodeItem.boot_id.does_not_exist() | is_newer | is_another)
        except UpdateError as error:
            if not was_refused(error):
                raise
            return None
        return _kept_of(item)

    def kept(self, node: Node) -> Kept | None:
        """What is known of a node besides this report; None if a newer one of it is kept already."""
        try:
            item = NodeItem.get(f"REGION#{node.region}", f"NODE#{node.id}", consistent_read=True)
        except DoesNotExist:
            return Kept()
        same_boot = item.boot_id == node.boot_id
        is_late = item.sequence > node.sequence if same_boot else item.reported_at > node.reported_at
        return None if is_late else _kept_of(item)

    def nodes(self, region: str) -> list[Node]:
        with in_region(region):
            return [_node_of(region, item) for item in NodeItem.query(f"REGION#{region}")]

    def node(self, region: str, node: NodeId) -> Node | None:
        try:
            with in_region(region):
                return _node_of(region, NodeItem.get(f"REGION#{region}", f"NODE#{node}"))
        except DoesNotExist:
            return None

    def release(self, region: str, node: NodeId, units: int) -> None:
        """Give back what was set aside; a node that is gone has nothing to give back."""
        change_node(region, node, [NodeItem.reserved_units.add(-units)], NodeItem.reserved_units >= units)

    def settle_reserved(self, region: str, node: NodeId, surplus: tuple[int, ...], correction: int) -> None:
        """Keep what the checks found, or correct what is set aside by so many units."""
        actions: list[Action] = [NodeItem.surplus.set(list(surplus))]
        if correction:
            actions.append(NodeItem.reserved_units.add(correction))
        change_node(region, node, actions)


def change_node(region: str, node: NodeId, actions: list[Action], condition: Any = None) -> None:
    """Change a node's item if it is there and the condition holds; otherwise it stays as it is."""
    exists = NodeItem.boot_id.exists()
    try:
        NodeItem(f"REGION#{region}", f"NODE#{node}").update(
            actions=actions, condition=exists if condition is None else exists & condition
        )
    except UpdateError as error:
        if not was_refused(error):
            raise


def digest_attribute(lane: int) -> UnicodeAttribute:
    attribute: UnicodeAttribute = getattr(NodeItem, f"presence_digest_{lane}")
    return attribute


def _kept_of(item: NodeItem) -> Kept:
    digests = tuple(getattr(item, f"presence_digest_{lane}") or "" for lane in range(LANES))
    return Kept(digests, int(item.reserved_units), tuple(item.surplus or ()))


def expiry_of(reported_at: datetime) -> int:
    """When what a report told is forgotten, in seconds of Unix time."""
    return int((reported_at + LIFETIME).timestamp())


def _node_of(region: str, item: NodeItem) -> Node:
    return Node(
        id=NodeId(item.sk.removeprefix("NODE#")),
        region=region,
        url=item.url,
        metrics_url=item.metrics_url,
        command_queue_url=item.command_queue_url,
        boot_id=item.boot_id,
        sequence=int(item.sequence),
        reported_state=cast(ReportedState, item.state),
        capacity_units=int(item.capacity_units),
        used_units=int(item.used_units),
        reserved_units=int(item.reserved_units),
        cpu_busy=float(item.cpu_busy),
        meetings=int(item.meetings),
        reported_at=item.reported_at,
        zone=item.zone or "",
        instance=item.instance or "",
        drain_until=item.drain_until,
    )
