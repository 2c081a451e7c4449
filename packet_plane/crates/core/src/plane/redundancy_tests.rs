use super::tests::{Client, drain, extensions, ms, slot_of};
use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, TrackParameters};
use crate::rtcp::receiver_report::{self, ReportBlock};
use crate::rtp::red::{Blocks, write_headers};

const SLOT: u64 = 21;
pub(super) const RED: u8 = 63;

/// A microphone that may send redundancy, and a listener that reads it.
pub(super) fn meeting() -> (Plane, Client, Client) {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    let listener = Client::join(&mut plane, ms(0), 2);
    let opus = |payload_type: u8| Codec::new(payload_type, CodecName::Opus, 48_000, "");
    let red =
        |payload_type: u8, of: u8| Codec::new(payload_type, CodecName::Red, 48_000, &format!("{of}/{of}"));
    let parameters = TrackParameters {
        track: TrackId(11),
        transport: TransportId(1),
        kind: MediaKind::Audio,
        mid: Some("mic".into()),
        rids: Vec::new(),
        ssrcs: vec![],
        codecs: vec![opus(111), red(RED, 111)],
        extensions: extensions(),
    };
    plane.handle_command(ms(0), Command::AddTrack(parameters));
    let mut slot = slot_of(2, SLOT, MediaKind::Audio);
    slot.codecs = vec![opus(109), red(RED, 109)];
    plane.handle_command(ms(0), Command::AddSlot(slot));
    super::tests::assign(&mut plane, ms(0), SLOT, Some(11));
    (plane, publisher, listener)
}

/// Payload type, number, time and payload of what the listener gets.
pub(super) fn hear(plane: &mut Plane, at: u64, listener: &mut Client) -> Vec<(u8, u64, u32, Vec<u8>)> {
    let (rtp, _) = drain(plane, ms(at), listener);
    let opened = rtp.iter().map(|datagram| {
        let received = listener.open(datagram);
        let header = received.header;
        (
            header.payload_type.0,
            received.sequence,
            header.rtp_timestamp,
            received.payload,
        )
    });
    opened.collect()
}

/// A packet of 20 ms.
pub(super) fn send(
    plane: &mut Plane,
    at: u64,
    publisher: &Client,
    sequence: u64,
    payload_type: u8,
    payload: &[u8],
) {
    send_long(plane, at, publisher, sequence, (payload_type, 20), payload);
}

/// A packet of so many milliseconds, as all before it.
pub(super) fn send_long(
    plane: &mut Plane,
    at: u64,
    publisher: &Client,
    sequence: u64,
    (payload_type, length_ms): (u8, u32),
    payload: &[u8],
) {
    let rtp_timestamp = sequence as u32 * length_ms * 48;
    let datagram = publisher.packet_at(100, "mic", sequence, (payload_type, rtp_timestamp), payload);
    plane.handle_datagram(ms(at), publisher.address, &datagram);
}

#[test]
fn what_was_lost_is_found_in_the_next_packet_and_goes_out_once() {
    let (mut plane, publisher, mut listener) = meeting();
    send(&mut plane, 1, &publisher, 7, 111, b"seven");
    let first = hear(&mut plane, 1, &mut listener);
    let mut payload = Vec::new();
    write_headers(111, [(1_920, 5), (960, 5)].into_iter(), &mut payload);
    payload.extend_from_slice(b"seveneightnine");
    send(&mut plane, 41, &publisher, 9, RED, &payload);
    let heard = hear(&mut plane, 41, &mut listener);
    let (sequence, ticks) = (first[0].1, first[0].2);
    assert_eq!(
        heard,
        [
            (109, sequence + 1, ticks + 960, b"eight".to_vec()),
            (109, sequence + 2, ticks + 1_920, b"nine".to_vec()),
        ]
    );
    // The packet that was late after all may not be sent under the number a second time.
    send(&mut plane, 60, &publisher, 8, 111, b"other");
    assert!(hear(&mut plane, 60, &mut listener).is_empty());
}

#[test]
fn a_packet_whose_blocks_do_not_add_up_is_dropped() {
    let (mut plane, publisher, mut listener) = meeting();
    send(
        &mut plane,
        1,
        &publisher,
        7,
        RED,
        &[0x80 | 111, 0, 0, 200, 111, 1],
    );
    assert!(hear(&mut plane, 1, &mut listener).is_empty());
}

