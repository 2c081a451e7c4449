//! What a receiver finds in the packets it gets, and in which order receivers get theirs.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tests::*;
use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, SlotParameters, TrackParameters};
use crate::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use crate::rtp::extension::{ExtensionBlock, ExtensionIds};
use crate::rtp::header::{OutgoingHeader, write_header};

const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const WIDE: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
const CAPTURE_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
/// URI and length of what travels from the publisher to the receiver as it is; of a capture time the offset of a clock
/// that nobody knows is left out.
const PASSED_ON: [(&str, usize); 4] = [
    ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 1),
    ("http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", 3),
    (CAPTURE_TIME, 8),
    (CAPTURE_TIME, 16),
];

/// Which address gets its media first, for each of `bursts` bursts.
fn first_of_each_burst(bursts: u64, viewers: u64) -> Vec<SocketAddr> {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Audio, "mic");
    for viewer in 0..viewers {
        let client = Client::join(&mut plane, ms(0), 2 + viewer);
        client.add_slot(&mut plane, ms(0), 21 + viewer, MediaKind::Audio);
        assign(&mut plane, ms(0), 21 + viewer, Some(11));
    }
    let mut batch = TransmitBatch::default();
    let mut firsts = Vec::new();
    for burst in 0..bursts {
        let now = ms(20 * (1 + burst));
        publisher.send(&mut plane, now, 100, "mic", burst, b"a voice");
        let mut order = Vec::new();
        while plane.poll_transmit(now, &mut batch) {
            let is_media = |bytes| crate::demux::classify(bytes) == Some(crate::demux::DatagramKind::Rtp);
            order.extend(
                batch
                    .datagrams()
                    .filter_map(|(to, bytes)| is_media(bytes).then_some(to)),
            );
            batch.clear();
        }
        assert_eq!(order.len() as u64, viewers);
        firsts.push(order[0]);
    }
    firsts
}

#[test]
fn each_receiver_is_the_first_of_a_burst_in_its_turn() {
    let firsts = first_of_each_burst(12, 3);
    let mut turns = BTreeMap::<SocketAddr, usize>::new();
    firsts
        .iter()
        .for_each(|first| *turns.entry(*first).or_default() += 1);
    assert_eq!(turns.values().copied().collect::<Vec<_>>(), [4, 4, 4]);
    assert!(firsts.windows(2).all(|pair| pair[0] != pair[1]));
}

fn ids_of(named: &[(&str, u8)]) -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    named.iter().for_each(|(uri, id)| ids.set(uri, *id));
    ids
}

/// A publisher and a viewer of one video, with these extensions; the slot may lack RTX, so that it repeats.
fn camera(publishers: ExtensionIds, viewers: ExtensionIds, has_rtx: bool) -> (Plane, Client, Client) {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    let viewer = Client::join(&mut plane, ms(0), 2);
    let mut codec = Codec::new(96, CodecName::Vp8, 90_000, "");
    codec.nack = true;
    plane.handle_command(
        ms(0),
        Command::AddTrack(TrackParameters {
            track: TrackId(11),
            transport: TransportId(1),
            kind: MediaKind::Video,
            mid: Some("cam".into()),
            rids: Vec::new(),
            ssrcs: vec![Ssrc(100)],
            codecs: vec![codec],
            extensions: publishers,
        }),
    );
    let slot = slot_of(2, 21, MediaKind::Video);
    plane.handle_command(
        ms(0),
        Command::AddSlot(SlotParameters {
            rtx_ssrc: slot.rtx_ssrc.filter(|_| has_rtx),
            extensions: viewers,
            ..slot
        }),
    );
    assign(&mut plane, ms(0), 21, Some(11));
    (plane, publisher, viewer)
}

fn send_with(client: &Client, plane: &mut Plane, now: Instant, elements: &[(u8, Vec<u8>)], payload: &[u8]) {
    send_as(client, plane, now, (100, 7), elements, payload);
}

/// The packet of a stream with this number, 33 ms after the one before.
fn send_as(
    client: &Client,
    plane: &mut Plane,
    now: Instant,
    (ssrc, number): (u32, u16),
    elements: &[(u8, Vec<u8>)],
    payload: &[u8],
) {
    let mut block = ExtensionBlock::default();
    elements.iter().for_each(|(id, value)| block.push(*id, value));
    let header = OutgoingHeader {
        marker: true,
        padding: false,
        payload_type: PayloadType(96),
        sequence_number: number,
        rtp_timestamp: u32::from(number) * 2_970,
        ssrc: Ssrc(ssrc),
    };
    let mut out = vec![0; 1_500];
    let header_len = write_header(&header, block.finish(), &mut out);
    let len = client
        .sender
        .protect_rtp(
            header.ssrc,
            ExtendedSequenceNumber(number.into()),
            header_len,
            payload,
            &[],
            &mut out,
        )
        .expect("seals");
    plane.handle_datagram(now, client.address, &out[..len]);
}

