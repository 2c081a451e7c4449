//! Tells STUN, DTLS, RTP and RTCP apart by their first bytes (RFC 7983 section 7, RFC 5761 section 4).

/// What a datagram claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatagramKind {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
}

/// The protocol of a datagram, or `None` when it is none of ours.
#[must_use]
pub fn classify(datagram: &[u8]) -> Option<DatagramKind> {
    match *datagram.first()? {
        0..=3 => Some(DatagramKind::Stun),
        20..=63 => Some(DatagramKind::Dtls),
        // RTCP packet types 192..=223 take the place of marker bit and payload type.
        128..=191 => match *datagram.get(1)? {
            192..=223 => Some(DatagramKind::Rtcp),
            _ => Some(DatagramKind::Rtp),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_protocol_by_its_first_bytes() {
        assert_eq!(classify(&[0, 1]), Some(DatagramKind::Stun));
        assert_eq!(classify(&[22, 254]), Some(DatagramKind::Dtls));
        assert_eq!(classify(&[0x80, 111]), Some(DatagramKind::Rtp));
        assert_eq!(classify(&[0x80, 0x80 | 96]), Some(DatagramKind::Rtp));
        assert_eq!(classify(&[0x81, 200]), Some(DatagramKind::Rtcp));
    }

    #[test]
    fn refuses_empty_unknown_and_one_byte_datagrams() {
        assert_eq!(classify(&[]), None);
        assert_eq!(classify(&[0x80]), None);
        for first in [4u8, 19, 64, 127, 192, 255] {
            assert_eq!(classify(&[first, 0]), None);
        }
    }
}
