"""Prometheus metrics: what the plane and the node have counted, read when somebody asks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True)
class WorkerCounts:
    """Cumulative counts of one worker."""

    packets_received: int = 0
    packets_sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    cpu_seconds: float = 0.0
    restarts: int = 0
    meetings_lost: int = 0
    drops: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeCounts:
    """The node at one moment."""

    participants: int
    meetings: int
    joins: int
    handshakes_failed: int
    capacity_units: int
    is_draining: bool
    workers: tuple[WorkerCounts, ...]


class NodeCollector(Collector):
    """Turns the latest counts into metric families."""

    def __init__(self, counts: Callable[[], NodeCounts]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        counts = self._counts()
        yield GaugeMetricFamily("parley_participants", "Participants here now.", counts.participants)
        yield GaugeMetricFamily("parley_meetings", "Meetings here now.", counts.meetings)
        yield GaugeMetricFamily(
            "parley_capacity_units", "Participants this node takes.", counts.capacity_units
        )
        yield GaugeMetricFamily("parley_draining", "1 while the node closes.", float(counts.is_draining))
        yield CounterMetricFamily("parley_joins", "Participants let in.", counts.joins)
        yield CounterMetricFamily(
            "parley_handshakes_failed", "DTLS handshakes lost.", counts.handshakes_failed
        )
        yield from _worker_families(counts.workers)


def _worker_families(workers: tuple[WorkerCounts, ...]) -> Iterator[Metric]:
    families = [
        ("parley_packets_received", "Datagrams taken in.", [float(one.packets_received) for one in workers]),
        ("parley_packets_sent", "Datagrams sent.", [float(one.packets_sent) for one in workers]),
        ("parley_bytes_received", "Bytes taken in.", [float(one.bytes_received) for one in workers]),
        ("parley_bytes_sent", "Bytes sent.", [float(one.bytes_sent) for one in workers]),
        ("parley_worker_cpu_seconds", "CPU time of the worker.", [one.cpu_seconds for one in workers]),
        (
            "parley_meetings_lost",
            "Meetings ended by a broken invariant.",
            [float(one.meetings_lost) for one in workers],
        ),
        ("parley_worker_restarts", "Broken invariants survived.", [float(one.restarts) for one in workers]),
    ]
    for name, text, values in families:
        family = CounterMetricFamily(name, text, labels=["worker"])
        for number, value in enumerate(values):
            family.add_metric([str(number)], value)
        yield family
    dropped = CounterMetricFamily(
        "parley_packets_dropped", "Datagrams not used, and why.", labels=["worker", "reason"]
    )
    for number, one in enumerate(workers):
        for reason, count in one.drops.items():
            dropped.add_metric([str(number), reason], count)
    yield dropped


def format_metrics(counts: Callable[[], NodeCounts]) -> bytes:
    """The text exposition format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(counts))
    return generate_latest(registry)
