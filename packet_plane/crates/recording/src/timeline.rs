//! RTP timestamps onto the node's wall clock, by sender reports where there are any.
//!
//! A sender report pairs the sender's clock with the stream's timestamps (RFC 3550 section 6.4.1). All tracks of one
//! sender share its clock, so one offset from that clock to the node's serves them all, and they stay in step. The
//! offset is the least that a report's arrival has shown, as a report is never early; it rises slowly, as clocks drift.
//! Before the first report packets are placed by their arrival.

/// Seconds between 1900 and 1970.
const NTP_TO_UNIX_SECONDS: u64 = 2_208_988_800;
/// A sender's clock that is off by more than this has been set.
const SET_CLOCK_US: i64 = 2_000_000;
/// The share of a later arrival that the offset takes on.
const RISE: i64 = 64;
/// Timestamps and arrivals that part by more than this are on another timeline.
const JUMP_US: i64 = 3_000_000;

/// From one sender's clock to the node's, microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SenderClock {
    offset_us: Option<i64>,
}

impl SenderClock {
    pub fn handle_report(&mut self, ntp_us: i64, at_us: u64) {
        let seen = (at_us as i64).wrapping_sub(ntp_us);
        self.offset_us = Some(match self.offset_us {
            Some(known) if seen.saturating_sub(known).saturating_abs() < SET_CLOCK_US => {
                if seen < known {
                    seen
                } else {
                    known + (seen - known) / RISE
                }
            }
            _ => seen,
        });
    }
}

/// Microseconds since 1970 of a 32.32 fixed-point time since 1900.
pub(crate) fn ntp_us(ntp_time: u64) -> i64 {
    let seconds = (ntp_time >> 32) as i64 - NTP_TO_UNIX_SECONDS as i64;
    let fraction = ((ntp_time & 0xffff_ffff) * 1_000_000) >> 32;
    seconds * 1_000_000 + fraction as i64
}

/// One stream's timestamps, counted on without wrapping, and where they lie.
#[derive(Debug)]
pub(crate) struct Timeline {
    clock_rate: u32,
    /// The last timestamp, wrapped and counted on.
    last: Option<(u32, i64)>,
    /// Arrival of the last packet.
    last_at_us: u64,
    /// A sender report: its sender time and its timestamp.
    report: Option<(i64, i64)>,
    /// Arrival less media time: the least seen.
    arrival_us: Option<i64>,
}

impl Timeline {
    pub fn new(clock_rate: u32) -> Self {
        Timeline {
            clock_rate: clock_rate.max(1),
            last: None,
            last_at_us: 0,
            report: None,
            arrival_us: None,
        }
    }

    /// Whether a packet's timestamp is on another timeline than those before.
    pub fn jumps(&self, rtp_timestamp: u32, at_us: u64) -> bool {
        let Some((_, last)) = self.last else {
            return false;
        };
        let passed = self.media_us(self.near(rtp_timestamp) - last);
        let waited = at_us as i64 - self.last_at_us as i64;
        // Media time may stand still while packets come late together, but not for seconds.
        (passed - waited).abs() > JUMP_US
    }

    /// Count a packet's timestamp on.
    pub fn unwrap(&mut self, rtp_timestamp: u32, at_us: u64) -> i64 {
        let ticks = self.near(rtp_timestamp);
        self.note(rtp_timestamp, ticks, at_us);
        ticks
    }

    /// Whether no packet has come yet.
    pub fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// What follows has another timeline.
    pub fn restart(&mut self) {
        *self = Timeline::new(self.clock_rate);
    }

    /// Ticks of so many microseconds.
    pub fn ticks(&self, us: i64) -> i64 {
        us * i64::from(self.clock_rate) / 1_000_000
    }

    fn note(&mut self, rtp_timestamp: u32, ticks: i64, at_us: u64) {
        self.last = Some((rtp_timestamp, ticks));
        self.last_at_us = at_us;
        let seen = at_us as i64 - self.media_us(ticks);
        self.arrival_us = Some(self.arrival_us.map_or(seen, |known| known.min(seen)));
    }

