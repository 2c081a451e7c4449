//! What a slot has sent again lately: a packet that is asked for twice within a round trip is on its way already.

use std::collections::VecDeque;
use std::time::Duration;

use crate::quantities::Instant;

/// More than a round trip of losses; beyond it a packet goes out once too often, which does no harm.
const REMEMBERED: usize = 128;

/// The latest retransmissions of one slot.
#[derive(Debug, Default)]
pub struct Resent {
    packets: VecDeque<(u16, Instant)>,
}

impl Resent {
    /// Whether to send a packet again now; it then counts as sent.
    pub fn admits(&mut self, now: Instant, sequence_number: u16, round_trip: Duration) -> bool {
        while self
            .packets
            .front()
            .is_some_and(|(_, at)| now.since(*at) >= round_trip)
        {
            self.packets.pop_front();
        }
        if self.packets.iter().any(|(number, _)| *number == sequence_number) {
            return false;
        }
        if self.packets.len() >= REMEMBERED {
            self.packets.pop_front();
        }
        self.packets.push_back((sequence_number, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_goes_out_again_once_a_round_trip() {
        let mut resent = Resent::default();
        let round_trip = Duration::from_millis(80);
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
        assert_eq!(resent.packets.len(), REMEMBERED);
    }
}
