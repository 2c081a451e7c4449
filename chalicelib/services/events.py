"""The log of a meeting for its readers, who may wait for what comes next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from chalicelib.domain.events import Event
from chalicelib.domain.permissions import Caller
from chalicelib.services.meetings import Meetings
from chalicelib.services.protocols import MeetingStore

# A waiting reader costs a query per pause; two a second are seen as at once.
POLL_SECONDS = 0.5
# One process answers few requests at once (Lambda: one): waiting ones must not take all its threads.
MOST_WAITING = 4


class Events:
    def __init__(
        self,
        meetings: Meetings,
        store: MeetingStore,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._meetings = meetings
        self._store = store
        self._monotonic = monotonic
        self._pause = pause
        self._vacancies = threading.Semaphore(MOST_WAITING)

    def page(
        self, caller: Caller, name: str, after: int, limit: int, wait_seconds: float
    ) -> tuple[list[Event], bool, int]:
        """The events after a number, whether there are more, and the number of the last one that is known.

        Where there is none yet it waits for the first one; beyond MOST_WAITING it answers at once, with none.
        """
        meeting = self._meetings.find(caller, name, "see_events")
        found = self._store.events(meeting.id, after, limit + 1)
        # A meeting that has ended gets no events any more but those of its recordings.
        goes_on = meeting.state != "ended" or meeting.recording != "off"
        waits = not found and wait_seconds > 0 and goes_on
        if waits and self._vacancies.acquire(blocking=False):
            try:
                deadline = self._monotonic() + wait_seconds
                while not found and (left := deadline - self._monotonic()) > 0:
                    self._pause(min(POLL_SECONDS, left))
                    found = self._store.events(meeting.id, after, limit + 1)
            finally:
                self._vacancies.release()
        last = max(meeting.events, found[-1].number if found else 0)
        return found[:limit], len(found) > limit, last
