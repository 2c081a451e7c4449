//! A client as a browser behaves: it publishes a camera in three sizes and a microphone, answers NACK and PLI, asks for what
//! it misses, and remembers what each of its slots showed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use packet_plane_core::demux::{DatagramKind, classify};
use packet_plane_core::nack_generator::PathBack;
use packet_plane_core::quantities::{ExtendedSequenceNumber, Instant, PayloadType, Ssrc};
use packet_plane_core::rtcp::receiver_report::ReportBlock;
use packet_plane_core::rtcp::sender_report::SenderReport;
use packet_plane_core::rtcp::{self, nack, pli, receiver_report};
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::rtp::extension::ExtensionBlock;
use packet_plane_core::rtp::header::{OutgoingHeader, unpadded_len, write_header};
use packet_plane_core::rtp::vp8::Vp8Descriptor;
use packet_plane_core::srtp::{SrtpProfile, SrtpReceiver, SrtpSender, StreamState};
use packet_plane_core::transport_cc_recorder::TransportCcRecorder;

use crate::camera::{Encoding, Packet, Part, SHARE, Sizes};
use crate::session::{
    AUDIO_FROM, CAMERA_TYPE, MICROPHONE_TYPE, RTX_FROM, RTX_TYPE, SLOTS_FROM, master, profile_of,
};
use crate::view::{Picture, View};

const PATH: PathBack = PathBack {
    round_trip: Duration::from_millis(50),
    fraction_lost: 0,
};
const TRANSPORT_CC: u8 = 6;
const TRANSPORT_CC_EVERY: Duration = Duration::from_millis(50);
/// Who is silent says so with every so many-th packet (DTX).
const SILENCE: u64 = 20;
/// Levels of a voice and of silence (RFC 6464).
const VOICE_LEVEL: u8 = 0x80 | 30;
const SILENT_LEVEL: u8 = 127;

pub struct Client {
    pub id: u64,
    pub address: SocketAddr,
    pub(crate) profile: SrtpProfile,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    /// Those of the camera from the smallest, and that of a share.
    encodings: Vec<Encoding>,
    sizes: Sizes,
    /// Whether somebody talks into its microphone.
    pub speaks: bool,
    next_audio: u64,
    sounds_taken: u64,
    next_picture: u16,
    pictures_taken: u64,
    pub(crate) views: BTreeMap<u32, View>,
    /// When a voice was heard, and whose.
    pub heard: Vec<(Instant, u8)>,
    arrivals: TransportCcRecorder,
    /// A packet is sent again once in this time at most, as browsers do.
    pub round_trip: Duration,
    /// The last sender report of each stream: when it came, and what it said of its time.
    reports: BTreeMap<u32, (Instant, u32)>,
    audio_states: BTreeMap<u32, StreamState>,
}

impl Client {
    pub fn new(id: u64, slots: u64) -> Self {
        let profile = profile_of(id);
        let (local, remote) = (master(profile, id, 1), master(profile, id, 2));
        Client {
            id,
            address: SocketAddr::from(([127, 0, 0, 1], 10_000 + id as u16)),
            profile,
            sender: SrtpSender::new(profile, &remote.key, &remote.salt).expect("lengths fit"),
            receiver: SrtpReceiver::new(profile, &local.key, &local.salt).expect("lengths fit"),
            encodings: (0..SHARE).map(Encoding::new).collect(),
            sizes: Sizes::default(),
            speaks: true,
            next_audio: 65_450,
            sounds_taken: 65_450,
            next_picture: 0x7ff0,
            pictures_taken: 0x7ff0,
            views: (0..slots as u32)
                .map(|slot| (SLOTS_FROM + slot, View::default()))
                .collect(),
            heard: Vec::new(),
            arrivals: TransportCcRecorder::default(),
            round_trip: Duration::ZERO,
            reports: BTreeMap::new(),
            audio_states: BTreeMap::new(),
        }
    }

    /// The packets of the next picture, in every size that is wanted.
    pub fn picture(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let id = self.next_picture;
        self.next_picture = (id + 1) & 0x7fff;
        let picture = (self.pictures_taken, id);
        self.pictures_taken += 1;
        let mut datagrams = Vec::new();
        for at in 0..self.encodings.len() {
            let packets = self.encodings[at].next_picture(now, self.id as u8, picture, &self.sizes);
            let encoding = &self.encodings[at];
            datagrams.extend(
                packets
                    .iter()
                    .map(|packet| self.seal_picture(encoding, id, packet)),
            );
        }
        datagrams
    }

    fn seal_picture(&self, encoding: &Encoding, id: u16, packet: &Packet) -> Vec<u8> {
        let header = OutgoingHeader {
            marker: packet.is_last,
            padding: false,
            payload_type: PayloadType(CAMERA_TYPE),
            sequence_number: packet.number as u16,
            rtp_timestamp: u32::from(id) * 3_000,
            ssrc: Ssrc(encoding.ssrc),
        };
        let mut block = ExtensionBlock::default();
        block.push(1, encoding.mid.as_bytes());
        if !encoding.rid.is_empty() {
            block.push(4, encoding.rid.as_bytes());
        }
        self.seal(&header, packet.number, block, &packet.payload)
    }

    /// What the microphone hears in the next 20 ms; nothing where that is silence of which was told.
    pub fn sound(&mut self) -> Option<Vec<u8>> {
        self.sounds_taken += 1;
        if !self.speaks && self.sounds_taken % SILENCE != 0 {
            return None;
        }
        let number = self.next_audio;
        self.next_audio += 1;
        let header = OutgoingHeader {
            marker: false,
            padding: false,
            payload_type: PayloadType(MICROPHONE_TYPE),
            sequence_number: number as u16,
            rtp_timestamp: (self.sounds_taken * 960) as u32,
            ssrc: Ssrc(200),
        };
        let mut block = ExtensionBlock::default();
        block.push(1, b"mic");
        block.push(2, &[if self.speaks { VOICE_LEVEL } else { SILENT_LEVEL }]);
        Some(self.seal(&header, number, block, &[self.id as u8; 60]))
    }

