//! AV1: the OBUs of a temporal unit, each with its size (RTP Payload Format For AV1, section 4; AV1 in Matroska).

use packet_plane_core::rtp::bits::BitReader;

use super::{Frame, MAX_FRAME_LEN, MalformedPayloadError};

const CONTINUES: u8 = 0x80;
const CONTINUED: u8 = 0x40;
const HAS_EXTENSION: u8 = 0x04;
const HAS_SIZE: u8 = 0x02;

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;

#[derive(Debug, Default)]
pub struct Av1 {
    data: Vec<u8>,
    /// The OBU that the next packet goes on with.
    partial: Vec<u8>,
    is_keyframe: bool,
    is_spoiled: bool,
    /// The last sequence header, with its size.
    sequence: Vec<u8>,
    size: Option<(u16, u16)>,
}

impl Av1 {
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let taken = self.take(payload).ok_or(MalformedPayloadError);
        self.is_spoiled |= taken.is_err();
        taken
    }

    fn take(&mut self, payload: &[u8]) -> Option<()> {
        let (header, mut rest) = payload.split_first()?;
        if (header & CONTINUES != 0) == self.partial.is_empty() {
            return None;
        }
        let told = usize::from(header >> 4 & 3);
        let mut number = 0;
        while !rest.is_empty() {
            number += 1;
            // The last of a told number has no length.
            let len = if told == number {
                rest.len()
            } else {
                let (len, bytes) = leb128(rest)?;
                rest = &rest[bytes..];
                len
            };
            let (element, behind) = rest.split_at_checked(len)?;
            rest = behind;
            if self.partial.len() + element.len() + self.data.len() > MAX_FRAME_LEN {
                return None;
            }
            self.partial.extend_from_slice(element);
            if !rest.is_empty() || header & CONTINUED == 0 {
                let unit = std::mem::take(&mut self.partial);
                self.add(&unit)?;
            }
        }
        (number > 0 && (told == 0 || told == number)).then_some(())
    }

    /// Add a whole OBU with its size in place.
    fn add(&mut self, unit: &[u8]) -> Option<()> {
        let header = *unit.first()?;
        let header_len = if header & HAS_EXTENSION != 0 { 2 } else { 1 };
        let mut content = unit.get(header_len..)?;
        if header & HAS_SIZE != 0 {
            let (len, bytes) = leb128(content)?;
            content = content.get(bytes..bytes + len)?;
        }
        let kind = header >> 3 & 0x0f;
        if matches!(kind, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
            return Some(());
        }
        let start = self.data.len();
        self.data.push(header | HAS_SIZE);
        self.data.extend_from_slice(unit.get(1..header_len)?);
        write_leb128(content.len(), &mut self.data);
        self.data.extend_from_slice(content);
        if kind == SEQUENCE_HEADER {
            self.size = Some(size(content)?);
            self.sequence = self.data[start..].to_vec();
            self.is_keyframe = true;
        }
        Some(())
    }

    pub(super) fn finish(&mut self) -> Option<Frame> {
        let data = std::mem::take(&mut self.data);
        let is_whole = !std::mem::take(&mut self.is_spoiled) && std::mem::take(&mut self.partial).is_empty();
        let is_keyframe = std::mem::take(&mut self.is_keyframe);
        (is_whole && !data.is_empty()).then_some(Frame {
            data,
            is_keyframe,
            size: self.size.filter(|_| is_keyframe),
            duration_us: None,
        })
    }

    /// AV1CodecConfigurationRecord, `None` before a sequence header has come.
    pub(super) fn configuration(&self) -> Option<Vec<u8>> {
        let content_at = 1 + leb128(self.sequence.get(1..)?)?.1;
        let mut reader = BitReader::new(self.sequence.get(content_at..)?);
        let profile = reader.read(3)? as u8;
        // The level is told again in the sequence header; 31 says that it is no limit. Eight bits, 4:2:0.
        let mut out = vec![0x81, profile << 5 | 31, 0x0c, 0];
        out.extend_from_slice(&self.sequence);
        Some(out)
    }
}

/// A number of seven bits a byte and the bytes that it takes; none larger than a frame.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

