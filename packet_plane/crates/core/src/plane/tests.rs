use std::net::SocketAddr;

use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, MasterKey, SlotParameters, TrackParameters};
use crate::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use crate::rtcp;
use crate::rtp::RtpHeader;
use crate::rtp::extension::{ExtensionBlock, ExtensionIds};
use crate::rtp::header::{OutgoingHeader, write_header};
use crate::srtp::{SrtpProfile, SrtpReceiver, SrtpSender, StreamState};
use crate::stun;

pub(super) const PROFILE: SrtpProfile = SrtpProfile::AeadAes128Gcm;
pub(super) const MEETING: MeetingId = MeetingId(1);

/// A client at the other end of the wire: it proves itself, sends and opens SRTP.
pub(super) struct Client {
    id: u64,
    pub address: SocketAddr,
    pub sender: SrtpSender,
    receiver: SrtpReceiver,
    states: std::collections::BTreeMap<u32, StreamState>,
}

pub(super) struct Received {
    pub header: RtpHeader,
    pub sequence: u64,
    pub payload: Vec<u8>,
}

pub(super) fn key(of: u64, direction: u8) -> MasterKey {
    MasterKey {
        key: vec![of as u8 ^ direction; 16],
        salt: vec![direction; 12],
    }
}

pub(super) fn vp8() -> Codec {
    let mut codec = Codec::new(96, CodecName::Vp8, 90_000, "");
    codec.rtx_payload_type = Some(PayloadType(97));
    codec.nack = true;
    codec.pli = true;
    codec
}

pub(super) fn extensions() -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    ids.set("urn:ietf:params:rtp-hdrext:sdes:mid", 1);
    ids.set("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 2);
    ids.set(
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        3,
    );
    ids
}

impl Client {
    pub fn join(plane: &mut Plane, now: Instant, id: u64) -> Client {
        let address = SocketAddr::from(([127, 0, 0, 1], 10_000 + id as u16));
        let transport = TransportId(id);
        plane.handle_command(
            now,
            Command::AddTransport {
                transport,
                meeting: MEETING,
                local_ufrag: format!("user{id}"),
                local_password: "a password of the session".into(),
            },
        );
        let (local, remote) = (key(id, 1), key(id, 2));
        let sender = SrtpSender::new(PROFILE, &remote.key, &remote.salt).expect("lengths fit");
        let receiver = SrtpReceiver::new(PROFILE, &local.key, &local.salt).expect("lengths fit");
        plane.handle_command(
            now,
            Command::SetSrtpKeys {
                transport,
                profile: PROFILE,
                local,
                remote,
            },
        );
        let client = Client {
            id,
            address,
            sender,
            receiver,
            states: std::collections::BTreeMap::new(),
        };
        client.prove(plane, now);
        client
    }

    pub fn prove(&self, plane: &mut Plane, now: Instant) {
        let mut request = Vec::new();
        let key = stun::integrity_key("a password of the session");
        stun::write_binding_request(&format!("user{}:them", self.id), &key, [9; 12], &mut request);
        plane.handle_datagram(now, self.address, &request);
    }

    pub fn publish(&self, plane: &mut Plane, now: Instant, track: u64, kind: MediaKind, mid: &str) {
        let codecs = match kind {
            MediaKind::Video => vec![vp8()],
            MediaKind::Audio => vec![Codec::new(111, CodecName::Opus, 48_000, "")],
        };
        let parameters = TrackParameters {
            track: TrackId(track),
            transport: TransportId(self.id),
            kind,
            mid: Some(mid.into()),
            rids: Vec::new(),
            ssrcs: vec![],
            codecs,
            extensions: extensions(),
        };
        plane.handle_command(now, Command::AddTrack(parameters));
    }

    pub fn add_slot(&self, plane: &mut Plane, now: Instant, slot: u64, kind: MediaKind) {
        plane.handle_command(now, Command::AddSlot(slot_of(self.id, slot, kind)));
    }

    pub fn packet(&self, ssrc: u32, mid: &str, sequence: u64, payload_type: u8, payload: &[u8]) -> Vec<u8> {
        let rtp_timestamp = (sequence * 3_000) as u32;
        self.packet_at(ssrc, mid, sequence, (payload_type, rtp_timestamp), payload)
    }

    pub fn packet_at(
        &self,
        ssrc: u32,
        mid: &str,
        sequence: u64,
        (payload_type, rtp_timestamp): (u8, u32),
        payload: &[u8],
    ) -> Vec<u8> {
        let mut block = ExtensionBlock::default();
        block.push(1, mid.as_bytes());
        block.push(2, &[0x80 | 20]);
        block.push(3, &(sequence as u16).to_be_bytes());
        let header = OutgoingHeader {
            marker: true,
            padding: false,
            payload_type: PayloadType(payload_type),
            sequence_number: (sequence & 0xffff) as u16,
            rtp_timestamp,
            ssrc: Ssrc(ssrc),
        };
        let mut out = vec![0; 1_500];
        let header_len = write_header(&header, block.finish(), &mut out);
        let len = self
            .sender
            .protect_rtp(
                Ssrc(ssrc),
                ExtendedSequenceNumber(sequence),
                header_len,
                payload,
                &[],
                &mut out,
            )
            .expect("seals");
        out.truncate(len);
        out
    }

    pub fn send(&self, plane: &mut Plane, now: Instant, ssrc: u32, mid: &str, sequence: u64, payload: &[u8]) {
        let payload_type = if mid == "mic" { 111 } else { 96 };
        plane.handle_datagram(
            now,
            self.address,
            &self.packet(ssrc, mid, sequence, payload_type, payload),
        );
    }

    pub fn send_rtcp(&mut self, plane: &mut Plane, now: Instant, compound: &[u8]) {
        let mut out = vec![0; compound.len() + 40];
        let len = self.sender.protect_rtcp(compound, &mut out).expect("seals");
        plane.handle_datagram(now, self.address, &out[..len]);
    }

    pub fn open(&mut self, datagram: &[u8]) -> Received {
        let header = RtpHeader::parse(datagram).expect("a header");
        let mut out = vec![0; 1_500];
        let state = self.states.entry(header.ssrc.0).or_default();
        let (sequence, len) = self
            .receiver
            .unprotect_rtp(
                state,
                header.ssrc,
                header.sequence_number,
                header.header_len,
                datagram,
                &mut out,
            )
            .expect("authentic");
        let len = crate::rtp::header::unpadded_len(header.has_padding, &out[..len]).expect("sound padding");
        out.truncate(len);
        Received {
            header,
            sequence: sequence.0,
            payload: out,
        }
    }

