"""What nodes report, what the fleet looks like, and commands to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from chalicelib.domain.decisions import is_current, note_egress, note_presence
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import NodeId, ParticipantId, is_id
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.placement import Kept, Node, correction_of
from chalicelib.domain.presence import Presence, PresenceChange, changes_between, digest
from chalicelib.errors import NotFoundError, StoreUnavailableError
from chalicelib.services.changes import tries
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
    ) -> None:
        self._store = store
        self._meetings = meetings
        self._commands = commands
        self.regions = regions
        self._monotonic = monotonic
        self._snapshots: dict[str, tuple[float, list[Node]]] = {}

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

    def take_report(self, node: Node, presence: Presence, request_id: str) -> bool:
        """Keep a report and what it changes; False for one that came late. Safe to repeat."""
        kept = self._store.record(node)
        if kept is None:
            return False
        if node.sequence % REPORTS_PER_CHECK == 0:
            self._check_reserved(node, kept)
        wanted = digest(presence)
        if kept.presence_digest != wanted:
            self._apply(node, presence, request_id)
            self._store.keep_presence(node.region, node.id, presence, wanted, node.reported_at)
        return True

    def _apply(self, node: Node, presence: Presence, request_id: str) -> None:
        for change in changes_between(self._store.presence(node.id), presence):
            if self._note_presence(change, node) or change.present == 0:
                continue
            meeting = self._meetings.by_id(change.meeting)
            if meeting is None or meeting.state == "ended":
                # The node missed the end, or a late token brought the meeting back.
                self._commands.end_meeting(node.command_queue_url, change.meeting, request_id)

    def _note_presence(self, seen: PresenceChange, node: Node) -> bool:
        """Write who came and went; False if the node no longer has the meeting. Safe to repeat."""
        for _ in tries():
            meeting = self._meetings.by_id(seen.meeting)
            if meeting is None:
                return False
            if not is_current(meeting, seen, node.id):
                counted = note_egress(Change.of(meeting), seen, node.boot_id, node.reported_at)
                if self._meetings.commit(counted) is None:
                    return False
                continue
            known = self._meetings.participants_by_id(meeting.id, seen.came | seen.went)
            self._put_out_again(seen, known, node.command_queue_url)
            change, complete = note_presence(meeting, known, seen, node.reported_at)
            change = note_egress(change, seen, node.boot_id, node.reported_at)
            written = self._meetings.commit(change) is None
            while written and not complete:
                known = {**known, **change.participant_by_id}
                change, complete = note_presence(change.after, known, seen, node.reported_at)
                written = self._meetings.commit(change) is None
            if written:
                return True
        raise StoreUnavailableError("Too many changes of this meeting came at once.")

    def _put_out_again(
        self, seen: PresenceChange, known: Mapping[ParticipantId, Participant], queue_url: str
    ) -> None:
        """A node that missed a removal, or whom a late token reached, is told once more."""
        for one in sorted(seen.came & known.keys()):
            if known[one].state in ("removed", "denied"):
                self._commands.remove_participant(queue_url, seen.meeting, one, "removed", seen.meeting)

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
