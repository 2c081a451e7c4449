//! Counters of everything there is, copied in one call.

use super::{Plane, PlaneCounters};
use crate::layer_meter::LayerSnapshot;
use crate::layer_selector::LayerTarget;
use crate::quantities::{MeetingId, SlotId, TrackId, TransportId};
use crate::receive_statistics::ReceiveStatistics;
use crate::slot::SlotCounters;
use crate::track::Track;
use crate::transport::TransportCounters;

/// All counters of one worker.
#[derive(Clone, Debug, Default)]
pub struct PlaneSnapshot {
    pub counters: PlaneCounters,
    pub transports: Vec<TransportSnapshot>,
    pub tracks: Vec<TrackSnapshot>,
    pub slots: Vec<SlotSnapshot>,
}

#[derive(Clone, Debug)]
pub struct TransportSnapshot {
    pub transport: TransportId,
    pub meeting: MeetingId,
    pub counters: TransportCounters,
    /// Microseconds, `None` before the first report that tells it.
    pub round_trip_us: Option<u64>,
    /// Bits per second, `None` before the receiver has said anything.
    pub estimate_bps: Option<u64>,
    pub acknowledged_bps: Option<u64>,
    /// Share of what is sent to it that is lost, 0 to 1.
    pub loss: f64,
    pub is_application_limited: bool,
    /// How long the oldest packet has waited for its pace.
    pub queue_us: u64,
}

#[derive(Clone, Debug)]
pub struct TrackSnapshot {
    pub track: TrackId,
    pub packets_received: u64,
    pub bytes_received: u64,
    pub packets_lost: u64,
    pub jitter_us: u64,
    pub nacks_sent: u64,
    pub keyframes_requested: u64,
    pub subscribers: usize,
    pub layers: Vec<LayerSnapshot>,
}

#[derive(Clone, Debug)]
pub struct SlotSnapshot {
    pub slot: SlotId,
    pub track: Option<TrackId>,
    /// What is forwarded now, and the highest that may be.
    pub current: Option<LayerTarget>,
    pub target: Option<LayerTarget>,
    pub counters: SlotCounters,
    /// Frames that left, gaps between them that a viewer sees as a picture standing still, and how long those were.
    pub frames_sent: u64,
    pub freezes: u64,
    pub frozen_us: u64,
}

impl Plane {
    /// Copy all counters; cost is linear in what there is, nothing is added per packet.
    #[must_use]
    pub fn snapshot(&self) -> PlaneSnapshot {
        let mut counters = self.counters.clone();
        counters.records_lost += self.taps.iter().map(|tap| tap.records_lost).sum::<u64>();
        PlaneSnapshot {
            counters,
            transports: self.transport_snapshots(),
            tracks: self.track_snapshots(),
            slots: self.slot_snapshots(),
        }
    }

    fn transport_snapshots(&self) -> Vec<TransportSnapshot> {
        // A tick ahead at most.
        let now = self.next_tick;
        let snapshots = self.transports.iter().map(|transport| TransportSnapshot {
            transport: transport.id,
            meeting: transport.meeting,
            counters: transport.counters,
            round_trip_us: transport.round_trip.map(|rtt| rtt.as_micros() as u64),
            estimate_bps: transport.congestion.estimator.estimate_bps(),
            acknowledged_bps: transport.congestion.estimator.acknowledged_bps(),
            loss: transport.congestion.estimator.loss(),
            is_application_limited: transport.congestion.estimator.is_application_limited(now),
            queue_us: transport.congestion.pacer.delay(now).as_micros() as u64,
        });
        snapshots.collect()
    }

    fn track_snapshots(&self) -> Vec<TrackSnapshot> {
        self.tracks.iter().map(track_snapshot).collect()
    }

    fn slot_snapshots(&self) -> Vec<SlotSnapshot> {
        let snapshots = self.slots.iter().map(|slot| SlotSnapshot {
            slot: slot.id,
            track: slot
                .track
                .and_then(|track| self.tracks.get(track))
                .map(|track| track.id),
            current: slot.selector.current(),
            target: slot.selector.target(),
            counters: slot.counters,
            frames_sent: slot.frames.frames,
            freezes: slot.frames.freezes,
            frozen_us: slot.frames.frozen.as_micros() as u64,
        });
        snapshots.collect()
    }
}

/// The figures of all encodings of a track together; jitter is the worst of theirs.
fn track_snapshot(track: &Track) -> TrackSnapshot {
    let sum = |count: fn(&ReceiveStatistics) -> u64| {
        let streams = track.streams();
        streams.map(|stream| count(&stream.statistics)).sum::<u64>()
    };
    let jitter_us = track.streams().map(|stream| {
        let clock_rate = track.codecs.get(stream.codec).map_or(1, |codec| codec.clock_rate);
        u64::from(stream.statistics.jitter_ticks()) * 1_000_000 / u64::from(clock_rate)
    });
    TrackSnapshot {
        track: track.id,
        packets_received: sum(|statistics| statistics.packets_received),
        bytes_received: sum(|statistics| statistics.bytes_received),
        packets_lost: sum(ReceiveStatistics::packets_lost),
        jitter_us: jitter_us.max().unwrap_or(0),
        nacks_sent: track.nacks_sent,
        keyframes_requested: track.keyframes_requested,
        subscribers: track.subscribers.len(),
        layers: track.layers(),
    }
}
