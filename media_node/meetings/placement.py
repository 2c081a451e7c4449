"""Which worker a meeting lives on: the least busy one, and of equals the one with the fewest people.

A meeting stays where it began: its media is in that worker's plane, and its clients know that worker's port.
"""

from collections import Counter
from collections.abc import Sequence

from media_node.quantities import Instant, MeetingId

# Busy shares that differ by less are alike.
ALIKE_SHARE = 0.05


class Placement:
    """The workers of one node and the meetings on them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._worker_by_meeting: dict[MeetingId, int] = {}
        self._people: Counter[int] = Counter()
        self._cpu_seconds: Sequence[float] = [0.0] * workers
        self._counted_at: Instant | None = None
        self._busy: Sequence[float] = [0.0] * workers

    def worker_of(self, meeting: MeetingId) -> int:
        """The worker of a meeting, chosen now if it has none yet."""
        worker = self._worker_by_meeting.get(meeting)
        if worker is None:
            worker = self._worker_by_meeting[meeting] = min(range(self._workers), key=self._load)
        return worker

    def _load(self, worker: int) -> tuple[int, int]:
        return round(self._busy[worker] / ALIKE_SHARE), self._people[worker]

    def note_joined(self, meeting: MeetingId) -> None:
        self._people[self.worker_of(meeting)] += 1

    def note_left(self, meeting: MeetingId) -> None:
        self._people[self.worker_of(meeting)] -= 1

    def forget(self, meeting: MeetingId) -> None:
        """The meeting is over; it may begin again elsewhere."""
        self._worker_by_meeting.pop(meeting, None)

    def note_cpu(self, now: Instant, cpu_seconds: Sequence[float]) -> None:
        """Take the CPU time of each worker's thread since its start, about once a second."""
        if len(cpu_seconds) != self._workers:
            return
        if self._counted_at is not None and now > self._counted_at:
            passed = now - self._counted_at
            pairs = zip(cpu_seconds, self._cpu_seconds, strict=True)
            self._busy = [max(0.0, after - before) / passed for after, before in pairs]
        self._counted_at, self._cpu_seconds = now, list(cpu_seconds)
