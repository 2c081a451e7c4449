//! Arrival times of a sender's packets, reported back to it as transport-wide feedback.
//!
//! Source: draft-holmer-rmcat-transport-wide-cc-extensions-01. How often is the caller's choice.

use std::time::Duration;

use crate::quantities::{ExtendedSequenceNumber, Instant};
use crate::rtcp::transport_cc;

/// A browser at 5 Mbit/s sends 60 packets in an interval; what comes beyond this waits for nobody.
const MAX_PENDING: usize = 1_024;

/// For so long what was reported is kept, to be told again beside what was overtaken by the report (libwebrtc's receivers
/// do the same). A sender counts as lost what it was told missing, until it is told otherwise.
const KEPT: Duration = Duration::from_millis(500);

/// The latest arrivals.
#[derive(Debug, Default)]
pub struct TransportCcRecorder {
    /// Number of `arrivals[0]`; `None` before the first packet.
    base: Option<ExtendedSequenceNumber>,
    arrivals: Vec<Option<Instant>>,
    /// Of them, how many need not be reported any more.
    told: usize,
    media_ssrc: u32,
    feedback_count: u8,
    reported_at: Instant,
}

impl TransportCcRecorder {
    /// Note a packet with its transport-wide number.
    pub fn handle_packet(&mut self, now: Instant, number: u16, media_ssrc: u32) {
        self.media_ssrc = media_ssrc;
        let base = *self
            .base
            .get_or_insert(ExtendedSequenceNumber(u64::from(number) + 0x1_0000));
        let sequence = ExtendedSequenceNumber(base.0 + self.arrivals.len() as u64).nearest(number);
        // Older than what is kept: the sender counts it as lost, which does no harm.
        let Some(offset) = sequence.0.checked_sub(base.0) else {
            return;
        };
        let offset = offset as usize;
        if offset >= self.told + MAX_PENDING {
            self.arrivals.clear();
            self.told = 0;
            self.base = Some(sequence);
            self.arrivals.push(Some(now));
            return;
        }
        if offset >= self.arrivals.len() {
            self.arrivals.resize(offset + 1, None);
        }
        if self.arrivals[offset].is_none() {
            self.arrivals[offset] = Some(now);
            self.told = self.told.min(offset);
        }
    }

    /// Append a report if there is something to tell and the last one went out `interval` ago.
    pub fn poll(&mut self, now: Instant, interval: Duration, sender_ssrc: u32, out: &mut Vec<u8>) {
        if self.told == self.arrivals.len() || now < self.reported_at + interval {
            return;
        }
        self.reported_at = now;
        while let Some(base) = self.base {
            let number = (base.0 + self.told as u64) as u16;
            let ssrcs = (sender_ssrc, self.media_ssrc);
            let untold = &self.arrivals[self.told..];
            let covered = transport_cc::write(ssrcs, number, self.feedback_count, untold, out);
            if covered == 0 {
                break;
            }
            self.feedback_count = self.feedback_count.wrapping_add(1);
            self.told += covered;
        }
        self.forget_old(now);
    }

