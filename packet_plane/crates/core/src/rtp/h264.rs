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

/// The sequence parameter set of a packet, without its header; sets are too short to be sent in fragments.
#[must_use]
pub fn sequence_parameters(payload: &[u8]) -> Option<&[u8]> {
    let (indicator, rest) = payload.split_first()?;
    match indicator & 0x1f {
        NAL_SPS => Some(rest),
        STAP_A => stap_a_units(rest)
            .filter_map(<[u8]>::split_first)
            .find_map(|(header, set)| (header & 0x1f == NAL_SPS).then_some(set)),
        _ => None,
    }
}

fn stap_a_types(rest: &[u8]) -> impl Iterator<Item = u8> + '_ {
    stap_a_units(rest).filter_map(|unit| Some(unit.first()? & 0x1f))
}

fn stap_a_units(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let len = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let unit = rest.get(2..2 + len)?;
        rest = &rest[2 + len..];
        Some(unit)
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

    #[test]
    fn finds_the_sequence_parameters_in_each_packetisation() {
        assert_eq!(sequence_parameters(&[0x67, 1, 2]), Some(&[1, 2][..]));
        assert_eq!(
            sequence_parameters(&[0x78, 0, 2, 0x68, 9, 0, 3, 0x67, 1, 2]),
            Some(&[1, 2][..])
        );
        assert_eq!(sequence_parameters(&[0x78, 0, 0, 0, 9, 0x67]), None);
        assert_eq!(sequence_parameters(&[0x65, 1, 2]), None);
        assert_eq!(sequence_parameters(&[]), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (starts_keyframe(&bytes), sequence_parameters(&bytes));
        }
    }
}
