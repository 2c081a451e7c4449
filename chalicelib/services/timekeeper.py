"""What happens because time passes: meetings end, deleted ones are erased, people of lost nodes are gone.

Run every few seconds in each region, by any number of processes at once: each change is written on the
condition that the meeting is still as it was read, and what is done already is no change.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.meeting import end_reason_at, is_to_be_erased
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.lapses import Lapses
from chalicelib.services.meetings import Meetings
from chalicelib.services.presence import PresenceWriter
from chalicelib.services.protocols import FleetStore, MeetingStore

# A node is lost 10 s after its last report (placement.LOST_AFTER); whom it carried is gone by 15 s.
PERIOD_SECONDS = 4.0
# Of each shard of what is due. A pass ends some 50 meetings a second; the rest is the next one's.
MOST_AT_ONCE = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """What a pass did."""

    ended: int = 0
    nodes_cleared: int = 0
    # People who were let in and never came.
    lapsed: int = 0

    def __add__(self, other: Kept) -> Kept:
        cleared = self.nodes_cleared + other.nodes_cleared
        return Kept(self.ended + other.ended, cleared, self.lapsed + other.lapsed)


class Timekeeper:
    def __init__(
        self,
        meetings: Meetings,
        store: MeetingStore,
        fleet: FleetStore,
        presence: PresenceWriter,
        region: str,
    ) -> None:
        self._meetings = meetings
        self._presence = presence
        self._store = store
        self._fleet = fleet
        self._lapses = Lapses(store, fleet)
        self._region = region

    def run(self, request_id: str, now: datetime) -> Kept:
        """One pass: first who is gone, then what is over."""
        cleared = 0
        for node in self._fleet.nodes(self._region):
            if node.state(now) == "lost":
                cleared += self._presence.clear(node, now)
        return Kept(nodes_cleared=cleared) + self._see_to_due(request_id, now)

    def run_for(
        self,
        seconds: float,
        request_id: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> Kept:
        """A pass each PERIOD_SECONDS. One that fails is not the last one."""
        started, done, passes = monotonic(), Kept(), 0
        while monotonic() - started < seconds:
            try:
                done += self.run(request_id, clock())
            except StoreUnavailableError:
                log.exception("a pass of the timekeeper failed")
            passes += 1
            pause(max(0.0, started + passes * PERIOD_SECONDS - monotonic()))
        return done

    def _see_to_due(self, request_id: str, now: datetime) -> Kept:
        done = Kept()
        for name in self._store.due(self._region, now, MOST_AT_ONCE):
            # The index of what is due may be a moment behind.
            meeting = self._store.by_id(name)
            if meeting is None:
                continue
            reason = end_reason_at(meeting, now)
            if reason is not None:
                done += Kept(ended=int(self._meetings.finish(meeting, reason, request_id, now)))
            elif is_to_be_erased(meeting, now):
                self._store.erase(meeting)
            else:
                done += Kept(lapsed=self._lapses.run(name, now))
        return done
