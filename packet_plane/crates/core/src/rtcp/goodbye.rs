//! Goodbye: streams that their sender has ended (RFC 3550 section 6.6).

use super::{GOODBYE, RtcpPacket, read_u32, write_packet};
use crate::drop_reason::DropReason;

/// The SSRCs that have ended; why is not read.
///
/// # Errors
/// `Truncated` when the body ends inside its SSRCs.
pub fn parse<'a>(packet: &RtcpPacket<'a>) -> Result<impl Iterator<Item = u32> + use<'a>, DropReason> {
    let len = 4 * usize::from(packet.count);
    let ssrcs = packet.body.get(..len).ok_or(DropReason::Truncated)?;
    Ok((0..len).step_by(4).flat_map(|at| read_u32(ssrcs, at)))
}

/// Append a goodbye of at most 31 streams, without a reason.
pub fn write(ssrcs: &[u32], out: &mut Vec<u8>) {
    let ssrcs = &ssrcs[..ssrcs.len().min(31)];
    write_packet(GOODBYE, ssrcs.len() as u8, out, |out| {
        ssrcs
            .iter()
            .for_each(|ssrc| out.extend_from_slice(&ssrc.to_be_bytes()));
    });
}

#[cfg(test)]
mod tests {
    use super::super::packets;
    use super::*;

    #[test]
    fn reads_past_the_reason_and_refuses_fewer_streams_than_are_told() {
        let with_reason = [0x81, GOODBYE, 0, 2, 0, 0, 0, 7, 3, b'b', b'y', b'e'];
        let packet = packets(&with_reason).next().expect("one").expect("fits");
        assert_eq!(parse(&packet).expect("reads").collect::<Vec<_>>(), [7]);
        let none = RtcpPacket { count: 0, ..packet };
        assert_eq!(parse(&none).expect("reads").count(), 0);
        let more = RtcpPacket { count: 3, ..packet };
        assert_eq!(parse(&more).map(Iterator::count), Err(DropReason::Truncated));
    }
}
