"""What nodes report, what the fleet looks like, and commands to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.domain.identifiers import NodeId, is_id
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.placement import Kept, Node, correction_of
from chalicelib.errors import NotFoundError, StoreUnavailableError
from chalicelib.services.protocols import FleetStore, MeetingStore, NodeCommands

# As old as the reports themselves: a newer view would tell nothing newer.
SNAPSHOT_SECONDS = 2.0

# What is set aside and what meetings hold are compared every six seconds, and believed at the third time.
REPORTS_PER_CHECK, CHECKS = 3, 3

log = logging.getLogger(__name__)


class Fleet:
    """The region's nodes; each instance keeps a snapshot of at most two seconds' age."""

    def __init__(
        self,
        store: FleetStore,
        meetings: MeetingStore,
        commands: NodeCommands,
        regions: Sequence[str],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        is_split: bool = False,
    ) -> None:
        """
        Args:
            is_split: Each region has tables of its own, which no transaction spans.
        """
        self._store = store
        self._meetings = meetings
        self._commands = commands
        self.regions = regions
        self.is_split = is_split
        self._monotonic = monotonic
        self._snapshots: dict[str, tuple[float, list[Node]]] = {}

    def open_to(self, home: str) -> Sequence[str]:
        """Regions whose nodes a meeting of a home region can be placed on: by one write, or not at all."""
        return (home,) if self.is_split else self.regions

    def snapshot(self, region: str, *, fresh: bool = False) -> list[Node]:
        kept = self._snapshots.get(region)
        if kept is None or fresh or self._monotonic() - kept[0] > SNAPSHOT_SECONDS:
            kept = (self._monotonic(), self._store.nodes(region))
            self._snapshots[region] = kept
        return kept[1]

    def nodes(self) -> list[Node]:
        return [node for region in self.regions for node in self._store.nodes(region)]

    def node(self, name: str) -> Node:
        # What is no id is looked for nowhere: a store takes no key of any length.
        for region in self.regions if is_id(name, "node") else ():
            node = self._store.node(region, NodeId(name))
            if node is not None:
                return node
        raise NotFoundError(f"There is no node {name[:64]}.")

    def drain(self, name: str, deadline_seconds: int | None, request_id: str) -> Node:
        """Ask a node to take no new meetings, and to be empty in so many seconds.

        Raises:
            NotFoundError: There is no such node.
            StoreUnavailableError: It was not told.
        """
        node = self.node(name)
        self._commands.drain(node.command_queue_url, deadline_seconds, request_id)
        return node

    def undrain(self, name: str, request_id: str) -> Node:
        """Ask a node to take meetings again; raises as `drain`."""
        node = self.node(name)
        self._commands.undrain(node.command_queue_url, request_id)
        return node

    def note_report(self, node: Node) -> Kept | None:
        """Keep what a node says of itself; None for a report that came late."""
        kept = self._store.record(node)
        if kept is not None and node.sequence % REPORTS_PER_CHECK == 0:
            self._check_reserved(node, kept)
        return kept

    def note_part(self, node: Node) -> Kept | None:
        """What is known of a node whose report came with another part; None if a newer report did."""
        return self._store.kept(node)

    def tell_node(
        self, meeting: Meeting, now: datetime, command: Callable[[NodeCommands, str], None]
    ) -> None:
        """Send a command to the node that carries a meeting, if one does.

        Raises:
            StoreUnavailableError: It was not sent; the caller's repetition sends it again.
        """
        placement = meeting.placement
        if placement is None:
            return
        node = self._store.node(placement.region, placement.node)
        if node is not None and node.state(now) != "lost":
            command(self._commands, node.command_queue_url)

    def tell(self, node: NodeId, now: datetime, command: Callable[[NodeCommands, str], None]) -> None:
        """Send a command to a node, if it is there; raises as `tell_node`."""
        for region in self.regions:
            found = self._store.node(region, node)
            if found is not None and found.state(now) != "lost":
                command(self._commands, found.command_queue_url)

    def forget_meeting(self, meeting: Meeting, request_id: str, now: datetime) -> None:
        """Tell the node that a meeting ended, and give back what it held."""
        placement = meeting.placement
        if placement is None:
            return
        self._store.release(placement.region, placement.node, placement.units)
        node = self._store.node(placement.region, placement.node)
        if node is None or node.state(now) == "lost":
            return
        try:
            self._commands.end_meeting(node.command_queue_url, meeting.id, request_id)
        except StoreUnavailableError:
            # The meeting has ended all the same: the node's next report that names it asks again.
            log.exception("the node of meeting %s was not told of its end", meeting.id)

    def _check_reserved(self, node: Node, kept: Kept) -> None:
        """Give back what no meeting holds: a release that was lost, or a crash between two writes."""
        surplus = (*kept.surplus, kept.reserved_units - self._meetings.held_units(node.id))[-CHECKS:]
        correction = correction_of(surplus, CHECKS)
        if correction:
            log.warning("node %s had %d units set aside for nobody", node.id, -correction)
        self._store.settle_reserved(node.region, node.id, () if correction else surplus, correction)