    pub fn open_rtcp(&mut self, datagrams: &[Vec<u8>]) -> Vec<u8> {
        let mut compound = Vec::new();
        for datagram in datagrams {
            let mut out = vec![0; 1_500];
            let len = self
                .receiver
                .unprotect_rtcp(datagram, &mut out)
                .expect("authentic");
            compound.extend_from_slice(&out[..len]);
        }
        compound
    }
}

/// Everything the plane wants to send now, by address; STUN answers are left out.
pub(super) fn drain(plane: &mut Plane, now: Instant, to: &Client) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut batch = TransmitBatch::default();
    let (mut rtp, mut rtcp) = (Vec::new(), Vec::new());
    while plane.poll_transmit(now, &mut batch) {
        for (destination, bytes) in batch
            .datagrams()
            .filter(|(destination, _)| *destination == to.address)
        {
            assert_eq!(destination, to.address);
            match crate::demux::classify(bytes) {
                Some(crate::demux::DatagramKind::Rtp) => rtp.push(bytes.to_vec()),
                Some(crate::demux::DatagramKind::Rtcp) => rtcp.push(bytes.to_vec()),
                _ => {}
            }
        }
        batch.clear();
    }
    (rtp, rtcp)
}

pub(super) fn ms(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

pub(super) fn keyframe(picture_id: u16) -> Vec<u8> {
    let [high, low] = (0x8000 | picture_id).to_be_bytes();
    vec![0x90, 0xe0, high, low, 5, 0x20, 0x10, 1, 2, 3]
}

pub(super) fn interframe(picture_id: u16) -> Vec<u8> {
    let mut payload = keyframe(picture_id);
    payload[6] |= 1;
    payload
}

pub(super) fn slot_of(transport: u64, slot: u64, kind: MediaKind) -> SlotParameters {
    let codec = match kind {
        MediaKind::Video => vp8(),
        MediaKind::Audio => Codec::new(109, CodecName::Opus, 48_000, ""),
    };
    SlotParameters {
        slot: SlotId(slot),
        transport: TransportId(transport),
        kind,
        mid: format!("s{slot}"),
        ssrc: Ssrc(0x5000 + slot as u32),
        rtx_ssrc: (kind == MediaKind::Video).then_some(Ssrc(0x9000 + slot as u32)),
        codecs: vec![codec],
        extensions: extensions(),
        cname: "node".into(),
    }
}

/// A publisher of two cameras and a viewer with one video slot, carrying the first.
fn two_cameras() -> (Plane, Client, Client) {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    let viewer = Client::join(&mut plane, ms(0), 2);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
    publisher.publish(&mut plane, ms(0), 12, MediaKind::Video, "desk");
    viewer.add_slot(&mut plane, ms(0), 21, MediaKind::Video);
    assign(&mut plane, ms(0), 21, Some(11));
    (plane, publisher, viewer)
}

/// A publisher of H.264 and a viewer that waits for it.
fn two_h264_ends() -> (Plane, Client, Client) {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    let viewer = Client::join(&mut plane, ms(0), 2);
    let mut codec = Codec::new(96, CodecName::H264, 90_000, "packetization-mode=1");
    codec.nack = true;
    let parameters = TrackParameters {
        track: TrackId(11),
        transport: TransportId(1),
        kind: MediaKind::Video,
        mid: Some("cam".into()),
        rids: Vec::new(),
        ssrcs: vec![],
        codecs: vec![codec.clone()],
        extensions: extensions(),
    };
    plane.handle_command(ms(0), Command::AddTrack(parameters));
    let slot = SlotParameters {
        codecs: vec![codec],
        ..slot_of(2, 21, MediaKind::Video)
    };
    plane.handle_command(ms(0), Command::AddSlot(slot));
    assign(&mut plane, ms(0), 21, Some(11));
    (plane, publisher, viewer)
}

pub(super) fn assign(plane: &mut Plane, now: Instant, slot: u64, track: Option<u64>) {
    plane.handle_command(
        now,
        Command::AssignSlot {
            slot: SlotId(slot),
            track: track.map(TrackId),
        },
    );
}

#[test]
fn forwards_from_the_first_keyframe_with_the_slots_own_numbers() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 7, &interframe(6));
    assert!(drain(&mut plane, ms(1), &viewer).0.is_empty());
    publisher.send(&mut plane, ms(2), 100, "cam", 8, &keyframe(7));
    publisher.send(&mut plane, ms(3), 100, "cam", 9, &interframe(8));
    let (rtp, _) = drain(&mut plane, ms(3), &viewer);
    let received: Vec<Received> = rtp.iter().map(|datagram| viewer.open(datagram)).collect();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].sequence, received[0].sequence + 1);
    assert_eq!(received[0].header.ssrc, Ssrc(0x5000 + 21));
    assert_eq!(received[0].header.extension(&rtp[0], 1), Some(&b"s21"[..]));
    assert_eq!(received[0].payload[7..], [1, 2, 3]);
}

#[test]
fn a_switch_waits_for_a_keyframe_and_continues_the_stream() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    let mut received: Vec<Received> = Vec::new();
    let mut step = |plane: &mut Plane, at: u64, ssrc: u32, mid: &str, sequence: u64, payload: &[u8]| {
        publisher.send(plane, ms(at), ssrc, mid, sequence, payload);
        let (rtp, _) = drain(plane, ms(at), &viewer);
        received.extend(rtp.iter().map(|datagram| viewer.open(datagram)));
    };
    step(&mut plane, 1, 100, "cam", 8, &keyframe(500));
    step(&mut plane, 1, 200, "desk", 60_000, &keyframe(3));
    assign(&mut plane, ms(34), 21, Some(12));
    step(&mut plane, 34, 200, "desk", 60_001, &interframe(4));
    step(&mut plane, 35, 100, "cam", 9, &interframe(501));
    step(&mut plane, 67, 200, "desk", 60_002, &keyframe(5));
    step(&mut plane, 100, 200, "desk", 60_003, &interframe(6));
    assign(&mut plane, ms(101), 21, Some(11));
    step(&mut plane, 133, 100, "cam", 10, &keyframe(700));
    let picture_id = |payload: &[u8]| u16::from_be_bytes([payload[2] & 0x7f, payload[3]]);
    let first = (received[0].sequence, picture_id(&received[0].payload));
    let seen: Vec<(u64, u16)> = received
        .iter()
        .map(|r| (r.sequence - first.0, picture_id(&r.payload) - first.1))
        .collect();
    assert_eq!(seen, [(0, 0), (1, 1), (2, 2), (3, 3)]);
    let steps: Vec<u32> = received
        .windows(2)
        .map(|pair| pair[1].header.rtp_timestamp - pair[0].header.rtp_timestamp)
        .collect();
    assert_eq!(steps, [66 * 90, 3_000, 33 * 90]);
}