#[test]
fn a_listener_that_loses_packets_gets_each_again_with_the_next() {
    let (mut plane, publisher, mut listener) = meeting();
    send(&mut plane, 1, &publisher, 7, 111, b"seven");
    assert_eq!(hear(&mut plane, 1, &mut listener)[0].0, 109);
    let block = ReportBlock {
        ssrc: 0x5000 + SLOT as u32,
        fraction_lost: 40,
        ..ReportBlock::default()
    };
    let mut report = Vec::new();
    receiver_report::write(9, &[block], &mut report);
    listener.send_rtcp(&mut plane, ms(2), &report);
    send(&mut plane, 21, &publisher, 8, 111, b"eight");
    send(&mut plane, 41, &publisher, 9, 111, b"nine");
    let heard = hear(&mut plane, 41, &mut listener);
    assert_eq!(heard.iter().map(|one| one.0).collect::<Vec<_>>(), [RED, RED]);
    let blocks = Blocks::parse(&heard[1].3).expect("parses");
    let read: Vec<_> = blocks
        .as_slice()
        .iter()
        .map(|block| (block.payload_type, block.offset, block.payload))
        .collect();
    assert_eq!(
        read,
        [
            (109, 1_920, &b"seven"[..]),
            (109, 960, b"eight"),
            (109, 0, b"nine")
        ]
    );
}

/// What a listener reports of the microphone's stream.
pub(super) fn report(plane: &mut Plane, at: u64, listener: &mut Client, fraction_lost: u8) {
    let block = ReportBlock {
        ssrc: 0x5000 + SLOT as u32,
        fraction_lost,
        ..ReportBlock::default()
    };
    let mut report = Vec::new();
    receiver_report::write(9, &[block], &mut report);
    listener.send_rtcp(plane, ms(at), &report);
}

#[test]
fn a_packet_takes_another_one_along_from_three_percent_of_loss_on_and_two_from_ten() {
    for (fraction_lost, blocks) in [(7, 1), (8, 2), (25, 2), (26, 3), (255, 3)] {
        let (mut plane, publisher, mut listener) = meeting();
        for sequence in 1..5 {
            send(&mut plane, sequence * 20, &publisher, sequence, 111, b"voice");
        }
        hear(&mut plane, 100, &mut listener);
        report(&mut plane, 101, &mut listener, fraction_lost);
        send(&mut plane, 120, &publisher, 5, 111, b"voice");
        let heard = hear(&mut plane, 120, &mut listener).remove(0);
        let carried = match heard.0 {
            RED => Blocks::parse(&heard.3).expect("parses").as_slice().len(),
            _ => 1,
        };
        assert_eq!(carried, blocks, "{fraction_lost} of 256");
    }
}

/// Let a listener's path carry this much by its own word.
pub(super) fn narrow(plane: &mut Plane, at: u64, listener: &mut Client, bps: u64) {
    say_estimate(plane, at, listener, bps, 0x5000 + SLOT as u32);
}

