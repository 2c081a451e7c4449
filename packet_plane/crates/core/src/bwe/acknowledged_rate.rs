//! How fast packets arrive at the receiver, by what it acknowledges.
//!
//! Source: draft-ietf-rmcat-gcc-02 section 5.4 (R_hat), with the window that browsers use.

use super::sent_history::Acknowledged;

/// The first sample is taken over half a second, later ones follow faster.
const FIRST_WINDOW_US: i64 = 500_000;
const WINDOW_US: i64 = 150_000;
/// A pause this long begins anew: nothing was sent, which says nothing about the path.
const MAX_PAUSE_US: i64 = 1_000_000;
/// A sample below this share of the rate is a path that has changed, not frames of different sizes.
const FALLEN: f64 = 0.6;
const MIN_PACKETS: usize = 8;
/// So large a fall means something with fewer.
const CLIFF: f64 = 0.4;
const CLIFF_PACKETS: usize = 3;
/// Weight of a new sample.
const WEIGHT: f64 = 0.4;

/// The rate at which one receiver gets packets.
#[derive(Debug, Default)]
pub struct AcknowledgedRate {
    window_from_us: Option<i64>,
    bytes: usize,
    bps: Option<f64>,
    packets: usize,
    /// The last sample of enough packets to mean something.
    latest: f64,
}

impl AcknowledgedRate {
    /// Bits per second, `None` before half a second has passed.
    #[must_use]
    pub fn bps(&self) -> Option<f64> {
        self.bps
    }

    /// Bits per second to fall to: the smoothed rate, or the latest sample where it is far below.
    #[must_use]
    pub fn fallen_bps(&self) -> Option<f64> {
        self.bps.map(|bps| {
            if (1.0..bps * FALLEN).contains(&self.latest) {
                self.latest
            } else {
                bps
            }
        })
    }

    /// Take bytes that have arrived as well as is known, though the message that would have told of them got lost.
    pub fn credit(&mut self, bytes: usize) {
        if self.window_from_us.is_some() {
            self.bytes += bytes;
        }
    }

    /// Take a packet in order of arrival.
    pub fn handle_packet(&mut self, packet: &Acknowledged) {
        let from = *self.window_from_us.get_or_insert(packet.arrived_us);
        let passed = packet.arrived_us - from;
        if !(0..MAX_PAUSE_US).contains(&passed) {
            self.window_from_us = Some(packet.arrived_us);
            (self.bytes, self.packets) = (packet.len, 1);
            return;
        }
        let window = if self.bps.is_some() {
            WINDOW_US
        } else {
            FIRST_WINDOW_US
        };
        if passed >= window {
            let sample = self.bytes as f64 * 8e6 / passed as f64;
            let is_cliff = self.packets >= CLIFF_PACKETS && self.bps.is_some_and(|bps| sample < bps * CLIFF);
            if self.packets >= MIN_PACKETS || is_cliff {
                self.latest = sample;
            }
            self.packets = 0;
            self.bps = Some(self.bps.map_or(sample, |bps| bps + (sample - bps) * WEIGHT));
            self.window_from_us = Some(packet.arrived_us);
            self.bytes = 0;
        }
        self.bytes += packet.len;
        self.packets += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantities::Instant;

    fn run(rate: &mut AcknowledgedRate, from_ms: i64, ms: i64, len: usize) {
        for at in (from_ms..from_ms + ms).step_by(10) {
            rate.handle_packet(&Acknowledged {
                sent_at: Instant::ZERO,
                arrived_us: at * 1_000,
                len,
                probe: 0,
            });
        }
    }

    #[test]
    fn follows_the_rate_of_arrivals_within_half_a_second() {
        let mut rate = AcknowledgedRate::default();
        run(&mut rate, 0, 400, 1_250);
        assert_eq!(rate.bps(), None);
        run(&mut rate, 400, 600, 1_250);
        assert!((rate.bps().expect("known") - 1e6).abs() < 5e4, "{:?}", rate.bps());
        run(&mut rate, 1_000, 800, 250);
        assert!((rate.bps().expect("known") - 2e5).abs() < 1e5, "{:?}", rate.bps());
    }

    #[test]
    fn a_pause_is_not_taken_for_a_slow_path() {
        let mut rate = AcknowledgedRate::default();
        run(&mut rate, 0, 1_000, 1_250);
        run(&mut rate, 60_000, 1_000, 1_250);
        assert!((rate.bps().expect("known") - 1e6).abs() < 5e4, "{:?}", rate.bps());
    }
}
