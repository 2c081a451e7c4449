//! One direction of a network path in virtual time: rate, queue, delay, jitter, loss, all from a seed.
//!
//! Tests only. Time is what the caller says; the same seed and the same packets give the same arrivals.

mod random;

use std::collections::BTreeMap;
use std::time::Duration;

pub use random::Random;

/// What a path does to packets.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Chance that a packet is lost, 0 to 1.
    pub loss: f64,
    pub delay: Duration,
    /// Each packet takes up to this much longer, which may change their order.
    pub jitter: Duration,
    /// Bits per second; `None` is without limit.
    pub rate_bps: Option<u64>,
    /// How long the bottleneck's queue may become before it drops.
    pub max_queue: Duration,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions {
            loss: 0.0,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            rate_bps: None,
            max_queue: Duration::from_millis(300),
        }
    }
}

/// One direction of a path; `T` is whatever travels. Times count from any common start.
#[derive(Debug)]
pub struct Link<T> {
    conditions: Conditions,
    random: Random,
    /// By arrival, then by order of sending.
    travelling: BTreeMap<(Duration, u64), T>,
    sent: u64,
    pub lost: u64,
    bottleneck_free_at: Duration,
}

impl<T> Link<T> {
    #[must_use]
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        Link {
            conditions,
            random: Random::new(seed),
            travelling: BTreeMap::new(),
            sent: 0,
            lost: 0,
            bottleneck_free_at: Duration::ZERO,
        }
    }

    /// Change what the path does to packets sent from now on.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Put a packet of `len` bytes on its way.
    pub fn send(&mut self, now: Duration, len: usize, packet: T) {
        self.sent += 1;
        // Drawn for every packet, so that one condition does not change what another draws.
        let (is_lost, jitter) = (self.random.fraction(), self.random.fraction());
        let Some(leaves_at) = self.pass_bottleneck(now, len) else {
            self.lost += 1;
            return;
        };
        if is_lost < self.conditions.loss {
            self.lost += 1;
            return;
        }
        let arrives_at = leaves_at + self.conditions.delay + self.conditions.jitter.mul_f64(jitter);
        self.travelling.insert((arrives_at, self.sent), packet);
    }

    fn pass_bottleneck(&mut self, now: Duration, len: usize) -> Option<Duration> {
        let Some(rate_bps) = self.conditions.rate_bps else {
            return Some(now);
        };
        let starts_at = self.bottleneck_free_at.max(now);
        if starts_at - now > self.conditions.max_queue {
            return None;
        }
        let on_the_wire =
            Duration::from_nanos((len as u64 * 8).saturating_mul(1_000_000_000) / rate_bps.max(1));
        self.bottleneck_free_at = starts_at + on_the_wire;
        Some(self.bottleneck_free_at)
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.travelling.keys().next().map(|(at, _)| *at)
    }

    /// The next packet that has arrived by now.
    pub fn poll(&mut self, now: Duration) -> Option<T> {
        let entry = self.travelling.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn arrivals(seed: u64, conditions: Conditions, packets: u64) -> Vec<(Duration, u64)> {
        let mut link = Link::new(seed, conditions);
        (0..packets).for_each(|number| link.send(ms(number), 1_000, number));
        let mut arrived = Vec::new();
        while let Some(at) = link.poll_timeout() {
            if let Some(too_early) = at.checked_sub(Duration::from_nanos(1)) {
                assert_eq!(link.poll(too_early), None);
            }
            arrived.push((at, link.poll(at).expect("it is due")));
        }
        arrived
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals_and_another_does_not() {
        let conditions = Conditions {
            loss: 0.2,
            jitter: ms(30),
            ..Conditions::default()
        };
        assert_eq!(arrivals(1, conditions, 200), arrivals(1, conditions, 200));
        assert_ne!(arrivals(1, conditions, 200), arrivals(2, conditions, 200));
    }

    #[test]
    fn loses_the_share_it_is_told_to() {
        let conditions = Conditions {
            loss: 0.1,
            ..Conditions::default()
        };
        let arrived = arrivals(3, conditions, 10_000).len();
        assert!((8_800..9_200).contains(&arrived), "{arrived}");
    }

    #[test]
    fn delays_each_packet_and_reorders_by_jitter_alone() {
        let steady = Conditions {
            delay: ms(20),
            ..Conditions::default()
        };
        let expected: Vec<_> = (0..50).map(|number| (ms(number + 20), number)).collect();
        assert_eq!(arrivals(1, steady, 50), expected);
        let uneven = Conditions {
            jitter: ms(20),
            ..steady
        };
        assert!(!arrivals(1, uneven, 50).is_sorted_by_key(|(_, number)| *number));
    }

    #[test]
    fn a_bottleneck_spaces_packets_and_drops_what_would_wait_too_long() {
        // A thousand bytes take 8 ms on a megabit; one comes each millisecond.
        let narrow = Conditions {
            rate_bps: Some(1_000_000),
            max_queue: ms(40),
            ..Conditions::default()
        };
        let arrived = arrivals(1, narrow, 100);
        assert!(arrived.windows(2).all(|pair| pair[1].0 - pair[0].0 == ms(8)));
        assert!((15..25).contains(&arrived.len()), "{}", arrived.len());
    }
}
