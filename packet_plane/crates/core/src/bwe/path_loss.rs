//! What of the packets to one receiver gets lost, second by second, as its transport-wide feedback tells.
//!
//! Receivers report of a voice alone only each few seconds (RFC 3550 section 6.2); their feedback comes within a quarter
//! of one. What a queue of our own making loses ends by sending less, so it counts for nothing here.

use std::time::Duration;

use crate::quantities::Instant;

/// What is told of is so long, as receivers' reports are, and of so many packets at least: half a voice's.
const INTERVAL: Duration = Duration::from_secs(1);
const MIN_PACKETS: usize = 25;
/// Less where chance does not explain so much loss: two deviations above where anything is done about it.
const SHORT_INTERVAL: Duration = Duration::from_millis(200);
const SHORT_PACKETS: usize = 40;
const DEVIATIONS: f64 = 2.0;
const MUCH: f64 = 0.03;

/// The interval that is counted now.
#[derive(Debug, Default)]
pub struct PathLoss {
    from: Option<Instant>,
    received: usize,
    lost: usize,
}

impl PathLoss {
    /// Take what one message tells; returns the share that was lost of what it ends, in 1/256.
    ///
    /// `late` are those of the received that had been told lost before.
    pub fn handle_counts(
        &mut self,
        now: Instant,
        (received, lost, late): (usize, usize, usize),
        is_own_queue: bool,
    ) -> Option<u8> {
        if is_own_queue {
            *self = PathLoss::default();
            return None;
        }
        let from = *self.from.get_or_insert(now);
        self.received += received;
        self.lost = (self.lost + lost).saturating_sub(late);
        let packets = self.received + self.lost;
        let lasted = now.since(from);
        let is_over = lasted >= INTERVAL && packets >= MIN_PACKETS;
        let is_clear = lasted >= SHORT_INTERVAL && packets >= SHORT_PACKETS && self.is_certainly_much();
        if !is_over && !is_clear {
            return None;
        }
        let share = self.share();
        *self = PathLoss {
            from: Some(now),
            ..PathLoss::default()
        };
        Some((share * 256.0) as u8)
    }

    fn share(&self) -> f64 {
        self.lost as f64 / (self.received + self.lost).max(1) as f64
    }

    fn is_certainly_much(&self) -> bool {
        let share = self.share();
        let deviation = (share * (1.0 - share) / (self.received + self.lost) as f64).sqrt();
        share - DEVIATIONS * deviation >= MUCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages each 50 ms of ten packets, of which so many are lost; what was told and when, in milliseconds.
    fn told(lost: impl Fn(u64) -> usize, is_own_queue: bool) -> Vec<(u64, u8)> {
        let mut path = PathLoss::default();
        let tell = |ms: u64| {
            let lost = lost(ms);
            let counts = (10 - lost, lost, 0);
            Some((
                ms,
                path.handle_counts(Instant::from_millis(ms), counts, is_own_queue)?,
            ))
        };
        (0..3_000).step_by(50).filter_map(tell).collect()
    }

    #[test]
    fn tells_once_a_second_and_sooner_where_the_loss_is_no_chance() {
        let few = |ms: u64| usize::from(ms % 200 == 0);
        assert_eq!(told(few, false), [(1_000, 7), (2_000, 6)]);
        let first = told(|_| 3, false)[0];
        assert_eq!(first, (200, 76));
    }

    #[test]
    fn what_a_queue_of_our_own_loses_is_not_told() {
        assert_eq!(told(|_| 5, true), []);
    }

    #[test]
    fn what_came_late_was_not_lost() {
        let mut path = PathLoss::default();
        let mut tell = |ms, counts| path.handle_counts(Instant::from_millis(ms), counts, false);
        assert_eq!(tell(0, (20, 10, 0)), None);
        assert_eq!(tell(1_000, (20, 0, 10)), Some(0));
    }

    #[test]
    fn few_packets_are_waited_for() {
        let mut path = PathLoss::default();
        let mut tell = |ms, counts| path.handle_counts(Instant::from_millis(ms), counts, false);
        assert_eq!(tell(0, (1, 1, 0)), None);
        assert_eq!(tell(2_000, (10, 0, 0)), None);
        assert_eq!(tell(4_000, (20, 0, 0)), Some(8));
    }
}
