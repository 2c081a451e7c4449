//! How fast a path carries while packets queue before it: what arrives then is all that it lets through, however little
//! was sent just before.
//!
//! What arrives on average says less where little is sent, as between the end of one size of a picture and the keyframe
//! of the next. Libraries of browsers leave such spans out as well (alr_detector.cc in libwebrtc).

use std::collections::VecDeque;

use super::sent_history::Acknowledged;

/// The least delay is that of the current and the last of these.
const BASE_WINDOW_US: i64 = 10_000_000;
/// Packets that were this much longer on their way than the luckiest found others before them.
const QUEUED_US: i64 = 15_000;
/// What is averaged, and what it takes to mean something.
const WINDOW_US: i64 = 250_000;
const MIN_SPAN_US: i64 = 60_000;
const MIN_PACKETS: usize = 6;
/// A receiver that tells of arrivals at one and the same moment would have all of them kept; as many come at 30 Mbit/s.
const MAX_PACKETS: usize = 1_024;

/// The rate of one path while it is full.
#[derive(Debug, Default)]
pub struct CarriedRate {
    least_us: Option<i64>,
    least_before_us: Option<i64>,
    window_from_us: i64,
    /// Packets that queued, one behind the other: when they arrived, and their length.
    queued: VecDeque<(i64, usize)>,
}

impl CarriedRate {
    /// Take a packet in order of arrival.
    pub fn handle_packet(&mut self, packet: &Acknowledged) {
        let delay_us = packet.arrived_us - packet.sent_at.micros() as i64;
        if self.least_us.is_none() || packet.arrived_us - self.window_from_us >= BASE_WINDOW_US {
            self.window_from_us = packet.arrived_us;
            self.least_before_us = self.least_us.replace(delay_us);
        }
        let least_us = self.least_us.map_or(delay_us, |least| least.min(delay_us));
        self.least_us = Some(least_us);
        let base_us = self
            .least_before_us
            .map_or(least_us, |before| before.min(least_us));
        if delay_us - base_us < QUEUED_US {
            self.queued.clear();
        }
        self.queued.push_back((packet.arrived_us, packet.len));
        let is_old = |at: i64| packet.arrived_us - at > WINDOW_US;
        while self.queued.len() > MAX_PACKETS || self.queued.front().is_some_and(|(at, _)| is_old(*at)) {
            self.queued.pop_front();
        }
    }

    /// Bits per second, `None` while nothing queues.
    #[must_use]
    pub fn bps(&self) -> Option<f64> {
        let ((from, first), (to, _)) = (*self.queued.front()?, *self.queued.back()?);
        let is_enough = to - from >= MIN_SPAN_US && self.queued.len() > MIN_PACKETS;
        let bytes = self.queued.iter().map(|(_, len)| len).sum::<usize>() - first;
        is_enough.then(|| bytes as f64 * 8e6 / (to - from) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantities::Instant;

    /// Packets of 250 bytes that are sent each so many milliseconds and come through a link of 100 kbit/s with a delay.
    fn run(rate: &mut CarriedRate, from_ms: u64, count: u64, apart_ms: u64) {
        let mut free_us = 0;
        for number in 0..count {
            let sent_at = Instant::from_millis(from_ms + number * apart_ms);
            free_us = sent_at.micros().max(free_us) + 20_000;
            rate.handle_packet(&Acknowledged {
                sent_at,
                arrived_us: free_us as i64 + 7_000_000,
                len: 250,
                probe: 0,
            });
        }
    }

    #[test]
    fn it_is_what_the_path_lets_through_while_packets_queue() {
        let mut rate = CarriedRate::default();
        run(&mut rate, 0, 50, 100);
        assert_eq!(rate.bps(), None);
        run(&mut rate, 5_000, 3, 1);
        assert_eq!(rate.bps(), None);
        run(&mut rate, 6_000, 20, 5);
        let bps = rate.bps().expect("packets queued");
        assert!((bps - 100e3).abs() < 1e3, "{bps}");
        run(&mut rate, 8_000, 1, 1);
        assert_eq!(rate.bps(), None);
    }

    #[test]
    fn arrivals_told_at_one_moment_are_kept_in_bounded_number() {
        let mut rate = CarriedRate::default();
        for number in 0..50_000u64 {
            rate.handle_packet(&Acknowledged {
                sent_at: Instant::from_millis(number),
                // The first one sets a delay that none of the others comes near to.
                arrived_us: if number == 0 { -1_000_000_000 } else { 0 },
                len: 250,
                probe: 0,
            });
            assert!(rate.queued.len() <= MAX_PACKETS);
        }
        assert_eq!(rate.bps(), None);
    }
}
