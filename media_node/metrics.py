"""Prometheus metrics: what the plane and the node have counted, read when somebody asks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

# Seconds and packets of a bucket, not cumulative; the last bucket has no bound.
Bucket = tuple[float | None, int]
QUANTILES = (0.05, 0.5, 0.95)


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
    latency: tuple[Bucket, ...] = ()
    latency_sum_seconds: float = 0.0


@dataclass(frozen=True)
class ReceiverCounts:
    """Everybody's connections and video slots at one moment."""

    estimates_bps: tuple[float, ...] = ()
    queues_seconds: tuple[float, ...] = ()
    round_trips_seconds: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    shown_by_reason: dict[str, int] = field(default_factory=dict)
    paused: int = 0


@dataclass(frozen=True)
class RecordingCounts:
    """One recording at one moment, and what its take has counted."""

    is_degraded: bool
    spool_bytes: int
    segments: int
    bytes: int
    segments_dropped: int
    records_lost: int
    is_backup: bool = False
    # Of a recording that is to have a second recorder: it has none that does well.
    lacks_backup: bool = False


@dataclass(frozen=True)
class NodeCounts:
    """The node at one moment; `media` are counters by name, what they count, and their values."""

    participants: int
    meetings: int
    joins: int
    joins_refused: int
    tests: int
    tests_refused: int
    handshakes_failed: int
    handshakes_deferred: int
    capacity_units: int
    is_draining: bool
    is_refusing: bool
    busy: float
    shed: int
    workers: tuple[WorkerCounts, ...]
    receivers: ReceiverCounts
    media: tuple[tuple[str, str, float], ...]
    recordings: tuple[RecordingCounts, ...] = ()
    recorders_restarted: int = 0
    meetings_failed: int = 0
    failures_by_part: Mapping[str, int] = field(default_factory=dict)


