//! The RTP header, read without copying and written with a fresh extension block.
//!
//! Source: RFC 3550 section 5.1; extensions RFC 8285 sections 4.2 (one byte) and 4.3 (two bytes).

use crate::drop_reason::DropReason;
use crate::quantities::{PayloadType, Ssrc};

pub const FIXED_LEN: usize = 12;
const ONE_BYTE_PROFILE: u16 = 0xbede;
const TWO_BYTE_PROFILE: u16 = 0x1000;

/// A parsed header; `extension` and `header_len` point into the packet it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    pub marker: bool,
    pub payload_type: PayloadType,
    pub sequence_number: u16,
    /// Clock ticks.
    pub rtp_timestamp: u32,
    pub ssrc: Ssrc,
    pub has_padding: bool,
    /// Bytes up to the payload.
    pub header_len: usize,
    /// Profile and byte range of the extension block's data, empty when there is none.
    extension_profile: u16,
    extension_start: usize,
    extension_end: usize,
}

impl RtpHeader {
    /// Read the header of a packet, encrypted or not: SRTP leaves it in clear.
    ///
    /// # Errors
    /// `Truncated` when the packet ends before its header does, `Malformed` for another version.
    pub fn parse(packet: &[u8]) -> Result<Self, DropReason> {
        let fixed: &[u8; FIXED_LEN] = packet.first_chunk().ok_or(DropReason::Truncated)?;
        if fixed[0] >> 6 != 2 {
            return Err(DropReason::Malformed);
        }
        let mut header = RtpHeader {
            marker: fixed[1] & 0x80 != 0,
            payload_type: PayloadType(fixed[1] & 0x7f),
            sequence_number: u16::from_be_bytes([fixed[2], fixed[3]]),
            rtp_timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: Ssrc(u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])),
            has_padding: fixed[0] & 0x20 != 0,
            header_len: FIXED_LEN + 4 * usize::from(fixed[0] & 0x0f),
            extension_profile: 0,
            extension_start: 0,
            extension_end: 0,
        };
        if fixed[0] & 0x10 != 0 {
            header.read_extension_block(packet)?;
        }
        if header.header_len > packet.len() {
            return Err(DropReason::Truncated);
        }
        Ok(header)
    }

    fn read_extension_block(&mut self, packet: &[u8]) -> Result<(), DropReason> {
        let at = self.header_len;
        let block = packet.get(at..at + 4).ok_or(DropReason::Truncated)?;
        self.extension_profile = u16::from_be_bytes([block[0], block[1]]);
        self.extension_start = at + 4;
        self.extension_end = at + 4 + 4 * usize::from(u16::from_be_bytes([block[2], block[3]]));
        self.header_len = self.extension_end;
        Ok(())
    }

    /// Identifier and value of each header extension of `packet`, which this header was read from.
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> Extensions<'a> {
        Extensions {
            rest: packet
                .get(self.extension_start..self.extension_end)
                .unwrap_or_default(),
            profile: self.extension_profile,
        }
    }

    /// The value of the extension with this identifier.
    #[must_use]
    pub fn extension<'a>(&self, packet: &'a [u8], id: u8) -> Option<&'a [u8]> {
        self.extensions(packet)
            .find(|(found, _)| *found == id)
            .map(|(_, value)| value)
    }
}

/// Iterator over the extension block; it ends at the first element that does not fit.
pub struct Extensions<'a> {
    rest: &'a [u8],
    profile: u16,
}

impl<'a> Extensions<'a> {
    fn split(&mut self, id: u8, head: usize, len: usize) -> Option<(u8, &'a [u8])> {
        let value = self.rest.get(head..head + len)?;
        self.rest = &self.rest[head + len..];
        Some((id, value))
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(&first) = self.rest.first() {
            if first == 0 {
                self.rest = &self.rest[1..];
                continue;
            }
            if self.profile == ONE_BYTE_PROFILE {
                // Identifier 15 ends the block, and so does 0 with a length (RFC 8285 section 4.2).
                return match first >> 4 {
                    0 | 15 => None,
                    id => self.split(id, 1, usize::from(first & 0x0f) + 1),
                };
            }
            if self.profile & 0xfff0 == TWO_BYTE_PROFILE {
                let len = usize::from(*self.rest.get(1)?);
                return self.split(first, 2, len);
            }
            return None;
        }
        None
    }
}

