//! What one receiver's path carries and how what is sent keeps to it: estimate, pace, and what was told of them.

use std::time::Duration;

use crate::bwe::Estimator;
use crate::pacer::{Pacer, Waiting};
use crate::presence::Presence;
use crate::quantities::Instant;
use crate::repair::Repair;

/// A change below this share is not told before `TOLD_AT_LATEST`, nor is any but a fall before `TOLD_EARLIEST`.
const TOLD_CHANGE: f64 = 0.03;
const TOLD_EARLIEST: Duration = Duration::from_millis(50);
const TOLD_AT_LATEST: Duration = Duration::from_millis(500);

/// What a voice takes with its headers.
pub(crate) const VOICE_BPS: u64 = 60_000;
/// A narrow path is one no longer when it carries a sixth more than all its voices take: the estimate runs ahead of what
/// arrives by half, so that voices in bundles can still show it.
const WIDE_AGAIN: (u64, u64) = (7, 6);

/// Feedback for a sender takes a twentieth of its own path at most, within these bounds (libwebrtc's are the same).
const FEEDBACK_SHARE: u64 = 20;
const FEEDBACK_INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));
/// A usual message with its headers and tags.
const FEEDBACK_BITS: u64 = 8 * 88;

#[derive(Debug, Default)]
pub(crate) struct Congestion {
    pub estimator: Estimator,
    pub pacer: Pacer,
    /// Whether voices alone fill the path: nothing of them is sent twice then, and their frames travel together.
    pub is_narrow: bool,
    pub repair: Repair,
    pub presence: Presence,
    wanted_bps: u64,
    told: Option<(Instant, u64)>,
}

impl Congestion {
    /// Note what went out; without a number the receiver will not tell of it, but it fills the path all the same.
    pub fn handle_sent(&mut self, now: Instant, len: usize, wide_number: Option<u16>) {
        self.pacer.handle_sent(len);
        self.presence.handle_sent(now, wide_number.is_some());
        if wide_number.is_some() {
            self.estimator.handle_sent(now, len);
        }
    }

    /// Let packets wait for their turn; `paced` lists the transports that have something waiting.
    pub fn wait(&mut self, transport: usize, packets: impl Iterator<Item = Waiting>, paced: &mut Vec<usize>) {
        for packet in packets {
            // What finds no room is lost to the receiver, which asks for it again or for a keyframe.
            let _ = self.pacer.push(packet);
        }
        if !paced.contains(&transport) {
            paced.push(transport);
        }
    }

    /// Compare what the path carries with what so many voices take.
    pub fn handle_voices(&mut self, voices: usize) {
        let needed = VOICE_BPS * voices.max(1) as u64;
        let bound = if self.is_narrow {
            needed * WIDE_AGAIN.0 / WIDE_AGAIN.1
        } else {
            needed
        };
        self.is_narrow = self.estimator.estimate_bps().is_some_and(|bps| bps < bound);
    }

    /// How often arrivals are reported to a receiver that sends as well.
    pub fn feedback_interval(&self) -> Duration {
        let (least, most) = FEEDBACK_INTERVALS;
        let fitting =
            |bps: u64| Duration::from_micros(FEEDBACK_BITS * FEEDBACK_SHARE * 1_000_000 / bps.max(1));
        self.estimator
            .estimate_bps()
            .map_or(least, |bps| fitting(bps).clamp(least, most))
    }

    /// What the receiver could use: probes look for that, and for what repair takes besides.
    pub fn set_wanted(&mut self, now: Instant, bps: u64) {
        self.wanted_bps = bps;
        self.estimator.set_wanted(now, self.repair.needed(bps));
    }

    /// Look, once in a while, what the path loses by itself.
    pub fn handle_path(&mut self, now: Instant, round_trip: Option<Duration>) {
        self.repair
            .handle_path(self.estimator.inherent_loss(), round_trip);
        self.set_wanted(now, self.wanted_bps);
    }

    /// Let the pace follow the estimate; returns what may be promised of it to so many pictures when it is worth telling.
    pub fn follow(&mut self, now: Instant, pictures: usize) -> Option<u64> {
        let bps = self.estimator.estimate_bps()?;
        self.pacer.set_estimate(bps);
        let bps = self.repair.promised(bps, pictures);
        let is_worth_telling = self.told.is_none_or(|(at, told)| {
            let since = now.since(at);
            let is_small = (bps as f64 - told as f64).abs() < told as f64 * TOLD_CHANGE;
            match bps.cmp(&told) {
                std::cmp::Ordering::Equal => false,
                _ if is_small => since >= TOLD_AT_LATEST,
                std::cmp::Ordering::Less => true,
                std::cmp::Ordering::Greater => since >= TOLD_EARLIEST,
            }
        });
        if is_worth_telling {
            self.told = Some((now, bps));
        }
        is_worth_telling.then_some(bps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_takes_a_twentieth_of_a_slow_path_and_never_waits_longer_than_a_quarter_of_a_second() {
        let mut congestion = Congestion::default();
        assert_eq!(congestion.feedback_interval().as_millis(), 50);
        for (bps, ms) in [(2_000_000, 50), (140_800, 100), (15_000, 250)] {
            congestion.estimator.handle_remb(Instant::from_millis(1), bps);
            assert_eq!(congestion.feedback_interval().as_millis(), ms, "{bps}");
        }
    }

    #[test]
    fn a_path_is_narrow_by_the_number_of_voices_and_not_for_a_tremble() {
        let mut congestion = Congestion::default();
        congestion.handle_voices(1);
        assert!(!congestion.is_narrow);
        let mut narrow_at = |bps: u64, voices: usize| {
            congestion.estimator.handle_remb(Instant::from_millis(1), bps);
            congestion.handle_voices(voices);
            congestion.is_narrow
        };
        assert!(!narrow_at(150_000, 1));
        assert!(narrow_at(150_000, 3));
        assert!(narrow_at(190_000, 3));
        assert!(!narrow_at(220_000, 3));
        assert!(!narrow_at(190_000, 3));
    }
}
