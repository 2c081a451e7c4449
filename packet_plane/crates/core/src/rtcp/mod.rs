//! RTCP: compound packets split into their parts, and each type read and written (RFC 3550 section 6, RFC 4585).

pub mod fir;
pub mod goodbye;
pub mod nack;
pub mod pli;
#[cfg(test)]
mod property_tests;
pub mod receiver_report;
pub mod remb;
pub mod sender_report;
pub mod source_description;
pub mod transport_cc;

use crate::drop_reason::DropReason;

pub const SENDER_REPORT: u8 = 200;
pub const RECEIVER_REPORT: u8 = 201;
pub const SOURCE_DESCRIPTION: u8 = 202;
pub const GOODBYE: u8 = 203;
/// Transport-layer feedback (RFC 4585 section 6.2): NACK and transport-wide congestion control.
pub const TRANSPORT_FEEDBACK: u8 = 205;
/// Payload-specific feedback (RFC 4585 section 6.3): PLI and FIR.
pub const PAYLOAD_FEEDBACK: u8 = 206;

/// One packet of a compound, without its common header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcpPacket<'a> {
    pub packet_type: u8,
    /// Report count, source count or feedback message type.
    pub count: u8,
    pub body: &'a [u8],
}

/// The packets of a compound in order; ends after the first that does not fit, which is reported.
pub fn packets(compound: &[u8]) -> impl Iterator<Item = Result<RtcpPacket<'_>, DropReason>> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let parsed = split_first(rest);
        rest = parsed.map_or(&[][..], |(_, remaining)| remaining);
        Some(parsed.map(|(packet, _)| packet))
    })
}

fn split_first(bytes: &[u8]) -> Result<(RtcpPacket<'_>, &[u8]), DropReason> {
    let (header, rest) = bytes.split_first_chunk::<4>().ok_or(DropReason::Truncated)?;
    if header[0] >> 6 != 2 {
        return Err(DropReason::Malformed);
    }
    let len = 4 * usize::from(u16::from_be_bytes([header[2], header[3]]));
    let (mut body, rest) = rest.split_at_checked(len).ok_or(DropReason::Truncated)?;
    if header[0] & 0x20 != 0 {
        let padding = usize::from(*body.last().ok_or(DropReason::Malformed)?);
        let unpadded = body.len().checked_sub(padding).ok_or(DropReason::Malformed)?;
        body = &body[..unpadded];
    }
    Ok((
        RtcpPacket {
            packet_type: header[1],
            count: header[0] & 0x1f,
            body,
        },
        rest,
    ))
}

/// Append a packet: the common header, then what `write_body` appends, padded to whole words by its writer.
pub(crate) fn write_packet(
    packet_type: u8,
    count: u8,
    out: &mut Vec<u8>,
    write_body: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[0x80 | (count & 0x1f), packet_type, 0, 0]);
    write_body(out);
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Result<u32, DropReason> {
    let chunk = bytes.get(at..at + 4).ok_or(DropReason::Truncated)?;
    Ok(u32::from_be_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_a_compound_and_reports_what_does_not_fit() {
        let mut compound = Vec::new();
        pli::write(1, 2, &mut compound);
        pli::write(1, 3, &mut compound);
        compound.extend_from_slice(&[0x80, 200, 0, 9]);
        let seen: Vec<_> = packets(&compound).collect();
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[1].map(|packet| packet.packet_type), Ok(PAYLOAD_FEEDBACK));
        assert_eq!(seen[2], Err(DropReason::Truncated));
    }

    #[test]
    fn takes_padding_away_and_refuses_more_of_it_than_there_is() {
        let padded = [0xa1, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
        assert_eq!(
            packets(&padded).next().map(|p| p.map(|p| p.body.len())),
            Some(Ok(4))
        );
        let too_much = [0xa1, 206, 0, 1, 0, 0, 0, 9];
        assert_eq!(packets(&too_much).next(), Some(Err(DropReason::Malformed)));
    }

    proptest! {
        #[test]
        fn reads_arbitrary_compounds_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for packet in packets(&bytes).flatten() {
                let _ = sender_report::SenderReport::parse(packet.body);
                let _ = receiver_report::parse_blocks(&packet).map(Iterator::count);
                let _ = nack::parse(packet.body).map(|nack| nack.sequence_numbers.count());
                let _ = pli::parse(packet.body);
                let _ = fir::parse(packet.body).map(Iterator::count);
                let _ = transport_cc::parse(packet.body);
                let _ = goodbye::parse(&packet).map(Iterator::count);
                let _ = remb::parse(packet.body);
            }
        }
    }
}
