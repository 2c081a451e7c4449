//! SRTP and SRTCP: the two directions of a connection, its profiles, key derivation and replay windows.
//!
//! Source: RFC 3711; AEAD profiles RFC 7714; profile names RFC 5764 section 4.1.2.
//! A rollover counter or window moves only after a packet's tag has been verified.

mod cipher;
mod key_derivation;
mod receiver;
mod replay_window;
mod sender;

pub use receiver::{SrtpReceiver, StreamState};
pub use replay_window::ReplayWindow;
pub use sender::SrtpSender;

/// A protection profile that a DTLS handshake can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrtpProfile {
    AeadAes128Gcm,
    AeadAes256Gcm,
    Aes128CmSha1_80,
}

impl SrtpProfile {
    /// The profile of an IANA name without its `SRTP_` prefix.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "AEAD_AES_128_GCM" => Some(SrtpProfile::AeadAes128Gcm),
            "AEAD_AES_256_GCM" => Some(SrtpProfile::AeadAes256Gcm),
            "AES128_CM_SHA1_80" => Some(SrtpProfile::Aes128CmSha1_80),
            _ => None,
        }
    }

    /// Length of the master key, bytes.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            SrtpProfile::AeadAes256Gcm => 32,
            SrtpProfile::AeadAes128Gcm | SrtpProfile::Aes128CmSha1_80 => 16,
        }
    }

    /// Length of the master salt, bytes.
    #[must_use]
    pub fn salt_len(self) -> usize {
        match self {
            SrtpProfile::Aes128CmSha1_80 => 14,
            SrtpProfile::AeadAes128Gcm | SrtpProfile::AeadAes256Gcm => 12,
        }
    }

    /// Length of the authentication tag, bytes.
    #[must_use]
    pub fn tag_len(self) -> usize {
        match self {
            SrtpProfile::Aes128CmSha1_80 => 10,
            SrtpProfile::AeadAes128Gcm | SrtpProfile::AeadAes256Gcm => 16,
        }
    }
}

/// What SRTP adds to an RTP packet at most, bytes.
pub const MAX_TAG_LEN: usize = 16;
/// What SRTCP adds at most: tag and index word.
pub const MAX_RTCP_TRAILER_LEN: usize = 20;

/// Keys that no cipher could be made of: a wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLengthError;

impl std::fmt::Display for KeyLengthError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("master key or salt does not have the length that the profile asks for")
    }
}

impl std::error::Error for KeyLengthError {}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
