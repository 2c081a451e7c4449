//! Which packets of an ingress stream are missing, and when to ask for them again (RFC 4585 section 6.2.1).
//!
//! A number is asked for at once, then again each time a round trip has passed. After ten requests it is waited for, and
//! given up after a second, or six round trips where these take longer; what needs it goes on with a keyframe.
//!
//! Where a long path loses much, it is asked for four times in a round trip: the sender answers once in that, and one of
//! the four gets there. A keyframe is asked for after four round trips and the number waited for two more: whichever
//! comes first ends the pause.

use std::time::Duration;

use crate::quantities::{ExtendedSequenceNumber, Instant};

const MAX_REQUESTS: u8 = 10;
const MAX_REQUESTS_WHERE_BAD: u8 = 24;
/// A player waits longer on a longer path, and at 30 % of loss each way an attempt succeeds every second time.
const GIVE_UP_AFTER: Duration = Duration::from_secs(1);
const GIVE_UP_AFTER_ROUND_TRIPS: u32 = 6;
const KEYFRAME_AFTER_ROUND_TRIPS_WHERE_BAD: u32 = 4;
const REQUESTS_IN_A_ROUND_TRIP_WHERE_BAD: u32 = 4;
/// What was kept for repair is gone by then, here and at most senders.
const GIVE_UP_AT_LATEST: Duration = Duration::from_secs(2);
/// More missing numbers than this are a break of the stream, which only a keyframe mends.
const MAX_MISSING: usize = 256;
const MIN_RETRY: Duration = Duration::from_millis(20);
/// On the shortest paths requests come ever more rarely up to this, so that they do not all fall into one short outage.
const LONGEST_FIRST_RETRY: Duration = Duration::from_millis(100);
/// A path is bad that loses this share or more, in 1/256, and is longer than this: shorter ones have time for many
/// attempts, and of one that is not known no answer may be here before the last request.
const MUCH_LOST: u8 = 26;
const LONG_PATH: Duration = Duration::from_millis(120);
/// An answer takes a little longer than the path: it waits for its sender's pace.
const ANSWER_TIME: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug)]
struct Missing {
    sequence: ExtendedSequenceNumber,
    since: Instant,
    first_asked_at: Option<Instant>,
    asked_at: Option<Instant>,
    requests: u8,
}

/// What a gap means for the receiver of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    None,
    /// Nothing will fill it, or not soon: ask for a keyframe.
    NeedsKeyframe,
}

/// How long a packet took to come that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Since the first request.
    pub took: Duration,
    /// Whether there was no other; else it may be the answer to a later one.
    pub is_sole: bool,
}

/// What the path from the sender does.
#[derive(Clone, Copy, Debug)]
pub struct PathBack {
    pub round_trip: Duration,
    /// Share of the stream's packets that got lost lately, in 1/256.
    pub fraction_lost: u8,
}

impl PathBack {
    fn is_bad(&self) -> bool {
        self.fraction_lost >= MUCH_LOST && self.round_trip > LONG_PATH
    }

    fn retry_after(&self, requests: u8) -> Duration {
        let answered = self.round_trip + ANSWER_TIME;
        let first = MIN_RETRY * (1 << requests.saturating_sub(1).min(7));
        let spaced = answered.max(first.min(LONGEST_FIRST_RETRY));
        // What was answered a round trip ago is not answered again: a sender knows that it may still be on its way.
        if self.is_bad() {
            spaced / REQUESTS_IN_A_ROUND_TRIP_WHERE_BAD
        } else {
            spaced
        }
    }

    fn max_requests(&self) -> u8 {
        if self.is_bad() {
            MAX_REQUESTS_WHERE_BAD
        } else {
            MAX_REQUESTS
        }
    }

    fn patience(&self) -> Duration {
        (self.round_trip * GIVE_UP_AFTER_ROUND_TRIPS).clamp(GIVE_UP_AFTER, GIVE_UP_AT_LATEST)
    }

    fn keyframe_after(&self) -> Duration {
        if self.is_bad() {
            self.patience()
                .min(self.round_trip * KEYFRAME_AFTER_ROUND_TRIPS_WHERE_BAD)
        } else {
            self.patience()
        }
    }
}

/// The missing numbers of one stream, oldest first.
#[derive(Debug, Default)]
pub struct NackGenerator {
    highest: Option<ExtendedSequenceNumber>,
    missing: Vec<Missing>,
    /// What the last packet filled.
    filled: Option<Missing>,
    /// Where the latest keyframe began: what is missing before it is missed by nothing after it.
    keyframe: Option<ExtendedSequenceNumber>,
}

