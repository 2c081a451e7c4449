use super::tests::{Client, drain, extensions, ms, slot_of};
use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, TrackParameters};
use crate::rtcp::receiver_report::{self, ReportBlock};
use crate::rtp::red::{Blocks, write_headers};

const SLOT: u64 = 21;
const RED: u8 = 63;

/// A microphone that may send redundancy, and a listener that reads it.
fn meeting() -> (Plane, Client, Client) {
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
fn hear(plane: &mut Plane, at: u64, listener: &mut Client) -> Vec<(u8, u64, u32, Vec<u8>)> {
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

fn send(plane: &mut Plane, at: u64, publisher: &Client, sequence: u64, payload_type: u8, payload: &[u8]) {
    let datagram = publisher.packet(100, "mic", sequence, payload_type, payload);
    plane.handle_datagram(ms(at), publisher.address, &datagram);
}

#[test]
fn what_was_lost_is_found_in_the_next_packet_and_goes_out_once() {
    let (mut plane, publisher, mut listener) = meeting();
    send(&mut plane, 1, &publisher, 7, 111, b"seven");
    let first = hear(&mut plane, 1, &mut listener);
    // Numbers advance by 3,000 ticks each in these packets.
    let mut payload = Vec::new();
    write_headers(111, [(6_000, 5), (3_000, 5)].into_iter(), &mut payload);
    payload.extend_from_slice(b"seveneightnine");
    send(&mut plane, 41, &publisher, 9, RED, &payload);
    let heard = hear(&mut plane, 41, &mut listener);
    let (sequence, ticks) = (first[0].1, first[0].2);
    assert_eq!(
        heard,
        [
            (109, sequence + 1, ticks + 3_000, b"eight".to_vec()),
            (109, sequence + 2, ticks + 6_000, b"nine".to_vec()),
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
            (109, 6_000, &b"seven"[..]),
            (109, 3_000, b"eight"),
            (109, 0, b"nine")
        ]
    );
}
