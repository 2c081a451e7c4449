//! RTP timestamps onto the node's wall clock, by what its plane says of their sender's clock.
//!
//! The plane says when a sender sent what has a timestamp (`sender_clock.rs` of the core): the same for all who record that
//! sender. Before it does packets are placed by their arrival.
//!
//! A browser's microphone that was muted counts on from where it stopped: what was known of its timestamps counts no
//! more. Until the plane says anew it is placed by arrival, less what its packets were on their way before.

/// Timestamps and arrivals that part by more than this are on another timeline.
const JUMP_US: i64 = 3_000_000;
/// The same behind a rest: packets of one talk spurt do not come together later than this.
const RESTED_JUMP_US: i64 = 200_000;
/// From the moment that a packet is of to its arrival: what it holds, 120 ms at most, encoder and link. What was more had
/// been held up, which is over behind a rest.
const MAX_LAG_US: i64 = 200_000;

/// One stream's timestamps, counted on without wrapping, and where they lie.
#[derive(Debug)]
pub(crate) struct Timeline {
    clock_rate: u32,
    /// The last timestamp, wrapped and counted on.
    last: Option<(u32, i64)>,
    /// Arrival of the last packet.
    last_at_us: u64,
    /// When something was sent, and its timestamp.
    report: Option<(u64, i64)>,
    /// Arrival less media time: the least seen.
    arrival_us: Option<i64>,
    /// The stream rested since the last packet.
    is_rested: bool,
    /// How much later than by reports packets are by their arrival, as it was before the timeline began anew.
    lag_us: i64,
}

impl Timeline {
    pub fn new(clock_rate: u32) -> Self {
        Timeline {
            clock_rate: clock_rate.max(1),
            last: None,
            last_at_us: 0,
            report: None,
            arrival_us: None,
            is_rested: false,
            lag_us: 0,
        }
    }

    /// The sender sends nothing for a while, and says so.
    pub fn rest(&mut self) {
        self.lag_us = self.lag_us();
        self.is_rested = true;
    }

    /// Whether a packet's timestamp is on another timeline than those before.
    pub fn jumps(&self, rtp_timestamp: u32, at_us: u64) -> bool {
        let Some((_, last)) = self.last else {
            return false;
        };
        let passed = self.media_us(self.near(rtp_timestamp) - last);
        let waited = at_us as i64 - self.last_at_us as i64;
        // Media time may stand still while packets come late together, but not for seconds.
        let most = if self.is_rested { RESTED_JUMP_US } else { JUMP_US };
        (passed - waited).abs() > most
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
        *self = Timeline {
            lag_us: self.lag_us(),
            ..Timeline::new(self.clock_rate)
        };
    }

    /// What it is about a stream that rests counts from before: meanwhile its timestamps may stand still.
    fn lag_us(&self) -> i64 {
        let seen = self.arrival_us.zip(self.by_report_us(0));
        match seen {
            Some((arrival, report)) if !self.is_rested => (arrival - report).clamp(0, MAX_LAG_US),
            _ => self.lag_us,
        }
    }

    /// Ticks of so many microseconds.
    pub fn ticks(&self, us: i64) -> i64 {
        us * i64::from(self.clock_rate) / 1_000_000
    }

    fn note(&mut self, rtp_timestamp: u32, ticks: i64, at_us: u64) {
        self.last = Some((rtp_timestamp, ticks));
        self.last_at_us = at_us;
        self.is_rested = false;
        let seen = at_us as i64 - self.media_us(ticks);
        self.arrival_us = Some(self.arrival_us.map_or(seen, |known| known.min(seen)));
    }

    pub fn handle_report(&mut self, at_us: u64, rtp_timestamp: u32) {
        if self.last.is_some() {
            self.report = Some((at_us, self.near(rtp_timestamp)));
        }
    }

    /// Microseconds since the Unix epoch at a timestamp.
    pub fn wallclock_us(&self, ticks: i64) -> u64 {
        let by_arrival = self.arrival_us.unwrap_or(0) + self.media_us(ticks);
        // A report that contradicts the arrivals by seconds is wrong.
        let wallclock = self
            .by_report_us(ticks)
            .filter(|time| (time - by_arrival).abs() < JUMP_US)
            .unwrap_or(by_arrival - self.lag_us);
        wallclock.max(0) as u64
    }

    fn by_report_us(&self, ticks: i64) -> Option<i64> {
        let (at_us, at) = self.report?;
        Some(at_us as i64 + self.media_us(ticks - at))
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
    fn two_tracks_are_placed_by_their_sender_however_they_arrive() {
        let (mut audio, mut video) = (Timeline::new(48_000), Timeline::new(90_000));
        // Captured at the same moment; the video takes 300 ms longer.
        let (heard, seen) = (audio.unwrap(48_000, UNIX_US), video.unwrap(7, UNIX_US + 300_000));
        audio.handle_report(UNIX_US + 10_000, 48_000);
        video.handle_report(UNIX_US + 1_010_000, 90_007);
        assert_eq!(audio.wallclock_us(heard), UNIX_US + 10_000);
        assert_eq!(video.wallclock_us(seen), UNIX_US + 10_000);
    }

    #[test]
    fn a_report_that_contradicts_the_packets_is_not_believed() {
        let mut timeline = Timeline::new(90_000);
        let ticks = timeline.unwrap(0, UNIX_US);
        timeline.handle_report(UNIX_US, 0x7000_0000);
        assert_eq!(timeline.wallclock_us(ticks), UNIX_US);
    }
}
