//! How unevenly a path delivers although nothing of ours queues, and the delay that is left without it.
//!
//! Radio tries again, and its schedulers let go in bursts: packets are held and then arrive at once, or one overtakes
//! another. A queue of our own making does neither: it hands on one after the other, and no faster than the path carries.
//! Where packets are held only the least delay of a while tells what queues (as LEDBAT and NADA filter
//! it, RFC 6817 and 8698). How long a while is follows from how long they are held, so that on an even path nothing is smoothed
//! and a queue seen as soon as ever.

use std::collections::VecDeque;
use std::time::Duration;

use super::arrival_groups::GroupDelta;
use super::sent_history::Acknowledged;

/// Packets that arrive so many times faster than the path is thought to carry were let go together, and at this rate at
/// least, as a path is shared and an estimate low: what queues before so fast a path is not ours.
const TOGETHER: f64 = 8.0;
const TOGETHER_BPS: f64 = 3e6;
/// How exactly the time of an arrival is known.
const RESOLUTION_US: i64 = 1_000;
/// Less is a receiver that was busy.
const MIN_HELD_US: i64 = 8_000;
/// More is an outage, or a path that has become another.
const MAX_HELD_US: i64 = 250_000;
/// What was seen is forgotten by half in this time.
const HALF_LIFE_US: f64 = 5e6;
/// In so many times as long as packets are held one will not have been.
const WINDOW: i64 = 3;
const MAX_WINDOW_US: i64 = 300_000;
/// What is left moves by some of it where each packet may hold those behind it. A queue of so much more is no reason to
/// send less.
const ALLOWED: f64 = 0.5;
const MAX_ALLOWED_MS: f64 = 25.0;
/// A receiver that tells of arrivals at one and the same moment would have all of them kept.
const MAX_PACKETS: usize = 1_024;

/// Packets that arrived one right after the other.
#[derive(Debug, Default)]
struct Run {
    from_us: i64,
    /// The longest delay among them.
    longest_us: i64,
    /// By how much the last of them was faster.
    held_us: i64,
    /// Of all but the first.
    bytes: usize,
}

impl Run {
    fn new(from_us: i64, longest_us: i64) -> Self {
        Run {
            from_us,
            longest_us,
            held_us: 0,
            bytes: 0,
        }
    }

    /// Bits per second at which they arrive at least.
    fn bps(&self, now_us: i64) -> f64 {
        self.bytes as f64 * 8e6 / (now_us - self.from_us + RESOLUTION_US).max(1) as f64
    }
}

/// The unevenness of one path.
#[derive(Debug, Default)]
pub struct Jitter {
    /// When the last packet was sent and arrived.
    last: Option<(i64, i64)>,
    run: Run,
    held_us: f64,
    held_at_us: i64,
    /// When packets arrived, and their delay where no later one has a smaller one.
    least: VecDeque<(i64, i64)>,
    /// Delay of the last group, without what it was held.
    level_us: Option<i64>,
    was_even: bool,
}

impl Jitter {
    /// How long packets are held at most, as lately seen.
    #[must_use]
    pub fn held(&self) -> Duration {
        Duration::from_micros(self.held_us() as u64)
    }

    /// Milliseconds by which the least delay of a while is moved by them.
    #[must_use]
    pub fn allowed_ms(&self) -> f64 {
        (self.held_us() as f64 / 1_000.0 * ALLOWED).min(MAX_ALLOWED_MS)
    }

    fn held_us(&self) -> i64 {
        let Some((_, now_us)) = self.last else { return 0 };
        let passed = (now_us - self.held_at_us).max(0) as f64;
        let held_us = (self.held_us * 0.5f64.powf(passed / HALF_LIFE_US)) as i64;
        if held_us < MIN_HELD_US { 0 } else { held_us }
    }

    /// Begin anew with another queue; how uneven the path is stays known.
    pub fn forget_the_queue(&mut self) {
        (self.last, self.level_us) = (None, None);
        self.least.clear();
    }

    /// Take a packet in order of arrival; `carried_bps` is what the path is thought to carry.
    pub fn handle_packet(&mut self, packet: &Acknowledged, carried_bps: f64) {
        let (sent_us, arrived_us) = (packet.sent_at.micros() as i64, packet.arrived_us);
        let delay_us = arrived_us - sent_us;
        self.keep(arrived_us, delay_us);
        let Some((sent_before, arrived_before)) = self.last.replace((sent_us, arrived_us)) else {
            self.run = Run::new(arrived_us, delay_us);
            return;
        };
        self.run.bytes += packet.len;
        let apart_us = arrived_us - arrived_before;
        let together_bps = (carried_bps * TOGETHER).max(TOGETHER_BPS);
        if sent_us < sent_before {
            self.note(arrived_us, delay_us - (arrived_before - sent_before));
        } else if apart_us >= 0 && self.run.bps(arrived_us) >= together_bps {
            self.run.held_us = self.run.longest_us - delay_us;
        } else if !(0..=RESOLUTION_US).contains(&apart_us) {
            self.note(arrived_us, self.run.held_us);
            self.run = Run::new(arrived_us, delay_us);
        }
        self.run.longest_us = self.run.longest_us.max(delay_us);
    }

    fn note(&mut self, now_us: i64, held_us: i64) {
        if held_us > self.held_us().max(MIN_HELD_US) && held_us <= MAX_HELD_US {
            (self.held_us, self.held_at_us) = (held_us as f64, now_us);
        }
    }

