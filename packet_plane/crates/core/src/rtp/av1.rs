//! The AV1 aggregation header: where a sequence can be decoded from the start.
//!
//! Source: RTP Payload Format For AV1, section 4.4. Layers are told by the Dependency Descriptor alone.

const CONTINUES_UNIT: u8 = 0x80;
const STARTS_SEQUENCE: u8 = 0x08;

/// Whether a receiver can start decoding at this packet: the first of a coded video sequence.
#[must_use]
pub fn starts_keyframe(payload: &[u8]) -> bool {
    payload.len() > 1 && payload[0] & (CONTINUES_UNIT | STARTS_SEQUENCE) == STARTS_SEQUENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_starts_with_its_own_flag_and_no_fragment() {
        assert!(starts_keyframe(&[0x18, 0x0a]));
        assert!(!starts_keyframe(&[0x98, 0x0a]));
        assert!(!starts_keyframe(&[0x10, 0x32]));
        assert!(!starts_keyframe(&[0x08]));
        assert!(!starts_keyframe(&[]));
    }
}
