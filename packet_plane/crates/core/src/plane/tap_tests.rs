//! What a tap hands over: the packets of recorded tracks, in clear, with what it takes to place them in time.

use super::tests::{Client, extensions, vp8};
use super::*;
use crate::codec::MediaKind;
use crate::command::{Command, TrackParameters};
use crate::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc, TapId};
use crate::rtp::extension::ExtensionBlock;
use crate::rtp::header::{OutgoingHeader, write_header};
use crate::tap::record::Record;

const TAP: TapId = TapId(9);
const WALLCLOCK_US: u64 = 1_700_000_000_000_000;
const KEY: &[u8] = &[0x10, 0x00, 1, 2];
const DELTA: &[u8] = &[0x10, 0x01, 1, 2];

fn at(ms: u64) -> Instant {
    Instant::from_millis(1_000 + ms)
}

fn tap(plane: &mut Plane, now: Instant, track: u64) {
    let command = Command::TapTrack {
        tap: TAP,
        track: TrackId(track),
        label: b"label".to_vec(),
    };
    plane.handle_command(now, command);
}

fn start(kind: MediaKind) -> (Plane, Client) {
    let mut plane = Plane::default();
    let client = Client::join(&mut plane, at(0), 1);
    client.publish(&mut plane, at(0), 1, kind, "0");
    plane.open_tap(at(0), TAP, WALLCLOCK_US);
    (plane, client)
}

/// What waits for the reader, as words; it is then taken.
fn read(plane: &mut Plane) -> Vec<String> {
    let waiting = plane
        .taps()
        .next()
        .map_or(Vec::new(), |(_, bytes)| bytes.to_vec());
    plane.take_from_tap(TAP, waiting.len());
    let mut rest = waiting.as_slice();
    std::iter::from_fn(|| {
        let (record, len) = Record::parse(rest).expect("whole")?;
        rest = &rest[len..];
        Some(match record {
            Record::Begin { track, label, .. } => format!("begin {track} {}", String::from_utf8_lossy(label)),
            Record::End { track, reason, .. } => format!("end {track} {}", String::from_utf8_lossy(reason)),
            Record::Packet(packet) => format!("{}/{}", packet.encoding, packet.sequence),
            Record::Report { track, .. } => format!("report {track}"),
            Record::Muted { track, muted, .. } => format!("muted {track} {muted}"),
            Record::Overflowed { records, .. } => format!("overflowed {records}"),
        })
    })
    .collect()
}

fn keyframes_requested(plane: &mut Plane, now: Instant) -> u64 {
    plane.handle_timeout(now);
    let mut batch = TransmitBatch::default();
    while plane.poll_transmit(now, &mut batch) {
        batch.clear();
    }
    plane
        .snapshot()
        .tracks
        .iter()
        .map(|track| track.keyframes_requested)
        .sum()
}

#[test]
fn hands_over_each_packet_in_clear_with_the_time_of_its_arrival() {
    let (mut plane, client) = start(MediaKind::Audio);
    tap(&mut plane, at(0), 1);
    plane.handle_datagram(at(20), client.address, &client.packet(7, "0", 100, 111, b"opus"));
    let waiting = plane.taps().next().expect("one").1.to_vec();
    let (_, begin) = Record::parse(&waiting).expect("whole").expect("begins");
    let Ok(Some((Record::Packet(packet), _))) = Record::parse(&waiting[begin..]) else {
        panic!("a packet follows");
    };
    assert_eq!(
        (packet.payload, packet.clock_rate, packet.ssrc),
        (&b"opus"[..], 48_000, 7)
    );
    assert_eq!(packet.at_us, WALLCLOCK_US + 20_000);
}

#[test]
fn a_track_that_is_not_tapped_or_no_longer_is_handed_over_to_nobody() {
    let (mut plane, client) = start(MediaKind::Audio);
    plane.handle_datagram(at(1), client.address, &client.packet(7, "0", 1, 111, b"a"));
    assert!(read(&mut plane).is_empty());
    tap(&mut plane, at(2), 1);
    tap(&mut plane, at(2), 1);
    plane.handle_datagram(at(3), client.address, &client.packet(7, "0", 2, 111, b"a"));
    let untap = Command::UntapTrack {
        track: TrackId(1),
        reason: "paused".into(),
    };
    plane.handle_command(at(4), untap);
    plane.handle_datagram(at(5), client.address, &client.packet(7, "0", 3, 111, b"a"));
    assert_eq!(read(&mut plane), ["begin 1 label", "0/2", "end 1 paused"]);
}

#[test]
fn the_reader_of_a_track_that_another_tap_takes_is_told_that_it_gets_no_more() {
    let (mut plane, client) = start(MediaKind::Audio);
    tap(&mut plane, at(0), 1);
    plane.open_tap(at(1), TapId(10), WALLCLOCK_US);
    let other = Command::TapTrack {
        tap: TapId(10),
        track: TrackId(1),
        label: b"other".to_vec(),
    };
    plane.handle_command(at(2), other);
    plane.handle_datagram(at(3), client.address, &client.packet(7, "0", 1, 111, b"a"));
    assert_eq!(read(&mut plane), ["begin 1 label", "end 1 stopped"]);
    let tracks = plane.taps().nth(1).map(|(_, waiting)| waiting.len());
    assert!(tracks > Some("other".len()));
}

