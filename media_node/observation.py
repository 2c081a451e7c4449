"""What the node sees of itself: counters of the plane once a second, made into metrics, quality and pressure.

It decides nothing about meetings; who reads it does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import packet_plane
from media_node.bandwidth.pressure import BusyMeter, Pressure
from media_node.distribution import Distribution
from media_node.downlink_loss import DownlinkLoss
from media_node.forwarding import Forwarding
from media_node.link_quality import LinkQuality, LinkWord
from media_node.metrics import ReceiverCounts, WorkerCounts
from media_node.quality import Counts, Key, QualityLog, Reading, Shown
from media_node.quantities import TEST_PREFIX, Instant
from media_node.usage import EgressMeter

Snapshots = Sequence["packet_plane.WorkerSnapshot | None"]


@dataclass
class Observation:
    """The last second of one node."""

    forwarding: Forwarding
    distribution: Distribution
    egress: EgressMeter = field(default_factory=EgressMeter)
    protects_cpu: bool = True
    workers: tuple[WorkerCounts, ...] = ()
    receivers: ReceiverCounts = field(default_factory=ReceiverCounts)
    pressure: Pressure = field(default_factory=Pressure)
    losses: DownlinkLoss = field(default_factory=DownlinkLoss)
    quality: QualityLog = field(default_factory=QualityLog)
    links: LinkQuality = field(default_factory=LinkQuality)
    # Whose link is called otherwise since the last second.
    links_changed: dict[Key, LinkWord] = field(default_factory=dict)
    busy: float = 0.0
    egress_bps: float = 0.0
    _sent: tuple[Instant, int] | None = None
    _meter: BusyMeter = field(default_factory=BusyMeter)

    def handle_counters(self, snapshots: Snapshots) -> None:
        """Take counters, whenever they were asked for."""
        answered = [one for one in snapshots if one is not None]
        self.workers = tuple(worker_counts(one) for one in answered)
        self.receivers = self._receiver_counts(answered)

    def handle_second(
        self, now: Instant, snapshots: Snapshots, stolen_seconds: float, waited_seconds: Sequence[float]
    ) -> None:
        """Look at the second that has passed: what the node can bear.

        Args:
            stolen_seconds: What the hypervisor took from this machine, per core.
            waited_seconds: How long each worker's thread was ready to run without a core, shape (workers,).
        """
        self.handle_counters(snapshots)
        self._measure_egress(now)
        self.forwarding.placement.note_cpu(now, [one.cpu_seconds for one in self.workers])
        waited = [one for one, seen in zip(waited_seconds, snapshots, strict=True) if seen is not None]
        busy = self._meter.read(now, [one.cpu_seconds for one in self.workers], stolen_seconds, waited)
        if busy is not None:
            self.busy = busy
            if self.protects_cpu:
                self.pressure.handle_busy(now, busy)

    def handle_quality(self, wallclock: float, snapshots: Snapshots) -> None:
        """The same: who had which quality."""
        self.links_changed = {}
        answered = [one for one in snapshots if one is not None]
        self.losses.handle_second(one for snapshot in answered for one in snapshot.transports)
        readings = self.readings(answered)
        self.egress.handle_readings(readings)
        is_short = self.pressure.shed > 0
        self.links_changed = self.links.handle_readings(readings, is_short)
        self.quality.handle_readings(wallclock, readings, is_short)

    def _measure_egress(self, now: Instant) -> None:
        sent = sum(one.bytes_sent for one in self.workers)
        if self._sent is not None and now > self._sent[0]:
            # A worker that began anew counts from zero.
            self.egress_bps = max(0, sent - self._sent[1]) * 8 / (now - self._sent[0])
        self._sent = (now, sent)

    def media(self) -> tuple[tuple[str, str, float], ...]:
        """What was counted of everybody's media, also of those who left: name, what it is, value."""
        totals = self.quality.totals
        return (
            ("parley_media_packets_received", "RTP packets of publishers.", totals.packets_received),
            ("parley_media_packets_lost", "RTP packets of publishers that never came.", totals.packets_lost),
            ("parley_nacks_sent", "Packets asked for again at publishers.", totals.nacks_sent),
            ("parley_keyframes_requested", "Keyframes asked for at publishers.", totals.keyframes_requested),
            ("parley_nacks_received", "Receivers' requests for packets.", totals.nacks_received),
            ("parley_retransmissions", "Packets sent again to receivers.", totals.retransmissions_sent),
            ("parley_plis_received", "Receivers' requests for keyframes.", totals.plis_received),
            ("parley_frames_sent", "Video frames sent to receivers.", totals.frames_sent),
            ("parley_freezes", "Gaps in which a receiver's picture stood still.", totals.freezes),
            ("parley_frozen_seconds", "How long those were.", totals.frozen_ms / 1000),
        )

    def readings(self, snapshots: Iterable[packet_plane.WorkerSnapshot]) -> dict[Key, Reading]:
        """Everybody's reading."""
        found: dict[Key, Reading] = {}
        for snapshot in snapshots:
            tracks, slots = self._tracks(snapshot), self._slots(snapshot)
            for one in snapshot.transports:
                key = self.forwarding.participant_by_number.get(one.transport)
                # Tests belong to no meeting: nobody asks for their quality or pays for them.
                if key is not None and not key[0].startswith(TEST_PREFIX):
                    of_it = tracks[one.transport], slots[one.transport]
                    self.distribution.isolation.guard(key[0], self._read, found, key, one, *of_it)
        return found

    def _read(
        self,
        found: dict[Key, Reading],
        key: Key,
        transport: packet_plane.TransportSnapshot,
        tracks: Sequence[packet_plane.TrackSnapshot],
        slots: Sequence[packet_plane.SlotSnapshot],
    ) -> None:
        found[key] = self._reading(key, transport, tracks, slots)

    def _reading(
        self,
        key: Key,
        transport: packet_plane.TransportSnapshot,
        tracks: Sequence[packet_plane.TrackSnapshot],
        slots: Sequence[packet_plane.SlotSnapshot],
    ) -> Reading:
        rtt, estimate = transport.round_trip_us, transport.estimate_bps
        return Reading(
            counts=_counts(transport, tracks, slots),
            jitter_ms=max((one.jitter_us for one in tracks), default=0) / 1000,
            downlink_loss=self.losses.share_by_transport.get(transport.transport, 0.0),
            round_trip_ms=None if rtt is None else rtt / 1000,
            estimate_bps=estimate,
            queue_ms=transport.queue_us / 1000,
            shown=tuple(self._shown(key)),
        )

    def _shown(self, key: Key) -> Iterable[Shown]:
        for track, shown, (height, fps) in self.distribution.shown(key):
            is_paused = shown.rung is None
            yield Shown(track.participant, track.source, height, fps, is_paused, shown.reason)

    def _tracks(
        self, snapshot: packet_plane.WorkerSnapshot
    ) -> dict[int | None, list[packet_plane.TrackSnapshot]]:
        found: dict[int | None, list[packet_plane.TrackSnapshot]] = defaultdict(list)
        for track in snapshot.tracks:
            found[self.forwarding.transport_of_track(track.track)].append(track)
        return found

    def _slots(
        self, snapshot: packet_plane.WorkerSnapshot
    ) -> dict[int | None, list[packet_plane.SlotSnapshot]]:
        found: dict[int | None, list[packet_plane.SlotSnapshot]] = defaultdict(list)
        for slot in snapshot.slots:
            place = self.forwarding.slot_of(slot.slot)
            found[place.transport if place is not None else None].append(slot)
        return found

    def _receiver_counts(self, snapshots: Sequence[packet_plane.WorkerSnapshot]) -> ReceiverCounts:
        """Everybody together; gauges alone, so that who leaves takes nothing out of a counter."""
        transports = [one for snapshot in snapshots for one in snapshot.transports]
        reasons: dict[str, int] = defaultdict(int)
        paused = 0
        for key in self.forwarding.transport_by_participant:
            for shown in self.distribution.shown_slots(key):
                reasons[shown.reason] += 1
                paused += shown.rung is None
        return ReceiverCounts(
            estimates_bps=tuple(one.estimate_bps for one in transports if one.estimate_bps is not None),
            queues_seconds=tuple(one.queue_us / 1e6 for one in transports),
            round_trips_seconds=tuple(
                one.round_trip_us / 1e6 for one in transports if one.round_trip_us is not None
            ),
            losses=tuple(self.losses.share_by_transport.values()),
            shown_by_reason=dict(reasons),
            paused=paused,
        )


