//! A client as a browser behaves: it publishes a camera in three sizes and a microphone, answers NACK and PLI, asks for what
//! it misses, and remembers what each of its slots showed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use packet_plane_core::codec::{Codec, CodecName, MediaKind};
use packet_plane_core::command::{Command, MasterKey, SlotParameters, TrackParameters};
use packet_plane_core::demux::{DatagramKind, classify};
use packet_plane_core::nack_generator::{NackGenerator, PathBack};
use packet_plane_core::quantities::{
    ExtendedSequenceNumber, Instant, MeetingId, PayloadType, SlotId, Ssrc, TrackId, TransportId,
};
use packet_plane_core::rtcp::receiver_report::ReportBlock;
use packet_plane_core::rtcp::sender_report::SenderReport;
use packet_plane_core::rtcp::{self, nack, pli, receiver_report};
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::rtp::extension::{ExtensionBlock, ExtensionIds};
use packet_plane_core::rtp::header::{OutgoingHeader, unpadded_len, write_header};
use packet_plane_core::rtp::vp8::Vp8Descriptor;
use packet_plane_core::srtp::{SrtpProfile, SrtpReceiver, SrtpSender, StreamState};
use packet_plane_core::stun;

const PASSWORD: &str = "a password of the session";
const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];
const PACKETS_PER_FRAME: u8 = 3;
const FIRST_PICTURES: u64 = 12;
const PATH: PathBack = PathBack {
    round_trip: Duration::from_millis(50),
    fraction_lost: 0,
};
/// Temporal layers of four pictures in a row.
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];
const RIDS: [&str; 3] = ["q", "h", "f"];
const CAMERA_FROM: u32 = 100;
const CAMERA_RTX_FROM: u32 = 110;
const CAMERA_TYPE: u8 = 96;
const RTX_TYPE: u8 = 97;
const MICROPHONE_TYPE: u8 = 111;
const SLOTS_FROM: u32 = 0x5000;
const RTX_FROM: u32 = 0x9000;
const AUDIO_FROM: u32 = 0xa000;

pub fn camera_of(client: u64) -> TrackId {
    TrackId(client * 100 + 1)
}

pub fn microphone_of(client: u64) -> TrackId {
    TrackId(client * 100 + 2)
}

pub fn slot_of(client: u64, number: u64) -> SlotId {
    SlotId(client * 100 + 10 + number)
}

/// One video slot as its viewer saw it.
#[derive(Debug)]
pub struct View {
    state: StreamState,
    rtx_state: StreamState,
    nack: NackGenerator,
    /// The publishing client that each packet's payload names, by extended number.
    publisher_by_number: BTreeMap<u64, u8>,
    /// By the number that the publisher gave the picture, and its size: who changes sizes gets one picture in both.
    frames: BTreeMap<(u64, u8), Frame>,
}

/// What has come of one picture in one size.
#[derive(Debug)]
struct Frame {
    parts: u8,
    is_keyframe: bool,
    temporal: u8,
    /// The picture of the lowest temporal layer that this one is drawn upon.
    base: u64,
    /// The lowest of its parts.
    sequence: u64,
}

impl View {
    fn handle_part(&mut self, sequence: ExtendedSequenceNumber, payload: &[u8]) {
        let word = |at: usize| u64::from_be_bytes(payload[at..at + 8].try_into().expect("eight bytes"));
        let (part, size) = (payload[24], payload[25]);
        let frame = self.frames.entry((word(8), size)).or_insert(Frame {
            parts: 0,
            is_keyframe: payload[6] & 1 == 0,
            temporal: payload[5] >> 6,
            base: word(16),
            sequence: sequence.0,
        });
        frame.parts |= 1 << part;
        frame.sequence = frame.sequence.min(sequence.0);
    }

    /// Of each picture from the first to the last, whether a player could show it in the end: all of it came, as did all
    /// of the lowest temporal layer of its size since the keyframe before.
    fn shown(&self) -> Vec<bool> {
        let mut in_order: Vec<_> = self.frames.iter().collect();
        in_order.sort_by_key(|(_, frame)| frame.sequence);
        let mut whole = None;
        let mut shown = BTreeSet::new();
        for ((number, size), frame) in in_order {
            let is_whole = frame.parts == (1 << PACKETS_PER_FRAME) - 1;
            let is_shown = is_whole && (frame.is_keyframe || whole == Some((frame.base, size)));
            if frame.temporal == 0 {
                whole = is_shown.then_some((*number, size));
            }
            if is_shown {
                shown.insert(*number);
            }
        }
        let mut numbers = self.frames.keys().map(|(number, _)| *number);
        let (first, last) = (numbers.clone().next(), numbers.next_back());
        let span = first.zip(last).map(|(first, last)| first..=last);
        span.into_iter()
            .flatten()
            .map(|number| shown.contains(&number))
            .collect()
    }
}