#[test]
fn asks_the_publisher_for_a_keyframe_at_most_twice_a_second() {
    let (mut plane, mut publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 1, &interframe(1));
    let mut indication = Vec::new();
    rtcp::pli::write(1, 0x5000 + 21, &mut indication);
    let mut asked = 0;
    for step in 0..200 {
        viewer.send_rtcp(&mut plane, ms(10 + step * 10), &indication);
        plane.handle_timeout(ms(10 + step * 10));
        let (_, sent) = drain(&mut plane, ms(10 + step * 10), &publisher);
        let compound = publisher.open_rtcp(&sent);
        asked += rtcp::packets(&compound)
            .flatten()
            .filter(|p| (p.packet_type, p.count) == (206, 1))
            .count();
    }
    assert_eq!(asked, 4);
}

#[test]
fn asks_for_a_newcomers_keyframe_when_the_newcomer_can_receive_it() {
    let (mut plane, mut publisher, _) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 1, &keyframe(1));
    let mut keyframes_asked = |plane: &mut Plane, at: u64| {
        plane.handle_timeout(ms(at));
        let (_, sent) = drain(plane, ms(at), &publisher);
        let compound = publisher.open_rtcp(&sent);
        rtcp::packets(&compound)
            .flatten()
            .filter(|p| (p.packet_type, p.count) == (206, 1))
            .count()
    };
    keyframes_asked(&mut plane, 500);
    plane.handle_command(
        ms(1_000),
        Command::AddTransport {
            transport: TransportId(3),
            meeting: MEETING,
            local_ufrag: "user3".into(),
            local_password: "a password of the session".into(),
        },
    );
    plane.handle_command(ms(1_000), Command::AddSlot(slot_of(3, 31, MediaKind::Video)));
    assign(&mut plane, ms(1_000), 31, Some(11));
    assert_eq!(keyframes_asked(&mut plane, 1_020), 0);
    Client::join(&mut plane, ms(1_100), 3);
    assert_eq!(keyframes_asked(&mut plane, 1_120), 1);
}

#[test]
fn answers_a_nack_by_retransmission_and_asks_the_publisher_for_what_it_misses() {
    let (mut plane, mut publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    publisher.send(&mut plane, ms(2), 100, "cam", 10, &interframe(9));
    plane.handle_timeout(ms(20));
    let (rtp, _) = drain(&mut plane, ms(20), &viewer);
    let first = viewer.open(&rtp[0]);
    let mut request = Vec::new();
    rtcp::nack::write(1, 0x5000 + 21, &[first.header.sequence_number], &mut request);
    viewer.send_rtcp(&mut plane, ms(21), &request);
    let (rtp, _) = drain(&mut plane, ms(21), &viewer);
    let repeated = viewer.open(&rtp[0]);
    assert_eq!(
        (repeated.header.ssrc, repeated.header.payload_type),
        (Ssrc(0x9000 + 21), PayloadType(97))
    );
    assert_eq!(repeated.payload[..2], first.header.sequence_number.to_be_bytes());
    assert_eq!(repeated.payload[2..], first.payload[..]);

    plane.handle_timeout(ms(200));
    let (_, sent) = drain(&mut plane, ms(200), &publisher);
    let compound = publisher.open_rtcp(&sent);
    let nack = rtcp::packets(&compound)
        .flatten()
        .find(|p| (p.packet_type, p.count) == (205, 1))
        .expect("a nack");
    let missing: Vec<u16> = rtcp::nack::parse(nack.body)
        .expect("parses")
        .sequence_numbers
        .collect();
    assert_eq!(missing, [9]);
}

#[test]
fn what_went_out_a_second_ago_goes_out_again_also_of_a_large_picture() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    let (rtp, _) = drain(&mut plane, ms(1), &viewer);
    let first = viewer.open(&rtp[0]);
    // Nine megabits, were the packets as large as they can be.
    for sequence in 9..959 {
        let at = ms(1 + sequence * 1_000 / 960);
        publisher.send(&mut plane, at, 100, "cam", sequence, &interframe(8));
        drain(&mut plane, at, &viewer);
    }
    let mut request = Vec::new();
    rtcp::nack::write(1, 0x5000 + 21, &[first.header.sequence_number], &mut request);
    viewer.send_rtcp(&mut plane, ms(1_000), &request);
    let (rtp, _) = drain(&mut plane, ms(1_000), &viewer);
    assert_eq!(viewer.open(&rtp[0]).payload[2..], first.payload[..]);
}

/// How often the publisher is asked for a keyframe, and for lost packets, in what the plane sends it now.
fn asked_for(plane: &mut Plane, at: u64, publisher: &mut Client) -> (usize, usize) {
    plane.handle_timeout(ms(at));
    let (_, datagrams) = drain(plane, ms(at), publisher);
    let compound = publisher.open_rtcp(&datagrams);
    let of = |kind: (u8, u8)| {
        let packets = rtcp::packets(&compound).flatten();
        packets.filter(|one| (one.packet_type, one.count) == kind).count()
    };
    (
        of((rtcp::PAYLOAD_FEEDBACK, rtcp::pli::FORMAT)),
        of((rtcp::TRANSPORT_FEEDBACK, rtcp::nack::FORMAT)),
    )
}

#[test]
fn what_is_asked_for_in_vain_is_made_up_for_by_a_keyframe_if_anybody_watches() {
    for is_watched in [true, false] {
        let (mut plane, mut publisher, viewer) = two_cameras();
        publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
        drain(&mut plane, ms(1), &viewer);
        asked_for(&mut plane, 2, &mut publisher);
        if !is_watched {
            assign(&mut plane, ms(3), 21, None);
        }
        let (mut keyframes, mut repeats) = (Vec::new(), 0);
        for at in (34..1_500).step_by(33) {
            let number = 9 + at / 33;
            publisher.send(&mut plane, ms(at), 100, "cam", number, &interframe(number as u16));
            drain(&mut plane, ms(at), &viewer);
            let (asked_keyframes, asked_packets) = asked_for(&mut plane, at, &mut publisher);
            (0..asked_keyframes).for_each(|_| keyframes.push(at));
            repeats += asked_packets;
        }
        assert!(repeats >= 5, "{repeats}");
        if is_watched {
            assert!((1_000..1_200).contains(&keyframes[0]), "{keyframes:?}");
        } else {
            assert!(keyframes.is_empty(), "{keyframes:?}");
        }
    }
}