fn write_leb128(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Width and height of a sequence header (AV1 specification, section 5.5.1).
fn size(header: &[u8]) -> Option<(u16, u16)> {
    let mut reader = BitReader::new(header);
    reader.read(4)?;
    if reader.read_flag()? {
        // A still picture.
        reader.read(5)?;
    } else {
        skip_operating_points(&mut reader)?;
    }
    let (width_bits, height_bits) = (reader.read(4)? + 1, reader.read(4)? + 1);
    let (width, height) = (
        reader.read(width_bits as usize)? + 1,
        reader.read(height_bits as usize)? + 1,
    );
    Some((u16::try_from(width).ok()?, u16::try_from(height).ok()?))
}

fn skip_operating_points(reader: &mut BitReader<'_>) -> Option<()> {
    let mut delay_bits = None;
    if reader.read_flag()? {
        reader.read(32)?;
        reader.read(32)?;
        if reader.read_flag()? {
            skip_variable_length(reader)?;
        }
        if reader.read_flag()? {
            delay_bits = Some(reader.read(5)? as usize + 1);
            reader.read(32)?;
            reader.read(10)?;
        }
    }
    let has_display_delay = reader.read_flag()?;
    for _ in 0..=reader.read(5)? {
        reader.read(12)?;
        if reader.read(5)? > 7 {
            reader.read(1)?;
        }
        if let Some(bits) = delay_bits {
            if reader.read_flag()? {
                reader.read(bits)?;
                reader.read(bits)?;
                reader.read(1)?;
            }
        }
        if has_display_delay && reader.read_flag()? {
            reader.read(4)?;
        }
    }
    Some(())
}

fn skip_variable_length(reader: &mut BitReader<'_>) -> Option<()> {
    let mut zeros = 0;
    while !reader.read_flag()? {
        zeros += 1;
    }
    if zeros < 32 {
        reader.read(zeros)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Profile 0, no timing, one operating point, 320 by 180: nine and eight bits.
    const SEQUENCE: [u8; 8] = [0x00, 0x00, 0x00, 0x04, 0x22, 0x1d, 0x3f, 0x66];

    #[test]
    fn numbers_are_read_as_written() {
        for value in [0, 1, 127, 128, 300, 1 << 20] {
            let mut out = Vec::new();
            write_leb128(value, &mut out);
            assert_eq!(leb128(&out), Some((value, out.len())));
        }
        assert_eq!(leb128(&[0x80; 8]), None);
        assert_eq!(leb128(&[]), None);
    }

    #[test]
    fn units_in_fragments_get_their_sizes_and_delimiters_are_left_out() {
        let mut av1 = Av1::default();
        // Two elements: a delimiter, and the beginning of a frame.
        av1.push(&[0x40, 1, 0x10, 2, 0x30, 1]).expect("begins");
        av1.push(&[0xd0, 2, 3]).expect("goes on");
        av1.push(&[0x90, 4]).expect("ends");
        let frame = av1.finish().expect("whole");
        assert_eq!(
            (frame.data.as_slice(), frame.is_keyframe),
            (&[0x32, 4, 1, 2, 3, 4][..], false)
        );
    }

    #[test]
    fn a_sequence_header_makes_a_keyframe_with_a_size_and_a_configuration() {
        let mut av1 = Av1::default();
        assert_eq!(av1.configuration(), None);
        let first = [&[0x28, 9, 0x08][..], &SEQUENCE, &[0x30, 5]].concat();
        av1.push(&first).expect("whole");
        let frame = av1.finish().expect("whole");
        assert!(frame.is_keyframe && frame.size.is_some());
        let record = av1.configuration().expect("known");
        assert_eq!(record[..6], [0x81, 31, 0x0c, 0, 0x0a, 8]);
    }

    #[test]
    fn a_unit_without_its_beginning_or_end_or_with_a_false_length_spoils_its_frame() {
        let mut av1 = Av1::default();
        assert!(av1.push(&[0x90, 4]).is_err());
        assert_eq!(av1.finish(), None);
        av1.push(&[0x50, 0x30, 1]).expect("begins");
        assert_eq!(av1.finish(), None);
        assert!(av1.push(&[0x00, 9, 1]).is_err());
        assert!(av1.push(&[0x10]).is_err() && av1.push(&[]).is_err());
        assert_eq!(av1.finish(), None);
    }
}
