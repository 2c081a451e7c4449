//! Senders' clocks on the plane's, by their sender reports (RFC 3550 section 6.4.1).
//!
//! A report pairs the sender's clock with a stream's timestamps. All streams of one sender share its clock, so one offset
//! from that clock to the plane's serves them all, and they stay in step. The offset is the least that a report's arrival
//! has shown, as a report is never early; it rises slowly, as clocks drift. Times are microseconds.

use std::collections::VecDeque;

/// Seconds between 1900 and 1970.
pub(crate) const NTP_TO_UNIX_SECONDS: u64 = 2_208_988_800;
/// A sender's clock that is off by more than this has been set.
const SET_CLOCK_US: i64 = 2_000_000;
/// The share of a later arrival that the offset takes on.
const RISE: i64 = 64;
/// For how long a sender may be late before its timestamps are taken to have stood still: longer than it takes a busy one
/// to send what has waited, and no longer than sound may be out of step with pictures.
const WINDOW_US: i64 = 3_000_000;
/// Reports in that time that are of use.
const MAX_PAIRS: usize = 8;
/// Reports that part by more than this are of another timeline.
const JUMP_US: i64 = 3_000_000;
/// A stream is moved at once by more than people may notice between sound and pictures.
const SNAP_US: i64 = 80_000;
/// Else so many microseconds a second: more than clocks drift, and less than would show a picture twice.
const SLEW_PPM: i64 = 1_000;
/// In its first seconds it is moved forward at once: what has come until then may all have been late.
const SETTLING_US: i64 = 5_000_000;

/// From one sender's clock to the plane's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SenderClock {
    offset_us: Option<i64>,
}

impl SenderClock {
    /// Take in a report that has just arrived; returns whether what earlier ones said is later than it was.
    pub fn handle_report(&mut self, ntp_us: i64, at_us: i64) -> bool {
        let seen = at_us.wrapping_sub(ntp_us);
        let (offset, is_earlier) = match self.offset_us {
            Some(known) if seen.saturating_sub(known).saturating_abs() < SET_CLOCK_US => {
                if seen < known {
                    (seen, true)
                } else {
                    (known + (seen - known) / RISE, false)
                }
            }
            _ => (seen, true),
        };
        self.offset_us = Some(offset);
        is_earlier
    }

    /// A time of the sender's on the plane's clock.
    pub fn at_us(&self, ntp_us: i64) -> Option<i64> {
        self.offset_us.map(|offset| ntp_us.wrapping_add(offset))
    }
}

/// One report: when it came, and which of the sender's times it pairs with which timestamp.
#[derive(Clone, Copy, Debug)]
struct Pair {
    at_us: i64,
    ntp_us: i64,
    rtp_timestamp: u32,
}

/// Where a stream was put on the plane's clock, and when; `since_us` is the beginning of its settling.
#[derive(Clone, Copy, Debug)]
struct Place {
    sent_us: i64,
    rtp_timestamp: u32,
    at_us: i64,
    since_us: i64,
}

/// One stream's timestamps on the plane's clock.
///
/// A sender that had no time to send says when it did, not when it should have, and catches up. So of the reports of the
/// last seconds the one is believed that has media earliest; who is late for longer has had a pause. What that says moves
/// the stream gently: pictures that follow each other evenly are placed evenly.
#[derive(Debug, Default)]
pub(crate) struct StreamClock {
    pairs: VecDeque<Pair>,
    place: Option<Place>,
}

impl StreamClock {
    pub fn handle_report(&mut self, at_us: i64, ntp_us: i64, rtp_timestamp: u32, clock_rate: u32) {
        self.pairs.retain(|pair| {
            let apart = pair.ntp_us_of(rtp_timestamp, clock_rate).wrapping_sub(ntp_us);
            at_us - pair.at_us <= WINDOW_US && apart.saturating_abs() < JUMP_US
        });
        if self.pairs.len() == MAX_PAIRS {
            self.pairs.pop_front();
        }
        self.pairs.push_back(Pair {
            at_us,
            ntp_us,
            rtp_timestamp,
        });
    }

    /// Put it where its reports and its sender's clock say.
    pub fn place(&mut self, now_us: i64, sender: SenderClock, clock_rate: u32) {
        let told = self.earliest(clock_rate);
        let Some((wanted_us, rtp_timestamp)) =
            told.and_then(|(ntp_us, last)| Some((sender.at_us(ntp_us)?, last)))
        else {
            return;
        };
        let (mut sent_us, mut since_us) = (wanted_us, now_us);
        if let Some(place) = self.place {
            let expected_us =
                place.sent_us + ticks_us(rtp_timestamp.wrapping_sub(place.rtp_timestamp), clock_rate);
            let apart_us = wanted_us.wrapping_sub(expected_us);
            let is_settling = apart_us < 0 && now_us - place.since_us < SETTLING_US;
            if apart_us.saturating_abs() <= SNAP_US {
                since_us = place.since_us;
                let most_us = (now_us - place.at_us).max(0) * SLEW_PPM / 1_000_000;
                if !is_settling {
                    sent_us = expected_us + apart_us.clamp(-most_us, most_us);
                }
            }
        }
        self.place = Some(Place {
            sent_us,
            rtp_timestamp,
            at_us: now_us,
            since_us,
        });
    }

