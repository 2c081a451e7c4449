//! The packet plane's state machine: datagrams and commands in, datagrams and events out.
//!
//! A packet's route: [`Plane::handle_datagram`] → gate → ingress (unprotect into the history) →
//! [`Plane::poll_transmit`] → per subscribed slot: rewrite, protect → the batch. Callers drain every
//! output after each input.

mod audio;
#[cfg(test)]
mod client_tests;
mod clocks;
#[cfg(test)]
mod codec_tests;
mod commands;
mod egress;
#[cfg(test)]
mod egress_tests;
mod feedback;
mod gate;
#[cfg(test)]
mod goodbye_tests;
mod goodbyes;
mod ingress;
#[cfg(test)]
mod layer_sequence_tests;
#[cfg(test)]
mod layer_tests;
mod layers;
#[cfg(test)]
mod long_packet_tests;
#[cfg(test)]
mod lossy_voice_tests;
#[cfg(test)]
mod nomination_tests;
#[cfg(test)]
mod outage_tests;
#[cfg(test)]
mod overload_tests;
mod pacing;
#[cfg(test)]
mod pacing_tests;
#[cfg(test)]
mod probe_tests;
mod probes;
mod recovery;
#[cfg(test)]
mod redundancy_tests;
#[cfg(test)]
mod repair_tests;
mod replay;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod report_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod scalable_meeting;
#[cfg(test)]
mod scalable_stream;
#[cfg(test)]
mod scalable_tests;
mod snapshot;
#[cfg(test)]
mod tap_tests;
mod taps;
#[cfg(test)]
mod tests;
mod touched;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::arena::Arena;
use crate::drop_reason::{DropCounts, DropReason};
use crate::event::Event;
use crate::history::MAX_PACKET_LEN;
use crate::loudest::{Loudest, Speakers};
use crate::quantities::{Instant, MeetingId, SlotId, TapId, TrackId, TransportId};
use crate::rtp::extension::ExtensionBlock;
use crate::slot::Slot;
use crate::source_limit::SourceLimit;
use crate::tap::Tap;
use crate::track::Track;
use crate::transmit::TransmitBatch;
use crate::transport::Transport;

use clocks::Wallclock;
use touched::Touched;

pub use snapshot::{PlaneSnapshot, SlotSnapshot, TrackSnapshot, TransportSnapshot};

/// How often feedback, retries and timeouts are looked at.
const TICK: Duration = Duration::from_millis(10);
/// Events that wait for the caller at most; beyond it they are dropped and counted.
const MAX_EVENTS: usize = 16_384;
/// Answers and feedback that wait to be sent at most.
const MAX_CONTROL: usize = 16_384;
/// SSRC of the plane's own RTCP; it sends no media of its own.
const FEEDBACK_SSRC: u32 = 1;

/// One meeting's audio.
#[derive(Default)]
struct Meeting {
    loudest: Loudest,
    transports: Vec<usize>,
    speakers: Speakers,
    speakers_told_at: Instant,
    /// Whose sound listeners with few slots are given, and since when.
    audible: Vec<TrackId>,
    heard_at: Instant,
}

/// Packets and bytes of everything that passed.
#[derive(Clone, Debug, Default)]
pub struct PlaneCounters {
    pub packets_received: u64,
    pub bytes_received: u64,
    pub packets_sent: u64,
    pub bytes_sent: u64,
    pub drops: DropCounts,
    /// Meetings that a broken invariant has ended.
    pub meetings_lost: u64,
    /// Records that found no room on the way to a recorder.
    pub records_lost: u64,
}