#[test]
fn a_slot_never_begins_behind_parameter_sets_that_got_lost() {
    let (sets, sets_in_one) = (&[0x67, 1, 2][..], &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1][..]);
    let (first_part, slice) = (&[0x7c, 0x85, 9, 9][..], &[0x65, 9, 9][..]);
    for (sets, picture) in [(sets, first_part), (sets_in_one, slice)] {
        let (mut plane, publisher, mut viewer) = two_h264_ends();
        let send = |plane: &mut Plane, number: u64, picture: u32, payload: &[u8]| {
            let packet = publisher.packet_at(100, "cam", number, (96, picture * 3_000), payload);
            plane.handle_datagram(ms(number), publisher.address, &packet);
        };
        send(&mut plane, 7, 1, &[0x61, 1]);
        // Number 8, the sets, comes later than what it is needed for.
        send(&mut plane, 9, 2, picture);
        send(&mut plane, 10, 3, &[0x61, 2]);
        assert!(drain(&mut plane, ms(10), &viewer).0.is_empty());
        send(&mut plane, 8, 2, sets);
        send(&mut plane, 11, 4, &[0x61, 3]);
        let (rtp, _) = drain(&mut plane, ms(11), &viewer);
        let received: Vec<Received> = rtp.iter().map(|datagram| viewer.open(datagram)).collect();
        assert_eq!(received[0].payload, sets);
        // What stood between is a gap that the viewer asks for.
        assert_eq!(received[1].sequence, received[0].sequence + 3);
        // A picture whose sets the viewer has by other ways begins with its first slice.
        let (mut plane, publisher, viewer) = two_h264_ends();
        let send = |plane: &mut Plane, number: u64, picture: u32, payload: &[u8]| {
            let packet = publisher.packet_at(100, "cam", number, (96, picture * 3_000), payload);
            plane.handle_datagram(ms(number), publisher.address, &packet);
        };
        send(&mut plane, 7, 1, &[0x61, 1]);
        send(&mut plane, 8, 2, picture);
        assert_eq!(drain(&mut plane, ms(8), &viewer).0.len(), 1);
    }
}

#[test]
fn takes_a_retransmission_from_the_publisher_for_the_packet_it_missed() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    publisher.send(&mut plane, ms(2), 100, "cam", 10, &interframe(9));
    let (rtp, _) = drain(&mut plane, ms(2), &viewer);
    let first = viewer.open(&rtp[0]).sequence;
    let mut payload = 9u16.to_be_bytes().to_vec();
    payload.extend(interframe(8));
    let rtx = publisher.packet(101, "cam", 1, 97, &payload);
    plane.handle_datagram(ms(30), publisher.address, &rtx);
    let (rtp, _) = drain(&mut plane, ms(30), &viewer);
    assert_eq!(viewer.open(&rtp[0]).sequence, first + 1);
    // The original that comes late after all is not sent twice.
    publisher.send(&mut plane, ms(40), 100, "cam", 9, &interframe(8));
    assert!(drain(&mut plane, ms(40), &viewer).0.is_empty());
}

#[test]
fn a_forged_retransmission_of_another_stream_does_not_undo_the_wrap_of_the_true_one() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    publisher.send(&mut plane, ms(2), 100, "cam", 11, &interframe(10));
    let repeat = |ssrc: u32, number: u64, original: u16| {
        let mut payload = original.to_be_bytes().to_vec();
        payload.extend(interframe(8));
        publisher.packet(ssrc, "cam", number, 97, &payload)
    };
    for number in [65_535, 65_536] {
        plane.handle_datagram(ms(3), publisher.address, &repeat(101, number, 9));
    }
    drain(&mut plane, ms(3), &viewer);
    let mut forged = repeat(102, 7, 10);
    *forged.last_mut().expect("a tag") ^= 1;
    plane.handle_datagram(ms(4), publisher.address, &forged);
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::Unauthenticated), 1);
    plane.handle_datagram(ms(5), publisher.address, &repeat(101, 65_537, 10));
    let (rtp, _) = drain(&mut plane, ms(5), &viewer);
    assert_eq!(rtp.len(), 1);
    assert_eq!(viewer.open(&rtp[0]).payload[7..], interframe(8)[7..]);
    // Nor is anything taken a second time.
    plane.handle_datagram(ms(6), publisher.address, &repeat(101, 65_537, 10));
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::Replayed), 1);
}

#[test]
fn reports_arrivals_to_the_publisher_within_100_ms() {
    let (mut plane, mut publisher, _viewer) = two_cameras();
    publisher.send(&mut plane, ms(1_000), 100, "cam", 8, &keyframe(7));
    for step in 1_000..1_100 {
        plane.handle_timeout(ms(step));
    }
    let (_, sent) = drain(&mut plane, ms(1_100), &publisher);
    let compound = publisher.open_rtcp(&sent);
    let feedback = rtcp::packets(&compound)
        .flatten()
        .find(|p| (p.packet_type, p.count) == (205, 15));
    let feedback = rtcp::transport_cc::parse(feedback.expect("feedback").body).expect("parses");
    assert_eq!((feedback.base_sequence_number, feedback.arrivals.len()), (8, 1));
    assert!(
        rtcp::packets(&compound)
            .flatten()
            .any(|p| p.packet_type == rtcp::RECEIVER_REPORT)
    );
}

