"""Which region's tables a request about a meeting uses: those of the meeting's home, wherever it came to.

Clients reach the nearest region; a meeting is read and written in one. A meeting never changes its home, so
that it is looked for once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from chalicelib.domain.identifiers import RecordingId, is_id
from chalicelib.services.directory import Directory
from chalicelib.services.protocols import RecordingStore

InRegion = Callable[[str], AbstractContextManager[None]]
# Tells a home by a name, as the region that is used and named knows it.
Look = Callable[[str, str], str | None]
MOST_KEPT = 10_000


class Homes:
    def __init__(
        self,
        directory: Directory,
        recordings: RecordingStore,
        in_region: InRegion,
        region: str,
        others: Sequence[str],
    ) -> None:
        """
        Args:
            others: Regions whose tables are not this one's; none where all share theirs.
        """
        self._directory = directory
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
        try:
            with self._at(name, self._directory.home):
                yield
        finally:
            self._directory.forget()

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
                found = look(name, region)
            if found is not None:
                self._home_by_name[name] = found
                if len(self._home_by_name) > MOST_KEPT:
                    self._home_by_name.popitem(last=False)
                return found
        return None

    def _home_of_recording(self, name: str, region: str) -> str | None:
        found = self._recordings.by_id(RecordingId(name)) if is_id(name, "rec") else None
        return found.region if found is not None else None
