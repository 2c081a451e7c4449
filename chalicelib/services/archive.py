"""Events on their way into the archive, and the look at whether it still is what was written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.domain.archive import LANES, Verdict, lane_of, linked, of_lane, verify
from chalicelib.domain.events import Entry
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.changes import Pause, tries
from chalicelib.services.protocols import ArchiveStore


class Archive:
    def __init__(self, store: ArchiveStore, region: str) -> None:
        self._store = store
        self._region = region

    def keep(self, batch: str, entries: Sequence[Entry], day: date, pause: Pause | None = None) -> bool:
        """Put a batch of events at the end of a chain; False for one that was put there before.

        Args:
            batch: The same for a batch that is delivered again.
            day: Today, in UTC.

        Raises:
            StoreUnavailableError: It was not kept; safe to repeat.
        """
        lane = lane_of(batch)
        for _ in tries() if pause is None else tries(pause):
            head = self._store.head(self._region, lane)
            if batch in head.batches:
                return False
            key, body, after = linked(head, batch, self._region, day, entries)
            # The object first: a head never names what is not there.
            self._store.put(key, body)
            if self._store.advance(self._region, head, after):
                return True
        raise StoreUnavailableError("Too many batches came for this chain at once.")

    def verify(self, first: date, today: date) -> Verdict:
        """Look at every object that was written from a day on, and at the ends of all chains."""
        # Heads first: what is written meanwhile lies beyond them.
        heads = [self._store.head(self._region, lane) for lane in range(LANES)]
        days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
        keys = [key for day in days for key in self._store.keys(self._region, day)]
        verdict = Verdict()
        for head in heads:
            written = [one for one in of_lane(keys, head.lane) if one.sequence <= head.sequence]
            verdict += verify(head, written, self._store.read, first)
        return verdict
