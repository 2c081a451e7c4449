//! TCP as Reno does it (RFC 5681): one long transfer, or files with pauses between them as of somebody who browses.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use packet_plane_netem::Random;

pub const SEGMENT: usize = 1_500;
const FIRST_WINDOW: f64 = 10.0;
const REORDERING: u64 = 3;
const TIMEOUT: Duration = Duration::from_secs(1);
/// Mean of the pauses, which are exponentially distributed (RFC 8868 section 6).
const MEAN_PAUSE: Duration = Duration::from_secs(10);

/// What a sender of short transfers draws the next one from.
struct Files {
    random: Random,
    bytes: Range<u64>,
}

pub struct Tcp {
    window: f64,
    threshold: f64,
    next: u64,
    in_flight: BTreeSet<u64>,
    recovery_until: u64,
    heard_at: Duration,
    /// Segments of the present transfer that have not arrived.
    left: u64,
    next_transfer: Duration,
    /// None: one transfer without end.
    files: Option<Files>,
    pub arrived: usize,
    pub transfers: usize,
}

impl Tcp {
    /// A transfer that never ends.
    pub fn long(from: Duration) -> Self {
        Tcp {
            window: FIRST_WINDOW,
            threshold: f64::MAX,
            next: 0,
            in_flight: BTreeSet::new(),
            recovery_until: 0,
            heard_at: Duration::ZERO,
            left: 0,
            next_transfer: from,
            files: None,
            arrived: 0,
            transfers: 0,
        }
    }

    /// Files of so many bytes, each over a connection of its own, with pauses between them.
    pub fn short(seed: u64, bytes: Range<u64>, begins_with_pause: bool) -> Self {
        let random = Random::new(seed);
        let mut tcp = Tcp::long(Duration::ZERO);
        tcp.files = Some(Files { random, bytes });
        if begins_with_pause {
            tcp.next_transfer = tcp.pause();
        }
        tcp
    }

    fn pause(&mut self) -> Duration {
        let drawn = self.files.as_mut().map_or(0.0, |files| files.random.fraction());
        MEAN_PAUSE.mul_f64(-(1.0 - drawn).ln())
    }

    fn begin(&mut self, now: Duration) {
        self.left = self.files.as_mut().map_or(u64::MAX, |files| {
            let spread = files.bytes.end - files.bytes.start;
            (files.bytes.start + files.random.below(spread)).div_ceil(SEGMENT as u64)
        });
        (self.window, self.threshold) = (FIRST_WINDOW, f64::MAX);
        self.heard_at = now;
        self.transfers += 1;
    }

    /// Numbers of the segments to send now, each of `SEGMENT` bytes.
    pub fn send(&mut self, now: Duration) -> Vec<u64> {
        if self.left == 0 && now >= self.next_transfer {
            self.begin(now);
        }
        if !self.in_flight.is_empty() && now - self.heard_at > TIMEOUT {
            self.in_flight.clear();
            self.threshold = (self.window / 2.0).max(2.0);
            (self.window, self.heard_at) = (1.0, now);
        }
        let mut sent = Vec::new();
        while (self.in_flight.len() as f64) < self.window && (self.in_flight.len() as u64) < self.left {
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
        self.left -= 1;
        if self.left == 0 {
            self.next_transfer = now + self.pause();
        }
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
}
