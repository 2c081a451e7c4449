//! The quantities that cross module boundaries: instants, identifiers and wrapping RTP numbers.
//!
//! Nothing here reads a clock. `Instant` is handed in by the caller and only compared and subtracted.

use std::time::Duration;

/// A point on the caller's monotonic clock, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

impl Instant {
    pub const ZERO: Instant = Instant(0);

    #[must_use]
    pub fn from_millis(ms: u64) -> Self {
        Instant(ms * 1_000)
    }

    /// Time since `earlier`, zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    #[must_use]
    pub fn micros(self) -> u64 {
        self.0
    }
}

impl std::ops::Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(micros))
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);
    };
}

identifier!(/// Synchronisation source of one RTP stream (RFC 3550 section 3).
    Ssrc, u32);
identifier!(/// RTP payload type, 0 to 127.
    PayloadType, u8);
identifier!(/// One client's ICE and DTLS connection, numbered by the caller.
    TransportId, u64);
identifier!(/// One meeting, numbered by the caller.
    MeetingId, u64);
identifier!(/// One source of media, numbered by the caller.
    TrackId, u64);
identifier!(/// One reader of recorded tracks, numbered by the caller.
    TapId, u64);
identifier!(/// One receiving place in a client's connection, numbered by the caller.
    SlotId, u64);

/// A 16-bit sequence number counted on without wrapping: rollover counter × 65,536 + number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtendedSequenceNumber(pub u64);

impl ExtendedSequenceNumber {
    /// The sixteen bits that travel in a packet.
    #[must_use]
    pub fn sequence_number(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// Rollover counter (RFC 3711 section 3.3.1).
    #[must_use]
    pub fn roc(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// The extended number closest to `self` whose low sixteen bits are `sequence_number`.
    #[must_use]
    pub fn nearest(self, sequence_number: u16) -> ExtendedSequenceNumber {
        let distance = sequence_number.wrapping_sub(self.sequence_number()) as i16;
        let extended = self.0 as i64 + i64::from(distance);
        if extended < 0 {
            return ExtendedSequenceNumber((extended + 0x1_0000) as u64);
        }
        ExtendedSequenceNumber(extended as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nearest_crosses_the_wrap_in_both_directions() {
        assert_eq!(ExtendedSequenceNumber(0xffff).nearest(0).0, 0x1_0000);
        assert_eq!(ExtendedSequenceNumber(0x1_0000).nearest(0xffff).0, 0xffff);
    }

    #[test]
    fn nearest_never_goes_below_zero() {
        assert_eq!(ExtendedSequenceNumber(1).nearest(0xfff0).0, 0xfff0);
    }

    proptest! {
        #[test]
        fn nearest_recovers_every_number_within_half_the_range(
            base in 0x1_0000u64..1 << 40,
            offset in -32_767i64..32_767,
        ) {
            let actual = (base as i64 + offset) as u64;
            let seen = ExtendedSequenceNumber(base).nearest((actual & 0xffff) as u16);
            prop_assert_eq!(seen.0, actual);
        }
    }
}
