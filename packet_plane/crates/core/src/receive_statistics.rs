//! Loss and jitter of one ingress stream, and the report blocks made of them (RFC 3550 sections 6.4.1, A.3, A.8).

use crate::quantities::{ExtendedSequenceNumber, Instant};
use crate::rtcp::receiver_report::ReportBlock;
use crate::rtcp::sender_report::SenderReport;

/// Running figures of a stream since its first packet.
#[derive(Debug, Default)]
pub struct ReceiveStatistics {
    first: Option<ExtendedSequenceNumber>,
    highest: ExtendedSequenceNumber,
    pub packets_received: u64,
    pub bytes_received: u64,
    /// Share that got lost between the last two reports, in 1/256.
    pub fraction_lost: u8,
    expected_before: u64,
    received_before: u64,
    /// Sixteen times the smoothed jitter, clock ticks, as in section A.8.
    jitter_sixteenths: u64,
    last_transit: Option<i64>,
    last_sender_report: Option<(Instant, u32)>,
}

impl ReceiveStatistics {
    /// The highest sequence number that has come.
    #[must_use]
    pub fn highest(&self) -> ExtendedSequenceNumber {
        self.highest
    }

    /// Note a packet of `len` bytes.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        sequence: ExtendedSequenceNumber,
        rtp_timestamp: u32,
        clock_rate: u32,
        len: usize,
    ) {
        self.first.get_or_insert(sequence);
        self.highest = self.highest.max(sequence);
        self.packets_received += 1;
        self.bytes_received += len as u64;
        let arrival_ticks = (u128::from(now.micros()) * u128::from(clock_rate) / 1_000_000) as i64;
        let transit = arrival_ticks.wrapping_sub(i64::from(rtp_timestamp)) as i32;
        if let Some(last) = self.last_transit {
            let difference = u64::from((transit.wrapping_sub(last as i32)).unsigned_abs());
            // A step of more than ten seconds is a new timeline, not jitter.
            if difference < u64::from(clock_rate) * 10 {
                self.jitter_sixteenths += difference;
                self.jitter_sixteenths -= (self.jitter_sixteenths + 8) / 16;
            }
        }
        self.last_transit = Some(i64::from(transit));
    }

    /// Note a sender report of the stream.
    pub fn handle_sender_report(&mut self, now: Instant, report: &SenderReport) {
        self.last_sender_report = Some((now, report.compact_ntp()));
    }

    /// Packets that should have come and did not; never negative.
    #[must_use]
    pub fn packets_lost(&self) -> u64 {
        self.expected().saturating_sub(self.packets_received)
    }

    /// Smoothed interarrival jitter in clock ticks.
    #[must_use]
    pub fn jitter_ticks(&self) -> u32 {
        u32::try_from(self.jitter_sixteenths / 16).unwrap_or(u32::MAX)
    }

    /// The block for the next report; the fraction counts from the block before.
    pub fn report_block(&mut self, now: Instant, ssrc: u32) -> ReportBlock {
        let expected = self.expected();
        let expected_since = expected - self.expected_before.min(expected);
        let received_since = self.packets_received - self.received_before;
        self.expected_before = expected;
        self.received_before = self.packets_received;
        let lost_since = expected_since.saturating_sub(received_since);
        let fraction_lost = (lost_since * 256)
            .checked_div(expected_since)
            .unwrap_or(0)
            .min(255) as u8;
        self.fraction_lost = fraction_lost;
        let (last_sender_report, delay_since_last) =
            self.last_sender_report.map_or((0, 0), |(at, compact_ntp)| {
                let delay = u64::try_from(now.since(at).as_micros()).unwrap_or(u64::MAX) * 65_536 / 1_000_000;
                (compact_ntp, u32::try_from(delay).unwrap_or(u32::MAX))
            });
        ReportBlock {
            ssrc,
            fraction_lost,
            packets_lost: i32::try_from(self.packets_lost()).unwrap_or(i32::MAX),
            extended_highest: self.highest.0 as u32,
            jitter_ticks: self.jitter_ticks(),
            last_sender_report,
            delay_since_last,
        }
    }

    fn expected(&self) -> u64 {
        self.first
            .map_or(0, |first| self.highest.0.saturating_sub(first.0) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(statistics: &mut ReceiveStatistics, ms: u64, number: u64) {
        let timestamp = (number * 960) as u32;
        statistics.handle_packet(
            Instant::from_millis(ms),
            ExtendedSequenceNumber(number),
            timestamp,
            48_000,
            100,
        );
    }

    #[test]
    fn counts_loss_since_the_last_report_and_in_all() {
        let mut statistics = ReceiveStatistics::default();
        for number in [10, 11, 13] {
            feed(&mut statistics, number * 20, number);
        }
        let block = statistics.report_block(Instant::from_millis(300), 5);
        assert_eq!(
            (block.fraction_lost, block.packets_lost, block.extended_highest),
            (64, 1, 13)
        );
        feed(&mut statistics, 280, 14);
        let block = statistics.report_block(Instant::from_millis(300), 5);
        assert_eq!((block.fraction_lost, block.packets_lost), (0, 1));
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_has() {
        let mut even = ReceiveStatistics::default();
        let mut uneven = ReceiveStatistics::default();
        for number in 1..200 {
            feed(&mut even, number * 20, number);
            feed(&mut uneven, number * 20 + (number % 2) * 10, number);
        }
        assert_eq!(even.jitter_ticks(), 0);
        assert!(
            (400..=480).contains(&uneven.jitter_ticks()),
            "{}",
            uneven.jitter_ticks()
        );
    }

    #[test]
    fn even_packets_have_no_jitter_however_long_they_are_and_a_change_of_length_little() {
        let (mut statistics, mut ms, mut number) = (ReceiveStatistics::default(), 0u64, 0);
        for length_ms in [20, 60, 120, 20] {
            for round in 0..100 {
                // A packet leaves with its last sample and has the time of its first.
                statistics.handle_packet(
                    Instant::from_millis(ms + length_ms),
                    ExtendedSequenceNumber(number),
                    ms as u32 * 48,
                    48_000,
                    100,
                );
                (ms, number) = (ms + length_ms, number + 1);
                let jitter_ms = statistics.jitter_ticks() / 48;
                assert!(
                    jitter_ms <= if round < 50 { 7 } else { 0 },
                    "{length_ms}: {jitter_ms}"
                );
            }
        }
    }

    #[test]
    fn echoes_the_last_sender_report_and_its_age() {
        let mut statistics = ReceiveStatistics::default();
        feed(&mut statistics, 0, 1);
        let report = SenderReport {
            ssrc: 5,
            ntp_time: 7 << 16,
            rtp_timestamp: 0,
            packets_sent: 0,
            bytes_sent: 0,
        };
        statistics.handle_sender_report(Instant::from_millis(100), &report);
        let block = statistics.report_block(Instant::from_millis(600), 5);
        assert_eq!((block.last_sender_report, block.delay_since_last), (7, 32_768));
    }
}
