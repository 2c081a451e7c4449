"""Changes of a meeting that others change at the same time: read, decide, write, and again if it moved on.

Every change goes through `write` or through a loop of the same shape, and so has its events.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import MeetingId
from chalicelib.domain.meeting import Meeting
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.protocols import MeetingStore

# Where 50 change one meeting at the same moment, one of them wins each round trip of about 20 ms.
MOST_TRIES = 30
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.16

Pause = Callable[[float], None]


def tries(pause: Pause = time.sleep) -> Iterator[int]:
    """Numbers of attempts, with a random pause between them that grows: those who met part."""
    for attempt in range(MOST_TRIES):
        if attempt > 0:
            longest = min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
            # Not for secrets: two that meet only have to wait for different times.
            pause(random.uniform(0, longest))
        yield attempt


def write(
    store: MeetingStore,
    meeting: MeetingId,
    decide: Callable[[Meeting], Change | None],
    pause: Pause = time.sleep,
) -> Change | None:
    """Apply a decision to the meeting as it is when it is written.

    Args:
        decide: What happens to the meeting; None if nothing does. It may be asked again with a newer one.

    Returns:
        What was written; None if there is no such meeting or nothing to do.

    Raises:
        StoreUnavailableError: Others changed the meeting at each try.
    """
    for _ in tries(pause):
        found = store.by_id(meeting)
        change = decide(found) if found is not None else None
        if change is None or not change.events:
            return None
        if store.commit(change) is None:
            return change
    raise StoreUnavailableError("Too many changes of this meeting came at once.")
