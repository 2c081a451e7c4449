//! Where an H.264 picture can be decoded from the start: a parameter set or an IDR slice.
//!
//! Source: RFC 6184 sections 5.6 (single NAL unit), 5.7.1 (STAP-A), 5.8 (FU-A).

const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Whether a receiver can start decoding at this packet.
#[must_use]
pub fn starts_keyframe(payload: &[u8]) -> bool {
    let Some(&indicator) = payload.first() else {
        return false;
    };
    match indicator & 0x1f {
        NAL_IDR | NAL_SPS => true,
        STAP_A => stap_a_types(&payload[1..]).any(|kind| kind == NAL_SPS || kind == NAL_IDR),
        // Only the first fragment starts a picture.
        FU_A => payload
            .get(1)
            .is_some_and(|header| header & 0x80 != 0 && matches!(header & 0x1f, NAL_IDR | NAL_SPS)),
        _ => false,
    }
}

fn stap_a_types(mut rest: &[u8]) -> impl Iterator<Item = u8> + '_ {
    std::iter::from_fn(move || {
        let len = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let unit = rest.get(2..2 + len)?;
        rest = &rest[2 + len..];
        Some(unit.first()? & 0x1f)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn recognises_parameter_sets_and_idr_in_each_packetisation() {
        assert!(starts_keyframe(&[0x67, 1, 2]));
        assert!(starts_keyframe(&[0x65, 1, 2]));
        assert!(starts_keyframe(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]));
        assert!(starts_keyframe(&[0x7c, 0x85, 0]));
    }

    #[test]
    fn does_not_take_later_fragments_or_other_slices_for_a_start() {
        assert!(!starts_keyframe(&[0x7c, 0x45, 0]));
        assert!(!starts_keyframe(&[0x61, 0]));
        assert!(!starts_keyframe(&[0x78, 0, 2, 0x61, 1]));
        assert!(!starts_keyframe(&[0x78, 0xff]));
        assert!(!starts_keyframe(&[]));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = starts_keyframe(&bytes);
        }
    }
}