#[test]
fn sender_reports_reach_the_viewer_on_the_slots_timeline() {
    let (mut plane, mut publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    let (rtp, _) = drain(&mut plane, ms(1), &viewer);
    let media = viewer.open(&rtp[0]);
    let report = rtcp::sender_report::SenderReport {
        ssrc: 100,
        ntp_time: 77 << 32,
        rtp_timestamp: 8 * 3_000,
        packets_sent: 1,
        bytes_sent: 10,
    };
    let mut compound = Vec::new();
    report.write(&mut compound);
    publisher.send_rtcp(&mut plane, ms(2), &compound);
    plane.handle_timeout(ms(1_002));
    plane.handle_timeout(ms(2_002));
    let (_, sent) = drain(&mut plane, ms(2_002), &viewer);
    let compound = viewer.open_rtcp(&sent);
    let reports: Vec<_> = rtcp::packets(&compound)
        .flatten()
        .filter(|p| p.packet_type == rtcp::SENDER_REPORT)
        .map(|p| rtcp::sender_report::SenderReport::parse(p.body).expect("parses"))
        .collect();
    let last = reports.last().expect("a report");
    assert_eq!(last.ssrc, 0x5000 + 21);
    assert_eq!(
        last.rtp_timestamp.wrapping_sub(media.header.rtp_timestamp),
        180_000
    );
}

#[test]
fn audio_goes_to_everybody_but_its_speaker() {
    let mut plane = Plane::default();
    let mut clients: Vec<Client> = (1..=3).map(|id| Client::join(&mut plane, ms(0), id)).collect();
    for client in &clients {
        for slot in 0..4 {
            client.add_slot(&mut plane, ms(0), client.id * 10 + slot, MediaKind::Audio);
        }
        let slots = (0..4).map(|slot| SlotId(client.id * 10 + slot)).collect();
        plane.handle_command(
            ms(0),
            Command::SetAudioSlots {
                transport: TransportId(client.id),
                slots,
            },
        );
        client.publish(&mut plane, ms(0), client.id, MediaKind::Audio, "mic");
    }
    for client in &clients {
        client.send(
            &mut plane,
            ms(5),
            100 + client.id as u32,
            "mic",
            1,
            &[client.id as u8; 40],
        );
    }
    let mut batch = TransmitBatch::default();
    let mut heard = vec![Vec::new(); 3];
    while plane.poll_transmit(ms(5), &mut batch) {
        for (destination, bytes) in batch.datagrams().filter(|(_, bytes)| bytes[0] & 0xc0 == 0x80) {
            let listener = usize::from(destination.port() - 10_001);
            let received = clients[listener].open(bytes);
            assert_eq!(received.header.payload_type, PayloadType(109));
            assert_eq!(received.header.extension(bytes, 2), Some(&[0x80 | 20][..]));
            heard[listener].push(received.payload[0]);
        }
        batch.clear();
    }
    assert_eq!(heard, [vec![2, 3], vec![1, 3], vec![1, 2]]);
    let positions = std::iter::from_fn(|| plane.poll_event()).filter_map(|event| match event {
        Event::SpeakersChanged { positions, .. } => Some(positions),
        _ => None,
    });
    assert_eq!(
        positions.last(),
        Some(vec![Some(TrackId(1)), Some(TrackId(2)), Some(TrackId(3)), None])
    );
}

#[test]
fn who_begins_to_speak_is_told_within_300_ms_and_a_click_is_not() {
    let mut plane = Plane::default();
    let clients: Vec<Client> = (1..=2).map(|id| Client::join(&mut plane, ms(0), id)).collect();
    for client in &clients {
        client.publish(&mut plane, ms(0), client.id, MediaKind::Audio, "mic");
    }
    let speak = |plane: &mut Plane, client: &Client, at: u64| {
        let number = at / 20;
        let datagram = client.packet_at(
            100 + client.id as u32,
            "mic",
            number,
            (111, number as u32 * 960),
            &[1; 40],
        );
        plane.handle_datagram(ms(at), client.address, &datagram);
    };
    // The milliseconds after the start at which the second is told to speak, while it sends loud packets for so long.
    let mut told = |from: u64, lasts: u64| {
        let mut told_at = Vec::new();
        for at in (from..from + 2_000).step_by(20) {
            speak(&mut plane, &clients[0], at);
            if at < from + lasts {
                speak(&mut plane, &clients[1], at);
            }
            plane.handle_timeout(ms(at));
            drain(&mut plane, ms(at), &clients[0]);
            while let Some(event) = plane.poll_event() {
                if let Event::SpeakersChanged { speakers, .. } = event {
                    let is_told = speakers.iter().any(|(track, _)| *track == TrackId(2));
                    told_at.extend(is_told.then_some(at - from));
                }
            }
        }
        told_at
    };
    assert!(told(1_000, 0).is_empty());
    assert!(told(3_000, 40).is_empty());
    let told = told(5_000, 1_000);
    assert!(told.first().is_some_and(|after| *after <= 300), "{told:?}");
    assert!(
        told.len() <= 2,
        "it is told when it begins, and perhaps when it is the louder one: {told:?}"
    );
}

#[test]
fn a_muted_track_sends_nothing_and_resumes_with_continuous_numbers() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    let before = viewer.open(&drain(&mut plane, ms(1), &viewer).0[0]).sequence;
    plane.handle_command(
        ms(2),
        Command::SetTrackMuted {
            track: TrackId(11),
            muted: true,
        },
    );
    publisher.send(&mut plane, ms(3), 100, "cam", 9, &keyframe(8));
    assert!(drain(&mut plane, ms(3), &viewer).0.is_empty());
    plane.handle_command(
        ms(4),
        Command::SetTrackMuted {
            track: TrackId(11),
            muted: false,
        },
    );
    publisher.send(&mut plane, ms(5), 100, "cam", 10, &keyframe(9));
    let after = viewer.open(&drain(&mut plane, ms(5), &viewer).0[0]).sequence;
    assert_eq!(after, before + 1);
}

#[test]
fn a_stranger_gets_no_byte_and_reaches_nobody() {
    let (mut plane, publisher, viewer) = two_cameras();
    drain(&mut plane, ms(0), &viewer);
    while plane.poll_event().is_some() {}
    let stranger = SocketAddr::from(([127, 0, 0, 1], 4_444));
    let client_hello = [22u8, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0];
    let mut wrong_password = Vec::new();
    stun::write_binding_request(
        "user1:x",
        &stun::integrity_key("guess"),
        [0; 12],
        &mut wrong_password,
    );
    let media = publisher.packet(100, "cam", 8, 96, &keyframe(7));
    for datagram in [
        &client_hello[..],
        &wrong_password,
        &media,
        &[0; 20],
        &[255; 40],
        &[],
    ] {
        plane.handle_datagram(ms(1), stranger, datagram);
    }
    let mut batch = TransmitBatch::default();
    assert!(!plane.poll_transmit(ms(1), &mut batch));
    assert_eq!(plane.poll_event(), None);
    let drops = plane.snapshot().counters.drops;
    assert_eq!(drops.of(DropReason::Stranger), 2);
    assert_eq!(drops.of(DropReason::StunUnauthenticated), 1);
}

#[test]
fn dtls_passes_only_from_an_address_that_has_proven_itself() {
    let (mut plane, publisher, _) = two_cameras();
    while plane.poll_event().is_some() {}
    plane.handle_datagram(ms(1), publisher.address, &[22, 254, 253, 1]);
    let expected = Event::DtlsReceived {
        transport: TransportId(1),
        datagram: vec![22, 254, 253, 1],
    };
    assert_eq!(plane.poll_event(), Some(expected));
}

#[test]
fn truncated_and_forged_packets_are_counted_and_change_nothing() {
    let (mut plane, publisher, viewer) = two_cameras();
    let sound = publisher.packet(100, "cam", 8, 96, &keyframe(7));
    for len in 2..sound.len() {
        plane.handle_datagram(ms(1), publisher.address, &sound[..len]);
    }
    assert!(drain(&mut plane, ms(1), &viewer).0.is_empty());
    plane.handle_datagram(ms(2), publisher.address, &sound);
    assert_eq!(drain(&mut plane, ms(2), &viewer).0.len(), 1);
    plane.handle_datagram(ms(3), publisher.address, &sound);
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::Replayed), 1);
}

#[test]
fn follows_a_client_to_another_address() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    drain(&mut plane, ms(0), &viewer);
    viewer.address = SocketAddr::from(([127, 0, 0, 1], 30_000));
    viewer.prove(&mut plane, ms(1));
    publisher.send(&mut plane, ms(2), 100, "cam", 8, &keyframe(7));
    assert_eq!(drain(&mut plane, ms(2), &viewer).0.len(), 1);
}

