//! One connection of a client: its socket, its keys, the streams of both directions.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use aws_lc_rs::rand;
use packet_plane_core::codec::MediaKind;
use packet_plane_core::demux::{self, DatagramKind};
use packet_plane_core::quantities::{Instant, Ssrc};
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::transport_cc_recorder::TransportCcRecorder;
use packet_plane_udp::{Message, Socket};
use rustc_hash::FxHashMap;

use crate::handshake::{self, Keys};
use crate::ice::{Agent, Credentials};
use crate::incoming::Incoming;
use crate::outgoing::{Outgoing, Packet, SentExtensions, Stamp};
use crate::receive::{Batch, Joined, enable_timestamps, wallclock_ns};
use crate::sdp::{self, Line, RIDS, Remote};
use crate::tally::Tally;

/// One of so many packets is decrypted when time is not asked for: proof enough that they are sound.
const SAMPLE: u64 = 64;
const MAX_PACKET_LEN: usize = 1_500;

pub struct Peer {
    pub meeting: usize,
    pub socket: Socket,
    pub remote: SocketAddr,
    pub agent: Option<Agent>,
    pub keys: Keys,
    pub outgoing: Vec<Outgoing>,
    pub incoming: FxHashMap<u32, Incoming>,
    /// Media stream of each retransmission stream.
    media_by_rtx: FxHashMap<u32, u32>,
    pub transport_cc: TransportCcRecorder,
    receives_transport_cc: Option<u8>,
    next_transport_number: u16,
    slab: Vec<u8>,
    pub own_ssrc: u32,
}

/// A frame to send: packets of these lengths, without their tags.
pub struct Frame {
    pub packets: usize,
    pub packet_len: usize,
    pub burst: u32,
}

impl Peer {
    /// Connect to the server that answered, or offered, as `remote` says.
    ///
    /// # Errors
    /// Says which step failed.
    pub fn connect(
        meeting: usize,
        ice: &Credentials,
        remote: &Remote,
        lines: &[Line],
    ) -> Result<Self, String> {
        let any = SocketAddr::from(([0, 0, 0, 0], 0));
        let socket = Socket::bind(any).map_err(|error| error.to_string())?;
        let agent = Agent::new(ice, &remote.ice);
        let keys = handshake::connect(&socket, &agent, remote)?;
        let mut peer = Peer::new(meeting, socket, remote.address, keys);
        peer.agent = Some(agent);
        for line in lines.iter().filter(|line| line.is_sent) {
            peer.add_outgoing(line, remote);
        }
        for line in remote.lines.iter().filter(|line| line.is_sent) {
            let kind = if line.is_video {
                MediaKind::Video
            } else {
                MediaKind::Audio
            };
            for (ssrc, rtx) in &line.streams {
                peer.incoming.insert(*ssrc, Incoming::new(kind));
                peer.media_by_rtx.extend(rtx.map(|rtx| (rtx, *ssrc)));
            }
            let id = line
                .extension(sdp::TRANSPORT_CC.1)
                .filter(|_| line.takes_transport_cc);
            peer.receives_transport_cc = peer.receives_transport_cc.or(id);
        }
        Ok(peer)
    }

    pub fn new(meeting: usize, socket: Socket, remote: SocketAddr, keys: Keys) -> Self {
        enable_timestamps(socket.as_raw_fd());
        Peer {
            meeting,
            socket,
            remote,
            agent: None,
            keys,
            outgoing: Vec::new(),
            incoming: FxHashMap::default(),
            media_by_rtx: FxHashMap::default(),
            transport_cc: TransportCcRecorder::default(),
            receives_transport_cc: None,
            next_transport_number: 1,
            slab: Vec::new(),
            own_ssrc: random_ssrc(),
        }
    }

