//! STUN binding requests in, success responses out, as an ICE-lite agent needs them; the other way round where the
//! plane itself is the client of another one.
//!
//! Source: RFC 8489 sections 5, 14.5 (MESSAGE-INTEGRITY), 14.7 (FINGERPRINT); RFC 8445 section 7.3.
//! A request that does not prove knowledge of the session's password is never answered.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::{constant_time, hmac};

use crate::drop_reason::DropReason;

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER_LEN: usize = 20;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const FINGERPRINT_XOR: u32 = 0x5354_554e;
const INTEGRITY_LEN: usize = 20;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;

/// A binding request, parsed but not yet believed: call [`BindingRequest::is_authentic`].
#[derive(Clone, Copy, Debug)]
pub struct BindingRequest<'a> {
    message: &'a [u8],
    /// `local_ufrag:remote_ufrag`.
    pub username: &'a str,
    pub priority: u32,
    pub use_candidate: bool,
    integrity_at: usize,
}

/// Parse a STUN message that should be a binding request.
///
/// # Errors
/// `StunMalformed` when lengths, cookie or attributes do not fit; `StunIgnored` for any other
/// method or class; `StunUnauthenticated` without USERNAME or MESSAGE-INTEGRITY, or with a wrong FINGERPRINT.
pub fn parse_binding_request(message: &[u8]) -> Result<BindingRequest<'_>, DropReason> {
    if parse_kind(message)? != BINDING_REQUEST {
        return Err(DropReason::StunIgnored);
    }
    Attributes::read(message)?.into_request(message)
}

/// Whether a STUN message says that it answers a binding request.
#[must_use]
pub fn is_binding_success(message: &[u8]) -> bool {
    message.starts_with(&BINDING_SUCCESS.to_be_bytes())
}

/// The transaction of a success response that was made with this password.
///
/// # Errors
/// As [`parse_binding_request`]; `StunUnauthenticated` also for another password.
pub fn open_binding_success(message: &[u8], key: &hmac::Key) -> Result<[u8; 12], DropReason> {
    if parse_kind(message)? != BINDING_SUCCESS {
        return Err(DropReason::StunIgnored);
    }
    let integrity_at = Attributes::read(message)?.integrity_at;
    let at = integrity_at.ok_or(DropReason::StunUnauthenticated)?;
    if !is_sealed_with(message, at, key) {
        return Err(DropReason::StunUnauthenticated);
    }
    transaction_of(message).ok_or(DropReason::StunMalformed)
}

/// The transaction id in a message's header.
#[must_use]
pub fn transaction_of(message: &[u8]) -> Option<[u8; 12]> {
    message.get(8..HEADER_LEN)?.first_chunk().copied()
}

/// Check the header; returns method and class.
fn parse_kind(message: &[u8]) -> Result<u16, DropReason> {
    if message.len() < HEADER_LEN || message[4..8] != MAGIC_COOKIE {
        return Err(DropReason::StunMalformed);
    }
    let body_len = usize::from(u16::from_be_bytes([message[2], message[3]]));
    if body_len + HEADER_LEN != message.len() || body_len % 4 != 0 {
        return Err(DropReason::StunMalformed);
    }
    Ok(u16::from_be_bytes([message[0], message[1]]))
}

#[derive(Default)]
struct Attributes<'a> {
    username: Option<&'a str>,
    priority: u32,
    use_candidate: bool,
    integrity_at: Option<usize>,
}

impl<'a> Attributes<'a> {
    fn read(message: &'a [u8]) -> Result<Self, DropReason> {
        let mut found = Attributes::default();
        let mut at = HEADER_LEN;
        while at < message.len() {
            let header = message.get(at..at + 4).ok_or(DropReason::StunMalformed)?;
            let kind = u16::from_be_bytes([header[0], header[1]]);
            let len = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let value = message
                .get(at + 4..at + 4 + len)
                .ok_or(DropReason::StunMalformed)?;
            found.take(message, at, kind, value)?;
            at += 4 + len.next_multiple_of(4);
        }
        Ok(found)
    }