#[test]
fn the_reader_is_told_of_mutes_and_of_the_tracks_end() {
    let (mut plane, client) = start(MediaKind::Audio);
    tap(&mut plane, at(0), 1);
    let mute = |muted| Command::SetTrackMuted {
        track: TrackId(1),
        muted,
    };
    plane.handle_command(at(1), mute(true));
    plane.handle_datagram(at(2), client.address, &client.packet(7, "0", 1, 111, b"a"));
    plane.handle_command(at(3), mute(false));
    plane.handle_command(at(4), Command::RemoveTrack { track: TrackId(1) });
    let told = read(&mut plane);
    assert_eq!(
        told,
        ["begin 1 label", "muted 1 true", "muted 1 false", "end 1 ended"]
    );
}

#[test]
fn a_new_reader_is_told_of_the_tracks_again_and_a_broken_one_costs_nothing() {
    let (mut plane, client) = start(MediaKind::Audio);
    tap(&mut plane, at(0), 1);
    plane.break_tap(TAP);
    plane.handle_datagram(at(1), client.address, &client.packet(7, "0", 1, 111, b"a"));
    assert!(read(&mut plane).is_empty());
    plane.open_tap(at(2), TAP, WALLCLOCK_US);
    plane.handle_datagram(at(3), client.address, &client.packet(7, "0", 2, 111, b"a"));
    assert_eq!(read(&mut plane), ["begin 1 label", "0/2"]);
}

#[test]
fn a_closed_tap_is_over_once_its_reader_has_everything() {
    let (mut plane, _client) = start(MediaKind::Audio);
    tap(&mut plane, at(0), 1);
    plane.handle_command(at(1), Command::CloseTap { tap: TAP });
    let waiting = plane.taps().next().expect("one").1.len();
    assert!(!plane.take_from_tap(TAP, 1));
    assert!(plane.take_from_tap(TAP, waiting - 1));
    assert_eq!(plane.taps().count(), 0);
    tap(&mut plane, at(2), 1);
    assert_eq!(plane.taps().count(), 0);
}

#[test]
fn a_keyframe_is_asked_for_at_the_start_and_when_one_is_two_seconds_old() {
    let (mut plane, client) = start(MediaKind::Video);
    tap(&mut plane, at(0), 1);
    let send = |plane: &mut Plane, ms: u64, number: u64, payload| {
        plane.handle_datagram(
            at(ms),
            client.address,
            &client.packet(7, "0", number, 96, payload),
        );
    };
    send(&mut plane, 0, 1, DELTA);
    assert_eq!(keyframes_requested(&mut plane, at(20)), 1);
    send(&mut plane, 100, 2, KEY);
    assert_eq!(keyframes_requested(&mut plane, at(120)), 1);
    for number in 3..50 {
        send(&mut plane, 100 + number * 33, number, DELTA);
    }
    assert_eq!(keyframes_requested(&mut plane, at(2_000)), 1);
    send(&mut plane, 2_110, 50, DELTA);
    assert_eq!(keyframes_requested(&mut plane, at(2_130)), 2);
}

fn layer_packet(client: &Client, ssrc: u32, rid: &str, number: u64, payload: &[u8]) -> Vec<u8> {
    let mut block = ExtensionBlock::default();
    block.push(1, b"0");
    block.push(4, rid.as_bytes());
    let header = OutgoingHeader {
        marker: true,
        padding: false,
        payload_type: PayloadType(96),
        sequence_number: number as u16,
        rtp_timestamp: number as u32 * 3_000,
        ssrc: Ssrc(ssrc),
    };
    let mut out = vec![0; 1_500];
    let header_len = write_header(&header, block.finish(), &mut out);
    let number = ExtendedSequenceNumber(number);
    let sealed = client
        .sender
        .protect_rtp(Ssrc(ssrc), number, header_len, payload, &[], &mut out);
    out.truncate(sealed.expect("seals"));
    out
}

/// A client that publishes a camera in two sizes.
fn simulcast() -> (Plane, Client) {
    let mut plane = Plane::default();
    let client = Client::join(&mut plane, at(0), 1);
    let mut ids = extensions();
    ids.set("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 4);
    let parameters = TrackParameters {
        track: TrackId(1),
        transport: TransportId(1),
        kind: MediaKind::Video,
        mid: Some("0".into()),
        rids: vec!["l".into(), "h".into()],
        ssrcs: vec![],
        codecs: vec![vp8()],
        extensions: ids,
    };
    plane.handle_command(at(0), Command::AddTrack(parameters));
    plane.open_tap(at(0), TAP, WALLCLOCK_US);
    (plane, client)
}

#[test]
fn of_simulcast_layers_the_highest_that_arrives_is_handed_over_from_its_keyframe_on() {
    let (mut plane, client) = simulcast();
    tap(&mut plane, at(0), 1);
    let send = |plane: &mut Plane, ms: u64, rid: &str, number: u64, payload: &[u8]| {
        let ssrc = if rid == "l" { 5 } else { 6 };
        plane.handle_datagram(
            at(ms),
            client.address,
            &layer_packet(&client, ssrc, rid, number, payload),
        );
    };
    send(&mut plane, 0, "l", 1, KEY);
    send(&mut plane, 10, "h", 1, DELTA);
    send(&mut plane, 20, "l", 2, DELTA);
    send(&mut plane, 30, "h", 2, KEY);
    send(&mut plane, 40, "l", 3, DELTA);
    send(&mut plane, 50, "h", 3, DELTA);
    // The high one rests for longer than half a second.
    for number in 4..24 {
        send(&mut plane, number * 60, "l", number, DELTA);
        plane.handle_timeout(at(number * 60));
    }
    send(&mut plane, 1_500, "l", 24, KEY);
    send(&mut plane, 1_510, "l", 25, DELTA);
    let told = read(&mut plane);
    assert_eq!(
        told,
        ["begin 1 label", "0/1", "0/2", "1/2", "1/3", "0/24", "0/25"]
    );
}
