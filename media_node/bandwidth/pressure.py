"""What a node that is short of CPU gives up: first new participants, then the tops of everybody's ladders.

Source: docs/bandwidth.md, section 7. Pure: the busy share is measured elsewhere.
"""

from collections.abc import Sequence
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
        """Take the busy share of the busiest worker over the last second, 0 to 1, as `BusyMeter` reads it."""
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
    """Busy shares from what threads have used and waited for: seconds that only grow."""

    _at: Instant | None = None
    _cpu_seconds: Sequence[float] = ()
    _waited_seconds: Sequence[float] = ()
    _stolen_seconds: float = 0.0

    def read(
        self,
        now: Instant,
        cpu_seconds: Sequence[float],
        stolen_seconds: float,
        waited_seconds: Sequence[float] | None = None,
    ) -> float | None:
        """The share of the busiest worker since the last reading; None where there is none to compare with.

        Args:
            cpu_seconds: Of each worker's thread since its start, shape (workers,).
            stolen_seconds: What the hypervisor took from this machine, per core.
            waited_seconds: How long each thread was ready to run without a core, since its start, shape
                (workers,); None or 0 where nobody tells.
        """
        waited = waited_seconds if waited_seconds is not None else [0.0] * len(cpu_seconds)
        used_before, self._cpu_seconds = self._cpu_seconds, cpu_seconds
        waited_before, self._waited_seconds = self._waited_seconds, waited
        stolen, self._stolen_seconds = stolen_seconds - self._stolen_seconds, stolen_seconds
        at, self._at = self._at, now
        if at is None or len(used_before) != len(cpu_seconds) or not cpu_seconds or now <= at:
            return None
        passed = now - at
        return max(
            _busy(passed, after - before, later - earlier, stolen)
            for before, after, earlier, later in zip(
                used_before, cpu_seconds, waited_before, waited, strict=True
            )
        )


def _busy(passed: float, used: float, waited: float, stolen: float) -> float:
    """The share of a time in which a thread ran or could not run.

    What was stolen while it waited is in its wait already: the rest of the time has its share of that alone.
    """
    wait = min(1.0, max(0.0, waited / passed))
    steal = max(0.0, stolen) / passed
    return min(1.0, max(0.0, used / passed + wait + steal * (1.0 - wait)))


def parse_stolen_seconds(text: str, ticks_per_second: float) -> float:
    """Time that the hypervisor took from a core, in the mean of all, from /proc/stat (Linux proc_stat(5)).

    Nothing where the file does not tell.
    """
    cores = [line.split() for line in text.splitlines() if line.startswith("cpu") and line[3:4].isdigit()]
    stolen = [int(fields[8]) for fields in cores if len(fields) > 8 and fields[8].isdigit()]
    return sum(stolen) / len(stolen) / ticks_per_second if stolen else 0.0