    fn add_outgoing(&mut self, line: &Line, remote: &Remote) {
        let Some(answered) = remote
            .lines
            .iter()
            .find(|answered| answered.mid == line.mid)
        else {
            return;
        };
        let extensions = SentExtensions {
            mid: answered.extension(sdp::MID.1),
            rid: answered.extension(sdp::RID.1),
            audio_level: answered.extension(sdp::AUDIO_LEVEL.1),
            transport_cc: answered.extension(sdp::TRANSPORT_CC.1),
        };
        // A server that does not take the layers gets one stream, as a browser falls back.
        let layers = if answered.takes_layers {
            line.layers
        } else {
            1
        };
        for (layer, rid) in RIDS.iter().enumerate().take(layers) {
            let ssrc = if layers > 1 {
                random_ssrc()
            } else {
                line.ssrcs[0]
            };
            let mut stream = Outgoing::new(line.kind, ssrc, &line.mid, extensions);
            stream.layer = if layers > 1 { layer } else { 2 };
            stream.rid = (layers > 1).then_some(*rid);
            self.outgoing.push(stream);
        }
    }

    /// Send a frame of the stream at this place; returns when.
    pub fn send_frame(&mut self, stream: usize, frame: &Frame) -> u64 {
        let sent_ns = wallclock_ns();
        let outgoing = &mut self.outgoing[stream];
        let is_keyframe = outgoing.begin_frame(sent_ns);
        let segment_len = frame.packet_len + self.keys.sender.tag_len();
        self.slab.resize(frame.packets * segment_len, 0);
        let mut payload = [0x55u8; MAX_PACKET_LEN];
        for (at, out) in self.slab.chunks_mut(segment_len).enumerate() {
            let packet = Packet {
                len: frame.packet_len,
                is_first: at == 0,
                is_last: at + 1 == frame.packets,
                is_keyframe,
                transport_number: self.next_transport_number,
                stamp: Stamp {
                    sent_ns,
                    burst: frame.burst,
                },
            };
            self.next_transport_number = self.next_transport_number.wrapping_add(1);
            outgoing.write_packet(&self.keys.sender, &packet, &mut payload, out);
        }
        let message = Message {
            destination: self.remote,
            bytes: &self.slab,
            segment_len,
        };
        let _ = self.socket.send(&[message]);
        sent_ns
    }

    /// Take everything that waits at the socket.
    pub fn take_all(&mut self, now: Instant, batch: &mut Batch, tally: &mut Tally) {
        loop {
            let count = batch.receive(self.socket.as_raw_fd(), libc::MSG_DONTWAIT);
            for at in 0..count {
                self.take(now, &batch.joined(at), tally);
            }
            if !Batch::is_full(count) {
                return;
            }
        }
    }

    fn take(&mut self, now: Instant, joined: &Joined<'_>, tally: &mut Tally) {
        for datagram in joined.bytes.chunks(joined.segment_len) {
            match demux::classify(datagram) {
                Some(DatagramKind::Rtp) => self.take_media(now, joined.arrived_ns, datagram, tally),
                Some(DatagramKind::Rtcp) => self.take_feedback(datagram, tally),
                Some(DatagramKind::Stun) => self.answer_check(joined.source, datagram),
                _ => tally.others += 1,
            }
        }
    }

    fn take_media(&mut self, now: Instant, arrived_ns: u64, datagram: &[u8], tally: &mut Tally) {
        let Ok(header) = RtpHeader::parse(datagram) else {
            tally.others += 1;
            return;
        };
        tally.bytes += datagram.len() as u64;
        if let Some(id) = self.receives_transport_cc
            && let Some(&[high, low]) = header.extension(datagram, id)
        {
            let number = u16::from_be_bytes([high, low]);
            self.transport_cc.handle_packet(now, number, header.ssrc.0);
        }
        let Some(stream) = self.incoming.get_mut(&header.ssrc.0) else {
            self.take_retransmission(now, &header, datagram, tally);
            return;
        };
        let extended = stream.state.estimate(header.sequence_number);
        if !stream.state.accepts(extended) {
            stream.duplicates += 1;
            tally.duplicates += 1;
            return;
        }
        let is_video = stream.kind == MediaKind::Video;
        if tally.wants_latency || stream.received % SAMPLE == 0 {
            match open(&self.keys, stream, &header, datagram) {
                Opened::Media(stamp) => tally.note_arrival(is_video, stamp, arrived_ns),
                Opened::Padding => {
                    tally.padding += 1;
                    stream.nack.handle_packet(now, extended);
                    return;
                }
                Opened::Unsound => {
                    tally.unsound += 1;
                    return;
                }
            }
        } else {
            stream.state.mark(extended);
        }
        stream.note(now, extended, header.rtp_timestamp, datagram.len());
        tally.delivered[usize::from(is_video)] += 1;
    }

