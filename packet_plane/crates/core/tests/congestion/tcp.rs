//! A long TCP transfer as Reno does it (RFC 5681): the competitor that fills every queue.

use std::collections::BTreeSet;
use std::time::Duration;

const SEGMENT: usize = 1_500;
const REORDERING: u64 = 3;
const TIMEOUT: Duration = Duration::from_secs(1);

pub struct Tcp {
    window: f64,
    threshold: f64,
    next: u64,
    in_flight: BTreeSet<u64>,
    recovery_until: u64,
    heard_at: Duration,
    pub arrived: usize,
}

impl Tcp {
    pub fn new() -> Self {
        Tcp {
            window: 10.0,
            threshold: f64::MAX,
            next: 0,
            in_flight: BTreeSet::new(),
            recovery_until: 0,
            heard_at: Duration::ZERO,
            arrived: 0,
        }
    }

    /// Numbers of the segments to send now, each of `SEGMENT` bytes.
    pub fn send(&mut self, now: Duration) -> Vec<u64> {
        if !self.in_flight.is_empty() && now - self.heard_at > TIMEOUT {
            self.in_flight.clear();
            self.threshold = (self.window / 2.0).max(2.0);
            (self.window, self.heard_at) = (1.0, now);
        }
        let mut sent = Vec::new();
        while (self.in_flight.len() as f64) < self.window {
            self.in_flight.insert(self.next);
            sent.push(self.next);
            self.next += 1;
        }
        sent
    }

    /// A segment was acknowledged.
    pub fn handle_ack(&mut self, now: Duration, number: u64) {
        self.heard_at = now;
        if !self.in_flight.remove(&number) {
            return;
        }
        self.arrived += SEGMENT;
        let is_slow_start = self.window < self.threshold;
        self.window += if is_slow_start { 1.0 } else { 1.0 / self.window };
        let lost: Vec<u64> = self
            .in_flight
            .range(..number.saturating_sub(REORDERING))
            .copied()
            .collect();
        for one in lost {
            self.in_flight.remove(&one);
            if one >= self.recovery_until {
                self.recovery_until = self.next;
                self.threshold = (self.window / 2.0).max(2.0);
                self.window = self.threshold;
            }
        }
    }

    pub fn segment(&self) -> usize {
        SEGMENT
    }
}