#[test]
fn tells_once_when_a_client_has_gone_silent() {
    let (mut plane, publisher, viewer) = two_cameras();
    for second in 1..40 {
        publisher.prove(&mut plane, ms(second * 1_000));
        plane.handle_timeout(ms(second * 1_000));
    }
    let gone: Vec<Event> = std::iter::from_fn(|| plane.poll_event())
        .filter(|event| matches!(event, Event::TransportTimedOut { .. }))
        .collect();
    assert_eq!(
        gone,
        [Event::TransportTimedOut {
            transport: TransportId(viewer.id)
        }]
    );
}

/// The seconds in which a viewer that checks in `checks` alone gets anything of a camera, and those in which its silence is
/// told.
fn seconds_served(checks: impl Fn(u64) -> bool) -> (Vec<u64>, Vec<u64>) {
    let (mut plane, publisher, viewer) = two_cameras();
    drain(&mut plane, ms(0), &viewer);
    let (mut served, mut told) = (Vec::new(), Vec::new());
    for second in 1..=120 {
        let now = ms(second * 1_000);
        publisher.prove(&mut plane, now);
        if checks(second) {
            viewer.prove(&mut plane, now);
        }
        plane.handle_timeout(now);
        publisher.send(&mut plane, now, 100, "cam", second, &keyframe(second as u16));
        let (rtp, rtcp) = drain(&mut plane, now, &viewer);
        assert_eq!(rtp.is_empty(), rtcp.is_empty());
        served.extend((!rtp.is_empty()).then_some(second));
        let is_told = std::iter::from_fn(|| plane.poll_event())
            .any(|event| matches!(event, Event::TransportTimedOut { .. }));
        told.extend(is_told.then_some(second));
    }
    (served, told)
}

#[test]
fn nothing_is_sent_to_a_client_half_a_minute_after_its_last_check_until_it_checks_again() {
    let (served, told) = seconds_served(|second| second == 60);
    assert_eq!(served, (1..30).chain(60..90).collect::<Vec<_>>());
    assert_eq!(told, [30, 90]);
}

#[test]
fn a_client_that_checks_seldom_is_served_all_the_time() {
    let (served, told) = seconds_served(|second| second % 25 == 0);
    assert_eq!((served.len(), told.len()), (120, 0));
}

#[test]
fn a_removed_transport_leaves_nothing_behind() {
    let (mut plane, publisher, viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    for id in [1, 2] {
        plane.handle_command(
            ms(2),
            Command::RemoveTransport {
                transport: TransportId(id),
            },
        );
        plane.handle_command(
            ms(2),
            Command::RemoveTransport {
                transport: TransportId(id),
            },
        );
    }
    assert!(drain(&mut plane, ms(3), &viewer).0.is_empty());
    let snapshot = plane.snapshot();
    assert!(snapshot.transports.is_empty() && snapshot.tracks.is_empty() && snapshot.slots.is_empty());
    assert_eq!(plane.poll_timeout(), None);
}

#[test]
fn equal_packets_to_one_viewer_leave_in_one_run() {
    let (mut plane, publisher, viewer) = two_cameras();
    drain(&mut plane, ms(0), &viewer);
    let mut large = keyframe(7);
    large.resize(1_100, 0);
    for sequence in 8..16 {
        // Lengths differ by a byte, as a packetiser's do.
        large.truncate(1_100 - (sequence as usize % 2));
        publisher.send(&mut plane, ms(1), 100, "cam", sequence, &large);
        large.resize(1_100, 0);
    }
    let mut batch = TransmitBatch::default();
    assert!(plane.poll_transmit(ms(1), &mut batch));
    assert_eq!(batch.runs().len(), 1);
    assert_eq!(batch.datagrams().count(), 8);
}

#[test]
fn a_burst_larger_than_a_batch_reaches_every_viewer_whole() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    let mut second = Client::join(&mut plane, ms(0), 3);
    second.add_slot(&mut plane, ms(0), 31, MediaKind::Video);
    assign(&mut plane, ms(0), 31, Some(11));
    let mut large = keyframe(1);
    large.resize(1_150, 7);
    for sequence in 0..200 {
        publisher.send(&mut plane, ms(1), 100, "cam", sequence, &large);
        large[6] |= 1;
    }
    let mut batch = TransmitBatch::default();
    let mut received = [0, 0];
    while plane.poll_transmit(ms(1), &mut batch) {
        for (destination, bytes) in batch.datagrams() {
            if crate::demux::classify(bytes) != Some(crate::demux::DatagramKind::Rtp) {
                continue;
            }
            let (client, count) = match destination == second.address {
                true => (&mut second, &mut received[1]),
                false => (&mut viewer, &mut received[0]),
            };
            client.open(bytes);
            *count += 1;
        }
        batch.clear();
    }
    assert_eq!(received, [200, 200]);
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::TooLarge), 0);
}

#[test]
fn who_leaves_in_the_middle_of_a_burst_takes_nothing_from_the_others() {
    let (mut plane, publisher, viewer) = two_cameras();
    let others = [3, 4].map(|id| {
        let client = Client::join(&mut plane, ms(0), id);
        client.add_slot(&mut plane, ms(0), 10 * id + 1, MediaKind::Video);
        assign(&mut plane, ms(0), 10 * id + 1, Some(11));
        client
    });
    drain(&mut plane, ms(0), &viewer);
    let mut large = keyframe(1);
    large.resize(1_150, 7);
    for sequence in 0..64 {
        publisher.send(&mut plane, ms(1), 100, "cam", sequence, &large);
        large[6] |= 1;
    }
    let mut received = std::collections::BTreeMap::<SocketAddr, usize>::new();
    let mut batch = TransmitBatch::default();
    let mut has_left = false;
    while plane.poll_transmit(ms(1), &mut batch) {
        batch
            .datagrams()
            .for_each(|(to, _)| *received.entry(to).or_default() += 1);
        batch.clear();
        if !std::mem::replace(&mut has_left, true) {
            assert!(received.contains_key(&viewer.address), "it was served first");
            plane.handle_command(ms(1), Command::RemoveSlot { slot: SlotId(21) });
        }
    }
    for other in &others {
        assert_eq!(received.get(&other.address), Some(&64));
    }
}

#[test]
fn a_retransmission_of_something_forwarded_before_is_not_forwarded_under_its_number_again() {
    let (mut plane, publisher, viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    // More than the history keeps.
    for sequence in 9..600 {
        publisher.send(&mut plane, ms(2), 100, "cam", sequence, &interframe(8));
    }
    drain(&mut plane, ms(2), &viewer);
    for (number, original) in [(1, 9u16), (2, 590), (3, 590)] {
        let mut payload = original.to_be_bytes().to_vec();
        payload.extend(interframe(99));
        plane.handle_datagram(
            ms(3),
            publisher.address,
            &publisher.packet(101, "cam", number, 97, &payload),
        );
        assert!(drain(&mut plane, ms(3), &viewer).0.is_empty());
    }
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::Duplicate), 3);
}

