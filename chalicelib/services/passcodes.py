"""Passcodes: hashed with argon2id (RFC 9106), and guessed only so many times.

An attempt is counted before it is checked, so that guesses at the same moment cannot outrun the count; a
right one is taken back. The limits are per meeting and source, and per meeting in total.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from chalicelib.domain.identifiers import MeetingId
from chalicelib.errors import PasscodeWrongError, TooManyAttemptsError
from chalicelib.services.protocols import AttemptStore

# OWASP's smallest setting for argon2id: a guess costs tens of milliseconds and 19 MiB.
TIME_COST, MEMORY_KIB, PARALLELISM = 2, 19_456, 1
# A person mistypes a few times; a list of passcodes needs thousands.
MOST_PER_SOURCE, SOURCE_WINDOW = 5, timedelta(minutes=10)
MOST_IN_TOTAL, TOTAL_WINDOW = 60, timedelta(hours=1)


@dataclass(frozen=True)
class Counter:
    name: str
    most: int
    ends: datetime


class Passcodes:
    """Hashes and checks passcodes."""

    def __init__(self, store: AttemptStore, *, time_cost: int = TIME_COST, memory: int = MEMORY_KIB) -> None:
        self._store = store
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory, parallelism=PARALLELISM)

    def hash(self, passcode: str) -> str:
        return self._hasher.hash(passcode)

    def check(
        self,
        meeting: MeetingId,
        passcode_hash: str,
        passcode: str,
        source: str | None,
        now: datetime,
        on_guessing: Callable[[], object],
    ) -> None:
        """Do nothing if it is the right one.

        Args:
            on_guessing: Called when this was the last guess that a limit allows.

        Raises:
            PasscodeWrongError: It is not.
            TooManyAttemptsError: It was not even looked at.
        """
        counters = counters_of(meeting, source, now)
        counts = self._take(counters, now)
        try:
            self._hasher.verify(passcode_hash, passcode)
        except VerifyMismatchError:
            if any(count == counter.most for count, counter in zip(counts, counters, strict=True)):
                on_guessing()
            raise PasscodeWrongError("This is not the passcode of the meeting.") from None
        self._give_back(counters)

    def _take(self, counters: list[Counter], now: datetime) -> list[int]:
        counts: list[int] = []
        for counter in counters:
            count = self._store.take(counter.name, counter.most, counter.ends)
            if count is None:
                self._give_back(counters[: len(counts)])
                wait = max(1, int((counter.ends - now).total_seconds()) + 1)
                raise TooManyAttemptsError("There were too many wrong passcodes.", wait)
            counts.append(count)
        return counts

    def _give_back(self, counters: list[Counter]) -> None:
        for counter in counters:
            self._store.give_back(counter.name)


def counters_of(meeting: MeetingId, source: str | None, now: datetime) -> list[Counter]:
    """The counts that an attempt is part of: its source's, then everybody's."""
    one = (f"SOURCE#{source or 'unknown'}", MOST_PER_SOURCE, SOURCE_WINDOW)
    total = ("TOTAL", MOST_IN_TOTAL, TOTAL_WINDOW)
    counters = []
    for name, most, window in (one, total):
        number = int(now.timestamp() // window.total_seconds())
        ends = datetime.fromtimestamp((number + 1) * window.total_seconds(), UTC)
        counters.append(Counter(f"{meeting}#{name}#{number}", most, ends))
    return counters