impl NackGenerator {
    /// Note an arrival.
    pub fn handle_packet(&mut self, now: Instant, sequence: ExtendedSequenceNumber) -> Gap {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return Gap::None;
        };
        if sequence <= highest {
            let at = self
                .missing
                .iter()
                .position(|missing| missing.sequence == sequence);
            self.filled = at.map(|at| self.missing.remove(at));
            return Gap::None;
        }
        self.highest = Some(sequence);
        if sequence.0 - highest.0 > MAX_MISSING as u64 || self.missing.len() >= MAX_MISSING {
            self.missing.clear();
            return Gap::NeedsKeyframe;
        }
        let new = (highest.0 + 1..sequence.0).map(|number| Missing {
            sequence: ExtendedSequenceNumber(number),
            since: now,
            first_asked_at: None,
            asked_at: None,
            requests: 0,
        });
        self.missing.extend(new);
        Gap::None
    }

    /// Note that a keyframe begins with this number.
    pub fn handle_keyframe(&mut self, sequence: ExtendedSequenceNumber) {
        self.keyframe = self.keyframe.max(Some(sequence));
    }

    /// The numbers to ask for now, ascending; each counts as asked for. Says whether one has been missing for so long that
    /// a keyframe is to come in its place, and none has.
    pub fn poll(&mut self, now: Instant, path: PathBack, out: &mut Vec<u16>) -> Gap {
        out.clear();
        let (patience, keyframe_after) = (path.patience(), path.keyframe_after());
        let keyframe = self.keyframe;
        let mut gap = Gap::None;
        self.missing.retain(|missing| {
            let waited = now.since(missing.since);
            if waited >= keyframe_after && keyframe.is_none_or(|keyframe| missing.sequence > keyframe) {
                gap = Gap::NeedsKeyframe;
            }
            // What was asked for last may still come.
            waited < patience
        });
        let open = self.missing.iter_mut();
        for missing in open.filter(|missing| missing.requests < path.max_requests()) {
            let retry_after = path.retry_after(missing.requests);
            if missing
                .asked_at
                .is_none_or(|asked_at| now.since(asked_at) >= retry_after)
            {
                missing.first_asked_at.get_or_insert(now);
                missing.asked_at = Some(now);
                missing.requests += 1;
                out.push(missing.sequence.sequence_number());
            }
        }
        gap
    }

    /// How long the answer took that has just come, if the last packet is one.
    pub fn take_answer(&mut self, now: Instant) -> Option<Answer> {
        let filled = self.filled.take()?;
        Some(Answer {
            took: now.since(filled.first_asked_at?),
            is_sole: filled.requests == 1,
        })
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

    const PATH: PathBack = PathBack {
        round_trip: Duration::from_millis(120),
        fraction_lost: 5,
    };
    const BAD_PATH: PathBack = PathBack {
        round_trip: Duration::from_millis(300),
        fraction_lost: 77,
    };

    fn asked(generator: &mut NackGenerator, ms: u64) -> Vec<u16> {
        let mut out = Vec::new();
        generator.poll(Instant::from_millis(ms), PATH, &mut out);
        out
    }

    /// When a number that never comes is asked for, and when it is given up with what consequence.
    fn until_given_up(generator: &mut NackGenerator, path: PathBack) -> (Vec<u64>, u64, Gap) {
        let (mut asked_at, mut out) = (Vec::new(), Vec::new());
        for ms in (0..5_000).step_by(5) {
            let gap = generator.poll(Instant::from_millis(ms), path, &mut out);
            if !out.is_empty() {
                asked_at.push(ms);
            }
            if !generator.is_waiting() {
                return (asked_at, ms, gap);
            }
        }
        unreachable!("nothing is asked for without end")
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
        assert_eq!(asked(&mut generator, 129), vec![]);
        arrive(&mut generator, 129, 65_536);
        assert_eq!(asked(&mut generator, 130), vec![65_535, 1]);
    }

    #[test]
    fn gives_up_after_a_second_and_lets_a_keyframe_make_up_for_it() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        arrive(&mut generator, 0, 3);
        let (asked_at, given_up, gap) = until_given_up(&mut generator, PATH);
        assert_eq!(asked_at, (0..8).map(|nth| nth * 130).collect::<Vec<_>>());
        assert_eq!((given_up, gap), (1_000, Gap::NeedsKeyframe));
    }

    #[test]
    fn on_a_short_path_ten_requests_take_the_better_part_of_a_second() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        arrive(&mut generator, 0, 3);
        let path = PathBack {
            round_trip: Duration::from_millis(1),
            fraction_lost: 40,
        };
        let (asked_at, given_up, _) = until_given_up(&mut generator, path);
        assert_eq!(asked_at, [0, 20, 60, 140, 240, 340, 440, 540, 640, 740]);
        assert_eq!(given_up, 1_000);
    }

    #[test]
    fn where_much_gets_lost_requests_are_repeated_before_an_answer_could_be_here() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        arrive(&mut generator, 0, 3);
        let (asked_at, given_up, _) = until_given_up(&mut generator, BAD_PATH);
        assert_eq!(asked_at, (0..23).map(|nth| nth * 80).collect::<Vec<_>>());
        assert_eq!(given_up, 1_800);
    }

    #[test]
    fn where_much_gets_lost_a_keyframe_is_asked_for_while_the_packet_may_still_come() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        arrive(&mut generator, 0, 3);
        let mut poll = |ms, keyframe: Option<u64>| {
            if let Some(number) = keyframe {
                generator.handle_keyframe(ExtendedSequenceNumber(number));
            }
            let gap = generator.poll(Instant::from_millis(ms), BAD_PATH, &mut Vec::new());
            (gap, generator.is_waiting())
        };
        assert_eq!(poll(1_190, None), (Gap::None, true));
        assert_eq!(poll(1_200, None), (Gap::NeedsKeyframe, true));
        // One from before the gap is not the one.
        assert_eq!(poll(1_300, Some(1)), (Gap::NeedsKeyframe, true));
        assert_eq!(poll(1_600, Some(50)), (Gap::None, true));
        assert_eq!(poll(1_800, None), (Gap::None, false));
    }

    #[test]
    fn what_is_missing_before_a_keyframe_needs_no_other() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        arrive(&mut generator, 0, 3);
        generator.handle_keyframe(ExtendedSequenceNumber(3));
        assert_eq!(until_given_up(&mut generator, PATH).2, Gap::None);
        arrive(&mut generator, 2_000, 5);
        assert_eq!(until_given_up(&mut generator, PATH).2, Gap::NeedsKeyframe);
    }

    #[test]
    fn a_gap_too_wide_asks_for_a_keyframe_instead() {
        let mut generator = NackGenerator::default();
        arrive(&mut generator, 0, 1);
        assert_eq!(arrive(&mut generator, 0, 1_000), Gap::NeedsKeyframe);
        assert!(!generator.is_waiting());
    }
}
