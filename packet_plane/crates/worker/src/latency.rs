//! How long packets are in here: from the call that read them to the end of the call that wrote what follows.

use packet_plane_core::quantities::Instant;

/// Upper bounds in microseconds; one more count stands for what took longer.
pub const BOUNDS_US: [u64; 11] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000,
];

/// A histogram of packets sent, and the sum of their times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Latency {
    /// Not cumulative.
    pub counts: [u64; BOUNDS_US.len() + 1],
    pub sum_us: u64,
}

impl Latency {
    /// Upper bound in microseconds and packets of each bucket; the last has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> + '_ {
        let bounds = BOUNDS_US.iter().copied().map(Some).chain([None]);
        bounds.zip(self.counts)
    }

    /// Note packets of which the oldest was read at `since`.
    pub(crate) fn add(&mut self, since: Instant, now: Instant, packets: u64) {
        let took_us = now.since(since).as_micros() as u64;
        let bucket = BOUNDS_US.partition_point(|bound| *bound < took_us);
        self.counts[bucket] += packets;
        self.sum_us += took_us * packets;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_counted_under_the_least_bound_that_it_keeps() {
        let mut latency = Latency::default();
        let since = Instant::from_millis(1_000);
        for (took_us, bucket) in [(0, 0), (50, 0), (51, 1), (1_000, 4), (100_000, 10), (100_001, 11)] {
            let before = latency.counts[bucket];
            let now = Instant(since.micros() + took_us);
            latency.add(since, now, 3);
            assert_eq!(latency.counts[bucket], before + 3, "{took_us}");
        }
        assert_eq!(latency.sum_us, 3 * (50 + 51 + 1_000 + 100_000 + 100_001));
    }
}
