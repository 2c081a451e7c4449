//! The VP8 payload descriptor: where keyframes start, and the ids that a switch has to keep continuous.
//!
//! Source: RFC 7741 sections 4.2 (descriptor) and 4.3 (payload header).

/// What the descriptor of one packet says; offsets count from the start of the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vp8Descriptor {
    pub starts_keyframe: bool,
    pub picture_id: Option<PictureId>,
    pub tl0_picture_index: Option<u8>,
    /// Temporal layer, 0 when absent.
    pub temporal: u8,
    /// The Y bit: this frame depends on the lowest temporal layer alone.
    pub is_layer_sync: bool,
    /// Width and height in pixels of a keyframe.
    pub size: Option<(u16, u16)>,
    picture_id_at: u8,
    tl0_at: u8,
}

/// A picture id of 7 or 15 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    pub value: u16,
    pub is_long: bool,
}

impl PictureId {
    /// Read an id and its length; VP9 writes it alike (RFC 9628 section 4.2).
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let first = *bytes.first()?;
        if first & 0x80 == 0 {
            let value = u16::from(first);
            return Some((
                PictureId {
                    value,
                    is_long: false,
                },
                1,
            ));
        }
        let value = u16::from(first & 0x7f) << 8 | u16::from(*bytes.get(1)?);
        Some((PictureId { value, is_long: true }, 2))
    }

    /// Write another value over this id, as long as it.
    pub(super) fn write(self, value: u16, out: &mut [u8]) {
        if self.is_long {
            out[..2].copy_from_slice(&(0x8000 | (value & 0x7fff)).to_be_bytes());
        } else {
            out[0] = (value & 0x7f) as u8;
        }
    }
}

impl Vp8Descriptor {
    /// Read a descriptor; `None` when the payload ends inside it.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let mut found = Vp8Descriptor::default();
        let mut at = 1;
        if first & 0x80 != 0 {
            let flags = *payload.get(1)?;
            at = 2;
            if flags & 0x80 != 0 {
                found.picture_id_at = at as u8;
                let (id, len) = PictureId::read(payload.get(at..)?)?;
                found.picture_id = Some(id);
                at += len;
            }
            if flags & 0x40 != 0 {
                found.tl0_at = at as u8;
                found.tl0_picture_index = Some(*payload.get(at)?);
                at += 1;
            }
            if flags & 0x30 != 0 {
                let layer = *payload.get(at)?;
                if flags & 0x20 != 0 {
                    found.temporal = layer >> 6;
                    found.is_layer_sync = layer & 0x20 != 0;
                }
                at += 1;
            }
        }
        // S set, partition 0, and the inverse keyframe bit of the payload header clear.
        found.starts_keyframe = first & 0x17 == 0x10 && payload.get(at).is_some_and(|byte| byte & 1 == 0);
        if found.starts_keyframe {
            found.size = payload.get(at..).and_then(keyframe_size);
        }
        Some(found)
    }

    /// Write other ids over those of `payload`, which this descriptor was read from.
    pub fn rewrite(&self, picture_id: u16, tl0_picture_index: u8, payload: &mut [u8]) {
        if let Some(id) = self.picture_id {
            id.write(picture_id, &mut payload[usize::from(self.picture_id_at)..]);
        }
        if self.tl0_picture_index.is_some() {
            payload[usize::from(self.tl0_at)] = tl0_picture_index;
        }
    }
}

/// Width and height of a frame that begins with a keyframe's header (RFC 6386 section 9.1).
fn keyframe_size(frame: &[u8]) -> Option<(u16, u16)> {
    let [_, _, _, 0x9d, 0x01, 0x2a, width @ ..] = frame.get(..10)? else {
        return None;
    };
    let pixels = |at: usize| u16::from_le_bytes([width[at], width[at + 1]]) & 0x3fff;
    Some((pixels(0), pixels(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sees_a_keyframe_only_at_the_first_packet_of_its_first_partition() {
        let keyframe = [0x90, 0x80, 0x81, 0x02, 0x10, 0, 0];
        assert!(Vp8Descriptor::parse(&keyframe).expect("parses").starts_keyframe);
        let mut interframe = keyframe;
        interframe[4] |= 1;
        assert!(!Vp8Descriptor::parse(&interframe).expect("parses").starts_keyframe);
        let mut continuation = keyframe;
        continuation[0] = 0x80;
        assert!(
            !Vp8Descriptor::parse(&continuation)
                .expect("parses")
                .starts_keyframe
        );
    }

    #[test]
    fn rewrites_long_and_short_ids_in_place() {
        let mut long = [0x90, 0xe0, 0x81, 0x02, 9, 0x20, 0x10];
        let descriptor = Vp8Descriptor::parse(&long).expect("parses");
        assert_eq!(
            descriptor.picture_id,
            Some(PictureId {
                value: 0x102,
                is_long: true
            })
        );
        descriptor.rewrite(0x7fff, 200, &mut long);
        assert_eq!(long, [0x90, 0xe0, 0xff, 0xff, 200, 0x20, 0x10]);
        let mut short = [0x90, 0x80, 0x05, 0x10];
        Vp8Descriptor::parse(&short)
            .expect("parses")
            .rewrite(0x81, 0, &mut short);
        assert_eq!(short, [0x90, 0x80, 0x01, 0x10]);
    }

    #[test]
    fn refuses_a_payload_that_ends_inside_the_descriptor() {
        for payload in [
            &[][..],
            &[0x90],
            &[0x90, 0x80],
            &[0x90, 0x80, 0x80],
            &[0x90, 0x40],
            &[0x90, 0x20],
        ] {
            assert_eq!(Vp8Descriptor::parse(payload), None);
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_it_rewrites(
            mut payload in proptest::collection::vec(any::<u8>(), 0..16),
            picture_id in any::<u16>(),
            tl0 in any::<u8>(),
        ) {
            if let Some(descriptor) = Vp8Descriptor::parse(&payload) {
                let len = payload.len();
                descriptor.rewrite(picture_id, tl0, &mut payload);
                let again = Vp8Descriptor::parse(&payload).expect("still parses");
                prop_assert_eq!(payload.len(), len);
                prop_assert_eq!(again.tl0_picture_index, descriptor.tl0_picture_index.map(|_| tl0));
                let expected = descriptor.picture_id.map(|id| if id.is_long { picture_id & 0x7fff } else { picture_id & 0x7f });
                prop_assert_eq!(again.picture_id.map(|id| id.value), expected);
                prop_assert_eq!(again.starts_keyframe, descriptor.starts_keyframe);
            }
        }
    }

    #[test]
    fn reads_temporal_layer_sync_bit_and_size() {
        let keyframe = [
            0x90, 0xe0, 0x80, 1, 5, 0x60, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x01,
        ];
        let descriptor = Vp8Descriptor::parse(&keyframe).expect("parses");
        assert!(descriptor.starts_keyframe && descriptor.is_layer_sync);
        assert_eq!(descriptor.temporal, 1);
        assert_eq!(descriptor.size, Some((640, 360)));
    }
}
