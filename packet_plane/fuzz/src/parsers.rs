//! Parsers that keep no state: what they accept, they can write back.

use packet_plane_core::demux::{DatagramKind, classify};
use packet_plane_core::drop_reason::DropReason;
use packet_plane_core::quantities::Instant;
use packet_plane_core::rtcp::receiver_report::{self, ReportBlock};
use packet_plane_core::rtcp::sender_report::SenderReport;
use packet_plane_core::rtcp::{
    self as rtcp_packets, RtcpPacket, fir, goodbye, nack, pli, remb, transport_cc,
};
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::rtp::extension::ExtensionBlock;
use packet_plane_core::rtp::header::{OutgoingHeader, unpadded_len, write_header};
use packet_plane_core::rtp::vp8::Vp8Descriptor;
use packet_plane_core::stun;

/// A kind is given to a datagram only inside the ranges of RFC 7983.
pub fn demux(bytes: &[u8]) {
    let Some(kind) = classify(bytes) else {
        return;
    };
    let range = match kind {
        DatagramKind::Stun => 0..=3,
        DatagramKind::Dtls => 20..=63,
        DatagramKind::Rtp | DatagramKind::Rtcp => 128..=191,
    };
    assert!(range.contains(&bytes[0]));
}

/// What parses as a request can be answered, and the answer is not taken for a request.
pub fn stun(bytes: &[u8]) {
    let Ok(request) = stun::parse_binding_request(bytes) else {
        return;
    };
    assert!(request.username.starts_with(request.local_ufrag()));
    let key = stun::integrity_key("VOkJxbRl1RmTxUk/WvJxBt");
    let _ = request.is_authentic(&key);
    let mut response = Vec::new();
    for source in ["192.0.2.1:1", "[2001:db8::1]:65535"] {
        let source = source.parse().expect("an address");
        request.write_success(source, &key, &mut response);
        assert_eq!(response[8..20], bytes[8..20]);
        assert_eq!(
            stun::parse_binding_request(&response).err(),
            Some(DropReason::StunIgnored)
        );
    }
}

/// Header, extensions and padding stay inside the packet, and a header written anew reads the same.
pub fn rtp(bytes: &[u8]) {
    let Ok(header) = RtpHeader::parse(bytes) else {
        return;
    };
    assert!((12..=bytes.len()).contains(&header.header_len));
    if let Ok(len) = unpadded_len(header.has_padding, &bytes[header.header_len..]) {
        assert!(header.header_len + len <= bytes.len());
    }
    let mut block = ExtensionBlock::default();
    for (id, value) in header.extensions(bytes) {
        assert!(value.len() < bytes.len());
        block.push(id, value);
    }
    let outgoing = OutgoingHeader {
        marker: header.marker,
        padding: header.has_padding,
        payload_type: header.payload_type,
        sequence_number: header.sequence_number,
        rtp_timestamp: header.rtp_timestamp,
        ssrc: header.ssrc,
    };
    let mut out = [0; 96];
    let len = write_header(&outgoing, block.finish(), &mut out);
    let again = RtpHeader::parse(&out[..len]).expect("what was written parses");
    assert_eq!(again.header_len, len);
    assert_eq!(again.ssrc, header.ssrc);
    assert_eq!(again.sequence_number, header.sequence_number);
    for (id, value) in again.extensions(&out[..len]) {
        assert!(header.extensions(bytes).any(|own| own == (id, value)));
    }
}

/// Every packet of a compound is read by its parser, and what was read is written back the same.
pub fn rtcp(bytes: &[u8]) {
    for packet in rtcp_packets::packets(bytes).flatten() {
        assert!(packet.body.len() < bytes.len());
        rewrite(&packet);
    }
}

fn rewrite(packet: &RtcpPacket<'_>) {
    let mut out = Vec::new();
    match (packet.packet_type, packet.count) {
        (rtcp_packets::SENDER_REPORT, _) => {
            if let Ok(report) = SenderReport::parse(packet.body) {
                report.write(&mut out);
                assert_eq!(SenderReport::parse(first(&out).body), Ok(report));
            }
            let _ = receiver_report::parse_blocks(packet).map(Iterator::count);
        }
        (rtcp_packets::RECEIVER_REPORT, _) => rewrite_blocks(packet),
        (rtcp_packets::TRANSPORT_FEEDBACK, nack::FORMAT) => rewrite_nack(packet.body),
        (rtcp_packets::TRANSPORT_FEEDBACK, transport_cc::FORMAT) => {
            rewrite_transport_cc(packet.body);
        }
        (rtcp_packets::PAYLOAD_FEEDBACK, pli::FORMAT) => {
            if let Ok(ssrc) = pli::parse(packet.body) {
                pli::write(1, ssrc, &mut out);
                assert_eq!(pli::parse(first(&out).body), Ok(ssrc));
            }
        }
        (rtcp_packets::PAYLOAD_FEEDBACK, fir::FORMAT) => {
            for ssrc in fir::parse(packet.body).into_iter().flatten() {
                fir::write(1, ssrc, 0, &mut out);
            }
        }
        (rtcp_packets::GOODBYE, _) => {
            if let Ok(ended) = goodbye::parse(packet) {
                let ended: Vec<u32> = ended.collect();
                goodbye::write(&ended, &mut out);
                assert!(goodbye::parse(&first(&out)).is_ok_and(|again| again.eq(ended)));
            }
        }
        (rtcp_packets::PAYLOAD_FEEDBACK, remb::FORMAT) => {
            let _ = remb::parse(packet.body);
        }
        _ => {}
    }
}

