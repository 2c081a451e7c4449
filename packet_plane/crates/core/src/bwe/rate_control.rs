//! The delay-based estimate: up while the queue stays, down to what arrives when it grows.
//!
//! Source: draft-ietf-rmcat-gcc-02 section 5.5 and 5.6; the link's capacity as browsers remember it.

use std::time::Duration;

use super::trendline::Usage;
use crate::quantities::Instant;

/// What is kept of the acknowledged rate on overuse. The draft keeps 0.85; a queue whose length is watched too need not
/// be given so much to empty.
const KEPT: f64 = 0.9;
/// What is kept where the queue has become so long that it would take seconds to empty.
const KEPT_OF_LONG: f64 = 0.75;
/// Growth each second while the capacity is unknown.
const GROWTH: f64 = 1.08;
/// The estimate runs ahead of what arrives by this factor at most, plus a little for the slowest links.
const AHEAD: f64 = 1.5;
const AHEAD_BPS: f64 = 10_000.0;
const MIN_ADDITIVE_BPS: f64 = 8_000.0;
/// Near the capacity the estimate grows by a packet in this time, whatever it is: that lets flows of different rates
/// and round trips come to share a link evenly.
const RESPONSE: Duration = Duration::from_millis(150);
const FRAMES_PER_SECOND: f64 = 30.0;
const PACKET_BITS: f64 = 1_200.0 * 8.0;
/// A path whose queue has not grown for so long may have become another.
const CAPACITY_MEMORY: Duration = Duration::from_secs(6);
/// Weight of a new sample of the capacity, and how many deviations around it count as the same link.
const CAPACITY_WEIGHT: f64 = 0.05;
const CAPACITY_DEVIATIONS: f64 = 3.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Hold,
    Increase,
}

/// What the link carried when it was last overused.
#[derive(Clone, Copy, Debug)]
struct Capacity {
    kbps: f64,
    /// Relative variance, as kbit/s.
    variance: f64,
}

impl Capacity {
    fn new(kbps: f64) -> Self {
        Capacity { kbps, variance: 0.4 }
    }

    fn update(&mut self, kbps: f64) {
        let error = self.kbps - kbps;
        self.kbps -= CAPACITY_WEIGHT * error;
        let norm = self.kbps.max(1.0);
        self.variance += CAPACITY_WEIGHT * (error * error / norm - self.variance);
        self.variance = self.variance.clamp(0.4, 2.5);
    }

    fn reach(&self) -> f64 {
        CAPACITY_DEVIATIONS * (self.variance * self.kbps).sqrt()
    }
}

/// What the path does with what is sent.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    pub usage: Usage,
    pub is_queue_very_long: bool,
    /// Bits per second that arrive, to grow from.
    pub reached: Option<f64>,
    /// Bits per second that arrive, to fall to.
    pub fallen: Option<f64>,
    pub round_trip: Duration,
}

/// Additive increase, multiplicative decrease.
#[derive(Debug)]
pub struct RateControl {
    bps: f64,
    state: State,
    capacity: Option<Capacity>,
    changed_at: Option<Instant>,
    decreased_at: Option<Instant>,
}

impl RateControl {
    #[must_use]
    pub fn new(bps: f64) -> Self {
        RateControl {
            bps,
            state: State::Increase,
            capacity: None,
            changed_at: None,
            decreased_at: None,
        }
    }

    #[must_use]
    pub fn bps(&self) -> f64 {
        self.bps
    }

    /// Take the word of a probe, or of another controller.
    pub fn set(&mut self, now: Instant, bps: f64) {
        self.bps = bps;
        self.changed_at = Some(now);
    }

    /// Whether it is not known where the path ends: it carries more than when the queue last grew.
    #[must_use]
    pub fn is_beyond_capacity(&self) -> bool {
        self.capacity.is_none()
    }

    /// When the queue last made the estimate smaller.
    #[must_use]
    pub fn decreased_at(&self) -> Option<Instant> {
        self.decreased_at
    }

    /// Take what is seen after a feedback message.
    pub fn update(&mut self, now: Instant, observed: &Observed) {
        match observed.usage {
            Usage::Overusing => self.decrease(now, observed),
            Usage::Underusing => self.state = State::Hold,
            Usage::Normal => {
                if self.state == State::Hold {
                    self.changed_at = Some(now);
                }
                self.state = State::Increase;
                self.increase(now, observed.reached);
            }
        }
    }

