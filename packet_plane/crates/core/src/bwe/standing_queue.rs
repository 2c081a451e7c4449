//! How long the queue toward a receiver is, which the slope of the delay does not tell.
//!
//! Flows that share a bottleneck see the same queue at the same time: when each falls as the queue passes a length, all
//! fall together, and what they gain by equal steps and lose in proportion becomes equal (Chiu and Jain, 1989). The
//! length is the delay above the least of the last seconds, as delay-based congestion control has it (RFC 6817 section
//! 3.4.2; RFC 8698 section 4.2). A queue that stays although less is sent is filled by somebody who does not yield: it
//! says nothing then (mode switching as in Copa, NSDI 2018, section 2.2).

use super::arrival_groups::GroupDelta;

/// The least delay is that of the current and the last of these.
const BASE_WINDOW_US: i64 = 10_000_000;
/// Weight of a new sample.
const WEIGHT: f64 = 0.2;
/// From here on less is sent; up to here more may be.
const LONG_MS: f64 = 45.0;
const SHORT_MS: f64 = 25.0;
const VERY_LONG_MS: f64 = 200.0;
/// What was done about it shows after this, and a round trip.
const SETTLING_US: i64 = 250_000;
/// A queue that has been long for this time is not ours to empty.
const FOREIGN_US: i64 = 2_000_000;
/// A delay that stays within this for so long, whatever is sent, is no queue: the path has become another.
const STILL_MS: f64 = 12.0;
const STILL_US: i64 = 1_500_000;
const STILL_GROUPS: usize = 15;

/// Delays that have been alike for a while.
#[derive(Debug)]
struct Still {
    since_us: i64,
    least_ms: f64,
    most_ms: f64,
    groups: usize,
}

/// The queue of one path.
#[derive(Debug, Default)]
pub struct StandingQueue {
    /// What the delay moves by although nothing queues.
    allowed_ms: f64,
    accumulated_ms: f64,
    smoothed_ms: f64,
    least_ms: f64,
    least_before_ms: f64,
    window_from_us: Option<i64>,
    long_since_us: Option<i64>,
    told_at_us: Option<i64>,
    at_us: i64,
    still: Option<Still>,
}

impl StandingQueue {
    /// Take so many milliseconds of delay for none, on a path that is uneven.
    pub fn allow(&mut self, ms: f64) {
        self.allowed_ms = ms;
    }

    /// Take the difference between two groups.
    pub fn handle_delta(&mut self, delta: &GroupDelta) {
        self.at_us = delta.at_us;
        self.accumulated_ms += (delta.arrived_us - delta.sent_us) as f64 / 1_000.0;
        self.smoothed_ms += WEIGHT * (self.accumulated_ms - self.smoothed_ms);
        let from = *self.window_from_us.get_or_insert(delta.at_us);
        if delta.at_us - from >= BASE_WINDOW_US {
            self.window_from_us = Some(delta.at_us);
            self.least_before_ms = std::mem::replace(&mut self.least_ms, self.accumulated_ms);
        }
        self.least_ms = self.least_ms.min(self.accumulated_ms);
        self.follow_path();
        if self.length_ms() < SHORT_MS {
            self.long_since_us = None;
        } else if self.is_long() {
            self.long_since_us.get_or_insert(delta.at_us);
        }
    }

    /// Begin anew from a delay that does not move.
    fn follow_path(&mut self) {
        let (at_us, delay_ms) = (self.at_us, self.accumulated_ms);
        let still = self.still.get_or_insert(Still {
            since_us: at_us,
            least_ms: delay_ms,
            most_ms: delay_ms,
            groups: 0,
        });
        still.least_ms = still.least_ms.min(delay_ms);
        still.most_ms = still.most_ms.max(delay_ms);
        still.groups += 1;
        let has_moved = still.most_ms - still.least_ms > STILL_MS;
        let is_long_ago = at_us - still.since_us >= STILL_US && still.groups >= STILL_GROUPS;
        if has_moved || !is_long_ago {
            self.still.take_if(|_| has_moved);
            return;
        }
        let least_ms = still.least_ms;
        self.still = None;
        if self.is_long() {
            (self.least_ms, self.least_before_ms) = (least_ms, least_ms);
            (self.window_from_us, self.long_since_us) = (Some(at_us), None);
        }
    }

