//! Session keys from a master key and salt (RFC 3711 section 4.3, key derivation rate 0; RFC 7714 section 11).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::KeyLengthError;

/// Labels of RFC 3711 section 4.3.2.
#[derive(Clone, Copy)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// AES in counter mode as a keystream; the only use of it outside AES-CM protection.
pub(super) fn counter_key(key: &[u8]) -> Result<EncryptingKey, KeyLengthError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(KeyLengthError),
    };
    let unbound = UnboundCipherKey::new(algorithm, key).map_err(|_| KeyLengthError)?;
    EncryptingKey::ctr(unbound).map_err(|_| KeyLengthError)
}

/// Derive `out.len()` bytes for a label.
pub(super) fn derive(key: &[u8], salt: &[u8], label: Label, out: &mut [u8]) -> Result<(), KeyLengthError> {
    if salt.len() > 14 {
        return Err(KeyLengthError);
    }
    // The 96-bit salt of the AEAD profiles is padded on the right to 112 bits (RFC 7714 section 11).
    let mut iv = [0u8; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label as u8;
    out.fill(0);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    counter_key(key)?
        .less_safe_encrypt(out, context)
        .map(|_| ())
        .map_err(|_| KeyLengthError)
}
