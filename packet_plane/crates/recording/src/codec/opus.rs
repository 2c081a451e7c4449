//! Opus: a packet is a frame (RFC 7587 section 4.2); its length stands in its first bytes (RFC 6716 section 3.1).

use super::{Frame, MalformedPayloadError};

/// The longest packet, 120 ms.
const MAX_DURATION_US: u64 = 120_000;

#[derive(Debug, Default)]
pub struct Opus {
    packet: Option<Vec<u8>>,
}

impl Opus {
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        self.packet = duration_us(payload).map(|_| payload.to_vec());
        self.packet.as_ref().map(|_| ()).ok_or(MalformedPayloadError)
    }

    pub(super) fn finish(&mut self) -> Option<Frame> {
        let data = self.packet.take()?;
        Some(Frame {
            duration_us: duration_us(&data),
            is_keyframe: true,
            data,
            size: None,
        })
    }
}

/// Microseconds that a packet lasts, `None` of one that is no packet.
#[must_use]
pub fn duration_us(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let frame_us = match toc >> 3 {
        config @ 0..=11 => [10_000, 20_000, 40_000, 60_000][usize::from(config & 3)],
        config @ 12..=15 => [10_000, 20_000][usize::from(config & 1)],
        config => [2_500, 5_000, 10_000, 20_000][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3f),
    };
    Some(frame_us * frames).filter(|us| (1..=MAX_DURATION_US).contains(us))
}

/// The identification header (RFC 7845 section 5.1): two channels at 48 kHz, nothing skipped.
#[must_use]
pub fn head() -> Vec<u8> {
    let mut head = b"OpusHead".to_vec();
    head.extend_from_slice(&[1, 2, 0, 0]);
    head.extend_from_slice(&48_000u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_long_a_packet_lasts() {
        assert_eq!(duration_us(&[0x78, 1]), Some(20_000));
        assert_eq!(duration_us(&[0x79, 1]), Some(40_000));
        assert_eq!(duration_us(&[0x18]), Some(60_000));
        assert_eq!(duration_us(&[0x83, 8]), Some(20_000));
        assert_eq!(duration_us(&[0xfb, 7]), None);
        assert_eq!(duration_us(&[0x83]), None);
        assert_eq!(duration_us(&[]), None);
    }
}
