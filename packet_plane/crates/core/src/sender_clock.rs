//! Senders' clocks on the plane's, by their sender reports (RFC 3550 section 6.4.1).
//!
//! A report pairs the sender's clock with a stream's timestamps. All streams of one sender share its clock, so one offset
//! from that clock to the plane's serves them all, and they stay in step. The offset is the least that a report's arrival
//! has shown, as a report is never early; it rises slowly, as clocks drift. Times are microseconds.

use std::collections::VecDeque;
use std::time::Duration;

use crate::rtp::capture_time::CaptureTime;

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
/// No packet of sound holds more (RFC 6716 section 3.2).
const MAX_PACKET_MS: u32 = 120;
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

    /// How far a wall clock that began at `origin_us` on the plane's is behind the sender's, whose reports are half a
    /// round trip on their way.
    pub fn behind_us(&self, origin_us: u64, round_trip: Option<Duration>) -> Option<i64> {
        let way_us = round_trip.unwrap_or_default().as_micros() as i64 / 2;
        let apart_us = self.offset_us?.wrapping_add_unsigned(origin_us);
        Some(way_us.wrapping_sub(apart_us))
    }
}

/// One report: when it came, and which of the sender's times it pairs with which timestamp.
#[derive(Clone, Copy, Debug)]
struct Pair {
    at_us: i64,
    ntp_us: i64,
    rtp_timestamp: u32,
}

/// A packet: when it came, and its timestamp.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    at_us: i64,
    rtp_timestamp: u32,
}

impl Arrival {
    /// When a packet of a timestamp would have come that was on its way as long as this one.
    fn at_us_of(&self, rtp_timestamp: u32, clock_rate: u32) -> i64 {
        let ticks = rtp_timestamp.wrapping_sub(self.rtp_timestamp);
        self.at_us.wrapping_add(ticks_us(ticks, clock_rate))
    }
}

/// Packets of sound as they come: none is sent before its first sample is there, nor by a browser before its last.
///
/// libwebrtc reckons with 8,000 ticks a second in the reports of a microphone that is sent as RED
/// (`kBogusRtpRateForAudioRtcp`, bugs.webrtc.org/6458): by five sixths of the time since its last packet it seems to be
/// later than it is, tens of milliseconds in speech and a third of a second in silence. So what a packet holds counts where
/// packets are redundant; who sends a file may send a packet at the time of its first sample.
#[derive(Debug, Default)]
struct Arrivals {
    /// Those that were on their way least, of now and of the time before.
    least: [Option<Arrival>; 2],
    since_us: i64,
    last: Option<(u64, u32)>,
    /// What a redundant packet holds at least, of now and of the time before; 0 where none is known to follow another.
    ticks: [u32; 2],
}

impl Arrivals {
    fn handle_packet(&mut self, at_us: i64, rtp_timestamp: u32, clock_rate: u32) {
        if at_us - self.since_us > WINDOW_US / 2 {
            self.least = [None, self.least[0]];
            // In silence each packet stands alone: what was known goes on.
            if self.ticks[0] != 0 {
                self.ticks = [0, self.ticks[0]];
            }
            self.since_us = at_us;
        }
        let here = Arrival { at_us, rtp_timestamp };
        let apart_us = |known: &Arrival| at_us.wrapping_sub(known.at_us_of(rtp_timestamp, clock_rate));
        if self
            .least
            .iter()
            .flatten()
            .any(|known| apart_us(known).saturating_abs() > JUMP_US)
        {
            self.least = [None; 2];
        }
        if self.least[0].as_ref().is_none_or(|known| apart_us(known) < 0) {
            self.least[0] = Some(here);
        }
    }

    fn handle_redundant(&mut self, sequence: u64, rtp_timestamp: u32, clock_rate: u32) {
        let ticks = match self.last {
            Some((last, before)) if last + 1 == sequence => rtp_timestamp.wrapping_sub(before),
            _ => 0,
        };
        self.last = Some((sequence, rtp_timestamp));
        let is_packet = (1..=clock_rate / 1_000 * MAX_PACKET_MS).contains(&ticks);
        if is_packet && (self.ticks[0] == 0 || ticks < self.ticks[0]) {
            self.ticks[0] = ticks;
        }
    }

    fn held_ticks(&self) -> u32 {
        let known = self.ticks.iter().filter(|ticks| **ticks != 0);
        known.min().copied().unwrap_or(0)
    }

    /// When a timestamp was taken at the latest.
    fn latest_us(&self, rtp_timestamp: u32, clock_rate: u32) -> Option<i64> {
        let came = self.least.iter().flatten();
        let came_us = came.map(|one| one.at_us_of(rtp_timestamp, clock_rate)).min()?;
        Some(came_us - ticks_us(self.held_ticks(), clock_rate))
    }
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
    arrivals: Arrivals,
    place: Option<Place>,
    /// When what had a timestamp was captured, as it is passed on.
    captured: Option<(u32, CaptureTime)>,
}

impl StreamClock {
    /// Note when the media of a packet was captured.
    pub fn handle_capture(&mut self, rtp_timestamp: u32, time: CaptureTime) {
        self.captured = Some((rtp_timestamp, time));
    }