    pub fn handle_report(&mut self, ntp_us: i64, rtp_timestamp: u32) {
        if self.last.is_some() {
            self.report = Some((ntp_us, self.near(rtp_timestamp)));
        }
    }

    /// Microseconds since the Unix epoch at a timestamp.
    pub fn wallclock_us(&self, ticks: i64, sender: SenderClock) -> u64 {
        let by_report = self
            .report
            .zip(sender.offset_us)
            .map(|((ntp_us, at), offset)| ntp_us + self.media_us(ticks - at) + offset);
        let by_arrival = self.arrival_us.unwrap_or(0) + self.media_us(ticks);
        // A report that contradicts the arrivals by seconds is wrong.
        let wallclock = by_report
            .filter(|time| (time - by_arrival).abs() < JUMP_US)
            .unwrap_or(by_arrival);
        wallclock.max(0) as u64
    }

    /// Microseconds of so many ticks.
    pub fn media_us(&self, ticks: i64) -> i64 {
        (i128::from(ticks) * 1_000_000 / i128::from(self.clock_rate)) as i64
    }

    fn near(&self, rtp_timestamp: u32) -> i64 {
        self.last.map_or(i64::from(rtp_timestamp), |(wrapped, ticks)| {
            ticks + i64::from(rtp_timestamp.wrapping_sub(wrapped) as i32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX_US: u64 = 1_700_000_000_000_000;

    #[test]
    fn timestamps_go_on_over_the_wrap_and_a_jump_is_told() {
        let mut timeline = Timeline::new(90_000);
        let first = timeline.unwrap(u32::MAX - 2_999, UNIX_US);
        let second = timeline.unwrap(0, UNIX_US + 33_333);
        assert_eq!(timeline.media_us(second - first), 33_333);
        assert!(timeline.jumps(900_000, UNIX_US + 66_666));
        assert!(!timeline.jumps(3_000, UNIX_US + 66_666));
        // After a pause media time has gone on.
        assert!(!timeline.jumps(90_000 * 60, UNIX_US + 60_000_000));
        assert!(timeline.jumps(3_000, UNIX_US + 60_000_000));
    }

    #[test]
    fn two_tracks_of_a_sender_are_placed_by_its_clock_however_they_arrive() {
        let mut sender = SenderClock::default();
        let (mut audio, mut video) = (Timeline::new(48_000), Timeline::new(90_000));
        let ntp = |us: i64| 5_000_000 + us;
        // Captured at the same moment; the video takes 300 ms longer.
        let (heard, seen) = (audio.unwrap(48_000, UNIX_US), video.unwrap(7, UNIX_US + 300_000));
        audio.handle_report(ntp(0), 48_000);
        sender.handle_report(ntp(0), UNIX_US + 10_000);
        video.handle_report(ntp(1_000_000), 90_007);
        sender.handle_report(ntp(1_000_000), UNIX_US + 1_010_000);
        let (heard, seen) = (
            audio.wallclock_us(heard, sender),
            video.wallclock_us(seen, sender),
        );
        assert_eq!(heard, seen);
        assert_eq!(heard, UNIX_US + 10_000);
    }

    #[test]
    fn a_late_report_moves_nothing_much_and_a_clock_that_is_set_is_followed() {
        let mut sender = SenderClock::default();
        sender.handle_report(0, 1_000_000);
        sender.handle_report(1_000_000, 2_640_000);
        assert_eq!(sender.offset_us, Some(1_010_000));
        sender.handle_report(90_000_000, 3_000_000);
        assert_eq!(sender.offset_us, Some(-87_000_000));
    }

    #[test]
    fn a_report_that_contradicts_the_packets_is_not_believed() {
        let mut sender = SenderClock::default();
        let mut timeline = Timeline::new(90_000);
        let ticks = timeline.unwrap(0, UNIX_US);
        timeline.handle_report(0, 0x7000_0000);
        sender.handle_report(0, UNIX_US);
        assert_eq!(timeline.wallclock_us(ticks, sender), UNIX_US);
        assert_eq!(ntp_us(2_208_988_800 << 32 | 0x8000_0000), 500_000);
    }
}
