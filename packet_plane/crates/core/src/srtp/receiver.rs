//! The receiving direction: verifies, decrypts and refuses what it has seen before.

use super::cipher::{Cipher, PacketIndex, Protocol};
use super::replay_window::ReplayWindow;
use super::{KeyLengthError, SrtpProfile};
use crate::drop_reason::DropReason;
use crate::quantities::{ExtendedSequenceNumber, Ssrc};

const RTCP_HEADER_LEN: usize = 8;
const RTCP_ENCRYPTED: u32 = 1 << 31;

/// What one SSRC has shown so far; kept by the owner of the stream.
#[derive(Clone, Debug, Default)]
pub struct StreamState {
    window: ReplayWindow,
}

impl StreamState {
    /// The extended number that a packet's sequence number most likely has (RFC 3711 appendix A).
    #[must_use]
    pub fn estimate(&self, sequence_number: u16) -> ExtendedSequenceNumber {
        match self.window.highest() {
            None => ExtendedSequenceNumber(u64::from(sequence_number)),
            Some(highest) => ExtendedSequenceNumber(highest).nearest(sequence_number),
        }
    }

    /// Whether a packet with this number could still be taken.
    #[must_use]
    pub fn accepts(&self, sequence: ExtendedSequenceNumber) -> bool {
        self.window.accepts(sequence.0)
    }

    /// Note a packet that came by another way, verified there: its number is not taken again.
    pub fn mark(&mut self, sequence: ExtendedSequenceNumber) {
        self.window.mark(sequence.0);
    }

    /// Highest extended number authenticated so far.
    #[must_use]
    pub fn highest(&self) -> Option<ExtendedSequenceNumber> {
        self.window.highest().map(ExtendedSequenceNumber)
    }
}

/// The keys of what the remote sends, and the replay window of its RTCP.
pub struct SrtpReceiver {
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_windows: Vec<(u32, ReplayWindow)>,
}

/// SSRCs whose SRTCP windows are kept; a browser uses one or two per track and direction.
const MAX_RTCP_SENDERS: usize = 256;

impl SrtpReceiver {
    /// # Errors
    /// When key or salt do not have the profile's lengths.
    pub fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Result<Self, KeyLengthError> {
        Ok(SrtpReceiver {
            rtp: Cipher::new(profile, Protocol::Rtp, key, salt)?,
            rtcp: Cipher::new(profile, Protocol::Rtcp, key, salt)?,
            rtcp_windows: Vec::new(),
        })
    }

    /// Decrypt the payload of an RTP packet into `out`.
    ///
    /// Returns the packet's extended number and the payload's length (with RTP padding, if any).
    ///
    /// # Errors
    /// `Replayed`, `Unauthenticated`, `Truncated` or `TooLarge`; the stream's state is then unchanged.
    pub fn unprotect_rtp(
        &self,
        stream: &mut StreamState,
        ssrc: Ssrc,
        sequence_number: u16,
        header_len: usize,
        packet: &[u8],
        out: &mut [u8],
    ) -> Result<(ExtendedSequenceNumber, usize), DropReason> {
        let extended = stream.estimate(sequence_number);
        if !stream.window.accepts(extended.0) {
            return Err(DropReason::Replayed);
        }
        let (header, sealed) = packet.split_at_checked(header_len).ok_or(DropReason::Truncated)?;
        let at = PacketIndex {
            ssrc: ssrc.0,
            index: extended.0,
        };
        let len = self
            .rtp
            .open(at, header, &extended.roc().to_be_bytes(), sealed, out)?;
        stream.window.mark(extended.0);
        Ok((extended, len))
    }

    /// Decrypt an RTCP compound into `out`; returns its length.
    ///
    /// # Errors
    /// `Replayed`, `Unauthenticated`, `Truncated`, `TooLarge`; `Malformed` for a packet that is not encrypted.
    pub fn unprotect_rtcp(&mut self, packet: &[u8], out: &mut [u8]) -> Result<usize, DropReason> {
        let (header, rest) = packet
            .split_first_chunk::<RTCP_HEADER_LEN>()
            .ok_or(DropReason::Truncated)?;
        let ssrc = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        let (sealed, index_word) = self.split_rtcp(rest)?;
        let word = u32::from_be_bytes(index_word);
        if word & RTCP_ENCRYPTED == 0 {
            return Err(DropReason::Malformed);
        }
        let index = u64::from(word & !RTCP_ENCRYPTED);
        let known = self.rtcp_windows.iter().position(|(known, _)| *known == ssrc);
        if known.is_some_and(|at| !self.rtcp_windows[at].1.accepts(index)) {
            return Err(DropReason::Replayed);
        }
        let mut aad = [0u8; RTCP_HEADER_LEN + 4];
        aad[..RTCP_HEADER_LEN].copy_from_slice(header);
        aad[RTCP_HEADER_LEN..].copy_from_slice(&index_word);
        // AEAD authenticates header and index word together; HMAC has the word after the ciphertext.
        let authenticated = if self.rtcp.is_aead() {
            &aad[..]
        } else {
            &header[..]
        };
        let body = out.get_mut(RTCP_HEADER_LEN..).ok_or(DropReason::TooLarge)?;
        let len = self.rtcp.open(
            PacketIndex { ssrc, index },
            authenticated,
            &index_word,
            &sealed,
            body,
        )?;
        out[..RTCP_HEADER_LEN].copy_from_slice(header);
        self.rtcp_window(known, ssrc)?.mark(index);
        Ok(RTCP_HEADER_LEN + len)
    }

    /// Split what follows the header into ciphertext with tag, and index word: AEAD puts the word last,
    /// counter mode puts it before the tag.
    fn split_rtcp<'a>(&self, rest: &'a [u8]) -> Result<(std::borrow::Cow<'a, [u8]>, [u8; 4]), DropReason> {
        if self.rtcp.is_aead() {
            let (sealed, word) = rest.split_last_chunk::<4>().ok_or(DropReason::Truncated)?;
            return Ok((sealed.into(), *word));
        }
        let tag_at = rest
            .len()
            .checked_sub(self.rtcp.tag_len())
            .ok_or(DropReason::Truncated)?;
        let (ciphertext, word) = rest[..tag_at]
            .split_last_chunk::<4>()
            .ok_or(DropReason::Truncated)?;
        Ok(([ciphertext, &rest[tag_at..]].concat().into(), *word))
    }

    /// The window of a sender that has just been authenticated: a forgery must not take up a place.
    fn rtcp_window(&mut self, known: Option<usize>, ssrc: u32) -> Result<&mut ReplayWindow, DropReason> {
        let at = match known {
            Some(at) => at,
            None if self.rtcp_windows.len() >= MAX_RTCP_SENDERS => return Err(DropReason::QueueFull),
            None => {
                self.rtcp_windows.push((ssrc, ReplayWindow::default()));
                self.rtcp_windows.len() - 1
            }
        };
        Ok(&mut self.rtcp_windows[at].1)
    }
}