proptest! {
    /// Whatever numbers both sides gave to the extensions, whichever they negotiated and whatever stands in them: the
    /// receiver gets the payload and each value it negotiated as the publisher wrote them, the node's own beside
    /// them, and nothing else.
    #[test]
    fn extensions_change_their_numbers_and_leave_values_and_payload_alone(
        mut from in Just((1u8..=14).collect::<Vec<_>>()).prop_shuffle(),
        mut to in Just((1u8..=14).collect::<Vec<_>>()).prop_shuffle(),
        sent in proptest::collection::vec(any::<bool>(), PASSED_ON.len()),
        wanted in proptest::collection::vec(any::<bool>(), PASSED_ON.len() + 3),
        bytes in proptest::collection::vec(any::<u8>(), 40),
        rest in proptest::collection::vec(any::<u8>(), 0..1_100),
        at_ms in 1u64..10_000_000,
    ) {
        let (mut theirs, mut ours, mut elements) = (vec![], vec![], vec![]);
        let mut expected = BTreeMap::<u8, Vec<u8>>::new();
        // A capture time has one of two lengths.
        let long = usize::from(bytes[0] & 1);
        for (number, (uri, len)) in PASSED_ON.iter().enumerate() {
            if *len >= 8 && number != 3 + long {
                continue;
            }
            let (id, own, value) = (from.pop().expect("14"), to.pop().expect("14"), bytes[..*len].to_vec());
            theirs.push((*uri, id));
            if wanted[number] {
                ours.push((*uri, own));
            }
            if sent[number] {
                elements.push((id, value.clone()));
                if wanted[number] {
                    expected.insert(own, value[..*len.min(&8)].to_vec());
                }
            }
        }
        for (number, uri) in [MID, WIDE, SEND_TIME].into_iter().enumerate() {
            if wanted[PASSED_ON.len() + number] {
                ours.push((uri, to.pop().expect("14")));
            }
        }
        let own = ids_of(&ours);
        // What the receiver did not negotiate, and what no one knows, is sent besides.
        elements.push((from.pop().expect("14"), bytes[..5].to_vec()));
        let (mut plane, publisher, mut viewer) = camera(ids_of(&theirs), own, true);
        let payload = [keyframe(7), rest].concat();
        let now = ms(at_ms);
        publisher.prove(&mut plane, now);
        viewer.prove(&mut plane, now);
        send_with(&publisher, &mut plane, now, &elements, &payload);
        let (rtp, _) = drain(&mut plane, now, &viewer);
        let datagram = rtp.first().expect("forwarded");
        let received = viewer.open(datagram);
        prop_assert_eq!(&received.payload[7..], &payload[7..]);
        if own.mid != 0 {
            expected.insert(own.mid, b"s21".to_vec());
        }
        for id in 1..=14 {
            let found = received.header.extension(datagram, id).map(<[u8]>::to_vec);
            let len = found.as_ref().map(Vec::len);
            match id {
                _ if id == own.transport_wide_cc => prop_assert_eq!(len, Some(2)),
                _ if id == own.abs_send_time => prop_assert_eq!(len, Some(3)),
                _ => prop_assert_eq!(found, expected.get(&id).cloned()),
            }
        }
    }
}

/// The send times that a receiver finds, of packets sent at these moments.
fn send_times(at_ms: &[u64], has_rtx: bool) -> Vec<Option<u32>> {
    let ids = ids_of(&[(MID, 1), (SEND_TIME, 2)]);
    let (mut plane, publisher, viewer) = camera(ids_of(&[(MID, 1)]), ids, has_rtx);
    let mut times = Vec::new();
    for (number, at) in at_ms.iter().enumerate() {
        let now = ms(*at);
        publisher.prove(&mut plane, now);
        viewer.prove(&mut plane, now);
        let payload = if number == 0 {
            keyframe(7)
        } else {
            interframe(7 + number as u16)
        };
        publisher.send(&mut plane, now, 100, "cam", 7 + number as u64, &payload);
        let (rtp, _) = drain(&mut plane, now, &viewer);
        times.extend(rtp.iter().map(|datagram| {
            let header = crate::rtp::RtpHeader::parse(datagram).expect("a header");
            let value = header.extension(datagram, 2)?;
            Some(value.iter().fold(0, |time, byte| time << 8 | u32::from(*byte)))
        }));
    }
    times
}

#[test]
fn send_times_tell_when_a_packet_left_and_wrap_after_64_seconds() {
    let second = 1 << 18;
    assert_eq!(
        send_times(&[1_000, 1_500, 63_000, 64_250], true),
        [
            Some(second),
            Some(second * 3 / 2),
            Some(second * 63),
            Some(second / 4)
        ]
    );
}

#[test]
fn what_may_be_repeated_byte_for_byte_does_not_say_when_it_was_sent() {
    assert_eq!(send_times(&[1_000, 1_500], false), [None, None]);
}

