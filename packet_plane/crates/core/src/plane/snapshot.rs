//! Counters of everything there is, copied in one call.

use super::{Plane, PlaneCounters};
use crate::quantities::{MeetingId, SlotId, TrackId, TransportId};
use crate::slot::SlotCounters;
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
}

#[derive(Clone, Debug)]
pub struct SlotSnapshot {
    pub slot: SlotId,
    pub track: Option<TrackId>,
    pub counters: SlotCounters,
}

impl Plane {
    /// Copy all counters; cost is linear in what there is, nothing is added per packet.
    #[must_use]
    pub fn snapshot(&self) -> PlaneSnapshot {
        PlaneSnapshot {
            counters: self.counters.clone(),
            transports: self.transport_snapshots(),
            tracks: self.track_snapshots(),
            slots: self.slot_snapshots(),
        }
    }

    fn transport_snapshots(&self) -> Vec<TransportSnapshot> {
        let snapshots = self.transports.iter().map(|transport| TransportSnapshot {
            transport: transport.id,
            meeting: transport.meeting,
            counters: transport.counters,
            round_trip_us: transport.round_trip.map(|rtt| rtt.as_micros() as u64),
        });
        snapshots.collect()
    }

    fn track_snapshots(&self) -> Vec<TrackSnapshot> {
        let snapshots = self.tracks.iter().map(|track| {
            let statistics = track.stream.as_ref().map(|stream| &stream.statistics);
            let clock_rate = track
                .current_codec()
                .map_or(1, |codec| u64::from(codec.clock_rate));
            TrackSnapshot {
                track: track.id,
                packets_received: statistics.map_or(0, |s| s.packets_received),
                bytes_received: statistics.map_or(0, |s| s.bytes_received),
                packets_lost: statistics.map_or(0, |s| s.packets_lost()),
                jitter_us: statistics.map_or(0, |s| u64::from(s.jitter_ticks()) * 1_000_000 / clock_rate),
                nacks_sent: track.nacks_sent,
                keyframes_requested: track.keyframes_requested,
                subscribers: track.subscribers.len(),
            }
        });
        snapshots.collect()
    }

    fn slot_snapshots(&self) -> Vec<SlotSnapshot> {
        let snapshots = self.slots.iter().map(|slot| SlotSnapshot {
            slot: slot.id,
            track: slot
                .track
                .and_then(|track| self.tracks.get(track))
                .map(|track| track.id),
            counters: slot.counters,
        });
        snapshots.collect()
    }
}
