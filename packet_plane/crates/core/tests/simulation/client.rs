//! A client as a browser behaves: it publishes a camera and a microphone, answers NACK and PLI, asks for what
//! it misses, and remembers what each of its slots showed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use packet_plane_core::codec::{Codec, CodecName, MediaKind};
use packet_plane_core::command::{Command, MasterKey, SlotParameters, TrackParameters};
use packet_plane_core::demux::{DatagramKind, classify};
use packet_plane_core::nack_generator::NackGenerator;
use packet_plane_core::quantities::{
    ExtendedSequenceNumber, Instant, MeetingId, PayloadType, SlotId, Ssrc, TrackId, TransportId,
};
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
const ROUND_TRIP: std::time::Duration = std::time::Duration::from_millis(50);
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
}

pub struct Client {
    pub id: u64,
    pub address: SocketAddr,
    profile: SrtpProfile,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    next_video: u64,
    next_rtx: u64,
    next_audio: u64,
    next_picture: u16,
    wants_keyframe: bool,
    /// Payloads of the latest camera packets, for retransmission.
    sent: BTreeMap<u64, Vec<u8>>,
    views: BTreeMap<u32, View>,
    pub audio_packets: u64,
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
        };
        Client {
            id,
            address: SocketAddr::from(([127, 0, 0, 1], 10_000 + id as u16)),
            profile,
            sender: SrtpSender::new(profile, &remote.key, &remote.salt).expect("lengths fit"),
            receiver: SrtpReceiver::new(profile, &local.key, &local.salt).expect("lengths fit"),
            // Close below the wrap, so that every run crosses it.
            next_video: 65_300,
            next_rtx: 1,
            next_audio: 65_450,
            next_picture: 0x7ff0,
            wants_keyframe: true,
            sent: BTreeMap::new(),
            views: (0..slots as u32)
                .map(|slot| (SLOTS_FROM + slot, view()))
                .collect(),
            audio_packets: 0,
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

    /// The packets of the next camera picture.
    pub fn picture(&mut self) -> Vec<Vec<u8>> {
        let is_keyframe = std::mem::take(&mut self.wants_keyframe);
        let picture = self.next_picture;
        self.next_picture = (picture + 1) & 0x7fff;
        (0..PACKETS_PER_FRAME)
            .map(|part| {
                let number = self.next_video;
                self.next_video += 1;
                let [high, low] = (0x8000 | picture).to_be_bytes();
                let start = if part == 0 { 0x90 } else { 0x80 };
                let inter = u8::from(!is_keyframe);
                // Parts differ in length, so that runs are padded and closed early.
                let mut payload = vec![start, 0xe0, high, low, 5, 0x20, 0x10 | inter, self.id as u8];
                payload.resize(400 - usize::from(part) * 7, part);
                self.sent.insert(number, payload.clone());
                self.sent.retain(|kept, _| kept + 400 > number);
                let is_last = part + 1 == PACKETS_PER_FRAME;
                self.seal(
                    CAMERA_TYPE,
                    100,
                    number,
                    u64::from(picture) * 3_000,
                    is_last,
                    &payload,
                )
            })
            .collect()
    }

    pub fn sound(&mut self) -> Vec<u8> {
        let number = self.next_audio;
        self.next_audio += 1;
        self.seal(
            MICROPHONE_TYPE,
            200,
            number,
            number * 960,
            false,
            &[self.id as u8; 60],
        )
    }

    fn seal(
        &self,
        kind: u8,
        ssrc: u32,
        number: u64,
        timestamp: u64,
        marker: bool,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut block = ExtensionBlock::default();
        let mid: &[u8] = if kind == MICROPHONE_TYPE { b"mic" } else { b"cam" };
        block.push(1, mid);
        block.push(2, &[0x80 | 30]);
        let header = OutgoingHeader {
            marker,
            padding: false,
            payload_type: PayloadType(kind),
            sequence_number: number as u16,
            rtp_timestamp: timestamp as u32,
            ssrc: Ssrc(ssrc),
        };
        let mut out = vec![0; 1_500];
        let header_len = write_header(&header, block.finish(), &mut out);
        let sequence = ExtendedSequenceNumber(number);
        let len = self
            .sender
            .protect_rtp(Ssrc(ssrc), sequence, header_len, payload, &[], &mut out)
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
            Some(DatagramKind::Rtcp) => self.handle_rtcp(datagram),
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

    fn handle_rtcp(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut out = vec![0; 1_500];
        let len = self
            .receiver
            .unprotect_rtcp(datagram, &mut out)
            .expect("authentic");
        let mut answers = Vec::new();
        for packet in rtcp::packets(&out[..len]) {
            let packet = packet.expect("the plane writes RTCP");
            match (packet.packet_type, packet.count) {
                (rtcp::PAYLOAD_FEEDBACK, pli::FORMAT) => self.wants_keyframe = true,
                (rtcp::TRANSPORT_FEEDBACK, nack::FORMAT) => {
                    let wanted = nack::parse(packet.body).expect("reads");
                    let newest = ExtendedSequenceNumber(self.next_video);
                    for number in wanted.sequence_numbers.map(|number| newest.nearest(number).0) {
                        answers.extend(self.retransmission(number));
                    }
                }
                _ => {}
            }
        }
        answers
    }

    fn retransmission(&mut self, number: u64) -> Option<Vec<u8>> {
        let kept = self.sent.get(&number)?;
        let mut payload = (number as u16).to_be_bytes().to_vec();
        payload.extend_from_slice(kept);
        let rtx = self.next_rtx;
        self.next_rtx += 1;
        Some(self.seal(RTX_TYPE, 101, rtx, 0, false, &payload))
    }

    /// What the client misses now, as one SRTCP compound.
    pub fn feedback(&mut self, now: Instant) -> Option<Vec<u8>> {
        let mut compound = Vec::new();
        receiver_report::write(1, &[], &mut compound);
        let empty = compound.len();
        let mut numbers = Vec::new();
        for (ssrc, view) in &mut self.views {
            view.nack.poll(now, ROUND_TRIP, &mut numbers);
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
