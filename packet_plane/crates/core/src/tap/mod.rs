//! A tap: the bounded buffer through which the packets of recorded tracks leave the plane in clear.
//!
//! Whatever reads it may be slow or gone: a record that finds no room is counted and given up, and the next one that
//! does says how many those were. Nothing here waits.

pub mod record;

use crate::quantities::{Instant, TapId};
use record::{MAX_COUNTABLE, Record};

/// Bytes that wait for the reader at most: at 100 tracks of 1 Mbit/s more than a second.
const MAX_WAITING: usize = 16 << 20;
/// Room besides for what says which tracks there are.
const ROOM_FOR_TRACKS: usize = 1 << 20;

/// One reader's buffer.
#[derive(Debug)]
pub(crate) struct Tap {
    pub id: TapId,
    /// Microseconds from the Unix epoch to the plane's zero.
    origin_us: u64,
    waiting: Vec<u8>,
    /// Of these bytes, how many have been read.
    taken: usize,
    /// Records given up since the last one that was written.
    given_up: u64,
    /// Records given up in all.
    pub records_lost: u64,
    /// Nobody reads any more: a writer that failed, until the tap is opened again.
    is_broken: bool,
    pub is_closing: bool,
}

/// What a track keeps of being tapped.
#[derive(Debug)]
pub(crate) struct Tapped {
    pub tap: usize,
    pub label: Vec<u8>,
    /// The encoding that is handed over now.
    pub encoding: Option<u8>,
    /// When a keyframe of it began last.
    pub keyframe_at: Instant,
}

impl Tap {
    pub fn new(id: TapId, origin_us: u64) -> Self {
        Tap {
            id,
            origin_us,
            waiting: Vec::new(),
            taken: 0,
            given_up: 0,
            records_lost: 0,
            is_broken: false,
            is_closing: false,
        }
    }

    /// Another reader, which knows nothing of what was written.
    pub fn reopen(&mut self, origin_us: u64) {
        self.origin_us = origin_us;
        self.waiting.clear();
        (self.taken, self.given_up) = (0, 0);
        (self.is_broken, self.is_closing) = (false, false);
    }

    /// Microseconds since the Unix epoch.
    pub fn wallclock_us(&self, now: Instant) -> u64 {
        self.origin_us.saturating_add(now.micros())
    }

    /// The same of a time that may lie before the plane's zero, as a reader may count on from it.
    fn wallclock_of(&self, plane_us: i64) -> u64 {
        self.origin_us.saturating_add_signed(plane_us).min(MAX_COUNTABLE)
    }

    /// Say when a stream's sender sent what has a timestamp, in microseconds of the plane.
    pub fn write_report(
        &mut self,
        now: Instant,
        track: u64,
        ssrc: u32,
        (sent_us, rtp_timestamp): (i64, u32),
    ) {
        let record = Record::Report {
            track,
            ssrc,
            rtp_timestamp,
            at_us: self.wallclock_of(sent_us),
        };
        self.write(now, &record);
    }

    pub fn write(&mut self, now: Instant, record: &Record<'_>) {
        let room = match record {
            Record::Packet(_) | Record::Report { .. } => MAX_WAITING,
            _ => MAX_WAITING + ROOM_FOR_TRACKS,
        };
        if self.is_broken || self.unread().len() + record.len() > room {
            self.given_up += 1;
            self.records_lost += 1;
            return;
        }
        if self.given_up > 0 {
            let at_us = self.wallclock_us(now);
            let records = std::mem::take(&mut self.given_up);
            Record::Overflowed { records, at_us }.write(&mut self.waiting);
        }
        record.write(&mut self.waiting);
    }

    pub fn unread(&self) -> &[u8] {
        &self.waiting[self.taken..]
    }

    /// The reader has taken so many bytes.
    pub fn take(&mut self, len: usize) {
        self.taken = (self.taken + len).min(self.waiting.len());
        if self.taken == self.waiting.len() {
            self.waiting.clear();
            self.taken = 0;
        } else if self.taken > MAX_WAITING / 2 {
            self.waiting.drain(..self.taken);
            self.taken = 0;
        }
    }

    pub fn break_off(&mut self) {
        self.waiting.clear();
        self.taken = 0;
        self.is_broken = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(payload: &[u8]) -> Record<'_> {
        Record::Muted {
            track: payload.len() as u64,
            muted: true,
            at_us: 1,
        }
    }

    fn read(tap: &Tap) -> Vec<u64> {
        let mut rest = tap.unread();
        std::iter::from_fn(|| {
            let (record, len) = Record::parse(rest).expect("whole")?;
            rest = &rest[len..];
            Some(match record {
                Record::Muted { track, .. } => track,
                Record::Overflowed { records, .. } => 1_000_000 + records,
                _ => 0,
            })
        })
        .collect()
    }

    #[test]
    fn a_reader_that_rests_costs_records_and_no_memory_and_is_told_how_many() {
        let mut tap = Tap::new(TapId(1), 0);
        let large = vec![0; 60_000];
        let fill = Record::Begin {
            track: 1,
            is_video: true,
            label: &large,
        };
        (0..1_000).for_each(|_| tap.write(Instant::ZERO, &fill));
        assert!(tap.unread().len() <= MAX_WAITING + ROOM_FOR_TRACKS);
        let lost = tap.records_lost;
        assert!(lost > 0);
        tap.take(usize::MAX);
        tap.write(Instant::ZERO, &packet(b"one"));
        assert_eq!(read(&tap), [1_000_000 + lost, 3]);
    }

    #[test]
    fn what_was_taken_in_part_goes_on_where_it_stopped() {
        let mut tap = Tap::new(TapId(1), 0);
        tap.write(Instant::ZERO, &packet(b"one"));
        let first = tap.unread().to_vec();
        tap.take(2);
        tap.write(Instant::ZERO, &packet(b"three"));
        assert_eq!(tap.unread()[..first.len() - 2], first[2..]);
        tap.take(first.len() - 2);
        assert_eq!(read(&tap), [5]);
    }

    #[test]
    fn a_broken_tap_keeps_nothing_until_it_is_opened_again() {
        let mut tap = Tap::new(TapId(1), 0);
        tap.write(Instant::ZERO, &packet(b"one"));
        tap.break_off();
        tap.write(Instant::ZERO, &packet(b"two"));
        assert!(tap.unread().is_empty());
        tap.reopen(5);
        tap.write(Instant::ZERO, &packet(b"four"));
        assert_eq!(read(&tap), [4]);
        assert_eq!(tap.wallclock_us(Instant(2)), 7);
    }
}