    /// It is told when its timestamps were sent, in the plane's own time.
    pub fn put(&mut self, now_us: i64, sent_us: i64, rtp_timestamp: u32) {
        self.place = Some(Place {
            sent_us,
            rtp_timestamp,
            at_us: now_us,
            since_us: now_us,
        });
    }

    /// A timestamp, and when it was sent.
    pub fn sent_at(&self) -> Option<(i64, u32)> {
        self.place.map(|place| (place.sent_us, place.rtp_timestamp))
    }

    /// The sender's time at the timestamp of the last report.
    fn earliest(&self, clock_rate: u32) -> Option<(i64, u32)> {
        let last = self.pairs.back()?.rtp_timestamp;
        let times = self.pairs.iter().map(|pair| pair.ntp_us_of(last, clock_rate));
        Some((times.min()?, last))
    }
}

impl Pair {
    fn ntp_us_of(&self, rtp_timestamp: u32, clock_rate: u32) -> i64 {
        let ticks = rtp_timestamp.wrapping_sub(self.rtp_timestamp);
        self.ntp_us.wrapping_add(ticks_us(ticks, clock_rate))
    }
}

/// Microseconds of ticks, which may go back.
fn ticks_us(ticks: u32, clock_rate: u32) -> i64 {
    i64::from(ticks as i32) * 1_000_000 / i64::from(clock_rate.max(1))
}

/// Microseconds since 1970 of a 32.32 fixed-point time since 1900.
pub(crate) fn ntp_us(ntp_time: u64) -> i64 {
    let seconds = (ntp_time >> 32) as i64 - NTP_TO_UNIX_SECONDS as i64;
    let fraction = ((ntp_time & 0xffff_ffff) * 1_000_000) >> 32;
    seconds * 1_000_000 + fraction as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_report_moves_nothing_much_and_a_clock_that_is_set_is_followed() {
        let mut sender = SenderClock::default();
        assert!(sender.handle_report(0, 1_000_000));
        assert!(!sender.handle_report(1_000_000, 2_640_000));
        assert_eq!(sender.at_us(0), Some(1_010_000));
        assert!(sender.handle_report(90_000_000, 3_000_000));
        assert_eq!(sender.at_us(0), Some(-87_000_000));
        assert_eq!(ntp_us(2_208_988_800 << 32 | 0x8000_0000), 500_000);
    }

    /// Reports of a sender of 48,000 ticks a second, each second, late by so much.
    fn reported(late_us: &[i64]) -> StreamClock {
        let mut clock = StreamClock::default();
        for (second, late) in (0i64..).zip(late_us) {
            let ntp_us = second * 1_000_000 + late;
            clock.handle_report(ntp_us, ntp_us, second as u32 * 48_000, 48_000);
        }
        clock
    }

    #[test]
    fn a_sender_that_had_no_time_is_believed_once_it_stays_late() {
        assert_eq!(
            reported(&[0, 0, 950_000]).earliest(48_000),
            Some((2_000_000, 96_000))
        );
        assert_eq!(
            reported(&[0, 0, 950_000, 950_000, 950_000, 950_000]).earliest(48_000),
            Some((5_950_000, 240_000))
        );
        // Early is never an excuse.
        assert_eq!(
            reported(&[500_000, 0]).earliest(48_000),
            Some((1_000_000, 48_000))
        );
    }

    #[test]
    fn a_stream_is_moved_gently_once_it_has_settled_and_at_once_by_a_pause() {
        let clock = |late_us: &[i64]| {
            let (mut sender, mut clock) = (SenderClock::default(), StreamClock::default());
            for (second, late) in (0i64..).zip(late_us) {
                let ntp_us = second * 1_000_000 + late;
                clock.handle_report(ntp_us, ntp_us, second as u32 * 48_000, 48_000);
                sender.handle_report(ntp_us, ntp_us);
                clock.place(ntp_us, sender, 48_000);
            }
            let (sent_us, rtp_timestamp) = clock.sent_at().expect("placed");
            sent_us - i64::from(rtp_timestamp / 48) * 1_000
        };
        let settled = [20_000; 8];
        assert_eq!(clock(&settled), 20_000);
        assert_eq!(clock(&[20_000, 20_000, 0]), 0);
        let moved = clock(&[&settled[..], &[0]].concat());
        assert!((18_900..20_000).contains(&moved), "{moved}");
        assert_eq!(clock(&[&settled[..], &[900_000; 5]].concat()), 900_000);
    }

    #[test]
    fn another_timeline_has_nothing_of_the_one_before() {
        let mut clock = reported(&[0, 0]);
        clock.handle_report(2_000_000, 2_000_000, 480_007, 48_000);
        assert_eq!(clock.earliest(48_000), Some((2_000_000, 480_007)));
        assert_eq!(StreamClock::default().earliest(48_000), None);
    }

    #[test]
    fn timestamps_are_paired_over_their_wrap() {
        let mut clock = StreamClock::default();
        clock.handle_report(0, 0, u32::MAX - 23_999, 48_000);
        clock.handle_report(900_000, 900_000, 0, 48_000);
        assert_eq!(clock.earliest(48_000), Some((500_000, 0)));
    }
}