/// One size of the camera's picture, a stream of its own.
struct CameraLayer {
    rid: &'static str,
    next_number: u64,
    next_rtx: u64,
    wants_keyframe: bool,
    /// The last picture of the lowest temporal layer.
    base: u64,
    /// Payloads of the latest packets, for retransmission, and when each was last sent again.
    sent: BTreeMap<u64, (Vec<u8>, Option<Instant>)>,
}

impl CameraLayer {
    fn new(rid: &'static str) -> Self {
        CameraLayer {
            rid,
            // Close below the wrap, so that every run crosses it.
            next_number: 65_300,
            next_rtx: 1,
            wants_keyframe: true,
            base: 0,
            sent: BTreeMap::new(),
        }
    }
}

pub struct Client {
    pub id: u64,
    pub address: SocketAddr,
    profile: SrtpProfile,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    layers: [CameraLayer; 3],
    next_audio: u64,
    next_picture: u16,
    pictures_taken: u64,
    views: BTreeMap<u32, View>,
    pub audio_packets: u64,
    /// A packet is sent again once in this time at most, as browsers do.
    pub round_trip: Duration,
    /// The last sender report of each stream: when it came, and what it said of its time.
    reports: BTreeMap<u32, (Instant, u32)>,
    audio_states: BTreeMap<u32, StreamState>,
}

fn master(profile: SrtpProfile, client: u64, direction: u8) -> MasterKey {
    MasterKey {
        key: vec![client as u8 ^ (direction << 4); profile.key_len()],
        salt: vec![direction; profile.salt_len()],
    }
}

fn vp8() -> Codec {
    let mut codec = Codec::new(CAMERA_TYPE, CodecName::Vp8, 90_000, "");
    codec.rtx_payload_type = Some(PayloadType(RTX_TYPE));
    (codec.nack, codec.pli) = (true, true);
    codec
}

fn opus() -> Codec {
    Codec::new(MICROPHONE_TYPE, CodecName::Opus, 48_000, "")
}

