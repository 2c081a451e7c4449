//! One direction of a network path in virtual time: rate, queue, pauses, delay, jitter, loss, all from a seed.
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
    /// Whether none overtakes another: what is faster waits for those before it.
    pub keeps_order: bool,
    pub pauses: Option<Pauses>,
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
            keeps_order: false,
            pauses: None,
            rate_bps: None,
            max_queue: Duration::from_millis(300),
        }
    }
}

/// Spans in which nothing is let through, each as long as chance says between two bounds; what came meanwhile is let go
/// at once when they end. Radio schedulers do so, and radio that tries again.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    pub lasting: (Duration, Duration),
    /// From the end of one to the next.
    pub apart: (Duration, Duration),
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
    /// Draws pauses alone, so that they change nothing else.
    pause_random: Random,
    /// From when to when the latest of them lasts.
    pause: (Duration, Duration),
    latest_arrival: Duration,
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
            pause_random: Random::new(!seed),
            pause: (Duration::ZERO, Duration::ZERO),
            latest_arrival: Duration::ZERO,
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
        let let_go_at = self.wait_for_pause(leaves_at);
        let mut arrives_at = let_go_at + self.conditions.delay + self.conditions.jitter.mul_f64(jitter);
        if self.conditions.keeps_order {
            arrives_at = arrives_at.max(self.latest_arrival);
        }
        self.latest_arrival = self.latest_arrival.max(arrives_at);
        self.travelling.insert((arrives_at, self.sent), packet);
    }

    /// When what is ready now may go on.
    fn wait_for_pause(&mut self, ready_at: Duration) -> Duration {
        let Some(pauses) = self.conditions.pauses else {
            return ready_at;
        };
        let mut between = |(least, most): (Duration, Duration)| {
            least + (most - least).mul_f64(self.pause_random.fraction())
        };
        while self.pause.1 <= ready_at {
            let from = self.pause.1 + between(pauses.apart);
            // One without length would never end the search.
            let until = from + between(pauses.lasting).max(Duration::from_micros(1));
            self.pause = (from, until);
        }
        if ready_at < self.pause.0 {
            ready_at
        } else {
            self.pause.1
        }
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
    fn jitter_may_leave_the_order_as_it_is() {
        let conditions = Conditions {
            jitter: ms(20),
            keeps_order: true,
            ..Conditions::default()
        };
        let arrived = arrivals(1, conditions, 50);
        assert!(arrived.is_sorted_by_key(|(_, number)| *number));
        assert!(arrived.iter().any(|(at, number)| *at > ms(number + 15)));
    }

    #[test]
    fn a_pause_holds_what_comes_meanwhile_and_lets_it_go_at_once() {
        let conditions = Conditions {
            pauses: Some(Pauses {
                lasting: (ms(20), ms(60)),
                apart: (ms(100), ms(200)),
            }),
            ..Conditions::default()
        };
        let arrived = arrivals(1, conditions, 1_000);
        let held: Vec<_> = arrived
            .chunk_by(|one, next| one.0 == next.0)
            // A pause at the very end has nothing more to hold.
            .filter(|together| together.last() != arrived.last())
            .map(<[_]>::len)
            .filter(|together| *together > 1)
            .collect();
        assert!((4..=8).contains(&held.len()), "{held:?}");
        assert!(
            held.iter().all(|together| (19..=61).contains(together)),
            "{held:?}"
        );
        assert!(arrived.is_sorted_by_key(|(_, number)| *number));
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