/// What the fixed header of an outgoing packet says.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingHeader {
    pub marker: bool,
    pub padding: bool,
    pub payload_type: PayloadType,
    pub sequence_number: u16,
    pub rtp_timestamp: u32,
    pub ssrc: Ssrc,
}

/// Write the fixed header and the extension elements; returns the header's length.
///
/// `extension_block` is a finished block from [`super::extension::ExtensionBlock`], possibly empty.
pub fn write_header(header: &OutgoingHeader, extension_block: &[u8], out: &mut [u8]) -> usize {
    let has_extension = !extension_block.is_empty();
    out[0] = 0x80 | (u8::from(header.padding) << 5) | (u8::from(has_extension) << 4);
    out[1] = (u8::from(header.marker) << 7) | header.payload_type.0;
    out[2..4].copy_from_slice(&header.sequence_number.to_be_bytes());
    out[4..8].copy_from_slice(&header.rtp_timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&header.ssrc.0.to_be_bytes());
    let end = FIXED_LEN + extension_block.len();
    out[FIXED_LEN..end].copy_from_slice(extension_block);
    end
}

/// Length of a decrypted payload without its RTP padding.
///
/// # Errors
/// `Malformed` when the padding count is zero or larger than the payload.
pub fn unpadded_len(has_padding: bool, payload: &[u8]) -> Result<usize, DropReason> {
    if !has_padding {
        return Ok(payload.len());
    }
    match payload.last() {
        Some(&count) if count > 0 && usize::from(count) <= payload.len() => {
            Ok(payload.len() - usize::from(count))
        }
        _ => Err(DropReason::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::extension::ExtensionBlock;
    use super::*;
    use proptest::prelude::*;

    fn outgoing() -> OutgoingHeader {
        OutgoingHeader {
            marker: true,
            padding: false,
            payload_type: PayloadType(96),
            sequence_number: 65_535,
            rtp_timestamp: 7,
            ssrc: Ssrc(0xdead_beef),
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let mut block = ExtensionBlock::default();
        block.push(1, b"3");
        block.push(4, &[0x80 | 40]);
        let mut out = [0u8; 64];
        let len = write_header(&outgoing(), block.finish(), &mut out);
        let header = RtpHeader::parse(&out[..len]).expect("parses");
        assert_eq!(header.header_len, len);
        assert!(header.marker);
        assert_eq!((header.sequence_number, header.ssrc), (65_535, Ssrc(0xdead_beef)));
        assert_eq!(header.extension(&out, 1), Some(&b"3"[..]));
        assert_eq!(header.extension(&out, 4), Some(&[0x80 | 40][..]));
        assert_eq!(header.extension(&out, 5), None);
    }

    #[test]
    fn reads_two_byte_extensions() {
        let packet = [
            0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0, 0, 2, 20, 3, 1, 2, 3, 0, 0, 0,
        ];
        let header = RtpHeader::parse(&packet).expect("parses");
        assert_eq!(header.extension(&packet, 20), Some(&[1, 2, 3][..]));
    }

    #[test]
    fn an_element_zero_that_claims_a_length_ends_the_block() {
        let packet = [
            0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 2, 0x10, 7, 0x01, 8, 9, 0x20, 5, 0,
        ];
        let header = RtpHeader::parse(&packet).expect("parses");
        let seen: Vec<_> = header.extensions(&packet).collect();
        assert_eq!(seen, [(1, &[7][..])]);
    }

    #[test]
    fn refuses_another_version_and_a_header_that_does_not_end() {
        assert_eq!(RtpHeader::parse(&[0x40; 20]), Err(DropReason::Malformed));
        assert_eq!(RtpHeader::parse(&[0x80; 11]), Err(DropReason::Truncated));
        assert_eq!(RtpHeader::parse(&[0x8f; 12]), Err(DropReason::Truncated));
        assert_eq!(RtpHeader::parse(&[0x90; 16]), Err(DropReason::Truncated));
    }

    #[test]
    fn refuses_padding_longer_than_the_payload() {
        assert_eq!(unpadded_len(true, &[1, 2, 4]), Err(DropReason::Malformed));
        assert_eq!(unpadded_len(true, &[]), Err(DropReason::Malformed));
        assert_eq!(unpadded_len(true, &[9, 0, 2]), Ok(1));
    }

    proptest! {
        #[test]
        fn never_panics_on_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(header) = RtpHeader::parse(&bytes) {
                prop_assert!(header.header_len <= bytes.len());
                for (_, value) in header.extensions(&bytes) { prop_assert!(value.len() <= bytes.len()); }
            }
        }
    }
}
