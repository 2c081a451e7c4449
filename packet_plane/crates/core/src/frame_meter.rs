//! Frames of one slot as they leave, and how often a viewer's picture must have stood still.
//!
//! A freeze is a gap of more than three mean intervals, and of more than 150 ms beyond the mean: `freezeCount` of W3C
//! webrtc-stats, seen from here. What is lost behind the node comes on top of it.

use std::time::Duration;

use crate::quantities::Instant;

/// The mean follows the last thirty frames or so.
const WEIGHT: f64 = 1.0 / 30.0;
/// Frames before the mean says anything.
const ENOUGH: u32 = 5;
const BEYOND_MEAN: Duration = Duration::from_millis(150);
const MEANS: f64 = 3.0;

/// What is known of the frames of one slot.
#[derive(Clone, Debug, Default)]
pub struct FrameMeter {
    last: Option<(Instant, u32)>,
    mean_us: f64,
    seen: u32,
    pub frames: u64,
    pub freezes: u64,
    pub frozen: Duration,
}

impl FrameMeter {
    /// Note a packet that went out; the first of a frame counts.
    pub fn handle_packet(&mut self, now: Instant, rtp_timestamp: u32) {
        let Some((at, before)) = self.last else {
            self.begin(now, rtp_timestamp);
            return;
        };
        // Not a packet of the same frame, nor one of an older that was late.
        if rtp_timestamp.wrapping_sub(before) as i32 <= 0 {
            return;
        }
        let gap = now.since(at);
        let gap_us = gap.as_micros() as f64;
        if self.seen >= ENOUGH && gap_us > self.longest_us() {
            self.freezes += 1;
            self.frozen += gap;
        } else {
            self.seen += 1;
            let weight = WEIGHT.max(1.0 / f64::from(self.seen));
            self.mean_us += (gap_us - self.mean_us) * weight;
        }
        self.frames += 1;
        self.last = Some((now, rtp_timestamp));
    }

    fn begin(&mut self, now: Instant, rtp_timestamp: u32) {
        self.frames += 1;
        (self.mean_us, self.seen) = (0.0, 0);
        self.last = Some((now, rtp_timestamp));
    }

    fn longest_us(&self) -> f64 {
        (self.mean_us * MEANS).max(self.mean_us + BEYOND_MEAN.as_micros() as f64)
    }

    /// What comes next is something else, or comes after a pause that was meant.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(meter: &mut FrameMeter, times_ms: impl IntoIterator<Item = u64>) {
        for ms in times_ms {
            for _ in 0..3 {
                meter.handle_packet(Instant::from_millis(ms), ms as u32 * 90);
            }
        }
    }

    #[test]
    fn a_steady_picture_does_not_freeze_whatever_its_rate() {
        for interval in [16, 33, 200, 1_000] {
            let mut meter = FrameMeter::default();
            film(&mut meter, (0..100).map(|number| number * interval));
            assert_eq!((meter.frames, meter.freezes), (100, 0), "{interval}");
        }
    }

    #[test]
    fn a_gap_counts_once_and_not_towards_the_mean() {
        let mut meter = FrameMeter::default();
        film(&mut meter, (0..30).map(|number| number * 33));
        film(&mut meter, (0..30).map(|number| 2_000 + number * 33));
        film(&mut meter, [5_000]);
        assert_eq!((meter.frames, meter.freezes), (61, 2));
        assert_eq!(
            meter.frozen,
            Duration::from_millis(2_000 - 29 * 33 + 5_000 - 2_000 - 29 * 33)
        );
    }

    #[test]
    fn a_pause_that_was_meant_is_none() {
        let mut meter = FrameMeter::default();
        film(&mut meter, (0..30).map(|number| number * 33));
        meter.forget();
        film(&mut meter, (0..30).map(|number| 60_000 + number * 33));
        assert_eq!(meter.freezes, 0);
    }

    #[test]
    fn what_is_late_and_timestamps_that_wrap_are_no_new_beginning() {
        let mut meter = FrameMeter::default();
        for number in 0..40u32 {
            let at = Instant::from_millis(u64::from(number) * 33);
            meter.handle_packet(at, (u32::MAX - 30_000).wrapping_add(number * 3_000));
            meter.handle_packet(at, (u32::MAX - 36_000).wrapping_add(number * 3_000));
        }
        assert_eq!((meter.frames, meter.freezes), (40, 0));
    }
}