    fn take(&mut self, message: &[u8], at: usize, kind: u16, value: &'a [u8]) -> Result<(), DropReason> {
        // Whatever follows MESSAGE-INTEGRITY is not covered by it and is ignored but for FINGERPRINT.
        if self.integrity_at.is_some() && kind != FINGERPRINT {
            return Ok(());
        }
        match kind {
            USERNAME => {
                self.username = Some(std::str::from_utf8(value).map_err(|_| DropReason::StunMalformed)?)
            }
            PRIORITY => {
                let bytes: [u8; 4] = value.try_into().map_err(|_| DropReason::StunMalformed)?;
                self.priority = u32::from_be_bytes(bytes);
            }
            USE_CANDIDATE => self.use_candidate = true,
            MESSAGE_INTEGRITY if value.len() == INTEGRITY_LEN => self.integrity_at = Some(at),
            MESSAGE_INTEGRITY => return Err(DropReason::StunMalformed),
            FINGERPRINT => {
                let expected = (crc32(&message[..at]) ^ FINGERPRINT_XOR).to_be_bytes();
                if value != expected || at + 8 != message.len() {
                    return Err(DropReason::StunUnauthenticated);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn into_request(self, message: &'a [u8]) -> Result<BindingRequest<'a>, DropReason> {
        Ok(BindingRequest {
            message,
            username: self.username.ok_or(DropReason::StunUnauthenticated)?,
            priority: self.priority,
            use_candidate: self.use_candidate,
            integrity_at: self.integrity_at.ok_or(DropReason::StunUnauthenticated)?,
        })
    }
}

impl BindingRequest<'_> {
    /// The part of USERNAME before the colon: the fragment that this agent chose.
    #[must_use]
    pub fn local_ufrag(&self) -> &str {
        self.username.split(':').next().unwrap_or_default()
    }

    /// Whether MESSAGE-INTEGRITY was made with this password.
    #[must_use]
    pub fn is_authentic(&self, key: &hmac::Key) -> bool {
        is_sealed_with(self.message, self.integrity_at, key)
    }

    /// Write the success response for a request that came from `source`.
    pub fn write_success(&self, source: SocketAddr, key: &hmac::Key, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&BINDING_SUCCESS.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.message[4..HEADER_LEN]);
        write_xor_mapped_address(source, out);
        seal(key, out);
    }
}

/// The key of MESSAGE-INTEGRITY for an ICE password (short-term credentials).
#[must_use]
pub fn integrity_key(password: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())
}

fn is_sealed_with(message: &[u8], integrity_at: usize, key: &hmac::Key) -> bool {
    let sent = &message[integrity_at + 4..integrity_at + 4 + INTEGRITY_LEN];
    let expected = integrity(message, integrity_at, key);
    constant_time::verify_slices_are_equal(expected.as_ref(), sent).is_ok()
}

/// Write a binding request as a client does, which nominates at once (RFC 8445 section 8.1.1).
pub fn write_binding_request(username: &str, key: &hmac::Key, transaction: [u8; 12], out: &mut Vec<u8>) {
    write_nomination(username, key, transaction, 1, out);
}

/// The same with a priority.
pub(crate) fn write_nomination(
    username: &str,
    key: &hmac::Key,
    transaction: [u8; 12],
    priority: u32,
    out: &mut Vec<u8>,
) {
    out.clear();
    out.extend_from_slice(&BINDING_REQUEST.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&MAGIC_COOKIE);
    out.extend_from_slice(&transaction);
    write_attribute(USERNAME, username.as_bytes(), out);
    write_attribute(PRIORITY, &priority.to_be_bytes(), out);
    write_attribute(USE_CANDIDATE, &[], out);
    seal(key, out);
}

fn seal(key: &hmac::Key, out: &mut Vec<u8>) {
    let at = out.len();
    let tag = integrity(out, at, key);
    write_attribute(MESSAGE_INTEGRITY, tag.as_ref(), out);
    set_len(out, 8);
    let fingerprint = (crc32(out) ^ FINGERPRINT_XOR).to_be_bytes();
    write_attribute(FINGERPRINT, &fingerprint, out);
}

/// HMAC over everything before the attribute, with the length that counts the attribute itself.
fn integrity(message: &[u8], integrity_at: usize, key: &hmac::Key) -> hmac::Tag {
    let counted = (integrity_at + 4 + INTEGRITY_LEN - HEADER_LEN) as u16;
    let mut context = hmac::Context::with_key(key);
    context.update(&message[..2]);
    context.update(&counted.to_be_bytes());
    context.update(&message[4..integrity_at]);
    context.sign()
}

/// Set the header's length field to what is written so far and `to_come` bytes more.
fn set_len(message: &mut [u8], to_come: usize) {
    let body = ((message.len() + to_come - HEADER_LEN) as u16).to_be_bytes();
    message[2..4].copy_from_slice(&body);
}

fn write_attribute(kind: u16, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
    set_len(out, 0);
}

fn write_xor_mapped_address(source: SocketAddr, out: &mut Vec<u8>) {
    let port = source.port() ^ u16::from_be_bytes([MAGIC_COOKIE[0], MAGIC_COOKIE[1]]);
    let mut value = vec![0u8, 0];
    value.extend_from_slice(&port.to_be_bytes());
    match source.ip().to_canonical() {
        IpAddr::V4(address) => {
            value[1] = 1;
            value.extend(address.octets().iter().zip(MAGIC_COOKIE).map(|(a, b)| a ^ b));
        }
        IpAddr::V6(address) => {
            value[1] = 2;
            // The transaction id follows the cookie in the header and continues the mask.
            let mask = &out[4..HEADER_LEN];
            value.extend(address.octets().iter().zip(mask).map(|(a, b)| a ^ b));
        }
    }
    write_attribute(XOR_MAPPED_ADDRESS, &value, out);
}

/// CRC-32 of ISO 3309, as FINGERPRINT uses it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        CRC_TABLE[usize::from((crc as u8) ^ byte)] ^ (crc >> 8)
    })
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xedb8_8320
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 5769 section 2.1: a request with all that ICE sends.
    const RFC5769_REQUEST: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\
