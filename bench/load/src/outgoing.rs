//! A stream that a client sends: whole frames, cut into packets as a browser cuts them.
//!
//! The payload carries when it was sent and in which burst; the rest is filling. Video looks like VP8
//! (RFC 7741) where a server may look: descriptor, frame tag, start code and size.

use packet_plane_core::codec::MediaKind;
use packet_plane_core::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use packet_plane_core::rtp::extension::ExtensionBlock;
use packet_plane_core::rtp::header::{OutgoingHeader, write_header};
use packet_plane_core::srtp::SrtpSender;

use crate::sdp::{OPUS, VP8};

const DESCRIPTOR_LEN: usize = 6;
const FRAME_HEADER_LEN: usize = 10;
/// Where the stamp begins in a payload.
pub const VIDEO_STAMP_AT: usize = DESCRIPTOR_LEN + FRAME_HEADER_LEN;
pub const AUDIO_STAMP_AT: usize = 1;
pub const STAMP_LEN: usize = 12;
/// Loud speech, in -dBov (RFC 6464), with the voice bit.
const LEVEL: u8 = 0x80 | 25;

/// When a packet was sent, and in which burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub sent_ns: u64,
    pub burst: u32,
}

impl Stamp {
    pub fn write(&self, out: &mut [u8]) {
        out[..8].copy_from_slice(&self.sent_ns.to_be_bytes());
        out[8..12].copy_from_slice(&self.burst.to_be_bytes());
    }

    pub fn read(payload: &[u8], is_video: bool) -> Option<Self> {
        let at = if is_video {
            VIDEO_STAMP_AT
        } else {
            AUDIO_STAMP_AT
        };
        let bytes: &[u8; STAMP_LEN] = payload.get(at..)?.first_chunk()?;
        let (sent, burst) = bytes.split_at(8);
        Some(Stamp {
            sent_ns: u64::from_be_bytes(sent.try_into().ok()?),
            burst: u32::from_be_bytes(burst.try_into().ok()?),
        })
    }
}

/// Identifiers of the header extensions that the server took.
#[derive(Clone, Copy, Debug, Default)]
pub struct SentExtensions {
    pub mid: Option<u8>,
    pub rid: Option<u8>,
    pub audio_level: Option<u8>,
    pub transport_cc: Option<u8>,
}

pub struct Outgoing {
    pub kind: MediaKind,
    pub layer: usize,
    pub ssrc: Ssrc,
    pub mid: String,
    pub rid: Option<&'static str>,
    pub extensions: SentExtensions,
    pub wants_keyframe: bool,
    pub packets_sent: u64,
    pub bytes_sent: u64,
    pub rtp_timestamp: u32,
    next: u64,
    picture: u16,
}

/// Height and width of each layer's picture, smallest first.
const SIZES: [(u16, u16); 3] = [(320, 180), (640, 360), (1280, 720)];

impl Outgoing {
    pub fn new(kind: MediaKind, ssrc: u32, mid: &str, extensions: SentExtensions) -> Self {
        Outgoing {
            kind,
            layer: 0,
            ssrc: Ssrc(ssrc),
            mid: mid.into(),
            rid: None,
            extensions,
            wants_keyframe: true,
            packets_sent: 0,
            bytes_sent: 0,
            rtp_timestamp: ssrc,
            next: u64::from(ssrc & 0x3fff) + 1,
            picture: (ssrc & 0x3fff) as u16,
        }
    }

    /// Begin a frame at this time; its packets follow by `write_packet`.
    pub fn begin_frame(&mut self, sent_ns: u64) -> bool {
        let clock = if self.kind == MediaKind::Video {
            90
        } else {
            48
        };
        self.rtp_timestamp = (sent_ns / 1_000_000 * clock) as u32;
        self.picture = (self.picture + 1) & 0x7fff;
        std::mem::take(&mut self.wants_keyframe)
    }

    /// Seal one packet of `len` bytes (without its tag) into `out`; returns its whole length.
    pub fn write_packet(
        &mut self,
        sender: &SrtpSender,
        packet: &Packet,
        payload: &mut [u8],
        out: &mut [u8],
    ) -> usize {
        let mut block = ExtensionBlock::default();
        self.push_extensions(packet, &mut block);
        let header = OutgoingHeader {
            marker: packet.is_last && self.kind == MediaKind::Video,
            padding: false,
            payload_type: PayloadType(if self.kind == MediaKind::Video {
                VP8
            } else {
                OPUS
            }),
            sequence_number: (self.next & 0xffff) as u16,
            rtp_timestamp: self.rtp_timestamp,
            ssrc: self.ssrc,
        };
        let header_len = write_header(&header, block.finish(), out);
        let payload = &mut payload[..packet.len - header_len];
        self.write_payload(packet, payload);
        let sequence = ExtendedSequenceNumber(self.next);
        self.next += 1;
        self.packets_sent += 1;
        self.bytes_sent += payload.len() as u64;
        sender
            .protect_rtp(self.ssrc, sequence, header_len, payload, &[], out)
            .expect("the buffer has room")
    }

    fn push_extensions(&self, packet: &Packet, block: &mut ExtensionBlock) {
        if let Some(id) = self.extensions.mid {
            block.push(id, self.mid.as_bytes());
        }
        if let (Some(id), Some(rid)) = (self.extensions.rid, self.rid) {
            block.push(id, rid.as_bytes());
        }
        if let Some(id) = self
            .extensions
            .audio_level
            .filter(|_| self.kind == MediaKind::Audio)
        {
            block.push(id, &[LEVEL]);
        }
        if let Some(id) = self.extensions.transport_cc {
            block.push(id, &packet.transport_number.to_be_bytes());
        }
    }

    fn write_payload(&self, packet: &Packet, payload: &mut [u8]) {
        if self.kind == MediaKind::Audio {
            // Opus: CELT fullband, 20 ms, stereo, one frame.
            payload[0] = 0xfc;
            packet.stamp.write(&mut payload[AUDIO_STAMP_AT..]);
            return;
        }
        let [high, low] = (self.picture | 0x8000).to_be_bytes();
        let start = if packet.is_first { 0x10 } else { 0 };
        // X with S; I, L and T; 15 bits of picture id; TL0PICIDX; TID 0 with Y.
        payload[..DESCRIPTOR_LEN].copy_from_slice(&[0x80 | start, 0xe0, high, low, low, 0x20]);
        let (width, height) = SIZES[self.layer.min(2)];
        let ([w0, w1], [h0, h1]) = (width.to_le_bytes(), height.to_le_bytes());
        let tag = if packet.is_keyframe { 0x10 } else { 0x11 };
        payload[DESCRIPTOR_LEN..VIDEO_STAMP_AT]
            .copy_from_slice(&[tag, 2, 0, 0x9d, 0x01, 0x2a, w0, w1, h0, h1]);
        packet.stamp.write(&mut payload[VIDEO_STAMP_AT..]);
    }
}

/// One packet to write.
pub struct Packet {
    pub len: usize,
    pub is_first: bool,
    pub is_last: bool,
    pub is_keyframe: bool,
    pub transport_number: u16,
    pub stamp: Stamp,
}