    fn keep(&mut self, arrived_us: i64, delay_us: i64) {
        while self.least.back().is_some_and(|(_, least)| *least >= delay_us) {
            self.least.pop_back();
        }
        self.least.push_back((arrived_us, delay_us));
        let is_old = |at: i64| arrived_us - at > MAX_WINDOW_US;
        while self.least.len() > MAX_PACKETS || self.least.front().is_some_and(|(at, _)| is_old(*at)) {
            self.least.pop_front();
        }
    }

    /// The difference between two groups without what they were held.
    pub fn smooth(&mut self, delta: &GroupDelta) -> GroupDelta {
        let window_us = (self.held_us() * WINDOW).min(MAX_WINDOW_US);
        let is_even = window_us == 0;
        let level_us = self.least_us(delta.at_us - window_us).filter(|_| !is_even);
        let level_us = level_us.unwrap_or(delta.delay_us);
        let before = self.level_us.replace(level_us);
        let was_even = std::mem::replace(&mut self.was_even, is_even);
        let Some(before) = before.filter(|_| !(is_even && was_even)) else {
            return *delta;
        };
        GroupDelta {
            arrived_us: delta.sent_us + level_us - before,
            ..*delta
        }
    }

    fn least_us(&self, from_us: i64) -> Option<i64> {
        let recent = self.least.iter().find(|(at, _)| *at >= from_us);
        recent.map(|(_, delay_us)| *delay_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantities::Instant;

    /// A packet of a thousand bytes each ten milliseconds for some seconds, which takes so much longer; the levels after it.
    fn run(jitter: &mut Jitter, seconds: u64, later_us: impl Fn(u64) -> i64) -> Vec<i64> {
        let mut packets: Vec<_> = (0..seconds * 100)
            .map(|number| Acknowledged {
                sent_at: Instant::from_millis(1_000 + number * 10),
                arrived_us: number as i64 * 10_000 + later_us(number),
                len: 1_000,
                probe: 0,
            })
            .collect();
        packets.sort_by_key(|packet| packet.arrived_us);
        let mut level_us = 0;
        let levels = packets.windows(2).map(|pair| {
            jitter.handle_packet(&pair[1], 800_000.0);
            let delay = |packet: &Acknowledged| packet.arrived_us - packet.sent_at.micros() as i64;
            let sent_us = pair[1].sent_at.micros() as i64 - pair[0].sent_at.micros() as i64;
            let smooth = jitter.smooth(&GroupDelta {
                sent_us,
                arrived_us: pair[1].arrived_us - pair[0].arrived_us,
                at_us: pair[1].arrived_us,
                delay_us: delay(&pair[1]),
            });
            level_us += smooth.arrived_us - smooth.sent_us;
            level_us
        });
        levels.collect()
    }

    #[test]
    fn a_queue_that_grows_and_empties_is_not_held_and_seen_as_it_is() {
        let mut jitter = Jitter::default();
        // Up by four milliseconds a packet, then down by four: packets that arrive six milliseconds apart are no burst.
        let queue = |number: u64| 4_000 * (number % 100).min(100 - number % 100) as i64;
        let levels = run(&mut jitter, 10, queue);
        assert_eq!(jitter.held(), Duration::ZERO);
        assert!(
            levels
                .iter()
                .zip(1..)
                .all(|(level, number)| *level == queue(number))
        );
    }

    #[test]
    fn what_is_held_and_let_go_at_once_leaves_the_least_delay() {
        let mut jitter = Jitter::default();
        // Held up to the end of each 60 ms.
        let levels = run(&mut jitter, 10, |number| 50_000 - (number % 6) as i64 * 10_000);
        assert!(
            (40..=50).contains(&jitter.held().as_millis()),
            "{:?}",
            jitter.held()
        );
        assert!(levels[50..].windows(2).all(|pair| pair[0] == pair[1]));
        assert!(jitter.allowed_ms() > 20.0);
    }

    #[test]
    fn packets_that_overtake_each_other_leave_the_least_delay() {
        let mut jitter = Jitter::default();
        let levels = run(&mut jitter, 10, |number| (number * 37 % 80) as i64 * 1_000);
        assert!(
            (50..80).contains(&jitter.held().as_millis()),
            "{:?}",
            jitter.held()
        );
        let (least, most) = (levels[50..].iter().min(), levels[50..].iter().max());
        assert!(most.zip(least).is_some_and(|(most, least)| most - least < 10_000));
    }

    #[test]
    fn an_outage_is_not_taken_for_a_path_that_holds_packets() {
        let mut jitter = Jitter::default();
        // A second, once, all of which comes at once.
        run(&mut jitter, 5, |number| {
            1_000_000 - number.min(100) as i64 * 10_000
        });
        assert_eq!(jitter.held(), Duration::ZERO);
    }

    #[test]
    fn an_uneven_path_that_has_become_even_is_known_to_be_so() {
        let mut jitter = Jitter::default();
        run(&mut jitter, 5, |number| 50_000 - (number % 6) as i64 * 10_000);
        jitter.forget_the_queue();
        run(&mut jitter, 20, |_| 0);
        assert_eq!(jitter.held(), Duration::ZERO);
    }

    #[test]
    fn arrivals_told_at_one_moment_are_kept_in_bounded_number() {
        let mut jitter = Jitter::default();
        for number in (0..50_000).rev() {
            jitter.handle_packet(
                &Acknowledged {
                    sent_at: Instant::from_millis(number),
                    arrived_us: 0,
                    len: 250,
                    probe: 0,
                },
                1e6,
            );
            assert!(jitter.least.len() <= MAX_PACKETS);
        }
    }
}