    fn seal(
        &self,
        header: &OutgoingHeader,
        number: u64,
        mut block: ExtensionBlock,
        payload: &[u8],
    ) -> Vec<u8> {
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
        if let Some([high, low]) = header.extension(datagram, TRANSPORT_CC) {
            let number = u16::from_be_bytes([*high, *low]);
            self.arrivals.handle_packet(now, number, header.ssrc.0);
        }
        let (ssrc, is_rtx) = match header.ssrc.0 {
            ssrc if ssrc >= AUDIO_FROM => return self.handle_sound(now, &header, datagram),
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
        let (sequence, payload) = match &out[..len] {
            [] if is_rtx => return,
            [high, low, payload @ ..] if is_rtx => {
                let highest = view.state.highest().expect("only what is missed is resent");
                (highest.nearest(u16::from_be_bytes([*high, *low])), payload)
            }
            payload => (sequence, payload),
        };
        view.handle_packet(now, sequence);
        // A probe is padding alone.
        if !payload.is_empty() {
            assert!(Vp8Descriptor::parse(payload).is_some());
            view.handle_part(now, sequence, Part::parse(payload));
        }
    }

    fn handle_sound(&mut self, now: Instant, header: &RtpHeader, datagram: &[u8]) {
        let state = self.audio_states.entry(header.ssrc.0).or_default();
        let mut out = vec![0; 1_500];
        let (_, len) = unprotect(&self.receiver, state, header, datagram, &mut out);
        let len = unpadded_len(header.has_padding, &out[..len]).expect("sound padding");
        assert!(
            out[..len].iter().all(|byte| *byte != self.id as u8),
            "nobody hears itself"
        );
        self.heard
            .extend(out[..len].first().map(|publisher| (now, *publisher)));
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
                    self.encoding(ssrc).want_keyframe();
                }
                (rtcp::TRANSPORT_FEEDBACK, nack::FORMAT) => {
                    let wanted = nack::parse(packet.body).expect("reads");
                    let ssrc = wanted.media_ssrc;
                    let newest = ExtendedSequenceNumber(self.encoding(ssrc).newest());
                    for number in wanted.sequence_numbers.map(|number| newest.nearest(number).0) {
                        answers.extend(self.retransmission(now, ssrc, number));
                    }
                }
                _ => {}
            }
        }
        answers
    }

    fn encoding(&mut self, ssrc: u32) -> &mut Encoding {
        let found = self.encodings.iter_mut().find(|encoding| encoding.ssrc == ssrc);
        found.expect("a stream of this client")
    }

    fn retransmission(&mut self, now: Instant, ssrc: u32, number: u64) -> Option<Vec<u8>> {
        let round_trip = self.round_trip;
        let packet = self.encoding(ssrc).retransmission(now, number, round_trip)?;
        let encoding = self.encodings.iter().find(|encoding| encoding.ssrc == ssrc)?;
        let header = OutgoingHeader {
            marker: packet.is_last,
            padding: false,
            payload_type: PayloadType(RTX_TYPE),
            sequence_number: packet.number as u16,
            rtp_timestamp: 0,
            ssrc: Ssrc(encoding.rtx_ssrc()),
        };
        let mut block = ExtensionBlock::default();
        block.push(1, encoding.mid.as_bytes());
        if !encoding.rid.is_empty() {
            block.push(5, encoding.rid.as_bytes());
        }
        Some(self.seal(&header, packet.number, block, &packet.payload))
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
            if view.poll_missing(now, PATH, &mut numbers) {
                pli::write(1, *ssrc, &mut compound);
            }
            nack::write(1, *ssrc, &numbers, &mut compound);
        }
        self.arrivals.poll(now, TRANSPORT_CC_EVERY, 1, &mut compound);
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
    pub fn views(&self) -> impl Iterator<Item = (u64, u64, Vec<u8>)> + '_ {
        self.views.values().map(View::packets)
    }

    /// Of the pictures of each video slot, which could be shown.
    pub fn shown(&self) -> Vec<Vec<bool>> {
        self.views.values().map(View::shown).collect()
    }

    /// What the video slots showed, one after the other.
    pub fn pictures(&self) -> Vec<Picture> {
        self.views.values().flat_map(View::pictures).collect()
    }

    /// When a picture of a size was taken that left the client.
    pub fn taken(&self, size: u8) -> &[Instant] {
        let found = self.encodings.iter().find(|encoding| encoding.size == size);
        found.map_or(&[], |encoding| &encoding.taken)
    }
}

// Where a node tells the plane of the client.
impl Client {
    /// Send so much.
    pub fn set_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }

    /// Send a share beside the camera.
    pub fn share(&mut self) {
        self.encodings.push(Encoding::new(SHARE));
    }

    /// Send those streams of an m-line that its node wants, the best of them smaller where it says so. One that begins makes all others of its camera begin anew.
    pub fn send(&mut self, mid: &str, is_smaller: bool, is_wanted: impl Fn(&str) -> bool) {
        let of_line = self.encodings.iter_mut().filter(|encoding| encoding.mid == mid);
        let mut encodings: Vec<&mut Encoding> = of_line.collect();
        let mut begins = false;
        for encoding in &mut encodings {
            let rid = encoding.rid;
            begins |= encoding.want(is_wanted(rid));
            encoding.want_smaller(is_smaller);
        }
        if begins {
            encodings.into_iter().for_each(Encoding::want_keyframe);
        }
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
