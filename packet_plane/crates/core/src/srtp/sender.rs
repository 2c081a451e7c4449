//! The sending direction: headers written by the caller, payloads sealed straight into the outgoing buffer.

use super::cipher::{Cipher, PacketIndex, Protocol};
use super::{KeyLengthError, SrtpProfile};
use crate::drop_reason::DropReason;
use crate::quantities::{ExtendedSequenceNumber, Ssrc};

const RTCP_HEADER_LEN: usize = 8;
const RTCP_ENCRYPTED: u32 = 1 << 31;
/// RFC 3711 section 9.2: no key protects more packets than this.
const MAX_RTP_INDEX: u64 = 1 << 48;
const MAX_RTCP_INDEX: u32 = 1 << 31;

/// The keys of what we send, and the SRTCP index.
pub struct SrtpSender {
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_index: u32,
}

impl SrtpSender {
    /// # Errors
    /// When key or salt do not have the profile's lengths.
    pub fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Result<Self, KeyLengthError> {
        Ok(SrtpSender {
            rtp: Cipher::new(profile, Protocol::Rtp, key, salt)?,
            rtcp: Cipher::new(profile, Protocol::Rtcp, key, salt)?,
            rtcp_index: 0,
        })
    }

    /// Seal `payload` and RTP `padding` behind the header that stands in `out[..header_len]`.
    ///
    /// Returns the packet's length. The caller never gives the same number of one SSRC to two packets.
    ///
    /// # Errors
    /// `TooLarge` when `out` is too small, `KeyExhausted` after 2^48 packets.
    pub fn protect_rtp(
        &self,
        ssrc: Ssrc,
        sequence: ExtendedSequenceNumber,
        header_len: usize,
        payload: &[u8],
        padding: &[u8],
        out: &mut [u8],
    ) -> Result<usize, DropReason> {
        if sequence.0 >= MAX_RTP_INDEX {
            return Err(DropReason::KeyExhausted);
        }
        let (header, body) = out.split_at_mut_checked(header_len).ok_or(DropReason::TooLarge)?;
        let at = PacketIndex {
            ssrc: ssrc.0,
            index: sequence.0,
        };
        let len = self.rtp.seal(
            at,
            header,
            &sequence.roc().to_be_bytes(),
            (payload, padding),
            body,
        )?;
        Ok(header_len + len)
    }

    /// What protection adds to an RTP packet, bytes.
    #[must_use]
    pub fn tag_len(&self) -> usize {
        self.rtp.tag_len()
    }

    /// Seal an RTCP compound into `out`; returns the length.
    ///
    /// # Errors
    /// `Truncated` for less than a header, `TooLarge` when `out` is too small, `KeyExhausted` after 2^31 packets.
    pub fn protect_rtcp(&mut self, compound: &[u8], out: &mut [u8]) -> Result<usize, DropReason> {
        let (header, body) = compound
            .split_first_chunk::<RTCP_HEADER_LEN>()
            .ok_or(DropReason::Truncated)?;
        if self.rtcp_index >= MAX_RTCP_INDEX {
            return Err(DropReason::KeyExhausted);
        }
        let word = (RTCP_ENCRYPTED | self.rtcp_index).to_be_bytes();
        let mut aad = [0u8; RTCP_HEADER_LEN + 4];
        aad[..RTCP_HEADER_LEN].copy_from_slice(header);
        aad[RTCP_HEADER_LEN..].copy_from_slice(&word);
        let authenticated = if self.rtcp.is_aead() {
            &aad[..]
        } else {
            &header[..]
        };
        let ssrc = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        let at = PacketIndex {
            ssrc,
            index: u64::from(self.rtcp_index),
        };
        let sealed_at = out.get_mut(RTCP_HEADER_LEN..).ok_or(DropReason::TooLarge)?;
        let len = self.rtcp.seal(at, authenticated, &word, (body, &[]), sealed_at)?;
        out[..RTCP_HEADER_LEN].copy_from_slice(header);
        self.rtcp_index += 1;
        self.place_index_word(RTCP_HEADER_LEN + len, word, out)
    }

    /// AEAD puts the word last (RFC 7714 section 9.2), counter mode before the tag (RFC 3711 section 3.4).
    fn place_index_word(
        &self,
        sealed_end: usize,
        word: [u8; 4],
        out: &mut [u8],
    ) -> Result<usize, DropReason> {
        let end = sealed_end + 4;
        if out.len() < end {
            return Err(DropReason::TooLarge);
        }
        let word_at = if self.rtcp.is_aead() {
            sealed_end
        } else {
            sealed_end - self.rtcp.tag_len()
        };
        out.copy_within(word_at..sealed_end, word_at + 4);
        out[word_at..word_at + 4].copy_from_slice(&word);
        Ok(end)
    }
}
