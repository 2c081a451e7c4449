//! VP8: the payloads of a frame's packets in a row, without their descriptors (RFC 7741 section 4).

use super::{Frame, MAX_FRAME_LEN, MalformedPayloadError};

#[derive(Debug, Default)]
pub struct Vp8 {
    data: Vec<u8>,
    is_spoiled: bool,
}

impl Vp8 {
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let part = self.read(payload).ok_or(MalformedPayloadError);
        self.is_spoiled |= part.is_err();
        self.data.extend_from_slice(part?);
        Ok(())
    }

    fn read<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        let (starts, part) = split(payload)?;
        // A frame begins with the beginning of its first partition, and with nothing else.
        let fits = self.data.len() + part.len() <= MAX_FRAME_LEN;
        (fits && !part.is_empty() && (starts || !self.data.is_empty())).then_some(part)
    }

    pub(super) fn finish(&mut self) -> Option<Frame> {
        let data = std::mem::take(&mut self.data);
        let is_whole = !std::mem::take(&mut self.is_spoiled);
        let first = *data.first().filter(|_| is_whole)?;
        let is_keyframe = first & 1 == 0;
        Some(Frame {
            size: if is_keyframe { Some(size(&data)?) } else { None },
            is_keyframe,
            data,
            duration_us: None,
        })
    }
}

/// Whether a payload begins a frame, and what stands behind its descriptor.
fn split(payload: &[u8]) -> Option<(bool, &[u8])> {
    let first = *payload.first()?;
    let mut at = 1;
    if first & 0x80 != 0 {
        let flags = *payload.get(1)?;
        at = 2;
        if flags & 0x80 != 0 {
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(flags & 0x40 != 0) + usize::from(flags & 0x30 != 0);
    }
    Some((first & 0x17 == 0x10, payload.get(at..)?))
}

/// Width and height of a keyframe (RFC 6386 section 9.1).
fn size(frame: &[u8]) -> Option<(u16, u16)> {
    let [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d] = *frame.first_chunk::<10>()? else {
        return None;
    };
    let pixels = |low, high| u16::from_le_bytes([low, high]) & 0x3fff;
    let size = (pixels(a, b), pixels(c, d));
    (size.0 > 0 && size.1 > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 10] = [0x10, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0];

    #[test]
    fn joins_the_packets_of_a_frame_behind_descriptors_of_any_length() {
        let mut vp8 = Vp8::default();
        let first = [&[0x90, 0xf0, 0x80, 1, 2, 3][..], &KEY].concat();
        vp8.push(&first).expect("begins");
        vp8.push(&[0x00, 7, 8]).expect("follows");
        let frame = vp8.finish().expect("whole");
        assert_eq!(frame.data, [&KEY[..], &[7, 8]].concat());
        assert_eq!((frame.is_keyframe, frame.size), (true, Some((320, 240))));
    }

    #[test]
    fn a_frame_without_its_beginning_or_with_a_broken_packet_is_none() {
        let mut vp8 = Vp8::default();
        assert!(vp8.push(&[0x00, 7]).is_err());
        assert_eq!(vp8.finish(), None);
        vp8.push(&[0x10, 1]).expect("begins");
        assert!(vp8.push(&[0x80]).is_err());
        assert_eq!(vp8.finish(), None);
        vp8.push(&[0x10, 1, 2]).expect("begins");
        assert_eq!(vp8.finish().map(|frame| frame.is_keyframe), Some(false));
    }
}