    /// Drop what was told and can be left out of later reports.
    fn forget_old(&mut self, now: Instant) {
        let told = self.arrivals[..self.told].iter();
        let is_recent = |arrival: &Option<Instant>| arrival.is_some_and(|at| now.since(at) < KEPT);
        let old = told.take_while(|arrival| !is_recent(arrival)).count();
        let old = old.max(self.told.saturating_sub(MAX_PENDING));
        self.arrivals.drain(..old);
        self.told -= old;
        self.base = self.base.map(|base| ExtendedSequenceNumber(base.0 + old as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp;
    use proptest::prelude::*;

    proptest! {
        /// Whatever gets lost and wherever a report ends, what lies before the newest arrival is told once.
        #[test]
        fn tells_the_sender_of_each_packet_once(
            first in any::<u16>(),
            arrived in proptest::collection::vec(any::<bool>(), 1..300),
            per_report in 1usize..40,
        ) {
            let mut recorder = TransportCcRecorder::default();
            let mut told = Vec::new();
            for (at, has_arrived) in arrived.iter().enumerate() {
                if *has_arrived {
                    let number = first.wrapping_add(at as u16);
                    recorder.handle_packet(Instant::from_millis(10 * at as u64), number, 7);
                }
                if at % per_report == per_report - 1 || at == arrived.len() - 1 {
                    for message in report(&mut recorder, 1_000 * (at as u64 + 1)) {
                        for (number, arrival) in (message.base_sequence_number..=u16::MAX).chain(0..=u16::MAX).zip(message.arrivals) {
                            told.push((number, arrival.is_some()));
                        }
                    }
                }
            }
            // Before the first arrival no number is known.
            let known = arrived.iter().position(|one| *one).unwrap_or(arrived.len());
            let newest = arrived.iter().rposition(|one| *one).map_or(known, |at| at + 1);
            let expected: Vec<_> = (known..newest).map(|at| (first.wrapping_add(at as u16), arrived[at])).collect();
            prop_assert_eq!(told, expected);
        }
    }

    fn report(recorder: &mut TransportCcRecorder, ms: u64) -> Vec<rtcp::transport_cc::TransportFeedback> {
        let mut out = Vec::new();
        recorder.poll(Instant::from_millis(ms), Duration::from_millis(50), 1, &mut out);
        rtcp::packets(&out)
            .map(|p| transport_cc::parse(p.expect("fits").body).expect("reads"))
            .collect()
    }

    #[test]
    fn reports_arrivals_and_losses_once_across_the_wrap() {
        let mut recorder = TransportCcRecorder::default();
        for (ms, number) in [(100, 65_534u16), (110, 65_535), (120, 1)] {
            recorder.handle_packet(Instant::from_millis(ms), number, 7);
        }
        let reports = report(&mut recorder, 160);
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].base_sequence_number, 65_534);
        let arrived: Vec<bool> = reports[0].arrivals.iter().map(Option::is_some).collect();
        assert_eq!(arrived, [true, true, false, true]);
        assert!(report(&mut recorder, 300).is_empty());
        recorder.handle_packet(Instant::from_millis(310), 4, 7);
        let reports = report(&mut recorder, 400);
        assert_eq!(reports[0].base_sequence_number, 2);
        let arrived: Vec<bool> = reports[0].arrivals.iter().map(Option::is_some).collect();
        assert_eq!(arrived, [false, false, true]);
    }

    #[test]
    fn what_a_report_has_overtaken_is_told_by_the_next_with_all_that_follows() {
        let mut recorder = TransportCcRecorder::default();
        for (ms, number) in [(100, 1), (110, 4), (120, 2)] {
            recorder.handle_packet(Instant::from_millis(ms), number, 7);
        }
        assert_eq!(report(&mut recorder, 150)[0].arrivals.len(), 4);
        recorder.handle_packet(Instant::from_millis(160), 3, 7);
        recorder.handle_packet(Instant::from_millis(165), 5, 7);
        let again = report(&mut recorder, 210);
        assert_eq!(again[0].base_sequence_number, 3);
        assert_eq!(again[0].arrivals, [Some(160_000), Some(110_000), Some(165_000)]);
        // What came twice is told once.
        recorder.handle_packet(Instant::from_millis(220), 3, 7);
        assert!(report(&mut recorder, 270).is_empty());
        // Half a second later nothing is known of it any more.
        recorder.handle_packet(Instant::from_millis(900), 6, 7);
        report(&mut recorder, 950);
        recorder.handle_packet(Instant::from_millis(960), 0, 7);
        assert!(report(&mut recorder, 1_010).is_empty());
    }

    #[test]
    fn keeps_at_most_a_bounded_number_of_arrivals() {
        let mut recorder = TransportCcRecorder::default();
        for number in (0..60_000u32).step_by(700) {
            recorder.handle_packet(Instant::from_millis(5), number as u16, 7);
            assert!(recorder.arrivals.len() <= 2 * MAX_PENDING);
        }
    }
}
