//! Each type in a compound with others is read as it was written.

use proptest::prelude::*;

use super::receiver_report::ReportBlock;
use super::sender_report::SenderReport;
use super::*;

fn read(out: &[u8]) -> Vec<RtcpPacket<'_>> {
    packets(out).map(|packet| packet.expect("fits")).collect()
}

fn report_block() -> impl Strategy<Value = ReportBlock> {
    let numbers = (any::<u32>(), any::<u8>(), -0x7f_ffff..=0x7f_ffff);
    (numbers, any::<[u32; 4]>()).prop_map(|((ssrc, fraction_lost, packets_lost), words)| ReportBlock {
        ssrc,
        fraction_lost,
        packets_lost,
        extended_highest: words[0],
        jitter_ticks: words[1],
        last_sender_report: words[2],
        delay_since_last: words[3],
    })
}

/// A canonical name as its reader finds it (RFC 3550 section 6.5).
fn cname_of<'a>(packet: &RtcpPacket<'a>) -> (u32, &'a [u8]) {
    assert_eq!((packet.packet_type, packet.count), (SOURCE_DESCRIPTION, 1));
    let (item, rest) = packet.body[4..].split_first_chunk::<2>().expect("an item");
    let (name, end) = rest.split_at(item[1].into());
    assert!((item[0], end[0]) == (1, 0) && end.len() <= 4);
    (read_u32(packet.body, 0).expect("is there"), name)
}

proptest! {
    #[test]
    fn reports_read_as_written(
        report in (any::<[u32; 4]>(), any::<u64>()),
        blocks in proptest::collection::vec(report_block(), 0..32),
    ) {
        let ([ssrc, rtp_timestamp, packets_sent, bytes_sent], ntp_time) = report;
        let report = SenderReport { ssrc, ntp_time, rtp_timestamp, packets_sent, bytes_sent };
        let mut out = Vec::new();
        report.write(&mut out);
        receiver_report::write(9, &blocks, &mut out);
        let found = read(&out);
        prop_assert_eq!(SenderReport::parse(found[0].body), Ok(report));
        let read: Vec<_> = receiver_report::parse_blocks(&found[1]).expect("reads").collect();
        prop_assert_eq!(read, blocks);
    }

    #[test]
    fn names_and_goodbyes_read_as_written(
        ssrc in any::<u32>(),
        name in "[ -~]{0,300}",
        ended in proptest::collection::vec(any::<u32>(), 0..40),
    ) {
        let mut out = Vec::new();
        source_description::write(ssrc, &name, &mut out);
        goodbye::write(&ended, &mut out);
        let found = read(&out);
        prop_assert_eq!(cname_of(&found[0]), (ssrc, &name.as_bytes()[..name.len().min(255)]));
        let read: Vec<_> = goodbye::parse(&found[1]).expect("reads").collect();
        prop_assert_eq!(read, &ended[..ended.len().min(31)]);
    }

    #[test]
    fn requests_read_as_written(
        ssrcs in any::<(u32, u32)>(),
        number in any::<u8>(),
        lost in proptest::collection::btree_set(any::<u16>(), 1..100),
    ) {
        let lost: Vec<u16> = lost.into_iter().collect();
        let mut out = Vec::new();
        pli::write(ssrcs.0, ssrcs.1, &mut out);
        fir::write(ssrcs.0, ssrcs.1, number, &mut out);
        nack::write(ssrcs.0, ssrcs.1, &lost, &mut out);
        let found = read(&out);
        prop_assert_eq!(pli::parse(found[0].body), Ok(ssrcs.1));
        prop_assert_eq!(fir::parse(found[1].body).expect("reads").collect::<Vec<_>>(), [ssrcs.1]);
        let nack = nack::parse(found[2].body).expect("reads");
        prop_assert_eq!(nack.media_ssrc, ssrcs.1);
        prop_assert_eq!(nack.sequence_numbers.collect::<Vec<_>>(), lost);
    }

    /// The plane sends no estimate, so that these are written here alone: eighteen bits of a rate are kept.
    #[test]
    fn estimates_are_read_as_their_senders_mean_them(
        bps in any::<u64>(),
        ssrcs in proptest::collection::vec(any::<u32>(), 0..20),
    ) {
        let exponent = (64 - bps.leading_zeros()).saturating_sub(18);
        let word = (ssrcs.len() as u32) << 24 | exponent << 18 | (bps >> exponent) as u32;
        let mut out = Vec::new();
        write_packet(PAYLOAD_FEEDBACK, remb::FORMAT, &mut out, |out| {
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(b"REMB");
            out.extend_from_slice(&word.to_be_bytes());
            ssrcs.iter().for_each(|ssrc| out.extend_from_slice(&ssrc.to_be_bytes()));
        });
        let found = read(&out);
        let said = remb::parse(found[0].body).expect("reads");
        prop_assert_eq!(said, remb::Remb { bps: bps >> exponent << exponent, ssrcs });
    }
}
