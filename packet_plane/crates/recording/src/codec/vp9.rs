//! VP9: the payloads of a picture's packets in a row, without their descriptors (RFC 9628 section 4.2).
//!
//! The spatial layers of one picture become a superframe: their sizes stand behind them (VP9 bitstream specification,
//! annex B).

use packet_plane_core::rtp::bits::BitReader;
use packet_plane_core::rtp::vp9::{Vp9Descriptor, sizes};

use super::{Frame, MAX_FRAME_LEN, MalformedPayloadError};

const MAX_LAYERS: usize = 8;

#[derive(Debug, Default)]
pub struct Vp9 {
    data: Vec<u8>,
    /// Where each layer's frame begins.
    starts: Vec<usize>,
    is_keyframe: bool,
    /// Of the highest layer, as the scalability structure tells it.
    told_size: Option<(u16, u16)>,
    is_spoiled: bool,
}

impl Vp9 {
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let taken = self.take(payload).ok_or(MalformedPayloadError);
        self.is_spoiled |= taken.is_err();
        taken
    }

    fn take(&mut self, payload: &[u8]) -> Option<()> {
        let descriptor = Vp9Descriptor::parse(payload)?;
        let part = payload
            .get(descriptor_len(payload)?..)
            .filter(|part| !part.is_empty())?;
        if self.data.len() + part.len() > MAX_FRAME_LEN {
            return None;
        }
        if descriptor.starts_frame {
            if self.starts.is_empty() {
                self.is_keyframe = descriptor.starts_keyframe();
            }
            self.starts.push(self.data.len());
        }
        if self.starts.is_empty() || self.starts.len() > MAX_LAYERS {
            return None;
        }
        if let Some((sizes, layers)) = sizes(payload) {
            self.told_size = sizes.get(layers.checked_sub(1)?).copied();
        }
        self.data.extend_from_slice(part);
        Some(())
    }

    pub(super) fn finish(&mut self) -> Option<Frame> {
        let mut picture = std::mem::take(self);
        if picture.is_spoiled || picture.starts.is_empty() {
            return None;
        }
        let size = if picture.is_keyframe {
            picture.told_size.or_else(|| keyframe_size(&picture.data))
        } else {
            None
        };
        if picture.starts.len() > 1 {
            write_index(&mut picture.data, &picture.starts);
        }
        Some(Frame {
            data: picture.data,
            is_keyframe: picture.is_keyframe,
            size,
            duration_us: None,
        })
    }
}

/// Length of the descriptor with all that may stand in it.
fn descriptor_len(payload: &[u8]) -> Option<usize> {
    let first = *payload.first()?;
    let has = |bit: u8| first & bit != 0;
    let mut at = 1;
    if has(0x80) {
        at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    if has(0x20) {
        at += if has(0x10) { 1 } else { 2 };
    }
    if has(0x40) && has(0x10) {
        // At most three distances; the lowest bit says that another follows.
        for _ in 0..3 {
            at += 1;
            if payload.get(at - 1)? & 1 == 0 {
                break;
            }
        }
    }
    if has(0x02) {
        let structure = *payload.get(at)?;
        at += 1;
        if structure & 0x10 != 0 {
            at += 4 * (usize::from(structure >> 5) + 1);
        }
        if structure & 0x08 != 0 {
            let pictures = *payload.get(at)?;
            at += 1;
            for _ in 0..pictures {
                at += 1 + usize::from(payload.get(at)? >> 2 & 3);
            }
        }
    }
    Some(at)
}

/// Append the sizes of the frames that begin at `starts`, in as many bytes as the largest takes.
fn write_index(data: &mut Vec<u8>, starts: &[usize]) {
    let ends = starts.iter().skip(1).copied().chain([data.len()]);
    let lens: Vec<usize> = starts.iter().zip(ends).map(|(start, end)| end - start).collect();
    let largest = lens.iter().copied().max().unwrap_or(0);
    let bytes = (1..4).find(|bytes| largest < 1 << (8 * bytes)).unwrap_or(4);
    let marker = 0xc0 | ((bytes as u8 - 1) << 3) | (lens.len() as u8 - 1);
    data.push(marker);
    for len in lens {
        data.extend_from_slice(&(len as u32).to_le_bytes()[..bytes]);
    }
    data.push(marker);
}

/// Width and height in a keyframe's header (VP9 bitstream specification, section 6.2).
fn keyframe_size(frame: &[u8]) -> Option<(u16, u16)> {
    let mut reader = BitReader::new(frame);
    if reader.read(2)? != 2 {
        return None;
    }
    let profile = reader.read(1)? | reader.read(1)? << 1;
    if profile == 3 {
        reader.read(1)?;
    }
    // A frame that is shown again, or no keyframe.
    if reader.read(2)? != 0 {
        return None;
    }
    reader.read(2)?;
    if reader.read(24)? != 0x49_83_42 {
        return None;
    }
    if profile >= 2 {
        reader.read(1)?;
    }
    const RGB: u32 = 7;
    if reader.read(3)? == RGB {
        reader.read(if profile == 1 || profile == 3 { 1 } else { 0 })?;
    } else {
        reader.read(if profile == 1 || profile == 3 { 4 } else { 1 })?;
    }
    let (width, height) = (reader.read(16)? + 1, reader.read(16)? + 1);
    Some((u16::try_from(width).ok()?, u16::try_from(height).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYER: u8 = 0x20;
    const BEGINS: u8 = 0x08;
    const ENDS: u8 = 0x04;

    #[test]
    fn layers_of_a_picture_become_a_superframe_with_their_sizes() {
        let mut vp9 = Vp9::default();
        vp9.push(&[LAYER | BEGINS, 0, 9, 1, 2]).expect("begins");
        vp9.push(&[LAYER | ENDS, 0, 9, 3]).expect("goes on");
        vp9.push(&[LAYER | BEGINS | ENDS, 0b0011, 9, 4])
            .expect("the second layer");
        let frame = vp9.finish().expect("whole");
        assert_eq!(frame.data, [1, 2, 3, 4, 0xc1, 3, 1, 0xc1]);
        assert!(frame.is_keyframe);
    }

    #[test]
    fn a_single_layer_has_no_index_and_descriptors_of_any_length_are_left_out() {
        let mut vp9 = Vp9::default();
        // Flexible, with an id of two bytes, two distances and a structure with one size and one picture.
        let payload = [0xfe, 0x81, 2, 0, 3, 2, 0x18, 0, 16, 0, 9, 1, 0x04, 5, 0xaa];
        vp9.push(&payload).expect("whole");
        let frame = vp9.finish().expect("whole");
        assert_eq!((frame.data.as_slice(), frame.is_keyframe), (&[0xaa][..], false));
    }

    #[test]
    fn reads_the_size_of_a_keyframe() {
        let header = [0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x40];
        assert_eq!(keyframe_size(&header), Some((320, 181)));
        assert_eq!(keyframe_size(&header[..6]), None);
    }

    #[test]
    fn a_picture_without_its_beginning_is_none() {
        let mut vp9 = Vp9::default();
        assert!(vp9.push(&[ENDS, 1]).is_err());
        assert!(vp9.push(&[BEGINS]).is_err());
        assert_eq!(vp9.finish(), None);
    }
}
