//! Receiver reports and the report blocks they share with sender reports (RFC 3550 section 6.4.2).

use super::{RECEIVER_REPORT, RtcpPacket, SENDER_REPORT, read_u32, write_packet};
use crate::drop_reason::DropReason;

const BLOCK_LEN: usize = 24;
/// The highest count of lost packets; its opposite is the lowest that is written.
pub const MAX_LOST: i32 = 0x7f_ffff;

/// What a receiver says of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost in all; duplicates count against it.
    pub packets_lost: i32,
    pub extended_highest: u32,
    /// Clock ticks.
    pub jitter_ticks: u32,
    /// Compact NTP time of the last sender report, 0 before the first.
    pub last_sender_report: u32,
    /// Delay since that report, in 1/65,536 s.
    pub delay_since_last: u32,
}

impl ReportBlock {
    fn parse(bytes: &[u8]) -> Result<Self, DropReason> {
        let loss = read_u32(bytes, 4)?;
        Ok(ReportBlock {
            ssrc: read_u32(bytes, 0)?,
            fraction_lost: (loss >> 24) as u8,
            // Sign-extend 24 bits.
            packets_lost: ((loss << 8) as i32) >> 8,
            extended_highest: read_u32(bytes, 8)?,
            jitter_ticks: read_u32(bytes, 12)?,
            last_sender_report: read_u32(bytes, 16)?,
            delay_since_last: read_u32(bytes, 20)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lost = (self.packets_lost.clamp(-MAX_LOST, MAX_LOST) as u32) & 0xff_ffff;
        let loss = u32::from(self.fraction_lost) << 24 | lost;
        let words = [
            self.ssrc,
            loss,
            self.extended_highest,
            self.jitter_ticks,
            self.last_sender_report,
            self.delay_since_last,
        ];
        for word in words {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// The report blocks of a sender or receiver report.
///
/// # Errors
/// `Truncated` when the packet holds fewer blocks than it counts.
pub fn parse_blocks<'a>(
    packet: &RtcpPacket<'a>,
) -> Result<impl Iterator<Item = ReportBlock> + 'a, DropReason> {
    let start = if packet.packet_type == SENDER_REPORT {
        24
    } else {
        4
    };
    let end = start + BLOCK_LEN * usize::from(packet.count);
    let blocks = packet.body.get(start..end).ok_or(DropReason::Truncated)?;
    Ok(blocks
        .chunks_exact(BLOCK_LEN)
        .filter_map(|block| ReportBlock::parse(block).ok()))
}

/// Append a receiver report with at most 31 blocks.
pub fn write(sender_ssrc: u32, blocks: &[ReportBlock], out: &mut Vec<u8>) {
    let blocks = &blocks[..blocks.len().min(31)];
    write_packet(RECEIVER_REPORT, blocks.len() as u8, out, |out| {
        out.extend_from_slice(&sender_ssrc.to_be_bytes());
        for block in blocks {
            block.write(out);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::packets;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(lost in -MAX_LOST..=MAX_LOST, words in any::<[u32; 5]>(), fraction in any::<u8>()) {
            let block = ReportBlock {
                ssrc: words[0], fraction_lost: fraction, packets_lost: lost, extended_highest: words[1],
                jitter_ticks: words[2], last_sender_report: words[3], delay_since_last: words[4],
            };
            let mut out = Vec::new();
            write(9, &[block, block], &mut out);
            let packet = packets(&out).next().expect("one").expect("fits");
            prop_assert_eq!(parse_blocks(&packet).expect("fits").collect::<Vec<_>>(), vec![block, block]);
        }
    }

    #[test]
    fn refuses_fewer_blocks_than_counted() {
        let packet = RtcpPacket {
            packet_type: RECEIVER_REPORT,
            count: 2,
            body: &[0; 28],
        };
        assert!(parse_blocks(&packet).is_err());
    }
}
