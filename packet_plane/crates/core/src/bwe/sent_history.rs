//! What was sent to one receiver under which transport-wide number, until its feedback tells what became of it.
//!
//! Source: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2.

use std::collections::VecDeque;
use std::time::Duration;

use crate::quantities::{ExtendedSequenceNumber, Instant};
use crate::rtcp::transport_cc::TransportFeedback;

/// Half a second of 20,000 packets a second; feedback comes every 50 to 250 ms.
const MAX_IN_FLIGHT: usize = 16_384;
/// The reference time of feedback has 24 bits of 64 ms.
const REFERENCE_RANGE_US: i64 = (1 << 24) * 64_000;

/// A packet on its way.
#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Instant,
    len: u16,
    probe: u8,
    is_settled: bool,
    /// When it was told missing, on the receiver's clock.
    missed_us: Option<i64>,
    /// Whether it was counted as lost.
    is_lost: bool,
}

/// A packet that has arrived, as its receiver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub sent_at: Instant,
    /// Microseconds on the receiver's clock, from any origin.
    pub arrived_us: i64,
    pub len: usize,
    /// Number of the probe cluster that it belonged to, 0 for none.
    pub probe: u8,
}

/// What one feedback message says.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// In order of arrival.
    pub acknowledged: Vec<Acknowledged>,
    pub packets_lost: usize,
    pub bytes_lost: usize,
    /// Of those acknowledged, how many had been counted as lost.
    pub packets_late: usize,
    pub bytes_late: usize,
    /// Bytes sent between what was told before and what this tells of: the message about them got lost.
    pub bytes_untold: usize,
}

/// The packets in flight.
#[derive(Debug, Default)]
pub struct SentHistory {
    packets: VecDeque<Sent>,
    /// Transport-wide number of `packets[0]`.
    first: u64,
    next: u64,
    /// Behind the newest number that was told.
    told: Option<u64>,
    bytes_in_flight: usize,
    last_arrival_us: Option<i64>,
    /// Numbers that are missing and may only be late.
    missed: Vec<u64>,
    lateness: Lateness,
}

/// How long what is missing is waited for before it counts as lost: as long as packets were late lately, and not at all on
/// a path that keeps their order (RFC 8985 section 3.3.2 has its reordering window so).
#[derive(Debug, Default)]
struct Lateness {
    patience_us: i64,
    seen_us: i64,
}

impl Lateness {
    fn handle_late(&mut self, now_us: i64, late_us: i64) {
        let needed_us = (late_us * 3 / 2).min(MAX_PATIENCE_US);
        if needed_us >= self.patience_us {
            (self.patience_us, self.seen_us) = (needed_us, now_us);
        }
    }

    fn patience_us(&mut self, now_us: i64) -> i64 {
        if now_us - self.seen_us > LATENESS_MEMORY_US {
            (self.patience_us, self.seen_us) = (self.patience_us / 2, now_us);
        }
        if self.patience_us < MIN_PATIENCE_US {
            return 0;
        }
        self.patience_us
    }
}

impl SentHistory {
    /// The number of the next packet.
    #[must_use]
    pub fn next_number(&self) -> u16 {
        self.next as u16
    }

    /// Note that the packet with the next number went out.
    pub fn handle_sent(&mut self, now: Instant, len: usize, probe: u8) {
        if self.packets.len() >= MAX_IN_FLIGHT {
            self.forget_first();
        }
        self.packets.push_back(Sent {
            at: now,
            len: len as u16,
            probe,
            is_settled: false,
            missed_us: None,
            is_lost: false,
        });
        self.bytes_in_flight += len;
        self.next += 1;
    }

    #[must_use]
    pub fn bytes_in_flight(&self) -> usize {
        self.bytes_in_flight
    }

    /// Take what a receiver says; what it says twice counts once.
    pub fn handle_feedback(&mut self, feedback: &TransportFeedback) -> Outcome {
        let newest = ExtendedSequenceNumber(self.next.saturating_sub(1));
        let base = newest.nearest(feedback.base_sequence_number).0;
        let mut outcome = Outcome {
            bytes_untold: self.bytes_untold(base),
            ..Outcome::default()
        };
        let mut newest_us = None;
        let mut missing = Vec::new();
        for (number, arrival) in (base..).zip(&feedback.arrivals) {
            let Some(arrived_us) = arrival.map(|arrival| self.unwrap_arrival(arrival)) else {
                missing.push(number);
                continue;
            };
            newest_us = newest_us.max(Some(arrived_us));
            let Some(sent) = self.find(number).filter(|sent| !sent.is_settled) else {
                continue;
            };
            sent.is_settled = true;
            let (missed_us, is_lost) = (sent.missed_us, sent.is_lost);
            let len = usize::from(sent.len);
            outcome.acknowledged.push(Acknowledged {
                sent_at: sent.at,
                arrived_us,
                len,
                probe: sent.probe,
            });
            if is_lost {
                outcome.packets_late += 1;
                outcome.bytes_late += len;
            }
            if let Some(missed_us) = missed_us {
                self.lateness.handle_late(arrived_us, arrived_us - missed_us);
            }
        }
        outcome.acknowledged.sort_by_key(|packet| packet.arrived_us);
        let now_us = newest_us.or(self.last_arrival_us).unwrap_or(0);
        (outcome.packets_lost, outcome.bytes_lost) = self.count_lost(now_us, &missing);
        let told = base + feedback.arrivals.len() as u64;
        self.told = self.told.max(Some(told.min(self.next)));
        self.forget_told(told);
        outcome
    }