    fn increase(&mut self, now: Instant, acknowledged: Option<f64>) {
        let before = self.changed_at.replace(now).unwrap_or(now);
        let seconds = now.since(before).as_secs_f64().min(1.0);
        let Some(acknowledged) = acknowledged else {
            return;
        };
        let is_beyond = |capacity: &Capacity| acknowledged / 1_000.0 > capacity.kbps + capacity.reach();
        let is_old = self
            .decreased_at
            .is_some_and(|at| now.since(at) > CAPACITY_MEMORY);
        if is_old || self.capacity.as_ref().is_some_and(is_beyond) {
            self.capacity = None;
        }
        let limit = acknowledged * AHEAD + AHEAD_BPS;
        if self.bps >= limit {
            return;
        }
        let step = match self.capacity {
            Some(_) => self.additive_bps() * seconds,
            None => self.bps * (GROWTH.powf(seconds) - 1.0),
        };
        self.bps = (self.bps + step).min(limit);
    }

    fn additive_bps(&self) -> f64 {
        let frame_bits = self.bps / FRAMES_PER_SECOND;
        let packet_bits = frame_bits / (frame_bits / PACKET_BITS).ceil().max(1.0);
        (packet_bits / RESPONSE.as_secs_f64()).max(MIN_ADDITIVE_BPS)
    }

    fn decrease(&mut self, now: Instant, observed: &Observed) {
        let patience = observed
            .round_trip
            .clamp(Duration::from_millis(10), Duration::from_millis(200));
        let is_recent = self.decreased_at.is_some_and(|at| now.since(at) < patience);
        let Some(acknowledged) = observed.fallen else {
            // Nothing is known of what arrives: half is a guess that errs on the quick side.
            if !is_recent {
                self.fall_to(now, self.bps / 2.0);
            }
            return;
        };
        if is_recent && acknowledged > self.bps / 2.0 {
            return;
        }
        let kbps = acknowledged / 1_000.0;
        match self.capacity.as_mut() {
            Some(capacity) if kbps >= capacity.kbps - capacity.reach() => capacity.update(kbps),
            _ => self.capacity = Some(Capacity::new(kbps)),
        }
        let kept = if observed.is_queue_very_long {
            KEPT_OF_LONG
        } else {
            KEPT
        };
        self.fall_to(now, (acknowledged * kept).min(self.bps));
    }

    fn fall_to(&mut self, now: Instant, bps: f64) {
        self.bps = bps;
        self.state = State::Hold;
        self.changed_at = Some(now);
        self.decreased_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(50);

    fn observed(usage: Usage, arrives: f64) -> Observed {
        Observed {
            usage,
            is_queue_very_long: false,
            reached: Some(arrives),
            fallen: Some(arrives),
            round_trip: ROUND_TRIP,
        }
    }

    fn run(
        control: &mut RateControl,
        from_ms: u64,
        ms: u64,
        usage: Usage,
        acknowledged: impl Fn(f64) -> f64,
    ) {
        for at in (from_ms..from_ms + ms).step_by(50) {
            let arrives = acknowledged(control.bps());
            control.update(Instant::from_millis(at), &observed(usage, arrives));
        }
    }

    #[test]
    fn grows_while_the_queue_stays_and_falls_below_what_arrives_when_it_grows() {
        let mut control = RateControl::new(300_000.0);
        run(&mut control, 0, 10_000, Usage::Normal, |bps| bps);
        assert!(
            (500_000.0..800_000.0).contains(&control.bps()),
            "{}",
            control.bps()
        );
        control.update(
            Instant::from_millis(10_000),
            &observed(Usage::Overusing, 400_000.0),
        );
        assert!((control.bps() - 360_000.0).abs() < 1.0);
        // One look at a queue is one decrease.
        control.update(
            Instant::from_millis(10_020),
            &observed(Usage::Overusing, 300_000.0),
        );
        assert!((control.bps() - 360_000.0).abs() < 1.0);
    }

    #[test]
    fn does_not_run_far_ahead_of_what_is_sent() {
        let mut control = RateControl::new(300_000.0);
        run(&mut control, 0, 60_000, Usage::Normal, |_| 200_000.0);
        assert!(control.bps() <= 310_000.0, "{}", control.bps());
    }

    #[test]
    fn near_the_capacity_that_was_seen_it_grows_slowly() {
        let mut control = RateControl::new(1_000_000.0);
        control.update(Instant::from_millis(1), &observed(Usage::Overusing, 1_000_000.0));
        let before = control.bps();
        run(&mut control, 100, 2_000, Usage::Normal, |bps| bps);
        let grown = control.bps() - before;
        assert!((20_000.0..180_000.0).contains(&grown), "{grown}");
    }
}