#[test]
fn keys_given_twice_change_nothing_and_new_keys_begin_afresh() {
    let (mut plane, mut publisher, mut viewer) = two_cameras();
    let keys = |of: u64, as_key: u64| Command::SetSrtpKeys {
        transport: TransportId(of),
        profile: PROFILE,
        local: key(as_key, 1),
        remote: key(as_key, 2),
    };
    publisher.send(&mut plane, ms(1), 100, "cam", 60_000, &keyframe(7));
    plane.handle_timeout(ms(1_000));
    let (rtp, rtcp) = drain(&mut plane, ms(1_000), &viewer);
    assert_eq!((rtp.len(), rtcp.len()), (1, 1));
    viewer.open_rtcp(&rtcp);
    plane.handle_command(ms(1_000), keys(2, 2));
    plane.handle_timeout(ms(2_000));
    // An index that begins again would be refused here as replayed.
    let (_, rtcp) = drain(&mut plane, ms(2_000), &viewer);
    viewer.open_rtcp(&rtcp);

    // After another handshake the publisher numbers from anywhere, and its old packets are not missed.
    plane.handle_command(ms(2_100), keys(1, 7));
    publisher.sender = SrtpSender::new(PROFILE, &key(7, 2).key, &key(7, 2).salt).expect("lengths fit");
    publisher.send(&mut plane, ms(2_200), 100, "cam", 3, &keyframe(8));
    let (rtp, _) = drain(&mut plane, ms(2_200), &viewer);
    assert_eq!(rtp.len(), 1);
    viewer.open(&rtp[0]);
}

#[test]
fn a_publisher_that_changes_its_ssrc_is_followed_after_half_a_second() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 60_000, &keyframe(7));
    let (rtp, _) = drain(&mut plane, ms(1), &viewer);
    let first = viewer.open(&rtp[0]).sequence;
    publisher.send(&mut plane, ms(300), 500, "cam", 5, &keyframe(8));
    assert!(drain(&mut plane, ms(300), &viewer).0.is_empty());
    publisher.send(&mut plane, ms(600), 500, "cam", 6, &interframe(9));
    publisher.send(&mut plane, ms(610), 500, "cam", 7, &keyframe(10));
    let (rtp, _) = drain(&mut plane, ms(610), &viewer);
    let received: Vec<u64> = rtp
        .iter()
        .map(|datagram| viewer.open(datagram).sequence)
        .collect();
    assert_eq!(received, [first + 1]);
}

#[test]
fn a_flood_of_dtls_from_one_client_leaves_room_for_the_others() {
    let (mut plane, publisher, viewer) = two_cameras();
    while plane.poll_event().is_some() {}
    for _ in 0..100_000 {
        plane.handle_datagram(ms(5), publisher.address, &[22, 254, 253, 0]);
    }
    plane.handle_datagram(ms(5), viewer.address, &[22, 254, 253, 9]);
    plane.handle_datagram(ms(5), viewer.address, &[22; 4_000]);
    let told: Vec<Event> = std::iter::from_fn(|| plane.poll_event()).collect();
    assert!(told.len() < 200, "{}", told.len());
    assert!(told.contains(&Event::DtlsReceived {
        transport: TransportId(2),
        datagram: vec![22, 254, 253, 9],
    }));
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::TooLarge), 1);
    plane.handle_timeout(ms(1_100));
    plane.handle_datagram(ms(1_100), publisher.address, &[22, 254, 253, 0]);
    assert!(std::iter::from_fn(|| plane.poll_event()).count() >= 1);
}

#[test]
fn probes_on_the_retransmission_stream_are_reported_to_the_sender_and_go_no_further() {
    let (mut plane, mut publisher, viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    drain(&mut plane, ms(1), &viewer);
    // Padding alone, then a repetition of what has arrived.
    plane.handle_datagram(
        ms(2),
        publisher.address,
        &publisher.packet(101, "cam", 9, 97, &[]),
    );
    let mut repetition = 8u16.to_be_bytes().to_vec();
    repetition.extend(keyframe(7));
    let repeated = publisher.packet(101, "cam", 10, 97, &repetition);
    plane.handle_datagram(ms(3), publisher.address, &repeated);
    assert!(drain(&mut plane, ms(3), &viewer).0.is_empty());
    let drops = plane.snapshot().counters.drops;
    assert_eq!(
        (drops.of(DropReason::Padding), drops.of(DropReason::Duplicate)),
        (1, 1)
    );
    plane.handle_timeout(ms(100));
    let (_, rtcp) = drain(&mut plane, ms(100), &publisher);
    let compound = publisher.open_rtcp(&rtcp);
    let feedback = rtcp::packets(&compound)
        .filter_map(Result::ok)
        .find(|packet| (packet.packet_type, packet.count) == (rtcp::TRANSPORT_FEEDBACK, 15))
        .expect("feedback");
    let feedback = rtcp::transport_cc::parse(feedback.body).expect("reads");
    assert_eq!(feedback.base_sequence_number, 8);
    assert_eq!(feedback.arrivals.iter().flatten().count(), 3);
}

#[test]
fn a_track_published_again_goes_on_after_the_wrap_and_refuses_what_it_had_before() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 65_535, &keyframe(7));
    let wrapped = publisher.packet(100, "cam", 65_536, 96, &keyframe(8));
    plane.handle_datagram(ms(2), publisher.address, &wrapped);
    plane.handle_command(ms(3), Command::RemoveTrack { track: TrackId(11) });
    publisher.publish(&mut plane, ms(4), 13, MediaKind::Video, "cam");
    assign(&mut plane, ms(4), 21, Some(13));
    drain(&mut plane, ms(4), &viewer);
    plane.handle_datagram(ms(5), publisher.address, &wrapped);
    assert!(drain(&mut plane, ms(5), &viewer).0.is_empty());
    publisher.send(&mut plane, ms(6), 100, "cam", 65_537, &keyframe(9));
    let (rtp, _) = drain(&mut plane, ms(6), &viewer);
    assert_eq!(rtp.len(), 1);
    viewer.open(&rtp[0]);
}

