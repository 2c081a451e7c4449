//! How much work a source may cause before it has proven itself: a bucket for each network address, in a fixed table.
//!
//! A check of integrity costs a microsecond; a flood of them from one place must not take the worker from those who are
//! in a meeting. The table never grows: addresses that fall on one bucket share it, which a flood from many places makes
//! likely and harmless, since addresses that have proven themselves are not counted.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::net::IpAddr;

use rustc_hash::FxHasher;

use crate::quantities::Instant;

const BUCKETS: usize = 4_096;
/// Checks a second from one place: a hundred people behind one address who join at once send two thousand.
const PER_SECOND: f32 = 2_000.0;
const BURST: f32 = 4_000.0;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    used: f32,
    at: Instant,
}

/// The buckets of one worker.
#[derive(Debug)]
pub struct SourceLimit {
    buckets: Vec<Bucket>,
}

impl Default for SourceLimit {
    fn default() -> Self {
        SourceLimit {
            buckets: vec![Bucket::default(); BUCKETS],
        }
    }
}

impl SourceLimit {
    /// Whether a source may cause one more check now.
    pub fn admits(&mut self, now: Instant, source: IpAddr) -> bool {
        let hasher = BuildHasherDefault::<FxHasher>::default();
        let bucket = &mut self.buckets[hasher.hash_one(network_of(source)) as usize % BUCKETS];
        let passed = now.since(std::mem::replace(&mut bucket.at, now)).as_secs_f32();
        bucket.used = (bucket.used - passed * PER_SECOND).max(0.0);
        let has_room = bucket.used < BURST;
        if has_room {
            bucket.used += 1.0;
        }
        has_room
    }
}

/// What one customer of a network has: an IPv4 address, or a /64 of IPv6.
fn network_of(source: IpAddr) -> u64 {
    match source.to_canonical() {
        IpAddr::V4(v4) => u64::from(u32::from(v4)),
        IpAddr::V6(v6) => (u128::from(v6) >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_from_one_place_is_cut_to_its_rate_and_others_are_not() {
        let mut limit = SourceLimit::default();
        let flood: IpAddr = "192.0.2.1".parse().expect("an address");
        let admitted = (0..100_000u64).filter(|number| limit.admits(Instant(1_000_000 + number * 10), flood));
        // A burst, and a second at the rate.
        assert!((5_900..6_100).contains(&admitted.count()));
        let other: IpAddr = "198.51.100.7".parse().expect("an address");
        assert!(limit.admits(Instant(2_000_000), other));
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_and_the_flood_ends_with_the_second() {
        let mut limit = SourceLimit::default();
        let at = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let admitted = (0..10_000).filter(|host| limit.admits(Instant(1), at(*host)));
        assert_eq!(admitted.count(), 4_000);
        assert!(limit.admits(Instant(10_000_000), at(1)));
    }
}
