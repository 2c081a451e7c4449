//! H.264: NAL units behind their lengths, with the decoder configuration apart (RFC 6184; ISO/IEC 14496-15 section 5).

use packet_plane_core::rtp::parameter_sets::h264_size;

use super::nal::{Sets, Units, aggregated};
use super::{Frame, MalformedPayloadError};

const IDR: u8 = 5;
const SEQUENCE_PARAMETERS: u8 = 7;
const PICTURE_PARAMETERS: u8 = 8;
const LAST_SINGLE: u8 = 23;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

#[derive(Debug, Default)]
pub struct H264 {
    units: Units,
    has_idr: bool,
    sequence: Sets,
    picture: Sets,
}

impl H264 {
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let taken = self.take(payload);
        self.units.is_spoiled |= taken.is_err();
        taken
    }

    fn take(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let (indicator, rest) = payload.split_first().ok_or(MalformedPayloadError)?;
        match indicator & 0x1f {
            1..=LAST_SINGLE => self.add(payload),
            STAP_A => aggregated(rest).try_for_each(|unit| self.add(unit?)),
            FU_A => {
                let (header, rest) = rest.split_first().ok_or(MalformedPayloadError)?;
                if header & 0x80 != 0 {
                    self.units.begin(&[indicator & 0xe0 | header & 0x1f], rest)?;
                } else {
                    self.units.go_on(rest)?;
                }
                if header & 0x40 != 0 {
                    let unit = self.units.end()?;
                    self.add(&unit)?;
                }
                Ok(())
            }
            _ => Err(MalformedPayloadError),
        }
    }

    fn add(&mut self, unit: &[u8]) -> Result<(), MalformedPayloadError> {
        match unit.first().ok_or(MalformedPayloadError)? & 0x1f {
            // Profile and level stand in its first bytes.
            SEQUENCE_PARAMETERS if unit.len() < 4 => return Err(MalformedPayloadError),
            // Pictures' parameters are of one sequence's.
            SEQUENCE_PARAMETERS if self.sequence.replace(unit) => self.picture.clear(),
            PICTURE_PARAMETERS => self.picture.keep(unit),
            IDR => self.has_idr = true,
            _ => {}
        }
        self.units.add(unit)
    }

    pub(super) fn finish(&mut self) -> Option<Frame> {
        let is_keyframe = std::mem::take(&mut self.has_idr);
        let data = self.units.finish()?;
        let size = self.sequence.first().and_then(|set| h264_size(set.get(1..)?));
        Some(Frame {
            data,
            is_keyframe,
            size: size.filter(|_| is_keyframe),
            duration_us: None,
        })
    }

    /// AVCDecoderConfigurationRecord, `None` before both kinds of sets have come.
    pub(super) fn configuration(&self) -> Option<Vec<u8>> {
        let sequence = self.sequence.first()?;
        if self.picture.len() == 0 {
            return None;
        }
        let mut out = vec![
            1,
            *sequence.get(1)?,
            *sequence.get(2)?,
            *sequence.get(3)?,
            0xff,
            0xe1,
        ];
        self.sequence.write(&mut out);
        out.push(self.picture.len() as u8);
        self.picture.write(&mut out);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: [u8; 5] = [0x67, 0x42, 0xe0, 0x1f, 9];
    const PPS: [u8; 3] = [0x68, 1, 2];

    #[test]
    fn units_in_each_packetisation_stand_behind_their_lengths() {
        let mut h264 = H264::default();
        let sets = [&[0x78, 0, 5][..], &SPS, &[0, 3], &PPS].concat();
        h264.push(&sets).expect("aggregated");
        h264.push(&[0x7c, 0x85, 1]).expect("begins");
        h264.push(&[0x7c, 0x05, 2]).expect("goes on");
        h264.push(&[0x7c, 0x45, 3]).expect("ends");
        let frame = h264.finish().expect("whole");
        let sps = [&[0, 0, 0, 5][..], &SPS].concat();
        let pps = [&[0, 0, 0, 3][..], &PPS].concat();
        assert_eq!(
            frame.data,
            [&sps[..], &pps, &[0, 0, 0, 4, 0x65, 1, 2, 3]].concat()
        );
        assert!(frame.is_keyframe);
        let expected = [
            &[1, 0x42, 0xe0, 0x1f, 0xff, 0xe1, 0, 5][..],
            &SPS,
            &[1, 0, 3],
            &PPS,
        ]
        .concat();
        assert_eq!(h264.configuration(), Some(expected));
    }

    #[test]
    fn a_fragment_without_beginning_or_end_spoils_its_frame_alone() {
        let mut h264 = H264::default();
        assert!(h264.push(&[0x7c, 0x05, 2]).is_err());
        assert_eq!(h264.finish(), None);
        h264.push(&[0x7c, 0x85, 1]).expect("begins");
        assert_eq!(h264.finish(), None);
        assert!(h264.push(&[0x78, 0, 9, 1]).is_err());
        assert_eq!(h264.finish(), None);
        h264.push(&[0x61, 1]).expect("single");
        assert_eq!(h264.finish().map(|frame| frame.is_keyframe), Some(false));
        assert!(h264.push(&[]).is_err() && h264.push(&[0x1f, 1]).is_err());
    }
}
