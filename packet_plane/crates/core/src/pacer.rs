//! When packets may leave: what a frame is larger than a home router's queue takes waits a few milliseconds.
//!
//! A bucket leaks at a multiple of the estimate. Audio and retransmissions never wait, they only fill it; video waits in
//! order. On a path that is far from full nothing waits and the cost is one comparison a packet.

use std::collections::VecDeque;
use std::time::Duration;

use crate::quantities::{ExtendedSequenceNumber, Instant};

/// The pace, against the estimate: a keyframe of ten frames' size leaves within four frame times.
const PACE: f64 = 2.5;
/// What may leave at once: five milliseconds of the pace, or ten packets.
const BURST: Duration = Duration::from_millis(5);
const BURST_BYTES: f64 = 12_000.0;
/// Video that has waited this long is of no use any more.
pub const MAX_WAIT: Duration = Duration::from_millis(250);
/// Packets that wait at most: all that a pace of 19 Mbit/s lets through in that time.
const MAX_QUEUED: usize = 512;

/// A packet that waits, by where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub since: Instant,
    pub slot: usize,
    pub track: usize,
    pub encoding: u8,
    pub sequence: ExtendedSequenceNumber,
}

/// The pace of one receiver.
#[derive(Debug, Default)]
pub struct Pacer {
    bytes_per_us: Option<f64>,
    burst: f64,
    level: f64,
    leaked_at: Instant,
    queue: VecDeque<Waiting>,
}

impl Pacer {
    /// Follow an estimate in bits per second; before the first nothing waits.
    pub fn set_estimate(&mut self, bps: u64) {
        let bytes_per_us = bps as f64 * PACE / 8e6;
        self.bytes_per_us = Some(bytes_per_us);
        self.burst = (bytes_per_us * BURST.as_micros() as f64).max(BURST_BYTES);
    }

    /// Whether a packet of a queue that is empty may leave now.
    pub fn admits(&mut self, now: Instant) -> bool {
        self.bytes_per_us.is_none() || (self.queue.is_empty() && self.has_room(now))
    }

    fn has_room(&mut self, now: Instant) -> bool {
        let Some(bytes_per_us) = self.bytes_per_us else {
            return true;
        };
        let passed = now.since(std::mem::replace(&mut self.leaked_at, now));
        self.level = (self.level - passed.as_micros() as f64 * bytes_per_us).max(0.0);
        self.level < self.burst
    }

    /// Note that bytes have left.
    pub fn handle_sent(&mut self, len: usize) {
        self.level += len as f64;
    }

    /// Let a packet wait; returns whether there was room.
    pub fn push(&mut self, waiting: Waiting) -> bool {
        let has_room = self.queue.len() < MAX_QUEUED;
        if has_room {
            self.queue.push_back(waiting);
        }
        has_room
    }

    /// The next packet that may leave now.
    pub fn pop(&mut self, now: Instant) -> Option<Waiting> {
        if self.queue.is_empty() || !self.has_room(now) {
            return None;
        }
        self.queue.pop_front()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How long the oldest has waited.
    #[must_use]
    pub fn delay(&self, now: Instant) -> Duration {
        self.queue
            .front()
            .map_or(Duration::ZERO, |waiting| now.since(waiting.since))
    }

    /// Give up what waits when the oldest has waited too long; returns the slots that lost something.
    pub fn drop_late(&mut self, now: Instant) -> Vec<usize> {
        if self.delay(now) < MAX_WAIT {
            return Vec::new();
        }
        let mut slots: Vec<usize> = self.queue.drain(..).map(|waiting| waiting.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Forget what waits for a receiver that may be sent nothing.
    pub fn forget_all(&mut self) {
        self.queue.clear();
    }

    /// Forget what waits for a slot that carries something else now.
    pub fn forget_slot(&mut self, slot: usize) {
        self.queue.retain(|waiting| waiting.slot != slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(number: u64, since: Instant) -> Waiting {
        Waiting {
            since,
            slot: number as usize % 2,
            track: 0,
            encoding: 0,
            sequence: ExtendedSequenceNumber(number),
        }
    }

    #[test]
    fn nothing_waits_before_there_is_an_estimate() {
        let mut pacer = Pacer::default();
        for _ in 0..1_000 {
            assert!(pacer.admits(Instant::ZERO));
            pacer.handle_sent(1_200);
        }
    }

    #[test]
    fn a_keyframe_leaves_in_bursts_of_ten_packets_at_the_pace_and_in_order() {
        let mut pacer = Pacer::default();
        pacer.set_estimate(1_000_000);
        let start = Instant::from_millis(1_000);
        let mut left: Vec<(u64, u64)> = Vec::new();
        for number in 0..40 {
            if pacer.admits(start) {
                pacer.handle_sent(1_200);
                left.push((0, number));
            } else {
                assert!(pacer.push(waiting(number, start)));
            }
        }
        assert_eq!(left.len(), 10);
        for ms in 1..200 {
            while let Some(next) = pacer.pop(Instant::from_millis(1_000 + ms)) {
                pacer.handle_sent(1_200);
                left.push((ms, next.sequence.0));
            }
        }
        assert!(left.iter().map(|(_, number)| *number).eq(0..40));
        // Thirty packets at 2.5 Mbit/s take 115 ms.
        let last = left.last().expect("all have left").0;
        assert!((105..=125).contains(&last), "{last}");
        for (ms, _) in &left[10..] {
            assert!(left.iter().filter(|(at, _)| at == ms).count() <= 2);
        }
    }

    #[test]
    fn what_has_waited_too_long_is_given_up_for_all_slots_that_it_was_for() {
        let mut pacer = Pacer::default();
        pacer.set_estimate(30_000);
        let start = Instant::from_millis(1_000);
        (0..4).for_each(|number| assert!(pacer.push(waiting(number, start))));
        assert!(pacer.drop_late(start + Duration::from_millis(200)).is_empty());
        assert_eq!(pacer.drop_late(start + MAX_WAIT), [0, 1]);
        assert!(pacer.is_empty());
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut pacer = Pacer::default();
        pacer.set_estimate(30_000);
        let taken = (0..10_000).filter(|number| pacer.push(waiting(*number, Instant::ZERO)));
        assert_eq!(taken.count(), MAX_QUEUED);
        pacer.forget_slot(0);
        assert_eq!(pacer.queue.len(), MAX_QUEUED / 2);
    }
}
