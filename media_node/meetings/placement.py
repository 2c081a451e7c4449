"""Which worker a meeting lives on: the least busy one, and of equals the one with the fewest people.

A meeting stays where it began: its media is in that worker's plane, and its clients know that worker's port.
"""

from collections import Counter
from collections.abc import Sequence

from media_node.quantities import MeetingId

# CPU times that differ by less in a second are alike.
ALIKE_SECONDS = 0.05


class Placement:
    """The workers of one node and the meetings on them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._worker_by_meeting: dict[MeetingId, int] = {}
        self._people: Counter[int] = Counter()
        self._cpu_seconds: Sequence[float] = [0.0] * workers
        self._busy: Sequence[float] = [0.0] * workers

    def worker_of(self, meeting: MeetingId) -> int:
        """The worker of a meeting, chosen now if it has none yet."""
        worker = self._worker_by_meeting.get(meeting)
        if worker is None:
            worker = self._worker_by_meeting[meeting] = min(range(self._workers), key=self._load)
        return worker

    def _load(self, worker: int) -> tuple[int, int]:
        return round(self._busy[worker] / ALIKE_SECONDS), self._people[worker]

    def note_joined(self, meeting: MeetingId) -> None:
        self._people[self.worker_of(meeting)] += 1

    def note_left(self, meeting: MeetingId) -> None:
        self._people[self.worker_of(meeting)] -= 1

    def forget(self, meeting: MeetingId) -> None:
        """The meeting is over; it may begin again elsewhere."""
        self._worker_by_meeting.pop(meeting, None)

    def note_cpu(self, cpu_seconds: Sequence[float]) -> None:
        """Take the CPU time of each worker's thread since its start, as counted each second."""
        if len(cpu_seconds) == self._workers:
            pairs = zip(cpu_seconds, self._cpu_seconds, strict=True)
            self._busy = [max(0.0, now - before) for now, before in pairs]
            self._cpu_seconds = list(cpu_seconds)
