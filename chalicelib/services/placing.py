"""Who comes in gets a place: on the meeting's node, or on a new one with room.

One write both grants the units and fences the meeting: node, meeting and participant change together or not
at all. A snapshot that is two seconds old may send it to a node that is full by now; then the next is tried.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.decisions import place
from chalicelib.domain.events import Change, Obstacle
from chalicelib.domain.identifiers import NodeId
from chalicelib.domain.meeting import Meeting, Placement
from chalicelib.domain.placement import (
    ChooseIndex,
    Node,
    Reservation,
    choose_node,
    choose_standby,
    least_units,
    units_wanted,
)
from chalicelib.domain.regions import RegionWish, in_order
from chalicelib.errors import LimitReachedError, NoCapacityError
from chalicelib.services.fleet import Fleet
from chalicelib.services.protocols import MeetingStore
from chalicelib.services.tenants import Tenants


@dataclass(frozen=True)
class Entered:
    """What was written, and where the meeting is now."""

    change: Change
    node: Node
    standby: Node | None


class Placing:
    def __init__(
        self, store: MeetingStore, fleet: Fleet, tenants: Tenants, choose_index: ChooseIndex
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._tenants = tenants
        self._choose_index = choose_index

    def enter(
        self, change: Change, wish: RegionWish, refused_by: NodeId | None, now: datetime, *, fresh: bool
    ) -> Entered | None:
        """Write who comes in, on the meeting's node or a new one; None if the meeting must be read anew.

        Args:
            refused_by: A node that has said that it is full: it has the final word.
            fresh: Look at the fleet as it is now, not as it was two seconds ago.

        Raises:
            NoCapacityError: No node has room, or the one where the others are.
            LimitReachedError: The tenant has as many live meetings as it may.
        """
        meeting = change.before
        node = self._current(meeting, now, fresh=fresh)
        if node is not None:
            obstacle: Obstacle | None = "node"
            if refused_by != node.id:
                standby = self._standby(meeting, node, now)
                entered, obstacle = self._commit(change, node, standby, units_wanted(meeting), now)
                if obstacle is None:
                    return Entered(entered, node, standby)
            if obstacle in ("meeting", "participant"):
                return None
            if meeting.present:
                raise NoCapacityError("The media node of this meeting has no room for more.")
        # Where nobody is yet, another node is as good.
        without = {refused_by, node.id if node is not None else None}
        return self._place(change, wish, without, now, fresh=fresh)

    def _current(self, meeting: Meeting, now: datetime, *, fresh: bool) -> Node | None:
        """The meeting's node while it is there to be joined. One that drains keeps the meetings it has."""
        if meeting.placement is None:
            return None
        for node in self._fleet.snapshot(meeting.placement.region, fresh=fresh):
            if node.id == meeting.placement.node and node.state(now) in ("ready", "draining"):
                return node
        return None

    def _standby(self, meeting: Meeting, node: Node, now: datetime) -> Node | None:
        """The one that was named while it is ready, else another."""
        nodes = self._fleet.snapshot(node.region)
        named = meeting.placement.standby if meeting.placement is not None else None
        kept = next((one for one in nodes if one.id == named and one.state(now) == "ready"), None)
        return kept or choose_standby(nodes, node, now, self._choose_index)

    def _place(
        self, change: Change, wish: RegionWish, without: set[NodeId | None], now: datetime, *, fresh: bool
    ) -> Entered | None:
        """The whole of what the meeting may need where that is free; else at least its beginning."""
        anew = dataclasses.replace(change.before, placement=None)
        regions = in_order(wish, anew.home_region, self._fleet.open_to(anew.home_region))
        was_busy = False
        for units in sorted({units_wanted(anew), least_units(anew)}, reverse=True):
            for region in regions:
                nodes = [one for one in self._fleet.snapshot(region, fresh=fresh) if one.id not in without]
                while (node := choose_node(nodes, units, now, self._choose_index)) is not None:
                    standby = choose_standby(nodes, node, now, self._choose_index)
                    entered, obstacle = self._commit(change, node, standby, units, now)
                    if obstacle is None:
                        return Entered(entered, node, standby)
                    if obstacle in ("meeting", "participant"):
                        return None
                    was_busy |= obstacle == "busy"
                    nodes.remove(node)
        if was_busy:
            # It may have room all the same.
            return None
        raise NoCapacityError("No media node has room for this meeting now.")

    def _commit(
        self, change: Change, node: Node, standby: Node | None, units: int, now: datetime
    ) -> tuple[Change, Obstacle | None]:
        """Set the units aside that the meeting does not hold on this node yet, with the change."""
        before = change.before.placement
        stays = before is not None and before.node == node.id
        held = before.units if before is not None and stays else 0
        names = (standby.id, standby.url) if standby is not None else (None, "")
        change = place(change, Placement(node.id, node.url, node.region, units, *names), now)
        reservation = Reservation(node, units - held, is_new=not stays) if units != held else None
        most_live = None
        if before is None or before.units == 0:
            most_live = self._tenants.limits_of(change.after.tenant).live_meetings
        if most_live is not None and not change.after.counted_live:
            change = change.also(counted_live=True)
        obstacle = self._store.commit(change, reservation, most_live)
        if obstacle == "tenant":
            raise LimitReachedError(f"This tenant has its {most_live} live meetings.")
        return change, obstacle
