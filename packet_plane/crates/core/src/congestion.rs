//! What one receiver's path carries and how what is sent keeps to it: estimate, pace, and what was told of them.

use std::time::Duration;

use crate::bwe::Estimator;
use crate::pacer::{Pacer, Waiting};
use crate::quantities::Instant;

/// A change below this share is not told before `TOLD_AT_LATEST`, nor is any but a fall before `TOLD_EARLIEST`.
const TOLD_CHANGE: f64 = 0.03;
const TOLD_EARLIEST: Duration = Duration::from_millis(50);
const TOLD_AT_LATEST: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(crate) struct Congestion {
    pub estimator: Estimator,
    pub pacer: Pacer,
    told: Option<(Instant, u64)>,
}

impl Congestion {
    /// Note what went out; without a number the receiver will not tell of it, but it fills the path all the same.
    pub fn handle_sent(&mut self, now: Instant, len: usize, wide_number: Option<u16>) {
        self.pacer.handle_sent(len);
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

    /// Let the pace follow the estimate; returns it when it is worth telling.
    pub fn follow(&mut self, now: Instant) -> Option<u64> {
        let bps = self.estimator.estimate_bps()?;
        self.pacer.set_estimate(bps);
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
