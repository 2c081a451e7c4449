"""Who was let in and never came has left, once its token has run out. Safe to repeat."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.awaited import lapse
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import MeetingId
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.changes import tries
from chalicelib.services.protocols import FleetStore, MeetingStore


class Lapses:
    def __init__(self, store: MeetingStore, fleet: FleetStore) -> None:
        self._store = store
        self._fleet = fleet

    def run(self, name: MeetingId, now: datetime) -> int:
        """Look at a meeting whose time for that has come; the number of those who have left.

        Raises:
            StoreUnavailableError: Others changed the meeting at each try.
        """
        left = 0
        for _ in tries():
            meeting = self._store.by_id(name)
            if meeting is None or meeting.lapses_at is None or meeting.lapses_at > now:
                return left
            change, complete = lapse(meeting, self._store.participants(name), now)
            if not change.events:
                return left
            if self._store.commit(change) is None:
                left += len(change.participant_by_id)
                self._give_back(change)
                if complete:
                    return left
        raise StoreUnavailableError("Too many changes of this meeting came at once.")

    def _give_back(self, change: Change) -> None:
        """A release that is lost here is found when the node's promises are compared (services/fleet.py)."""
        held, kept = change.before.placement, change.after.placement
        if held is not None and kept is not None and kept.units < held.units:
            self._fleet.release(held.region, held.node, held.units - kept.units)