    /// Note numbers that are told missing now; returns how many have been so for too long to be only late, and their bytes.
    fn count_lost(&mut self, now_us: i64, missing: &[u64]) -> (usize, usize) {
        for number in missing {
            let sent = self.find(*number).filter(|sent| !sent.is_settled);
            if let Some(sent) = sent.filter(|sent| sent.missed_us.is_none()) {
                sent.missed_us = Some(now_us);
                self.missed.push(*number);
            }
        }
        let lost_from_us = now_us - self.lateness.patience_us(now_us);
        let mut missed = std::mem::take(&mut self.missed);
        let (mut lost, mut bytes) = (0, 0);
        missed.retain(|number| {
            let Some(sent) = self.find(*number) else {
                lost += 1;
                return false;
            };
            sent.is_lost = !sent.is_settled && sent.missed_us.is_some_and(|at| at <= lost_from_us);
            if sent.is_lost {
                lost += 1;
                bytes += usize::from(sent.len);
            }
            !sent.is_settled && !sent.is_lost
        });
        self.missed = missed;
        (lost, bytes)
    }

    /// What lies before is settled one way or the other; a little stays for what comes late.
    fn forget_told(&mut self, told: u64) {
        let newest = told
            .checked_sub(self.first + 1)
            .and_then(|index| self.packets.get(index as usize));
        let Some(newest_at) = newest.or(self.packets.back()).map(|sent| sent.at) else {
            return;
        };
        let is_old = |sent: &Sent| newest_at.since(sent.at) >= LATE_FOR;
        while self.first + LATE < told && self.packets.front().is_some_and(is_old) {
            self.forget_first();
        }
    }

    /// Whatever is on its way says nothing any more; returns how many bytes that were.
    pub fn give_up(&mut self) -> usize {
        let unsettled = self.packets.iter_mut().filter(|sent| !sent.is_settled);
        let bytes = unsettled.map(|sent| {
            sent.is_settled = true;
            usize::from(sent.len)
        });
        let bytes = bytes.sum();
        self.missed.clear();
        self.told = Some(self.next);
        bytes
    }

    /// Bytes that were sent before `base` and of which nothing was told.
    fn bytes_untold(&self, base: u64) -> usize {
        let from = self.told.unwrap_or(base).max(self.first);
        let numbers = from..base.min(self.next);
        numbers
            .filter_map(|number| self.packets.get(usize::try_from(number - self.first).ok()?))
            .map(|sent| usize::from(sent.len))
            .sum()
    }

    fn find(&mut self, number: u64) -> Option<&mut Sent> {
        let index = number.checked_sub(self.first)?;
        self.packets.get_mut(usize::try_from(index).ok()?)
    }

    fn forget_first(&mut self) {
        if let Some(sent) = self.packets.pop_front() {
            self.first += 1;
            self.bytes_in_flight -= usize::from(sent.len);
        }
    }

    /// Arrivals on one line although the reference time wraps.
    fn unwrap_arrival(&mut self, raw_us: u64) -> i64 {
        let raw = raw_us as i64;
        let unwrapped = match self.last_arrival_us {
            None => raw,
            Some(last) => {
                let step = (raw - last).rem_euclid(REFERENCE_RANGE_US);
                let back = step > REFERENCE_RANGE_US / 2;
                last + step - if back { REFERENCE_RANGE_US } else { 0 }
            }
        };
        self.last_arrival_us = Some(unwrapped);
        unwrapped
    }
}

