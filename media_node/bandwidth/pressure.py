"""What a node that is short of CPU gives up: first new participants, then the tops of everybody's ladders.

Source: docs/bandwidth.md, section 7. Pure: the busy share is measured elsewhere.
"""

from dataclasses import dataclass, field

from media_node.bandwidth.layers import SHED_ALL
from media_node.quantities import Instant

REFUSE_AT, ADMIT_AT = 0.75, 0.65
SHED_AT, RESTORE_AT = 0.90, 0.70
ENTER_SECONDS, LEAVE_SECONDS = 2.0, 5.0
# Rungs a ladder has at most above its lowest; the step after them pauses video.
MAX_RUNGS = 4


@dataclass
class Threshold:
    """Since when a value has been on one side of a bound."""

    since: Instant | None = None

    def holds(self, now: Instant, is_there: bool, seconds: float) -> bool:
        """Whether it has been there for so long; then the time begins anew."""
        if not is_there:
            self.since = None
            return False
        if self.since is None:
            self.since = now
        if now - self.since < seconds:
            return False
        self.since = now
        return True


@dataclass
class Pressure:
    """The state of one node.

    Attributes:
        shed: Rungs taken off every ladder; SHED_ALL pauses video.
        is_refusing: Whether newcomers are sent to other nodes.
    """

    shed: int = 0
    is_refusing: bool = False
    _busy: Threshold = field(default_factory=Threshold)
    _calm: Threshold = field(default_factory=Threshold)
    _overload: Threshold = field(default_factory=Threshold)
    _relief: Threshold = field(default_factory=Threshold)

    def handle_busy(self, now: Instant, busy: float) -> None:
        """Take the busy share of the busiest worker over the last second, 0 to 1, stolen time included."""
        if self._busy.holds(now, busy >= REFUSE_AT, ENTER_SECONDS):
            self.is_refusing = True
        if self._calm.holds(now, busy <= ADMIT_AT, LEAVE_SECONDS) and self.shed == 0:
            self.is_refusing = False
        if self._overload.holds(now, busy >= SHED_AT, ENTER_SECONDS):
            self.shed = self.shed + 1 if self.shed < MAX_RUNGS else SHED_ALL
        if self._relief.holds(now, busy <= RESTORE_AT, LEAVE_SECONDS):
            self.shed = MAX_RUNGS if self.shed == SHED_ALL else max(0, self.shed - 1)


@dataclass
class BusyMeter:
    """Busy shares from what threads have used: CPU seconds that only grow."""

    _at: Instant | None = None
    _cpu_seconds: list[float] = field(default_factory=list)
    _stolen_seconds: float = 0.0

    def read(self, now: Instant, cpu_seconds: list[float], stolen_seconds: float) -> float | None:
        """The share of the busiest worker since the last reading; None where there is none to compare with.

        Args:
            cpu_seconds: Of each worker's thread since its start, shape (workers,).
            stolen_seconds: What the hypervisor took from this machine, per core.
        """
        before, self._cpu_seconds = self._cpu_seconds, cpu_seconds
        stolen, self._stolen_seconds = stolen_seconds - self._stolen_seconds, stolen_seconds
        at, self._at = self._at, now
        if at is None or len(before) != len(cpu_seconds) or not cpu_seconds or now <= at:
            return None
        used = max(after - was for was, after in zip(before, cpu_seconds, strict=True))
        return min(1.0, max(0.0, (used + max(0.0, stolen)) / (now - at)))


def parse_stolen_seconds(text: str, ticks_per_second: float) -> float:
    """Time that the hypervisor took from a core, in the mean of all, from /proc/stat (Linux proc_stat(5)).

    Nothing where the file does not tell.
    """
    cores = [line.split() for line in text.splitlines() if line.startswith("cpu") and line[3:4].isdigit()]
    stolen = [int(fields[8]) for fields in cores if len(fields) > 8 and fields[8].isdigit()]
    return sum(stolen) / len(stolen) / ticks_per_second if stolen else 0.0