/// All meetings of one worker.
#[derive(Default)]
pub struct Plane {
    wallclock: Wallclock,
    transports: Arena<TransportId, Transport>,
    tracks: Arena<TrackId, Track>,
    slots: Arena<SlotId, Slot>,
    meetings: Arena<MeetingId, Meeting>,
    taps: Arena<TapId, Tap>,
    transport_by_ufrag: FxHashMap<String, usize>,
    transport_by_address: FxHashMap<SocketAddr, usize>,
    source_limit: SourceLimit,
    touched: Touched,
    /// Transports with packets that wait for their pace, or with a probe.
    paced: Vec<usize>,
    pace_due: Instant,
    control: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<Event>,
    counters: PlaneCounters,
    /// The meeting that is being worked on: what a broken invariant ends.
    at_work: Option<MeetingId>,
    next_tick: Instant,
    /// When the oldest packet was received that the batch forwards.
    oldest_forwarded: Option<Instant>,
    scratch: Scratch,
}

/// Buffers that are reused so that packets allocate nothing.
struct Scratch {
    packet: Vec<u8>,
    compound: Vec<u8>,
    sequence_numbers: Vec<u16>,
    block: ExtensionBlock,
    redundant: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            packet: vec![0; MAX_PACKET_LEN + 64],
            compound: Vec::with_capacity(MAX_PACKET_LEN),
            sequence_numbers: Vec::with_capacity(256),
            block: ExtensionBlock::default(),
            redundant: Vec::with_capacity(MAX_PACKET_LEN),
        }
    }
}

impl Plane {
    /// Take one datagram from the network.
    pub fn handle_datagram(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        self.counters.packets_received += 1;
        self.counters.bytes_received += datagram.len() as u64;
        if let Err(reason) = self.admit(now, source, datagram) {
            self.counters.drops.count(reason);
        }
        self.at_work = None;
    }

    /// Do what has become due: feedback, retries, reports, timeouts.
    pub fn handle_timeout(&mut self, now: Instant) {
        if now < self.next_tick {
            return;
        }
        self.next_tick = now + TICK;
        self.tick_transports(now);
        self.tick_meetings(now);
        self.at_work = None;
    }

    /// When [`Plane::handle_timeout`] is due, `None` while there is nobody.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let next = if self.paced.is_empty() {
            self.next_tick
        } else {
            self.next_tick.min(self.pace_due)
        };
        (!self.transports.is_empty()).then_some(next)
    }

    /// The oldest event not yet told.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Fill the batch with datagrams to send; returns whether it holds any. Call until it does not.
    pub fn poll_transmit(&mut self, now: Instant, batch: &mut TransmitBatch) -> bool {
        self.oldest_forwarded = None;
        self.fill_control(batch);
        self.fill_paced(now, batch);
        self.fill_media(now, batch);
        self.at_work = None;
        !batch.is_empty()
    }

    /// When the oldest packet was received that the last batch forwards; what waited for its pace is not counted.
    #[must_use]
    pub fn oldest_forwarded(&self) -> Option<Instant> {
        self.oldest_forwarded
    }

    fn fill_control(&mut self, batch: &mut TransmitBatch) {
        while !batch.is_full() {
            let Some((destination, datagram)) = self.control.pop_front() else {
                return;
            };
            let written = batch.append(destination, |out| {
                let room = out.get_mut(..datagram.len()).ok_or(DropReason::TooLarge)?;
                room.copy_from_slice(&datagram);
                Ok(datagram.len())
            });
            self.count_sent(written);
        }
    }

    fn count_sent(&mut self, written: Result<usize, DropReason>) {
        match written {
            Ok(len) => {
                self.counters.packets_sent += 1;
                self.counters.bytes_sent += len as u64;
            }
            Err(reason) => self.counters.drops.count(reason),
        }
    }

    fn send_control(&mut self, destination: SocketAddr, datagram: Vec<u8>) {
        if self.control.len() < MAX_CONTROL {
            self.control.push_back((destination, datagram));
        } else {
            self.counters.drops.count(DropReason::QueueFull);
        }
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() < MAX_EVENTS {
            self.events.push_back(event);
        } else {
            self.counters.drops.count(DropReason::QueueFull);
        }
    }
}
