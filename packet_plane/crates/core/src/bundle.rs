//! Frames of a voice that leave together where a path is so narrow that headers would take as much of it as voices do.
//!
//! A frame of 20 ms that travels alone brings 72 bytes of headers and tag along, 29 kbit/s for each voice. Held frames go
//! with a later one in the form of redundancy (RFC 2198), which readers take apart by time; here each goes out once.

use crate::quantities::ExtendedSequenceNumber;
use crate::redundancy::MAX_REDUNDANT;

/// The frames of one slot that wait for the one they leave with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bundle {
    held: [ExtendedSequenceNumber; MAX_REDUNDANT],
    count: usize,
}

impl Bundle {
    /// Hold a packet; `false` when it is the one that the others wait for.
    pub fn holds(&mut self, sequence: ExtendedSequenceNumber) -> bool {
        let Some(place) = self.held.get_mut(self.count) else {
            return false;
        };
        *place = sequence;
        self.count += 1;
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
        self.count = 0;
    }
}
