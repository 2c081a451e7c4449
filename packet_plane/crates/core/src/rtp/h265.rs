//! Where an H.265 picture can be decoded from the start, and its temporal layers.
//!
//! Source: RFC 7798 sections 1.1.4 (NAL unit header), 4.4.1 (single unit), 4.4.2 (aggregation), 4.4.3 (fragments).

const VIDEO_PARAMETERS: u8 = 32;
const SEQUENCE_PARAMETERS: u8 = 33;
const AGGREGATION: u8 = 48;
const FRAGMENT: u8 = 49;

/// What the units of one packet say of its picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct H265Units {
    pub starts_keyframe: bool,
    pub temporal: u8,
    /// Whether the temporal layer can be entered with this picture (TSA and STSA pictures).
    pub is_temporal_switch: bool,
}

impl H265Units {
    /// Read a payload; `None` when it is too short for a header.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = payload else {
            return None;
        };
        let kind = first >> 1 & 0x3f;
        let mut found = H265Units {
            temporal: (second & 7).saturating_sub(1),
            ..H265Units::default()
        };
        match kind {
            AGGREGATION => aggregated(rest).for_each(|kind| found.note(kind)),
            FRAGMENT => {
                let header = *rest.first()?;
                // Only the first fragment starts a picture; the switch is one of all its packets.
                let kind = header & 0x3f;
                if header & 0x80 != 0 {
                    found.note(kind);
                }
                found.is_temporal_switch |= is_switch(kind);
            }
            kind => found.note(kind),
        }
        Some(found)
    }

    fn note(&mut self, kind: u8) {
        // IRAP pictures and the parameter sets before them (H.265 table 7-1).
        self.starts_keyframe |= matches!(kind, 16..=21 | 32 | 33);
        self.is_temporal_switch |= is_switch(kind);
    }
}

fn is_switch(kind: u8) -> bool {
    matches!(kind, 2..=5)
}

/// The sequence parameter set of a packet, without its header; sets are too short to be sent in fragments.
#[must_use]
pub fn sequence_parameters(payload: &[u8]) -> Option<&[u8]> {
    let unit = |unit: &'_ [u8]| unit.first().map(|first| first >> 1 & 0x3f);
    match unit(payload)? {
        SEQUENCE_PARAMETERS => payload.get(2..),
        AGGREGATION => units(payload.get(2..)?)
            .find(|one| unit(one) == Some(SEQUENCE_PARAMETERS))?
            .get(2..),
        _ => None,
    }
}

/// Whether a packet holds a video parameter set, the first of the sets without which a picture cannot be decoded.
#[must_use]
pub fn has_video_parameters(payload: &[u8]) -> bool {
    let (Some(first), Some(rest)) = (payload.first(), payload.get(2..)) else {
        return false;
    };
    match first >> 1 & 0x3f {
        AGGREGATION => aggregated(rest).any(|kind| kind == VIDEO_PARAMETERS),
        kind => kind == VIDEO_PARAMETERS,
    }
}

fn aggregated(rest: &[u8]) -> impl Iterator<Item = u8> + '_ {
    units(rest).filter_map(|unit| Some(unit.first()? >> 1 & 0x3f))
}

fn units(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
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

    fn unit(kind: u8, temporal: u8) -> [u8; 2] {
        [kind << 1, temporal + 1]
    }

    fn starts(payload: &[u8]) -> bool {
        H265Units::parse(payload).expect("parses").starts_keyframe
    }

    #[test]
    fn recognises_parameter_sets_and_irap_pictures_in_each_packetisation() {
        assert!(starts(&unit(32, 0)) && starts(&unit(19, 0)) && starts(&unit(21, 0)));
        assert!(starts(&[96, 1, 0, 2, 66, 1, 0, 2, 68, 1]));
        assert!(starts(&[98, 1, 0x80 | 19]));
        assert!(!starts(&[98, 1, 0x40 | 19]) && !starts(&unit(1, 0)) && !starts(&[96, 1, 0xff, 0xff]));
        assert_eq!(H265Units::parse(&[98, 1]), None);
        assert_eq!(sequence_parameters(&[66, 1, 7, 8]), Some(&[7, 8][..]));
        assert_eq!(
            sequence_parameters(&[96, 1, 0, 2, 64, 1, 0, 3, 66, 1, 7]),
            Some(&[7][..])
        );
        assert_eq!(sequence_parameters(&[96, 1, 0, 1, 66]), None);
        assert_eq!(sequence_parameters(&[96]), None);
        assert_eq!(H265Units::parse(&[98]), None);
        assert!(has_video_parameters(&[64, 1, 7]));
        assert!(has_video_parameters(&[96, 1, 0, 2, 64, 1, 0, 3, 66, 1, 7]));
        assert!(!has_video_parameters(&[96, 1, 0, 3, 66, 1, 7]));
        assert!(!has_video_parameters(&[66, 1, 7]) && !has_video_parameters(&[64]));
    }

    #[test]
    fn tells_temporal_layers_and_where_they_are_entered() {
        let sub = H265Units::parse(&unit(3, 2)).expect("parses");
        assert_eq!((sub.temporal, sub.is_temporal_switch), (2, true));
        let plain = H265Units::parse(&unit(1, 1)).expect("parses");
        assert_eq!((plain.temporal, plain.is_temporal_switch), (1, false));
        let fragment = H265Units::parse(&[98, 2, 5]).expect("parses");
        assert_eq!((fragment.temporal, fragment.is_temporal_switch), (1, true));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (H265Units::parse(&bytes), has_video_parameters(&bytes));
        }
    }
}
