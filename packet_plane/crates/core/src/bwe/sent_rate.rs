//! How much is sent to one receiver, and whether that is little of what could be.

use std::time::Duration;

use crate::quantities::Instant;

const WINDOW: Duration = Duration::from_millis(500);
/// Half of what could have been sent, over several frames: that has to do with the application and not with the path.
const LITTLE: f64 = 0.5;
const LITTLE_WINDOW: Duration = Duration::from_millis(200);
/// For so long what arrives on average may still be of that time.
const LITTLE_MEMORY: Duration = Duration::from_secs(1);

/// Bytes since a moment.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    from: Option<Instant>,
    bytes: usize,
}

impl Window {
    /// Count a packet; returns the bits per second of what it ends.
    fn add(&mut self, now: Instant, len: usize, length: Duration) -> Option<f64> {
        let from = *self.from.get_or_insert(now);
        let lasted = now.since(from);
        let is_over = lasted >= length;
        let bps = is_over.then(|| self.bytes as f64 * 8.0 / lasted.as_secs_f64());
        if is_over {
            (self.from, self.bytes) = (Some(now), 0);
        }
        self.bytes += len;
        bps
    }
}

/// The rate at which packets leave.
#[derive(Debug, Default)]
pub struct SentRate {
    window: Window,
    bps: f64,
    little_window: Window,
    estimate_bps: f64,
    /// The least estimate of that window.
    least_bps: f64,
    little_at: Option<Instant>,
}

impl SentRate {
    /// Bits per second; nothing, when nothing has been sent for two windows.
    #[must_use]
    pub fn bps(&self, now: Instant) -> f64 {
        let is_recent = self.window.from.is_some_and(|from| now.since(from) < 2 * WINDOW);
        if is_recent { self.bps } else { 0.0 }
    }

    /// Whether hardly anything was sent lately, of what could have been.
    #[must_use]
    pub fn was_little(&self, now: Instant) -> bool {
        self.little_at.is_some_and(|at| now.since(at) < LITTLE_MEMORY)
    }

    /// Note how much could be sent. What has just become more is not little used yet.
    pub fn handle_estimate(&mut self, bps: f64) {
        self.estimate_bps = bps;
        self.least_bps = self.least_bps.min(bps);
    }

    pub fn handle_sent(&mut self, now: Instant, len: usize) {
        if let Some(bps) = self.window.add(now, len, WINDOW) {
            self.bps = bps;
        }
        if let Some(bps) = self.little_window.add(now, len, LITTLE_WINDOW) {
            if bps < self.least_bps * LITTLE {
                self.little_at = Some(now);
            }
            self.least_bps = self.estimate_bps;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 250 bytes each 20 ms, 100 kbit/s, from one moment to another.
    fn run(rate: &mut SentRate, milliseconds: std::ops::Range<u64>) -> Instant {
        let end = Instant::from_millis(milliseconds.end);
        milliseconds
            .step_by(20)
            .for_each(|ms| rate.handle_sent(Instant::from_millis(ms), 250));
        end
    }

    #[test]
    fn little_is_less_than_half_of_what_could_have_been_sent_all_the_time() {
        for (estimate_bps, is_little) in [(180e3, false), (220e3, true)] {
            let mut rate = SentRate::default();
            rate.handle_estimate(estimate_bps);
            let now = run(&mut rate, 0..1_000);
            assert_eq!(rate.was_little(now), is_little, "{estimate_bps}");
            assert!((rate.bps(now) - 100e3).abs() < 1e3);
            assert!(!rate.was_little(now + Duration::from_secs(2)));
            assert_eq!(rate.bps(now + Duration::from_secs(2)), 0.0);
        }
    }

    #[test]
    fn what_has_just_become_more_is_not_little_used() {
        let mut rate = SentRate::default();
        rate.handle_estimate(120e3);
        run(&mut rate, 0..1_000);
        rate.handle_estimate(400e3);
        let now = run(&mut rate, 1_000..1_100);
        assert!(!rate.was_little(now));
        let now = run(&mut rate, 1_100..1_500);
        assert!(rate.was_little(now));
    }
}