#[test]
fn a_viewer_that_becomes_reachable_after_the_keyframe_gets_another() {
    let mut plane = Plane::default();
    let mut publisher = Client::join(&mut plane, ms(0), 1);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
    publisher.send(&mut plane, ms(1), 100, "cam", 1, &keyframe(1));
    let viewer = Client::join(&mut plane, ms(2), 2);
    viewer.add_slot(&mut plane, ms(2), 21, MediaKind::Video);
    assign(&mut plane, ms(2), 21, Some(11));
    // The keyframe that the viewer asked for finds no address to go to.
    plane.transports.get_mut(1).expect("the viewer").active = None;
    plane.handle_timeout(ms(20));
    drain(&mut plane, ms(20), &publisher);
    publisher.send(&mut plane, ms(30), 100, "cam", 2, &keyframe(2));
    assert!(drain(&mut plane, ms(30), &viewer).0.is_empty());
    viewer.prove(&mut plane, ms(600));
    plane.handle_timeout(ms(1_100));
    plane.handle_timeout(ms(1_110));
    let (_, rtcp) = drain(&mut plane, ms(1_110), &publisher);
    let compound = publisher.open_rtcp(&rtcp);
    let asked = rtcp::packets(&compound)
        .filter_map(Result::ok)
        .any(|packet| (packet.packet_type, packet.count) == (rtcp::PAYLOAD_FEEDBACK, 1));
    assert!(asked);
}

#[test]
fn a_viewer_that_wants_everything_again_and_again_gets_a_bounded_amount() {
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    let (rtp, _) = drain(&mut plane, ms(1), &viewer);
    let number = viewer.open(&rtp[0]).header.sequence_number;
    let mut request = Vec::new();
    rtcp::nack::write(1, 0x5000 + 21, &[number], &mut request);
    let mut repeat = |plane: &mut Plane, at: u64| {
        (0..200).for_each(|_| viewer.send_rtcp(plane, ms(at), &request));
        drain(plane, ms(at), &viewer).0.len()
    };
    // Once a round trip, which is taken for 100 ms before it is known.
    let sent: usize = (2..1_002).step_by(50).map(|at| repeat(&mut plane, at)).sum();
    assert_eq!(sent, 10);
}

#[test]
fn a_storm_of_numbers_costs_no_more_work_than_a_lossy_path_can_need() {
    use crate::transport::{ASKED_PER_DATAGRAM, ASKED_PER_SECOND};
    let (mut plane, publisher, mut viewer) = two_cameras();
    publisher.send(&mut plane, ms(1), 100, "cam", 8, &keyframe(7));
    let (rtp, _) = drain(&mut plane, ms(1), &viewer);
    let number = viewer.open(&rtp[0]).header.sequence_number;
    let ask = |viewer: &mut Client, plane: &mut Plane, at: u64, numbers: &[u16]| {
        let mut request = Vec::new();
        rtcp::nack::write(1, 0x5000 + 21, numbers, &mut request);
        assert!(request.len() < 1_380);
        viewer.send_rtcp(plane, ms(at), &request);
    };
    // Numbers that nothing was ever sent under, as many as a datagram can name.
    let storm: Vec<u16> = (0..5_780).map(|more| number.wrapping_add(1 + more)).collect();
    ask(&mut viewer, &mut plane, 2, &storm);
    let looked_at = |plane: &Plane| {
        let transport = plane.transports.get(1).expect("the viewer");
        ASKED_PER_SECOND - transport.asked_allowance
    };
    assert_eq!(looked_at(&plane), ASKED_PER_DATAGRAM);
    assert!(
        plane.slots.get(0).expect("the slot").resent.is_empty(),
        "nobody's numbers are not remembered"
    );
    (0..100).for_each(|_| ask(&mut viewer, &mut plane, 3, &storm));
    assert_eq!(looked_at(&plane), ASKED_PER_SECOND);
    let drops = |plane: &Plane| plane.snapshot().counters.drops.of(DropReason::TooManyAsked);
    assert_eq!(drops(&plane), 101);
    ask(&mut viewer, &mut plane, 4, &[number]);
    assert!(drain(&mut plane, ms(4), &viewer).0.is_empty());
    plane.handle_timeout(ms(1_100));
    ask(&mut viewer, &mut plane, 1_100, &[number]);
    assert_eq!(drain(&mut plane, ms(1_100), &viewer).0.len(), 1);
    assert_eq!(looked_at(&plane), 1);
}

#[test]
fn a_flood_of_forged_checks_is_cut_and_those_in_the_meeting_notice_nothing() {
    let (mut plane, publisher, viewer) = two_cameras();
    let mut forged = Vec::new();
    let key = stun::integrity_key("a guess");
    stun::write_binding_request("user1:them", &key, [7; 12], &mut forged);
    for number in 0..20_000u64 {
        let source = SocketAddr::from(([127, 0, 0, 1], 20_000 + (number % 40_000) as u16));
        plane.handle_datagram(ms(1), source, &forged);
    }
    let drops = plane.snapshot().counters.drops;
    assert!(drops.of(DropReason::RateLimited) > 15_000);
    publisher.prove(&mut plane, ms(2));
    publisher.send(&mut plane, ms(2), 100, "cam", 8, &keyframe(7));
    assert_eq!(drain(&mut plane, ms(2), &viewer).0.len(), 1);
    assert_eq!(
        plane.snapshot().counters.drops.of(DropReason::RateLimited),
        drops.of(DropReason::RateLimited)
    );
}

#[test]
fn a_storm_of_feedback_is_read_no_faster_than_feedback_can_mean_something() {
    let (mut plane, _, mut viewer) = two_cameras();
    let arrived = [Some(ms(1))];
    for at in [ms(1), ms(1_100)] {
        plane.handle_timeout(at);
        for _ in 0..1_000 {
            let mut feedback = Vec::new();
            rtcp::transport_cc::write((1, 2), 0, 0, &arrived, &mut feedback);
            viewer.send_rtcp(&mut plane, at, &feedback);
        }
    }
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::RateLimited), 1_800);
}

#[test]
fn junk_from_everywhere_leaves_nothing_behind() {
    let (mut plane, ..) = two_cameras();
    let before = (
        plane.transport_by_address.len(),
        plane.control.len(),
        plane.events.len(),
    );
    for number in 0..200_000u32 {
        let source = SocketAddr::from((number.to_be_bytes(), 1_000 + (number % 60_000) as u16));
        let kind = [0u8, 22, 0x80, 0xff][number as usize % 4];
        let mut junk = [number as u8; 60];
        junk[0] = kind;
        plane.handle_datagram(ms(1), source, &junk);
    }
    let after = (
        plane.transport_by_address.len(),
        plane.control.len(),
        plane.events.len(),
    );
    assert_eq!(before, after);
    let mut batch = TransmitBatch::default();
    while plane.poll_transmit(ms(1), &mut batch) {
        assert!(
            batch
                .datagrams()
                .all(|(to, _)| to.ip() == std::net::Ipv4Addr::LOCALHOST)
        );
        batch.clear();
    }
}
