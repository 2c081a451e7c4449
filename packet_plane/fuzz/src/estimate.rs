//! The estimator under feedback that may say anything about packets that may have been sent.

use std::time::Duration;

use packet_plane_core::bwe::Estimator;
use packet_plane_core::quantities::Instant;
use packet_plane_core::rtcp::transport_cc::{self, TransportFeedback};

const ROUND_TRIP: Duration = Duration::from_millis(80);
const RANGE_BPS: std::ops::RangeInclusive<u64> = 10_000..=1_000_000_000;

/// Read bytes as a course of events; whatever it is, the estimate and the loss stay in their ranges.
pub fn estimate(bytes: &[u8]) {
    let mut course = Course {
        estimator: Estimator::default(),
        now: Instant::from_millis(1_000),
        bytes,
    };
    while course.step().is_some() {
        let estimator = &course.estimator;
        assert!(
            estimator
                .estimate_bps()
                .is_none_or(|bps| RANGE_BPS.contains(&bps))
        );
        assert!((0.0..=1.0).contains(&estimator.loss()));
    }
}

struct Course<'a> {
    estimator: Estimator,
    now: Instant,
    bytes: &'a [u8],
}

impl Course<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn take(&mut self, len: u8) -> &[u8] {
        let (taken, rest) = self.bytes.split_at(usize::from(len).min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    fn step(&mut self) -> Option<()> {
        let (what, value) = (self.byte()?, self.byte()?);
        match what % 7 {
            0 => self.now = self.now + Duration::from_millis(u64::from(value)),
            1 => (0..value % 32).for_each(|_| self.estimator.handle_sent(self.now, 1_200)),
            2 => {
                if let Ok(feedback) = transport_cc::parse(self.take(value)) {
                    self.estimator.handle_feedback(self.now, &feedback, ROUND_TRIP);
                }
            }
            3 => self.report(value),
            4 => self.estimator.handle_remb(self.now, 1 << (value % 64)),
            5 => self.estimator.set_wanted(self.now, 1 << (value % 64)),
            _ => self.probe(),
        }
        Some(())
    }

    /// Feedback about the newest packets: each byte is how much later the next one came, 255 that it did not.
    fn report(&mut self, packets: u8) {
        let base = self.estimator.next_number().wrapping_sub(u16::from(packets));
        let mut arrived_us = self.now.micros();
        let arrivals = self.take(packets).iter().map(|later| {
            arrived_us += u64::from(*later) * 250;
            (*later < 255).then_some(arrived_us)
        });
        let feedback = TransportFeedback {
            media_ssrc: 1,
            base_sequence_number: base,
            feedback_count: 0,
            arrivals: arrivals.collect(),
        };
        self.estimator.handle_feedback(self.now, &feedback, ROUND_TRIP);
    }

    fn probe(&mut self) {
        self.estimator.handle_timeout(self.now);
        for _ in 0..16 {
            if self.estimator.probe_bytes(self.now) > 0 {
                self.estimator.handle_sent(self.now, 255);
            }
        }
    }
}
