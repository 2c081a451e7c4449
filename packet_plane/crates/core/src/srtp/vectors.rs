//! What the RFCs publish: session keys straight into the ciphers, byte for byte (RFC 7714 sections 16 and 17,
//! RFC 3711 appendices B.2 and B.3).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hmac;

use super::cipher::{Cipher, PacketIndex};
use super::key_derivation::{Label, counter_key, derive};
use crate::drop_reason::DropReason;

const GCM_SALT: [u8; 12] = *b"Quid pro quo";
const RTP_HEADER: &str = "8040f17b 8041f8d3 5501a0b2";
const RTP_PAYLOAD: &[u8] = b"Gallia est omnis divisa in partes tres";
const RTP_INDEX: PacketIndex = PacketIndex {
    ssrc: 0x5501_a0b2,
    index: 0xf17b,
};
const RTCP_HEADER_AND_INDEX_WORD: &str = "81c8000d 4d617273 800005d4";
const RTCP_PAYLOAD: &str =
    "4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef";
const RTCP_INDEX: PacketIndex = PacketIndex {
    ssrc: 0x4d61_7273,
    index: 0x5d4,
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect()
}

/// The vectors' session keys count up from zero.
fn gcm(key_len: u8) -> Cipher {
    let key: Vec<u8> = (0..key_len).collect();
    let algorithm = if key_len == 32 { &AES_256_GCM } else { &AES_128_GCM };
    Cipher::Gcm {
        key: LessSafeKey::new(UnboundKey::new(algorithm, &key).expect("length fits")),
        salt: GCM_SALT,
    }
}

/// Seal, compare with what is published, and open it again.
fn check(cipher: &Cipher, at: PacketIndex, header: &[u8], payload: &[u8], published: &str) {
    let published = hex(published);
    let mut sealed = vec![0; payload.len() + 16];
    let len = cipher
        .seal(at, header, &[], (payload, &[]), &mut sealed)
        .expect("seals");
    assert_eq!(sealed[..len], published);
    let mut opened = vec![0; payload.len()];
    let opened_len = cipher
        .open(at, header, &[], &published, &mut opened)
        .expect("opens");
    assert_eq!(opened[..opened_len], *payload);
}

#[test]
fn seals_the_rtp_packets_of_rfc7714() {
    let cases = [
        (
            16,
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
             899d7f27beb16a9152cf765ee4390cce",
        ),
        (
            32,
            "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b\
             7aa3db36dfffd6b0f9bb7878d7a76c13",
        ),
    ];
    for (key_len, published) in cases {
        check(&gcm(key_len), RTP_INDEX, &hex(RTP_HEADER), RTP_PAYLOAD, published);
    }
}

#[test]
fn seals_the_rtcp_packets_of_rfc7714() {
    let cases = [
        (
            16,
            "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded\
             0bb9275bc84aa45896cf4d2fc5abf87245d9eade",
        ),
        (
            32,
            "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de047\
             6f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be",
        ),
    ];
    for (key_len, published) in cases {
        let header = hex(RTCP_HEADER_AND_INDEX_WORD);
        check(&gcm(key_len), RTCP_INDEX, &header, &hex(RTCP_PAYLOAD), published);
    }
}

#[test]
fn refuses_the_published_packets_under_another_index_or_header() {
    let cipher = gcm(16);
    let mut sealed = vec![0; RTP_PAYLOAD.len() + 16];
    cipher
        .seal(RTP_INDEX, &hex(RTP_HEADER), &[], (RTP_PAYLOAD, &[]), &mut sealed)
        .expect("seals");
    let mut out = [0; 64];
    let next_roc = PacketIndex {
        index: RTP_INDEX.index + 0x1_0000,
        ..RTP_INDEX
    };
    let other_header = hex("8040f17b 8041f8d3 5501a0b3");
    for (at, header) in [(next_roc, hex(RTP_HEADER)), (RTP_INDEX, other_header)] {
        assert_eq!(
            cipher.open(at, &header, &[], &sealed, &mut out),
            Err(DropReason::Unauthenticated)
        );
    }
}

#[test]
fn counter_mode_gives_the_keystream_of_rfc3711() {
    let mut salt = [0u8; 14];
    salt.copy_from_slice(&hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd"));
    let cipher = Cipher::CounterMode {
        key: Box::new(counter_key(&hex("2b7e151628aed2a6abf7158809cf4f3c")).expect("length fits")),
        salt,
        authentication: Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[0; 20])),
    };
    let at = PacketIndex { ssrc: 0, index: 0 };
    let blocks = 0xff02;
    let mut sealed = vec![0; 16 * blocks + 10];
    let zeros = vec![0; 16 * blocks];
    cipher
        .seal(at, &[], &[0; 4], (&zeros, &[]), &mut sealed)
        .expect("seals");
    let first = hex(
        "e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab 41e95b3bb0a2e8dd477901e4fca894c0",
    );
    let last = hex(
        "ec8cdf7398607cb0f2d21675ea9ea1e4 362b7c3c6773516318a077d7fc5073ae 6a2cc3787889374fbeb4c81b17ba6c44",
    );
    assert_eq!(sealed[..48], first);
    assert_eq!(sealed[16 * 0xfeff..16 * blocks], last);
}

#[test]
fn derives_the_authentication_key_of_rfc3711() {
    let key = hex("e1f97a0d3e018be0d64fa32c06de4139");
    let salt = hex("0ec675ad498afeebb6960b3aabe6");
    let mut out = [0u8; 20];
    derive(&key, &salt, Label::RtpAuthentication, &mut out).expect("derives");
    assert_eq!(out, *hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
}