    /// When what has a timestamp was captured, by the last packet that told it.
    pub fn captured_at(&self, rtp_timestamp: u32, clock_rate: u32) -> Option<CaptureTime> {
        let (known, time) = self.captured?;
        Some(time.after(rtp_timestamp.wrapping_sub(known), clock_rate))
    }

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

    /// A packet of sound came; those of pictures say nothing, as one picture has many.
    pub fn handle_packet(&mut self, at_us: i64, rtp_timestamp: u32, clock_rate: u32) {
        self.arrivals.handle_packet(at_us, rtp_timestamp, clock_rate);
    }

    /// It was a redundant one.
    pub fn handle_redundant(&mut self, sequence: u64, rtp_timestamp: u32, clock_rate: u32) {
        self.arrivals
            .handle_redundant(sequence, rtp_timestamp, clock_rate);
    }

    /// Put it where its reports and its sender's clock say, and sound no later than it can have been.
    pub fn place(&mut self, now_us: i64, sender: SenderClock, clock_rate: u32) {
        let told = self.earliest(clock_rate);
        let Some((wanted_us, rtp_timestamp)) =
            told.and_then(|(ntp_us, last)| Some((sender.at_us(ntp_us)?, last)))
        else {
            return;
        };
        let latest_us = self.arrivals.latest_us(rtp_timestamp, clock_rate);
        let wanted_us = latest_us.map_or(wanted_us, |latest| wanted_us.min(latest));
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

    /// A microphone that is taken from time 0 on, in packets of 20 ms that come 2 ms after their last sample, each or every
    /// twentieth; and where it is put once a report has come that late after the last packet, which reckons with `rate`.
    fn placed(is_redundant: bool, each: u64, late_us: i64, rate: i64) -> i64 {
        let (mut sender, mut clock) = (SenderClock::default(), StreamClock::default());
        let mut now_us = 0;
        for number in (0..100).chain((100..300).step_by(each as usize)) {
            now_us = number as i64 * 20_000 + 22_000;
            // Numbers follow each other, times do not.
            let sequence = if number < 100 {
                number
            } else {
                100 + (number - 100) / each
            };
            clock.handle_packet(now_us, number as u32 * 960, 48_000);
            if is_redundant {
                clock.handle_redundant(sequence, number as u32 * 960, 48_000);
            }
        }
        let (taken_us, at_us) = (now_us - 22_000, now_us + late_us);
        let rtp_timestamp = taken_us * 48 / 1_000 + (at_us - taken_us) * rate / 1_000_000;
        sender.handle_report(at_us, at_us);
        clock.handle_report(at_us, at_us, rtp_timestamp as u32, 48_000);
        clock.place(at_us, sender, 48_000);
        let (sent_us, rtp_timestamp) = clock.sent_at().expect("placed");
        sent_us - ticks_us(rtp_timestamp, 48_000)
    }

    #[test]
    fn sound_is_no_later_than_its_packets_show_whatever_a_report_says() {
        assert_eq!(placed(true, 1, 15_000, 48_000), 0);
        assert_eq!(placed(true, 1, 15_000, 8_000), 2_000);
        // In silence there is a packet every 400 ms.
        assert_eq!(placed(true, 20, 350_000, 48_000), 0);
        assert_eq!(placed(true, 20, 350_000, 8_000), 2_000);
        // Who sends a file sends a packet when its first sample is due.
        assert_eq!(placed(false, 20, 350_000, 8_000), 22_000);
    }

    #[test]
    fn sound_is_placed_by_what_its_packets_hold_now() {
        let (mut arrivals, mut ms, mut sequence) = (Arrivals::default(), 0u64, 0);
        for (length, seconds) in [(20, 2), (120, 6), (60, 6), (20, 1)] {
            for _ in 0..seconds * 1_000 / length {
                let (at_us, rtp_timestamp) = ((ms + length + 2) * 1_000, ms as u32 * 48);
                arrivals.handle_packet(at_us as i64, rtp_timestamp, 48_000);
                arrivals.handle_redundant(sequence, rtp_timestamp, 48_000);
                (ms, sequence) = (ms + length, sequence + 1);
            }
            // The same moment by the first sample of a packet, however long it is.
            let latest_us = arrivals.latest_us(ms as u32 * 48, 48_000).expect("known");
            assert_eq!(latest_us - ms as i64 * 1_000, 2_000, "{length} ms");
        }
    }

    #[test]
    fn packets_of_another_timeline_and_of_long_ago_bind_nothing() {
        let mut arrivals = Arrivals::default();
        arrivals.handle_packet(0, 960, 48_000);
        arrivals.handle_redundant(1, 960, 48_000);
        assert_eq!(arrivals.latest_us(960, 48_000), Some(0));
        arrivals.handle_packet(20_000, 1_920, 48_000);
        arrivals.handle_redundant(2, 1_920, 48_000);
        assert_eq!(arrivals.latest_us(960, 48_000), Some(-20_000));
        // The timestamps stood still for a second: what came before is forgotten within the window.
        for number in 3..200 {
            arrivals.handle_packet(1_000_000 + number * 20_000, number as u32 * 960, 48_000);
        }
        assert_eq!(arrivals.latest_us(0, 48_000), Some(980_000));
        arrivals.handle_packet(6_000_000, 1_000_000_000, 48_000);
        assert_eq!(arrivals.latest_us(1_000_000_000, 48_000), Some(5_980_000));
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
