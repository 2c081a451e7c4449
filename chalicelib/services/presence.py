"""Writes who came and went on a node to the meetings there, as its reports and its loss tell.

Safe to repeat, to break off and to run beside others: see domain/presence.py.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain.decisions import is_current, note_egress, note_loss, note_presence
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import MeetingId, ParticipantId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.placement import Node
from chalicelib.domain.presence import (
    Fence,
    Presence,
    PresenceChange,
    begun_with,
    changes_between,
    digest,
)
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.changes import tries
from chalicelib.services.protocols import MeetingStore, NodeCommands, PresenceStore
from chalicelib.services.recorders import Recorders

NOBODY: Presence = {}

log = logging.getLogger(__name__)


class _SupersededError(Exception):
    """A newer report has begun, and does all that is left to do."""


class PresenceWriter:
    def __init__(
        self, store: PresenceStore, meetings: MeetingStore, commands: NodeCommands, recorders: Recorders
    ) -> None:
        self._recorders = recorders
        self._store = store
        self._meetings = meetings
        self._commands = commands

    def write(self, node: Node, lane: int, presence: Presence, request_id: str) -> None:
        """Write what a node's report changes in a lane, unless a newer one takes it over."""
        begun = self._begin(node, lane, presence)
        if begun is None:
            return
        fence, changes = begun
        try:
            for change in changes:
                if not self._note(change, node, fence) and change.present > 0:
                    self._end_if_over(change.meeting, node, request_id)
        except _SupersededError:
            return
        self._store.finish(fence, node, presence, digest(presence))

    def clear(self, node: Node, now: datetime) -> bool:
        """Everybody whom a lost node carried has left, if no other node has seen them since.

        If it comes back, its next report differs from this and is written as a whole.

        Returns:
            Whether anybody was known to be there.
        """
        # All lanes, whatever became of one.
        return any([self._clear_lane(node, lane, now) for lane in self._store.lanes_in_use(node.id)])

    def _clear_lane(self, node: Node, lane: int, now: datetime) -> bool:
        known = self._store.known(node.id, lane)
        begun = self._begin(node, lane, NOBODY) if known.written or known.begun else None
        if begun is None:
            return False
        fence, gone = begun
        log.warning("node %s was lost with %d meetings", node.id, len(gone))
        try:
            for change in gone:
                self._clear_meeting(change, node, fence, now)
        except _SupersededError:
            return False
        return self._store.finish(fence, node, NOBODY, digest(NOBODY))

    def _begin(self, node: Node, lane: int, presence: Presence) -> tuple[Fence, list[PresenceChange]] | None:
        """What there is to write, and the right to do so; None if a newer report has begun."""
        for _ in tries():
            known = self._store.known(node.id, lane)
            if known.is_beyond(node):
                return None
            changes = changes_between(known, presence)
            fence = self._store.begin(node, lane, known, begun_with(changes))
            if fence is not None:
                return fence, changes
        raise StoreUnavailableError("Too many reports of this node came at once.")

    def _end_if_over(self, name: MeetingId, node: Node, request_id: str) -> None:
        """The node missed the end, or a late token brought the meeting back."""
        meeting = self._meetings.by_id(name)
        if meeting is None or meeting.state == "ended":
            self._commands.end_meeting(node.command_queue_url, name, request_id)

    def _note(self, seen: PresenceChange, node: Node, fence: Fence) -> bool:
        """Write who came and went; False if the node no longer has the meeting."""
        for _ in tries():
            meeting = self._meetings.by_id(seen.meeting)
            if meeting is None:
                return False
            if not is_current(meeting, seen, node.id):
                counted = note_egress(Change.of(meeting), seen, node.boot_id, node.reported_at)
                counted = self._recorders.seen(counted, seen, node.id, node.reported_at)
                if self._is_written(counted, fence):
                    self._tell(counted, node)
                    return False
                continue
            known = self._meetings.participants_by_id(meeting.id, seen.came | seen.went)
            self._put_out_again(seen, known, node.command_queue_url)
            if self._is_noted(meeting, known, seen, node, fence):
                return True
        raise _too_many()

    def _is_noted(
        self,
        meeting: Meeting,
        known: Mapping[ParticipantId, Participant],
        seen: PresenceChange,
        node: Node,
        fence: Fence,
    ) -> bool:
        """Write it all, a crowd in several parts; False if somebody else changed the meeting."""
        change, complete = note_presence(meeting, known, seen, node.reported_at)
        change = note_egress(change, seen, node.boot_id, node.reported_at)
        while True:
            if complete:
                change = self._recorders.seen(change, seen, node.id, node.reported_at)
            if not self._is_written(change, fence):
                return False
            if complete:
                self._tell(change, node)
                return True
            known = {**known, **change.participant_by_id}
            change, complete = note_presence(change.after, known, seen, node.reported_at)

    def _tell(self, change: Change, node: Node) -> None:
        recordings = change.recording_by_id.values()
        self._recorders.tell(change.after, recordings, node.id, node.reported_at)

    def _clear_meeting(self, gone: PresenceChange, node: Node, fence: Fence, now: datetime) -> None:
        for _ in tries():
            meeting = self._meetings.by_id(gone.meeting)
            if meeting is None:
                return
            everybody = self._meetings.participants(gone.meeting)
            change, complete = note_loss(meeting, everybody, node.id, gone.epoch, node.reported_at, now)
            if complete:
                change = self._recorders.seen(change, gone, node.id, now)
            if self._is_written(change, fence) and complete:
                return
        raise _too_many()

    def _is_written(self, change: Change, fence: Fence) -> bool:
        obstacle = self._meetings.commit(change, fence=fence)
        if obstacle == "superseded":
            raise _SupersededError
        return obstacle is None

    def _put_out_again(
        self, seen: PresenceChange, known: Mapping[ParticipantId, Participant], queue_url: str
    ) -> None:
        """A node that missed a removal, or whom a late token reached, is told once more."""
        for one in sorted(seen.came & known.keys()):
            if known[one].state in ("removed", "denied"):
                self._commands.remove_participant(queue_url, seen.meeting, one, "removed", seen.meeting)


def _too_many() -> StoreUnavailableError:
    return StoreUnavailableError("Too many changes of this meeting came at once.")