\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\
\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
    const RFC5769_PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

    #[test]
    fn accepts_the_sample_request_of_rfc5769() {
        let request = parse_binding_request(RFC5769_REQUEST).expect("parses");
        assert_eq!(request.username, "evtj:h6vY");
        assert_eq!(request.local_ufrag(), "evtj");
        assert_eq!(request.priority, 0x6e00_01ff);
        assert!(request.is_authentic(&integrity_key(RFC5769_PASSWORD)));
        assert!(!request.is_authentic(&integrity_key("another password")));
    }

    #[test]
    fn answers_with_integrity_fingerprint_and_the_address_seen() {
        let key = integrity_key("password");
        let mut request = Vec::new();
        write_binding_request("us:them", &key, [7; 12], &mut request);
        let parsed = parse_binding_request(&request).expect("parses");
        assert!(parsed.is_authentic(&key) && parsed.use_candidate);
        for source in ["192.0.2.1:32853", "[2001:db8::1]:4500"] {
            let mut response = Vec::new();
            parsed.write_success(source.parse().expect("address"), &key, &mut response);
            assert_eq!(response[..2], BINDING_SUCCESS.to_be_bytes());
            assert_eq!(response[8..20], [7; 12]);
            assert_eq!(
                usize::from(u16::from_be_bytes([response[2], response[3]])) + 20,
                response.len()
            );
            let crc = crc32(&response[..response.len() - 8]) ^ FINGERPRINT_XOR;
            assert_eq!(response[response.len() - 4..], crc.to_be_bytes());
            assert!(is_binding_success(&response) && !is_binding_success(&request));
            assert_eq!(open_binding_success(&response, &key), Ok([7; 12]));
            assert_eq!(
                open_binding_success(&response, &integrity_key("another")),
                Err(DropReason::StunUnauthenticated)
            );
        }
    }

    /// RFC 5769 sections 2.2 and 2.3: the address attribute for the transaction of section 2.1.
    #[test]
    fn writes_the_mapped_addresses_of_rfc5769() {
        let v4: &[u8] = b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";
        let v6: &[u8] = b"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\
\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9";
        let request = parse_binding_request(RFC5769_REQUEST).expect("parses");
        let key = integrity_key(RFC5769_PASSWORD);
        for (source, attribute) in [
            ("192.0.2.1:32853", v4),
            ("[2001:db8:1234:5678:11:2233:4455:6677]:32853", v6),
        ] {
            let mut response = Vec::new();
            request.write_success(source.parse().expect("address"), &key, &mut response);
            assert_eq!(response[20..20 + attribute.len()], *attribute);
        }
    }

    /// RFC 5769 section 2.2: integrity and fingerprint of a success response.
    #[test]
    fn computes_integrity_and_fingerprint_of_the_response_of_rfc5769() {
        let response: &[u8] =
            b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
\x80\x22\x00\x0btest vector\x20\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\
\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\
\x80\x28\x00\x04\xc0\x7d\x4c\x96";
        let integrity_at = response.len() - 8 - 4 - INTEGRITY_LEN;
        let tag = integrity(response, integrity_at, &integrity_key(RFC5769_PASSWORD));
        assert_eq!(response[integrity_at + 4..][..INTEGRITY_LEN], *tag.as_ref());
        let fingerprint = crc32(&response[..response.len() - 8]) ^ FINGERPRINT_XOR;
        assert_eq!(response[response.len() - 4..], fingerprint.to_be_bytes());
    }

    #[test]
    fn refuses_a_request_without_integrity() {
        let mut message = Vec::from(&RFC5769_REQUEST[..20]);
        write_attribute(USERNAME, b"evtj:h6vY", &mut message);
        assert_eq!(
            parse_binding_request(&message).unwrap_err(),
            DropReason::StunUnauthenticated
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_never_believes_changed_bytes(at in 0usize..RFC5769_REQUEST.len(), flip in 1u8..) {
            // SOFTWARE's padding and what follows FINGERPRINT do not exist here: every bit is covered.
            let mut message = RFC5769_REQUEST.to_vec();
            message[at] ^= flip;
            if let Ok(request) = parse_binding_request(&message) {
                prop_assert!(!request.is_authentic(&integrity_key(RFC5769_PASSWORD)) || message[..] == *RFC5769_REQUEST
                    || at >= RFC5769_REQUEST.len() - 8);
            }
        }

        #[test]
        fn never_panics_on_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_binding_request(&bytes).map(|r| r.is_authentic(&integrity_key("x")));
            let _ = open_binding_success(&bytes, &integrity_key("x"));
        }
    }
}
