"""Which meeting a name means: a process looks up its code once, and a request reads it once.

Before a request about a meeting is answered its home is looked for (homes.py), which may read the meeting.
Read in its home a moment ago, it is as good as read again: every write is on the condition of its last event.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Set
from contextvars import ContextVar

from chalicelib.domain.identifiers import MeetingCode, MeetingId, ParticipantId, is_code, is_id
from chalicelib.domain.meeting import Coded, Meeting
from chalicelib.domain.participant import Participant
from chalicelib.services.protocols import MeetingStore

# Codes never change their meeting, so that a kept one is never wrong; this bounds memory.
MOST_KEPT_CODES = 10_000

# What was read for the request of this moment, and not used yet.
_read: ContextVar[Meeting | None] = ContextVar("read", default=None)


class Directory:
    def __init__(self, store: MeetingStore) -> None:
        self._store = store
        self._coded: OrderedDict[MeetingCode, Coded] = OrderedDict()

    def meeting(
        self, name: str, wanted: Set[ParticipantId] = frozenset()
    ) -> tuple[Meeting | None, Mapping[ParticipantId, Participant]]:
        """The meeting of an id or code, and those of the wanted that are known in it: one round trip.

        What `home` read for this request is taken once.
        """
        meeting = self._id_of(name)
        if meeting is None:
            return None, {}
        read = _read.get()
        _read.set(None)
        if read is not None and read.id == meeting:
            return read, self._store.participants_by_id(meeting, wanted) if wanted else {}
        return self._store.with_participants(meeting, wanted) if wanted else (self._store.by_id(meeting), {})

    def home(self, name: str, region: str) -> str | None:
        """The home of the meeting of an id or code, as far as the tables of the region that is used know it.

        Args:
            region: The one that is used.
        """
        code = name.lower()
        if is_code(code):
            coded = self._find(MeetingCode(code))
            if coded is None or coded.home is not None:
                return coded.home if coded is not None else None
        meeting = self._id_of(name)
        found = self._store.by_id(meeting) if meeting is not None else None
        if found is None:
            return None
        # A replica may be behind; the home itself is not.
        _read.set(found if found.home_region == region else None)
        return found.home_region

    def forget(self) -> None:
        """The request is over."""
        _read.set(None)

    def _id_of(self, name: str) -> MeetingId | None:
        if is_id(name, "mtg"):
            return MeetingId(name)
        coded = self._find(MeetingCode(name.lower())) if is_code(name.lower()) else None
        return coded.meeting if coded is not None else None

    def _find(self, code: MeetingCode) -> Coded | None:
        known = self._coded.get(code)
        if known is None:
            known = self._store.coded(code)
            if known is not None:
                self._coded[code] = known
                if len(self._coded) > MOST_KEPT_CODES:
                    self._coded.popitem(last=False)
        return known
