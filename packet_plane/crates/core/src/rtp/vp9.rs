//! The VP9 payload descriptor: layers, where they can be entered, and the ids that a switch keeps continuous.
//!
//! Source: RFC 9628 section 4.2 (descriptor).

use super::vp8::PictureId;

/// What the descriptor of one packet says; offsets count from the start of the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vp9Descriptor {
    /// Whether each frame names those that it is drawn upon.
    pub is_flexible: bool,
    pub picture_id: Option<PictureId>,
    pub tl0_picture_index: Option<u8>,
    pub spatial: u8,
    pub temporal: u8,
    /// P: predicted from pictures before this one.
    pub is_inter_picture: bool,
    /// D: predicted from the layer below in this picture.
    pub is_inter_layer: bool,
    /// U: no later picture of a temporal layer above depends on one of those before this.
    pub is_switching_up: bool,
    /// B and E: first and last packet of the layer's frame.
    pub starts_frame: bool,
    pub ends_frame: bool,
    /// Z: no layer above is predicted from this frame.
    pub is_unused_above: bool,
    picture_id_at: u8,
    tl0_at: u8,
}

/// Width and height of each spatial layer, lowest first, where a scalability structure tells them.
pub type Sizes = [(u16, u16); 8];

impl Vp9Descriptor {
    /// Read a descriptor; `None` when the payload ends inside it.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let has = |bit: u8| first & bit != 0;
        let mut found = Vp9Descriptor {
            is_flexible: has(0x10),
            is_inter_picture: has(0x40),
            starts_frame: has(0x08),
            ends_frame: has(0x04),
            is_unused_above: has(0x01),
            ..Vp9Descriptor::default()
        };
        let mut at = 1;
        if has(0x80) {
            found.picture_id_at = at as u8;
            let (id, len) = PictureId::read(payload.get(at..)?)?;
            found.picture_id = Some(id);
            at += len;
        }
        if has(0x20) {
            let layer = *payload.get(at)?;
            at += 1;
            found.temporal = layer >> 5;
            found.is_switching_up = layer & 0x10 != 0;
            found.spatial = layer >> 1 & 7;
            found.is_inter_layer = layer & 1 != 0;
            if !has(0x10) {
                found.tl0_at = at as u8;
                found.tl0_picture_index = Some(*payload.get(at)?);
            }
        }
        Some(found)
    }

    /// Whether a receiver that has nothing can begin here.
    #[must_use]
    pub fn starts_keyframe(&self) -> bool {
        self.starts_frame && !self.is_inter_picture && !self.is_inter_layer && self.spatial == 0
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

/// The sizes in the scalability structure of a payload (section 4.2.1), if it has one.
#[must_use]
pub fn sizes(payload: &[u8]) -> Option<(Sizes, usize)> {
    let first = *payload.first()?;
    let has = |bit: u8| first & bit != 0;
    let mut at = 1;
    if has(0x80) {
        at += PictureId::read(payload.get(at..)?)?.1;
    }
    if has(0x20) {
        at += if has(0x10) { 1 } else { 2 };
    }
    if has(0x40) && has(0x10) {
        // Distances to at most three pictures; the lowest bit says that another follows.
        let distances = payload.get(at..)?.iter().take(3);
        at += 1 + distances
            .take_while(|distance| **distance & 1 == 1)
            .count()
            .min(2);
    }
    let structure = *payload.get(at).filter(|_| has(0x02))?;
    if structure & 0x10 == 0 {
        return None;
    }
    let layers = usize::from(structure >> 5) + 1;
    let pixels = payload.get(at + 1..at + 1 + 4 * layers)?;
    let mut sizes = Sizes::default();
    for (size, bytes) in sizes.iter_mut().zip(pixels.chunks_exact(4)) {
        let number = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        *size = (number(0), number(2));
    }
    Some((sizes, layers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_layers_and_ids_of_the_non_flexible_mode() {
        let payload = [0b1110_1100, 0x81, 0x02, 0b0101_0011, 77, 0];
        let found = Vp9Descriptor::parse(&payload).expect("parses");
        assert_eq!(
            found.picture_id.map(|id| (id.value, id.is_long)),
            Some((0x102, true))
        );
        assert_eq!((found.temporal, found.spatial), (2, 1));
        assert!(found.is_switching_up && found.is_inter_layer && found.is_inter_picture);
        assert!(found.starts_frame && found.ends_frame && !found.is_unused_above);
        assert_eq!(found.tl0_picture_index, Some(77));
        assert!(!found.starts_keyframe());
    }

    #[test]
    fn the_lowest_layer_of_a_picture_without_references_starts_a_keyframe() {
        let starts = |first: u8, layer: u8| {
            Vp9Descriptor::parse(&[first, 5, layer, 0])
                .expect("parses")
                .starts_keyframe()
        };
        assert!(starts(0b1010_1000, 0));
        assert!(!starts(0b1010_0000, 0));
        assert!(!starts(0b1110_1000, 0));
        assert!(!starts(0b1010_1000, 0b0000_0011));
    }

    #[test]
    fn reads_sizes_behind_the_distances_of_the_flexible_mode() {
        let two = [0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xd0];
        let mut payload = vec![0b1111_1010, 5, 0, 0b0000_0011, 0b0000_0010, 0b0011_0000];
        payload.extend_from_slice(&two);
        let (found, layers) = sizes(&payload).expect("has them");
        assert_eq!(found[..layers], [(640, 360), (1_280, 720)]);
        assert_eq!(sizes(&payload[..10]), None);
        assert_eq!(sizes(&[0b1111_1000, 5, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn reads_back_what_it_rewrites(
            mut payload in proptest::collection::vec(any::<u8>(), 0..16),
            picture_id in any::<u16>(),
            tl0 in any::<u8>(),
        ) {
            let _ = sizes(&payload);
            if let Some(descriptor) = Vp9Descriptor::parse(&payload) {
                descriptor.rewrite(picture_id, tl0, &mut payload);
                let again = Vp9Descriptor::parse(&payload).expect("still parses");
                prop_assert_eq!(again.tl0_picture_index, descriptor.tl0_picture_index.map(|_| tl0));
                let bits = |id: PictureId| if id.is_long { 0x7fff } else { 0x7f };
                prop_assert_eq!(
                    again.picture_id.map(|id| id.value),
                    descriptor.picture_id.map(|id| picture_id & bits(id))
                );
                prop_assert_eq!((again.spatial, again.temporal), (descriptor.spatial, descriptor.temporal));
            }
        }
    }
}
