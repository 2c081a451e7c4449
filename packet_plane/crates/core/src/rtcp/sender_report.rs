//! Sender reports (RFC 3550 section 6.4.1).

use super::{SENDER_REPORT, read_u32, write_packet};
use crate::drop_reason::DropReason;

/// What a sender says of its clock and of what it has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport {
    pub ssrc: u32,
    /// 32.32 fixed-point seconds since 1900.
    pub ntp_time: u64,
    pub rtp_timestamp: u32,
    pub packets_sent: u32,
    pub bytes_sent: u32,
}

impl SenderReport {
    /// # Errors
    /// `Truncated` when the body is shorter than the sender information.
    pub fn parse(body: &[u8]) -> Result<Self, DropReason> {
        Ok(SenderReport {
            ssrc: read_u32(body, 0)?,
            ntp_time: u64::from(read_u32(body, 4)?) << 32 | u64::from(read_u32(body, 8)?),
            rtp_timestamp: read_u32(body, 12)?,
            packets_sent: read_u32(body, 16)?,
            bytes_sent: read_u32(body, 20)?,
        })
    }

    /// The middle 32 bits of the NTP time, as report blocks echo them.
    #[must_use]
    pub fn compact_ntp(&self) -> u32 {
        (self.ntp_time >> 16) as u32
    }

    /// Append the report without report blocks.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_packet(SENDER_REPORT, 0, out, |out| {
            out.extend_from_slice(&self.ssrc.to_be_bytes());
            out.extend_from_slice(&self.ntp_time.to_be_bytes());
            for word in [self.rtp_timestamp, self.packets_sent, self.bytes_sent] {
                out.extend_from_slice(&word.to_be_bytes());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let report = SenderReport {
            ssrc: 1,
            ntp_time: 0x0102_0304_0506_0708,
            rtp_timestamp: 3,
            packets_sent: 4,
            bytes_sent: 5,
        };
        let mut out = Vec::new();
        report.write(&mut out);
        let packet = super::super::packets(&out).next().expect("one").expect("fits");
        assert_eq!(packet.packet_type, SENDER_REPORT);
        assert_eq!(SenderReport::parse(packet.body), Ok(report));
        assert_eq!(report.compact_ntp(), 0x0304_0506);
    }
}
