"""Which region's tables a request about a meeting uses: those of the meeting's home, wherever it came to.

Clients reach the nearest region; a meeting is read and written in one. A meeting never changes its home, so
that it is looked for once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from chalicelib.domain.identifiers import MeetingCode, MeetingId, RecordingId, is_code, is_id
from chalicelib.services.protocols import MeetingStore, RecordingStore

InRegion = Callable[[str], AbstractContextManager[None]]
# Tells a home by a name, as one region knows it.
Look = Callable[[str], str | None]
MOST_KEPT = 10_000


class Homes:
    def __init__(
        self,
        store: MeetingStore,
        recordings: RecordingStore,
        in_region: InRegion,
        region: str,
        others: Sequence[str],
    ) -> None:
        """
        Args:
            others: Regions whose tables are not this one's; none where all share theirs.
        """
        self._store = store
        self._recordings = recordings
        self._in_region = in_region
        self._region = region
        self._others = others
        self._home_by_name: OrderedDict[str, str] = OrderedDict()

    @contextmanager
    def of_meeting(self, name: str) -> Iterator[None]:
        """Use the tables of the home of a meeting, by its id or code; of this region if there is none such.

        Raises:
            StoreUnavailableError: The home region, or the one that might be, cannot be reached now.
        """
        with self._at(name, self._home_of_meeting):
            yield

    @contextmanager
    def of_recording(self, name: str) -> Iterator[None]:
        """Use the tables of the home of a recording; otherwise as `of_meeting`."""
        with self._at(name, self._home_of_recording):
            yield

    def _at(self, name: str, look: Look) -> AbstractContextManager[None]:
        home = self._home_of(name, look) if self._others else None
        return self._in_region(home or self._region)

    def _home_of(self, name: str, look: Look) -> str | None:
        known = self._home_by_name.get(name)
        if known is not None:
            return known
        # A new meeting may be a moment away from the other replicas: only its home knows it for sure.
        for region in (self._region, *self._others):
            with self._in_region(region):
                found = look(name)
            if found is not None:
                self._home_by_name[name] = found
                if len(self._home_by_name) > MOST_KEPT:
                    self._home_by_name.popitem(last=False)
                return found
        return None

    def _home_of_meeting(self, name: str) -> str | None:
        meeting = MeetingId(name) if is_id(name, "mtg") else None
        if meeting is None and is_code(name.lower()):
            meeting = self._store.id_of_code(MeetingCode(name.lower()))
        found = self._store.by_id(meeting) if meeting is not None else None
        return found.home_region if found is not None else None

    def _home_of_recording(self, name: str) -> str | None:
        found = self._recordings.by_id(RecordingId(name)) if is_id(name, "rec") else None
        return found.region if found is not None else None