fn say_estimate(plane: &mut Plane, at: u64, listener: &mut Client, bps: u64, ssrc: u32) {
    // REMB with an exponent of 10 (draft-alvestrand-rmcat-remb-03 section 2.2).
    let word = 1 << 24 | 10 << 18 | (bps >> 10) as u32;
    let mut packet = vec![0x8f, 206, 0, 5, 0, 0, 0, 9, 0, 0, 0, 0];
    packet.extend_from_slice(b"REMB");
    packet.extend_from_slice(&word.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    listener.send_rtcp(plane, ms(at), &packet);
}

#[test]
fn a_voice_comes_on_top_of_what_a_receiver_says_of_pictures_alone() {
    let (mut plane, _publisher, mut listener) = meeting();
    let mut estimates = |at: u64, ssrc: u32| {
        say_estimate(&mut plane, at, &mut listener, 20_480, ssrc);
        let told = std::iter::from_fn(|| plane.poll_event()).filter_map(|event| match event {
            Event::EstimateChanged { estimate_bps, .. } => Some(estimate_bps),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(estimates(10, 0x5000 + SLOT as u32), [20_480]);
    assert_eq!(estimates(600, 77), [20_480 + 60_000]);
}

#[test]
fn on_a_narrow_path_three_frames_of_a_voice_leave_in_one_packet_and_each_once() {
    let (mut plane, publisher, mut listener) = meeting();
    send(&mut plane, 1, &publisher, 7, 111, b"seven");
    let first = hear(&mut plane, 1, &mut listener);
    narrow(&mut plane, 2, &mut listener, 30_000);
    let mut heard = Vec::new();
    for (number, payload) in [b"eight", b"nine!", b"ten..", b"elev.", b"twel.", b"thir."]
        .iter()
        .enumerate()
    {
        let at = 21 + 20 * number as u64;
        send(&mut plane, at, &publisher, 8 + number as u64, 111, *payload);
        heard.extend(hear(&mut plane, at, &mut listener));
    }
    let (sequence, ticks) = (first[0].1, first[0].2);
    let shape: Vec<_> = heard.iter().map(|one| (one.0, one.1, one.2)).collect();
    // Numbers go on without a gap: nothing is missing.
    assert_eq!(
        shape,
        [
            (RED, sequence + 1, ticks + 2_880),
            (RED, sequence + 2, ticks + 5_760)
        ]
    );
    let blocks = Blocks::parse(&heard[0].3).expect("parses");
    let read: Vec<_> = blocks
        .as_slice()
        .iter()
        .map(|one| (one.offset, one.payload))
        .collect();
    assert_eq!(read, [(1_920, &b"eight"[..]), (960, b"nine!"), (0, b"ten..")]);
}

#[test]
fn frames_travel_alone_again_where_a_path_has_become_wide() {
    let (mut plane, publisher, mut listener) = meeting();
    send(&mut plane, 1, &publisher, 7, 111, b"seven");
    hear(&mut plane, 1, &mut listener);
    narrow(&mut plane, 2, &mut listener, 30_000);
    send(&mut plane, 21, &publisher, 8, 111, b"eight");
    assert!(hear(&mut plane, 21, &mut listener).is_empty());
    // A little more is not yet enough: what trembles shall not go to and fro.
    narrow(&mut plane, 22, &mut listener, 65_000);
    send(&mut plane, 41, &publisher, 9, 111, b"nine");
    assert!(hear(&mut plane, 41, &mut listener).is_empty());
    narrow(&mut plane, 42, &mut listener, 200_000);
    send(&mut plane, 61, &publisher, 10, 111, b"ten");
    let heard = hear(&mut plane, 61, &mut listener);
    let blocks = Blocks::parse(&heard[0].3).expect("parses");
    assert_eq!(blocks.as_slice().len(), 3);
    send(&mut plane, 81, &publisher, 11, 111, b"eleven");
    let heard = hear(&mut plane, 81, &mut listener);
    assert_eq!((heard[0].0, heard[0].3.as_slice()), (109, &b"eleven"[..]));
}

#[test]
fn a_narrow_path_carries_nothing_twice() {
    let (mut plane, publisher, mut listener) = meeting();
    send(&mut plane, 1, &publisher, 7, 111, b"seven");
    hear(&mut plane, 1, &mut listener);
    let block = ReportBlock {
        ssrc: 0x5000 + SLOT as u32,
        fraction_lost: 100,
        ..ReportBlock::default()
    };
    let mut report = Vec::new();
    receiver_report::write(9, &[block], &mut report);
    listener.send_rtcp(&mut plane, ms(2), &report);
    narrow(&mut plane, 3, &mut listener, 30_000);
    let mut bytes = b"seven".len() as u64;
    let mut payloads = Vec::new();
    for number in 8..20u64 {
        send(
            &mut plane,
            20 * number,
            &publisher,
            number,
            111,
            &[number as u8; 3],
        );
        for one in hear(&mut plane, 20 * number, &mut listener) {
            bytes += one.3.len() as u64;
            let blocks = Blocks::parse(&one.3).expect("parses");
            payloads.extend(blocks.as_slice().iter().map(|block| block.payload[0]));
        }
    }
    assert_eq!(payloads, (8..20).collect::<Vec<u8>>());
    let counted = plane
        .snapshot()
        .slots
        .iter()
        .map(|slot| slot.counters.bytes_sent)
        .sum::<u64>();
    assert_eq!(counted, bytes, "all that left, frames that waited too");
}

#[test]
fn long_packets_wait_for_no_others_on_a_narrow_path() {
    for (length_ms, together) in [(40, 2), (60, 1), (120, 1)] {
        let (mut plane, publisher, mut listener) = meeting();
        send_long(&mut plane, 1, &publisher, 7, (111, length_ms), b"7");
        hear(&mut plane, 1, &mut listener);
        narrow(&mut plane, 2, &mut listener, 30_000);
        let mut heard = Vec::new();
        for number in 8..20u64 {
            let at = number * u64::from(length_ms);
            send_long(&mut plane, at, &publisher, number, (111, length_ms), b"voice");
            heard.extend(hear(&mut plane, at, &mut listener));
        }
        assert_eq!(heard.len(), 12 / together, "{length_ms} ms");
    }
}

#[test]
fn long_packets_are_found_again_in_redundancy_and_go_out_twice_where_loss_is() {
    for length_ms in [40, 60, 120] {
        let (mut plane, publisher, mut listener) = meeting();
        let ticks = length_ms * 48;
        send_long(&mut plane, 1, &publisher, 7, (111, length_ms), b"seven");
        hear(&mut plane, 1, &mut listener);
        let mut payload = Vec::new();
        write_headers(111, [(ticks, 5)].into_iter(), &mut payload);
        payload.extend_from_slice(b"eightnine");
        send_long(&mut plane, 400, &publisher, 9, (RED, length_ms), &payload);
        let heard = hear(&mut plane, 400, &mut listener);
        let payloads: Vec<_> = heard.iter().map(|one| one.3.as_slice()).collect();
        assert_eq!(payloads, [b"eight".as_slice(), b"nine"], "{length_ms} ms");
        assert_eq!(heard[1].2.wrapping_sub(heard[0].2), ticks);
        report(&mut plane, 401, &mut listener, 40);
        send_long(&mut plane, 520, &publisher, 10, (111, length_ms), b"ten");
        let heard = hear(&mut plane, 520, &mut listener).remove(0);
        let blocks = Blocks::parse(&heard.3).expect("parses");
        let offsets: Vec<_> = blocks.as_slice().iter().map(|block| block.offset).collect();
        assert_eq!(offsets, [2 * ticks, ticks, 0], "{length_ms} ms");
    }
}
