//! Join tokens, signed as the control plane signs them: ES256 JWTs (RFC 7519, RFC 7518 section 3.4).

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;

use crate::ice::random_text;

const LIFETIME_S: u64 = 3_000;

/// Signs for one node.
pub struct Issuer {
    key: EcdsaKeyPair,
    key_id: String,
    node: String,
}

impl Issuer {
    /// # Errors
    /// When the key is not a P-256 key in PKCS #8.
    pub fn new(key: &[u8], key_id: &str, node: &str) -> Result<Self, String> {
        Ok(Issuer {
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key)
                .map_err(|error| format!("the signing key: {error}"))?,
            key_id: key_id.into(),
            node: node.into(),
        })
    }

    /// A token that lets a new participant into the meeting.
    pub fn token(&self, meeting: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.key_id});
        let claims = json!({
            "iss": "http://bench/v1", "aud": "parley-media", "sub": format!("par_{}", random_text(26)),
            "mtg": meeting, "node": self.node, "role": "participant", "name": "Load",
            "grants": {
                "publish": ["microphone", "camera", "screen", "screen_audio"],
                "subscribe": true, "moderate": false,
            },
            "epoch": 1, "mxp": 100_000, "iat": now, "nbf": now, "exp": now + LIFETIME_S,
            "jti": random_text(16),
        });
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("a loaded key signs");
        format!("{signed}.{}", base64url(signature.as_ref()))
    }
}

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for position in 0..=three.len() {
            text.push(char::from(
                ALPHABET[(word >> (18 - 6 * position)) as usize & 63],
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_examples_of_rfc4648_without_padding() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
        ] {
            assert_eq!(base64url(plain.as_bytes()), encoded);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
