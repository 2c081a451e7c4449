//! Which packets of an ingress stream are missing, and when to ask for them again (RFC 4585 section 6.2.1).
//!
//! A number is asked for at once, then again each time a round trip has passed, and given up after
//! ten requests or a second: later than that no jitter buffer still waits for it.

use std::time::Duration;

use crate::quantities::{ExtendedSequenceNumber, Instant};

const MAX_REQUESTS: u8 = 10;
const GIVE_UP_AFTER: Duration = Duration::from_secs(1);
/// More missing numbers than this are a break of the stream, which only a keyframe mends.
const MAX_MISSING: usize = 256;
const MIN_RETRY: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug)]
struct Missing {
    sequence: ExtendedSequenceNumber,
    since: Instant,
    asked_at: Option<Instant>,
    requests: u8,
}

/// What a gap means for the receiver of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    None,
    /// The gap is too wide to be filled: ask for a keyframe.
    TooWide,
}

/// The missing numbers of one stream, oldest first.
#[derive(Debug, Default)]
pub struct NackGenerator {
    highest: Option<ExtendedSequenceNumber>,
    missing: Vec<Missing>,
}

impl NackGenerator {
    /// Note an arrival.
    pub fn handle_packet(&mut self, now: Instant, sequence: ExtendedSequenceNumber) -> Gap {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return Gap::None;
        };
        if sequence <= highest {
            self.missing.retain(|missing| missing.sequence != sequence);
            return Gap::None;
        }
        self.highest = Some(sequence);
        if sequence.0 - highest.0 > MAX_MISSING as u64 || self.missing.len() >= MAX_MISSING {
            self.missing.clear();
            return Gap::TooWide;
        }
        let new = (highest.0 + 1..sequence.0).map(|number| Missing {
            sequence: ExtendedSequenceNumber(number),
            since: now,
            asked_at: None,
            requests: 0,
        });
        self.missing.extend(new);
        Gap::None
    }

    /// The numbers to ask for now, ascending; each counts as asked for.
    pub fn poll(&mut self, now: Instant, round_trip: Duration, out: &mut Vec<u16>) {
        out.clear();
        self.missing
            .retain(|m| m.requests < MAX_REQUESTS && now.since(m.since) < GIVE_UP_AFTER);
        let retry_after = round_trip.max(MIN_RETRY);
        for missing in &mut self.missing {
            if missing
                .asked_at
                .is_none_or(|asked_at| now.since(asked_at) >= retry_after)
            {
                missing.asked_at = Some(now);
                missing.requests += 1;
                out.push(missing.sequence.sequence_number());
            }
        }
    }

    /// Whether anything is still worth asking for.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    fn asked(generator: &mut NackGenerator, ms: u64) -> Vec<u16> {
        let mut out = Vec::new();
        generator.poll(Instant::from_millis(ms), RTT, &mut out);
        out
    }

    fn arrive(generator: &mut NackGenerator, ms: u64, number: u64) -> Gap {
        generator.handle_packet(Instant::from_millis(ms), ExtendedSequenceNumber(number))
    }

    #[test]
    fn asks_at_once_and_again_after_a_round_trip_until_it_arrives() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 65_534);
        arrive(&mut generator, 0, 65_538);
        assert_eq!(asked(&mut generator, 0), vec![65_535, 0, 1]);
        assert_eq!(asked(&mut generator, 49), vec![]);
        arrive(&mut generator, 49, 65_536);
        assert_eq!(asked(&mut generator, 50), vec![65_535, 1]);
    }

    #[test]
    fn gives_up_after_ten_requests_or_a_second() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        arrive(&mut generator, 0, 3);
        let requests = (0..40)
            .filter(|step| !asked(&mut generator, step * 50).is_empty())
            .count();
        assert_eq!(requests, 10);
        assert!(!generator.is_waiting());
    }

    #[test]
    fn a_gap_too_wide_asks_for_a_keyframe_instead() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        assert_eq!(arrive(&mut generator, 0, 1_000), Gap::TooWide);
        assert!(!generator.is_waiting());
    }
}
