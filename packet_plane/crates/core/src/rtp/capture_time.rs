//! When a packet's media was captured, by the clock of who captured it.
//!
//! Beside it may stand how far that clock is ahead of the sender's, which is the one of the reports on the same stream: so
//! every hop tells its own. Times are 32.32 fixed-point seconds. Source: WebRTC's Absolute Capture Time.

const LEN: usize = 8;
pub const MAX_LEN: usize = 2 * LEN;

/// The extension's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureTime {
    pub ntp_time: u64,
    /// `None` where nobody knows.
    pub clock_offset: Option<i64>,
}

impl CaptureTime {
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (time, rest) = value.split_first_chunk::<LEN>()?;
        Some(CaptureTime {
            ntp_time: u64::from_be_bytes(*time),
            clock_offset: rest.first_chunk().map(|offset| i64::from_be_bytes(*offset)),
        })
    }

    /// Write the value; returns its length.
    pub fn write(&self, out: &mut [u8; MAX_LEN]) -> usize {
        let (time, offset) = out.split_at_mut(LEN);
        time.copy_from_slice(&self.ntp_time.to_be_bytes());
        let Some(clock_offset) = self.clock_offset else {
            return LEN;
        };
        offset.copy_from_slice(&clock_offset.to_be_bytes());
        MAX_LEN
    }

    /// As a sender tells it whose own clock is so many microseconds behind that of the one that it comes from.
    #[must_use]
    pub fn passed_on(self, behind_us: Option<i64>) -> Self {
        let behind = behind_us.map(|us| ((i128::from(us) << 32) / 1_000_000) as i64);
        CaptureTime {
            clock_offset: self
                .clock_offset
                .zip(behind)
                .map(|(known, hop)| known.wrapping_add(hop)),
            ..self
        }
    }

    /// What was captured so many ticks later, or earlier.
    #[must_use]
    pub fn after(self, ticks: u32, clock_rate: u32) -> Self {
        let later = (i64::from(ticks as i32) << 32) / i64::from(clock_rate.max(1));
        CaptureTime {
            ntp_time: self.ntp_time.wrapping_add(later as u64),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_and_written_with_and_without_an_offset() {
        let value: Vec<u8> = (1..=16).collect();
        for len in [8, 16] {
            let time = CaptureTime::parse(&value[..len]).expect("long enough");
            assert_eq!(time.clock_offset.is_some(), len == 16);
            let mut out = [0; MAX_LEN];
            let written = time.write(&mut out);
            assert_eq!(out[..written], value[..len]);
        }
        assert_eq!(CaptureTime::parse(&value[..7]), None);
    }

    #[test]
    fn offsets_of_hops_add_up_and_are_left_out_once_one_is_unknown() {
        let own = CaptureTime {
            ntp_time: 7 << 32,
            clock_offset: Some(1 << 32),
        };
        assert_eq!(own.passed_on(Some(-2_500_000)).clock_offset, Some(-3 << 31));
        assert_eq!(own.passed_on(None).clock_offset, None);
        let unknown = CaptureTime {
            clock_offset: None,
            ..own
        };
        assert_eq!(unknown.passed_on(Some(1)).clock_offset, None);
    }

    #[test]
    fn goes_on_with_the_timestamps() {
        let time = CaptureTime {
            ntp_time: 7 << 32,
            clock_offset: Some(5),
        };
        assert_eq!(time.after(45_000, 90_000).ntp_time, (7 << 32) + (1 << 31));
        assert_eq!(time.after(0u32.wrapping_sub(90_000), 90_000).ntp_time, 6 << 32);
    }
}
