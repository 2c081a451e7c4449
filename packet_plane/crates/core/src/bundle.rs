//! Frames of a voice that leave together where a path is so narrow that headers would take as much of it as voices do.
//!
//! A frame of 20 ms that travels alone brings 72 bytes of headers and tag along, 29 kbit/s for each voice. Held frames go
//! with a later one in the form of redundancy (RFC 2198), which readers take apart by time; here each goes out once.

use crate::quantities::ExtendedSequenceNumber;
use crate::redundancy::MAX_REDUNDANT;

/// So much sound leaves together: three frames of 20 ms. A packet that holds as much waits for no other.
const FULL_MS: u32 = 60;
/// What a packet holds as long as it is not known otherwise.
const USUAL_MS: u32 = 20;

/// The frames of one slot that wait for the one they leave with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bundle {
    held: [ExtendedSequenceNumber; MAX_REDUNDANT],
    count: usize,
    held_ms: u32,
}

impl Bundle {
    /// Hold a packet of so much sound; `false` when it is the one that the others wait for.
    pub fn holds(&mut self, sequence: ExtendedSequenceNumber, sound_ms: Option<u32>) -> bool {
        let held_ms = self.held_ms + sound_ms.unwrap_or(USUAL_MS);
        let Some(place) = self.held.get_mut(self.count).filter(|_| held_ms < FULL_MS) else {
            return false;
        };
        *place = sequence;
        self.count += 1;
        self.held_ms = held_ms;
        true
    }

    /// What waits, newest first.
    pub fn held(&self) -> impl ExactSizeIterator<Item = ExtendedSequenceNumber> {
        self.held[..self.count].iter().rev().copied()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What waited has left, or shall not any more.
    pub fn clear(&mut self) {
        (self.count, self.held_ms) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_milliseconds_leave_together_however_long_their_packets_are() {
        for (sound_ms, packets) in [
            (None, 3),
            (Some(10), 3),
            (Some(20), 3),
            (Some(40), 2),
            (Some(60), 1),
            (Some(120), 1),
        ] {
            let mut bundle = Bundle::default();
            let held = (0..10).take_while(|number| bundle.holds(ExtendedSequenceNumber(*number), sound_ms));
            assert_eq!(held.count() + 1, packets, "{sound_ms:?}");
        }
    }
}