fn extensions() -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    ids.set("urn:ietf:params:rtp-hdrext:sdes:mid", 1);
    ids.set("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 2);
    ids.set("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 4);
    ids.set("urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", 5);
    ids
}

impl Client {
    pub fn new(id: u64, slots: u64) -> Self {
        let profile = PROFILES[id as usize % PROFILES.len()];
        let (local, remote) = (master(profile, id, 1), master(profile, id, 2));
        let view = || View {
            state: StreamState::default(),
            rtx_state: StreamState::default(),
            nack: NackGenerator::default(),
            publisher_by_number: BTreeMap::new(),
            frames: BTreeMap::new(),
        };
        Client {
            id,
            address: SocketAddr::from(([127, 0, 0, 1], 10_000 + id as u16)),
            profile,
            sender: SrtpSender::new(profile, &remote.key, &remote.salt).expect("lengths fit"),
            receiver: SrtpReceiver::new(profile, &local.key, &local.salt).expect("lengths fit"),
            layers: RIDS.map(CameraLayer::new),
            next_audio: 65_450,
            next_picture: 0x7ff0,
            pictures_taken: 0x7ff0,
            views: (0..slots as u32)
                .map(|slot| (SLOTS_FROM + slot, view()))
                .collect(),
            audio_packets: 0,
            round_trip: Duration::ZERO,
            reports: BTreeMap::new(),
            audio_states: BTreeMap::new(),
        }
    }

    /// What the node tells the plane when this client joins.
    pub fn join_commands(&self) -> Vec<Command> {
        let transport = TransportId(self.id);
        let mut commands = vec![
            Command::AddTransport {
                transport,
                meeting: MeetingId(1),
                local_ufrag: format!("user{}", self.id),
                local_password: PASSWORD.into(),
            },
            Command::SetSrtpKeys {
                transport,
                profile: self.profile,
                local: master(self.profile, self.id, 1),
                remote: master(self.profile, self.id, 2),
            },
            self.camera_command(),
            Command::AddTrack(TrackParameters {
                track: microphone_of(self.id),
                transport,
                kind: MediaKind::Audio,
                mid: Some("mic".into()),
                rids: Vec::new(),
                ssrcs: vec![],
                codecs: vec![opus()],
                extensions: extensions(),
            }),
        ];
        commands.extend((0..self.views.len() as u64).map(|number| {
            self.slot_command(
                slot_of(self.id, number),
                MediaKind::Video,
                SLOTS_FROM + number as u32,
            )
        }));
        let audio = (0..4).map(|number| slot_of(self.id, 50 + number));
        commands.extend(
            audio
                .clone()
                .zip(AUDIO_FROM..)
                .map(|(slot, ssrc)| self.slot_command(slot, MediaKind::Audio, ssrc)),
        );
        commands.push(Command::SetAudioSlots {
            transport,
            slots: audio.collect(),
        });
        commands
    }

    pub fn camera_command(&self) -> Command {
        Command::AddTrack(TrackParameters {
            track: camera_of(self.id),
            transport: TransportId(self.id),
            kind: MediaKind::Video,
            mid: Some("cam".into()),
            rids: RIDS.map(String::from).to_vec(),
            ssrcs: vec![],
            codecs: vec![vp8()],
            extensions: extensions(),
        })
    }

    fn slot_command(&self, slot: SlotId, kind: MediaKind, ssrc: u32) -> Command {
        let is_video = kind == MediaKind::Video;
        Command::AddSlot(SlotParameters {
            slot,
            transport: TransportId(self.id),
            kind,
            mid: "s".into(),
            ssrc: Ssrc(ssrc),
            rtx_ssrc: is_video.then_some(Ssrc(ssrc - SLOTS_FROM + RTX_FROM)),
            codecs: vec![if is_video { vp8() } else { opus() }],
            extensions: extensions(),
            cname: "node".into(),
        })
    }

    pub fn proof(&self) -> Vec<u8> {
        let mut request = Vec::new();
        let username = format!("user{}:them", self.id);
        stun::write_binding_request(&username, &stun::integrity_key(PASSWORD), [9; 12], &mut request);
        request
    }

    /// The packets of the next camera picture, in every size.
    pub fn picture(&mut self) -> Vec<Vec<u8>> {
        let picture = self.next_picture;
        self.next_picture = (picture + 1) & 0x7fff;
        self.pictures_taken += 1;
        let layers = 0..self.layers.len();
        layers.flat_map(|layer| self.picture_of(layer, picture)).collect()
    }

    fn picture_of(&mut self, layer: usize, picture: u16) -> Vec<Vec<u8>> {
        let is_keyframe = std::mem::take(&mut self.layers[layer].wants_keyframe);
        let temporal = if is_keyframe {
            0
        } else {
            TEMPORAL[usize::from(picture % 4)]
        };
        let base = self.layers[layer].base;
        if temporal == 0 {
            self.layers[layer].base = self.pictures_taken - 1;
        }
        (0..PACKETS_PER_FRAME)
            .map(|part| {
                let [high, low] = (0x8000 | picture).to_be_bytes();
                let start = if part == 0 { 0x90 } else { 0x80 };
                let inter = u8::from(!is_keyframe);
                let temporal = temporal << 6 | 0x20;
                // Parts differ in length, so that runs are padded and closed early.
                let mut payload = vec![start, 0xe0, high, low, 5, temporal, 0x10 | inter, self.id as u8];
                payload.extend((self.pictures_taken - 1).to_be_bytes());
                payload.extend(base.to_be_bytes());
                payload.extend([part, layer as u8]);
                payload.resize(400 - usize::from(part) * 7 + layer * 100, part);
                let stream = &mut self.layers[layer];
                let number = stream.next_number;
                stream.next_number += 1;
                stream.sent.insert(number, (payload.clone(), None));
                stream.sent.retain(|kept, _| kept + 400 > number);
                let header = OutgoingHeader {
                    marker: part + 1 == PACKETS_PER_FRAME,
                    padding: false,
                    payload_type: PayloadType(CAMERA_TYPE),
                    sequence_number: number as u16,
                    rtp_timestamp: u32::from(picture) * 3_000,
                    ssrc: Ssrc(CAMERA_FROM + layer as u32),
                };
                let rid = stream.rid;
                self.seal(&header, number, (4, rid), &payload)
            })
            .collect()
    }

    pub fn sound(&mut self) -> Vec<u8> {
        let number = self.next_audio;
        self.next_audio += 1;
        let header = OutgoingHeader {
            marker: false,
            padding: false,
            payload_type: PayloadType(MICROPHONE_TYPE),
            sequence_number: number as u16,
            rtp_timestamp: (number * 960) as u32,
            ssrc: Ssrc(200),
        };
        self.seal(&header, number, (0, ""), &[self.id as u8; 60])
    }

    fn seal(&self, header: &OutgoingHeader, number: u64, rid: (u8, &str), payload: &[u8]) -> Vec<u8> {
        let mut block = ExtensionBlock::default();
        let is_sound = header.payload_type.0 == MICROPHONE_TYPE;
        block.push(1, if is_sound { b"mic" } else { b"cam" });
        block.push(2, &[0x80 | 30]);
        block.push(rid.0, rid.1.as_bytes());
        let mut out = vec![0; 1_500];
        let header_len = write_header(header, block.finish(), &mut out);
        let sequence = ExtendedSequenceNumber(number);
        let len = self
            .sender
            .protect_rtp(header.ssrc, sequence, header_len, payload, &[], &mut out)
            .expect("there is room");
        out.truncate(len);
        out
    }

    /// Take a datagram from the node; returns what the client answers at once.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Vec<Vec<u8>> {
        match classify(datagram) {
            Some(DatagramKind::Rtp) => {
                self.handle_rtp(now, datagram);
                Vec::new()
            }
            Some(DatagramKind::Rtcp) => self.handle_rtcp(now, datagram),
            _ => Vec::new(),
        }
    }

    fn handle_rtp(&mut self, now: Instant, datagram: &[u8]) {
        let header = RtpHeader::parse(datagram).expect("the plane writes RTP");
        let (ssrc, is_rtx) = match header.ssrc.0 {
            ssrc if ssrc >= AUDIO_FROM => return self.handle_sound(&header, datagram),
            ssrc if ssrc >= RTX_FROM => (ssrc - RTX_FROM + SLOTS_FROM, true),
            ssrc => (ssrc, false),
        };
        let view = self.views.get_mut(&ssrc).expect("a slot of this client");
        let state = if is_rtx {
            &mut view.rtx_state
        } else {
            &mut view.state
        };
        let mut out = vec![0; 1_500];
        let (sequence, len) = unprotect(&self.receiver, state, &header, datagram, &mut out);
        let len = unpadded_len(header.has_padding, &out[..len]).expect("sound padding");
        let (sequence, payload) = if is_rtx {
            let original = u16::from_be_bytes([out[0], out[1]]);
            let highest = view.state.highest().expect("only what is missed is resent");
            (highest.nearest(original), &out[2..len])
        } else {
            (sequence, &out[..len])
        };
        view.nack.handle_packet(now, sequence);
        assert!(Vp8Descriptor::parse(payload).is_some());
        view.publisher_by_number.insert(sequence.0, payload[7]);
        view.handle_part(sequence, payload);
    }

    fn handle_sound(&mut self, header: &RtpHeader, datagram: &[u8]) {
        let state = self.audio_states.entry(header.ssrc.0).or_default();
        let mut out = vec![0; 1_500];
        let (_, len) = unprotect(&self.receiver, state, header, datagram, &mut out);
        assert!(
            out[..len].iter().all(|byte| *byte != self.id as u8),
            "nobody hears itself"
        );
        self.audio_packets += 1;
    }

    fn handle_rtcp(&mut self, now: Instant, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut out = vec![0; 1_500];
        let len = self
            .receiver
            .unprotect_rtcp(datagram, &mut out)
            .expect("authentic");
        let mut answers = Vec::new();
        for packet in rtcp::packets(&out[..len]) {
            let packet = packet.expect("the plane writes RTCP");
            match (packet.packet_type, packet.count) {
                (rtcp::SENDER_REPORT, _) => {
                    let report = SenderReport::parse(packet.body).expect("reads");
                    self.reports.insert(report.ssrc, (now, report.compact_ntp()));
                }
                (rtcp::PAYLOAD_FEEDBACK, pli::FORMAT) => {
                    let ssrc = pli::parse(packet.body).expect("reads");
                    self.layers[(ssrc - CAMERA_FROM) as usize].wants_keyframe = true;
                }
                (rtcp::TRANSPORT_FEEDBACK, nack::FORMAT) => {
                    let wanted = nack::parse(packet.body).expect("reads");
                    let layer = (wanted.media_ssrc - CAMERA_FROM) as usize;
                    let newest = ExtendedSequenceNumber(self.layers[layer].next_number);
                    for number in wanted.sequence_numbers.map(|number| newest.nearest(number).0) {
                        answers.extend(self.retransmission(now, layer, number));
                    }
                }
                _ => {}
            }
        }
        answers
    }

    fn retransmission(&mut self, now: Instant, layer: usize, number: u64) -> Option<Vec<u8>> {
        let stream = &mut self.layers[layer];
        let (kept, resent_at) = stream.sent.get_mut(&number)?;
        if resent_at.is_some_and(|at| now.since(at) < self.round_trip) {
            return None;
        }
        *resent_at = Some(now);
        let mut payload = (number as u16).to_be_bytes().to_vec();
        payload.extend_from_slice(kept);
        let (rtx, rid) = (stream.next_rtx, stream.rid);
        stream.next_rtx += 1;
        let header = OutgoingHeader {
            marker: false,
            padding: false,
            payload_type: PayloadType(RTX_TYPE),
            sequence_number: rtx as u16,
            rtp_timestamp: 0,
            ssrc: Ssrc(CAMERA_RTX_FROM + layer as u32),
        };
        Some(self.seal(&header, rtx, (5, rid), &payload))
    }

    /// What the client misses now, as one SRTCP compound.
    pub fn feedback(&mut self, now: Instant) -> Option<Vec<u8>> {
        let mut compound = Vec::new();
        // Each sender report is answered once, soon.
        let blocks: Vec<ReportBlock> = std::mem::take(&mut self.reports)
            .into_iter()
            .map(|(ssrc, (at, told))| ReportBlock {
                ssrc,
                last_sender_report: told,
                delay_since_last: (now.since(at).as_micros() * 65_536 / 1_000_000) as u32,
                ..ReportBlock::default()
            })
            .collect();
        receiver_report::write(1, &[], &mut compound);
        let empty = compound.len();
        compound.clear();
        receiver_report::write(1, &blocks, &mut compound);
        let mut numbers = Vec::new();
        for (ssrc, view) in &mut self.views {
            let _ = view.nack.poll(now, PATH, &mut numbers);
            nack::write(1, *ssrc, &numbers, &mut compound);
        }
        if compound.len() == empty {
            return None;
        }
        let mut out = vec![0; compound.len() + 40];
        let len = self
            .sender
            .protect_rtcp(&compound, &mut out)
            .expect("there is room");
        out.truncate(len);
        Some(out)
    }

    /// Packets, numbers that never came, and the clients seen, for each video slot.
    ///
    /// The first pictures do not count as missing: what arrived before the first packet was never asked for.
    pub fn views(&self) -> impl Iterator<Item = (u64, u64, Vec<u8>)> + '_ {
        self.views.values().map(|view| {
            let numbers = &view.publisher_by_number;
            let from = numbers.keys().next().map_or(0, |first| first + FIRST_PICTURES);
            let span = numbers
                .keys()
                .last()
                .map_or(0, |last| (last + 1).saturating_sub(from));
            let mut publishers: Vec<u8> = numbers.values().copied().collect();
            publishers.sort_unstable();
            publishers.dedup();
            let missing = span - numbers.range(from..).count() as u64;
            (numbers.len() as u64, missing, publishers)
        })
    }
}

impl Client {
    /// Of the pictures of each video slot, which could be shown.
    pub fn shown(&self) -> Vec<Vec<bool>> {
        self.views.values().map(View::shown).collect()
    }
}

fn unprotect(
    receiver: &SrtpReceiver,
    state: &mut StreamState,
    header: &RtpHeader,
    datagram: &[u8],
    out: &mut [u8],
) -> (ExtendedSequenceNumber, usize) {
    let (ssrc, number) = (header.ssrc, header.sequence_number);
    receiver
        .unprotect_rtp(state, ssrc, number, header.header_len, datagram, out)
        .expect("authentic and new")
}
