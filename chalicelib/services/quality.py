"""Who had which quality: taken from nodes' messages, read by those whose meeting it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.permissions import Caller
from chalicelib.domain.quality import KEPT, QualityEntry, read_entry
from chalicelib.errors import BrokenRule, ValidationFailedError
from chalicelib.services.meetings import Meetings
from chalicelib.services.protocols import QualityStore

TYPE = "qualityReport"
MAX_ENTRIES = 2_000


class Quality:
    def __init__(self, meetings: Meetings, store: QualityStore) -> None:
        self._meetings = meetings
        self._store = store

    def take(self, message: Mapping[str, Any], sent_at: datetime) -> None:
        """Keep the entries of a node's message; the same message again changes nothing.

        Raises:
            ValidationFailedError: It is no message that this version understands.
        """
        entries = message.get("entries")
        if message.get("version") != 1 or not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
            raise _broken(f"A quality report has version 1 and up to {MAX_ENTRIES:,} entries.")
        read = [read_entry(entry) for entry in entries]
        whole = [entry for entry in read if entry is not None]
        if len(whole) < len(read):
            raise _broken("An entry has a meeting, a participant and points with their time and verdict.")
        self._store.keep(whole, int((sent_at + KEPT).timestamp()))

    def timeline(
        self, caller: Caller, name: str, participant: str, after: str | None, limit: int
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """The points of one participant after a time, oldest first, and the time to go on from.

        Raises:
            ParticipantNotFoundError: Nobody of that id was in it.
        """
        authority = self._meetings.authorise(caller, name, "see_quality", subject=participant)
        found = self._store.points(authority.meeting.id, authority.participant.id, after, limit + 1)
        page = found[:limit]
        return page, str(page[-1]["at"]) if len(found) > limit else None

    def overview(
        self, caller: Caller, name: str, after: str | None, limit: int
    ) -> tuple[list[QualityEntry], str | None]:
        """The latest points of everybody, by participant, and the participant to go on from."""
        meeting = self._meetings.find(caller, name, "see_quality")
        found = self._store.latest(meeting.id, after, limit + 1)
        page = found[:limit]
        return page, page[-1].participant if len(found) > limit else None


def read_quality_report(body: str) -> Mapping[str, Any] | None:
    """The message of a queue, when it is one of these."""
    try:
        message = json.loads(body)
    except ValueError:
        return None
    return message if isinstance(message, dict) and message.get("type") == TYPE else None


def _broken(rule: str) -> ValidationFailedError:
    return ValidationFailedError([BrokenRule("", rule)])