/// What was read is read again from what is written, as far as one message holds it.
fn rewrite_transport_cc(body: &[u8]) {
    let Ok(feedback) = transport_cc::parse(body) else {
        return;
    };
    assert!(feedback.arrivals.len() <= transport_cc::MAX_STATUSES);
    let range_us = (1 << 24) * 64_000;
    if feedback.arrivals.iter().flatten().any(|at| *at >= range_us) {
        return;
    }
    let arrivals: Vec<Option<Instant>> = feedback.arrivals.iter().map(|at| at.map(Instant)).collect();
    let (mut out, base) = (Vec::new(), feedback.base_sequence_number);
    let covered = transport_cc::write((1, 2), base, feedback.feedback_count, &arrivals, &mut out);
    // Where nothing arrived there is no time to tell.
    assert_eq!(covered > 0, arrivals.iter().any(Option::is_some));
    if covered > 0 {
        let again = transport_cc::parse(first(&out).body).expect("what was written parses");
        assert_eq!(again.arrivals, feedback.arrivals[..covered]);
        assert_eq!((again.base_sequence_number, again.media_ssrc), (base, 2));
    }
}

fn rewrite_blocks(packet: &RtcpPacket<'_>) {
    let Ok(blocks) = receiver_report::parse_blocks(packet) else {
        return;
    };
    let mut blocks: Vec<ReportBlock> = blocks.collect();
    assert_eq!(blocks.len(), usize::from(packet.count));
    // The one number of 24 bits that has no opposite is written as the nearest that has.
    for block in &mut blocks {
        block.packets_lost = block.packets_lost.max(-0x7f_ffff);
    }
    let mut out = Vec::new();
    receiver_report::write(1, &blocks, &mut out);
    let again = receiver_report::parse_blocks(&first(&out)).expect("what was written parses");
    assert!(again.eq(blocks));
}

fn rewrite_nack(body: &[u8]) {
    let Ok(nack) = nack::parse(body) else {
        return;
    };
    let numbers: Vec<u16> = nack.sequence_numbers.collect();
    assert!(numbers.len() <= 17 * body.len() / 4);
    let mut out = Vec::new();
    nack::write(1, nack.media_ssrc, &numbers, &mut out);
    if numbers.is_empty() {
        assert!(out.is_empty());
        return;
    }
    let again = nack::parse(first(&out).body).expect("what was written parses");
    let mut read: Vec<u16> = again.sequence_numbers.collect();
    let mut asked = numbers;
    read.sort_unstable();
    asked.sort_unstable();
    read.dedup();
    asked.dedup();
    assert_eq!(read, asked);
}

fn first(compound: &[u8]) -> RtcpPacket<'_> {
    rtcp_packets::packets(compound)
        .next()
        .expect("a packet was written")
        .expect("and it fits")
}

/// Ids are written over in place: nothing else moves.
pub fn vp8(bytes: &[u8]) {
    let Some(descriptor) = Vp8Descriptor::parse(bytes) else {
        return;
    };
    let mut payload = bytes.to_vec();
    descriptor.rewrite(0x7abc, 0xde, &mut payload);
    let again = Vp8Descriptor::parse(&payload).expect("still parses");
    assert_eq!(again.starts_keyframe, descriptor.starts_keyframe);
    let changed = payload.iter().zip(bytes).filter(|(new, old)| new != old).count();
    assert!(changed <= 3);
    if let Some(id) = descriptor.picture_id {
        let expected = if id.is_long { 0x7abc } else { 0x3c };
        assert_eq!(again.picture_id.map(|id| id.value), Some(expected));
    }
}

/// Reading a payload's type looks at no byte that is not there.
pub fn h264(bytes: &[u8]) {
    let _ = packet_plane_core::rtp::h264::starts_keyframe(bytes);
    let set = packet_plane_core::rtp::h264::sequence_parameters(bytes);
    let _ = packet_plane_core::rtp::parameter_sets::h264_size(set.unwrap_or(bytes));
}