    /// A retransmission fills the gap of its media stream (RFC 4588).
    fn take_retransmission(
        &mut self,
        now: Instant,
        header: &RtpHeader,
        datagram: &[u8],
        tally: &mut Tally,
    ) {
        let known = self.media_by_rtx.get(&header.ssrc.0);
        let Some(stream) = known.and_then(|media| self.incoming.get_mut(media)) else {
            tally.others += 1;
            return;
        };
        let mut plain = [0u8; MAX_PACKET_LEN];
        let opened = self.keys.receiver.unprotect_rtp(
            &mut stream.rtx_state,
            header.ssrc,
            header.sequence_number,
            header.header_len,
            datagram,
            &mut plain,
        );
        match opened {
            Ok((_, len)) if len > 2 && !is_padding(header, &plain[..len]) => {
                let original = u16::from_be_bytes([plain[0], plain[1]]);
                let extended = stream.state.estimate(original);
                if stream.state.accepts(extended) {
                    stream.state.mark(extended);
                    stream.note(now, extended, header.rtp_timestamp, datagram.len());
                    stream.recovered += 1;
                    tally.recovered += 1;
                    tally.delivered[usize::from(stream.kind == MediaKind::Video)] += 1;
                } else {
                    tally.duplicates += 1;
                }
            }
            Ok(_) => tally.padding += 1,
            Err(_) => tally.unsound += 1,
        }
    }

    fn answer_check(&mut self, source: SocketAddr, datagram: &[u8]) {
        let mut answer = Vec::new();
        if let Some(agent) = &self.agent
            && agent.answer(datagram, source, &mut answer)
        {
            handshake::send(&self.socket, source, &answer);
        }
    }

    pub fn stream_of(&self, kind: MediaKind, layer: Option<usize>) -> Option<usize> {
        let fits = |stream: &Outgoing| {
            stream.kind == kind && layer.is_none_or(|layer| stream.layer == layer)
        };
        self.outgoing.iter().position(fits)
    }

    /// Whose keyframe a server asks for.
    pub fn request_keyframe(&mut self, ssrc: u32) {
        for stream in self
            .outgoing
            .iter_mut()
            .filter(|stream| stream.ssrc == Ssrc(ssrc))
        {
            stream.wants_keyframe = true;
        }
    }
}

/// What a packet turned out to hold.
enum Opened {
    Media(Stamp),
    Padding,
    /// A wrong tag, or nothing that a client sent.
    Unsound,
}

fn open(keys: &Keys, stream: &mut Incoming, header: &RtpHeader, datagram: &[u8]) -> Opened {
    let mut plain = [0u8; MAX_PACKET_LEN];
    let opened = keys.receiver.unprotect_rtp(
        &mut stream.state,
        header.ssrc,
        header.sequence_number,
        header.header_len,
        datagram,
        &mut plain,
    );
    match opened {
        Ok((_, payload)) if is_padding(header, &plain[..payload]) => Opened::Padding,
        Ok((_, payload)) => {
            let is_video = stream.kind == MediaKind::Video;
            Stamp::read(&plain[..payload], is_video).map_or(Opened::Unsound, Opened::Media)
        }
        Err(_) => Opened::Unsound,
    }
}

fn is_padding(header: &RtpHeader, payload: &[u8]) -> bool {
    header.has_padding
        && payload
            .last()
            .is_some_and(|count| usize::from(*count) == payload.len())
}

pub fn random_ssrc() -> u32 {
    let mut bytes = [0u8; 4];
    rand::fill(&mut bytes).expect("the system has randomness");
    u32::from_be_bytes(bytes) | 1
}
