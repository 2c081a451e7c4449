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
/// URI and length of what travels from the publisher to the receiver as it is.
const PASSED_ON: [(&str, usize); 4] = [
    ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 1),
    ("http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", 3),
    ("http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time", 8),
    (
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
        16,
    ),
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
    let mut block = ExtensionBlock::default();
    elements.iter().for_each(|(id, value)| block.push(*id, value));
    let header = OutgoingHeader {
        marker: true,
        padding: false,
        payload_type: PayloadType(96),
        sequence_number: 7,
        rtp_timestamp: 3_000,
        ssrc: Ssrc(100),
    };
    let mut out = vec![0; 1_500];
    let header_len = write_header(&header, block.finish(), &mut out);
    let len = client
        .sender
        .protect_rtp(
            header.ssrc,
            ExtendedSequenceNumber(7),
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
                    expected.insert(own, value);
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
