//! A meeting of one scalable camera and one viewer, for tests of what becomes of each packet.

use super::scalable_stream::{LayerFrame, Mode};
use super::tests::{Client, assign, drain, extensions, ms, slot_of};
use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, TrackParameters};
use crate::layer_selector::LayerTarget;
use crate::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use crate::rtp::dependency_descriptor::{FrameDependency, URI};
use crate::rtp::header::{OutgoingHeader, write_header};
use crate::rtp::vp9::Vp9Descriptor;

const SLOT: u64 = 21;
const DESCRIPTOR: u8 = 9;
/// Ticks between pictures.
const INTERVAL_TICKS: u32 = 1_800;

/// How layers are told, and how long the ids are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Descriptor,
    Vp9 { has_long_ids: bool },
}

/// One packet as the publisher sends it.
#[derive(Clone, Debug)]
pub struct Sent {
    pub frame: LayerFrame,
    pub sequence: u64,
    pub ids: Ids,
    datagram: Vec<u8>,
}

/// Picture id and TL0PICIDX, or the number of the frame and nothing.
pub type Ids = (u16, u8);

struct Publisher {
    client: Client,
    form: Form,
    mode: Mode,
    sequence: u64,
    ids: Ids,
}

impl Publisher {
    /// The packets of a picture, each frame in as many as `parts` says.
    fn packets(&mut self, picture: usize, position: usize, parts: impl Fn(u8) -> usize) -> Vec<Sent> {
        let frames = self.mode.picture(picture, position);
        let is_numbered_by_frame = self.form == Form::Descriptor;
        if !is_numbered_by_frame {
            self.ids.0 = self.ids.0.wrapping_add(1);
            self.ids.1 = self.ids.1.wrapping_add(u8::from(frames[0].temporal == 0));
        }
        let mut sent = Vec::new();
        for frame in frames {
            self.ids.0 = self.ids.0.wrapping_add(u16::from(is_numbered_by_frame));
            let count = parts(frame.spatial);
            for part in 0..count {
                sent.push(Sent {
                    datagram: self.datagram(&frame, (part == 0, part + 1 == count)),
                    frame: frame.clone(),
                    sequence: self.sequence,
                    ids: self.ids,
                });
                self.sequence += 1;
            }
        }
        sent
    }

    fn datagram(&self, frame: &LayerFrame, (is_first, is_last): (bool, bool)) -> Vec<u8> {
        let (mode, (id, tl0)) = (self.mode, self.ids);
        let (mut block, mut payload) = (ExtensionBlock::default(), Vec::new());
        let descriptor = match self.form {
            Form::Descriptor => mode.descriptor(frame, id, is_first, is_last),
            Form::Vp9 { has_long_ids } => {
                payload = mode.vp9(frame, (id, has_long_ids), tl0, (is_first, is_last));
                Vec::new()
            }
        };
        block.begin(descriptor.len());
        block.push(1, b"a");
        block.push(DESCRIPTOR, &descriptor);
        // By this the test knows a packet again.
        payload.extend_from_slice(&self.sequence.to_be_bytes());
        let header = OutgoingHeader {
            marker: is_last && frame.spatial + 1 == mode.spatial,
            padding: false,
            payload_type: PayloadType(45),
            sequence_number: self.sequence as u16,
            rtp_timestamp: frame.picture as u32 * INTERVAL_TICKS,
            ssrc: Ssrc(100),
        };
        let mut out = vec![0; 1_500];
        let header_len = write_header(&header, block.finish(), &mut out);
        let (sender, number) = (&self.client.sender, ExtendedSequenceNumber(self.sequence));
        let len = sender.protect_rtp(header.ssrc, number, header_len, &payload, &[], &mut out);
        out.truncate(len.expect("seals"));
        out
    }
}

/// A packet that went out: its publisher's number, the one that it went out under, and its ids there.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub sequence: u64,
    pub out: u64,
    pub ids: Ids,
}

pub struct Meeting {
    plane: Plane,
    publisher: Publisher,
    viewer: Client,
    now: Instant,
}

impl Meeting {
    /// The camera's ids go on from `ids`.
    pub fn new(form: Form, mode: Mode, ids: Ids) -> Self {
        let mut plane = Plane::default();
        let publisher = Client::join(&mut plane, ms(0), 1);
        let viewer = Client::join(&mut plane, ms(0), 2);
        let mut extensions = extensions();
        extensions.set(URI, DESCRIPTOR);
        let name = if form == Form::Descriptor {
            CodecName::Av1
        } else {
            CodecName::Vp9
        };
        let mut codec = Codec::new(45, name, 90_000, "");
        (codec.nack, codec.pli) = (true, true);
        codec.rtx_payload_type = Some(PayloadType(46));
        let parameters = TrackParameters {
            track: TrackId(11),
            transport: TransportId(1),
            kind: MediaKind::Video,
            mid: Some("a".into()),
            rids: Vec::new(),
            ssrcs: vec![],
            codecs: vec![codec.clone()],
            extensions,
        };
        plane.handle_command(ms(0), Command::AddTrack(parameters));
        let mut slot = slot_of(2, SLOT, MediaKind::Video);
        (slot.codecs, slot.extensions) = (vec![codec], extensions);
        plane.handle_command(ms(0), Command::AddSlot(slot));
        assign(&mut plane, ms(0), SLOT, Some(11));
        let publisher = Publisher {
            client: publisher,
            form,
            mode,
            sequence: 65_400,
            ids,
        };
        Meeting {
            plane,
            publisher,
            viewer,
            now: ms(1),
        }
    }

    pub fn packets(&mut self, picture: usize, position: usize, parts: impl Fn(u8) -> usize) -> Vec<Sent> {
        self.publisher.packets(picture, position, parts)
    }

    pub fn select(&mut self, target: Option<LayerTarget>) {
        let slot = SlotId(SLOT);
        self.plane
            .handle_command(self.now, Command::SelectLayer { slot, target });
    }

    pub fn current(&self) -> Option<LayerTarget> {
        self.plane.snapshot().slots[0].current
    }

    /// Hand a packet to the plane; what then goes out. So much time passes that nothing waits for its pace.
    pub fn arrive(&mut self, packet: &Sent) -> Vec<Seen> {
        self.now = self.now + Duration::from_millis(5);
        self.plane
            .handle_datagram(self.now, self.publisher.client.address, &packet.datagram);
        let (rtp, _) = drain(&mut self.plane, self.now, &self.viewer);
        rtp.iter().map(|datagram| self.open(datagram)).collect()
    }

    fn open(&mut self, datagram: &[u8]) -> Seen {
        let received = self.viewer.open(datagram);
        let (_, number) = received.payload.split_last_chunk::<8>().expect("is there");
        let ids = match self.publisher.form {
            Form::Descriptor => {
                let value = received.header.extension(datagram, DESCRIPTOR).expect("is there");
                (FrameDependency::parse_unknown(value).expect("parses").number, 0)
            }
            Form::Vp9 { .. } => {
                let descriptor = Vp9Descriptor::parse(&received.payload).expect("parses");
                let id = descriptor.picture_id.expect("is there").value;
                (id, descriptor.tl0_picture_index.expect("is there"))
            }
        };
        Seen {
            sequence: u64::from_be_bytes(*number),
            out: received.sequence,
            ids,
        }
    }
}