def _counts(
    transport: packet_plane.TransportSnapshot,
    tracks: Sequence[packet_plane.TrackSnapshot],
    slots: Sequence[packet_plane.SlotSnapshot],
) -> Counts:
    return Counts(
        packets_received=sum(one.packets_received for one in tracks),
        bytes_received=sum(one.bytes_received for one in tracks),
        packets_lost=sum(one.packets_lost for one in tracks),
        nacks_sent=sum(one.nacks_sent for one in tracks),
        keyframes_requested=sum(one.keyframes_requested for one in tracks),
        bytes_sent=transport.bytes_sent,
        frames_sent=sum(one.frames_sent for one in slots),
        freezes=sum(one.freezes for one in slots),
        frozen_ms=sum(one.frozen_us for one in slots) // 1000,
        retransmissions_sent=sum(one.retransmissions_sent for one in slots),
        nacks_received=sum(one.nacks_received for one in slots),
        plis_received=sum(one.plis_received for one in slots),
    )


def worker_counts(snapshot: packet_plane.WorkerSnapshot) -> WorkerCounts:
    return WorkerCounts(
        packets_received=snapshot.packets_received,
        packets_sent=snapshot.packets_sent,
        bytes_received=snapshot.bytes_received,
        bytes_sent=snapshot.bytes_sent,
        cpu_seconds=snapshot.cpu_ns / 1e9,
        restarts=snapshot.restarts,
        meetings_lost=snapshot.meetings_lost,
        drops=snapshot.drops,
        latency=tuple((None if bound is None else bound / 1e6, count) for bound, count in snapshot.latency),
        latency_sum_seconds=snapshot.latency_sum_us / 1e6,
    )
