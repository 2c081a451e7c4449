//! H.265: NAL units behind their lengths, with the decoder configuration apart (RFC 7798; ISO/IEC 14496-15 section 8).

use packet_plane_core::rtp::parameter_sets::h265_size;

use super::nal::{Sets, Units, aggregated};
use super::{Frame, MalformedPayloadError};

const VIDEO_PARAMETERS: u8 = 32;
const SEQUENCE_PARAMETERS: u8 = 33;
const PICTURE_PARAMETERS: u8 = 34;
const AGGREGATION: u8 = 48;
const FRAGMENT: u8 = 49;
/// Bytes of general profile, tier and level (H.265 section 7.3.3).
const PROFILE_LEN: usize = 12;
const MAIN_10: u8 = 2;

#[derive(Debug, Default)]
pub struct H265 {
    units: Units,
    has_random_access: bool,
    video: Sets,
    sequence: Sets,
    picture: Sets,
}

impl H265 {
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let taken = self.take(payload);
        self.units.is_spoiled |= taken.is_err();
        taken
    }

    fn take(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        let ([first, second], rest) = payload.split_first_chunk::<2>().ok_or(MalformedPayloadError)?;
        match first >> 1 & 0x3f {
            AGGREGATION => aggregated(rest).try_for_each(|unit| self.add(unit?)),
            FRAGMENT => {
                let (header, rest) = rest.split_first().ok_or(MalformedPayloadError)?;
                if header & 0x80 != 0 {
                    self.units
                        .begin(&[first & 0x81 | (header & 0x3f) << 1, *second], rest)?;
                } else {
                    self.units.go_on(rest)?;
                }
                if header & 0x40 != 0 {
                    let unit = self.units.end()?;
                    self.add(&unit)?;
                }
                Ok(())
            }
            0..AGGREGATION => self.add(payload),
            _ => Err(MalformedPayloadError),
        }
    }

    fn add(&mut self, unit: &[u8]) -> Result<(), MalformedPayloadError> {
        match unit.first().ok_or(MalformedPayloadError)? >> 1 & 0x3f {
            VIDEO_PARAMETERS => {
                self.video.replace(unit);
            }
            SEQUENCE_PARAMETERS if profile(unit).is_none() => return Err(MalformedPayloadError),
            // Pictures' parameters are of one sequence's.
            SEQUENCE_PARAMETERS if self.sequence.replace(unit) => self.picture.clear(),
            PICTURE_PARAMETERS => self.picture.keep(unit),
            16..=21 => self.has_random_access = true,
            _ => {}
        }
        self.units.add(unit)
    }

    pub(super) fn finish(&mut self) -> Option<Frame> {
        let is_keyframe = std::mem::take(&mut self.has_random_access);
        let data = self.units.finish()?;
        let size = self.sequence.first().and_then(|set| h265_size(set.get(2..)?));
        Some(Frame {
            data,
            is_keyframe,
            size: size.filter(|_| is_keyframe),
            duration_us: None,
        })
    }

    /// HEVCDecoderConfigurationRecord, `None` before all kinds of sets have come.
    pub(super) fn configuration(&self) -> Option<Vec<u8>> {
        let profile = profile(self.sequence.first()?)?;
        if self.video.len() == 0 || self.picture.len() == 0 {
            return None;
        }
        let depth = if profile[0] & 0x1f == MAIN_10 { 2 } else { 0 };
        let mut out = vec![1];
        out.extend_from_slice(&profile);
        // No segmentation or parallelism told, 4:2:0, depth of luma and chroma, no frame rate, lengths of four bytes.
        out.extend_from_slice(&[0xf0, 0, 0xfc, 0xfd, 0xf8 | depth, 0xf8 | depth, 0, 0, 0x0f, 3]);
        for (kind, sets) in [
            (VIDEO_PARAMETERS, &self.video),
            (SEQUENCE_PARAMETERS, &self.sequence),
            (PICTURE_PARAMETERS, &self.picture),
        ] {
            out.push(0x80 | kind);
            out.extend_from_slice(&(sets.len() as u16).to_be_bytes());
            sets.write(&mut out);
        }
        Some(out)
    }
}

/// General profile, tier and level of a sequence parameter set, without the bytes that prevent start codes.
fn profile(set: &[u8]) -> Option<[u8; PROFILE_LEN]> {
    let mut profile = [0; PROFILE_LEN];
    let (mut at, mut zeros) = (0, 0);
    // Two bytes of the unit's header and one of what stands before the profile.
    for byte in set.get(3..)? {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        *profile.get_mut(at)? = *byte;
        at += 1;
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        if at == PROFILE_LEN {
            return Some(profile);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const VPS: [u8; 3] = [64, 1, 7];
    const SPS: [u8; 17] = [66, 1, 1, 1, 0x60, 0, 0, 3, 0, 0xb0, 0, 0, 3, 0, 0, 93, 9];
    const PPS: [u8; 3] = [68, 1, 5];

    #[test]
    fn units_in_each_packetisation_stand_behind_their_lengths() {
        let mut h265 = H265::default();
        let sets = [&[96, 1, 0, 3][..], &VPS, &[0, 17], &SPS, &[0, 3], &PPS].concat();
        h265.push(&sets).expect("aggregated");
        h265.push(&[98, 1, 0x80 | 19, 1]).expect("begins");
        h265.push(&[98, 1, 0x40 | 19, 2]).expect("ends");
        let frame = h265.finish().expect("whole");
        assert!(frame.is_keyframe);
        assert!(frame.data.ends_with(&[0, 0, 0, 4, 38, 1, 1, 2]));
        let record = h265.configuration().expect("all sets are here");
        assert_eq!(record[..13], [1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 93, 9]);
        assert_eq!(record[22..30], [3, 0xa0, 0, 1, 0, 3, 64, 1]);
    }

    #[test]
    fn a_set_that_is_cut_off_or_a_fragment_without_beginning_spoils_its_frame() {
        let mut h265 = H265::default();
        assert!(h265.push(&SPS[..9]).is_err());
        assert_eq!(h265.finish(), None);
        assert!(h265.push(&[98, 1, 19, 1]).is_err());
        assert_eq!(h265.finish(), None);
        assert!(h265.push(&[98]).is_err() && h265.push(&[100, 1, 1]).is_err());
        assert_eq!(h265.configuration(), None);
    }
}
