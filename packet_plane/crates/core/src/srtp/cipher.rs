//! One direction's session keys, and how they protect bytes: AES-GCM, or AES counter mode with HMAC-SHA1.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{constant_time, hmac};

use super::key_derivation::{Label, counter_key, derive};
use super::{KeyLengthError, SrtpProfile};
use crate::drop_reason::DropReason;

const CM_TAG_LEN: usize = 10;
const GCM_TAG_LEN: usize = 16;

/// The keys of RTP or of RTCP.
pub(super) enum Cipher {
    Gcm {
        key: LessSafeKey,
        salt: [u8; 12],
    },
    CounterMode {
        key: Box<EncryptingKey>,
        salt: [u8; 14],
        authentication: Box<hmac::Key>,
    },
}

/// Which of the two protocols a cipher serves; their keys differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Rtp,
    Rtcp,
}

/// Packet index: rollover counter and sequence number for RTP (48 bits), the SRTCP index for RTCP (31 bits).
#[derive(Clone, Copy)]
pub(super) struct PacketIndex {
    pub ssrc: u32,
    pub index: u64,
}

impl Cipher {
    pub(super) fn new(
        profile: SrtpProfile,
        protocol: Protocol,
        key: &[u8],
        salt: &[u8],
    ) -> Result<Self, KeyLengthError> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return Err(KeyLengthError);
        }
        let (encryption, authentication, salting) = match protocol {
            Protocol::Rtp => (Label::RtpEncryption, Label::RtpAuthentication, Label::RtpSalt),
            Protocol::Rtcp => (Label::RtcpEncryption, Label::RtcpAuthentication, Label::RtcpSalt),
        };
        let mut session_key = [0u8; 32];
        let session_key = &mut session_key[..profile.key_len()];
        derive(key, salt, encryption, session_key)?;
        let mut session_salt = [0u8; 14];
        derive(key, salt, salting, &mut session_salt[..profile.salt_len()])?;
        if profile == SrtpProfile::Aes128CmSha1_80 {
            let mut authentication_key = [0u8; 20];
            derive(key, salt, authentication, &mut authentication_key)?;
            let authentication = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication_key);
            return Ok(Cipher::CounterMode {
                key: Box::new(counter_key(session_key)?),
                salt: session_salt,
                authentication: Box::new(authentication),
            });
        }
        let algorithm = if session_key.len() == 32 {
            &AES_256_GCM
        } else {
            &AES_128_GCM
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, session_key).map_err(|_| KeyLengthError)?);
        let salt = session_salt[..12].try_into().map_err(|_| KeyLengthError)?;
        Ok(Cipher::Gcm { key, salt })
    }

    /// Encrypt `payload` and then `padding` into `out`, followed by the tag; returns the bytes written.
    ///
    /// `header` is authenticated. For counter mode `authenticated_suffix` (the rollover counter, or the
    /// SRTCP index word) is authenticated after the ciphertext. `out` must hold all of it and 16 bytes more.
    pub(super) fn seal(
        &self,
        at: PacketIndex,
        header: &[u8],
        authenticated_suffix: &[u8],
        payload: (&[u8], &[u8]),
        out: &mut [u8],
    ) -> Result<usize, DropReason> {
        let (body, padding) = payload;
        let len = body.len() + padding.len();
        match self {
            Cipher::Gcm { key, salt } => {
                let out = out.get_mut(..len + GCM_TAG_LEN).ok_or(DropReason::TooLarge)?;
                let (ciphertext, rest) = out.split_at_mut(body.len());
                let nonce = gcm_nonce(salt, at);
                key.seal_out_of_place_scatter(nonce, Aad::from(header), body, ciphertext, padding, rest)
                    .map_err(|_| DropReason::TooLarge)?;
                Ok(len + GCM_TAG_LEN)
            }
            Cipher::CounterMode {
                key,
                salt,
                authentication,
            } => {
                let out = out.get_mut(..len + CM_TAG_LEN).ok_or(DropReason::TooLarge)?;
                let (ciphertext, tag) = out.split_at_mut(len);
                ciphertext[..body.len()].copy_from_slice(body);
                ciphertext[body.len()..].copy_from_slice(padding);
                apply_counter_mode(key, salt, at, ciphertext)?;
                let full = hmac_sha1(authentication, header, ciphertext, authenticated_suffix);
                tag.copy_from_slice(&full.as_ref()[..CM_TAG_LEN]);
                Ok(len + CM_TAG_LEN)
            }
        }
    }

    /// Verify and decrypt `sealed` (ciphertext and tag) into `out`; returns the plaintext's length.
    pub(super) fn open(
        &self,
        at: PacketIndex,
        header: &[u8],
        authenticated_suffix: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<usize, DropReason> {
        let len = sealed
            .len()
            .checked_sub(self.tag_len())
            .ok_or(DropReason::Truncated)?;
        let (ciphertext, tag) = sealed.split_at(len);
        let out = out.get_mut(..len).ok_or(DropReason::TooLarge)?;
        match self {
            Cipher::Gcm { key, salt } => key
                .open_separate_gather(gcm_nonce(salt, at), Aad::from(header), ciphertext, tag, out)
                .map_err(|_| DropReason::Unauthenticated)?,
            Cipher::CounterMode {
                key,
                salt,
                authentication,
            } => {
                let full = hmac_sha1(authentication, header, ciphertext, authenticated_suffix);
                constant_time::verify_slices_are_equal(&full.as_ref()[..CM_TAG_LEN], tag)
                    .map_err(|_| DropReason::Unauthenticated)?;
                out.copy_from_slice(ciphertext);
                apply_counter_mode(key, salt, at, out)?;
            }
        }
        Ok(len)
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Cipher::Gcm { .. } => GCM_TAG_LEN,
            Cipher::CounterMode { .. } => CM_TAG_LEN,
        }
    }

    pub(super) fn is_aead(&self) -> bool {
        matches!(self, Cipher::Gcm { .. })
    }
}

/// RFC 7714 sections 8.1 and 9.1: SSRC and 48-bit index, exclusive-or salt.
fn gcm_nonce(salt: &[u8; 12], at: PacketIndex) -> Nonce {
    let mut nonce = *salt;
    xor_into(&mut nonce[2..6], &at.ssrc.to_be_bytes());
    xor_into(&mut nonce[6..12], &at.index.to_be_bytes()[2..]);
    Nonce::assume_unique_for_key(nonce)
}

/// RFC 3711 section 4.1.1: IV = salt × 2^16 XOR SSRC × 2^64 XOR index × 2^16.
fn apply_counter_mode(
    key: &EncryptingKey,
    salt: &[u8; 14],
    at: PacketIndex,
    data: &mut [u8],
) -> Result<(), DropReason> {
    let mut iv = [0u8; 16];
    iv[..14].copy_from_slice(salt);
    xor_into(&mut iv[4..8], &at.ssrc.to_be_bytes());
    xor_into(&mut iv[8..14], &at.index.to_be_bytes()[2..]);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(data, context)
        .map(|_| ())
        .map_err(|_| DropReason::TooLarge)
}

fn hmac_sha1(key: &hmac::Key, header: &[u8], ciphertext: &[u8], suffix: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(header);
    context.update(ciphertext);
    context.update(suffix);
    context.sign()
}

fn xor_into(target: &mut [u8], mask: &[u8]) {
    for (byte, mask) in target.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