    /// Milliseconds that a packet waits.
    #[must_use]
    pub fn length_ms(&self) -> f64 {
        let length_ms = self.smoothed_ms - self.least_ms.min(self.least_before_ms);
        (length_ms - self.allowed_ms).max(0.0)
    }

    fn is_foreign(&self) -> bool {
        self.long_since_us
            .is_some_and(|since| self.at_us - since > FOREIGN_US)
    }

    /// Whether packets wait, whoever filled the queue.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.length_ms() >= LONG_MS
    }

    /// Whether the queue is so short that its growth may be chance.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.length_ms() < SHORT_MS
    }

    /// Whether the queue is so long that it would stay for seconds, and could be emptied by sending less.
    #[must_use]
    pub fn is_very_long(&self) -> bool {
        self.length_ms() >= VERY_LONG_MS && !self.is_foreign()
    }

    /// Whether the queue is short enough to send more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.length_ms() < SHORT_MS || self.is_foreign()
    }

    /// Whether to send less now; true once for what is done about it.
    pub fn poll_long(&mut self, round_trip_us: i64) -> bool {
        let is_settling = self
            .told_at_us
            .is_some_and(|at| self.at_us - at < SETTLING_US + round_trip_us);
        let is_long = self.is_long() && !self.is_foreign() && !is_settling;
        if is_long {
            self.told_at_us = Some(self.at_us);
        }
        is_long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty groups a second for some seconds, each this much later than the one before; how often it was too long.
    fn run(queue: &mut StandingQueue, seconds: i64, later_us: i64) -> usize {
        (0..seconds * 30)
            .filter(|_| {
                queue.handle_delta(&GroupDelta {
                    sent_us: 33_000,
                    arrived_us: 33_000 + later_us,
                    at_us: queue.at_us + 33_000,
                    delay_us: 0,
                });
                queue.poll_long(100_000)
            })
            .count()
    }

    #[test]
    fn the_queue_is_what_a_packet_waits_longer_than_the_luckiest_of_late() {
        let mut queue = StandingQueue::default();
        run(&mut queue, 5, 0);
        assert!(queue.has_room() && queue.is_short());
        run(&mut queue, 1, 1_000);
        assert!((20.0..32.0).contains(&queue.length_ms()), "{}", queue.length_ms());
        // A clock that runs away by a tenth of a millisecond a second is no queue.
        run(&mut queue, 60, 3);
        assert!(queue.is_short(), "{}", queue.length_ms());
    }

    #[test]
    fn a_long_queue_is_told_once_until_what_was_done_can_show() {
        let mut queue = StandingQueue::default();
        run(&mut queue, 3, 0);
        run(&mut queue, 1, 2_500);
        assert!(queue.length_ms() > LONG_MS && !queue.has_room());
        // A second holds two answers of 250 ms and a round trip of 100 ms.
        assert!((1..=3).contains(&run(&mut queue, 1, 0)));
    }

    #[test]
    fn a_delay_that_does_not_move_is_that_of_another_path() {
        let mut queue = StandingQueue::default();
        run(&mut queue, 3, 0);
        queue.handle_delta(&GroupDelta {
            sent_us: 33_000,
            arrived_us: 163_000,
            at_us: queue.at_us + 163_000,
            delay_us: 0,
        });
        run(&mut queue, 1, 0);
        assert!(queue.is_long());
        run(&mut queue, 1, 0);
        assert!(queue.has_room() && queue.is_short() && !queue.is_long());
        // From there on a queue is one again.
        run(&mut queue, 1, 3_000);
        assert!(queue.is_long());
    }

    #[test]
    fn a_queue_that_does_not_empty_is_not_answered_for_ever() {
        let mut queue = StandingQueue::default();
        run(&mut queue, 3, 0);
        run(&mut queue, 1, 10_000);
        assert!(queue.is_very_long());
        run(&mut queue, 3, 0);
        assert_eq!(run(&mut queue, 5, 0), 0);
        assert!(queue.has_room() && !queue.is_very_long());
    }
}