/// Packets behind the newest that was told which may still be acknowledged, and all that were sent so short before it.
const LATE: u64 = 64;
const LATE_FOR: Duration = Duration::from_millis(250);
/// Later than this a packet is of no use, and what is known of lateness is halved in this time.
const MIN_PATIENCE_US: i64 = 1_000;
const MAX_PATIENCE_US: i64 = 250_000;
const LATENESS_MEMORY_US: i64 = 5_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn feedback(base: u16, arrivals: Vec<Option<u64>>) -> TransportFeedback {
        TransportFeedback {
            media_ssrc: 1,
            base_sequence_number: base,
            feedback_count: 0,
            arrivals,
        }
    }

    fn sent(count: u64) -> SentHistory {
        let mut history = SentHistory::default();
        (0..count).for_each(|number| history.handle_sent(Instant::from_millis(number), 100, 0));
        history
    }

    #[test]
    fn tells_what_arrived_and_what_did_not_once() {
        let mut history = sent(4);
        let told = feedback(0, vec![Some(9_000), None, Some(8_000)]);
        let outcome = history.handle_feedback(&told);
        let arrived: Vec<i64> = outcome
            .acknowledged
            .iter()
            .map(|packet| packet.arrived_us)
            .collect();
        assert_eq!((arrived, outcome.packets_lost), (vec![8_000, 9_000], 1));
        let again = history.handle_feedback(&told);
        assert!(again.acknowledged.is_empty());
        let late = history.handle_feedback(&feedback(1, vec![Some(10_000)]));
        assert_eq!((late.acknowledged.len(), late.packets_late), (1, 1));
    }

    #[test]
    fn what_is_missing_counts_once_however_often_it_is_told() {
        let mut history = sent(4);
        let told = feedback(0, vec![Some(1_000), None, Some(3_000)]);
        assert_eq!(history.handle_feedback(&told).packets_lost, 1);
        let again = feedback(0, vec![Some(1_000), None, Some(3_000), Some(4_000)]);
        assert_eq!(history.handle_feedback(&again).packets_lost, 0);
    }

    #[test]
    fn on_a_path_that_changes_the_order_what_is_missing_is_waited_for_as_long_as_others_were_late() {
        let mut history = sent(10);
        history.handle_feedback(&feedback(0, vec![None, Some(10_000)]));
        // Forty milliseconds late: sixty are waited from now on.
        let late = history.handle_feedback(&feedback(0, vec![Some(50_000)]));
        assert_eq!((late.packets_late, late.packets_lost), (1, 0));
        let missing = feedback(2, vec![None, None, Some(60_000)]);
        assert_eq!(history.handle_feedback(&missing).packets_lost, 0);
        let one = history.handle_feedback(&feedback(3, vec![Some(95_000)]));
        assert_eq!((one.packets_late, one.packets_lost), (0, 0));
        let other = history.handle_feedback(&feedback(5, vec![Some(121_000)]));
        assert_eq!(other.packets_lost, 1);
    }

    #[test]
    fn a_path_that_keeps_its_order_again_is_not_waited_for_for_ever() {
        let mut history = sent(100);
        history.handle_feedback(&feedback(0, vec![None, Some(10_000)]));
        history.handle_feedback(&feedback(0, vec![Some(50_000)]));
        for number in 2..14u16 {
            let at = u64::from(number) * 5_001_000;
            history.handle_feedback(&feedback(number, vec![Some(at)]));
        }
        let missing = history.handle_feedback(&feedback(14, vec![None, Some(70_100_000)]));
        assert_eq!(missing.packets_lost, 1);
    }

    #[test]
    fn what_a_lost_message_would_have_told_is_known_to_be_untold() {
        let mut history = sent(10);
        assert_eq!(
            history
                .handle_feedback(&feedback(2, vec![Some(9_000)]))
                .bytes_untold,
            0
        );
        assert_eq!(history.handle_feedback(&feedback(3, vec![None])).bytes_untold, 0);
        assert_eq!(
            history
                .handle_feedback(&feedback(7, vec![Some(9_500)]))
                .bytes_untold,
            300
        );
        assert_eq!(
            history
                .handle_feedback(&feedback(4, vec![Some(9_300)]))
                .bytes_untold,
            0
        );
        assert_eq!(
            history
                .handle_feedback(&feedback(8, vec![Some(9_600)]))
                .bytes_untold,
            0
        );
    }

    #[test]
    fn numbers_and_clocks_wrap() {
        let mut history = sent(65_540);
        let range = REFERENCE_RANGE_US as u64;
        let first = history.handle_feedback(&feedback(65_535, vec![Some(range - 1_000)]));
        let second = history.handle_feedback(&feedback(0, vec![Some(500)]));
        let step = second.acknowledged[0].arrived_us - first.acknowledged[0].arrived_us;
        assert_eq!(step, 1_500);
        assert_eq!(second.acknowledged[0].sent_at, Instant::from_millis(65_536));
    }

    #[test]
    fn feedback_about_nothing_that_was_sent_says_nothing() {
        let mut history = SentHistory::default();
        assert!(
            history
                .handle_feedback(&feedback(7, vec![Some(1), None]))
                .acknowledged
                .is_empty()
        );
        let mut history = sent(3);
        let outcome = history.handle_feedback(&feedback(40_000, vec![Some(1); 9]));
        assert_eq!((outcome.acknowledged.len(), outcome.packets_lost), (0, 0));
    }

    #[test]
    fn what_nobody_tells_about_is_forgotten_in_the_end() {
        let mut history = sent(MAX_IN_FLIGHT as u64 + 10);
        assert_eq!(history.bytes_in_flight(), MAX_IN_FLIGHT * 100);
        let outcome = history.handle_feedback(&feedback(0, vec![Some(1)]));
        assert!(outcome.acknowledged.is_empty());
    }
}