class NodeCollector(Collector):
    """Turns the latest counts into metric families."""

    def __init__(self, counts: Callable[[], NodeCounts]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        counts = self._counts()
        for name, text, value in (
            ("parley_participants", "Participants here now.", counts.participants),
            ("parley_meetings", "Meetings here now.", counts.meetings),
            ("parley_capacity_units", "Mbit/s that this node may send.", counts.capacity_units),
            ("parley_draining", "1 while the node closes.", counts.is_draining),
            ("parley_refusing", "1 while the node is short of CPU and takes nobody new.", counts.is_refusing),
            (
                "parley_worker_busy_ratio",
                "Busy share of the busiest worker, with the time in which it could have no core.",
                counts.busy,
            ),
            ("parley_layers_shed", "Rungs taken off every video ladder for lack of CPU.", counts.shed),
        ):
            yield GaugeMetricFamily(name, text, float(value))
        for name, text, value in (
            ("parley_joins", "Participants let in.", counts.joins),
            ("parley_joins_refused", "Participants sent elsewhere for lack of room.", counts.joins_refused),
            ("parley_connection_tests", "Connection tests begun.", counts.tests),
            (
                "parley_connection_tests_refused",
                "Connection tests refused for lack of room.",
                counts.tests_refused,
            ),
            ("parley_handshakes_failed", "DTLS handshakes lost.", counts.handshakes_failed),
            (
                "parley_handshakes_deferred",
                "DTLS flights that were let go because too many handshakes were under way.",
                counts.handshakes_deferred,
            ),
            (
                "parley_meetings_failed",
                "Meetings ended because the node's own turn over them failed.",
                counts.meetings_failed,
            ),
            *counts.media,
        ):
            yield CounterMetricFamily(name, text, float(value))
        yield _failure_family(counts.failures_by_part)
        yield from _recording_families(counts)
        yield from _worker_families(counts.workers)
        yield from _receiver_families(counts.receivers)


def _failure_family(failures_by_part: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(
        "parley_failures", "Turns of a part of the node that failed, and which part.", labels=["part"]
    )
    for part, count in failures_by_part.items():
        family.add_metric([part], float(count))
    return family


def _recording_families(counts: NodeCounts) -> Iterator[Metric]:
    """Sums over the recordings that are here: a recording has no label of its own."""
    running = counts.recordings
    for name, text, value in (
        ("parley_recordings", "Recordings that run.", len(running)),
        (
            "parley_recordings_degraded",
            "Recordings that lose something or cannot store it.",
            sum(one.is_degraded for one in running),
        ),
        (
            "parley_recordings_backed_up",
            "Recordings of other nodes' meetings that this node records as the second one.",
            sum(one.is_backup for one in running),
        ),
        (
            "parley_recordings_without_backup",
            "Recordings here whose second recorder is missing or in trouble.",
            sum(one.lacks_backup for one in running),
        ),
        (
            "parley_recording_spool_bytes",
            "Segments that wait to be stored.",
            sum(one.spool_bytes for one in running),
        ),
        (
            "parley_recording_stored_segments",
            "Segments of running takes.",
            sum(one.segments for one in running),
        ),
        ("parley_recording_stored_bytes", "Their bytes.", sum(one.bytes for one in running)),
        (
            "parley_recording_dropped_segments",
            "Segments given up for lack of room by running takes.",
            sum(one.segments_dropped for one in running),
        ),
        (
            "parley_recording_lost_records",
            "Packets that found no room on the way to the recorders of running takes.",
            sum(one.records_lost for one in running),
        ),
    ):
        yield GaugeMetricFamily(name, text, float(value))
    yield CounterMetricFamily(
        "parley_recorders_restarted", "Recorder processes started again.", float(counts.recorders_restarted)
    )


def _worker_families(workers: tuple[WorkerCounts, ...]) -> Iterator[Metric]:
    families: list[tuple[str, str, list[float]]] = [
        ("parley_packets_received", "Datagrams taken in.", [one.packets_received for one in workers]),
        ("parley_packets_sent", "Datagrams sent.", [one.packets_sent for one in workers]),
        ("parley_bytes_received", "Bytes taken in.", [one.bytes_received for one in workers]),
        ("parley_bytes_sent", "Bytes sent.", [one.bytes_sent for one in workers]),
        ("parley_worker_cpu_seconds", "CPU time of the worker.", [one.cpu_seconds for one in workers]),
        (
            "parley_meetings_lost",
            "Meetings ended by a broken invariant.",
            [one.meetings_lost for one in workers],
        ),
        ("parley_worker_restarts", "Broken invariants survived.", [one.restarts for one in workers]),
    ]
    for name, text, values in families:
        family = CounterMetricFamily(name, text, labels=["worker"])
        for number, value in enumerate(values):
            family.add_metric([str(number)], float(value))
        yield family
    dropped = CounterMetricFamily(
        "parley_packets_dropped", "Datagrams not used, and why.", labels=["worker", "reason"]
    )
    for number, one in enumerate(workers):
        for reason, count in one.drops.items():
            dropped.add_metric([str(number), reason], count)
    yield dropped
    yield _latency_family(workers)


def _latency_family(workers: tuple[WorkerCounts, ...]) -> Metric:
    family = HistogramMetricFamily(
        "parley_forward_latency_seconds",
        "From the call that read a packet to the end of the call that sent it on, at most.",
        labels=["worker"],
    )
    for number, one in enumerate(workers):
        sums = accumulate(count for _, count in one.latency)
        bounds = ("+Inf" if bound is None else str(bound) for bound, _ in one.latency)
        buckets = [(bound, float(total)) for bound, total in zip(bounds, sums, strict=True)]
        if buckets:
            family.add_metric([str(number)], buckets, one.latency_sum_seconds)
    return family


def _receiver_families(receivers: ReceiverCounts) -> Iterator[Metric]:
    """Quantiles over everybody: no participant has a label of its own."""
    for name, text, values in (
        ("parley_receiver_estimate_bps", "What receivers' paths carry.", receivers.estimates_bps),
        ("parley_receiver_queue_seconds", "How long packets wait for their pace.", receivers.queues_seconds),
        ("parley_round_trip_seconds", "Between node and participants.", receivers.round_trips_seconds),
        ("parley_receiver_loss_ratio", "Share of what is sent to receivers that is lost.", receivers.losses),
    ):
        family = GaugeMetricFamily(name, text, labels=["quantile"])
        ordered = sorted(values)
        for quantile in QUANTILES if ordered else ():
            family.add_metric([str(quantile)], ordered[min(len(ordered) - 1, int(quantile * len(ordered)))])
        yield family
    shown = GaugeMetricFamily(
        "parley_shown_tracks", "Video in slots, by what it is limited by.", labels=["limit"]
    )
    for reason, count in receivers.shown_by_reason.items():
        shown.add_metric([reason], count)
    yield shown
    yield GaugeMetricFamily("parley_paused_slots", "Video slots that pause.", receivers.paused)


def format_metrics(counts: Callable[[], NodeCounts]) -> bytes:
    """The text exposition format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(counts))
    return generate_latest(registry)