/// When something was captured, and how far the clock that says so is ahead of the sender's, in seconds.
fn capture(seconds: u64, ahead: Option<i64>) -> Vec<u8> {
    let mut value = (seconds << 32).to_be_bytes().to_vec();
    value.extend(ahead.into_iter().flat_map(|ahead| (ahead << 32).to_be_bytes()));
    value
}

/// Capture times in seconds as the viewer gets them of what waits for it, with how far their clock is ahead of the node's.
fn captures(plane: &mut Plane, now: Instant, viewer: &Client) -> Vec<Option<(f64, Option<f64>)>> {
    let seconds = |bytes: &[u8]| {
        let fixed = i64::from_be_bytes(*bytes.first_chunk().expect("eight bytes"));
        fixed as f64 / (1u64 << 32) as f64
    };
    let (rtp, _) = drain(plane, now, viewer);
    let found = rtp.iter().map(|datagram| {
        let header = crate::rtp::RtpHeader::parse(datagram).expect("a header");
        let value = header.extension(datagram, 2)?;
        Some((seconds(value), value.get(8..16).map(seconds)))
    });
    found.collect()
}

/// Say what time it is at the publisher, in seconds since 1900.
fn report_time(client: &mut Client, plane: &mut Plane, now: Instant, (ssrc, seconds): (u32, u64)) {
    let mut compound = Vec::new();
    let report = crate::rtcp::sender_report::SenderReport {
        ssrc,
        ntp_time: seconds << 32,
        rtp_timestamp: 0,
        packets_sent: 0,
        bytes_sent: 0,
    };
    report.write(&mut compound);
    client.send_rtcp(plane, now, &compound);
}

#[test]
fn a_capture_time_says_how_far_its_clock_is_from_the_one_of_the_nodes_reports() {
    let ids = ids_of(&[(MID, 1), (CAPTURE_TIME, 2)]);
    let (mut plane, mut publisher, viewer) = camera(ids, ids, true);
    let node = plane.ntp_time(ms(0)) >> 32;
    send_as(
        &publisher,
        &mut plane,
        ms(1),
        (100, 7),
        &[(2, capture(500, Some(0)))],
        &keyframe(7),
    );
    // Nobody knows the publisher's clock yet.
    assert_eq!(captures(&mut plane, ms(1), &viewer), [Some((500.0, None))]);
    // It is ahead by a minute, and what it passes on was captured by a clock ahead of its own by ten seconds.
    report_time(&mut publisher, &mut plane, ms(2), (100, node + 60));
    for (number, own, told) in [
        (8, Some(0), Some(60.0)),
        (9, Some(10), Some(70.0)),
        (10, None, None),
    ] {
        let stamp = [(2, capture(501, own))];
        send_as(
            &publisher,
            &mut plane,
            ms(34),
            (100, number),
            &stamp,
            &interframe(number),
        );
        let got = captures(&mut plane, ms(34), &viewer);
        let [Some((time, ahead))] = got[..] else {
            panic!("{got:?}");
        };
        assert_eq!((time, ahead.map(f64::round)), (501.0, told), "{number}");
    }
}

#[test]
fn the_first_packet_of_another_track_says_when_it_was_captured() {
    let ids = ids_of(&[(MID, 1), (CAPTURE_TIME, 2)]);
    for (has_rtx, expected) in [(true, Some(905.0)), (false, None)] {
        let (mut plane, publisher, viewer) = camera(ids, ids, has_rtx);
        let other = Client::join(&mut plane, ms(0), 3);
        let mut codec = Codec::new(96, CodecName::Vp8, 90_000, "");
        codec.nack = true;
        plane.handle_command(
            ms(0),
            Command::AddTrack(TrackParameters {
                track: TrackId(12),
                transport: TransportId(3),
                kind: MediaKind::Video,
                mid: Some("cam".into()),
                rids: Vec::new(),
                ssrcs: vec![Ssrc(300)],
                codecs: vec![codec],
                extensions: ids,
            }),
        );
        let stamp = |seconds| [(2, capture(seconds, None))];
        send_as(&publisher, &mut plane, ms(1), (100, 7), &stamp(500), &keyframe(7));
        send_as(&other, &mut plane, ms(1), (300, 1_000), &stamp(900), &keyframe(7));
        assert_eq!(captures(&mut plane, ms(1), &viewer), [Some((500.0, None))]);
        assign(&mut plane, ms(2), 21, Some(12));
        // 33 ms times 152 later, and then without a word again.
        send_as(&other, &mut plane, ms(5_017), (300, 1_152), &[], &keyframe(8));
        send_as(&other, &mut plane, ms(5_050), (300, 1_153), &[], &interframe(9));
        let got = captures(&mut plane, ms(5_050), &viewer);
        let times: Vec<Option<f64>> = got.iter().map(|one| one.map(|(time, _)| time.round())).collect();
        assert_eq!(times, [expected, None]);
    }
}
