//! What a slot has sent again lately: a packet that is asked for twice within a round trip is on its way already.

use std::time::Duration;

use crate::quantities::Instant;

/// More than a round trip of losses; of two numbers so far apart the older is forgotten, and may go out once too often.
const PLACES: usize = 256;

/// The latest retransmissions of one slot, each in the place of its number.
#[derive(Debug, Default)]
pub struct Resent {
    /// None before the first.
    places: Vec<Option<(u16, Instant)>>,
    /// Bytes of the slot that its receiver has reported of.
    reported_bytes: u64,
}

impl Resent {
    /// Whether to send a packet again now; it then counts as sent. Asked of packets alone that are there to be sent.
    pub fn admits(&mut self, now: Instant, sequence_number: u16, round_trip: Duration) -> bool {
        self.places.resize(PLACES, None);
        let place = &mut self.places[usize::from(sequence_number) % PLACES];
        let is_on_its_way =
            place.is_some_and(|(number, at)| number == sequence_number && now.since(at) < round_trip);
        if !is_on_its_way {
            *place = Some((sequence_number, now));
        }
        !is_on_its_way
    }

    /// Bytes that a report tells lost of what was sent since the one before; `bytes_sent` are those of all time.
    pub fn handle_report(&mut self, bytes_sent: u64, fraction_lost: u8) -> usize {
        let before = std::mem::replace(&mut self.reported_bytes, bytes_sent);
        (bytes_sent.saturating_sub(before) * u64::from(fraction_lost) / 256) as usize
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_goes_out_again_once_a_round_trip() {
        let mut resent = Resent::default();
        let round_trip = Duration::from_millis(80);
        assert!(resent.is_empty());
        assert!(resent.admits(Instant::from_millis(1_000), 7, round_trip));
        assert!(resent.admits(Instant::from_millis(1_000), 8, round_trip));
        assert!(!resent.admits(Instant::from_millis(1_079), 7, round_trip));
        assert!(resent.admits(Instant::from_millis(1_080), 7, round_trip));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut resent = Resent::default();
        for number in 0..10_000 {
            assert!(resent.admits(Instant::from_millis(1), number, Duration::from_secs(1)));
        }
        assert_eq!(resent.places.len(), PLACES);
        assert!(!resent.admits(Instant::from_millis(1), 9_999, Duration::from_secs(1)));
    }

    #[test]
    fn each_byte_is_reported_lost_once_at_most() {
        let mut resent = Resent::default();
        assert_eq!(resent.handle_report(1_000, 128), 500);
        assert_eq!(resent.handle_report(1_000, 255), 0);
        assert_eq!(resent.handle_report(1_256, 64), 64);
    }
}
